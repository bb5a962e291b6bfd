/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Rows of one kind: a zone, a client, a result. */
struct row {
    const char *why;
    const char *zone;
    const char *ip;
    enum spf_code code;
};

static void assert_rows(struct spf_case *c, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct spf_result *result = case_org(c, rows[i].zone, rows[i].ip);
        if (result->code != rows[i].code) {
            fail_msg("%s: %s, not %s: %.*s", rows[i].why, spf_code_text(result->code),
                     spf_code_text(rows[i].code), SLICE_ARG(result->reason));
        }
    }
}

#define ASSERT_ROWS(state, rows) assert_rows(*(state), rows, sizeof rows / sizeof rows[0])

static void a_record_is_selected_by_its_version(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"no such name", "other.test TXT \"v=spf1 +all\"", "192.0.2.1", SPF_NONE},
        {"no TXT", "example.org A 192.0.2.1", "192.0.2.1", SPF_NONE},
        {"TXT of others", "example.org TXT \"google-site=1\"", "192.0.2.1", SPF_NONE},
        {"a longer version", "example.org TXT \"v=spf10 +all\"", "192.0.2.1", SPF_NONE},
        {"a tab is no space", "example.org TXT \"v=spf1\\009+all\"", "192.0.2.1",
         SPF_NONE},
        {"the version alone", "example.org TXT \"v=spf1\"", "192.0.2.1", SPF_NEUTRAL},
        {"any case", "example.org TXT \"V=SpF1 -ALL\"", "192.0.2.1", SPF_FAIL},
        {"strings are joined", "example.org TXT \"v=spf1 -a\" \"ll\"", "192.0.2.1",
         SPF_FAIL},
        {"beside TXT of others",
         "example.org TXT \"x\"\nexample.org TXT \"v=spf1 -all\"\nexample.org TXT \"\\150\"",
         "192.0.2.1", SPF_FAIL},
        {"two records",
         "example.org TXT \"v=spf1 -all\"\nexample.org TXT \"v=spf1 +all\"", "192.0.2.1",
         SPF_PERMERROR},
        {"type SPF is not asked for", "example.org SPF \"v=spf1 -all\"", "192.0.2.1",
         SPF_NONE},
        {"through a CNAME", "example.org CNAME real.test\nreal.test TXT \"v=spf1 -all\"",
         "192.0.2.1", SPF_FAIL},
        {"timeout", "; yett: timeout example.org TXT", "192.0.2.1", SPF_TEMPERROR},
        {"SERVFAIL", "; yett: servfail example.org TXT", "192.0.2.1", SPF_TEMPERROR},
        {"bogus", "; yett: bogus example.org TXT", "192.0.2.1", SPF_TEMPERROR},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

static void the_first_mechanism_that_matches_decides(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"+ is the default", "example.org TXT \"v=spf1 ip4:192.0.2.1 -all\"", "192.0.2.1",
         SPF_PASS},
        {"+", "example.org TXT \"v=spf1 +ip4:192.0.2.1 -all\"", "192.0.2.1", SPF_PASS},
        {"-", "example.org TXT \"v=spf1 -ip4:192.0.2.1 +all\"", "192.0.2.1", SPF_FAIL},
        {"~", "example.org TXT \"v=spf1 ~ip4:192.0.2.1 -all\"", "192.0.2.1",
         SPF_SOFTFAIL},
        {"?", "example.org TXT \"v=spf1 ?ip4:192.0.2.1 -all\"", "192.0.2.1", SPF_NEUTRAL},
        {"nothing matches", "example.org TXT \"v=spf1 ip4:192.0.2.1\"", "192.0.2.9",
         SPF_NEUTRAL},
        {"terms after all are ignored", "example.org TXT \"v=spf1 ~all a mx -all\"",
         "192.0.2.1", SPF_SOFTFAIL},
        {"unknown modifiers are ignored",
         "example.org TXT \"v=spf1 x=%{d} x=y -all x.1-_=\"", "192.0.2.1", SPF_FAIL},
        {"an error anywhere is found first", "example.org TXT \"v=spf1 +all moo\"",
         "192.0.2.1", SPF_PERMERROR},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

static void networks_hold_addresses_of_their_family(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"in", "example.org TXT \"v=spf1 ip4:192.0.2.0/24 -all\"", "192.0.2.255",
         SPF_PASS},
        {"out", "example.org TXT \"v=spf1 ip4:192.0.2.0/24 -all\"", "192.0.3.0",
         SPF_FAIL},
        {"host bits do not matter", "example.org TXT \"v=spf1 ip4:192.0.2.77/24 -all\"",
         "192.0.2.1", SPF_PASS},
        {"/0", "example.org TXT \"v=spf1 ip4:192.0.2.0/0 -all\"", "10.0.0.1", SPF_PASS},
        {"IPv6", "example.org TXT \"v=spf1 ip6:2001:db8::/33 -all\"", "2001:db8:7fff::1",
         SPF_PASS},
        {"IPv6 out", "example.org TXT \"v=spf1 ip6:2001:db8::/33 -all\"",
         "2001:db8:8000::1", SPF_FAIL},
        {"IPv4 is in no IPv6 network", "example.org TXT \"v=spf1 ip6:::/0 -all\"",
         "192.0.2.1", SPF_FAIL},
        {"a mapped client is IPv4", "example.org TXT \"v=spf1 ip4:192.0.2.1 -all\"",
         "::ffff:192.0.2.1", SPF_PASS},
        {"a mapped client is not IPv6",
         "example.org TXT \"v=spf1 ip6:::ffff:0:0/96 -all\"", "::ffff:192.0.2.1",
         SPF_FAIL},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

static void a_asks_for_addresses_of_the_clients_family(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"its own name", "example.org TXT \"v=spf1 a -all\"\nexample.org A 192.0.2.1",
         "192.0.2.1", SPF_PASS},
        {"another",
         "example.org TXT \"v=spf1 a:h.test -all\"\nh.test A 192.0.2.1\n"
         "h.test A 192.0.2.2",
         "192.0.2.2", SPF_PASS},
        {"other address", "example.org TXT \"v=spf1 a:h.test -all\"\nh.test A 192.0.2.1",
         "192.0.2.2", SPF_FAIL},
        {"prefix", "example.org TXT \"v=spf1 a:h.test/24//64 -all\"\nh.test A 192.0.2.1",
         "192.0.2.2", SPF_PASS},
        {"IPv6 prefix",
         "example.org TXT \"v=spf1 a:h.test/24//64 -all\"\nh.test AAAA 2001:db8::1",
         "2001:db8::2", SPF_PASS},
        {"no AAAA for IPv4",
         "example.org TXT \"v=spf1 a:h.test//0 -all\"\nh.test AAAA ::1", "192.0.2.2",
         SPF_FAIL},
        {"no A for IPv6",
         "example.org TXT \"v=spf1 a:h.test/0 -all\"\nh.test A 192.0.2.1", "2001:db8::2",
         SPF_FAIL},
        {"nothing there, not even for /0", "example.org TXT \"v=spf1 a/0 -all\"",
         "192.0.2.2", SPF_FAIL},
        {"through a CNAME",
         "example.org TXT \"v=spf1 a:h.test -all\"\nh.test CNAME i.test\ni.test A 192.0.2.1",
         "192.0.2.1", SPF_PASS},
        {"a name that DNS cannot hold does not exist",
         "example.org TXT \"v=spf1 a:a..example.org -all\"", "192.0.2.1", SPF_FAIL},
        {"timeout", "example.org TXT \"v=spf1 a:h.test -all\"\n; yett: timeout h.test A",
         "192.0.2.1", SPF_TEMPERROR},
        {"SERVFAIL",
         "example.org TXT \"v=spf1 a:h.test -all\"\n; yett: servfail h.test A",
         "192.0.2.1", SPF_TEMPERROR},
        {"bogus", "example.org TXT \"v=spf1 a:h.test -all\"\n; yett: bogus h.test A",
         "192.0.2.1", SPF_TEMPERROR},
        {"decided before the error",
         "example.org TXT \"v=spf1 ip4:192.0.2.1 a:h.test -all\"\n; yett: timeout h.test A",
         "192.0.2.1", SPF_PASS},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

#define MX_TWO                                                                           \
    "example.org TXT \"v=spf1 mx -all\"\nexample.org MX 10 a.test.\n"                    \
    "example.org MX 20 b.test.\n"

static void mx_asks_for_the_mail_servers_addresses(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"first", MX_TWO "a.test A 192.0.2.1\nb.test A 192.0.2.2", "192.0.2.1", SPF_PASS},
        {"second", MX_TWO "a.test A 192.0.2.1\nb.test A 192.0.2.2", "192.0.2.2",
         SPF_PASS},
        {"neither", MX_TWO "a.test A 192.0.2.1\nb.test A 192.0.2.2", "192.0.2.3",
         SPF_FAIL},
        {"IPv6", MX_TWO "a.test A 192.0.2.1\nb.test AAAA 2001:db8::2", "2001:db8::2",
         SPF_PASS},
        {"prefix",
         "example.org TXT \"v=spf1 mx:m.test/24 -all\"\nm.test MX 0 a.test.\n"
         "a.test A 192.0.2.1",
         "192.0.2.7", SPF_PASS},
        {"no implicit MX", "example.org TXT \"v=spf1 mx -all\"\nexample.org A 192.0.2.1",
         "192.0.2.1", SPF_FAIL},
        {"null MX", "example.org TXT \"v=spf1 mx -all\"\nexample.org MX 0 .", "192.0.2.1",
         SPF_FAIL},
        {"MX timeout",
         "example.org TXT \"v=spf1 mx -all\"\n; yett: timeout example.org MX",
         "192.0.2.1", SPF_TEMPERROR},
        {"server timeout", MX_TWO "a.test A 192.0.2.1\n; yett: timeout b.test A",
         "192.0.2.2", SPF_TEMPERROR},
        {"a match wins over a timeout",
         MX_TWO "b.test A 192.0.2.1\n; yett: timeout a.test A", "192.0.2.1", SPF_PASS},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

static void exists_asks_for_A_whatever_the_client(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"there",
         "example.org TXT \"v=spf1 exists:%{ir}.x.test -all\"\n"
         "1.2.0.192.x.test A 127.0.0.2",
         "192.0.2.1", SPF_PASS},
        {"not there",
         "example.org TXT \"v=spf1 exists:%{ir}.x.test -all\"\n"
         "1.2.0.192.x.test A 127.0.0.2",
         "192.0.2.2", SPF_FAIL},
        {"IPv6 client",
         "example.org TXT \"v=spf1 exists:x.test -all\"\nx.test A 127.0.0.2",
         "2001:db8::1", SPF_PASS},
        {"AAAA does not count",
         "example.org TXT \"v=spf1 exists:x.test -all\"\nx.test AAAA ::1", "2001:db8::1",
         SPF_FAIL},
        {"timeout",
         "example.org TXT \"v=spf1 exists:x.test -all\"\n; yett: timeout x.test A",
         "192.0.2.1", SPF_TEMPERROR},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

#define INCLUDES "example.org TXT \"v=spf1 include:i.test ~all\"\n"

static void include_follows_the_table_of_section_5_2(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"pass", INCLUDES "i.test TXT \"v=spf1 +all\"", "192.0.2.1", SPF_PASS},
        {"fail", INCLUDES "i.test TXT \"v=spf1 -all\"", "192.0.2.1", SPF_SOFTFAIL},
        {"softfail", INCLUDES "i.test TXT \"v=spf1 ~all\"", "192.0.2.1", SPF_SOFTFAIL},
        {"neutral", INCLUDES "i.test TXT \"v=spf1\"", "192.0.2.1", SPF_SOFTFAIL},
        {"temperror", INCLUDES "; yett: timeout i.test TXT", "192.0.2.1", SPF_TEMPERROR},
        {"temperror within", INCLUDES "i.test TXT \"v=spf1 a\"\n; yett: timeout i.test A",
         "192.0.2.1", SPF_TEMPERROR},
        {"permerror", INCLUDES "i.test TXT \"v=spf1 moo\"", "192.0.2.1", SPF_PERMERROR},
        {"none", INCLUDES "i.test TXT \"moo\"", "192.0.2.1", SPF_PERMERROR},
        {"none: no such name", INCLUDES, "192.0.2.1", SPF_PERMERROR},
        {"two records", INCLUDES "i.test TXT \"v=spf1 -all\"\ni.test TXT \"v=spf1 +all\"",
         "192.0.2.1", SPF_PERMERROR},
        {"a match has the include's own qualifier",
         "example.org TXT \"v=spf1 -include:i.test +all\"\ni.test TXT \"v=spf1 +all\"",
         "192.0.2.1", SPF_FAIL},
        {"a qualifier within does not reach out",
         "example.org TXT \"v=spf1 include:i.test -all\"\n"
         "i.test TXT \"v=spf1 -include:j.test ~all\"\nj.test TXT \"v=spf1 +all\"",
         "192.0.2.1", SPF_FAIL},
        {"a name that is no domain", "example.org TXT \"v=spf1 include:%{d1} +all\"",
         "192.0.2.1", SPF_PERMERROR},
        {"an empty label", "example.org TXT \"v=spf1 include:a..test +all\"", "192.0.2.1",
         SPF_PERMERROR},
        {"the included record is the domain of its terms",
         INCLUDES "i.test TXT \"v=spf1 a\"\ni.test A 192.0.2.1", "192.0.2.1", SPF_PASS},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

#define REDIRECTS "example.org TXT \"v=spf1 ip4:198.51.100.1 redirect=r.test\"\n"

static void redirect_takes_over_when_nothing_matched(void **state)
{
    /* clang-format off */
    static const struct row rows[] = {
        {"its result", REDIRECTS "r.test TXT \"v=spf1 -all\"", "192.0.2.1", SPF_FAIL},
        {"its default", REDIRECTS "r.test TXT \"v=spf1\"", "192.0.2.1", SPF_NEUTRAL},
        {"not after a match", REDIRECTS "r.test TXT \"v=spf1 -all\"", "198.51.100.1",
         SPF_PASS},
        {"no record", REDIRECTS, "192.0.2.1", SPF_PERMERROR},
        {"no SPF record", REDIRECTS "r.test TXT \"moo\"", "192.0.2.1", SPF_PERMERROR},
        {"malformed target", "example.org TXT \"v=spf1 redirect=a..test\"", "192.0.2.1",
         SPF_PERMERROR},
        {"timeout", REDIRECTS "; yett: timeout r.test TXT", "192.0.2.1", SPF_TEMPERROR},
        {"ignored with all anywhere",
         "example.org TXT \"v=spf1 redirect=r.test ?all\"\n"
         "r.test TXT \"v=spf1 -all\"",
         "192.0.2.1", SPF_NEUTRAL},
        {"wherever it stands",
         "example.org TXT \"v=spf1 redirect=r.test ip4:192.0.2.1\"\nr.test TXT \"v=spf1 -all\"",
         "192.0.2.1", SPF_PASS},
        {"twice over",
         REDIRECTS "r.test TXT \"v=spf1 redirect=s.test\"\n"
                   "s.test TXT \"v=spf1 ~all\"",
         "192.0.2.1", SPF_SOFTFAIL},
        {"its own domain for its terms",
         REDIRECTS "r.test TXT \"v=spf1 a -all\"\n"
                   "r.test A 192.0.2.1",
         "192.0.2.1", SPF_PASS},
        {"within an include",
         "example.org TXT \"v=spf1 include:i.test -all\"\n"
         "i.test TXT \"v=spf1 redirect=r.test\"\nr.test TXT \"v=spf1 +all\"",
         "192.0.2.1", SPF_PASS},
        {"within an include, then on with the includer",
         "example.org TXT \"v=spf1 include:i.test -all\"\n"
         "i.test TXT \"v=spf1 redirect=r.test\"\nr.test TXT \"v=spf1 ~all\"",
         "192.0.2.1", SPF_FAIL},
    };
    /* clang-format on */
    ASSERT_ROWS(state, rows);
}

static void macros_are_of_the_sender_throughout(void **state)
{
    struct spf_case *c = *state;
    const char *zone = "example.org TXT \"v=spf1 include:i.test -all\"\n"
                       "i.test TXT \"v=spf1 exists:%{l}.%{o}.%{d}.%{h}.x.test\"\n"
                       "user.example.org.i.test.mail.example.org.x.test A 127.0.0.2";
    assert_int_equal(case_code(c, zone, "192.0.2.1"), SPF_PASS);
}

/* RFC 8616 section 4. */
static void terms_with_a_local_part_that_is_not_ascii_match_nothing(void **state)
{
    struct spf_case *c = *state;
    /* clang-format off */
    static const struct {
        const char *why;
        const char *zone;
        enum spf_code code;
    } rows[] = {
        {"exists",
         "example.org TXT \"v=spf1 exists:%{l}.x.test -all\"\n*.x.test A 127.0.0.2",
         SPF_FAIL},
        {"%{S} too",
         "example.org TXT \"v=spf1 a:%{S}.x.test ~all\"\n*.x.test A 192.0.2.1",
         SPF_SOFTFAIL},
        {"include",
         "example.org TXT \"v=spf1 include:%{l}.x.test -all\"\n"
         "*.x.test TXT \"v=spf1 +all\"",
         SPF_FAIL},
        {"redirect",
         "example.org TXT \"v=spf1 redirect=%{l}.x.test\"\n"
         "*.x.test TXT \"v=spf1 +all\"",
         SPF_NEUTRAL},
        {"others do match",
         "example.org TXT \"v=spf1 exists:%{o}.x.test -all\"\n"
         "*.x.test A 127.0.0.2",
         SPF_PASS},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct spf_result *result = case_run(
            c, rows[i].zone, "192.0.2.1", "mail.example.org", "\xc3\xbc@example.org");
        if (result->code != rows[i].code) {
            fail_msg("%s: %.*s", rows[i].why, SLICE_ARG(result->reason));
        }
        assert_int_equal(result->lookups, rows[i].code == SPF_PASS ? 1 : 0);
    }
}

static void a_name_over_253_octets_loses_labels_on_the_left(void **state)
{
    struct spf_case *c = *state;
    /* 9 times 27 octets and a dot each, and x.test: 258. */
    const char *zone =
        "abcdefghijklmnopqrs.example TXT \"v=spf1 "
        "exists:%{o}.%{o}.%{o}.%{o}.%{o}.%{o}.%{o}.%{o}.%{o}.x.test -all\"\n"
        "example.abcdefghijklmnopqrs.example.abcdefghijklmnopqrs.example."
        "abcdefghijklmnopqrs.example.abcdefghijklmnopqrs.example.abcdefghijklmnopqrs."
        "example.abcdefghijklmnopqrs.example.abcdefghijklmnopqrs.example."
        "abcdefghijklmnopqrs.example.x.test A 127.0.0.2";
    const struct spf_result *result =
        case_run(c, zone, "192.0.2.1", "h.test", "u@abcdefghijklmnopqrs.example");
    assert_int_equal(result->code, SPF_PASS);
}

static void a_full_arena_leaves_the_result_alone(void **state)
{
    (void)state;
    struct answers_run run;
    answers_begin(&run, "example.org TXT \"v=spf1 a:%{d} -all\"\nexample.org A 192.0.2.1",
                  ANSWERS_WARM);
    struct spf_query query = {.mail_from = SLICE("user@example.org")};
    assert_int_equal(ip_parse(SLICE("192.0.2.1"), &query.ip), YETT_OK);
    struct spf_result result = {.code = SPF_SOFTFAIL};
    size_t ceiling = 0;
    enum yett_err err;
    do {
        struct arena *arena = arena_new(ceiling);
        assert_non_null(arena);
        err = spf_check(arena, &query, &run.view, &result);
        assert_int_equal(result.code, err == YETT_OK ? SPF_PASS : SPF_SOFTFAIL);
        assert_true(err == YETT_OK || err == YETT_NO_MEMORY);
        arena_free(arena);
        ceiling += 16;
    } while (err != YETT_OK);
    assert_true(ceiling > 16);
    answers_end(&run);
}

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        SPF_TEST(a_record_is_selected_by_its_version),
        SPF_TEST(the_first_mechanism_that_matches_decides),
        SPF_TEST(networks_hold_addresses_of_their_family),
        SPF_TEST(a_asks_for_addresses_of_the_clients_family),
        SPF_TEST(mx_asks_for_the_mail_servers_addresses),
        SPF_TEST(exists_asks_for_A_whatever_the_client),
        SPF_TEST(include_follows_the_table_of_section_5_2),
        SPF_TEST(redirect_takes_over_when_nothing_matched),
        SPF_TEST(macros_are_of_the_sender_throughout),
        SPF_TEST(terms_with_a_local_part_that_is_not_ascii_match_nothing),
        SPF_TEST(a_name_over_253_octets_loses_labels_on_the_left),
        SPF_TEST(a_full_arena_leaves_the_result_alone),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
