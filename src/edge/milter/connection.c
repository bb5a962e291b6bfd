/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/milter/inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * connection: moves the octets of one peer.
 *
 * What comes is read into the server's buffer.  Only when it ends within a packet is that
 * beginning kept, in memory of its own; a long one then grows where it is, so that nothing
 * is copied for every octet of a slow peer.
 */
enum {
    KEPT_SMALL = 4096, /* copied in front of what comes next */
    OCTETS_MIN = 64
};

/* ---- octets that are held --------------------------------------------------------------- */

static size_t capacity_of(const struct octets *octets)
{
    return octets == NULL ? 0 : octets->capacity;
}

static void drop(struct milter_connection *connection, struct octets **octets)
{
    connection->server->statistics.pending_bytes -= capacity_of(*octets);
    free(*octets);
    *octets = NULL;
}

/* Room for `capacity` octets; what is there stays.  False: the connection is doomed. */
static bool reserve(struct milter_connection *connection, struct octets **octets,
                    size_t capacity)
{
    struct milter_server *server = connection->server;
    size_t had = capacity_of(*octets);
    if (capacity <= had) {
        return true;
    }
    if (!server_make_room(server, connection, capacity - had)) {
        server->statistics.broken++;
        connection_doom(connection,
                        SLICE("all connections together hold more unfinished octets than "
                              "they may, and this one most of them"));
        return false;
    }
    struct octets *more = realloc(*octets, sizeof(*more) + capacity);
    if (more == NULL) {
        connection_doom(connection, SLICE("out of memory"));
        return false;
    }
    if (*octets == NULL) {
        more->len = 0;
    }
    more->capacity = capacity;
    server->statistics.pending_bytes += capacity - had;
    *octets = more;
    return true;
}

static size_t rounded(size_t size)
{
    size_t capacity = OCTETS_MIN;
    while (capacity < size) {
        capacity *= 2;
    }
    return capacity;
}

static bool append(struct milter_connection *connection, struct octets **octets,
                   slice bytes)
{
    size_t len = *octets == NULL ? 0 : (*octets)->len;
    if (!reserve(connection, octets, rounded(len + bytes.len))) {
        return false;
    }
    memcpy((*octets)->bytes + len, bytes.ptr, bytes.len);
    (*octets)->len += bytes.len;
    return true;
}

/* ---- the end ---------------------------------------------------------------------------- */

static void update_watch(struct milter_connection *connection)
{
    bool readable =
        !connection->doomed && !connection->closing && connection->out == NULL;
    bool writable = !connection->doomed && connection->out != NULL;
    if (!loop_watch_set(connection->watch, readable, writable) && !connection->doomed) {
        connection_doom(connection, SLICE("the system watches no more descriptors"));
    }
}

/* The first reason stays. */
static void note_why(struct milter_connection *connection, slice why)
{
    if (connection->why == NULL && !slice_is_empty(why)) {
        connection->why = strndup(why.ptr, why.len);
    }
}

void connection_doom(struct milter_connection *connection, slice why)
{
    struct milter_server *server = connection->server;
    if (connection->doomed) {
        return;
    }
    note_why(connection, why);
    connection->doomed = true;
    drop(connection, &connection->in);
    drop(connection, &connection->out);
    patience_forget(connection);
    update_watch(connection);
    connection->next_doomed = server->doomed;
    server->doomed = connection;
    if (!server->working) {
        loop_timer_start(server->reaper, 0);
    }
}

void connection_end(struct milter_connection *connection, slice why)
{
    struct milter_server *server = connection->server;
    patience_forget(connection);
    drop(connection, &connection->in);
    drop(connection, &connection->out);
    loop_watch_free(connection->watch);
    (void)close(connection->fd);
    if (connection->session != NULL) {
        server->handler.closed(connection->session, connection->why != NULL
                                                        ? slice_from_text(connection->why)
                                                        : why);
    }
    free(connection->why);
    free(connection);
    server_note_end(server);
}

static void break_off(struct milter_connection *connection, slice why)
{
    if (!connection->doomed) {
        connection->server->statistics.broken++;
        connection_doom(connection, why);
    }
}

static void break_off_for_error(struct milter_connection *connection)
{
    const char *text = strerrordesc_np(errno);
    break_off(connection, slice_from_text(text == NULL ? "the system refused" : text));
}

/* The output goes first; if there is none, the end is near. */
static void close_when_written(struct milter_connection *connection)
{
    connection->closing = true;
    if (connection->out == NULL) {
        connection_doom(connection, SLICE_NONE);
    }
}

/* ---- writing ---------------------------------------------------------------------------- */

static bool is_not_now(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

/* What went; 0 also when the connection is doomed for it. */
static size_t send_now(struct milter_connection *connection, slice bytes)
{
    ssize_t sent =
        send(connection->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
        return (size_t)sent;
    }
    if (!is_not_now(errno)) {
        break_off_for_error(connection);
    }
    return 0;
}

void milter_connection_write(struct milter_connection *connection, slice bytes)
{
    if (connection->doomed || slice_is_empty(bytes)) {
        return;
    }
    connection->answered = true;
    if (connection->out == NULL) {
        bytes = slice_skip(bytes, send_now(connection, bytes));
    }
    if (!connection->doomed && !slice_is_empty(bytes)) {
        (void)append(connection, &connection->out, bytes);
    }
    if (!connection->doomed) {
        patience_touch(connection);
        update_watch(connection);
    }
}

static void write_more(struct milter_connection *connection)
{
    struct octets *out = connection->out;
    size_t sent = send_now(connection, slice_of(out->bytes, out->len));
    if (connection->doomed || sent == 0) {
        return;
    }
    memmove(out->bytes, out->bytes + sent, out->len - sent);
    out->len -= sent;
    if (out->len == 0) {
        drop(connection, &connection->out);
    }
    if (connection->closing && connection->out == NULL) {
        connection_doom(connection, SLICE_NONE);
        return;
    }
    patience_touch(connection);
    update_watch(connection);
}

void milter_connection_close(struct milter_connection *connection, slice why)
{
    if (connection->doomed) {
        return;
    }
    note_why(connection, why);
    close_when_written(connection);
    if (!connection->doomed) {
        patience_touch(connection);
        update_watch(connection);
    }
}

/* ---- reading ---------------------------------------------------------------------------- */

static void at_end_of_input(struct milter_connection *connection)
{
    const struct milter_handler *handler = &connection->server->handler;
    if (connection->in != NULL) {
        break_off(connection, SLICE("it went away in the middle of a packet"));
    } else if (handler->is_busy(connection->session)) {
        break_off(connection, SLICE("it went away in the middle of a message"));
    } else {
        connection_doom(connection, SLICE_NONE);
    }
}

/* One read.  `*all` is what the connection holds and what came.  False: nothing came. */
static bool read_some(struct milter_connection *connection, slice *all)
{
    struct milter_server *server = connection->server;
    struct octets *in = connection->in;
    size_t held = in == NULL ? 0 : in->len;
    char *to = server->buffer;
    size_t room = sizeof server->buffer;

    if (held > KEPT_SMALL) {
        if (held == in->capacity &&
            !reserve(connection, &connection->in, in->capacity * 2)) {
            return false;
        }
        in = connection->in;
        to = in->bytes;
        room = in->capacity;
    } else if (held > 0) {
        memcpy(to, in->bytes, held);
    }
    ssize_t got = recv(connection->fd, to + held, room - held, MSG_DONTWAIT);
    if (got > 0) {
        *all = slice_of(to, held + (size_t)got);
        return true;
    }
    if (got == 0) {
        at_end_of_input(connection);
    } else if (!is_not_now(errno)) {
        break_off_for_error(connection);
    }
    return false;
}

/* What was a long packet may have become the beginning of a short one. */
static void shrink(struct milter_connection *connection)
{
    struct octets *in = connection->in;
    size_t capacity = rounded(in->len);
    if (in->capacity <= KEPT_SMALL || capacity > in->capacity / 4) {
        return;
    }
    struct octets *less = realloc(in, sizeof(*in) + capacity);
    if (less != NULL) {
        connection->server->statistics.pending_bytes -= less->capacity - capacity;
        less->capacity = capacity;
        connection->in = less;
    }
}

/* What the handler left is the beginning of a packet.  `in_place`: it lies in `in`. */
static void keep(struct milter_connection *connection, slice rest, bool in_place)
{
    struct octets *in = connection->in;
    if (slice_is_empty(rest)) {
        drop(connection, &connection->in);
    } else if (rest.len > connection->server->options.packet_bytes_max) {
        break_off(connection, SLICE("it sent a packet that is too long"));
    } else if (in_place) {
        memmove(in->bytes, rest.ptr, rest.len);
        in->len = rest.len;
        shrink(connection);
    } else {
        if (in != NULL) {
            in->len = 0;
        }
        (void)append(connection, &connection->in, rest);
    }
}

/*
 * Acknowledge what came and has no answer yet.  A mail server writes the envelope and then
 * the content; with Nagle's algorithm, which Postfix leaves on, the second write waits for
 * the acknowledgement of the first, and the system delays that by 40 ms in the hope of an
 * answer to send it with.
 */
static void acknowledge(const struct milter_connection *connection)
{
    int on = 1;
    if (connection->family != IP_NONE && !connection->answered) {
        (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    }
}

static void read_more(struct milter_connection *connection)
{
    const struct milter_handler *handler = &connection->server->handler;
    slice all;
    connection->answered = false;
    if (!read_some(connection, &all)) {
        return;
    }
    bool in_place = all.ptr != connection->server->buffer;
    bool goes_on = handler->take(connection->session, &all);
    if (connection->doomed) {
        return;
    }
    if (goes_on && !connection->closing) {
        keep(connection, all, in_place);
    } else {
        drop(connection, &connection->in);
        close_when_written(connection);
    }
    if (!connection->doomed) {
        acknowledge(connection);
        patience_touch(connection);
        update_watch(connection);
    }
}

static void on_ready(void *context, bool readable, bool writable)
{
    struct milter_connection *connection = context;
    struct milter_server *server = connection->server;
    if (connection->doomed) {
        return;
    }
    server->working = true;
    if (writable && connection->out != NULL) {
        write_more(connection);
    } else if (readable && connection->out == NULL && !connection->closing) {
        read_more(connection);
    }
    server->working = false;
    if (server->doomed != NULL) {
        server_reap(server); /* at once: a connection for each message is usual */
    }
}

/* ---- the beginning ---------------------------------------------------------------------- */

static void remember_peer(struct milter_connection *connection,
                          const struct sockaddr_storage *peer)
{
    if (peer->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, peer, sizeof in);
        connection->family = IP_V4;
        connection->port = ntohs(in.sin_port);
        memcpy(connection->address, &in.sin_addr, sizeof in.sin_addr);
    } else if (peer->ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, peer, sizeof in);
        connection->family = IP_V6;
        connection->port = ntohs(in.sin6_port);
        memcpy(connection->address, &in.sin6_addr, sizeof in.sin6_addr);
    }
}

void connection_begin(struct milter_server *server, int fd,
                      const struct sockaddr_storage *peer, size_t listener)
{
    struct milter_connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL) {
        (void)close(fd);
        server->statistics.starved++;
        return;
    }
    connection->server = server;
    connection->fd = fd;
    remember_peer(connection, peer);
    server->statistics.connections++;
    connection->watch = loop_watch_new(server->loop, fd, on_ready, connection);
    if (connection->watch != NULL) {
        connection->session =
            server->handler.open(server->handler.context, connection, listener);
    }
    if (connection->session == NULL) {
        server->statistics.starved++;
        connection_end(connection, SLICE_NONE);
        return;
    }
    server->statistics.accepted++;
    patience_touch(connection);
    update_watch(connection);
}
