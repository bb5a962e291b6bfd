/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DNS_RDATA_H
#define YETT_CORE_DNS_RDATA_H

#include "core/dns/dns.h"

/*
 * Read the `len` octets at `at` in `packet` as a record of the type; names in them may be
 * compressed.  YETT_BAD_SYNTAX when they are malformed, YETT_NOT_FOUND when they hold a
 * name without text form.  `at` and `len` must lie within the packet.
 */
YETT_MUST_USE
enum yett_err dns_rdata_read(struct arena *arena, slice packet, size_t at, size_t len,
                             enum dns_type type, struct dns_record *out);

#endif
