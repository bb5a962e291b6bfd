/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SPF_MACRO_H
#define YETT_CORE_SPF_MACRO_H

#include "core/base/buf.h"
#include "core/base/ip.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * macro: the strings of RFC 7208 section 7, checked and expanded.
 *
 * Text is checked once, when a record or an explanation is read; what was accepted there
 * always expands.  Both sides read the same tokens, and the length of an expansion is
 * whatever was appended to the buf: it is never computed beforehand.
 */

/* What a string needs besides the record it stands in; combined with |. */
enum {
    SPF_USES_MACRO = 1,  /* expands at all */
    SPF_USES_LOCAL = 2,  /* %{s} or %{l}: the local part (RFC 8616 section 4) */
    SPF_USES_CLIENT = 4, /* %{p}: the validated name of the client */
};

enum spf_macro_place {
    SPF_IN_DOMAIN_SPEC, /* macro-string domain-end; no %{c}, %{r}, %{t} */
    SPF_IN_MODIFIER,    /* macro-string, of an unknown modifier */
    SPF_IN_EXPLANATION, /* explain-string: spaces too */
};

/*
 * Check the whole of `text` against the grammar of section 7.1 (the normative form is in
 * section 12).  YETT_OK with `*uses`; YETT_BAD_SYNTAX with `*bad_at`, the offset of what is
 * wrong, and `*why`, the end of a sentence about the string, static.
 */
YETT_MUST_USE
enum yett_err spf_macro_check(slice text, enum spf_macro_place place, unsigned *uses,
                              size_t *bad_at, const char **why);

/* Section 7.2.  All as they are to be seen; nothing here is escaped. */
struct spf_macro_values {
    slice sender;   /* s */
    slice local;    /* l */
    slice origin;   /* o: domain of the sender */
    slice domain;   /* d: whose record it is */
    slice client;   /* p: validated name of the client, or "unknown" */
    slice helo;     /* h */
    slice receiver; /* r */
    struct ip ip;   /* i, c, v */
    int64_t now_s;  /* t */
};

/*
 * Append the expansion of `text`, which spf_macro_check() accepted.  Ask buf_err(): an
 * expansion may be longer than the buf's limit, or its macros may have too much to read
 * (both YETT_LIMIT).
 */
void spf_macro_expand(struct buf *buf, slice text, const struct spf_macro_values *values);

/*
 * The name under in-addr.arpa or ip6.arpa is this, dots and all, reversed: "192.0.2.1",
 * "2.0.0.1.0.D.B.8...." (section 7.3, the "i" macro).
 */
void spf_write_dotted_ip(struct buf *buf, struct ip ip);

#endif
