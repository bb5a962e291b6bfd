/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_AUTHRES_AUTHRES_H
#define YETT_CORE_AUTHRES_AUTHRES_H

#include "core/base/arena.h"
#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * authres: the Authentication-Results field (RFC 8601).
 *
 * parse.c reads it, strictly; forged.c decides which fields of a message must go; write.c
 * writes it and received_spf.c Received-SPF (RFC 7208 section 9.1), of items that item.c
 * makes harmless and line.c folds.  scan.c has the tokens, instance.c reads the number in
 * front of ARC's field.  Start with authres_parse().
 */
struct authres_property {
    slice type; /* "smtp", "header", "body", "policy", or another; parsing: lower case */
    slice property; /* "mailfrom", "d", "b"; parsing: lower case */
    slice value;    /* unquoted, octets as meant; a quoted local part keeps its quotes */
};

struct authres_result {
    slice method;            /* lower case: "spf" */
    unsigned method_version; /* 1 unless given */
    slice result;            /* lower case: "softfail" */
    slice reason;            /* reason= unquoted, empty when absent */
    slice comment; /* writing: after the result, sanitised; parsing: the first there */
    const struct authres_property *properties;
    size_t property_count;
};

struct authres {
    slice authserv_id; /* unquoted */
    unsigned version;  /* 1 unless given */
    bool has_version;
    const struct authres_result *results; /* none: "none" */
    size_t count;
    slice text; /* parsing: the results as they stand, from the first ";" on */
};

struct authres_error {
    size_t offset;
    const char *why;
};

/*
 * Parse a field's value (all after the colon; CRLF or LF folding inside), by the grammar of
 * section 2.2 and no looser.  YETT_BAD_SYNTAX with `*error`, also for a version other than 1;
 * YETT_LIMIT beyond 1000 results or properties; YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err authres_parse(struct arena *arena, slice value, struct authres *out,
                            struct authres_error *error);

/*
 * Move `*value`, that of an ARC-Authentication-Results field, past its "i=1;" (RFC 8617
 * section 4.1.1): the rest is for authres_parse().  YETT_BAD_SYNTAX, and nothing moved, when
 * no number from 1 to 99 stands there.
 */
YETT_MUST_USE
enum yett_err authres_take_instance(slice *value, unsigned *instance);

/*
 * Must this field (value as above) be removed before ours is added (section 5)?  True when
 * its authserv-id is ours (case, quotes, comments, folding and version ignored; A- and
 * U-labels equal), when it has a version other than 1, and when it cannot be parsed far
 * enough to tell.  Also when a reader poorer than this one might find our name: an
 * identifier of invisible or more than 1024 octets, our name in a comment before the
 * identifier, a line end that folds nothing.  Takes any length in linear time and no memory
 * of the caller's.
 */
bool authres_is_forged(slice value, slice our_authserv_id);

/*
 * The same for each field of one message in turn.  Beyond the first AUTHRES_CLOSE_LOOKS_MAX
 * with an identifier of A-labels or of octets beyond ASCII, which cost a hundred times what
 * others do, such fields are not told from forged ones.  `*close_looks` is how many are left.
 */
enum { AUTHRES_CLOSE_LOOKS_MAX = 50 };
bool authres_is_forged_of_many(slice value, slice our_authserv_id, unsigned *close_looks);

/*
 * Write the whole field, "Authentication-Results: …" with final CRLF, folded so that no line
 * has more than 998 octets and, where a token allows it, not more than 78.
 *
 * Whatever the members hold, one field comes out, with as many results.  Values are quoted
 * where they need it, addresses are written as section 2.2 wants them; what cannot stand
 * between quotes becomes "?", and so does all beyond ASCII but in an address of RFC 6531 and
 * in our own identifier.  A property whose value takes more than 900 octets is left out: cut
 * short it would name somebody else; reasons and comments are cut.  Comments are printable
 * ASCII.  Keywords are brought into the form of one, at most 40 octets.
 */
void authres_write(struct buf *buf, const struct authres *authres);

/* Received-SPF.  What is empty is left out. */
struct authres_received_spf {
    slice result;  /* "pass" */
    slice comment; /* explanation for people */
    slice receiver;
    slice client_ip;
    slice envelope_from;
    slice helo;
    slice identity; /* "mailfrom" or "helo" */
    slice mechanism;
    slice problem;
};
void authres_write_received_spf(struct buf *buf, const struct authres_received_spf *spf);

#endif
