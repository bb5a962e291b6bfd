/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/zone/zone.h"

#include "core/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { ARENA_BYTES = 64 * 1024 * 1024 };

static struct arena *arena;
static struct zone *zone;

static int begin(void **state)
{
    (void)state;
    zone = NULL;
    arena = arena_new(ARENA_BYTES);
    return arena == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    zone_finish(zone);
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

static const struct dns_answer *ask(enum dns_type type, const char *name)
{
    const struct dns_answer *answer =
        zone_find(zone, (struct dns_question){type, slice_from_text(name)});
    assert_non_null(answer);
    return answer;
}

/* One line for an answer: status, aliases, records. */
static const char *shown(const struct dns_answer *answer)
{
    struct buf buf;
    buf_init(&buf, arena, 4096);
    buf_add_text(&buf, dns_status_text(answer->status));
    for (size_t i = 0; i < answer->alias_count; i++) {
        buf_add_text(&buf, " >");
        buf_add_visible(&buf, answer->aliases[i]);
    }
    for (size_t i = 0; i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];
        buf_add_text(&buf, " [");
        if (record->ip.family != IP_NONE) {
            ip_write(&buf, record->ip);
        }
        buf_add_visible(&buf, record->text);
        buf_add_visible(&buf, record->name);
        if (record->preference != 0) {
            buf_printf(&buf, " %u", record->preference);
        }
        buf_add_text(&buf, "]");
    }
    buf_add_byte(&buf, '\0');
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf.ptr;
}

struct row {
    enum dns_type type;
    const char *name;
    const char *expected;
    const char *why;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = shown(ask(rows[i].type, rows[i].name));
        if (strcmp(got, rows[i].expected) != 0) {
            fail_msg("%s %s: %s: \"%s\", expected \"%s\"", rows[i].name,
                     dns_type_text(rows[i].type), rows[i].why, got, rows[i].expected);
        }
    }
}

#define CHECK(rows) check((rows), sizeof(rows) / sizeof((rows)[0]))

static void every_type_is_read_into_its_record(void **state)
{
    (void)state;
    load("$TTL 3600\n"
         "example.org. IN A 192.0.2.1\n"
         "example.org. IN A 192.0.2.2\n"
         "example.org. IN AAAA 2001:db8::1\n"
         "example.org. IN MX 10 Mail.Example.ORG.\n"
         "example.org. IN MX 20 .\n"
         "example.org. IN TXT \"v=spf1 \" \"-all\"\n"
         "1.2.0.192.in-addr.arpa. IN PTR Mail.Example.org.\n"
         "www.example.org. IN CNAME example.org.\n"
         "example.org. IN SPF \"v=spf1 +all\"\n"
         "example.org. IN TYPE99 \"v=spf1 +all\"\n"
         "only99.example.org. IN SPF \"v=spf1 +all\"\n"
         "example.org. IN NS ns.example.org.\n"
         "example.org. IN CAA 0 issue \"ca.example\"\n"
         "example.org. IN TYPE65280 \\# 2 0001\n");
    static const struct row rows[] = {
        {DNS_A,     "example.org",            "found [192.0.2.1] [192.0.2.2]",     "order of the text"},
        {DNS_AAAA,  "example.org",            "found [2001:db8::1]",               "IPv6"             },
        {DNS_MX,    "example.org",            "found [mail.example.org 10] [ 20]",
         "names are folded, the root is empty"                                                        },
        {DNS_TXT,   "example.org",            "found [v=spf1 -all]",
         "strings are joined with nothing between; type SPF is not TXT"                               },
        {DNS_PTR,   "1.2.0.192.in-addr.arpa", "found [mail.example.org]",          "PTR"              },
        {DNS_CNAME, "www.example.org",        "found [example.org]",               "the CNAME itself" },
        {DNS_TXT,   "only99.example.org",     "no such record",
         "other types make a name exist"                                                              },
        {DNS_PTR,   "example.org",            "no such record",                    "no such type"     },
    };
    CHECK(rows);
}

static void a_name_that_is_not_there_is_nxdomain_unless_it_is_above_one(void **state)
{
    (void)state;
    load("a.b.example.org. TXT \"x\"\n");
    static const struct row rows[] = {
        {DNS_TXT, "a.b.example.org",   "found [x]",      "there"                        },
        {DNS_TXT, "b.example.org",     "no such record", "empty non-terminal"           },
        {DNS_A,   "org",               "no such record", "empty non-terminal at the top"},
        {DNS_TXT, "c.b.example.org",   "NXDOMAIN",       "beside"                       },
        {DNS_TXT, "x.a.b.example.org", "NXDOMAIN",       "below"                        },
        {DNS_TXT, "example.com",       "NXDOMAIN",       "elsewhere"                    },
    };
    CHECK(rows);
}

/* The example of RFC 4592 section 2.2.1, with addresses for its hosts. */
static void wildcards_are_those_of_rfc_4592(void **state)
{
    (void)state;
    load("$ORIGIN example.\n"
         "example. 3600 IN SOA ns. mail. 1 2 3 4 5\n"
         "*.example. TXT \"this is a wildcard\"\n"
         "*.example. MX 10 host1.example.\n"
         "sub.*.example. TXT \"this is not a wildcard\"\n"
         "host1.example. A 192.0.2.1\n"
         "_ssh._tcp.host1.example. SRV 0 0 22 host1.example.\n"
         "_ssh._tcp.host2.example. SRV 0 0 22 host1.example.\n"
         "subdel.example. NS ns.example.com.\n");
    static const struct row rows[] = {
        {DNS_MX,  "host3.example",              "found [host1.example 10]",       "synthesised"                      },
        {DNS_A,   "host3.example",              "no such record",                 "the wildcard lacks the type"      },
        {DNS_TXT, "foo.bar.example",            "found [this is a wildcard]",     "bar does not exist"               },
        {DNS_MX,  "host1.example",              "no such record",                 "the name exists"                  },
        {DNS_MX,  "sub.*.example",              "no such record",                 "the name exists"                  },
        {DNS_TXT, "sub.*.example",              "found [this is not a wildcard]", "an ordinary name"                 },
        {DNS_TXT, "_telnet._tcp.host1.example", "NXDOMAIN",
         "_tcp.host1 is the closest encloser"                                                                        },
        {DNS_MX,  "host2.example",              "no such record",                 "empty non-terminal"               },
        {DNS_TXT, "ghost.*.example",            "NXDOMAIN",                       "*.example is the closest encloser"},
        {DNS_TXT, "*.example",                  "found [this is a wildcard]",     "asked by its own name"            },
    };
    CHECK(rows);
}

static void a_wildcard_name_without_records_gives_nodata(void **state)
{
    (void)state;
    load("a.*.example. TXT \"x\"\n"
         "* A 192.0.2.9\n");
    static const struct row rows[] = {
        {DNS_TXT, "b.example", "no such record",    "*.example exists through a.*.example"},
        {DNS_A,   "b.test",    "found [192.0.2.9]", "below the root"                      },
    };
    CHECK(rows);
}

static void cname_records_are_followed_and_told(void **state)
{
    (void)state;
    load("a.test. 300 CNAME b.test.\n"
         "b.test. 60 CNAME c.test.\n"
         "c.test. 900 TXT \"end\"\n"
         "lost.test. CNAME nowhere.example.\n"
         "*.wild.test. CNAME c.test.\n"
         "into.test. CNAME any.wild.test.\n");
    static const struct row rows[] = {
        {DNS_TXT,   "a.test",      "found >b.test >c.test [end]",        "two steps"                },
        {DNS_A,     "a.test",      "no such record >b.test >c.test",     "the target lacks the type"},
        {DNS_CNAME, "a.test",      "found [b.test]",                     "asked for itself"         },
        {DNS_TXT,   "lost.test",   "NXDOMAIN >nowhere.example",          "the status of the target" },
        {DNS_TXT,   "x.wild.test", "found >c.test [end]",                "from a wildcard"          },
        {DNS_TXT,   "into.test",   "found >any.wild.test >c.test [end]", "into a wildcard"          },
    };
    CHECK(rows);
    assert_int_equal(ask(DNS_TXT, "a.test")->ttl_s, 60);
    assert_int_equal(ask(DNS_TXT, "c.test")->ttl_s, 900);
}

static void a_circle_of_cnames_is_a_server_failure_that_says_so(void **state)
{
    (void)state;
    load("a.test. CNAME b.test.\n"
         "b.test. CNAME c.test.\n"
         "c.test. CNAME b.test.\n"
         "self.test. CNAME self.test.\n"
         "*.w.test. CNAME x.w.test.\n");
    static const char *const names[] = {"a.test", "b.test", "self.test", "y.w.test"};
    for (size_t i = 0; i < 4; i++) {
        const struct dns_answer *answer = ask(DNS_TXT, names[i]);
        assert_int_equal(answer->status, DNS_SERVFAIL);
        assert_true(slice_find(answer->detail, SLICE("circle")) < answer->detail.len);
        assert_int_equal(ask(DNS_CNAME, names[i])->status, DNS_FOUND);
    }
}

static void sixteen_cnames_are_followed_and_no_more(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, arena, 4096);
    for (int i = 0; i < 17; i++) {
        buf_printf(&text, "n%d.test. CNAME n%d.test.\n", i, i + 1);
    }
    buf_add_text(&text, "n17.test. TXT \"end\"\n");
    buf_add_byte(&text, '\0');
    load(text.ptr);

    const struct dns_answer *answer = ask(DNS_TXT, "n1.test");
    assert_int_equal(answer->status, DNS_FOUND);
    assert_int_equal(answer->alias_count, 16);
    answer = ask(DNS_TXT, "n0.test");
    assert_int_equal(answer->status, DNS_SERVFAIL);
    assert_true(slice_find(answer->detail, SLICE("16")) < answer->detail.len);
}

static void names_without_trailing_dot_follow_the_origin_or_are_whole(void **state)
{
    (void)state;
    load("plain.example TXT \"1\"\n"
         "$ORIGIN example.org.\n"
         "@ TXT \"2\"\n"
         "www CNAME mail\n"
         "mail A 192.0.2.1\n"
         "$ORIGIN sub.example.org.\n"
         "x TXT \"3\"\n");
    static const struct row rows[] = {
        {DNS_TXT, "plain.example",     "found [1]",                           "no origin yet"  },
        {DNS_TXT, "example.org",       "found [2]",                           "@ is the origin"},
        {DNS_A,   "www.example.org",   "found >mail.example.org [192.0.2.1]",
         "also in the data"                                                                    },
        {DNS_TXT, "x.sub.example.org", "found [3]",                           "the next origin"},
    };
    CHECK(rows);
}

static void escapes_in_names_and_strings_are_octets(void **state)
{
    (void)state;
    load("a\\032b.test. TXT \"\\\"q\\\" \\\\ \\255\\000\"\n"
         "UPPER\\065.test. TXT \"u\"\n"
         "My\\.Printer._ipp.test. TXT \"no question can name it\"\n"
         "_ipp.test. PTR My\\.Printer._ipp.test.\n"
         "e\\000.test. A 192.0.2.1\n");
    static const struct row rows[] = {
        {DNS_TXT, "a b.test",    "found [\"q\" \\ \\xff\\x00]",
         "space, quote, backslash, octets"                                                      },
        {DNS_TXT, "uppera.test", "found [u]",                   "escaped letters fold as well"  },
        {DNS_PTR, "_ipp.test",   "no such record",              "its target cannot be asked for"},
    };
    CHECK(rows);
}

static void a_text_from_windows_is_read_as_well(void **state)
{
    (void)state;
    load("; comment\r\nexample.org. TXT \"x\"\r\n; yett: timeout a.test "
         "TXT\r\n\r\nb.test. A 192.0.2.1\r");
    static const struct row rows[] = {
        {DNS_TXT, "example.org", "found [x]",         "first"                  },
        {DNS_TXT, "a.test",      "timed out",         "the fault"              },
        {DNS_A,   "b.test",      "found [192.0.2.1]", "last, without line feed"},
    };
    CHECK(rows);
}

static void records_may_span_lines_and_inherit_the_owner(void **state)
{
    (void)state;
    load("example.org. TXT ( \"a\" ; why\n"
         "    \"b\" )\n"
         "    A 192.0.2.1\n");
    static const struct row rows[] = {
        {DNS_TXT, "example.org", "found [ab]",        "parentheses"             },
        {DNS_A,   "example.org", "found [192.0.2.1]", "owner of the line before"},
    };
    CHECK(rows);
}

static void an_empty_text_knows_no_name(void **state)
{
    (void)state;
    load("");
    assert_int_equal(ask(DNS_TXT, "example.org")->status, DNS_NXDOMAIN);
}

static void an_error_names_its_line_and_what_is_there(void **state)
{
    (void)state;
    static const struct {
        slice text;
        size_t line;
        slice word; /* in the reason */
        const char *why;
    } rows[] = {
        {SLICE_INIT(
             "$TTL 3600\n\n; c\na. A 192.0.2.1\n\n\nb. A 192.0.2\nc. A 192.0.2.1\n"),
         7,                                                                                       SLICE_INIT("b. A 192.0.2"),        "address"                                     },
        {SLICE_INIT("a. A 192.0.2.1\nb. WHAT x\n"),                                            2, SLICE_INIT("unknown record type"),
         "type"                                                                                                                                                                    },
        {SLICE_INIT("a. A 192.0.2.1\n$INCLUDE /etc/passwd\n"),                                 2, SLICE_INIT("$INCLUDE"),
         "no files here"                                                                                                                                                           },
        {SLICE_INIT("a. TXT \"x"),                                                             1, SLICE_INIT("a. TXT"),              "open quote"                                  },
        {SLICE_INIT("a. A 192.0.2.1\n\nb. TXT ( \"x\"\n\n"),                                   3, SLICE_INIT("b. TXT ("),
         "where the parenthesis opened"                                                                                                                                            },
        {SLICE_INIT("a. A 192.0.2.1\n\nb. A(192.0.2.1\n; c\n"),                                3,
         SLICE_INIT("b. A(192.0.2.1"),                                                                                               "a whole record stands behind the parenthesis"},
        {SLICE_INIT("$ORIGIN sub\n"),                                                          1, SLICE_INIT("origin"),              "relative $ORIGIN"                            },
        {SLICE_INIT("a. A \\# 3 c00002\n"),                                                    1, SLICE_INIT("malformed"),
         "short generic address"                                                                                                                                                   },
        {SLICE_INIT("a. TXT \\# 2 0561\n"),                                                    1, SLICE_INIT("malformed"),
         "string over the end"                                                                                                                                                     },
        {SLICE_INIT("a. MX \\# 2 000a\n"),                                                     1, SLICE_INIT("malformed"),           "MX without name"                             },
        {SLICE_INIT("a. CNAME b.\na. TXT \"x\"\na. CNAME c.\n"),                               3,
         SLICE_INIT("CNAME record already"),                                                                                         "two CNAMEs"                                  },
        {SLICE_INIT("\n  A 192.0.2.1\n"),                                                      2, SLICE_INIT("owner"),               "no owner yet"                                },
        {SLICE_INIT("a. A 192.0.2.1\n@ TXT \"x\"\n"),                                          2, SLICE_INIT("$ORIGIN"),
         "@ without origin"                                                                                                                                                        },
        {SLICE_INIT("a. A 192.0.2.1\r\nb. A 1\r\n"),                                           2, SLICE_INIT("b. A 1\""),
         "CRLF counts once"                                                                                                                                                        },
        {SLICE_INIT("a. A 1.2.3.4\n\x1b[31m. A 1\n"),                                          2, SLICE_INIT("\\x1b[31m"),
         "hostile octets are shown, not sent"                                                                                                                                      },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct zone_error error = {0};
        assert_int_equal(zone_parse(arena, rows[i].text, &zone, &error), YETT_BAD_SYNTAX);
        if (error.line != rows[i].line ||
            slice_find(error.why, rows[i].word) == error.why.len) {
            fail_msg("%s: line %zu: %.*s", rows[i].why, error.line, SLICE_ARG(error.why));
        }
    }
}

static int memos_freed;

static void count_free(struct dns_memo *memo)
{
    (void)memo;
    memos_freed++;
}

static void answers_are_the_same_ones_each_time_and_keep_memos(void **state)
{
    (void)state;
    static const char kind;
    static struct dns_memo memo = {.kind = &kind, .free = count_free};

    load("a.test. TXT \"x\"\nalias.test. CNAME a.test.\n");
    const struct dns_answer *answer = ask(DNS_TXT, "a.test");
    assert_ptr_equal(answer, ask(DNS_TXT, "a.test"));
    assert_true(dns_memo_keep(answer, &memo));
    assert_ptr_equal(dns_memo_find(ask(DNS_TXT, "a.test"), &kind), &memo);
    assert_null(dns_memo_find(ask(DNS_TXT, "alias.test"), &kind));
    memos_freed = 0;
    zone_finish(zone);
    assert_int_equal(memos_freed, 1);
}

static void out_of_memory_is_said_and_leaves_nothing_behind(void **state)
{
    (void)state;
    static const char text[] = "a.test. TXT \"x\"\nb.test. CNAME a.test.\n"
                               "; yett: timeout c.test ANY\nd.test. MX 10 a.test.\n";
    size_t ceiling = 0;
    enum yett_err err = YETT_NO_MEMORY;
    for (; err == YETT_NO_MEMORY && ceiling < 65536; ceiling += 64) {
        struct arena *small = arena_new(ceiling);
        struct zone *got = NULL;
        struct zone_error error = {0};
        err = zone_parse(small, slice_from_text(text), &got, &error);
        assert_true(err == YETT_OK ? got != NULL : got == NULL);
        arena_free(small);
    }
    assert_int_equal(err, YETT_OK);
    assert_true(ceiling > 512);
}

/* Quadratic work would take minutes here. */
static void a_hundred_thousand_names_are_found_at_once(void **state)
{
    (void)state;
    enum { NAMES = 100000 };
    struct arena *text_arena = arena_new(ARENA_BYTES);
    struct buf text;
    buf_init(&text, text_arena, ARENA_BYTES);
    for (int i = 0; i < NAMES; i++) {
        buf_printf(&text, "h%d.example.org. A 192.0.2.%d\n", i, i % 256);
    }
    struct zone_error error = {0};
    assert_int_equal(zone_parse(arena, buf_slice(&text), &zone, &error), YETT_OK);
    for (int i = 0; i < NAMES; i++) {
        char name[64];
        int len = snprintf(name, sizeof(name), "h%d.example.org", i);
        struct dns_question question = {DNS_A, slice_of(name, (size_t)len)};
        const struct dns_answer *answer = zone_find(zone, question);
        assert_int_equal(answer->status, DNS_FOUND);
        assert_int_equal(answer->records[0].ip.bytes[3], i % 256);
    }
    arena_free(text_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_type_is_read_into_its_record, begin, end),
        cmocka_unit_test_setup_teardown(
            a_name_that_is_not_there_is_nxdomain_unless_it_is_above_one, begin, end),
        cmocka_unit_test_setup_teardown(wildcards_are_those_of_rfc_4592, begin, end),
        cmocka_unit_test_setup_teardown(a_wildcard_name_without_records_gives_nodata,
                                        begin, end),
        cmocka_unit_test_setup_teardown(cname_records_are_followed_and_told, begin, end),
        cmocka_unit_test_setup_teardown(
            a_circle_of_cnames_is_a_server_failure_that_says_so, begin, end),
        cmocka_unit_test_setup_teardown(sixteen_cnames_are_followed_and_no_more, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            names_without_trailing_dot_follow_the_origin_or_are_whole, begin, end),
        cmocka_unit_test_setup_teardown(escapes_in_names_and_strings_are_octets, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_text_from_windows_is_read_as_well, begin, end),
        cmocka_unit_test_setup_teardown(records_may_span_lines_and_inherit_the_owner,
                                        begin, end),
        cmocka_unit_test_setup_teardown(an_empty_text_knows_no_name, begin, end),
        cmocka_unit_test_setup_teardown(an_error_names_its_line_and_what_is_there, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            answers_are_the_same_ones_each_time_and_keep_memos, begin, end),
        cmocka_unit_test_setup_teardown(out_of_memory_is_said_and_leaves_nothing_behind,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_hundred_thousand_names_are_found_at_once, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
