/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_UPDATE_WIRE_H
#define YETT_CORE_UPDATE_WIRE_H

#include "core/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* wire: the numbers of messages, and one after the other out of them and into them. */

enum {
    HEADER_OCTETS = 12,
    FLAG_RESPONSE = 0x8000,
    MASK_OPCODE = 0x7800,
    OPCODE_UPDATE = 0x2800, /* in its place among the flags */
    MASK_RCODE = 0x000f,
    TYPE_SOA = 6,
    TYPE_TXT = 16,
    TYPE_TSIG = 250,
    CLASS_IN = 1,
    CLASS_NONE = 254,
    CLASS_ANY = 255
};

void wire_add_u16(struct buf *buf, unsigned value);
void wire_add_u32(struct buf *buf, uint32_t value);
void wire_add_u48(struct buf *buf, uint64_t value);

/* Nothing is taken when there are too few octets. */
bool wire_take_u16(slice *in, unsigned *out);
bool wire_take_u32(slice *in, uint32_t *out);
bool wire_take_u48(slice *in, uint64_t *out);

/* As many octets as the 16-bit number in front of them says. */
bool wire_take_counted(slice *in, slice *out);

#endif
