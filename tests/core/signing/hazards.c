/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signing/signing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* What would break a signature on the way out. */

enum {
    LONG = 1 << SIGNING_LONG_LINE,
    BARE = 1 << SIGNING_BARE_NEWLINE,
    EIGHT = 1 << SIGNING_EIGHT_BIT,
    DATE = 1 << SIGNING_NO_DATE,
    ID = 1 << SIGNING_NO_MESSAGE_ID,
    FROM = 1 << SIGNING_SEVERAL_FROM
};

static int setup(void **state)
{
    *state = arena_new(1 << 24);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

/* What is found when the body comes in pieces of so many octets. */
static unsigned scan_pieces(slice body, size_t piece)
{
    struct signing_scan scan = {0};
    while (body.len != 0) {
        signing_scan_body(&scan, slice_first(body, piece));
        body = slice_skip(body, piece);
    }
    signing_scan_end(&scan);
    return scan.found;
}

static void bodies_are_scanned_wherever_they_are_cut(void **state)
{
    static const struct {
        slice body;
        unsigned found;
        const char *why;
    } cases[] = {
        {SLICE_INIT(""),               0,            "empty"                   },
        {SLICE_INIT("a\r\nb\r\n"),     0,            "plain lines"             },
        {SLICE_INIT("a\r\nb"),         0,            "no line end at the end"  },
        {SLICE_INIT("a\nb\r\n"),       BARE,         "LF alone"                },
        {SLICE_INIT("\n"),             BARE,         "only LF"                 },
        {SLICE_INIT("a\rb\r\n"),       BARE,         "CR alone"                },
        {SLICE_INIT("a\r\r\n"),        BARE,         "CR before a line end"    },
        {SLICE_INIT("a\r"),            BARE,         "CR at the end"           },
        {SLICE_INIT("\r\n\r\n"),       0,            "empty lines"             },
        {SLICE_INIT("gr\xc3\xbc\xc3\x9f"
                    "e\r\n"),
         EIGHT,                                      "UTF-8"                   },
        {SLICE_INIT("1234567\x80"),    EIGHT,        "the last octet of a word"},
        {SLICE_INIT("12345678\x80"),   EIGHT,        "the octet behind a word" },
        {SLICE_INIT("\xff\n"),         EIGHT | BARE, "two at once"             },
        {SLICE_INIT("\0\r\n"),         0,            "NUL is none of these"    },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t piece = 1; piece <= cases[i].body.len + 1; piece++) {
            unsigned found = scan_pieces(cases[i].body, piece);
            if (found != cases[i].found) {
                fail_msg("%s, in pieces of %zu: %x, wanted %x", cases[i].why, piece,
                         found, cases[i].found);
            }
        }
    }
}

static void a_line_of_998_octets_is_not_too_long(void **state)
{
    static const struct {
        size_t octets;
        const char *behind;
        unsigned found;
    } cases[] = {
        {998,  "\r\n",    0          },
        {999,  "\r\n",    LONG       },
        {998,  "",        0          },
        {999,  "",        LONG       },
        {998,  "\n\r\n",  LONG | BARE},
        {998,  "\ra\r\n", LONG | BARE},
        {5000, "\r\n",    LONG       },
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf buf;
        buf_init(&buf, arena, 10000);
        buf_add_text(&buf, "short\r\n");
        for (size_t j = 0; j < cases[i].octets; j++) {
            buf_add_byte(&buf, 'x');
        }
        buf_add_text(&buf, cases[i].behind);
        static const size_t pieces[] = {1, 7, 500, 998, 999, 1000, 1005, 1006, 9000};
        for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
            unsigned found = scan_pieces(buf_slice(&buf), pieces[j]);
            if (found != cases[i].found) {
                fail_msg("case %zu, in pieces of %zu: %x", i, pieces[j], found);
            }
        }
    }
}

static unsigned scan_header(struct arena *arena, slice text)
{
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    struct message_header header;
    struct message_from from;
    struct signing_scan scan = {0};
    bool done;
    assert_non_null(parser);
    assert_int_equal(message_parser_feed(parser, &text, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
    assert_int_equal(message_read_from(arena, &header, &from), YETT_OK);
    signing_scan_header(&scan, &header, &from);
    return scan.found;
}

#define WHOLE "From: a@example.com\r\nDate: today\r\nMessage-ID: <1@example.com>\r\n"

static void headers_are_scanned(void **state)
{
    static const struct {
        const char *text;
        unsigned found;
        const char *why;
    } cases[] = {
        {WHOLE "\r\n",                                       0,         "all there"       },
        {"From: a@example.com\r\nmessage-id: <1@a>\r\n\r\n", DATE,      "no Date"         },
        {"From: a@example.com\r\nDATE: today\r\n\r\n",       ID,        "no Message-ID"   },
        {"From: a@example.com\r\n\r\n",                      DATE | ID, "neither"         },
        {WHOLE "From: b@example.com\r\n\r\n",                FROM,      "two From fields" },
        {WHOLE "Subject: gr\xc3\xbc"
               "n\r\n\r\n",                         EIGHT,     "UTF-8 in a field"},
        {WHOLE "Subject: a\rb\r\n\r\n",                      BARE,      "CR in a field"   },
        {WHOLE "Subject: a\nb\r\n\r\n",                      BARE,      "LF in a field"   },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned found = scan_header(*state, slice_from_text(cases[i].text));
        if (found != cases[i].found) {
            fail_msg("%s: %x, wanted %x", cases[i].why, found, cases[i].found);
        }
    }
}

static void a_folded_field_may_be_longer_than_a_line(void **state)
{
    static const struct {
        size_t first, second;
        unsigned found;
    } cases[] = {
        {900,                    90,  0   },
        {998 - sizeof("X:") + 1, 997, 0   },
        {999 - sizeof("X:") + 1, 9,   LONG},
        {9,                      998, LONG},
        {9,                      997, 0   },
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf buf;
        buf_init(&buf, arena, 10000);
        buf_add_text(&buf, WHOLE "X:");
        for (size_t j = 0; j < cases[i].first; j++) {
            buf_add_byte(&buf, 'x');
        }
        buf_add_text(&buf, "\r\n ");
        for (size_t j = 0; j < cases[i].second; j++) {
            buf_add_byte(&buf, 'x');
        }
        buf_add_text(&buf, "\r\n\r\n");
        unsigned found = scan_header(arena, buf_slice(&buf));
        if (found != cases[i].found) {
            fail_msg("case %zu: %x", i, found);
        }
    }
}

static void the_harshest_setting_decides(void **state)
{
    static const struct {
        unsigned found;
        enum config_on_hazard action;
        enum signing_hazard hazard;
    } cases[] = {
        {0,            CONFIG_HAZARD_SIGN,     SIGNING_HAZARDS      },
        {LONG,         CONFIG_HAZARD_REPAIR,   SIGNING_LONG_LINE    },
        {LONG | EIGHT, CONFIG_HAZARD_SIGN,     SIGNING_EIGHT_BIT    },
        {BARE | EIGHT, CONFIG_HAZARD_REJECT,   SIGNING_BARE_NEWLINE },
        {DATE | EIGHT, CONFIG_HAZARD_UNSIGNED, SIGNING_NO_DATE      },
        {ID,           CONFIG_HAZARD_REPAIR,   SIGNING_NO_MESSAGE_ID},
    };
    struct config config;
    (void)state;
    config_init(&config);
    config.signing.on_bare_newline = CONFIG_HAZARD_REJECT;
    config.signing.on_missing_date = CONFIG_HAZARD_UNSIGNED;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signing_scan scan = {.found = cases[i].found};
        enum signing_hazard hazard = SIGNING_LONG_LINE;
        assert_int_equal(signing_judge_scan(&config.signing, &scan, &hazard),
                         cases[i].action);
        assert_int_equal(hazard, cases[i].hazard);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(bodies_are_scanned_wherever_they_are_cut),
        TEST(a_line_of_998_octets_is_not_too_long),
        TEST(headers_are_scanned),
        TEST(a_folded_field_may_be_longer_than_a_line),
        TEST(the_harshest_setting_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
