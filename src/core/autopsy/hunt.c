/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/sites.h"

#include <assert.h>

/*
 * hunt: what was put in, taken out again: all cuts of a site, then those of two and of three
 * sites (a footer in the text and one in the HTML), and lines anywhere.
 */

enum { BLOCK_LINES_MAX = 160 };

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

/* ---- passes ----------------------------------------------------------------------------- */

/* What a hunt costs at most: each cut is hashed up to the next site, the last to the end. */
static uint64_t cost_of(const struct hunt *hunt)
{
    enum { A_TRIAL = 512 };
    uint64_t tries = 1;
    uint64_t cost = 0;
    for (size_t i = 0; i < hunt->levels; i++) {
        const struct site *site = hunt->sites[i];
        const struct site *next = i + 1 < hunt->levels ? hunt->sites[i + 1] : NULL;
        if (site->count == 0 || (next != NULL && next->count == 0)) {
            return 0;
        }
        size_t end = next == NULL ? hunt->body.len : next->cuts[next->count - 1].from;
        size_t from = site->cuts[0].from;
        tries *= site->count;
        cost += tries * (A_TRIAL + (end > from ? end - from : 0));
    }
    return cost;
}

struct pass {
    size_t levels;
    size_t room;
    bool blocks_only;
    bool ends_only; /* what is hashed behind such a cut is short */
    bool thrifty;   /* nothing that takes a third of what is left of the budget */
};

static bool try_one_hunt(struct sites *sites, const struct pass *pass,
                         const struct site *const *chosen)
{
    struct hunt hunt = {.work = sites->work, .body = sites->body, .levels = pass->levels};
    memcpy(hunt.sites, chosen, pass->levels * sizeof(*chosen));
    uint64_t cost = cost_of(&hunt);
    return cost != 0 && !sites->work->ended &&
           (!pass->thrifty || cost < sites->work->body_left / 3) && try_hunt(&hunt);
}

/* Sites in the order of the body, from `from` on. */
static bool try_combinations(struct sites *sites, const struct pass *pass, size_t level,
                             size_t from, const struct site **chosen)
{
    for (size_t i = from; i < sites->count && !sites->work->ended; i++) {
        bool begins = sites->list[i].kind == AUTOPSY_BANNER_ADDED ||
                      sites->list[i].kind == AUTOPSY_TEXT_INSERTED;
        if (pass->ends_only && begins) {
            continue;
        }
        chosen[level] = &sites->list[i];
        if (level + 1 == pass->levels
                ? try_one_hunt(sites, pass, chosen)
                : try_combinations(sites, pass, level + 1, i + 1, chosen)) {
            return true;
        }
    }
    return false;
}

static bool try_passes(struct autopsy_work *work, slice body,
                       const struct autopsy_parts *parts, const struct pass *passes,
                       size_t count)
{
    for (size_t i = 0; i < count && !work->ended; i++) {
        struct arena_mark mark = arena_mark(work->arena);
        struct sites *sites = ARENA_NEW(work->arena, struct sites);
        const struct site *chosen[LEVELS_MAX];
        if (sites == NULL) {
            work->ended = true;
            return false;
        }
        sites->work = work;
        sites->body = body;
        sites->room = passes[i].room;
        sites->plausible_only = passes[i].levels > 1 || passes[i].blocks_only;
        sites->blocks_only = passes[i].blocks_only;
        sites->usual_only = passes[i].levels > 1 && passes[i].blocks_only;
        /* A whole part is put in by itself. */
        if (autopsy_find_sites(sites, parts) &&
            try_combinations(sites, &passes[i], 0, passes[i].levels > 1 ? 1 : 0,
                             chosen)) {
            return true;
        }
        arena_rewind(work->arena, mark);
    }
    return false;
}

bool autopsy_try_sites(struct autopsy_work *work, slice body,
                       const struct autopsy_parts *parts)
{
    static const struct pass passes[] = {
        {.levels = 1, .room = 32,  .blocks_only = true, .thrifty = true},
        {.levels = 1, .room = 512, .ends_only = true,   .thrifty = true},
        {.levels = 2, .room = 10,  .blocks_only = true, .thrifty = true},
        {.levels = 3, .room = 12,  .blocks_only = true, .thrifty = true},
        {.levels = 2, .room = 24,  .blocks_only = true, .thrifty = true},
    };
    return try_passes(work, body, parts, passes, sizeof(passes) / sizeof(passes[0]));
}

bool autopsy_try_all_sites(struct autopsy_work *work, slice body,
                           const struct autopsy_parts *parts)
{
    static const struct pass passes[] = {
        {.levels = 1,          .room = 512,     .thrifty = true},
        {.levels = 3,                    .room = 30,                         .blocks_only = true, .thrifty = true},
        {.levels = 2, .room = 48,.thrifty = true},
        {.levels = 1,          .room = 512              },
        {.levels = 2,                    .room = 96                        },
    };
    return try_passes(work, body, parts, passes, sizeof(passes) / sizeof(passes[0]));
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
