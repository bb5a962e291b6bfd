/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keeper/inside.h"
#include "app/keeper/keeper.h"
#include "app/role/role.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

/*
 * work: the life of a keeper, from its command line to its exit status.
 *
 * A packet in, a reply out.  While a reply finds no room, nothing more is read: a gateway that
 * does not listen gets no further.
 */
enum {
    HEARTBEAT_MS = 1000,
    PACKETS_AT_ONCE = 16, /* then the supervisor is heard */
    PACKETS_LEFT_OVER =
        1024,                /* of a talk before; who sends on and on is not waited for */
    ANSWERS_AT_ONCE_MS = 50, /* the same: large keys take their time */
    COMPLAIN_EVERY_MS = 5 * 1000, /* of refusals, not more often */
};

/* ---- replies ---------------------------------------------------------------------------- */

/* False: there is no room for it. */
static bool send_one(const struct keeper_outgoing *reply)
{
    ssize_t sent;
    do {
        sent = send(ROLE_KEEPER, reply->octets, reply->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    /* If nobody is there who could take it, we hear of that. */
    return sent >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

/*
 * Replies to requests that waited together go out together, so that who asked is woken once
 * for all: that costs more than anything else about a request but the signature.  False: there
 * is no room for some.
 */
static bool send_replies(struct keeper_role *role)
{
    size_t sent = 0;
    while (sent < role->reply_count && send_one(&role->replies[sent])) {
        sent++;
    }
    role->reply_count -= sent;
    memmove(role->replies, role->replies + sent,
            role->reply_count * sizeof(role->replies[0]));
    return role->reply_count == 0;
}

static void hand_over(struct keeper_role *role, slice reply)
{
    struct keeper_outgoing *last = &role->replies[role->reply_count++];
    memcpy(last->octets, reply.ptr, reply.len);
    last->len = reply.len;
}

/* ---- requests --------------------------------------------------------------------------- */

static int64_t now_s(const struct keeper_role *role)
{
    return role->options.has_now ? role->options.now_s : (int64_t)time(NULL);
}

static void answer(struct keeper_role *role, slice packet)
{
    struct arena_mark mark = arena_mark(role->arena);
    struct buf reply;
    buf_init(&reply, role->arena, KEEPER_REPLY_MAX);
    keeper_answer_packet(role->keeper, role->scratch, packet, now_s(role),
                         loop_now_ms(role->loop), &reply);
    if (buf_err(&reply) == YETT_OK) {
        hand_over(role, buf_slice(&reply));
    }
    arena_rewind(role->arena, mark);
}

/* Nothing was read: an empty packet, or nobody is there any more. */
static bool is_hung_up(void)
{
    struct pollfd poll_fd = {.fd = ROLE_KEEPER, .events = POLLRDHUP};
    return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents != 0;
}

/* The supervisor holds both ends: when the other one is gone, so is it. */
static void on_hang_up(struct keeper_role *role)
{
    role->left = true;
}

/* False: there is none to be read now. */
static bool take_one(struct keeper_role *role)
{
    ssize_t got;
    do {
        got = recv(ROLE_KEEPER, role->packet, sizeof role->packet, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return false;
    }
    if (got < 0 || (got == 0 && is_hung_up())) {
        on_hang_up(role);
        return false;
    }
    answer(role, slice_of(role->packet, (size_t)got));
    return true;
}

static void want(struct keeper_role *role, bool has_room)
{
    if (!loop_watch_set(role->requests, has_room, !has_room)) {
        role->left = true; /* deaf, it is of no use */
    }
}

static void on_requests(void *context, bool readable, bool writable)
{
    struct keeper_role *role = context;
    bool had_room = role->reply_count == 0;
    bool has_room = send_replies(role);
    int64_t until_ms = loop_now_ms(role->loop) + ANSWERS_AT_ONCE_MS;
    (void)readable;
    (void)writable;
    for (int i = 0; has_room && i < PACKETS_AT_ONCE &&
                    loop_now_ms(role->loop) < until_ms && take_one(role);
         i++) {
        has_room = role->reply_count < KEEPER_REPLIES_HELD || send_replies(role);
    }
    has_room = send_replies(role);
    if (has_room != had_room) {
        want(role, has_room);
    }
}

/* What was sent to whoever was here before is sent again when we say hello: read now, it
   would be signed twice. */
static bool say_hello(struct keeper_role *role)
{
    struct arena_mark mark = arena_mark(role->arena);
    struct buf hello;
    for (int i = 0;
         i < PACKETS_LEFT_OVER &&
         recv(ROLE_KEEPER, role->packet, sizeof role->packet, MSG_DONTWAIT) >= 0 &&
         !is_hung_up();
         i++) {
    }
    buf_init(&hello, role->arena, KEEPER_REPLY_MAX);
    keeper_write_hello(&hello);
    bool good = buf_err(&hello) == YETT_OK;
    if (good) {
        hand_over(role, buf_slice(&hello));
        want(role, send_replies(role));
    }
    arena_rewind(role->arena, mark);
    return good;
}

/* ---- figures ---------------------------------------------------------------------------- */

static void tell(struct keeper_role *role, enum scoreboard_counter which, uint64_t now,
                 uint64_t told)
{
    scoreboard_count(role->board, role->options.slot, which, now - told);
}

static void tell_counts(struct keeper_role *role)
{
    struct keeper_counts now = keeper_counts(role->keeper);
    tell(role, COUNT_SIGNATURES, now.signatures, role->told.signatures);
    tell(role, COUNT_SIGNATURES_REFUSED, now.refused, role->told.refused);
    tell(role, COUNT_SIGNATURES_LIMITED, now.limited, role->told.limited);
    role->told = now;
}

/* A gateway asks for nothing that is refused, unless a clock or a setting is wrong, or
   somebody took it over. */
static void complain(struct keeper_role *role, int64_t now_ms)
{
    uint64_t refused = keeper_counts(role->keeper).refused;
    if (refused == role->complained_refused ||
        now_ms - role->complained_ms < COMPLAIN_EVERY_MS) {
        return;
    }
    slice complaint = keeper_take_complaint(role->keeper);
    log_say(role->log, LOG_LEVEL_WARNING,
            "%llu signatures were refused to the gateway; the last: %.*s",
            (unsigned long long)(refused - role->complained_refused),
            SLICE_ARG(complaint));
    role->complained_refused = refused;
    role->complained_ms = now_ms;
}

static void on_second(void *context)
{
    struct keeper_role *role = context;
    int64_t now_ms = loop_now_ms(role->loop);
    scoreboard_beat(role->board, role->options.slot, now_ms);
    tell_counts(role);
    complain(role, now_ms);
    loop_timer_start(role->second, HEARTBEAT_MS);
}

/* ---- the supervisor --------------------------------------------------------------------- */

/* It tells us once our gateway has gone, so nothing is in work. */
static void on_control(void *context, bool readable, bool writable)
{
    struct keeper_role *role = context;
    (void)readable;
    (void)writable;
    role->left = role->left || role_hears_leave();
}

/* ---- life ------------------------------------------------------------------------------- */

static bool start(void *context)
{
    struct keeper_role *role = context;
    role->complained_ms = loop_now_ms(role->loop) - COMPLAIN_EVERY_MS;
    role->second = loop_timer_new(role->loop, on_second, role);
    role->control = loop_watch_new(role->loop, ROLE_CONTROL, on_control, role);
    role->requests = loop_watch_new(role->loop, ROLE_KEEPER, on_requests, role);
    if (role->second == NULL || role->control == NULL || role->requests == NULL ||
        !loop_watch_set(role->control, true, false) || !say_hello(role)) {
        return false;
    }
    on_second(role);
    return true;
}

static void work(void *context)
{
    struct keeper_role *role = context;
    while (!role->left) {
        loop_run_once(role->loop);
    }
    tell_counts(role);
}

int keeper_main(int argc, char **argv)
{
    static const struct role_life life = {.size = sizeof(struct keeper_role),
                                          .read = keeper_read_options,
                                          .open = keeper_open,
                                          .start = start,
                                          .work = work,
                                          .close = keeper_close};
    return role_live(&life, argc, argv);
}
