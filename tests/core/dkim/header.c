/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/dkim.h"
#include "support/dkim_naive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Canonical header fields (RFC 6376 sections 3.4.1 and 3.4.2). */

static void collect(void *context, slice bytes)
{
    naive_add(context, bytes.ptr, bytes.len);
}

/* As a parser cuts a field. */
static struct message_field field_of(slice raw)
{
    struct message_field field = {.raw = raw};
    size_t colon = slice_find_byte(raw, ':');
    slice value = slice_skip(raw, colon + 1);
    if (slice_ends_with(value, SLICE("\r\n"))) {
        value = slice_first(value, value.len - 2);
    }
    field.name = slice_trim_wsp(slice_first(raw, colon));
    field.value = value;
    return field;
}

static struct naive_text canonical(enum dkim_canon canon, slice raw, slice hole,
                                   bool is_last)
{
    struct naive_text out = {NULL, 0};
    struct message_field field = field_of(raw);
    naive_add(&out, "", 0);
    dkim_header_canon_without(canon, &field, hole, is_last,
                              (struct dkim_sink){.write = collect, .context = &out});
    return out;
}

static void assert_text(struct naive_text out, slice expected, const char *why)
{
    if (!slice_eq(slice_of(out.ptr, out.len), expected)) {
        fail_msg("%s: \"%.*s\" instead of \"%.*s\"", why, (int)out.len, out.ptr,
                 SLICE_ARG(expected));
    }
    free(out.ptr);
}

static void relaxed_fields_are_lower_case_unfolded_and_single_spaced(void **state)
{
    (void)state;
    static const struct {
        slice raw;
        slice relaxed;
        const char *why;
    } rows[] = {
        {SLICE_INIT("A: X\r\n"),              SLICE_INIT("a:X\r\n"),             "section 3.4.5, first"   },
        {SLICE_INIT("B : Y\t\r\n\tZ  \r\n"),  SLICE_INIT("b:Y Z\r\n"),
         "section 3.4.5, second"                                                                          },
        {SLICE_INIT("SUBJect: AbC\r\n"),      SLICE_INIT("subject:AbC\r\n"),
         "the value keeps its case"                                                                       },
        {SLICE_INIT("S:\r\n"),                SLICE_INIT("s:\r\n"),              "an empty value"         },
        {SLICE_INIT("S: \t \r\n"),            SLICE_INIT("s:\r\n"),              "a blank value"          },
        {SLICE_INIT("S:\r\n a\r\n"),          SLICE_INIT("s:a\r\n"),             "folded at once"         },
        {SLICE_INIT("S: a\r\n \r\n b\r\n"),   SLICE_INIT("s:a b\r\n"),
         "a blank line in the fold"                                                                       },
        {SLICE_INIT("S: a\r\n  \r\n"),        SLICE_INIT("s:a\r\n"),             "a blank line at the end"},
        {SLICE_INIT("S: a\rb\r\n"),           SLICE_INIT("s:a\rb\r\n"),          "a bare CR is text"      },
        {SLICE_INIT("S: a\nb\r\n"),           SLICE_INIT("s:a\nb\r\n"),          "a bare LF is text"      },
        {SLICE_INIT("S: a\r\r\n b\r\n"),      SLICE_INIT("s:a\r b\r\n"),         "CR CR LF"               },
        {SLICE_INIT("S: a"),                  SLICE_INIT("s:a\r\n"),             "the input ended in it"  },
        {SLICE_INIT("S: \xc3\xa9  \xff\r\n"), SLICE_INIT("s:\xc3\xa9 \xff\r\n"),
         "eight bits"                                                                                     },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_text(canonical(DKIM_RELAXED, rows[i].raw, SLICE_NONE, false),
                    rows[i].relaxed, rows[i].why);
    }
}

static void simple_fields_are_as_they_came(void **state)
{
    (void)state;
    slice raw = SLICE("SUBJect : \tAbC \r\n  d \r\n");
    assert_text(canonical(DKIM_SIMPLE, raw, SLICE_NONE, false), raw, "whole");
    assert_text(canonical(DKIM_SIMPLE, raw, SLICE_NONE, true),
                slice_first(raw, raw.len - 2), "last");
    assert_text(canonical(DKIM_SIMPLE, SLICE("a: b"), SLICE_NONE, false),
                SLICE("a: b\r\n"), "the input ended in it");
}

/* Section 3.7: b= with the white space around its value, and nothing else. */
static void the_signature_signs_itself_without_the_value_of_b(void **state)
{
    (void)state;
    slice raw = SLICE("DKIM-Signature: a=1;  b= \r\n abc\r\n\td ; c=2\r\n");
    size_t at = slice_find(raw, SLICE("b=")) + 2;
    slice hole = slice_between(raw, at, slice_find(raw, SLICE("; c=2")));
    assert_text(canonical(DKIM_SIMPLE, raw, hole, true),
                SLICE("DKIM-Signature: a=1;  b=; c=2"), "simple");
    assert_text(canonical(DKIM_RELAXED, raw, hole, true),
                SLICE("dkim-signature:a=1; b=; c=2"), "relaxed");
    assert_text(canonical(DKIM_RELAXED, SLICE("b: b= x "),
                          slice_skip(SLICE("b: b= x "), 5), true),
                SLICE("b:b="), "last");
}

/* A line end with no white space behind it would have ended the field. */
static bool could_be_a_field(const struct naive_text *raw)
{
    for (size_t i = 0; i + 2 < raw->len; i++) {
        if (naive_is_crlf(raw->ptr, raw->len, i) && !naive_is_wsp(raw->ptr[i + 2])) {
            return false;
        }
    }
    return true;
}

static const slice parts[] = {SLICE_INIT("a"),       SLICE_INIT(" "),  SLICE_INIT("\t"),
                              SLICE_INIT("\r\n "),   SLICE_INIT("\r"), SLICE_INIT("\n"),
                              SLICE_INIT("\r\n\t\t")};

enum { KINDS = sizeof(parts) / sizeof(parts[0]) };

static void assert_agrees(const struct naive_text *raw)
{
    struct naive_text expected = naive_field(true, raw->ptr, raw->len);
    assert_text(canonical(DKIM_RELAXED, slice_of(raw->ptr, raw->len), SLICE_NONE, true),
                slice_of(expected.ptr, expected.len), raw->ptr);
    free(expected.ptr);
}

static void all_short_values_agree_with_the_rules_as_written(void **state)
{
    (void)state;
    enum { PARTS = 6 };
    for (unsigned number = 0; number < 117649; number++) {
        struct naive_text raw = {NULL, 0};
        unsigned left = number;
        naive_add(&raw, "N-m:", 4);
        for (size_t i = 0; i < PARTS; i++) {
            naive_add(&raw, parts[left % KINDS].ptr, parts[left % KINDS].len);
            left /= KINDS;
        }
        naive_add(&raw, "\r\n", 2);
        if (could_be_a_field(&raw)) {
            assert_agrees(&raw);
        }
        free(raw.ptr);
    }
}

/* Long enough for every way of going through a value, at every distance from its front. */
static void dense_white_space_agrees_with_the_rules_as_written(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (unsigned number = 0; number < 4000; number++) {
        struct naive_text raw = {NULL, 0};
        naive_add(&raw, "N-m:", 4);
        for (unsigned i = 0; i < number % 400; i++) {
            random = random * 1664525 + 1013904223;
            slice part = parts[(random >> 16) % KINDS];
            if (raw.ptr[raw.len - 1] == '\r') {
                part = SLICE("a run of words"); /* else a line might end here */
            }
            naive_add(&raw, part.ptr, part.len);
        }
        naive_add(&raw, "a\r\n", 3);
        assert_true(could_be_a_field(&raw));
        assert_agrees(&raw);
        free(raw.ptr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relaxed_fields_are_lower_case_unfolded_and_single_spaced),
        cmocka_unit_test(simple_fields_are_as_they_came),
        cmocka_unit_test(the_signature_signs_itself_without_the_value_of_b),
        cmocka_unit_test(all_short_values_agree_with_the_rules_as_written),
        cmocka_unit_test(dense_white_space_agrees_with_the_rules_as_written),
    };
    return cmocka_run_group_tests_name("dkim header", tests, NULL, NULL);
}
