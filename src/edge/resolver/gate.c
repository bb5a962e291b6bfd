/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/gate.h"

#include "core/base/siphash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 256 };

/* Exists while a ticket is open or waits. */
struct gate_zone {
    struct gate_zone *chain;
    struct gate_zone *next_ready, *previous_ready;
    bool ready; /* in the list of zones that wait only for a place altogether */
    uint64_t hash;
    size_t open;
    struct gate_ticket *first, *last;
    size_t name_len;
    char name[];
};

struct gate {
    uint8_t key[16];
    size_t per_zone, total;
    size_t open;
    struct gate_zone *ready_first, *ready_last;
    struct gate_zone *buckets[BUCKETS];
};

struct gate *gate_new(size_t per_zone, size_t total, const uint8_t key[16])
{
    struct gate *gate = calloc(1, sizeof(*gate));
    if (gate != NULL) {
        memcpy(gate->key, key, sizeof(gate->key));
        gate->per_zone = per_zone;
        gate->total = total;
    }
    return gate;
}

void gate_free(struct gate *gate)
{
    if (gate == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct gate_zone *zone = gate->buckets[i]; zone != NULL;) {
            struct gate_zone *next = zone->chain;
            free(zone);
            zone = next;
        }
    }
    free(gate);
}

static struct gate_zone *zone_of(struct gate *gate, slice name)
{
    uint64_t hash = siphash(gate->key, name);
    struct gate_zone **bucket = &gate->buckets[hash % BUCKETS];
    for (struct gate_zone *zone = *bucket; zone != NULL; zone = zone->chain) {
        if (zone->hash == hash && slice_eq(slice_of(zone->name, zone->name_len), name)) {
            return zone;
        }
    }
    struct gate_zone *zone = calloc(1, sizeof(*zone) + name.len);
    if (zone == NULL) {
        return NULL;
    }
    if (name.len != 0) {
        memcpy(zone->name, name.ptr, name.len);
    }
    zone->name_len = name.len;
    zone->hash = hash;
    zone->chain = *bucket;
    *bucket = zone;
    return zone;
}

static void forget(struct gate *gate, struct gate_zone *zone)
{
    struct gate_zone **link = &gate->buckets[zone->hash % BUCKETS];
    while (*link != zone) {
        link = &(*link)->chain;
    }
    *link = zone->chain;
    free(zone);
}

static void ready_append(struct gate *gate, struct gate_zone *zone)
{
    zone->ready = true;
    zone->next_ready = NULL;
    zone->previous_ready = gate->ready_last;
    *(gate->ready_last == NULL ? &gate->ready_first : &gate->ready_last->next_ready) =
        zone;
    gate->ready_last = zone;
}

static void ready_remove(struct gate *gate, struct gate_zone *zone)
{
    zone->ready = false;
    *(zone->previous_ready == NULL ? &gate->ready_first
                                   : &zone->previous_ready->next_ready) =
        zone->next_ready;
    *(zone->next_ready == NULL ? &gate->ready_last : &zone->next_ready->previous_ready) =
        zone->previous_ready;
}

/* After any change of `zone`: it is in the list of ready ones if it should be. */
static void settle(struct gate *gate, struct gate_zone *zone)
{
    bool ready = zone->first != NULL && zone->open < gate->per_zone;
    if (ready && !zone->ready) {
        ready_append(gate, zone);
    } else if (!ready && zone->ready) {
        ready_remove(gate, zone);
    }
    if (zone->open == 0 && zone->first == NULL) {
        forget(gate, zone);
    }
}

static void line_append(struct gate_zone *zone, struct gate_ticket *ticket)
{
    ticket->next = NULL;
    ticket->previous = zone->last;
    *(zone->last == NULL ? &zone->first : &zone->last->next) = ticket;
    zone->last = ticket;
}

static void line_remove(struct gate_zone *zone, struct gate_ticket *ticket)
{
    *(ticket->previous == NULL ? &zone->first : &ticket->previous->next) = ticket->next;
    *(ticket->next == NULL ? &zone->last : &ticket->next->previous) = ticket->previous;
}

static void open_ticket(struct gate *gate, struct gate_ticket *ticket)
{
    ticket->open = true;
    ticket->zone->open++;
    gate->open++;
}

bool gate_enter(struct gate *gate, struct gate_ticket *ticket, slice name)
{
    struct gate_zone *zone = zone_of(gate, name);
    if (zone == NULL) {
        return false;
    }
    *ticket = (struct gate_ticket){.zone = zone};
    if (zone->first == NULL && zone->open < gate->per_zone && gate->open < gate->total) {
        open_ticket(gate, ticket);
    } else {
        line_append(zone, ticket);
        settle(gate, zone);
    }
    return true;
}

void gate_leave(struct gate *gate, struct gate_ticket *ticket)
{
    struct gate_zone *zone = ticket->zone;
    if (ticket->open) {
        assert(zone->open > 0 && gate->open > 0);
        zone->open--;
        gate->open--;
    } else {
        line_remove(zone, ticket);
    }
    settle(gate, zone);
}

struct gate_ticket *gate_next(struct gate *gate)
{
    struct gate_zone *zone = gate->ready_first;
    if (zone == NULL || gate->open >= gate->total) {
        return NULL;
    }
    struct gate_ticket *ticket = zone->first;
    line_remove(zone, ticket);
    open_ticket(gate, ticket);
    ready_remove(gate, zone); /* to the end, behind the others that wait */
    settle(gate, zone);
    return ticket;
}

bool gate_zone_is_full(const struct gate *gate, const struct gate_ticket *ticket)
{
    return ticket->zone->open >= gate->per_zone;
}
