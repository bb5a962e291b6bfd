/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DMARC_IDENTIFY_H
#define YETT_CORE_DMARC_IDENTIFY_H

#include "core/dmarc/align.h"

/*
 * identify: the domains of a message that SPF and DKIM speak for, each walked once.
 *
 * Walks cost questions, and a message may name hundreds of domains.  Walked are, in this
 * order and 16 at most (core/dkim evaluates 8 signatures): the SPF domain, then the d= of
 * signatures that pass, that could not be told, and of the others those that were evaluated
 * or lie above the author domain; each only if it may align at all.  For what is left only
 * being the author domain itself counts.
 */
enum { DMARC_IDENTIFIERS_MAX = 16 };

struct dmarc_identities {
    const struct dmarc_input *input;
    bool has_spf;     /* there is a result of MAIL FROM */
    slice spf_domain; /* empty: SPF names none */
    enum dmarc_alignment spf;
    enum dmarc_alignment *dkim; /* per result */
    size_t dkim_count;
    slice spf_org_domain;
    struct dmarc_identifier list[DMARC_IDENTIFIERS_MAX];
    size_t count;
};

/* Gather; asks nothing. */
YETT_MUST_USE
enum yett_err dmarc_identities_init(struct arena *arena, const struct dmarc_input *input,
                                    struct dmarc_identities *out);

/* Before the author domain's own walk is complete: write down what is likely asked next. */
void dmarc_identities_ask_ahead(const struct dmarc_identities *identities, slice author,
                                struct dns_view *dns);

/* Walk and compare.  `so_far` is YETT_NEED_ANSWERS when something is missing already: what
   would be asked is then only written down. */
YETT_MUST_USE
enum yett_err dmarc_identities_align(struct dmarc_identities *identities,
                                     struct dmarc_discovery *discovery,
                                     enum yett_err so_far);

const struct dkim_result *dmarc_dkim_result(const struct dmarc_input *input,
                                            size_t index);
slice dmarc_dkim_domain(const struct dkim_result *result);

/* A pass that makes DMARC pass if it is aligned; a result that may yet become one. */
bool dmarc_dkim_passes(const struct dkim_result *result);
bool dmarc_dkim_is_open(const struct dkim_result *result);

#endif
