/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/verdict/parts.h"

/*
 * evaluate: the checks of one message, in an order that asks for all that can be asked.
 *
 * SPF, the keys (of signatures and of seals) and the policy of the author domain do not wait
 * for each other: each writes its questions down before the round ends.  Only DMARC's
 * alignment waits for SPF and DKIM.
 */
struct work {
    struct arena *arena;
    const struct verdict_input *input;
    struct verdict_view *view;
    struct verdict *out;
    bool waiting; /* something wants answers */
};

static slice author_domain(const struct verdict_input *input)
{
    return input->from->status == MESSAGE_FROM_OK ? input->from->domains[0] : SLICE_NONE;
}

/* Notes that answers are wanted and lets the others ask as well. */
static enum yett_err carry_on(struct work *work, enum yett_err err)
{
    if (err == YETT_NEED_ANSWERS) {
        work->waiting = true;
        return YETT_OK;
    }
    return err;
}

/* Who pays for a question, see core/dns. */
enum { PURSE_SPF, PURSE_HELO, PURSE_DKIM, PURSE_DMARC, PURSE_ARC };

static struct dns_view *dns_of(struct work *work, unsigned purse)
{
    work->view->dns.purse = purse;
    return &work->view->dns;
}

/* ---- SPF -------------------------------------------------------------------------------- */

static enum yett_err check_identity(struct work *work, enum spf_scope scope,
                                    struct spf_result *out)
{
    const struct verdict_envelope *envelope = &work->out->envelope;
    struct spf_query query = {.ip = envelope->client,
                              .helo = envelope->helo,
                              .mail_from = envelope->mail_from,
                              .scope = scope,
                              .receiver = work->input->config->authserv_id,
                              .now_s = work->input->now_s};
    struct dns_view *dns = dns_of(work, scope == SPF_SCOPE_HELO ? PURSE_HELO : PURSE_SPF);
    return carry_on(work, spf_check(work->arena, &query, dns, out));
}

static enum yett_err check_spf(struct work *work)
{
    struct verdict *out = work->out;
    enum yett_err err = YETT_OK;
    if (out->envelope.client.family == IP_NONE) {
        return YETT_OK;
    }
    if (out->envelope.has_mail_from) {
        out->has_spf = true;
        err = check_identity(work, SPF_SCOPE_MAIL_FROM, &out->spf);
    }
    if (err == YETT_OK) {
        out->has_spf_helo = true;
        err = check_identity(work, SPF_SCOPE_HELO, &out->spf_helo);
    }
    return err;
}

/* ---- DKIM ------------------------------------------------------------------------------- */

static struct dkim_settings dkim_settings_of(const struct config_dkim *config)
{
    struct dkim_settings settings = DKIM_SETTINGS_DEFAULT;
    settings.allow_rsa_sha1 = config->allow_rsa_sha1;
    settings.min_rsa_bits = config->min_rsa_bits;
    settings.allow_partial_body = config->allow_partial_body;
    return settings;
}

static enum yett_err check_dkim(struct work *work, bool want_body_proof)
{
    struct dkim_settings settings = dkim_settings_of(&work->input->config->dkim);
    return carry_on(work, dkim_verify(work->arena, work->input->dkim, &settings,
                                      author_domain(work->input), work->input->now_s,
                                      want_body_proof, dns_of(work, PURSE_DKIM),
                                      work->view->checks, &work->out->dkim));
}

/* ---- ARC -------------------------------------------------------------------------------- */

struct arc_limits verdict_arc_limits(const struct config *config)
{
    return (struct arc_limits){.sets = config->arc.max_sets,
                               .oldest_pass = config->arc.oldest_pass,
                               .trusted = config->trusted_sealers,
                               .trusted_count = config->trusted_sealer_count};
}

static enum yett_err check_arc(struct work *work)
{
    struct dkim_settings settings = dkim_settings_of(&work->input->config->dkim);
    if (work->input->arc == NULL) {
        return YETT_OK;
    }
    return carry_on(work, arc_verify(work->arena, work->input->arc, &settings,
                                     work->input->now_s, dns_of(work, PURSE_ARC),
                                     work->view->checks, &work->out->arc));
}

/* ---- DMARC ------------------------------------------------------------------------------ */

static enum dmarc_standard standard_of(const struct config *config)
{
    return config->dmarc.standard == CONFIG_RFC7489 ? DMARC_RFC7489 : DMARC_RFC9989;
}

static struct dmarc_settings settings_of(const struct verdict_input *input)
{
    struct dmarc_settings settings = {.standard = standard_of(input->config),
                                      .suffixes = input->suffixes};
    if (settings.standard == DMARC_RFC7489) {
        settings.pct_draw =
            verdict_draw(input->header, input->config->installation_secret);
    }
    return settings;
}

static enum yett_err evaluate_dmarc(struct work *work, const struct message_from *from,
                                    struct dmarc_result *out)
{
    const struct dmarc_input question = {
        .from = from,
        .spf = work->out->has_spf ? &work->out->spf : NULL,
        .dkim = &work->out->dkim,
        .settings = settings_of(work->input),
    };
    return dmarc_evaluate(work->arena, &question, dns_of(work, PURSE_DMARC), out);
}

/* How much a result asks for, for choosing the strictest of several. */
static unsigned sternness(const struct dmarc_result *dmarc)
{
    switch (dmarc->code) {
    case DMARC_FAIL:
        return 10 + (unsigned)dmarc->disposition * 10;
    case DMARC_TEMPERROR:
        return 15; /* less than a certain quarantine, more than a certain nothing */
    case DMARC_PERMERROR:
    case DMARC_NONE:
        return 5;
    case DMARC_PASS:
        break;
    }
    return 0;
}

/* How many of the domains in From have policies that matter: the one, or for on_bad_from =
   "strictest" each of several.  Beyond four the field is refused. */
static size_t judged_domains(const struct verdict_input *input)
{
    enum { DOMAINS_MAX = 4 };
    const struct message_from *from = input->from;
    if (from->status == MESSAGE_FROM_OK) {
        return 1;
    }
    bool strictest = input->config->dmarc.on_bad_from == CONFIG_BAD_FROM_STRICTEST;
    return strictest && from->domain_count <= DOMAINS_MAX ? from->domain_count : 0;
}

/*
 * While other answers are on their way: all that tells which policy applies.  DMARC itself
 * waits for SPF and DKIM, and a sender whose servers are slow must not use up the time for
 * the questions about the domain he claims to be.
 */
static enum yett_err find_policies(struct work *work)
{
    const struct dmarc_settings settings = settings_of(work->input);
    size_t count = judged_domains(work->input);
    enum yett_err err = YETT_OK;
    for (size_t i = 0; i < count && err == YETT_OK; i++) {
        struct dmarc_result result = {0};
        err = carry_on(work,
                       dmarc_find_policy(work->arena, work->input->from->domains[i],
                                         &settings, dns_of(work, PURSE_DMARC), &result));
    }
    return err;
}

/* Each domain judged as if it were the only one, and the strictest outcome taken (RFC 9989
   section 11.5). */
static enum yett_err evaluate_each_domain(struct work *work, struct dmarc_result *out)
{
    const struct message_from *from = work->input->from;
    size_t count = judged_domains(work->input);
    for (size_t i = 0; i < count; i++) {
        struct message_mailbox mailbox = {.domain = from->domains[i]};
        struct message_from single = {.status = MESSAGE_FROM_OK,
                                      .mailboxes = &mailbox,
                                      .count = 1,
                                      .domains = &from->domains[i],
                                      .domain_count = 1};
        struct dmarc_result result = {0};
        enum yett_err err = evaluate_dmarc(work, &single, &result);
        if (err == YETT_NEED_ANSWERS) {
            work->waiting = true;
            continue;
        }
        if (err != YETT_OK) {
            return err;
        }
        if (slice_is_empty(out->domain) || sternness(&result) > sternness(out)) {
            *out = result;
        }
    }
    return YETT_OK;
}

/* What the table judges by; `dmarc` of the verdict stays what the standard says. */
static enum yett_err find_judged(struct work *work, struct dmarc_result *out)
{
    *out = work->out->dmarc;
    return work->input->from->status == MESSAGE_FROM_OK ? YETT_OK
                                                        : evaluate_each_domain(work, out);
}

/* ---- the action ------------------------------------------------------------------------- */

static struct verdict_action action_of(const struct verdict_outcome *outcome,
                                       const struct verdict_settings *settings)
{
    bool observed = settings->mode == CONFIG_OBSERVE;
    return (struct verdict_action){
        .action = outcome->action,
        .rule = slice_from_text(outcome->rule),
        .reason = outcome->reason,
        .observed = observed,
        .performed = observed ? CONFIG_ACCEPT : outcome->action,
        .exception = outcome->exception,
    };
}

static bool is_milder(const struct verdict_action *a, const struct verdict_action *b)
{
    return a->performed != b->performed ? a->performed < b->performed
                                        : a->action < b->action;
}

static enum yett_err decide_for(struct work *work,
                                const struct verdict_findings *findings, slice rcpt,
                                struct verdict_action *out)
{
    struct verdict_settings settings = verdict_settings_for(work->input->config, rcpt);
    struct verdict_outcome outcome = {0};
    enum yett_err err = verdict_decide(work->arena, findings, &settings, &outcome);
    if (err != YETT_OK) {
        return err;
    }
    *out = action_of(&outcome, &settings);
    return verdict_write_reply(work->arena, findings, &outcome, &out->reply);
}

/* Without settings of their own all recipients are alike. */
static size_t recipients_that_differ(const struct verdict_input *input)
{
    return input->config->recipient_count == 0 ? 0 : input->envelope.rcpt_count;
}

/* One message gets one answer: the mildest of what its recipients' settings ask for. */
static enum yett_err decide_for_all(struct work *work,
                                    const struct verdict_findings *findings)
{
    const struct verdict_envelope *envelope = &work->input->envelope;
    struct verdict_action *action = &work->out->action;
    enum yett_err err =
        decide_for(work, findings,
                   envelope->rcpt_count > 0 ? envelope->rcpt[0] : SLICE_NONE, action);
    bool differ = false;
    size_t count = recipients_that_differ(work->input);
    for (size_t i = 1; i < count && err == YETT_OK; i++) {
        struct verdict_action other = {0};
        err = decide_for(work, findings, envelope->rcpt[i], &other);
        if (err == YETT_OK && is_milder(&other, action)) {
            *action = other;
            differ = true;
        } else if (err == YETT_OK && is_milder(action, &other)) {
            differ = true;
        }
    }
    if (err == YETT_OK && differ) {
        action->reason = arena_printf(
            work->arena, "%.*s (the mildest of what its recipients' settings ask for)",
            SLICE_ARG(action->reason));
    }
    return err;
}

static enum yett_err decide(struct work *work)
{
    struct dmarc_result judged = {0};
    enum yett_err err = find_judged(work, &judged);
    if (err != YETT_OK || work->waiting) {
        return err;
    }
    struct verdict_findings findings = {
        .input = work->input, .verdict = work->out, .dmarc = &judged};
    if (verdict_wants_body_proof(&findings)) {
        err = check_dkim(work, true);
        if (err != YETT_OK || work->waiting) {
            return err;
        }
    }
    return decide_for_all(work, &findings);
}

/* ---- all of it -------------------------------------------------------------------------- */

static enum yett_err accept_own(struct verdict *out, const struct config *config)
{
    out->action = (struct verdict_action){
        .action = CONFIG_ACCEPT,
        .performed = CONFIG_ACCEPT,
        .rule =
            out->source == VERDICT_SOURCE_LOCAL ? SLICE("local") : SLICE("submission"),
        .reason = out->source_reason,
        .observed = config->mode == CONFIG_OBSERVE,
    };
    return YETT_OK;
}

static enum yett_err check_everything(struct work *work)
{
    enum yett_err err = check_spf(work);
    if (err == YETT_OK) {
        err = check_dkim(work, false);
    }
    if (err == YETT_OK) {
        err = check_arc(work);
    }
    if (err == YETT_OK && work->waiting) {
        err = find_policies(work);
    }
    if (err != YETT_OK || work->waiting) {
        return err;
    }
    err = carry_on(work, evaluate_dmarc(work, work->input->from, &work->out->dmarc));
    return err != YETT_OK || work->waiting ? err : decide(work);
}

enum yett_err verdict_ask_early(struct arena *scratch, const struct verdict_input *input,
                                struct verdict_view *view)
{
    struct verdict verdict = {0};
    struct work work = {.arena = scratch, .input = input, .view = view, .out = &verdict};

    if (verdict_is_of_our_own(input->config, &input->envelope)) {
        return YETT_OK;
    }
    /* Behind a relay the client stands in a field that has not come yet. */
    if (config_is_trusted_relay(input->config, input->envelope.client)) {
        return YETT_OK;
    }
    enum yett_err err = verdict_find_source(scratch, input, &verdict);
    if (err == YETT_OK) {
        err = check_spf(&work);
    }
    return err == YETT_OK && work.waiting ? YETT_NEED_ANSWERS : err;
}

enum yett_err verdict_evaluate(struct arena *scratch, const struct verdict_input *input,
                               struct verdict_view *view, struct verdict *out)
{
    struct verdict verdict = {0};
    struct work work = {.arena = scratch, .input = input, .view = view, .out = &verdict};

    enum yett_err err = verdict_find_source(scratch, input, &verdict);
    if (err == YETT_OK) {
        err = verdict_find_removed(scratch, input, &verdict);
    }
    if (err != YETT_OK) {
        return err;
    }
    if (verdict_is_of_our_own(input->config, &input->envelope)) {
        err = accept_own(&verdict, input->config);
    } else {
        verdict.verified = true;
        err = check_everything(&work);
        if (err == YETT_OK && work.waiting) {
            return YETT_NEED_ANSWERS;
        }
        if (err == YETT_OK) {
            err = verdict_write_fields(scratch, input, &verdict);
        }
    }
    if (err == YETT_OK) {
        *out = verdict;
    }
    return err;
}
