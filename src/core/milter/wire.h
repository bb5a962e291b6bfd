/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MILTER_WIRE_H
#define YETT_CORE_MILTER_WIRE_H

#include "core/base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* wire: the numbers and strings of packets, without regard to what they mean. */

enum { WIRE_UINT32_BYTES = 4 };

/* False, and nothing moved, when there are fewer than four octets. */
bool wire_take_uint32(slice *in, uint32_t *out);

/* Big endian, into four octets. */
void wire_put_uint32(char *to, uint32_t value);

static inline slice wire_nul(void)
{
    return slice_of("", 1);
}

#endif
