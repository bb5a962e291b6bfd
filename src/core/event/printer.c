/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/event/printer.h"

#include "core/base/ascii.h"
#include "core/base/date.h"
#include "core/base/utf8.h"

#include <stdio.h>

static void begin_value(struct printer *printer, const char *name)
{
    if (printer->needs_comma) {
        buf_add_byte(printer->buf, ',');
    }
    printer->needs_comma = true;
    if (name != NULL) {
        buf_add_byte(printer->buf, '"');
        buf_add_text(printer->buf, name);
        buf_add_text(printer->buf, "\":");
    }
}

void printer_open(struct printer *printer, const char *name, char bracket)
{
    begin_value(printer, name);
    buf_add_byte(printer->buf, bracket);
    printer->needs_comma = false;
}

void printer_close(struct printer *printer, char bracket)
{
    buf_add_byte(printer->buf, bracket);
    printer->needs_comma = true;
}

/* ---- strings ------------------------------------------------------------------------------- */

/* "\ud83d\ude00", and the terminator */
enum { PIECE_MAX = 13 };

static size_t write_code_point(char out[PIECE_MAX], uint32_t c)
{
    if (c < 0x10000) {
        return (size_t)snprintf(out, PIECE_MAX, "\\u%04x", (unsigned)c);
    }
    c -= 0x10000;
    return (size_t)snprintf(out, PIECE_MAX, "\\u%04x\\u%04x",
                            0xd800U + (unsigned)(c >> 10),
                            0xdc00U + (unsigned)(c & 0x3ff));
}

/* The next character of `text` as it stands between quotes. */
static size_t write_piece(char out[PIECE_MAX], slice *text)
{
    uint32_t c = 0;
    size_t octets = utf8_character(*text, &c);
    unsigned first = (unsigned char)text->ptr[0];
    *text = slice_skip(*text, octets == 0 ? 1 : octets);
    if (octets == 0 || first == 0) { /* NUL is JSON, but few readers take it */
        return (size_t)snprintf(out, PIECE_MAX, "\\\\x%02x", first);
    }
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = (char)c;
        return 2;
    }
    if (c < 0x7f && ascii_is_printable((int)c)) {
        out[0] = (char)c;
        return 1;
    }
    return write_code_point(out, c);
}

static void write_text(struct buf *buf, slice text, size_t max)
{
    static const slice dots = SLICE_INIT("...");
    struct buf start = *buf;
    size_t fits = 0; /* written where the dots would still have room */
    size_t written = 0;
    while (text.len != 0) {
        char piece[PIECE_MAX];
        size_t length = write_piece(piece, &text);
        if (written + length > max) {
            if (buf_err(buf) == YETT_OK) {
                buf_truncate(buf, start.len + fits);
            }
            buf_add(buf, dots);
            return;
        }
        buf_add(buf, slice_of(piece, length));
        written += length;
        if (written + dots.len <= max) {
            fits = written;
        }
    }
}

void printer_string(struct printer *printer, const char *name, slice text, size_t max)
{
    begin_value(printer, name);
    buf_add_byte(printer->buf, '"');
    write_text(printer->buf, text, max);
    buf_add_byte(printer->buf, '"');
}

void printer_optional(struct printer *printer, const char *name, slice text, size_t max)
{
    if (slice_is_empty(text)) {
        printer_null(printer, name);
    } else {
        printer_string(printer, name, text, max);
    }
}

void printer_word(struct printer *printer, const char *name, const char *word)
{
    slice text = slice_from_text(word);
    printer_string(printer, name, text, text.len);
}

/* ---- the rest ------------------------------------------------------------------------------ */

void printer_ip(struct printer *printer, const char *name, struct ip ip)
{
    if (ip.family == IP_NONE) {
        printer_null(printer, name);
        return;
    }
    begin_value(printer, name);
    buf_add_byte(printer->buf, '"');
    ip_write(printer->buf, ip);
    buf_add_byte(printer->buf, '"');
}

void printer_time(struct printer *printer, const char *name, int64_t epoch_s)
{
    begin_value(printer, name);
    buf_add_byte(printer->buf, '"');
    date_write_iso(printer->buf, epoch_s);
    buf_add_byte(printer->buf, '"');
}

void printer_number(struct printer *printer, const char *name, uint64_t number)
{
    /* What readers with 64 bits and a sign can take; nothing counted here comes near it. */
    begin_value(printer, name);
    buf_add_uint(printer->buf, number < INT64_MAX ? number : INT64_MAX);
}

void printer_bool(struct printer *printer, const char *name, bool value)
{
    begin_value(printer, name);
    buf_add_text(printer->buf, value ? "true" : "false");
}

void printer_null(struct printer *printer, const char *name)
{
    begin_value(printer, name);
    buf_add_text(printer->buf, "null");
}
