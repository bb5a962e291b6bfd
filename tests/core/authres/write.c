/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"
#include "core/authres/field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = arena_new(16 << 20);
    return *state == NULL;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static slice written(struct arena *arena, const struct authres *authres)
{
    struct buf buf;
    size_t longest;
    buf_init(&buf, arena, 1 << 20);
    authres_write(&buf, authres);
    assert_int_equal(buf_err(&buf), YETT_OK);
    const char *fault = field_fault(buf_slice(&buf), &longest);
    if (fault != NULL) {
        fail_msg("%s: %.*s", fault, SLICE_ARG(buf_slice(&buf)));
    }
    return buf_slice(&buf);
}

static void assert_text(slice text, const char *expected)
{
    if (!slice_eq(text, slice_from_text(expected))) {
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(text), expected);
    }
}

/* What a reader finds in a field that was written. */
static struct authres read_back(struct arena *arena, slice field)
{
    struct authres out = {0};
    struct authres_error error = {0, "no memory"};
    assert_true(slice_take(&field, SLICE("Authentication-Results:")));
    if (authres_parse(arena, field, &out, &error) != YETT_OK) {
        fail_msg("%s at %zu of %.*s", error.why, error.offset, SLICE_ARG(field));
    }
    return out;
}

/* A field with one result that has one property. */
static struct authres one_property(struct authres_result *result,
                                   struct authres_property *property, slice value)
{
    *property = (struct authres_property){SLICE("smtp"), SLICE("mailfrom"), value};
    *result = (struct authres_result){.method = SLICE("spf"),
                                      .method_version = 1,
                                      .result = SLICE("pass"),
                                      .properties = property,
                                      .property_count = 1};
    return (struct authres){.authserv_id = SLICE("mx.example.org"),
                            .version = 1,
                            .results = result,
                            .count = 1};
}

static void no_results_are_none(void **state)
{
    struct authres authres = {.authserv_id = SLICE("mx.example.org"), .version = 1};
    assert_text(written(*state, &authres),
                "Authentication-Results: mx.example.org; none\r\n");
    authres.has_version = true;
    assert_text(written(*state, &authres),
                "Authentication-Results: mx.example.org 1; none\r\n");
    authres.authserv_id = SLICE("a service");
    assert_text(written(*state, &authres),
                "Authentication-Results: \"a service\" 1; none\r\n");
}

static void each_result_has_its_line(void **state)
{
    static const struct authres_property spf[] = {
        {SLICE_INIT("smtp"), SLICE_INIT("mailfrom"), SLICE_INIT("bounces.example.com")},
    };
    static const struct authres_property dkim[] = {
        {SLICE_INIT("header"), SLICE_INIT("d"), SLICE_INIT("example.com")      },
        {SLICE_INIT("header"), SLICE_INIT("i"), SLICE_INIT("@mail.example.com")},
        {SLICE_INIT("header"), SLICE_INIT("b"), SLICE_INIT("a/b+c=d8")         },
        {SLICE_INIT("header"), SLICE_INIT("a"), SLICE_INIT("rsa-sha256")       },
    };
    static const struct authres_result results[] = {
        {.method = SLICE_INIT("spf"),
         .method_version = 1,
         .result = SLICE_INIT("softfail"),
         .properties = spf,
         .property_count = 1},
        { .method = SLICE_INIT("DKIM"),
         .method_version = 2,
         .result = SLICE_INIT("fail"),
         .reason = SLICE_INIT("body changed"),
         .comment = SLICE_INIT("2048-bit key (old)"),
         .properties = dkim,
         .property_count = 4},
    };
    struct authres authres = {.authserv_id = SLICE("mx.example.org"),
                              .version = 1,
                              .results = results,
                              .count = 2};
    assert_text(
        written(*state, &authres),
        "Authentication-Results: mx.example.org;\r\n"
        "    spf=softfail smtp.mailfrom=bounces.example.com;\r\n"
        "    dkim/2=fail (2048-bit key \\(old\\)) reason=\"body changed\"\r\n"
        "    header.d=example.com header.i=@mail.example.com header.b=\"a/b+c=d8\"\r\n"
        "    header.a=rsa-sha256\r\n");
}

static void values_are_written_in_the_form_they_need(void **state)
{
    static const struct {
        slice value;
        const char *text;
        bool same; /* a reader finds the same value */
        const char *why;
    } rows[] = {
        {SLICE_INIT("example.org"),                 "example.org",                     true,  "token"                 },
        {SLICE_INIT("192.0.2.1"),                   "192.0.2.1",                       true,  "address of a host"     },
        {SLICE_INIT(""),                            "\"\"",                            true,  "empty"                 },
        {SLICE_INIT("2001:db8::1"),                 "\"2001:db8::1\"",                 true,  "colons"                },
        {SLICE_INIT("a b"),                         "\"a b\"",                         true,  "space"                 },
        {SLICE_INIT("a\"b\\c"),                     "\"a\\\"b\\\\c\"",                 true,  "quote and backslash"   },
        {SLICE_INIT("a;b=c"),                       "\"a;b=c\"",                       true,  "semicolon"             },
        {SLICE_INIT("(a"),                          "\"(a\"",                          true,  "parenthesis"           },
        {SLICE_INIT("user@example.org"),            "user@example.org",                true,
         "mailbox: MUST of section 2.2"                                                                               },
        {SLICE_INIT("@example.org"),                "@example.org",                    true,  "domain with an at sign"},
        {SLICE_INIT("b+a=c/d@example.org"),         "b+a=c/d@example.org",             true,
         "dot-atom that is no token"                                                                                  },
        {SLICE_INIT("\"a b\"@example.org"),         "\"a b\"@example.org",             true,
         "quoted local part"                                                                                          },
        {SLICE_INIT("\"a\\\"b\"@example.org"),      "\"a\\\"b\"@example.org",          true,
         "quote in a local part"                                                                                      },
        {SLICE_INIT("\"a\\ b\"@example.org"),       "\"\\\"a\\\\ b\\\"@example.org\"", true,
         "needless escape in a local part"                                                                            },
        {SLICE_INIT("\"a\"b\"@example.org"),        "\"\\\"a\\\"b\\\"@example.org\"",  true,
         "stray quote in a local part"                                                                                },
        {SLICE_INIT("a..b@example.org"),            "\"a..b@example.org\"",            true,  "no dot-atom"           },
        {SLICE_INIT(".a@example.org"),              "\".a@example.org\"",              true,  "leading dot"           },
        {SLICE_INIT("a b@example.org"),             "\"a b@example.org\"",             true,
         "space in a local part"                                                                                      },
        {SLICE_INIT("a@b@example.org"),             "\"a@b@example.org\"",             true,  "two at signs"          },
        {SLICE_INIT("user@localhost"),              "\"user@localhost\"",              true,
         "domain-name has two labels"                                                                                 },
        {SLICE_INIT("user@-a.example"),             "\"user@-a.example\"",             true,
         "label begins with a hyphen"                                                                                 },
        {SLICE_INIT("user@a..example"),             "\"user@a..example\"",             true,  "empty label"           },
        {SLICE_INIT("user@[192.0.2.1]"),            "\"user@[192.0.2.1]\"",            true,  "address literal"       },
        {SLICE_INIT("user@"),                       "\"user@\"",                       true,  "no domain"             },
        {SLICE_INIT("example.net(.example.com"),    "\"example.net(.example.com\"",    true,
         "CVE-2020-12272"                                                                                             },
        {SLICE_INIT("j\xc3\xb6@b\xc3\xbc.example"), "j\xc3\xb6@b\xc3\xbc.example",     true,
         "address of RFC 6531"                                                                                        },
        {SLICE_INIT("b\xc3\xbc.example"),           "\"b?.example\"",                  false,
         "UTF-8 that is no address"                                                                                   },
        {SLICE_INIT("@b\xc3\xbc.example"),          "\"@b?.example\"",                 false,
         "UTF-8 without a local part"                                                                                 },
        {SLICE_INIT("a\r\nX: y@example.org"),       "\"a??X: y@example.org\"",         false,
         "line end"                                                                                                   },
        {SLICE_INIT("a\r\n b"),                     "\"a?? b\"",                       false, "folding"               },
        {SLICE_INIT("a\nb"),                        "\"a?b\"",                         false, "LF"                    },
        {SLICE_INIT("a\0b"),                        "\"a?b\"",                         false, "NUL"                   },
        {SLICE_INIT("a\x7f"),                       "\"a?\"",                          false, "DEL"                   },
        {SLICE_INIT("a\tb"),                        "\"a b\"",                         false, "tab"                   },
        {SLICE_INIT("a\xff@example.org"),           "\"a?@example.org\"",              false, "no UTF-8"              },
        {SLICE_INIT("a\xc2\x85@example.org"),       "\"a?@example.org\"",              false, "C1 control"            },
        {SLICE_INIT("a\xe2\x80\xa8@example.org"),   "\"a?@example.org\"",              false,
         "line separator"                                                                                             },
        {SLICE_INIT("\"\xc3\xb6\"@example.org"),    "\"\\\"?\\\"@example.org\"",       false,
         "UTF-8 in a quoted local part"                                                                               },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct authres_result result;
        struct authres_property property;
        struct authres authres = one_property(&result, &property, rows[i].value);
        slice field = written(*state, &authres);
        slice text = field;
        slice expected = slice_from_text(rows[i].text);
        text = slice_skip(text, slice_find(text, SLICE("mailfrom=")) + 9);
        text = slice_first(text, text.len - 2);
        slice read = read_back(*state, field).results[0].properties[0].value;
        if (!slice_eq(text, expected) || slice_eq(read, rows[i].value) != rows[i].same) {
            fail_msg("%s: %.*s, read %.*s", rows[i].why, SLICE_ARG(text),
                     SLICE_ARG(read));
        }
    }
}

/* Each octet alone, in pairs with what could let it out, in each place. */
static void no_octet_gets_out_of_its_place(void **state)
{
    struct arena_mark mark = arena_mark(*state);
    static const char *const partners[] = {"", "\\", "\"", "(", ")", "\r", "\n", "@a.b"};
    for (int octet = 0; octet < 256; octet++) {
        for (size_t i = 0; i < sizeof(partners) / sizeof(partners[0]); i++) {
            char text[10] = {'x', (char)octet};
            size_t length = strlen(partners[i]);
            memcpy(text + 2, partners[i], length);
            slice hostile = slice_of(text, 2 + length);
            struct authres_property property = {hostile, hostile, hostile};
            struct authres_result results[] = {
                {.method = hostile,
                 .method_version = 1,
                 .result = hostile,
                 .reason = hostile,
                 .comment = hostile,
                 .properties = &property,
                 .property_count = 1},
                {.method = SLICE("spf"), .method_version = 1, .result = SLICE("none")},
            };
            struct authres authres = {
                .authserv_id = hostile, .version = 1, .results = results, .count = 2};
            struct authres back = read_back(*state, written(*state, &authres));
            assert_int_equal(back.count, 2);
            assert_int_equal(back.results[0].property_count, 1);
            assert_true(back.results[0].reason.len != 0);
            assert_true(back.results[0].comment.len != 0);
            assert_text(back.results[1].method, "spf");
            assert_text(back.results[1].result, "none");
            arena_rewind(*state, mark);
        }
    }
}

static void comments_are_printable_ascii(void **state)
{
    static const struct {
        slice comment;
        const char *text;
    } rows[] = {
        {SLICE_INIT("plain words"),        "(plain words)"                               },
        {SLICE_INIT("a)b(c\\d"),           "(a\\)b\\(c\\\\d)"                            },
        {SLICE_INIT("gr\xc3\xbc\xc3\x9f"), "(gr?"
                                           "?)"},
        {SLICE_INIT("a\r\nb"),             "(a??b)"                                      },
        {SLICE_INIT("\\"),                 "(\\\\)"                                      },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct authres_result result = {.method = SLICE("spf"),
                                        .method_version = 1,
                                        .result = SLICE("fail"),
                                        .comment = rows[i].comment};
        struct authres authres = {
            .authserv_id = SLICE("a"), .version = 1, .results = &result, .count = 1};
        slice field = written(*state, &authres);
        slice text = slice_skip(field, slice_find(field, SLICE("spf=fail ")) + 9);
        assert_text(slice_first(text, text.len - 2), rows[i].text);
    }
}

static void lines_are_folded_where_values_allow_it(void **state)
{
    struct authres_property properties[12];
    struct authres_result result = {.method = SLICE("dkim"),
                                    .method_version = 1,
                                    .result = SLICE("fail"),
                                    .properties = properties,
                                    .property_count = 12};
    struct authres authres = {.authserv_id = SLICE("mx.example.org"),
                              .version = 1,
                              .results = &result,
                              .count = 1};
    result.comment =
        SLICE("a long comment, of the kind that says what happened, where, and "
              "what had been expected instead of it, in more than one line");
    result.reason =
        SLICE("a reason  with two spaces, and with \"quotes\" and (parentheses) "
              "in it, that is longer than a line may be, by a good deal");
    for (size_t i = 0; i < 12; i++) {
        properties[i] = (struct authres_property){SLICE("header"), SLICE("d"),
                                                  SLICE("mail.example.com")};
    }
    size_t longest;
    slice field = written(*state, &authres);
    assert_null(field_fault(field, &longest));
    assert_in_range(longest, 60, 78);
    struct authres back = read_back(*state, field);
    assert_true(slice_eq(back.results[0].comment, result.comment));
    assert_true(slice_eq(back.results[0].reason, result.reason));
    assert_int_equal(back.results[0].property_count, 12);
}

static void lines_end_before_998_octets_whatever_they_hold(void **state)
{
    static const char fills[] = {'x', ' ', '"', '\\', '.', '\n', '\xc3'};
    static char text[5000];
    for (size_t i = 0; i < sizeof(fills); i++) {
        for (size_t length = 1; length < sizeof(text); length += length / 3 + 1) {
            struct arena_mark mark = arena_mark(*state);
            memset(text, fills[i], sizeof(text));
            slice value = slice_of(text, length);
            struct authres_property property = {value, value, value};
            struct authres_result result = {.method = value,
                                            .method_version = 4000000000,
                                            .result = value,
                                            .reason = value,
                                            .comment = value,
                                            .properties = &property,
                                            .property_count = 1};
            struct authres authres = {.authserv_id = value,
                                      .version = 1,
                                      .has_version = true,
                                      .results = &result,
                                      .count = 1};
            struct authres back = read_back(*state, written(*state, &authres));
            assert_int_equal(back.count, 1);
            if (length <= 400 && fills[i] != '\n' && fills[i] != '\xc3') {
                assert_true(slice_eq(back.results[0].properties[0].value, value));
                assert_true(slice_eq(back.results[0].reason, value));
                assert_true(slice_eq(back.results[0].comment, value));
            }
            arena_rewind(*state, mark);
        }
    }
}

/* Cut short, it would name bank.example. */
static void a_value_that_is_too_long_is_left_out(void **state)
{
    static char text[2000];
    struct authres_result result;
    struct authres_property property;
    memset(text, 'x', sizeof(text));
    memcpy(text + 880, "@bank.example.evil.example", 26);
    struct authres authres =
        one_property(&result, &property, slice_of(text, sizeof(text)));
    struct authres back = read_back(*state, written(*state, &authres));
    assert_int_equal(back.results[0].property_count, 0);
    property.value = slice_of(text, 893 + 7);
    back = read_back(*state, written(*state, &authres));
    assert_int_equal(back.results[0].property_count, 1);
    assert_true(slice_eq(back.results[0].properties[0].value, property.value));

    result.reason = slice_of(text, sizeof(text));
    back = read_back(*state, written(*state, &authres));
    assert_true(slice_ends_with(back.results[0].reason, SLICE("...")));
}

static void a_full_buffer_is_remembered(void **state)
{
    struct authres_result result;
    struct authres_property property;
    struct authres authres = one_property(&result, &property, SLICE("example.org"));
    slice whole = written(*state, &authres);
    for (size_t limit = 0; limit <= whole.len; limit++) {
        struct buf buf;
        buf_init(&buf, *state, limit);
        authres_write(&buf, &authres);
        assert_int_equal(buf_err(&buf), limit < whole.len ? YETT_LIMIT : YETT_OK);
    }
}

/* The place of the cut moves with escapes near it; a field that is read and written again
   must not lose more each time. */
static void a_comment_that_was_cut_is_not_cut_again(void **state)
{
    struct arena *arena = *state;
    char text[1000];
    for (size_t escapes_at = 880; escapes_at < 900; escapes_at++) {
        memset(text, 'x', sizeof text);
        text[escapes_at] = text[escapes_at + 2] = ')';
        struct authres_result result = {.method = SLICE("spf"),
                                        .method_version = 1,
                                        .result = SLICE("pass"),
                                        .comment = slice_of(text, sizeof text)};
        struct authres authres = {
            .authserv_id = SLICE("a.example"), .results = &result, .count = 1};
        slice first = written(arena, &authres);
        struct authres back = read_back(arena, first);
        slice second = written(arena, &back);
        if (!slice_eq(first, second)) {
            fail_msg("at %zu: %.*s became %.*s", escapes_at, SLICE_ARG(first),
                     SLICE_ARG(second));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_comment_that_was_cut_is_not_cut_again, set_up,
                                        tear_down),
        cmocka_unit_test(no_results_are_none),
        cmocka_unit_test(each_result_has_its_line),
        cmocka_unit_test(values_are_written_in_the_form_they_need),
        cmocka_unit_test(no_octet_gets_out_of_its_place),
        cmocka_unit_test(comments_are_printable_ascii),
        cmocka_unit_test(lines_are_folded_where_values_allow_it),
        cmocka_unit_test(lines_end_before_998_octets_whatever_they_hold),
        cmocka_unit_test(a_value_that_is_too_long_is_left_out),
        cmocka_unit_test(a_full_buffer_is_remembered),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
