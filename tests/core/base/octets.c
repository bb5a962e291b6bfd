/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/octets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Numbers in packets: the most significant octet first, and no octet that is not there. */

static int setup(void **state)
{
    *state = arena_new(1 << 20);
    return *state == NULL;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static void the_most_significant_octet_comes_first(void **state)
{
    static const struct {
        uint64_t number;
        unsigned octets;
        slice text;
    } rows[] = {
        {0,                            1, SLICE_INIT("\0")                              },
        {255,                          1, SLICE_INIT("\xff")                            },
        {0x0102,                       2, SLICE_INIT("\x01\x02")                        },
        {0x80ff00,                     3, SLICE_INIT("\x80\xff\x00")                    },
        {UINT32_MAX,                   4, SLICE_INIT("\xff\xff\xff\xff")                },
        {1,                            8, SLICE_INIT("\0\0\0\0\0\0\0\x01")              },
        {UINT64_C(0x8070605040302010), 8, SLICE_INIT("\x80\x70\x60\x50\x40\x30\x20\x10")},
        {UINT64_MAX,                   8, SLICE_INIT("\xff\xff\xff\xff\xff\xff\xff\xff")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf buf;
        uint64_t number = 77;
        buf_init(&buf, *state, 100);
        octets_add(&buf, rows[i].number, rows[i].octets);
        assert_int_equal(buf_err(&buf), YETT_OK);
        assert_true(slice_eq(buf_slice(&buf), rows[i].text));
        slice in = buf_slice(&buf);
        assert_true(octets_take(&in, rows[i].octets, &number));
        assert_true(number == rows[i].number);
        assert_int_equal(in.len, 0);
    }
}

static void only_the_lowest_octets_are_written(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 100);
    octets_add(&buf, UINT64_C(0x1122334455667788), 2);
    assert_true(slice_eq(buf_slice(&buf), SLICE("\x77\x88")));
}

static void every_number_of_octets_comes_back(void **state)
{
    for (unsigned octets = 1; octets <= 8; octets++) {
        for (unsigned bit = 0; bit < 8 * octets; bit++) {
            struct buf buf;
            uint64_t number = 0;
            buf_init(&buf, *state, 100);
            octets_add(&buf, UINT64_C(1) << bit, octets);
            octets_add(&buf, 7, 1);
            slice in = buf_slice(&buf);
            assert_int_equal(in.len, octets + 1);
            assert_true(octets_take(&in, octets, &number));
            assert_true(number == UINT64_C(1) << bit);
            assert_true(slice_eq(in, SLICE("\x07")));
        }
    }
}

static void where_there_are_fewer_nothing_moves(void **state)
{
    (void)state;
    for (unsigned octets = 1; octets <= 8; octets++) {
        char *exact = malloc(octets);
        for (unsigned length = 0; length < octets; length++) {
            slice in = slice_of(exact, length);
            uint64_t number = 77;
            assert_false(octets_take(&in, octets, &number));
            assert_ptr_equal(in.ptr, exact);
            assert_int_equal(in.len, length);
            assert_int_equal(number, 77);
        }
        free(exact);
    }
    slice none = SLICE_NONE;
    uint64_t number = 77;
    assert_false(octets_take(&none, 1, &number));
    assert_int_equal(number, 77);
}

static void counted_octets_come_back_one_after_another(void **state)
{
    static const slice texts[] = {
        SLICE_INIT("a"), SLICE_INIT(""), SLICE_INIT("\0\xff"), {NULL, 0}
    };
    struct buf buf;
    slice out;
    buf_init(&buf, *state, 100);
    for (size_t i = 0; i < 4; i++) {
        octets_add_counted(&buf, texts[i]);
    }
    slice in = buf_slice(&buf);
    assert_true(slice_eq(in, SLICE("\0\0\0\x01"
                                   "a"
                                   "\0\0\0\0"
                                   "\0\0\0\x02"
                                   "\0\xff"
                                   "\0\0\0\0")));
    for (size_t i = 0; i < 4; i++) {
        const char *at = in.ptr;
        assert_true(octets_take_counted(&in, 2, &out));
        assert_true(slice_eq(out, texts[i]));
        assert_ptr_equal(out.ptr, at + 4);
    }
    assert_int_equal(in.len, 0);
    assert_false(octets_take_counted(&in, 2, &out));
}

static void assert_refused(slice in, size_t max)
{
    slice rest = in;
    slice out = SLICE("untouched");
    assert_false(octets_take_counted(&rest, max, &out));
    assert_ptr_equal(rest.ptr, in.ptr);
    assert_int_equal(rest.len, in.len);
    assert_true(slice_eq(out, SLICE("untouched")));
}

static void more_than_the_most_is_refused_and_nothing_moves(void **state)
{
    slice in = SLICE("\0\0\0\x03"
                     "abc");
    slice out;
    (void)state;
    assert_refused(in, 2);
    assert_refused(in, 0);
    assert_true(octets_take_counted(&in, 3, &out));
    assert_true(slice_eq(out, SLICE("abc")));
}

static void fewer_than_they_are_said_to_be_are_refused(void **state)
{
    static const slice whole = SLICE_INIT("\0\0\0\x03"
                                          "abc");
    (void)state;
    for (size_t length = 0; length < whole.len; length++) {
        char *exact = malloc(length == 0 ? 1 : length);
        memcpy(exact, whole.ptr, length);
        assert_refused(slice_of(exact, length), SIZE_MAX);
        free(exact);
    }
    assert_refused(SLICE("\xff\xff\xff\xff"
                         "abc"),
                   SIZE_MAX);
    assert_refused(SLICE("\x80\0\0\0"
                         "abc"),
                   SIZE_MAX);
}

static void a_full_buffer_is_reported_by_the_buffer(void **state)
{
    for (size_t limit = 0; limit < 7; limit++) {
        struct buf buf;
        buf_init(&buf, *state, limit);
        octets_add_counted(&buf, SLICE("abc"));
        assert_int_equal(buf_err(&buf), YETT_LIMIT);
        assert_true(buf_slice(&buf).len <= limit);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_most_significant_octet_comes_first),
        TEST(only_the_lowest_octets_are_written),
        TEST(every_number_of_octets_comes_back),
        TEST(where_there_are_fewer_nothing_moves),
        TEST(counted_octets_come_back_one_after_another),
        TEST(more_than_the_most_is_refused_and_nothing_moves),
        TEST(fewer_than_they_are_said_to_be_are_refused),
        TEST(a_full_buffer_is_reported_by_the_buffer),
    };
    return cmocka_run_group_tests_name("octets", tests, NULL, NULL);
}
