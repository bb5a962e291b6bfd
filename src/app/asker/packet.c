/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/asker/packet.h"

#include "app/asker/wire.h"

/* packet: requests.  Which parts each kind has is a table; they come in this order. */

static const struct {
    bool name;
    size_t servers_max;
    bool message;
    bool names;
} parts[PACKET_KINDS] = {
    [PACKET_HELLO] = {false, 0,                      false, false},
    [PACKET_FIND] = {true,  0,                      false, false},
    [PACKET_READ] = {true,  1,                      false, false},
    [PACKET_SEND] = {false, 1,                      true,  false},
    [PACKET_ASK_ALL] = {true,  NAMESERVER_SERVERS_MAX, false, false},
    [PACKET_TEXTS] = {false, 0,                      false, true },
};

void packet_write_request(struct buf *buf, const struct packet_request *request)
{
    octets_add(buf, request->kind, 1);
    if (parts[request->kind].name) {
        octets_add_counted(buf, request->name);
    }
    if (parts[request->kind].servers_max > 0) {
        octets_add(buf, request->server_count, 1);
        for (size_t i = 0; i < request->server_count; i++) {
            wire_put_server(buf, &request->servers[i]);
        }
    }
    if (parts[request->kind].message) {
        octets_add_counted(buf, request->message);
    }
    if (parts[request->kind].names) {
        octets_add(buf, request->name_count, 4);
        for (size_t i = 0; i < request->name_count; i++) {
            octets_add_counted(buf, request->names[i]);
        }
    }
}

static void get_servers(struct wire *wire, size_t max, struct packet_request *out)
{
    size_t count = (size_t)wire_get(wire, 1, max);
    struct nameserver *list = ARENA_ARRAY(wire->arena, count, struct nameserver);
    if (list == NULL) {
        wire->no_memory = true;
        wire_fail(wire, "out of memory");
        return;
    }
    if (count == 0) {
        wire_fail(wire, "there is no server");
    }
    for (size_t i = 0; i < count && !wire->failed; i++) {
        wire_get_server(wire, &list[i]);
    }
    out->servers = list;
    out->server_count = count;
}

enum yett_err packet_read_request(struct arena *arena, slice packet,
                                  struct packet_request *out, const char **fault)
{
    struct wire wire = wire_of(arena, packet);
    struct packet_request request = {
        .kind = (enum packet_kind)wire_get(&wire, 1, PACKET_KINDS - 1)};
    if (parts[request.kind].name) {
        request.name = wire_get_name(&wire);
    }
    if (parts[request.kind].servers_max > 0) {
        get_servers(&wire, parts[request.kind].servers_max, &request);
    }
    if (parts[request.kind].message) {
        request.message = wire_get_slice(&wire, PACKET_MESSAGE_MAX);
    }
    if (parts[request.kind].names) {
        request.names =
            wire_get_slices(&wire, ASKER_NAMES_MAX, &request.name_count, wire_get_name);
    }
    enum yett_err err = wire_end(&wire);
    if (err == YETT_OK) {
        *out = request;
    } else {
        *fault = wire.fault;
    }
    return err;
}
