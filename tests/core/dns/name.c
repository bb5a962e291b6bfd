/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(1024 * 1024);
    return arena == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void a_name_has_one_form(void **state)
{
    (void)state;
    static const struct {
        slice text;
        slice form; /* NULL ptr: refused */
        const char *why;
    } rows[] = {
        {SLICE_INIT("example.org"),                   SLICE_INIT("example.org"),               "as it is"              },
        {SLICE_INIT("Example.ORG"),                   SLICE_INIT("example.org"),               "upper case"            },
        {SLICE_INIT("example.org."),                  SLICE_INIT("example.org"),               "trailing dot"          },
        {SLICE_INIT("a b\xff\x01.x"),                 SLICE_INIT("a b\xff\x01.x"),             "octets as they are"    },
        {SLICE_INIT("\xc3\x84.x"),                    SLICE_INIT("\xc3\x84.x"),                "only ASCII folds"      },
        {SLICE_INIT("x"),                             SLICE_INIT("x"),                         "one label"             },
        {SLICE_INIT(L63 ".x"),                        SLICE_INIT(L63 ".x"),                    "label of 63"           },
        {SLICE_INIT(L63 "." L63 "." L63 "." L61),     SLICE_INIT(L63 "." L63 "." L63 "." L61),
         "253 octets"                                                                                                  },
        {SLICE_INIT(L63 "." L63 "." L63 "." L61 "."),
         SLICE_INIT(L63 "." L63 "." L63 "." L61),                                              "253 octets and the dot"},
        {SLICE_INIT(L63 "." L63 "." L63 "." L61 "a"), {NULL, 0},                               "254 octets"            },
        {SLICE_INIT(L63 "a.x"),                       {NULL, 0},                               "label of 64"           },
        {SLICE_INIT(""),                              {NULL, 0},                               "empty"                 },
        {SLICE_INIT("."),                             {NULL, 0},                               "the root"              },
        {SLICE_INIT(".."),                            {NULL, 0},                               "dots alone"            },
        {SLICE_INIT(".example.org"),                  {NULL, 0},                               "empty label first"     },
        {SLICE_INIT("example..org"),                  {NULL, 0},                               "empty label between"   },
        {SLICE_INIT("example.org.."),                 {NULL, 0},                               "two dots at the end"   },
        {SLICE_INIT("a\0b.x"),                        {NULL, 0},                               "NUL"                   },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice out = SLICE_NONE;
        enum yett_err err = dns_name_normalize(arena, rows[i].text, &out);
        bool refused = rows[i].form.ptr == NULL;
        if (err != (refused ? YETT_BAD_SYNTAX : YETT_OK) ||
            !slice_eq(out, rows[i].form)) {
            fail_msg("%s: %.*s", rows[i].why, SLICE_ARG(out));
        }
    }
    assert_int_equal(dns_name_normalize(arena, SLICE_NONE, &(slice){0}), YETT_BAD_SYNTAX);
}

static void a_name_in_form_is_not_copied(void **state)
{
    (void)state;
    slice text = SLICE("example.org.");
    slice out;
    assert_int_equal(dns_name_normalize(arena, text, &out), YETT_OK);
    assert_ptr_equal(out.ptr, text.ptr);
}

static void a_wire_name_becomes_text_or_is_refused(void **state)
{
    (void)state;
    static const struct {
        slice wire;
        slice text;
        enum yett_err err;
        const char *why;
    } rows[] = {
        {SLICE_INIT("\7Example\3ORG\0"),                              SLICE_INIT("example.org"), YETT_OK,         "folded"               },
        {SLICE_INIT("\0"),                                            SLICE_INIT(""),            YETT_OK,         "the root"             },
        {SLICE_INIT("\1 \0"),                                         SLICE_INIT(" "),           YETT_OK,         "any octet"            },
        {SLICE_INIT("\77" L63 "\77" L63 "\77" L63 "\75" L61 "\0"),
         SLICE_INIT(L63 "." L63 "." L63 "." L61),                                                YETT_OK,         "255 octets"           },
        {SLICE_INIT("\77" L63 "\77" L63 "\77" L63 "\75" L61 "\1a\0"), SLICE_INIT(""),
         YETT_BAD_SYNTAX,                                                                                         "257 octets"           },
        {SLICE_INIT("\77" L63 "\77" L63 "\77" L63 "\76" L61 "a"),     SLICE_INIT(""),
         YETT_BAD_SYNTAX,                                                                                         "255 octets and no end"},
        {SLICE_INIT(""),                                              SLICE_INIT(""),            YETT_BAD_SYNTAX, "nothing"              },
        {SLICE_INIT("\3org"),                                         SLICE_INIT(""),            YETT_BAD_SYNTAX, "no end"               },
        {SLICE_INIT("\4org\0"),                                       SLICE_INIT(""),            YETT_BAD_SYNTAX,
         "the end inside a label"                                                                                                        },
        {SLICE_INIT("\5org"),                                         SLICE_INIT(""),            YETT_BAD_SYNTAX, "label over the end"   },
        {SLICE_INIT("\3org\0x"),                                      SLICE_INIT(""),            YETT_BAD_SYNTAX, "octets behind"        },
        {SLICE_INIT("\3a.b\0"),                                       SLICE_INIT(""),            YETT_BAD_SYNTAX, "dot in a label"       },
        {SLICE_INIT("\3a\0b\0"),                                      SLICE_INIT(""),            YETT_BAD_SYNTAX, "NUL in a label"       },
        {SLICE_INIT("\3org\300\0"),                                   SLICE_INIT(""),            YETT_BAD_SYNTAX, "compression"          },
        {SLICE_INIT("\100" L63 "a\0"),                                SLICE_INIT(""),            YETT_BAD_SYNTAX, "label type 01"        },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice out = SLICE_NONE;
        enum yett_err err = dns_name_from_wire(arena, rows[i].wire, &out);
        if (err != rows[i].err || !slice_eq(out, rows[i].text)) {
            fail_msg("%s: %.*s", rows[i].why, SLICE_ARG(out));
        }
    }
}

static void types_and_statuses_have_words(void **state)
{
    (void)state;
    assert_string_equal(dns_type_text(DNS_AAAA), "AAAA");
    assert_string_equal(dns_type_text(DNS_TXT), "TXT");
    assert_string_equal(dns_status_text(DNS_NXDOMAIN), "NXDOMAIN");
    assert_string_equal(dns_status_text(DNS_TIMED_OUT), "timed out");
}

static void failures_leave_a_question_open(void **state)
{
    (void)state;
    static const struct {
        enum dns_status status;
        bool is_open;
    } rows[] = {
        {DNS_FOUND,     false},
        {DNS_NODATA,    false},
        {DNS_NXDOMAIN,  false},
        {DNS_SERVFAIL,  true },
        {DNS_TIMED_OUT, true },
        {DNS_BOGUS,     true },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dns_answer answer = {.status = rows[i].status};
        assert_int_equal(dns_is_open(&answer), rows[i].is_open);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_one_form),
        cmocka_unit_test(a_name_in_form_is_not_copied),
        cmocka_unit_test(a_wire_name_becomes_text_or_is_refused),
        cmocka_unit_test(types_and_statuses_have_words),
        cmocka_unit_test(failures_leave_a_question_open),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
