/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/zone/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ARENA_BYTES = 8 * 1024 * 1024 };

static struct arena *arena;
static struct zone *zone;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    return arena == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void load(const char *text)
{
    struct zone_error error = {0};
    enum yett_err err = zone_parse(arena, slice_from_text(text), &zone, &error);
    if (err != YETT_OK) {
        fail_msg("line %zu: %.*s", error.line, SLICE_ARG(error.why));
    }
}

struct row {
    enum dns_type type;
    const char *name;
    enum dns_status status;
    const char *why;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct dns_answer *answer = zone_find(
            zone, (struct dns_question){rows[i].type, slice_from_text(rows[i].name)});
        if (answer->status != rows[i].status) {
            fail_msg("%s %s: %s: %s", rows[i].name, dns_type_text(rows[i].type),
                     rows[i].why, dns_status_text(answer->status));
        }
    }
}

#define CHECK(rows) check((rows), sizeof(rows) / sizeof((rows)[0]))

static void a_fault_wins_over_records_of_its_type(void **state)
{
    (void)state;
    load("a.test. TXT \"x\"\n"
         "a.test. A 192.0.2.1\n"
         "; yett: timeout a.test. TXT\n"
         ";yett:  SERVFAIL\tB.Test a ; and a word on it\n"
         "  \t; Yett: bogus c\\032d.test MX\n"
         "; yett; timeout q.test TXT is another comment\n"
         "; yett: timeout p.test SPF\n");
    static const struct row rows[] = {
        {DNS_TXT, "a.test",   DNS_TIMED_OUT, "over a record"                },
        {DNS_A,   "a.test",   DNS_FOUND,     "another type"                 },
        {DNS_A,   "b.test",   DNS_SERVFAIL,  "case and white space are free"},
        {DNS_TXT, "b.test",   DNS_NODATA,    "a fault makes its name exist" },
        {DNS_MX,  "c d.test", DNS_BOGUS,     "leading white space, escapes" },
        {DNS_TXT, "q.test",   DNS_NXDOMAIN,  "not for us"                   },
        {DNS_TXT, "p.test",   DNS_NODATA,    "type SPF is never asked for"  },
        {DNS_TXT, "z.test",   DNS_NXDOMAIN,  "nothing was said of it"       },
    };
    CHECK(rows);
}

static void any_stands_for_the_types_without_records(void **state)
{
    (void)state;
    load("a.test. TXT \"x\"\n"
         "; yett: timeout a.test. ANY\n"
         "; yett: servfail a.test. MX\n"
         "; yett: timeout b.test. ANY\n"
         "; yett: servfail b.test. ANY\n");
    static const struct row rows[] = {
        {DNS_TXT, "a.test", DNS_FOUND,     "has records"         },
        {DNS_A,   "a.test", DNS_TIMED_OUT, "has none"            },
        {DNS_MX,  "a.test", DNS_SERVFAIL,  "the nearer word"     },
        {DNS_A,   "b.test", DNS_SERVFAIL,  "the last word counts"},
    };
    CHECK(rows);
}

static void a_name_may_be_denied_though_names_below_it_exist(void **state)
{
    (void)state;
    load("x.a.test. TXT \"x\"\n"
         "b.test. TXT \"x\"\n"
         "*.test. TXT \"wild\"\n"
         "; yett: nxdomain a.test. ANY\n"
         "; yett: nxdomain b.test. any\n"
         "; yett: nxdomain c.test. ANY\n"
         "; yett: nxdomain y.far.example. ANY\n");
    static const struct row rows[] = {
        {DNS_TXT, "a.test",      DNS_NXDOMAIN, "an empty non-terminal"       },
        {DNS_TXT, "x.a.test",    DNS_FOUND,    "below it"                    },
        {DNS_TXT, "b.test",      DNS_FOUND,    "records are still answered"  },
        {DNS_A,   "b.test",      DNS_NXDOMAIN, "other types are not"         },
        {DNS_TXT, "c.test",      DNS_NXDOMAIN, "no wildcard there"           },
        {DNS_TXT, "x.c.test",    DNS_FOUND,    "the wildcard below it"       },
        {DNS_TXT, "far.example", DNS_NXDOMAIN, "a denial makes nothing exist"},
    };
    CHECK(rows);
}

static void the_default_is_for_names_that_are_not_there(void **state)
{
    (void)state;
    load("; yett: default timeout\n"
         "a.b.test. TXT \"x\"\n"
         "lost.test. CNAME nowhere.example.\n"
         "; yett: nxdomain gone.test ANY\n");
    static const struct row rows[] = {
        {DNS_TXT, "example.org", DNS_TIMED_OUT, "not there"         },
        {DNS_A,   "a.b.test",    DNS_NODATA,    "there"             },
        {DNS_A,   "b.test",      DNS_NODATA,    "empty non-terminal"},
        {DNS_A,   "lost.test",   DNS_TIMED_OUT, "through a CNAME"   },
        {DNS_A,   "gone.test",   DNS_NXDOMAIN,  "denied by name"    },
    };
    CHECK(rows);
    load("; yett: default servfail\n");
    static const struct row other[] = {
        {DNS_TXT, "example.org", DNS_SERVFAIL, "the other"}
    };
    CHECK(other);
}

static void a_fault_is_met_on_the_way_along_cnames(void **state)
{
    (void)state;
    load("a.test. CNAME b.test.\n"
         "b.test. CNAME c.test.\n"
         "c.test. TXT \"x\"\n"
         "; yett: timeout c.test. A\n"
         "; yett: bogus b.test. MX\n"
         "; yett: servfail *.w.test. TXT\n");
    static const struct row rows[] = {
        {DNS_TXT, "a.test",   DNS_FOUND,     "no fault for the type"},
        {DNS_A,   "a.test",   DNS_TIMED_OUT, "at the end"           },
        {DNS_MX,  "a.test",   DNS_BOGUS,     "half way"             },
        {DNS_MX,  "c.test",   DNS_NODATA,    "behind it"            },
        {DNS_TXT, "x.w.test", DNS_SERVFAIL,  "of a wildcard"        },
    };
    CHECK(rows);
    const struct dns_answer *answer =
        zone_find(zone, (struct dns_question){DNS_MX, SLICE("a.test")});
    assert_int_equal(answer->alias_count, 1);
    assert_true(slice_find(answer->detail, SLICE("line 5")) < answer->detail.len);
}

static void names_of_faults_follow_the_origin(void **state)
{
    (void)state;
    load("; yett: timeout whole.test TXT\n"
         "$ORIGIN example.org.\n"
         "; yett: timeout _dmarc TXT\n"
         "; yett: servfail @ MX\n"
         "; yett: servfail example.net. MX\n"
         "$origin sub.example.org.\n"
         "; yett: timeout x TXT\n");
    static const struct row rows[] = {
        {DNS_TXT, "whole.test",         DNS_TIMED_OUT, "no origin yet"     },
        {DNS_TXT, "_dmarc.example.org", DNS_TIMED_OUT, "relative"          },
        {DNS_MX,  "example.org",        DNS_SERVFAIL,  "the origin"        },
        {DNS_MX,  "example.net",        DNS_SERVFAIL,  "absolute"          },
        {DNS_TXT, "x.sub.example.org",  DNS_TIMED_OUT, "lower-case $origin"},
    };
    CHECK(rows);
}

static void an_error_in_a_fault_names_its_line_and_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t line;
        const char *word;
        const char *why;
    } rows[] = {
        {"a. A 192.0.2.1\n\n; yett: tiemout a.test TXT\n", 3, "tiemout",
         "unknown fault word"                                                                         },
        {"; yett:\n",                                      1, "expected",    "no word"                },
        {"; yett: timeout a.test WHAT\n",                  1, "WHAT",        "bad type"               },
        {"; yett: timeout a.test\n",                       1, "NAME TYPE",   "no type"                },
        {"; yett: timeout a..test TXT\n",                  1, "a..test",     "empty label"            },
        {"; yett: timeout a\\.b.test TXT\n",               1, "domain name", "dot in a label"         },
        {"; yett: timeout a\\000.test TXT\n",              1, "domain name", "NUL in a label"         },
        {"; yett: timeout a\\256.test TXT\n",              1, "domain name", "no octet"               },
        {"; yett: timeout a\\25 TXT\n",                    1, "domain name", "broken escape"          },
        {"; yett: nxdomain a.test TXT\n",                  1, "ANY",         "a type has no existence"},
        {"; yett: timeout a.test TXT MX\n",                1, "MX",          "text behind"            },
        {"; yett: default\n",                              1, "default",     "no default"             },
        {"; yett: default nxdomain\n",                     1, "nxdomain",    "that is the default"    },
        {"; yett: default timeout always\n",               1, "always",      "text behind a default"  },
        {"; yett: what\nb. A x\n",                         1, "what",        "the first of two"       },
        {"b. A x\n; yett: what\n",                         1, "b. A x",      "the first of two"       },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zone_error error = {0};
        slice word = slice_from_text(rows[i].word);
        assert_int_equal(zone_parse(arena, slice_from_text(rows[i].text), &zone, &error),
                         YETT_BAD_SYNTAX);
        if (error.line != rows[i].line || slice_find(error.why, word) == error.why.len) {
            fail_msg("%s: line %zu: %.*s", rows[i].why, error.line, SLICE_ARG(error.why));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fault_wins_over_records_of_its_type, begin,
                                        end),
        cmocka_unit_test_setup_teardown(any_stands_for_the_types_without_records, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_name_may_be_denied_though_names_below_it_exist,
                                        begin, end),
        cmocka_unit_test_setup_teardown(the_default_is_for_names_that_are_not_there,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_fault_is_met_on_the_way_along_cnames, begin,
                                        end),
        cmocka_unit_test_setup_teardown(names_of_faults_follow_the_origin, begin, end),
        cmocka_unit_test_setup_teardown(
            an_error_in_a_fault_names_its_line_and_what_is_wrong, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
