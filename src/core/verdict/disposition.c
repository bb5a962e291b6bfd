/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/date.h"
#include "core/verdict/parts.h"

/*
 * disposition: the table of doc/architecture.md for enforce, one function a row.
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

/* ---- no policy governs: spf { } and dkim { } ------------------------------------------- */

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

/* A name server that never answers must not keep a message away for good. */
static bool is_patient(const struct verdict_findings *findings)
{
    const struct verdict_input *input = findings->input;
    return input->now_s - input->first_seen_s < input->config->dmarc.temperror_patience_s;
}

/* What is done about a temperror of one check: to defer is for a while only. */
static enum config_action while_patient(const struct verdict_findings *findings,
                                        enum config_action action, bool is_temperror)
{
    bool is_over = is_temperror && action == CONFIG_DEFER && !is_patient(findings);
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
static void decide_ungoverned(struct arena *arena,
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
        decide_ungoverned(arena, findings, out);
        return;
    }
    *out = (struct verdict_outcome){
        .blame = VERDICT_BLAME_DMARC,
        .reason = arena_printf(
            arena, "an answer of DNS that decides about mail of %.*s is missing",
            SLICE_ARG(dmarc->domain)),
    };
    if (is_patient(findings)) {
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
        decide_ungoverned(arena, findings, out);
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
        decide_ungoverned(arena, findings, out);
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

/* ---- what an administrator named goes before the table --------------------------------- */

static slice until_text(struct arena *arena, int64_t until_s)
{
    struct buf buf;
    buf_init(&buf, arena, 64);
    date_write_iso(&buf, until_s);
    return slice_first(buf_slice(&buf), 10);
}

static void apply_exception(struct arena *arena, const struct config_exception *exception,
                            struct verdict_outcome *out)
{
    enum config_action action = exception->as_pass ? CONFIG_ACCEPT : exception->treat_as;
    if (action == out->action) {
        return; /* changes nothing, so it is not used */
    }
    slice would_be = out->reason;
    *out = (struct verdict_outcome){
        .action = action,
        .rule = "exception",
        .blame = VERDICT_BLAME_LOCAL,
        .exception = exception->name,
        .reason = arena_printf(arena,
                               "exception \"%.*s\", good until %.*s: %.*s (without it: "
                               "%.*s)",
                               SLICE_ARG(exception->name),
                               SLICE_ARG(until_text(arena, exception->until_s)),
                               SLICE_ARG(exception->because), SLICE_ARG(would_be)),
    };
}

static bool forwarder_matters(const struct dmarc_result *dmarc)
{
    return dmarc->code == DMARC_FAIL || dmarc->code == DMARC_TEMPERROR;
}

static void apply_forwarder(struct arena *arena, const struct config_forwarder *forwarder,
                            struct verdict_outcome *out)
{
    *out = (struct verdict_outcome){
        .action = CONFIG_ACCEPT,
        .rule = "forwarder",
        .reason =
            arena_printf(arena, "signed by %.*s, the trusted forwarder \"%.*s\": %.*s",
                         SLICE_ARG(forwarder->signer), SLICE_ARG(forwarder->name),
                         SLICE_ARG(forwarder->because)),
    };
}

static void apply_sealer(struct arena *arena, const struct verdict_findings *findings,
                         const struct arc_set *set, struct verdict_outcome *out)
{
    slice would_be = out->reason;
    *out = (struct verdict_outcome){
        .action = CONFIG_ACCEPT,
        .rule = "trusted-sealer",
        .reason = arena_printf(
            arena,
            "%.*s, a trusted sealer, found the message authentic as mail of %.*s when it "
            "came there, and the chain holds since (set %u of %zu; without it: %.*s)",
            SLICE_ARG(set->domain), SLICE_ARG(findings->dmarc->domain), set->instance,
            findings->verdict->arc.set_count, SLICE_ARG(would_be)),
    };
}

/* The word of a trusted sealer may be in it, and cannot be checked now: as for DMARC's own
   questions, nothing is refused or put aside for that before some time has passed. */
static void wait_for_sealer(struct arena *arena, const struct verdict_findings *findings,
                            struct verdict_outcome *out)
{
    const struct verdict_input *input = findings->input;
    const struct config_dmarc *config = &input->config->dmarc;
    if (out->action <= CONFIG_TAG ||
        input->now_s - input->first_seen_s >= config->temperror_patience_s) {
        return;
    }
    slice would_be = out->reason;
    *out = (struct verdict_outcome){
        .action = config->on_temperror,
        .rule = "arc-temperror",
        .blame = VERDICT_BLAME_DMARC,
        .reason =
            arena_printf(arena,
                         "a chain with a trusted sealer cannot be checked now: "
                         "%.*s (without it: %.*s)",
                         SLICE_ARG(findings->verdict->arc.reason), SLICE_ARG(would_be)),
    };
}

enum yett_err verdict_decide(struct arena *arena, const struct verdict_findings *findings,
                             const struct verdict_settings *settings,
                             struct verdict_outcome *out)
{
    enum yett_err err = decide_by_table(arena, findings, settings, out);
    if (err != YETT_OK) {
        return err;
    }
    const struct config_exception *exception = verdict_find_exception(findings);
    const struct config_forwarder *forwarder = verdict_find_forwarder(findings);
    const struct arc_set *sealer = verdict_find_sealer(findings);
    if (exception != NULL) {
        apply_exception(arena, exception, out);
    } else if (forwarder != NULL && forwarder_matters(findings->dmarc)) {
        apply_forwarder(arena, forwarder, out);
    } else if (sealer != NULL && forwarder_matters(findings->dmarc)) {
        apply_sealer(arena, findings, sealer, out);
    } else if (findings->dmarc->code == DMARC_FAIL && verdict_may_find_sealer(findings)) {
        wait_for_sealer(arena, findings, out);
    }
    return settled(out);
}
