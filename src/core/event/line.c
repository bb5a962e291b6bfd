/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/event/event.h"
#include "core/event/text.h"

/*
 * line: an event for people.  What decided comes first, then who it was about, then numbers;
 * every text has a bound, so that all of it stays below 2000 octets.
 */
enum {
    ID_MAX = 64,
    DOMAIN_MAX = 120,
    HOST_MAX = 100,
    ADDRESS_MAX = 200,
    REASON_MAX = 450,
    SHORT_REASON_MAX = 300,   /* beside what is said of signing or sealing */
    SHORTER_REASON_MAX = 150, /* … of both */
    UNSIGNED_MAX = 150,
    RULE_MAX = 20,
    SIGNED_MAX = 120
};

/* ---- what was decided ---------------------------------------------------------------------- */

static const char *marked_as(const struct event *event)
{
    switch (event->action.performed) {
    case CONFIG_TAG:
        return " with the tag field";
    case CONFIG_QUARANTINE:
        return " with the quarantine field";
    case CONFIG_ACCEPT:
    case CONFIG_DEFER:
    case CONFIG_REJECT:
        break;
    }
    return "";
}

static void add_outcome(struct buf *buf, const struct event *event)
{
    const struct verdict_action *action = &event->action;
    buf_add_text(buf, event_outcome_text(event->outcome));
    if (event->outcome == EVENT_ACCEPTED) {
        buf_add_text(buf, marked_as(event));
    }
    if (action->observed && action->action != CONFIG_ACCEPT) {
        buf_printf(buf, " (observing; enforce would %s)",
                   config_action_text(action->action));
    }
}

static slice from_domain(const struct event *event)
{
    const struct message_from *from = event->from;
    return from == NULL || from->domain_count == 0 ? SLICE_NONE : from->domains[0];
}

/* "DMARC fail for bank.test (p=reject)" */
static void add_subject(struct buf *buf, const struct event *event)
{
    const struct verdict *verdict = event->verdict;
    slice domain = from_domain(event);
    if (verdict == NULL || !verdict->verified) {
        buf_add_text(buf, "not checked");
    } else {
        buf_printf(buf, "DMARC %s", dmarc_code_text(verdict->dmarc.code));
    }
    if (domain.len != 0) {
        buf_add_text(buf, " for ");
        text_add(buf, domain, DOMAIN_MAX);
    }
    if (verdict != NULL && verdict->verified && verdict->dmarc.has_record &&
        verdict->dmarc.policy_known) {
        buf_printf(buf, " (p=%s)", dmarc_policy_text(verdict->dmarc.policy));
    }
}

/* ---- who it was about ---------------------------------------------------------------------- */

static void add_client(struct buf *buf, struct ip ip)
{
    buf_add_text(buf, " client=");
    if (ip.family == IP_NONE) {
        buf_add_text(buf, "unknown");
    } else {
        ip_write(buf, ip);
    }
}

static void add_envelope(struct buf *buf, const struct event *event)
{
    const struct verdict *verdict = event->verdict;
    add_client(buf, event->client);
    if (event->client_name.len != 0) {
        text_add_word(buf, "name=", event->client_name, HOST_MAX);
    }
    if (verdict != NULL && !ip_eq(verdict->envelope.client, ip_unmap(event->client))) {
        buf_add_text(buf, " behind");
        add_client(buf, verdict->envelope.client);
    }
    text_add_word(buf, "helo=", event->helo, HOST_MAX);
    text_add_word(buf, "mail_from=<", event->mail_from, ADDRESS_MAX);
    buf_add_byte(buf, '>');
    if (event->rcpt_count != 0) {
        text_add_word(buf, "rcpt=<", event->first_rcpt, ADDRESS_MAX);
        buf_add_byte(buf, '>');
    }
    if (event->rcpt_count > 1) {
        buf_add_text(buf, " rcpts=");
        buf_add_uint(buf, event->rcpt_count);
    }
    if (event->login.len != 0) {
        text_add_word(buf, "login=", event->login, HOST_MAX);
    }
}

static void add_checks(struct buf *buf, const struct verdict *verdict)
{
    if (verdict == NULL || !verdict->verified) {
        return;
    }
    buf_printf(buf, " spf=%s dkim=%s",
               verdict->has_spf ? spf_code_text(verdict->spf.code) : "unavailable",
               dkim_code_text(verdict->dkim.code));
    if (verdict->arc.code != ARC_NONE) {
        buf_printf(buf, " arc=%s", arc_code_text(verdict->arc.code));
    }
    buf_printf(buf, " dmarc=%s", dmarc_code_text(verdict->dmarc.code));
}

/* "signed=s1.example.com,s2.example.com", by which rule, in spite of what. */
static void add_signed(struct buf *buf, const struct signing_decision *signing)
{
    struct buf list;
    buf_init(&list, buf->arena, (size_t)SIGNING_ROWS_MAX * 520);
    for (size_t i = 0; i < signing->rows.count; i++) {
        buf_add_text(&list, i == 0 ? "" : ",");
        buf_add(&list, signing->rows.list[i].selector);
        buf_add_byte(&list, '.');
        buf_add(&list, signing->rows.list[i].domain);
    }
    text_add_word(buf, "signed=", buf_slice(&list), SIGNED_MAX);
    text_add_word(buf, "by=", signing->rule, RULE_MAX);
}

static void add_signing(struct buf *buf, const struct signing_decision *signing)
{
    if (signing == NULL) {
        return;
    }
    if (signing->act == SIGNING_SIGN) {
        add_signed(buf, signing);
    } else {
        text_add_word(buf, "unsigned=", signing->rule, RULE_MAX);
    }
    const char *before = " hazards=";
    for (int i = 0; i < SIGNING_HAZARDS; i++) {
        if ((signing->hazards & 1u << i) != 0) {
            buf_add_text(buf, before);
            buf_add_text(buf, signing_hazard_text((enum signing_hazard)i));
            before = ",";
        }
    }
}

/* "sealed=s1.example.com set=2 cv=pass", and on which occasion. */
static void add_sealing(struct buf *buf, const struct sealing_decision *sealing)
{
    struct buf key;
    if (sealing == NULL) {
        return;
    }
    if (sealing->act != SEALING_SEAL) {
        text_add_word(buf, "unsealed=", sealing->rule, RULE_MAX);
        return;
    }
    buf_init(&key, buf->arena, 520);
    buf_add(&key, sealing->selector);
    buf_add_byte(&key, '.');
    buf_add(&key, sealing->domain);
    text_add_word(buf, "sealed=", buf_slice(&key), SIGNED_MAX);
    buf_printf(buf, " set=%u cv=%s", sealing->instance, arc_code_text(sealing->cv));
    text_add_word(buf, "for=", sealing->rule, RULE_MAX);
}

/* It should have been sealed, or there was nothing to seal. */
static void add_why_unsealed(struct buf *buf, const struct event *event)
{
    const struct sealing_decision *sealing = event->sealing;
    if (sealing != NULL && sealing->act != SEALING_SEAL &&
        !slice_eq(event->action.reason, sealing->reason)) {
        buf_add_text(buf, "; not sealed: ");
        text_add(buf, sealing->reason, UNSIGNED_MAX);
    }
}

/* It should have been signed: that is for somebody to look after. */
static void add_why_unsigned(struct buf *buf, const struct event *event)
{
    const struct signing_decision *signing = event->signing;
    bool is_told =
        slice_eq(event->action.reason, signing == NULL ? SLICE_NONE : signing->reason);
    if (signing != NULL && signing->act == SIGNING_FAILED && !is_told) {
        buf_add_text(buf, "; not signed: ");
        text_add(buf, signing->reason, UNSIGNED_MAX);
    }
}

static void add_numbers(struct buf *buf, const struct event *event)
{
    buf_add_text(buf, " size=");
    buf_add_uint(buf, event->size_bytes);
    buf_add_text(buf, " ms=");
    buf_add_uint(buf, event->elapsed_ms);
    if (event->removed_fields != 0) {
        buf_add_text(buf, " removed=");
        buf_add_uint(buf, event->removed_fields);
    }
}

static size_t room_for_reason(const struct event *event)
{
    if (event->signing != NULL && event->sealing != NULL) {
        return SHORTER_REASON_MAX;
    }
    return event->signing == NULL && event->sealing == NULL ? REASON_MAX
                                                            : SHORT_REASON_MAX;
}

void event_write_line(struct buf *buf, const struct event *event)
{
    if (event->queue_id.len != 0) {
        text_add(buf, event->queue_id, ID_MAX);
    } else {
        buf_add_text(buf, "(no queue id)");
    }
    buf_add_text(buf, ": ");
    add_outcome(buf, event);
    buf_add_text(buf, ": ");
    add_subject(buf, event);
    buf_add_text(buf, " [");
    text_add(buf, event->action.rule, ID_MAX);
    buf_add_text(buf, "]: ");
    text_add(buf, event->action.reason, room_for_reason(event));
    add_why_unsigned(buf, event);
    add_why_unsealed(buf, event);
    buf_add_byte(buf, ';');
    add_envelope(buf, event);
    add_checks(buf, event->verdict);
    add_signing(buf, event->signing);
    add_sealing(buf, event->sealing);
    add_numbers(buf, event);
    if (event->id.len != 0) {
        text_add_word(buf, "id=", event->id, ID_MAX);
    }
    text_add_word(buf, "listener=", event->listener, ID_MAX);
}
