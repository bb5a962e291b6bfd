/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* The client's names: "ptr" (RFC 7208 section 5.5) and %{p} (section 7.3). */

#define PTR "1.2.0.192.in-addr.arpa PTR "
#define PTR6                                                                             \
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR "
#define OWN "example.org TXT \"v=spf1 ptr -all\"\n"

static void ptr_matches_a_name_below_that_leads_back(void **state)
{
    /* clang-format off */
    static const struct {
        const char *why;
        const char *zone;
        const char *ip;
        enum spf_code code;
    } rows[] = {
        {"the domain", OWN PTR "example.org.\nexample.org A 192.0.2.1", "192.0.2.1",
         SPF_PASS},
        {"below it", OWN PTR "m.example.org.\nm.example.org A 192.0.2.1", "192.0.2.1",
         SPF_PASS},
        {"any case", OWN PTR "M.EXAMPLE.org.\nm.example.org A 192.0.2.1", "192.0.2.1",
         SPF_PASS},
        {"only looks like it", OWN PTR "badexample.org.\nbadexample.org A 192.0.2.1",
         "192.0.2.1", SPF_FAIL},
        {"above it", OWN PTR "org.\norg A 192.0.2.1", "192.0.2.1", SPF_FAIL},
        {"does not lead back", OWN PTR "m.example.org.\nm.example.org A 192.0.2.2",
         "192.0.2.1", SPF_FAIL},
        {"another target",
         "example.org TXT \"v=spf1 ptr:x.test -all\"\n" PTR
         "m.x.test.\nm.x.test A 192.0.2.1",
         "192.0.2.1", SPF_PASS},
        {"the second of two",
         OWN PTR "a.test.\n" PTR
                 "m.example.org.\na.test A 192.0.2.1\nm.example.org A 192.0.2.1",
         "192.0.2.1", SPF_PASS},
        {"IPv6", OWN PTR6 "m.example.org.\nm.example.org AAAA 2001:db8::1", "2001:db8::1",
         SPF_PASS},
        {"no name", OWN, "192.0.2.1", SPF_FAIL},
        {"PTR error is no match", OWN "; yett: timeout 1.2.0.192.in-addr.arpa PTR",
         "192.0.2.1", SPF_FAIL},
        {"a name with an error is skipped",
         OWN PTR "a.example.org.\n" PTR "b.example.org.\nb.example.org A 192.0.2.1\n"
                 "; yett: timeout a.example.org A",
         "192.0.2.1", SPF_PASS},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct spf_result *result = case_org(*state, rows[i].zone, rows[i].ip);
        if (result->code != rows[i].code) {
            fail_msg("%s: %.*s", rows[i].why, SLICE_ARG(result->reason));
        }
    }
}

static void names_after_the_tenth_are_ignored(void **state)
{
    struct spf_case *c = *state;
    char zone[1024];
    for (unsigned before = 9; before <= 10; before++) {
        size_t used =
            (size_t)snprintf(zone, sizeof zone, "%s", OWN "m.example.org A 192.0.2.1\n");
        for (unsigned i = 0; i < before; i++) {
            used +=
                (size_t)snprintf(zone + used, sizeof zone - used, PTR "a%u.test.\n", i);
        }
        (void)snprintf(zone + used, sizeof zone - used, PTR "m.example.org.\n");
        assert_int_equal(case_code(c, zone, "192.0.2.1"),
                         before == 9 ? SPF_PASS : SPF_FAIL);
    }
}

#define SHOWS "example.org TXT \"v=spf1 -all exp=e.test\"\ne.test TXT \"%{p}\"\n"

static void the_p_macro_prefers_the_domain_then_what_is_below(void **state)
{
    /* clang-format off */
    static const struct {
        const char *why;
        const char *zone;
        const char *name;
    } rows[] = {
        {"the domain first",
         SHOWS PTR "a.test.\n" PTR "b.example.org.\n" PTR
                   "example.org.\na.test A 192.0.2.1\n"
                   "b.example.org A 192.0.2.1\nexample.org A 192.0.2.1",
         "example.org"},
        {"then below",
         SHOWS PTR "a.test.\n" PTR "b.example.org.\n" PTR
                   "example.org.\na.test A 192.0.2.1\n"
                   "b.example.org A 192.0.2.1\nexample.org A 192.0.2.2",
         "b.example.org"},
        {"then any", SHOWS PTR "b.example.org.\n" PTR "a.test.\na.test A 192.0.2.1",
         "a.test"},
        {"none leads back", SHOWS PTR "a.test.\na.test A 192.0.2.2", "unknown"},
        {"no name", SHOWS, "unknown"},
        {"an error", SHOWS "; yett: servfail 1.2.0.192.in-addr.arpa PTR", "unknown"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct spf_result *result = case_org(*state, rows[i].zone, "192.0.2.1");
        if (!slice_eq(result->explanation, slice_from_text(rows[i].name))) {
            fail_msg("%s: \"%.*s\"", rows[i].why, SLICE_ARG(result->explanation));
        }
    }
}

static void the_p_macro_works_in_names(void **state)
{
    struct spf_case *c = *state;
    const char *zone = "example.org TXT \"v=spf1 exists:%{p}.x.test -all\"\n" PTR
                       "a.test.\na.test A 192.0.2.1\na.test.x.test A 127.0.0.2";
    assert_int_equal(case_code(c, zone, "192.0.2.1"), SPF_PASS);
}

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        SPF_TEST(ptr_matches_a_name_below_that_leads_back),
        SPF_TEST(names_after_the_tenth_are_ignored),
        SPF_TEST(the_p_macro_prefers_the_domain_then_what_is_below),
        SPF_TEST(the_p_macro_works_in_names),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
