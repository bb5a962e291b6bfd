/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DNS_SECTIONS_H
#define YETT_CORE_DNS_SECTIONS_H

#include "core/dns/dns.h"

/*
 * sections: the header of a response and where its records are (RFC 1035 section 4.1).
 *
 * All are walked once, so that later walks cannot leave the packet.
 */
enum { RCODE_NOERROR = 0, RCODE_NXDOMAIN = 3 };

/* One record; its data lie within the packet. */
struct rr {
    size_t owner_at;
    uint16_t type;
    uint16_t class;
    uint32_t ttl_s;
    size_t rdata_at;
    size_t rdata_len;
};

struct section {
    size_t at;
    size_t count;
};

struct sections {
    slice packet;
    uint16_t flags;
    unsigned rcode; /* extended by an OPT record */
    struct section answer;
    struct section authority;
};

/* YETT_BAD_SYNTAX with `*why` when `packet` is malformed, truncated, or no response to
   `question`. */
YETT_MUST_USE
enum yett_err dns_sections_read(slice packet, struct dns_question question,
                                struct sections *out, const char **why);

/* The next record of class IN, in order; false at the end.  `*left` is a copy of a section. */
bool dns_sections_next(const struct sections *sections, struct section *left,
                       struct rr *out);

/* The server refers to others and would not ask them for us (RFC 2308 section 2.2). */
bool dns_sections_is_referral(const struct sections *sections);

/* How long a negative answer holds: the lower of the SOA's own time to live and its minimum
   (RFC 2308 section 5).  False without an SOA record. */
bool dns_sections_negative_ttl(const struct sections *sections, uint32_t *out);

#endif
