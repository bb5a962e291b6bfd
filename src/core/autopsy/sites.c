/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/sites.h"

/* sites: where lists and gateways put things in, and what of each place it may have been. */

enum { WINDOW_BYTES = 8192, TAG_MAX = 300 };

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
           slice_ends_with(before, SLICE("\r\n\r\n")) ||
           slice_ends_with(before, SLICE("\n\n")) ||
           slice_ends_with(slice_trim_fws(slice_last(before, 32)), SLICE("BannerEnd")) ||
           body.ptr[at - 1] == '>' || (at >= 3 && is_ornament(body.ptr[at - 3]));
}

/* `text` without the soft line breaks of quoted-printable. */
static slice without_breaks(slice text, char *room, size_t size)
{
    struct autopsy_out out = {.ptr = room, .capacity = size};
    while (text.len != 0) {
        size_t found = slice_find(text, SLICE("=\r\n"));
        autopsy_out_add(&out, slice_first(text, found));
        text = slice_skip(text, found + 3);
    }
    return autopsy_out_slice(&out);
}

/* What was put in as a whole begins and ends with such. */
static bool is_block_edge(slice body, size_t at)
{
    static const slice opens[] = {
        SLICE_INIT("<div"),  SLICE_INIT("<table"), SLICE_INIT("<p"),
        SLICE_INIT("<br"),   SLICE_INIT("<hr"),    SLICE_INIT("<!--"),
        SLICE_INIT("<img"),  SLICE_INIT("<style"), SLICE_INIT("<span"),
        SLICE_INIT("<meta"), SLICE_INIT("<center")};
    static const slice ends[] = {
        SLICE_INIT("</div"),   SLICE_INIT("</table"), SLICE_INIT("</p"),
        SLICE_INIT("<br"),     SLICE_INIT("<hr"),     SLICE_INIT("</span"),
        SLICE_INIT("</style"), SLICE_INIT("<meta"),   SLICE_INIT("</center")};
    enum { OPEN_MAX = 16 };
    char room[TAG_MAX];
    char open[OPEN_MAX];
    slice behind =
        without_breaks(slice_first(slice_skip(body, at), OPEN_MAX), open, OPEN_MAX);
    slice before = slice_trim_fws(
        without_breaks(slice_last(slice_first(body, at), TAG_MAX), room, sizeof(room)));
    slice tag = slice_skip(before, slice_find_last_byte(before, '<'));
    bool closed = slice_ends_with(tag, SLICE(">"));
    bool edge = slice_ends_with(before, SLICE("-->"));
    for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]) && !edge; i++) {
        edge = slice_starts_with_nocase(behind, opens[i]);
    }
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && closed && !edge; i++) {
        edge = slice_starts_with_nocase(tag, ends[i]);
    }
    return edge;
}

static bool is_eligible(const struct sites *sites, size_t anchor)
{
    slice body = sites->body;
    bool tag = anchor < body.len &&
               (body.ptr[anchor] == '<' || (anchor > 0 && body.ptr[anchor - 1] == '>'));
    return (!sites->plausible_only || is_plausible(body, anchor)) &&
           (!sites->blocks_only || !tag || is_block_edge(body, anchor));
}

static void add_cut(struct sites *sites, struct site *site, size_t from, size_t to,
                    size_t anchor)
{
    if (from < to && site->count < sites->room && is_eligible(sites, anchor)) {
        site->cuts[site->count++] = (struct cut){from, to};
    }
}

static struct site *begin_site(struct sites *sites, enum autopsy_kind kind,
                               const char *what, const char *where)
{
    if (sites->count == AUTOPSY_SITES_MAX) {
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

/* Of the line end before `at`: text that was base64 may have LF. */
static size_t line_end_before(slice body, size_t at)
{
    slice before = slice_first(body, at);
    return slice_ends_with(before, SLICE("\r\n")) ? 2
                                                  : slice_ends_with(before, SLICE("\n"));
}

static bool is_place(slice body, size_t at, bool tags)
{
    return (at > 0 && body.ptr[at - 1] == '\n') ||
           (tags && (body.ptr[at] == '<' || (at > 0 && body.ptr[at - 1] == '>')));
}

/* The next place at or after `at` where a line begins, or a tag if `tags`; `end` for none. */
static size_t next_place(slice body, size_t at, size_t end, bool tags)
{
    while (at < end && !is_place(body, at, tags)) {
        at++;
    }
    return at < end ? at : end;
}

/* From where on a site has room for all cuts up to `end`. */
static size_t first_place(const struct sites *sites, size_t begin, size_t end, bool tags)
{
    enum { CUTS_OF_A_PLACE = 3 };
    size_t room = sites->room / CUTS_OF_A_PLACE;
    size_t at = end;
    while (at > begin && end - at < WINDOW_BYTES && room != 0) {
        at--;
        room -= is_place(sites->body, at, tags) && is_eligible(sites, at);
    }
    return at;
}

/* Of the end of a stretch: its last lines, with and without line ends around. */
static void cut_end(struct sites *sites, struct site *site, size_t begin, size_t end,
                    bool tags)
{
    slice body = sites->body;
    size_t from = first_place(sites, begin, end, tags);
    size_t last = line_end_before(body, end);
    for (size_t at = next_place(body, from, end, tags); at < end;
         at = next_place(body, at + 1, end, tags)) {
        size_t line = line_end_before(body, at);
        if (line != 0 && at >= begin + line) {
            add_cut(sites, site, at - line, end, at);
        }
        add_cut(sites, site, at, end, at);
        if (last != 0) {
            add_cut(sites, site, at, end - last, at);
        }
    }
}

static void cut_begin(struct sites *sites, struct site *site, size_t begin, size_t end,
                      bool tags)
{
    slice body = sites->body;
    size_t to = end - begin > WINDOW_BYTES ? begin + WINDOW_BYTES : end;
    if (slice_starts_with(slice_skip(body, begin), SLICE("\xef\xbb\xbf"))) {
        add_cut(sites, site, begin, begin + 3, 0);
    }
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

/* Nothing there is shown: styles, and what tells of the text. */
static void add_head_sites(struct sites *sites, size_t begin, size_t end)
{
    static const char what[] = "a text";
    struct site *front =
        begin_site(sites, AUTOPSY_TEXT_INSERTED, what, "behind <head> of the HTML");
    struct site *back =
        begin_site(sites, AUTOPSY_TEXT_INSERTED, what, "before </head> of the HTML");
    if (front != NULL && back != NULL) {
        cut_begin(sites, front, begin, end, true);
        cut_end(sites, back, begin, end, true);
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
    size_t head = slice_find_nocase(content, SLICE("<head>"));
    size_t head_end = slice_find_nocase(content, SLICE("</head"));
    size_t open = slice_find_nocase(content, SLICE("<body"));
    size_t close = slice_find_nocase(content, SLICE("</body"));
    slice tag = slice_skip(content, open);
    size_t length = slice_find_byte(tag, '>');
    if (head < head_end && head_end < content.len) {
        add_head_sites(sites, part->content + head + sizeof("<head>") - 1,
                       part->content + head_end);
    }
    if (length < tag.len) {
        add_begin_site(sites, part->content + open + length + 1, part->end, true,
                       "behind <body> of the HTML");
    }
    if (close < content.len) {
        add_end_site(sites, part->content, part->content + close, true,
                     "before </body> of the HTML");
    }
}

/* Up to the first delimiter, all of it counted. */
static void add_preamble_site(struct sites *sites, const struct autopsy_part *part)
{
    slice body = sites->body;
    size_t at = 0;
    while (at < body.len &&
           !(slice_starts_with(slice_skip(body, at), SLICE("--")) &&
             slice_starts_with(slice_skip(body, at + 2), part->boundary))) {
        at = next_place(body, at + 1, body.len, false);
    }
    add_begin_site(sites, 0, at < body.len ? at + 1 : 0, false,
                   "before the first MIME part");
}

/* All of HTML lies within <body>: what is outside was put there by itself, if at all. */
static bool is_framed(const struct sites *sites, const struct autopsy_part *part)
{
    slice content = slice_between(sites->body, part->content, part->end);
    return sites->usual_only && part->is_html &&
           slice_find_nocase(content, SLICE("<body")) <
               slice_find_nocase(content, SLICE("</body"));
}

static void add_part_sites(struct sites *sites, const struct autopsy_part *part)
{
    bool whole = part->parent == AUTOPSY_NO_PARENT;
    bool encoded = part->encoding == AUTOPSY_BASE64; /* of such, see decoded.c */
    bool framed = is_framed(sites, part);
    if (whole && part->is_multipart) {
        add_preamble_site(sites, part);
    }
    if (part->is_multipart || !part->is_text) {
        return;
    }
    if (!encoded && !framed) {
        add_begin_site(sites, part->content, part->end, part->is_html,
                       whole ? "on top of the body" : "on top of a part");
    }
    if (!encoded && part->is_html) {
        add_html_sites(sites, part);
    }
    if (!framed) {
        add_end_site(sites, part->content, part->end, part->is_html,
                     whole ? "to the end of the body" : "to the end of a part");
    }
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

bool autopsy_find_sites(struct sites *sites, const struct autopsy_parts *parts)
{
    add_whole_parts(sites, parts);
    for (size_t i = 0; i < parts->count; i++) {
        add_part_sites(sites, &parts->list[i]);
    }
    return sites->work->err == YETT_OK;
}
