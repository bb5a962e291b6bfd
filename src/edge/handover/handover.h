/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_HANDOVER_HANDOVER_H
#define YETT_EDGE_HANDOVER_HANDOVER_H

#include "core/base/err.h"
#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * handover: a text that one process gives to another, which neither waits for.
 *
 * It is written into memory of its own (memfd), sealed, and its descriptor sent through a
 * SOCK_SEQPACKET pair: so a text of any size takes one small packet, and who gets it can read
 * what can no longer change.  The pair's buffer is the only queue there is.  All of it is
 * handover.c.
 */

/* A new text, empty; its descriptor.  -1 with errno. */
int handover_new(void);

/* Append.  False with errno. */
YETT_MUST_USE
bool handover_write(int text, slice octets);

/*
 * Seal it and send it, without waiting.  YETT_LIMIT: the other side is behind, there is no room
 * for another; YETT_IO: it cannot be sent at all (errno).  `text` stays open, and the caller's.
 */
YETT_MUST_USE
enum yett_err handover_send(int pair, int text);

/*
 * The next text, of at most `octets_max`, without waiting; handover_release() ends it.
 * YETT_NEED_ANSWERS: there is none just now; YETT_IO: there will be no more; YETT_BAD_SYNTAX:
 * something came that is no sealed text of that size, and is gone.
 */
YETT_MUST_USE
enum yett_err handover_receive(int pair, size_t octets_max, slice *out);
void handover_release(slice text);

#endif
