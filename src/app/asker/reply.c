/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/asker/packet.h"
#include "app/asker/wire.h"
#include "core/domain/domain.h"

/* reply: what an asker answers, and whether it can be an answer to what was asked. */

enum { ALIASES_MAX = 64, STATUS_MAX = 255, WALLS_MAX = SANDBOX_ALL };

static const enum yett_err errors[] = {YETT_OK,         YETT_NO_MEMORY, YETT_LIMIT,
                                       YETT_BAD_SYNTAX, YETT_NOT_FOUND, YETT_IO};
enum { ERRORS = sizeof errors / sizeof errors[0] };

static void *allocate(struct wire *wire, size_t count, size_t size)
{
    void *list = arena_calloc(wire->arena, count, size);
    if (list == NULL) {
        wire->no_memory = true;
        wire_fail(wire, "out of memory");
    }
    return list;
}

/* ---- hello --------------------------------------------------------------------------------- */

static void put_hello(struct buf *buf, const struct packet_reply *reply)
{
    octets_add(buf, reply->walls, 1);
    octets_add(buf, (uint64_t)(unsigned)reply->status, 1);
    octets_add_counted(buf, reply->why);
}

static void get_hello(struct wire *wire, const struct packet_request *request,
                      struct packet_reply *out)
{
    (void)request;
    out->walls = (unsigned)wire_get(wire, 1, WALLS_MAX);
    out->status = (int)wire_get(wire, 1, STATUS_MAX);
    out->why = wire_get_text(wire);
}

/* ---- a zone -------------------------------------------------------------------------------- */

static void put_zone(struct buf *buf, const struct packet_reply *reply)
{
    octets_add_counted(buf, reply->zone.apex);
    wire_put_server(buf, &reply->zone.primary);
    octets_add(buf, reply->zone.server_count, 1);
    for (size_t i = 0; i < reply->zone.server_count; i++) {
        wire_put_server(buf, &reply->zone.servers[i]);
    }
}

static void get_zone(struct wire *wire, const struct packet_request *request,
                     struct packet_reply *out)
{
    out->zone.apex = wire_get_name(wire);
    wire_get_server(wire, &out->zone.primary);
    size_t count = (size_t)wire_get(wire, 1, NAMESERVER_SERVERS_MAX);
    struct nameserver *servers = allocate(wire, count, sizeof *servers);
    if (!wire->failed &&
        (count == 0 || !domain_is_under(request->name, out->zone.apex))) {
        wire_fail(wire, count == 0 ? "a zone has no server"
                                   : "the name that was asked for is not in this zone");
    }
    for (size_t i = 0; i < count && !wire->failed; i++) {
        wire_get_server(wire, &servers[i]);
    }
    out->zone.servers = servers;
    out->zone.server_count = count;
}

/* ---- records and messages ------------------------------------------------------------------ */

static void put_rrset(struct buf *buf, const struct packet_reply *reply)
{
    wire_put_rrset(buf, &reply->rrset);
}

static void get_rrset(struct wire *wire, const struct packet_request *request,
                      struct packet_reply *out)
{
    (void)request;
    wire_get_rrset(wire, &out->rrset);
}

static void put_octets(struct buf *buf, const struct packet_reply *reply)
{
    octets_add_counted(buf, reply->octets);
}

static void get_octets(struct wire *wire, const struct packet_request *request,
                       struct packet_reply *out)
{
    (void)request;
    out->octets = wire_get_slice(wire, PACKET_MESSAGE_MAX);
}

/* ---- views --------------------------------------------------------------------------------- */

static void put_views(struct buf *buf, const struct packet_reply *reply)
{
    octets_add(buf, reply->views.count, 1);
    for (size_t i = 0; i < reply->views.count; i++) {
        const struct nameserver_view *view = &reply->views.list[i];
        octets_add(buf, view->state, 1);
        wire_put_rrset(buf, &view->shown);
        octets_add_counted(buf, view->sentence);
    }
}

static void get_views(struct wire *wire, const struct packet_request *request,
                      struct packet_reply *out)
{
    size_t count = (size_t)wire_get(wire, 1, NAMESERVER_SERVERS_MAX);
    if (!wire->failed && count != request->server_count) {
        wire_fail(wire, "not every server that was asked has its answer");
    }
    struct nameserver_view *views = allocate(wire, count, sizeof *views);
    for (size_t i = 0; i < count && !wire->failed; i++) {
        views[i].server = &request->servers[i];
        views[i].state = (enum nameserver_state)wire_get(wire, 1, NAMESERVER_UNREACHABLE);
        wire_get_rrset(wire, &views[i].shown);
        views[i].sentence = wire_get_text(wire);
        out->views.showing += views[i].state == NAMESERVER_SHOWS;
    }
    out->views.list = views;
    out->views.count = count;
}

/* ---- answers of a resolver ------------------------------------------------------------------ */

static void put_answer(struct buf *buf, const struct dns_answer *answer)
{
    octets_add(buf, answer->status, 1);
    octets_add(buf, answer->security, 1);
    octets_add(buf, answer->ttl_s, 4);
    octets_add(buf, answer->count, 4);
    for (size_t i = 0; i < answer->count; i++) {
        octets_add_counted(buf, answer->records[i].text);
    }
    octets_add(buf, answer->alias_count, 4);
    for (size_t i = 0; i < answer->alias_count; i++) {
        octets_add_counted(buf, answer->aliases[i]);
    }
    octets_add_counted(buf, answer->detail);
}

static void put_answers(struct buf *buf, const struct packet_request *request,
                        const struct packet_reply *reply)
{
    for (size_t i = 0; i < request->name_count; i++) {
        put_answer(buf, &reply->answers[i]);
    }
}

static slice get_joined(struct wire *wire)
{
    return wire_get_slice(wire, PACKET_MESSAGE_MAX);
}

static void get_answer(struct wire *wire, struct dns_answer *out)
{
    out->status = (enum dns_status)wire_get(wire, 1, DNS_BOGUS);
    out->security = (enum dns_security)wire_get(wire, 1, DNS_SECURE);
    out->ttl_s = (uint32_t)wire_get(wire, 4, UINT32_MAX);
    const slice *texts = wire_get_slices(wire, WIRE_VALUES_MAX, &out->count, get_joined);
    struct dns_record *records = allocate(wire, out->count, sizeof *records);
    for (size_t i = 0; i < out->count && !wire->failed; i++) {
        records[i].text = texts[i];
    }
    out->records = records;
    out->aliases = wire_get_slices(wire, ALIASES_MAX, &out->alias_count, wire_get_name);
    out->detail = wire_get_text(wire);
    if (!wire->failed && (out->status == DNS_FOUND) != (out->count > 0)) {
        wire_fail(wire, "what was found and what is shown are not the same");
    }
}

static void get_answers(struct wire *wire, const struct packet_request *request,
                        struct packet_reply *out)
{
    out->answers = allocate(wire, request->name_count, sizeof out->answers[0]);
    for (size_t i = 0; i < request->name_count && !wire->failed; i++) {
        get_answer(wire, &out->answers[i]);
    }
}

/* ---- a reply -------------------------------------------------------------------------------- */

static void put_content(struct buf *buf, const struct packet_request *request,
                        const struct packet_reply *reply)
{
    switch (request->kind) {
    case PACKET_HELLO:
        put_hello(buf, reply);
        return;
    case PACKET_FIND:
        put_zone(buf, reply);
        return;
    case PACKET_READ:
        put_rrset(buf, reply);
        return;
    case PACKET_SEND:
        put_octets(buf, reply);
        return;
    case PACKET_ASK_ALL:
        put_views(buf, reply);
        return;
    case PACKET_TEXTS:
        put_answers(buf, request, reply);
        return;
    case PACKET_KINDS:
        return;
    }
}

void packet_write_reply(struct buf *buf, const struct packet_request *request,
                        const struct packet_reply *reply)
{
    size_t number = ERRORS - 1; /* what has no place here is the system's fault */
    for (size_t i = 0; i < ERRORS; i++) {
        number = errors[i] == reply->err ? i : number;
    }
    octets_add(buf, request->kind, 1);
    octets_add(buf, number, 1);
    if (number == 0) {
        put_content(buf, request, reply);
    } else {
        octets_add_counted(buf, reply->why);
    }
}

static void (*const getters[PACKET_KINDS])(struct wire *wire,
                                           const struct packet_request *request,
                                           struct packet_reply *out) = {
    [PACKET_HELLO] = get_hello,   [PACKET_FIND] = get_zone,
    [PACKET_READ] = get_rrset,    [PACKET_SEND] = get_octets,
    [PACKET_ASK_ALL] = get_views, [PACKET_TEXTS] = get_answers,
};

enum yett_err packet_read_reply(struct arena *arena, slice packet,
                                const struct packet_request *request,
                                struct packet_reply *out, const char **fault)
{
    struct wire wire = wire_of(arena, packet);
    struct packet_reply reply = {.err = YETT_OK};
    if (wire_get(&wire, 1, PACKET_KINDS - 1) != request->kind) {
        wire_fail(&wire, "it is about something else");
    }
    reply.err = errors[wire_get(&wire, 1, ERRORS - 1)];
    if (reply.err == YETT_OK && !wire.failed) {
        getters[request->kind](&wire, request, &reply);
    } else {
        reply.why = wire_get_text(&wire);
    }
    enum yett_err err = wire_end(&wire);
    if (err == YETT_OK) {
        *out = reply;
    } else {
        *fault = wire.fault;
    }
    return err;
}
