/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/milter/inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * server: accepts connections, and stops accepting them.
 *
 * At the limit the listeners are left alone: who connects then waits in the kernel's queue,
 * or is taken by another process that shares the listener.
 */
enum {
    GROWN_IN_A_ROW = 4,
    SHARE_MS = 1,
    BEATEN_MS = MILTER_BEATEN_MS,
    STARVED_MS = 200 /* somebody must give descriptors back first */
};

/* ---- accepting or not ------------------------------------------------------------------- */

static bool is_full(const struct milter_server *server)
{
    return server->statistics.connections >= server->options.connections_max;
}

static void pause_for(struct milter_server *server, int64_t ms)
{
    server->pausing = true;
    loop_timer_start(server->pause, ms);
}

static void update_listeners(struct milter_server *server)
{
    bool accepting = !server->leaving && !server->pausing && !is_full(server);
    if (server->accepting && is_full(server) && !server->leaving) {
        server->statistics.refused++;
    }
    if (accepting == server->accepting) {
        return;
    }
    server->accepting = accepting;
    for (size_t i = 0; i < server->options.listener_count; i++) {
        if (!loop_watch_set(server->listeners[i].watch, accepting, false)) {
            /* Of what is wanted, nothing else can fail than to begin to watch. */
            server->accepting = false;
            pause_for(server, STARVED_MS);
        }
    }
}

static void on_pause_over(void *context)
{
    struct milter_server *server = context;
    server->pausing = false;
    update_listeners(server);
}

/* Errors that are the affair of the connection that is not to be, accept(2). */
static bool is_passing(int number)
{
    switch (number) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:
        return true;
    default:
        return false;
    }
}

/*
 * The kernel wakes all that share a listener for each connection.  Who finds it taken was
 * woken for nothing, by a connection that another process was quicker to accept, and leaves
 * the next few to that one as well: being woken costs more than all else about a connection.
 */
static void accept_one(struct listener *listener)
{
    struct milter_server *server = listener->server;
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof peer;
    int fd = accept4(listener->fd, (struct sockaddr *)&peer, &size,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        connection_begin(server, fd, &peer, listener->index);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        server->statistics.beaten++;
        pause_for(server, BEATEN_MS);
    } else if (!is_passing(errno)) {
        server->statistics.starved++;
        pause_for(server, STARVED_MS);
    }
}

/*
 * Who shares the listener should share a burst of connections, but who is awake already is
 * always first; so a process that comes to have more than it had of late pauses now and then.
 */
static void leave_some_to_others(struct milter_server *server)
{
    if (server->statistics.connections <= server->most) {
        return;
    }
    server->most = server->statistics.connections;
    if (++server->grown_in_a_row >= GROWN_IN_A_ROW) {
        server->grown_in_a_row = 0;
        pause_for(server, SHARE_MS);
    }
}

/* One a turn: mostly there is but one, and the others wait no longer than a turn takes. */
static void on_acceptable(void *context, bool readable, bool writable)
{
    struct listener *listener = context;
    struct milter_server *server = listener->server;
    (void)readable;
    (void)writable;
    if (!server->pausing && !is_full(server)) {
        accept_one(listener);
        leave_some_to_others(server);
    }
    update_listeners(server);
}

/* ---- endings ---------------------------------------------------------------------------- */

void server_reap(struct milter_server *server)
{
    struct milter_connection *connection;
    while ((connection = server->doomed) != NULL) {
        server->doomed = connection->next_doomed;
        connection_end(connection, SLICE_NONE);
    }
    if (server->leaving && server->statistics.connections == 0 && server->left != NULL) {
        void (*left)(void *) = server->left;
        server->left = NULL;
        left(server->left_context); /* may free the server */
    }
}

static void on_reap(void *context)
{
    server_reap(context);
}

void server_note_end(struct milter_server *server)
{
    server->statistics.connections--;
    if (server->leaving && server->statistics.connections == 0) {
        loop_timer_start(server->reaper, 0);
    }
    update_listeners(server);
}

static size_t held_by(const struct milter_connection *connection)
{
    return (connection->in == NULL ? 0 : connection->in->capacity) +
           (connection->out == NULL ? 0 : connection->out->capacity);
}

/* Who holds octets is in the busy line, but for the one that is asking. */
static struct milter_connection *find_greediest(const struct milter_server *server)
{
    struct milter_connection *greediest = server->busy.first;
    for (struct milter_connection *other = greediest; other != NULL;
         other = other->after) {
        if (held_by(other) > held_by(greediest)) {
            greediest = other;
        }
    }
    return greediest;
}

bool server_make_room(struct milter_server *server, const struct milter_connection *asker,
                      size_t bytes)
{
    size_t max = server->options.pending_bytes_max;
    if (bytes > max) {
        return false;
    }
    while (server->statistics.pending_bytes > max - bytes) {
        struct milter_connection *greediest = find_greediest(server);
        if (greediest == NULL || greediest == asker ||
            held_by(greediest) <= held_by(asker) + bytes) {
            return false;
        }
        server->statistics.broken++;
        connection_doom(greediest,
                        SLICE("all connections together hold more unfinished octets than "
                              "they may, and this one most of them"));
    }
    return true;
}

/* ---- the door --------------------------------------------------------------------------- */

/*
 * A reply must not wait for an acknowledgement, and a dead host must be found out.  Accepted
 * connections have this from their listener; a unix socket refuses it, and needs it not.
 */
static void set_tcp_options(int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

static bool start(struct milter_server *server, const int *fds)
{
    size_t count = server->options.listener_count;
    server->listeners = calloc(count == 0 ? 1 : count, sizeof(*server->listeners));
    server->tick = loop_timer_new(server->loop, patience_tick, server);
    server->reaper = loop_timer_new(server->loop, on_reap, server);
    server->pause = loop_timer_new(server->loop, on_pause_over, server);
    if (server->listeners == NULL || server->tick == NULL || server->reaper == NULL ||
        server->pause == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct listener *listener = &server->listeners[i];
        *listener = (struct listener){.server = server, .fd = fds[i], .index = i};
        set_tcp_options(listener->fd);
        listener->watch =
            loop_watch_new(server->loop, listener->fd, on_acceptable, listener);
        if (listener->watch == NULL) {
            return false;
        }
    }
    update_listeners(server);
    return true;
}

struct milter_server *milter_server_new(struct loop *loop,
                                        const struct milter_server_options *options,
                                        const struct milter_handler *handler)
{
    struct milter_server *server = malloc(sizeof(*server));
    if (server == NULL) {
        return NULL;
    }
    /* The buffer stays as it is: what was never read into takes no memory. */
    memset(server, 0, offsetof(struct milter_server, buffer));
    server->loop = loop;
    server->options = *options;
    server->options.listeners = NULL; /* the caller's array */
    server->handler = *handler;
    if (!start(server, options->listeners)) {
        milter_server_free(server);
        return NULL;
    }
    return server;
}

void milter_server_free(struct milter_server *server)
{
    if (server == NULL) {
        return;
    }
    server->leaving = true;
    server->left = NULL;
    if (server->reaper != NULL) {
        server_reap(server);
    }
    while (server->busy.first != NULL) {
        connection_end(server->busy.first, SLICE_NONE);
    }
    while (server->idle.first != NULL) {
        connection_end(server->idle.first, SLICE_NONE);
    }
    for (size_t i = 0; server->listeners != NULL && i < server->options.listener_count;
         i++) {
        loop_watch_free(server->listeners[i].watch);
    }
    free(server->listeners);
    loop_timer_free(server->tick);
    loop_timer_free(server->reaper);
    loop_timer_free(server->pause);
    free(server);
}

void milter_server_leave(struct milter_server *server, unsigned quiet_ms,
                         void (*left)(void *context), void *context)
{
    server->leaving = true;
    server->quiet_ms = quiet_ms;
    server->left = left;
    server->left_context = context;
    update_listeners(server);
    patience_hurry(server);
    loop_timer_start(server->reaper, 0);
}

struct milter_statistics milter_server_statistics(const struct milter_server *server)
{
    return server->statistics;
}

slice milter_connection_peer(const struct milter_connection *connection)
{
    char host[INET6_ADDRSTRLEN];
    char *text = connection->server->peer_text;
    if (connection->family == IP_NONE) {
        return SLICE("unix");
    }
    bool is_v4 = connection->family == IP_V4;
    if (inet_ntop(is_v4 ? AF_INET : AF_INET6, connection->address, host, sizeof host) ==
        NULL) {
        return SLICE("?");
    }
    (void)snprintf(text, MILTER_PEER_TEXT, is_v4 ? "%s:%u" : "[%s]:%u", host,
                   (unsigned)connection->port);
    return slice_from_text(text);
}
