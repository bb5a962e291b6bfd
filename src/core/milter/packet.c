/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/num.h"
#include "core/base/octets.h"
#include "core/milter/milter.h"
#include "core/milter/wire.h"

bool wire_take_uint32(slice *in, uint32_t *out)
{
    uint64_t value;
    if (!octets_take(in, WIRE_UINT32_BYTES, &value)) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

void wire_put_uint32(char *to, uint32_t value)
{
    for (size_t i = 0; i < WIRE_UINT32_BYTES; i++) {
        to[i] = (char)(unsigned char)(value >> (24 - 8 * i));
    }
}

enum yett_err milter_take_packet(slice *in, size_t max, struct milter_packet *out)
{
    slice rest = *in;
    uint32_t length;
    if (!wire_take_uint32(&rest, &length)) {
        return YETT_NEED_ANSWERS;
    }
    if (length == 0) {
        return YETT_BAD_SYNTAX;
    }
    if (max < WIRE_UINT32_BYTES || length > max - WIRE_UINT32_BYTES) {
        return YETT_LIMIT;
    }
    if (rest.len < length) {
        return YETT_NEED_ANSWERS;
    }
    *out = (struct milter_packet){rest.ptr[0], slice_between(rest, 1, length)};
    *in = slice_skip(rest, length);
    return YETT_OK;
}

void milter_write_packet(struct buf *buf, char command, const slice *parts, size_t count)
{
    char head[MILTER_HEAD];
    size_t length = 1;
    for (size_t i = 0; i < count; i++) {
        if (!num_add(length, parts[i].len, &length) || length > UINT32_MAX) {
            buf->err = buf->err == YETT_OK ? YETT_LIMIT : buf->err;
            return;
        }
    }
    wire_put_uint32(head, (uint32_t)length);
    head[MILTER_HEAD - 1] = command;
    buf_add(buf, slice_of(head, sizeof(head)));
    for (size_t i = 0; i < count; i++) {
        buf_add(buf, parts[i]);
    }
}

enum yett_err milter_take_string(slice *in, slice *out)
{
    return slice_take_until(in, '\0', out) ? YETT_OK : YETT_BAD_SYNTAX;
}
