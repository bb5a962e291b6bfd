/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_AUTHRES_AUTHRES_H
#define YETT_CORE_AUTHRES_AUTHRES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/buf.h"

/*
 * authres: the Authentication-Results field (RFC 8601).
 *
 * parse.c reads it, write.c writes it, forged.c decides which fields of a message must go,
 * received_spf.c writes Received-SPF (RFC 7208 section 9.1).
 */
struct authres_property {
    slice type;     /* "smtp", "header", "body", "policy", or another keyword */
    slice property; /* "mailfrom", "d", "b" */
    slice value;    /* unquoted, octets as meant */
};

struct authres_result {
    slice method;           /* lower case: "spf" */
    unsigned method_version; /* 1 unless given */
    slice result;           /* lower case: "softfail" */
    slice reason;           /* reason= unquoted, empty when absent */
    slice comment;          /* writing: put after the result, sanitised; parsing: the first one there */
    const struct authres_property *properties;
    size_t property_count;
};

struct authres {
    slice authserv_id; /* unquoted */
    unsigned version;  /* 1 unless given */
    bool has_version;
    const struct authres_result *results; /* none: "none" */
    size_t count;
};

struct authres_error {
    size_t offset;
    const char *why;
};

/*
 * Parse a field's value (all after the colon; CRLF folding inside).  YETT_BAD_SYNTAX with
 * `*error`, YETT_LIMIT beyond 1000 results or properties, YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err authres_parse(struct arena *arena, slice value, struct authres *out,
                            struct authres_error *error);

/*
 * Must this field (value as above) be removed before ours is added (section 5)?  True when
 * its authserv-id is ours (case, quotes, comments, folding and version ignored; A- and
 * U-labels equal), and when it cannot be parsed far enough to tell.  Needs no memory, takes
 * any length.
 */
bool authres_is_forged(slice value, slice our_authserv_id);

/*
 * Write the whole field, "Authentication-Results: …" with final CRLF, folded so that no line
 * has more than 998 octets and, where a token allows it, not more than 78.  Values are
 * quoted where they need it; octets that could end a line, a comment or the field never come
 * through; comments are sanitised to printable ASCII with balanced parentheses escaped.
 */
void authres_write(struct buf *buf, const struct authres *authres);

/* Received-SPF. */
struct authres_received_spf {
    slice result;  /* "pass" */
    slice comment; /* explanation for people */
    slice receiver;
    slice client_ip;
    slice envelope_from;
    slice helo;
    slice identity; /* "mailfrom" or "helo" */
    slice mechanism;
    slice problem; /* may be empty */
};
void authres_write_received_spf(struct buf *buf, const struct authres_received_spf *spf);

#endif
