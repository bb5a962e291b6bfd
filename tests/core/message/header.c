/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ARENA_BYTES = 64 * 1024 * 1024 };

/* One way to feed an input, and what came of it. */
struct run {
    struct message_header header;
    struct buf body;
    bool done;
};

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static enum yett_err try_feed(struct message_parser *parser, struct run *run, slice piece)
{
    /* The piece goes away after the call, as a network buffer does. */
    char *copy = malloc(piece.len + 1);
    assert_non_null(copy);
    if (piece.len != 0) {
        memcpy(copy, piece.ptr, piece.len);
    }
    slice in = slice_of(copy, piece.len);
    enum yett_err err = message_parser_feed(parser, &in, &run->done);
    if (err == YETT_OK) {
        assert_true(run->done || in.len == 0);
        buf_add(&run->body, in);
    }
    memset(copy, '#', piece.len);
    free(copy);
    return err;
}

static struct message_parser *parser_begin(struct run *run)
{
    *run = (struct run){0};
    buf_init(&run->body, arena, ARENA_BYTES);
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    assert_non_null(parser);
    return parser;
}

static void parser_end(struct message_parser *parser, struct run *run)
{
    assert_int_equal(message_parser_finish(parser, &run->header), YETT_OK);
    buf_add(&run->body, run->header.rest);
    assert_int_equal(buf_err(&run->body), YETT_OK);
}

/* Pieces of `step` octets, after a first one of `first`. */
static void feed_all(slice input, size_t first, size_t step, struct run *run)
{
    struct message_parser *parser = parser_begin(run);
    assert_int_equal(try_feed(parser, run, slice_first(input, first)), YETT_OK);
    for (size_t at = first; at < input.len; at += step) {
        slice piece = slice_between(input, at, at + step);
        assert_int_equal(try_feed(parser, run, piece), YETT_OK);
    }
    parser_end(parser, run);
}

static void write_visible(struct buf *buf, slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        buf_add_visible(buf, slice_first(slice_skip(bytes, i), 1));
    }
}

/* "Name|value" per field, then "/body", and "!" when the input ended in the header. */
static slice describe(const struct run *run)
{
    struct buf buf;
    buf_init(&buf, arena, ARENA_BYTES);
    for (size_t i = 0; i < run->header.count; i++) {
        const struct message_field *field = &run->header.fields[i];
        write_visible(&buf, field->name);
        buf_add_text(&buf, "|");
        write_visible(&buf, field->value);
        buf_add_text(&buf, "; ");
    }
    buf_add_text(&buf, (run->header.defects & MESSAGE_NO_BODY) != 0 ? "!" : "/");
    write_visible(&buf, buf_slice(&run->body));
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

struct row {
    const char *why;
    slice input;
    const char *expected;
    unsigned defects;
};

#define IN(literal) SLICE_INIT(literal)

static const struct row rows[] = {
    {"two fields and a body",                                          IN("A: 1\r\nB: 2\r\n\r\nbody"),            "A| 1; B| 2; /body",              0                                       },
    {"the empty line is neither's",                                    IN("A:1\r\n\r\n\r\nx"),                    "A|1; /\\x0d\\x0ax",              0                                       },
    {"no body octet at all",                                           IN("A: 1\r\n\r\n"),                        "A| 1; /",                        0                                       },
    {"an empty header",                                                IN("\r\nbody"),                            "/body",                          0                                       },
    {"an empty input",                                                 IN(""),                                    "!",                              MESSAGE_NO_BODY                         },
    {"folds belong to the value",                                      IN("A: 1\r\n 2\r\n\t3\r\nB:\r\n\r\n"),
     "A| 1\\x0d\\x0a 2\\x0d\\x0a\\x093; B|; /",                                                                                                     0                                       },
    {"a line of white space is a fold",                                IN("A: 1\r\n  \r\nB: 2\r\n\r\n"),
     "A| 1\\x0d\\x0a  ; B| 2; /",                                                                                                                   0                                       },
    {"white space before the colon is not of the name (RFC 5322 4.5)",
     IN("Subject \t : x\r\n\r\n"),                                                                                "Subject| x; /",                  0                                       },
    {"a name cannot be folded",                                        IN("A: 1\r\nName\r\n : x\r\n\r\n"),
     "A| 1; /Name\\x0d\\x0a : x\\x0d\\x0a\\x0d\\x0a",                                                                                               MESSAGE_NO_COLON                        },
    {"a line without a colon is the body's first",                     IN("A: 1\r\nhello\r\nB: 2\r\n\r\n"),
     "A| 1; /hello\\x0d\\x0aB: 2\\x0d\\x0a\\x0d\\x0a",                                                                                              MESSAGE_NO_COLON                        },
    {"a sentence with a colon is no field",                            IN("A: 1\r\nas I said: no\r\n"),
     "A| 1; /as I said: no\\x0d\\x0a",                                                                                                              MESSAGE_NO_COLON                        },
    {"an empty name is no field",                                      IN("A: 1\r\n: x\r\n"),                     "A| 1; /: x\\x0d\\x0a",
     MESSAGE_NO_COLON                                                                                                                                                                       },
    {"a control octet in the name",                                    IN("A: 1\r\nB\001: x\r\n"),
     "A| 1; /B\\x01: x\\x0d\\x0a",                                                                                                                  MESSAGE_NO_COLON                        },
    {"NUL in the name",                                                IN("A: 1\r\nFrom\0: x\r\n"),               "A| 1; /From\\x00: x\\x0d\\x0a",
     MESSAGE_NO_COLON                                                                                                                                                                       },
    {"UTF-8 in the name",                                              IN("A: 1\r\n\xc3\xa9: x\r\n"),             "A| 1; /\\xc3\\xa9: x\\x0d\\x0a",
     MESSAGE_NO_COLON                                                                                                                                                                       },
    {"every printable octet may be in a name",                         IN("!\"#;~a=b: x\r\n\r\n"),
     "!\"#;~a=b| x; /",                                                                                                                             0                                       },
    {"colons in the value",                                            IN("A: b: c\r\n\r\n"),                     "A| b: c; /",                     0                                       },
    {"NUL in the value",                                               IN("A: b\0c\r\n\r\n"),                     "A| b\\x00c; /",                  MESSAGE_NUL                             },
    {"eight bits in the value",                                        IN("A: \xc3\xa9\r\n\r\n"),                 "A| \\xc3\\xa9; /",
     MESSAGE_EIGHT_BIT                                                                                                                                                                      },
    {"eight bits beyond the first word",                               IN("A: 123456789012345678\xff\r\n\r\n"),
     "A| 123456789012345678\\xff; /",                                                                                                               MESSAGE_EIGHT_BIT                       },
    {"a bare LF ends nothing",                                         IN("A: b\nFrom: c\r\n\r\n"),               "A| b\\x0aFrom: c; /",
     MESSAGE_BARE_LF                                                                                                                                                                        },
    {"two bare LFs do not end the header",                             IN("A: b\n\nC: d\r\n\r\n"),
     "A| b\\x0a\\x0aC: d; /",                                                                                                                       MESSAGE_BARE_LF                         },
    {"a bare CR ends nothing",                                         IN("A: b\rFrom: c\r\n\r\n"),               "A| b\\x0dFrom: c; /",
     MESSAGE_BARE_CR                                                                                                                                                                        },
    {"CR CR LF ends the line",                                         IN("A: b\r\r\nC: d\r\n\r\n"),              "A| b\\x0d; C| d; /",
     MESSAGE_BARE_CR                                                                                                                                                                        },
    {"LF CR LF ends the line",                                         IN("A: b\n\r\nC: d\r\n\r\n"),              "A| b\\x0a; C| d; /",
     MESSAGE_BARE_LF                                                                                                                                                                        },
    {"CR and no LF at the start of a line",                            IN("A: b\r\n\rC: d\r\n"),
     "A| b; /\\x0dC: d\\x0d\\x0a",                                                                                                                  MESSAGE_NO_COLON                        },
    {"LF at the start of a line",                                      IN("A: b\r\n\nC: d\r\n"),                  "A| b; /\\x0aC: d\\x0d\\x0a",
     MESSAGE_NO_COLON                                                                                                                                                                       },
    {"bare LF within a name",                                          IN("A: b\r\nC\nFrom: d\r\n"),
     "A| b; /C\\x0aFrom: d\\x0d\\x0a",                                                                                                              MESSAGE_NO_COLON                        },
    {"LF lines throughout are one field",                              IN("A: b\nC: d\n\nbody\n"),
     "A| b\\x0aC: d\\x0a\\x0abody\\x0a; !",                                                                                                         MESSAGE_BARE_LF | MESSAGE_NO_BODY       },
    {"the input ends behind a field",                                  IN("A: b\r\n"),                            "A| b; !",                        MESSAGE_NO_BODY                         },
    {"the input ends within a field",                                  IN("A: b"),                                "A| b; !",                        MESSAGE_NO_BODY                         },
    {"the input ends within a line end",                               IN("A: b\r"),                              "A| b\\x0d; !",
     MESSAGE_NO_BODY | MESSAGE_BARE_CR                                                                                                                                                      },
    {"the input ends within a fold",                                   IN("A: b\r\n "),                           "A| b\\x0d\\x0a ; !",
     MESSAGE_NO_BODY                                                                                                                                                                        },
    {"the input ends within a name",                                   IN("A: b\r\nC"),                           "A| b; !C",
     MESSAGE_NO_BODY | MESSAGE_NO_COLON                                                                                                                                                     },
    {"the input ends within white space before a colon",               IN("A: b\r\nC "),                          "A| b; !C ",
     MESSAGE_NO_BODY | MESSAGE_NO_COLON                                                                                                                                                     },
    {"the input ends within the empty line",                           IN("A: b\r\n\r"),                          "A| b; !\\x0d",
     MESSAGE_NO_BODY | MESSAGE_NO_COLON                                                                                                                                                     },
    {"only a body",                                                    IN("hello world\r\n"),                     "/hello world\\x0d\\x0a",         MESSAGE_NO_COLON                        },
    {"white space first makes a field without a name",
     IN(" From: a\r\n b\r\nC: d\r\n\r\n"),                                                                        "| From: a\\x0d\\x0a b; C| d; /",
     MESSAGE_LEADING_FOLD                                                                                                                                                                   },
    {"an mbox line is skipped",                                        IN("From a@b Tue Nov 24\r\nA: b\r\n\r\n"), "A| b; /",
     MESSAGE_MBOX_FROM                                                                                                                                                                      },
    {"only as the first line",                                         IN("A: b\r\nFrom a@b Tue\r\n\r\n"),
     "A| b; /From a@b Tue\\x0d\\x0a\\x0d\\x0a",                                                                                                     MESSAGE_NO_COLON                        },
    {"From with white space before its colon is a field",              IN("From : a@b\r\n\r\n"),
     "From| a@b; /",                                                                                                                                0                                       },
    {"an mbox line may hold a colon later",                            IN("From a 12:30\r\nA: b\r\n\r\n"),        "A| b; /",
     MESSAGE_MBOX_FROM                                                                                                                                                                      },
    {"an mbox line has exactly this name",                             IN("from a@b\r\nA: b\r\n"),
     "/from a@b\\x0d\\x0aA: b\\x0d\\x0a",                                                                                                           MESSAGE_NO_COLON                        },
    {"white space behind an mbox line",                                IN("From a\r\n b\r\nA: c\r\n\r\n"),
     "| b; A| c; /",                                                                                                                                MESSAGE_MBOX_FROM | MESSAGE_LEADING_FOLD},
};

static void check_row(const struct row *row, size_t first, size_t step)
{
    struct run run;
    feed_all(row->input, first, step, &run);
    slice got = describe(&run);
    if (!slice_eq(got, slice_from_text(row->expected)) ||
        run.header.defects != row->defects) {
        fail_msg("%s (cut %zu, %zu): %.*s, defects %#x", row->why, first, step,
                 SLICE_ARG(got), run.header.defects);
    }
}

static void fields_and_body_are_the_same_at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena_mark mark = arena_mark(arena);
        for (size_t first = 0; first <= rows[i].input.len; first++) {
            check_row(&rows[i], first, ARENA_BYTES);
            check_row(&rows[i], first, 1);
            check_row(&rows[i], first, 3);
            arena_rewind(arena, mark);
        }
    }
}

static void raw_fields_together_are_the_header_section(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if ((rows[i].defects & MESSAGE_MBOX_FROM) != 0) {
            continue;
        }
        struct run run;
        feed_all(rows[i].input, 0, 2, &run);
        struct buf raw;
        buf_init(&raw, arena, ARENA_BYTES);
        for (size_t f = 0; f < run.header.count; f++) {
            buf_add(&raw, run.header.fields[f].raw);
        }
        assert_true(slice_starts_with(rows[i].input, buf_slice(&raw)));
        size_t empty_line = run.header.bytes - buf_slice(&raw).len;
        assert_true(empty_line == 0 || empty_line == 2);
        assert_int_equal(run.header.bytes + run.body.len, rows[i].input.len);
    }
}

static void lookup_ignores_case_and_goes_on_behind_an_index(void **state)
{
    (void)state;
    struct run run;
    feed_all(SLICE("a: 1\r\nB: 2\r\nA : 3\r\nAB: 4\r\n\r\n"), 0, 1, &run);
    size_t index = 99;
    const struct message_field *field = message_find_field(&run.header, "A", 0, &index);
    assert_non_null(field);
    assert_int_equal(index, 0);
    field = message_find_field(&run.header, "A", 1, &index);
    assert_non_null(field);
    assert_int_equal(index, 2);
    assert_true(slice_eq(field->value, SLICE(" 3")));
    assert_null(message_find_field(&run.header, "A", 3, NULL));
    assert_null(message_find_field(&run.header, "A", 300, NULL));
    assert_null(message_find_field(&run.header, "", 0, NULL));
    assert_int_equal(message_count_fields(&run.header, "A"), 2);
    assert_int_equal(message_count_fields(&run.header, "C"), 0);
}

static void ten_thousand_fields_of_one_octet_are_read_and_one_more_is_refused(
    void **state)
{
    (void)state;
    for (size_t fields = 10000; fields <= 10001; fields++) {
        struct run run;
        struct message_parser *parser = parser_begin(&run);
        for (size_t i = 0; i < fields; i++) {
            assert_int_equal(try_feed(parser, &run, SLICE("a:\r\n")), YETT_OK);
        }
        enum yett_err err = try_feed(parser, &run, SLICE("\r\n"));
        if (fields == 10001) {
            assert_int_equal(err, YETT_LIMIT);
            return;
        }
        assert_int_equal(err, YETT_OK);
        parser_end(parser, &run);
        assert_int_equal(run.header.count, 10000);
    }
}

static void a_field_of_two_mebibytes_by_the_octet_takes_linear_time_and_memory(
    void **state)
{
    (void)state;
    struct message_limits limits = MESSAGE_LIMITS_DEFAULT;
    struct message_parser *parser = message_parser_new(arena, limits);
    assert_non_null(parser);
    bool done = false;
    for (size_t i = 0; i < limits.header_bytes; i++) {
        char c = "X:"[i < 2 ? i : 1];
        slice in = slice_of(&c, 1);
        assert_int_equal(message_parser_feed(parser, &in, &done), YETT_OK);
    }
    assert_true(arena_used_bytes(arena) < 5 * limits.header_bytes / 2);
    char c = 'x';
    slice in = slice_of(&c, 1);
    assert_int_equal(message_parser_feed(parser, &in, &done), YETT_LIMIT);
}

static void the_limit_counts_header_octets_and_not_body_octets(void **state)
{
    (void)state;
    struct message_limits limits = {.header_bytes = 8, .fields = 10};
    const struct {
        slice input;
        enum yett_err err;
    } cases[] = {
        {IN("A: b\r\n\r\nlong body"),          YETT_OK   },
        {IN("A: bc\r\n\r\n"),                  YETT_LIMIT},
        {IN("A: b\r\na body without a colon"), YETT_OK   },
        {IN("A: b\r\nword and body"),          YETT_LIMIT},
        {IN("nocolon here"),                   YETT_OK   },
        {IN("no-colon here"),                  YETT_LIMIT},
        {IN("A: b\r\nB: x\r\n"),               YETT_LIMIT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct message_parser *whole = message_parser_new(arena, limits);
        struct message_parser *cut = message_parser_new(arena, limits);
        assert_non_null(whole);
        assert_non_null(cut);
        bool done = false;
        slice in = cases[i].input;
        assert_int_equal(message_parser_feed(whole, &in, &done), cases[i].err);
        enum yett_err err = YETT_OK;
        for (size_t at = 0; at < cases[i].input.len && err == YETT_OK; at++) {
            in = slice_between(cases[i].input, at, at + 1);
            err = message_parser_feed(cut, &in, &done);
        }
        assert_int_equal(err, cases[i].err);
    }
}

static void what_follows_the_header_is_not_touched(void **state)
{
    (void)state;
    struct run run;
    struct message_parser *parser = parser_begin(&run);
    slice in = SLICE("A: b\r\n\r\n");
    bool done = false;
    assert_int_equal(message_parser_feed(parser, &in, &done), YETT_OK);
    assert_true(done);
    assert_int_equal(in.len, 0);
    slice body = SLICE("C: d\r\n\r\n");
    in = body;
    assert_int_equal(message_parser_feed(parser, &in, &done), YETT_OK);
    assert_true(done);
    assert_ptr_equal(in.ptr, body.ptr);
    assert_int_equal(in.len, body.len);
    parser_end(parser, &run);
    assert_int_equal(run.header.count, 1);
}

static void fields_that_a_peer_cut_read_like_fed_ones(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        slice name, value, raw;
        unsigned defects;
    } cut[] = {
        {"plain",                           IN("Subject"), IN(" hi"),         IN("Subject: hi\r\n"),       0              },
        {"empty",                           IN("X"),       IN(""),            IN("X:\r\n"),                0              },
        {"no space",                        IN("X"),       IN("y"),           IN("X:y\r\n"),               0              },
        {"folds with LF",                   IN("X"),       IN(" a\n\tb\n c"), IN("X: a\r\n\tb\r\n c\r\n"), 0              },
        {"folds with CRLF",                 IN("X"),       IN(" a\r\n\tb"),   IN("X: a\r\n\tb\r\n"),       0              },
        {"an LF that begins no fold stays", IN("X"),       IN(" a\nFrom: b"),
         IN("X: a\nFrom: b\r\n"),                                                                          MESSAGE_BARE_LF},
        {"an LF at the end stays",          IN("X"),       IN(" a\n"),        IN("X: a\n\r\n"),
         MESSAGE_BARE_LF                                                                                                  },
        {"a bare CR stays",                 IN("X"),       IN(" a\rb"),       IN("X: a\rb\r\n"),           MESSAGE_BARE_CR},
        {"a bare CR at the end stays",      IN("X"),       IN(" a\r"),        IN("X: a\r\r\n"),
         MESSAGE_BARE_CR                                                                                                  },
        {"CRLF that begins no fold stays",  IN("X"),       IN("a\r\nb"),      IN("X:a\r\nb\r\n"),
         MESSAGE_BARE_LF                                                                                                  },
        {"an empty line is folded",         IN("X"),       IN("\n\n a"),      IN("X:\n\r\n a\r\n"),
         MESSAGE_BARE_LF                                                                                                  },
        {"NUL",                             IN("X"),       IN("\0"),          IN("X:\0\r\n"),              MESSAGE_NUL    },
        {"white space before the colon",    IN("X \t"),    IN(" a"),          IN("X \t: a\r\n"),           0              },
        {"an LF in the name",               IN("X\nFrom"), IN(" a"),          IN("X\nFrom: a\r\n"),
         MESSAGE_BARE_LF                                                                                                  },
        {"an LF before the colon",          IN("X\n"),     IN(" a"),          IN("X\n: a\r\n"),
         MESSAGE_BARE_LF                                                                                                  },
        {"a CR in the name",                IN("X\rFrom"), IN(" a"),          IN("X\rFrom: a\r\n"),
         MESSAGE_BARE_CR                                                                                                  },
        {"a CR before the colon",           IN("X\r"),     IN(" a"),          IN("X\r: a\r\n"),            MESSAGE_BARE_CR},
        {"a whole line end in the name",    IN("X\r\nY"),  IN(" a"),          IN("X\r\nY: a\r\n"),
         MESSAGE_BARE_LF                                                                                                  },
    };
    for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        struct message_header header;
        struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
        assert_non_null(parser);
        assert_int_equal(message_parser_add_field(parser, SLICE("A"), SLICE("b")),
                         YETT_OK);
        assert_int_equal(message_parser_add_field(parser, cut[i].name, cut[i].value),
                         YETT_OK);
        assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
        const struct message_field *field = &header.fields[1];
        if (header.count != 2 || !slice_eq(field->raw, cut[i].raw) ||
            !slice_eq(field->name, slice_trim_wsp(cut[i].name)) ||
            header.defects != cut[i].defects) {
            fail_msg("%s: %.*s", cut[i].why, SLICE_ARG(field->raw));
        }
        assert_int_equal(header.bytes, 5 + cut[i].raw.len + 2);
    }
}

static void memory_runs_out_without_harm(void **state)
{
    (void)state;
    for (size_t ceiling = 0; ceiling < 200000; ceiling += 5000) {
        struct arena *small = arena_new(ceiling);
        assert_non_null(small);
        struct message_parser *parser = message_parser_new(small, MESSAGE_LIMITS_DEFAULT);
        enum yett_err err = parser == NULL ? YETT_NO_MEMORY : YETT_OK;
        bool done = false;
        for (size_t i = 0; i < 20000 && err == YETT_OK; i++) {
            slice in = i % 50 == 49 ? SLICE("x\r\nA:") : SLICE(" 0123456789");
            in = i == 0 ? SLICE("A:") : in;
            err = message_parser_feed(parser, &in, &done);
        }
        assert_int_equal(err, YETT_NO_MEMORY);
        arena_free(small);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(fields_and_body_are_the_same_at_every_cut),
        TEST(raw_fields_together_are_the_header_section),
        TEST(lookup_ignores_case_and_goes_on_behind_an_index),
        TEST(ten_thousand_fields_of_one_octet_are_read_and_one_more_is_refused),
        TEST(a_field_of_two_mebibytes_by_the_octet_takes_linear_time_and_memory),
        TEST(the_limit_counts_header_octets_and_not_body_octets),
        TEST(what_follows_the_header_is_not_touched),
        TEST(fields_that_a_peer_cut_read_like_fed_ones),
        TEST(memory_runs_out_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
