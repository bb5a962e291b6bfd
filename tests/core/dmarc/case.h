/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_DMARC_CASE_H
#define YETT_TESTS_CORE_DMARC_CASE_H

#include "core/dmarc/dmarc.h"

/*
 * case: one message as DMARC sees it, a zone, and the result in one line.
 *
 * The line is, in this order and what does not apply left out:
 *
 *     CODE TAG=POLICY asks DISPOSITION at POLICY-DOMAIN org ORG-DOMAIN spf dkim
 *     unknown floor POLICY sampled-out
 */
enum { CASE_SIGNATURES_MAX = 4 };

struct dmarc_case_signature {
    const char *domain;
    enum dkim_code code;
    bool does_not_count; /* a pass that leaves body unsigned */
    bool not_evaluated;
};

struct dmarc_case {
    const char *why;
    const char *zone;
    const char *author;
    const char *spf_domain; /* NULL: unavailable */
    enum spf_code spf;
    struct dmarc_case_signature dkim[CASE_SIGNATURES_MAX]; /* ends at a NULL domain */
    const char *expect;
    const char *suffixes; /* RFC 7489 with this list; NULL: RFC 9989 */
    unsigned pct_draw;
};

/* An unrelated SPF pass, so that SPF is not what decides. */
#define NO_SPF .spf_domain = "elsewhere.invalid", .spf = SPF_NONE

/* All rows, each under all schedules of answers; the traces must agree, too. */
void case_check_rows(const struct dmarc_case *rows, size_t count);
#define CASE_CHECK(rows) case_check_rows((rows), sizeof(rows) / sizeof((rows)[0]))

/*
 * For a look at more than the line: evaluate with everything known, then call `look`.
 * Also the steps as text, one a line: "NAME STATUS WHY: NOTE".
 */
struct case_view {
    const struct dmarc_result *result;
    slice line;
    slice steps;
    size_t questions; /* asked of DNS */
};
void case_look(const struct dmarc_case *c, void (*look)(const struct case_view *view));

#endif
