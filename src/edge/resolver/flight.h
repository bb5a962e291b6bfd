/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_RESOLVER_FLIGHT_H
#define YETT_EDGE_RESOLVER_FLIGHT_H

#include "core/dns/dns.h"
#include "edge/resolver/gate.h"
#include "edge/resolver/resolver.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * flight: the table of questions on their way, and who waits for each.
 *
 * A resolver_question is one caller's wish; a flight is the question that goes to the
 * network for all who wish the same.  It waits at the gate (its ticket is not open), then
 * is in libunbound's hands, and has landed when libunbound called back.
 */
struct flight {
    struct gate_ticket ticket; /* first: the gate gives tickets back */
    struct resolver *resolver;
    struct dns_question question;
    uint64_t hash;
    struct flight *chain; /* of its bucket */
    struct flight *next_landed;
    struct resolver_question *first, *last;
    const struct dns_answer *answer; /* pinned; NULL until landed, or without memory */
    int64_t left_ms;                 /* for libunbound; 0 before */
    bool was_in_line;
    bool landed;
    bool held; /* its first caller is being told */
    char name[];
};

struct resolver_question {
    struct flight *flight;
    struct resolver_question *next, *previous; /* of the flight */
    struct resolver_question *later, *earlier; /* by deadline */
    int64_t deadline_ms;
    void (*done)(void *context, struct dns_question question,
                 const struct dns_answer *answer);
    void *context;
};

enum { FLIGHT_BUCKETS = 1024 };

struct flights {
    uint8_t key[16];
    struct flight *buckets[FLIGHT_BUCKETS];
    struct resolver_question *earliest,
        *latest; /* all time out alike: a queue is sorted */
};

struct flight *flight_find(struct flights *flights, struct dns_question question);

/* Listed, without a ticket yet; NULL when the system is out of memory. */
YETT_MUST_USE
struct flight *flight_new(struct flights *flights, struct dns_question question);
void flight_unlist(struct flights *flights, struct flight *flight);

/* `deadline_ms` is not before that of any wish linked earlier. */
void flight_link(struct flights *flights, struct flight *flight,
                 struct resolver_question *wish);
void flight_unlink(struct flights *flights, struct resolver_question *wish);

/* Unlinked already, and the caller's; NULL when there is none (any more).  A wish that is
   overdue still knows its flight. */
struct resolver_question *flight_take_first(struct flights *flights,
                                            struct flight *flight);
struct resolver_question *flight_take_overdue(struct flights *flights, int64_t now_ms);

#endif
