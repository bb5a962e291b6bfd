/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/capture/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is handed over is what was there, up to limits that hold to the octet. */

/* ---- what is written is read ------------------------------------------------------------ */

static void a_case_is_written_as_it_is_said_to_be(void **state)
{
    struct capture_case *c = *state;
    slice octets = case_write(c);
    static const slice wanted = SLICE_INIT("yettcap1\0\0\0\0\x69\x24\x81\x00"
                                           "\0\0\0\x10"
                                           "0123456789abcdef"
                                           "\0\0\0\x04"
                                           "4bX1"
                                           "\x01"
                                           "\0\0\0\0"
                                           "\x01"
                                           "\0\0\0\x06"
                                           "p=AAAA"
                                           "\0\0\0\x03"
                                           "\0\0\0\x0e"
                                           "DKIM-Signature"
                                           "\0\0\0\x1b"
                                           " v=1; d=example.org;\r\n\ts=s1"
                                           "\0\0\0\x04"
                                           "From"
                                           "\0\0\0\x0e"
                                           " a@example.org"
                                           "\0\0\0\x07"
                                           "Subject"
                                           "\0\0\0\0"
                                           "\x01"
                                           "Hello.\r\n\0\xff\n");
    assert_true(slice_eq(octets, wanted));
    free((char *)(uintptr_t)octets.ptr);
}

static void what_is_written_is_read_again(void **state)
{
    struct capture_case *c = *state;
    case_read_back(c);
    c->capture.id = c->capture.queue_id = SLICE_NONE;
    c->capture.time_s = 0;
    c->capture.failures[0].record_count = 0;
    c->body = SLICE_NONE;
    case_read_back(c);
    c->capture.has_body = false;
    case_read_back(c);
    c->capture.failure_count = 2;
    c->capture.failures[1] = (struct capture_failure){
        .field_index = 2,
        .records = {SLICE("\0\xff"), SLICE(""), SLICE("v=DKIM1; p=")},
        .record_count = 3
    };
    case_read_back(c);
}

/* Whatever the path from the mail server made of fields, the same fields come out. */
static void fields_of_every_kind_come_out_as_they_were(void **state)
{
    static const struct case_row rows[] = {
        {SLICE_INIT("Subject"),      SLICE_INIT(" one\n two\n\tthree")    },
        {SLICE_INIT("Subject"),      SLICE_INIT(" one\r\n two\r\n\tthree")},
        {SLICE_INIT("Subject "),     SLICE_INIT(" space before the colon")},
        {SLICE_INIT("Subject \t "),  SLICE_INIT(" more of it")            },
        {SLICE_INIT("Empty"),        SLICE_INIT("")                       },
        {SLICE_INIT("Space"),        SLICE_INIT(" ")                      },
        {SLICE_INIT(""),             SLICE_INIT("no name")                },
        {SLICE_INIT(""),             SLICE_INIT("")                       },
        {SLICE_INIT("Colon:inside"), SLICE_INIT(":")                      },
        {SLICE_INIT(" Leading"),     SLICE_INIT(" space")                 },
        {SLICE_INIT("   "),          SLICE_INIT(" only space")            },
        {SLICE_INIT("Bare-LF"),      SLICE_INIT(" a\nb\n")                },
        {SLICE_INIT("Bare-CR"),      SLICE_INIT(" a\rb\r")                },
        {SLICE_INIT("Both"),         SLICE_INIT(" a\r\nb\r\n")            },
        {SLICE_INIT("CR-fold"),      SLICE_INIT(" a\r\r\n b\r\n")         },
        {SLICE_INIT("CR-LF-fold"),   SLICE_INIT(" a\rb\n c\n\n d\n \n")   },
        {SLICE_INIT("Only"),         SLICE_INIT("\n")                     },
        {SLICE_INIT("Only"),         SLICE_INIT("\r")                     },
        {SLICE_INIT("Only"),         SLICE_INIT("\r\n")                   },
        {SLICE_INIT("Only"),         SLICE_INIT("\n ")                    },
        {SLICE_INIT("Name\nBCC"),    SLICE_INIT(" x")                     },
        {SLICE_INIT("Name\r\nBCC"),  SLICE_INIT(" x")                     },
        {SLICE_INIT("NUL\0"),        SLICE_INIT(" \0 ")                   },
        {SLICE_INIT("Eight"),        SLICE_INIT(" \xe2\x82\xac \xff \x80")},
        {SLICE_INIT("\xe2\x82\xac"), SLICE_INIT(" eight bit in a name")   },
    };
    const size_t count = sizeof(rows) / sizeof(rows[0]);
    struct capture_case *c = *state;
    for (size_t i = 0; i < count; i++) {
        case_set_header(c, &rows[i], 1);
        case_read_back(c);
    }
    for (size_t i = 1; i <= count; i++) {
        case_set_header(c, rows, i);
        c->capture.failures[0].field_index = i - 1;
        case_read_back(c);
    }
}

static void random_fields_come_out_as_they_were(void **state)
{
    static const char octets[] = "\r\n \tab:;\0\xff";
    struct capture_case *c = *state;
    uint32_t seed = 1;
    for (int turn = 0; turn < 3000; turn++) {
        char text[40];
        for (size_t i = 0; i < sizeof(text); i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = octets[(seed >> 16) % (sizeof(octets) - 1)];
        }
        size_t cut = (seed >> 20) % 12;
        struct case_row rows[2] = {
            {slice_of(text,      cut % 4), slice_of(text + cut, sizeof(text) - cut)},
            {slice_of(text + 20, cut / 4), slice_of(text,       cut)               },
        };
        case_set_header(c, rows, 2);
        case_read_back(c);
        arena_reset(c->arena, CASE_ARENA_BYTES);
    }
}

/* ---- limits ----------------------------------------------------------------------------- */

static void assert_written(struct capture_case *c, enum yett_err wanted, const char *why)
{
    struct buf buf;
    buf_init(&buf, c->arena, SIZE_MAX);
    enum yett_err err = capture_write(&c->capture, &buf);
    if (err != wanted) {
        fail_msg("%s: %s", why, yett_err_text(err));
    }
    if (err == YETT_OK) {
        case_read_back(c);
    }
}

static void each_limit_holds_to_the_octet(void **state)
{
    struct capture_case *c = *state;
    const struct capture before = c->capture;
    for (size_t over = 0; over <= 1; over++) {
        enum yett_err wanted = over == 0 ? YETT_OK : YETT_LIMIT;
        c->capture.id = slice_of(c->filler, CAPTURE_ID_BYTES + over);
        assert_written(c, wanted, "id");
        c->capture = before;
        c->capture.queue_id = slice_of(c->filler, CAPTURE_ID_BYTES + over);
        assert_written(c, wanted, "queue id");
        c->capture = before;
        c->capture.time_s = CASE_TIME_MAX + (int64_t)over;
        assert_written(c, wanted, "time");
        c->capture = before;
        c->capture.failure_count = CAPTURE_FAILURES_MAX;
        struct capture_failure *last = &c->capture.failures[CAPTURE_FAILURES_MAX - 1];
        last->record_count = CAPTURE_RECORDS_MAX;
        last->records[CAPTURE_RECORDS_MAX - 1] =
            slice_of(c->filler, CAPTURE_RECORD_BYTES + over);
        assert_written(c, wanted, "record");
        c->capture = before;
    }
}

static void a_header_has_so_many_octets_and_fields_and_no_more(void **state)
{
    static const size_t counts[] = {1, 2, 3, 100, CAPTURE_FIELDS_MAX};
    struct capture_case *c = *state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        case_fill_header(c, counts[i], CAPTURE_HEADER_BYTES);
        assert_written(c, YETT_OK, "all octets");
        case_fill_header(c, counts[i], CAPTURE_HEADER_BYTES + 1);
        assert_written(c, YETT_LIMIT, "one octet more");
        arena_reset(c->arena, CASE_ARENA_BYTES);
    }
    case_fill_header(c, CAPTURE_FIELDS_MAX, 0);
    assert_written(c, YETT_OK, "all fields");
    case_fill_header(c, CAPTURE_FIELDS_MAX + 1, 0);
    assert_written(c, YETT_LIMIT, "one field more");
}

/* White space before the colon counts: it is handed over. */
static void a_name_of_white_space_counts_as_well(void **state)
{
    struct capture_case *c = *state;
    memset(c->filler, ' ', CAPTURE_HEADER_BYTES + 1);
    struct case_row row = {slice_of(c->filler, CAPTURE_HEADER_BYTES), SLICE_NONE};
    case_set_header(c, &row, 1);
    assert_written(c, YETT_OK, "all octets");
    row.value = SLICE("x");
    case_set_header(c, &row, 1);
    assert_written(c, YETT_LIMIT, "one octet more");
}

static void the_largest_case_is_handed_over_whole(void **state)
{
    struct capture_case *c = *state;
    case_fill_header(c, CAPTURE_FIELDS_MAX, CAPTURE_HEADER_BYTES);
    c->capture.id = c->capture.queue_id = slice_of(c->filler, CAPTURE_ID_BYTES);
    c->capture.failure_count = CAPTURE_FAILURES_MAX;
    for (size_t i = 0; i < CAPTURE_FAILURES_MAX; i++) {
        struct capture_failure *failure = &c->capture.failures[i];
        failure->field_index = CAPTURE_FIELDS_MAX - 1;
        failure->record_count = CAPTURE_RECORDS_MAX;
        for (size_t j = 0; j < CAPTURE_RECORDS_MAX; j++) {
            failure->records[j] = slice_of(c->filler, CAPTURE_RECORD_BYTES);
        }
    }
    c->body = slice_of(c->filler, CAPTURE_BODY_MAX);
    case_read_back(c);
    c->body = slice_of(c->filler, CAPTURE_BODY_MAX + 1);
    struct buf buf;
    buf_init(&buf, c->arena, SIZE_MAX);
    assert_int_equal(capture_write(&c->capture, &buf), YETT_OK);
    buf_add(&buf, c->body);
    case_refuse(c, buf_slice(&buf), "a body of one octet more");
}

static void a_buffer_without_room_is_reported(void **state)
{
    struct capture_case *c = *state;
    struct buf buf;
    buf_init(&buf, c->arena, SIZE_MAX);
    assert_int_equal(capture_write(&c->capture, &buf), YETT_OK);
    size_t needed = buf.len;
    for (size_t limit = 0; limit <= needed; limit++) {
        buf_init(&buf, c->arena, limit);
        assert_int_equal(capture_write(&c->capture, &buf),
                         limit < needed ? YETT_LIMIT : YETT_OK);
    }
    struct arena *small = arena_new(100);
    buf_init(&buf, small, SIZE_MAX);
    assert_int_equal(capture_write(&c->capture, &buf), YETT_NO_MEMORY);
    arena_free(small);
}

static void an_arena_at_its_ceiling_is_reported(void **state)
{
    struct capture_case *c = *state;
    size_t refused = 0;
    case_fill_header(c, 1000, 50000);
    slice octets = case_write(c);
    for (size_t ceiling = 0;; ceiling += 4096) {
        struct capture read = {.time_s = -7};
        struct arena *arena = arena_new(ceiling);
        enum yett_err err = capture_read(arena, octets, &read);
        if (err == YETT_OK) {
            case_assert_same(&read, &c->capture);
        } else {
            assert_int_equal(err, YETT_NO_MEMORY);
            assert_int_equal(read.time_s, -7);
            refused++;
        }
        arena_free(arena);
        if (err == YETT_OK) {
            break;
        }
        assert_true(ceiling < CASE_ARENA_BYTES);
    }
    assert_true(refused > 10);
    free((char *)(uintptr_t)octets.ptr);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_case_is_written_as_it_is_said_to_be),
        TEST(what_is_written_is_read_again),
        TEST(fields_of_every_kind_come_out_as_they_were),
        TEST(random_fields_come_out_as_they_were),
        TEST(each_limit_holds_to_the_octet),
        TEST(a_header_has_so_many_octets_and_fields_and_no_more),
        TEST(a_name_of_white_space_counts_as_well),
        TEST(the_largest_case_is_handed_over_whole),
        TEST(a_buffer_without_room_is_reported),
        TEST(an_arena_at_its_ceiling_is_reported),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
