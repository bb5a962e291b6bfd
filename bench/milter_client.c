/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter_client.h"

#include "core/milter/milter.h"
#include "milter_script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES = 16 * 1024, WRITE_BYTES = 128 * 1024, PATIENCE_MS = 60000 };

struct connection {
    int fd;
    bool began;   /* CONNECT was sent */
    bool is_busy; /* a message is under way */
    bool is_blocked;
    const struct milter_script *script;
    size_t part, sent;
    double start_us;
    size_t answer_bytes;
    char answer[ANSWER_BYTES];
};

struct milter_client {
    int poll;
    uint16_t port;
    struct connection *connections;
    size_t count;
    struct milter_script first, next; /* message of a session */
    const char *expected;
    double *latencies;
    size_t to_begin, finished;
    bool reconnects;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench: milter: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static uint32_t number_at(const char *octets)
{
    uint32_t number;
    memcpy(&number, octets, sizeof(number));
    return ntohl(number);
}

/* ---- opening -------------------------------------------------------------------------- */

static int open_socket(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        fail("connect");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

/* Offers what Postfix offers. */
static void negotiate(int fd, struct milter_agreement *out)
{
    static const char offer[] = "\0\0\0\x0d"
                                "O\0\0\0\6\0\0\1\xff\0\x1f\xff\xff";
    char answer[4096];
    if (send(fd, offer, sizeof(offer) - 1, MSG_NOSIGNAL) != sizeof(offer) - 1 ||
        recv(fd, answer, 4, MSG_WAITALL) != 4 || number_at(answer) > sizeof(answer) - 4) {
        fail("negotiation");
    }
    size_t length = number_at(answer);
    if (recv(fd, answer + 4, length, MSG_WAITALL) != (ssize_t)length ||
        !milter_agreement_read(out, answer, length + 4)) {
        fail("negotiation");
    }
}

static void watch(const struct milter_client *client, struct connection *connection,
                  int operation)
{
    uint32_t writing = connection->is_blocked ? EPOLLOUT : 0;
    struct epoll_event event = {.events = EPOLLIN | writing, .data.ptr = connection};
    if (epoll_ctl(client->poll, operation, connection->fd, &event) != 0) {
        fail("epoll");
    }
}

struct milter_client *milter_client_new(uint16_t port, size_t connections,
                                        const char *message, size_t message_bytes,
                                        const char *expected)
{
    struct milter_client *client = calloc(1, sizeof(*client));
    struct connection *list = calloc(connections, sizeof(*list));
    if (client == NULL || list == NULL) {
        abort();
    }
    *client = (struct milter_client){.poll = epoll_create1(EPOLL_CLOEXEC),
                                     .port = port,
                                     .connections = list,
                                     .count = connections,
                                     .expected = expected};
    struct milter_agreement agreement = {0};
    for (size_t i = 0; i < connections; i++) {
        list[i].fd = open_socket(port);
        negotiate(list[i].fd, &agreement);
        watch(client, &list[i], EPOLL_CTL_ADD);
    }
    milter_script_init(&client->first, &agreement, true, message, message_bytes);
    milter_script_init(&client->next, &agreement, false, message, message_bytes);
    return client;
}

static void hang_up(const struct connection *connection)
{
    static const char quit[] = "\0\0\0\1A\0\0\0\1Q";
    (void)send(connection->fd, quit, sizeof(quit) - 1, MSG_NOSIGNAL);
    close(connection->fd);
}

void milter_client_free(struct milter_client *client)
{
    for (size_t i = 0; i < client->count; i++) {
        hang_up(&client->connections[i]);
    }
    milter_script_finish(&client->first);
    milter_script_finish(&client->next);
    close(client->poll);
    free(client->connections);
    free(client);
}

void milter_client_reconnect(struct milter_client *client)
{
    client->reconnects = true;
}

static void call_again(const struct milter_client *client, struct connection *connection)
{
    struct milter_agreement agreement;
    hang_up(connection);
    connection->fd = open_socket(client->port);
    connection->began = false;
    negotiate(connection->fd, &agreement);
    watch(client, connection, EPOLL_CTL_ADD);
}

/* ---- a message ------------------------------------------------------------------------ */

static void set_blocked(struct milter_client *client, struct connection *connection,
                        bool blocked)
{
    if (connection->is_blocked != blocked) {
        connection->is_blocked = blocked;
        watch(client, connection, EPOLL_CTL_MOD);
    }
}

/* Write parts until one is answered. */
static void go_on(struct milter_client *client, struct connection *connection)
{
    const struct milter_script *script = connection->script;
    for (;;) {
        const struct milter_part *part = &script->parts[connection->part];
        while (connection->sent < part->end) {
            size_t left = part->end - connection->sent;
            ssize_t sent = send(connection->fd, script->octets + connection->sent,
                                left < WRITE_BYTES ? left : WRITE_BYTES,
                                MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0 && errno == EAGAIN) {
                set_blocked(client, connection, true);
                return;
            }
            if (sent < 0) {
                fail("send");
            }
            connection->sent += (size_t)sent;
        }
        set_blocked(client, connection, false);
        if (part->answered) {
            return;
        }
        connection->part++;
    }
}

static void begin(struct milter_client *client, struct connection *connection)
{
    if (client->to_begin == 0) {
        return;
    }
    client->to_begin--;
    connection->script = connection->began ? &client->next : &client->first;
    connection->began = connection->is_busy = true;
    connection->part = connection->sent = connection->answer_bytes = 0;
    connection->start_us = now_us();
    go_on(client, connection);
}

/* Is there a final reply among the whole packets that came? */
static bool is_answered(const struct connection *connection)
{
    static const char finals[] = "acdrty4s";
    size_t at = 0;
    while (connection->answer_bytes - at > MILTER_HEAD - 1) {
        const char *packet = connection->answer + at;
        size_t length = number_at(packet) + (size_t)4;
        if (connection->answer_bytes - at < length) {
            return false;
        }
        if (memchr(finals, packet[4], sizeof(finals) - 1) != NULL) {
            return true;
        }
        at += length;
    }
    return false;
}

static void end(struct milter_client *client, struct connection *connection)
{
    if (memmem(connection->answer, connection->answer_bytes, client->expected,
               strlen(client->expected)) == NULL) {
        (void)fprintf(stderr, "bench: milter: \"%s\" is not in the answer:\n",
                      client->expected);
        (void)fwrite(connection->answer, 1, connection->answer_bytes, stderr);
        exit(1);
    }
    client->latencies[client->finished++] = now_us() - connection->start_us;
    connection->is_busy = false;
    if (client->reconnects) {
        call_again(client, connection);
    }
    begin(client, connection);
}

static void take_answer(struct milter_client *client, struct connection *connection)
{
    ssize_t got =
        recv(connection->fd, connection->answer + connection->answer_bytes,
             sizeof(connection->answer) - connection->answer_bytes, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0 || !connection->is_busy) {
        fail(got == 0 ? "closed, or too long an answer" : "an answer to nothing");
    }
    connection->answer_bytes += (size_t)got;
    if (!is_answered(connection)) {
        return;
    }
    if (connection->part + 1 == connection->script->part_count) {
        end(client, connection);
        return;
    }
    connection->answer_bytes = 0;
    connection->part++;
    go_on(client, connection);
}

static void wait_for_events(struct milter_client *client)
{
    struct epoll_event events[64];
    int count = epoll_wait(client->poll, events, 64, PATIENCE_MS);
    if (count == 0) {
        fail("no answer within a minute");
    }
    for (int i = 0; i < count; i++) {
        if ((events[i].events & EPOLLOUT) != 0) {
            go_on(client, events[i].data.ptr);
        }
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0) {
            take_answer(client, events[i].data.ptr);
        }
    }
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

void milter_client_run(struct milter_client *client, size_t messages,
                       struct milter_load *out)
{
    client->latencies = calloc(messages, sizeof(double));
    if (client->latencies == NULL) {
        abort();
    }
    client->to_begin = messages;
    client->finished = 0;
    double start = now_us();
    for (size_t i = 0; i < client->count; i++) {
        begin(client, &client->connections[i]);
    }
    while (client->finished < messages) {
        wait_for_events(client);
    }
    out->seconds = (now_us() - start) / 1e6;
    qsort(client->latencies, messages, sizeof(double), by_value);
    out->p50_us = client->latencies[messages / 2];
    out->p99_us = client->latencies[messages * 99 / 100];
    free(client->latencies);
    client->latencies = NULL;
}
