/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_OCTETS_H
#define YETT_CORE_BASE_OCTETS_H

#include "core/base/buf.h"
#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* octets: numbers as octets of a packet, the most significant first. */

/* Append the lowest `octets` (1 to 8) octets of `number`. */
void octets_add(struct buf *out, uint64_t number, unsigned octets);

/* Take a number of so many octets off the front.  False, and nothing moved, when there are
   fewer. */
YETT_MUST_USE
bool octets_take(slice *in, unsigned octets, uint64_t *out);

/* Octets with their number in front, in four octets. */
void octets_add_counted(struct buf *out, slice bytes);

/* The same off the front; `*out` is a part of the input.  False, and nothing moved, when there
   are more than `max`, or fewer than they are said to be. */
YETT_MUST_USE
bool octets_take_counted(slice *in, size_t max, slice *out);

#endif
