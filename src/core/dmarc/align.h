/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DMARC_ALIGN_H
#define YETT_CORE_DMARC_ALIGN_H

#include "core/dmarc/discover.h"

/*
 * align: is a domain that was authenticated aligned with the author domain? (RFC 9989 sections
 * 3.2.10 and 4.10.2, RFC 7489 section 3.1)
 *
 * MAYBE: it is under some answers to the open questions, and is not under others.
 */
enum dmarc_alignment { DMARC_ALIGNED_NO, DMARC_ALIGNED_MAYBE, DMARC_ALIGNED_YES };

struct dmarc_identifier {
    slice domain; /* normal form */
    bool walked;
    struct dmarc_walk walk;
    slice org_domain;             /* empty: not determined */
    enum dmarc_alignment relaxed; /* the same organizational domain as the author's */
};

/* Could `domain` have the organizational domain of the author, as far as the walk of the
   author domain shows?  The organizational domain of anything is above it or it itself. */
bool dmarc_may_align(const struct dmarc_discovery *discovery, slice domain);

/* Find the organizational domain and compare.  `why` is for the story. */
YETT_MUST_USE
enum yett_err dmarc_align(struct dmarc_discovery *discovery, slice why,
                          struct dmarc_identifier *identifier);

/* The alignment that counts: `strict` is the record's adkim= or aspf=. */
enum dmarc_alignment dmarc_alignment_of(const struct dmarc_discovery *discovery,
                                        const struct dmarc_identifier *identifier,
                                        bool strict);

#endif
