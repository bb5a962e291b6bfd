/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Which questions go out together. */

enum { ROUNDS_MAX = 30 };

/* The questions of each round: "TXT example.org | A a.test, A b.test". */
struct rounds {
    char text[2000];
    size_t used;
};

static void add(struct rounds *rounds, const char *before, struct dns_question question)
{
    int more = snprintf(rounds->text + rounds->used, sizeof rounds->text - rounds->used,
                        "%s%s %.*s", before, dns_type_text(question.type),
                        SLICE_ARG(question.name));
    assert_true(more > 0);
    rounds->used += (size_t)more;
    assert_true(rounds->used < sizeof rounds->text);
}

static const char *ask(struct rounds *rounds, const char *zone)
{
    struct answers_run run;
    struct spf_query query = {.helo = SLICE("mail.example.org"),
                              .mail_from = SLICE("user@example.org")};
    struct spf_result result;
    *rounds = (struct rounds){0};
    assert_int_equal(ip_parse(SLICE("192.0.2.1"), &query.ip), YETT_OK);
    answers_begin(&run, zone, ANSWERS_ROUND);
    for (int i = 0; i < ROUNDS_MAX; i++) {
        dns_questions_clear(&run.wanted);
        enum yett_err err = spf_check(run.scratch, &query, &run.view, &result);
        if (err == YETT_OK) {
            break;
        }
        assert_int_equal(err, YETT_NEED_ANSWERS);
        assert_true(run.wanted.count > 0);
        for (size_t k = 0; k < run.wanted.count; k++) {
            struct dns_question question = run.wanted.list[k];
            add(rounds, k > 0 ? ", " : i > 0 ? " | " : "", question);
            assert_int_equal(
                dns_answers_add(run.answers, question, zone_find(run.zone, question)),
                YETT_OK);
        }
    }
    answers_end(&run);
    return rounds->text;
}

/* Rows of a zone and the rounds it takes. */
/* clang-format off */
static const struct {
    const char *why;
    const char *zone;
    const char *rounds;
} rows[] = {
    {"terms in a row", "example.org TXT \"v=spf1 a mx exists:%{l}.x.test -all\"",
     "TXT example.org | A example.org, MX example.org, A user.x.test"},
    {"all mail servers",
     "example.org TXT \"v=spf1 mx -all\"\nexample.org MX 1 a.test.\nexample.org MX 2 b.test.\n"
     "example.org MX 3 c.test.",
     "TXT example.org | MX example.org | A a.test, A b.test, A c.test"},
    {"not more than the void lookups that are left",
     "example.org TXT \"v=spf1 a:x1.test a:x2.test a:x3.test a:x4.test -all\"",
     "TXT example.org | A x1.test, A x2.test, A x3.test"},
    {"up to the first include",
     "example.org TXT \"v=spf1 a include:i.test mx -all\"\nexample.org A 192.0.2.2\n"
     "i.test TXT \"v=spf1\"",
     "TXT example.org | A example.org, TXT i.test | MX example.org"},
    {"nothing after an include that is waited for",
     "example.org TXT \"v=spf1 include:i.test include:j.test -all\"\n"
     "i.test TXT \"v=spf1\"\nj.test TXT \"v=spf1\"",
     "TXT example.org | TXT i.test | TXT j.test"},
    {"the redirect at the end",
     "example.org TXT \"v=spf1 redirect=r.test a\"\nr.test TXT \"v=spf1\"",
     "TXT example.org | A example.org, TXT r.test"},
    {"not the redirect that all makes void",
     "example.org TXT \"v=spf1 redirect=r.test a ?all\"",
     "TXT example.org | A example.org"},
    {"nothing after all", "example.org TXT \"v=spf1 a -all mx\"",
     "TXT example.org | A example.org"},
    {"nothing after a network that holds the client",
     "example.org TXT \"v=spf1 a ip4:192.0.2.0/24 mx\"",
     "TXT example.org | A example.org"},
    {"past a network that does not",
     "example.org TXT \"v=spf1 a ip4:198.51.100.0/24 mx\"",
     "TXT example.org | A example.org, MX example.org"},
    {"nothing after a match", "example.org TXT \"v=spf1 ip4:192.0.2.0/24 a mx\"",
     "TXT example.org"},
    {"not beyond ten lookups",
     "example.org TXT \"v=spf1 a a a a a a a a a a:y1.test a:y2.test -all\"\n"
     "example.org A 192.0.2.9\ny1.test A 192.0.2.9",
     "TXT example.org | A example.org | A y1.test"},
    {"all names of the client",
     "example.org TXT \"v=spf1 ptr -all\"\n1.2.0.192.in-addr.arpa PTR a.example.org.\n"
     "1.2.0.192.in-addr.arpa PTR x.test.\n1.2.0.192.in-addr.arpa PTR b.example.org.",
     "TXT example.org | PTR 1.2.0.192.in-addr.arpa | A a.example.org, A b.example.org"},
    {"the explanation when there is a fail",
     "example.org TXT \"v=spf1 a -all exp=e.test\"",
     "TXT example.org | A example.org | TXT e.test"},
};
/* clang-format on */

static void what_no_limit_can_exclude_goes_out_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rounds rounds;
        const char *found = ask(&rounds, rows[i].zone);
        if (strcmp(found, rows[i].rounds) != 0) {
            fail_msg("%s:\n  %s\nexpected\n  %s", rows[i].why, found, rows[i].rounds);
        }
    }
}

static void what_was_asked_ahead_and_not_needed_is_not_evidence(void **state)
{
    struct spf_case *c = *state;
    (void)case_org(c, "example.org TXT \"v=spf1 a mx -all\"\nexample.org A 192.0.2.1",
                   "192.0.2.1");
    for (size_t i = 0; i < ANSWERS_SCHEDULES; i++) {
        assert_int_equal(dns_answers_count(c->runs[i].answers), 2);
    }
}

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        SPF_TEST(what_no_limit_can_exclude_goes_out_together),
        SPF_TEST(what_was_asked_ahead_and_not_needed_is_not_evidence),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
