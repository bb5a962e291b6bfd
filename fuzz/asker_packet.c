/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/asker/packet.h"

#include <assert.h>
#include <stdlib.h>

/*
 * What an asker says, and what is asked of one.  What is accepted comes out the same when it
 * is written again, and names are names, within the zone, and sentences can be shown.  The
 * first octet chooses: a request, or a reply to one of those below.
 */

enum { ARENA_BYTES = 32 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const slice names[] = {SLICE_INIT("a.example.com"), SLICE_INIT("b.example.com")};
static const struct nameserver servers[] = {{.name = SLICE_INIT("ns1.example.com")},
                                            {.name = SLICE_INIT("ns2.example.com")}};
static const struct packet_request requests[PACKET_KINDS] = {
    [PACKET_HELLO] = {.kind = PACKET_HELLO},
    [PACKET_FIND] = {   .kind = PACKET_FIND,                    .name = SLICE_INIT("a.example.com")},
    [PACKET_READ] = {    .kind = PACKET_READ, .servers = servers, .server_count = 1},
    [PACKET_SEND] = {    .kind = PACKET_SEND, .servers = servers, .server_count = 1},
    [PACKET_ASK_ALL] = { .kind = PACKET_ASK_ALL, .servers = servers, .server_count = 2},
    [PACKET_TEXTS] = {   .kind = PACKET_TEXTS,     .names = names, .name_count = 2},
};

static void check_visible(struct arena *arena, slice text)
{
    struct buf buf;
    buf_init(&buf, arena, 4 * text.len + 1);
    buf_add_visible(&buf, text);
    assert(buf_err(&buf) == YETT_OK && slice_eq(buf_slice(&buf), text));
}

static void try_request(struct arena *arena, slice packet)
{
    struct packet_request request;
    struct buf buf;
    const char *fault = NULL;
    if (packet_read_request(arena, packet, &request, &fault) != YETT_OK) {
        assert(fault != NULL);
        return;
    }
    buf_init(&buf, arena, ARENA_BYTES);
    packet_write_request(&buf, &request);
    assert(slice_eq(buf_slice(&buf), packet));
}

static void try_reply(struct arena *arena, const struct packet_request *request,
                      slice packet)
{
    struct packet_reply reply;
    struct buf buf;
    slice normal;
    const char *fault = NULL;
    if (packet_read_reply(arena, packet, request, &reply, &fault) != YETT_OK) {
        assert(fault != NULL);
        return;
    }
    check_visible(arena, reply.why);
    if (request->kind == PACKET_FIND && reply.err == YETT_OK) {
        slice apex = reply.zone.apex;
        assert(dns_name_normalize(arena, apex, &normal) == YETT_OK);
        assert(slice_eq(normal, apex) && slice_ends_with(request->name, apex));
    }
    buf_init(&buf, arena, ARENA_BYTES);
    packet_write_reply(&buf, request, &reply);
    assert(slice_eq(buf_slice(&buf), packet));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL) {
        abort();
    }
    if (size > 0) {
        size_t kind = data[0] % (PACKET_KINDS + 1);
        slice packet = slice_of((const char *)data + 1, size - 1);
        if (kind == PACKET_KINDS) {
            try_request(arena, packet);
        } else {
            try_reply(arena, &requests[kind], packet);
        }
    }
    arena_free(arena);
    return 0;
}
