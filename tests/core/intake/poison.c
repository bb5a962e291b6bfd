/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A message that takes workers down is known when it comes again, and only that message. */

enum { NAMES_MAX = 500 };

struct names {
    uint64_t list[NAMES_MAX];
    size_t count;
};

static bool has_name(const struct names *names, uint64_t name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (names->list[i] == name) {
            return true;
        }
    }
    return false;
}

/* What the house is told while the message comes. */
static struct names seen;

static bool note_name(void *context, uint64_t fingerprint)
{
    struct intake_case *c = context;
    if (!has_name(&seen, fingerprint)) {
        assert_true(seen.count < NAMES_MAX);
        seen.list[seen.count++] = fingerprint;
    }
    return c->poison == 0 || fingerprint != c->poison;
}

static struct names names_of(struct intake_case *c, enum case_schedule schedule)
{
    if (c->intake == NULL) {
        case_open(c, (struct intake_ceilings){0});
    }
    c->house.enter = note_name;
    seen.count = 0;
    case_run(c, schedule);
    return seen;
}

static void the_names_are_the_same_when_the_sender_tries_again(void **state)
{
    struct intake_case *c = *state;
    case_sign(c);
    struct names first = names_of(c, CASE_LATE);
    assert_true(first.count > 5); /* envelope, fields */
    c->client = "198.51.100.99";
    c->helo = "second.example.net";
    c->now_s += 600;
    c->piece_bytes = 3; /* the network cuts as it likes */
    case_open(c, (struct intake_ceilings){0});
    struct names second = names_of(c, CASE_LATE);
    assert_int_equal(first.count, second.count);
    for (size_t i = 0; i < first.count; i++) {
        assert_true(first.list[i] == second.list[i]);
    }
}

static void different_messages_have_different_names_from_where_they_differ(void **state)
{
    static const struct {
        const char *why, *mail_from, *rcpt, *message;
        size_t alike;
    } rows[] = {
        {"sender",    "<b@example.org>", "<you@example.com>",
         "From: a@example.org\r\nTo: b\r\n\r\nHello, hello, hello, hello, hello.\r\n", 0},
        {"recipient", "<a@example.org>", "<me@example.com>",
         "From: a@example.org\r\nTo: b\r\n\r\nHello, hello, hello, hello, hello.\r\n", 1},
        {"name",      "<a@example.org>", "<you@example.com>",
         "FROM: a@example.org\r\nTo: b\r\n\r\nHello, hello, hello, hello, hello.\r\n", 1},
        {"border",    "<a@example.org>", "<you@example.com>",
         "From: a@example.org\r\nT: ob\r\n\r\nHello, hello, hello, hello, hello.\r\n", 2},
        {"value",     "<a@example.org>", "<you@example.com>",
         "From: a@example.org\r\nTo: c\r\n\r\nHello, hello, hello, hello, hello.\r\n", 2},
    };
    struct intake_case *c = *state;
    case_set_message(
        c, "From: a@example.org\r\nTo: b\r\n\r\nHello, hello, hello, hello, hello.\r\n");
    struct names first = names_of(c, CASE_LATE);
    assert_int_equal(first.count, 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        c->mail_from = rows[i].mail_from;
        c->rcpt[0] = rows[i].rcpt;
        case_set_message(c, rows[i].message);
        struct names other = names_of(c, CASE_LATE);
        for (size_t at = 0; at < other.count; at++) {
            if (has_name(&first, other.list[at]) != (at < rows[i].alike)) {
                fail_msg("%s: name %zu", rows[i].why, at);
            }
        }
    }
}

static void another_key_gives_other_names(void **state)
{
    struct intake_case *c = *state;
    struct names first = names_of(c, CASE_LATE);
    c->house.key[3] ^= 1;
    struct names second = names_of(c, CASE_LATE);
    for (size_t i = 0; i < second.count; i++) {
        assert_false(has_name(&first, second.list[i]));
    }
}

static size_t count_fields(const char *message)
{
    size_t count = 1;
    for (const char *at = message; strncmp(at, "\r\n\r\n", 4) != 0; at++) {
        count += at[0] == '\n' && at[1] != ' ' && at[1] != '\t';
    }
    return count;
}

/* Whatever piece it was that took workers down, when it comes it is not looked into. */
static void a_message_is_not_judged_from_any_poisoned_piece_on(void **state)
{
    struct intake_case *c = *state;
    size_t stopped = 0;
    case_sign(c);
    case_add_to_header(c, "Authentication-Results: other.example.net; dmarc=pass\r\n");
    struct names names = names_of(c, CASE_EARLY);
    for (size_t i = 0; i < names.count; i++) {
        c->poison = names.list[i];
        c->config.on_internal_error = CONFIG_DEFER;
        c->config.mode = CONFIG_ENFORCE;
        seen.count = 0;
        case_run(c, CASE_EARLY);
        assert_true(c->decision->event.was_poisoned ==
                    (c->decision->outcome == EVENT_DEFERRED));
        if (!c->decision->event.was_poisoned) {
            continue; /* the name of what was asked ahead */
        }
        stopped++;
        assert_true(case_has(c->decision->event.action.reason, "failed over it before"));
        assert_true(seen.list[seen.count - 1] == c->poison); /* nothing after it */

        c->config.on_internal_error = CONFIG_ACCEPT;
        case_run(c, CASE_EARLY);
        assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
        assert_int_equal(c->decision->edit_count, 1);
        c->config.on_internal_error = CONFIG_DEFER;
        c->config.mode = CONFIG_OBSERVE;
        case_run(c, CASE_EARLY);
        assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
    }
    assert_int_equal(stopped, count_fields(c->message));
}

/* It looks at the client's greeting, which has no part in the name of a message: nobody can
   have mail of others refused with a greeting that no worker survives. */
static void what_is_asked_ahead_poisons_no_message(void **state)
{
    struct intake_case *c = *state;
    case_open(c, (struct intake_ceilings){0});
    case_connect(c);
    case_mail(c);
    c->last_entered = 0;
    case_answer(c, CASE_EARLY, false);
    assert_true(c->last_entered != 0);
    c->poison = c->last_entered;
    intake_finish_message(c->intake);
    for (enum case_schedule schedule = CASE_LATE; schedule <= CASE_EARLY; schedule++) {
        case_run(c, schedule);
        assert_false(c->decision->event.was_poisoned);
        assert_true(
            slice_eq(c->decision->event.action.rule, SLICE("dmarc-reject-unknown")));
    }
}

static void a_poisoned_message_asks_nothing_more(void **state)
{
    struct intake_case *c = *state;
    case_open(c, (struct intake_ceilings){0});
    c->poison_everything = true;
    case_connect(c);
    case_mail(c);
    case_answer(c, CASE_LATE, false);
    case_header(c, CASE_LATE);
    case_body(c, CASE_LATE);
    intake_end_of_body(c->intake, c->now_s);
    assert_int_equal(c->open_count, 0);
    assert_non_null(intake_decision(c->intake));
    assert_int_equal(c->enters, 2); /* to ask ahead, and for the first field */
}

static void the_next_message_is_looked_into(void **state)
{
    struct intake_case *c = *state;
    struct names names = names_of(c, CASE_LATE);
    c->poison = names.list[names.count - 1];
    case_run(c, CASE_LATE);
    assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
    case_set_message(c, "From: a@example.org\r\n\r\nAnother one.\r\n");
    case_run(c, CASE_LATE);
    assert_true(slice_eq(c->decision->event.action.rule, SLICE("dmarc-reject-unknown")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_names_are_the_same_when_the_sender_tries_again),
        TEST(different_messages_have_different_names_from_where_they_differ),
        TEST(another_key_gives_other_names),
        TEST(a_message_is_not_judged_from_any_poisoned_piece_on),
        TEST(what_is_asked_ahead_poisons_no_message),
        TEST(a_poisoned_message_asks_nothing_more),
        TEST(the_next_message_is_looked_into),
    };
    return cmocka_run_group_tests_name("poison", tests, NULL, NULL);
}
