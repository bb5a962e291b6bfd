/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/line.h"

static const slice indentation = SLICE_INIT("    ");

static size_t column(const struct line *line)
{
    return line->buf->len - line->start;
}

static void break_line(struct line *line)
{
    buf_add_text(line->buf, "\r\n");
    line->start = line->buf->len;
}

void line_begin(struct line *line, struct buf *buf, const char *name)
{
    *line = (struct line){.buf = buf, .start = buf->len};
    buf_add_text(buf, name);
    buf_add_byte(buf, ':');
}

void line_fold(struct line *line)
{
    break_line(line);
    buf_add(line->buf, indentation);
    line->fresh = true;
}

/* Spaces and the word behind them. */
static size_t first_piece_length(slice text)
{
    size_t length = 0;
    while (length < text.len && text.ptr[length] == ' ') {
        length++;
    }
    return length + slice_find_byte(slice_skip(text, length), ' ');
}

static slice take_piece(slice *text)
{
    size_t length = first_piece_length(*text);
    slice piece = slice_first(*text, length);
    *text = slice_skip(*text, length);
    return piece;
}

/* With one octet to spare for a semicolon. */
static bool fits(size_t from, size_t length)
{
    return from + length + 1 <= LINE_SOFT_MAX;
}

void line_put(struct line *line, const struct item *item)
{
    slice text = slice_of(item->text, item->len);
    slice rest = text;

    if (!line->fresh) {
        size_t here = column(line) + 1;
        if (!fits(here, text.len) &&
            (fits(indentation.len, text.len) || !fits(here, first_piece_length(text)))) {
            line_fold(line);
        } else {
            buf_add_byte(line->buf, ' ');
        }
    }
    line->fresh = false;
    if (fits(column(line), text.len)) {
        buf_add(line->buf, text);
        return;
    }
    buf_add(line->buf, take_piece(&rest));
    while (rest.len != 0) {
        slice piece = take_piece(&rest);
        if (!fits(column(line), piece.len)) {
            break_line(line); /* the piece begins with a space, which makes it a fold */
        }
        buf_add(line->buf, piece);
    }
}

void line_put_semicolon(struct line *line)
{
    buf_add_byte(line->buf, ';');
}

void line_end(struct line *line)
{
    break_line(line);
}
