/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/octets.h"

enum { COUNT_OCTETS = 4 };

void octets_add(struct buf *out, uint64_t number, unsigned octets)
{
    while (octets-- != 0) {
        buf_add_byte(out, (char)(number >> (8 * octets) & 0xff));
    }
}

bool octets_take(slice *in, unsigned octets, uint64_t *out)
{
    uint64_t number = 0;
    if (in->len < octets) {
        return false;
    }
    for (unsigned i = 0; i < octets; i++) {
        number = number << 8 | (unsigned char)in->ptr[i];
    }
    *in = slice_skip(*in, octets);
    *out = number;
    return true;
}

void octets_add_counted(struct buf *out, slice bytes)
{
    octets_add(out, bytes.len, COUNT_OCTETS);
    buf_add(out, bytes);
}

bool octets_take_counted(slice *in, size_t max, slice *out)
{
    slice rest = *in;
    uint64_t length = 0;
    if (!octets_take(&rest, COUNT_OCTETS, &length) || length > max || length > rest.len) {
        return false;
    }
    *out = slice_first(rest, (size_t)length);
    *in = slice_skip(rest, (size_t)length);
    return true;
}
