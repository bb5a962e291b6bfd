/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/verdict/parts.h"

/*
 * ungoverned: mail that no DMARC policy governs: what the blocks spf { } and dkim { } of the
 * settings say of their results.
 */

/* ---- what the settings say of a result -------------------------------------------------- */

static enum config_action spf_action(const struct config_spf *spf, enum spf_code code)
{
    switch (code) {
    case SPF_PASS:
        return CONFIG_ACCEPT;
    case SPF_NONE:
        return spf->on_none;
    case SPF_NEUTRAL:
        return spf->on_neutral;
    case SPF_FAIL:
        return spf->on_fail;
    case SPF_SOFTFAIL:
        return spf->on_softfail;
    case SPF_TEMPERROR:
        return spf->on_temperror;
    case SPF_PERMERROR:
        return spf->on_permerror;
    }
    return CONFIG_ACCEPT;
}

static enum config_action dkim_action(const struct config_dkim *dkim, enum dkim_code code)
{
    switch (code) {
    case DKIM_PASS:
        return CONFIG_ACCEPT;
    case DKIM_NONE:
        return dkim->on_none;
    case DKIM_FAIL:
        return dkim->on_fail;
    case DKIM_POLICY:
        return dkim->on_policy;
    case DKIM_NEUTRAL:
        return dkim->on_neutral;
    case DKIM_TEMPERROR:
        return dkim->on_temperror;
    case DKIM_PERMERROR:
        return dkim->on_permerror;
    }
    return CONFIG_ACCEPT;
}

static const char *spf_rule(enum spf_code code)
{
    static const char *const rules[] = {
        [SPF_NONE] = "spf-none",           [SPF_NEUTRAL] = "spf-neutral",
        [SPF_PASS] = "spf-pass",           [SPF_FAIL] = "spf-fail",
        [SPF_SOFTFAIL] = "spf-softfail",   [SPF_TEMPERROR] = "spf-temperror",
        [SPF_PERMERROR] = "spf-permerror",
    };
    return rules[code];
}

static const char *dkim_rule(enum dkim_code code)
{
    static const char *const rules[] = {
        [DKIM_NONE] = "dkim-none",           [DKIM_PASS] = "dkim-pass",
        [DKIM_FAIL] = "dkim-fail",           [DKIM_POLICY] = "dkim-policy",
        [DKIM_NEUTRAL] = "dkim-neutral",     [DKIM_TEMPERROR] = "dkim-temperror",
        [DKIM_PERMERROR] = "dkim-permerror",
    };
    return rules[code];
}

static slice why_ungoverned(struct arena *arena, const struct dmarc_result *dmarc)
{
    slice domain = dmarc->domain;
    switch (dmarc->code) {
    case DMARC_FAIL:
        return arena_printf(arena, "DMARC failed for %.*s, whose policy asks for nothing",
                            SLICE_ARG(domain));
    case DMARC_TEMPERROR:
        return arena_printf(arena,
                            "DMARC stayed open for %.*s, whose policy asks for nothing",
                            SLICE_ARG(domain));
    case DMARC_PERMERROR:
        return arena_printf(arena, "the DMARC record for %.*s cannot be used",
                            SLICE_ARG(domain));
    case DMARC_NONE:
    case DMARC_PASS:
        break;
    }
    return arena_printf(arena, "%.*s has no DMARC policy", SLICE_ARG(domain));
}

/* The result as it bears on the message: passes that do not count (a part of the body is not
   signed, a second Subject is not) are signatures that hold and are not accepted here. */
static enum dkim_code dkim_code_here(const struct dkim_results *dkim)
{
    if (dkim->code != DKIM_PASS) {
        return dkim->code;
    }
    for (size_t i = 0; i < dkim->count; i++) {
        if (dkim->list[i].code == DKIM_PASS && dkim->list[i].counts) {
            return DKIM_PASS;
        }
    }
    return DKIM_POLICY;
}

/* ---- patience ------------------------------------------------------------------------ */

bool verdict_is_patient(const struct verdict_findings *findings)
{
    const struct verdict_input *input = findings->input;
    return input->now_s - input->first_seen_s < input->config->dmarc.temperror_patience_s;
}

/* What is done about a temperror of one check: to defer is for a while only. */
static enum config_action while_patient(const struct verdict_findings *findings,
                                        enum config_action action, bool is_temperror)
{
    bool is_over =
        is_temperror && action == CONFIG_DEFER && !verdict_is_patient(findings);
    return is_over ? CONFIG_TAG : action;
}

bool verdict_waits_for_dns(const struct verdict_action *action)
{
    static const slice rules[] = {
        SLICE_INIT("dmarc-temperror"), SLICE_INIT("arc-temperror"),
        SLICE_INIT("spf-temperror"), SLICE_INIT("dkim-temperror")};
    bool waits = false;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        waits = waits || slice_eq(action->rule, rules[i]);
    }
    return waits && action->action == CONFIG_DEFER;
}

/* SPF and DKIM each say what they would do; the sterner one is done. */
void verdict_decide_ungoverned(struct arena *arena,
                               const struct verdict_findings *findings,
                               struct verdict_outcome *out)
{
    const struct config *config = findings->input->config;
    const struct verdict *verdict = findings->verdict;
    enum config_action spf =
        verdict->has_spf ? spf_action(&config->spf, verdict->spf.code) : CONFIG_ACCEPT;
    enum dkim_code dkim_code = dkim_code_here(&verdict->dkim);
    enum config_action dkim = dkim_action(&config->dkim, dkim_code);
    spf = while_patient(findings, spf, verdict->spf.code == SPF_TEMPERROR);
    dkim = while_patient(findings, dkim, dkim_code == DKIM_TEMPERROR);
    slice why = why_ungoverned(arena, findings->dmarc);

    if (spf == CONFIG_ACCEPT && dkim == CONFIG_ACCEPT) {
        *out = (struct verdict_outcome){.rule = "no-policy", .reason = why};
        return;
    }
    bool both = spf == dkim;
    *out = (struct verdict_outcome){
        .action = spf >= dkim ? spf : dkim,
        .rule = spf >= dkim ? spf_rule(verdict->spf.code) : dkim_rule(dkim_code),
        .blame = both ? VERDICT_BLAME_SPF_AND_DKIM
                      : (spf > dkim ? VERDICT_BLAME_SPF : VERDICT_BLAME_DKIM),
    };
    if (spf >= dkim) {
        out->reason = arena_printf(arena, "%.*s; SPF %s for %.*s", SLICE_ARG(why),
                                   spf_code_text(verdict->spf.code),
                                   SLICE_ARG(verdict->spf.domain));
    } else {
        out->reason = arena_printf(arena, "%.*s; DKIM %s", SLICE_ARG(why),
                                   dkim_code_text(dkim_code));
    }
}
