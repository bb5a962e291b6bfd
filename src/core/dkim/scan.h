/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_SCAN_H
#define YETT_CORE_DKIM_SCAN_H

#include "core/base/ascii.h"
#include "core/base/slice.h"

#include <stdbool.h>

/*
 * scan: how far text may pass relaxed canonicalisation unread.
 *
 * Nearly all text of a message is its own canonical form: single spaces between words, no
 * tabs.  Most of what verifying costs beside SHA-256 is to find out so.  One of two files is
 * built: scan_sse2.c on x86-64, scan_word.c elsewhere.
 */

/*
 * Number of octets before the first that needs a look: a tab, `also`, or a space with an
 * octet up to 0x20 behind it (white space, a line's end, or a control character, which does
 * no harm).  `text.len` when there is none; a space or a CR in the last place needs a look,
 * for nobody knows what follows.
 */
size_t dkim_scan(slice text, char also);

/* Number of spaces and tabs at the front. */
size_t dkim_scan_wsp(slice text);

/* The same, octet by octet from `at`: the definitions, and for the ends of texts. */
static inline size_t dkim_scan_wsp_slowly(slice text, size_t at)
{
    while (at < text.len && ascii_is_wsp(text.ptr[at])) {
        at++;
    }
    return at;
}

static inline size_t dkim_scan_slowly(slice text, size_t at, char also)
{
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        bool is_last = at + 1 == text.len;
        if (c == '\t' || c == also || (c == '\r' && is_last) ||
            (c == ' ' && (is_last || (unsigned char)text.ptr[at + 1] <= ' '))) {
            break;
        }
    }
    return at;
}

#endif
