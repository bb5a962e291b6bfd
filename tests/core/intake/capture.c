/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/autopsy.h"
#include "core/intake/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is kept of a message whose signatures failed, and that nobody is worse off for it. */

#define FOOTER "____\r\nlist\r\n"

static const char no_body_hash[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

static int setup(void **state)
{
    int result = case_setup(state);
    struct intake_case *c = *state;
    c->config.dkim.autopsy = true;
    return result;
}

static void append(struct intake_case *c, const char *text)
{
    char *longer = NULL;
    assert_true(asprintf(&longer, "%s%s", c->message, text) > 0);
    case_set_message(c, longer);
    free(longer);
}

/* On top of the message; `bad`: its body hash is none. */
static void sign_for(struct intake_case *c, const char *domain, bool bad)
{
    struct sign_options options = {.fields = "From:To:Subject:Date:Message-ID",
                                   .signed_at = "1763999940",
                                   .domain = domain,
                                   .body_hash = bad ? no_body_hash : NULL};
    char *text = sign_message(c->key, &options, c->message);
    free(c->message);
    c->message = text;
}

/* The same key at more names, each with these tags and so many times. */
static void publish(struct intake_case *c, const char *domain, const char *tags,
                    size_t times)
{
    static const char zone[] = "$TTL 3600\n"
                               "example.org. TXT \"v=spf1 ip4:192.0.2.0/28 ~all\"\n"
                               "_dmarc.example.org. TXT \"v=DMARC1; p=none\"\n"
                               "; yett: timeout _dmarc.slow.example. TXT\n";
    char *org = sign_key_zone(c->key, "test", "example.org", "");
    char *text = NULL;
    assert_true(
        asprintf(&text, "%s%s", zone, strcmp(domain, "example.org") == 0 ? "" : org) > 0);
    for (size_t i = 0; i < times; i++) {
        char more[32], *longer = NULL;
        snprintf(more, sizeof(more), "n=%zu; ", i);
        char *all = NULL;
        assert_true(asprintf(&all, "%s%s", times == 1 ? "" : more, tags) >= 0);
        char *line = sign_key_zone(c->key, "test", domain, all);
        assert_true(asprintf(&longer, "%s%s", text, line) > 0);
        free(text);
        free(line);
        free(all);
        text = longer;
    }
    case_set_zone(c, text);
    free(text);
    free(org);
}

static void assert_nothing_failed(struct intake_case *c)
{
    struct intake_failed failed;
    for (int schedule = 0; schedule < CASE_SCHEDULES; schedule++) {
        case_run(c, (enum case_schedule)schedule);
        assert_false(intake_failed_signatures(c->intake, &failed));
    }
}

static struct intake_failed failed_of(struct intake_case *c)
{
    struct intake_failed failed;
    assert_true(intake_failed_signatures(c->intake, &failed));
    return failed;
}

static slice body_of(const struct intake_case *c)
{
    slice all = slice_from_text(c->message);
    return slice_skip(all, slice_find(all, SLICE("\r\n\r\n")) + 4);
}

static void assert_body(const struct intake_failed *failed, slice wanted)
{
    size_t at = 0;
    assert_true(failed->capture.has_body);
    for (const struct capture_piece *p = failed->body; p != NULL; p = p->next) {
        assert_true(p->length <= wanted.len - at);
        assert_memory_equal(p->octets, wanted.ptr + at, p->length);
        at += p->length;
    }
    assert_int_equal(at, wanted.len);
}

/* d= of the signature that is said to have failed. */
static void assert_domain(const struct intake_failed *failed, size_t at,
                          const char *wanted)
{
    size_t index = failed->capture.failures[at].field_index;
    assert_true(index < failed->capture.header.count);
    const struct message_field *field = &failed->capture.header.fields[index];
    char *tag = NULL;
    assert_true(slice_eq(field->name, SLICE("DKIM-Signature")));
    assert_true(asprintf(&tag, "d=%s;", wanted) > 0);
    if (!case_has(field->value, tag)) {
        fail_msg("%zu: %.*s, wanted %s", at, SLICE_ARG(field->value), tag);
    }
    free(tag);
}

/* ---- what is kept ----------------------------------------------------------------------- */

static void unless_it_is_wanted_nothing_is_kept(void **state)
{
    struct intake_case *c = *state;
    c->config.dkim.autopsy = false;
    case_sign(c);
    append(c, FOOTER);
    case_open(c, (struct intake_ceilings){0});
    case_connect(c);
    case_mail(c);
    case_header(c, CASE_LATE);
    case_body(c, CASE_LATE);
    assert_false(c->intake->message->keeps_text);
    assert_null(c->intake->message->text.first);
    assert_null(c->intake->message->arenas->text);
    assert_nothing_failed(c);
}

static void a_changed_body_is_a_case_however_it_came(void **state)
{
    static const size_t pieces[] = {1, 7, 4096, 65535};
    struct intake_case *c = *state;
    case_sign(c);
    append(c, FOOTER);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        for (int schedule = 0; schedule < CASE_SCHEDULES; schedule++) {
            c->piece_bytes = pieces[i];
            case_run(c, (enum case_schedule)schedule);
            struct intake_failed failed = failed_of(c);
            assert_int_equal(failed.capture.failure_count, 1);
            assert_int_equal(failed.capture.failures[0].field_index, 0);
            assert_domain(&failed, 0, "example.org");
            assert_int_equal(failed.capture.failures[0].record_count, 1);
            assert_true(case_has(failed.capture.failures[0].records[0], "p="));
            assert_int_equal(failed.capture.time_s, CASE_NOW);
            assert_true(slice_eq(failed.capture.id, SLICE("0123456789abcdef")));
            assert_true(slice_eq(failed.capture.queue_id, SLICE("4bX1")));
            assert_int_equal(failed.capture.header.count, 7);
            assert_body(&failed, body_of(c));
        }
    }
}

/* All the way: handed over, read, looked into. */
static void what_is_handed_over_is_enough_for_an_autopsy(void **state)
{
    struct intake_case *c = *state;
    struct arena *arena = arena_new(AUTOPSY_ARENA_BYTES);
    struct buf buf;
    struct capture read;
    struct dkim_signature signature;
    struct autopsy_finding found;
    case_sign(c);
    append(c, FOOTER);
    case_run(c, CASE_EARLY);
    struct intake_failed failed = failed_of(c);
    buf_init(&buf, arena, CAPTURE_OCTETS_MAX);
    assert_int_equal(capture_write(&failed.capture, &buf), YETT_OK);
    for (const struct capture_piece *p = failed.body; p != NULL; p = p->next) {
        buf_add(&buf, slice_of(p->octets, p->length));
    }
    intake_finish_message(c->intake);
    assert_int_equal(capture_read(arena, buf_slice(&buf), &read), YETT_OK);
    const struct capture_failure *failure = &read.failures[0];
    const struct message_field *field = &read.header.fields[failure->field_index];
    assert_int_equal(dkim_parse_signature(arena, field, &signature), YETT_OK);
    signature.field_index = failure->field_index;
    struct autopsy_input input = {.header = &read.header,
                                  .body = read.body,
                                  .has_body = read.has_body,
                                  .signature = &signature};
    assert_int_equal(autopsy_perform_with_records(arena, c->crypto, &input,
                                                  failure->records, failure->record_count,
                                                  &found),
                     YETT_OK);
    assert_int_equal(found.kind, AUTOPSY_FOOTER_ADDED);
    assert_int_equal(found.confidence, AUTOPSY_CERTAIN);
    arena_free(arena);
}

static void a_message_without_body_is_a_case_as_well(void **state)
{
    struct intake_case *c = *state;
    case_set_message(c, "From: a@example.org\r\nSubject: x\r\n\r\n");
    case_sign(c);
    case_add_to_header(c, "Subject: another\r\n");
    sign_for(c, "example.org", true);
    case_run(c, CASE_LATE);
    struct intake_failed failed = failed_of(c);
    assert_null(failed.body);
    assert_body(&failed, SLICE_NONE);
}

static void what_passes_is_no_case(void **state)
{
    struct intake_case *c = *state;
    assert_nothing_failed(c); /* it is not signed at all */
    case_sign(c);
    assert_nothing_failed(c);
}

static void without_its_key_a_signature_is_no_case(void **state)
{
    struct intake_case *c = *state;
    sign_for(c, "nokey.example", true);
    assert_nothing_failed(c);
    publish(c, "nokey.example", "k=dsa; ", 1);
    assert_nothing_failed(c);
    publish(c, "nokey.example", "", 1);
    case_run(c, CASE_LATE);
    assert_domain(&(struct intake_failed){failed_of(c).capture, NULL}, 0,
                  "nokey.example");
}

static void mail_of_our_own_is_no_case(void **state)
{
    struct intake_case *c = *state;
    case_sign(c);
    append(c, FOOTER);
    c->login = "alice";
    assert_nothing_failed(c);
    assert_null(c->intake->message->arenas->text);
    c->login = NULL;
    case_run(c, CASE_LATE);
    (void)failed_of(c);
}

/* It comes again. */
static void deferred_mail_is_no_case(void **state)
{
    struct intake_case *c = *state;
    publish(c, "slow.example", "", 1);
    case_set_message(c, "From: a@slow.example\r\nSubject: x\r\n\r\nHello.\r\n");
    c->mail_from = "<a@slow.example>";
    sign_for(c, "slow.example", true);
    case_run(c, CASE_LATE);
    assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
    assert_int_equal(c->decision->event.verdict->dkim.list[0].code, DKIM_FAIL);
    assert_nothing_failed(c);
    c->config.mode = CONFIG_OBSERVE;
    case_run(c, CASE_LATE);
    (void)failed_of(c);
}

static void rejected_mail_is_a_case(void **state)
{
    static struct config_domain ours = {.name = SLICE_INIT("example.org")};
    struct intake_case *c = *state;
    c->config.domains = &ours;
    c->config.domain_count = 1;
    case_sign(c);
    memcpy(strstr(c->message, "figures are"), "numbers", 7);
    case_run(c, CASE_LATE);
    assert_int_equal(c->decision->outcome, EVENT_REJECTED);
    struct intake_failed failed = failed_of(c);
    assert_body(&failed, body_of(c));
}

static void before_the_decision_and_after_the_message_there_is_none(void **state)
{
    struct intake_case *c = *state;
    struct intake_failed failed;
    case_sign(c);
    append(c, FOOTER);
    case_open(c, (struct intake_ceilings){0});
    assert_false(intake_failed_signatures(c->intake, &failed));
    case_connect(c);
    case_mail(c);
    assert_false(intake_failed_signatures(c->intake, &failed));
    case_header(c, CASE_EARLY);
    case_body(c, CASE_EARLY);
    assert_false(intake_failed_signatures(c->intake, &failed));
    intake_end_of_body(c->intake, c->now_s);
    case_answer(c, CASE_EARLY, true);
    assert_true(intake_failed_signatures(c->intake, &failed));
    intake_finish_message(c->intake);
    assert_false(intake_failed_signatures(c->intake, &failed));
}

/* ---- several signatures ----------------------------------------------------------------- */

static void of_two_signatures_the_one_that_fails_is_a_case(void **state)
{
    struct intake_case *c = *state;
    publish(c, "list.example", "", 1);
    sign_for(c, "list.example", true);
    sign_for(c, "example.org", false);
    case_run(c, CASE_LATE);
    assert_int_equal(c->decision->event.verdict->dkim.code, DKIM_PASS);
    struct intake_failed failed = failed_of(c);
    assert_int_equal(failed.capture.failure_count, 1);
    assert_int_equal(failed.capture.failures[0].field_index, 1);
    assert_domain(&failed, 0, "list.example");
}

static void those_of_the_author_domain_come_first(void **state)
{
    struct intake_case *c = *state;
    publish(c, "list.example", "", 1);
    sign_for(c, "example.org", true);
    sign_for(c, "list.example", true);
    for (int schedule = 0; schedule < CASE_SCHEDULES; schedule++) {
        case_run(c, (enum case_schedule)schedule);
        struct intake_failed failed = failed_of(c);
        assert_int_equal(failed.capture.failure_count, 2);
        assert_domain(&failed, 0, "example.org");
        assert_int_equal(failed.capture.failures[0].field_index, 1);
        assert_domain(&failed, 1, "list.example");
        assert_int_equal(failed.capture.failures[1].field_index, 0);
    }
}

static void no_more_than_four_are_handed_over(void **state)
{
    struct intake_case *c = *state;
    publish(c, "list.example", "", 1);
    for (size_t i = 0; i < CAPTURE_FAILURES_MAX - 1; i++) {
        sign_for(c, "example.org", true);
    }
    for (size_t i = 0; i < CAPTURE_FAILURES_MAX - 1; i++) {
        sign_for(c, "list.example", true);
    }
    case_run(c, CASE_LATE);
    struct intake_failed failed = failed_of(c);
    assert_int_equal(failed.capture.failure_count, CAPTURE_FAILURES_MAX);
    for (size_t i = 0; i < CAPTURE_FAILURES_MAX - 1; i++) {
        assert_domain(&failed, i, "example.org");
        assert_int_equal(failed.capture.failures[i].field_index,
                         CAPTURE_FAILURES_MAX - 1 + i);
    }
    assert_domain(&failed, CAPTURE_FAILURES_MAX - 1, "list.example");
    assert_int_equal(failed.capture.failures[CAPTURE_FAILURES_MAX - 1].field_index, 0);
}

/* ---- records ---------------------------------------------------------------------------- */

static size_t record_length(struct intake_case *c)
{
    case_run(c, CASE_LATE);
    struct intake_failed failed = failed_of(c);
    return failed.capture.failures[0].records[0].len;
}

static void a_record_longer_than_any_key_is_left_out(void **state)
{
    struct intake_case *c = *state;
    char tags[CAPTURE_RECORD_BYTES + 1] = {0};
    sign_for(c, "example.org", true);
    publish(c, "example.org", "n=; ", 1);
    size_t room = CAPTURE_RECORD_BYTES - record_length(c);
    for (size_t over = 0; over <= 1; over++) {
        memset(tags, 'x', room + over + 4);
        memcpy(tags, "n=", 2);
        memcpy(tags + 2 + room + over, "; ", 2);
        publish(c, "example.org", tags, 1);
        if (over == 0) {
            assert_int_equal(record_length(c), CAPTURE_RECORD_BYTES);
        } else {
            assert_nothing_failed(c);
        }
    }
    publish(c, "example.org", tags, 3);
    assert_nothing_failed(c);
}

static void no_more_than_four_records_are_handed_over(void **state)
{
    struct intake_case *c = *state;
    sign_for(c, "example.org", true);
    for (size_t count = 2; count <= CAPTURE_RECORDS_MAX + 3; count++) {
        publish(c, "example.org", "", count);
        case_run(c, CASE_LATE);
        struct intake_failed failed = failed_of(c);
        assert_int_equal(failed.capture.failures[0].record_count,
                         count < CAPTURE_RECORDS_MAX ? count : CAPTURE_RECORDS_MAX);
    }
}

/* ---- memory ----------------------------------------------------------------------------- */

/* A message whose signature fails, with a body of so many octets. */
static void make_large(struct intake_case *c, size_t bytes)
{
    static const char header[] = "From: a@example.org\r\nSubject: x\r\n\r\n";
    char *text = malloc(sizeof(header) + bytes);
    memcpy(text, header, sizeof(header) - 1);
    memset(text + sizeof(header) - 1, 'x', bytes);
    for (size_t i = 1; i < bytes / 64; i++) {
        memcpy(text + sizeof(header) - 1 + i * 64, "\r\n", 2);
    }
    text[sizeof(header) - 1 + bytes] = '\0';
    free(c->message);
    struct sign_options options = {.fields = "From",
                                   .canon = "relaxed/simple",
                                   .signed_at = "1763999940",
                                   .body_hash = no_body_hash};
    c->message = sign_message(c->key, &options, text);
    free(text);
}

static void a_body_up_to_the_limit_is_kept_and_no_larger_one(void **state)
{
    static const size_t pieces[] = {4096, 9000, 65535};
    struct intake_case *c = *state;
    for (size_t over = 0; over <= 1; over++) {
        make_large(c, CAPTURE_BODY_MAX + over);
        for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
            c->piece_bytes = pieces[i];
            case_run(c, CASE_LATE);
            struct intake_failed failed = failed_of(c);
            assert_int_equal(failed.capture.failure_count, 1);
            if (over == 0) {
                assert_body(&failed, body_of(c));
            } else {
                assert_false(failed.capture.has_body);
                assert_null(failed.body);
            }
        }
    }
}

static void a_body_that_is_given_up_takes_no_memory(void **state)
{
    struct intake_case *c = *state;
    make_large(c, CAPTURE_BODY_MAX + 1);
    case_run(c, CASE_LATE);
    assert_false(failed_of(c).capture.has_body);
    assert_int_equal(arena_used_bytes(c->intake->message->arenas->text), 0);
}

enum { SESSIONS = 24, PURSE_BYTES = 16 * 1024 * 1024 };

/* So many messages at once, all in their bodies together; how many of them have theirs. */
static size_t run_at_once(struct intake_case *c, struct intake **sessions)
{
    size_t kept = 0;
    slice body = body_of(c);
    c->house.source = (struct dns_source){.find = zone_find, .context = c->zone};
    for (size_t i = 0; i < SESSIONS; i++) {
        c->intake = sessions[i];
        case_connect(c);
        case_mail(c);
        case_rcpts(c);
        case_header(c, CASE_WARM);
    }
    for (; body.len != 0; body = slice_skip(body, 65535)) {
        for (size_t i = 0; i < SESSIONS; i++) {
            intake_body(sessions[i], slice_first(body, 65535));
        }
    }
    for (size_t i = 0; i < SESSIONS; i++) {
        intake_end_of_body(sessions[i], c->now_s);
        c->intake = sessions[i];
        struct intake_failed failed = failed_of(c);
        assert_true(slice_eq(intake_decision(sessions[i])->event.action.rule,
                             SLICE("dmarc-reject-unknown")));
        assert_int_equal(failed.capture.failure_count, 1);
        if (failed.capture.has_body) {
            assert_body(&failed, body_of(c));
            kept++;
        }
    }
    for (size_t i = 0; i < SESSIONS; i++) {
        intake_finish_message(sessions[i]);
    }
    return kept;
}

static void many_texts_share_a_purse_and_no_message_fails_for_it(void **state)
{
    struct intake_case *c = *state;
    struct intake *sessions[SESSIONS];
    size_t kept[3];
    make_large(c, CAPTURE_BODY_MAX);
    case_open(c, (struct intake_ceilings){0});
    struct intake *first = c->intake;
    sessions[0] = first;
    for (size_t i = 1; i < SESSIONS; i++) {
        sessions[i] = intake_new(&c->house, &c->listener);
    }
    for (size_t turn = 0; turn < 3; turn++) {
        kept[turn] = run_at_once(c, sessions);
        assert_true(kept[turn] >= 12);
        assert_true(kept[turn] <= PURSE_BYTES / CAPTURE_BODY_MAX);
    }
    assert_int_equal(kept[1], kept[0]); /* it came back */
    assert_int_equal(kept[2], kept[0]);
    for (size_t i = 1; i < SESSIONS; i++) {
        intake_free(sessions[i]);
    }
    c->intake = first;
}

/* One after the other each has the whole of it, also when many were broken off. */
static void memory_comes_back_from_messages_that_break_off(void **state)
{
    struct intake_case *c = *state;
    make_large(c, CAPTURE_BODY_MAX);
    case_open(c, (struct intake_ceilings){0});
    for (size_t i = 0; i < 40; i++) {
        case_connect(c);
        case_mail(c);
        case_header(c, CASE_LATE);
        case_body(c, CASE_LATE);
    }
    case_run(c, CASE_LATE);
    struct intake_failed failed = failed_of(c);
    assert_body(&failed, body_of(c));
}

/* ---- nobody is worse off ---------------------------------------------------------------- */

static void assert_same_verdict(struct intake_case *c)
{
    c->config.dkim.autopsy = false;
    case_judge(c);
    char *without = strdup(c->summary);
    c->config.dkim.autopsy = true;
    case_judge(c);
    assert_string_equal(c->summary, without);
    free(without);
}

static void verdicts_are_the_same_with_and_without(void **state)
{
    struct intake_case *c = *state;
    assert_same_verdict(c);
    case_sign(c);
    assert_same_verdict(c);
    append(c, FOOTER);
    assert_same_verdict(c);
    sign_for(c, "example.org", false);
    assert_same_verdict(c);
    c->login = "alice";
    assert_same_verdict(c);
    c->login = NULL;
    c->mail_from = "<a@slow.example>";
    case_set_message(c, "From: a@slow.example\r\n\r\nHello.\r\n");
    sign_for(c, "example.org", true);
    assert_same_verdict(c);
    c->config.limits.header_bytes = 100;
    assert_same_verdict(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unless_it_is_wanted_nothing_is_kept),
        TEST(a_changed_body_is_a_case_however_it_came),
        TEST(what_is_handed_over_is_enough_for_an_autopsy),
        TEST(a_message_without_body_is_a_case_as_well),
        TEST(what_passes_is_no_case),
        TEST(without_its_key_a_signature_is_no_case),
        TEST(mail_of_our_own_is_no_case),
        TEST(deferred_mail_is_no_case),
        TEST(rejected_mail_is_a_case),
        TEST(before_the_decision_and_after_the_message_there_is_none),
        TEST(of_two_signatures_the_one_that_fails_is_a_case),
        TEST(those_of_the_author_domain_come_first),
        TEST(no_more_than_four_are_handed_over),
        TEST(a_record_longer_than_any_key_is_left_out),
        TEST(no_more_than_four_records_are_handed_over),
        TEST(a_body_up_to_the_limit_is_kept_and_no_larger_one),
        TEST(a_body_that_is_given_up_takes_no_memory),
        TEST(many_texts_share_a_purse_and_no_message_fails_for_it),
        TEST(memory_comes_back_from_messages_that_break_off),
        TEST(verdicts_are_the_same_with_and_without),
    };
    return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
