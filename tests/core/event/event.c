/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/event/event.h"

#include "core/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* What is written of a decision, for people and for programs, whatever the message holds. */

enum { LINE_MAX_OCTETS = 2000, JSON_MAX_OCTETS = 18 * 1024, SIGNATURES = 20, SETS = 5 };

struct scene {
    struct arena *arena;
    struct message_mailbox mailbox;
    slice domain;
    struct message_from from;
    struct dkim_signature signature;
    struct dkim_result dkim[SIGNATURES];
    bool aligned[SIGNATURES];
    struct arc_set sets[SETS];
    struct verdict verdict;
    struct event event;
    struct buf out;
    json_t *json;
};

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    s->arena = arena_new(32 << 20);
    s->domain = SLICE("bank.test");
    s->mailbox =
        (struct message_mailbox){.raw = SLICE("Bank <a@bank.test>"), .domain = s->domain};
    s->from = (struct message_from){
        .mailboxes = &s->mailbox, .count = 1, .domains = &s->domain, .domain_count = 1};
    s->signature = (struct dkim_signature){.domain = SLICE("list.example"),
                                           .selector = SLICE("s1"),
                                           .algorithm_text = SLICE("rsa-sha256"),
                                           .identity = SLICE("@list.example")};
    s->dkim[0] = (struct dkim_result){.code = DKIM_PASS,
                                      .signature = &s->signature,
                                      .key_bits = 2048,
                                      .counts = true,
                                      .reason = SLICE("it holds")};
    s->verdict.verified = true;
    s->verdict.has_spf = true;
    s->verdict.has_spf_helo = true;
    s->verdict.spf = (struct spf_result){.code = SPF_FAIL,
                                         .domain = SLICE("bank.test"),
                                         .mechanism = SLICE("-all"),
                                         .lookups = 3,
                                         .reason = SLICE("not permitted")};
    s->verdict.spf_helo =
        (struct spf_result){.scope = SPF_SCOPE_HELO, .reason = SLICE("no record")};
    s->verdict.dkim =
        (struct dkim_results){.code = DKIM_PASS, .list = s->dkim, .count = 1};
    s->verdict.dmarc = (struct dmarc_result){.code = DMARC_FAIL,
                                             .domain = SLICE("bank.test"),
                                             .policy_domain = SLICE("bank.test"),
                                             .has_record = true,
                                             .policy_known = true,
                                             .policy = DMARC_POLICY_REJECT,
                                             .disposition = DMARC_POLICY_REJECT,
                                             .reason = SLICE("nothing is aligned")};
    s->verdict.dmarc.record.text = SLICE("v=DMARC1; p=reject");
    assert_int_equal(ip_parse(SLICE("203.0.113.66"), &s->event.client), YETT_OK);
    s->verdict.envelope.client = s->event.client;
    s->verdict.envelope.mail_from = SLICE("x@bounce.example");
    s->event.time_s = 1764000000;
    s->event.id = SLICE("0123456789abcdef");
    s->event.queue_id = SLICE("4bX1");
    s->event.listener = SLICE("milter");
    s->event.settings = SLICE("5e77");
    s->event.client_name = SLICE("client.example");
    s->event.helo = SLICE("mail.example");
    s->event.mail_from = SLICE("x@bounce.example");
    s->event.first_rcpt = SLICE("you@example.com");
    s->event.rcpt_count = 3;
    s->event.size_bytes = 10240;
    s->event.subject = SLICE("Figures");
    s->event.message_id = SLICE("<1@bank.test>");
    s->event.from = &s->from;
    s->event.verdict = &s->verdict;
    s->event.action = (struct verdict_action){.action = CONFIG_REJECT,
                                              .performed = CONFIG_REJECT,
                                              .rule = SLICE("dmarc-reject-ours"),
                                              .reason = SLICE("it is ours"),
                                              .reply = SLICE("550 5.7.26 no")};
    s->event.outcome = EVENT_REJECTED;
    s->event.reply = SLICE("550 5.7.26 no");
    s->event.elapsed_ms = 12;
    s->event.questions = 5;
    s->event.rounds = 2;
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    json_decref(s->json);
    arena_free(s->arena);
    free(s);
    return 0;
}

static slice line_of(struct scene *s)
{
    buf_init(&s->out, s->arena, SIZE_MAX);
    event_write_line(&s->out, &s->event);
    assert_int_equal(buf_err(&s->out), YETT_OK);
    return buf_slice(&s->out);
}

static json_t *json_of(struct scene *s)
{
    json_error_t error;
    buf_init(&s->out, s->arena, SIZE_MAX);
    event_write_json(&s->out, &s->event);
    assert_int_equal(buf_err(&s->out), YETT_OK);
    slice text = buf_slice(&s->out);
    for (size_t i = 0; i < text.len; i++) {
        assert_true(text.ptr[i] >= 0x20 && text.ptr[i] < 0x7f);
    }
    json_decref(s->json);
    s->json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    if (s->json == NULL) {
        fail_msg("%s at %d: %.*s", error.text, error.position, SLICE_ARG(text));
    }
    return s->json;
}

static void assert_line(struct scene *s, const char *part)
{
    slice line = line_of(s);
    if (slice_find(line, slice_from_text(part)) == line.len) {
        fail_msg("\"%s\" is not in \"%.*s\"", part, SLICE_ARG(line));
    }
}

static const char *text_at(json_t *json, const char *a, const char *b)
{
    json_t *value = json_object_get(json, a);
    value = b == NULL ? value : json_object_get(value, b);
    return json_string_value(value);
}

/* ---- the line ------------------------------------------------------------------------------ */

static void a_line_tells_it_to_people(void **state)
{
    struct scene *s = *state;
    slice line = line_of(s);
    assert_true(slice_starts_with(
        line, SLICE("4bX1: rejected: DMARC fail for bank.test (p=reject) "
                    "[dmarc-reject-ours]: it is ours; client=203.0.113.66 ")));
    assert_line(s, " name=client.example helo=mail.example mail_from=<x@bounce.example>"
                   " rcpt=<you@example.com> rcpts=3 spf=fail dkim=pass dmarc=fail"
                   " size=10240 ms=12 id=0123456789abcdef listener=milter");
    assert_false(slice_has_byte(line, '\n'));
}

static void a_line_tells_of_a_chain(void **state)
{
    struct scene *s = *state;
    s->verdict.arc = (struct arc_result){.code = ARC_FAIL, .instances = 2};
    assert_line(s, " spf=fail dkim=pass arc=fail dmarc=fail size=");
}

/* A submission of somebody, signed by two keys. */
static struct signing_decision submission(struct scene *s)
{
    s->verdict.verified = false;
    s->event.outcome = EVENT_ACCEPTED;
    s->event.action = (struct verdict_action){.rule = SLICE("submission"),
                                              .reason = SLICE("it is logged in")};
    return (struct signing_decision){
        .act = SIGNING_SIGN,
        .rule = SLICE("login"),
        .reason = SLICE("the login may"),
        .rows = {.list = {{.domain = SLICE("bank.test"), .selector = SLICE("s1r")},
                          {.domain = SLICE("bank.test"),
                           .selector = SLICE("s1e"),
                           .type = CRYPTO_ED25519}},
                 .count = 2},
        .hazards = 1 << SIGNING_EIGHT_BIT,
    };
}

static void a_line_tells_what_was_signed_and_what_was_not(void **state)
{
    struct scene *s = *state;
    struct signing_decision signing = submission(s);
    s->event.signing = &signing;
    assert_line(s, " signed=s1r.bank.test,s1e.bank.test by=login hazards=eight-bit ");
    signing.act = SIGNING_FAILED;
    signing.rule = SLICE("mismatch");
    signing.reason = SLICE("bank.test is not alice's");
    signing.rows.count = 0;
    assert_line(s, "it is logged in; not signed: bank.test is not alice's; client=");
    assert_line(s, " unsigned=mismatch hazards=eight-bit ");
    signing.act = SIGNING_LEFT;
    signing.rule = SLICE("networks-off");
    slice line = line_of(s);
    assert_int_equal(slice_find(line, SLICE("not signed")), line.len);
    assert_line(s, " unsigned=networks-off ");
}

static struct sealing_decision list_mail(struct scene *s)
{
    (void)submission(s);
    return (struct sealing_decision){.act = SEALING_SEAL,
                                     .rule = SLICE("list"),
                                     .reason = SLICE("a list handed it in"),
                                     .domain = SLICE("bank.test"),
                                     .selector = SLICE("arc"),
                                     .instance = 2,
                                     .cv = ARC_PASS};
}

static void a_line_tells_what_was_sealed_and_what_was_not(void **state)
{
    struct scene *s = *state;
    struct sealing_decision sealing = list_mail(s);
    s->event.sealing = &sealing;
    assert_line(s, " sealed=arc.bank.test set=2 cv=pass for=list ");
    sealing.act = SEALING_FAILED;
    sealing.reason = SLICE("the keeper is gone");
    assert_line(s, "it is logged in; not sealed: the keeper is gone; client=");
    assert_line(s, " unsealed=list ");
    sealing.act = SEALING_LEFT;
    sealing.reason = SLICE("it brings no results");
    assert_line(s, "; not sealed: it brings no results; client=");
}

static void a_reason_that_is_told_already_is_not_told_twice(void **state)
{
    struct scene *s = *state;
    struct signing_decision signing = submission(s);
    s->event.signing = &signing;
    signing.act = SIGNING_FAILED;
    signing.reason = s->event.action.reason = SLICE("the keeper is gone");
    slice line = line_of(s);
    assert_int_equal(slice_find(line, SLICE("not signed")), line.len);
}

static void a_line_says_what_enforce_would_do(void **state)
{
    struct scene *s = *state;
    s->event.outcome = EVENT_ACCEPTED;
    s->event.action.performed = CONFIG_ACCEPT;
    s->event.action.observed = true;
    assert_line(s, "4bX1: accepted (observing; enforce would reject): DMARC fail");
}

static void a_line_says_how_an_accepted_message_is_marked(void **state)
{
    struct scene *s = *state;
    s->event.outcome = EVENT_ACCEPTED;
    s->event.action.performed = CONFIG_TAG;
    assert_line(s, "accepted with the tag field: ");
    s->event.action.performed = CONFIG_QUARANTINE;
    assert_line(s, "accepted with the quarantine field: ");
    s->event.outcome = EVENT_HELD;
    assert_line(s, ": held: ");
    s->event.outcome = EVENT_DEFERRED;
    assert_line(s, ": deferred: ");
}

static void a_line_without_a_verdict(void **state)
{
    struct scene *s = *state;
    s->event = (struct event){
        .action = {.rule = SLICE("internal-error"), .reason = SLICE("out of memory")},
        .outcome = EVENT_DEFERRED
    };
    assert_line(s,
                "(no queue id): deferred: not checked [internal-error]: out of memory; "
                "client=unknown helo= mail_from=<>");
}

static void a_line_names_the_client_behind_a_relay(void **state)
{
    struct scene *s = *state;
    assert_int_equal(ip_parse(SLICE("2001:db8::1"), &s->verdict.envelope.client),
                     YETT_OK);
    assert_line(s, "client=203.0.113.66 name=client.example behind client=2001:db8::1 ");
}

static void words_of_the_message_do_not_look_like_ours(void **state)
{
    struct scene *s = *state;
    s->event.helo = SLICE("x spf=pass dmarc=pass\nnext line\r\x1b[31m");
    assert_line(s, " helo=x_spf=pass_dmarc=pass\\x0anext_line\\x0d\\x1b[31m mail_from=");
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void json_has_the_fields_of_check(void **state)
{
    struct scene *s = *state;
    json_t *json = json_of(s);
    assert_int_equal(json_integer_value(json_object_get(json, "v")), 1);
    assert_string_equal(text_at(json, "time", NULL), "2025-11-24T16:00:00Z");
    assert_string_equal(text_at(json, "id", NULL), "0123456789abcdef");
    assert_string_equal(text_at(json, "queue_id", NULL), "4bX1");
    assert_string_equal(text_at(json, "outcome", NULL), "rejected");
    assert_string_equal(text_at(json, "reply", NULL), "550 5.7.26 no");
    assert_string_equal(text_at(json, "message", "subject"), "Figures");
    assert_string_equal(text_at(json, "message", "from"), "Bank <a@bank.test>");
    assert_string_equal(text_at(json, "session", "ip"), "203.0.113.66");
    assert_string_equal(text_at(json, "envelope", "mail_from"), "x@bounce.example");
    assert_string_equal(text_at(json, "source", NULL), "other");
    assert_string_equal(text_at(json, "spf", "result"), "fail");
    assert_string_equal(text_at(json, "spf", "mechanism"), "-all");
    assert_string_equal(text_at(json, "spf_helo", "scope"), "helo");
    assert_string_equal(text_at(json, "dmarc", "result"), "fail");
    assert_string_equal(text_at(json, "dmarc", "policy"), "reject");
    assert_string_equal(text_at(json, "action", "verdict"), "reject");
    assert_string_equal(text_at(json, "action", "rule"), "dmarc-reject-ours");
    json_t *dkim = json_array_get(json_object_get(json, "dkim"), 0);
    assert_string_equal(text_at(dkim, "domain", NULL), "list.example");
    assert_true(json_is_false(json_object_get(dkim, "aligned")));
    json_t *rcpt = json_object_get(json_object_get(json, "envelope"), "rcpt");
    assert_string_equal(json_string_value(json_array_get(rcpt, 0)), "you@example.com");
}

static void json_of_what_was_not_checked_has_nulls(void **state)
{
    struct scene *s = *state;
    s->event = (struct event){.outcome = EVENT_DEFERRED};
    json_t *json = json_of(s);
    static const char *const names[] = {"id",  "queue_id", "reply", "spf",
                                        "arc", "dmarc",    "source"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_true(json_is_null(json_object_get(json, names[i])));
    }
    assert_int_equal(json_array_size(json_object_get(json, "dkim")), 0);
    assert_true(json_is_null(json_object_get(json_object_get(json, "session"), "ip")));
}

static void json_tells_what_was_signed(void **state)
{
    struct scene *s = *state;
    json_t *signatures;
    assert_true(json_is_null(json_object_get(json_of(s), "signing")));
    struct signing_decision signing = submission(s);
    s->event.signing = &signing;
    assert_string_equal(text_at(json_of(s), "signing", "outcome"), "signed");
    assert_string_equal(text_at(s->json, "signing", "rule"), "login");
    assert_string_equal(text_at(s->json, "signing", "reason"), "the login may");
    signatures = json_object_get(json_object_get(s->json, "signing"), "signatures");
    assert_int_equal(json_array_size(signatures), 2);
    json_t *second = json_array_get(signatures, 1);
    assert_string_equal(json_string_value(json_object_get(second, "selector")), "s1e");
    assert_string_equal(json_string_value(json_object_get(second, "algorithm")),
                        "ed25519-sha256");
    json_t *hazards = json_object_get(json_object_get(s->json, "signing"), "hazards");
    assert_string_equal(json_string_value(json_array_get(hazards, 0)), "eight-bit");
}

static void json_tells_what_was_sealed(void **state)
{
    struct scene *s = *state;
    assert_true(json_is_null(json_object_get(json_of(s), "sealing")));
    struct sealing_decision sealing = list_mail(s);
    s->event.sealing = &sealing;
    assert_string_equal(text_at(json_of(s), "sealing", "outcome"), "sealed");
    assert_string_equal(text_at(s->json, "sealing", "rule"), "list");
    assert_string_equal(text_at(s->json, "sealing", "domain"), "bank.test");
    assert_string_equal(text_at(s->json, "sealing", "selector"), "arc");
    assert_string_equal(text_at(s->json, "sealing", "cv"), "pass");
    json_t *found = json_object_get(s->json, "sealing");
    assert_int_equal(json_integer_value(json_object_get(found, "instance")), 2);
    sealing = (struct sealing_decision){.act = SEALING_LEFT, .rule = SLICE("recipient")};
    assert_string_equal(text_at(json_of(s), "sealing", "outcome"), "unsealed");
    found = json_object_get(s->json, "sealing");
    assert_true(json_is_null(json_object_get(found, "domain")));
    assert_null(json_object_get(found, "cv"));
}

static void json_has_the_newest_sets_of_a_chain(void **state)
{
    struct scene *s = *state;
    assert_string_equal(text_at(json_of(s), "arc", "result"), "none");
    for (unsigned i = 0; i < SETS; i++) {
        s->sets[i] = (struct arc_set){.instance = i + 1, .domain = SLICE("list.example")};
    }
    s->sets[3].trusted = true;
    s->verdict.arc = (struct arc_result){.code = ARC_PASS,
                                         .instances = SETS,
                                         .oldest_pass = 3,
                                         .sets = s->sets,
                                         .set_count = SETS,
                                         .reason = SLICE("all hold")};
    json_t *arc = json_object_get(json_of(s), "arc");
    json_t *sets = json_object_get(arc, "sets");
    assert_string_equal(json_string_value(json_object_get(arc, "result")), "pass");
    assert_int_equal(json_integer_value(json_object_get(arc, "oldest_pass")), 3);
    assert_int_equal(json_array_size(sets), 3);
    json_t *second = json_array_get(sets, 1);
    assert_int_equal(json_integer_value(json_object_get(second, "instance")), 4);
    assert_true(json_is_true(json_object_get(second, "trusted")));
    assert_true(json_is_null(json_object_get(second, "selector")));
}

static void json_keeps_every_character(void **state)
{
    struct scene *s = *state;
    s->event.subject =
        SLICE("\"quoted\" \\ \t\x01 \xe2\x82\xac \xf0\x9f\x98\x80 \xff\xc3");
    assert_string_equal(text_at(json_of(s), "message", "subject"),
                        "\"quoted\" \\ \t\x01 \xe2\x82\xac \xf0\x9f\x98\x80 \\xff\\xc3");
}

static void json_cuts_long_texts_between_characters(void **state)
{
    struct scene *s = *state;
    char text[3000];
    for (size_t shift = 0; shift < 12; shift++) {
        size_t length = shift;
        memset(text, 'a', shift);
        while (length + 4 <= sizeof text) {
            memcpy(text + length, "\xf0\x9f\x98\x80", 4);
            length += 4;
        }
        s->event.subject = slice_of(text, length);
        const char *subject = text_at(json_of(s), "message", "subject");
        size_t shown = strlen(subject);
        assert_true(shown > 100 && shown <= 400);
        assert_string_equal(subject + shown - 3, "...");
        assert_int_equal((shown - 3 - shift) % 4, 0);
    }
}

/* ---- whatever the message holds ------------------------------------------------------------ */

static void fill(struct scene *s, slice text)
{
    slice *const texts[] = {
        &s->event.id,
        &s->event.queue_id,
        &s->event.listener,
        &s->event.settings,
        &s->event.client_name,
        &s->event.helo,
        &s->event.mail_from,
        &s->event.login,
        &s->event.first_rcpt,
        &s->event.subject,
        &s->event.message_id,
        &s->event.reply,
        &s->event.action.rule,
        &s->event.action.reason,
        &s->event.action.reply,
        &s->event.action.exception,
        &s->domain,
        &s->mailbox.raw,
        &s->signature.domain,
        &s->signature.selector,
        &s->signature.identity,
        &s->signature.algorithm_text,
        &s->verdict.envelope.helo,
        &s->verdict.envelope.mail_from,
        &s->verdict.spf.domain,
        &s->verdict.spf.mechanism,
        &s->verdict.spf.reason,
        &s->verdict.dmarc.domain,
        &s->verdict.dmarc.org_domain,
        &s->verdict.dmarc.policy_domain,
        &s->verdict.dmarc.record.text,
        &s->verdict.dmarc.reason,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = text;
    }
    for (size_t i = 0; i < SIGNATURES; i++) {
        s->dkim[i] = s->dkim[0];
        s->dkim[i].code = DKIM_PERMERROR;
        s->dkim[i].reason = text;
    }
    for (unsigned i = 0; i < SETS; i++) {
        s->sets[i] = (struct arc_set){.instance = 50, .domain = text, .selector = text};
    }
    s->verdict.arc = (struct arc_result){.code = ARC_PASS,
                                         .instances = 50,
                                         .oldest_pass = 50,
                                         .sets = s->sets,
                                         .set_count = SETS,
                                         .reason = text};
    s->verdict.dkim.count = SIGNATURES;
    s->verdict.dkim.code = DKIM_PERMERROR;
    s->verdict.spf.code = SPF_PERMERROR;
    s->verdict.spf_helo = s->verdict.spf;
    s->verdict.dmarc.code = DMARC_TEMPERROR;
    s->verdict.dmarc.policy = DMARC_POLICY_QUARANTINE;
    s->event.outcome = EVENT_ACCEPTED;
    s->event.action.action = CONFIG_QUARANTINE;
    s->event.action.performed = CONFIG_QUARANTINE;
    s->event.action.observed = true;
    s->event.rcpt_count = SIZE_MAX;
    s->event.removed_fields = SIZE_MAX;
    s->event.questions = SIZE_MAX;
    s->event.size_bytes = UINT64_MAX;
    s->event.rounds = UINT32_MAX;
    s->event.elapsed_ms = UINT32_MAX;
    s->event.time_s = INT64_MAX;
    s->verdict.spf.lookups = UINT32_MAX;
    static const char longest[] = "2001:db8:1111:2222:3333:4444:5555:6666";
    assert_int_equal(ip_parse(slice_from_text(longest), &s->event.client), YETT_OK);
    s->verdict.envelope.client = s->event.client;
    s->verdict.envelope.client.bytes[15]++;
}

static bool is_shown_as_it_is(slice line)
{
    while (line.len != 0) {
        size_t length = utf8_visible_length(line);
        if (length == 0) {
            return false;
        }
        line = slice_skip(line, length);
    }
    return true;
}

static void check_bounds(struct scene *s)
{
    slice line = line_of(s);
    if (line.len > LINE_MAX_OCTETS) {
        fail_msg("%zu octets: %.*s", line.len, SLICE_ARG(line));
    }
    assert_true(is_shown_as_it_is(line));
    json_of(s);
    assert_true(s->out.len <= JSON_MAX_OCTETS);
}

static void whatever_a_message_holds_one_short_line_comes_out(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } units[] = {
        {"a",                1},
        {" ",                1},
        {"\"",               1},
        {"\0",               1},
        {"\n",               1},
        {"\xff",             1},
        {"\\",               1},
        {"\xe2\x82",         2},
        {"\xe2\x82\xac",     3},
        {"%s",               2},
        {"\xc2\x85",         2},
        {"\xf0\x9f\x98\x80", 4},
        {"\x7f",             1},
        {"\xe2\x80\xae",     3},
        {"\xed\xa0\x80",     3},
    };
    struct scene *s = *state;
    char *text = malloc(100000);
    for (size_t unit = 0; unit < sizeof units / sizeof units[0]; unit++) {
        for (size_t length = 0; length < 100000; length = length * 2 + 1) {
            for (size_t i = 0; i < length; i++) {
                text[i] = units[unit].text[i % units[unit].length];
            }
            fill(s, slice_of(text, length));
            check_bounds(s);
        }
    }
    free(text);
}

static void whatever_is_signed_one_short_line_comes_out(void **state)
{
    struct scene *s = *state;
    char *text = malloc(100000);
    memset(text, 'a', 100000);
    for (size_t length = 0; length < 100000; length = length * 2 + 1) {
        struct signing_decision signing = submission(s);
        slice name = slice_of(text, length < 253 ? length : 253);
        struct sealing_decision sealing = {.act = SEALING_SEAL,
                                           .rule = slice_of(text, length / 2),
                                           .reason = slice_of(text, length),
                                           .domain = name,
                                           .selector = name,
                                           .instance = 50};
        fill(s, slice_of(text, length));
        s->event.signing = &signing;
        s->event.sealing = &sealing;
        signing.reason = signing.rule = slice_of(text, length / 2);
        signing.hazards = UINT32_MAX;
        signing.rows.count = SIGNING_ROWS_MAX;
        for (size_t i = 0; i < SIGNING_ROWS_MAX; i++) {
            signing.rows.list[i].domain = signing.rows.list[i].selector = name;
        }
        check_bounds(s);
        signing.act = SIGNING_FAILED;
        sealing.act = SEALING_FAILED;
        check_bounds(s);
    }
    free(text);
}

static void random_octets_come_out_as_text(void **state)
{
    struct scene *s = *state;
    char text[700];
    uint32_t seed = 1;
    for (int turn = 0; turn < 300; turn++) {
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = (char)(seed >> 16);
        }
        fill(s, slice_of(text, seed % sizeof text));
        check_bounds(s);
        arena_reset(s->arena, 1 << 20);
    }
}

static void a_full_buffer_is_reported_by_the_buffer(void **state)
{
    struct scene *s = *state;
    for (size_t limit = 0; limit < 1000; limit += 7) {
        struct buf small;
        buf_init(&small, s->arena, limit);
        event_write_json(&small, &s->event);
        assert_int_equal(buf_err(&small), YETT_LIMIT);
        buf_init(&small, s->arena, limit / 5);
        event_write_line(&small, &s->event);
        assert_int_equal(buf_err(&small), YETT_LIMIT);
    }
}

static void outcomes_have_words(void **state)
{
    (void)state;
    assert_string_equal(event_outcome_text(EVENT_ACCEPTED), "accepted");
    assert_string_equal(event_outcome_text(EVENT_HELD), "held");
    assert_string_equal(event_outcome_text(EVENT_DEFERRED), "deferred");
    assert_string_equal(event_outcome_text(EVENT_REJECTED), "rejected");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_line_tells_it_to_people),
        TEST(a_line_tells_of_a_chain),
        TEST(a_line_tells_what_was_signed_and_what_was_not),
        TEST(a_line_tells_what_was_sealed_and_what_was_not),
        TEST(a_reason_that_is_told_already_is_not_told_twice),
        TEST(a_line_says_what_enforce_would_do),
        TEST(a_line_says_how_an_accepted_message_is_marked),
        TEST(a_line_without_a_verdict),
        TEST(a_line_names_the_client_behind_a_relay),
        TEST(words_of_the_message_do_not_look_like_ours),
        TEST(json_has_the_fields_of_check),
        TEST(json_of_what_was_not_checked_has_nulls),
        TEST(json_tells_what_was_signed),
        TEST(json_tells_what_was_sealed),
        TEST(json_has_the_newest_sets_of_a_chain),
        TEST(json_keeps_every_character),
        TEST(json_cuts_long_texts_between_characters),
        TEST(whatever_a_message_holds_one_short_line_comes_out),
        TEST(whatever_is_signed_one_short_line_comes_out),
        TEST(random_octets_come_out_as_text),
        TEST(a_full_buffer_is_reported_by_the_buffer),
        cmocka_unit_test(outcomes_have_words),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
