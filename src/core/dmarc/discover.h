/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DMARC_DISCOVER_H
#define YETT_CORE_DMARC_DISCOVER_H

#include "core/dmarc/dmarc.h"
#include "core/dmarc/walk.h"

/*
 * discover: which policy record applies to a domain, and what it asks for (RFC 9989 section
 * 4.10.1, RFC 7489 section 6.6.3).
 */
enum dmarc_existence {
    DMARC_EXISTENCE_UNASKED, /* nothing depends on it */
    DMARC_EXISTENCE_YES,
    DMARC_EXISTENCE_NO, /* NXDOMAIN (RFC 9989 section 3.2.13) */
    DMARC_EXISTENCE_OPEN
};

struct dmarc_discovery {
    struct dmarc_survey survey;
    const struct dmarc_settings *settings;
    slice domain;                    /* the author domain */
    struct dmarc_walk walk;          /* RFC 9989; without places in RFC 7489 */
    bool located;                    /* the places below are final */
    slice org_domain;                /* empty: an open place decides */
    const struct dmarc_place *place; /* of the policy record; NULL: none, or not known */
    const struct dmarc_place
        *open; /* a place whose answer decides which record applies */
    enum dmarc_existence existence; /* of the author domain */
};

/*
 * Discover for `domain` and fill everything in `out` that is about policy, with its code as
 * in dmarc_find_policy().  YETT_NEED_ANSWERS leaves `out` untouched; `discovery->located`
 * then says whether only the existence of the domain is missing.
 */
YETT_MUST_USE
enum yett_err dmarc_discover(struct dmarc_discovery *discovery, struct dmarc_result *out);

/* There is a record whose policy counts, or there may be. */
bool dmarc_applies(const struct dmarc_discovery *discovery);

#endif
