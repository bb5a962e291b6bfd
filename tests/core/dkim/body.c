/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/dkim.h"
#include "support/dkim_naive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Canonical bodies (RFC 6376 sections 3.4.3 and 3.4.4). */

static void collect(void *context, slice bytes)
{
    naive_add(context, bytes.ptr, bytes.len);
}

/* Fed as `cuts` says: a piece ends behind octet i where bit i is set. */
static struct naive_text canonical(enum dkim_canon canon, slice body, uint64_t cuts)
{
    struct naive_text out = {NULL, 0};
    struct dkim_body_canon state;
    size_t from = 0;
    naive_add(&out, "", 0);
    dkim_body_canon_init(&state, canon,
                         (struct dkim_sink){.write = collect, .context = &out});
    for (size_t i = 0; i < body.len; i++) {
        if (i + 1 == body.len || (cuts >> (i % 64) & 1) != 0) {
            dkim_body_canon_feed(&state, slice_between(body, from, i + 1));
            from = i + 1;
        }
    }
    dkim_body_canon_finish(&state);
    return out;
}

static void assert_canonical(enum dkim_canon canon, slice body, slice expected,
                             uint64_t cuts, const char *why)
{
    struct naive_text out = canonical(canon, body, cuts);
    if (!slice_eq(slice_of(out.ptr, out.len), expected)) {
        fail_msg("%s (cuts %llx): \"%.*s\" instead of \"%.*s\"", why,
                 (unsigned long long)cuts, (int)out.len, out.ptr, SLICE_ARG(expected));
    }
    free(out.ptr);
}

static const struct {
    slice body;
    slice simple;
    slice relaxed;
    const char *why;
} bodies[] = {
    {SLICE_INIT(""),                          SLICE_INIT("\r\n"),               SLICE_INIT(""),              "an empty body"                },
    {SLICE_INIT("\r\n"),                      SLICE_INIT("\r\n"),               SLICE_INIT(""),              "an empty line"                },
    {SLICE_INIT("\r\n\r\n\r\n"),              SLICE_INIT("\r\n"),               SLICE_INIT(""),              "empty lines only"             },
    {SLICE_INIT(" \t\r\n"),                   SLICE_INIT(" \t\r\n"),            SLICE_INIT(""),              "a blank line only"            },
    {SLICE_INIT("a"),                         SLICE_INIT("a\r\n"),              SLICE_INIT("a\r\n"),         "no line end"                  },
    {SLICE_INIT("a\r\n"),                     SLICE_INIT("a\r\n"),              SLICE_INIT("a\r\n"),         "one line"                     },
    {SLICE_INIT("a\r\n\r\n\r\n"),             SLICE_INIT("a\r\n"),              SLICE_INIT("a\r\n"),
     "empty lines at the end"                                                                                                               },
    {SLICE_INIT("a\r\n \r\n\t\r\n"),          SLICE_INIT("a\r\n \r\n\t\r\n"),   SLICE_INIT("a\r\n"),
     "blank lines at the end are empty in relaxed only"                                                                                     },
    {SLICE_INIT("\r\n\r\na\r\n"),             SLICE_INIT("\r\n\r\na\r\n"),
     SLICE_INIT("\r\n\r\na\r\n"),                                                                            "empty lines before text stay" },
    {SLICE_INIT("a\r\n\r\n\r\nb"),            SLICE_INIT("a\r\n\r\n\r\nb\r\n"),
     SLICE_INIT("a\r\n\r\n\r\nb\r\n"),                                                                       "empty lines between text stay"},
    {SLICE_INIT(" C \r\nD \t E\r\n\r\n\r\n"), SLICE_INIT(" C \r\nD \t E\r\n"),
     SLICE_INIT(" C\r\nD E\r\n"),                                                                            "the example of section 3.4.5" },
    {SLICE_INIT("a  b"),                      SLICE_INIT("a  b\r\n"),           SLICE_INIT("a b\r\n"),       "two spaces"                   },
    {SLICE_INIT("a\tb"),                      SLICE_INIT("a\tb\r\n"),           SLICE_INIT("a b\r\n"),       "a tab"                        },
    {SLICE_INIT("a \r\n b"),                  SLICE_INIT("a \r\n b\r\n"),       SLICE_INIT("a\r\n b\r\n"),
     "a space before and behind a line end"                                                                                                 },
    {SLICE_INIT("a  "),                       SLICE_INIT("a  \r\n"),            SLICE_INIT("a\r\n"),
     "white space at the end of all"                                                                                                        },
    {SLICE_INIT("a\rb"),                      SLICE_INIT("a\rb\r\n"),           SLICE_INIT("a\rb\r\n"),
     "a bare CR is text"                                                                                                                    },
    {SLICE_INIT("a\nb\n"),                    SLICE_INIT("a\nb\n\r\n"),         SLICE_INIT("a\nb\n\r\n"),
     "a bare LF is text"                                                                                                                    },
    {SLICE_INIT("a \nb"),                     SLICE_INIT("a \nb\r\n"),          SLICE_INIT("a \nb\r\n"),
     "a space before a bare LF is within a line"                                                                                            },
    {SLICE_INIT("a \rb"),                     SLICE_INIT("a \rb\r\n"),          SLICE_INIT("a \rb\r\n"),
     "a space before a bare CR is within a line"                                                                                            },
    {SLICE_INIT("a\r\r\n"),                   SLICE_INIT("a\r\r\n"),            SLICE_INIT("a\r\r\n"),       "CR CR LF"                     },
    {SLICE_INIT("a\r"),                       SLICE_INIT("a\r\r\n"),            SLICE_INIT("a\r\r\n"),
     "a CR ends the body"                                                                                                                   },
    {SLICE_INIT("a \r"),                      SLICE_INIT("a \r\r\n"),           SLICE_INIT("a \r\r\n"),
     "a space and a CR end the body"                                                                                                        },
    {SLICE_INIT("\n\r\n"),                    SLICE_INIT("\n\r\n"),             SLICE_INIT("\n\r\n"),        "LF CR LF"                     },
    {SLICE_INIT("a\0b \0 c"),                 SLICE_INIT("a\0b \0 c\r\n"),      SLICE_INIT("a\0b \0 c\r\n"),
     "NUL is an octet"                                                                                                                      },
    {SLICE_INIT("\xff \xff"),                 SLICE_INIT("\xff \xff\r\n"),      SLICE_INIT("\xff \xff\r\n"),
     "eight bits"                                                                                                                           },
};

static void bodies_become_canonical_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        for (uint64_t cuts = 0; cuts < UINT64_C(1) << bodies[i].body.len && cuts < 4096;
             cuts++) {
            assert_canonical(DKIM_SIMPLE, bodies[i].body, bodies[i].simple, cuts,
                             bodies[i].why);
            assert_canonical(DKIM_RELAXED, bodies[i].body, bodies[i].relaxed, cuts,
                             bodies[i].why);
        }
    }
}

/* All texts of up to seven of these octets, whole, in single octets, and cut once. */
static void all_short_texts_agree_with_the_rules_as_written(void **state)
{
    (void)state;
    static const char octets[] = {'a', ' ', '\t', '\r', '\n'};
    enum { KINDS = sizeof(octets), LENGTH = 7 };
    for (unsigned number = 0; number < 78125; number++) {
        char text[LENGTH];
        unsigned left = number;
        for (size_t i = 0; i < LENGTH; i++) {
            text[i] = octets[left % KINDS];
            left /= KINDS;
        }
        for (int canon = 0; canon < 2; canon++) {
            struct naive_text expected = naive_body(canon == DKIM_RELAXED, text, LENGTH);
            slice wanted = slice_of(expected.ptr, expected.len);
            slice body = slice_of(text, LENGTH);
            assert_canonical((enum dkim_canon)canon, body, wanted, 0, "whole");
            assert_canonical((enum dkim_canon)canon, body, wanted, UINT64_MAX, "octets");
            assert_canonical((enum dkim_canon)canon, body, wanted,
                             UINT64_C(1) << number % LENGTH, "cut once");
            free(expected.ptr);
        }
    }
}

/* Odd places in text that is long enough for the fast paths. */
static void odd_octets_are_found_at_every_place_of_a_long_text(void **state)
{
    (void)state;
    static const slice odd[] = {
        SLICE_INIT("  "),   SLICE_INIT("\t"),   SLICE_INIT(" \r\n"),     SLICE_INIT("\r"),
        SLICE_INIT("\r\n"), SLICE_INIT(" \t "), SLICE_INIT("\r\n \r\n"), SLICE_INIT("\n"),
    };
    enum { LENGTH = 300 };
    char text[LENGTH];
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        for (size_t at = 0; at + odd[i].len <= LENGTH; at++) {
            for (size_t j = 0; j < LENGTH; j++) {
                text[j] = j % 6 == 5 ? ' ' : 'x';
            }
            memcpy(text + at, odd[i].ptr, odd[i].len);
            struct naive_text expected = naive_body(true, text, LENGTH);
            slice wanted = slice_of(expected.ptr, expected.len);
            assert_canonical(DKIM_RELAXED, slice_of(text, LENGTH), wanted, 0, "whole");
            assert_canonical(DKIM_RELAXED, slice_of(text, LENGTH), wanted,
                             UINT64_C(0x8000000000000001) << at % 64, "cut");
            free(expected.ptr);
        }
    }
}

struct counts {
    size_t calls;
    size_t bytes;
};

static void count(void *context, slice bytes)
{
    struct counts *counts = context;
    counts->calls++;
    counts->bytes += bytes.len;
}

static void many_lines_reach_the_sink_together(void **state)
{
    (void)state;
    static const char line[] =
        "  <td>White space on \t\tevery line of text.</td>\r\n\r\n";
    struct naive_text body = {NULL, 0};
    struct counts counts = {0, 0};
    struct dkim_body_canon canon;
    for (int i = 0; i < 1000; i++) {
        naive_add(&body, line, sizeof(line) - 1);
    }
    dkim_body_canon_init(&canon, DKIM_RELAXED,
                         (struct dkim_sink){.write = count, .context = &counts});
    dkim_body_canon_feed(&canon, slice_of(body.ptr, body.len));
    dkim_body_canon_finish(&canon);
    assert_int_equal(counts.bytes, body.len - 3000 - 2);
    assert_in_range(counts.calls, 1, body.len / 512);
    free(body.ptr);
}

static void a_million_empty_lines_cost_no_memory_and_come_out_when_text_follows(
    void **state)
{
    (void)state;
    struct counts counts = {0, 0};
    struct dkim_body_canon canon;
    dkim_body_canon_init(&canon, DKIM_RELAXED,
                         (struct dkim_sink){.write = count, .context = &counts});
    for (int i = 0; i < 1000000; i++) {
        dkim_body_canon_feed(&canon, SLICE("\r\n"));
    }
    assert_int_equal(counts.bytes, 0);
    dkim_body_canon_feed(&canon, SLICE("x"));
    dkim_body_canon_finish(&canon);
    assert_int_equal(counts.bytes, 2000003);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_become_canonical_however_they_are_cut),
        cmocka_unit_test(all_short_texts_agree_with_the_rules_as_written),
        cmocka_unit_test(odd_octets_are_found_at_every_place_of_a_long_text),
        cmocka_unit_test(many_lines_reach_the_sink_together),
        cmocka_unit_test(
            a_million_empty_lines_cost_no_memory_and_come_out_when_text_follows),
    };
    return cmocka_run_group_tests_name("dkim body", tests, NULL, NULL);
}
