/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_IP_H
#define YETT_CORE_BASE_IP_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * ip: addresses and networks as values.  An IPv4-mapped IPv6 address (::ffff:192.0.2.1)
 * is turned into IPv4 by ip_unmap(), never silently by a parser.
 */
enum ip_family { IP_NONE, IP_V4, IP_V6 };

struct ip {
    enum ip_family family;
    uint8_t bytes[16]; /* network order; the first 4 for IPv4 */
};

struct ip_network {
    struct ip address; /* as written: host bits are kept */
    unsigned prefix;   /* bits, 0 to 32 or 128 */
};

/* Strict: dotted quad without leading zeros, RFC 4291 text without zone.  Whole slice. */
YETT_MUST_USE
enum yett_err ip_parse_v4(slice text, struct ip *out);
YETT_MUST_USE
enum yett_err ip_parse_v6(slice text, struct ip *out);
YETT_MUST_USE
enum yett_err ip_parse(slice text, struct ip *out);

/* "192.0.2.0/24"; without a prefix length the whole address. */
YETT_MUST_USE
enum yett_err ip_parse_network(slice text, struct ip_network *out);

struct ip ip_unmap(struct ip ip);
bool ip_eq(struct ip a, struct ip b);

/* Same family and equal in the first `prefix` bits. */
bool ip_in_network(struct ip ip, struct ip_network network);

bool ip_is_loopback(struct ip ip);

/* Loopback, RFC 1918, unique local, link local. */
bool ip_is_private(struct ip ip);

/* The /24 (IPv4) or /64 (IPv6) that stands for a source in the history of senders. */
struct ip_network ip_source_network(struct ip ip);

void ip_write(struct buf *buf, struct ip ip); /* RFC 5952 form */
void ip_write_network(struct buf *buf, struct ip_network network);

#endif
