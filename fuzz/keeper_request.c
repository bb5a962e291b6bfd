/* SPDX-License-Identifier: BSD-2-Clause */
#include "keeper_table.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A packet of anybody's: what can be read is written the same again, and a keeper has a reply
 * to everything, which its client can read.
 */

static const struct crypto_private_key *no_key(void *context, uint32_t number,
                                               const char **why)
{
    (void)context;
    assert(number < 4);
    *why = "there are no keys here";
    return NULL;
}

static void write_again(struct arena *arena, slice packet)
{
    struct keeper_request request;
    struct keeper_reply reply;
    struct buf buf;
    buf_init(&buf, arena, KEEPER_REQUEST_MAX);
    if (keeper_read_request(packet, &request) == YETT_OK) {
        assert(keeper_request_size(request.texts, request.count) == packet.len);
        keeper_write_request(&buf, request.id, request.texts, request.count);
        assert(slice_eq(buf_slice(&buf), packet));
        assert(keeper_read_reply(packet, &reply) != YETT_OK);
    } else if (keeper_read_reply(packet, &reply) == YETT_OK) {
        keeper_write_reply(&buf, &reply);
        assert(slice_eq(buf_slice(&buf), packet));
    }
}

static void ask(struct keeper *keeper, struct arena *arena, struct arena *scratch,
                slice packet)
{
    struct keeper_request request;
    struct keeper_reply reply;
    struct buf buf;
    buf_init(&buf, arena, KEEPER_REPLY_MAX);
    keeper_answer_packet(keeper, scratch, packet, TABLE_NOW, 0, &buf);
    assert(buf_err(&buf) == YETT_OK);
    enum yett_err err = keeper_read_reply(buf_slice(&buf), &reply);
    assert(err == YETT_OK);
    bool is_request = keeper_read_request(packet, &request) == YETT_OK;
    assert(reply.id == request.id);
    assert(reply.count == (is_request ? request.count : 0));
    assert((reply.refusal == KEEPER_REFUSED_REQUEST) == !is_request);
    for (size_t i = 0; i < reply.count; i++) {
        assert(reply.answers[i].refusal != KEEPER_SIGNED);
        assert(reply.answers[i].octets.len != 0);
    }
    assert(keeper_take_complaint(keeper).len != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *kept, *arena, *scratch;
    static struct keeper *keeper;
    if (keeper == NULL) {
        kept = arena_new(4 << 20);
        arena = arena_new(4 << 20);
        scratch = arena_new(64 << 20);
        struct keeper_options options = {
            .table = table_make(kept), .rate_per_minute = 1000, .key = no_key};
        keeper = keeper_new(kept, &options);
        assert(keeper != NULL);
    }
    slice packet = slice_of((const char *)data, size);
    struct arena_mark mark = arena_mark(arena);
    enum keeper_what what;
    (void)(keeper_read_what(packet, &what) == YETT_OK);
    write_again(arena, packet);
    ask(keeper, arena, scratch, packet);
    arena_rewind(arena, mark);
    return 0;
}
