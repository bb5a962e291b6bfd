/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/scan.h"

/* Eight octets at a time in a 64-bit word, whatever its order of octets. */
enum { WORD = 8 };

#define EACH(octet) (UINT64_C(0x0101010101010101) * (unsigned char)(octet))
#define HIGH_BITS   EACH(0x80)
#define LOW_BITS    EACH(0x7f)

static inline uint64_t load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

/* The high bit of every octet that is zero; no carry crosses from one to the next. */
static inline uint64_t zero_octets(uint64_t word)
{
    return ~(((word & LOW_BITS) + LOW_BITS) | word) & HIGH_BITS;
}

/* The high bit of every octet that is 0x20 or less. */
static inline uint64_t low_octets(uint64_t word)
{
    return ~(((word & LOW_BITS) + EACH(0x7f - 0x20)) | word) & HIGH_BITS;
}

size_t dkim_scan(slice text, char also)
{
    size_t at = 0;

    for (; text.len - at > WORD; at += WORD) {
        uint64_t here = load(text.ptr + at);
        uint64_t next = load(text.ptr + at + 1);
        uint64_t stops = zero_octets(here ^ EACH('\t')) | zero_octets(here ^ EACH(also));
        uint64_t spaces = zero_octets(here ^ EACH(' '));
        if ((stops | (spaces & low_octets(next))) != 0) {
            break; /* within the next eight */
        }
    }
    return dkim_scan_slowly(text, at, also);
}

size_t dkim_scan_wsp(slice text)
{
    return dkim_scan_wsp_slowly(text, 0);
}
