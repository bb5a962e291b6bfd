/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_name_has_one_normal_form(void **state)
{
    (void)state;
    static const struct {
        slice text;
        const char *normal; /* NULL: refused */
        const char *why;
    } rows[] = {
        {SLICE_INIT("example.org"),                                                        "example.org",           "normal already"                            },
        {SLICE_INIT("Example.ORG."),                                                       "example.org",           "case and trailing dot"                     },
        {SLICE_INIT("_dmarc.example.org"),                                                 "_dmarc.example.org",    "underscore"                                },
        {SLICE_INIT("b\xc3\xbc"
                    "cher.example"),
         "xn--bcher-kva.example",                                                                                   "U-label"                                   },
        {SLICE_INIT("B\xc3\x9c"
                    "CHER.Example"),
         "xn--bcher-kva.example",                                                                                   "upper-case U-label beside upper-case ASCII"},
        {SLICE_INIT("XN--BCHER-KVA.example"),                                              "xn--bcher-kva.example", "A-label"                                   },
        {SLICE_INIT("fa\xc3\x9f.example"),                                                 "xn--fa-hia.example",
         "sharp s is kept (IDNA2008)"                                                                                                                           },
        {SLICE_INIT(""),                                                                   NULL,                    "empty"                                     },
        {SLICE_INIT("."),                                                                  NULL,                    "the root"                                  },
        {SLICE_INIT("a..b"),                                                               NULL,                    "empty label"                               },
        {SLICE_INIT(".a"),                                                                 NULL,                    "leading dot"                               },
        {SLICE_INIT("a.."),                                                                NULL,                    "two trailing dots"                         },
        {SLICE_INIT("exa mple.org"),                                                       NULL,                    "space"                                     },
        {SLICE_INIT("example.net(.example.com"),                                           NULL,                    "parenthesis (CVE-2020-12272)"              },
        {SLICE_INIT("example.net>"),                                                       NULL,                    "angle bracket"                             },
        {SLICE_INIT("a\0b"),                                                               NULL,                    "NUL"                                       },
        {SLICE_INIT("\xff\xfe.example"),                                                   NULL,                    "no UTF-8"                                  },
        {SLICE_INIT("a\xe3\x80\x82"
                    "b"),
         NULL,                                                                                                      "ideographic full stop"                     },
        {SLICE_INIT("\xe2\x80\xae"
                    "a.example"),
         NULL,                                                                                                      "direction override"                        },
        {SLICE_INIT("a\xc3\xbc b.example"),                                                NULL,                    "space beside a U-label"                    },
        {SLICE_INIT("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg.x"),
         "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg.x",                                       "63 octets"                                 },
        {SLICE_INIT("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg.x"),
         NULL,                                                                                                      "64 octets"                                 },
    };
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice out;
        enum yett_err err = domain_normalize(arena, rows[i].text, &out);
        bool as_expected =
            rows[i].normal == NULL
                ? err == YETT_BAD_SYNTAX
                : err == YETT_OK && slice_eq(out, slice_from_text(rows[i].normal));
        if (!as_expected) {
            fail_msg("%s: %d", rows[i].why, (int)err);
        }
    }
    arena_free(arena);
}

static void a_name_of_253_octets_is_the_longest(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    char text[300];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = i % 2 == 0 ? 'a' : '.';
    }
    slice out;
    assert_int_equal(domain_normalize(arena, slice_of(text, 253), &out), YETT_OK);
    assert_int_equal(domain_normalize(arena, slice_of(text, 254), &out),
                     YETT_OK); /* dot */
    assert_int_equal(domain_normalize(arena, slice_of(text, 255), &out), YETT_BAD_SYNTAX);
    arena_free(arena);
}

static void below_means_at_a_label_boundary(void **state)
{
    (void)state;
    assert_true(domain_is_under(SLICE("a.example.org"), SLICE("example.org")));
    assert_true(domain_is_under(SLICE("EXAMPLE.org."), SLICE("example.org")));
    assert_false(domain_is_under(SLICE("badexample.org"), SLICE("example.org")));
    assert_false(domain_is_under(SLICE("example.org"), SLICE("a.example.org")));
    assert_false(domain_is_under(SLICE("example.org"), SLICE("")));
    assert_true(domain_eq(SLICE("a.B"), SLICE("A.b.")));
    assert_false(domain_eq(SLICE("a.b"), SLICE("a.bc")));
}

static void labels_are_counted_from_the_right(void **state)
{
    (void)state;
    slice name = SLICE("a.b.c.d");
    assert_int_equal(domain_label_count(name), 4);
    assert_int_equal(domain_label_count(SLICE("")), 0);
    assert_true(slice_eq(domain_parent(name), SLICE("b.c.d")));
    assert_true(slice_eq(domain_parent(SLICE("d")), SLICE("")));
    assert_true(slice_eq(domain_suffix(name, 2), SLICE("c.d")));
    assert_true(slice_eq(domain_suffix(name, 9), name));
    assert_true(slice_eq(domain_suffix(name, 0), SLICE("")));
}

static void people_see_the_letters(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    slice out;
    assert_int_equal(domain_to_unicode(arena, SLICE("xn--bcher-kva.example"), &out),
                     YETT_OK);
    assert_true(slice_eq(out, SLICE("b\xc3\xbc"
                                    "cher.example")));
    assert_int_equal(domain_to_unicode(arena, SLICE("xn--\x7f.example"), &out), YETT_OK);
    assert_int_equal(domain_to_unicode(arena, SLICE("example.org"), &out), YETT_OK);
    assert_true(slice_eq(out, SLICE("example.org")));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_one_normal_form),
        cmocka_unit_test(a_name_of_253_octets_is_the_longest),
        cmocka_unit_test(below_means_at_a_label_boundary),
        cmocka_unit_test(labels_are_counted_from_the_right),
        cmocka_unit_test(people_see_the_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
