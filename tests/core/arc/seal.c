/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/case.h"
#include "core/base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Sealing: RFC 8617 section 5.1. */

static const struct arc_sealer plain_sealer = {
    .domain = SLICE_INIT("b.test"),
    .selector = SLICE_INIT("s"),
    .algorithm = DKIM_RSA_SHA256,
    .now_s = 1795400000,
    .results = SLICE_INIT("mx.b.test; dmarc=pass header.from=example.org"),
};

/* Whoever has the key finds nothing wrong with it. */
static void check_text(struct arena *arena, enum dkim_form form, slice text)
{
    struct signer_request request;
    slice fault = SLICE_NONE;
    const char *why = "";
    if (signer_parse_text(arena, form, text, &request, &fault) != YETT_OK) {
        fail_msg("%.*s", SLICE_ARG(fault));
    }
    if (arc_check_claims(arena, &request.header, &request.signature, &why) != YETT_OK) {
        fail_msg("%s", why);
    }
}

/* As the keeper would: it is given texts, and gives signatures back. */
static enum yett_err sign_all(struct arena *arena, const struct sign_key *key,
                              struct arc_seal *seal)
{
    enum yett_err err = YETT_OK;
    enum dkim_form form = DKIM_FORM_MESSAGE;
    slice text;
    while (err == YETT_OK && (text = arc_seal_text(seal)).len != 0) {
        slice signature;
        size_t bad_at;
        check_text(arena, form, text);
        form = DKIM_FORM_SEAL;
        char *b = sign_text(key, text.ptr, text.len);
        assert_int_equal(base64_decode(arena, slice_from_text(b), &signature, &bad_at),
                         YETT_OK);
        free(b);
        err = arc_seal_take(seal, signature);
    }
    return err;
}

/* Validates what is there, and puts another set on top. */
static slice seal_with(struct arc_case *c, const struct sign_key *key,
                       const struct arc_sealer *sealer)
{
    struct arc_seal *seal = NULL;
    const char *why = NULL;
    (void)arc_validate(c);
    enum yett_err err =
        arc_seal_new(c->facts_arena, c->chain, &c->result, sealer, &seal, &why);
    if (err != YETT_OK) {
        fail_msg("%s: %s", yett_err_text(err), why);
    }
    assert_true(slice_is_empty(arc_seal_fields(seal)));
    assert_int_equal(sign_all(c->facts_arena, key, seal), YETT_OK);
    slice fields = arc_seal_fields(seal);
    struct naive_text text = {NULL, 0};
    naive_add(&text, fields.ptr, fields.len);
    arc_put(c, text.ptr);
    free(text.ptr);
    c->sealed++;
    return slice_of(c->message.ptr, fields.len);
}

static void expect_refusal(struct arc_case *c, const struct arc_sealer *sealer,
                           enum yett_err wanted, const char *words)
{
    struct arc_seal *seal = NULL;
    const char *why = "";
    enum yett_err err =
        arc_seal_new(c->facts_arena, c->chain, &c->result, sealer, &seal, &why);
    if (err != wanted || strstr(why, words) == NULL) {
        fail_msg("%s: \"%s\", wanted \"%s\"", yett_err_text(err), why, words);
    }
}

static bool has(slice text, const char *words)
{
    slice needle = slice_from_text(words);
    return slice_find(text, needle) < text.len;
}

/* ---- chains ------------------------------------------------------------------------- */

static void a_message_without_a_chain_gets_the_first_set(void **state)
{
    struct arc_case *c = *state;
    slice fields = seal_with(c, c->rsa, &plain_sealer);
    assert_true(
        slice_starts_with(fields, SLICE("ARC-Seal: i=1; a=rsa-sha256; cv=none;")));
    assert_true(has(fields, "\r\nARC-Message-Signature: i=1; a=rsa-sha256; "));
    assert_true(has(fields, "\r\nARC-Authentication-Results: i=1; mx.b.test; dmarc=pass "
                            "header.from=example.org\r\n"));
    assert_true(has(fields, " t=1795400000;"));
    arc_expect(c, ARC_PASS, "the one set holds: sealed by b.test");
}

static void sets_are_added_to_those_of_others(void **state)
{
    struct arc_case *c = *state;
    struct arc_sealer sealer = plain_sealer;
    arc_add_set_by(c, "a.test");
    (void)seal_with(c, c->rsa, &sealer);
    arc_expect(c, ARC_PASS, "all 2 sets hold: sealed by b.test, before by a.test");
    arc_add_set_by(c, "c.test");
    sealer.domain = SLICE("a.test");
    sealer.selector = SLICE("ed");
    sealer.algorithm = DKIM_ED25519_SHA256;
    (void)seal_with(c, c->ed25519, &sealer);
    arc_expect(c, ARC_PASS, "all 4 sets hold: sealed by a.test");
    c->limits.oldest_pass = true;
    arc_expect(c, ARC_PASS, "the message is as the first of them sent it");
}

/* Sections 5.1 and 5.1.2. */
static void a_chain_that_failed_is_marked_and_never_sealed_again(void **state)
{
    struct arc_case *c = *state;
    arc_add_set_by(c, "a.test");
    arc_replace(c, "Subject: Dinner", "Subject: Lunch");
    slice fields = seal_with(c, c->rsa, &plain_sealer);
    assert_true(has(fields, "ARC-Seal: i=2; a=rsa-sha256; cv=fail;"));
    arc_expect(c, ARC_FAIL, "set 2 says that the chain was broken when it came there");
    expect_refusal(c, &plain_sealer, YETT_NOT_FOUND, "the chain is broken");
}

/* What the seal of a failed chain signs: it verifies as if it were the only set. */
static void the_seal_of_a_failed_chain_covers_its_own_set(void **state)
{
    struct arc_case *c = *state;
    struct arc_seal *seal = NULL;
    const char *why = NULL;
    arc_add_set_by(c, "a.test");
    arc_put(c, "ARC-Seal: i=7; d=x; b=\r\n");
    assert_int_equal(arc_validate(c), ARC_FAIL);
    assert_int_equal(
        arc_seal_new(c->facts_arena, c->chain, &c->result, &plain_sealer, &seal, &why),
        YETT_OK);
    assert_int_equal(arc_seal_take(seal, SLICE("signature")), YETT_OK);
    slice text = arc_seal_text(seal);
    assert_true(
        slice_starts_with(text, SLICE("arc-authentication-results:i=8; mx.b.test")));
    assert_false(has(text, "a.test"));
    assert_true(slice_ends_with(text, SLICE("; t=1795400000; b=")));
}

static void the_text_of_a_seal_has_all_sets_in_order(void **state)
{
    struct arc_case *c = *state;
    struct arc_seal *seal = NULL;
    const char *why = NULL;
    static const char *const begins[] = {"arc-authentication-results:i=1;",
                                         "arc-message-signature:a=rsa-sha256;",
                                         "arc-seal:i=1;",
                                         "arc-authentication-results:i=2;",
                                         "arc-message-signature:i=2;",
                                         "arc-seal:i=2;"};
    arc_add_set_by(c, "a.test");
    assert_int_equal(arc_validate(c), ARC_PASS);
    assert_int_equal(
        arc_seal_new(c->facts_arena, c->chain, &c->result, &plain_sealer, &seal, &why),
        YETT_OK);
    assert_true(has(arc_seal_text(seal), "from:Jo <jo@example.org>\r\n"));
    assert_true(slice_ends_with(arc_seal_text(seal), SLICE("; b=")));
    assert_int_equal(arc_seal_take(seal, SLICE("signature")), YETT_OK);
    slice text = arc_seal_text(seal);
    for (size_t i = 0; i < 6; i++) {
        assert_true(slice_starts_with(text, slice_from_text(begins[i])));
        size_t end = slice_find(text, SLICE("\r\n"));
        assert_true((end == text.len) == (i == 5));
        text = slice_skip(text, end + 2);
    }
}

static void there_is_no_fifty_first_set(void **state)
{
    static const struct arc_options last = {.instance = "50"};
    struct arc_case *c = *state;
    arc_add_set(c, &last);
    (void)arc_validate(c);
    expect_refusal(c, &plain_sealer, YETT_NOT_FOUND, "50 sets already");
}

/* ---- what is signed ----------------------------------------------------------------- */

static void fields_that_carry_the_message_are_signed(void **state)
{
    struct arc_case *c = *state;
    arc_put(c, "DKIM-Signature: v=1; x\r\nDKIM-Signature: v=1; y\r\nReceived: z\r\n"
               "Authentication-Results: mx.b.test; none\r\n");
    slice fields = seal_with(c, c->rsa, &plain_sealer);
    assert_true(has(fields, "h=From:From:Reply-To:To:To:Cc:Subject:Subject:"));
    assert_true(has(fields, "DKIM-Signature:\r\n\tDKIM-Signature;") ||
                has(fields, "DKIM-Signature:DKIM-Signature;"));
    arc_expect(c, ARC_PASS, "b.test");
    /* One field more than was signed. */
    arc_put(c, "From: Mo <mo@example.org>\r\n");
    arc_expect(c, ARC_FAIL, "ARC-Message-Signature of set 1");
}

/* Who takes a genuine message with a trusted seal, and shows people another one. */
static void what_people_see_cannot_be_added_to(void **state)
{
    struct arc_case *c = *state;
    static const char *const added[] = {"Subject: Invoice\r\n",
                                        "To: you@example.net\r\n",
                                        "Cc: you@example.net\r\n",
                                        "Reply-To: mo@example.net\r\n",
                                        "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n",
                                        "MIME-Version: 1.0\r\n",
                                        "Content-Type: text/html\r\n",
                                        "Content-Transfer-Encoding: base64\r\n"};
    (void)seal_with(c, c->rsa, &plain_sealer);
    for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
        char *before = strdup(c->message.ptr);
        assert_non_null(before);
        arc_put(c, added[i]);
        arc_expect(c, ARC_FAIL, "ARC-Message-Signature of set 1");
        c->message.len = 0;
        naive_add(&c->message, before, strlen(before));
        free(before);
    }
    /* What other hosts add is none of it. */
    arc_put(c, "Received: x\r\nList-Id: <l.example.net>\r\nSender: l@example.net\r\n"
               "X-Spam: no\r\n");
    arc_expect(c, ARC_PASS, "b.test");
}

static void the_fields_to_sign_can_be_named(void **state)
{
    struct arc_case *c = *state;
    struct arc_sealer sealer = plain_sealer;
    static const struct signer_rule rules[] = {
        {SLICE_INIT("to"),           SIGNER_SIGN            },
        {SLICE_INIT("mime-version"), SIGNER_SIGN            },
        {SLICE_INIT("from"),         SIGNER_OVERSIGN        },
        {SLICE_INIT("subject"),      SIGNER_OVERSIGN_PRESENT},
        {SLICE_INIT("sender"),       SIGNER_OVERSIGN_PRESENT},
        {SLICE_INIT("cc"),           SIGNER_OVERSIGN        },
    };
    sealer.rules = (struct signer_rules){rules, sizeof(rules) / sizeof(rules[0])};
    slice fields = seal_with(c, c->rsa, &sealer);
    assert_true(has(fields, "h=to:from:from:subject:subject:cc;"));
    arc_expect(c, ARC_PASS, "b.test");
}

static void some_fields_must_not_be_signed(void **state)
{
    static const slice names[] = {
        SLICE_INIT("authentication-results"), SLICE_INIT("ARC-Seal"),
        SLICE_INIT("arc-message-signature"), SLICE_INIT("arc-authentication-results")};
    struct signer_rule rules[] = {
        {SLICE_INIT("from"), SIGNER_OVERSIGN},
        {SLICE_NONE,         SIGNER_SIGN    }
    };
    struct arc_case *c = *state;
    struct arc_sealer sealer = plain_sealer;
    (void)arc_validate(c);
    sealer.rules = (struct signer_rules){rules, 2};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        rules[1].name = names[i];
        expect_refusal(c, &sealer, YETT_BAD_SYNTAX, "must not be signed");
    }
    rules[0].name = SLICE("to");
    rules[1].name = SLICE("subject");
    expect_refusal(c, &sealer, YETT_BAD_SYNTAX, "From must be signed");
}

/* No one of many is left to be added to. */
static void a_field_that_stands_often_is_oversigned_too(void **state)
{
    struct arc_case *c = *state;
    for (int i = 0; i < 30; i++) {
        arc_put(c, "To: list@a.test\r\n");
    }
    (void)seal_with(c, c->rsa, &plain_sealer);
    arc_expect(c, ARC_PASS, "b.test");
    arc_put(c, "To: you@example.net\r\n");
    arc_expect(c, ARC_FAIL, "ARC-Message-Signature of set 1");
}

static void more_fields_than_a_signature_can_name_are_not_sealed(void **state)
{
    struct arc_case *c = *state;
    for (int i = 0; i < DKIM_SIGNED_FIELDS_MAX; i++) {
        arc_put(c, "List-Id: a\r\n");
    }
    (void)arc_validate(c);
    expect_refusal(c, &plain_sealer, YETT_LIMIT, "");
}

/* ---- results ------------------------------------------------------------------------ */

static void results_are_one_field_and_nothing_else(void **state)
{
    static const struct {
        slice results;
        const char *words;
    } rows[] = {
        {SLICE_INIT("mx.b.test; spf=pass\r\nFrom: evil"), ""           },
        {SLICE_INIT("mx.b.test; spf=pass (\r\nFrom: x)"), ""           },
        {SLICE_INIT("mx.b.test; spf=pass (\n x)"),        ""           },
        {SLICE_INIT("mx.b.test"),                         "\"; none\"" },
        {SLICE_INIT(""),                                  "authserv-id"},
        {SLICE_INIT("i=1; mx.b.test; none"),              ""           },
    };
    struct arc_case *c = *state;
    struct arc_sealer sealer = plain_sealer;
    (void)arc_validate(c);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sealer.results = rows[i].results;
        expect_refusal(c, &sealer, YETT_BAD_SYNTAX, rows[i].words);
    }
}

static void a_whole_field_is_taken_for_its_value(void **state)
{
    struct arc_case *c = *state;
    struct arc_sealer sealer = plain_sealer;
    sealer.results = SLICE("Authentication-Results: mx.b.test;\r\n\tspf=pass (a; b)\r\n\t"
                           "smtp.mailfrom=x.test\r\n");
    slice fields = seal_with(c, c->rsa, &sealer);
    assert_true(has(fields, "\r\nARC-Authentication-Results: i=1; mx.b.test;\r\n"
                            "\tspf=pass (a; b)\r\n\tsmtp.mailfrom=x.test\r\n"));
    arc_expect(c, ARC_PASS, "b.test");
    assert_true(c->result.sets[0].has_results);
}

static void results_of_one_host_are_gathered(void **state)
{
    struct arc_case *c = *state;
    slice text;
    arc_put(c,
            "Authentication-Results: MX.b.test 1; spf=pass\r\n smtp.mailfrom=x.test\r\n"
            "Authentication-Results: mx.c.test; spf=fail\r\n"
            "Authentication-Results: mx.b.test; none\r\n"
            "Authentication-Results: mx.b.test; broken\r\n"
            "Authentication-Results: mx.b.test; dkim=pass (1024-bit key) "
            "header.d=x.test\r\n");
    (void)arc_validate(c);
    assert_int_equal(
        arc_gather_results(c->facts_arena, &c->header, SLICE("mx.b.test"), &text),
        YETT_OK);
    assert_true(slice_eq(text, SLICE("mx.b.test;\r\n\tspf=pass\r\n smtp.mailfrom=x.test;"
                                     "\r\n\tdkim=pass (1024-bit key) header.d=x.test")));
    assert_int_equal(
        arc_gather_results(c->facts_arena, &c->header, SLICE("mx.d.test"), &text),
        YETT_OK);
    assert_true(slice_eq(text, SLICE("mx.d.test; none")));
}

/* ---- lines -------------------------------------------------------------------------- */

static void lines_are_short(void **state)
{
    struct arc_case *c = *state;
    for (int i = 0; i < 7; i++) {
        arc_put(c, "List-Subscribe: x\r\nDate: y\r\n");
    }
    slice fields = seal_with(c, c->rsa, &plain_sealer);
    while (fields.len != 0) {
        size_t end = slice_find(fields, SLICE("\r\n"));
        assert_true(end <= 78);
        fields = slice_skip(fields, end + 2);
    }
    arc_expect(c, ARC_PASS, "b.test");
}

static void a_body_that_was_not_digested_is_said(void **state)
{
    struct arc_case *c = *state;
    struct dkim_message *dkim = NULL;
    struct arc_chain *chain = NULL;
    struct arc_seal *seal = NULL;
    const char *why = "";
    (void)arc_validate(c);
    assert_int_equal(dkim_message_new(c->facts_arena, c->crypto, &c->header, SLICE_NONE,
                                      DKIM_LIMITS_DEFAULT, &dkim),
                     YETT_OK);
    assert_int_equal(
        arc_chain_new(c->facts_arena, c->crypto, &c->header, dkim, c->limits, &chain),
        YETT_OK);
    assert_int_equal(dkim_message_end(dkim), YETT_OK);
    assert_int_equal(
        arc_seal_new(c->facts_arena, chain, &c->result, &plain_sealer, &seal, &why),
        YETT_BAD_SYNTAX);
    assert_non_null(strstr(why, "not digested"));
    dkim_message_finish(dkim);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, arc_setup, arc_teardown)
    const struct CMUnitTest tests[] = {
        T(a_message_without_a_chain_gets_the_first_set),
        T(sets_are_added_to_those_of_others),
        T(a_chain_that_failed_is_marked_and_never_sealed_again),
        T(the_seal_of_a_failed_chain_covers_its_own_set),
        T(the_text_of_a_seal_has_all_sets_in_order),
        T(there_is_no_fifty_first_set),
        T(fields_that_carry_the_message_are_signed),
        T(what_people_see_cannot_be_added_to),
        T(the_fields_to_sign_can_be_named),
        T(some_fields_must_not_be_signed),
        T(a_field_that_stands_often_is_oversigned_too),
        T(more_fields_than_a_signature_can_name_are_not_sealed),
        T(results_are_one_field_and_nothing_else),
        T(a_whole_field_is_taken_for_its_value),
        T(results_of_one_host_are_gathered),
        T(lines_are_short),
        T(a_body_that_was_not_digested_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
