/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/date.h"
#include "core/domain/domain.h"
#include "core/verdict/parts.h"

/*
 * on_reject = "informed": p=reject alone rejects nothing (RFC 9989 section 7.4).  A positive
 * row must say that this failure is a forgery, and nothing may speak for an intermediary
 * that changed an authentic message on the way.
 *
 * The rows that need history (known author domains and their sources) arrive with the
 * recorder.  Until then they cannot be evaluated, so a domain that is neither ours nor in a
 * rule is quarantined.
 */
enum { SECONDS_PER_DAY = 24 * 60 * 60, SIGNED_WITHIN_DAYS = 5 };

const struct config_rule *verdict_find_rule(const struct config *config,
                                            slice author_domain)
{
    const struct config_rule *found = NULL;
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct config_rule *rule = &config->rules[i];
        if (domain_is_under(author_domain, rule->author) &&
            (found == NULL || rule->author.len > found->author.len)) {
            found = rule;
        }
    }
    return found;
}

/* Does anything say that a failure of this domain is a forgery? */
static bool has_positive_row(const struct config *config, slice author_domain)
{
    const struct config_rule *rule = verdict_find_rule(config, author_domain);
    return config_is_ours(config, author_domain) ||
           (rule != NULL && rule->on_fail == CONFIG_REJECT);
}

/* When the signer says it signed, else when the author says it was written (Date is among
   the fields that must be signed here). */
static bool signing_time(const struct verdict_input *input,
                         const struct dkim_signature *signature, int64_t *time_s)
{
    if (signature->signed_at_s != DKIM_NO_TIME) {
        *time_s = signature->signed_at_s;
        return true;
    }
    size_t index = 0;
    const struct message_field *date =
        message_find_field(input->header, "Date", 0, &index);
    return date != NULL &&
           date_parse_rfc5322(slice_trim_fws(date->value), time_s) == YETT_OK;
}

static bool signed_lately(const struct verdict_input *input,
                          const struct dkim_signature *signature)
{
    int64_t time_s = 0;
    if (!signing_time(input, signature, &time_s)) {
        return false;
    }
    int64_t oldest = input->now_s - (int64_t)SIGNED_WITHIN_DAYS * SECONDS_PER_DAY;
    int64_t latest = input->now_s + SECONDS_PER_DAY; /* clocks and zones differ */
    return time_s >= oldest && time_s <= latest;
}

static size_t times_signed(const struct dkim_signature *signature, slice name)
{
    slice names = signature->signed_fields;
    slice piece;
    size_t times = 0;
    while (slice_next_piece(&names, ':', &piece)) {
        times += slice_eq_nocase(slice_trim_fws(piece), name);
    }
    return times;
}

/* All of these fields are signed, and none was put beside the signed one, which readers
   would take for it. */
static bool signs_what_identifies(const struct message_header *header,
                                  const struct dkim_signature *signature)
{
    static const char *const names[] = {"From", "To", "Subject", "Date", "Message-ID"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t times = times_signed(signature, slice_from_text(names[i]));
        if (times == 0 || times < message_count_fields(header, names[i])) {
            return false;
        }
    }
    return true;
}

static bool is_aligned(const struct dmarc_result *dmarc, size_t index)
{
    return index < dmarc->aligned_count && dmarc->aligned[index];
}

/* An aligned signature over this header, fresh, whatever became of the body. */
static bool is_candidate(const struct verdict_findings *findings, size_t index)
{
    const struct dkim_result *result = &findings->verdict->dkim.list[index];
    return result->evaluated && is_aligned(findings->dmarc, index) &&
           result->header_verified &&
           signs_what_identifies(findings->input->header, result->signature) &&
           signed_lately(findings->input, result->signature);
}

/* An l= that covers no line with text covers what is a part of every body. */
static bool holds_for_some_body(const struct dkim_result *result)
{
    enum { SHORTEST_LINE = 3 };
    return result->body_verified &&
           (!result->partial_body || result->signature->body_length >= SHORTEST_LINE);
}

/* The signature that speaks for an intermediary, or NULL. */
static const struct dkim_result *find_intermediary(
    const struct verdict_findings *findings)
{
    for (size_t i = 0; i < findings->verdict->dkim.count; i++) {
        const struct dkim_result *result = &findings->verdict->dkim.list[i];
        if (is_candidate(findings, i) &&
            (result->body_proved || holds_for_some_body(result))) {
            return result;
        }
    }
    return NULL;
}

static bool some_recipient_is_informed(const struct verdict_input *input)
{
    const struct verdict_envelope *envelope = &input->envelope;
    if (envelope->rcpt_count == 0) {
        return verdict_settings_for(input->config, SLICE_NONE).on_reject ==
               CONFIG_REJECT_INFORMED;
    }
    for (size_t i = 0; i < envelope->rcpt_count; i++) {
        if (verdict_settings_for(input->config, envelope->rcpt[i]).on_reject ==
            CONFIG_REJECT_INFORMED) {
            return true;
        }
    }
    return false;
}

bool verdict_wants_body_proof(const struct verdict_findings *findings)
{
    const struct dmarc_result *dmarc = findings->dmarc;
    if (dmarc->code != DMARC_FAIL ||
        !has_positive_row(findings->input->config, dmarc->domain) ||
        !some_recipient_is_informed(findings->input)) {
        return false;
    }
    for (size_t i = 0; i < findings->verdict->dkim.count; i++) {
        if (is_candidate(findings, i) && !findings->verdict->dkim.list[i].body_verified) {
            return true;
        }
    }
    return false;
}

static slice say_intermediary(struct arena *arena, const struct dmarc_result *dmarc,
                              const struct dkim_result *result)
{
    return arena_printf(arena,
                        "%.*s asks for rejection, but its own signature (s=%.*s) holds "
                        "for this header and "
                        "the body it signed is part of this one: an authentic message "
                        "that was changed on "
                        "the way",
                        SLICE_ARG(dmarc->domain), SLICE_ARG(result->signature->selector));
}

enum yett_err verdict_decide_informed(struct arena *arena,
                                      const struct verdict_findings *findings,
                                      struct verdict_outcome *out)
{
    const struct dmarc_result *dmarc = findings->dmarc;
    const struct config *config = findings->input->config;
    const struct config_rule *rule = verdict_find_rule(config, dmarc->domain);
    const struct dkim_result *intermediary = find_intermediary(findings);

    *out = (struct verdict_outcome){.action = CONFIG_QUARANTINE,
                                    .blame = VERDICT_BLAME_DMARC};
    if (!has_positive_row(config, dmarc->domain)) {
        out->rule = "dmarc-reject-unknown";
        out->reason = arena_printf(arena,
                                   "%.*s asks for rejection; it is neither a domain of "
                                   "ours nor in a rule, and there "
                                   "is no history to know a forgery by",
                                   SLICE_ARG(dmarc->domain));
    } else if (intermediary != NULL) {
        out->rule = "dmarc-reject-intermediary";
        out->reason = say_intermediary(arena, dmarc, intermediary);
    } else if (config_is_ours(config, dmarc->domain)) {
        out->action = CONFIG_REJECT;
        out->rule = "dmarc-reject-ours";
        out->reason =
            arena_printf(arena,
                         "%.*s is a domain of ours, asks for rejection, and this is "
                         "not its mail",
                         SLICE_ARG(dmarc->domain));
    } else {
        out->action = CONFIG_REJECT;
        out->rule = "dmarc-reject-rule";
        out->reason = arena_printf(arena, "rule \"%.*s\" rejects failures of %.*s: %.*s",
                                   SLICE_ARG(rule->name), SLICE_ARG(dmarc->domain),
                                   SLICE_ARG(rule->because));
    }
    return out->reason.ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
}
