/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = arena_new(4 << 20);
    return *state == NULL;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static struct authres parsed(struct arena *arena, slice value)
{
    struct authres out = {0};
    struct authres_error error = {0, "no memory"};
    if (authres_parse(arena, value, &out, &error) != YETT_OK) {
        fail_msg("%s at %zu", error.why, error.offset);
    }
    return out;
}

static void assert_text(slice text, const char *expected)
{
    if (!slice_eq(text, slice_from_text(expected))) {
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(text), expected);
    }
}

/* All properties of a result as "type.name=value|…". */
static slice properties_text(struct arena *arena, const struct authres_result *result)
{
    struct buf buf;
    buf_init(&buf, arena, 10000);
    for (size_t i = 0; i < result->property_count; i++) {
        buf_add(&buf, result->properties[i].type);
        buf_add_byte(&buf, '.');
        buf_add(&buf, result->properties[i].property);
        buf_add_byte(&buf, '=');
        buf_add(&buf, result->properties[i].value);
        buf_add_byte(&buf, '|');
    }
    return buf_slice(&buf);
}

/* RFC 8601 appendix B, with the properties put behind each other. */
static void the_examples_of_the_standard_are_read(void **state)
{
    static const struct {
        slice value;
        const char *id;
        bool has_version;
        size_t count;
        struct {
            const char *method;
            const char *result;
            const char *reason;
            const char *comment;
            const char *properties;
        } results[2];
    } rows[] = {
        {SLICE_INIT(" example.org 1; none"),                                                       "example.org", true,  0, {{0}}                                                   },
        {SLICE_INIT(" example.com;\r\n          spf=pass smtp.mailfrom=example.net"),
         "example.com",                                                                                           false,
         1,                                                                                                                 {{"spf", "pass", "", "", "smtp.mailfrom=example.net|"}} },
        {SLICE_INIT(" example.com;\r\n"
                    "          auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
                    "          spf=pass smtp.mailfrom=example.net\r\n"),
         "example.com",                                                                                           false,
         2,                                                                                                                 {{"auth", "pass", "", "cram-md5", "smtp.auth=sender@example.net|"},
          {"spf", "pass", "", "", "smtp.mailfrom=example.net|"}}                                                                                                         },
        {SLICE_INIT(" example.com; iprev=pass\r\n          policy.iprev=192.0.2.200"),
         "example.com",                                                                                           false,
         1,                                                                                                                 {{"iprev", "pass", "", "", "policy.iprev=192.0.2.200|"}}},
        {SLICE_INIT(" example.com;\r\n"
                    "      dkim=pass reason=\"good signature\"\r\n"
                    "        header.i=@mail-router.example.net;\r\n"
                    "      dkim=fail reason=\"bad signature\"\r\n"
                    "        header.i=@newyork.example.com"),
         "example.com",                                                                                           false,
         2,                                                                                                                 {{"dkim", "pass", "good signature", "", "header.i=@mail-router.example.net|"},
          {"dkim", "fail", "bad signature", "", "header.i=@newyork.example.com|"}}                                                                                       },
        {SLICE_INIT(" foo.example.net (foobar) 1 (baz);\r\n"
                    "    dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
                    "      policy (A dot can go here) . (like that) expired\r\n"
                    "      (this surprised me) = (as I wasn't expecting it) 1362471462"),
         "foo.example.net",                                                                                       true,
         1,                                                                                                                 {{"dkim", "fail", "", "", "policy.expired=1362471462|"}}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct authres out = parsed(*state, rows[i].value);
        assert_text(out.authserv_id, rows[i].id);
        assert_int_equal(out.version, 1);
        assert_int_equal(out.has_version, rows[i].has_version);
        assert_int_equal(out.count, rows[i].count);
        for (size_t at = 0; at < out.count; at++) {
            assert_text(out.results[at].method, rows[i].results[at].method);
            assert_int_equal(out.results[at].method_version, 1);
            assert_text(out.results[at].result, rows[i].results[at].result);
            assert_text(out.results[at].reason, rows[i].results[at].reason);
            assert_text(out.results[at].comment, rows[i].results[at].comment);
            assert_text(properties_text(*state, &out.results[at]),
                        rows[i].results[at].properties);
        }
    }
}

static void values_are_as_meant(void **state)
{
    static const struct {
        slice value;
        const char *properties;
        const char *why;
    } rows[] = {
        {SLICE_INIT("a;m=r header.d=\"example.org\""),                   "header.d=example.org|",       "quotes"                                    },
        {SLICE_INIT("a;m=r header.b=\"a\\\"b\\\\c\""),                   "header.b=a\"b\\c|",           "escapes"                                   },
        {SLICE_INIT("a;m=r header.b=\"a\r\n b\""),                       "header.b=a b|",
         "folding between quotes"                                                                                                                   },
        {SLICE_INIT("a;m=r header.b=\"a\n\tb\""),                        "header.b=a\tb|",              "folding by LF"                             },
        {SLICE_INIT("a;m=r smtp.mailfrom=\"\""),                         "smtp.mailfrom=|",             "empty"                                     },
        {SLICE_INIT("a;m=r smtp.mailfrom=b+c=d/e@example.org"),
         "smtp.mailfrom=b+c=d/e@example.org|",                                                          "an address has octets that a token has not"},
        {SLICE_INIT("a;m=r smtp.mailfrom=\"a b\"@example.org"),
         "smtp.mailfrom=\"a b\"@example.org|",                                                          "quotes of a local part belong to it"       },
        {SLICE_INIT("a;m=r smtp.mailfrom=\"a\r\n b\" (c) @example.org"),
         "smtp.mailfrom=\"a b\"@example.org|",                                                          "comment and folding in an address"         },
        {SLICE_INIT("a;m=r header.i=a (c)@example.org"),                 "header.i=a@example.org|",
         "comment before the at sign"                                                                                                               },
        {SLICE_INIT("a;m=r header.i=@example.org"),                      "header.i=@example.org|",
         "no local part"                                                                                                                            },
        {SLICE_INIT("a;m=r smtp.mailfrom=j\xc3\xb6@b\xc3\xbc.example"),
         "smtp.mailfrom=j\xc3\xb6@b\xc3\xbc.example|",                                                  "UTF-8 (RFC 6531)"                          },
        {SLICE_INIT("a;m=r header.d=b\xc3\xbc.example"),                 "header.d=b\xc3\xbc.example|",
         "U-label"                                                                                                                                  },
        {SLICE_INIT("a;m=r HEADER.From=Example.ORG"),                    "header.from=Example.ORG|",
         "keywords have no case, values do"                                                                                                         },
        {SLICE_INIT("a;m=r header.a=\"x\"header.b=y"),                   "header.a=x|header.b=y|",
         "a quote ends by itself"                                                                                                                   },
        {SLICE_INIT("a;m=r header.a=(c)x(c)header.b=y(c)"),              "header.a=x|header.b=y|",
         "comments separate"                                                                                                                        },
        {SLICE_INIT("a;m=r policy.dkim-rules=unsigned-subject"),
         "policy.dkim-rules=unsigned-subject|",                                                         "section 2.4"                               },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct authres out = parsed(*state, rows[i].value);
        assert_int_equal(out.count, 1);
        slice text = properties_text(*state, &out.results[0]);
        if (!slice_eq(text, slice_from_text(rows[i].properties))) {
            fail_msg("%s: %.*s", rows[i].why, SLICE_ARG(text));
        }
    }
}

static void what_stands_before_the_values_is_read(void **state)
{
    struct authres out =
        parsed(*state, SLICE("(c)\r\n \"mx.\\example.org\" 1 ; DKIM/2=Pass(a (b) \\) c)"
                             "(d) reason=because header.d=x;none=none"));
    assert_text(out.authserv_id, "mx.example.org");
    assert_true(out.has_version);
    assert_int_equal(out.count, 2);
    assert_text(out.results[0].method, "dkim");
    assert_int_equal(out.results[0].method_version, 2);
    assert_text(out.results[0].result, "pass");
    assert_text(out.results[0].comment, "a (b) ) c");
    assert_text(out.results[0].reason, "because");
    assert_text(out.results[1].method, "none");
    assert_text(out.results[1].result, "none");
    assert_int_equal(out.results[1].property_count, 0);
}

static void what_is_no_field_is_refused_where_it_stops(void **state)
{
    static const struct {
        slice value;
        size_t offset;
        const char *why;
    } rows[] = {
        {SLICE_INIT(""),                              0,  "empty"                             },
        {SLICE_INIT("  "),                            2,  "blank"                             },
        {SLICE_INIT(";none"),                         0,  "no authserv-id"                    },
        {SLICE_INIT("=?utf-8?q?a?=; none"),           0,  "encoded word"                      },
        {SLICE_INIT("a"),                             1,  "no results"                        },
        {SLICE_INIT("a;"),                            2,  "no result behind the semicolon"    },
        {SLICE_INIT("a; none; none"),                 7,  "none stands alone"                 },
        {SLICE_INIT("a; spf=pass; none"),             17, "none behind a result"              },
        {SLICE_INIT("a; spf=pass;"),                  12, "semicolon at the end"              },
        {SLICE_INIT("a b; none"),                     2,  "two identifiers"                   },
        {SLICE_INIT("a/b; none"),                     1,  "identifier needs quotes"           },
        {SLICE_INIT("a 2; none"),                     2,  "version 2"                         },
        {SLICE_INIT("a 0; none"),                     2,  "version 0"                         },
        {SLICE_INIT("a 99999999999999999999; none"),  2,  "version out of range"              },
        {SLICE_INIT("\"a\"1; none"),                  3,  "no space before the version"       },
        {SLICE_INIT("spf=pass smtp.mailfrom=a"),      3,  "no authserv-id, as some write it"  },
        {SLICE_INIT("a; spf"),                        6,  "no equals sign"                    },
        {SLICE_INIT("a; spf="),                       7,  "no result word"                    },
        {SLICE_INIT("a; spf=pass action=none"),       12, "no type"                           },
        {SLICE_INIT("a; spf=pass reason=a reason=b"), 21, "two reasons"                       },
        {SLICE_INIT("a; spf=pass smtp.b=c reason=b"), 21, "reason behind a property"          },
        {SLICE_INIT("a; spf=pass smtp.b=c d"),        22, "word without a dot"                },
        {SLICE_INIT("a; spf=pass smtp.=c"),           17, "property without a name"           },
        {SLICE_INIT("a; spf=pass smtp.b"),            18, "property without a value"          },
        {SLICE_INIT("a; spf=pass smtp.b="),           19, "value missing"                     },
        {SLICE_INIT("a; spf=pass smtp.b=;"),          19, "value missing, more follows"       },
        {SLICE_INIT("a; spf=pass smtp.b=<>"),         19, "angle brackets"                    },
        {SLICE_INIT("a; dkim=pass header.b=ab/c="),   24, "value needs quotes"                },
        {SLICE_INIT("a; spf=pass smtp.b=c@"),         21, "no domain"                         },
        {SLICE_INIT("a; spf=pass smtp.b=c@[1]"),      21, "address literal"                   },
        {SLICE_INIT("a; spf=pass smtp.b=\"c"),        19, "quote does not end"                },
        {SLICE_INIT("a; spf=pass smtp.b=\"c\\\""),    19, "quote ends in an escape"           },
        {SLICE_INIT("a; spf=pass smtp.b=\"c\rd\""),   21, "bare CR between quotes"            },
        {SLICE_INIT("a; spf=pass smtp.b=\"c\r\nd\""), 21, "line end that folds nothing"       },
        {SLICE_INIT("a; spf=pass smtp.b=\"c\0\""),    21, "NUL between quotes"                },
        {SLICE_INIT("a; spf=pass smtp.b=\"c\\\0\""),  21, "escaped NUL"                       },
        {SLICE_INIT("a; spf=pass smtp.b=\"c\xff\""),  21, "no UTF-8"                          },
        {SLICE_INIT("a; spf=pass (c"),                12, "comment does not end"              },
        {SLICE_INIT("a; spf=pass (c\\)"),             12, "comment ends in an escape"         },
        {SLICE_INIT("a; spf=pass (c(d)"),             12, "inner comment ends, outer does not"},
        {SLICE_INIT("a; spf/=pass"),                  7,  "method version missing"            },
        {SLICE_INIT("a; spf/x=pass"),                 7,  "method version is no number"       },
        {SLICE_INIT("a; spf-=pass"),                  6,  "keyword ends in a hyphen"          },
        {SLICE_INIT("a; spf=pa_ss"),                  9,  "underscore in a keyword"           },
        {SLICE_INIT("a;\r\nspf=pass"),                2,  "line end that folds nothing"       },
        {SLICE_INIT("a;\r spf=pass"),                 2,  "bare CR"                           },
        {SLICE_INIT("a\0b; none"),                    1,  "NUL"                               },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct authres out = {.version = 77};
        struct authres_error error = {0, NULL};
        enum yett_err err = authres_parse(*state, rows[i].value, &out, &error);
        if (err != YETT_BAD_SYNTAX || error.why == NULL || out.version != 77 ||
            error.offset != rows[i].offset) {
            fail_msg("%s: %d at %zu: %s", rows[i].why, (int)err, error.offset, error.why);
        }
    }
}

static void a_field_cut_anywhere_is_read_or_refused_at_its_end(void **state)
{
    slice whole =
        SLICE("mx.example.org 1; spf=fail (c) reason=\"r s\" smtp.mailfrom=a@b.c; "
              "dkim=none");
    for (size_t cut = 0; cut < whole.len; cut++) {
        struct authres out;
        struct authres_error error = {0, NULL};
        enum yett_err err = authres_parse(*state, slice_first(whole, cut), &out, &error);
        assert_true(err == YETT_OK || err == YETT_BAD_SYNTAX);
        if (err == YETT_BAD_SYNTAX) {
            assert_true(error.offset <= cut);
        }
    }
    assert_int_equal(parsed(*state, whole).count, 2);
}

/* OpenDMARC wrote past its array at the 17th. */
static void there_may_be_1000_results_and_1000_properties(void **state)
{
    struct buf buf;
    struct authres out;
    struct authres_error error;
    buf_init(&buf, *state, 100000);
    buf_add_text(&buf, "a");
    for (int i = 0; i < 1000; i++) {
        buf_add_text(&buf, ";m=r");
    }
    out = parsed(*state, buf_slice(&buf));
    assert_int_equal(out.count, 1000);
    buf_add_text(&buf, ";m=r");
    assert_int_equal(authres_parse(*state, buf_slice(&buf), &out, &error), YETT_LIMIT);

    buf_init(&buf, *state, 100000);
    buf_add_text(&buf, "a;m=r");
    for (int i = 0; i < 1000; i++) {
        buf_add_text(&buf, " a.b=c");
    }
    out = parsed(*state, buf_slice(&buf));
    assert_int_equal(out.results[0].property_count, 1000);
    buf_add_text(&buf, " a.b=c");
    assert_int_equal(authres_parse(*state, buf_slice(&buf), &out, &error), YETT_LIMIT);
}

static void a_full_arena_is_no_syntax_error(void **state)
{
    (void)state;
    struct authres out;
    struct authres_error error;
    struct arena *small = arena_new(100);
    assert_int_equal(authres_parse(small, SLICE("a; spf=pass"), &out, &error),
                     YETT_NO_MEMORY);
    arena_free(small);
}

static void comments_nest_without_end(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 1 << 20);
    buf_add_text(&buf, "a;m=r");
    for (int i = 0; i < 100000; i++) {
        buf_add_byte(&buf, '(');
    }
    for (int i = 0; i < 100000; i++) {
        buf_add_byte(&buf, ')');
    }
    assert_int_equal(parsed(*state, buf_slice(&buf)).results[0].comment.len, 199998);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard_are_read),
        cmocka_unit_test(values_are_as_meant),
        cmocka_unit_test(what_stands_before_the_values_is_read),
        cmocka_unit_test(what_is_no_field_is_refused_where_it_stops),
        cmocka_unit_test(a_field_cut_anywhere_is_read_or_refused_at_its_end),
        cmocka_unit_test(there_may_be_1000_results_and_1000_properties),
        cmocka_unit_test(a_full_arena_is_no_syntax_error),
        cmocka_unit_test(comments_nest_without_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
