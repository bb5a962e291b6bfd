/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_NUM_H
#define YETT_CORE_BASE_NUM_H

#include "core/base/err.h"
#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* num: sizes that cannot wrap, and decimal numbers from input. */

/* False when the result does not fit; `*out` is then untouched. */
YETT_MUST_USE
bool num_add(size_t a, size_t b, size_t *out);
YETT_MUST_USE
bool num_mul(size_t a, size_t b, size_t *out);

/*
 * Take all the digits at the front of `*in`.  YETT_BAD_SYNTAX when there is none,
 * YETT_LIMIT when the number is over `max`; `*in` is then where the digits began.
 * Leading zeros are digits like others.
 */
YETT_MUST_USE
enum yett_err num_take_uint(slice *in, uint64_t max, uint64_t *out);

/* The whole slice is one decimal number. */
YETT_MUST_USE
enum yett_err num_parse_uint(slice text, uint64_t max, uint64_t *out);

#endif
