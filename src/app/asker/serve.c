/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/asker/inside.h"
#include "core/base/octets.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* serve: the asker: opens what it needs, builds its walls, says so, and does what it is asked
   until the caller is gone. */

enum { ARENA_BYTES = 64 * 1024 * 1024, OWN_END = 3, WHY_SIZE = 500 };

struct life {
    struct asker_options options;
    int fd;
    struct arena *arena;
    enum yett_err resolvers; /* whether they are known; else `why` */
    slice why;
};

/* ---- the walls -------------------------------------------------------------------------------- */

/* Nothing of the caller's but its end of the socket, and not its terminal. */
static bool forget_descriptors(int fd)
{
    return (fd == OWN_END || dup2(fd, OWN_END) == OWN_END) &&
           close_range(OWN_END + 1, ~0U, 0) == 0;
}

static bool forget_terminal(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool done = null >= 0;
    for (int fd = 0; done && fd <= STDERR_FILENO; fd++) {
        done = dup2(null, fd) == fd;
    }
    if (null > STDERR_FILENO) {
        (void)close(null);
    }
    return done;
}

static unsigned build_walls(const struct life *life, char *why)
{
    char user[200] = "";
    if (sandbox_become(&life->options.user, user, sizeof user) == YETT_OK) {
        return sandbox_lock_in(SANDBOX_ASKER, why, WHY_SIZE);
    }
    unsigned walls = sandbox_lock_in(SANDBOX_ASKER, why, WHY_SIZE);
    size_t length = strlen(why);
    (void)snprintf(why + length, WHY_SIZE - length, "%s%s", length == 0 ? "" : "; ",
                   user);
    return walls & ~(unsigned)SANDBOX_NO_NEW_PRIVILEGES; /* it kept those it had */
}

/* ---- what it is asked --------------------------------------------------------------------------- */

static enum yett_err answer_texts(struct life *life, const struct packet_request *request,
                                  struct packet_reply *reply)
{
    reply->answers = ARENA_ARRAY(life->arena, request->name_count, struct dns_answer);
    if (reply->answers == NULL) {
        return YETT_NO_MEMORY;
    }
    if (life->options.texts == NULL) {
        reply->why = SLICE("there is no resolver");
        return YETT_IO;
    }
    return life->options.texts(life->options.context, life->arena, request->names,
                               request->name_count, reply->answers);
}

static enum yett_err ask_all(struct life *life, const struct packet_request *request,
                             struct packet_reply *reply)
{
    struct nameserver_zone zone = {.servers = request->servers,
                                   .server_count = request->server_count};
    struct update_change nothing = {.name = request->name};
    return nameserver_ask_all(life->arena, &life->options.dns, &zone, &nothing,
                              &reply->views);
}

static enum yett_err find(struct life *life, const struct packet_request *request,
                          struct packet_reply *reply)
{
    if (life->resolvers != YETT_OK) {
        reply->why = life->why;
        return life->resolvers;
    }
    return nameserver_find(life->arena, &life->options.dns, request->name, &reply->zone,
                           &reply->why);
}

static enum yett_err perform(struct life *life, const struct packet_request *request,
                             struct packet_reply *reply)
{
    const struct nameserver_options *dns = &life->options.dns;
    switch (request->kind) {
    case PACKET_FIND:
        return find(life, request, reply);
    case PACKET_READ:
        return nameserver_read(life->arena, dns, request->servers, request->name,
                               &reply->rrset, &reply->why);
    case PACKET_SEND:
        return nameserver_send(life->arena, dns, request->servers, request->message,
                               &reply->octets, &reply->why);
    case PACKET_ASK_ALL:
        return ask_all(life, request, reply);
    case PACKET_TEXTS:
        return answer_texts(life, request, reply);
    case PACKET_HELLO:
    case PACKET_KINDS:
        break;
    }
    return YETT_IO;
}

/* ---- packets ----------------------------------------------------------------------------------- */

static bool put(struct life *life, const struct packet_request *request,
                const struct packet_reply *reply)
{
    struct buf content, head;
    buf_init(&content, life->arena, PACKET_REPLY_MAX);
    buf_init(&head, life->arena, PACKET_HEAD);
    packet_write_reply(&content, request, reply);
    slice octets = buf_slice(&content);
    octets_add(&head, octets.len, PACKET_HEAD);
    return buf_err(&content) == YETT_OK && buf_err(&head) == YETT_OK &&
           asker_put_all(life->fd, buf_slice(&head), INT64_MAX) &&
           asker_put_all(life->fd, octets, INT64_MAX);
}

static bool take(struct life *life, struct packet_request *request)
{
    char head[PACKET_HEAD];
    const char *fault = "";
    uint64_t size = 0;
    slice rest = slice_of(head, sizeof head);
    if (asker_take_all(life->fd, head, sizeof head, INT64_MAX) != TAKE_ALL ||
        !octets_take(&rest, PACKET_HEAD, &size) || size > PACKET_REQUEST_MAX) {
        return false;
    }
    char *octets = arena_alloc(life->arena, size);
    return octets != NULL &&
           asker_take_all(life->fd, octets, size, INT64_MAX) == TAKE_ALL &&
           packet_read_request(life->arena, slice_of(octets, size), request, &fault) ==
               YETT_OK;
}

static bool serve_one(struct life *life)
{
    struct packet_request request;
    struct packet_reply reply = {.why = SLICE("out of memory")};
    if (!take(life, &request)) {
        return false;
    }
    reply.err = perform(life, &request, &reply);
    return put(life, &request, &reply);
}

/* ---- the life ---------------------------------------------------------------------------------- */

static bool greet(struct life *life)
{
    struct packet_request hello = {.kind = PACKET_HELLO};
    struct packet_reply reply = {.err = YETT_OK};
    char why[WHY_SIZE] = "";
    life->resolvers =
        nameserver_read_resolvers(life->arena, &life->options.dns, &life->why);
    if (life->options.prepare != NULL) {
        reply.status = life->options.prepare(life->options.context);
    }
    if (!forget_terminal()) {
        return false;
    }
    reply.walls = build_walls(life, why);
    reply.why = slice_from_text(why);
    return put(life, &hello, &reply) && reply.status == 0;
}

static bool begin(struct life *life, const struct asker_options *options, int fd)
{
    *life = (struct life){.options = *options, .fd = OWN_END};
    life->arena = arena_new(ARENA_BYTES);
    return life->arena != NULL && forget_descriptors(fd);
}

void asker_live(const struct asker_options *options, int fd)
{
    static struct life life;
    if (begin(&life, options, fd) && greet(&life)) {
        struct arena_mark mark = arena_mark(life.arena);
        while (serve_one(&life)) {
            arena_rewind(life.arena, mark);
        }
    }
}
