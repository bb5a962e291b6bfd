/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/verdict/parts.h"

/*
 * sealer: when the word of a trusted sealer stands for the author (RFC 8617 section 7.2.1,
 * doc/verdict.md).
 *
 * A chain that holds proves who said what, not that it is so: anybody can take a message that
 * a trusted list sealed, write a text of his own, and seal that. The list's word on what it
 * saw is then as genuine as ever, and says nothing about what we see. So the sealer must be
 * one whom the administrator named, and between its seal and us there must be nobody else who
 * could have changed the message: all sets above are of named sealers, or the message is still
 * what its own message signature signed.
 */

static bool is_pass(const struct authres_result *result)
{
    return slice_eq(result->result, SLICE("pass"));
}

/* The domain of a property that holds a domain or an address; empty when it has none. */
static slice domain_of(const struct authres_result *result, slice type, slice name)
{
    for (size_t i = 0; i < result->property_count; i++) {
        const struct authres_property *property = &result->properties[i];
        if (slice_eq(property->type, type) && slice_eq(property->property, name)) {
            size_t at = slice_find_last_byte(property->value, '@');
            return at == property->value.len ? property->value
                                             : slice_skip(property->value, at + 1);
        }
    }
    return SLICE_NONE;
}

/* As far as it can be told without asking: what lies below the author's organizational domain
   is taken to belong to it. */
static bool is_aligned(const struct dmarc_result *dmarc, slice domain, bool strict)
{
    if (domain.len == 0) {
        return false;
    }
    return domain_eq(domain, dmarc->domain) ||
           (!strict && dmarc->org_domain.len != 0 &&
            domain_is_under(domain, dmarc->org_domain));
}

static bool is_aligned_pass(const struct authres_result *result,
                            const struct dmarc_result *dmarc)
{
    static const slice header = SLICE_INIT("header");
    if (!is_pass(result)) {
        return false;
    }
    if (slice_eq(result->method, SLICE("dkim"))) {
        slice domain = domain_of(result, header, SLICE("d"));
        domain = domain.len != 0 ? domain : domain_of(result, header, SLICE("i"));
        return is_aligned(dmarc, domain, dmarc->record.strict_dkim);
    }
    return slice_eq(result->method, SLICE("spf")) &&
           is_aligned(dmarc, domain_of(result, SLICE("smtp"), SLICE("mailfrom")),
                      dmarc->record.strict_spf);
}

/* Its DMARC results for this author are what counts; where it has none, an aligned pass.  One
   that names no author is held against this one, and never speaks for him. */
static bool testifies_pass(const struct authres *results,
                           const struct dmarc_result *dmarc)
{
    bool judged = false;
    bool passed = false;
    bool aligned = false;
    for (size_t i = 0; i < results->count; i++) {
        const struct authres_result *result = &results->results[i];
        if (!slice_eq(result->method, SLICE("dmarc"))) {
            aligned = aligned || is_aligned_pass(result, dmarc);
            continue;
        }
        slice from = domain_of(result, SLICE("header"), SLICE("from"));
        if (domain_eq(from, dmarc->domain) || (from.len == 0 && !is_pass(result))) {
            passed = is_pass(result) && (passed || !judged);
            judged = true;
        }
    }
    return judged ? passed : aligned;
}

/* Of whom a word would help. */
static bool is_about_one_author(const struct verdict_findings *findings)
{
    return findings->input->from->status == MESSAGE_FROM_OK &&
           findings->dmarc->domain.len != 0;
}

const struct arc_set *verdict_find_sealer(const struct verdict_findings *findings)
{
    const struct arc_result *arc = &findings->verdict->arc;
    if (arc->code != ARC_PASS || !arc->counts || !is_about_one_author(findings)) {
        return NULL;
    }
    for (size_t i = arc->set_count; i > 0; i--) {
        const struct arc_set *set = &arc->sets[i - 1];
        if (set->trusted && set->has_results && arc_is_unchanged_since(arc, i - 1) &&
            testifies_pass(&set->results, findings->dmarc)) {
            return set;
        }
    }
    return NULL;
}

bool verdict_may_find_sealer(const struct verdict_findings *findings)
{
    const struct arc_result *arc = &findings->verdict->arc;
    if (arc->code != ARC_FAIL || !arc->open || !is_about_one_author(findings)) {
        return false;
    }
    for (size_t i = 0; i < arc->set_count; i++) {
        if (arc->sets[i].trusted) {
            return true;
        }
    }
    return false;
}
