/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Strings with macros (RFC 7208 section 7). */

enum { ARENA_BYTES = 1024 * 1024 };

static int setup(void **state)
{
    *state = arena_new(ARENA_BYTES);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* The sender and clients of section 7.4. */
static struct spf_macro_values values_of_the_rfc(const char *ip)
{
    struct spf_macro_values values = {
        .sender = SLICE("strong-bad@email.example.com"),
        .local = SLICE("strong-bad"),
        .origin = SLICE("email.example.com"),
        .domain = SLICE("email.example.com"),
        .client = SLICE("mx.example.org"),
        .helo = SLICE("helo host"),
        .receiver = SLICE("unknown"),
        .now_s = 1700000000,
    };
    assert_int_equal(ip_parse(slice_from_text(ip), &values.ip), YETT_OK);
    return values;
}

static void assert_expands(struct arena *arena, const char *text,
                           enum spf_macro_place place,
                           const struct spf_macro_values *values, const char *expected)
{
    unsigned uses = 0;
    size_t bad_at = 0;
    const char *why = NULL;
    struct buf buf;
    if (spf_macro_check(slice_from_text(text), place, &uses, &bad_at, &why) != YETT_OK) {
        fail_msg("\"%s\" %s", text, why);
    }
    buf_init(&buf, arena, 10000);
    spf_macro_expand(&buf, slice_from_text(text), values);
    assert_int_equal(buf_err(&buf), YETT_OK);
    if (!slice_eq(buf_slice(&buf), slice_from_text(expected))) {
        fail_msg("\"%s\" gives \"%.*s\", not \"%s\"", text, SLICE_ARG(buf_slice(&buf)),
                 expected);
    }
}

struct expansion {
    const char *text;
    const char *expected;
};

/* Section 7.4. */
static const struct expansion rfc_expansions[] = {
    {"%{s}",                              "strong-bad@email.example.com"                },
    {"%{o}",                              "email.example.com"                           },
    {"%{d}",                              "email.example.com"                           },
    {"%{d4}",                             "email.example.com"                           },
    {"%{d3}",                             "email.example.com"                           },
    {"%{d2}",                             "example.com"                                 },
    {"%{d1}",                             "com"                                         },
    {"%{dr}",                             "com.example.email"                           },
    {"%{d2r}",                            "example.email"                               },
    {"%{l}",                              "strong-bad"                                  },
    {"%{l-}",                             "strong.bad"                                  },
    {"%{lr}",                             "strong-bad"                                  },
    {"%{lr-}",                            "bad.strong"                                  },
    {"%{l1r-}",                           "strong"                                      },
    {"%{ir}.%{v}._spf.%{d2}",             "3.2.0.192.in-addr._spf.example.com"          },
    {"%{lr-}.lp._spf.%{d2}",              "bad.strong.lp._spf.example.com"              },
    {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
     "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"                                 },
    {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",  "3.2.0.192.in-addr.strong.lp._spf.example.com"},
    {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"     },
};

static void macros_expand_as_in_the_rfc(void **state)
{
    struct spf_macro_values values = values_of_the_rfc("192.0.2.3");
    for (size_t i = 0; i < sizeof rfc_expansions / sizeof rfc_expansions[0]; i++) {
        assert_expands(*state, rfc_expansions[i].text, SPF_IN_DOMAIN_SPEC, &values,
                       rfc_expansions[i].expected);
    }
    values = values_of_the_rfc("2001:db8::cb01");
    assert_expands(*state, "%{ir}.%{v}._spf.%{d2}", SPF_IN_DOMAIN_SPEC, &values,
                   "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2."
                   "ip6._spf.example.com");
}

/* Beyond its examples. */
static const struct expansion expansions[] = {
    {"%%x%_y%-z",                   "%x y%20z"                      },
    {"%{p}|%{h}",                   "mx.example.org|helo host"      },
    {"%{S}",                        "strong-bad%40email.example.com"},
    {"%{H}",                        "helo%20host"                   },
    {"%{D2R}",                      "example.email"                 },
    {"%{d127}",                     "email.example.com"             },
    {"%{d99999999999999999999999}", "email.example.com"             },
    {"%{s2r}",                      "example.strong-bad@email"      },
    {"%{l+=_/,-.}",                 "strong.bad"                    },
    {"%{c} %{r} %{t}",              "192.0.2.3 unknown 1700000000"  },
    {"",                            ""                              },
};

static void macros_expand_in_explanations(void **state)
{
    struct spf_macro_values values = values_of_the_rfc("192.0.2.3");
    for (size_t i = 0; i < sizeof expansions / sizeof expansions[0]; i++) {
        assert_expands(*state, expansions[i].text, SPF_IN_EXPLANATION, &values,
                       expansions[i].expected);
    }
}

static void parts_may_be_empty(void **state)
{
    struct spf_macro_values values = values_of_the_rfc("192.0.2.3");
    values.local = SLICE("-a--b-");
    assert_expands(*state, "%{l-}", SPF_IN_EXPLANATION, &values, ".a..b.");
    assert_expands(*state, "%{lr-}", SPF_IN_EXPLANATION, &values, ".b..a.");
    assert_expands(*state, "%{l2-}", SPF_IN_EXPLANATION, &values, "b.");
    values.local = SLICE("");
    assert_expands(*state, "%{l}", SPF_IN_EXPLANATION, &values, "");
}

static void an_ipv6_client_is_readable_in_c(void **state)
{
    struct spf_macro_values values = values_of_the_rfc("2001:db8::cb01");
    assert_expands(*state, "%{c}", SPF_IN_EXPLANATION, &values, "2001:db8::cb01");
}

static void broken_strings_are_refused_where_they_break(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *text;
        enum spf_macro_place place;
        size_t bad_at;
    } rows[] = {
        {"% at the end",                                     "a.test%",     SPF_IN_EXPLANATION, 6},
        {"% before a letter",                                "%a.test",     SPF_IN_DOMAIN_SPEC, 0},
        {"% before a parenthesis",                           "x%(ir).test", SPF_IN_DOMAIN_SPEC, 1},
        {"no such letter",                                   "%{x}",        SPF_IN_EXPLANATION, 2},
        {"no letter",                                        "%{}",         SPF_IN_EXPLANATION, 2},
        {"no closing brace",                                 "%{d",         SPF_IN_EXPLANATION, 3},
        {"zero parts",                                       "%{d0}",       SPF_IN_EXPLANATION, 3},
        {"r before the digits",                              "%{dr2}",      SPF_IN_EXPLANATION, 4},
        {"no delimiter",                                     "%{d:}",       SPF_IN_EXPLANATION, 3},
        {"%{c} in a name",                                   "%{c}.test",   SPF_IN_DOMAIN_SPEC, 0},
        {"%{r} in a name",                                   "a.%{R}",      SPF_IN_DOMAIN_SPEC, 2},
        {"%{t} in a modifier's text is fine elsewhere only", "a.%{t}.test",
         SPF_IN_DOMAIN_SPEC,                                                                    2},
        {"space in a name",                                  "a b.test",    SPF_IN_DOMAIN_SPEC, 1},
        {"space in a modifier",                              "a b",         SPF_IN_MODIFIER,    1},
        {"DEL",                                              "a\x7f",       SPF_IN_EXPLANATION, 1},
        {"8 bits",                                           "a\xc3\xbc",   SPF_IN_EXPLANATION, 1},
        {"one label",                                        "museum",      SPF_IN_DOMAIN_SPEC, 0},
        {"one label and a dot",                              "museum.",     SPF_IN_DOMAIN_SPEC, 0},
        {"digits for a top label",                           "abc.123",     SPF_IN_DOMAIN_SPEC, 0},
        {"hyphen first in the top label",                    "abc.-com",    SPF_IN_DOMAIN_SPEC, 0},
        {"hyphen last in the top label",                     "abc.com-",    SPF_IN_DOMAIN_SPEC, 0},
        {"two dots at the end",                              "abc.com..",   SPF_IN_DOMAIN_SPEC, 0},
        {"after a macro, too",                               "%{d}com",     SPF_IN_DOMAIN_SPEC, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned uses = 0;
        size_t bad_at = 999;
        const char *why = NULL;
        enum yett_err err = spf_macro_check(slice_from_text(rows[i].text), rows[i].place,
                                            &uses, &bad_at, &why);
        if (err != YETT_BAD_SYNTAX || bad_at != rows[i].bad_at || why == NULL) {
            fail_msg("%s: at %zu instead of %zu", rows[i].why, bad_at, rows[i].bad_at);
        }
    }
}

static void good_strings_say_what_they_use(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum spf_macro_place place;
        unsigned uses;
    } rows[] = {
        {"a.test",                  SPF_IN_DOMAIN_SPEC, 0                               },
        {"a.test.",                 SPF_IN_DOMAIN_SPEC, 0                               },
        {"foo:bar/baz.example.com", SPF_IN_DOMAIN_SPEC, 0                               },
        {"a.xn--zckzah",            SPF_IN_DOMAIN_SPEC, 0                               },
        {"a..test",                 SPF_IN_DOMAIN_SPEC, 0                               },
        {"%{d}",                    SPF_IN_DOMAIN_SPEC, SPF_USES_MACRO                  },
        {"a%%",                     SPF_IN_DOMAIN_SPEC, SPF_USES_MACRO                  },
        {"%{d}.test",               SPF_IN_DOMAIN_SPEC, SPF_USES_MACRO                  },
        {"%{l}.test",               SPF_IN_DOMAIN_SPEC, SPF_USES_MACRO | SPF_USES_LOCAL },
        {"%{S}.test",               SPF_IN_DOMAIN_SPEC, SPF_USES_MACRO | SPF_USES_LOCAL },
        {"%{P}.%{h}",               SPF_IN_DOMAIN_SPEC, SPF_USES_MACRO | SPF_USES_CLIENT},
        {"",                        SPF_IN_MODIFIER,    0                               },
        {"a=b",                     SPF_IN_MODIFIER,    0                               },
        {"%{t}",                    SPF_IN_MODIFIER,    SPF_USES_MACRO                  },
        {"a b",                     SPF_IN_EXPLANATION, 0                               },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned uses = 999;
        size_t bad_at = 0;
        const char *why = NULL;
        enum yett_err err = spf_macro_check(slice_from_text(rows[i].text), rows[i].place,
                                            &uses, &bad_at, &why);
        if (err != YETT_OK || uses != rows[i].uses) {
            fail_msg("\"%s\": %u instead of %u", rows[i].text, uses, rows[i].uses);
        }
    }
}

static void an_expansion_stops_at_the_limit_of_its_buffer(void **state)
{
    struct spf_macro_values values = values_of_the_rfc("192.0.2.3");
    struct buf buf;
    buf_init(&buf, *state, 20);
    spf_macro_expand(&buf, SLICE("%{d}.%{d}.%{d}"), &values);
    assert_int_equal(buf_err(&buf), YETT_LIMIT);
}

/* "%{l1-}" of "aaa…-" gives nothing, however long the local part: only reading costs. */
static void an_expansion_that_reads_much_and_gives_nothing_stops_too(void **state)
{
    struct spf_macro_values values = values_of_the_rfc("192.0.2.3");
    static char local[1000];
    static char text[100 * 6];
    struct buf buf;

    memset(local, 'a', sizeof local - 1);
    local[sizeof local - 1] = '-';
    values.local = slice_of(local, sizeof local);
    for (size_t i = 0; i < sizeof text; i += 6) {
        memcpy(text + i, "%{l1-}", 6);
    }
    buf_init(&buf, *state, 10000);
    spf_macro_expand(&buf, slice_of(text, (size_t)65 * 6), &values);
    assert_int_equal(buf_err(&buf), YETT_OK);
    assert_int_equal(buf.len, 0);

    spf_macro_expand(&buf, slice_of(text, sizeof text), &values);
    assert_int_equal(buf_err(&buf), YETT_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(macros_expand_as_in_the_rfc, setup, teardown),
        cmocka_unit_test_setup_teardown(macros_expand_in_explanations, setup, teardown),
        cmocka_unit_test_setup_teardown(parts_may_be_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(an_ipv6_client_is_readable_in_c, setup, teardown),
        cmocka_unit_test(broken_strings_are_refused_where_they_break),
        cmocka_unit_test(good_strings_say_what_they_use),
        cmocka_unit_test_setup_teardown(an_expansion_stops_at_the_limit_of_its_buffer,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            an_expansion_that_reads_much_and_gives_nothing_stops_too, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
