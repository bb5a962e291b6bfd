/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/wire.h"

static void add_number(struct buf *buf, uint64_t value, unsigned octets)
{
    for (unsigned i = octets; i > 0; i--) {
        buf_add_byte(buf, (char)(unsigned char)(value >> (8 * (i - 1)) & 0xff));
    }
}

void wire_add_u16(struct buf *buf, unsigned value)
{
    add_number(buf, value, 2);
}

void wire_add_u32(struct buf *buf, uint32_t value)
{
    add_number(buf, value, 4);
}

void wire_add_u48(struct buf *buf, uint64_t value)
{
    add_number(buf, value, 6);
}

static bool take_number(slice *in, unsigned octets, uint64_t *out)
{
    uint64_t value = 0;

    if (in->len < octets) {
        return false;
    }
    for (unsigned i = 0; i < octets; i++) {
        value = value << 8 | (unsigned char)in->ptr[i];
    }
    *in = slice_skip(*in, octets);
    *out = value;
    return true;
}

bool wire_take_u16(slice *in, unsigned *out)
{
    uint64_t value;
    if (!take_number(in, 2, &value)) {
        return false;
    }
    *out = (unsigned)value;
    return true;
}

bool wire_take_u32(slice *in, uint32_t *out)
{
    uint64_t value;
    if (!take_number(in, 4, &value)) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool wire_take_u48(slice *in, uint64_t *out)
{
    return take_number(in, 6, out);
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
