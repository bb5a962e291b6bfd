/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/event/text.h"

void text_add(struct buf *buf, slice text, size_t max)
{
    static const slice dots = SLICE_INIT("...");
    size_t start = buf->len;
    bool is_long = text.len > max;
    buf_add_visible(buf, slice_first(text, max));
    if (buf_err(buf) != YETT_OK || (!is_long && buf->len - start <= max)) {
        return;
    }
    size_t end = start + (max - dots.len);
    end = end < buf->len ? end : buf->len;
    while (end > start && end < buf->len &&
           ((unsigned char)buf->ptr[end] & 0xc0) == 0x80) {
        end--;
    }
    buf_truncate(buf, end);
    buf_add(buf, dots);
}

void text_add_solid(struct buf *buf, slice text, size_t max)
{
    size_t start = buf->len;
    text_add(buf, text, max);
    for (size_t i = start; buf_err(buf) == YETT_OK && i < buf->len; i++) {
        if (buf->ptr[i] == ' ') {
            buf->ptr[i] = '_';
        }
    }
}

void text_add_word(struct buf *buf, const char *name, slice text, size_t max)
{
    buf_add_byte(buf, ' ');
    buf_add_text(buf, name);
    text_add_solid(buf, text, max);
}
