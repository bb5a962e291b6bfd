/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_NAMESERVER_EXCHANGE_H
#define YETT_EDGE_NAMESERVER_EXCHANGE_H

#include "core/dns/dns.h"
#include "edge/nameserver/nameserver.h"

/*
 * exchange: messages to servers and back, several at the same time.
 *
 * A question goes by UDP, again when nothing comes, and by TCP when the reply was
 * truncated. What does not belong to the question is not listened to.  An update goes by
 * TCP, once.
 */
enum exchange_phase {
    EXCHANGE_UDP,
    EXCHANGE_CONNECT,
    EXCHANGE_WRITE,
    EXCHANGE_READ,
    EXCHANGE_OVER
};

struct exchange {
    struct nameserver_address to;
    bool is_update;
    struct dns_direct_question question; /* when it is none */
    slice message;                       /* of an update */

    bool is_answered;
    struct dns_reply reply; /* to a question */
    slice octets;           /* the reply to an update */
    bool is_sent;           /* something of the update may have reached the server */
    slice failure;          /* otherwise: "did not reply within 6 s" */

    enum exchange_phase phase;
    int fd;
    uint16_t id;
    const char *misfit; /* what was wrong with a reply that was not listened to */
    unsigned attempts;  /* made */
    int64_t until_ms;   /* for this step */
    slice out;          /* what is left to be written */
    struct buf in;      /* what came of the reply, its length in front */
};

/* Run all to their end.  Each is answered or has its failure.  YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err exchange_run(struct arena *arena, const struct nameserver_options *options,
                           struct exchange *list, size_t count);


#endif
