/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_EDGE_MILTER_STAGE_H
#define YETT_TESTS_EDGE_MILTER_STAGE_H

#include "edge/milter/milter.h"

#include <sys/types.h>

/*
 * stage: a server whose handler speaks lines, and clients of it, all on one loop.
 *
 * "busy" and "free" say whether a message is in work, "quit" ends; "late WORD" is answered
 * when stage_answer() says so; "flood N" is answered with N octets; any other line comes back.
 */
enum { STAGE_SESSIONS = 6000 };

struct stage_session {
    struct stage *stage;
    struct milter_connection *connection;
    size_t listener;
    bool busy, open;
    char why[200]; /* of the end */
    char peer[80];
};

struct stage {
    struct loop *loop;
    struct milter_server *server;
    int listeners[2]; /* TCP, unix */
    unsigned short port;
    char path[100];
    struct stage_session *sessions; /* in the order of their beginning */
    size_t session_count, open_count;
    size_t taken_bytes, largest_take;
    unsigned takes;
    bool refuse; /* sessions */
    bool left;
};

struct milter_server_options stage_options(void);
struct stage *stage_new(struct milter_server_options options);
void stage_free(struct stage *stage);

/* Another on the same listeners and loop, for the same sessions. */
struct milter_server *stage_second_server(struct stage *stage);

/* Turns of the loop until `done` or, which fails the test, for too long. */
void stage_until(struct stage *stage, bool (*done)(struct stage *stage));

/* Turns of the loop for about so long. */
void stage_run_ms(struct stage *stage, int64_t ms);

int stage_connect(struct stage *stage); /* TCP, accepted when it returns */
int stage_connect_unix(struct stage *stage);
void stage_send(int client, const char *text);

/* What the client gets within reason: `count` octets or fewer at an end.  -1: none now. */
ssize_t stage_receive(struct stage *stage, int client, char *to, size_t count);

/* The client gets exactly this. */
void stage_expect(struct stage *stage, int client, const char *text);

/* The client sees an end, orderly or not. */
void stage_expect_end(struct stage *stage, int client);

/* Write from outside of `take`. */
void stage_answer(struct stage_session *session, const char *text);

#endif
