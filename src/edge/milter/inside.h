/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_MILTER_INSIDE_H
#define YETT_EDGE_MILTER_INSIDE_H

#include "core/base/ip.h"
#include "edge/milter/milter.h"

#include <sys/socket.h>

/* inside: what the files of this folder know of each other. */

enum {
    MILTER_BUFFER_BYTES = 256 * 1024, /* one read */
    MILTER_PEER_TEXT = 64
};

/* Octets that are kept for a while. */
struct octets {
    size_t len, capacity;
    char bytes[];
};

struct milter_connection {
    struct milter_server *server;
    struct milter_connection *before, *after; /* in `line` */
    struct milter_connection *next_doomed;
    struct line *line;
    struct loop_watch *watch;
    void *session;
    struct octets *in;  /* the beginning of a packet */
    struct octets *out; /* what the peer did not take yet */
    char *why;          /* of its end; NULL: orderly */
    int64_t active_ms;  /* when something last moved */
    int fd;
    uint16_t port;
    uint8_t address[16];
    uint8_t family; /* enum ip_family */
    bool answered;  /* something was written since the last read */
    bool doomed;    /* ends as soon as nobody works on it */
    bool closing;   /* … after its output was written */
};

/* Connections in the order in which something last moved on them, longest ago first. */
struct line {
    struct milter_connection *first, *last;
};

struct listener {
    struct milter_server *server;
    struct loop_watch *watch;
    int fd;
    size_t index;
};

struct milter_server {
    struct loop *loop;
    struct milter_server_options options;
    struct milter_handler handler;
    struct listener *listeners;
    struct line idle, busy;
    struct milter_connection *doomed;
    struct loop_timer *tick;   /* looks at both lines */
    struct loop_timer *reaper; /* ends what is doomed */
    struct loop_timer *pause;  /* until descriptors may be there again */
    struct milter_statistics statistics;
    bool ticking, accepting, pausing, leaving;
    bool working; /* on a connection that became ready; what it dooms ends behind it */
    size_t most;  /* connections of late */
    unsigned grown_in_a_row;
    unsigned quiet_ms;
    void (*left)(void *context);
    void *left_context;
    char peer_text[MILTER_PEER_TEXT];
    char buffer[MILTER_BUFFER_BYTES];
};

/* ---- server.c ------------------------------------------------------------------------- */

/* A connection is gone: there may be room for another. */
void server_note_end(struct milter_server *server);

/* End what is doomed.  From the loop only; may free the server. */
void server_reap(struct milter_server *server);

/* Make room for `bytes` more at the cost of those that hold most.  False: of the asker's. */
YETT_MUST_USE
bool server_make_room(struct milter_server *server, const struct milter_connection *asker,
                      size_t bytes);

/* ---- connection.c ----------------------------------------------------------------------- */

/* Takes `fd` over, also when it fails. */
void connection_begin(struct milter_server *server, int fd,
                      const struct sockaddr_storage *peer, size_t listener);

/* End it now.  Not from within its handler, and none that is doomed: the reaper's. */
void connection_end(struct milter_connection *connection, slice why);

/* End it as soon as nobody works on it: nothing is read, written or held from now on. */
void connection_doom(struct milter_connection *connection, slice why);

/* ---- patience.c ----------------------------------------------------------------------- */

/* Something moved. */
void patience_touch(struct milter_connection *connection);
void patience_forget(struct milter_connection *connection);
void patience_tick(void *server);

/* Look at the lines soon, and more often from now on. */
void patience_hurry(struct milter_server *server);

#endif
