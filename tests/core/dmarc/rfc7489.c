/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* RFC 7489 by setting: public suffix list, two names, pct. */

#define LIST "com\norg\nco.uk\nuk\n"
#define ORG  "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; sp=quarantine\"\n"

static void discovery(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "the author domain",
         .suffixes = LIST, .zone = ORG, .author = "example.org", NO_SPF,
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "the organizational domain, with sp=",
         .suffixes = LIST, .zone = ORG, .author = "a.b.example.org", NO_SPF,
         .expect = "fail sp=quarantine asks quarantine at example.org org example.org"},
        {.why = "without sp= p=",
         .suffixes = LIST, .zone = "_dmarc.example.co.uk. IN TXT \"v=DMARC1; p=reject\"\n",
         .author = "a.example.co.uk", NO_SPF,
         .expect = "fail p=reject asks reject at example.co.uk org example.co.uk"},
        {.why = "a name between is not asked",
         .suffixes = LIST, .zone = "_dmarc.b.example.org. IN TXT \"v=DMARC1; p=reject\"\n",
         .author = "a.b.example.org", NO_SPF, .expect = "none org example.org"},
        {.why = "a public suffix is not asked",
         .suffixes = LIST, .zone = "_dmarc.org. IN TXT \"v=DMARC1; p=reject\"\n",
         .author = "example.org", NO_SPF, .expect = "none org example.org"},
        {.why = "several records at the author domain: discovery ends",
         .suffixes = LIST,
         .zone = ORG "_dmarc.a.example.org. IN TXT \"v=DMARC1; p=none\"\n"
                 "_dmarc.a.example.org. IN TXT \"v=DMARC1; p=reject\"\n",
         .author = "a.example.org", NO_SPF, .expect = "none org example.org"},
        {.why = "np= and existence play no part",
         .suffixes = LIST,
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=none; np=reject\"\n",
         .author = "nosuch.example.org", NO_SPF,
         .expect = "fail p=none asks none at example.org org example.org"},
        {.why = "psd= and t= play no part",
         .suffixes = LIST,
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; t=y; psd=y\"\n",
         .author = "a.example.org", NO_SPF,
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "an unusable sp= without rua=",
         .suffixes = LIST, .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=none; sp=x\"\n",
         .author = "example.org", NO_SPF,
         .expect = "none p=none asks none at example.org org example.org"},
        {.why = "the author domain does not answer",
         .suffixes = LIST, .zone = ORG "; yett: timeout _dmarc.a.example.org TXT\n",
         .author = "a.example.org", NO_SPF,
         .expect = "temperror org example.org unknown floor quarantine"},
        {.why = "the organizational domain does not answer",
         .suffixes = LIST, .zone = "; yett: timeout _dmarc.example.org TXT\n",
         .author = "a.example.org", NO_SPF,
         .expect = "temperror org example.org unknown floor none"},
        {.why = "the author domain does not answer, but signs",
         .suffixes = LIST, .zone = "; yett: timeout _dmarc.a.example.org TXT\n",
         .author = "a.example.org", NO_SPF, .dkim = {{"a.example.org", DKIM_PASS}},
         .expect = "pass org example.org dkim unknown floor none"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void alignment(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "3.1.1: the organization signs for a subdomain",
         .suffixes = LIST, .zone = ORG, .author = "news.example.org", NO_SPF,
         .dkim = {{"example.org", DKIM_PASS}},
         .expect = "pass sp=quarantine asks none at example.org org example.org dkim"},
        {.why = "3.1.2: SPF of a subdomain",
         .suffixes = LIST, .zone = ORG, .author = "example.org",
         .spf_domain = "cbg.bounces.example.org", .spf = SPF_PASS,
         .expect = "pass p=reject asks none at example.org org example.org spf"},
        {.why = "3.1.1: d=org is never aligned",
         .suffixes = LIST, .zone = ORG, .author = "example.org", NO_SPF,
         .dkim = {{"org", DKIM_PASS}},
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "two customers of a suffix of two labels",
         .suffixes = LIST, .zone = "_dmarc.a.co.uk. IN TXT \"v=DMARC1; p=reject\"\n",
         .author = "a.co.uk", NO_SPF, .dkim = {{"b.co.uk", DKIM_PASS}},
         .expect = "fail p=reject asks reject at a.co.uk org a.co.uk"},
        {.why = "psd=n on the way means nothing",
         .suffixes = LIST,
         .zone = ORG "_dmarc.a.example.org. IN TXT \"v=DMARC1; p=none; psd=n\"\n",
         .author = "example.org", NO_SPF, .dkim = {{"a.example.org", DKIM_PASS}},
         .expect = "pass p=reject asks none at example.org org example.org dkim"},
        {.why = "strict",
         .suffixes = LIST,
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; adkim=s\"\n",
         .author = "example.org", NO_SPF, .dkim = {{"a.example.org", DKIM_PASS}},
         .expect = "fail p=reject asks reject at example.org org example.org"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

#define PCT "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; sp=quarantine; pct=30\"\n"

static void pct_spares_a_part(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "a draw below pct",
         .suffixes = LIST, .zone = PCT, .author = "example.org", NO_SPF, .pct_draw = 29,
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "reject becomes quarantine",
         .suffixes = LIST, .zone = PCT, .author = "example.org", NO_SPF, .pct_draw = 30,
         .expect = "fail p=reject asks quarantine at example.org org example.org "
                   "sampled-out"},
        {.why = "quarantine becomes none",
         .suffixes = LIST, .zone = PCT, .author = "a.example.org", NO_SPF, .pct_draw = 99,
         .expect = "fail sp=quarantine asks none at example.org org example.org "
                   "sampled-out"},
        {.why = "a pass is not sampled",
         .suffixes = LIST, .zone = PCT, .author = "example.org", .spf_domain = "example.org",
         .spf = SPF_PASS, .pct_draw = 99,
         .expect = "pass p=reject asks none at example.org org example.org spf"},
        {.why = "pct=0 spares all",
         .suffixes = LIST, .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; pct=0\"\n",
         .author = "example.org", NO_SPF, .pct_draw = 0,
         .expect = "fail p=reject asks quarantine at example.org org example.org "
                   "sampled-out"},
        {.why = "no pct spares nobody",
         .suffixes = LIST, .zone = ORG, .author = "example.org", NO_SPF, .pct_draw = 99,
         .expect = "fail p=reject asks reject at example.org org example.org"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void look_at_two_questions(const struct case_view *view)
{
    assert_int_equal(view->questions, 2);
}

static void two_questions_are_enough_for_any_name(void **state)
{
    (void)state;
    const struct dmarc_case c = {.suffixes = LIST,
                                 .zone = ORG,
                                 .author = "a.b.c.d.e.f.g.h.i.j.k.example.org",
                                 .spf_domain = "x.y.z.example.org",
                                 .spf = SPF_PASS,
                                 .dkim = {{"q.r.s.example.org", DKIM_PASS}}};
    case_look(&c, look_at_two_questions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(discovery),
        cmocka_unit_test(alignment),
        cmocka_unit_test(pct_spares_a_part),
        cmocka_unit_test(two_questions_are_enough_for_any_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
