/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DNS_WIRE_H
#define YETT_CORE_DNS_WIRE_H

#include "core/dns/dns.h"

/*
 * wire: names inside a packet (RFC 1035 sections 3.1 and 4.1.4).
 *
 * A compression pointer must point in front of the labels that led to it, and a name may
 * hold at most 128 of them, so reading a name ends soon whatever the packet says.  Others
 * skip and compare names as well: that is in the door.
 */

/* YETT_BAD_SYNTAX when malformed, YETT_NOT_FOUND when it has no text form. */
YETT_MUST_USE
enum yett_err dns_wire_read_name(struct arena *arena, slice packet, size_t at,
                                 slice *out);

#endif
