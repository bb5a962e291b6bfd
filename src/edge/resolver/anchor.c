/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/anchor.h"

#include "core/base/ascii.h"

#include <unbound.h>

/*
 * libunbound reads such files itself, but takes one without any record for a fine one, and
 * then validates nothing.  It reads records one by one on a single line each.
 */
enum { RECORD_BYTES_MAX = 8192, SHOWN_MAX = 100 };

/* To the front of the next line, or the end of the text. */
static void skip_comment(slice *text)
{
    slice comment;
    if (!slice_take_until(text, '\n', &comment)) {
        *text = SLICE_NONE;
    }
}

/* A line without its comment, or several in parentheses without those.  False when one is
   open at the end of the text. */
static bool take_record(slice *text, struct buf *out)
{
    bool open = false;
    while (text->len != 0) {
        char c = text->ptr[0];
        *text = slice_skip(*text, 1);
        if (c == ';') {
            skip_comment(text);
            c = '\n';
        }
        if (c == '\n' && !open) {
            return true;
        }
        open = c == '(' || (open && c != ')');
        buf_add_byte(out, ascii_is_vchar(c) && c != '(' && c != ')' ? c : ' ');
    }
    return !open;
}

static bool is_word(slice record, size_t at, slice word)
{
    slice rest = slice_skip(record, at);
    return at != 0 && record.ptr[at - 1] == ' ' && slice_starts_with_nocase(rest, word) &&
           slice_starts_with(slice_skip(rest, word.len), SLICE(" "));
}

static bool is_anchor(slice record)
{
    for (size_t at = 0; at < record.len; at++) {
        if (is_word(record, at, SLICE("DS")) || is_word(record, at, SLICE("DNSKEY"))) {
            return true;
        }
    }
    return false;
}

static bool add_record(struct ub_ctx *context, slice record, struct arena *arena,
                       struct buf *why)
{
    if (!is_anchor(record)) {
        buf_add_visible(why, slice_first(record, SHOWN_MAX));
        buf_add_text(why, ": expected a DS or DNSKEY record, such as \". DS 20326 8 2 "
                          "e06d44b8...\"");
        return false;
    }
    slice copy = arena_printf(arena, "%.*s", SLICE_ARG(record));
    int err = copy.ptr == NULL ? UB_NOMEM : ub_ctx_add_ta(context, copy.ptr);
    if (err != 0) {
        buf_printf(why, "libunbound refuses the trust anchor: %s", ub_strerror(err));
    }
    return err == 0;
}

static bool add_next(struct ub_ctx *context, slice *text, struct arena *arena,
                     struct buf *why, size_t *count)
{
    struct buf line;
    buf_init(&line, arena, RECORD_BYTES_MAX);
    bool is_whole = take_record(text, &line);
    slice record = slice_trim_wsp(buf_slice(&line));
    if (!is_whole || buf_err(&line) != YETT_OK) {
        buf_add_text(why, is_whole ? "a record is longer than 8192 octets"
                                   : "a parenthesis is not closed");
        return false;
    }
    *count += record.len != 0;
    return record.len == 0 || add_record(context, record, arena, why);
}

bool anchor_add(struct ub_ctx *context, const struct resolver_options *options,
                struct arena *arena, struct buf *why)
{
    size_t count = 0;
    slice text = options->trust_anchor;
    struct buf fault;
    buf_init(&fault, arena, 400);
    while (text.len != 0) {
        struct arena_mark mark = arena_mark(arena);
        if (!add_next(context, &text, arena, &fault, &count)) {
            break;
        }
        arena_rewind(arena, mark);
    }
    if (count == 0 && buf_slice(&fault).len == 0) {
        buf_add_text(&fault, "no DS or DNSKEY record stands there");
    }
    if (buf_slice(&fault).len == 0) {
        return true;
    }
    buf_add_visible(why, options->trust_anchor_source);
    buf_add_text(why, ": ");
    buf_add(why, buf_slice(&fault));
    return false;
}
