/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_SLICE_H
#define YETT_CORE_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * slice: bytes somebody else owns.
 *
 * May hold NUL, is not terminated, and may have a NULL `ptr` when empty.  All pointer
 * arithmetic on input happens here.  "nocase" is ASCII only: locale never matters.  What
 * parsers call for every octet is inline.
 */
typedef struct slice {
    const char *ptr;
    size_t len;
} slice;

/* From a literal or a char array with terminator: SLICE("abc"). */
#define SLICE_INIT(literal)                                                              \
    {                                                                                    \
        "" literal, sizeof(literal) - 1                                                  \
    }
#define SLICE(literal) ((slice)SLICE_INIT(literal))
#define SLICE_NONE     ((slice){NULL, 0})

/* "%.*s" arguments.  Only for bytes that are ours or were made printable. */
#define SLICE_ARG(s)                                                                     \
    ((int)((s).len < 0x7fffffff ? (s).len : 0x7fffffff)), ((s).len != 0 ? (s).ptr : "")

static inline slice slice_of(const char *ptr, size_t len)
{
    return (slice){ptr, len};
}

slice slice_from_text(const char *text); /* NUL-terminated; NULL gives SLICE_NONE */

static inline bool slice_is_empty(slice s)
{
    return s.len == 0;
}

/* First byte, or -1 at the end. */
static inline int slice_peek(slice s)
{
    return s.len == 0 ? -1 : (unsigned char)s.ptr[0];
}

/* Cut positions beyond the end are taken as the end. */
static inline slice slice_first(slice s, size_t count)
{
    return (slice){s.ptr, count < s.len ? count : s.len};
}

static inline slice slice_skip(slice s, size_t count)
{
    if (count >= s.len) {
        count = s.len;
    }
    return (slice){count == 0 ? s.ptr : s.ptr + count, s.len - count};
}

static inline slice slice_last(slice s, size_t count)
{
    return count >= s.len ? s : slice_skip(s, s.len - count);
}

static inline slice slice_between(slice s, size_t from, size_t to)
{
    return slice_skip(slice_first(s, to), from);
}

static inline bool slice_eq(slice a, slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int slice_cmp(slice a, slice b); /* memcmp order, shorter first */
int slice_cmp_nocase(slice a, slice b);

static inline bool slice_eq_nocase(slice a, slice b)
{
    return a.len == b.len && slice_cmp_nocase(a, b) == 0;
}

static inline bool slice_starts_with(slice s, slice prefix)
{
    return slice_eq(slice_first(s, prefix.len), prefix);
}

static inline bool slice_starts_with_nocase(slice s, slice prefix)
{
    return slice_eq_nocase(slice_first(s, prefix.len), prefix);
}

static inline bool slice_ends_with(slice s, slice suffix)
{
    return slice_eq(slice_last(s, suffix.len), suffix);
}

static inline bool slice_ends_with_nocase(slice s, slice suffix)
{
    return slice_eq_nocase(slice_last(s, suffix.len), suffix);
}

/* Index of the first (last) occurrence, or `s.len` when there is none. */
static inline size_t slice_find_byte(slice s, char byte)
{
    const char *at = s.len == 0 ? NULL : memchr(s.ptr, byte, s.len);
    return at == NULL ? s.len : (size_t)(at - s.ptr);
}

size_t slice_find_last_byte(slice s, char byte);
size_t slice_find(slice s, slice needle);
size_t slice_find_nocase(slice s, slice needle);

static inline bool slice_has_byte(slice s, char byte)
{
    return slice_find_byte(s, byte) < s.len;
}

size_t slice_count_byte(slice s, char byte);

/* Without spaces and tabs (and CR, LF: `_fws`) at both ends. */
slice slice_trim_wsp(slice s);
slice slice_trim_fws(slice s);

/* Offset of `part` in `whole`, which it must point into (asserted). */
size_t slice_offset(slice whole, slice part);

/*
 * The taking functions move `*in` past what they accept and leave it alone otherwise.
 */
static inline bool slice_take_byte(slice *in, char byte)
{
    if (in->len == 0 || in->ptr[0] != byte) {
        return false;
    }
    *in = slice_skip(*in, 1);
    return true;
}

static inline bool slice_take(slice *in, slice prefix)
{
    if (!slice_starts_with(*in, prefix)) {
        return false;
    }
    *in = slice_skip(*in, prefix.len);
    return true;
}

bool slice_take_nocase(slice *in, slice prefix);

/* Up to, not including, the first `stop`; then past it.  False, and nothing moved, without one. */
bool slice_take_until(slice *in, char stop, slice *out);

/* One piece of a list: up to `separator` or the end.  False when `*in` has a NULL ptr, which
   is how the last piece leaves it.  "a,,b" gives "a", "", "b"; "" gives one empty piece. */
bool slice_next_piece(slice *in, char separator, slice *out);

#endif
