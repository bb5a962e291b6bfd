/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Whole messages: who sends them, what the settings ask for, what the mail server is told. */

static const char quarantined[] = "From: x@quarantine.example\r\n"
                                  "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\n"
                                  "Message-ID: <2@quarantine.example>\r\n"
                                  "\r\n"
                                  "Hello.\r\n";

static void from_quarantine(struct intake_case *c)
{
    case_set_message(c, quarantined);
    c->mail_from = "<x@quarantine.example>";
}

static struct config_domain ours = {.name = SLICE_INIT("example.org")};

static void is_ours(struct intake_case *c)
{
    c->config.domains = &ours;
    c->config.domain_count = 1;
}

/* ---- what is done -------------------------------------------------------------------------- */

static void an_authentic_message_is_accepted_with_its_results(void **state)
{
    struct intake_case *c = *state;
    c->client = "192.0.2.10";
    case_sign(c);
    case_expect(c, EVENT_ACCEPTED, "dmarc-pass");
    assert_int_equal(c->decision->edit_count, 1);
    slice results = case_added(c->decision, "Authentication-Results");
    assert_true(case_has(results, " mx.example.com"));
    assert_true(case_has(results, "spf=pass"));
    assert_true(case_has(results, "dkim=pass"));
    assert_true(case_has(results, "dmarc=pass"));
    assert_int_equal(c->decision->reply.len, 0);
}

static void a_body_that_is_not_the_one_signed_does_not_pass(void **state)
{
    struct intake_case *c = *state;
    case_sign(c);
    char *text = NULL;
    assert_true(asprintf(&text, "%sP.S.\r\n", c->message) > 0);
    case_set_message(c, text);
    free(text);
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-unknown");
    assert_true(case_has(case_added(c->decision, "Authentication-Results"), "dkim=fail"));
}

static void a_failure_of_ours_is_rejected_with_the_words_for_it(void **state)
{
    struct intake_case *c = *state;
    is_ours(c);
    case_expect(c, EVENT_REJECTED, "dmarc-reject-ours");
    assert_true(slice_starts_with(c->decision->reply, SLICE("550 5.7.26 ")));
    assert_true(case_has(c->decision->reply, "(id 0123456789abcdef)"));
    assert_int_equal(c->decision->edit_count, 0);
    assert_true(slice_eq(c->decision->event.reply, c->decision->reply));
}

static void a_quarantine_is_a_field_that_names_the_rule(void **state)
{
    struct intake_case *c = *state;
    from_quarantine(c);
    case_expect(c, EVENT_ACCEPTED, "dmarc-quarantine");
    slice value = case_added(c->decision, "X-Yett-Quarantine");
    assert_true(slice_starts_with(
        value, SLICE(" dmarc-quarantine; dmarc=fail; policy=quarantine")));
    assert_true(case_has(value, "spf=fail"));
    assert_true(case_has(value, "dkim=none"));
    assert_int_equal(c->decision->edit_count, 2);
    assert_int_equal(c->decision->hold_reason.len, 0);
}

static void a_quarantine_by_hold_is_held_and_marked(void **state)
{
    struct intake_case *c = *state;
    from_quarantine(c);
    c->config.quarantine_by = CONFIG_QUARANTINE_HOLD;
    case_expect(c, EVENT_HELD, "dmarc-quarantine");
    assert_true(case_has(c->decision->hold_reason, "dmarc-quarantine"));
    assert_true(case_added(c->decision, "X-Yett-Quarantine").len != 0);
    assert_true(case_added(c->decision, "Authentication-Results").len != 0);
}

static void a_tag_is_a_field(void **state)
{
    struct intake_case *c = *state;
    case_set_message(c, "From: x@nopolicy.example\r\n\r\nHello.\r\n");
    c->mail_from = "<x@nopolicy.example>";
    case_expect(c, EVENT_ACCEPTED, "spf-softfail");
    assert_true(slice_starts_with(case_added(c->decision, "X-Yett-Tag"),
                                  SLICE(" spf-softfail; dmarc=none; spf=softfail")));
    assert_int_equal(case_added(c->decision, "X-Yett-Quarantine").len, 0);
}

static void marks_have_short_lines_of_ascii(void **state)
{
    struct intake_case *c = *state;
    c->config.quarantine_field =
        SLICE("X-A-Rather-Long-Name-For-Mail-That-Is-Quarantined");
    from_quarantine(c);
    case_judge(c);
    slice value =
        case_added(c->decision, "X-A-Rather-Long-Name-For-Mail-That-Is-Quarantined");
    size_t line = c->config.quarantine_field.len + 1;
    for (size_t i = 0; i < value.len; i++) {
        line = value.ptr[i] == '\n' ? 0 : line + 1;
        assert_true(line <= 79);
        assert_true((unsigned char)value.ptr[i] < 0x7f);
    }
    assert_true(case_has(value, "\r\n "));
}

static void received_spf_is_added_when_it_is_set(void **state)
{
    struct intake_case *c = *state;
    c->config.received_spf = true;
    c->client = "192.0.2.10";
    case_expect(c, EVENT_ACCEPTED, "dmarc-pass");
    assert_true(
        slice_starts_with(case_added(c->decision, "Received-SPF"), SLICE(" pass")));
    assert_int_equal(c->decision->edit_count, 2);
    assert_true(slice_eq(c->decision->edits[0].name, SLICE("Authentication-Results")));
}

static void a_bad_from_is_rejected(void **state)
{
    struct intake_case *c = *state;
    case_set_message(c, "Subject: nobody\r\n\r\n");
    case_expect(c, EVENT_REJECTED, "from-missing");
    assert_true(slice_starts_with(c->decision->reply, SLICE("550 5.7.1 ")));
}

static void a_message_without_any_body_or_field_is_judged(void **state)
{
    struct intake_case *c = *state;
    case_set_message(c, "\r\n");
    case_expect(c, EVENT_REJECTED, "from-missing");
}

static void an_address_without_brackets_is_the_same(void **state)
{
    struct intake_case *c = *state;
    c->client = "192.0.2.10";
    c->mail_from = "a@example.org";
    c->rcpt[0] = "you@example.com";
    case_expect(c, EVENT_ACCEPTED, "dmarc-pass");
    assert_true(slice_eq(c->decision->event.mail_from, SLICE("a@example.org")));
    assert_true(slice_eq(c->decision->event.first_rcpt, SLICE("you@example.com")));
}

static void the_null_sender_is_checked_by_helo(void **state)
{
    struct intake_case *c = *state;
    c->client = "192.0.2.10";
    c->mail_from = "<>";
    c->helo = "example.org";
    case_expect(c, EVENT_ACCEPTED, "dmarc-pass");
    assert_true(case_has(case_added(c->decision, "Authentication-Results"),
                         "smtp.helo=example.org"));
}

static void folds_with_crlf_and_with_lf_are_the_same_message(void **state)
{
    struct intake_case *c = *state;
    case_sign(c);
    case_expect(c, EVENT_ACCEPTED, "dmarc-pass");
    c->folds_are_crlf = true;
    case_expect(c, EVENT_ACCEPTED, "dmarc-pass");
}

/* ---- observe ------------------------------------------------------------------------------- */

static void observe_adds_results_and_nothing_else(void **state)
{
    static const struct {
        const char *why, *from;
        const char *rule;
        enum config_action action;
    } rows[] = {
        {"reject",     "a@example.org",        "dmarc-reject-ours", CONFIG_REJECT    },
        {"quarantine", "x@quarantine.example", "dmarc-quarantine",  CONFIG_QUARANTINE},
        {"defer",      "x@slow.example",       "dmarc-temperror",   CONFIG_DEFER     },
        {"tag",        "x@nopolicy.example",   "spf-fail",          CONFIG_TAG       },
    };
    struct intake_case *c = *state;
    is_ours(c);
    c->config.mode = CONFIG_OBSERVE;
    c->config.quarantine_by = CONFIG_QUARANTINE_HOLD;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = NULL;
        assert_true(asprintf(&text, "From: %s\r\n\r\nHello.\r\n", rows[i].from) > 0);
        case_set_message(c, text);
        free(text);
        case_expect(c, EVENT_ACCEPTED, rows[i].rule);
        assert_int_equal(c->decision->event.action.action, rows[i].action);
        assert_int_equal(c->decision->event.action.performed, CONFIG_ACCEPT);
        assert_int_equal(c->decision->edit_count, 1);
        assert_true(case_added(c->decision, "Authentication-Results").len != 0);
        assert_int_equal(c->decision->reply.len, 0);
    }
    assert_int_equal(c->noted, 0);
}

/* ---- sources ------------------------------------------------------------------------------- */

static struct ip_network network(const char *text)
{
    struct ip_network out = {0};
    assert_int_equal(ip_parse_network(slice_from_text(text), &out), YETT_OK);
    return out;
}

static void our_own_users_are_not_verified(void **state)
{
    struct intake_case *c = *state;
    is_ours(c);
    case_sign(c);
    struct ip_network lan = network("203.0.113.0/24");
    c->login = "alice";
    case_expect(c, EVENT_ACCEPTED, "submission");
    assert_int_equal(c->decision->edit_count, 0);
    c->login = NULL;
    c->config.submission_networks = &lan;
    c->config.submission_network_count = 1;
    case_expect(c, EVENT_ACCEPTED, "submission");
    assert_int_equal(c->decision->event.questions, 0);
    assert_int_equal(c->decision->event.rounds, 0);
}

static void behind_a_trusted_relay_its_received_field_counts(void **state)
{
    struct intake_case *c = *state;
    struct ip_network relay = network("198.51.100.25");
    c->config.trusted_relays = &relay;
    c->config.trusted_relay_count = 1;
    c->client = "198.51.100.25";
    case_set_message(c,
                     "Received: from mail.example.org (mail.example.org [192.0.2.10])\r\n"
                     "\tby relay.example.com (Postfix) with ESMTPS id 4bX1\r\n"
                     "\tfor <you@example.com>; Mon, 24 Nov 2025 16:00:02 +0000 (UTC)\r\n"
                     "From: a@example.org\r\n\r\nHello.\r\n");
    case_expect(c, EVENT_ACCEPTED, "dmarc-pass");
    assert_int_equal(c->decision->event.verdict->source, VERDICT_SOURCE_RELAY);
}

static void without_a_client_nothing_is_held_against_a_message(void **state)
{
    struct intake_case *c = *state;
    c->client = NULL;
    case_expect(c, EVENT_ACCEPTED, "dmarc-spf-unavailable");
    assert_int_equal(c->decision->event.verdict->source, VERDICT_SOURCE_UNKNOWN);
}

static void local_mail_is_accepted_as_it_is(void **state)
{
    static const char *const clients[] = {NULL, "127.0.0.1", "::1"};
    struct intake_case *c = *state;
    is_ours(c);
    c->local = true;
    for (size_t i = 0; i < 3; i++) {
        c->client = clients[i];
        case_expect(c, EVENT_ACCEPTED, "local");
        assert_int_equal(c->decision->edit_count, 0);
    }
}

/* Taken from the queue again: it once came from a client. */
static void requeued_mail_is_never_more_than_marked(void **state)
{
    struct intake_case *c = *state;
    is_ours(c);
    c->local = true;
    c->config.quarantine_by = CONFIG_QUARANTINE_HOLD;
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-ours");
    assert_int_equal(c->decision->event.action.performed, CONFIG_QUARANTINE);
    assert_true(case_added(c->decision, "X-Yett-Quarantine").len != 0);
    assert_int_equal(c->decision->reply.len, 0);
    assert_int_equal(c->decision->hold_reason.len, 0);

    case_set_message(c, "From: x@slow.example\r\n\r\nHello.\r\n");
    case_expect(c, EVENT_ACCEPTED, "dmarc-temperror-accept");
    assert_true(case_added(c->decision, "X-Yett-Tag").len != 0);
    assert_int_equal(c->noted + c->asked_for_first, 0);

    c->config.spf.on_fail = CONFIG_DEFER;
    case_set_message(c, "From: x@nopolicy.example\r\n\r\nHello.\r\n");
    case_expect(c, EVENT_ACCEPTED, "spf-fail");
    assert_int_equal(c->decision->event.action.action, CONFIG_DEFER);
    assert_int_equal(c->decision->event.action.performed, CONFIG_TAG);
}

static void a_listener_for_outgoing_mail_changes_nothing(void **state)
{
    struct intake_case *c = *state;
    is_ours(c);
    c->listener.role = CONFIG_LISTENER_SIGN;
    c->config.limits.message_bytes = 1;
    c->poison_everything = true;
    case_add_to_header(c, "Authentication-Results: mx.example.com; dmarc=pass\r\n"
                          "X-Yett-Tag: mine\r\n");
    case_expect(c, EVENT_ACCEPTED, "outgoing");
    assert_int_equal(c->decision->edit_count, 0);
    assert_int_equal(c->enters, 0);
}

static void both_is_as_good_as_verify(void **state)
{
    struct intake_case *c = *state;
    c->listener.role = CONFIG_LISTENER_VERIFY;
    from_quarantine(c);
    case_expect(c, EVENT_ACCEPTED, "dmarc-quarantine");
    char *verify = strdup(c->summary);
    c->listener.role = CONFIG_LISTENER_BOTH;
    case_expect(c, EVENT_ACCEPTED, "dmarc-quarantine");
    assert_string_equal(verify, c->summary);
    free(verify);
}

/* ---- recipients ---------------------------------------------------------------------------- */

static struct config_recipient pilot = {
    .pattern = SLICE_INIT("pilot@example.com"), .has_mode = true, .mode = CONFIG_OBSERVE};

static void of_several_recipients_the_mildest_settings_count(void **state)
{
    struct intake_case *c = *state;
    is_ours(c);
    c->config.recipients = &pilot;
    c->config.recipient_count = 1;
    case_expect(c, EVENT_REJECTED, "dmarc-reject-ours");
    c->rcpt[c->rcpt_count++] = "<PILOT@example.com>";
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-ours");
    assert_int_equal(c->decision->event.action.performed, CONFIG_ACCEPT);
    assert_int_equal(c->decision->event.rcpt_count, 2);
}

static void recipients_beyond_the_limit_are_only_counted(void **state)
{
    struct intake_case *c = *state;
    is_ours(c);
    c->config.recipients = &pilot;
    c->config.recipient_count = 1;
    c->config.limits.recipients = 2;
    c->rcpt[c->rcpt_count++] = "<b@example.com>";
    c->rcpt[c->rcpt_count++] = "<pilot@example.com>";
    case_expect(c, EVENT_REJECTED, "dmarc-reject-ours");
    assert_int_equal(c->decision->event.rcpt_count, 3);
}

static void without_recipients_the_general_settings_count(void **state)
{
    struct intake_case *c = *state;
    is_ours(c);
    c->rcpt_count = 0;
    case_expect(c, EVENT_REJECTED, "dmarc-reject-ours");
    assert_int_equal(c->decision->event.first_rcpt.len, 0);
}

/* ---- deferral ------------------------------------------------------------------------------ */

static void wait_for_dns(struct intake_case *c)
{
    case_set_message(c, "From: x@slow.example\r\n\r\nHello.\r\n");
    c->mail_from = "<x@slow.example>";
}

static void what_dns_keeps_open_is_deferred_and_remembered(void **state)
{
    struct intake_case *c = *state;
    wait_for_dns(c);
    case_run(c, CASE_LATE);
    assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
    assert_true(slice_starts_with(c->decision->reply, SLICE("451 4.4.3 ")));
    assert_int_equal(c->decision->edit_count, 0);
    assert_int_equal(c->noted, 1);
    assert_int_equal(c->asked_for_first, 1);
    case_expect(c, EVENT_DEFERRED, "dmarc-temperror");
}

static void patience_with_dns_ends(void **state)
{
    struct intake_case *c = *state;
    wait_for_dns(c);
    c->first_s = c->now_s - c->config.dmarc.temperror_patience_s + 1;
    case_expect(c, EVENT_DEFERRED, "dmarc-temperror");
    c->first_s -= 1;
    case_expect(c, EVENT_ACCEPTED, "dmarc-temperror-accept");
    assert_true(case_added(c->decision, "X-Yett-Tag").len != 0);
}

static void patience_with_spf_ends_too(void **state)
{
    struct intake_case *c = *state;
    case_set_message(c, "From: x@nopolicy.example\r\n\r\nHello.\r\n");
    c->mail_from = "<x@slow.example>";
    c->config.spf.on_temperror = CONFIG_DEFER;
    case_run(c, CASE_LATE);
    assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
    assert_int_equal(c->noted, 1);
    case_expect(c, EVENT_DEFERRED, "spf-temperror");
    c->first_s = c->now_s - c->config.dmarc.temperror_patience_s;
    case_expect(c, EVENT_ACCEPTED, "spf-temperror");
    assert_true(case_added(c->decision, "X-Yett-Tag").len != 0);
}

/* The key of a deferral, as the house was told it. */
static uint64_t key_of_deferral(struct intake_case *c)
{
    c->noted = 0;
    case_run(c, CASE_EARLY);
    assert_int_equal(c->noted, 1);
    return c->noted_key;
}

static void a_deferral_is_known_by_sender_network_and_recipient(void **state)
{
    struct intake_case *c = *state;
    wait_for_dns(c);
    uint64_t first = key_of_deferral(c);
    c->client = "203.0.113.99";
    assert_true(key_of_deferral(c) == first);
    c->rcpt[c->rcpt_count++] = "<second@example.com>";
    c->helo = "other.example.net";
    assert_true(key_of_deferral(c) == first);
    c->client = "203.0.114.66";
    assert_true(key_of_deferral(c) != first);
    c->client = "203.0.113.66";
    c->mail_from = "<y@slow.example>";
    assert_true(key_of_deferral(c) != first);
    c->mail_from = "<x@slow.example>";
    c->rcpt[0] = "<else@example.com>";
    assert_true(key_of_deferral(c) != first);
}

static void nobody_is_asked_about_mail_that_is_not_deferred(void **state)
{
    struct intake_case *c = *state;
    is_ours(c);
    case_expect(c, EVENT_REJECTED, "dmarc-reject-ours");
    assert_int_equal(c->asked_for_first + c->noted, 0);
}

/* ---- the event ----------------------------------------------------------------------------- */

static void the_event_holds_what_was_said_and_found(void **state)
{
    struct intake_case *c = *state;
    c->login = NULL;
    case_add_to_header(c, "Authentication-Results: MX.example.com; spf=pass\r\n");
    case_judge(c);
    const struct event *event = &c->decision->event;
    assert_int_equal(event->time_s, CASE_NOW);
    assert_true(slice_eq(event->id, SLICE("0123456789abcdef")));
    assert_true(slice_eq(event->queue_id, SLICE("4bX1")));
    assert_true(slice_eq(event->listener, c->listener.name));
    assert_true(slice_eq(event->settings, SLICE("5e771265")));
    assert_true(slice_eq(event->client_name, SLICE("client.example.net")));
    assert_true(slice_eq(event->helo, SLICE("client.example.net")));
    assert_true(slice_eq(event->mail_from, SLICE("a@example.org")));
    assert_true(slice_eq(event->first_rcpt, SLICE("you@example.com")));
    assert_true(slice_eq(event->subject, SLICE("Figures \xe2\x82\xac")));
    assert_true(slice_eq(event->message_id, SLICE("<1@example.org>")));
    assert_int_equal(event->from->status, MESSAGE_FROM_OK);
    assert_int_equal(event->removed_fields, 1);
    assert_true(event->questions > 0);
    assert_non_null(event->verdict);
}

static void the_size_is_that_of_the_octets_sent(void **state)
{
    struct intake_case *c = *state;
    case_set_message(c, "From: a@example.org\r\nSubject: x\r\n\r\nHello.\r\n");
    case_judge(c);
    assert_int_equal(c->decision->event.size_bytes, strlen(c->message));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_authentic_message_is_accepted_with_its_results),
        TEST(a_body_that_is_not_the_one_signed_does_not_pass),
        TEST(a_failure_of_ours_is_rejected_with_the_words_for_it),
        TEST(a_quarantine_is_a_field_that_names_the_rule),
        TEST(a_quarantine_by_hold_is_held_and_marked),
        TEST(a_tag_is_a_field),
        TEST(marks_have_short_lines_of_ascii),
        TEST(received_spf_is_added_when_it_is_set),
        TEST(a_bad_from_is_rejected),
        TEST(a_message_without_any_body_or_field_is_judged),
        TEST(an_address_without_brackets_is_the_same),
        TEST(the_null_sender_is_checked_by_helo),
        TEST(folds_with_crlf_and_with_lf_are_the_same_message),
        TEST(observe_adds_results_and_nothing_else),
        TEST(our_own_users_are_not_verified),
        TEST(behind_a_trusted_relay_its_received_field_counts),
        TEST(without_a_client_nothing_is_held_against_a_message),
        TEST(local_mail_is_accepted_as_it_is),
        TEST(requeued_mail_is_never_more_than_marked),
        TEST(a_listener_for_outgoing_mail_changes_nothing),
        TEST(both_is_as_good_as_verify),
        TEST(of_several_recipients_the_mildest_settings_count),
        TEST(recipients_beyond_the_limit_are_only_counted),
        TEST(without_recipients_the_general_settings_count),
        TEST(what_dns_keeps_open_is_deferred_and_remembered),
        TEST(patience_with_dns_ends),
        TEST(patience_with_spf_ends_too),
        TEST(a_deferral_is_known_by_sender_network_and_recipient),
        TEST(nobody_is_asked_about_mail_that_is_not_deferred),
        TEST(the_event_holds_what_was_said_and_found),
        TEST(the_size_is_that_of_the_octets_sent),
    };
    return cmocka_run_group_tests_name("decisions", tests, NULL, NULL);
}
