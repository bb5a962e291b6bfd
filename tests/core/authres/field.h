/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CORE_AUTHRES_FIELD_H
#define TESTS_CORE_AUTHRES_FIELD_H

#include "core/base/ascii.h"
#include "core/base/slice.h"
#include "core/base/utf8.h"

/*
 * NULL when `field` is one field as it may be sent: a line end, the last or one that is
 * followed by a space and something visible; no line of more than 998 octets; no control
 * octets; only ASCII and well-formed UTF-8.  Else what is wrong.  `*longest` is the length
 * of the longest line.
 */
static inline const char *field_fault(slice field, size_t *longest)
{
    slice line;
    bool first = true;
    *longest = 0;
    if (!slice_ends_with(field, SLICE("\r\n"))) {
        return "no line end at the end";
    }
    if (!utf8_is_valid(field)) {
        return "no UTF-8";
    }
    field = slice_first(field, field.len - 1); /* the last LF */
    while (slice_next_piece(&field, '\n', &line)) {
        if (!slice_ends_with(line, SLICE("\r"))) {
            return "a bare LF";
        }
        line = slice_first(line, line.len - 1);
        for (size_t i = 0; i < line.len; i++) {
            if ((unsigned char)line.ptr[i] < 0x20 || line.ptr[i] == 0x7f) {
                return "a control octet";
            }
        }
        if (line.len > 998) {
            return "a line of more than 998 octets";
        }
        if (slice_trim_wsp(line).len == 0) {
            return "a blank line";
        }
        if (ascii_is_wsp(slice_peek(line)) == first) {
            return "a line that begins as it must not";
        }
        first = false;
        *longest = line.len > *longest ? line.len : *longest;
    }
    return NULL;
}

#endif
