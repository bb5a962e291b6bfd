/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* The explanation of a fail (RFC 7208 section 6.2). */

#define EXP "example.org TXT \"v=spf1 exp=e.test -all\"\n"

#define TEN    "123456789 "
#define NINETY TEN TEN TEN TEN TEN TEN TEN TEN TEN

struct row {
    const char *why;
    const char *zone;
    const char *text;
};

static void assert_rows(struct spf_case *c, const struct row *rows, size_t count)
{
    c->query.receiver = SLICE("mx.receiver.test");
    c->query.now_s = 1700000000;
    for (size_t i = 0; i < count; i++) {
        const struct spf_result *result = case_org(c, rows[i].zone, "192.0.2.1");
        if (result->code != SPF_FAIL ||
            !slice_eq(result->explanation, slice_from_text(rows[i].text))) {
            fail_msg("%s: %s, \"%.*s\"", rows[i].why, spf_code_text(result->code),
                     SLICE_ARG(result->explanation));
        }
    }
}

#define ASSERT_ROWS(state, rows) assert_rows(*(state), rows, sizeof rows / sizeof rows[0])

static void the_text_is_expanded(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"plain", EXP "e.test TXT \"Go away.\"", "Go away."},
        {"a trailing dot stays", EXP "e.test TXT \"End.\"", "End."},
        {"strings are joined", EXP "e.test TXT \"Go \" \"away\"", "Go away"},
        {"macros",
         EXP
         "e.test TXT \"%{c} %{i} %{s} %{l} %{o} %{d} %{h} %{v} %{r} %{t} %{p} %% %_ %-\"",
         "192.0.2.1 192.0.2.1 user@example.org user example.org example.org mail.example.org in-addr mx.receiver.test 1700000000 unknown %   %20"},
        {"the target too",
         "example.org TXT \"v=spf1 exp=%{l}.e.test -all\"\n"
         "user.e.test TXT \"you\"",
         "you"},
        {"escaped", EXP "e.test TXT \"http://e.test/?s=%{S}\"",
         "http://e.test/?s=user%40example.org"},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

static void mistakes_mean_no_explanation(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"no exp", "example.org TXT \"v=spf1 -all\"", ""},
        {"no such name", EXP, ""},
        {"no TXT", EXP "e.test A 192.0.2.1", ""},
        {"two texts", EXP "e.test TXT \"one\"\ne.test TXT \"two\"", ""},
        {"timeout", EXP "; yett: timeout e.test TXT", ""},
        {"SERVFAIL", EXP "; yett: servfail e.test TXT", ""},
        {"bad macro", EXP "e.test TXT \"%{x}\"", ""},
        {"not ASCII", EXP "e.test TXT \"gr\\195\\188n\"", ""},
        {"a control character", EXP "e.test TXT \"a\\013\\010b\"", ""},
        {"empty", EXP "e.test TXT \"\"", ""},
        {"malformed target", "example.org TXT \"v=spf1 exp=a..test -all\"", ""},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

static void a_long_text_ends_at_a_word_within_200_octets(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"200 stay", EXP "e.test TXT \"" NINETY NINETY TEN "1234567890\"",
         NINETY NINETY TEN "1234567890"},
        {"201 are cut", EXP "e.test TXT \"" NINETY NINETY TEN "12345678901\"",
         NINETY NINETY "123456789 ..."},
        {"a long last word goes", EXP "e.test TXT \"" NINETY NINETY "http://%{d}/why\"",
         NINETY NINETY "..."},
        {"one long word is dropped",
         EXP
         "e.test TXT \"%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}%{o}\"",
         ""},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

static void what_the_client_said_cannot_break_a_reply(void **state)
{
    struct spf_case *c = *state;
    static const char *const zone = EXP "e.test TXT \"hello %{h}\"";
    const struct spf_result *result =
        case_run(c, zone, "192.0.2.1", "x\r\n250 fine", "user@example.org");
    assert_int_equal(result->code, SPF_FAIL);
    assert_text(result->explanation, "");
}

/* RFC 8616 section 4; %{L} is escaped, so it is ASCII. */
static void a_local_part_that_is_not_ascii_is_not_explained(void **state)
{
    struct spf_case *c = *state;
    static const char *const sender = "\xc3\xbc@example.org";
    assert_text(case_run(c, EXP "e.test TXT \"%{l}\"", "192.0.2.1", "h.test", sender)
                    ->explanation,
                "");
    assert_text(case_run(c, EXP "e.test TXT \"%{L}\"", "192.0.2.1", "h.test", sender)
                    ->explanation,
                "%C3%BC");
    assert_text(
        case_run(c,
                 "example.org TXT \"v=spf1 exp=%{l}.e.test -all\"\n*.e.test TXT \"no\"",
                 "192.0.2.1", "h.test", sender)
            ->explanation,
        "");
}

static void only_a_fail_is_explained(void **state)
{
    struct spf_case *c = *state;
    static const char *const records[] = {"+all", "~all", "?all", "a:%{h}", "moo"};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        char zone[200];
        (void)snprintf(zone, sizeof zone,
                       "example.org TXT \"v=spf1 exp=e.test %s\"\ne.test TXT \"no\"",
                       records[i]);
        const struct spf_result *result = case_org(c, zone, "192.0.2.1");
        assert_int_not_equal(result->code, SPF_FAIL);
        assert_text(result->explanation, "");
    }
}

static void the_explanation_is_that_of_the_record_which_failed(void **state)
{
    struct spf_case *c = *state;
    const struct spf_result *result =
        case_org(c,
                 "example.org TXT \"v=spf1 -include:i.test exp=own.test\"\n"
                 "i.test TXT \"v=spf1 exp=other.test +all\"\n"
                 "own.test TXT \"own %{d}\"\nother.test TXT \"other\"",
                 "192.0.2.1");
    assert_text(result->explanation, "own example.org");
    assert_text(result->explanation_domain, "example.org");

    result = case_org(c,
                      "example.org TXT \"v=spf1 redirect=r.test exp=own.test\"\n"
                      "r.test TXT \"v=spf1 exp=other.test -all\"\n"
                      "own.test TXT \"own\"\nother.test TXT \"other %{d}\"",
                      "192.0.2.1");
    assert_text(result->explanation, "other r.test");
    assert_text(result->explanation_domain, "r.test");

    result = case_org(c,
                      "example.org TXT \"v=spf1 redirect=r.test exp=own.test\"\n"
                      "r.test TXT \"v=spf1 -all\"\nown.test TXT \"own\"",
                      "192.0.2.1");
    assert_text(result->explanation, "");
    assert_text(result->explanation_domain, "");
}

static void the_trace_says_why_there_is_none(void **state)
{
    struct spf_case *c = *state;
    const struct spf_result *result =
        case_org(c, EXP "e.test TXT \"one\"\ne.test TXT \"two\"", "192.0.2.1");
    const struct spf_step *last = &result->steps[result->step_count - 1];
    assert_text(last->term, "exp=e.test");
    assert_text(last->note, "is not used: e.test has 2 TXT records instead of one");
}

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        SPF_TEST(the_text_is_expanded),
        SPF_TEST(mistakes_mean_no_explanation),
        SPF_TEST(a_long_text_ends_at_a_word_within_200_octets),
        SPF_TEST(what_the_client_said_cannot_break_a_reply),
        SPF_TEST(a_local_part_that_is_not_ascii_is_not_explained),
        SPF_TEST(only_a_fail_is_explained),
        SPF_TEST(the_explanation_is_that_of_the_record_which_failed),
        SPF_TEST(the_trace_says_why_there_is_none),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
