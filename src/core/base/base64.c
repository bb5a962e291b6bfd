/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/base64.h"

#include "core/base/ascii.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Value of each octet plus one, so that what the table does not name is 0. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
    ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
    ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
    ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
    ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
    ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
    ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
    ['/'] = 64,
};

/* The padding that ends `digits` significant digits: how many "=" must stand, or -1. */
static int padding_needed(size_t digits)
{
    static const int needed[4] = {0, -1, 2, 1};
    return needed[digits % 4];
}

/*
 * After the digits only "=" and white space may come: all the padding or none of it, which
 * the ABNF of RFC 6376 section 2.10 leaves optional and some senders leave out.
 */
static bool padding_is_right(slice rest, size_t digits, size_t *bad_at)
{
    int needed = padding_needed(digits);
    int found = 0;
    size_t i;
    for (i = 0; i < rest.len; i++) {
        if (ascii_is_fws(rest.ptr[i])) {
            continue;
        }
        if (rest.ptr[i] != '=' || found >= needed) {
            break;
        }
        found++;
    }
    *bad_at = i;
    return i == rest.len && needed >= 0 && (found == 0 || found == needed);
}

/*
 * Nearly all text is digits in a row: take as many groups of four as stand at the front of
 * `*text`, three octets each into `to`.  Returns the number of groups.
 */
static size_t take_groups(slice *text, uint8_t *to)
{
    const uint8_t *from = (const uint8_t *)text->ptr;
    size_t most = text->len / 4;
    size_t groups = 0;
    for (; groups < most; groups++, from += 4, to += 3) {
        uint32_t a = values[from[0]] - 1u;
        uint32_t b = values[from[1]] - 1u;
        uint32_t c = values[from[2]] - 1u;
        uint32_t d = values[from[3]] - 1u;
        if ((a | b | c | d) > 63) {
            break;
        }
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        to[0] = (uint8_t)(bits >> 16);
        to[1] = (uint8_t)(bits >> 8);
        to[2] = (uint8_t)bits;
    }
    *text = slice_skip(*text, groups * 4);
    return groups;
}

enum yett_err base64_decode(struct arena *arena, slice text, slice *out, size_t *bad_at)
{
    uint8_t *bytes = arena_alloc(arena, text.len / 4 * 3 + 3);
    if (bytes == NULL) {
        return YETT_NO_MEMORY;
    }
    size_t digits = 0;
    size_t len = 0;
    uint32_t bits = 0;
    slice rest = text;

    while (rest.len != 0) {
        if (digits % 4 == 0) {
            size_t groups = take_groups(&rest, bytes + len);
            digits += groups * 4;
            len += groups * 3;
        }
        uint8_t value = rest.len == 0 ? 0 : values[(uint8_t)rest.ptr[0]];
        if (value != 0) {
            bits = (bits << 6) | (value - 1u);
            digits++;
            if (digits % 4 != 1) {
                bytes[len++] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
            }
        } else if (!ascii_is_fws(slice_peek(rest))) {
            break;
        }
        rest = slice_skip(rest, 1);
    }
    size_t bad_padding;
    if (!padding_is_right(rest, digits, &bad_padding)) {
        *bad_at = text.len - rest.len + bad_padding;
        return YETT_BAD_SYNTAX;
    }
    *out = (slice){(const char *)bytes, len};
    return YETT_OK;
}

void base64_encode(struct buf *buf, slice bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++) {
            bits = (bits << 8) | (j < have ? (uint8_t)bytes.ptr[i + j] : 0u);
        }
        char digits[4];
        for (size_t j = 0; j < 4; j++) {
            digits[j] = j <= have ? alphabet[(bits >> (18 - 6 * j)) & 63] : '=';
        }
        buf_add(buf, slice_of(digits, sizeof(digits)));
    }
}
