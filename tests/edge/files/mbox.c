/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/files/mbox.h"

#include "core/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/*
 * What the splitter says of `text` when it comes in pieces of `piece` octets: each From_ line
 * in angle brackets, then the octets of its message.
 */
static slice split(struct arena *arena, slice text, size_t piece)
{
    struct mbox mbox;
    struct buf said;
    slice out = SLICE_NONE;

    mbox_init(&mbox);
    buf_init(&said, arena, 1 << 20);
    while (true) {
        slice in = slice_first(text, piece);
        text = slice_skip(text, piece);
        enum mbox_event event;
        while ((event = mbox_next(&mbox, &in, text.len == 0, &out)) != MBOX_NEEDS_INPUT) {
            if (event == MBOX_END) {
                assert_int_equal(in.len, 0);
                assert_int_equal(buf_err(&said), YETT_OK);
                return buf_slice(&said);
            }
            buf_add_text(&said, event == MBOX_FROM_LINE ? "<" : "");
            buf_add(&said, out);
            buf_add_text(&said, event == MBOX_FROM_LINE ? ">" : "");
        }
        assert_int_equal(in.len, 0);
    }
}

#define DATE "Tue Nov 24 02:35:00 2026"

static void lines_frame_messages_or_do_not(void **state)
{
    (void)state;
    static const struct {
        slice text;
        slice said;
        const char *why;
    } rows[] = {
        {SLICE_INIT("From a@b " DATE "\nX: 1\n\nhi\n\n"),
         SLICE_INIT("<a@b " DATE ">X: 1\n\nhi\n"),
         "one message; the empty line behind it is the mbox's"                                                                                                      },
        {SLICE_INIT("From a " DATE "\nX: 1\n\nhi\n\nFrom b " DATE "\nX: 2\n\nho\n\n"),
         SLICE_INIT("<a " DATE ">X: 1\n\nhi\n<b " DATE ">X: 2\n\nho\n"),                                                      "two messages"                        },
        {SLICE_INIT("From a " DATE "\r\nX: 1\r\n\r\nhi\r\n\r\nFrom b " DATE "\r\nY\r\n"),
         SLICE_INIT("<a " DATE ">X: 1\r\n\r\nhi\r\n<b " DATE ">Y\r\n"),
         "CRLF throughout"                                                                                                                                          },
        {SLICE_INIT("From a " DATE "\nX\n\nhi"),                                           SLICE_INIT("<a " DATE ">X\n\nhi"),
         "no line end at the end"                                                                                                                                   },
        {SLICE_INIT("From a " DATE "\nX\n\nhi\n\n\n\n"),
         SLICE_INIT("<a " DATE ">X\n\nhi\n\n\n"),                                                                             "only one empty line is the mbox's"   },
        {SLICE_INIT("From a " DATE "\nX\n\nhi\nFrom b " DATE "\n"),
         SLICE_INIT("<a " DATE ">X\n\nhi\nFrom b " DATE "\n"),                                                                "no empty line before it"             },
        {SLICE_INIT("From a " DATE "\nX\n\nFrom what I hear, 2026 is fine\n"),
         SLICE_INIT("<a " DATE ">X\n\nFrom what I hear, 2026 is fine\n"),
         "a sentence: no time"                                                                                                                                      },
        {SLICE_INIT("From a " DATE "\nX\n\nFrom 12:30 on\n"),
         SLICE_INIT("<a " DATE ">X\n\nFrom 12:30 on\n"),                                                                      "a sentence: no year"                 },
        {SLICE_INIT("From a " DATE "\nX\n\nFrom home\n"),
         SLICE_INIT("<a " DATE ">X\n\nFrom home\n"),                                                                          "a word that is no address"           },
        {SLICE_INIT("From a " DATE "\nX\n\nFrom b@example.org\nY\n"),
         SLICE_INIT("<a " DATE ">X\n<b@example.org>Y\n"),                                                                     "an address alone is enough"          },
        {SLICE_INIT("From a " DATE "\nX\n\nFrom - Sat Jan 03 01:05:34 1996\nY\n"),
         SLICE_INIT("<a " DATE ">X\n<- Sat Jan 03 01:05:34 1996>Y\n"),
         "Mozilla's sender"                                                                                                                                         },
        {SLICE_INIT("From a " DATE
                    "\nX\n\nFrom 17@xxx Mon Jan 01 00:00:00 +0000 2024\nY\n"),
         SLICE_INIT("<a " DATE ">X\n<17@xxx Mon Jan 01 00:00:00 +0000 2024>Y\n"),
         "Takeout's zone before the year"                                                                                                                           },
        {SLICE_INIT("From nobody\nX\n\nhi\n"),                                             SLICE_INIT("<nobody>X\n\nhi\n"),
         "the first line begins a message whatever it holds"                                                                                                        },
        {SLICE_INIT("From a " DATE "\nX\n\n>From me\n>>From you\n> From\n>Fro\n>>\n"),
         SLICE_INIT("<a " DATE ">X\n\nFrom me\n>From you\n> From\n>Fro\n>>\n"),
         "one '>' is taken off (mboxrd)"                                                                                                                            },
        {SLICE_INIT("From a " DATE "\nContent-Length: 4\n\nabcd\n\nFrom b " DATE "\nY\n"),
         SLICE_INIT("<a " DATE ">Content-Length: 4\n\nabcd\n<b " DATE ">Y\n"),
         "Content-Length that is right"                                                                                                                             },
        {SLICE_INIT("From a " DATE "\nContent-Length: 9999\n\nabcd\n\nFrom b " DATE
                    "\nY\n"),
         SLICE_INIT("<a " DATE ">Content-Length: 9999\n\nabcd\n<b " DATE ">Y\n"),
         "Content-Length that would swallow the next message is ignored"                                                                                            },
        {SLICE_INIT("From a " DATE "\n\nFrom b " DATE "\n\nFrom c " DATE "\n"),
         SLICE_INIT("<a " DATE "><b " DATE "><c " DATE ">"),                                                                  "messages without an octet"           },
        {SLICE_INIT("From a " DATE),                                                       SLICE_INIT("<a " DATE ">"),
         "ends within the From_ line"                                                                                                                               },
        {SLICE_INIT("From a " DATE "\nX\n\nFrom b 1"),
         SLICE_INIT("<a " DATE ">X\n\nFrom b 1"),
         "ends within what could have become a From_ line"                                                                                                          },
        {SLICE_INIT("From a " DATE "\nX\n\rFrom b " DATE "\n"),
         SLICE_INIT("<a " DATE ">X\n\rFrom b " DATE "\n"),                                                                    "a bare CR is no empty line"          },
        {SLICE_INIT("From a " DATE "\nX\n\r\n\rY\n"),
         SLICE_INIT("<a " DATE ">X\n\r\n\rY\n"),                                                                              "a bare CR at the beginning of a line"},
        {SLICE_INIT("From a " DATE "\nX\n\nF\nFr\nFrom\nFrom\t\n"),
         SLICE_INIT("<a " DATE ">X\n\nF\nFr\nFrom\nFrom\t\n"),                                                                "less than \"From \""                 },
        {SLICE_INIT("From a " DATE "\nX\n\n\0From \0\n"),
         SLICE_INIT("<a " DATE ">X\n\n\0From \0\n"),                                                                          "NUL is an octet like others"         },
    };
    struct arena *arena = arena_new(1 << 24);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t piece = 1; piece <= rows[i].text.len + 1; piece++) {
            slice said = split(arena, rows[i].text, piece);
            if (!slice_eq(said, rows[i].said)) {
                fail_msg("%s, in pieces of %zu: %.*s", rows[i].why, piece,
                         SLICE_ARG(said));
            }
        }
    }
    arena_free(arena);
}

/* `count` times `byte` between two texts, split in pieces of `piece`. */
static slice split_long(struct arena *arena, const char *before, char byte, size_t count,
                        const char *after, size_t piece)
{
    struct buf text;
    buf_init(&text, arena, 1 << 20);
    buf_add_text(&text, before);
    for (size_t i = 0; i < count; i++) {
        buf_add_byte(&text, byte);
    }
    buf_add_text(&text, after);
    return split(arena, buf_slice(&text), piece);
}

static void a_line_longer_than_what_is_held_is_text(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 24);
    static const size_t pieces[] = {1, 7, 1023, 1024, 1025, 100000};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        slice said = split_long(arena, "From a " DATE "\n\nFrom ", 'x', 5000,
                                " " DATE "\nY\n", pieces[i]);
        assert_int_equal(slice_count_byte(said, '<'), 1);
        assert_int_equal(slice_count_byte(said, 'x'), 5000);
        said = split_long(arena, "From a " DATE "\n", '>', 5000, "From b\n", pieces[i]);
        assert_int_equal(slice_count_byte(said, '>'), 5001);
        said = split_long(arena, "From a " DATE "\n", '>', 900, "From b\n", pieces[i]);
        assert_int_equal(slice_count_byte(said, '>'), 900);
    }
    arena_free(arena);
}

static void a_first_line_that_never_ends_begins_a_message_all_the_same(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 24);
    for (size_t piece = 1; piece < 4000; piece += 501) {
        slice said = split_long(arena, "From ", 'x', 3000, "\nY\n", piece);
        assert_true(slice_starts_with(said, SLICE("<xxx")));
        assert_int_equal(slice_count_byte(said, 'x'), 3000);
        assert_true(slice_ends_with(said, SLICE("\nY\n")));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_frame_messages_or_do_not),
        cmocka_unit_test(a_line_longer_than_what_is_held_is_text),
        cmocka_unit_test(a_first_line_that_never_ends_begins_a_message_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
