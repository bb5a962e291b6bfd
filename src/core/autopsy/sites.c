/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/inside.h"
#include "core/base/ascii.h"

#include <assert.h>

/*
 * sites: places where something may have been put in, taken out again.
 *
 * A site has cuts: stretches of which one may be what was added.  All cuts of a site are
 * tried, then pairs of cuts of two sites (a footer in the text and one in the HTML).
 */
enum {
    WINDOW_BYTES = 8192,
    CUTS_MAX = 512,
    PAIR_CUTS_MAX = 96,
    SITES_MAX = 48,
    BLOCK_LINES_MAX = 160
};

struct cut {
    size_t from;
    size_t to;
};

struct site {
    enum autopsy_kind kind;
    const char *what; /* "a footer" */
    const char *where;
    struct cut *cuts; /* by `from` */
    size_t count;
};

struct sites {
    struct autopsy_work *work;
    slice body;
    bool plausible_only;
    size_t room; /* cuts of a site */
    struct site list[SITES_MAX];
    size_t count;
};

/* ---- cuts ------------------------------------------------------------------------------- */

static bool is_ornament(int octet)
{
    return octet == '_' || octet == '-' || octet == '=' || octet == '*' || octet == '#' ||
           octet == '<' || octet == '[' || octet == '\r' || octet == '+';
}

/* Added text begins and ends at blank lines, rules and tags rather than anywhere. */
static bool is_plausible(slice body, size_t at)
{
    slice before = slice_first(body, at);
    return at >= body.len || at == 0 || is_ornament(body.ptr[at]) ||
           slice_ends_with(before, SLICE("\r\n\r\n")) || body.ptr[at - 1] == '>' ||
           (at >= 3 && is_ornament(body.ptr[at - 3]));
}

static void add_cut(struct sites *sites, struct site *site, size_t from, size_t to,
                    size_t anchor)
{
    if (from < to && site->count < sites->room &&
        (!sites->plausible_only || is_plausible(sites->body, anchor))) {
        site->cuts[site->count++] = (struct cut){from, to};
    }
}

static struct site *begin_site(struct sites *sites, enum autopsy_kind kind,
                               const char *what, const char *where)
{
    if (sites->count == SITES_MAX) {
        return NULL;
    }
    struct site *site = &sites->list[sites->count];
    *site = (struct site){.kind = kind, .what = what, .where = where};
    site->cuts = ARENA_ARRAY(sites->work->arena, sites->room, struct cut);
    if (site->cuts == NULL) {
        sites->work->ended = true;
        return NULL;
    }
    sites->count++;
    return site;
}

/* The next place at or after `at` where a line begins, or a tag if `tags`; `end` for none. */
static size_t next_place(slice body, size_t at, size_t end, bool tags)
{
    for (; at < end; at++) {
        if ((at >= 2 && body.ptr[at - 1] == '\n' && body.ptr[at - 2] == '\r') ||
            (tags && (body.ptr[at] == '<' || (at > 0 && body.ptr[at - 1] == '>')))) {
            return at;
        }
    }
    return end;
}

/* Of the end of a stretch: its last lines, with and without line ends around. */
static void cut_end(struct sites *sites, struct site *site, size_t begin, size_t end,
                    bool tags)
{
    slice body = sites->body;
    size_t from = end - begin > WINDOW_BYTES ? end - WINDOW_BYTES : begin;
    bool ends_line = end >= 2 && slice_ends_with(slice_first(body, end), SLICE("\r\n"));
    for (size_t at = next_place(body, from, end, tags); at < end;
         at = next_place(body, at + 1, end, tags)) {
        bool begins_line = at >= begin + 2 && body.ptr[at - 1] == '\n';
        if (begins_line) {
            add_cut(sites, site, at - 2, end, at);
        }
        add_cut(sites, site, at, end, at);
        if (ends_line) {
            add_cut(sites, site, at, end - 2, at);
        }
    }
}

static void cut_begin(struct sites *sites, struct site *site, size_t begin, size_t end,
                      bool tags)
{
    slice body = sites->body;
    size_t to = end - begin > WINDOW_BYTES ? begin + WINDOW_BYTES : end;
    for (size_t at = next_place(body, begin + 1, to, tags); at < to;
         at = next_place(body, at + 1, to, tags)) {
        add_cut(sites, site, begin, at, at);
    }
    if (slice_starts_with(slice_skip(body, begin), SLICE("\r\n"))) {
        for (size_t at = next_place(body, begin + 3, to, tags); at < to;
             at = next_place(body, at + 1, to, tags)) {
            add_cut(sites, site, begin + 2, at, at);
        }
    }
}

/* ---- sites ------------------------------------------------------------------------------ */

static void add_end_site(struct sites *sites, size_t begin, size_t end, bool tags,
                         const char *where)
{
    struct site *site = begin_site(sites, AUTOPSY_FOOTER_ADDED, "a footer", where);
    if (site != NULL) {
        cut_end(sites, site, begin, end, tags);
    }
}

static void add_begin_site(struct sites *sites, size_t begin, size_t end, bool tags,
                           const char *where)
{
    struct site *site = begin_site(sites, AUTOPSY_BANNER_ADDED, "a banner", where);
    if (site != NULL) {
        cut_begin(sites, site, begin, end, tags);
    }
}

/* Behind the tag <body …>, and before </body>. */
static void add_html_sites(struct sites *sites, const struct autopsy_part *part)
{
    slice content = slice_between(sites->body, part->content, part->end);
    size_t open = slice_find_nocase(content, SLICE("<body"));
    size_t close = slice_find_nocase(content, SLICE("</body"));
    slice tag = slice_skip(content, open);
    size_t length = slice_find_byte(tag, '>');
    if (length < tag.len) {
        add_begin_site(sites, part->content + open + length + 1, part->end, true,
                       "behind <body> of the HTML");
    }
    if (close < content.len) {
        add_end_site(sites, part->content, part->content + close, true,
                     "before </body> of the HTML");
    }
}

static void add_part_sites(struct sites *sites, const struct autopsy_part *part)
{
    if (part->is_multipart || !part->is_text) {
        return;
    }
    bool whole = part->parent == AUTOPSY_NO_PARENT;
    add_begin_site(sites, part->content, part->end, part->is_html,
                   whole ? "on top of the body" : "on top of a part");
    if (part->is_html) {
        add_html_sites(sites, part);
    }
    add_end_site(sites, part->content, part->end, part->is_html,
                 whole ? "to the end of the body" : "to the end of a part");
}

/* Parts as they stand between two delimiters. */
static void add_whole_parts(struct sites *sites, const struct autopsy_parts *parts)
{
    struct site *site = begin_site(sites, AUTOPSY_PART_ADDED, "a MIME part", "");
    for (size_t i = 1; site != NULL && i < parts->count; i++) {
        const struct autopsy_part *part = &parts->list[i];
        add_cut(sites, site, part->delimiter, part->next, 0);
    }
}

static bool find_sites(struct sites *sites, const struct autopsy_parts *parts)
{
    add_whole_parts(sites, parts);
    for (size_t i = 0; i < parts->count; i++) {
        add_part_sites(sites, &parts->list[i]);
    }
    return sites->work->err == YETT_OK;
}

/* ---- trying ----------------------------------------------------------------------------- */

enum { LEVELS_MAX = 2 };

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

static slice sentence_of(struct hunt *hunt, size_t level)
{
    const struct site *site = hunt->sites[level];
    struct cut cut = hunt->found[level];
    struct buf buf;
    buf_init(&buf, hunt->work->arena, 1024);
    buf_printf(
        &buf, "%s of %zu bytes was added %s%safter byte %zu of the body: ", site->what,
        cut.to - cut.from, site->where, site->where[0] == '\0' ? "" : ", ", cut.from);
    autopsy_add_excerpt(&buf, slice_between(hunt->body, cut.from, cut.to));
    return buf_slice(&buf);
}

static void note_found(struct hunt *hunt)
{
    for (size_t i = 0; i < hunt->levels; i++) {
        struct cut cut = hunt->found[i];
        slice cut_out = slice_between(hunt->body, cut.from, cut.to);
        bool blank = slice_trim_fws(cut_out).len == 0;
        struct autopsy_change change = {
            .kind = blank ? AUTOPSY_BLANK_LINES_CHANGED : hunt->sites[i]->kind,
            .offset = cut.from,
            .length = cut.to - cut.from,
            .text = blank ? autopsy_sentence(hunt->work,
                                             "%zu bytes of blank lines were added after "
                                             "byte %zu of the body",
                                             cut_out.len, cut.from)
                          : sentence_of(hunt, i),
        };
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
    if (!find_sites(sites, parts)) {
        return false;
    }
    for (size_t i = 0; i < sites->count && !found && !work->ended; i++) {
        struct hunt hunt = {
            .work = work, .body = body, .sites = {&sites->list[i]}, .levels = 1};
        found = try_hunt(&hunt);
    }
    return found;
}

bool autopsy_try_pairs(struct autopsy_work *work, slice body,
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
    sites->room = PAIR_CUTS_MAX;
    sites->plausible_only = true;
    if (!find_sites(sites, parts)) {
        return false;
    }
    for (size_t i = 1; i < sites->count; i++) {
        for (size_t j = i + 1; j < sites->count && !found && !work->ended; j++) {
            struct hunt hunt = {
                .work = work,
                .body = body,
                .sites = {&sites->list[i], &sites->list[j]},
                .levels = 2
            };
            found = try_hunt(&hunt);
        }
    }
    return found;
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
