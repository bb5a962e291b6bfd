/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct row {
    slice value;
    const char *why;
};

static void judge(const struct row *rows, size_t count, slice ours, bool forged)
{
    for (size_t i = 0; i < count; i++) {
        if (authres_is_forged(rows[i].value, ours) != forged) {
            fail_msg("%s", rows[i].why);
        }
    }
}

/* MUST of RFC 8601 section 5. */
static void a_field_with_our_name_goes_however_it_is_written(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {SLICE_INIT(" mx.example.com; spf=pass"),                     "plain"                        },
        {SLICE_INIT("mx.example.com;spf=pass"),                       "no white space"               },
        {SLICE_INIT(" MX.Example.COM; spf=pass"),                     "case"                         },
        {SLICE_INIT(" mx.example.com.; spf=pass"),                    "trailing dot"                 },
        {SLICE_INIT(" mx.example.com 1; spf=pass"),                   "version"                      },
        {SLICE_INIT(" mx.example.com 2; spf=pass"),                   "another version"              },
        {SLICE_INIT(" mx.example.com (c) 1 (c); spf=pass"),
         "comments around the version"                                                               },
        {SLICE_INIT(" \"mx.example.com\"; spf=pass"),                 "quotes"                       },
        {SLICE_INIT(" \"mx\\.ex\\ample.com\"; spf=pass"),             "escapes between quotes"       },
        {SLICE_INIT(" \"MX.\r\n example.com\"; spf=pass"),            "folding between quotes"       },
        {SLICE_INIT(" \" mx.example.com \"; spf=pass"),               "spaces between quotes"        },
        {SLICE_INIT(" (c)\r\n \"mx.example.com\" 1; spf=pass"),
         "comment, folding, quotes, version"                                                         },
        {SLICE_INIT("\r\n\tmx.example.com; spf=pass"),                "folding first"                },
        {SLICE_INIT("\n\tmx.example.com; spf=pass"),                  "folding by LF"                },
        {SLICE_INIT(" (a(b(c)\\)\\()d)mx.example.com(e); spf=pass"),
         "nested comments with escapes"                                                              },
        {SLICE_INIT(" (\")mx.example.com(\"); spf=pass"),             "quotes within comments"       },
        {SLICE_INIT(" (evil.example; none)mx.example.com; spf=pass"),
         "another name within a comment"                                                             },
        {SLICE_INIT(" mx.example.com"),                               "nothing behind the name"      },
        {SLICE_INIT(" mx.example.com\r\n"),                           "line end behind the name"     },
        {SLICE_INIT(" mx.example.com; total garbage \" ("),
         "what follows cannot be read"                                                               },
        {SLICE_INIT(" \xef\xbd\x8d\xef\xbd\x98.example.com; none"),   "full-width letters"           },
        {SLICE_INIT(" xn--yi7cwa.example.com; none"),                 "A-label of full-width letters"},
        {SLICE_INIT(" xn--mx-6da.example.com; none"),                 "A-label with a soft hyphen"   },
        {SLICE_INIT(" xn--mx-.example.com; none"),                    "A-label that is none"         },
        {SLICE_INIT(" mx\xe3\x80\x82"
                    "example.com; none"),
         "ideographic full stop"                                                                     },
    };
    judge(rows, sizeof(rows) / sizeof(rows[0]), SLICE("mx.example.com"), true);
    judge(rows, sizeof(rows) / sizeof(rows[0]), SLICE("MX.EXAMPLE.com"), true);
}

static void a_field_that_cannot_be_read_goes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {SLICE_INIT(""),                                                                   "empty"                         },
        {SLICE_INIT(" "),                                                                  "blank"                         },
        {SLICE_INIT(" ; spf=pass"),                                                        "no identifier"                 },
        {SLICE_INIT(" \"\"; spf=pass"),                                                    "empty quotes"                  },
        {SLICE_INIT(" =?utf-8?q?mx.example.com?=; spf=pass"),                              "encoded word"                  },
        {SLICE_INIT(" spf=pass smtp.mailfrom=x"),                                          "no identifier, results at once"},
        {SLICE_INIT(" (mx.example.com; spf=pass"),                                         "comment does not end"          },
        {SLICE_INIT(" (a\\) x.example; spf=pass"),                                         "comment ends in an escape"     },
        {SLICE_INIT(" \"x.example; spf=pass"),                                             "quote does not end"            },
        {SLICE_INIT(" x.example mx.example.com; spf=pass"),                                "two identifiers"               },
        {SLICE_INIT(" x.example, mx.example.com; spf=pass"),                               "a list"                        },
        {SLICE_INIT(" x.example/mx.example.com; spf=pass"),                                "a slash"                       },
        {SLICE_INIT(" mx (c) .example.com; spf=pass"),                                     "an identifier in pieces"       },
        {SLICE_INIT(" \"mx\"\".example.com\"; spf=pass"),                                  "two quotes"                    },
        {SLICE_INIT(" x.example 2; spf=pass"),                                             "a version that nobody knows"   },
        {SLICE_INIT(" x.example 99999999999999999999; none"),                              "a version out of range"        },
        {SLICE_INIT(" x.example 1 1; spf=pass"),                                           "two versions"                  },
        {SLICE_INIT(" x.example\0; spf=pass"),                                             "NUL behind the identifier"     },
        {SLICE_INIT(" mx.example.com\0.x.example; none"),                                  "NUL in the identifier"         },
        {SLICE_INIT(" \"x.example\t\"; none"),                                             "tab between quotes"            },
        {SLICE_INIT(" \"x\\\0.example\"; none"),                                           "escaped NUL"                   },
        {SLICE_INIT(" x\xff.example; none"),                                               "no UTF-8"                      },
        {SLICE_INIT(" x\xe2\x80\x8b.example; none"),                                       "zero-width space"              },
        {SLICE_INIT(" \xc2\xa0mx.example.com; none"),                                      "no-break space"                },
        {SLICE_INIT(" x.example\r; none"),                                                 "bare CR"                       },
        {SLICE_INIT(" x.example; none\rmx.example.com; spf=pass"),                         "bare CR further on"            },
        {SLICE_INIT(" x.example; none\nAuthentication-Results: mx.example.com; spf=pass"),
         "a field behind a bare LF"                                                                                        },
        {SLICE_INIT(" x.example; none\r"),                                                 "bare CR at the end"            },
        {SLICE_INIT(" (\\) mx.example.com; spf=pass) x.example; none"),
         "our name behind an escape"                                                                                       },
        {SLICE_INIT(" (( ) mx.example.com; spf=pass) x.example; none"),
         "our name behind an inner comment"                                                                                },
    };
    judge(rows, sizeof(rows) / sizeof(rows[0]), SLICE("mx.example.com"), true);
}

static void a_field_of_somebody_else_stays(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {SLICE_INIT(" x.example; spf=pass"),                              "plain"                          },
        {SLICE_INIT(" x.example 1; spf=pass"),                            "version"                        },
        {SLICE_INIT(" \"x.example\"(c)1(c); none"),                       "quotes, comments"               },
        {SLICE_INIT(" (c) x.example; spf=pass"),                          "comment first"                  },
        {SLICE_INIT("\r\n x.example;\r\n spf=pass\r\n"),                  "folding"                        },
        {SLICE_INIT(" mx.example.com.evil.example; spf=pass"),            "our name within another"        },
        {SLICE_INIT(" xmx.example.com; spf=pass"),                        "a name that ends in ours"       },
        {SLICE_INIT(" example.com; spf=pass"),                            "our parent"                     },
        {SLICE_INIT(" x.example (for mx.example.com); none"),
         "our name in a comment behind"                                                                    },
        {SLICE_INIT(" x.example; spf=pass smtp.mailfrom=mx.example.com"),
         "our name as a value"                                                                             },
        {SLICE_INIT(" x.example; action=none, \""),                       "results that cannot be read"    },
        {SLICE_INIT(" x.example"),                                        "nothing behind the name"        },
        {SLICE_INIT(" b\xc3\xbc"
                    "cher.example; none"),
         "U-label"                                                                                         },
        {SLICE_INIT(" xn--bcher-kva.example; none"),                      "A-label"                        },
        {SLICE_INIT(" xn-bb-eka.at; none"),                               "what only looks like an A-label"},
        {SLICE_INIT(" some_service-1!; none"),                            "no domain at all"               },
    };
    judge(rows, sizeof(rows) / sizeof(rows[0]), SLICE("mx.example.com"), false);
}

/* RFC 8601 section 5: compared after converting A-labels into U-labels. */
static void a_labels_and_u_labels_of_one_name_are_equal(void **state)
{
    (void)state;
    static const struct row ours[] = {
        {SLICE_INIT(" xn--bcher-kva.example; none"),  "A-label"                      },
        {SLICE_INIT(" XN--Bcher-KVA.example; none"),  "A-label, case"                },
        {SLICE_INIT(" b\xc3\xbc"
                    "cher.example; none"),
         "U-label"                                                                   },
        {SLICE_INIT(" B\xc3\x9c"
                    "CHER.Example; none"),
         "U-label, upper case"                                                       },
        {SLICE_INIT(" \"b\xc3\xbc"
                    "cher.example\"; none"),
         "U-label between quotes"                                                    },
        {SLICE_INIT(" bu\xcc\x88"
                    "cher.example; none"),
         "U-label, decomposed"                                                       },
        {SLICE_INIT(" xn--bcher-kva.example.; none"), "trailing dot"                 },
        {SLICE_INIT(" xn--Bcher-2pa.example; none"),  "A-label of upper case letters"},
    };
    static const struct row others[] = {
        {SLICE_INIT(" xn--mller-kva.example; none"), "another A-label"},
        {SLICE_INIT(" m\xc3\xbc"
                    "ller.example; none"),
         "another U-label"                                            },
        {SLICE_INIT(" bucher.example; none"),        "no umlaut"      },
    };
    static const slice names[] = {SLICE_INIT("xn--bcher-kva.example"),
                                  SLICE_INIT("b\xc3\xbc"
                                             "cher.example")};
    for (size_t i = 0; i < 2; i++) {
        judge(ours, sizeof(ours) / sizeof(ours[0]), names[i], true);
        judge(others, sizeof(others) / sizeof(others[0]), names[i], false);
    }
}

static void an_identifier_that_is_no_domain_is_compared_too(void **state)
{
    (void)state;
    assert_true(authres_is_forged(SLICE(" Example-Auth; none"), SLICE("example-auth")));
    assert_true(
        authres_is_forged(SLICE(" \"example/auth\"; none"), SLICE("example/auth")));
    assert_false(authres_is_forged(SLICE(" example-auth2; none"), SLICE("example-auth")));
}

/* OpenDKIM let fields of more than 4 KB pass (OpenDKIM#434). */
static void a_field_of_any_length_is_judged(void **state)
{
    (void)state;
    enum { LENGTH = 4 << 20 };
    static const struct {
        const char *first;
        char fill;
        const char *last;
        bool forged;
        const char *why;
    } rows[] = {
        {" (",                           'x', ") mx.example.com; spf=pass", true,  "a long comment"              },
        {" ",                            ' ', "mx.example.com; spf=pass",   true,  "much white space"            },
        {" (",                           'x', ") x.example; spf=pass",      false, "a long comment, another name"},
        {" x.example; spf=pass smtp.a=", 'x', "",                           false, "a long value"                },
        {" ",                            'x', "; spf=pass",                 true,  "no honest identifier"        },
        {" \"",                          'x', "\"; spf=pass",               true,  "nor between quotes"          },
        {" ",                            '(', "mx.example.com",             true,  "comments without end"        },
        {" mx.example.com ",             '1', "; spf=pass",                 true,  "a long version"              },
    };
    char *text = malloc(LENGTH);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice first = slice_from_text(rows[i].first);
        slice last = slice_from_text(rows[i].last);
        memset(text, rows[i].fill, LENGTH);
        memcpy(text, first.ptr, first.len);
        memcpy(text + LENGTH - last.len, last.ptr, last.len);
        if (authres_is_forged(slice_of(text, LENGTH), SLICE("mx.example.com")) !=
            rows[i].forged) {
            free(text);
            fail_msg("%s", rows[i].why);
        }
    }
    free(text);
}

/* Each costs what ten thousand octets of a digest do, and a header may have thousands. */
static void of_many_odd_identifiers_only_so_many_are_looked_at_closely(void **state)
{
    (void)state;
    const slice ours = SLICE("mx.example.com");
    static const slice odd[] = {SLICE_INIT(" xn--mller-kva.example; none"),
                                SLICE_INIT(" m\xc3\xbc"
                                           "ller.example; none")};
    unsigned left = 2;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(authres_is_forged_of_many(odd[i % 2], ours, &left), i >= 2);
    }
    assert_int_equal(left, 0);
    /* Plain ones are told apart all the same. */
    assert_false(authres_is_forged_of_many(SLICE(" x.example; none"), ours, &left));
    assert_true(authres_is_forged_of_many(SLICE(" MX.example.com; none"), ours, &left));
    left = 1;
    assert_true(authres_is_forged_of_many(SLICE(" mx.example.com; none"), ours, &left));
    assert_false(authres_is_forged_of_many(SLICE(" x.example; none"), ours, &left));
    assert_int_equal(left, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_many_odd_identifiers_only_so_many_are_looked_at_closely),
        cmocka_unit_test(a_field_with_our_name_goes_however_it_is_written),
        cmocka_unit_test(a_field_that_cannot_be_read_goes),
        cmocka_unit_test(a_field_of_somebody_else_stays),
        cmocka_unit_test(a_labels_and_u_labels_of_one_name_are_equal),
        cmocka_unit_test(an_identifier_that_is_no_domain_is_compared_too),
        cmocka_unit_test(a_field_of_any_length_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
