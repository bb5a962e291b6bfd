/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/keeper/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

/*
 * client: requests to a keeper.
 *
 * All open calls are in one list, oldest first, which is the order in which they are sent and
 * in which their time is up; those that were sent are its beginning.
 */
struct keeper_call {
    struct keeper_client *client;
    struct keeper_call *before, *after;
    uint64_t id;
    int64_t due_ms;
    bool is_sent;
    void (*done)(void *context, const struct keeper_reply *reply, const char *why);
    void *context;
    size_t size;
    char packet[]; /* as it is sent, and sent again */
};

enum {
    PACKETS_AT_ONCE = 64, /* then others of the loop have their turn */
    ARENA_BYTES = KEEPER_REQUEST_MAX + 64 * 1024
};

struct keeper_client {
    struct keeper_client_options options;
    struct loop_watch *watch;
    struct loop_timer *timer;
    struct arena *arena; /* of the packet that is being written */
    uint64_t next_id;
    struct keeper_call *first, *last;
    struct keeper_call *unsent; /* the first of those that are still to be sent */
    size_t sent;                /* and not answered */
    size_t octets;              /* of the list */
    bool wants_room;            /* the socket takes no more just now */
    bool timer_runs;
    bool is_gone;
    struct keeper_client_statistics statistics;
    char packet[KEEPER_REPLY_MAX + 1]; /* one more octet tells what is too long */
};

/* ---- the list --------------------------------------------------------------------------- */

static size_t octets_of(const struct keeper_call *call)
{
    return sizeof(*call) + call->size;
}

static void append(struct keeper_client *client, struct keeper_call *call)
{
    call->before = client->last;
    *(client->last == NULL ? &client->first : &client->last->after) = call;
    client->last = call;
    if (client->unsent == NULL) {
        client->unsent = call;
    }
    client->octets += octets_of(call);
    client->statistics.open++;
}

static void forget(struct keeper_call *call)
{
    struct keeper_client *client = call->client;
    if (client->unsent == call) {
        client->unsent = call->after;
    }
    client->sent -= call->is_sent;
    *(call->before == NULL ? &client->first : &call->before->after) = call->after;
    *(call->after == NULL ? &client->last : &call->after->before) = call->before;
    client->octets -= octets_of(call);
    client->statistics.open--;
    free(call);
}

/* Its caller may make and cancel others, so the list may be another one afterwards. */
static void end(struct keeper_call *call, const struct keeper_reply *reply,
                const char *why)
{
    void (*done)(void *, const struct keeper_reply *, const char *) = call->done;
    void *context = call->context;
    forget(call);
    done(context, reply, why);
}

/* ---- sending ---------------------------------------------------------------------------- */

static void want_room(struct keeper_client *client, bool wanted)
{
    if (client->wants_room != wanted) {
        client->wants_room = loop_watch_set(client->watch, true, wanted) && wanted;
    } /* where that is refused, the next call or answer tries again */
}

/* False: there is no room in the socket. */
static bool send_one(struct keeper_client *client, struct keeper_call *call)
{
    ssize_t sent;
    do {
        sent = send(client->options.fd, call->packet, call->size,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return false;
    }
    call->is_sent = true; /* if it could not be, it is missed at its deadline */
    client->sent++;
    return true;
}

static void send_calls(struct keeper_client *client)
{
    bool has_room = true;
    if (client->is_gone) {
        return;
    }
    while (client->unsent != NULL && client->sent < KEEPER_CALLS_SENT_MAX &&
           (has_room = send_one(client, client->unsent))) {
        client->unsent = client->unsent->after;
    }
    want_room(client, !has_room);
}

/* To a keeper that knows nothing of what was sent to the one before it. */
static void send_again(struct keeper_client *client)
{
    for (struct keeper_call *call = client->first; call != NULL; call = call->after) {
        client->statistics.sent_again += call->is_sent;
        call->is_sent = false;
    }
    client->unsent = client->first;
    client->sent = 0;
}

/* ---- receiving -------------------------------------------------------------------------- */

static void on_reply(struct keeper_client *client, slice packet)
{
    struct keeper_reply reply;
    if (keeper_read_reply(packet, &reply) != YETT_OK) {
        client->statistics.malformed++;
        return;
    }
    /* Answers come in the order of requests, so it is the first one nearly always. */
    struct keeper_call *call = client->first;
    while (call != client->unsent && call->id != reply.id) {
        call = call->after;
    }
    if (call != client->unsent) { /* else it came too late, or is for another */
        client->statistics.answered++;
        end(call, &reply, NULL);
    }
}

static void on_packet(struct keeper_client *client, slice packet)
{
    enum keeper_what what;
    if (keeper_read_what(packet, &what) != YETT_OK) {
        client->statistics.malformed++;
        return;
    }
    switch (what) {
    case KEEPER_HELLO:
        client->statistics.hellos++;
        send_again(client);
        return;
    case KEEPER_REPLY:
        on_reply(client, packet);
        return;
    case KEEPER_REQUEST:
        client->statistics.malformed++;
        return;
    }
}

/* Nothing was read: an empty packet, or nobody is there any more. */
static bool is_hung_up(const struct keeper_client *client)
{
    struct pollfd poll_fd = {.fd = client->options.fd, .events = POLLRDHUP};
    return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents != 0;
}

static void on_gone(struct keeper_client *client)
{
    client->is_gone = true;
    loop_watch_free(client->watch);
    client->watch = NULL;
    struct keeper_call *last = client->last; /* who calls from now on is refused */
    while (last != NULL && client->first != NULL) {
        last = client->first == last ? NULL : last;
        end(client->first, NULL, "the keeper is gone");
    }
}

static void receive_all(struct keeper_client *client)
{
    for (int i = 0; i < PACKETS_AT_ONCE && !client->is_gone; i++) {
        ssize_t got =
            recv(client->options.fd, client->packet, sizeof client->packet, MSG_DONTWAIT);
        if (got > 0) {
            on_packet(client, slice_of(client->packet, (size_t)got));
        } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else if (got < 0 ? errno != EINTR : is_hung_up(client)) {
            on_gone(client);
        } else {
            client->statistics.malformed += got == 0;
        }
    }
}

static void on_ready(void *context, bool readable, bool writable)
{
    struct keeper_client *client = context;
    (void)writable;
    if (readable) {
        receive_all(client);
    }
    send_calls(client);
}

/* ---- deadlines -------------------------------------------------------------------------- */

static void set_timer(struct keeper_client *client)
{
    if (!client->timer_runs && client->first != NULL) {
        client->timer_runs = true;
        loop_timer_start(client->timer,
                         client->first->due_ms - loop_now_ms(client->options.loop));
    }
}

/* The timer is left alone when a call ends: it finds the next one, or none. */
static void on_timer(void *context)
{
    struct keeper_client *client = context;
    int64_t now_ms = loop_now_ms(client->options.loop);
    client->timer_runs = false;
    while (client->first != NULL && client->first->due_ms <= now_ms) {
        client->statistics.timed_out++;
        end(client->first, NULL,
            client->first->is_sent ? "the keeper did not answer in time"
                                   : "the keeper is too slow, or does not work at all");
    }
    set_timer(client);
    send_calls(client);
}

/* ---- calls ------------------------------------------------------------------------------ */

static struct keeper_call *make_call(struct keeper_client *client,
                                     const struct keeper_text *texts, size_t count)
{
    size_t size = keeper_request_size(texts, count);
    struct keeper_call *call = calloc(1, sizeof(*call) + size);
    struct arena_mark mark = arena_mark(client->arena);
    struct buf packet;
    if (call == NULL) {
        return NULL;
    }
    call->client = client;
    call->id = client->next_id++;
    buf_init(&packet, client->arena, size);
    keeper_write_request(&packet, call->id, texts, count);
    if (buf_err(&packet) != YETT_OK) {
        free(call);
        call = NULL;
    } else {
        memcpy(call->packet, buf_slice(&packet).ptr, size);
        call->size = size;
    }
    arena_rewind(client->arena, mark);
    return call;
}

struct keeper_call *keeper_client_sign(
    struct keeper_client *client, const struct keeper_text *texts, size_t count,
    void (*done)(void *context, const struct keeper_reply *reply, const char *why),
    void *context, const char **why)
{
    struct keeper_call *call = NULL;
    size_t size = keeper_request_size(texts, count);
    if (client->is_gone) {
        *why = "the keeper is gone";
    } else if (size == SIZE_MAX) {
        *why = "the header is too large to be signed";
    } else if (client->octets + sizeof(*call) + size > client->options.octets_max) {
        *why = "too many requests wait for the keeper";
    } else if ((call = make_call(client, texts, count)) == NULL) {
        *why = "out of memory";
    }
    if (call == NULL) {
        client->statistics.refused++;
        return NULL;
    }
    call->done = done;
    call->context = context;
    call->due_ms = loop_now_ms(client->options.loop) + client->options.deadline_ms;
    append(client, call);
    client->statistics.asked++;
    set_timer(client);
    send_calls(client);
    return call;
}

void keeper_client_cancel(struct keeper_call *call)
{
    forget(call);
}

/* ---- life ------------------------------------------------------------------------------- */

static bool set_up(struct keeper_client *client)
{
    int fd = client->options.fd, flags = fcntl(fd, F_GETFL);
    client->arena = arena_new(ARENA_BYTES);
    client->timer = loop_timer_new(client->options.loop, on_timer, client);
    client->watch = loop_watch_new(client->options.loop, fd, on_ready, client);
    return client->arena != NULL && client->timer != NULL && client->watch != NULL &&
           flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           loop_watch_set(client->watch, true, false);
}

struct keeper_client *keeper_client_new(const struct keeper_client_options *options)
{
    struct keeper_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return NULL;
    }
    client->options = *options;
    client->next_id = options->first_id;
    if (client->options.octets_max == 0) {
        client->options.octets_max = KEEPER_OCTETS_MAX;
    }
    if (client->options.deadline_ms == 0) {
        client->options.deadline_ms = KEEPER_DEADLINE_MS;
    }
    if (!set_up(client)) {
        keeper_client_free(client);
        return NULL;
    }
    return client;
}

void keeper_client_free(struct keeper_client *client)
{
    if (client == NULL) {
        return;
    }
    while (client->first != NULL) {
        forget(client->first);
    }
    loop_watch_free(client->watch);
    loop_timer_free(client->timer);
    arena_free(client->arena);
    free(client);
}

struct keeper_client_statistics keeper_client_statistics(
    const struct keeper_client *client)
{
    return client->statistics;
}
