/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Whose record is looked for (RFC 7208 sections 2.3, 2.4 and 4.3). */

#define ZONE                                                                             \
    "example.org TXT \"v=spf1 +all\"\nmail.example.org TXT \"v=spf1 -all\"\n"            \
    "xn--bcher-kva.example TXT \"v=spf1 ~all\"\n_a.example.org TXT \"v=spf1 ?all\"\n"

#define LABEL63 "a23456789012345678901234567890123456789012345678901234567890123"

static void the_identity_is_taken_from_path_or_helo(void **state)
{
    struct spf_case *c = *state;
    /* clang-format off */
    static const struct {
        const char *why;
        enum spf_scope scope;
        const char *helo;
        const char *mail_from;
        enum spf_code code;
        const char *domain;
        const char *sender;
    } rows[] = {
        {"a mailbox", SPF_SCOPE_MAIL_FROM, "mail.example.org", "u@example.org", SPF_PASS,
         "example.org", "u@example.org"},
        {"upper case", SPF_SCOPE_MAIL_FROM, "mail.example.org", "U@Example.ORG", SPF_PASS,
         "example.org", "U@example.org"},
        {"trailing dot", SPF_SCOPE_MAIL_FROM, "mail.example.org", "u@example.org.",
         SPF_PASS, "example.org", "u@example.org"},
        {"the last @ divides", SPF_SCOPE_MAIL_FROM, "mail.example.org",
         "\"a@x.test\"@example.org", SPF_PASS, "example.org", "\"a@x.test\"@example.org"},
        {"a source route is dropped", SPF_SCOPE_MAIL_FROM, "mail.example.org",
         "@a.test,@b.test:u@example.org", SPF_PASS, "example.org", "u@example.org"},
        {"no local part", SPF_SCOPE_MAIL_FROM, "mail.example.org", "@example.org",
         SPF_PASS, "example.org", "postmaster@example.org"},
        {"no @ at all", SPF_SCOPE_MAIL_FROM, "mail.example.org", "example.org", SPF_PASS,
         "example.org", "postmaster@example.org"},
        {"null path", SPF_SCOPE_MAIL_FROM, "mail.example.org", "", SPF_FAIL,
         "mail.example.org", "postmaster@mail.example.org"},
        {"HELO", SPF_SCOPE_HELO, "Mail.example.org", "u@example.org", SPF_FAIL,
         "mail.example.org", "postmaster@mail.example.org"},
        {"U-labels", SPF_SCOPE_MAIL_FROM, "mail.example.org", "u@b\xc3\xbc" "cher.example",
         SPF_SOFTFAIL, "xn--bcher-kva.example", "u@xn--bcher-kva.example"},
        {"underscore", SPF_SCOPE_MAIL_FROM, "mail.example.org", "u@_a.example.org",
         SPF_NEUTRAL, "_a.example.org", "u@_a.example.org"},
        {"unqualified", SPF_SCOPE_HELO, "localhost", "u@example.org", SPF_NONE,
         "localhost", "postmaster@localhost"},
        {"address literal", SPF_SCOPE_HELO, "[192.0.2.1]", "u@example.org", SPF_NONE,
         "[192.0.2.1]", "postmaster@[192.0.2.1]"},
        {"bare address", SPF_SCOPE_HELO, "192.0.2.1", "u@example.org", SPF_NONE,
         "192.0.2.1", "postmaster@192.0.2.1"},
        {"address literal in the path", SPF_SCOPE_MAIL_FROM, "mail.example.org",
         "u@[192.0.2.1]", SPF_NONE, "[192.0.2.1]", "u@[192.0.2.1]"},
        {"empty label", SPF_SCOPE_MAIL_FROM, "mail.example.org", "u@a..example.org",
         SPF_NONE, "a..example.org", "u@a..example.org"},
        {"leading dot", SPF_SCOPE_MAIL_FROM, "mail.example.org", "u@.example.org",
         SPF_NONE, ".example.org", "u@.example.org"},
        {"label of 64", SPF_SCOPE_MAIL_FROM, "mail.example.org",
         "u@" LABEL63 "x.example.org", SPF_NONE, LABEL63 "x.example.org",
         "u@" LABEL63 "x.example.org"},
        {"label of 63", SPF_SCOPE_MAIL_FROM, "mail.example.org",
         "u@" LABEL63 ".example.org", SPF_NONE, LABEL63 ".example.org",
         "u@" LABEL63 ".example.org"},
        {"a space", SPF_SCOPE_MAIL_FROM, "mail.example.org", "u@exam ple.org", SPF_NONE,
         "exam ple.org", "u@exam ple.org"},
        {"no domain", SPF_SCOPE_MAIL_FROM, "mail.example.org", "u@", SPF_NONE, "", "u@"},
        {"nothing", SPF_SCOPE_MAIL_FROM, "", "", SPF_NONE, "", "postmaster@"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        c->query.scope = rows[i].scope;
        const struct spf_result *result =
            case_run(c, ZONE, "192.0.2.1", rows[i].helo, rows[i].mail_from);
        if (result->code != rows[i].code || result->scope != rows[i].scope) {
            fail_msg("%s: %s: %.*s", rows[i].why, spf_code_text(result->code),
                     SLICE_ARG(result->reason));
        }
        assert_text(result->domain, rows[i].domain);
        assert_text(result->sender, rows[i].sender);
    }
}

static void what_cannot_be_a_domain_is_not_asked_for(void **state)
{
    struct spf_case *c = *state;
    /* clang-format off */
    static const char *const domains[] = {
        "localhost",      "[192.0.2.1]",           "192.0.2.1",
        "a..example.org", LABEL63 "x.example.org", ""};
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        c->query.scope = SPF_SCOPE_HELO;
        (void)case_run(c, ZONE, "192.0.2.1", domains[i], "");
        assert_int_equal(dns_answers_count(c->runs[ANSWERS_WARM].answers), 0);
    }
}

static void a_client_without_address_is_none(void **state)
{
    (void)state;
    struct answers_run run;
    answers_begin(&run, ZONE, ANSWERS_WARM);
    struct spf_query query = {.mail_from = SLICE("u@example.org")};
    struct spf_result result;
    assert_int_equal(spf_check(run.scratch, &query, &run.view, &result), YETT_OK);
    assert_int_equal(result.code, SPF_NONE);
    assert_text(result.reason, "the client's address is not known");
    answers_end(&run);
}

static void the_code_and_scope_have_the_words_of_the_standards(void **state)
{
    (void)state;
    static const char *const codes[] = {"none",     "neutral",   "pass",     "fail",
                                        "softfail", "temperror", "permerror"};
    for (int code = SPF_NONE; code <= SPF_PERMERROR; code++) {
        assert_string_equal(spf_code_text((enum spf_code)code), codes[code]);
    }
    assert_string_equal(spf_scope_text(SPF_SCOPE_MAIL_FROM), "mfrom");
    assert_string_equal(spf_scope_text(SPF_SCOPE_HELO), "helo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPF_TEST(the_identity_is_taken_from_path_or_helo),
        SPF_TEST(what_cannot_be_a_domain_is_not_asked_for),
        SPF_TEST(a_client_without_address_is_none),
        SPF_TEST(the_code_and_scope_have_the_words_of_the_standards),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
