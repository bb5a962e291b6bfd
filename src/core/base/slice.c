/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/slice.h"

#include "core/base/ascii.h"

#include <assert.h>

slice slice_from_text(const char *text)
{
    return text == NULL ? SLICE_NONE : (slice){text, strlen(text)};
}

int slice_cmp(slice a, slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared == 0 ? 0 : memcmp(a.ptr, b.ptr, shared);
    if (order != 0 || a.len == b.len) {
        return order;
    }
    return a.len < b.len ? -1 : 1;
}

int slice_cmp_nocase(slice a, slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shared; i++) {
        int left = (unsigned char)ascii_lower(a.ptr[i]);
        int right = (unsigned char)ascii_lower(b.ptr[i]);
        if (left != right) {
            return left < right ? -1 : 1;
        }
    }
    if (a.len == b.len) {
        return 0;
    }
    return a.len < b.len ? -1 : 1;
}

size_t slice_find_last_byte(slice s, char byte)
{
    const char *at = s.len == 0 ? NULL : memrchr(s.ptr, byte, s.len);
    return at == NULL ? s.len : (size_t)(at - s.ptr);
}

size_t slice_find(slice s, slice needle)
{
    if (needle.len == 0) {
        return 0;
    }
    const char *at =
        s.len < needle.len ? NULL : memmem(s.ptr, s.len, needle.ptr, needle.len);
    return at == NULL ? s.len : (size_t)(at - s.ptr);
}

size_t slice_find_nocase(slice s, slice needle)
{
    for (size_t i = 0; i + needle.len <= s.len; i++) {
        if (slice_starts_with_nocase(slice_skip(s, i), needle)) {
            return i;
        }
    }
    return s.len;
}

size_t slice_count_byte(slice s, char byte)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++) {
        count += s.ptr[i] == byte;
    }
    return count;
}

static slice trim(slice s, bool (*is_space)(int))
{
    while (s.len > 0 && is_space(slice_peek(s))) {
        s = slice_skip(s, 1);
    }
    while (s.len > 0 && is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

slice slice_trim_wsp(slice s)
{
    return trim(s, ascii_is_wsp);
}

slice slice_trim_fws(slice s)
{
    return trim(s, ascii_is_fws);
}

size_t slice_offset(slice whole, slice part)
{
    if (part.ptr == NULL) {
        return 0;
    }
    assert(part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
    return (size_t)(part.ptr - whole.ptr);
}

bool slice_take_nocase(slice *in, slice prefix)
{
    if (!slice_starts_with_nocase(*in, prefix)) {
        return false;
    }
    *in = slice_skip(*in, prefix.len);
    return true;
}

bool slice_take_until(slice *in, char stop, slice *out)
{
    size_t at = slice_find_byte(*in, stop);
    if (at == in->len) {
        return false;
    }
    *out = slice_first(*in, at);
    *in = slice_skip(*in, at + 1);
    return true;
}

bool slice_next_piece(slice *in, char separator, slice *out)
{
    if (in->ptr == NULL) {
        return false;
    }
    if (!slice_take_until(in, separator, out)) {
        *out = *in;
        *in = SLICE_NONE;
    }
    return true;
}
