/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SPF_SPF_H
#define YETT_CORE_SPF_SPF_H

#include "core/base/arena.h"
#include "core/base/ip.h"
#include "core/dns/dns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * spf: who may send mail for a domain (RFC 7208).
 *
 * record.c turns TXT text into terms, memo.c keeps them, macro.c expands domain-specs, walk.c
 * goes through the terms and match.c asks for what they need; evaluation.h names the other
 * parts.  Start with spf_check().  Knows DNS only as an answer set, allocates only in the
 * caller's arena (and, for parsed records that stay with cached answers, where their memo
 * does).
 *
 * Where the standard leaves it open: a name that DNS cannot hold does not exist (4.8); a
 * term counts as one void lookup at most, an mx when there is no MX record or none of its
 * servers has an address (4.6.4 speaks of terms); %{p} counts as a lookup beside its term's;
 * a set of MX records that is too large is a permerror before any server is looked at.
 */
enum spf_code {
    SPF_NONE,
    SPF_NEUTRAL,
    SPF_PASS,
    SPF_FAIL,
    SPF_SOFTFAIL,
    SPF_TEMPERROR,
    SPF_PERMERROR
};

const char *spf_code_text(enum spf_code code); /* "softfail" */

enum spf_scope { SPF_SCOPE_MAIL_FROM, SPF_SCOPE_HELO };

const char *spf_scope_text(enum spf_scope scope); /* "mfrom", "helo" */

/* Section 4.6.4.  Zero means the standard's number. */
struct spf_limits {
    unsigned lookups;      /* terms that ask DNS: 10 */
    unsigned void_lookups; /* 2 */
    unsigned mx_names;     /* 10 */
    unsigned ptr_names;    /* 10 */
};

struct spf_query {
    struct ip ip;         /* IPv4-mapped addresses are unmapped by spf_check() */
    slice helo;           /* as the client gave it */
    slice mail_from;      /* without angle brackets; empty: null reverse-path */
    enum spf_scope scope; /* MAIL_FROM of a null path checks postmaster@helo (2.4) */
    slice receiver;       /* our own name, for %{r}; empty: "unknown" (7.3) */
    int64_t now_s;        /* for %{t} */
    struct spf_limits limits;
};

/* Which term was looked at, in order: the tree an administrator reads. */
struct spf_step {
    unsigned depth; /* 0 for the domain's own record, more inside include and redirect */
    slice domain;   /* whose record this term stands in */
    slice term;     /* as in the record; the whole record on its first line */
    bool is_record; /* that first line */
    bool matched;
    unsigned lookups; /* counted so far, this term included */
    unsigned void_lookups;
    slice note; /* "which holds 192.0.2.1", "has other addresses" */
};

struct spf_result {
    enum spf_code code;
    enum spf_scope scope;
    slice domain;           /* the identity checked, in normal form where it has one */
    slice sender;           /* the <sender> used: "postmaster@helo.example" */
    slice record;           /* the TXT text of `domain`, empty when there is none */
    slice mechanism;        /* that decided, as written: "ip4:192.0.2.0/24"; "default" */
    slice mechanism_domain; /* whose record it stands in */
    const slice *includes;  /* terms from `domain`'s own include or redirect to the one */
    size_t include_count;   /* that led to that record, as written */
    slice explanation;      /* fail only: the sender's text, or empty; printable ASCII, */
                            /* 200 octets or less, "..." where it was longer */
    slice explanation_domain; /* whose record asked for it */
    unsigned lookups;
    unsigned void_lookups;
    slice reason;        /* a sentence for people, always there */
    slice error_record;  /* permerror: text of the record to be mended ... */
    size_t error_offset; /* ... and where in it */
    const struct spf_step *steps;
    size_t step_count;
};

/*
 * Evaluate SPF for one identity (check_host(), RFC 7208 section 4).
 *
 * Returns YETT_OK with `*out` filled, or YETT_NEED_ANSWERS when `dns->wanted` holds at
 * least one question: answer them all (DNS_TIMED_OUT is an answer) and call again.  Keeps
 * no state between calls; the same inputs always give the same result and the same trace.
 * Everything `*out` points to lives in `arena`, the view's evidence or the query.
 * YETT_NO_MEMORY leaves `*out` untouched.
 */
YETT_MUST_USE
enum yett_err spf_check(struct arena *arena, const struct spf_query *query,
                        struct dns_view *dns, struct spf_result *out);

#endif
