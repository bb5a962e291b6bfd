/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What an administrator reads: what decided, the sentence, the steps. */

static void the_reason_is_precise(void **state)
{
    /* clang-format off */
    static const struct {
        const char *zone;
        const char *reason;
    } rows[] = {
        {"example.org TXT \"v=spf1 ip4:192.0.2.0/24 -all\"",
         "example.org's record has ip4:192.0.2.0/24, which holds 192.0.2.1"},
        {"example.org TXT \"v=spf1 -all\"",
         "example.org's record has -all, and nothing before it matches 192.0.2.1"},
        {"example.org TXT \"v=spf1 a\"\nexample.org A 192.0.2.1",
         "example.org's record has a, and example.org has the address 192.0.2.1"},
        {"example.org TXT \"v=spf1 a:h.test/24\"\nh.test A 192.0.2.7",
         "example.org's record has a:h.test/24, and h.test has the address 192.0.2.7, in one /24 network with 192.0.2.1"},
        {"example.org TXT \"v=spf1 mx\"\nexample.org MX 5 m.test.\nm.test A 192.0.2.1",
         "example.org's record has mx, and the mail server m.test has the address 192.0.2.1"},
        {"example.org TXT \"v=spf1 ptr\"\n1.2.0.192.in-addr.arpa PTR example.org.\n"
         "example.org A 192.0.2.1",
         "example.org's record has ptr, and 192.0.2.1 is called example.org"},
        {"example.org TXT \"v=spf1 exists:%{l}.x.test\"\nuser.x.test A 127.0.0.2",
         "example.org's record has exists:%{l}.x.test, and user.x.test exists"},
        {"example.org TXT \"v=spf1 include:i.test\"\ni.test TXT \"v=spf1 redirect=r.test\"\n"
         "r.test TXT \"v=spf1 ip4:192.0.2.1\"",
         "example.org's record has include:i.test, whose record has redirect=r.test, whose record has ip4:192.0.2.1, which holds 192.0.2.1"},
        {"example.org TXT \"v=spf1 ip4:10.0.0.1\"",
         "example.org's record has nothing that matches 192.0.2.1, and does not end in \"all\""},
        {"other.test A 192.0.2.1", "example.org does not exist"},
        {"example.org A 192.0.2.1",
         "example.org has no TXT record, so no SPF record either"},
        {"example.org TXT \"moo\"",
         "example.org has TXT records, but none of them is an SPF record"},
        {"example.org TXT \"v=spf1 -all\"\nexample.org TXT \"v=spf1 +all\"",
         "example.org has 2 SPF records, where only one is allowed"},
        {"example.org TXT \"v=spf1 ip4:192.0.2.0/33\"",
         "example.org's record is broken: ip4:192.0.2.0/33 has a prefix length that is not between 0 and 32 (at octet 22)"},
        {"example.org TXT \"v=spf1 include:i.test\"\ni.test TXT \"v=spf1 a moo\"",
         "example.org's record has include:i.test, whose record is broken: moo is no mechanism of SPF (at octet 10)"},
        {"example.org TXT \"v=spf1 include:i.test\"",
         "example.org's record has include:i.test, but i.test does not exist"},
        {"example.org TXT \"v=spf1 redirect=a..test\"",
         "example.org's record has redirect=a..test, but a..test is not the name of a domain"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_text(case_org(*state, rows[i].zone, "192.0.2.1")->reason, rows[i].reason);
    }
}

static void an_error_names_the_question_that_stayed_open(void **state)
{
    struct spf_case *c = *state;
    assert_holds(
        case_org(c,
                 "example.org TXT \"v=spf1 mx -all\"\nexample.org MX 5 m.test.\n"
                 "; yett: timeout m.test A",
                 "192.0.2.1")
            ->reason,
        "example.org's record has mx, but DNS could not answer m.test A: timed out");
    assert_holds(case_org(c, "; yett: servfail example.org TXT", "192.0.2.1")->reason,
                 "DNS could not answer example.org TXT: SERVFAIL");
}

static void hostile_octets_are_made_visible(void **state)
{
    struct spf_case *c = *state;
    assert_text(case_org(c, "example.org TXT \"v=spf1 \\027[2J\"", "192.0.2.1")->reason,
                "example.org's record is broken: \\x1b[2J has no name (at octet 8)");
}

#define NESTED                                                                           \
    "example.org TXT \"v=spf1 include:i.test -all\"\ni.test TXT \"v=spf1 "               \
    "redirect=r.test\"\n"                                                                \
    "r.test TXT \"v=spf1 mx ip4:192.0.2.0/24 ~all\"\nr.test MX 0 .\n"

static void the_result_names_what_decided(void **state)
{
    struct spf_case *c = *state;
    const struct spf_result *result = case_org(c, NESTED, "192.0.2.1");
    assert_int_equal(result->code, SPF_PASS);
    assert_text(result->record, "v=spf1 include:i.test -all");
    assert_text(result->mechanism, "ip4:192.0.2.0/24");
    assert_text(result->mechanism_domain, "r.test");
    assert_int_equal(result->include_count, 2);
    assert_text(result->includes[0], "include:i.test");
    assert_text(result->includes[1], "redirect=r.test");
    assert_int_equal(result->lookups, 3);

    result = case_org(c, NESTED, "198.51.100.1");
    assert_int_equal(result->code, SPF_FAIL);
    assert_text(result->mechanism, "-all");
    assert_text(result->mechanism_domain, "example.org");
    assert_int_equal(result->include_count, 0);
}

static void the_default_is_named(void **state)
{
    const struct spf_result *result =
        case_org(*state, "example.org TXT \"v=spf1\"", "192.0.2.1");
    assert_int_equal(result->code, SPF_NEUTRAL);
    assert_text(result->mechanism, "default");
    assert_text(result->mechanism_domain, "example.org");
}

static void a_broken_record_is_shown_with_its_place(void **state)
{
    const struct spf_result *result =
        case_org(*state,
                 "example.org TXT \"v=spf1 include:i.test\"\n"
                 "i.test TXT \"v=spf1 ip4:192.0.2.0/33 -all\"",
                 "192.0.2.1");
    assert_int_equal(result->code, SPF_PERMERROR);
    assert_text(result->error_record, "v=spf1 ip4:192.0.2.0/33 -all");
    assert_int_equal(result->error_offset, 21);
    assert_text(result->mechanism, "ip4:192.0.2.0/33");
    assert_text(result->mechanism_domain, "i.test");
    assert_int_equal(result->include_count, 1);
}

static void an_error_of_a_term_has_its_place_too(void **state)
{
    struct spf_case *c = *state;
    const struct spf_result *result =
        case_org(c, "example.org TXT \"v=spf1 mx include:i.test -all\"", "192.0.2.1");
    assert_int_equal(result->code, SPF_PERMERROR);
    assert_text(result->error_record, "v=spf1 mx include:i.test -all");
    assert_int_equal(result->error_offset, 10);

    result = case_org(c, "example.org TXT \"v=spf1 a\"\n; yett: timeout example.org A",
                      "192.0.2.1");
    assert_int_equal(result->code, SPF_TEMPERROR);
    assert_text(result->error_record, "");
}

static void the_steps_are_the_walk(void **state)
{
    /* clang-format off */
    static const struct {
        unsigned depth;
        const char *domain;
        const char *term;
        bool is_record;
        bool matched;
        unsigned lookups;
        const char *note;
    } steps[] = {
        {0, "example.org", "v=spf1 include:i.test -all", true, false, 0, ""},
        {0, "example.org", "include:i.test", false, true, 1,
         "comes to pass, which is a match"},
        {1, "i.test", "v=spf1 redirect=r.test", true, false, 1, ""},
        {1, "i.test", "redirect=r.test", false, false, 2, ""},
        {2, "r.test", "v=spf1 mx ip4:192.0.2.0/24 ~all", true, false, 2, ""},
        {2, "r.test", "mx", false, false, 3, "takes no mail (null MX)"},
        {2, "r.test", "ip4:192.0.2.0/24", false, true, 3, "which holds 192.0.2.1"},
    };
    /* clang-format on */
    const struct spf_result *result = case_org(*state, NESTED, "192.0.2.1");
    size_t count = sizeof steps / sizeof steps[0];
    assert_int_equal(result->step_count, count);
    for (size_t i = 0; i < count; i++) {
        const struct spf_step *step = &result->steps[i];
        assert_int_equal(step->depth, steps[i].depth);
        assert_text(step->domain, steps[i].domain);
        assert_text(step->term, steps[i].term);
        assert_int_equal(step->is_record, steps[i].is_record);
        assert_int_equal(step->matched, steps[i].matched);
        assert_int_equal(step->lookups, steps[i].lookups);
        assert_text(step->note, steps[i].note);
    }
}

static void a_void_lookup_is_noted_with_its_number(void **state)
{
    const struct spf_result *result =
        case_org(*state, "example.org TXT \"v=spf1 a:x1.test mx -all\"", "192.0.2.1");
    assert_text(result->steps[1].note, "x1.test does not exist (void lookup 1 of 2)");
    assert_text(result->steps[2].note,
                "example.org has no MX record (void lookup 2 of 2)");
    assert_int_equal(result->steps[2].void_lookups, 2);
}

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        SPF_TEST(the_reason_is_precise),
        SPF_TEST(an_error_names_the_question_that_stayed_open),
        SPF_TEST(hostile_octets_are_made_visible),
        SPF_TEST(the_result_names_what_decided),
        SPF_TEST(the_default_is_named),
        SPF_TEST(a_broken_record_is_shown_with_its_place),
        SPF_TEST(an_error_of_a_term_has_its_place_too),
        SPF_TEST(the_steps_are_the_walk),
        SPF_TEST(a_void_lookup_is_noted_with_its_number),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
