/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Limits, memory, time, clients that go away, mail servers that are out of step: there is
   always a decision, and the next message is none the worse for it. */

static void expect_reason(const struct intake_case *c, const char *part)
{
    slice reason = c->decision->event.action.reason;
    if (!case_has(reason, part)) {
        fail_msg("reason \"%.*s\", wanted \"%s\" in it", SLICE_ARG(reason), part);
    }
}

/* The three ways to meet what was not judged. */
static void expect_internal_error(struct intake_case *c, const char *reason)
{
    c->config.mode = CONFIG_ENFORCE;
    c->config.on_internal_error = CONFIG_DEFER;
    case_expect(c, EVENT_DEFERRED, "internal-error");
    assert_true(slice_starts_with(c->decision->reply, SLICE("451 4.3.0 ")));
    expect_reason(c, reason);
    c->config.on_internal_error = CONFIG_ACCEPT;
    case_expect(c, EVENT_ACCEPTED, "internal-error");
    assert_int_equal(c->decision->edit_count, 0);
    c->config.on_internal_error = CONFIG_DEFER;
    c->config.mode = CONFIG_OBSERVE;
    case_expect(c, EVENT_ACCEPTED, "internal-error");
    assert_int_equal(c->decision->event.action.action, CONFIG_DEFER);
    assert_null(c->decision->event.verdict);
    expect_reason(c, reason);
}

/* ---- limits -------------------------------------------------------------------------------- */

static void a_header_with_too_many_octets_is_not_judged(void **state)
{
    struct intake_case *c = *state;
    c->config.limits.header_bytes = 100;
    expect_internal_error(c, "its header is larger than 100 octets");
}

static void a_header_with_too_many_fields_is_not_judged(void **state)
{
    struct intake_case *c = *state;
    c->config.limits.fields = 5;
    expect_internal_error(c, "its header has more than 5 fields");
    c->config.limits.fields = 6;
    c->config.mode = CONFIG_ENFORCE;
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-unknown");
}

static void a_message_with_too_many_octets_is_not_judged(void **state)
{
    struct intake_case *c = *state;
    c->folds_are_crlf = true;
    c->config.limits.message_bytes = strlen(c->message) - 1;
    expect_internal_error(c, "it is larger than");
    c->config.limits.message_bytes++;
    c->config.mode = CONFIG_ENFORCE;
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-unknown");
}

static void an_envelope_address_too_long_is_not_judged(void **state)
{
    struct intake_case *c = *state;
    char *address = calloc(1, INTAKE_ADDRESS_MAX + 2);
    memset(address, 'a', INTAKE_ADDRESS_MAX + 1);
    memcpy(address + INTAKE_ADDRESS_MAX - 20, "@example.org", 12);
    c->mail_from = address;
    expect_internal_error(c, "an address of its envelope is longer than 2048 octets");
    assert_int_equal(c->decision->event.mail_from.len, INTAKE_ADDRESS_MAX);
    c->mail_from = "<a@example.org>";
    c->rcpt[0] = address;
    expect_internal_error(c, "an address of its envelope is longer than 2048 octets");
    address[INTAKE_ADDRESS_MAX] = '\0';
    c->config.mode = CONFIG_ENFORCE;
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-unknown");
    free(address);
}

static void a_header_of_ten_megabytes_is_not_judged(void **state)
{
    enum { FIELD_BYTES = 100 * 1024, FIELDS = 100 };
    struct intake_case *c = *state;
    char *text = malloc(FIELD_BYTES);
    memset(text, 'x', FIELD_BYTES);
    case_open(c, (struct intake_ceilings){0});
    case_connect(c);
    case_mail(c);
    for (size_t i = 0; i < FIELDS; i++) {
        intake_field(c->intake, SLICE("X-Large"), slice_of(text, FIELD_BYTES), false);
    }
    intake_field(c->intake, SLICE("Authentication-Results"),
                 SLICE(" mx.example.com; none"), false);
    intake_end_of_header(c->intake);
    intake_end_of_body(c->intake);
    c->decision = intake_decision(c->intake);
    assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
    expect_reason(c, "its header is larger than 2097152 octets");
    free(text);
}

static void a_body_of_hundred_megabytes_is_judged(void **state)
{
    enum { PIECE_BYTES = 65535, PIECES = 1600 };
    struct intake_case *c = *state;
    static char piece[PIECE_BYTES];
    memset(piece, '\n', sizeof piece);
    case_sign(c);
    case_open(c, (struct intake_ceilings){0});
    c->house.source = (struct dns_source){.find = zone_find, .context = c->zone};
    case_connect(c);
    case_mail(c);
    case_header(c, CASE_WARM);
    for (size_t i = 0; i < PIECES; i++) {
        intake_body(c->intake, slice_of(piece, sizeof piece));
    }
    assert_true(arena_used_bytes(c->intake->message->arenas->evidence) < 1 << 20);
    intake_end_of_body(c->intake);
    c->decision = intake_decision(c->intake);
    assert_non_null(c->decision);
    assert_true(c->decision->event.size_bytes > (uint64_t)PIECE_BYTES * PIECES);
}

static void many_recipients_take_bounded_memory(void **state)
{
    struct intake_case *c = *state;
    char address[1000];
    memset(address, 'a', sizeof address);
    c->config.limits.recipients = 100;
    case_open(c, (struct intake_ceilings){0});
    case_connect(c);
    case_mail(c);
    for (size_t i = 0; i < 100000; i++) {
        intake_rcpt(c->intake, slice_of(address, sizeof address));
    }
    assert_true(arena_used_bytes(c->intake->message->arenas->evidence) < 1 << 20);
    case_header(c, CASE_EARLY);
    intake_end_of_body(c->intake);
    case_answer(c, CASE_EARLY, true);
    assert_int_equal(intake_decision(c->intake)->event.rcpt_count, 100000);
}

/* ---- memory -------------------------------------------------------------------------------- */

/* With less and less memory there is the same decision or an internal error, never another. */
static void with_too_little_memory_there_is_an_internal_error(void **state)
{
    static const struct {
        const char *why;
        bool evidence, scratch, desk;
    } rows[] = {
        {"evidence",   true,  false, false},
        {"scratch",    false, true,  false},
        {"desk",       false, false, true },
        {"everything", true,  true,  true },
    };
    enum { PLENTY = 1 << 20 };
    struct intake_case *c = *state;
    case_sign(c);
    case_add_to_header(c, "Authentication-Results: mx.example.com; dmarc=pass\r\n");
    case_expect(c, EVENT_ACCEPTED, "dmarc-pass");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t errors = 0;
        size_t verdicts = 0;
        for (size_t bytes = 64; bytes < 80000; bytes += bytes / 16) {
            case_open(c, (struct intake_ceilings){
                             .evidence_bytes = rows[i].evidence ? bytes : PLENTY,
                             .scratch_bytes = rows[i].scratch ? bytes : PLENTY,
                             .desk_bytes = rows[i].desk ? bytes : PLENTY});
            case_run(c, bytes % 2 == 0 ? CASE_LATE : CASE_EARLY);
            bool is_error =
                slice_eq(c->decision->event.action.rule, SLICE("internal-error"));
            assert_int_equal(c->decision->outcome,
                             is_error ? EVENT_DEFERRED : EVENT_ACCEPTED);
            if (is_error) {
                assert_true(slice_starts_with(c->decision->reply, SLICE("451 4.3.0 ")));
                assert_int_equal(c->decision->edit_count, 0);
            } else {
                assert_int_equal(case_count(c->decision, INTAKE_REMOVE), 1);
                assert_int_equal(case_count(c->decision, INTAKE_ADD), 1);
            }
            errors += is_error;
            verdicts += !is_error;
        }
        if (errors == 0 || verdicts == 0) {
            fail_msg("%s: %zu errors, %zu verdicts", rows[i].why, errors, verdicts);
        }
    }
}

static void what_is_forged_goes_without_memory_for_the_rest(void **state)
{
    struct intake_case *c = *state;
    c->config.on_internal_error = CONFIG_ACCEPT;
    case_add_to_header(c, "Authentication-Results: mx.example.com; dmarc=pass\r\n"
                          "Authentication-Results: other.example.net; dmarc=pass\r\n");
    case_open(c, (struct intake_ceilings){
                     .evidence_bytes = 64, .scratch_bytes = 64, .desk_bytes = 1 << 20});
    case_run(c, CASE_LATE);
    assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
    assert_int_equal(c->decision->edit_count, 1);
    assert_int_equal(c->decision->edits[0].index, 0);
    expect_reason(c, "not enough memory");
}

static void a_message_without_any_memory_is_deferred(void **state)
{
    struct intake_case *c = *state;
    c->config.on_internal_error = CONFIG_ACCEPT;
    case_open(c, (struct intake_ceilings){
                     .evidence_bytes = 64, .scratch_bytes = 64, .desk_bytes = 64});
    case_run(c, CASE_LATE);
    assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
    assert_true(slice_starts_with(c->decision->reply, SLICE("451 ")));
    assert_true(intake_has_message(c->intake));
    intake_finish_message(c->intake);
    assert_false(intake_has_message(c->intake));
    assert_null(intake_decision(c->intake));
}

static void an_idle_session_is_small_and_holds_no_arena(void **state)
{
    struct intake_case *c = *state;
    assert_true(sizeof(struct intake) + INTAKE_CLIENT_NAME_MAX + INTAKE_HELO_MAX <= 1024);
    case_run(c, CASE_EARLY);
    assert_non_null(c->intake->message);
    intake_finish_message(c->intake);
    assert_null(c->intake->message);
    char *name = calloc(1, 100000);
    memset(name, 'h', 99999);
    intake_connect(c->intake, (struct ip){0}, slice_from_text(name));
    intake_helo(c->intake, slice_from_text(name));
    assert_int_equal(c->intake->client_name_length, INTAKE_CLIENT_NAME_MAX);
    assert_int_equal(c->intake->helo_length, INTAKE_HELO_MAX);
    free(name);
}

static void more_messages_at_once_than_the_pool_keeps(void **state)
{
    enum { SESSIONS = 20 };
    struct intake_case *c = *state;
    struct intake *others[SESSIONS];
    struct intake_mail mail = {.path = SLICE("<a@example.org>"), .now_s = CASE_NOW};
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-unknown");
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < SESSIONS; i++) {
            others[i] = intake_new(&c->house, &c->listener);
            intake_mail(others[i], &mail);
        }
        case_expect(c, EVENT_ACCEPTED, "dmarc-reject-unknown");
        for (size_t i = 0; i < SESSIONS; i++) {
            assert_true(intake_has_message(others[i]));
            intake_free(others[i]);
        }
    }
}

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
        intake_end_of_body(c->intake);
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
                intake_end_of_body(c->intake);
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
    intake_end_of_body(c->intake);
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
    intake_end_of_body(c->intake);
    assert_int_equal(intake_decision(c->intake)->event.verdict->spf.code, SPF_TEMPERROR);
}

static void after_twenty_four_rounds_what_is_wanted_counts_as_timed_out(void **state)
{
    struct intake_case *c = *state;
    case_open(c, (struct intake_ceilings){0});
    go_to(c, STEP_RCPT, CASE_LATE);
    c->intake->message->rounds = INTAKE_ROUNDS_MAX - 1;
    case_header(c, CASE_LATE);
    intake_end_of_body(c->intake);
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
    intake_end_of_body(c->intake);
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
        intake_end_of_body(c->intake);
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
    intake_end_of_body(c->intake);
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
    intake_end_of_body(c->intake);
    c->decision = intake_decision(c->intake);
    assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
    expect_reason(c, "behind the header");
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
    intake_end_of_body(c->intake);
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
        TEST(a_header_with_too_many_octets_is_not_judged),
        TEST(a_header_with_too_many_fields_is_not_judged),
        TEST(a_message_with_too_many_octets_is_not_judged),
        TEST(an_envelope_address_too_long_is_not_judged),
        TEST(a_header_of_ten_megabytes_is_not_judged),
        TEST(a_body_of_hundred_megabytes_is_judged),
        TEST(many_recipients_take_bounded_memory),
        TEST(with_too_little_memory_there_is_an_internal_error),
        TEST(what_is_forged_goes_without_memory_for_the_rest),
        TEST(a_message_without_any_memory_is_deferred),
        TEST(an_idle_session_is_small_and_holds_no_arena),
        TEST(more_messages_at_once_than_the_pool_keeps),
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
