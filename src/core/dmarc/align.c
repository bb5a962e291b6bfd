/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/align.h"

#include "core/domain/domain.h"

bool dmarc_may_align(const struct dmarc_discovery *discovery, slice domain)
{
    if (discovery->settings->standard == DMARC_RFC7489) {
        return true; /* to compare costs nothing there */
    }
    struct dmarc_guess guesses[DMARC_GUESSES_MAX];
    size_t count = dmarc_guesses(&discovery->walk, NULL, guesses);
    for (size_t i = 0; i < count; i++) {
        if (domain_is_under(domain,
                            dmarc_walk_organizational(&discovery->walk, guesses[i]))) {
            return true;
        }
    }
    return false;
}

static enum dmarc_alignment compare_walks(const struct dmarc_walk *a,
                                          const struct dmarc_walk *b)
{
    struct dmarc_guess guesses[DMARC_GUESSES_MAX];
    size_t count = dmarc_guesses(a, b, guesses);
    size_t equal = 0;

    for (size_t i = 0; i < count; i++) {
        equal += slice_eq(dmarc_walk_organizational(a, guesses[i]),
                          dmarc_walk_organizational(b, guesses[i]));
    }
    if (equal == 0) {
        return DMARC_ALIGNED_NO;
    }
    return equal == count ? DMARC_ALIGNED_YES : DMARC_ALIGNED_MAYBE;
}

static bool has_open_place(const struct dmarc_walk *walk)
{
    for (size_t i = 0; i < walk->count; i++) {
        if (walk->places[i]->state == DMARC_PLACE_OPEN) {
            return true;
        }
    }
    return false;
}

static void align_by_list(const struct dmarc_discovery *discovery,
                          struct dmarc_identifier *identifier)
{
    identifier->org_domain =
        dmarc_suffixes_organizational(discovery->settings->suffixes, identifier->domain);
    identifier->relaxed = slice_eq(identifier->org_domain, discovery->org_domain)
                              ? DMARC_ALIGNED_YES
                              : DMARC_ALIGNED_NO;
}

enum yett_err dmarc_align(struct dmarc_discovery *discovery, slice why,
                          struct dmarc_identifier *identifier)
{
    if (discovery->settings->standard == DMARC_RFC7489) {
        align_by_list(discovery, identifier);
        return YETT_OK;
    }
    if (slice_eq(identifier->domain, discovery->domain)) {
        identifier->org_domain = discovery->org_domain;
        identifier->relaxed = DMARC_ALIGNED_YES;
        return YETT_OK;
    }
    struct dmarc_walk *walk = &identifier->walk;
    enum yett_err err =
        dmarc_walk_run(&discovery->survey, identifier->domain, why, why, walk);
    if (err != YETT_OK) {
        return err;
    }
    identifier->walked = true;
    identifier->relaxed = compare_walks(&discovery->walk, walk);
    if (!has_open_place(walk)) {
        identifier->org_domain = dmarc_walk_organizational(walk, (struct dmarc_guess){0});
    }
    return YETT_OK;
}

enum dmarc_alignment dmarc_alignment_of(const struct dmarc_discovery *discovery,
                                        const struct dmarc_identifier *identifier,
                                        bool strict)
{
    if (slice_eq(identifier->domain, discovery->domain)) {
        return DMARC_ALIGNED_YES; /* strict or relaxed, whatever the record */
    }
    if (discovery->open != NULL && identifier->relaxed != DMARC_ALIGNED_NO) {
        return DMARC_ALIGNED_MAYBE; /* the record may say strict */
    }
    return strict ? DMARC_ALIGNED_NO : identifier->relaxed;
}
