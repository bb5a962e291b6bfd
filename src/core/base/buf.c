/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"

#include "core/base/ascii.h"
#include "core/base/num.h"
#include "core/base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum {
    FIRST_CAPACITY = 64,
    PRINTED_AT_ONCE = 256 /* longer texts are printed twice, first for their length */
};

void buf_init(struct buf *buf, struct arena *arena, size_t limit_bytes)
{
    *buf = (struct buf){.arena = arena, .limit = limit_bytes};
}

static bool grow(struct buf *buf, size_t capacity)
{
    if (buf->ptr != NULL && arena_extend(buf->arena, buf->ptr, buf->capacity, capacity)) {
        buf->capacity = capacity;
        return true;
    }
    char *moved = arena_alloc(buf->arena, capacity);
    if (moved == NULL) {
        return false;
    }
    if (buf->len != 0) {
        memcpy(moved, buf->ptr, buf->len);
    }
    buf->ptr = moved;
    buf->capacity = capacity;
    return true;
}

/* Room for `more` octets behind what is there, or NULL with the failure remembered. */
static char *reserve(struct buf *buf, size_t more)
{
    size_t needed;
    if (buf->err != YETT_OK) {
        return NULL;
    }
    if (!num_add(buf->len, more, &needed) || needed > buf->limit) {
        buf->err = YETT_LIMIT;
        return NULL;
    }
    if (needed > buf->capacity) {
        size_t doubled =
            buf->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buf->capacity * 2;
        if (!grow(buf, needed > doubled ? needed : doubled)) {
            buf->err = YETT_NO_MEMORY;
            return NULL;
        }
    }
    return buf->ptr + buf->len;
}

void buf_add(struct buf *buf, slice bytes)
{
    if (bytes.len == 0) {
        return;
    }
    char *to = reserve(buf, bytes.len);
    if (to != NULL) {
        memcpy(to, bytes.ptr, bytes.len);
        buf->len += bytes.len;
    }
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, slice_from_text(text));
}

void buf_add_byte(struct buf *buf, char byte)
{
    char *to = reserve(buf, 1);
    if (to != NULL) {
        *to = byte;
        buf->len++;
    }
}

void buf_add_uint(struct buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    buf_add(buf, slice_of(digits + at, sizeof(digits) - at));
}

static const char hex_digits[] = "0123456789abcdef";

void buf_add_hex(struct buf *buf, slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned octet = (unsigned char)bytes.ptr[i];
        buf_add_byte(buf, hex_digits[octet >> 4]);
        buf_add_byte(buf, hex_digits[octet & 15]);
    }
}

void buf_add_visible(struct buf *buf, slice bytes)
{
    while (bytes.len != 0) {
        size_t plain = 0;
        while (plain < bytes.len && ascii_is_printable(bytes.ptr[plain])) {
            plain++;
        }
        buf_add(buf, slice_first(bytes, plain));
        bytes = slice_skip(bytes, plain);
        if (bytes.len == 0) {
            return;
        }
        size_t character = utf8_visible_length(bytes);
        if (character != 0) {
            buf_add(buf, slice_first(bytes, character));
        } else {
            buf_add_text(buf, "\\x");
            buf_add_hex(buf, slice_first(bytes, 1));
            character = 1;
        }
        bytes = slice_skip(bytes, character);
    }
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    char room[PRINTED_AT_ONCE];
    va_list args;
    va_start(args, format);
    int needed = vsnprintf(room, sizeof(room), format, args);
    va_end(args);
    assert(needed >= 0);
    if ((size_t)needed < sizeof(room)) {
        buf_add(buf, slice_of(room, (size_t)needed));
        return;
    }

    char *to = reserve(buf, (size_t)needed + 1); /* the terminator is not kept */
    if (to == NULL) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(to, (size_t)needed + 1, format, args);
    va_end(args);
    buf->len += (size_t)needed;
}

void buf_truncate(struct buf *buf, size_t len)
{
    assert(len <= buf->len);
    buf->len = len;
}

enum yett_err buf_err(const struct buf *buf)
{
    return buf->err;
}

slice buf_slice(const struct buf *buf)
{
    return (slice){buf->ptr, buf->len};
}
