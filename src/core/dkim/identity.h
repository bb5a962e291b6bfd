/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_IDENTITY_H
#define YETT_CORE_DKIM_IDENTITY_H

#include "core/base/arena.h"

/* identity: the value of i= (RFC 6376 sections 2.11 and 3.5, RFC 8616 section 5). */

/* A tag's value without its folding white space: no other octets up to 0x20 are in one. */
YETT_MUST_USE
enum yett_err dkim_unfold(struct arena *arena, slice text, slice *out);

/*
 * The domain of an identity, in normal form.  Deliberately the local part is not looked at:
 * nothing depends on it, and senders put things there that are no dkim-quoted-printable.
 * YETT_BAD_SYNTAX when there is no "@" or no domain behind the last one.
 */
YETT_MUST_USE
enum yett_err dkim_identity_domain(struct arena *arena, slice identity, slice *out);

#endif
