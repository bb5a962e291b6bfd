/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* RFC 7208 section 4.6.4. */

#define HERE "example.org A 198.51.100.1\nexample.org MX 10 example.org.\n"

static void ten_lookups_are_allowed(void **state)
{
    struct spf_case *c = *state;
    const struct spf_result *result = case_org(
        c, HERE "example.org TXT \"v=spf1 a mx a mx a mx a mx a mx -all\"", "192.0.2.1");
    assert_int_equal(result->code, SPF_FAIL);
    assert_int_equal(result->lookups, 10);
    assert_int_equal(result->void_lookups, 0);
}

static void an_eleventh_lookup_is_a_permerror(void **state)
{
    struct spf_case *c = *state;
    const struct spf_result *result = case_org(
        c, HERE "example.org TXT \"v=spf1 a mx a mx a mx a mx a mx a:x.test -all\"",
        "192.0.2.1");
    assert_int_equal(result->code, SPF_PERMERROR);
    assert_text(result->mechanism, "a:x.test");
    assert_text(result->reason, "example.org's record has a:x.test, which is DNS lookup "
                                "11, where only 10 are allowed");
}

static void lookups_are_counted_when_they_are_reached(void **state)
{
    struct spf_case *c = *state;
    assert_int_equal(
        case_code(
            c, HERE "example.org TXT \"v=spf1 a a a a a a a a a a ip4:192.0.2.1 a -all\"",
            "192.0.2.1"),
        SPF_PASS);
}

static void include_redirect_and_what_they_lead_to_count_together(void **state)
{
    struct spf_case *c = *state;
    const char *zone =
        HERE "example.org TXT \"v=spf1 a include:i.test redirect=r.test\"\n"
             "i.test TXT \"v=spf1 a a a\"\ni.test A 198.51.100.2\n"
             "r.test TXT \"v=spf1 a a a -all\"\nr.test A 198.51.100.3";
    const struct spf_result *result = case_org(c, zone, "192.0.2.1");
    assert_int_equal(result->code, SPF_FAIL);
    assert_int_equal(result->lookups, 9);
}

static void all_ip4_ip6_and_exp_do_not_count(void **state)
{
    struct spf_case *c = *state;
    const struct spf_result *result = case_org(
        c,
        "example.org TXT \"v=spf1 ip4:198.51.100.1 ip6:2001:db8::1 exp=e.test -all\"\n"
        "e.test TXT \"no\"",
        "192.0.2.1");
    assert_int_equal(result->lookups, 0);
    assert_text(result->explanation, "no");
}

static void the_p_macro_counts_beside_its_term(void **state)
{
    struct spf_case *c = *state;
    const struct spf_result *result =
        case_org(c, "example.org TXT \"v=spf1 a:%{p}.x.test -all\"", "192.0.2.1");
    assert_int_equal(result->code, SPF_FAIL);
    assert_int_equal(result->lookups, 2);
}

static void loops_end_at_the_limit(void **state)
{
    struct spf_case *c = *state;
    assert_int_equal(
        case_code(c, "example.org TXT \"v=spf1 include:example.org\"", "192.0.2.1"),
        SPF_PERMERROR);
    assert_int_equal(
        case_code(c, "example.org TXT \"v=spf1 redirect=example.org\"", "192.0.2.1"),
        SPF_PERMERROR);
    const struct spf_result *result =
        case_org(c,
                 "example.org TXT \"v=spf1 include:i.test\"\n"
                 "i.test TXT \"v=spf1 redirect=example.org\"",
                 "192.0.2.1");
    assert_int_equal(result->code, SPF_PERMERROR);
    assert_int_equal(result->include_count, 10);
}

static void two_void_lookups_are_allowed(void **state)
{
    struct spf_case *c = *state;
    const struct spf_result *result = case_org(
        c, "example.org TXT \"v=spf1 a:x1.test exists:x2.test -all\"\nx2.test MX 0 .",
        "192.0.2.1");
    assert_int_equal(result->code, SPF_FAIL);
    assert_int_equal(result->void_lookups, 2);
}

static void a_third_void_lookup_is_a_permerror(void **state)
{
    /* clang-format off */
    static const struct {
        const char *why;
        const char *zone;
        const char *term;
    } rows[] = {
        {"a", "example.org TXT \"v=spf1 a:x1.test a:x2.test a:x3.test -all\"",
         "a:x3.test"},
        {"mx", "example.org TXT \"v=spf1 a:x1.test a:x2.test mx:x3.test -all\"",
         "mx:x3.test"},
        {"exists", "example.org TXT \"v=spf1 a:x1.test a:x2.test exists:x3.test -all\"",
         "exists:x3.test"},
        {"ptr", "example.org TXT \"v=spf1 a:x1.test a:x2.test ptr -all\"", "ptr"},
        {"no data", "example.org TXT \"v=spf1 a mx exists:example.org -all\"",
         "exists:example.org"},
        {"within includes",
         "example.org TXT \"v=spf1 include:i.test a:x2.test -all\"\n"
         "i.test TXT \"v=spf1 a a:x1.test\"",
         "a:x2.test"},
        {"servers without an address",
         "example.org TXT \"v=spf1 a:x1.test a:x2.test mx -all\"\nexample.org MX 0 x4.test.\n"
         "example.org MX 0 x5.test.",
         "mx"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct spf_result *result = case_org(*state, rows[i].zone, "192.0.2.1");
        if (result->code != SPF_PERMERROR || result->void_lookups != 3) {
            fail_msg("%s: %s after %u: %.*s", rows[i].why, spf_code_text(result->code),
                     result->void_lookups, SLICE_ARG(result->reason));
        }
        assert_text(result->mechanism, rows[i].term);
        assert_holds(result->reason, "void lookup 3, where only 2 are allowed");
    }
}

/* An IPv6 client at a domain whose mail servers have IPv4 addresses. */
static void mail_servers_of_one_mx_are_one_void_lookup(void **state)
{
    struct spf_case *c = *state;
    const char *zone =
        "example.org TXT \"v=spf1 mx ip6:2001:db8::/32 -all\"\n"
        "example.org MX 1 a.test.\nexample.org MX 2 b.test.\n"
        "example.org MX 3 c.test.\na.test A 192.0.2.1\nb.test A 192.0.2.2\n"
        "c.test A 192.0.2.3";
    const struct spf_result *result = case_org(c, zone, "2001:db8::1");
    assert_int_equal(result->code, SPF_PASS);
    assert_int_equal(result->void_lookups, 1);
}

static void a_mail_server_with_an_address_makes_its_mx_not_void(void **state)
{
    struct spf_case *c = *state;
    const char *zone = "example.org TXT \"v=spf1 mx -all\"\nexample.org MX 1 gone.test.\n"
                       "example.org MX 2 b.test.\nb.test A 192.0.2.2";
    assert_int_equal(case_org(c, zone, "192.0.2.1")->void_lookups, 0);
}

static void what_is_not_a_lookup_of_a_term_is_not_void(void **state)
{
    /* clang-format off */
    static const struct {
        const char *why;
        const char *zone;
    } rows[] = {
        {"exp", "example.org TXT \"v=spf1 exp=x.test -all\""},
        {"null MX", "example.org TXT \"v=spf1 mx -all\"\nexample.org MX 0 ."},
        {"a malformed name", "example.org TXT \"v=spf1 a:a..test -all\""},
        {"a client's name without an address",
         "example.org TXT \"v=spf1 ptr -all\"\n"
         "1.2.0.192.in-addr.arpa PTR mail.example.org."},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct spf_result *result = case_org(*state, rows[i].zone, "192.0.2.1");
        if (result->code != SPF_FAIL || result->void_lookups != 0) {
            fail_msg("%s: %u: %.*s", rows[i].why, result->void_lookups,
                     SLICE_ARG(result->reason));
        }
    }
}

static void eleven_mail_servers_are_a_permerror(void **state)
{
    struct spf_case *c = *state;
    char zone[1024];
    for (unsigned servers = 10; servers <= 11; servers++) {
        size_t used = (size_t)snprintf(zone, sizeof zone, "%s",
                                       "example.org TXT \"v=spf1 mx -all\"\n"
                                       "example.org A 192.0.2.1\n");
        for (unsigned i = 0; i < servers; i++) {
            used += (size_t)snprintf(
                zone + used, sizeof zone - used,
                "example.org MX %u m%u.test.\nm%u.test A 192.0.2.%u\n", i, i, i, i + 100);
        }
        const struct spf_result *result = case_org(c, zone, "192.0.2.100");
        assert_int_equal(result->code, servers == 10 ? SPF_PASS : SPF_PERMERROR);
    }
    assert_holds(c->results[0].reason, "has 11 mail servers, where only 10 are allowed");
}

static void limits_can_be_set(void **state)
{
    struct spf_case *c = *state;
    const char *zone = HERE "example.org TXT \"v=spf1 a a:x1.test mx -all\"";
    c->query.limits = (struct spf_limits){.lookups = 2};
    assert_int_equal(case_code(c, zone, "192.0.2.1"), SPF_PERMERROR);
    c->query.limits = (struct spf_limits){.lookups = 3};
    assert_int_equal(case_code(c, zone, "192.0.2.1"), SPF_FAIL);
    c->query.limits = (struct spf_limits){.void_lookups = 1};
    assert_int_equal(case_code(c, zone, "192.0.2.1"), SPF_FAIL);
    zone = HERE "example.org TXT \"v=spf1 a:x2.test a:x1.test mx -all\"";
    assert_int_equal(case_code(c, zone, "192.0.2.1"), SPF_PERMERROR);
}

/* Neither the stack nor the trace grows without end when nothing else stops a loop. */
static void a_thousand_includes_are_survived(void **state)
{
    struct spf_case *c = *state;
    c->query.limits = (struct spf_limits){.lookups = 5000};
    const struct spf_result *result =
        case_org(c, "example.org TXT \"v=spf1 include:example.org\"", "192.0.2.1");
    assert_int_equal(result->code, SPF_PERMERROR);
    assert_int_equal(result->lookups, 5001);
    assert_int_equal(result->step_count, 1000);
    assert_text(result->steps[999].note, "more steps follow that are not listed");
}

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        SPF_TEST(ten_lookups_are_allowed),
        SPF_TEST(an_eleventh_lookup_is_a_permerror),
        SPF_TEST(lookups_are_counted_when_they_are_reached),
        SPF_TEST(include_redirect_and_what_they_lead_to_count_together),
        SPF_TEST(all_ip4_ip6_and_exp_do_not_count),
        SPF_TEST(the_p_macro_counts_beside_its_term),
        SPF_TEST(loops_end_at_the_limit),
        SPF_TEST(two_void_lookups_are_allowed),
        SPF_TEST(a_third_void_lookup_is_a_permerror),
        SPF_TEST(mail_servers_of_one_mx_are_one_void_lookup),
        SPF_TEST(a_mail_server_with_an_address_makes_its_mx_not_void),
        SPF_TEST(what_is_not_a_lookup_of_a_term_is_not_void),
        SPF_TEST(eleven_mail_servers_are_a_permerror),
        SPF_TEST(limits_can_be_set),
        SPF_TEST(a_thousand_includes_are_survived),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
