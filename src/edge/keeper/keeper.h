/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_KEEPER_KEEPER_H
#define YETT_EDGE_KEEPER_KEEPER_H

#include "core/keeper/keeper.h"
#include "edge/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * keeper: a gateway's side of the talk with its keeper (core/keeper), on the loop.
 *
 * Requests go out as the socket takes them and are kept until they are answered: a keeper
 * that died is started again behind the same socket, says hello, and gets all of them once
 * more.  None waits longer than its deadline, and nothing here ever waits for the socket.  All
 * of it is client.c.
 */
struct keeper_client;
struct keeper_call;

struct keeper_client_options {
    struct loop *loop;
    int fd; /* SOCK_SEQPACKET, made non-blocking; stays the caller's */
    uint64_t
        first_id; /* random: answers meant for who had this socket before are not ours */
    size_t octets_max;    /* of all that is open; 0: KEEPER_OCTETS_MAX */
    unsigned deadline_ms; /* from when it was handed in; 0: KEEPER_DEADLINE_MS */
};

enum {
    KEEPER_OCTETS_MAX = 32 * 1024 * 1024, /* some 20000 usual requests */
    KEEPER_CALLS_SENT_MAX = 32, /* at once; the others are sent as answers come */
    KEEPER_DEADLINE_MS = 2000
};

/* NULL: no memory, or the system refuses to watch the socket. */
YETT_MUST_USE
struct keeper_client *keeper_client_new(const struct keeper_client_options *options);

/* Open calls are forgotten: nobody is called back. */
void keeper_client_free(struct keeper_client *client);

/*
 * Have texts signed.  They are copied.  `done` is called once, from the loop and never from
 * within this call, unless it is cancelled first; `reply` is NULL when there was none, `why`
 * then says so (static, a sentence: "the keeper did not answer within 2 s").  A reply has one
 * answer for each text; it is valid during the call only.  `done` may make and cancel other calls, but
 * not free the client.
 *
 * NULL, and `done` is not called, with `*why` when nothing can be sent: too much is open, the texts are too large for a request, or there is no memory.
 */
YETT_MUST_USE
struct keeper_call *keeper_client_sign(
    struct keeper_client *client, const struct keeper_text *texts, size_t count,
    void (*done)(void *context, const struct keeper_reply *reply, const char *why),
    void *context, const char **why);

void keeper_client_cancel(struct keeper_call *call);

struct keeper_client_statistics {
    uint64_t asked, answered;
    uint64_t sent_again; /* to a keeper that began anew */
    uint64_t timed_out;
    uint64_t refused;   /* calls that were not taken */
    uint64_t malformed; /* packets that are no reply */
    uint64_t hellos;
    size_t open; /* now */
};
struct keeper_client_statistics keeper_client_statistics(
    const struct keeper_client *client);

#endif
