/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/checks.h"

#include "core/dkim/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Checks as answers: wanted, pinned, performed; and evaluations under a lack of memory. */

static struct dkim_check check_of(size_t index, const char *key)
{
    return (struct dkim_check){
        .kind = DKIM_CHECK_SIGNATURE, .index = index, .key = slice_from_text(key)};
}

static void the_first_result_stays(void **state)
{
    (void)state;
    struct arena *arena = arena_new(65536);
    struct dkim_checks *checks = dkim_checks_new(arena, NULL, NULL);
    char key[] = "key";
    const struct dkim_check check = check_of(0, key);
    const struct dkim_check_result yes = {.performed = true, .valid = true};
    const struct dkim_check_result no = {.performed = true};
    assert_int_equal(dkim_checks_add(checks, &check, &yes), YETT_OK);
    key[0] = 'x'; /* the key was copied */
    const struct dkim_check again = check_of(0, "key");
    assert_int_equal(dkim_checks_add(checks, &again, &no), YETT_OK);
    assert_int_equal(dkim_checks_wanted_count(checks), 0);
    assert_null(dkim_checks_wanted(checks, 0));
    const struct dkim_check_result *kept = NULL;
    assert_int_equal(dkim_checks_ask(checks, &again, &kept), YETT_OK);
    assert_true(kept->valid);

    const struct dkim_check others[] = {
        check_of(1, "key"),
        check_of(0, "keys"),
        {.kind = DKIM_CHECK_BODY_PROOF, .key = SLICE("key")}
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(dkim_checks_ask(checks, &others[i], &kept), YETT_NEED_ANSWERS);
        assert_int_equal(dkim_checks_ask(checks, &others[i], &kept), YETT_NEED_ANSWERS);
        assert_int_equal(dkim_checks_wanted_count(checks), i + 1);
        assert_int_equal(dkim_checks_wanted(checks, i)->index, others[i].index);
    }
    dkim_checks_clear_wanted(checks);
    assert_int_equal(dkim_checks_wanted_count(checks), 0);
    arena_free(arena);
}

/* The facts of the message at hand, the body not passed yet. */
static struct dkim_message *facts_of(struct dkim_case *c, struct arena *arena,
                                     slice *body)
{
    struct dkim_message *facts = NULL;
    struct message_header header;
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    bool done = false;
    *body = slice_of(c->message.ptr, c->message.len);
    assert_int_equal(message_parser_feed(parser, body, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
    assert_int_equal(dkim_message_new(arena, c->crypto, &header,
                                      slice_from_text(c->author), c->limits, &facts),
                     YETT_OK);
    return facts;
}

static void before_the_body_has_ended_questions_and_header_checks_go_out(void **state)
{
    struct dkim_case *c = *state;
    struct answers_run run;
    slice body;
    case_sign(c, c->rsa, &(struct sign_options){0});
    answers_begin(&run, c->zone.ptr, ANSWERS_ROUND);
    struct arena *arena = arena_new(1 << 20);
    struct dkim_message *facts = facts_of(c, arena, &body);
    struct dkim_checks *checks = dkim_checks_new(run.evidence, NULL, NULL);
    struct dkim_results results;

    assert_int_equal(dkim_verify(run.scratch, facts, &c->settings, SLICE("example.org"),
                                 c->now_s, true, &run.view, checks, &results),
                     YETT_NEED_ANSWERS);
    assert_int_equal(run.wanted.count, 1);
    assert_int_equal(dns_answers_add(run.answers, run.wanted.list[0],
                                     zone_find(run.zone, run.wanted.list[0])),
                     YETT_OK);
    dns_questions_clear(&run.wanted);
    assert_int_equal(dkim_verify(run.scratch, facts, &c->settings, SLICE("example.org"),
                                 c->now_s, true, &run.view, checks, &results),
                     YETT_NEED_ANSWERS);
    assert_int_equal(run.wanted.count, 0);
    assert_int_equal(dkim_checks_wanted_count(checks), 1);

    struct dkim_check check = *dkim_checks_wanted(checks, 0);
    struct dkim_check_result result;
    assert_int_equal(check.kind, DKIM_CHECK_SIGNATURE);
    assert_int_equal(dkim_check_perform(facts, &check, &result), YETT_OK);
    assert_true(result.performed && result.valid);
    assert_int_equal(result.key_bits, 2048);
    assert_int_equal(dkim_checks_add(checks, &check, &result), YETT_OK);

    struct dkim_check proof = {.kind = DKIM_CHECK_BODY_PROOF};
    assert_int_equal(dkim_check_perform(facts, &proof, &result), YETT_NEED_ANSWERS);
    assert_int_equal(dkim_verify(run.scratch, facts, &c->settings, SLICE("example.org"),
                                 c->now_s, true, &run.view, checks, &results),
                     YETT_NEED_ANSWERS);
    dkim_message_body(facts, body);
    assert_int_equal(dkim_message_end(facts), YETT_OK);
    assert_int_equal(dkim_verify(run.scratch, facts, &c->settings, SLICE("example.org"),
                                 c->now_s, true, &run.view, checks, &results),
                     YETT_OK);
    assert_int_equal(results.code, DKIM_PASS);
    dkim_message_finish(facts);
    arena_free(arena);
    answers_end(&run);
}

static void a_check_of_another_message_is_not_performed(void **state)
{
    struct dkim_case *c = *state;
    struct arena *arena = arena_new(1 << 20);
    slice body;
    case_sign(c, c->rsa, &(struct sign_options){0});
    struct dkim_message *facts = facts_of(c, arena, &body);
    const struct dkim_check checks[] = {
        {.kind = DKIM_CHECK_SIGNATURE,  .index = 1                },
        {.kind = DKIM_CHECK_BODY_PROOF, .index = SIZE_MAX         },
        {.kind = DKIM_CHECK_SIGNATURE,  .key_type = CRYPTO_ED25519},
        {.kind = DKIM_CHECK_SIGNATURE,  .key = SLICE("not DER")   },
        {.kind = DKIM_CHECK_SIGNATURE,  .key = SLICE_NONE         },
    };
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        struct dkim_check_result result = {.performed = true, .valid = true};
        assert_int_equal(dkim_check_perform(facts, &checks[i], &result), YETT_OK);
        assert_false(result.performed || result.valid);
        assert_true(result.reason.len != 0);
    }
    dkim_message_finish(facts);
    arena_free(arena);
}

/* A result that was pinned is believed: so is an old verdict told again. */
static enum yett_err refuse(void *context, const struct dkim_check *check,
                            struct dkim_check_result *out)
{
    (void)context;
    (void)check;
    *out = (struct dkim_check_result){.reason = SLICE("no such luck")};
    return YETT_OK;
}

static void a_check_that_could_not_be_performed_is_told(void **state)
{
    struct dkim_case *c = *state;
    struct answers_run run;
    slice body;
    struct dkim_results results;
    case_sign(c, c->rsa, &(struct sign_options){0});
    answers_begin(&run, c->zone.ptr, ANSWERS_WARM);
    struct arena *arena = arena_new(1 << 20);
    struct dkim_message *facts = facts_of(c, arena, &body);
    struct dkim_checks *checks = dkim_checks_new(run.evidence, refuse, NULL);
    dkim_message_body(facts, body);
    assert_int_equal(dkim_message_end(facts), YETT_OK);
    assert_int_equal(dkim_verify(run.scratch, facts, &c->settings, SLICE("example.org"),
                                 c->now_s, true, &run.view, checks, &results),
                     YETT_OK);
    assert_int_equal(results.code, DKIM_PERMERROR);
    assert_true(slice_find(results.reason, SLICE("no such luck")) < results.reason.len);
    dkim_message_finish(facts);
    arena_free(arena);
    answers_end(&run);
}

static struct dkim_message *performer_facts;

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    (void)context;
    return dkim_check_perform(performer_facts, check, out);
}

/* With so many octets for facts and scratch; true when it could be verified. */
static bool verifies_within(struct dkim_case *c, const struct message_header *header,
                            slice body, size_t ceiling)
{
    struct answers_run run;
    struct dkim_results results;
    struct arena *arena = arena_new(ceiling);
    struct arena *scratch = arena_new(ceiling);
    answers_begin(&run, c->zone.ptr, ANSWERS_WARM);
    struct dkim_checks *checks = dkim_checks_new(run.evidence, perform, NULL);
    enum yett_err err = dkim_message_new(arena, c->crypto, header, SLICE("example.org"),
                                         c->limits, &performer_facts);
    if (err == YETT_OK) {
        dkim_message_body(performer_facts, body);
        err = dkim_message_end(performer_facts);
        if (err == YETT_OK) {
            err =
                dkim_verify(scratch, performer_facts, &c->settings, SLICE("example.org"),
                            c->now_s, true, &run.view, checks, &results);
        }
        dkim_message_finish(performer_facts);
    }
    assert_true(err == YETT_NO_MEMORY || (err == YETT_OK && results.code == DKIM_PASS));
    answers_end(&run);
    arena_free(scratch);
    arena_free(arena);
    return err == YETT_OK;
}

static void a_lack_of_memory_is_an_error_and_never_a_verdict(void **state)
{
    struct dkim_case *c = *state;
    struct message_header header;
    struct arena *arena = arena_new(1 << 20);
    case_sign(c, c->rsa, &(struct sign_options){0});
    slice body = slice_of(c->message.ptr, c->message.len);
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    bool done = false;
    assert_int_equal(message_parser_feed(parser, &body, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
    c->limits.proof_window_bytes = 4096;
    bool worked = false;
    for (size_t ceiling = 0; ceiling < 16384; ceiling += 97) {
        worked = verifies_within(c, &header, body, ceiling) || worked;
    }
    assert_true(worked);
    arena_free(arena);
}

#define WITH_CASE(test) cmocka_unit_test_setup_teardown(test, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_result_stays),
        WITH_CASE(before_the_body_has_ended_questions_and_header_checks_go_out),
        WITH_CASE(a_check_of_another_message_is_not_performed),
        WITH_CASE(a_check_that_could_not_be_performed_is_told),
        WITH_CASE(a_lack_of_memory_is_an_error_and_never_a_verdict),
    };
    return cmocka_run_group_tests_name("dkim checks", tests, NULL, NULL);
}
