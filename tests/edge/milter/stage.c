/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/milter/stage.h"

#include "core/base/num.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { TOO_LONG_MS = 20000 };

/* ---- the handler ------------------------------------------------------------------------ */

static void *open_session(void *context, struct milter_connection *connection,
                          size_t index)
{
    struct stage *stage = context;
    if (stage->refuse) {
        return NULL;
    }
    assert_true(stage->session_count < STAGE_SESSIONS);
    struct stage_session *session = &stage->sessions[stage->session_count++];
    *session = (struct stage_session){
        .stage = stage, .connection = connection, .listener = index, .open = true};
    slice peer = milter_connection_peer(connection);
    memcpy(session->peer, peer.ptr, peer.len);
    stage->open_count++;
    return session;
}

static void flood(struct stage_session *session, slice count)
{
    uint64_t bytes = 0;
    assert_int_equal(num_parse_uint(count, 100000000, &bytes), YETT_OK);
    char *text = malloc(bytes);
    assert_non_null(text);
    memset(text, 'x', bytes);
    milter_connection_write(session->connection, slice_of(text, bytes));
    free(text);
}

static bool take(void *context, slice *in)
{
    struct stage_session *session = context;
    struct stage *stage = session->stage;
    slice all = *in, line;
    stage->takes++;
    stage->largest_take = in->len > stage->largest_take ? in->len : stage->largest_take;
    while (slice_take_until(in, '\n', &line)) {
        stage->taken_bytes += line.len + 1;
        if (slice_eq(line, SLICE("quit"))) {
            milter_connection_write(session->connection, SLICE("bye\n"));
            return false;
        }
        if (slice_eq(line, SLICE("busy")) || slice_eq(line, SLICE("free"))) {
            session->busy = line.ptr[0] == 'b';
        }
        if (slice_take(&line, SLICE("flood "))) {
            flood(session, line);
        } else if (!slice_starts_with(line, SLICE("late "))) {
            milter_connection_write(session->connection,
                                    slice_of(line.ptr, line.len + 1));
        }
    }
    assert_true(in->len <= all.len);
    return true;
}

static void closed(void *context, slice why)
{
    struct stage_session *session = context;
    assert_true(session->open);
    session->open = false;
    session->connection = NULL;
    session->stage->open_count--;
    why = slice_first(why, sizeof(session->why) - 1);
    if (!slice_is_empty(why)) {
        memcpy(session->why, why.ptr, why.len);
    }
}

static bool is_busy(const void *context)
{
    const struct stage_session *session = context;
    return session->busy;
}

/* ---- the stage -------------------------------------------------------------------------- */

struct milter_server_options stage_options(void)
{
    return (struct milter_server_options){.connections_max = STAGE_SESSIONS,
                                          .pending_bytes_max = 64 * 1024 * 1024,
                                          .packet_bytes_max = 1024 * 1024,
                                          .idle_timeout_ms = 3600 * 1000,
                                          .stall_timeout_ms = 600 * 1000};
}

static int listen_tcp(struct stage *stage)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 1024), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    stage->port = ntohs(address.sin_port);
    return fd;
}

static int listen_unix(struct stage *stage)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    /* Abstract: nothing is left behind. */
    int len =
        snprintf(stage->path, sizeof stage->path, "yett-test-%ld-%d", (long)getpid(), fd);
    memcpy(address.sun_path + 1, stage->path, (size_t)len);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)),
        0);
    assert_int_equal(listen(fd, 64), 0);
    return fd;
}

static struct milter_server *new_server(struct stage *stage,
                                        struct milter_server_options options)
{
    struct milter_handler handler = {.context = stage,
                                     .open = open_session,
                                     .take = take,
                                     .closed = closed,
                                     .is_busy = is_busy};
    options.listeners = stage->listeners;
    options.listener_count = 2;
    struct milter_server *server = milter_server_new(stage->loop, &options, &handler);
    assert_non_null(server);
    return server;
}

struct milter_server *stage_second_server(struct stage *stage)
{
    return new_server(stage, stage_options());
}

struct stage *stage_new(struct milter_server_options options)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    assert_non_null(stage);
    stage->sessions = calloc(STAGE_SESSIONS, sizeof(*stage->sessions));
    stage->loop = loop_new();
    stage->listeners[0] = listen_tcp(stage);
    stage->listeners[1] = listen_unix(stage);
    assert_non_null(stage->sessions);
    stage->server = new_server(stage, options);
    return stage;
}

void stage_free(struct stage *stage)
{
    milter_server_free(stage->server);
    assert_int_equal(stage->open_count, 0);
    loop_free(stage->loop);
    (void)close(stage->listeners[0]);
    (void)close(stage->listeners[1]);
    free(stage->sessions);
    free(stage);
}

static void ring(void *context)
{
    bool *rung = context;
    *rung = true;
}

void stage_run_ms(struct stage *stage, int64_t ms)
{
    bool rung = false;
    struct loop_timer *timer = loop_timer_new(stage->loop, ring, &rung);
    assert_non_null(timer);
    loop_timer_start(timer, ms);
    while (!rung) {
        loop_run_once(stage->loop);
    }
    loop_timer_free(timer);
}

void stage_until(struct stage *stage, bool (*done)(struct stage *stage))
{
    int64_t begin_ms = loop_now_ms(stage->loop);
    while (!done(stage)) {
        assert_true(loop_now_ms(stage->loop) - begin_ms < TOO_LONG_MS);
        stage_run_ms(stage, 1);
    }
}

static void wait_for_session(struct stage *stage, size_t count)
{
    int64_t begin_ms = loop_now_ms(stage->loop);
    while (stage->session_count < count) {
        assert_true(loop_now_ms(stage->loop) - begin_ms < TOO_LONG_MS);
        loop_run_once(stage->loop);
    }
}

int stage_connect(struct stage *stage)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(stage->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    size_t count = stage->session_count;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    wait_for_session(stage, count + 1);
    return fd;
}

int stage_connect_unix(struct stage *stage)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t count = stage->session_count, len = strlen(stage->path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    memcpy(address.sun_path + 1, stage->path, len);
    assert_int_equal(
        connect(fd, (struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)),
        0);
    wait_for_session(stage, count + 1);
    return fd;
}

void stage_send(int client, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(client, text, len, MSG_NOSIGNAL), len);
}

ssize_t stage_receive(struct stage *stage, int client, char *to, size_t count)
{
    int64_t begin_ms = loop_now_ms(stage->loop);
    size_t have = 0;
    while (have < count) {
        ssize_t got = recv(client, to + have, count - have, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            break;
        }
        have += got < 0 ? 0 : (size_t)got;
        assert_true(loop_now_ms(stage->loop) - begin_ms < TOO_LONG_MS);
        if (have < count) {
            stage_run_ms(stage, 1);
        }
    }
    return (ssize_t)have;
}

void stage_expect(struct stage *stage, int client, const char *text)
{
    char got[4096] = "";
    assert_int_equal(stage_receive(stage, client, got, strlen(text)), strlen(text));
    assert_string_equal(got, text);
}

void stage_expect_end(struct stage *stage, int client)
{
    char byte;
    assert_int_equal(stage_receive(stage, client, &byte, 1), 0);
}

void stage_answer(struct stage_session *session, const char *text)
{
    assert_true(session->open);
    milter_connection_write(session->connection, slice_from_text(text));
}
