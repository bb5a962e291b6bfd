/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "core/message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(64 * 1024 * 1024);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define IN(literal) SLICE_INIT(literal)
#define FFFD        "\xef\xbf\xbd"

struct row {
    const char *why;
    slice value;
    slice expected;
};

static const struct row rows[] = {
    {"plain",                                                 IN(" Hello, world "),                                IN("Hello, world")       },
    {"empty",                                                 IN(""),                                              IN("")                   },
    {"only white space",                                      IN(" \r\n\t "),                                      IN("")                   },
    {"folded",                                                IN(" a\r\n b\r\n\tc"),                               IN("a b c")              },
    {"Q",                                                     IN("=?utf-8?Q?J=C3=BCrgen?="),                       IN("J\xc3\xbcrgen")      },
    {"B",                                                     IN("=?UTF-8?B?SsO8cmdlbg==?="),                      IN("J\xc3\xbcrgen")      },
    {"B without padding",                                     IN("=?utf-8?b?SsO8cmdlbg?="),                        IN("J\xc3\xbcrgen")      },
    {"underscore is a space",                                 IN("=?us-ascii?q?a_b=5Fc?="),                        IN("a b_c")              },
    {"lower-case hexadecimal digits",                         IN("=?utf-8?q?=c3=bc?="),                            IN("\xc3\xbc")           },
    {"a language (RFC 2231)",                                 IN("=?utf-8*de?q?=C3=BC?="),                         IN("\xc3\xbc")           },
    {"ISO-8859-1",                                            IN("=?iso-8859-1?q?J=FCrgen?="),                     IN("J\xc3\xbcrgen")      },
    {"ISO-8859-15",                                           IN("=?ISO-8859-15?q?=A4=A6=BD=E9?="),
     IN("\xe2\x82\xac\xc5\xa0\xc5\x93\xc3\xa9")                                                                                             },
    {"windows-1252",                                          IN("=?windows-1252?q?=80=93x=94?="),
     IN("\xe2\x82\xac\xe2\x80\x9cx\xe2\x80\x9d")                                                                                            },
    {"what windows-1252 does not have",                       IN("=?windows-1252?q?a=81b?="),                      IN("a" FFFD "b")         },
    {"C1 controls of ISO-8859-15",                            IN("=?iso-8859-15?q?a=85b?="),                       IN("a" FFFD "b")         },
    {"others stay",                                           IN("=?koi8-r?b?8A==?= x"),                           IN("=?koi8-r?b?8A==?= x")},
    {"another encoding stays",                                IN("=?utf-8?x?abc?="),                               IN("=?utf-8?x?abc?=")    },
    {"space between encoded words goes (RFC 2047 section 8)",
     IN("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?="),                                                                  IN("ab")                 },
    {"any amount of it",                                      IN("=?ISO-8859-1?Q?a?=  \r\n\t =?ISO-8859-1?Q?b?="), IN("ab")                 },
    {"space before text stays",                               IN("=?ISO-8859-1?Q?a?= b"),                          IN("a b")                },
    {"space behind text stays",                               IN("a =?ISO-8859-1?Q?b?="),                          IN("a b")                },
    {"encoded space",                                         IN("=?ISO-8859-1?Q?a_?= =?ISO-8859-1?Q?b?="),        IN("a b")                },
    {"space before a bad encoded word stays",                 IN("=?utf-8?q?a?= =?utf-8?q?=x?="),
     IN("a =?utf-8?q?=x?=")                                                                                                                 },
    {"a character over two words",                            IN("=?utf-8?q?=C3?= =?utf-8?q?=BC?="),               IN("\xc3\xbc")           },
    {"but not over two charsets",                             IN("=?utf-8?q?=C3?= =?iso-8859-1?q?=BC?="),
     IN(FFFD "\xc2\xbc")                                                                                                                    },
    {"nor over text",                                         IN("=?utf-8?q?=C3?= - =?utf-8?q?=BC?="),             IN(FFFD " - " FFFD)      },
    {"next to text",                                          IN("(=?utf-8?q?a?=)b"),                              IN("(a)b")               },
    {"next to each other",                                    IN("=?utf-8?q?a?==?utf-8?q?b?="),                    IN("ab")                 },
    {"longer than 75 octets",
     IN("=?utf-8?q?"
        "0123456789012345678901234567890123456789012345678901234567890123456789?="),
     IN("0123456789012345678901234567890123456789012345678901234567890123456789")                                                           },
    {"a space within is no encoded word",                     IN("=?utf-8?q?a b?="),                               IN("=?utf-8?q?a b?=")    },
    {"half an escape",                                        IN("=?utf-8?q?a=4?="),                               IN("=?utf-8?q?a=4?=")    },
    {"bad base64",                                            IN("=?utf-8?b?a-b?="),                               IN("=?utf-8?b?a-b?=")    },
    {"no end",                                                IN("=?utf-8?q?a"),                                   IN("=?utf-8?q?a")        },
    {"empty encoded text",
     IN("=?utf-8?q?"
        "?="),
     IN("")                                                                                                                                 },
    {"just the beginning",                                    IN("=?"),                                            IN("=?")                 },
    {"beginning upon beginning",                              IN("=?=?utf-8?q?a?="),                               IN("=?a")                },
    {"UTF-8 as it is",                                        IN("J\xc3\xbcrgen \xf0\x9f\x98\x80"),
     IN("J\xc3\xbcrgen \xf0\x9f\x98\x80")                                                                                                   },
    {"not UTF-8",                                             IN("J\xfcrgen"),                                     IN("J" FFFD "rgen")      },
    {"overlong UTF-8",                                        IN("\xc0\xaf"),                                      IN(FFFD FFFD)            },
    {"NUL",                                                   IN("a\0b"),                                          IN("a" FFFD "b")         },
    {"controls in encoded words",                             IN("=?utf-8?q?a=0D=0ABcc:_x=1B[2J?="),
     IN("a" FFFD FFFD "Bcc: x" FFFD "[2J")                                                                                                  },
    {"C1 controls in UTF-8",
     IN("a\xc2\x9b"
        "b"),
     IN("a" FFFD "b")                                                                                                                       },
    {"a bare LF",                                             IN("a\nb"),                                          IN("a" FFFD "b")         },
    {"a tab",                                                 IN("a\tb"),                                          IN("a b")                },
};

static void field_text_becomes_readable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice out = SLICE_NONE;
        assert_int_equal(message_display_text(arena, rows[i].value, &out), YETT_OK);
        if (!slice_eq(out, rows[i].expected)) {
            fail_msg("%s: %.*s", rows[i].why, SLICE_ARG(out));
        }
        assert_true(utf8_is_valid(out));
    }
}

static void unfolding_takes_line_ends_and_nothing_else(void **state)
{
    (void)state;
    static const struct row unfold[] = {
        {"plain",                         IN(" <a@b> "),         IN("<a@b>")        },
        {"folded",                        IN("\r\n <a@b>\r\n "), IN("<a@b>")        },
        {"white space of the fold stays", IN("a\r\n \t b"),      IN("a \t b")       },
        {"bare line ends stay",           IN("a\rb\nc"),         IN("a\rb\nc")      },
        {"octets stay",                   IN("a\xff\0b"),        IN("a\xff\0b")     },
        {"encoded words stay",            IN("=?utf-8?q?a?="),   IN("=?utf-8?q?a?=")},
    };
    for (size_t i = 0; i < sizeof(unfold) / sizeof(unfold[0]); i++) {
        slice out = SLICE_NONE;
        assert_int_equal(message_unfold(arena, unfold[i].value, &out), YETT_OK);
        if (!slice_eq(out, unfold[i].expected)) {
            fail_msg("%s: %.*s", unfold[i].why, SLICE_ARG(out));
        }
    }
}

static void long_hostile_text_takes_linear_time(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "=?",    "=?a",  "=?a?",          "=?utf-8?q?",
        "?=",    "\xff", "=?utf-8?q?a?=", "=?utf-8?b?x?= ",
        "\r\n ", " ",    "=?utf-8?q?=?= "};
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct arena_mark mark = arena_mark(arena);
        struct buf buf;
        buf_init(&buf, arena, 2 * 1024 * 1024);
        while (buf.len < 1900000) {
            buf_add_text(&buf, patterns[i]);
        }
        slice out = SLICE_NONE;
        assert_int_equal(message_display_text(arena, buf_slice(&buf), &out), YETT_OK);
        assert_true(out.len <= 3 * buf.len);
        arena_rewind(arena, mark);
    }
}

/* ---- line ends of stored mail --------------------------------------------------------- */

static void collect(void *context, slice bytes)
{
    assert_true(bytes.len != 0);
    buf_add(context, bytes);
}

static void the_first_line_end_decides_for_all(void **state)
{
    (void)state;
    static const struct row endings[] = {
        {"LF",                              IN("a\nb\n\nc\n"),         IN("a\r\nb\r\n\r\nc\r\n")},
        {"CRLF",                            IN("a\r\nb\r\n\r\nc\r\n"), IN("a\r\nb\r\n\r\nc\r\n")},
        {"CRLF first, bare LF later stays", IN("a\r\nb\nc\r\n"),       IN("a\r\nb\nc\r\n")      },
        {"LF first, CRLF later stays",      IN("a\nb\r\nc\n"),         IN("a\r\nb\r\nc\r\n")    },
        {"LF first, bare CR stays",         IN("a\nb\rc\n"),           IN("a\r\nb\rc\r\n")      },
        {"bare CR in the first line",       IN("a\rb\nc\n"),           IN("a\rb\r\nc\r\n")      },
        {"an empty first line",             IN("\nb\n"),               IN("\r\nb\r\n")          },
        {"an empty first line with CRLF",   IN("\r\nb\n"),             IN("\r\nb\n")            },
        {"CR LF LF",                        IN("a\n\r\n\nb"),          IN("a\r\n\r\n\r\nb")     },
        {"no end at the end",               IN("a\nb"),                IN("a\r\nb")             },
        {"no line end at all",              IN("a"),                   IN("a")                  },
        {"CR at the end",                   IN("a\nb\r"),              IN("a\r\nb\r")           },
        {"empty",                           IN(""),                    IN("")                   },
        {"NUL",                             IN("\0\n\0"),              IN("\0\r\n\0")           },
    };
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        const struct row *row = &endings[i];
        for (size_t step = 1; step <= row->value.len + 1; step++) {
            struct message_newline newline;
            struct buf buf;
            buf_init(&buf, arena, 4096);
            message_newline_init(&newline, collect, &buf);
            for (size_t at = 0; at < row->value.len; at += step) {
                message_newline_feed(&newline, slice_between(row->value, at, at + step));
                message_newline_feed(&newline, SLICE_NONE);
            }
            message_newline_finish(&newline);
            if (!slice_eq(buf_slice(&buf), row->expected)) {
                fail_msg("%s in pieces of %zu", row->why, step);
            }
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(field_text_becomes_readable),
        TEST(unfolding_takes_line_ends_and_nothing_else),
        TEST(long_hostile_text_takes_linear_time),
        TEST(the_first_line_end_decides_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
