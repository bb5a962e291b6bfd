/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/walk.h"

#include "core/dmarc/memo.h"
#include "core/domain/domain.h"

enum { PREFIX_LENGTH = 7, QUESTION_MAX = DOMAIN_OCTETS_MAX };

static const slice prefix = SLICE_INIT("_dmarc.");

/* "_dmarc." and the domain; false when DNS has no room for the name. */
static bool write_question(slice domain, char name[QUESTION_MAX], slice *out)
{
    if (domain.len == 0 || domain.len > QUESTION_MAX - PREFIX_LENGTH) {
        return false;
    }
    memcpy(name, prefix.ptr, PREFIX_LENGTH);
    memcpy(name + PREFIX_LENGTH, domain.ptr, domain.len);
    *out = slice_of(name, PREFIX_LENGTH + domain.len);
    return true;
}

void dmarc_ask_place_ahead(struct dns_view *dns, slice domain)
{
    char text[QUESTION_MAX];
    slice name;
    if (write_question(domain, text, &name)) {
        dns_ask_ahead(dns, DNS_TXT, name);
    }
}

/* ---- one place ------------------------------------------------------------------------ */

/* Records of DMARC in an answer; `*text` is the first. */
static size_t count_records(const struct dns_answer *answer, enum dmarc_standard standard,
                            slice *text)
{
    size_t count = 0;
    for (size_t i = 0; i < answer->count; i++) {
        slice candidate = answer->records[i].text;
        if (dmarc_is_record(candidate, standard)) {
            *text = count == 0 ? candidate : *text;
            count++;
        }
    }
    return count;
}

static slice record_note(const struct dmarc_record *record)
{
    if (record->unusable) {
        return SLICE("policy and rua= are both unusable: no DMARC processing");
    }
    switch (record->psd) {
    case DMARC_PSD_YES:
        return SLICE("psd=y: a public suffix, the walk ends here");
    case DMARC_PSD_NO:
        return SLICE("psd=n: an organizational domain, the walk ends here");
    case DMARC_PSD_UNKNOWN:
        break;
    }
    return record->falls_to_none ? SLICE("policy unusable: none is assumed") : SLICE_NONE;
}

static void take_record(struct dmarc_place *place, const struct dmarc_record *record)
{
    place->state = DMARC_PLACE_RECORD;
    place->record = record;
    place->step.record = record->text;
    place->step.note = record_note(record);
}

static enum yett_err read_record(struct dmarc_survey *survey, struct dmarc_place *place,
                                 const struct dns_answer *answer, slice text)
{
    struct dmarc_record *record = ARENA_NEW(survey->arena, struct dmarc_record);
    if (record == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = dmarc_parse_record(survey->arena, text, survey->standard, record);
    if (err == YETT_OK) {
        take_record(place, record);
        dmarc_memo_keep(answer, survey->standard, record);
    }
    return err;
}

static enum yett_err read_answer(struct dmarc_survey *survey, struct dmarc_place *place,
                                 const struct dns_answer *answer)
{
    slice text = SLICE_NONE;

    place->step.status = answer->status;
    place->step.secure = answer->security == DNS_SECURE;
    if (dns_is_open(answer)) {
        place->state = DMARC_PLACE_OPEN;
        place->step.note = answer->detail;
        return YETT_OK;
    }
    const struct dmarc_record *known = dmarc_memo_find(answer, survey->standard);
    if (known != NULL) {
        take_record(place, known);
        return YETT_OK;
    }
    size_t count = count_records(answer, survey->standard, &text);
    if (count == 1) {
        return read_record(survey, place, answer, text);
    }
    if (count > 1) {
        place->state = DMARC_PLACE_SEVERAL;
        place->step.note = arena_printf(survey->arena, "%zu records: %s ignored", count,
                                        count == 2 ? "both" : "all");
        return place->step.note.ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
    }
    if (answer->count != 0) {
        place->step.note = SLICE("no record here begins with v=DMARC1");
    }
    return YETT_OK;
}

static struct dmarc_place *find_place(const struct dmarc_survey *survey, slice domain)
{
    struct dmarc_place *place = survey->first;
    while (place != NULL && !slice_eq(place->domain, domain)) {
        place = place->next;
    }
    return place;
}

static void append(struct dmarc_survey *survey, struct dmarc_place *place)
{
    if (survey->last == NULL) {
        survey->first = place;
    } else {
        survey->last->next = place;
    }
    survey->last = place;
    survey->count++;
}

static enum yett_err ask(struct dmarc_survey *survey, struct dmarc_place *place)
{
    char text[QUESTION_MAX];
    slice name;
    const struct dns_answer *answer;

    if (!write_question(place->domain, text, &name)) {
        place->step.status = DNS_NXDOMAIN;
        place->step.note = SLICE("not asked: the name would be too long for DNS");
        return YETT_OK;
    }
    enum yett_err err = dns_ask(survey->dns, DNS_TXT, name, &answer);
    if (err == YETT_OK) {
        err = arena_copy(survey->arena, name, &place->step.name);
    }
    return err == YETT_OK ? read_answer(survey, place, answer) : err;
}

enum yett_err dmarc_survey_ask(struct dmarc_survey *survey, slice domain, slice why,
                               const struct dmarc_place **out)
{
    struct dmarc_place *place = find_place(survey, domain);
    if (place == NULL) {
        place = ARENA_NEW(survey->arena, struct dmarc_place);
        if (place == NULL) {
            return YETT_NO_MEMORY;
        }
        place->domain = domain;
        place->step = (struct dmarc_step){.name = domain, .why = why};
        enum yett_err err = ask(survey, place);
        if (err != YETT_OK) {
            return err;
        }
        append(survey, place);
    }
    *out = place;
    return YETT_OK;
}

enum yett_err dmarc_survey_add_step(struct dmarc_survey *survey, struct dmarc_step step)
{
    struct dmarc_place *place = ARENA_NEW(survey->arena, struct dmarc_place);
    if (place == NULL) {
        return YETT_NO_MEMORY;
    }
    place->step = step;
    append(survey, place);
    return YETT_OK;
}

enum yett_err dmarc_survey_steps(const struct dmarc_survey *survey,
                                 const struct dmarc_step **steps, size_t *count)
{
    struct dmarc_step *list =
        ARENA_ARRAY(survey->arena, survey->count, struct dmarc_step);
    if (list == NULL) {
        return YETT_NO_MEMORY;
    }
    size_t at = 0;
    for (const struct dmarc_place *place = survey->first; place != NULL;
         place = place->next) {
        list[at++] = place->step;
    }
    *steps = list;
    *count = survey->count;
    return YETT_OK;
}

/* ---- walking -------------------------------------------------------------------------- */

size_t dmarc_walk_names(slice start, slice names[DMARC_WALK_MAX])
{
    size_t labels = domain_label_count(start);
    if (labels == 0) {
        return 0;
    }
    size_t count = 0;
    names[count++] = start;
    slice name = labels < DMARC_WALK_MAX ? domain_parent(start)
                                         : domain_suffix(start, DMARC_WALK_MAX - 1);
    for (; name.len != 0; name = domain_parent(name)) {
        names[count++] = name;
    }
    return count;
}

static bool ends_walk(const struct dmarc_place *place)
{
    return place->state == DMARC_PLACE_RECORD && place->record->psd != DMARC_PSD_UNKNOWN;
}

enum yett_err dmarc_walk_run(struct dmarc_survey *survey, slice start, slice why,
                             slice why_above, struct dmarc_walk *out)
{
    slice names[DMARC_WALK_MAX];
    size_t count = dmarc_walk_names(start, names);

    *out = (struct dmarc_walk){.start = start};
    for (size_t i = 0; i < count; i++) {
        enum yett_err err = dmarc_survey_ask(survey, names[i], i == 0 ? why : why_above,
                                             &out->places[out->count]);
        if (err == YETT_NEED_ANSWERS) {
            while (++i < count) {
                dmarc_ask_place_ahead(survey->dns, names[i]);
            }
        }
        if (err != YETT_OK) {
            return err;
        }
        if (ends_walk(out->places[out->count++])) {
            break;
        }
    }
    return YETT_OK;
}

/* ---- what a walk comes to ------------------------------------------------------------- */

enum dmarc_find dmarc_place_find(const struct dmarc_place *place,
                                 struct dmarc_guess guess)
{
    switch (place->state) {
    case DMARC_PLACE_OPEN:
        return place == guess.place ? guess.find : DMARC_FIND_NOTHING;
    case DMARC_PLACE_EMPTY:
    case DMARC_PLACE_SEVERAL:
        return DMARC_FIND_NOTHING;
    case DMARC_PLACE_RECORD:
        break;
    }
    switch (place->record->psd) {
    case DMARC_PSD_YES:
        return DMARC_FIND_PSD_YES;
    case DMARC_PSD_NO:
        return DMARC_FIND_PSD_NO;
    case DMARC_PSD_UNKNOWN:
        break;
    }
    return DMARC_FIND_RECORD;
}

static bool has_place(const struct dmarc_walk *walk, const struct dmarc_place *place)
{
    for (size_t i = 0; i < walk->count; i++) {
        if (walk->places[i] == place) {
            return true;
        }
    }
    return false;
}

static size_t add_guesses(const struct dmarc_walk *walk, const struct dmarc_walk *not_in,
                          struct dmarc_guess *out, size_t count)
{
    for (size_t i = 0; i < walk->count; i++) {
        const struct dmarc_place *place = walk->places[i];
        if (place->state == DMARC_PLACE_OPEN &&
            (not_in == NULL || !has_place(not_in, place))) {
            out[count++] = (struct dmarc_guess){place, DMARC_FIND_RECORD};
            out[count++] = (struct dmarc_guess){place, DMARC_FIND_PSD_NO};
            out[count++] = (struct dmarc_guess){place, DMARC_FIND_PSD_YES};
        }
    }
    return count;
}

size_t dmarc_guesses(const struct dmarc_walk *a, const struct dmarc_walk *b,
                     struct dmarc_guess out[DMARC_GUESSES_MAX])
{
    out[0] = (struct dmarc_guess){NULL, DMARC_FIND_NOTHING};
    size_t count = add_guesses(a, NULL, out, 1);
    return b == NULL ? count : add_guesses(b, a, out, count);
}

/* Where a walk ended, and the topmost place with a record. */
struct outcome {
    const struct dmarc_place *stop; /* with psd=y or psd=n */
    const struct dmarc_place *top;
    enum dmarc_find find; /* at `stop` */
};

static struct outcome outcome_of(const struct dmarc_walk *walk, struct dmarc_guess guess)
{
    struct outcome outcome = {0};
    for (size_t i = 0; i < walk->count && outcome.stop == NULL; i++) {
        const struct dmarc_place *place = walk->places[i];
        enum dmarc_find find = dmarc_place_find(place, guess);
        if (find != DMARC_FIND_NOTHING) {
            outcome.top = place;
            outcome.find = find;
            outcome.stop = find == DMARC_FIND_RECORD ? NULL : place;
        }
    }
    return outcome;
}

static slice organizational(const struct dmarc_walk *walk, const struct outcome *outcome)
{
    if (outcome->top == NULL) {
        return walk->start;
    }
    if (outcome->stop != NULL && outcome->find == DMARC_FIND_PSD_YES &&
        outcome->stop != walk->places[0]) {
        return domain_suffix(walk->start, domain_label_count(outcome->stop->domain) + 1);
    }
    return outcome->top->domain;
}

slice dmarc_walk_organizational(const struct dmarc_walk *walk, struct dmarc_guess guess)
{
    struct outcome outcome = outcome_of(walk, guess);
    return organizational(walk, &outcome);
}

const struct dmarc_place *dmarc_walk_policy_place(const struct dmarc_walk *walk,
                                                  struct dmarc_guess guess)
{
    if (walk->count == 0 ||
        dmarc_place_find(walk->places[0], guess) != DMARC_FIND_NOTHING) {
        return walk->count == 0 ? NULL : walk->places[0];
    }
    struct outcome outcome = outcome_of(walk, guess);
    slice domain = organizational(walk, &outcome);
    for (size_t i = 0; i < walk->count; i++) {
        if (slice_eq(walk->places[i]->domain, domain) &&
            dmarc_place_find(walk->places[i], guess) != DMARC_FIND_NOTHING) {
            return walk->places[i];
        }
    }
    return outcome.stop; /* the public suffix's own record, or none */
}
