/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/milter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum yett_err take(slice in, size_t max, struct milter_packet *packet, slice *rest)
{
    *rest = in;
    return milter_take_packet(rest, max, packet);
}

static void a_packet_is_a_length_a_command_and_data(void **state)
{
    (void)state;
    struct milter_packet packet;
    slice rest;
    assert_int_equal(take(SLICE("\0\0\0\4Hab\0\0\0\0\1A"), 100, &packet, &rest), YETT_OK);
    assert_int_equal(packet.command, 'H');
    assert_true(slice_eq(packet.data, SLICE("ab\0")));
    assert_int_equal(milter_take_packet(&rest, 100, &packet), YETT_OK);
    assert_int_equal(packet.command, 'A');
    assert_int_equal(packet.data.len, 0);
    assert_int_equal(rest.len, 0);
}

static void what_is_not_all_there_is_left_alone(void **state)
{
    (void)state;
    static const char whole[] = "\0\0\0\4Hab";
    for (size_t length = 0; length < sizeof(whole); length++) {
        struct milter_packet packet;
        slice rest;
        enum yett_err err = take(slice_of(whole, length), 100, &packet, &rest);
        assert_int_equal(err, YETT_NEED_ANSWERS);
        assert_int_equal(rest.len, length);
        assert_ptr_equal(rest.ptr, whole);
    }
}

static void a_packet_may_have_as_many_octets_as_are_allowed(void **state)
{
    (void)state;
    static const char whole[] = "\0\0\0\4Hab";
    struct milter_packet packet;
    slice rest;
    assert_int_equal(take(SLICE("\0\0\0\4Hab\0"), 8, &packet, &rest), YETT_OK);
    assert_int_equal(take(slice_of(whole, 4), 7, &packet, &rest), YETT_LIMIT);
    assert_int_equal(rest.len, 4);
    assert_int_equal(take(SLICE("\xff\xff\xff\xff"), MILTER_PACKET_MAX, &packet, &rest),
                     YETT_LIMIT);
    assert_int_equal(take(SLICE("\0\0\0\1A"), 3, &packet, &rest), YETT_LIMIT);
}

static void a_packet_without_a_command_is_none(void **state)
{
    (void)state;
    struct milter_packet packet;
    slice rest;
    assert_int_equal(take(SLICE("\0\0\0\0A"), 100, &packet, &rest), YETT_BAD_SYNTAX);
    assert_int_equal(rest.len, 5);
}

static void written_packets_are_read_as_they_were(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct milter_packet packet;
    struct buf buf;
    static const slice parts[] = {SLICE_INIT("one\0"), SLICE_INIT(""),
                                  SLICE_INIT("two\0three\0")};
    buf_init(&buf, arena, 1 << 20);
    milter_write_packet(&buf, 'M', parts, 3);
    milter_write_packet(&buf, 'A', NULL, 0);
    assert_int_equal(buf_err(&buf), YETT_OK);
    slice in = buf_slice(&buf);
    assert_int_equal(milter_take_packet(&in, 100, &packet), YETT_OK);
    assert_int_equal(packet.command, 'M');
    assert_true(slice_eq(packet.data, SLICE("one\0two\0three\0")));
    assert_int_equal(milter_take_packet(&in, 100, &packet), YETT_OK);
    assert_int_equal(packet.command, 'A');
    assert_int_equal(in.len, 0);
    arena_free(arena);
}

static void a_packet_that_no_length_can_tell_is_not_written(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct buf buf;
    /* Never read: the length is refused before. */
    slice part = slice_of("x", UINT32_MAX);
    buf_init(&buf, arena, 1 << 20);
    milter_write_packet(&buf, 'B', &part, 1);
    assert_int_equal(buf_err(&buf), YETT_LIMIT);
    assert_int_equal(buf_slice(&buf).len, 0);
    arena_free(arena);
}

static void a_string_ends_with_nul(void **state)
{
    (void)state;
    slice in = SLICE("a\0\0rest"), out;
    assert_int_equal(milter_take_string(&in, &out), YETT_OK);
    assert_true(slice_eq(out, SLICE("a")));
    assert_int_equal(milter_take_string(&in, &out), YETT_OK);
    assert_int_equal(out.len, 0);
    assert_int_equal(milter_take_string(&in, &out), YETT_BAD_SYNTAX);
    assert_true(slice_eq(in, SLICE("rest")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_is_a_length_a_command_and_data),
        cmocka_unit_test(what_is_not_all_there_is_left_alone),
        cmocka_unit_test(a_packet_may_have_as_many_octets_as_are_allowed),
        cmocka_unit_test(a_packet_without_a_command_is_none),
        cmocka_unit_test(written_packets_are_read_as_they_were),
        cmocka_unit_test(a_packet_that_no_length_can_tell_is_not_written),
        cmocka_unit_test(a_string_ends_with_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
