/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/encode.h"

#include "core/base/ascii.h"
#include "core/base/utf8.h"

static void add_octet(struct autopsy_out *out, int octet)
{
    char byte = (char)octet;
    autopsy_out_add(out, slice_of(&byte, 1));
}

/* Two hexadecimal digits at the front, or -1. */
static int hex_octet(slice text)
{
    if (text.len < 2) {
        return -1;
    }
    int high = ascii_hex_value((unsigned char)text.ptr[0]);
    int low = ascii_hex_value((unsigned char)text.ptr[1]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void autopsy_decode_escapes(struct autopsy_out *out, slice text, char mark)
{
    while (text.len != 0) {
        size_t plain = slice_find_byte(text, mark);
        autopsy_out_add(out, slice_first(text, plain));
        text = slice_skip(text, plain);
        if (text.len == 0) {
            return;
        }
        int octet = hex_octet(slice_skip(text, 1));
        add_octet(out, octet < 0 ? mark : octet);
        text = slice_skip(text, octet < 0 ? 1 : 3);
    }
}

void autopsy_decode_quoted(struct autopsy_out *out, slice text)
{
    slice line;
    while (autopsy_next_line(&text, &line)) {
        slice content = autopsy_line_text(line);
        slice line_end = slice_skip(line, content.len);
        while (content.len != 0 && ascii_is_wsp(content.ptr[content.len - 1])) {
            content.len--;
        }
        if (slice_ends_with(content, SLICE("="))) {
            content.len--;
            line_end = SLICE_NONE;
        }
        autopsy_decode_escapes(out, content, '=');
        autopsy_out_add(out, line_end);
    }
}

static int base64_value(char octet)
{
    if (ascii_is_upper(octet)) {
        return octet - 'A';
    }
    if (ascii_is_lower(octet)) {
        return octet - 'a' + 26;
    }
    if (ascii_is_digit(octet)) {
        return octet - '0' + 52;
    }
    if (octet == '+' || octet == '-') {
        return 62;
    }
    return octet == '/' || octet == '_' ? 63 : -1;
}

void autopsy_decode_base64(struct autopsy_out *out, slice text)
{
    unsigned bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.ptr[i]);
        if (value < 0) {
            continue;
        }
        bits = (bits << 6 | (unsigned)value) & 0xffffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            add_octet(out, (int)(bits >> count & 0xff));
        }
    }
}

/* ---- writing ---------------------------------------------------------------------------- */

enum { QUOTED_WIDTH = 76 };

static size_t escape(char octet, bool last, char *escaped)
{
    static const char digits[] = "0123456789ABCDEF";
    bool plain = (ascii_is_printable((unsigned char)octet) && octet != '=' &&
                  !(last && octet == ' ')) ||
                 (octet == '\t' && !last);
    if (plain) {
        escaped[0] = octet;
        return 1;
    }
    escaped[0] = '=';
    escaped[1] = digits[(unsigned char)octet >> 4];
    escaped[2] = digits[(unsigned char)octet & 15];
    return 3;
}

static void encode_quoted_line(struct autopsy_out *out, slice text)
{
    size_t column = 0;
    for (size_t i = 0; i < text.len; i++) {
        char escaped[3];
        bool last = i + 1 == text.len;
        size_t length = escape(text.ptr[i], last, escaped);
        if (column + length > QUOTED_WIDTH - (last ? 0 : 1)) {
            autopsy_out_add(out, SLICE("=\r\n"));
            column = 0;
        }
        autopsy_out_add(out, slice_of(escaped, length));
        column += length;
    }
}

void autopsy_encode_quoted(struct autopsy_out *out, slice text)
{
    slice line;
    while (autopsy_next_line(&text, &line)) {
        slice content = autopsy_line_text(line);
        encode_quoted_line(out, content);
        autopsy_out_add(out, slice_skip(line, content.len));
    }
}

/* Of one to three octets. */
static void encode_group(const char *octets, size_t count, char *text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = (unsigned)(unsigned char)octets[0] << 16;
    bits |= count > 1 ? (unsigned)(unsigned char)octets[1] << 8 : 0;
    bits |= count > 2 ? (unsigned char)octets[2] : 0;
    text[0] = alphabet[bits >> 18];
    text[1] = alphabet[bits >> 12 & 63];
    text[2] = alphabet[bits >> 6 & 63];
    text[3] = alphabet[bits & 63];
    for (size_t i = count + 1; i < 4; i++) {
        text[i] = '=';
    }
}

void autopsy_encode_base64(struct autopsy_out *out, slice octets, size_t width)
{
    size_t column = 0;
    for (size_t at = 0; at < octets.len; at += 3) {
        char text[4];
        encode_group(octets.ptr + at, octets.len - at < 3 ? octets.len - at : 3, text);
        if (width != 0 && column == width) {
            autopsy_out_add(out, SLICE("\r\n"));
            column = 0;
        }
        autopsy_out_add(out, slice_of(text, sizeof(text)));
        column += sizeof(text);
    }
}

void autopsy_add_crlf(struct autopsy_out *out, slice text)
{
    while (text.len != 0) {
        size_t at = slice_find_byte(text, '\n');
        slice line = slice_first(text, at);
        autopsy_out_add(out, slice_ends_with(line, SLICE("\r")) && at < text.len
                                 ? slice_first(line, line.len - 1)
                                 : line);
        if (at < text.len) {
            autopsy_out_add(out, SLICE("\r\n"));
        }
        text = slice_skip(text, at + 1);
    }
}

/* ---- characters ------------------------------------------------------------------------- */

/* Of windows-1252 from 0x80 on; 0: none. */
static const uint16_t western[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
    0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

static int western_octet(uint32_t code_point)
{
    for (size_t i = 0; i < sizeof(western) / sizeof(western[0]); i++) {
        if (western[i] != 0 && western[i] == code_point) {
            return (int)i + 0x80;
        }
    }
    return code_point < 0x80 || (code_point >= 0xa0 && code_point <= 0xff)
               ? (int)code_point
               : -1;
}

bool autopsy_to_western(struct autopsy_out *out, slice text)
{
    bool other = false;
    while (text.len != 0) {
        uint32_t code_point = (unsigned char)text.ptr[0];
        size_t length = code_point < 0x80 ? 1 : utf8_character(text, &code_point);
        int octet = length == 0 ? -1 : western_octet(code_point);
        if (octet < 0) {
            return false;
        }
        add_octet(out, octet);
        other |= octet >= 0x80;
        text = slice_skip(text, length);
    }
    return other;
}

bool autopsy_from_western(struct autopsy_out *out, slice text)
{
    bool other = false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned octet = (unsigned char)text.ptr[i];
        unsigned code_point =
            octet >= 0x80 && octet < 0xa0 ? western[octet - 0x80] : octet;
        if (code_point == 0 && octet != 0) {
            return false;
        }
        if (code_point < 0x80) {
            add_octet(out, (int)code_point);
            continue;
        }
        if (code_point >= 0x800) {
            add_octet(out, (int)(0xe0 | code_point >> 12));
            add_octet(out, (int)(0x80 | (code_point >> 6 & 63)));
        } else {
            add_octet(out, (int)(0xc0 | code_point >> 6));
        }
        add_octet(out, (int)(0x80 | (code_point & 63)));
        other = true;
    }
    return other;
}
