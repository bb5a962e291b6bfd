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
 * idle connection holds no buffer.  patience.c ends those that were silent for too long.
 *
 * A connection is read once a turn of the loop, so that a fast peer does not keep the others
 * waiting, and not at all while it does not take what was written for it.
 */
struct milter_server;
struct milter_connection;

struct milter_handler {
    void *context;
    /* A connection was accepted through listener `index`.  Its session, or NULL to close.
       Nothing is written to it yet. */
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

/*
 * Accept no more, close what is idle and was silent for `quiet_ms`, and the others as they
 * become so: a mail server may be about to begin its next message.  `left` is called from
 * the loop when none is there any more.  May be called again with another time.
 */
void milter_server_leave(struct milter_server *server, unsigned quiet_ms,
                         void (*left)(void *context), void *context);

/* Who was beaten to a connection leaves those of so long to who was quicker: also the most
   that one waits when that process gets stuck. */
enum { MILTER_BEATEN_MS = 20 };

struct milter_statistics {
    uint64_t accepted;
    /* Times that accepting stopped at the limit: who connects then waits, or goes to another
       process. */
    uint64_t refused;
    uint64_t starved; /* times that there was no descriptor, memory or session for one */
    uint64_t
        beaten; /* times it was woken for one that another process had taken by then */
    uint64_t timed_out;
    uint64_t broken; /* errors, and peers that went away within a packet or a message */
    size_t connections;   /* now */
    size_t pending_bytes; /* octets held: packets not all there, output not yet taken */
};
struct milter_statistics milter_server_statistics(const struct milter_server *server);

/* Queue octets and write as soon as can be.  Copied only when they cannot go at once. */
void milter_connection_write(struct milter_connection *connection, slice bytes);

/* Close from outside of `take`: once the output is written. */
void milter_connection_close(struct milter_connection *connection, slice why);

/* Where it comes from, for the log: "127.0.0.1:39114", "unix".  Valid until the next call. */
slice milter_connection_peer(const struct milter_connection *connection);

#endif
