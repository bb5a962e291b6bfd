/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_ASCII_H
#define YETT_CORE_BASE_ASCII_H

#include <stdbool.h>

/*
 * ascii: character classes without locale.  All take a char, or a value of slice_peek():
 * -1 is in no class.
 */
static inline bool ascii_is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_upper(int c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool ascii_is_lower(int c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool ascii_is_alpha(int c)
{
    return ascii_is_upper(c) || ascii_is_lower(c);
}

static inline bool ascii_is_alnum(int c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c);
}

static inline bool ascii_is_wsp(int c)
{
    return c == ' ' || c == '\t';
}

static inline bool ascii_is_fws(int c) /* one octet of folding white space */
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool ascii_is_printable(int c) /* VCHAR or space */
{
    return c >= 0x20 && c <= 0x7e;
}

static inline bool ascii_is_vchar(int c)
{
    return c >= 0x21 && c <= 0x7e;
}

static inline char ascii_lower(char c)
{
    return ascii_is_upper(c) ? (char)(c + ('a' - 'A')) : c;
}

static inline char ascii_upper(char c)
{
    return ascii_is_lower(c) ? (char)(c - ('a' - 'A')) : c;
}

int ascii_hex_value(int c); /* 0 to 15, or -1 */

#endif
