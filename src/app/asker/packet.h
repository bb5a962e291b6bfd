/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_ASKER_PACKET_H
#define YETT_APP_ASKER_PACKET_H

#include "app/asker/asker.h"

/*
 * packet: what is asked of an asker, and what it answers, as octets.  On the socket each has
 * its length in front, 4 octets, big-endian.
 *
 * Both are read as if they came from an enemy.  A reply is read with its request beside it:
 * it has to be about what was asked.
 */
enum {
    PACKET_REQUEST_MAX = 256 * 1024,
    PACKET_REPLY_MAX =
        4 * 1024 * 1024, /* 32 servers, each with a message full of records */
    PACKET_HEAD = 4,
    PACKET_MESSAGE_MAX = 65535 /* of DNS */
};

enum packet_kind {
    PACKET_HELLO, /* a reply that nobody asked for: the walls stand, or what is in the way */
    PACKET_FIND,
    PACKET_READ,
    PACKET_SEND,
    PACKET_ASK_ALL,
    PACKET_TEXTS,
    PACKET_KINDS
};

struct packet_request {
    enum packet_kind kind;
    slice name;                       /* FIND, READ, ASK_ALL */
    const struct nameserver *servers; /* READ, SEND: one; ASK_ALL */
    size_t server_count;
    slice message;      /* SEND */
    const slice *names; /* TEXTS */
    size_t name_count;
};

struct packet_reply {
    enum yett_err err;
    slice why;                     /* where there is an error, or HELLO lacks walls */
    unsigned walls;                /* HELLO */
    int status;                    /* HELLO: of `prepare` */
    struct nameserver_zone zone;   /* FIND */
    struct update_rrset rrset;     /* READ */
    slice octets;                  /* SEND */
    struct nameserver_views views; /* ASK_ALL; servers are those of the request */
    struct dns_answer *answers;    /* TEXTS: as many as names */
};

/* YETT_OK, YETT_LIMIT, YETT_NO_MEMORY are the buf's. */
void packet_write_request(struct buf *buf, const struct packet_request *request);

/* YETT_BAD_SYNTAX with `*fault`, a phrase; YETT_NO_MEMORY.  Points into `packet` and `arena`. */
YETT_MUST_USE
enum yett_err packet_read_request(struct arena *arena, slice packet,
                                  struct packet_request *out, const char **fault);

void packet_write_reply(struct buf *buf, const struct packet_request *request,
                        const struct packet_reply *reply);
YETT_MUST_USE
enum yett_err packet_read_reply(struct arena *arena, slice packet,
                                const struct packet_request *request,
                                struct packet_reply *out, const char **fault);

#endif
