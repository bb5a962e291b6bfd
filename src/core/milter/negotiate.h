/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MILTER_NEGOTIATE_H
#define YETT_CORE_MILTER_NEGOTIATE_H

#include "core/milter/milter.h"

/*
 * negotiate: what is agreed with the mail server before anything else.
 *
 * Of what it offers we take what we use, never a bit that it did not offer.
 */

enum {
    MILTER_VERSION_MIN = 2,
    MILTER_VERSION_MAX = 6,
    NEGOTIATE_BYTES_MAX = 4096 /* memory to write ours */
};

/* From the data of its OPTNEG.  YETT_BAD_SYNTAX with `*why`, the end of a sentence about the
   mail server, static. */
YETT_MUST_USE
enum yett_err negotiate_read(slice data, struct milter_options *out, const char **why);

/* Our OPTNEG, the list of macros included. */
void negotiate_write(struct buf *buf, const struct milter_options *options);

#endif
