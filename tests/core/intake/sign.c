/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/base64.h"
#include "core/intake/case.h"
#include "core/signer/signer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/*
 * Our own mail is signed: what is asked of a keeper, what becomes of its answer, and that a
 * receiver finds good what was signed.  The keeper here signs whatever it is given.
 */
enum { KEYS = 2 };

/* The same keys for all tests: to make them takes longer than to use them. */
static struct crypto_private_key *keys[KEYS];
static struct crypto *crypto;

struct post {
    struct intake_case *c;
    struct arena *arena;
    struct signing_house house;
    bool leaves_unsigned; /* the keeper refuses the second text */
    bool keeper_is_down;
    int64_t took_s; /* from MAIL to the end of the body */
    size_t requests;
    size_t texts;
};

static const char *const selectors[KEYS] = {"s1r", "s1e"};

static int make_keys(void **state)
{
    (void)state;
    crypto = crypto_new();
    return crypto == NULL ||
                   crypto_private_key_generate(crypto, CRYPTO_RSA, 1024, &keys[0]) !=
                       YETT_OK ||
                   crypto_private_key_generate(crypto, CRYPTO_ED25519, 0, &keys[1]) !=
                       YETT_OK
               ? -1
               : 0;
}

static int free_keys(void **state)
{
    (void)state;
    crypto_private_key_free(keys[0]);
    crypto_private_key_free(keys[1]);
    crypto_free(crypto);
    return 0;
}

/* ---- a house that signs for example.org ---------------------------------------------------- */

static const struct signing_table *make_table(struct arena *arena)
{
    static const uint8_t hash_key[16] = {7};
    struct signing_builder *builder = signing_builder_new(arena, hash_key);
    const struct signing_table *table = NULL;
    const char *fault = NULL;
    uint32_t rows[KEYS];
    struct buf octets;
    slice why = SLICE_NONE;
    assert_non_null(builder);
    for (size_t i = 0; i < KEYS; i++) {
        struct signing_key key = {.path = slice_from_text(selectors[i]),
                                  .type = crypto_private_key_type(keys[i]),
                                  .bits = crypto_private_key_bits(keys[i])};
        struct signing_row row = {.domain = SLICE("example.org"),
                                  .selector = slice_from_text(selectors[i]),
                                  .uses = SIGNING_DKIM};
        assert_int_equal(signing_add_key(builder, &key, &row.key, &why), YETT_OK);
        assert_int_equal(signing_add_row(builder, &row, &rows[i], &why), YETT_OK);
    }
    assert_int_equal(signing_add_author(builder, SLICE("example.org"), rows, KEYS, &why),
                     YETT_OK);
    assert_int_equal(
        signing_add_author(builder, SLICE("*.example.org"), rows, KEYS, &why), YETT_OK);
    buf_init(&octets, arena, 1 << 20);
    assert_int_equal(signing_builder_finish(builder, &octets), YETT_OK);
    assert_int_equal(signing_table_open(arena, buf_slice(&octets), &table, &fault),
                     YETT_OK);
    return table;
}

static int setup(void **state)
{
    struct post *p = calloc(1, sizeof(*p));
    slice why = SLICE_NONE;
    void *inner = NULL;
    if (p == NULL || case_setup(&inner) != 0) {
        return -1;
    }
    p->c = inner;
    p->arena = arena_new(64 << 20);
    assert_int_equal(signing_house_init(p->arena, &p->c->config, make_table(p->arena),
                                        &p->house, &why),
                     YETT_OK);
    p->c->login = "alice";
    case_open(p->c, (struct intake_ceilings){0});
    p->c->house.signing = &p->house;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct post *p = *state;
    void *inner = p->c;
    (void)case_teardown(&inner);
    arena_free(p->arena);
    free(p);
    return 0;
}

/* ---- the keeper ------------------------------------------------------------------------------ */

static void ask_keeper(struct post *p)
{
    struct intake_signing signing;
    struct intake_signature answers[SIGNING_ROWS_MAX];
    if (!intake_next_signing(p->c->intake, &signing)) {
        return;
    }
    assert_false(intake_next_signing(p->c->intake, &signing));
    p->requests++;
    p->texts += signing.count;
    assert_null(intake_decision(p->c->intake));
    assert_true(intake_is_waiting(p->c->intake));
    for (size_t i = 0; i < signing.count; i++) {
        struct buf signature;
        buf_init(&signature, p->arena, CRYPTO_SIGNATURE_MAX);
        assert_int_equal(signing.texts[i].form, DKIM_FORM_SIGNATURE);
        assert_int_equal(
            signer_sign(crypto, keys[i], signing.texts[i].octets, &signature), YETT_OK);
        answers[i] = (struct intake_signature){true, buf_slice(&signature)};
    }
    if (p->leaves_unsigned) {
        answers[1] = (struct intake_signature){false, SLICE("the domain had its share")};
    }
    if (p->keeper_is_down) {
        intake_signing_failed(p->c->intake, SLICE("the keeper does not answer"));
    } else {
        intake_signed(p->c->intake, answers, signing.count);
    }
}

/* One message through the gate. */
static const struct intake_decision *submit(struct post *p)
{
    struct intake_case *c = p->c;
    c->house.source = (struct dns_source){.find = zone_find, .context = c->zone};
    p->requests = p->texts = 0;
    case_connect(c);
    case_mail(c);
    case_rcpts(c);
    case_header(c, CASE_WARM);
    assert_null(intake_decision(c->intake));
    case_body(c, CASE_WARM);
    intake_end_of_body(c->intake, c->now_s + p->took_s);
    ask_keeper(p);
    c->decision = intake_decision(c->intake);
    assert_non_null(c->decision);
    return c->decision;
}

static void expect(struct post *p, enum signing_act act, const char *rule)
{
    const struct signing_decision *found = submit(p)->event.signing;
    if (found == NULL || found->act != act ||
        !slice_eq(found->rule, slice_from_text(rule))) {
        fail_msg("%s by %.*s (%.*s), wanted %s by %s",
                 found == NULL ? "nothing" : signing_act_text(found->act),
                 SLICE_ARG(found == NULL ? SLICE_NONE : found->rule),
                 SLICE_ARG(found == NULL ? SLICE_NONE : found->reason),
                 signing_act_text(act), rule);
    }
    size_t wanted = act == SIGNING_SIGN ? KEYS : 0;
    size_t count = 0;
    for (size_t i = 0; i < p->c->decision->edit_count; i++) {
        count += slice_eq(p->c->decision->edits[i].name, SLICE("DKIM-Signature"));
    }
    assert_int_equal(count, wanted);
    assert_int_equal(found->rows.count, wanted);
}

/* ---- the receiver ---------------------------------------------------------------------------- */

static void publish(struct post *p)
{
    struct buf zone;
    buf_init(&zone, p->arena, 100000);
    buf_add_text(&zone, "$TTL 3600\n_dmarc.example.org. TXT \"v=DMARC1; p=reject\"\n");
    for (size_t i = 0; i < KEYS; i++) {
        struct buf public, text;
        slice rest, piece;
        buf_init(&public, p->arena, 4096);
        buf_init(&text, p->arena, 8192);
        assert_int_equal(crypto_private_key_public(keys[i], &public), YETT_OK);
        base64_encode(&text, buf_slice(&public));
        buf_printf(&zone, "%s._domainkey.example.org. TXT \"v=DKIM1; k=%s; p=\"",
                   selectors[i], i == 0 ? "rsa" : "ed25519");
        for (rest = buf_slice(&text); rest.len != 0; rest = slice_skip(rest, 200)) {
            piece = slice_first(rest, 200);
            buf_printf(&zone, " \"%.*s\"", SLICE_ARG(piece));
        }
        buf_add_byte(&zone, '\n');
    }
    buf_add_byte(&zone, '\0');
    case_set_zone(p->c, buf_slice(&zone).ptr);
}

/* The body with its long lines as Postfix sends them, octet by octet. */
static slice broken(struct arena *arena, slice body)
{
    struct buf out;
    size_t column = 0;
    buf_init(&out, arena, 1 << 20);
    for (size_t i = 0; i < body.len; i++) {
        bool ends = slice_starts_with(slice_skip(body, i), SLICE("\r\n"));
        if (!ends && column == 998) {
            buf_add_text(&out, "\r\n ");
            column = 1;
        }
        buf_add_byte(&out, body.ptr[i]);
        column = body.ptr[i] == '\n' ? 0 : column + 1;
        if (ends) {
            buf_add_byte(&out, '\n');
            column = 0;
            i++;
        }
    }
    return buf_slice(&out);
}

/* What was let out comes in elsewhere: both signatures hold, and so DMARC passes. */
static void assert_holds(struct post *p, bool breaks_lines)
{
    struct intake_case *c = p->c;
    slice whole = slice_from_text(c->message);
    slice body = slice_skip(whole, slice_find(whole, SLICE("\r\n\r\n")) + 4);
    char *header = case_edited_header(c);
    slice sent_header = slice_from_text(header);
    if (breaks_lines) {
        body = broken(p->arena, body);
        sent_header = broken(p->arena, sent_header);
    }
    slice sent =
        arena_printf(p->arena, "%.*s\r\n%.*s", SLICE_ARG(sent_header), SLICE_ARG(body));
    free(header);
    publish(p);
    case_set_message(c, sent.ptr);
    c->login = NULL;
    c->local = false;
    c->client = "203.0.113.66";
    c->house.signing = NULL;
    c->listener.role = CONFIG_LISTENER_VERIFY;
    case_run(c, CASE_WARM);
    slice results = case_added(c->decision, "Authentication-Results");
    slice first = slice_skip(results, slice_find(results, SLICE("dkim=pass")) + 1);
    if (!case_has(results, "dmarc=pass") || !case_has(results, "dkim=pass") ||
        !case_has(first, "dkim=pass") || case_has(results, "dkim=fail")) {
        fail_msg("%.*s\nof\n%.*s", SLICE_ARG(results), SLICE_ARG(sent));
    }
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_submission_is_signed_with_every_key_and_holds(void **state)
{
    struct post *p = *state;
    expect(p, SIGNING_SIGN, "login");
    assert_int_equal(p->requests, 1);
    assert_int_equal(p->texts, KEYS);
    assert_int_equal(p->c->decision->outcome, EVENT_ACCEPTED);
    slice field = case_added(p->c->decision, "DKIM-Signature");
    assert_true(case_has(field, "d=example.org"));
    assert_true(case_has(field, "s=s1r"));
    assert_true(case_has(field, "t=1764000000"));
    assert_true(case_has(field, "x=1765209600"));
    assert_holds(p, false);
}

/* A keeper signs nothing with a time that is past by more than minutes. */
static void who_sends_slowly_gets_a_signature_of_the_end(void **state)
{
    struct post *p = *state;
    p->took_s = 1200;
    expect(p, SIGNING_SIGN, "login");
    slice field = case_added(p->c->decision, "DKIM-Signature");
    assert_true(case_has(field, "t=1764001200"));
    assert_true(case_has(field, "x=1765210800"));
}

static void how_the_body_is_cut_changes_nothing(void **state)
{
    static const size_t cuts[] = {1, 2, 7, 64};
    struct post *p = *state;
    submit(p);
    slice first = SLICE_NONE;
    assert_int_equal(
        arena_copy(p->arena, case_added(p->c->decision, "DKIM-Signature"), &first),
        YETT_OK);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        p->c->piece_bytes = cuts[i];
        submit(p);
        assert_true(slice_eq(case_added(p->c->decision, "DKIM-Signature"), first));
    }
}

static void a_forged_result_goes_and_the_rest_is_signed(void **state)
{
    struct post *p = *state;
    case_add_to_header(p->c, "Authentication-Results: mx.example.com; dmarc=pass\r\n"
                             "X-Yett-Tag: mine\r\n");
    expect(p, SIGNING_SIGN, "login");
    assert_int_equal(case_count(p->c->decision, INTAKE_REMOVE), 2);
    assert_holds(p, false);
}

static void a_listener_that_signs_removes_and_verifies_nothing(void **state)
{
    struct post *p = *state;
    p->c->listener.role = CONFIG_LISTENER_SIGN;
    case_add_to_header(p->c, "Authentication-Results: mx.example.com; dmarc=pass\r\n");
    expect(p, SIGNING_SIGN, "login");
    assert_int_equal(p->c->decision->edit_count, KEYS);
    assert_true(slice_eq(p->c->decision->event.action.rule, SLICE("outgoing")));
    assert_null(p->c->decision->event.verdict);
}

static void a_listener_that_verifies_signs_nothing(void **state)
{
    struct post *p = *state;
    p->c->listener.role = CONFIG_LISTENER_VERIFY;
    assert_null(submit(p)->event.signing);
    assert_int_equal(p->requests, 0);
}

static void mail_of_strangers_is_verified_and_not_signed(void **state)
{
    struct post *p = *state;
    p->c->login = NULL;
    p->c->client = "192.0.2.10";
    assert_null(submit(p)->event.signing);
    assert_non_null(p->c->decision->event.verdict);
    assert_true(p->c->decision->event.verdict->verified);
}

static void what_is_not_ours_is_not_signed(void **state)
{
    struct post *p = *state;
    case_set_message(p->c, "From: a@elsewhere.test\r\n\r\nHello.\r\n");
    expect(p, SIGNING_LEFT, "other-domain");
    assert_int_equal(p->requests, 0);
    assert_int_equal(p->c->decision->outcome, EVENT_ACCEPTED);
}

static void a_domain_that_the_login_may_not_use_is_refused_where_that_is_set(void **state)
{
    struct post *p = *state;
    struct signing_builder *builder = signing_builder_new(p->arena, p->c->house.key);
    struct buf octets;
    const char *fault;
    slice why;
    slice other = SLICE("other.test");
    uint32_t row;
    struct signing_key key = {.path = SLICE("/k"), .type = CRYPTO_RSA, .bits = 2048};
    struct signing_row wanted = {
        .domain = SLICE("example.org"), .selector = SLICE("s1r"), .uses = SIGNING_DKIM};
    assert_int_equal(signing_add_key(builder, &key, &wanted.key, &why), YETT_OK);
    assert_int_equal(signing_add_row(builder, &wanted, &row, &why), YETT_OK);
    assert_int_equal(signing_add_author(builder, SLICE("example.org"), &row, 1, &why),
                     YETT_OK);
    assert_int_equal(signing_add_login(builder, SLICE("alice"), &other, 1, &why),
                     YETT_OK);
    buf_init(&octets, p->arena, 1 << 20);
    assert_int_equal(signing_builder_finish(builder, &octets), YETT_OK);
    assert_int_equal(
        signing_table_open(p->arena, buf_slice(&octets), &p->house.table, &fault),
        YETT_OK);
    expect(p, SIGNING_FAILED, "mismatch");
    assert_int_equal(p->c->decision->outcome, EVENT_ACCEPTED);
    p->c->config.signing.on_mismatch = CONFIG_MISMATCH_REJECT;
    p->c->config.mode = CONFIG_OBSERVE; /* which is about mail of others */
    expect(p, SIGNING_REFUSED, "mismatch");
    assert_int_equal(p->c->decision->outcome, EVENT_REJECTED);
    assert_true(slice_eq(p->c->decision->reply,
                         SLICE("550 5.7.1 you may not send mail of example.org (id "
                               "0123456789abcdef)")));
    assert_true(slice_eq(p->c->decision->event.action.rule, SLICE("signing-mismatch")));
    assert_int_equal(p->c->decision->edit_count, 0);
}

/* ---- the keeper ------------------------------------------------------------------------------ */

static void without_a_keeper_the_client_comes_again_or_it_goes_unsigned(void **state)
{
    struct post *p = *state;
    p->keeper_is_down = true;
    expect(p, SIGNING_FAILED, "keeper");
    assert_int_equal(p->c->decision->outcome, EVENT_DEFERRED);
    assert_true(slice_starts_with(p->c->decision->reply, SLICE("451 4.7.5 ")));
    assert_true(slice_eq(p->c->decision->event.action.rule, SLICE("signing-keeper")));
    assert_true(case_has(p->c->decision->event.action.reason, "does not answer"));
    p->c->config.signing.on_keeper_down = CONFIG_KEEPER_UNSIGNED;
    expect(p, SIGNING_FAILED, "keeper");
    assert_int_equal(p->c->decision->outcome, EVENT_ACCEPTED);
}

static void one_signature_of_two_is_none(void **state)
{
    struct post *p = *state;
    p->leaves_unsigned = true;
    expect(p, SIGNING_FAILED, "keeper");
    assert_int_equal(p->c->decision->outcome, EVENT_DEFERRED);
    assert_true(case_has(p->c->decision->event.signing->reason, "had its share"));
}

static void mail_of_our_own_host_is_never_deferred_for_a_keeper(void **state)
{
    struct post *p = *state;
    p->c->config.signing.networks = CONFIG_ON;
    p->c->login = NULL;
    p->c->local = true;
    p->c->client = "127.0.0.1";
    p->c->mail_from = "<>";
    p->keeper_is_down = true;
    expect(p, SIGNING_FAILED, "keeper");
    assert_int_equal(p->c->decision->outcome, EVENT_ACCEPTED);
}

static void a_time_out_ends_the_wait_for_a_keeper(void **state)
{
    struct post *p = *state;
    struct intake_signing signing;
    case_connect(p->c);
    case_mail(p->c);
    case_rcpts(p->c);
    case_header(p->c, CASE_WARM);
    case_body(p->c, CASE_WARM);
    intake_end_of_body(p->c->intake, p->c->now_s);
    assert_true(intake_next_signing(p->c->intake, &signing));
    assert_null(intake_decision(p->c->intake));
    intake_time_out(p->c->intake);
    assert_non_null(intake_decision(p->c->intake));
    assert_int_equal(intake_decision(p->c->intake)->outcome, EVENT_DEFERRED);
    /* Too late: nothing happens. */
    intake_signed(p->c->intake, NULL, 0);
    intake_signing_failed(p->c->intake, SLICE("late"));
    assert_int_equal(intake_decision(p->c->intake)->outcome, EVENT_DEFERRED);
}

static void answers_that_were_not_asked_for_change_nothing(void **state)
{
    struct post *p = *state;
    const struct intake_signature answer = {true, SLICE("x")};
    intake_signed(p->c->intake, &answer, 1);
    intake_signing_failed(p->c->intake, SLICE("x"));
    case_connect(p->c);
    case_mail(p->c);
    intake_signed(p->c->intake, &answer, 1);
    intake_signing_failed(p->c->intake, SLICE("x"));
    expect(p, SIGNING_SIGN, "login");
}

static void an_answer_of_another_length_is_none(void **state)
{
    struct post *p = *state;
    struct intake_signing signing;
    const struct intake_signature answer = {true, SLICE("x")};
    case_connect(p->c);
    case_mail(p->c);
    case_rcpts(p->c);
    case_header(p->c, CASE_WARM);
    intake_end_of_body(p->c->intake, p->c->now_s);
    assert_true(intake_next_signing(p->c->intake, &signing));
    intake_signed(p->c->intake, &answer, 1);
    assert_int_equal(intake_decision(p->c->intake)->outcome, EVENT_DEFERRED);
}

static void a_message_may_be_over_at_any_time(void **state)
{
    struct post *p = *state;
    struct intake_signing signing;
    for (unsigned step = 0; step < 5; step++) {
        case_connect(p->c);
        case_mail(p->c);
        if (step > 0) {
            case_header(p->c, CASE_WARM);
        }
        if (step > 1) {
            case_body(p->c, CASE_WARM);
        }
        if (step > 2) {
            intake_end_of_body(p->c->intake, p->c->now_s);
        }
        if (step > 3) {
            assert_true(intake_next_signing(p->c->intake, &signing));
        }
        intake_finish_message(p->c->intake);
        assert_false(intake_next_signing(p->c->intake, &signing));
    }
    expect(p, SIGNING_SIGN, "login");
}

/* ---- hazards --------------------------------------------------------------------------------- */

#define HEAD                                                                             \
    "From: a@example.org\r\nDate: Mon, 24 Nov 2025 16:00:00 +0000\r\n"                   \
    "Message-ID: <1@example.org>\r\n"

static void missing_fields_are_added_and_signed(void **state)
{
    struct post *p = *state;
    case_set_message(p->c, "From: a@example.org\r\nTo: b@example.com\r\n\r\nHello.\r\n");
    expect(p, SIGNING_SIGN, "login");
    assert_true(slice_eq(case_added(p->c->decision, "Date"),
                         SLICE(" Mon, 24 Nov 2025 16:00:00 +0000")));
    assert_true(slice_eq(case_added(p->c->decision, "Message-ID"),
                         SLICE(" <0123456789abcdef@example.org>")));
    assert_int_equal(p->c->decision->event.signing->hazards,
                     1 << SIGNING_NO_DATE | 1 << SIGNING_NO_MESSAGE_ID);
    assert_holds(p, false);
}

/* A body or field with a line of so many octets. */
static void long_message(struct post *p, bool in_header)
{
    struct buf text;
    buf_init(&text, p->arena, 1 << 20);
    buf_add_text(&text, in_header ? HEAD "References: <a@b>" : HEAD "\r\nshort\r\n");
    for (unsigned i = 0; i < 2500; i++) {
        buf_add_byte(&text, (char)('a' + i % 26));
        buf_add_text(&text, i % 50 == 0 ? " " : "");
    }
    buf_add_text(&text, in_header ? "\r\n\r\nHello.\r\n" : "\r\nshort again\r\n");
    buf_add_byte(&text, '\0');
    case_set_message(p->c, buf_slice(&text).ptr);
}

static void long_lines_are_signed_as_they_will_be_sent(void **state)
{
    struct post *p = *state;
    long_message(p, false);
    expect(p, SIGNING_SIGN, "login");
    assert_int_equal(p->c->decision->event.signing->hazards, 1 << SIGNING_LONG_LINE);
    assert_holds(p, true);
}

static void a_long_field_is_signed_as_it_will_be_sent(void **state)
{
    struct post *p = *state;
    long_message(p, true);
    expect(p, SIGNING_SIGN, "login");
    assert_holds(p, true);
}

static void long_lines_are_signed_as_they_are_where_that_is_set(void **state)
{
    struct post *p = *state;
    p->c->config.signing.on_long_line = CONFIG_HAZARD_SIGN;
    long_message(p, false);
    expect(p, SIGNING_SIGN, "login");
    assert_holds(p, false);
}

static void what_is_set_of_a_hazard_is_done(void **state)
{
    static const struct {
        enum config_on_hazard action;
        bool local;
        enum signing_act act;
        const char *rule;
        enum event_outcome outcome;
    } cases[] = {
        {CONFIG_HAZARD_SIGN,     false, SIGNING_SIGN,    "login",     EVENT_ACCEPTED},
        {CONFIG_HAZARD_UNSIGNED, false, SIGNING_FAILED,  "eight-bit", EVENT_ACCEPTED},
        {CONFIG_HAZARD_REJECT,   false, SIGNING_REFUSED, "eight-bit", EVENT_REJECTED},
        {CONFIG_HAZARD_REJECT,   true,  SIGNING_FAILED,  "eight-bit", EVENT_ACCEPTED},
    };
    struct post *p = *state;
    p->c->config.signing.networks = CONFIG_ON;
    case_set_message(p->c, HEAD "\r\ngr\xc3\xbc\xc3\x9f"
                                "e\r\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        p->c->config.signing.on_eight_bit = cases[i].action;
        p->c->local = cases[i].local;
        p->c->login = cases[i].local ? NULL : "alice";
        p->c->client = cases[i].local ? "127.0.0.1" : "203.0.113.66";
        p->c->mail_from = cases[i].local ? "<>" : "<a@example.org>";
        expect(p, cases[i].act, cases[i].rule);
        assert_int_equal(p->c->decision->outcome, cases[i].outcome);
        assert_int_equal(p->c->decision->event.signing->hazards, 1 << SIGNING_EIGHT_BIT);
    }
}

static void odd_messages_are_signed_and_hold(void **state)
{
    static const char *const messages[] = {
        HEAD "\r\n",
        HEAD "\r\n\r\n\r\n\r\n",
        HEAD "\r\nno line end",
        HEAD "\r\nspaces \t at  the end \t\r\n \r\n\r\n",
        HEAD "Subject:\r\n\r\nempty field\r\n",
        HEAD "Subject: folded\r\n\t and   spaced \r\n\r\nx\r\n",
        HEAD "subject: two\r\nSUBJECT: of them\r\n\r\nx\r\n",
        HEAD "Subject: \xc3\xbc\r\n\r\n\xff\xfe\r\n",
        HEAD "Subject: bare \r in it\r\n\r\na\rb\r\n",
        HEAD "\r\na\nb\r\n",
        HEAD "To: a@b.test,\r\n c@d.test\r\nCc: e@f.test\r\n\r\n.\r\n..\r\n",
        HEAD "Content-Type: text/plain\r\nMIME-Version: 1.0\r\n\r\nx\r\n",
        "From: a@sub.example.org\r\nDate: today\r\nMessage-ID: <1@a>\r\n\r\nx\r\n",
    };
    struct post *p = *state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        case_set_message(p->c, messages[i]);
        p->c->login = "alice";
        p->c->house.signing = &p->house;
        p->c->listener.role = CONFIG_LISTENER_BOTH;
        expect(p, SIGNING_SIGN, "login");
        assert_holds(p, false);
    }
}

static void simple_canonicalization_and_an_identity_are_made_too(void **state)
{
    struct post *p = *state;
    p->c->config.signing.header_canonicalization = CONFIG_SIMPLE;
    p->c->config.signing.body_canonicalization = CONFIG_SIMPLE;
    p->c->config.signing.identity = CONFIG_IDENTITY_AUTHOR;
    case_set_message(p->c, HEAD "Subject: \r\n a\r\n\r\nx \r\n");
    p->c->folds_are_crlf = true;
    expect(p, SIGNING_SIGN, "login");
    slice field = case_added(p->c->decision, "DKIM-Signature");
    assert_true(case_has(field, "c=simple/simple"));
    assert_true(case_has(field, "i=a@example.org"));
    assert_holds(p, false);
}

static void what_comes_out_of_the_queue_again_gets_no_second_signature(void **state)
{
    struct post *p = *state;
    expect(p, SIGNING_SIGN, "login");
    char *header = case_edited_header(p->c);
    slice text = arena_printf(p->arena, "%s\r\nThe figures are ready.\r\n", header);
    free(header);
    case_set_message(p->c, text.ptr);
    p->c->config.signing.networks = CONFIG_ON;
    p->c->login = NULL;
    p->c->local = true;
    p->c->client = NULL;
    expect(p, SIGNING_LEFT, "signed-already");
}

/* By a forward or a redirection of Sieve, from where it came in; who logs in may show his
   readers what he got. */
static void a_forgery_that_is_handed_on_is_not_signed(void **state)
{
    static const struct ip_network ours = {
        .address = {.family = IP_V4, .bytes = {192, 0, 2}},
          .prefix = 24
    };
    static const struct {
        const char *results, *client, *login;
        bool is_local;
        enum signing_act act;
        const char *rule;
    } cases[] = {
        {"dmarc=fail header.from=example.org", NULL,        NULL,    true,  SIGNING_LEFT,
         "unproven"                                                                              },
        {"dmarc=fail header.from=example.org", "192.0.2.7", NULL,    false, SIGNING_LEFT,
         "unproven"                                                                              },
        {"dmarc=fail header.from=example.org", "192.0.2.7", "alice", false, SIGNING_SIGN,
         "login"                                                                                 },
        {"dmarc=none header.from=example.org", NULL,        NULL,    true,  SIGNING_LEFT,
         "unproven"                                                                              },
        {"dmarc=pass header.from=example.org", NULL,        NULL,    true,  SIGNING_SIGN, "local"},
        {"dmarc=fail header.from=other.test",  NULL,        NULL,    true,  SIGNING_SIGN, "local"},
    };
    struct post *p = *state;
    p->c->config.signing.networks = CONFIG_ON;
    p->c->config.submission_networks = &ours;
    p->c->config.submission_network_count = 1;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        slice text = arena_printf(p->arena,
                                  "Authentication-Results: mx.example.com; %s\r\n" HEAD
                                  "Subject: a\r\n\r\nx\r\n",
                                  cases[i].results);
        case_set_message(p->c, text.ptr);
        p->c->client = cases[i].client;
        p->c->login = cases[i].login;
        p->c->local = cases[i].is_local;
        expect(p, cases[i].act, cases[i].rule);
    }
}

static void a_header_beyond_one_request_gets_fewer_signatures_or_none(void **state)
{
    struct post *p = *state;
    static const size_t lines[] = {1100, 1700, 3000};
    static const size_t wanted[] = {2, 1, 0};
    for (size_t i = 0; i < 3; i++) {
        struct buf text;
        buf_init(&text, p->arena, 1 << 20);
        buf_add_text(&text, HEAD "To: a@example.com");
        for (size_t j = 0; j < lines[i]; j++) {
            buf_printf(&text, ",\r\n somebody.with.a.name.%05zu@a.domain.of.example.com",
                       j);
        }
        buf_add_text(&text, "\r\n\r\nHello.\r\n");
        buf_add_byte(&text, '\0');
        case_set_message(p->c, buf_slice(&text).ptr);
        submit(p);
        assert_int_equal(p->texts, wanted[i]);
        assert_int_equal(p->c->decision->outcome, EVENT_ACCEPTED);
        assert_int_equal(p->c->decision->event.signing->act,
                         wanted[i] == 0 ? SIGNING_FAILED : SIGNING_SIGN);
    }
    assert_true(slice_eq(p->c->decision->event.signing->rule, SLICE("too-large")));
}

static void what_cannot_be_judged_is_not_signed(void **state)
{
    struct post *p = *state;
    p->c->config.limits.message_bytes = 100;
    submit(p);
    assert_int_equal(p->requests, 0);
    assert_int_equal(p->c->decision->outcome, EVENT_DEFERRED);
    p->c->config.on_internal_error = CONFIG_ACCEPT;
    submit(p);
    assert_int_equal(p->c->decision->outcome, EVENT_ACCEPTED);
    assert_int_equal(p->requests, 0);
}

static void a_poisoned_message_is_not_looked_into(void **state)
{
    struct post *p = *state;
    p->c->poison_everything = true;
    submit(p);
    assert_int_equal(p->requests, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_submission_is_signed_with_every_key_and_holds),
        TEST(who_sends_slowly_gets_a_signature_of_the_end),
        TEST(how_the_body_is_cut_changes_nothing),
        TEST(a_forged_result_goes_and_the_rest_is_signed),
        TEST(a_listener_that_signs_removes_and_verifies_nothing),
        TEST(a_listener_that_verifies_signs_nothing),
        TEST(mail_of_strangers_is_verified_and_not_signed),
        TEST(what_is_not_ours_is_not_signed),
        TEST(a_domain_that_the_login_may_not_use_is_refused_where_that_is_set),
        TEST(without_a_keeper_the_client_comes_again_or_it_goes_unsigned),
        TEST(one_signature_of_two_is_none),
        TEST(mail_of_our_own_host_is_never_deferred_for_a_keeper),
        TEST(a_time_out_ends_the_wait_for_a_keeper),
        TEST(answers_that_were_not_asked_for_change_nothing),
        TEST(an_answer_of_another_length_is_none),
        TEST(a_message_may_be_over_at_any_time),
        TEST(missing_fields_are_added_and_signed),
        TEST(long_lines_are_signed_as_they_will_be_sent),
        TEST(a_long_field_is_signed_as_it_will_be_sent),
        TEST(long_lines_are_signed_as_they_are_where_that_is_set),
        TEST(what_is_set_of_a_hazard_is_done),
        TEST(odd_messages_are_signed_and_hold),
        TEST(simple_canonicalization_and_an_identity_are_made_too),
        TEST(what_comes_out_of_the_queue_again_gets_no_second_signature),
        TEST(a_forgery_that_is_handed_on_is_not_signed),
        TEST(a_header_beyond_one_request_gets_fewer_signatures_or_none),
        TEST(what_cannot_be_judged_is_not_signed),
        TEST(a_poisoned_message_is_not_looked_into),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
