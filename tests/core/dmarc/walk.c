/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The tree walk of RFC 9989 section 4.10: which names are asked, and where it ends. */

static void check_steps(const struct case_view *view, slice want)
{
    if (!slice_eq(view->steps, want)) {
        fail_msg("want:\n%.*sgot:\n%.*s", SLICE_ARG(want), SLICE_ARG(view->steps));
    }
}

static void look_at_eight_names(const struct case_view *view)
{
    check_steps(
        view, SLICE("_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com NXDOMAIN author domain\n"
                    "_dmarc.g.h.i.j.mail.example.com NXDOMAIN above the author domain\n"
                    "_dmarc.h.i.j.mail.example.com NXDOMAIN above the author domain\n"
                    "_dmarc.i.j.mail.example.com NXDOMAIN above the author domain\n"
                    "_dmarc.j.mail.example.com NXDOMAIN above the author domain\n"
                    "_dmarc.mail.example.com NXDOMAIN above the author domain\n"
                    "_dmarc.example.com NXDOMAIN above the author domain\n"
                    "_dmarc.com NXDOMAIN above the author domain\n"));
    assert_int_equal(view->questions, 8);
    assert_true(
        slice_eq(view->line, SLICE("none org a.b.c.d.e.f.g.h.i.j.mail.example.com")));
}

/* The example in section 4.10. */
static void a_long_name_takes_eight_questions_and_skips_to_seven_labels(void **state)
{
    (void)state;
    const struct dmarc_case c = {.zone = "other.test. IN A 192.0.2.1\n",
                                 .author = "a.b.c.d.e.f.g.h.i.j.mail.example.com",
                                 NO_SPF};
    case_look(&c, look_at_eight_names);
}

static void look_at_all_eight_labels(const struct case_view *view)
{
    assert_int_equal(view->result->step_count, 8);
    assert_true(slice_eq(view->result->steps[1].name, SLICE("_dmarc.2.3.4.5.6.7.8")));
}

static void nothing_is_skipped_in_a_name_of_eight_labels(void **state)
{
    (void)state;
    const struct dmarc_case c = {.zone = "", .author = "1.2.3.4.5.6.7.8", NO_SPF};
    case_look(&c, look_at_all_eight_labels);
}

static void look_at_nine_labels(const struct case_view *view)
{
    assert_int_equal(view->result->step_count, 8);
    assert_true(slice_eq(view->result->steps[1].name, SLICE("_dmarc.3.4.5.6.7.8.9")));
}

static void the_parent_of_a_name_of_nine_labels_is_skipped(void **state)
{
    (void)state;
    const struct dmarc_case c = {
        .zone = "_dmarc.2.3.4.5.6.7.8.9. IN TXT \"v=DMARC1; p=none\"\n",
        .author = "1.2.3.4.5.6.7.8.9",
        NO_SPF};
    case_look(&c, look_at_nine_labels);
}

static void look_at_a_short_walk(const struct case_view *view)
{
    check_steps(view,
                SLICE("_dmarc.a.b.example.org NXDOMAIN author domain\n"
                      "_dmarc.b.example.org found above the author domain: psd=n: an "
                      "organizational domain, the walk ends here\n"));
    assert_int_equal(view->questions, 2);
}

static void a_record_with_psd_ends_the_walk(void **state)
{
    (void)state;
    const struct dmarc_case c = {
        .zone = "_dmarc.b.example.org. IN TXT \"v=DMARC1; p=reject; psd=n\"\n"
                "_dmarc.example.org. IN TXT \"v=DMARC1; p=none\"\n",
        .author = "a.b.example.org",
        NO_SPF};
    case_look(&c, look_at_a_short_walk);
}

static void look_at_what_was_passed_over(const struct case_view *view)
{
    check_steps(
        view,
        SLICE("_dmarc.example.org found author domain: 2 records: both ignored\n"
              "_dmarc.org found above the author domain: no record here begins with "
              "v=DMARC1\n"));
}

static void the_story_says_what_was_passed_over(void **state)
{
    (void)state;
    const struct dmarc_case c = {.zone =
                                     "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject\"\n"
                                     "_dmarc.example.org. IN TXT \"v=DMARC1; p=none\"\n"
                                     "_dmarc.org. IN TXT \"v=spf1 -all\"\n",
                                 .author = "example.org",
                                 NO_SPF};
    case_look(&c, look_at_what_was_passed_over);
}

#define MAIL "_dmarc.mail.example.org. IN TXT \"v=DMARC1; p=quarantine\"\n"
#define ORG  "_dmarc.example.org. IN TXT \"v=DMARC1; p=reject; sp=quarantine\"\n"

static void organizational_and_policy_domain(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct dmarc_case rows[] = {
        {.why = "4.10.2, first example: the topmost record",
         .zone = MAIL ORG,
         .author = "a.mail.example.org",
         NO_SPF,
         .expect = "fail sp=quarantine asks quarantine at example.org org example.org"},
        {.why = "4.10.2, second example: psd=n",
         .zone = "_dmarc.mail.example.org. IN TXT \"v=DMARC1; p=reject; psd=n\"\n" ORG,
         .author = "a.mail.example.org",
         NO_SPF,
         .expect = "fail p=reject asks reject at mail.example.org org mail.example.org"},
        {.why = "4.10.2, last example: psd=y above, no record of its own: the PSD's policy",
         .zone = "_dmarc.org. IN TXT \"v=DMARC1; p=none; sp=reject; psd=y\"\n",
         .author = "a.mail.example.org",
         NO_SPF,
         .expect = "fail sp=reject asks reject at org org example.org"},
        {.why = "the author domain's own record comes first, with p=",
         .zone = MAIL ORG,
         .author = "mail.example.org",
         NO_SPF,
         .expect = "fail p=quarantine asks quarantine at mail.example.org org example.org"},
        {.why = "psd=y at the author domain itself: it is its own organization",
         .zone = "_dmarc.org. IN TXT \"v=DMARC1; p=reject; psd=y\"\n",
         .author = "org",
         NO_SPF,
         .expect = "fail p=reject asks reject at org org org"},
        {.why = "psd=n at the author domain",
         .zone = "_dmarc.mail.example.org. IN TXT \"v=DMARC1; p=none; psd=n\"\n" ORG,
         .author = "mail.example.org",
         NO_SPF,
         .expect = "fail p=none asks none at mail.example.org org mail.example.org"},
        {.why = "the PSD's policy is not used where the organization has a record",
         .zone = ORG "_dmarc.org. IN TXT \"v=DMARC1; p=none; psd=y\"\n",
         .author = "mail.example.org",
         NO_SPF,
         .expect = "fail sp=quarantine asks quarantine at example.org org example.org"},
        {.why = "neither author, organization nor PSD: a record between is not used",
         .zone = "_dmarc.b.c.test. IN TXT \"v=DMARC1; p=reject\"\n"
                 "_dmarc.test. IN TXT \"v=DMARC1; p=none; sp=quarantine; psd=y\"\n",
         .author = "a.b.c.test",
         NO_SPF,
         .expect = "fail sp=quarantine asks quarantine at test org c.test"},
        {.why = "a top-level domain without psd= becomes the organization (section 11.8)",
         .zone = ORG "_dmarc.org. IN TXT \"v=DMARC1; p=none\"\n",
         .author = "mail.example.org",
         NO_SPF,
         .expect = "fail p=none asks none at org org org"},
        {.why = "several records at a name are as good as none, the walk goes on",
         .zone = MAIL "_dmarc.mail.example.org. IN TXT \"v=DMARC1; p=none; psd=n\"\n" ORG,
         .author = "mail.example.org",
         NO_SPF,
         .expect = "fail sp=quarantine asks quarantine at example.org org example.org"},
        {.why = "a record that is none of DMARC does not make two",
         .zone = ORG "_dmarc.example.org. IN TXT \"v=dmarc1; p=none\"\n"
                     "_dmarc.example.org. IN TXT \"p=none\"\n",
         .author = "example.org",
         NO_SPF,
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "strings of a record are joined with nothing between",
         .zone = "_dmarc.example.org. IN TXT \"v=DMARC1; p=re\" \"ject\"\n",
         .author = "example.org",
         NO_SPF,
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "an alias is followed",
         .zone = "_dmarc.example.org. IN CNAME d.other.test.\n"
                 "d.other.test. IN TXT \"v=DMARC1; p=reject\"\n",
         .author = "example.org",
         NO_SPF,
         .expect = "fail p=reject asks reject at example.org org example.org"},
        {.why = "no record at all: DMARC does not apply",
         .zone = "example.org. IN A 192.0.2.1\n",
         .author = "example.org",
         .spf_domain = "example.org",
         .spf = SPF_PASS,
         .expect = "none org example.org spf"},
        {.why = "a name of one label is asked",
         .zone = "_dmarc.localhost. IN TXT \"v=DMARC1; p=reject\"\n",
         .author = "localhost",
         NO_SPF,
         .expect = "fail p=reject asks reject at localhost org localhost"},
        {.why = "B.4.2: deep",
         .zone = "_dmarc.example.com. IN TXT \"v=DMARC1; p=reject\"\n"
                 "_dmarc.signing.example.com. IN TXT \"v=DMARC1; p=none\"\n",
         .author = "a.b.c.d.e.f.g.h.i.j.k.example.com",
         .spf_domain = "example.com",
         .spf = SPF_PASS,
         .dkim = {{"signing.example.com", DKIM_PASS}},
         .expect = "pass p=reject asks none at example.com org example.com spf dkim"},
        {.why = "psd=y at the seventh label from the right of a long name: one below it",
         .zone = "_dmarc.3.4.5.6.7.8.9. IN TXT \"v=DMARC1; p=reject; psd=y\"\n",
         .author = "1.2.3.4.5.6.7.8.9",
         .spf_domain = "2.3.4.5.6.7.8.9",
         .spf = SPF_PASS,
         .expect = "pass p=reject asks none at 3.4.5.6.7.8.9 org 2.3.4.5.6.7.8.9 spf"},
    };
    /* clang-format on */
    CASE_CHECK(rows);
}

static void look_at_long_names(const struct case_view *view)
{
    assert_int_equal(view->result->step_count, 8);
    assert_int_equal(view->questions, 7);
    assert_int_equal(view->result->code, DMARC_FAIL);
}

static void a_name_without_room_for_the_prefix_is_not_asked(void **state)
{
    (void)state;
    static char author[253];
    for (size_t i = 0; i < sizeof(author) - 1; i++) {
        author[i] = i % 2 == 0 ? 'a' : '.';
    }
    memcpy(author + sizeof(author) - 5, "test", 5);
    author[sizeof(author) - 6] = '.';
    const struct dmarc_case c = {
        .zone = "_dmarc.test. IN TXT \"v=DMARC1; p=reject\"\n", .author = author, NO_SPF};
    case_look(&c, look_at_long_names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_name_takes_eight_questions_and_skips_to_seven_labels),
        cmocka_unit_test(nothing_is_skipped_in_a_name_of_eight_labels),
        cmocka_unit_test(the_parent_of_a_name_of_nine_labels_is_skipped),
        cmocka_unit_test(a_record_with_psd_ends_the_walk),
        cmocka_unit_test(the_story_says_what_was_passed_over),
        cmocka_unit_test(organizational_and_policy_domain),
        cmocka_unit_test(a_name_without_room_for_the_prefix_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
