/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/sites.h"

#include <assert.h>

/*
 * hunt: what was put in, taken out again: all cuts of a site, then those of two and of three
 * sites (a footer in the text and one in the HTML), and lines anywhere.
 */

enum { CUTS_MAX = 512, PAIR_CUTS_MAX = 96, FEW_CUTS_MAX = 18, BLOCK_LINES_MAX = 160 };

/* ---- trying ----------------------------------------------------------------------------- */

enum { LEVELS_MAX = 3 };

struct hunt {
    struct autopsy_work *work;
    slice body;
    const struct site *sites[LEVELS_MAX];
    size_t levels;
    struct cut found[LEVELS_MAX];
};

/* `base` has seen all that is left of the body before `at`. */
static bool try_level(struct hunt *hunt, const struct autopsy_trial *base, size_t at,
                      size_t level)
{
    assert(level < hunt->levels && hunt->levels <= LEVELS_MAX);
    const struct site *site = hunt->sites[level];
    struct autopsy_trial run, copy;
    bool found = false;
    autopsy_trial_copy(&run, base);
    for (size_t i = 0; i < site->count && !found && run.hash != NULL; i++) {
        struct cut cut = site->cuts[i];
        if (cut.from < at) {
            continue;
        }
        autopsy_trial_feed(&run, slice_between(hunt->body, at, cut.from));
        at = cut.from;
        autopsy_trial_copy(&copy, &run);
        if (level + 1 == hunt->levels) {
            autopsy_trial_feed(&copy, slice_skip(hunt->body, cut.to));
            found = autopsy_trial_end(&copy);
        } else {
            found = try_level(hunt, &copy, cut.to, level + 1);
            autopsy_trial_drop(&copy);
        }
        hunt->found[level] = found ? cut : hunt->found[level];
    }
    autopsy_trial_drop(&run);
    return found;
}

/* Where a place of the body that was tried is in the body at hand; false if that is not known.
   `*coded` is the text of base64 that it lies in, or NULL. */
static bool find_place(const struct hunt *hunt, size_t at, size_t *offset,
                       const struct autopsy_coded **coded)
{
    const struct autopsy_work *work = hunt->work;
    size_t before = 0; /* of texts of base64, decoded */
    size_t encoded = 0;
    *coded = NULL;
    for (size_t i = 0; i < work->coded_count; i++) {
        const struct autopsy_coded *text = &work->coded[i];
        size_t begin = slice_offset(hunt->body, text->text);
        if (at >= begin + text->text.len) {
            before += text->text.len;
            encoded += text->length;
        } else if (at >= begin) {
            *coded = text;
        }
    }
    *offset = *coded != NULL ? (*coded)->offset : at - before + encoded;
    return !work->undone;
}

static slice sentence_of(struct hunt *hunt, size_t level, bool blank)
{
    const struct site *site = hunt->sites[level];
    struct cut cut = hunt->found[level];
    const struct autopsy_coded *coded;
    size_t offset = 0;
    struct buf buf;
    bool known = find_place(hunt, cut.from, &offset, &coded);
    buf_init(&buf, hunt->work->arena, AUTOPSY_NOTE_MAX);
    buf_printf(&buf, "%s of %zu bytes was added %s", blank ? "blank space" : site->what,
               cut.to - cut.from, site->where);
    if (known) {
        buf_printf(&buf, "%s%s byte %zu of the body", site->where[0] == '\0' ? "" : ", ",
                   coded == NULL ? "after" : "in the base64 text at", offset);
    }
    if (!blank) {
        buf_add_text(&buf, ": ");
        autopsy_add_excerpt(&buf, slice_between(hunt->body, cut.from, cut.to));
    }
    return buf_slice(&buf);
}

static void note_found(struct hunt *hunt)
{
    for (size_t i = 0; i < hunt->levels; i++) {
        struct cut cut = hunt->found[i];
        const struct autopsy_coded *coded;
        slice cut_out = slice_between(hunt->body, cut.from, cut.to);
        bool blank = slice_trim_fws(cut_out).len == 0;
        struct autopsy_change change = {.kind = blank ? AUTOPSY_BLANK_LINES_CHANGED
                                                      : hunt->sites[i]->kind,
                                        .text = sentence_of(hunt, i, blank)};
        if (!find_place(hunt, cut.from, &change.offset, &coded)) {
            change.offset = 0;
        } else if (coded == NULL) {
            change.length = cut.to - cut.from;
        }
        autopsy_note(hunt->work, &change);
    }
}

static bool try_hunt(struct hunt *hunt)
{
    struct autopsy_trial base;
    autopsy_trial_begin(&base, hunt->work);
    bool found = try_level(hunt, &base, 0, 0);
    autopsy_trial_drop(&base);
    if (found) {
        note_found(hunt);
    }
    return found;
}

bool autopsy_try_sites(struct autopsy_work *work, slice body,
                       const struct autopsy_parts *parts)
{
    struct sites *sites = ARENA_NEW(work->arena, struct sites);
    bool found = false;
    if (sites == NULL) {
        work->ended = true;
        return false;
    }
    sites->work = work;
    sites->body = body;
    sites->room = CUTS_MAX;
    if (!autopsy_find_sites(sites, parts)) {
        return false;
    }
    for (size_t i = 0; i < sites->count && !found && !work->ended; i++) {
        struct hunt hunt = {
            .work = work, .body = body, .sites = {&sites->list[i]}, .levels = 1};
        found = try_hunt(&hunt);
    }
    return found;
}

/* Two sites, each in the order of the body. */
static bool try_pairs(struct sites *sites)
{
    for (size_t i = 1; i < sites->count; i++) {
        for (size_t j = i + 1; j < sites->count; j++) {
            struct hunt hunt = {
                .work = sites->work,
                .body = sites->body,
                .sites = {&sites->list[i], &sites->list[j]},
                .levels = 2
            };
            if (sites->work->ended) {
                return false;
            }
            if (try_hunt(&hunt)) {
                return true;
            }
        }
    }
    return false;
}

static bool try_triples(struct sites *sites)
{
    for (size_t i = 1; i < sites->count; i++) {
        for (size_t j = i + 1; j < sites->count; j++) {
            for (size_t k = j + 1; k < sites->count; k++) {
                struct hunt hunt = {
                    .work = sites->work,
                    .body = sites->body,
                    .sites = {&sites->list[i], &sites->list[j], &sites->list[k]},
                    .levels = 3
                };
                if (sites->work->ended) {
                    return false;
                }
                if (try_hunt(&hunt)) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* From what services do to what is possible: of three sites there are many. */
bool autopsy_try_several_sites(struct autopsy_work *work, slice body,
                               const struct autopsy_parts *parts)
{
    static const struct {
        size_t levels;
        size_t room;
        bool blocks_only;
    } passes[] = {
        {2, FEW_CUTS_MAX,  true },
        {3, FEW_CUTS_MAX,  true },
        {2, PAIR_CUTS_MAX, false},
    };
    for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
        struct sites *sites = ARENA_NEW(work->arena, struct sites);
        if (sites == NULL) {
            work->ended = true;
            return false;
        }
        sites->work = work;
        sites->body = body;
        sites->room = passes[i].room;
        sites->plausible_only = true;
        sites->blocks_only = passes[i].blocks_only;
        if (autopsy_find_sites(sites, parts) &&
            (passes[i].levels == 2 ? try_pairs(sites) : try_triples(sites))) {
            return true;
        }
    }
    return false;
}

/* ---- lines anywhere --------------------------------------------------------------------- */

static size_t find_lines(slice body, size_t *starts)
{
    size_t count = 0;
    slice rest = body;
    slice line;
    starts[count++] = 0;
    while (count <= BLOCK_LINES_MAX && autopsy_next_line(&rest, &line)) {
        starts[count++] = body.len - rest.len;
    }
    return rest.len == 0 ? count : 0;
}

bool autopsy_try_blocks(struct autopsy_work *work, slice body)
{
    size_t starts[BLOCK_LINES_MAX + 1];
    size_t lines = find_lines(body, starts);
    struct site site = {.kind = AUTOPSY_TEXT_INSERTED, .what = "a text", .where = ""};
    if (lines < 3) {
        return false;
    }
    site.cuts = ARENA_ARRAY(work->arena, lines * lines / 2, struct cut);
    if (site.cuts == NULL) {
        work->ended = true;
        return false;
    }
    for (size_t i = 0; i + 1 < lines; i++) {
        for (size_t j = i + 1; j < lines; j++) {
            site.cuts[site.count++] = (struct cut){starts[i], starts[j]};
        }
    }
    struct hunt hunt = {.work = work, .body = body, .sites = {&site}, .levels = 1};
    return try_hunt(&hunt);
}
