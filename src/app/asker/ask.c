/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/asker/inside.h"
#include "core/base/octets.h"
#include "core/domain/domain.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ask: the side of the caller. */

enum { RESOLVERS = 4, SLACK_MS = 3000, PATIENCE_MAX_MS = 15 * 60 * 1000 };

/* ---- one question ---------------------------------------------------------------------------- */

static enum yett_err fail(struct asker *asker, struct arena *arena, slice *why)
{
    *why = arena_printf(arena, "%s", asker->why);
    return why->ptr == NULL ? YETT_NO_MEMORY : YETT_IO;
}

static enum yett_err put(struct asker *asker, struct arena *arena,
                         const struct packet_request *request, int64_t until_ms)
{
    struct buf content, packet;
    buf_init(&content, arena, PACKET_REQUEST_MAX);
    packet_write_request(&content, request);
    if (buf_err(&content) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    size_t size = buf_slice(&content).len;
    buf_init(&packet, arena, PACKET_HEAD + size);
    octets_add(&packet, size, PACKET_HEAD);
    buf_add(&packet, buf_slice(&content));
    if (buf_err(&packet) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    if (!asker_put_all(asker->fd, buf_slice(&packet), until_ms)) {
        asker_end(asker, asker_now_ms() < until_ms ? NULL : "did not listen in time");
        return YETT_IO;
    }
    return YETT_OK;
}

/* False after its end. */
static bool take(struct asker *asker, char *to, size_t size, int64_t until_ms)
{
    switch (asker_take_all(asker->fd, to, size, until_ms)) {
    case TAKE_ALL:
        return true;
    case TAKE_GONE:
        asker_end(asker, NULL);
        break;
    case TAKE_LATE:
        asker_end(asker, "did not answer in time");
        break;
    }
    return false;
}

static enum yett_err take_packet(struct asker *asker, struct arena *arena,
                                 int64_t until_ms, slice *out)
{
    char head[PACKET_HEAD];
    uint64_t size = 0;
    if (!take(asker, head, sizeof head, until_ms)) {
        return YETT_IO;
    }
    slice rest = slice_of(head, sizeof head);
    if (!octets_take(&rest, PACKET_HEAD, &size) || size > PACKET_REPLY_MAX) {
        asker_end(asker, "wanted to say more than there is to say");
        return YETT_IO;
    }
    char *octets = arena_alloc(arena, size);
    if (octets == NULL) {
        asker_end(asker, "said more than there is memory for");
        return YETT_NO_MEMORY;
    }
    *out = slice_of(octets, size);
    return take(asker, octets, size, until_ms) ? YETT_OK : YETT_IO;
}

static enum yett_err take_reply(struct asker *asker, struct arena *arena,
                                const struct packet_request *request, int64_t until_ms,
                                struct packet_reply *out)
{
    slice packet;
    const char *fault = "";
    enum yett_err err = take_packet(asker, arena, until_ms, &packet);
    if (err == YETT_OK) {
        err = packet_read_reply(arena, packet, request, out, &fault);
    }
    if (err == YETT_BAD_SYNTAX) {
        char what[200];
        (void)snprintf(what, sizeof what, "said what it may not say (%s)", fault);
        asker_end(asker, what);
        return YETT_IO;
    }
    return err;
}

enum yett_err asker_exchange(struct asker *asker, struct arena *arena,
                             const struct packet_request *request, int64_t patience_ms,
                             struct packet_reply *out, slice *why)
{
    int64_t until_ms = asker_now_ms() + patience_ms;
    enum yett_err err = asker->pid == 0 ? YETT_IO : YETT_OK;
    if (err == YETT_OK && request->kind != PACKET_HELLO) {
        err = put(asker, arena, request, until_ms);
    }
    if (err == YETT_OK) {
        err = take_reply(asker, arena, request, until_ms, out);
    }
    return err == YETT_IO ? fail(asker, arena, why) : err;
}

/* ---- its life --------------------------------------------------------------------------------- */

static enum yett_err greet(struct asker *asker, struct arena *arena, unsigned *walls,
                           int *status, slice *why)
{
    struct packet_request hello = {.kind = PACKET_HELLO};
    struct packet_reply reply;
    enum yett_err err = asker_exchange(asker, arena, &hello, HELLO_MS, &reply, why);
    if (err != YETT_OK) {
        return err;
    }
    *walls = reply.walls;
    *status = reply.status;
    *why = reply.why;
    return reply.err != YETT_OK ? reply.err
           : reply.status != 0  ? YETT_NOT_FOUND
                                : YETT_OK;
}

/* What is in a buffer of standard output must not be written twice, and what a caller does
   at its end (atexit) is not for its asker to do. */
static pid_t start(asker_life *live, const struct asker_options *options, int ends[2])
{
    pid_t caller = getpid();
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == caller) {
            live(options, ends[1]);
        }
        _exit(EXIT_SUCCESS);
    }
    return pid;
}

static enum yett_err start_one(asker_life *live, struct arena *arena,
                               const struct asker_options *options, struct asker **out,
                               unsigned *walls, int *status, slice *why)
{
    int ends[2];
    struct asker *asker = ARENA_NEW(arena, struct asker);
    *status = 0;
    if (asker == NULL) {
        return YETT_NO_MEMORY;
    }
    *asker = (struct asker){.fd = -1, .dns = options->dns, .texts_ms = options->texts_ms};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
        asker->fd = ends[0];
        asker->pid = start(live, options, ends);
        (void)close(ends[1]);
    }
    if (asker->fd < 0 || asker->pid < 0) {
        asker->pid = 0;
        *why = arena_printf(arena,
                            "the process that talks to name servers cannot be "
                            "started: %s",
                            strerror(errno));
        return YETT_IO;
    }
    enum yett_err err = greet(asker, arena, walls, status, why);
    if (err != YETT_OK) {
        asker_stop(asker);
        return err;
    }
    *out = asker;
    return YETT_OK;
}

/* Fewer are no reason to give up; what one of them lacks, all lack. */
static void start_spares(asker_life *live, struct arena *arena,
                         const struct asker_options *options, struct asker *asker,
                         unsigned *walls, slice *why)
{
    for (unsigned i = 0; i < options->spares && i < ASKER_SPARES_MAX; i++) {
        unsigned its = 0;
        int status;
        slice lacks = SLICE_NONE;
        if (start_one(live, arena, options, &asker->spare, &its, &status, &lacks) !=
            YETT_OK) {
            return;
        }
        asker = asker->spare;
        *walls &= its;
        *why = slice_is_empty(*why) ? lacks : *why;
    }
}

enum yett_err asker_start_as(asker_life *live, struct arena *arena,
                             const struct asker_options *options, struct asker **out,
                             unsigned *walls, int *status, slice *why)
{
    enum yett_err err = start_one(live, arena, options, out, walls, status, why);
    if (err == YETT_OK) {
        start_spares(live, arena, options, *out, walls, why);
    }
    return err;
}

enum yett_err asker_start(struct arena *arena, const struct asker_options *options,
                          struct asker **out, unsigned *walls, int *status, slice *why)
{
    return asker_start_as(asker_live, arena, options, out, walls, status, why);
}

void asker_stop(struct asker *asker)
{
    for (; asker != NULL; asker = asker->spare) {
        asker_end(asker, "is no longer needed");
    }
}

bool asker_renew(struct asker *asker)
{
    for (;;) {
        if (asker_is_loose(asker)) {
            asker_end(asker, NULL);
        }
        if (asker->pid != 0 || asker->spare == NULL) {
            return asker->pid != 0;
        }
        *asker = *asker->spare;
    }
}

long asker_process(const struct asker *asker)
{
    return (long)asker->pid;
}

/* ---- patience --------------------------------------------------------------------------------- */

static int64_t bounded(int64_t ms)
{
    return (ms < PATIENCE_MAX_MS ? ms : PATIENCE_MAX_MS) + SLACK_MS;
}

/* All attempts by UDP, and as long again by TCP. */
static int64_t question_ms(const struct asker *asker)
{
    int64_t all_ms = 0;
    for (unsigned i = 0; i < asker->dns.attempts && i < 8; i++) {
        all_ms += (int64_t)asker->dns.timeout_ms << i;
    }
    return 2 * all_ms;
}

/* ---- questions -------------------------------------------------------------------------------- */

static enum yett_err conclude(enum yett_err err, const struct packet_reply *reply,
                              slice *why)
{
    if (err == YETT_OK && reply->err != YETT_OK) {
        *why = reply->why;
        return reply->err;
    }
    return err;
}

enum yett_err asker_find(struct asker *asker, struct arena *arena, slice name,
                         struct nameserver_zone *out, slice *why)
{
    struct packet_request request = {.kind = PACKET_FIND, .name = name};
    struct packet_reply reply = {.err = YETT_OK};
    int64_t lookups = (int64_t)domain_label_count(name) + 2; /* SOA; NS; addresses */
    enum yett_err err =
        asker_exchange(asker, arena, &request,
                       bounded(lookups * RESOLVERS * question_ms(asker)), &reply, why);
    err = conclude(err, &reply, why);
    if (err == YETT_OK) {
        *out = reply.zone;
    }
    return err;
}

enum yett_err asker_read(struct asker *asker, struct arena *arena,
                         const struct nameserver *server, slice name,
                         struct update_rrset *out, slice *why)
{
    struct packet_request request = {
        .kind = PACKET_READ, .name = name, .servers = server, .server_count = 1};
    struct packet_reply reply = {.err = YETT_OK};
    enum yett_err err = asker_exchange(
        asker, arena, &request,
        bounded((int64_t)(server->count + 1) * question_ms(asker)), &reply, why);
    err = conclude(err, &reply, why);
    if (err == YETT_OK) {
        *out = reply.rrset;
    }
    return err;
}

enum yett_err asker_send(struct asker *asker, struct arena *arena,
                         const struct nameserver *server, slice message, slice *octets,
                         slice *why)
{
    struct packet_request request = {
        .kind = PACKET_SEND, .servers = server, .server_count = 1, .message = message};
    struct packet_reply reply = {.err = YETT_OK};
    bool is_there = asker->pid != 0;
    int64_t each_ms = 2 * (int64_t)asker->dns.update_timeout_ms;
    enum yett_err err =
        asker_exchange(asker, arena, &request,
                       bounded((int64_t)(server->count + 1) * each_ms), &reply, why);
    if (err == YETT_IO && is_there) { /* it ended over this */
        *why = arena_printf(arena, "%.*s: the update may have been made or not",
                            SLICE_ARG(*why));
    }
    err = conclude(err, &reply, why);
    if (err == YETT_OK) {
        *octets = reply.octets;
    }
    return err;
}

enum yett_err asker_ask_all(struct asker *asker, struct arena *arena,
                            const struct nameserver_zone *zone, slice name,
                            struct nameserver_views *out, slice *why)
{
    struct packet_request request = {.kind = PACKET_ASK_ALL,
                                     .name = name,
                                     .servers = zone->servers,
                                     .server_count = zone->server_count};
    struct packet_reply reply = {.err = YETT_OK};
    enum yett_err err = asker_exchange(asker, arena, &request,
                                       bounded(2 * question_ms(asker)), &reply, why);
    err = conclude(err, &reply, why);
    if (err == YETT_OK) {
        *out = reply.views;
    }
    return err;
}

enum yett_err asker_texts(struct asker *asker, struct arena *arena, const slice *names,
                          size_t count, const struct dns_answer **answers, slice *why)
{
    struct packet_request request = {
        .kind = PACKET_TEXTS, .names = names, .name_count = count};
    struct packet_reply reply = {.err = YETT_OK};
    enum yett_err err =
        asker_exchange(asker, arena, &request, bounded(asker->texts_ms), &reply, why);
    err = conclude(err, &reply, why);
    if (err == YETT_OK) {
        *answers = reply.answers;
    }
    return err;
}
