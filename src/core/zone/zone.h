/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_ZONE_ZONE_H
#define YETT_CORE_ZONE_ZONE_H

#include "core/base/arena.h"
#include "core/dns/dns.h"

/*
 * zone: answers from master-file text (RFC 1035 section 5), in place of the network.
 *
 * zone.c reads the records of the text and fault.c the faults in it, both into table.c; reply.c
 * works out what each name answers.
 *
 * Every name of the text answers; a name that is not there, nor above one that is, is
 * NXDOMAIN; one that is there without the type is NODATA.  CNAME and wildcards
 * (RFC 4592) are followed.  Records of types that dns.h does not name are accepted and make
 * their name exist.  Faults are comments on lines of their own:
 *
 *     ; yett: timeout NAME TYPE      ; yett: servfail NAME TYPE     ; yett: bogus NAME TYPE
 *     ; yett: nxdomain NAME ANY      ; yett: default timeout        ; yett: default servfail
 *
 * TYPE `ANY` stands for every type for which NAME has no record.  A fault at the target of
 * a CNAME is met on the way; `nxdomain` apart, it makes its name exist.  At most 16 CNAMEs
 * are followed; more, or a circle, are SERVFAIL.  Names, also those of faults, follow
 * $ORIGIN; without one they are whole with or without trailing dot, and `@` is refused.
 * A name whose labels hold a dot or NUL is passed over: no question can name it.
 */
struct zone;

struct zone_error {
    size_t line; /* from 1 */
    slice why;
};

/*
 * Parse `text` (any size; copied where needed) into `arena`.  YETT_BAD_SYNTAX with
 * `*error`; YETT_NO_MEMORY.  $INCLUDE is refused: there are no files here.
 */
YETT_MUST_USE
enum yett_err zone_parse(struct arena *arena, slice text, struct zone **out,
                         struct zone_error *error);

/* An answer for every question; lives as long as the zone.  For dns_source.find.  Memos are
   kept with the zone's answers; zone_finish() frees them. */
const struct dns_answer *zone_find(void *zone, struct dns_question question);

void zone_finish(struct zone *zone);

#endif
