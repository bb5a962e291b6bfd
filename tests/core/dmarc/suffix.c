/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/dmarc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char list_text[] = "// ===BEGIN ICANN DOMAINS===\n"
                                "// a comment: with <anything>\n"
                                "com\norg\nuk   // since 1985: <x>\r\nco.uk\n\n"
                                "*.ck\n!www.ck\n"
                                "\xe5\x85\xac\xe5\x8f\xb8.cn\n"
                                "// ===END ICANN DOMAINS===\n"
                                "// ===BEGIN PRIVATE DOMAINS===\n"
                                "hosting.com\n"
                                "// ===END PRIVATE DOMAINS===\n";

static void the_organizational_domain_is_one_label_below_the_suffix(void **state)
{
    (void)state;
    static const struct {
        const char *domain;
        const char *organizational;
        const char *why;
    } rows[] = {
        {"example.com",        "example.com",      "itself"                           },
        {"a.b.c.example.com",  "example.com",      "RFC 7489 section 3.2"             },
        {"mail.example.co.uk", "example.co.uk",    "the longest suffix counts"        },
        {"example.uk",         "example.uk",       "the shorter suffix"               },
        {"a.shop.hosting.com", "shop.hosting.com", "the private section counts"       },
        {"a.b.example.ck",     "b.example.ck",     "a wildcard"                       },
        {"a.www.ck",           "www.ck",           "an exception"                     },
        {"a.example.unlisted", "example.unlisted", "the rule * for what is not listed"},
        {"com",                "com",              "a suffix stands for itself"       },
        {"co.uk",              "co.uk",            "a suffix of two labels"           },
        {"hosting.com",        "hosting.com",      "a private suffix"                 },
        {"a.x.xn--55qx5d.cn",  "x.xn--55qx5d.cn",  "A-labels match U-labels"          },
        {"_x.example.com",     "example.com",      "an underscore"                    },
    };
    struct dmarc_suffixes *list;
    assert_int_equal(dmarc_suffixes_parse(slice_from_text(list_text), &list), YETT_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice got = dmarc_suffixes_organizational(list, slice_from_text(rows[i].domain));
        if (!slice_eq(got, slice_from_text(rows[i].organizational))) {
            fail_msg("%s: %s gives %.*s", rows[i].why, rows[i].domain, SLICE_ARG(got));
        }
    }
    dmarc_suffixes_free(list);
}

static void without_a_list_a_domain_is_its_own_organization(void **state)
{
    (void)state;
    assert_true(slice_eq(dmarc_suffixes_organizational(NULL, SLICE("a.example.com")),
                         SLICE("a.example.com")));
}

static void the_text_may_go_once_it_is_parsed(void **state)
{
    (void)state;
    char text[sizeof(list_text)];
    struct dmarc_suffixes *list;
    memcpy(text, list_text, sizeof(text));
    assert_int_equal(dmarc_suffixes_parse(slice_of(text, sizeof(text) - 1), &list),
                     YETT_OK);
    assert_memory_equal(text, list_text, sizeof(text));
    memset(text, 0, sizeof(text));
    assert_true(slice_eq(dmarc_suffixes_organizational(list, SLICE("a.example.co.uk")),
                         SLICE("example.co.uk")));
    dmarc_suffixes_free(list);
}

static void what_is_no_list_is_refused(void **state)
{
    (void)state;
    static const slice texts[] = {
        SLICE_INIT(""),
        SLICE_INIT("\n\n"),
        SLICE_INIT("// only a comment\n"),
        SLICE_INIT("<!DOCTYPE html>\n<p>Not found</p>\n"),
        SLICE_INIT("com\norg\0net\n"),
        SLICE_INIT("com\n\xff\xfe\n"),
        SLICE_INIT("standard: rfc9989\n"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct dmarc_suffixes *list = NULL;
        assert_int_equal(dmarc_suffixes_parse(texts[i], &list), YETT_BAD_SYNTAX);
        assert_null(list);
    }
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    dmarc_suffixes_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_organizational_domain_is_one_label_below_the_suffix),
        cmocka_unit_test(without_a_list_a_domain_is_its_own_organization),
        cmocka_unit_test(the_text_may_go_once_it_is_parsed),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
