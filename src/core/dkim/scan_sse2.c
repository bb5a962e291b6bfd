/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/scan.h"

#include <emmintrin.h>

/* Sixteen octets at a time; SSE2 is part of every x86-64. */
enum { VECTOR = 16, STRIDE = 4 * VECTOR };

struct marks {
    __m128i space;
    __m128i tab;
    __m128i also;
};

/* All ones in every octet at `p` that needs a look.  Reads VECTOR + 1 octets. */
static inline __m128i look_at(const char *p, const struct marks *marks)
{
    __m128i here = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + 1));
    __m128i next_is_low = _mm_cmpeq_epi8(_mm_min_epu8(next, marks->space), next);
    __m128i is_space = _mm_cmpeq_epi8(here, marks->space);
    __m128i is_stop =
        _mm_or_si128(_mm_cmpeq_epi8(here, marks->tab), _mm_cmpeq_epi8(here, marks->also));
    return _mm_or_si128(is_stop, _mm_and_si128(is_space, next_is_low));
}

/*
 * Fewer than VECTOR octets from `at` on are unread, but there are more before them: look once
 * more at some that were passed, which stop nothing now either.
 */
static inline size_t scan_end(slice text, size_t at, char also, const struct marks *marks)
{
    if (text.len > VECTOR) {
        size_t last = text.len - VECTOR - 1;
        int found = _mm_movemask_epi8(look_at(text.ptr + last, marks));
        if (found != 0) {
            return last + (size_t)__builtin_ctz((unsigned)found);
        }
        at = text.len - 1;
    }
    return dkim_scan_slowly(text, at, also);
}

static inline uint64_t bits_of(__m128i marked, unsigned shift)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(marked) << shift;
}

size_t dkim_scan(slice text, char also)
{
    const struct marks marks = {
        .space = _mm_set1_epi8(' '),
        .tab = _mm_set1_epi8('\t'),
        .also = _mm_set1_epi8(also),
    };
    size_t at = 0;

    /* Four at once while nothing is found, which is nearly always. */
    for (; text.len - at > STRIDE; at += STRIDE) {
        const char *p = text.ptr + at;
        __m128i a = look_at(p, &marks);
        __m128i b = look_at(p + VECTOR, &marks);
        __m128i c = look_at(p + 2 * VECTOR, &marks);
        __m128i d = look_at(p + 3 * VECTOR, &marks);
        __m128i any = _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d));
        if (_mm_movemask_epi8(any) != 0) {
            uint64_t found =
                bits_of(a, 0) | bits_of(b, 16) | bits_of(c, 32) | bits_of(d, 48);
            return at + (size_t)__builtin_ctzll(found);
        }
    }
    for (; text.len - at > VECTOR; at += VECTOR) {
        int found = _mm_movemask_epi8(look_at(text.ptr + at, &marks));
        if (found != 0) {
            return at + (size_t)__builtin_ctz((unsigned)found);
        }
    }
    return scan_end(text, at, also, &marks);
}

size_t dkim_scan_wsp(slice text)
{
    const __m128i space = _mm_set1_epi8(' ');
    const __m128i tab = _mm_set1_epi8('\t');
    size_t at = 0;

    for (; text.len - at >= VECTOR; at += VECTOR) {
        __m128i here = _mm_loadu_si128((const __m128i *)(const void *)(text.ptr + at));
        __m128i wsp =
            _mm_or_si128(_mm_cmpeq_epi8(here, space), _mm_cmpeq_epi8(here, tab));
        unsigned others = ~(unsigned)_mm_movemask_epi8(wsp) & 0xffff;
        if (others != 0) {
            return at + (size_t)__builtin_ctz(others);
        }
    }
    return dkim_scan_wsp_slowly(text, at);
}
