/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/nameserver/exchange.h"

#include "edge/nameserver/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PACKET_MAX = 65535, QUERY_MAX = 512, PIECE = 4096, ATTEMPTS_MAX = 6 };

struct runner {
    struct arena *arena;
    const struct nameserver_options *options;
    char packet[PACKET_MAX]; /* what UDP brought, and pieces of TCP */
};

static int64_t now_ms_monotonic(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- ending ------------------------------------------------------------------------ */

static void over(struct exchange *exchange)
{
    if (exchange->fd >= 0) {
        (void)close(exchange->fd);
        exchange->fd = -1;
    }
    exchange->phase = EXCHANGE_OVER;
}

static enum yett_err fail(struct runner *runner, struct exchange *exchange,
                          const char *what)
{
    exchange->failure = arena_printf(runner->arena, "%s", what);
    over(exchange);
    return exchange->failure.ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
}

/* errno, in words. */
static enum yett_err fail_system(struct runner *runner, struct exchange *exchange)
{
    exchange->failure =
        arena_printf(runner->arena, "cannot be reached (%s)", strerror(errno));
    over(exchange);
    return exchange->failure.ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
}

/* All that came was no reply to the question. */
static enum yett_err fail_unreadable(struct runner *runner, struct exchange *exchange)
{
    exchange->failure = arena_printf(
        runner->arena, "sent a reply that cannot be read: %s", exchange->misfit);
    over(exchange);
    return exchange->failure.ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
}

/* Each attempt waits twice as long as the one before, so that a slow server is heard as
 * well. */
static unsigned attempt_ms(const struct runner *runner, unsigned attempt)
{
    return runner->options->timeout_ms
           << (attempt < ATTEMPTS_MAX ? attempt : ATTEMPTS_MAX);
}

static unsigned patience_ms(const struct runner *runner, const struct exchange *exchange)
{
    unsigned all_ms = 0;

    for (unsigned i = 0; i < runner->options->attempts; i++) {
        all_ms += attempt_ms(runner, i);
    }
    return exchange->is_update ? runner->options->update_timeout_ms : all_ms;
}

static enum yett_err fail_silent(struct runner *runner, struct exchange *exchange)
{
    unsigned ms = patience_ms(runner, exchange);
    const char *by_tcp = exchange->phase == EXCHANGE_UDP ? "" : " by TCP";

    exchange->failure = arena_printf(runner->arena, "did not reply%s within %u.%u s",
                                     by_tcp, ms / 1000, ms % 1000 / 100);
    over(exchange);
    return exchange->failure.ptr == NULL ? YETT_NO_MEMORY : YETT_OK;
}

/* ---- beginning --------------------------------------------------------------------- */

static bool open_socket(struct exchange *exchange, int kind)
{
    struct sockaddr_storage address;
    socklen_t size = address_to_socket(&exchange->to, &address);

    exchange->fd = socket(address.ss_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return exchange->fd >= 0 &&
           (connect(exchange->fd, (const struct sockaddr *)&address, size) == 0 ||
            errno == EINPROGRESS);
}

static enum yett_err write_query(struct runner *runner, struct exchange *exchange,
                                 slice *out)
{
    struct buf query;

    if (getrandom(&exchange->id, sizeof(exchange->id), 0) != sizeof(exchange->id)) {
        return YETT_IO;
    }
    buf_init(&query, runner->arena, QUERY_MAX);
    dns_query_write(&query, exchange->id, exchange->question);
    *out = buf_slice(&query);
    return buf_err(&query);
}

/* Each attempt has a new socket, and so a port of its own (RFC 5452 section 9.2). */
static enum yett_err try_udp(struct runner *runner, struct exchange *exchange)
{
    slice query;
    enum yett_err err = write_query(runner, exchange, &query);

    if (err != YETT_OK) {
        return err == YETT_IO ? fail(runner, exchange, "was not asked: no random numbers")
                              : err;
    }
    if (exchange->fd >= 0) {
        (void)close(exchange->fd);
    }
    exchange->phase = EXCHANGE_UDP;
    exchange->until_ms = now_ms_monotonic() + attempt_ms(runner, exchange->attempts++);
    if (!open_socket(exchange, SOCK_DGRAM) ||
        send(exchange->fd, query.ptr, query.len, MSG_NOSIGNAL) < 0) {
        return fail_system(runner, exchange);
    }
    return YETT_OK;
}

static enum yett_err try_tcp(struct runner *runner, struct exchange *exchange)
{
    slice message = exchange->message;
    struct buf out;

    if (!exchange->is_update) {
        enum yett_err err = write_query(runner, exchange, &message);
        if (err != YETT_OK) {
            return err == YETT_IO
                       ? fail(runner, exchange, "was not asked: no random numbers")
                       : err;
        }
    }
    if (exchange->fd >= 0) {
        (void)close(exchange->fd);
    }
    buf_init(&out, runner->arena, PACKET_MAX + 2);
    buf_add_byte(&out, (char)(unsigned char)(message.len >> 8));
    buf_add_byte(&out, (char)(unsigned char)message.len);
    buf_add(&out, message);
    buf_init(&exchange->in, runner->arena, PACKET_MAX + 2 + PIECE);
    exchange->out = buf_slice(&out);
    exchange->phase = EXCHANGE_CONNECT;
    exchange->until_ms = now_ms_monotonic() + patience_ms(runner, exchange);
    if (buf_err(&out) != YETT_OK) {
        return buf_err(&out) == YETT_LIMIT
                   ? fail(runner, exchange, "was not asked: the message is too long")
                   : YETT_NO_MEMORY;
    }
    return open_socket(exchange, SOCK_STREAM) ? YETT_OK : fail_system(runner, exchange);
}

/* ---- on the way -------------------------------------------------------------------- */

/* A reply that does not belong to the question leaves it open. */
static enum yett_err take_datagram(struct runner *runner, struct exchange *exchange)
{
    ssize_t size = recv(exchange->fd, runner->packet, sizeof(runner->packet), 0);

    if (size < 0) {
        return errno == EAGAIN || errno == EINTR ? YETT_OK
                                                 : fail_system(runner, exchange);
    }
    struct arena_mark mark = arena_mark(runner->arena);
    enum yett_err err = dns_reply_read(
        runner->arena, slice_of(runner->packet, (size_t)size), exchange->id,
        exchange->question, &exchange->reply, &exchange->misfit);
    if (err == YETT_BAD_SYNTAX) {
        arena_rewind(runner->arena, mark);
        return YETT_OK;
    }
    if (err == YETT_OK && exchange->reply.is_truncated) {
        return try_tcp(runner, exchange);
    }
    if (err == YETT_OK) {
        exchange->is_answered = true;
        over(exchange);
    }
    return err;
}

static enum yett_err finish_connect(struct runner *runner, struct exchange *exchange)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(exchange->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ||
        error != 0) {
        errno = error != 0 ? error : errno;
        return fail_system(runner, exchange);
    }
    exchange->phase = EXCHANGE_WRITE;
    return YETT_OK;
}

static enum yett_err write_some(struct runner *runner, struct exchange *exchange)
{
    exchange->is_sent = true;
    ssize_t size = send(exchange->fd, exchange->out.ptr, exchange->out.len, MSG_NOSIGNAL);
    if (size < 0) {
        return errno == EAGAIN || errno == EINTR ? YETT_OK
                                                 : fail_system(runner, exchange);
    }
    exchange->out = slice_skip(exchange->out, (size_t)size);
    if (exchange->out.len == 0) {
        exchange->phase = EXCHANGE_READ;
    }
    return YETT_OK;
}

static enum yett_err take_message(struct runner *runner, struct exchange *exchange,
                                  slice message)
{
    enum yett_err err = YETT_OK;

    exchange->octets = message;
    exchange->misfit = "it was truncated";
    if (!exchange->is_update) {
        err = dns_reply_read(runner->arena, message, exchange->id, exchange->question,
                             &exchange->reply, &exchange->misfit);
        err = err == YETT_OK && exchange->reply.is_truncated ? YETT_BAD_SYNTAX : err;
    }
    if (err == YETT_BAD_SYNTAX) {
        return fail_unreadable(runner, exchange);
    }
    exchange->is_answered = err == YETT_OK;
    over(exchange);
    return err;
}

static enum yett_err read_some(struct runner *runner, struct exchange *exchange)
{
    ssize_t size = recv(exchange->fd, runner->packet, PIECE, 0);
    if (size < 0) {
        return errno == EAGAIN || errno == EINTR ? YETT_OK
                                                 : fail_system(runner, exchange);
    }
    if (size == 0) {
        return fail(runner, exchange, "closed the connection without a reply");
    }
    buf_add(&exchange->in, slice_of(runner->packet, (size_t)size));
    slice in = buf_slice(&exchange->in);
    if (buf_err(&exchange->in) == YETT_NO_MEMORY) {
        return YETT_NO_MEMORY;
    }
    if (in.len < 2) {
        return YETT_OK;
    }
    size_t length = (size_t)(unsigned char)in.ptr[0] << 8 | (unsigned char)in.ptr[1];
    return in.len >= length + 2
               ? take_message(runner, exchange, slice_between(in, 2, 2 + length))
               : YETT_OK;
}

static enum yett_err step(struct runner *runner, struct exchange *exchange)
{
    switch (exchange->phase) {
    case EXCHANGE_UDP:
        return take_datagram(runner, exchange);
    case EXCHANGE_CONNECT:
        return finish_connect(runner, exchange);
    case EXCHANGE_WRITE:
        return write_some(runner, exchange);
    case EXCHANGE_READ:
        return read_some(runner, exchange);
    case EXCHANGE_OVER:
        break;
    }
    return YETT_OK;
}

/* ---- all of them ------------------------------------------------------------------- */

static enum yett_err time_is_over(struct runner *runner, struct exchange *exchange)
{
    if (exchange->phase == EXCHANGE_UDP &&
        exchange->attempts < runner->options->attempts) {
        return try_udp(runner, exchange);
    }
    if (exchange->misfit != NULL) {
        return fail_unreadable(runner, exchange);
    }
    return fail_silent(runner, exchange);
}

/* What is waited for, and until when; false when nothing is open any more. */
static bool prepare(const struct exchange *list, size_t count, struct pollfd *polled,
                    int64_t *until_ms)
{
    bool is_open = false;

    *until_ms = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        bool writes =
            list[i].phase == EXCHANGE_CONNECT || list[i].phase == EXCHANGE_WRITE;
        polled[i] =
            (struct pollfd){.fd = list[i].fd, .events = writes ? POLLOUT : POLLIN};
        if (list[i].phase == EXCHANGE_OVER) {
            polled[i].fd = -1;
            continue;
        }
        is_open = true;
        *until_ms = list[i].until_ms < *until_ms ? list[i].until_ms : *until_ms;
    }
    return is_open;
}

static enum yett_err run_round(struct runner *runner, struct exchange *list, size_t count,
                               struct pollfd *polled, int64_t until_ms)
{
    int64_t wait_ms = until_ms - now_ms_monotonic();
    int ready = poll(polled, count, wait_ms < 0 ? 0 : (int)wait_ms);
    int64_t now_ms = now_ms_monotonic();
    enum yett_err err = YETT_OK;

    for (size_t i = 0; i < count && err == YETT_OK; i++) {
        if (ready > 0 && polled[i].fd >= 0 && polled[i].revents != 0) {
            err = step(runner, &list[i]);
        }
        if (err == YETT_OK && list[i].phase != EXCHANGE_OVER &&
            list[i].until_ms <= now_ms) {
            err = time_is_over(runner, &list[i]);
        }
    }
    return err;
}

static enum yett_err run(struct runner *runner, struct exchange *list, size_t count,
                         struct pollfd *polled)
{
    int64_t until_ms;
    enum yett_err err = YETT_OK;

    for (size_t i = 0; i < count && err == YETT_OK; i++) {
        err = list[i].is_update ? try_tcp(runner, &list[i]) : try_udp(runner, &list[i]);
    }
    while (err == YETT_OK && prepare(list, count, polled, &until_ms)) {
        err = run_round(runner, list, count, polled, until_ms);
    }
    return err;
}

enum yett_err exchange_run(struct arena *arena, const struct nameserver_options *options,
                           struct exchange *list, size_t count)
{
    struct runner *runner = ARENA_NEW(arena, struct runner);
    struct pollfd *polled = ARENA_ARRAY(arena, count, struct pollfd);

    if (runner == NULL || polled == NULL) {
        return YETT_NO_MEMORY;
    }
    runner->arena = arena;
    runner->options = options;
    for (size_t i = 0; i < count; i++) {
        list[i].fd = -1;
        list[i].phase = EXCHANGE_UDP;
    }
    enum yett_err err = run(runner, list, count, polled);
    for (size_t i = 0; i < count; i++) {
        over(&list[i]);
    }
    return err;
}
