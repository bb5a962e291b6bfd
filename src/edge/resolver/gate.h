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
 */
struct gate;
struct gate_zone;

/* One question's place; lies in the caller's struct, which must not move. */
struct gate_ticket {
    struct gate_zone *zone;
    struct gate_ticket *next, *previous; /* in the line */
    bool open;
};

/* NULL when the system is out of memory. */
YETT_MUST_USE
struct gate *gate_new(size_t per_zone, size_t total, const uint8_t key[16]);
void gate_free(struct gate *gate); /* all tickets are void */

/* `ticket->open` says whether the question may go out now; else gate_next() gives it out
   later.  False, and the ticket untouched, when the system is out of memory. */
YETT_MUST_USE
bool gate_enter(struct gate *gate, struct gate_ticket *ticket, slice zone);

/* An open ticket gives its place back, a waiting one leaves the line. */
void gate_leave(struct gate *gate, struct gate_ticket *ticket);

/* A ticket that has waited and is open now, or NULL. */
struct gate_ticket *gate_next(struct gate *gate);

/* What a waiting ticket waits for: the zone's places, or (false) one at all. */
bool gate_zone_is_full(const struct gate *gate, const struct gate_ticket *ticket);

#endif
