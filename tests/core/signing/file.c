/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signing/signing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Plain files of domains and logins. */

static int setup(void **state)
{
    *state = arena_new(1 << 20);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* A line as it was understood: "PATTERN d=DOMAIN KEY…", with "arc:" and "=PATH". */
static slice shown(struct arena *arena, const struct signing_domain_line *line)
{
    struct buf buf;
    buf_init(&buf, arena, 10000);
    buf_add(&buf, line->pattern);
    buf_add_text(&buf, " d=");
    buf_add(&buf, line->domain);
    for (size_t i = 0; i < line->key_count; i++) {
        buf_add_text(&buf, line->keys[i].seals ? " arc:" : " ");
        buf_add(&buf, line->keys[i].selector);
        if (line->keys[i].path.len != 0) {
            buf_add_byte(&buf, '=');
            buf_add(&buf, line->keys[i].path);
        }
    }
    return buf_slice(&buf);
}

static void lines_are_read(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"example.com s1",                 "example.com d=example.com s1"                    },
        {"example.com\ts1  s2\t",          "example.com d=example.com s1 s2"                 },
        {"Example.COM S1",                 "example.com d=example.com s1"                    },
        {"b\xc3\xbc"
         "cher.example s1",       "xn--bcher-kva.example d=xn--bcher-kva.example s1"},
        {"*.example.com s1",               "*.example.com d=example.com s1"                  },
        {"a.example.com d=example.com s1", "a.example.com d=example.com s1"                  },
        {"example.com s1 d=example.com",   "example.com d=example.com s1"                    },
        {"example.com s1=/keys/a.pem s2",  "example.com d=example.com s1=/keys/a.pem s2"     },
        {"example.com d=/keys/d.pem",      "example.com d=example.com d=/keys/d.pem"         },
        {"example.com arc:s1=/k s2",       "example.com d=example.com arc:s1=/k s2"          },
        {"example.com s1 # the new one",   "example.com d=example.com s1"                    },
        {"example.com",                    "example.com d=example.com"                       },
        {"example.com s1\r",               "example.com d=example.com s1"                    },
        {"example.com s1.mail",            "example.com d=example.com s1.mail"               },
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signing_file file = {.rest = slice_from_text(cases[i].text)};
        struct signing_domain_line line;
        slice why = SLICE_NONE;
        if (signing_next_domain(arena, &file, &line, &why) != YETT_OK) {
            fail_msg("%s: %.*s", cases[i].text, SLICE_ARG(why));
        }
        slice found = shown(arena, &line);
        if (!slice_eq(found, slice_from_text(cases[i].wanted))) {
            fail_msg("%s: '%.*s', wanted '%s'", cases[i].text, SLICE_ARG(found),
                     cases[i].wanted);
        }
    }
}

static void what_cannot_be_read_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"a..b s1",                          "'a..b'"                                   },
        {"* s1",                             "every domain that is signed must be named"},
        {"*.*.example.com s1",               "is no domain"                             },
        {"example.com d=a.test d=b.test s1", "twice"                                    },
        {"example.com d=..",                 "is no domain to sign with"                },
        {"example.com s1=keys/a.pem",        "does not begin with '/'"                  },
        {"example.com s1=",                  "does not begin with '/'"                  },
        {"example.com =/keys/a.pem",         "is no selector"                           },
        {"example.com arc:",                 "is no selector"                           },
        {"example.com s1._domainkey",        "ends before ._domainkey"                  },
        {"example.com a b c d e f g h i",    "eight"                                    },
        {"example.com s1\rs2",               "control character"                        },
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        slice text = arena_printf(arena, "# head\n\nfine.test s1\n%s\n", cases[i].text);
        struct signing_file file = {.rest = text};
        struct signing_domain_line line;
        slice why = SLICE_NONE;
        assert_int_equal(signing_next_domain(arena, &file, &line, &why), YETT_OK);
        if (signing_next_domain(arena, &file, &line, &why) != YETT_BAD_SYNTAX) {
            fail_msg("%s: it is read", cases[i].text);
        }
        if (slice_find(why, slice_from_text(cases[i].said)) == why.len) {
            fail_msg("%s: '%.*s' does not say '%s'", cases[i].text, SLICE_ARG(why),
                     cases[i].said);
        }
        assert_int_equal(file.line, 4);
    }
}

static void lines_are_bounded_and_hold_no_nul(void **state)
{
    struct arena *arena = *state;
    struct signing_domain_line line;
    slice why = SLICE_NONE;
    char *text = arena_alloc(arena, SIGNING_LINE_MAX + 2);
    assert_non_null(text);
    memset(text, 'a', SIGNING_LINE_MAX + 1);
    struct signing_file file = {.rest = slice_of(text, SIGNING_LINE_MAX + 1)};
    assert_int_equal(signing_next_domain(arena, &file, &line, &why), YETT_BAD_SYNTAX);
    file = (struct signing_file){.rest = SLICE("example.com s\0"
                                               "1\n")};
    assert_int_equal(signing_next_domain(arena, &file, &line, &why), YETT_BAD_SYNTAX);
}

static void the_end_is_told_from_a_fault(void **state)
{
    struct arena *arena = *state;
    static const char *const texts[] = {"", "\n\n", "# only comments\n  # more", "  \t"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct signing_file file = {.rest = slice_from_text(texts[i])};
        struct signing_domain_line line;
        slice why = SLICE_NONE;
        assert_int_equal(signing_next_domain(arena, &file, &line, &why), YETT_NOT_FOUND);
    }
}

static void logins_are_read(void **state)
{
    static const struct {
        const char *text, *login, *patterns;
    } cases[] = {
        {"alice example.com",                           "alice",             "example.com "},
        {"Alice@Example.com example.COM *.example.net", "Alice@Example.com",
         "example.com *.example.net "                                                      },
        {"root *",                                      "root",              "* "          },
        {"* example.com # everybody",                   "*",                 "example.com "},
        {"eve",                                         "eve",               ""            },
        {"\"alice in chains\" example.com",             "alice in chains",   "example.com "},
        {"a#b example.com",                             "a#b",               "example.com "},
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signing_file file = {.rest = slice_from_text(cases[i].text)};
        struct signing_login_line line;
        struct buf buf;
        slice why = SLICE_NONE;
        if (signing_next_login(arena, &file, &line, &why) != YETT_OK) {
            fail_msg("%s: %.*s", cases[i].text, SLICE_ARG(why));
        }
        buf_init(&buf, arena, 1000);
        for (size_t j = 0; j < line.pattern_count; j++) {
            buf_add(&buf, line.patterns[j]);
            buf_add_byte(&buf, ' ');
        }
        assert_true(slice_eq(line.login, slice_from_text(cases[i].login)));
        assert_true(slice_eq(buf_slice(&buf), slice_from_text(cases[i].patterns)));
    }
}

static void logins_that_cannot_be_read_are_refused(void **state)
{
    static const char *const texts[] = {
        "\"alice example.com", "\"\" example.com", "\"alice\"example.com",
        "alice not_a_domain!", "alice *.",         "alice *example.com",
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct signing_file file = {.rest = slice_from_text(texts[i])};
        struct signing_login_line line;
        slice why = SLICE_NONE;
        if (signing_next_login(arena, &file, &line, &why) != YETT_BAD_SYNTAX) {
            fail_msg("%s", texts[i]);
        }
        assert_true(why.len > 0);
    }
}

static void a_byte_order_mark_is_no_part_of_a_name(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "alice example.com\n";
    struct arena *arena = *state;
    struct signing_file logins = {.rest = slice_from_text(text)}, domains = logins;
    struct signing_login_line login;
    struct signing_domain_line domain;
    slice why = SLICE_NONE;
    assert_int_equal(signing_next_login(arena, &logins, &login, &why), YETT_BAD_SYNTAX);
    assert_true(slice_find(why, SLICE("byte order mark")) < why.len);
    assert_int_equal(logins.line, 1);
    why = SLICE_NONE;
    assert_int_equal(signing_next_domain(arena, &domains, &domain, &why),
                     YETT_BAD_SYNTAX);
    assert_true(slice_find(why, SLICE("byte order mark")) < why.len);
    assert_int_equal(domains.line, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(lines_are_read),
        TEST(a_byte_order_mark_is_no_part_of_a_name),
        TEST(what_cannot_be_read_is_refused_with_its_line),
        TEST(lines_are_bounded_and_hold_no_nul),
        TEST(the_end_is_told_from_a_fault),
        TEST(logins_are_read),
        TEST(logins_that_cannot_be_read_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
