/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/case.h"
#include "core/base/base64.h"
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* What is sealed, and what the set testifies. */

#define OF_OURS "Authentication-Results: mx.b.test; dmarc=pass header.from=example.org"

static const struct sealing_decision of_list = {.act = SEALING_SEAL,
                                                .rule = SLICE_INIT("list")};
static const struct sealing_decision at_arrival = {.act = SEALING_SEAL,
                                                   .rule = SLICE_INIT("recipient")};

/* As a keeper would. */
static void sign_all(struct arc_case *c, struct arc_seal *seal)
{
    slice text;
    while ((text = arc_seal_text(seal)).len != 0) {
        slice signature;
        size_t bad_at;
        char *b = sign_text(c->rsa, text.ptr, text.len);
        assert_int_equal(
            base64_decode(c->facts_arena, slice_from_text(b), &signature, &bad_at),
            YETT_OK);
        free(b);
        assert_int_equal(arc_seal_take(seal, signature), YETT_OK);
    }
}

/* Begin to seal the message, sign, and put the set on top of it. */
static struct sealing_decision seal(struct arc_case *c, struct sealing_decision decision,
                                    const struct verdict *verdict)
{
    struct desk desk;
    struct arc_seal *made = NULL;
    desk_init(&desk, "b.test/s");
    (void)arc_validate(c);
    assert_int_equal(sealing_begin(c->facts_arena, &desk.house, &c->header, c->chain,
                                   verdict, c->now_s, &decision, &made),
                     YETT_OK);
    assert_true((decision.act == SEALING_SEAL) == (made != NULL));
    if (made != NULL) {
        struct naive_text text = {NULL, 0};
        sign_all(c, made);
        slice fields = arc_seal_fields(made);
        naive_add(&text, fields.ptr, fields.len);
        arc_put(c, text.ptr);
        free(text.ptr);
        c->sealed++;
        assert_int_equal(decision.instance, c->sealed);
        assert_true(slice_eq(decision.domain, SLICE("b.test")));
    }
    decision.domain = decision.selector = SLICE_NONE; /* they go with the desk */
    desk_finish(&desk);
    return decision;
}

static void expect_unsealed(struct arc_case *c, struct sealing_decision begun,
                            const struct verdict *verdict, const char *words)
{
    struct sealing_decision decision = seal(c, begun, verdict);
    assert_int_equal(decision.act, SEALING_LEFT);
    if (slice_find(decision.reason, slice_from_text(words)) == decision.reason.len) {
        fail_msg("\"%.*s\"", SLICE_ARG(decision.reason));
    }
}

static bool has(const struct arc_case *c, const char *words)
{
    return strstr(c->message.ptr, words) != NULL;
}

static void edit_as_lists_do(struct arc_case *c)
{
    arc_replace(c, "Subject: Dinner", "Subject: [list] Dinner");
    arc_append(c, "-- \r\nThe list\r\n");
}

/* ---- at arrival ------------------------------------------------------------------------- */

static void at_arrival_what_was_just_found_is_sealed(void **state)
{
    struct arc_case *c = *state;
    const struct verdict verdict = {
        .authentication_results =
            SLICE("Authentication-Results: mx.b.test; spf=pass smtp.mailfrom=a.test\r\n"),
        .arc = {.code = ARC_PASS}};
    arc_add_set_by(c, "a.test");
    struct sealing_decision decision = seal(c, at_arrival, &verdict);
    assert_int_equal(decision.act, SEALING_SEAL);
    assert_int_equal(decision.cv, ARC_PASS);
    assert_true(has(c, "ARC-Authentication-Results: i=2; mx.b.test; spf=pass "
                       "smtp.mailfrom=a.test\r\n"));
    arc_expect(c, ARC_PASS, "all 2 sets hold: sealed by b.test");
}

static void a_chain_whose_key_cannot_be_had_now_is_not_called_broken(void **state)
{
    struct arc_case *c = *state;
    const struct verdict verdict = {
        .authentication_results = SLICE(OF_OURS "\r\n"),
        .arc = {.code = ARC_FAIL, .open = true}
    };
    arc_add_set_by(c, "a.test");
    expect_unsealed(c, at_arrival, &verdict, "for want of an answer");
}

static void a_chain_that_was_sealed_as_broken_is_left_alone(void **state)
{
    struct arc_case *c = *state;
    struct arc_options options = {.domain = "a.test", .cv = "fail", .only_own = true};
    const struct verdict verdict = {.authentication_results = SLICE(OF_OURS "\r\n"),
                                    .arc = {.code = ARC_FAIL}};
    arc_add_set_by(c, "a.test");
    arc_add_set(c, &options);
    expect_unsealed(c, at_arrival, &verdict, "there is nothing to add");
}

/* ---- of a list -------------------------------------------------------------------------- */

static void mail_of_a_list_is_sealed_by_the_results_of_its_arrival(void **state)
{
    struct arc_case *c = *state;
    arc_put(c, "Authentication-Results: mx.evil.test; dmarc=pass "
               "header.from=evil.test\r\n");
    arc_put(c, OF_OURS "\r\n");
    edit_as_lists_do(c);
    struct sealing_decision decision = seal(c, of_list, NULL);
    assert_int_equal(decision.act, SEALING_SEAL);
    assert_int_equal(decision.cv, ARC_NONE);
    assert_true(has(c, "ARC-Authentication-Results: i=1; mx.b.test;\r\n\tdmarc=pass "
                       "header.from=example.org\r\n"));
    arc_expect(c, ARC_PASS, "the one set holds: sealed by b.test");
}

static void a_list_breaks_no_chain_that_held_at_arrival(void **state)
{
    struct arc_case *c = *state;
    arc_add_set_by(c, "a.test");
    arc_put(c, OF_OURS "; arc=pass\r\n");
    edit_as_lists_do(c);
    arc_expect(c, ARC_FAIL, "");
    struct sealing_decision decision = seal(c, of_list, NULL);
    assert_int_equal(decision.cv, ARC_PASS);
    arc_expect(c, ARC_PASS, "all 2 sets hold: sealed by b.test, before by a.test");
}

static void a_list_mends_no_chain_that_was_broken_at_arrival(void **state)
{
    struct arc_case *c = *state;
    arc_add_set_by(c, "a.test");
    arc_put(c, OF_OURS "; arc=fail\r\n");
    struct sealing_decision decision = seal(c, of_list, NULL);
    assert_int_equal(decision.act, SEALING_SEAL);
    assert_int_equal(decision.cv, ARC_FAIL);
    arc_expect(c, ARC_FAIL, "set 2 says that the chain was broken when it came there");
}

/* Of several results the worst counts, in whichever order. */
static void a_failure_among_several_results_counts(void **state)
{
    struct arc_case *c = *state;
    arc_add_set_by(c, "a.test");
    arc_put(c, OF_OURS "; arc=fail; arc=pass\r\n");
    assert_int_equal(seal(c, of_list, NULL).cv, ARC_FAIL);
}

static void what_we_sealed_at_arrival_goes_on(void **state)
{
    struct arc_case *c = *state;
    arc_put(c, OF_OURS "\r\n");
    arc_add_set_by(c, "b.test");
    edit_as_lists_do(c);
    struct sealing_decision decision = seal(c, of_list, NULL);
    assert_int_equal(decision.cv, ARC_PASS);
    arc_expect(c, ARC_PASS, "all 2 sets hold: sealed by b.test");
}

static void from_one_list_to_another_the_chain_holds(void **state)
{
    struct arc_case *c = *state;
    arc_put(c, OF_OURS "\r\n");
    for (unsigned i = 0; i < 3; i++) {
        edit_as_lists_do(c);
        arc_replace(c, "Subject: [list] Dinner", "Subject: Dinner");
        assert_int_equal(seal(c, of_list, NULL).act, SEALING_SEAL);
        arc_expect(c, ARC_PASS, "sealed by b.test");
    }
}

static void what_others_sealed_since_is_left_to_them(void **state)
{
    struct arc_case *c = *state;
    arc_put(c, OF_OURS "\r\n");
    arc_add_set_by(c, "a.test");
    expect_unsealed(c, of_list, NULL, "after its arrival, by somebody else");
}

static void nobody_knows_how_a_message_without_results_arrived(void **state)
{
    struct arc_case *c = *state;
    arc_put(c, "Authentication-Results: mx.evil.test; dmarc=pass "
               "header.from=example.org\r\n");
    arc_put(c, "Authentication-Results: mx.b.test; none\r\n");
    arc_put(c, "Authentication-Results: mx.b.test; dmarc=\r\n");
    expect_unsealed(c, of_list, NULL, "no Authentication-Results of mx.b.test");
}

static void a_chain_whose_structure_was_broken_is_sealed_as_such(void **state)
{
    struct arc_case *c = *state;
    struct arc_options options = {.domain = "a.test", .no_aar = true};
    arc_add_set(c, &options);
    arc_put(c, OF_OURS "; arc=pass\r\n");
    struct sealing_decision decision = seal(c, of_list, NULL);
    assert_int_equal(decision.act, SEALING_SEAL);
    assert_int_equal(decision.cv, ARC_FAIL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arc_setup, arc_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(at_arrival_what_was_just_found_is_sealed),
        TEST(a_chain_whose_key_cannot_be_had_now_is_not_called_broken),
        TEST(a_chain_that_was_sealed_as_broken_is_left_alone),
        TEST(mail_of_a_list_is_sealed_by_the_results_of_its_arrival),
        TEST(a_list_breaks_no_chain_that_held_at_arrival),
        TEST(a_list_mends_no_chain_that_was_broken_at_arrival),
        TEST(a_failure_among_several_results_counts),
        TEST(what_we_sealed_at_arrival_goes_on),
        TEST(from_one_list_to_another_the_chain_holds),
        TEST(what_others_sealed_since_is_left_to_them),
        TEST(nobody_knows_how_a_message_without_results_arrived),
        TEST(a_chain_whose_structure_was_broken_is_sealed_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
