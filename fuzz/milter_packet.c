/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/milter.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Packets: one octet for the longest that is allowed, then a stream.  What is taken moves
 * forward and says the same when it is written again; what is refused or not all there is
 * left alone; a part of a packet is never taken for one, nor one that is too long.
 */
enum { PLENTY = 1 << 20 };

static void check_strings(const struct milter_packet *packet)
{
    slice rest = packet->data, string;
    size_t ends = 0;
    while (milter_take_string(&rest, &string) == YETT_OK) {
        assert(!slice_has_byte(string, '\0'));
        ends++;
    }
    assert(!slice_has_byte(rest, '\0'));
    assert(ends == slice_count_byte(packet->data, '\0'));
}

static void check_written(const struct milter_packet *packet, slice original)
{
    struct arena *arena = arena_new(PLENTY);
    struct buf buf;
    assert(arena != NULL);
    buf_init(&buf, arena, PLENTY);
    const slice parts[] = {slice_first(packet->data, 3), slice_skip(packet->data, 3)};
    milter_write_packet(&buf, packet->command, parts, 2);
    if (buf_err(&buf) == YETT_OK) {
        assert(slice_eq(buf_slice(&buf), original));
    }
    arena_free(arena);
}

/* Every beginning of a packet that is taken is not all there. */
static void check_cuts(slice original, size_t max)
{
    size_t step = original.len / 64 + 1;
    for (size_t length = 0; length < original.len; length += step) {
        slice part = slice_first(original, length);
        struct milter_packet packet = {.command = '?'};
        assert(milter_take_packet(&part, max, &packet) == YETT_NEED_ANSWERS);
        assert(part.len == length && packet.command == '?');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    size_t max = data[0] == 0 ? MILTER_PACKET_MAX : data[0];
    slice in = slice_of((const char *)data + 1, size - 1);
    for (;;) {
        slice before = in;
        struct milter_packet packet = {.command = '?'};
        enum yett_err err = milter_take_packet(&in, max, &packet);
        if (err != YETT_OK) {
            assert(in.len == before.len && in.ptr == before.ptr && packet.command == '?');
            assert(err == YETT_NEED_ANSWERS || before.len >= MILTER_HEAD - 1);
            /* Nothing that follows makes good what was refused. */
            assert(err != YETT_NEED_ANSWERS || before.len < MILTER_HEAD - 1 ||
                   before.len < max);
            return 0;
        }
        slice taken = slice_first(before, before.len - in.len);
        assert(taken.len == packet.data.len + MILTER_HEAD && taken.len <= max);
        check_strings(&packet);
        check_written(&packet, taken);
        check_cuts(taken, max);
    }
}
