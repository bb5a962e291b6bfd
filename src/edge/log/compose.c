/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/log/compose.h"

#include "core/base/ascii.h"
#include "core/base/date.h"
#include "core/base/utf8.h"

static const char *const level_words[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info",
};

/* One character as it is to be written; at most PIECE_MAX octets. */
enum { PIECE_MAX = 12 };
struct piece {
    char octets[PIECE_MAX + 1];
    size_t len;
};

static void put(struct piece *piece, slice octets)
{
    memcpy(piece->octets + piece->len, octets.ptr, octets.len);
    piece->len += octets.len;
}

static void put_hex(struct piece *piece, const char *before, unsigned value, int digits)
{
    static const char hex[] = "0123456789abcdef";
    put(piece, slice_from_text(before));
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
        piece->octets[piece->len++] = hex[(value >> shift) & 15];
    }
}

/* Both take one character off the front of `*text`, which is not empty. */
static void text_piece(slice *text, struct piece *piece)
{
    size_t len = utf8_visible_length(*text);
    if (len != 0) {
        put(piece, slice_first(*text, len));
    } else {
        len = 1;
        put_hex(piece, "\\x", (unsigned char)text->ptr[0], 2);
    }
    *text = slice_skip(*text, len);
}

static void json_piece(slice *text, struct piece *piece)
{
    uint32_t code_point = 0xfffd; /* for an octet that is part of no character */
    size_t len = utf8_character(*text, &code_point);
    if (code_point == '"' || code_point == '\\') {
        put(piece, SLICE("\\"));
        put(piece, slice_first(*text, 1));
    } else if (len != 0 && utf8_visible_length(*text) != 0) {
        put(piece, slice_first(*text, len));
    } else if (code_point < 0x10000) {
        put_hex(piece, "\\u", code_point, 4);
    } else {
        put_hex(piece, "\\u", 0xd800 + ((code_point - 0x10000) >> 10), 4);
        put_hex(piece, "\\u", 0xdc00 + (code_point & 0x3ff), 4);
    }
    *text = slice_skip(*text, len != 0 ? len : 1);
}

/* Writes at most `room` octets.  What fits is not known before the end, so the place where
   it would have to be cut is remembered. */
static void add_pieces(struct buf *out, slice text, size_t room,
                       void (*next)(slice *text, struct piece *piece))
{
    size_t begin = out->len;
    size_t cut = begin;
    while (text.len != 0) {
        struct piece piece = {.len = 0};
        next(&text, &piece);
        if (out->len - begin + COMPOSE_ELLIPSIS <= room) {
            cut = out->len;
        }
        if (out->len - begin + piece.len > room) {
            buf_truncate(out, cut);
            buf_add_text(out, room < COMPOSE_ELLIPSIS ? "" : "…");
            return;
        }
        buf_add(out, slice_of(piece.octets, piece.len));
    }
}

static size_t left(const struct buf *out, size_t begin, size_t room)
{
    size_t used = out->len - begin;
    return used < room ? room - used : 0;
}

/* An octet is at most "\xNN": the usual line fits whatever it holds. */
static void add_text(struct buf *out, slice text, size_t room)
{
    if (text.len <= room / 4) {
        buf_add_visible(out, text);
    } else {
        add_pieces(out, text, room, text_piece);
    }
}

void compose_text(struct buf *out, enum log_level level, slice message, size_t room)
{
    size_t begin = out->len;
    if (level == LOG_LEVEL_ERROR || level == LOG_LEVEL_WARNING) {
        buf_add_text(out, level_words[level]);
        buf_add_text(out, ": ");
    }
    add_text(out, message, left(out, begin, room));
}

void compose_json(struct buf *out, enum log_level level, const char *role, int64_t time_s,
                  slice message, size_t room)
{
    static const slice end = SLICE_INIT("\"}");
    size_t begin = out->len;
    buf_add_text(out, "{\"time\":\"");
    date_write_iso(out, time_s);
    buf_add_text(out, "\",\"level\":\"");
    buf_add_text(out, level_words[level]);
    buf_add_text(out, "\",\"role\":\"");
    add_pieces(out, slice_from_text(role), 64, json_piece);
    buf_add_text(out, "\",\"text\":\"");
    add_pieces(out, message, left(out, begin, room - end.len), json_piece);
    buf_add(out, end);
}

void compose_line(struct buf *out, slice line, size_t room)
{
    add_text(out, line, room);
}

/* Octets of a control character at the front: C0, DEL, C1. */
static size_t control_length(slice text)
{
    uint32_t code_point;
    size_t len = utf8_character(text, &code_point);
    return len != 0 && (code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f))
               ? len
               : 0;
}

void compose_json_line(struct buf *out, slice line)
{
    while (line.len != 0) {
        size_t plain = 0;
        while (plain < line.len && (ascii_is_printable(line.ptr[plain]) ||
                                    control_length(slice_skip(line, plain)) == 0)) {
            plain++;
        }
        buf_add(out, slice_first(line, plain));
        line = slice_skip(line, plain);
        if (line.len != 0) {
            buf_add_byte(out, ' ');
            line = slice_skip(line, control_length(line));
        }
    }
}
