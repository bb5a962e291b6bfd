/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_RESOLVER_GATE_H
#define YETT_EDGE_RESOLVER_GATE_H

#include "core/base/err.h"
#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * gate: how many questions may be open at once, below one zone and altogether.
 *
 * A zone whose servers do not answer fills its own places and then waits in its own line,
 * first come, first served.  When all places are taken the zones that wait take turns.
 *
 * Names cost nothing, so somebody may bring more slow zones than there are places.  Some are
 * therefore kept for zones that answered promptly before and were not slow since; such a zone
 * takes a few of them at most, so that it takes many who turn slow all at once to fill them.
 */
struct gate;
struct gate_zone;

/* One question's place; lies in the caller's struct, which must not move. */
struct gate_ticket {
    struct gate_zone *zone;
    struct gate_ticket *next, *previous; /* in the line */
    bool open;
};

/* `total` places, and `kept` more for zones that are known to be prompt.  NULL when the
   system is out of memory. */
YETT_MUST_USE
struct gate *gate_new(size_t per_zone, size_t total, size_t kept, const uint8_t key[16]);
void gate_free(struct gate *gate); /* all tickets are void */

/* `ticket->open` says whether the question may go out now; else gate_next() gives it out
   later.  False, and the ticket untouched, when the system is out of memory. */
YETT_MUST_USE
bool gate_enter(struct gate *gate, struct gate_ticket *ticket, slice zone);

/* An open ticket gives its place back, a waiting one leaves the line. */
void gate_leave(struct gate *gate, struct gate_ticket *ticket);

/* The servers of an open ticket's zone answered promptly, or they did not: remembered of some
   thousand zones. */
void gate_learn(struct gate *gate, const struct gate_ticket *ticket, bool is_prompt);

/* A ticket that has waited and is open now, or NULL. */
struct gate_ticket *gate_next(struct gate *gate);

/* What a waiting ticket waits for: the zone's places, or (false) one at all. */
bool gate_zone_is_full(const struct gate *gate, const struct gate_ticket *ticket);

#endif
