/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/dmarc.h"
#include "core/dmarc/identify.h"
#include "core/dmarc/reason.h"

/*
 * evaluate: pass, fail, or not to be told (RFC 9989 section 5.3).
 *
 * Deliberately, an aligned pass settles the matter, whatever else DNS kept from us, the policy
 * included (section 5.3.6 would have neither pass nor fail then): identical domains are
 * aligned under any record there could be, and where there is none after all the message is
 * one that would pass.  Without a pass, a question stays open only if its
 * answer could still make one, or yield the policy; only then is the result temperror.
 */

/* What SPF and DKIM come to. */
struct tally {
    bool spf_passes, spf_open;
    bool dkim_passes, dkim_open;
};

static void count_spf(const struct dmarc_identities *identities, struct tally *tally)
{
    if (!identities->has_spf) {
        tally->spf_open = true; /* nobody knows whom it would have passed for */
        return;
    }
    enum spf_code code = identities->input->spf->code;
    bool aligned = identities->spf == DMARC_ALIGNED_YES;
    tally->spf_passes = code == SPF_PASS && aligned;
    tally->spf_open = (code == SPF_PASS && identities->spf == DMARC_ALIGNED_MAYBE) ||
                      (code == SPF_TEMPERROR && identities->spf != DMARC_ALIGNED_NO);
}

static void count_dkim(const struct dmarc_identities *identities, struct tally *tally)
{
    for (size_t i = 0; i < identities->dkim_count; i++) {
        const struct dkim_result *result = dmarc_dkim_result(identities->input, i);
        enum dmarc_alignment alignment = identities->dkim[i];
        bool passes = dmarc_dkim_passes(result);
        tally->dkim_passes =
            tally->dkim_passes || (passes && alignment == DMARC_ALIGNED_YES);
        tally->dkim_open = tally->dkim_open ||
                           (passes && alignment == DMARC_ALIGNED_MAYBE) ||
                           (dmarc_dkim_is_open(result) && alignment != DMARC_ALIGNED_NO);
    }
}

/* `out->code` is what discovery made of it: FAIL when there is a policy to fail. */
static void decide(const struct dmarc_discovery *discovery,
                   const struct dmarc_identities *identities, struct dmarc_result *out)
{
    struct tally tally = {0};

    count_spf(identities, &tally);
    count_dkim(identities, &tally);
    out->spf_aligned = tally.spf_passes;
    out->dkim_aligned = tally.dkim_passes;
    if (!dmarc_applies(discovery)) {
        return;
    }
    if (tally.spf_passes || tally.dkim_passes) {
        out->code = DMARC_PASS;
        out->disposition = DMARC_POLICY_NONE;
        out->sampled_out = false;
    } else if (tally.spf_open || tally.dkim_open) {
        out->code = DMARC_TEMPERROR;
    }
}

static enum yett_err fill_aligned(struct arena *arena,
                                  const struct dmarc_identities *identities,
                                  struct dmarc_result *out)
{
    bool *aligned = ARENA_ARRAY(arena, identities->dkim_count, bool);
    if (aligned == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < identities->dkim_count; i++) {
        aligned[i] = identities->dkim[i] == DMARC_ALIGNED_YES;
    }
    out->aligned = aligned;
    out->aligned_count = identities->dkim_count;
    out->spf_domain = identities->spf_domain;
    out->spf_org_domain = identities->spf_org_domain;
    return YETT_OK;
}

/* All questions of one evaluation.  Whatever can be asked in one round is. */
static enum yett_err look_up(struct dmarc_discovery *discovery,
                             struct dmarc_identities *identities,
                             struct dmarc_result *out)
{
    enum yett_err err = dmarc_discover(discovery, out);

    if (err == YETT_NEED_ANSWERS && !discovery->located) {
        if (discovery->settings->standard == DMARC_RFC9989) {
            dmarc_identities_ask_ahead(identities, discovery->domain,
                                       discovery->survey.dns);
        }
        return err;
    }
    if (err != YETT_OK && err != YETT_NEED_ANSWERS) {
        return err;
    }
    return dmarc_identities_align(identities, discovery, err);
}

static struct dmarc_discovery begin(struct arena *arena, slice domain,
                                    const struct dmarc_settings *settings,
                                    struct dns_view *dns)
{
    return (struct dmarc_discovery){
        .survey = {.arena = arena, .standard = settings->standard, .dns = dns},
        .settings = settings,
        .domain = domain
    };
}

static enum yett_err no_author(struct arena *arena, const struct dmarc_input *input,
                               struct dmarc_result *out)
{
    struct dmarc_result result = {
        .code = DMARC_NONE, .policy_tag = "p", .policy_known = true};
    size_t count = input->dkim == NULL ? 0 : input->dkim->count;
    bool *aligned = ARENA_ARRAY(arena, count, bool);

    if (aligned == NULL) {
        return YETT_NO_MEMORY;
    }
    result.aligned = aligned;
    result.aligned_count = count;
    enum yett_err err = dmarc_reason_no_author(arena, input->from, &result.reason);
    if (err == YETT_OK) {
        *out = result;
    }
    return err;
}

enum yett_err dmarc_evaluate(struct arena *arena, const struct dmarc_input *input,
                             struct dns_view *dns, struct dmarc_result *out)
{
    if (input->from->status != MESSAGE_FROM_OK || input->from->domain_count != 1) {
        return no_author(arena, input, out);
    }
    struct dmarc_result result = {0};
    struct dmarc_identities identities;
    struct dmarc_discovery discovery =
        begin(arena, input->from->domains[0], &input->settings, dns);

    enum yett_err err = dmarc_identities_init(arena, input, &identities);
    if (err == YETT_OK) {
        err = look_up(&discovery, &identities, &result);
    }
    if (err == YETT_OK) {
        decide(&discovery, &identities, &result);
        err = fill_aligned(arena, &identities, &result);
    }
    if (err == YETT_OK) {
        err = dmarc_survey_steps(&discovery.survey, &result.steps, &result.step_count);
    }
    if (err == YETT_OK) {
        err = dmarc_reason(&discovery, &identities, &result, &result.reason);
    }
    if (err == YETT_OK) {
        *out = result;
    }
    return err;
}

enum yett_err dmarc_find_policy(struct arena *arena, slice domain,
                                const struct dmarc_settings *settings,
                                struct dns_view *dns, struct dmarc_result *out)
{
    struct dmarc_result result = {0};
    struct dmarc_discovery discovery = begin(arena, domain, settings, dns);

    enum yett_err err = dmarc_discover(&discovery, &result);
    if (err == YETT_OK) {
        err = dmarc_survey_steps(&discovery.survey, &result.steps, &result.step_count);
    }
    if (err == YETT_OK) {
        err = dmarc_reason(&discovery, NULL, &result, &result.reason);
    }
    if (err == YETT_OK) {
        *out = result;
    }
    return err;
}
