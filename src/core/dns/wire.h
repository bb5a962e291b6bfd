/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DNS_WIRE_H
#define YETT_CORE_DNS_WIRE_H

#include "core/dns/dns.h"

/*
 * wire: names inside a packet (RFC 1035 sections 3.1 and 4.1.4).
 *
 * A compression pointer must point in front of the labels that led to it, and a name may
 * hold at most 128 of them, so reading a name ends soon whatever the packet says.
 */

/* Move `*at` past the name there, without following pointers.  False when it is malformed
   or leaves the packet; `*at` is then untouched. */
YETT_MUST_USE
bool dns_wire_skip_name(slice packet, size_t *at);

/* Is the name at `at` the one that has the text form `name`?  A malformed one is none. */
bool dns_wire_name_is(slice packet, size_t at, slice name);

/* YETT_BAD_SYNTAX when malformed, YETT_NOT_FOUND when it has no text form. */
YETT_MUST_USE
enum yett_err dns_wire_read_name(struct arena *arena, slice packet, size_t at,
                                 slice *out);

#endif
