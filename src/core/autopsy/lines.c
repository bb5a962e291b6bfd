/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/inside.h"
#include "core/base/ascii.h"

/* lines: what is done to the lines of a body, undone line by line. */

struct rewriter {
    struct autopsy_out out;
    slice rest;     /* what follows the line at work */
    size_t longest; /* of the lines, without line end */
    size_t number;  /* of the line, from 0 */
    size_t changed; /* lines so far */
    size_t first;   /* offset of the first of them */
    bool skip;      /* the next line's beginning was eaten */
};

static void keep(struct rewriter *at, slice line)
{
    autopsy_out_add(&at->out, line);
}

static void replace(struct rewriter *at, slice front, slice rest)
{
    autopsy_out_add(&at->out, front);
    autopsy_out_add(&at->out, rest);
    at->changed++;
}

/* ---- rules ------------------------------------------------------------------------------ */

static void drop_dot(struct rewriter *at, slice line)
{
    if (slice_starts_with(line, SLICE(".."))) {
        replace(at, SLICE_NONE, slice_skip(line, 1));
    } else {
        keep(at, line);
    }
}

static void double_dot(struct rewriter *at, slice line)
{
    if (slice_starts_with(line, SLICE("."))) {
        replace(at, SLICE("."), line);
    } else {
        keep(at, line);
    }
}

static void unquote_from(struct rewriter *at, slice line)
{
    if (slice_starts_with(line, SLICE(">From "))) {
        replace(at, SLICE_NONE, slice_skip(line, 1));
    } else {
        keep(at, line);
    }
}

static void quote_from(struct rewriter *at, slice line)
{
    if (slice_starts_with(line, SLICE("From "))) {
        replace(at, SLICE(">"), line);
    } else {
        keep(at, line);
    }
}

/* Joined with the next one if it is as long as lines are cut, `mark` between them dropped. */
static void join(struct rewriter *at, slice line, size_t least, slice mark, bool space)
{
    slice text = autopsy_line_text(line);
    bool cut = text.len >= least && at->rest.len != 0 && slice_ends_with(text, mark) &&
               (!space || ascii_is_wsp(at->rest.ptr[0]));
    if (!cut) {
        keep(at, line);
        return;
    }
    replace(at, slice_first(text, text.len - mark.len), SLICE_NONE);
    at->skip = space;
}

enum { LONG_LINE = 900 };

static void join_at_space(struct rewriter *at, slice line)
{
    join(at, line, LONG_LINE, SLICE_NONE, true);
}

static void join_at_mark(struct rewriter *at, slice line)
{
    join(at, line, LONG_LINE, SLICE("!"), true);
}

static void join_longest(struct rewriter *at, slice line)
{
    join(at, line, at->longest < LONG_LINE ? SIZE_MAX : at->longest, SLICE_NONE, false);
}

/* Joined with the next one if a word of that had found no room before the longest ends. */
static void join_words(struct rewriter *at, slice line)
{
    slice text = autopsy_line_text(line);
    size_t word = 0;
    while (word < at->rest.len && !ascii_is_fws(at->rest.ptr[word])) {
        word++;
    }
    bool spaced = slice_ends_with(text, SLICE(" "));
    if (text.len == 0 || word == 0 || text.len + !spaced + word <= at->longest) {
        keep(at, line);
    } else {
        replace(at, text, spaced ? SLICE_NONE : SLICE(" "));
    }
}

/* Fields of MIME parts, whose parameters are written on one line or on several. */
static void unfold_parameters(struct rewriter *at, slice line)
{
    slice text = autopsy_line_text(line);
    if (slice_starts_with_nocase(text, SLICE("Content-")) &&
        slice_ends_with(text, SLICE(";")) && ascii_is_wsp(slice_peek(at->rest))) {
        replace(at, text, SLICE(" "));
        at->skip = true;
    } else {
        keep(at, line);
    }
}

static void strip_space(struct rewriter *at, slice line)
{
    slice text = autopsy_line_text(line);
    slice kept = text;
    while (kept.len != 0 && ascii_is_wsp(kept.ptr[kept.len - 1])) {
        kept.len--;
    }
    if (kept.len == text.len) {
        keep(at, line);
    } else {
        replace(at, kept, slice_skip(line, text.len));
    }
}

/* The line above a personal signature (RFC 3676 section 4.3). */
static void restore_dashes(struct rewriter *at, slice line)
{
    if (slice_eq(line, SLICE("--\r\n"))) {
        replace(at, SLICE("-- \r\n"), SLICE_NONE);
    } else {
        keep(at, line);
    }
}

static size_t find_text(slice line, slice text)
{
    return text.len == 1 ? slice_find_byte(line, text.ptr[0]) : slice_find(line, text);
}

/* What `from` stands for at each place of it is `to`. */
static void swap(struct rewriter *at, slice line, slice from, slice to)
{
    bool changed = false;
    for (size_t found; line.len != 0 && (found = find_text(line, from)) < line.len;) {
        autopsy_out_add(&at->out, slice_first(line, found));
        autopsy_out_add(&at->out, to);
        line = slice_skip(line, found + from.len);
        changed = true;
    }
    at->changed += changed;
    keep(at, line);
}

static void fold_parameters(struct rewriter *at, slice line, slice fold)
{
    if (slice_starts_with_nocase(line, SLICE("Content-"))) {
        swap(at, line, SLICE("; "), fold);
    } else {
        keep(at, line);
    }
}

static void fold_by_tab(struct rewriter *at, slice line)
{
    fold_parameters(at, line, SLICE(";\r\n\t"));
}

static void fold_by_space(struct rewriter *at, slice line)
{
    fold_parameters(at, line, SLICE(";\r\n "));
}

static void tab_for_eight(struct rewriter *at, slice line)
{
    swap(at, line, SLICE("        "), SLICE("\t"));
}

static void tab_for_four(struct rewriter *at, slice line)
{
    swap(at, line, SLICE("    "), SLICE("\t"));
}

static void space_for_tab(struct rewriter *at, slice line)
{
    swap(at, line, SLICE("\t"), SLICE(" "));
}

static void eight_for_tab(struct rewriter *at, slice line)
{
    swap(at, line, SLICE("\t"), SLICE("        "));
}

/* Tabs filled up to columns of eight, back again: within the line too. */
static void tab_for_columns(struct rewriter *at, slice line)
{
    size_t column = 0;
    bool changed = false;
    while (line.len != 0) {
        slice cell = slice_first(line, 8 - column % 8);
        size_t kept = cell.len;
        while (kept > 0 && cell.ptr[kept - 1] == ' ') {
            kept--;
        }
        bool is_tab = cell.len == 8 - column % 8 && cell.len - kept >= 2;
        autopsy_out_add(&at->out, slice_first(cell, is_tab ? kept : cell.len));
        if (is_tab) {
            autopsy_out_add(&at->out, SLICE("\t"));
            changed = true;
        }
        column += cell.len;
        line = slice_skip(line, cell.len);
    }
    at->changed += changed;
}

static void end_at_lf(struct rewriter *at, slice line)
{
    slice text = autopsy_line_text(line);
    swap(at, text, SLICE("\n"), SLICE("\r\n"));
    keep(at, slice_skip(line, text.len));
}

static void end_at_cr(struct rewriter *at, slice line)
{
    slice text = autopsy_line_text(line);
    swap(at, text, SLICE("\r"), SLICE("\r\n"));
    keep(at, slice_skip(line, text.len));
}

static void drop_cr(struct rewriter *at, slice line)
{
    slice text = autopsy_line_text(line);
    swap(at, text, SLICE("\r"), SLICE_NONE);
    keep(at, slice_skip(line, text.len));
}

static void bare_lf(struct rewriter *at, slice line)
{
    slice text = autopsy_line_text(line);
    if (text.len == line.len) {
        keep(at, line);
    } else {
        replace(at, text, SLICE("\n"));
    }
}

/* Every second line is one that was put in, and blank. */
static void drop_second(struct rewriter *at, slice line)
{
    if (at->number % 2 == 1 && slice_eq(line, SLICE("\r\n"))) {
        at->changed++;
    } else {
        keep(at, line);
    }
}

static void drop_blank_runs(struct rewriter *at, slice line)
{
    if (slice_eq(line, SLICE("\r\n")) &&
        slice_ends_with(autopsy_out_slice(&at->out), SLICE("\r\n\r\n"))) {
        at->changed++;
    } else {
        keep(at, line);
    }
}

static void add_one_line(struct rewriter *at, slice line)
{
    if (at->number == 0) {
        replace(at, SLICE("\r\n"), line);
    } else {
        keep(at, line);
    }
}

static void add_two_lines(struct rewriter *at, slice line)
{
    if (at->number == 0) {
        replace(at, SLICE("\r\n\r\n"), line);
    } else {
        keep(at, line);
    }
}

static void add_before_boundary(struct rewriter *at, slice line)
{
    if (slice_starts_with(line, SLICE("--")) &&
        slice_ends_with(autopsy_line_text(line), SLICE("--")) && line.len > 6) {
        replace(at, SLICE("\r\n"), line);
    } else {
        keep(at, line);
    }
}

/* RFC 2046 section 5.1.1: what programs write in front of the first part. */
static void add_preamble(struct rewriter *at, slice line, slice preamble)
{
    if (at->number == 0 && slice_starts_with(line, SLICE("--"))) {
        replace(at, preamble, line);
    } else {
        keep(at, line);
    }
}

static void add_common_preamble(struct rewriter *at, slice line)
{
    add_preamble(at, line, SLICE("This is a multi-part message in MIME format.\r\n"));
}

static void add_wide_preamble(struct rewriter *at, slice line)
{
    add_preamble(at, line, SLICE("This is a multi-part message in MIME format.\r\n\r\n"));
}

static void add_signed_preamble(struct rewriter *at, slice line)
{
    add_preamble(
        at, line,
        SLICE("This is a cryptographically signed message in MIME format.\r\n\r\n"));
}

/* ---- all of them ------------------------------------------------------------------------ */

static const struct line_rule {
    enum autopsy_kind kind;
    void (*apply)(struct rewriter *at, slice line);
    size_t growth; /* octets more for each line at most, or SIZE_MAX: for each octet */
    const char *text;
} rules[] = {
    {AUTOPSY_DOTS_CHANGED,        drop_dot,            0,        "dots at the beginning of lines were doubled"},
    {AUTOPSY_DOTS_CHANGED,        double_dot,          1,        "dots at the beginning of lines were dropped"},
    {AUTOPSY_FROM_QUOTED,         unquote_from,        0,
     "lines that begin with \"From \" got a \">\" in front"                                                   },
    {AUTOPSY_FROM_QUOTED,         quote_from,          1,
     "lines that begin with \">From \" lost the \">\""                                                        },
    {AUTOPSY_LINES_WRAPPED,       join_at_space,       0,
     "long lines were cut, and continued after a space"                                                       },
    {AUTOPSY_LINES_WRAPPED,       join_at_mark,        0,
     "long lines were cut by \"!\" and a line end"                                                            },
    {AUTOPSY_LINES_WRAPPED,       join_longest,        0,        "long lines were cut"                        },
    {AUTOPSY_LINES_WRAPPED,       join_words,          0,        "lines were wrapped between words"           },
    {AUTOPSY_SPACE_CHANGED,       unfold_parameters,   0,        "fields of MIME parts were folded"           },
    {AUTOPSY_SPACE_CHANGED,       fold_by_tab,         16,       "fields of MIME parts were unfolded"         },
    {AUTOPSY_SPACE_CHANGED,       fold_by_space,       16,       "fields of MIME parts were unfolded"         },
    {AUTOPSY_LINE_ENDS_CHANGED,   end_at_lf,           SIZE_MAX,
     "line ends were changed from CRLF to LF"                                                                 },
    {AUTOPSY_LINE_ENDS_CHANGED,   end_at_cr,           SIZE_MAX,
     "line ends were changed from CRLF to CR"                                                                 },
    {AUTOPSY_LINE_ENDS_CHANGED,   drop_cr,             0,        "a CR was put in front of line ends"         },
    {AUTOPSY_LINE_ENDS_CHANGED,   bare_lf,             0,
     "the body was signed with LF as line end, which became CRLF"                                             },
    {AUTOPSY_BLANK_LINES_CHANGED, drop_second,         0,
     "a blank line was put behind every line"                                                                 },
    {AUTOPSY_BLANK_LINES_CHANGED, drop_blank_runs,     0,        "blank lines were doubled"                   },
    {AUTOPSY_BLANK_LINES_CHANGED, add_one_line,        2,        "a blank line on top was removed"            },
    {AUTOPSY_BLANK_LINES_CHANGED, add_two_lines,       4,
     "two blank lines on top were removed"                                                                    },
    {AUTOPSY_BLANK_LINES_CHANGED, add_before_boundary, 2,
     "a blank line before the last boundary was removed"                                                      },
    {AUTOPSY_SPACE_CHANGED,       strip_space,         0,        "white space was added at the end of lines"  },
    {AUTOPSY_SPACE_CHANGED,       restore_dashes,      1,        "the line \"-- \" lost its space"            },
    {AUTOPSY_SPACE_CHANGED,       tab_for_columns,     0,
     "tabs were replaced by spaces up to columns of eight"                                                    },
    {AUTOPSY_SPACE_CHANGED,       tab_for_eight,       0,        "tabs were replaced by eight spaces"         },
    {AUTOPSY_SPACE_CHANGED,       tab_for_four,        0,        "tabs were replaced by four spaces"          },
    {AUTOPSY_SPACE_CHANGED,       space_for_tab,       0,        "spaces were replaced by tabs"               },
    {AUTOPSY_SPACE_CHANGED,       eight_for_tab,       SIZE_MAX,
     "eight spaces were each replaced by a tab"                                                               },
    {AUTOPSY_PREAMBLE_REMOVED,    add_common_preamble, 70,
     "the text in front of the first MIME part was removed"                                                   },
    {AUTOPSY_PREAMBLE_REMOVED,    add_wide_preamble,   70,
     "the text in front of the first MIME part was removed"                                                   },
    {AUTOPSY_PREAMBLE_REMOVED,    add_signed_preamble, 70,
     "the text in front of the first MIME part was removed"                                                   },
};

struct shape {
    size_t lines;
    size_t longest;
};

static struct shape shape_of(slice body)
{
    struct shape shape = {0};
    slice line;
    while (autopsy_next_line(&body, &line)) {
        size_t length = autopsy_line_text(line).len;
        shape.longest = length > shape.longest ? length : shape.longest;
        shape.lines++;
    }
    return shape;
}

/* What this rule makes of a body at the most. */
static size_t room_for(const struct line_rule *rule, slice body, struct shape shape)
{
    size_t growth = rule->growth;
    if (growth == SIZE_MAX) {
        return body.len + 7 * slice_count_byte(body, '\t') +
               slice_count_byte(body, '\n') + slice_count_byte(body, '\r') + 1;
    }
    /* Rules that add more than an octet do so on a few lines only. */
    return body.len + (growth == 1 ? shape.lines : growth * 64) + 1;
}

static void rewrite(struct rewriter *at, const struct line_rule *rule, slice body)
{
    slice line;
    at->rest = body;
    while (autopsy_next_line(&at->rest, &line)) {
        size_t changed = at->changed;
        size_t offset = body.len - at->rest.len - line.len;
        if (at->skip && line.len != 0) {
            line = slice_skip(line, 1);
            at->skip = false;
        }
        rule->apply(at, line);
        if (changed == 0 && at->changed != 0) {
            at->first = offset;
        }
        at->number++;
    }
}

static bool try_rule(struct autopsy_work *work, const struct line_rule *rule, slice body,
                     struct shape shape)
{
    struct rewriter at = {.longest = shape.longest};
    if (!autopsy_spend(work, &work->body_left, body.len / 4) ||
        !autopsy_out_new(work, room_for(rule, body, shape), &at.out)) {
        return false;
    }
    rewrite(&at, rule, body);
    if (at.changed == 0) {
        return false;
    }
    struct autopsy_change change = {.kind = rule->kind, .offset = at.first};
    change.text = autopsy_sentence(work, "%s (%zu, the first at byte %zu of the body)",
                                   rule->text, at.changed, at.first);
    return autopsy_try_rewritten(work, autopsy_out_slice(&at.out), &change);
}

bool autopsy_try_lines(struct autopsy_work *work, slice body)
{
    struct shape shape = shape_of(body);
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct arena_mark mark = arena_mark(work->arena);
        if (try_rule(work, &rules[i], body, shape)) {
            return true;
        }
        arena_rewind(work->arena, mark);
    }
    return false;
}
