/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_UTF8_H
#define YETT_CORE_BASE_UTF8_H

#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* utf8: well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, at most U+10FFFF. */

/* Octets of the character at the front, with its code point; 0 when it is not well-formed. */
size_t utf8_character(slice text, uint32_t *code_point);

bool utf8_is_valid(slice text);

/* As utf8_character(), and 0 also for what could change how a line is shown: C0 and C1
   controls, bidirectional controls, zero-width and other format characters. */
size_t utf8_visible_length(slice text);

#endif
