/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_REDUCE_H
#define YETT_CORE_DKIM_REDUCE_H

#include "core/base/slice.h"

/*
 * reduce: white space as the relaxed body has it (RFC 6376 section 3.4.4 rule a), in bulk.
 *
 * An octet of white space goes when white space or a line end follows; what stays is a
 * space.  To tell, two octets of what follows have to be known, and nothing of what was
 * before.  One of two files is built: reduce_sse2.c on x86-64, reduce_word.c elsewhere.
 */
enum {
    DKIM_REDUCE_AHEAD = 2,
    DKIM_REDUCE_ROOM = 128 /* with less room than this nothing may be done */
};

/*
 * Reduces what it can at the front of `*text`, moves that past it, and returns how many octets
 * it wrote to `to`; of the `room` behind them any may be spoiled.  Stops where it likes: what
 * it leaves is for the rule, octet by octet.
 */
size_t dkim_reduce_blocks(slice *text, char *to, size_t room);

#endif
