/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/slots.h"

#include <assert.h>

/*
 * header: which changes, one or several together, give back the header that was signed.
 *
 * A signature covers all fields at once, so that a change is seen only when all others are
 * undone too.  The plan goes from what is likely to what is possible, and from one change to
 * three, until a budget ends.
 */

/* ---- fields more and less --------------------------------------------------------------- */

static void propose_shift(struct autopsy_header *header, size_t at, const slice *texts,
                          size_t slot, enum autopsy_kind kind, const char *what,
                          enum autopsy_rank rank)
{
    struct autopsy_variant variant = {.group = at,
                                      .slot = slot,
                                      .texts = texts,
                                      .kind = kind,
                                      .rank = rank,
                                      .what = what};
    autopsy_propose_texts(header, &variant);
}

/* All fields of the group but number `drop`, from the lowest on. */
static void propose_without(struct autopsy_header *header, size_t at, size_t drop)
{
    struct autopsy_group *group = &header->groups[at];
    slice texts[DKIM_SIGNED_FIELDS_MAX + 1] = {SLICE_NONE};
    size_t fill = 0;
    for (size_t i = 0; i < group->count && fill < group->slots; i++) {
        if (i != drop) {
            slice raw = group->fields[i]->raw;
            texts[fill++] =
                i < group->slots
                    ? group->current[i]
                    : autopsy_canonical(header, slice_first(raw, raw.len - 2), false);
        }
    }
    /* More of it than one is odd by itself, and so is one that only a list writes. */
    bool odd = group->count > 1 || slice_eq_nocase(group->name, SLICE("Reply-To")) ||
               slice_eq_nocase(group->name, SLICE("Sender")) ||
               slice_starts_with_nocase(group->name, SLICE("List-")) ||
               slice_eq_nocase(group->name, SLICE("Cc"));
    propose_shift(header, at, texts, drop < group->slots ? drop : 0, AUTOPSY_FIELD_ADDED,
                  "the field was added",
                  odd ? AUTOPSY_RANK_LIKELY : AUTOPSY_RANK_POSSIBLE);
}

/* What could have been done to all fields of a name. */
static void propose_counts(struct autopsy_header *header, size_t at)
{
    struct autopsy_group *group = &header->groups[at];
    slice texts[DKIM_SIGNED_FIELDS_MAX + 1] = {SLICE_NONE};
    if (group->is_signature || group->count == 0) {
        return;
    }
    size_t last = group->count < group->slots ? group->count : group->slots;
    for (size_t i = 0; i < last && i < 4; i++) {
        propose_without(header, at, i);
    }
    if (group->count > 1) {
        propose_without(header, at, group->count - 1);
        propose_shift(header, at, texts, 0, AUTOPSY_FIELD_ADDED, "the fields were added",
                      AUTOPSY_RANK_POSSIBLE);
    }
    for (size_t i = 0; i < last; i++) { /* the other way round */
        texts[i] = group->current[last - 1 - i];
    }
    if (last > 1) {
        propose_shift(header, at, texts, 0, AUTOPSY_FIELDS_REORDERED,
                      "the fields were put in another order", AUTOPSY_RANK_POSSIBLE);
    }
}

/* Of larger fields there would be too many copies. */
enum { FIELD_MAX = 16 * 1024 };

static void propose_place(struct autopsy_header *header, struct autopsy_place place)
{
    if (place.field == NULL) {
        autopsy_propose_mime(header, &place);
        return;
    }
    if (place.field->raw.len > FIELD_MAX) {
        return;
    }
    if (header->groups[place.group].is_signature) {
        autopsy_propose_space(header, &place);
        return;
    }
    if (autopsy_is_named(&place, "Subject")) {
        autopsy_propose_tags(header, &place);
    }
    if (autopsy_is_named(&place, "From")) {
        autopsy_propose_authors(header, &place);
    }
    autopsy_propose_saved(header, &place);
    autopsy_propose_space(header, &place);
    autopsy_propose_words(header, &place, place.field->value, AUTOPSY_RANK_POSSIBLE,
                          NULL);
    autopsy_propose_mime(header, &place);
    autopsy_propose_addresses(header, &place);
}

static void propose_all(struct autopsy_header *header)
{
    autopsy_propose_copies(header);
    for (size_t i = 0; i < header->group_count; i++) {
        propose_counts(header, i);
    }
    for (size_t i = 0; i < header->group_count; i++) {
        struct autopsy_group *group = &header->groups[i];
        for (size_t slot = 0; slot < group->slots && slot < 3; slot++) {
            propose_place(header,
                          (struct autopsy_place){
                              .group = i,
                              .slot = slot,
                              .field = slot < group->count ? group->fields[slot] : NULL});
            if (slot >= group->count) {
                break; /* the next ones are as empty */
            }
        }
    }
}

/* ---- combinations ----------------------------------------------------------------------- */

enum { TOGETHER_MAX = 3 };

static const struct plan {
    size_t count;
    enum autopsy_rank ranks[TOGETHER_MAX];
} plans[] = {
    {1, {AUTOPSY_RANK_LIKELY}                                            },
    {1, {AUTOPSY_RANK_POSSIBLE}                                          },
    {2, {AUTOPSY_RANK_LIKELY, AUTOPSY_RANK_LIKELY}                       },
    {3, {AUTOPSY_RANK_LIKELY, AUTOPSY_RANK_LIKELY, AUTOPSY_RANK_LIKELY}  },
    {2, {AUTOPSY_RANK_LIKELY, AUTOPSY_RANK_POSSIBLE}                     },
    {2, {AUTOPSY_RANK_POSSIBLE, AUTOPSY_RANK_POSSIBLE}                   },
    {3, {AUTOPSY_RANK_LIKELY, AUTOPSY_RANK_LIKELY, AUTOPSY_RANK_POSSIBLE}},
};

static bool try_plan(struct autopsy_header *header, const struct plan *plan, size_t level,
                     size_t from)
{
    assert(level < plan->count && plan->count <= TOGETHER_MAX);
    for (size_t i = from; i < header->count && !header->work->ended; i++) {
        const struct autopsy_variant *variant = &header->variants[i];
        struct autopsy_group *group = &header->groups[variant->group];
        if (variant->rank != plan->ranks[level] || group->chosen != NULL) {
            continue;
        }
        bool same = level + 1 < plan->count && plan->ranks[level + 1] == variant->rank;
        group->chosen = variant;
        bool found = level + 1 == plan->count
                         ? autopsy_slots_fit(header)
                         : try_plan(header, plan, level + 1, same ? i + 1 : 0);
        if (found) {
            return true;
        }
        group->chosen = NULL;
    }
    return false;
}

/* Who writes a message without fields of MIME anew puts in all of them. */
static bool choose_mime_added(struct autopsy_header *header)
{
    static const char *const names[] = {"MIME-Version", "Content-Type",
                                        "Content-Transfer-Encoding"};
    size_t count = 0;
    for (size_t i = 0; i < header->count; i++) {
        const struct autopsy_variant *variant = &header->variants[i];
        struct autopsy_group *group = &header->groups[variant->group];
        bool none = variant->kind == AUTOPSY_FIELD_ADDED && variant->texts[0].len == 0;
        for (size_t j = 0; none && j < sizeof(names) / sizeof(names[0]); j++) {
            if (slice_eq_nocase(group->name, slice_from_text(names[j]))) {
                group->chosen = variant;
                count++;
            }
        }
    }
    return count > 1;
}

static void choose_nothing(struct autopsy_header *header)
{
    for (size_t i = 0; i < header->group_count; i++) {
        header->groups[i].chosen = NULL;
    }
}

/* Alone, or with what else a list does. */
static bool try_mime_added(struct autopsy_header *header)
{
    if (choose_mime_added(header) &&
        (autopsy_slots_fit(header) || try_plan(header, &plans[0], 0, 0) ||
         (header->has_target &&
          (try_plan(header, &plans[2], 0, 0) || try_plan(header, &plans[3], 0, 0))))) {
        return true;
    }
    choose_nothing(header);
    return false;
}

/* What z= tells of all fields together, then of each, with one more change. */
static bool try_copies(struct autopsy_header *header)
{
    static const struct plan single = {1, {AUTOPSY_RANK_COPY}};
    static const struct plan pair = {
        2, {AUTOPSY_RANK_COPY, AUTOPSY_RANK_COPY}
    };
    bool any = false;
    for (size_t i = 0; i < header->count; i++) {
        if (header->variants[i].rank == AUTOPSY_RANK_COPY) {
            header->groups[header->variants[i].group].chosen = &header->variants[i];
            any = true;
        }
    }
    if (any && autopsy_slots_fit(header)) {
        return true;
    }
    choose_nothing(header);
    return any && (try_plan(header, &single, 0, 0) || try_plan(header, &pair, 0, 0));
}

/* Where each try is one of few, what a list does to several fields comes before what nobody
   may have done to one. */
static const size_t plans_of_few[] = {0, 2, 3, 1, 4, 5, 6};

_Static_assert(sizeof(plans_of_few) / sizeof(plans_of_few[0]) ==
                   sizeof(plans) / sizeof(plans[0]),
               "each plan once");

static bool try_plans(struct autopsy_header *header)
{
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        if (try_plan(header, &plans[header->has_target ? i : plans_of_few[i]], 0, 0)) {
            return true;
        }
        if (i == (header->has_target ? 0 : 2) && try_mime_added(header)) {
            return true;
        }
        /* What a single text explains is tried before pairs of what is merely possible. */
        if (i == 4 && header->has_target && autopsy_try_deep(header)) {
            return true;
        }
    }
    return false;
}

static void note_chosen(struct autopsy_header *header)
{
    for (size_t i = 0; i < header->group_count; i++) {
        const struct autopsy_variant *variant = header->groups[i].chosen;
        if (variant != NULL) {
            autopsy_note_variant(header, variant);
        }
    }
}

enum autopsy_state autopsy_search_header(struct autopsy_header *header)
{
    struct autopsy_work *work = header->work;
    if (autopsy_slots_fit(header)) {
        return AUTOPSY_AS_SIGNED;
    }
    propose_all(header);
    if (work->err != YETT_OK || !(try_copies(header) || try_plans(header))) {
        return AUTOPSY_UNEXPLAINED;
    }
    note_chosen(header);
    return AUTOPSY_EXPLAINED;
}
