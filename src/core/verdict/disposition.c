/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/verdict/parts.h"

/*
 * disposition: the table of doc/verdict.md for enforce, one function a row.
 *
 * The result of a check is never changed here; only what is done about it is decided.
 */

static enum yett_err settled(const struct verdict_outcome *outcome)
{
    return outcome->reason.ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
}

/* ---- From ---------------------------------------------------------------------------- */

static const char *from_rule(enum message_from_status status)
{
    switch (status) {
    case MESSAGE_FROM_MISSING:
        return "from-missing";
    case MESSAGE_FROM_UNPARSABLE:
        return "from-unparsable";
    case MESSAGE_FROM_SEVERAL_FIELDS:
        return "from-several-fields";
    case MESSAGE_FROM_SEVERAL_DOMAINS:
        return "from-several-domains";
    case MESSAGE_FROM_OK:
        break;
    }
    return "from";
}

static void decide_bad_from(const struct verdict_findings *findings,
                            struct verdict_outcome *out)
{
    const struct message_from *from = findings->input->from;
    bool quarantine =
        findings->input->config->dmarc.on_bad_from == CONFIG_BAD_FROM_QUARANTINE;
    *out = (struct verdict_outcome){
        .action = quarantine ? CONFIG_QUARANTINE : CONFIG_REJECT,
        .rule = from_rule(from->status),
        .blame = VERDICT_BLAME_FROM,
        .reason = from->reason,
    };
}

/* ---- temperror ------------------------------------------------------------------------- */

/* The policy as far as it is known: where the search stayed open, the mildest that the
   records found so far ask for. */
static enum dmarc_policy known_policy(const struct dmarc_result *dmarc)
{
    return dmarc->policy_known ? dmarc->disposition : dmarc->known_policy_floor;
}

static void decide_temperror(struct arena *arena, const struct verdict_findings *findings,
                             const struct verdict_settings *settings,
                             struct verdict_outcome *out)
{
    const struct dmarc_result *dmarc = findings->dmarc;
    const struct config_dmarc *config = &findings->input->config->dmarc;

    if (dmarc->policy_known && dmarc->disposition == DMARC_POLICY_NONE) {
        verdict_decide_ungoverned(arena, findings, out);
        return;
    }
    *out = (struct verdict_outcome){
        .blame = VERDICT_BLAME_DMARC,
        .reason = arena_printf(
            arena, "an answer of DNS that decides about mail of %.*s is missing",
            SLICE_ARG(dmarc->domain)),
    };
    if (verdict_is_patient(findings)) {
        out->action = config->on_temperror;
        out->rule = "dmarc-temperror";
    } else if (known_policy(dmarc) != DMARC_POLICY_NONE) {
        out->action = settings->on_quarantine;
        out->rule = "dmarc-temperror-quarantine";
    } else {
        out->action = CONFIG_TAG;
        out->rule = "dmarc-temperror-accept";
    }
}

/* SPF could not be asked, and it might have passed: nothing is held against the message. */
static void decide_spf_unavailable(struct arena *arena,
                                   const struct verdict_findings *findings,
                                   struct verdict_outcome *out)
{
    *out = (struct verdict_outcome){
        .action = CONFIG_TAG,
        .rule = "dmarc-spf-unavailable",
        .blame = VERDICT_BLAME_DMARC,
        .reason = arena_printf(arena,
                               "no aligned signature, and %.*s, so that nothing is "
                               "held against the message",
                               SLICE_ARG(findings->verdict->source_reason)),
    };
}

/* ---- fail ------------------------------------------------------------------------------ */

static enum yett_err decide_reject(struct arena *arena,
                                   const struct verdict_findings *findings,
                                   const struct verdict_settings *settings,
                                   struct verdict_outcome *out)
{
    const struct dmarc_result *dmarc = findings->dmarc;
    switch (settings->on_reject) {
    case CONFIG_REJECT_INFORMED: {
        enum yett_err err = verdict_decide_informed(arena, findings, out);
        if (err == YETT_OK && out->action == CONFIG_QUARANTINE) {
            out->action = settings->on_quarantine;
        }
        return err;
    }
    case CONFIG_REJECT_STRICT:
        *out = (struct verdict_outcome){
            .action = CONFIG_REJECT,
            .rule = "dmarc-reject-strict",
            .blame = VERDICT_BLAME_DMARC,
            .reason =
                arena_printf(arena, "%.*s asks for rejection, and on_reject is strict",
                             SLICE_ARG(dmarc->domain)),
        };
        return settled(out);
    case CONFIG_REJECT_NEVER:
        *out = (struct verdict_outcome){
            .action = settings->on_quarantine,
            .rule = "dmarc-reject-never",
            .blame = VERDICT_BLAME_DMARC,
            .reason =
                arena_printf(arena, "%.*s asks for rejection, and on_reject is never",
                             SLICE_ARG(dmarc->domain)),
        };
        return settled(out);
    }
    return YETT_OK;
}

/* An administrator's word on the author domain, other than rejection. */
static void decide_by_rule(struct arena *arena, const struct config_rule *rule,
                           const struct dmarc_result *dmarc, struct verdict_outcome *out)
{
    *out = (struct verdict_outcome){
        .action = rule->on_fail,
        .rule = "dmarc-fail-rule",
        .blame = VERDICT_BLAME_DMARC,
        .reason = arena_printf(
            arena, "DMARC failed for %.*s; rule \"%.*s\" says so: %.*s",
            SLICE_ARG(dmarc->domain), SLICE_ARG(rule->name), SLICE_ARG(rule->because)),
    };
}

static enum yett_err decide_fail(struct arena *arena,
                                 const struct verdict_findings *findings,
                                 const struct verdict_settings *settings,
                                 struct verdict_outcome *out)
{
    const struct dmarc_result *dmarc = findings->dmarc;
    const struct config_rule *rule =
        verdict_find_rule(findings->input->config, dmarc->domain);
    if (!findings->verdict->has_spf && dmarc->disposition != DMARC_POLICY_NONE) {
        decide_spf_unavailable(arena, findings, out);
        return settled(out);
    }
    if (rule != NULL && rule->on_fail == CONFIG_REJECT) {
        return decide_reject(arena, findings, settings, out);
    }
    if (rule != NULL) {
        decide_by_rule(arena, rule, dmarc, out);
        return settled(out);
    }
    switch (dmarc->disposition) {
    case DMARC_POLICY_NONE:
        verdict_decide_ungoverned(arena, findings, out);
        return settled(out);
    case DMARC_POLICY_QUARANTINE:
        *out = (struct verdict_outcome){
            .action = settings->on_quarantine,
            .rule = "dmarc-quarantine",
            .blame = VERDICT_BLAME_DMARC,
            .reason = arena_printf(arena, "DMARC failed and %.*s asks for quarantine",
                                   SLICE_ARG(dmarc->domain)),
        };
        return settled(out);
    case DMARC_POLICY_REJECT:
        return decide_reject(arena, findings, settings, out);
    }
    return YETT_OK;
}

/* ---- the table ------------------------------------------------------------------------- */

static bool from_is_judged(const struct verdict_findings *findings)
{
    const struct verdict_input *input = findings->input;
    return input->from->status == MESSAGE_FROM_OK ||
           !slice_is_empty(findings->dmarc->domain);
}

static enum yett_err decide_by_table(struct arena *arena,
                                     const struct verdict_findings *findings,
                                     const struct verdict_settings *settings,
                                     struct verdict_outcome *out)
{
    const struct dmarc_result *dmarc = findings->dmarc;
    if (!from_is_judged(findings)) {
        decide_bad_from(findings, out);
        return YETT_OK;
    }
    switch (dmarc->code) {
    case DMARC_PASS:
        *out = (struct verdict_outcome){
            .rule = "dmarc-pass",
            .reason = arena_printf(arena, "authenticated as mail of %.*s",
                                   SLICE_ARG(dmarc->domain)),
        };
        return settled(out);
    case DMARC_NONE:
    case DMARC_PERMERROR:
        verdict_decide_ungoverned(arena, findings, out);
        return settled(out);
    case DMARC_TEMPERROR:
        if (!findings->verdict->has_spf && dmarc->policy_known &&
            dmarc->disposition != DMARC_POLICY_NONE) {
            decide_spf_unavailable(arena, findings, out);
        } else {
            decide_temperror(arena, findings, settings, out);
        }
        return settled(out);
    case DMARC_FAIL:
        return decide_fail(arena, findings, settings, out);
    }
    return YETT_OK;
}

enum yett_err verdict_decide(struct arena *arena, const struct verdict_findings *findings,
                             const struct verdict_settings *settings,
                             struct verdict_outcome *out)
{
    enum yett_err err = decide_by_table(arena, findings, settings, out);
    if (err != YETT_OK) {
        return err;
    }
    verdict_apply_named(arena, findings, out);
    return settled(out);
}
