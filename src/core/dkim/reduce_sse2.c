/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/reduce.h"

#include <assert.h>
#include <emmintrin.h>

/*
 * Sixty-four octets at a time.  Nearly all text stays as it is, so a cheap look decides first
 * whether anything in a block might go; only then is a bit made for each octet that does, and
 * the runs between them are copied.  Each run takes the same few instructions whatever its
 * length: a branch guessed wrong would cost more.
 */
enum {
    VECTOR = 16,
    BLOCK = 4 * VECTOR,
    /* A run may begin with the last octet of a block, and is copied as a block. */
    READS = 2 * BLOCK,
    WRITES = 2 * BLOCK,
    /* In indented text something goes in every block: after so many no look is taken. */
    LOOKS_IN_VAIN = 4
};

static inline __m128i load(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline void store(char *p, __m128i octets)
{
    _mm_storeu_si128((__m128i *)(void *)p, octets);
}

static inline __m128i equals(__m128i octets, char c)
{
    return _mm_cmpeq_epi8(octets, _mm_set1_epi8(c));
}

/* Copies; marks tabs, and spaces with an octet up to 0x20 behind them. */
static inline __m128i copy_and_look(const char *p, char *to)
{
    const __m128i space = _mm_set1_epi8(' ');
    __m128i here = load(p);
    __m128i next = load(p + 1);
    __m128i next_is_low = _mm_cmpeq_epi8(_mm_min_epu8(next, space), next);
    store(to, here);
    return _mm_or_si128(equals(here, '\t'),
                        _mm_and_si128(_mm_cmpeq_epi8(here, space), next_is_low));
}

static inline bool stays_as_it_is(const char *p, char *to)
{
    __m128i a = copy_and_look(p, to);
    __m128i b = copy_and_look(p + VECTOR, to + VECTOR);
    __m128i c = copy_and_look(p + 2 * VECTOR, to + 2 * VECTOR);
    __m128i d = copy_and_look(p + 3 * VECTOR, to + 3 * VECTOR);
    __m128i any = _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d));
    return _mm_movemask_epi8(any) == 0;
}

static inline __m128i is_wsp(__m128i octets)
{
    return _mm_or_si128(equals(octets, ' '), equals(octets, '\t'));
}

/* A bit for each of sixteen octets that goes. */
static inline uint64_t goes(const char *p)
{
    __m128i next = load(p + 1);
    __m128i line_end = _mm_and_si128(equals(next, '\r'), equals(load(p + 2), '\n'));
    __m128i marked = _mm_and_si128(is_wsp(load(p)), _mm_or_si128(is_wsp(next), line_end));
    return (uint64_t)(unsigned)_mm_movemask_epi8(marked);
}

static inline __m128i with_spaces_for_tabs(__m128i octets)
{
    return _mm_xor_si128(octets,
                         _mm_and_si128(equals(octets, '\t'), _mm_set1_epi8('\t' ^ ' ')));
}

static inline void copy_block(const char *p, char *to)
{
    for (size_t at = 0; at < BLOCK; at += VECTOR) {
        store(to + at, with_spaces_for_tabs(load(p + at)));
    }
}

static inline size_t first_bit(uint64_t bits)
{
    return bits == 0 ? BLOCK : (size_t)__builtin_ctzll(bits);
}

/* The first `octets` of a block, 1 at least.  Returns how many stay. */
static inline size_t reduce_block(const char *p, size_t octets, char *to)
{
    uint64_t stay = ~(goes(p) | goes(p + VECTOR) << 16 | goes(p + 2 * VECTOR) << 32 |
                      goes(p + 3 * VECTOR) << 48);
    size_t length = 0;
    stay &= UINT64_MAX >> (BLOCK - octets);
    while (stay != 0) {
        size_t from = first_bit(stay);
        uint64_t carried = stay + (stay & -stay); /* through the first run, to its end */
        copy_block(p + from, to + length);
        length += first_bit(carried & ~stay) - from;
        stay &= carried;
    }
    return length;
}

/* Too few octets to be read in blocks: in a room where more may be read. */
static size_t reduce_end(slice *text, char *to, size_t room)
{
    char end[READS + READS + VECTOR] = {0};
    size_t count = text->len - DKIM_REDUCE_AHEAD;
    size_t at = 0;
    size_t length = 0;
    assert(text->len < READS + DKIM_REDUCE_AHEAD);
    memcpy(end, text->ptr, text->len);
    for (; at < count && room - length >= WRITES; at += BLOCK) {
        size_t octets = count - at < BLOCK ? count - at : BLOCK;
        length += reduce_block(end + at, octets, to + length);
    }
    *text = slice_skip(*text, at < count ? at : count);
    return length;
}

size_t dkim_reduce_blocks(slice *text, char *to, size_t room)
{
    size_t at = 0;
    size_t length = 0;
    unsigned changed = 0; /* blocks in a row */
    while (text->len - at >= READS + DKIM_REDUCE_AHEAD && room - length >= WRITES) {
        const char *p = text->ptr + at;
        size_t stayed = BLOCK;
        if (changed >= LOOKS_IN_VAIN || !stays_as_it_is(p, to + length)) {
            stayed = reduce_block(p, BLOCK, to + length);
        }
        changed = stayed == BLOCK ? 0 : changed + 1;
        length += stayed;
        at += BLOCK;
    }
    *text = slice_skip(*text, at);
    if (text->len > DKIM_REDUCE_AHEAD && text->len < READS + DKIM_REDUCE_AHEAD) {
        length += reduce_end(text, to + length, room - length);
    }
    return length;
}
