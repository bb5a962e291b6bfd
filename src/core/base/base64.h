/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_BASE64_H
#define YETT_CORE_BASE_BASE64_H

#include "core/base/arena.h"
#include "core/base/buf.h"

/* base64 (RFC 4648 section 4). */

/*
 * Decode, skipping folding white space anywhere (RFC 6376 section 3.2: tag values may be
 * folded).  Padding is right or absent altogether; unused bits are not looked at (what is
 * decoded is verified by a signature or is a key).  Anything else in the text is
 * YETT_BAD_SYNTAX with `*bad_at` its offset.  The result lives in `arena`.
 */
YETT_MUST_USE
enum yett_err base64_decode(struct arena *arena, slice text, slice *out, size_t *bad_at);

void base64_encode(struct buf *buf, slice bytes);

#endif
