/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/case.h"
#include "core/base/base64.h"
#include "core/intake/case.h"
#include "core/keeper/keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/*
 * Mail that is handed on is sealed: what is asked of a keeper, which here is the real one with
 * its contract, and that others find the chain whole afterwards, also when a list edited the
 * message.
 */
#define LIST_HOST "192.0.2.30"

static struct crypto *crypto;
static struct crypto_private_key *key;

struct post {
    struct intake_case *c;
    struct arc_case *mail;
    struct arena *arena, *scratch;
    const struct signing_table *table;
    struct signing_house signing;
    struct sealing_house sealing;
    struct ip_network list_host;
    struct keeper *keeper;
    unsigned uses; /* of the key */
    bool keeper_is_down;
    size_t down_after; /* … from this request on */
    size_t requests, texts;
};

static const slice recipients[] = {SLICE_INIT("list@l.test")};
static const slice next_hops[] = {SLICE_INIT("[backend]:25")};

static int make_key(void **state)
{
    (void)state;
    crypto = crypto_new();
    return crypto_private_key_generate(crypto, CRYPTO_RSA, 1024, &key) == YETT_OK ? 0
                                                                                  : -1;
}

static int free_key(void **state)
{
    (void)state;
    crypto_private_key_free(key);
    crypto_free(crypto);
    return 0;
}

/* ---- a house that seals as l.test, and signs for it ----------------------------------------- */

static const struct crypto_private_key *find_key(void *context, uint32_t number,
                                                 const char **why)
{
    (void)context;
    (void)number;
    (void)why;
    return key;
}

static void make_table(struct post *p)
{
    static const uint8_t hash_key[16] = {7};
    struct signing_builder *builder = signing_builder_new(p->arena, hash_key);
    const struct signing_key file = {
        .path = SLICE("/k"), .type = CRYPTO_RSA, .bits = 1024};
    struct signing_row row = {
        .domain = SLICE("l.test"), .selector = SLICE("k"), .uses = p->uses};
    const char *fault = NULL;
    uint32_t number;
    struct buf octets;
    slice why = SLICE_NONE;
    assert_int_equal(signing_add_key(builder, &file, &row.key, &why), YETT_OK);
    assert_int_equal(signing_add_row(builder, &row, &number, &why), YETT_OK);
    assert_int_equal(signing_add_author(builder, SLICE("l.test"), &number, 1, &why),
                     YETT_OK);
    buf_init(&octets, p->arena, 1 << 20);
    assert_int_equal(signing_builder_finish(builder, &octets), YETT_OK);
    assert_int_equal(signing_table_open(p->arena, buf_slice(&octets), &p->table, &fault),
                     YETT_OK);
}

static void make_house(struct post *p)
{
    slice why = SLICE_NONE;
    struct config *config = &p->c->config;
    make_table(p);
    assert_int_equal(signing_house_init(p->arena, config, p->table, &p->signing, &why),
                     YETT_OK);
    sealing_house_init(config, p->table, &p->sealing);
    const struct keeper_options options = {
        .crypto = crypto, .table = p->table, .key = find_key};
    p->keeper = keeper_new(p->arena, &options);
    assert_non_null(p->keeper);
    case_open(p->c, (struct intake_ceilings){0});
    p->c->house.signing = &p->signing;
    p->c->house.sealing = &p->sealing;
}

/* The record of our key, in the zone of whoever validates. */
static void publish(struct post *p)
{
    struct buf octets, record, zone;
    buf_init(&octets, p->arena, 4096);
    buf_init(&record, p->arena, 4096);
    buf_init(&zone, p->arena, 8192);
    assert_int_equal(crypto_private_key_public(key, &octets), YETT_OK);
    dkim_write_key_record(&record, CRYPTO_RSA, buf_slice(&octets), false);
    dkim_write_zone_record(&zone, SLICE("k._domainkey.l.test"), 3600, buf_slice(&record));
    buf_add_byte(&zone, '\0');
    arc_zone(p->mail, buf_slice(&zone).ptr);
}

static int setup(void **state)
{
    struct post *p = calloc(1, sizeof(*p));
    void *gate = NULL, *mail = NULL;
    if (p == NULL || case_setup(&gate) != 0 || arc_setup(&mail) != 0) {
        return -1;
    }
    *state = p;
    p->c = gate;
    p->mail = mail;
    p->arena = arena_new(64 << 20);
    p->scratch = arena_new(64 << 20);
    p->uses = SIGNING_ARC | SIGNING_DKIM;
    assert_int_equal(ip_parse_network(SLICE(LIST_HOST), &p->list_host), YETT_OK);
    p->c->config.sealing = (struct config_sealing){.domain = SLICE("l.test"),
                                                   .recipients = recipients,
                                                   .recipient_count = 1,
                                                   .next_hops = next_hops,
                                                   .next_hop_count = 1,
                                                   .list_hosts = &p->list_host,
                                                   .list_host_count = 1};
    p->c->now_s = p->mail->now_s;
    p->c->mail_from = "<jo@example.org>";
    p->c->rcpt[0] = "<list@l.test>";
    publish(p);
    char *zone = NULL;
    assert_true(asprintf(&zone,
                         "$TTL 3600\n_dmarc.example.org. TXT \"v=DMARC1; p=none\"\n%s",
                         p->mail->zone.ptr) > 0);
    case_set_zone(p->c, zone);
    free(zone);
    make_house(p);
    return 0;
}

static int teardown(void **state)
{
    struct post *p = *state;
    void *gate = p->c, *mail = p->mail;
    (void)arc_teardown(&mail);
    (void)case_teardown(&gate);
    arena_free(p->arena);
    arena_free(p->scratch);
    free(p);
    return 0;
}

/* ---- the keeper ------------------------------------------------------------------------------ */

static const uint8_t kinds[] = {[DKIM_FORM_SIGNATURE] = KEEPER_DKIM,
                                [DKIM_FORM_MESSAGE] = KEEPER_ARC_MESSAGE,
                                [DKIM_FORM_SEAL] = KEEPER_ARC_SEAL};

static void send(struct post *p, const struct intake_signing *signing)
{
    struct keeper_text texts[KEEPER_TEXTS_MAX];
    struct intake_signature answers[KEEPER_TEXTS_MAX];
    struct keeper_reply reply;
    struct buf packet, answer;
    for (size_t i = 0; i < signing->count; i++) {
        texts[i] = (struct keeper_text){.kind = kinds[signing->texts[i].form],
                                        .octets = signing->texts[i].octets};
    }
    buf_init(&packet, p->arena, KEEPER_REQUEST_MAX);
    buf_init(&answer, p->arena, KEEPER_REPLY_MAX);
    keeper_write_request(&packet, 1, texts, signing->count);
    assert_int_equal(buf_err(&packet), YETT_OK);
    keeper_answer_packet(p->keeper, p->scratch, buf_slice(&packet), p->c->now_s, 0,
                         &answer);
    assert_int_equal(keeper_read_reply(buf_slice(&answer), &reply), YETT_OK);
    for (size_t i = 0; i < reply.count; i++) {
        answers[i] = (struct intake_signature){.is_signed = reply.answers[i].refusal ==
                                                            KEEPER_SIGNED,
                                               .octets = reply.answers[i].octets};
    }
    intake_signed(p->c->intake, answers, reply.count);
}

static void ask_keeper(struct post *p)
{
    struct intake_signing signing;
    while (intake_next_signing(p->c->intake, &signing)) {
        p->requests++;
        p->texts += signing.count;
        assert_null(intake_decision(p->c->intake));
        assert_true(intake_is_waiting(p->c->intake));
        if (p->keeper_is_down && p->requests > p->down_after) {
            intake_signing_failed(p->c->intake, SLICE("the keeper does not answer"));
        } else {
            send(p, &signing);
        }
    }
}

/* One message through the gate. */
static const struct intake_decision *hand_in(struct post *p)
{
    struct intake_case *c = p->c;
    case_set_message(c, p->mail->message.ptr);
    c->house.source = (struct dns_source){.find = zone_find, .context = c->zone};
    p->requests = p->texts = 0;
    case_connect(c);
    case_mail(c);
    case_rcpts(c);
    case_header(c, CASE_WARM);
    case_body(c, CASE_WARM);
    intake_end_of_body(c->intake, c->now_s);
    ask_keeper(p);
    c->decision = intake_decision(c->intake);
    assert_non_null(c->decision);
    return c->decision;
}

/* What was let out, as the next host gets it. */
static void send_on(struct post *p)
{
    slice whole = slice_from_text(p->c->message);
    slice body = slice_skip(whole, slice_find(whole, SLICE("\r\n\r\n")) + 4);
    char *header = case_edited_header(p->c);
    char *text = NULL;
    assert_true(asprintf(&text, "%s\r\n%.*s", header, SLICE_ARG(body)) > 0);
    arc_message(p->mail, text);
    free(header);
    free(text);
}

static const struct sealing_decision *sealing(const struct post *p)
{
    return p->c->decision->event.sealing;
}

static void expect(struct post *p, enum sealing_act act, const char *rule,
                   const char *words)
{
    (void)hand_in(p);
    const struct sealing_decision *found = sealing(p);
    if (found == NULL || found->act != act ||
        !slice_eq(found->rule, slice_from_text(rule)) ||
        !case_has(found->reason, words)) {
        fail_msg("%s by %.*s: %.*s",
                 found == NULL ? "nothing" : sealing_act_text(found->act),
                 SLICE_ARG(found == NULL ? SLICE_NONE : found->rule),
                 SLICE_ARG(found == NULL ? SLICE_NONE : found->reason));
    }
    assert_true((case_added(p->c->decision, "ARC-Seal").ptr != NULL) ==
                (act == SEALING_SEAL));
}

/* As list software does. */
static void edit_by_list(struct post *p)
{
    arc_replace(p->mail, "Subject: Dinner", "Subject: [list] Dinner");
    arc_append(p->mail, "-- \r\nThe list\r\n");
    p->c->client = LIST_HOST;
    p->c->mail_from = "<list-bounces@l.test>";
    p->c->rcpt[0] = "<ann@c.test>";
}

/* ---- at arrival ------------------------------------------------------------------------------ */

static void mail_to_a_listed_recipient_is_sealed(void **state)
{
    struct post *p = *state;
    expect(p, SEALING_SEAL, "recipient", "sealing.recipients");
    assert_int_equal(p->requests, 2);
    assert_int_equal(p->texts, 2);
    assert_int_equal(sealing(p)->instance, 1);
    const struct intake_edit *edits = p->c->decision->edits;
    assert_int_equal(p->c->decision->edit_count, 4);
    assert_true(slice_eq(edits[0].name, SLICE("ARC-Seal")));
    assert_true(slice_eq(edits[1].name, SLICE("ARC-Message-Signature")));
    assert_true(slice_eq(edits[2].name, SLICE("ARC-Authentication-Results")));
    assert_true(slice_eq(edits[3].name, SLICE("Authentication-Results")));
    assert_true(case_has(edits[2].value, "dmarc=fail"));
    send_on(p);
    arc_expect(p->mail, ARC_PASS, "the one set holds: sealed by l.test");
}

static void mail_to_a_listed_next_hop_is_sealed(void **state)
{
    struct post *p = *state;
    p->c->rcpt[0] = "<you@example.com>";
    case_set_message(p->c, p->mail->message.ptr);
    p->c->house.source = (struct dns_source){.find = zone_find, .context = p->c->zone};
    case_connect(p->c);
    case_mail(p->c);
    case_rcpts(p->c);
    intake_next_hop(p->c->intake, SLICE("[other]:25"));
    intake_next_hop(p->c->intake, SLICE("[BACKEND]:25"));
    intake_next_hop(p->c->intake, SLICE("[other]:25"));
    case_header(p->c, CASE_WARM);
    case_body(p->c, CASE_WARM);
    intake_end_of_body(p->c->intake, p->c->now_s);
    ask_keeper(p);
    p->c->decision = intake_decision(p->c->intake);
    assert_true(slice_eq(sealing(p)->rule, SLICE("next-hop")));
    send_on(p);
    arc_expect(p->mail, ARC_PASS, "sealed by l.test");
}

static void other_mail_is_left_as_it_is(void **state)
{
    struct post *p = *state;
    p->c->rcpt[0] = "<you@example.com>";
    (void)hand_in(p);
    assert_null(sealing(p));
    assert_int_equal(p->requests, 0);
}

static void the_chains_of_others_go_on(void **state)
{
    struct post *p = *state;
    arc_add_set_by(p->mail, "a.test");
    expect(p, SEALING_SEAL, "recipient", "");
    assert_int_equal(sealing(p)->cv, ARC_PASS);
    send_on(p);
    arc_expect(p->mail, ARC_PASS, "all 2 sets hold: sealed by l.test, before by a.test");
}

static void what_is_not_let_in_is_not_sealed(void **state)
{
    struct post *p = *state;
    static const struct config_domain ours = {.name = SLICE_INIT("example.org")};
    case_set_zone(p->c, "$TTL 3600\n_dmarc.example.org. TXT \"v=DMARC1; p=reject\"\n");
    p->c->config.domains = &ours;
    p->c->config.domain_count = 1;
    (void)hand_in(p);
    assert_int_equal(p->c->decision->outcome, EVENT_REJECTED);
    assert_null(sealing(p));
    assert_int_equal(p->requests, 0);
}

static void a_line_that_will_be_broken_is_not_sealed(void **state)
{
    struct post *p = *state;
    char line[1002];
    memset(line, 'x', 999);
    memcpy(line + 999, "\r\n", 3);
    arc_append(p->mail, line);
    expect(p, SEALING_FAILED, "recipient", "998");
    assert_int_equal(p->requests, 0);
}

/* ---- of a list ------------------------------------------------------------------------------- */

static void what_a_list_edited_is_sealed_with_the_results_of_its_arrival(void **state)
{
    struct post *p = *state;
    p->c->config.sealing.recipient_count = 0;
    arc_add_set_by(p->mail, "a.test");
    (void)hand_in(p);
    assert_null(sealing(p));
    send_on(p);
    edit_by_list(p);
    arc_expect(p->mail, ARC_FAIL, "");
    expect(p, SEALING_SEAL, "list", "");
    assert_false(p->c->decision->event.verdict->verified);
    assert_int_equal(sealing(p)->instance, 2);
    assert_int_equal(sealing(p)->cv, ARC_PASS);
    assert_true(
        case_has(case_added(p->c->decision, "ARC-Authentication-Results"), "arc=pass"));
    assert_int_equal(case_count(p->c->decision, INTAKE_REMOVE), 0);
    send_on(p);
    arc_expect(p->mail, ARC_PASS, "all 2 sets hold: sealed by l.test, before by a.test");
}

static void sealed_at_arrival_and_of_the_list_it_holds(void **state)
{
    struct post *p = *state;
    expect(p, SEALING_SEAL, "recipient", "");
    send_on(p);
    edit_by_list(p);
    expect(p, SEALING_SEAL, "list", "");
    send_on(p);
    arc_expect(p->mail, ARC_PASS, "all 2 sets hold: sealed by l.test");
}

/* Nobody else may write results in our name. */
static void who_is_no_list_host_testifies_nothing(void **state)
{
    struct post *p = *state;
    const char *forged =
        "Authentication-Results: mx.example.com; dmarc=pass header.from=example.org\r\n";
    arc_put(p->mail, forged);
    p->c->client = LIST_HOST;
    p->c->rcpt[0] = "<ann@c.test>";
    p->c->login = "mallory";
    (void)hand_in(p);
    assert_null(sealing(p));
    assert_int_equal(case_count(p->c->decision, INTAKE_REMOVE), 1);
    p->c->login = NULL;
    p->c->client = "198.51.100.9";
    (void)hand_in(p);
    assert_null(sealing(p));
    assert_int_equal(case_count(p->c->decision, INTAKE_REMOVE), 1);
}

static void without_results_of_its_arrival_it_goes_unsealed(void **state)
{
    struct post *p = *state;
    edit_by_list(p);
    expect(p, SEALING_LEFT, "list", "no Authentication-Results of mx.example.com");
    assert_int_equal(p->c->decision->outcome, EVENT_ACCEPTED);
    assert_int_equal(p->requests, 0);
}

static void a_listener_for_outgoing_mail_seals_lists_too(void **state)
{
    struct post *p = *state;
    arc_put(p->mail,
            "Authentication-Results: mx.example.com; dmarc=pass header.from=example.org"
            "\r\n");
    edit_by_list(p);
    p->c->listener.role = CONFIG_LISTENER_SIGN;
    expect(p, SEALING_SEAL, "list", "");
    send_on(p);
    arc_expect(p->mail, ARC_PASS, "sealed by l.test");
}

/* Munged so that DMARC passes: our signature and our seal in one request. */
static void a_list_of_ours_is_signed_and_sealed(void **state)
{
    struct post *p = *state;
    p->c->config.signing.networks = CONFIG_ON;
    arc_put(p->mail,
            "Authentication-Results: mx.example.com; dmarc=pass header.from=example.org"
            "\r\n");
    edit_by_list(p);
    arc_replace(p->mail, "From: Jo <jo@example.org>", "From: Jo <list@l.test>");
    expect(p, SEALING_SEAL, "list", "");
    assert_int_equal(p->requests, 2);
    assert_int_equal(p->texts, 3);
    assert_int_equal(p->c->decision->event.signing->act, SIGNING_SIGN);
    assert_true(slice_eq(p->c->decision->edits[3].name, SLICE("DKIM-Signature")));
    send_on(p);
    arc_expect(p->mail, ARC_PASS, "sealed by l.test");
    p->c->client = "203.0.113.66";
    p->c->house.sealing = NULL;
    (void)hand_in(p);
    assert_true(
        case_has(case_added(p->c->decision, "Authentication-Results"), "dkim=pass"));
}

/* Who wrote a list's own address into From gets no signature of the list by that. */
static void a_forgery_that_passed_a_list_is_not_signed(void **state)
{
    static const struct {
        const char *results; /* NULL: none */
        bool is_signed;
    } cases[] = {
        {"mx.example.com; dmarc=fail header.from=l.test",                                false},
        {"mx.example.com; dmarc=none header.from=L.Test",                                false},
        {"mx.example.com; dmarc=pass header.from=l.test; dmarc=temperror",               false},
        {"mx.example.com; spf=pass smtp.mailfrom=a.test; dmarc=fail header.from=l.test",
         false                                                                                },
        {"mx.example.com; dmarc=pass header.from=l.test",                                true },
        {"mx.example.com; dmarc=fail header.from=example.org",                           true },
        {"mx.example.com; dmarc=fail header.(from=l.test",                               false},
        {"mx.example.com (; dmarc=fail header.from=l.test",                              false},
        {"mx.evil.test; dmarc=fail header.(from=l.test",                                 true },
        {"mx.evil.test; dmarc=fail header.from=l.test",                                  true },
        {NULL,                                                                           true },
    };
    struct post *p = *state;
    p->c->config.signing.networks = CONFIG_ON;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        arc_message(p->mail, arc_plain_message);
        if (cases[i].results != NULL) {
            char *field = NULL;
            assert_true(
                asprintf(&field, "Authentication-Results: %s\r\n", cases[i].results) > 0);
            arc_put(p->mail, field);
            free(field);
        }
        arc_replace(p->mail, "From: Jo <jo@example.org>", "From: Jo <list@l.test>");
        edit_by_list(p);
        const struct signing_decision *found = hand_in(p)->event.signing;
        bool is_signed = found != NULL && found->act == SIGNING_SIGN;
        if (is_signed != cases[i].is_signed ||
            (!is_signed && !slice_eq(found->rule, SLICE("unproven")))) {
            fail_msg("case %zu: %s", i, cases[i].results);
        }
    }
}

/* ---- without a keeper ------------------------------------------------------------------------ */

static void without_a_keeper_a_message_comes_again(void **state)
{
    struct post *p = *state;
    p->keeper_is_down = true;
    for (p->down_after = 0; p->down_after < 2; p->down_after++) {
        expect(p, SEALING_FAILED, "recipient", "does not answer");
        assert_int_equal(p->c->decision->outcome, EVENT_DEFERRED);
        assert_true(slice_starts_with(p->c->decision->reply, SLICE("451 4.7.5 ")));
        assert_int_equal(p->c->decision->edit_count, 0);
    }
}

static void or_goes_unsealed_where_the_settings_say_so(void **state)
{
    struct post *p = *state;
    p->keeper_is_down = true;
    p->c->config.signing.on_keeper_down = CONFIG_KEEPER_UNSIGNED;
    for (p->down_after = 0; p->down_after < 2; p->down_after++) {
        expect(p, SEALING_FAILED, "recipient", "does not answer");
        assert_int_equal(p->c->decision->outcome, EVENT_ACCEPTED);
        assert_non_null(case_added(p->c->decision, "Authentication-Results").ptr);
    }
}

static void an_answer_that_never_comes_ends_with_the_deadline(void **state)
{
    struct post *p = *state;
    struct intake_signing signing;
    case_set_message(p->c, p->mail->message.ptr);
    p->c->house.source = (struct dns_source){.find = zone_find, .context = p->c->zone};
    case_connect(p->c);
    case_mail(p->c);
    case_rcpts(p->c);
    case_header(p->c, CASE_WARM);
    case_body(p->c, CASE_WARM);
    intake_end_of_body(p->c->intake, p->c->now_s);
    assert_true(intake_next_signing(p->c->intake, &signing));
    assert_false(intake_next_signing(p->c->intake, &signing));
    intake_time_out(p->c->intake);
    assert_non_null(intake_decision(p->c->intake));
    assert_int_equal(intake_decision(p->c->intake)->outcome, EVENT_DEFERRED);
}

/* It is let in: coming again would not help. */
static void what_a_keeper_refuses_goes_unsealed(void **state)
{
    struct post *p = *state;
    arc_replace(p->mail, "From: Jo <jo@example.org>\r\n", "");
    p->c->config.dmarc.on_bad_from = CONFIG_BAD_FROM_QUARANTINE;
    expect(p, SEALING_FAILED, "recipient", "");
    assert_int_equal(p->c->decision->outcome, EVENT_ACCEPTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mail_to_a_listed_recipient_is_sealed),
        TEST(mail_to_a_listed_next_hop_is_sealed),
        TEST(other_mail_is_left_as_it_is),
        TEST(the_chains_of_others_go_on),
        TEST(what_is_not_let_in_is_not_sealed),
        TEST(a_line_that_will_be_broken_is_not_sealed),
        TEST(what_a_list_edited_is_sealed_with_the_results_of_its_arrival),
        TEST(sealed_at_arrival_and_of_the_list_it_holds),
        TEST(who_is_no_list_host_testifies_nothing),
        TEST(without_results_of_its_arrival_it_goes_unsealed),
        TEST(a_listener_for_outgoing_mail_seals_lists_too),
        TEST(a_list_of_ours_is_signed_and_sealed),
        TEST(a_forgery_that_passed_a_list_is_not_signed),
        TEST(without_a_keeper_a_message_comes_again),
        TEST(or_goes_unsealed_where_the_settings_say_so),
        TEST(an_answer_that_never_comes_ends_with_the_deadline),
        TEST(what_a_keeper_refuses_goes_unsealed),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
