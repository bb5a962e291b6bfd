/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/event/event.h"
#include "core/event/printer.h"

/*
 * json: an event for programs.  Every text has a bound, so that all of it stays below 18 KiB:
 * the bounds here come to 17600 octets, names and numbers included.  What is signed was not
 * verified, so the two never come together.
 */
enum {
    ID_MAX = 64,
    NAME_MAX_OCTETS = 255, /* a domain, a host */
    TERM_MAX = 128,
    ADDRESS_MAX = 320,
    TEXT_MAX = 400,   /* a reason, a subject */
    REASON_MAX = 160, /* one of several */
    REPLY_MAX = 512,
    SIGNATURES_MAX = 8,
    SETS_MAX = 3 /* of a chain, the newest */
};

static slice from_domain(const struct event *event)
{
    const struct message_from *from = event->from;
    return from == NULL || from->domain_count == 0 ? SLICE_NONE : from->domains[0];
}

/* The author as it stands in the field, as far as it could be read. */
static slice from_text(const struct event *event)
{
    const struct message_from *from = event->from;
    return from == NULL || from->count == 0 ? SLICE_NONE : from->mailboxes[0].raw;
}

static void put_message(struct printer *out, const struct event *event)
{
    printer_open(out, "message", '{');
    printer_number(out, "size", event->size_bytes);
    printer_optional(out, "from", from_text(event), ADDRESS_MAX);
    printer_optional(out, "from_domain", from_domain(event), NAME_MAX_OCTETS);
    printer_optional(out, "subject", event->subject, TEXT_MAX);
    printer_optional(out, "message_id", event->message_id, ADDRESS_MAX);
    printer_close(out, '}');
}

/* Who spoke to the mail server. */
static void put_session(struct printer *out, const struct event *event)
{
    printer_open(out, "session", '{');
    printer_ip(out, "ip", event->client);
    printer_optional(out, "name", event->client_name, NAME_MAX_OCTETS);
    printer_optional(out, "helo", event->helo, NAME_MAX_OCTETS);
    printer_string(out, "mail_from", event->mail_from, ADDRESS_MAX);
    printer_optional(out, "login", event->login, NAME_MAX_OCTETS);
    printer_close(out, '}');
}

/* Whom the checks were about: behind a trusted relay it is another one. */
static void put_envelope(struct printer *out, const struct event *event)
{
    const struct verdict *verdict = event->verdict;
    struct ip client = verdict == NULL ? event->client : verdict->envelope.client;
    slice helo = verdict == NULL ? event->helo : verdict->envelope.helo;
    slice mail_from = verdict == NULL ? event->mail_from : verdict->envelope.mail_from;
    printer_open(out, "envelope", '{');
    printer_ip(out, "ip", client);
    printer_optional(out, "helo", helo, NAME_MAX_OCTETS);
    printer_string(out, "mail_from", mail_from, ADDRESS_MAX);
    printer_open(out, "rcpt", '[');
    if (event->rcpt_count != 0) {
        printer_string(out, NULL, event->first_rcpt, ADDRESS_MAX);
    }
    printer_close(out, ']');
    printer_number(out, "rcpt_count", event->rcpt_count);
    printer_close(out, '}');
}

static void put_spf(struct printer *out, const char *name, bool has,
                    const struct spf_result *spf)
{
    if (!has) {
        printer_null(out, name);
        return;
    }
    printer_open(out, name, '{');
    printer_word(out, "result", spf_code_text(spf->code));
    printer_optional(out, "domain", spf->domain, NAME_MAX_OCTETS);
    printer_word(out, "scope", spf_scope_text(spf->scope));
    printer_optional(out, "mechanism", spf->mechanism, TERM_MAX);
    printer_number(out, "lookups", spf->lookups);
    printer_number(out, "void_lookups", spf->void_lookups);
    printer_string(out, "reason", spf->reason, TEXT_MAX);
    printer_close(out, '}');
}

static void put_signature(struct printer *out, const struct dkim_result *result,
                          bool aligned)
{
    const struct dkim_signature *signature = result->signature;
    printer_open(out, NULL, '{');
    printer_word(out, "result", dkim_code_text(result->code));
    printer_optional(out, "domain", signature->domain, NAME_MAX_OCTETS);
    printer_optional(out, "selector", signature->selector, ID_MAX);
    printer_optional(out, "identity", signature->identity, TERM_MAX);
    printer_optional(out, "algorithm", signature->algorithm_text, ID_MAX);
    printer_number(out, "key_bits", result->key_bits);
    printer_bool(out, "aligned", aligned);
    printer_bool(out, "counts", result->counts);
    printer_string(out, "reason", result->reason, REASON_MAX);
    printer_close(out, '}');
}

static void put_dkim(struct printer *out, const struct verdict *verdict)
{
    printer_open(out, "dkim", '[');
    for (size_t i = 0; i < verdict->dkim.count && i < SIGNATURES_MAX; i++) {
        bool aligned = i < verdict->dmarc.aligned_count && verdict->dmarc.aligned[i];
        put_signature(out, &verdict->dkim.list[i], aligned);
    }
    printer_close(out, ']');
    printer_number(out, "dkim_count", verdict->dkim.count + verdict->dkim.uncounted);
}

static void put_set(struct printer *out, const struct arc_set *set)
{
    printer_open(out, NULL, '{');
    printer_number(out, "instance", set->instance);
    printer_optional(out, "domain", set->domain, NAME_MAX_OCTETS);
    printer_optional(out, "selector", set->selector, ID_MAX);
    printer_bool(out, "trusted", set->trusted);
    printer_close(out, '}');
}

/* Newest first, unlike `yett check --json`: those below are left out. */
static void put_arc(struct printer *out, const struct arc_result *arc)
{
    printer_open(out, "arc", '{');
    printer_word(out, "result", arc_code_text(arc->code));
    printer_number(out, "instances", arc->instances);
    if (arc->oldest_pass == ARC_OLDEST_UNKNOWN || arc->code != ARC_PASS) {
        printer_null(out, "oldest_pass");
    } else {
        printer_number(out, "oldest_pass", (uint64_t)arc->oldest_pass);
    }
    printer_string(out, "reason", arc->reason, REASON_MAX);
    printer_open(out, "sets", '[');
    for (size_t i = arc->set_count; i > 0 && arc->set_count - i < SETS_MAX; i--) {
        put_set(out, &arc->sets[i - 1]);
    }
    printer_close(out, ']');
    printer_close(out, '}');
}

static void put_policy(struct printer *out, const char *name,
                       const struct dmarc_result *dmarc, enum dmarc_policy policy)
{
    if (dmarc->has_record && dmarc->policy_known && dmarc->code != DMARC_NONE) {
        printer_word(out, name, dmarc_policy_text(policy));
    } else {
        printer_null(out, name);
    }
}

static void put_dmarc(struct printer *out, const struct dmarc_result *dmarc)
{
    printer_open(out, "dmarc", '{');
    printer_word(out, "result", dmarc_code_text(dmarc->code));
    put_policy(out, "policy", dmarc, dmarc->policy);
    put_policy(out, "disposition", dmarc, dmarc->disposition);
    printer_optional(out, "domain", dmarc->domain, NAME_MAX_OCTETS);
    printer_optional(out, "org_domain", dmarc->org_domain, NAME_MAX_OCTETS);
    printer_optional(out, "policy_domain", dmarc->policy_domain, NAME_MAX_OCTETS);
    printer_optional(out, "record", dmarc->has_record ? dmarc->record.text : SLICE_NONE,
                     TEXT_MAX);
    printer_string(out, "reason", dmarc->reason, TEXT_MAX);
    printer_open(out, "alignment", '{');
    printer_bool(out, "spf", dmarc->spf_aligned);
    printer_bool(out, "dkim", dmarc->dkim_aligned);
    printer_close(out, '}');
    printer_close(out, '}');
}

static const char *source_word(const struct verdict *verdict)
{
    static const char *const words[] = {
        [VERDICT_SOURCE_OTHER] = "other",     [VERDICT_SOURCE_SUBMISSION] = "submission",
        [VERDICT_SOURCE_RELAY] = "relay",     [VERDICT_SOURCE_LOCAL] = "local",
        [VERDICT_SOURCE_UNKNOWN] = "unknown",
    };
    return words[verdict->source];
}

static void put_checks(struct printer *out, const struct verdict *verdict)
{
    if (verdict == NULL) {
        printer_null(out, "source");
    } else {
        printer_word(out, "source", source_word(verdict));
    }
    if (verdict == NULL || !verdict->verified) {
        printer_null(out, "spf");
        printer_null(out, "spf_helo");
        printer_open(out, "dkim", '[');
        printer_close(out, ']');
        printer_null(out, "arc");
        printer_null(out, "dmarc");
        return;
    }
    put_spf(out, "spf", verdict->has_spf, &verdict->spf);
    put_spf(out, "spf_helo", verdict->has_spf_helo, &verdict->spf_helo);
    put_dkim(out, verdict);
    put_arc(out, &verdict->arc);
    put_dmarc(out, &verdict->dmarc);
}

static void put_hazards(struct printer *out, unsigned hazards)
{
    printer_open(out, "hazards", '[');
    for (int i = 0; i < SIGNING_HAZARDS; i++) {
        if ((hazards & 1u << i) != 0) {
            printer_word(out, NULL, signing_hazard_text((enum signing_hazard)i));
        }
    }
    printer_close(out, ']');
}

static void put_signing(struct printer *out, const struct signing_decision *signing)
{
    if (signing == NULL) {
        printer_null(out, "signing");
        return;
    }
    printer_open(out, "signing", '{');
    printer_word(out, "outcome", signing_act_text(signing->act));
    printer_string(out, "rule", signing->rule, ID_MAX);
    printer_string(out, "reason", signing->reason, TEXT_MAX);
    printer_open(out, "signatures", '[');
    for (size_t i = 0; i < signing->rows.count; i++) {
        const struct signing_row *row = &signing->rows.list[i];
        printer_open(out, NULL, '{');
        printer_string(out, "domain", row->domain, NAME_MAX_OCTETS);
        printer_string(out, "selector", row->selector, NAME_MAX_OCTETS);
        printer_word(out, "algorithm",
                     row->type == CRYPTO_RSA ? "rsa-sha256" : "ed25519-sha256");
        printer_close(out, '}');
    }
    printer_close(out, ']');
    put_hazards(out, signing->hazards);
    printer_close(out, '}');
}

static void put_sealing(struct printer *out, const struct sealing_decision *sealing)
{
    if (sealing == NULL) {
        printer_null(out, "sealing");
        return;
    }
    printer_open(out, "sealing", '{');
    printer_word(out, "outcome", sealing_act_text(sealing->act));
    printer_string(out, "rule", sealing->rule, ID_MAX);
    printer_string(out, "reason", sealing->reason, TEXT_MAX);
    printer_optional(out, "domain", sealing->domain, NAME_MAX_OCTETS);
    printer_optional(out, "selector", sealing->selector, NAME_MAX_OCTETS);
    if (sealing->act == SEALING_SEAL) {
        printer_number(out, "instance", sealing->instance);
        printer_word(out, "cv", arc_code_text(sealing->cv));
    }
    printer_close(out, '}');
}

static void put_action(struct printer *out, const struct verdict_action *action)
{
    printer_open(out, "action", '{');
    printer_word(out, "verdict", config_action_text(action->action));
    printer_string(out, "rule", action->rule, ID_MAX);
    printer_optional(out, "reply", action->reply, REPLY_MAX);
    printer_string(out, "reason", action->reason, TEXT_MAX);
    printer_word(out, "performed", config_action_text(action->performed));
    printer_optional(out, "exception", action->exception, NAME_MAX_OCTETS);
    printer_close(out, '}');
}

void event_write_json(struct buf *buf, const struct event *event)
{
    struct printer out = {.buf = buf};
    printer_open(&out, NULL, '{');
    printer_number(&out, "v", 1);
    printer_time(&out, "time", event->time_s < 0 ? 0 : event->time_s);
    printer_optional(&out, "id", event->id, ID_MAX);
    printer_optional(&out, "queue_id", event->queue_id, ID_MAX);
    printer_string(&out, "listener", event->listener, ID_MAX);
    printer_string(&out, "settings", event->settings, ID_MAX);
    printer_word(&out, "outcome", event_outcome_text(event->outcome));
    printer_optional(&out, "reply", event->reply, REPLY_MAX);
    put_message(&out, event);
    put_session(&out, event);
    put_envelope(&out, event);
    put_checks(&out, event->verdict);
    put_signing(&out, event->signing);
    put_sealing(&out, event->sealing);
    put_action(&out, &event->action);
    printer_number(&out, "removed_count", event->removed_fields);
    printer_number(&out, "rounds", event->rounds);
    printer_number(&out, "questions", event->questions);
    printer_number(&out, "elapsed_ms", event->elapsed_ms);
    printer_close(&out, '}');
}
