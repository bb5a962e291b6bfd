/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/*
 * Open questions: DNS did not answer, so SPF, a key or the policy is not known.  An aligned
 * pass wins; temperror only while an answer could still make one, or yield the policy.
 */

#define ORG          "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; sp=quarantine\"\n"
#define OPEN(name)   "; yett: timeout _dmarc." name " TXT\n"
#define KNOWN        "p=reject asks reject at example.org org example.org"
#define KNOWN_PASSED "p=reject asks none at example.org org example.org"

static void spf_and_keys(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "the key of an aligned signature",
         .zone = ORG, .author = "example.org", NO_SPF,
         .dkim = {{"example.org", DKIM_TEMPERROR}}, .expect = "temperror " KNOWN},
        {.why = "relaxed, too",
         .zone = ORG, .author = "example.org", NO_SPF,
         .dkim = {{"a.example.org", DKIM_TEMPERROR}}, .expect = "temperror " KNOWN},
        {.why = "the key of another domain does not matter",
         .zone = ORG, .author = "example.org", NO_SPF,
         .dkim = {{"example.net", DKIM_TEMPERROR}}, .expect = "fail " KNOWN},
        {.why = "nor that of a child under strict alignment",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; adkim=s\"\n",
         .author = "example.org", NO_SPF, .dkim = {{"a.example.org", DKIM_TEMPERROR}},
         .expect = "fail " KNOWN},
        {.why = "SPF of an aligned domain",
         .zone = ORG, .author = "example.org", .spf_domain = "a.example.org",
         .spf = SPF_TEMPERROR, .expect = "temperror " KNOWN},
        {.why = "SPF of another domain does not matter",
         .zone = ORG, .author = "example.org", .spf_domain = "example.net",
         .spf = SPF_TEMPERROR, .expect = "fail " KNOWN},
        {.why = "SPF permerror is settled",
         .zone = ORG, .author = "example.org", .spf_domain = "example.org",
         .spf = SPF_PERMERROR, .expect = "fail " KNOWN},
        {.why = "an aligned pass wins over an aligned open key",
         .zone = ORG, .author = "example.org", .spf_domain = "example.org", .spf = SPF_PASS,
         .dkim = {{"example.org", DKIM_TEMPERROR}}, .expect = "pass " KNOWN_PASSED " spf"},
        {.why = "an aligned pass wins over open SPF",
         .zone = ORG, .author = "example.org", .spf_domain = "example.org",
         .spf = SPF_TEMPERROR, .dkim = {{"example.org", DKIM_PASS}},
         .expect = "pass " KNOWN_PASSED " dkim"},
        {.why = "SPF that could not be evaluated might have passed for anybody",
         .zone = ORG, .author = "example.org", .expect = "temperror " KNOWN},
        {.why = "… which does not matter with a signature",
         .zone = ORG, .author = "example.org", .dkim = {{"example.org", DKIM_PASS}},
         .expect = "pass " KNOWN_PASSED " dkim"},
        {.why = "nothing is open where DMARC does not apply",
         .zone = "", .author = "example.org", .spf_domain = "example.org",
         .spf = SPF_TEMPERROR, .dkim = {{"example.org", DKIM_TEMPERROR}},
         .expect = "none org example.org"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void policy_that_dns_keeps(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "nothing answers",
         .zone = "; yett: default timeout\n", .author = "example.org", NO_SPF,
         .expect = "temperror unknown floor none"},
        {.why = "the author domain does not answer: what is above it is the floor",
         .zone = ORG OPEN("a.example.org"), .author = "a.example.org", NO_SPF,
         .expect = "temperror unknown floor quarantine"},
        {.why = "a name between could say psd=n",
         .zone = ORG OPEN("b.example.org"), .author = "a.b.example.org", NO_SPF,
         .expect = "temperror unknown floor quarantine"},
        {.why = "the top-level domain could be the organization",
         .zone = ORG OPEN("org"), .author = "a.example.org", NO_SPF,
         .expect = "temperror unknown floor quarantine"},
        {.why = "but not for the policy of an author domain with a record",
         .zone = ORG OPEN("org"), .author = "example.org", NO_SPF,
         .expect = "fail p=reject asks reject at example.org"},
        {.why = "what lies above psd=n is never asked",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; psd=n\"\n" OPEN("org"),
         .author = "a.example.org", NO_SPF,
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "SERVFAIL and a bogus answer are open, too",
         .zone = ORG "; yett: servfail _dmarc.b.a.example.org TXT\n"
                 "; yett: bogus _dmarc.a.example.org TXT\n",
         .author = "b.a.example.org", NO_SPF,
         .expect = "temperror unknown floor quarantine"},
        {.why = "t=y counts in the floor",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; t=y\"\n"
                 OPEN("a.example.org"),
         .author = "a.example.org", NO_SPF,
         .expect = "temperror unknown floor quarantine"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void an_aligned_pass_wins_over_unknown_policy(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "the author domain itself is aligned under any record",
         .zone = OPEN("example.org"), .author = "example.org", NO_SPF,
         .dkim = {{"example.org", DKIM_PASS}}, .expect = "pass org example.org dkim unknown floor none"},
        {.why = "by SPF as well",
         .zone = "; yett: default servfail\n", .author = "example.org",
         .spf_domain = "example.org", .spf = SPF_PASS,
         .expect = "pass spf unknown floor none"},
        {.why = "a parent may or may not be: the record could say strict",
         .zone = ORG OPEN("a.example.org"), .author = "a.example.org", NO_SPF,
         .dkim = {{"example.org", DKIM_PASS}},
         .expect = "temperror unknown floor quarantine"},
        {.why = "another domain is not, so the policy is what is open",
         .zone = ORG OPEN("a.example.org"), .author = "a.example.org", NO_SPF,
         .dkim = {{"example.net", DKIM_PASS}},
         .expect = "temperror unknown floor quarantine"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void open_places_on_the_walks(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "whatever the top-level domain says, both share it",
         .zone = ORG OPEN("org"), .author = "example.org", NO_SPF,
         .dkim = {{"a.example.org", DKIM_PASS}},
         .expect = "pass p=reject asks none at example.org dkim"},
        {.why = "siblings of the top-level domain could be one organization",
         .zone = ORG OPEN("org"), .author = "example.org", NO_SPF,
         .dkim = {{"other.org", DKIM_PASS}},
         .expect = "temperror p=reject asks reject at example.org"},
        {.why = "… but not of two",
         .zone = ORG OPEN("org"), .author = "example.org", NO_SPF,
         .dkim = {{"other.net", DKIM_PASS}},
         .expect = "fail p=reject asks reject at example.org"},
        {.why = "… nor a sibling with psd=n",
         .zone = ORG OPEN("org") "_dmarc.other.org. IN TXT \"v=DMARC1; p=none; psd=n\"\n",
         .author = "example.org", NO_SPF, .dkim = {{"other.org", DKIM_PASS}},
         .expect = "fail p=reject asks reject at example.org"},
        {.why = "the signer's own name could say psd=n",
         .zone = ORG OPEN("a.example.org"), .author = "example.org", NO_SPF,
         .dkim = {{"a.example.org", DKIM_PASS}},
         .expect = "temperror p=reject asks reject at example.org org example.org"},
        {.why = "… which does not matter when another passes",
         .zone = ORG OPEN("a.example.org"), .author = "example.org",
         .spf_domain = "b.example.org", .spf = SPF_PASS,
         .dkim = {{"a.example.org", DKIM_PASS}},
         .expect = "pass p=reject asks none at example.org org example.org spf"},
        {.why = "… or when the signature fails",
         .zone = ORG OPEN("a.example.org"), .author = "example.org", NO_SPF,
         .dkim = {{"a.example.org", DKIM_FAIL}},
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "… or when alignment is strict",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; adkim=s\"\n"
                 OPEN("a.example.org"),
         .author = "example.org", NO_SPF, .dkim = {{"a.example.org", DKIM_PASS}},
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "a name above both may be psd=y and part them",
         .zone = "_dmarc.a.x.test. IN TXT \"v=DMARC1; p=reject\"\n"
                 "_dmarc.test. IN TXT \"v=DMARC1; p=none\"\n" OPEN("x.test"),
         .author = "a.x.test", NO_SPF, .dkim = {{"b.x.test", DKIM_PASS}},
         .expect = "temperror p=reject asks reject at a.x.test"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void look_at_reason(const struct case_view *view)
{
    slice reason = view->result->reason;
    assert_true(slice_find(reason, SLICE("_dmarc.a.example.org could not be asked")) <
                reason.len);
    assert_int_equal(view->result->policy, DMARC_POLICY_NONE);
    assert_int_equal(view->result->disposition, DMARC_POLICY_NONE);
}

static void the_reason_names_the_question_that_stayed_open(void **state)
{
    (void)state;
    const struct dmarc_case c = {
        .zone = ORG OPEN("a.example.org"), .author = "a.example.org", NO_SPF};
    case_look(&c, look_at_reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spf_and_keys),
        cmocka_unit_test(policy_that_dns_keeps),
        cmocka_unit_test(an_aligned_pass_wins_over_unknown_policy),
        cmocka_unit_test(open_places_on_the_walks),
        cmocka_unit_test(the_reason_names_the_question_that_stayed_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
