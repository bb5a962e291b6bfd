/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"
#include "support/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Which of p, sp and np applies, and what is left of it (RFC 9989 sections 4.7, 4.10.1). */

#define NP "_dmarc.example.org. IN TXT \"v=DMARC1; p=none; sp=quarantine; np=reject\"\n"

static void existing_and_non_existent_subdomains(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "the domain itself: p",
         .zone = NP, .author = "example.org", NO_SPF,
         .expect = "fail p=none asks none at example.org org example.org"},
        {.why = "a subdomain with an address: sp",
         .zone = NP "a.example.org. IN A 192.0.2.1\n", .author = "a.example.org", NO_SPF,
         .expect = "fail sp=quarantine asks quarantine at example.org org example.org"},
        {.why = "any record makes a name exist (appendix A.4)",
         .zone = NP "a.example.org. IN TXT \"x\"\n", .author = "a.example.org", NO_SPF,
         .expect = "fail sp=quarantine asks quarantine at example.org org example.org"},
        {.why = "a name with names below it exists",
         .zone = NP "x.a.example.org. IN A 192.0.2.1\n", .author = "a.example.org", NO_SPF,
         .expect = "fail sp=quarantine asks quarantine at example.org org example.org"},
        {.why = "NXDOMAIN: np",
         .zone = NP, .author = "a.example.org", NO_SPF,
         .expect = "fail np=reject asks reject at example.org org example.org"},
        {.why = "an alias to nowhere is a record: the name exists",
         .zone = NP "a.example.org. IN CNAME nowhere.test.\n", .author = "a.example.org",
         NO_SPF,
         .expect = "fail sp=quarantine asks quarantine at example.org org example.org"},
        {.why = "a wildcard makes it exist",
         .zone = NP "*.example.org. IN A 192.0.2.1\n", .author = "a.example.org", NO_SPF,
         .expect = "fail sp=quarantine asks quarantine at example.org org example.org"},
        {.why = "without np= sp= MUST be applied",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=none; sp=reject\"\n",
         .author = "a.example.org", NO_SPF,
         .expect = "fail sp=reject asks reject at example.org org example.org"},
        {.why = "without np= and sp= p= MUST be applied",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject\"\n",
         .author = "a.example.org", NO_SPF,
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "np= does not apply to what exists, so p= does",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=none; np=reject\"\n"
                 "a.example.org. IN A 192.0.2.1\n",
         .author = "a.example.org", NO_SPF,
         .expect = "fail p=none asks none at example.org org example.org"},
        {.why = "np= of a public suffix",
         .zone = "_dmarc.example. IN TXT \"v=DMARC1; p=none; np=reject; psd=y\"\n",
         .author = "nosuch.example", NO_SPF,
         .expect = "fail np=reject asks reject at example org nosuch.example"},
        {.why = "sp= of a record at the author domain is ignored",
         .zone = "_dmarc.a.example.org. IN TXT \"v=DMARC1; p=none; sp=reject; np=reject\"\n"
                 NP,
         .author = "a.example.org", NO_SPF,
         .expect = "fail p=none asks none at a.example.org org example.org"},
        {.why = "existence cannot be told, and it matters",
         .zone = NP "; yett: timeout a.example.org ANY\n", .author = "a.example.org", NO_SPF,
         .expect = "temperror at example.org org example.org unknown floor quarantine"},
        {.why = "existence cannot be told, and it does not matter",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=none; sp=reject; np=reject\"\n"
                 "; yett: servfail a.example.org ANY\n",
         .author = "a.example.org", NO_SPF,
         .expect = "fail sp=reject asks reject at example.org org example.org"},
        {.why = "a pass wins over it",
         .zone = NP "; yett: timeout a.example.org ANY\n", .author = "a.example.org", NO_SPF,
         .dkim = {{"example.org", DKIM_PASS}},
         .expect = "pass at example.org org example.org dkim unknown floor quarantine"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void test_mode_is_one_step_down(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "reject",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; t=y\"\n",
         .author = "example.org", NO_SPF,
         .expect = "fail p=reject asks quarantine at example.org org example.org"},
        {.why = "quarantine",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=quarantine; t=y\"\n",
         .author = "example.org", NO_SPF,
         .expect = "fail p=quarantine asks none at example.org org example.org"},
        {.why = "none stays",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=none; t=y\"\n",
         .author = "example.org", NO_SPF,
         .expect = "fail p=none asks none at example.org org example.org"},
        {.why = "sp, too",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=none; sp=reject; t=y\"\n",
         .author = "a.example.org", NO_SPF,
         .expect = "fail sp=reject asks quarantine at example.org org example.org"},
        {.why = "np, too",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=none; np=reject; t=y\"\n",
         .author = "a.example.org", NO_SPF,
         .expect = "fail np=reject asks quarantine at example.org org example.org"},
        {.why = "t=n",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; t=n\"\n",
         .author = "example.org", NO_SPF,
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "pct=0 changes nothing any more (appendix A.6)",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; pct=0\"\n",
         .author = "example.org", NO_SPF,
         .expect = "fail p=reject asks reject at example.org org example.org"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void a_policy_that_cannot_be_used(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "rua= can be used: MUST act as if p=none, and go on",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; rua=mailto:d@example.org\"\n",
         .author = "example.org", NO_SPF, .dkim = {{"example.org", DKIM_PASS}},
         .expect = "pass p=none asks none at example.org org example.org dkim"},
        {.why = "… and fail",
         .zone = "_dmarc.example.org. IN TXT "
                 "\"v=DMARC1; p=reject; np=x; rua=mailto:d@example.org\"\n",
         .author = "example.org", NO_SPF,
         .expect = "fail p=none asks none at example.org org example.org"},
        {.why = "… no rua=: no DMARC processing, whatever passes",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=x\"\n",
         .author = "example.org", NO_SPF, .dkim = {{"example.org", DKIM_PASS}},
         .expect = "none p=none asks none at example.org org example.org dkim"},
        {.why = "it does not send the walk further up",
         .zone = "_dmarc.a.example.org. IN TXT \"v=DMARC1\"\n"
                 "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject\"\n",
         .author = "a.example.org", NO_SPF,
         .expect = "none p=none asks none at a.example.org org example.org"},
        {.why = "psd=n in it still counts",
         .zone = "_dmarc.a.example.org. IN TXT \"v=DMARC1; psd=n; rua=mailto:d@x.test\"\n"
                 "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject\"\n",
         .author = "b.a.example.org", NO_SPF, .dkim = {{"example.org", DKIM_PASS}},
         .expect = "fail p=none asks none at a.example.org org a.example.org"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

/* ---- From that is not one domain --------------------------------------------------------- */

struct from_case {
    struct message_from from;
    struct dmarc_result result;
};

static enum yett_err evaluate_from(void *context, struct arena *scratch,
                                   struct dns_view *view)
{
    struct from_case *c = context;
    struct dmarc_input input = {.from = &c->from};
    return dmarc_evaluate(scratch, &input, view, &c->result);
}

static void a_from_that_is_not_one_domain_is_outside_of_dmarc(void **state)
{
    (void)state;
    static const struct {
        enum message_from_status status;
        slice reason;
        slice says;
    } rows[] = {
        {MESSAGE_FROM_MISSING,         SLICE_INIT(""),                        SLICE_INIT("no From field")},
        {MESSAGE_FROM_UNPARSABLE,      SLICE_INIT("a \"<\" is never closed"),
         SLICE_INIT("a \"<\" is never closed")                                                           },
        {MESSAGE_FROM_SEVERAL_FIELDS,  SLICE_INIT("\x1b[2J"),                 SLICE_INIT("\\x1b[2J")     },
        {MESSAGE_FROM_SEVERAL_DOMAINS, SLICE_INIT(""),
         SLICE_INIT("more than one domain")                                                              },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct answers_run run;
        struct from_case c = {
            .from = {.status = rows[i].status, .reason = rows[i].reason}
        };
        answers_begin(&run, "", ANSWERS_ROUND);
        assert_int_equal(answers_run(&run, evaluate_from, &c), YETT_OK);
        assert_int_equal(c.result.code, DMARC_NONE);
        assert_int_equal(c.result.domain.len, 0);
        assert_int_equal(run.rounds, 1);
        assert_true(slice_find(c.result.reason, rows[i].says) < c.result.reason.len);
        answers_end(&run);
    }
}

/* ---- policy alone ------------------------------------------------------------------------ */

struct policy_case {
    const char *domain;
    struct dmarc_settings settings;
    struct dmarc_result result;
};

static enum yett_err find_policy(void *context, struct arena *scratch,
                                 struct dns_view *view)
{
    struct policy_case *c = context;
    return dmarc_find_policy(scratch, slice_from_text(c->domain), &c->settings, view,
                             &c->result);
}

static void the_policy_of_a_domain_can_be_found_without_a_message(void **state)
{
    (void)state;
    static const struct {
        const char *domain;
        enum dmarc_code code;
        enum dmarc_policy policy;
    } rows[] = {
        {"example.org",   DMARC_FAIL,      DMARC_POLICY_REJECT    },
        {"a.example.org", DMARC_FAIL,      DMARC_POLICY_QUARANTINE},
        {"example.net",   DMARC_NONE,      DMARC_POLICY_NONE      },
        {"broken.test",   DMARC_NONE,      DMARC_POLICY_NONE      },
        {"slow.test",     DMARC_TEMPERROR, DMARC_POLICY_NONE      },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct answers_run run;
        struct policy_case c = {.domain = rows[i].domain};
        answers_begin(&run,
                      "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; sp=quarantine\"\n"
                      "_dmarc.broken.test. IN TXT \"v=DMARC1; p=x\"\n"
                      "; yett: timeout _dmarc.slow.test TXT\n",
                      ANSWERS_ROUND);
        assert_int_equal(answers_run(&run, find_policy, &c), YETT_OK);
        assert_int_equal(c.result.code, rows[i].code);
        assert_int_equal(c.result.policy, rows[i].policy);
        assert_true(slice_eq(c.result.domain, slice_from_text(rows[i].domain)));
        assert_true(c.result.reason.len != 0 && c.result.step_count >= 2);
        answers_end(&run);
    }
}

static void all_that_is_sure_is_asked_in_one_round(void **state)
{
    (void)state;
    struct answers_run run;
    struct policy_case c = {.domain = "a.b.example.org"};

    answers_begin(&run, "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject\"\n",
                  ANSWERS_ROUND);
    assert_int_equal(find_policy(&c, run.scratch, &run.view), YETT_NEED_ANSWERS);
    assert_int_equal(run.wanted.count, 4);
    assert_int_equal(answers_run(&run, find_policy, &c), YETT_OK);
    assert_int_equal(run.rounds, 2);
    answers_end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(existing_and_non_existent_subdomains),
        cmocka_unit_test(test_mode_is_one_step_down),
        cmocka_unit_test(a_policy_that_cannot_be_used),
        cmocka_unit_test(a_from_that_is_not_one_domain_is_outside_of_dmarc),
        cmocka_unit_test(the_policy_of_a_domain_can_be_found_without_a_message),
        cmocka_unit_test(all_that_is_sure_is_asked_in_one_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
