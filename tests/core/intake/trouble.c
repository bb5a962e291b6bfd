/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Clients that go away, answers that do not come, mail servers that are out of step: there is
   always a decision, and the next message is none the worse for it. */

/* ---- clients that go away ------------------------------------------------------------------ */

enum step {
    STEP_NOTHING,
    STEP_MAIL,
    STEP_RCPT,
    STEP_HEADER,
    STEP_BODY,
    STEP_END,
    STEP_ANSWERED,
    STEPS
};

static void go_to(struct intake_case *c, enum step step, enum case_schedule schedule)
{
    c->open_count = 0;
    case_connect(c);
    if (step >= STEP_MAIL) {
        case_mail(c);
        case_answer(c, schedule, false);
    }
    if (step >= STEP_RCPT) {
        case_rcpts(c);
    }
    if (step >= STEP_HEADER) {
        case_header(c, schedule);
    }
    if (step >= STEP_BODY) {
        case_body(c, schedule);
    }
    if (step >= STEP_END) {
        intake_end_of_body(c->intake, c->now_s);
    }
    if (step >= STEP_ANSWERED) {
        case_answer(c, schedule, true);
    }
}

static void leave(struct intake_case *c, int how)
{
    if (how == 0) {
        intake_finish_message(c->intake);
        intake_finish_message(c->intake);
        assert_false(intake_has_message(c->intake));
    } else if (how == 1) {
        case_connect(c); /* of another client */
        assert_false(intake_has_message(c->intake));
    } /* else the next MAIL comes at once */
}

static void after_any_step_the_next_message_is_judged_as_ever(void **state)
{
    struct intake_case *c = *state;
    case_sign(c);
    case_expect(c, EVENT_ACCEPTED, "dmarc-pass");
    char *expected = strdup(c->summary);
    c->house.source = (struct dns_source){0};
    for (int step = 0; step < STEPS; step++) {
        for (int how = 0; how < 3; how++) {
            c->mail_from = "<x@quarantine.example>";
            go_to(c, (enum step)step, step % 2 == 0 ? CASE_TRICKLE : CASE_LATE);
            leave(c, how);
            c->mail_from = "<a@example.org>";
            case_judge(c);
            assert_string_equal(c->summary, expected);
        }
    }
    free(expected);
}

static void a_session_may_end_at_any_step(void **state)
{
    struct intake_case *c = *state;
    case_sign(c);
    for (int step = 0; step < STEPS; step++) {
        case_open(c, (struct intake_ceilings){0});
        go_to(c, (enum step)step, CASE_TRICKLE);
    }
}

static void an_answer_that_comes_after_its_message_is_not_taken(void **state)
{
    struct intake_case *c = *state;
    case_open(c, (struct intake_ceilings){0});
    go_to(c, STEP_RCPT, CASE_LATE);
    assert_int_equal(c->open_count, 2);
    /* As the edge keeps it: a copy. */
    char *name = strndup(c->open[0].name.ptr, c->open[0].name.len);
    struct dns_question question = {c->open[0].type, slice_from_text(name)};
    struct dns_answer answer = {.status = DNS_SERVFAIL};
    intake_finish_message(c->intake);
    intake_answer(c->intake, question, &answer);
    assert_false(intake_has_message(c->intake));
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-unknown");
    intake_answer(c->intake, question, &answer);
    assert_true(c->decision == intake_decision(c->intake));
    free(name);
}

/* ---- time ---------------------------------------------------------------------------------- */

static char *decision_as_text(struct intake_case *c)
{
    struct buf buf;
    struct arena *arena = arena_new(1 << 20);
    struct event event = c->decision->event;
    event.rounds = 0;
    buf_init(&buf, arena, SIZE_MAX);
    event_write_json(&buf, &event);
    buf_add(&buf, case_added(c->decision, "Authentication-Results"));
    char *out = strndup(buf_slice(&buf).ptr, buf_slice(&buf).len);
    arena_free(arena);
    return out;
}

/* When the time is over before anything was answered it does not matter when. */
static void a_time_out_at_any_step_ends_the_same(void **state)
{
    struct intake_case *c = *state;
    case_sign(c);
    case_open(c, (struct intake_ceilings){0});
    c->no_answers = true;
    char *expected = NULL;
    for (int step = STEP_MAIL; step < STEPS; step++) {
        case_connect(c);
        case_mail(c);
        for (int at = STEP_MAIL; at < STEPS; at++) {
            if (at == STEP_RCPT) {
                case_rcpts(c);
            } else if (at == STEP_HEADER) {
                case_header(c, CASE_LATE);
            } else if (at == STEP_BODY) {
                case_body(c, CASE_LATE);
            } else if (at == STEP_END) {
                intake_end_of_body(c->intake, c->now_s);
            }
            if (at != STEP_MAIL || step % 2 == 0) {
                case_answer(c, CASE_LATE, false);
            }
            if (at == step) {
                intake_time_out(c->intake);
            }
        }
        c->decision = intake_decision(c->intake);
        assert_non_null(c->decision);
        assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
        assert_true(slice_eq(c->decision->event.action.rule, SLICE("dmarc-temperror")));
        char *text = decision_as_text(c);
        if (expected != NULL) {
            assert_string_equal(text, expected);
        }
        free(expected);
        expected = text;
    }
    free(expected);
}

static void what_came_in_time_counts_after_a_time_out(void **state)
{
    struct intake_case *c = *state;
    case_open(c, (struct intake_ceilings){0});
    c->client = "192.0.2.10";
    go_to(c, STEP_HEADER, CASE_EARLY); /* SPF passes, aligned */
    intake_time_out(c->intake);
    case_body(c, CASE_LATE);
    intake_end_of_body(c->intake, c->now_s);
    c->decision = intake_decision(c->intake);
    assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
    assert_true(slice_eq(c->decision->event.action.rule, SLICE("dmarc-pass")));
}

static void answers_after_the_time_out_change_nothing(void **state)
{
    struct intake_case *c = *state;
    case_open(c, (struct intake_ceilings){0});
    go_to(c, STEP_RCPT, CASE_LATE);
    struct dns_question early = c->open[0];
    intake_time_out(c->intake);
    intake_answer(c->intake, early, zone_find(c->zone, early));
    case_header(c, CASE_LATE);
    assert_int_equal(c->open_count, 2); /* nothing more is wanted */
    intake_answer(c->intake, early, zone_find(c->zone, early));
    intake_end_of_body(c->intake, c->now_s);
    assert_int_equal(intake_decision(c->intake)->event.verdict->spf.code, SPF_TEMPERROR);
}

static void after_twenty_four_rounds_what_is_wanted_counts_as_timed_out(void **state)
{
    struct intake_case *c = *state;
    case_open(c, (struct intake_ceilings){0});
    go_to(c, STEP_RCPT, CASE_LATE);
    c->intake->message->rounds = INTAKE_ROUNDS_MAX - 1;
    case_header(c, CASE_LATE);
    intake_end_of_body(c->intake, c->now_s);
    assert_true(intake_is_waiting(c->intake));
    assert_int_equal(c->intake->message->rounds, INTAKE_ROUNDS_MAX);
    while (c->open_count != 0) {
        struct dns_question question = c->open[--c->open_count];
        intake_answer(c->intake, question, zone_find(c->zone, question));
    }
    c->decision = intake_decision(c->intake);
    assert_non_null(c->decision);
    assert_true(
        case_has(case_added(c->decision, "Authentication-Results"), "24 rounds") ||
        case_has(c->decision->event.verdict->spf.reason, "24 rounds"));
}

static void questions_go_out_early(void **state)
{
    struct intake_case *c = *state;
    case_sign(c);
    case_open(c, (struct intake_ceilings){0});
    go_to(c, STEP_MAIL, CASE_LATE);
    assert_int_equal(c->open_count, 2); /* SPF of MAIL FROM and of HELO */
    assert_true(slice_eq(c->open[0].name, SLICE("example.org")));
    case_rcpts(c);
    case_header(c, CASE_LATE);
    bool key = false;
    bool policy = false;
    for (size_t i = 2; i < c->open_count; i++) {
        key |= slice_eq(c->open[i].name, SLICE("test._domainkey.example.org"));
        policy |= slice_eq(c->open[i].name, SLICE("_dmarc.example.org"));
    }
    assert_true(key && policy);
    assert_false(intake_is_waiting(c->intake));
    intake_end_of_body(c->intake, c->now_s);
    assert_true(intake_is_waiting(c->intake));
    assert_null(intake_decision(c->intake));
}

/* ---- mail servers that are out of step ----------------------------------------------------- */

static void without_mail_nothing_happens(void **state)
{
    struct intake_case *c = *state;
    struct dns_question question;
    struct dns_answer answer = {.status = DNS_NXDOMAIN};
    case_open(c, (struct intake_ceilings){0});
    for (int connected = 0; connected < 2; connected++) {
        intake_rcpt(c->intake, SLICE("<a@b>"));
        intake_queue_id(c->intake, SLICE("1"));
        intake_field(c->intake, SLICE("From"), SLICE(" a@b"), false);
        intake_end_of_header(c->intake);
        intake_body(c->intake, SLICE("x"));
        intake_end_of_body(c->intake, c->now_s);
        intake_time_out(c->intake);
        assert_false(intake_next_want(c->intake, &question));
        intake_answer(c->intake, (struct dns_question){DNS_A, SLICE("a")}, &answer);
        assert_false(intake_has_message(c->intake));
        assert_false(intake_is_waiting(c->intake));
        assert_null(intake_decision(c->intake));
        intake_finish_message(c->intake);
        case_connect(c);
    }
}

static void a_body_without_an_end_of_the_header_ends_it(void **state)
{
    struct intake_case *c = *state;
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-unknown");
    case_connect(c);
    case_mail(c);
    intake_field(c->intake, SLICE("From"), SLICE(" a@example.org"), false);
    intake_body(c->intake, SLICE("Hello.\r\n"));
    intake_end_of_body(c->intake, c->now_s);
    case_answer(c, CASE_WARM, true);
    c->decision = intake_decision(c->intake);
    assert_true(slice_eq(c->decision->event.action.rule, SLICE("dmarc-reject-unknown")));
}

static void a_field_behind_the_header_is_not_judged_but_removed(void **state)
{
    struct intake_case *c = *state;
    c->config.on_internal_error = CONFIG_ACCEPT;
    case_open(c, (struct intake_ceilings){0});
    case_connect(c);
    case_mail(c);
    intake_field(c->intake, SLICE("From"), SLICE(" a@example.org"), false);
    intake_end_of_header(c->intake);
    intake_field(c->intake, SLICE("Authentication-Results"),
                 SLICE(" mx.example.com; none"), false);
    intake_end_of_body(c->intake, c->now_s);
    c->decision = intake_decision(c->intake);
    assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
    assert_true(case_has(c->decision->event.action.reason, "behind the header"));
    assert_int_equal(c->decision->edit_count, 1);
}

static void what_comes_after_the_end_changes_nothing(void **state)
{
    struct intake_case *c = *state;
    case_run(c, CASE_LATE);
    char *before = decision_as_text(c);
    intake_field(c->intake, SLICE("X"), SLICE(" y"), true);
    intake_rcpt(c->intake, SLICE("<b@example.com>"));
    intake_queue_id(c->intake, SLICE("other"));
    intake_end_of_header(c->intake);
    intake_body(c->intake, SLICE("more"));
    intake_end_of_body(c->intake, c->now_s);
    intake_time_out(c->intake);
    c->decision = intake_decision(c->intake);
    char *after = decision_as_text(c);
    assert_string_equal(after, before);
    free(before);
    free(after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(after_any_step_the_next_message_is_judged_as_ever),
        TEST(a_session_may_end_at_any_step),
        TEST(an_answer_that_comes_after_its_message_is_not_taken),
        TEST(a_time_out_at_any_step_ends_the_same),
        TEST(what_came_in_time_counts_after_a_time_out),
        TEST(answers_after_the_time_out_change_nothing),
        TEST(after_twenty_four_rounds_what_is_wanted_counts_as_timed_out),
        TEST(questions_go_out_early),
        TEST(without_mail_nothing_happens),
        TEST(a_body_without_an_end_of_the_header_ends_it),
        TEST(a_field_behind_the_header_is_not_judged_but_removed),
        TEST(what_comes_after_the_end_changes_nothing),
    };
    return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
