/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_MILTER_MILTER_H
#define YETT_EDGE_MILTER_MILTER_H

#include "core/base/slice.h"
#include "edge/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * milter: connections of mail servers on the loop.  Moves octets, bounds connections, memory
 * and time; what the octets mean is the handler's affair.
 *
 * server.c accepts (and stops accepting: too many connections, out of descriptors, leaving),
 * connection.c reads through one buffer of the server's, keeps only the beginning of a
 * packet that is not all there, and writes what the handler has for it in one write.  An
 * idle connection holds no buffer.
 */
struct milter_server;
struct milter_connection;

struct milter_handler {
    void *context;
    /* A connection was accepted through listener `index`.  Its session, or NULL to close. */
    void *(*open)(void *context, struct milter_connection *connection, size_t index);
    /* Octets came: take from the front of `*in` what can be taken.  False: close once the
       output is written.  The handler hands output over with milter_connection_write(). */
    bool (*take)(void *session, slice *in);
    /* It is closed, by whoever; `why` is for the log, empty for an orderly end.  The session
       is the handler's to free. */
    void (*closed)(void *session, slice why);
    /* Is a message in work?  Idle ones are closed when the server leaves. */
    bool (*is_busy)(const void *session);
};

struct milter_server_options {
    const int *listeners; /* descriptors, listening and non-blocking; not closed here */
    size_t listener_count;
    size_t connections_max;
    size_t pending_bytes_max; /* of all connections together */
    size_t packet_bytes_max;
    unsigned idle_timeout_ms; /* nothing came, and no message is in work */
    unsigned
        stall_timeout_ms; /* nothing came within a message, or nothing could be written */
};

YETT_MUST_USE
struct milter_server *milter_server_new(struct loop *loop,
                                        const struct milter_server_options *options,
                                        const struct milter_handler *handler);
void milter_server_free(struct milter_server *server); /* closes all */

/* Accept no more, close what is idle, and the others as they become idle.  `left` is called
   when none is there any more. */
void milter_server_leave(struct milter_server *server, void (*left)(void *context),
                         void *context);

struct milter_statistics {
    uint64_t accepted, refused, timed_out, broken;
    size_t connections; /* now */
    size_t pending_bytes;
};
struct milter_statistics milter_server_statistics(const struct milter_server *server);

/* Queue octets and write as soon as can be.  Copied only when they cannot go at once. */
void milter_connection_write(struct milter_connection *connection, slice bytes);

/* Close from outside of `take`: once the output is written. */
void milter_connection_close(struct milter_connection *connection, slice why);

/* Where it comes from, for the log: "127.0.0.1:39114", "unix". */
slice milter_connection_peer(const struct milter_connection *connection);

#endif
