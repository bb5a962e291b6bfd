/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is beyond the limits or the memory of one message: there is a decision all the same,
   and it is an internal error. */

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
    intake_end_of_body(c->intake, c->now_s);
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
    intake_end_of_body(c->intake, c->now_s);
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
    intake_end_of_body(c->intake, c->now_s);
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

static struct intake *begin_large(struct intake_case *c, size_t fields)
{
    struct intake_mail mail = {.path = SLICE("<a@example.org>"), .now_s = CASE_NOW};
    struct intake *intake = intake_new(&c->house, &c->listener);
    assert_non_null(intake);
    intake_mail(intake, &mail);
    for (size_t i = 0; i < fields; i++) {
        intake_field(intake, SLICE("X-Filler"), SLICE(" nothing"), false);
    }
    return intake;
}

/* A sender whose name server is slow holds as many as his connections, all at once. */
static void many_large_messages_at_once_are_in_nobody_elses_way(void **state)
{
    enum { SESSIONS = 20, FIELDS = 5000 };
    struct intake_case *c = *state;
    struct intake *others[SESSIONS];
    size_t told = 0;
    case_open(c, (struct intake_ceilings){.evidence_bytes = 24 << 20,
                                          .scratch_bytes = 24 << 20,
                                          .desk_bytes = 8 << 20,
                                          .own_bytes = 256 << 10,
                                          .shared_bytes = 2 << 20});
    for (size_t i = 0; i < SESSIONS; i++) {
        others[i] = begin_large(c, FIELDS);
    }
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-unknown");
    for (size_t i = 0; i < SESSIONS; i++) {
        intake_end_of_body(others[i], CASE_NOW);
        intake_time_out(others[i]);
        const struct intake_decision *decision = intake_decision(others[i]);
        assert_non_null(decision);
        told += case_has(decision->event.action.reason, "or of all in work");
        intake_free(others[i]);
    }
    assert_true(told > 0 && told < SESSIONS);
    case_expect(c, EVENT_ACCEPTED, "dmarc-reject-unknown");
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
        TEST(many_large_messages_at_once_are_in_nobody_elses_way),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
