/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/inside.h"
#include "core/base/ascii.h"
#include "core/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

/* work: budgets, notes and sentences of one autopsy. */

enum { EXCERPT_MAX = 60, SENTENCE_MAX = 400 };

bool autopsy_spend(struct autopsy_work *work, uint64_t *left, uint64_t bytes)
{
    if (*left < bytes) {
        *left = 0;
        work->ended = true;
        return false;
    }
    *left -= bytes;
    work->hashed_bytes += bytes;
    return true;
}

void autopsy_note(struct autopsy_work *work, const struct autopsy_change *change)
{
    if (work->count < AUTOPSY_CHANGES_MAX) {
        work->changes[work->count++] = *change;
    } else {
        work->unnamed++;
    }
}

void autopsy_told_init(struct autopsy_work *work, struct buf *buf, size_t limit)
{
    size_t room = limit < work->told_left ? limit : work->told_left;
    *buf = (struct buf){
        .arena = work->arena, .ptr = work->told, .capacity = room, .limit = room};
    work->told += room;
    work->told_left -= room;
}

/* Runs of white space are a space each; a character is whole or not there. */
void autopsy_add_excerpt(struct buf *buf, slice text)
{
    char shown[EXCERPT_MAX];
    size_t fill = 0;
    slice rest = slice_trim_fws(text);
    while (rest.len != 0) {
        uint32_t code_point;
        bool space = ascii_is_fws(rest.ptr[0]);
        size_t length = space ? 1 : utf8_character(rest, &code_point);
        length = length == 0 ? 1 : length;
        if (fill + length > sizeof(shown)) {
            break;
        }
        if (space && shown[fill - 1] != ' ') {
            shown[fill++] = ' ';
        } else if (!space) {
            memcpy(shown + fill, rest.ptr, length);
            fill += length;
        }
        rest = slice_skip(rest, length);
    }
    buf_add_byte(buf, '"');
    buf_add_visible(buf, slice_of(shown, fill));
    buf_add_text(buf, rest.len == 0 ? "\"" : "…\"");
}

slice autopsy_sentence(struct autopsy_work *work, const char *format, ...)
{
    char text[SENTENCE_MAX];
    slice out = SLICE_NONE;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length > 0) {
        size_t size = (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1;
        if (arena_copy(work->arena, slice_of(text, size), &out) != YETT_OK) {
            work->err = YETT_NO_MEMORY;
        }
    }
    return out;
}

bool autopsy_out_new(struct autopsy_work *work, size_t capacity, struct autopsy_out *out)
{
    *out = (struct autopsy_out){.ptr = arena_alloc(work->arena, capacity),
                                .capacity = capacity};
    work->ended |= out->ptr == NULL;
    return out->ptr != NULL;
}

void autopsy_out_add(struct autopsy_out *out, slice bytes)
{
    bytes = slice_first(bytes, out->capacity - out->len);
    if (bytes.len != 0) {
        memcpy(out->ptr + out->len, bytes.ptr, bytes.len);
        out->len += bytes.len;
    }
}

slice autopsy_out_slice(const struct autopsy_out *out)
{
    return slice_of(out->ptr, out->len);
}

bool autopsy_next_line(slice *in, slice *line)
{
    if (in->len == 0) {
        return false;
    }
    /* A call for each octet would cost more than a look: where there is one bare LF, there are
       more. */
    size_t at = slice_find_byte(*in, '\n');
    while (at < in->len && (in->ptr[at] != '\n' || at == 0 || in->ptr[at - 1] != '\r')) {
        at++;
    }
    *line = slice_first(*in, at + 1);
    *in = slice_skip(*in, at + 1);
    return true;
}

slice autopsy_line_text(slice line)
{
    return slice_ends_with(line, SLICE("\r\n")) ? slice_first(line, line.len - 2) : line;
}
