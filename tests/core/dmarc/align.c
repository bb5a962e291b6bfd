/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Alignment, and what SPF and DKIM have to do with it (RFC 9989 sections 3.2.10, 4.4). */

#define ORG    "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject\"\n"
#define STRICT "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n"
#define PASSES "pass p=reject asks none at example.org org example.org"
#define FAILS  "fail p=reject asks reject at example.org org example.org"

static void relaxed_alignment(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "B.1.1 example 1: SPF, the same domain",
         .zone = ORG, .author = "example.org", .spf_domain = "example.org", .spf = SPF_PASS,
         .expect = PASSES " spf"},
        {.why = "B.1.1 example 2: SPF, a child",
         .zone = ORG, .author = "example.org", .spf_domain = "child.example.org",
         .spf = SPF_PASS, .expect = PASSES " spf"},
        {.why = "B.1.1 example 3: SPF, another domain",
         .zone = ORG, .author = "example.org", .spf_domain = "example.net", .spf = SPF_PASS,
         .expect = FAILS},
        {.why = "B.1.2 example 1: DKIM, the same domain",
         .zone = ORG, .author = "example.org", NO_SPF, .dkim = {{"example.org", DKIM_PASS}},
         .expect = PASSES " dkim"},
        {.why = "B.1.2 example 2: DKIM, a parent",
         .zone = ORG, .author = "child.example.org", NO_SPF,
         .dkim = {{"example.org", DKIM_PASS}}, .expect = PASSES " dkim"},
        {.why = "B.1.2 example 3: DKIM, another domain",
         .zone = ORG, .author = "child.example.org", NO_SPF,
         .dkim = {{"example.net", DKIM_PASS}}, .expect = FAILS},
        {.why = "siblings",
         .zone = ORG, .author = "news.example.org", NO_SPF,
         .dkim = {{"mail.example.org", DKIM_PASS}}, .expect = PASSES " dkim"},
        {.why = "the same last octets are not the same domain",
         .zone = ORG, .author = "example.org", .spf_domain = "notexample.org",
         .spf = SPF_PASS, .expect = FAILS},
        {.why = "the public suffix is not the organization",
         .zone = ORG, .author = "example.org", NO_SPF, .dkim = {{"org", DKIM_PASS}},
         .expect = FAILS},
        {.why = "any one of several signatures is enough",
         .zone = ORG, .author = "example.org", .spf_domain = "example.org", .spf = SPF_FAIL,
         .dkim = {{"list.test", DKIM_PASS}, {"example.org", DKIM_FAIL},
                  {"m.example.org", DKIM_PASS}},
         .expect = PASSES " dkim"},
        {.why = "an aligned signature that fails is none",
         .zone = ORG, .author = "example.org", NO_SPF, .dkim = {{"example.org", DKIM_FAIL}},
         .expect = FAILS},
        {.why = "a pass that does not count is none",
         .zone = ORG, .author = "example.org", NO_SPF,
         .dkim = {{"example.org", DKIM_PASS, .does_not_count = true}}, .expect = FAILS},
        {.why = "softfail is not pass",
         .zone = ORG, .author = "example.org", .spf_domain = "example.org",
         .spf = SPF_SOFTFAIL, .expect = FAILS},
        {.why = "upper case and a trailing dot in SPF's domain do not matter",
         .zone = ORG, .author = "example.org", .spf_domain = "Mail.EXAMPLE.org.",
         .spf = SPF_PASS, .expect = PASSES " spf"},
        {.why = "an address literal is no domain",
         .zone = ORG, .author = "example.org", .spf_domain = "[192.0.2.1]", .spf = SPF_PASS,
         .expect = FAILS},
        {.why = "psd=n below the author's organization separates",
         .zone = ORG "_dmarc.b.example.org. IN TXT \"v=DMARC1; p=none; psd=n\"\n",
         .author = "example.org", .spf_domain = "a.b.example.org", .spf = SPF_PASS,
         .expect = FAILS},
        {.why = "section 11.8: the author is under psd=n, the attacker is not",
         .zone = ORG "_dmarc.mail.example.org. IN TXT \"v=DMARC1; p=reject; psd=n\"\n",
         .author = "a.mail.example.org", .spf_domain = "evil.example.org", .spf = SPF_PASS,
         .expect = "fail p=reject asks reject at mail.example.org org mail.example.org"},
        {.why = "B.4.1",
         .zone = ORG "_dmarc.signing.example.org. IN TXT \"v=DMARC1; p=none\"\n",
         .author = "example.org", .spf_domain = "example.org", .spf = SPF_PASS,
         .dkim = {{"signing.example.org", DKIM_PASS}}, .expect = PASSES " spf dkim"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

#define BANKS                                                                            \
    "_dmarc.bank.example. IN TXT \"v=DMARC1; p=reject; psd=y\"\n"                        \
    "_dmarc.giant.bank.example. IN TXT \"v=DMARC1; p=quarantine\"\n"                     \
    "mega.bank.example. IN A 192.0.2.1\n"

static void a_public_suffix_domain_with_a_record(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "B.4.3: SPF below the author is aligned, another bank's signature is not",
         .zone = BANKS, .author = "giant.bank.example",
         .spf_domain = "mail.giant.bank.example", .spf = SPF_PASS,
         .dkim = {{"mail.mega.bank.example", DKIM_PASS}},
         .expect = "pass p=quarantine asks none at giant.bank.example org "
                   "giant.bank.example spf"},
        {.why = "B.4.3 without SPF",
         .zone = BANKS, .author = "giant.bank.example", NO_SPF,
         .dkim = {{"mail.mega.bank.example", DKIM_PASS}},
         .expect = "fail p=quarantine asks quarantine at giant.bank.example org "
                   "giant.bank.example"},
        {.why = "two domains of a bank without a record share the one label below psd=y",
         .zone = BANKS, .author = "www.mega.bank.example", NO_SPF,
         .dkim = {{"mail.mega.bank.example", DKIM_PASS}},
         .expect = "pass p=reject asks none at bank.example org mega.bank.example dkim"},
        {.why = "the suffix itself is nobody's organization but its own",
         .zone = BANKS, .author = "mega.bank.example", NO_SPF,
         .dkim = {{"bank.example", DKIM_PASS}},
         .expect = "fail p=reject asks reject at bank.example org mega.bank.example"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void strict_alignment(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "the same domain",
         .zone = STRICT, .author = "example.org", .spf_domain = "example.org",
         .spf = SPF_PASS, .dkim = {{"example.org", DKIM_PASS}},
         .expect = PASSES " spf dkim"},
        {.why = "a child is not the same",
         .zone = STRICT, .author = "example.org", .spf_domain = "a.example.org",
         .spf = SPF_PASS, .dkim = {{"a.example.org", DKIM_PASS}}, .expect = FAILS},
        {.why = "a parent is not the same",
         .zone = STRICT, .author = "a.example.org", .spf_domain = "example.org",
         .spf = SPF_PASS, .dkim = {{"example.org", DKIM_PASS}}, .expect = FAILS},
        {.why = "adkim=s says nothing about SPF",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; adkim=s\"\n",
         .author = "example.org", .spf_domain = "a.example.org", .spf = SPF_PASS,
         .dkim = {{"a.example.org", DKIM_PASS}}, .expect = PASSES " spf"},
        {.why = "aspf=s says nothing about DKIM",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; aspf=s\"\n",
         .author = "example.org", .spf_domain = "a.example.org", .spf = SPF_PASS,
         .dkim = {{"a.example.org", DKIM_PASS}}, .expect = PASSES " dkim"},
        {.why = "what counts is the policy record, not the one of the organization",
         .zone = STRICT "_dmarc.a.example.org. IN TXT \"v=DMARC1; p=none\"\n",
         .author = "a.example.org", NO_SPF, .dkim = {{"b.example.org", DKIM_PASS}},
         .expect = "pass p=none asks none at a.example.org org example.org dkim"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void look_at_flags(const struct case_view *view)
{
    assert_int_equal(view->result->aligned_count, 4);
    assert_true(view->result->aligned[0]);
    assert_true(view->result->aligned[1]);
    assert_false(view->result->aligned[2]);
    assert_true(view->result->aligned[3]);
    assert_true(slice_eq(view->result->spf_domain, SLICE("b.example.org")));
    assert_true(slice_eq(view->result->spf_org_domain, SLICE("example.org")));
}

static void alignment_of_a_signature_does_not_depend_on_its_result(void **state)
{
    (void)state;
    const struct dmarc_case c = {
        .zone = ORG,
        .author = "news.example.org",
        .spf_domain = "b.example.org",
        .spf = SPF_NONE,
        .dkim = {{"mail.example.org", DKIM_FAIL},
                 {"news.example.org", DKIM_PERMERROR},
                 {"other.test", DKIM_PASS},
                 {"example.org", DKIM_POLICY, .not_evaluated = true}}
    };
    case_look(&c, look_at_flags);
}

static void look_at_questions(const struct case_view *view)
{
    /* _dmarc.example.org and _dmarc.org: nobody else can share example.org. */
    assert_int_equal(view->questions, 2);
}

static void domains_that_cannot_align_are_not_walked(void **state)
{
    (void)state;
    const struct dmarc_case c = {
        .zone = ORG,
        .author = "example.org",
        .spf_domain = "a.b.other.org",
        .spf = SPF_PASS,
        .dkim = {{"a.b.other.net", DKIM_PASS},
                 {"third.org", DKIM_PASS},
                 {"org", DKIM_PASS},
                 {"example.org", DKIM_PASS}}
    };
    case_look(&c, look_at_questions);
}

static void look_at_strict_questions(const struct case_view *view)
{
    assert_int_equal(view->questions, 2);
    assert_int_equal(view->result->code, DMARC_FAIL);
}

static void strict_alignment_needs_no_walk(void **state)
{
    (void)state;
    const struct dmarc_case c = {.zone = STRICT,
                                 .author = "example.org",
                                 .spf_domain = "a.example.org",
                                 .spf = SPF_PASS,
                                 .dkim = {{"b.example.org", DKIM_PASS}}};
    case_look(&c, look_at_strict_questions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relaxed_alignment),
        cmocka_unit_test(a_public_suffix_domain_with_a_record),
        cmocka_unit_test(strict_alignment),
        cmocka_unit_test(alignment_of_a_signature_does_not_depend_on_its_result),
        cmocka_unit_test(domains_that_cannot_align_are_not_walked),
        cmocka_unit_test(strict_alignment_needs_no_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
