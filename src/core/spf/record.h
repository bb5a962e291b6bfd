/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SPF_RECORD_H
#define YETT_CORE_SPF_RECORD_H

#include "core/base/arena.h"
#include "core/base/ip.h"
#include "core/dns/dns.h"
#include "core/spf/spf.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * record: TXT text as a list of terms (RFC 7208 sections 4.5 and 4.6, grammar in 12).
 *
 * The whole record is read before any of it is used: a syntax error anywhere is found
 * (section 4.6).  Terms hold offsets instead of pointers, so that a parsed record can stay
 * with a cached answer whose bytes are copied from message to message.
 */
enum spf_term_kind {
    SPF_TERM_ALL,
    SPF_TERM_INCLUDE,
    SPF_TERM_A,
    SPF_TERM_MX,
    SPF_TERM_PTR,
    SPF_TERM_IP4,
    SPF_TERM_IP6,
    SPF_TERM_EXISTS,
    SPF_TERM_REDIRECT,
    SPF_TERM_EXP,
    SPF_TERM_UNKNOWN_MODIFIER
};

/* A stretch of the record's text. */
struct spf_part {
    uint32_t offset;
    uint32_t length;
};

/* Small, for a megabyte of records with a term in each two octets may come to a message. */
struct spf_term {
    enum spf_term_kind kind : 8;
    enum spf_code qualifier : 8; /* what a match means; SPF_NONE for modifiers */
    unsigned uses : 8;           /* SPF_USES_..., of the domain-spec */
    uint8_t prefix4;             /* a, mx, ip4 */
    uint8_t prefix6;             /* a, mx, ip6 */
    uint8_t address[16];         /* ip4, ip6 */
    struct spf_part text;        /* the term as written */
    struct spf_part domain;      /* its domain-spec; length 0: none was given */
};

/* "the record is broken at octet `offset`: "`word`" `why`" */
struct spf_syntax_error {
    size_t offset;
    struct spf_part word;
    const char
        *why; /* NULL: the record is well formed; else static, the end of a sentence */
};

struct spf_record {
    struct spf_syntax_error error;
    const struct spf_term *redirect; /* NULL: none */
    const struct spf_term *exp;
    bool has_all;
    size_t count; /* of all terms, modifiers too; 0 when the record is broken */
    struct spf_term terms[];
};

/* "v=spf1" and then a space or nothing (section 4.5). */
bool spf_record_is_spf(slice text);

/*
 * Parse `text`, for which spf_record_is_spf() holds.  A broken record is a value too.
 * YETT_OK or YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err spf_record_parse(struct arena *arena, slice text,
                               const struct spf_record **out);

/* The same into memory of the caller's, which spf_record_bytes() measures; false when that
   many cannot be. */
YETT_MUST_USE
bool spf_record_bytes(slice text, size_t *out);
void spf_record_parse_into(slice text, struct spf_record *record);

/* The SPF record among the TXT records of an answer. */
struct spf_selection {
    size_t published;                /* how many there are; only 1 is fine */
    slice text;                      /* of the first */
    slice second;                    /* of the second */
    const struct spf_record *record; /* when there is exactly one */
};

/*
 * Select and parse, or take what an earlier message parsed from the memo of the answer.
 * `answer` has records.  YETT_OK or YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err spf_record_select(struct arena *arena, const struct dns_answer *answer,
                                struct spf_selection *out);

/* The stretch of `text`, the text that the record was parsed from. */
slice spf_part_of(slice text, struct spf_part part);

#endif
