/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/wire.h"

#include "core/base/octets.h"

void wire_add_u16(struct buf *buf, unsigned value)
{
    octets_add(buf, value, 2);
}

void wire_add_u32(struct buf *buf, uint32_t value)
{
    octets_add(buf, value, 4);
}

void wire_add_u48(struct buf *buf, uint64_t value)
{
    octets_add(buf, value, 6);
}

bool wire_take_u16(slice *in, unsigned *out)
{
    uint64_t value;
    if (!octets_take(in, 2, &value)) {
        return false;
    }
    *out = (unsigned)value;
    return true;
}

bool wire_take_u32(slice *in, uint32_t *out)
{
    uint64_t value;
    if (!octets_take(in, 4, &value)) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool wire_take_u48(slice *in, uint64_t *out)
{
    return octets_take(in, 6, out);
}

bool wire_take_counted(slice *in, slice *out)
{
    slice rest = *in;
    unsigned length;

    if (!wire_take_u16(&rest, &length) || rest.len < length) {
        return false;
    }
    *out = slice_first(rest, length);
    *in = slice_skip(rest, length);
    return true;
}
