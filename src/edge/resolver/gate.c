/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/gate.h"

#include "core/base/siphash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 256,
    KNOWN = 4096,      /* zones remembered; two of one place forget each other */
    KEPT_PER_ZONE = 4, /* of the places kept */
    LOOKED_AT_MAX = 16 /* zones, for one that may have a place */
};

/* Exists while a ticket is open or waits. */
struct gate_zone {
    struct gate_zone *chain;
    struct gate_zone *next_ready, *previous_ready;
    bool ready;  /* in a list of zones that wait only for a place altogether */
    bool prompt; /* known to be */
    uint64_t hash;
    size_t open;
    struct gate_ticket *first, *last;
    size_t name_len;
    char name[];
};

/* Those that wait only for a place altogether. */
struct ready_line {
    struct gate_zone *first, *last;
};

struct gate {
    uint8_t key[16];
    size_t per_zone, total, kept;
    size_t open;
    struct ready_line ready[2]; /* by whether they are known to be prompt */
    struct gate_zone *buckets[BUCKETS];
    uint64_t known[KNOWN]; /* hashes of zones that are; 0: none */
};

struct gate *gate_new(size_t per_zone, size_t total, size_t kept, const uint8_t key[16])
{
    struct gate *gate = calloc(1, sizeof(*gate));
    if (gate != NULL) {
        memcpy(gate->key, key, sizeof(gate->key));
        gate->per_zone = per_zone;
        gate->total = total;
        gate->kept = kept;
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
    zone->prompt = gate->known[hash % KNOWN] == hash;
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
    struct ready_line *line = &gate->ready[zone->prompt];
    zone->ready = true;
    zone->next_ready = NULL;
    zone->previous_ready = line->last;
    *(line->last == NULL ? &line->first : &line->last->next_ready) = zone;
    line->last = zone;
}

static void ready_remove(struct gate *gate, struct gate_zone *zone)
{
    struct ready_line *line = &gate->ready[zone->prompt];
    zone->ready = false;
    *(zone->previous_ready == NULL ? &line->first : &zone->previous_ready->next_ready) =
        zone->next_ready;
    *(zone->next_ready == NULL ? &line->last : &zone->next_ready->previous_ready) =
        zone->previous_ready;
}

/* Of the places kept each zone may have a few. */
static bool has_place(const struct gate *gate, const struct gate_zone *zone)
{
    if (zone->open >= gate->per_zone) {
        return false;
    }
    return gate->open < gate->total || (zone->prompt && zone->open < KEPT_PER_ZONE &&
                                        gate->open < gate->total + gate->kept);
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
    if (zone->first == NULL && has_place(gate, zone)) {
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

void gate_learn(struct gate *gate, const struct gate_ticket *ticket, bool is_prompt)
{
    struct gate_zone *zone = ticket->zone;
    uint64_t *known = &gate->known[zone->hash % KNOWN];
    if (is_prompt) {
        *known = zone->hash;
    } else if (*known == zone->hash) {
        *known = 0;
    }
    if (zone->prompt != is_prompt) {
        bool ready = zone->ready;
        if (ready) {
            ready_remove(gate, zone);
        }
        zone->prompt = is_prompt;
        if (ready) {
            ready_append(gate, zone);
        }
    }
}

/* The first in line that may have a place; who may not goes to the end. */
static struct gate_zone *next_zone(struct gate *gate, bool prompt)
{
    struct ready_line *line = &gate->ready[prompt];
    for (size_t i = 0; i < LOOKED_AT_MAX && line->first != NULL; i++) {
        struct gate_zone *zone = line->first;
        if (has_place(gate, zone)) {
            return zone;
        }
        ready_remove(gate, zone);
        ready_append(gate, zone);
    }
    return NULL;
}

struct gate_ticket *gate_next(struct gate *gate)
{
    struct gate_zone *zone = NULL;
    if (gate->open < gate->total + gate->kept) {
        zone = next_zone(gate, true);
    }
    if (zone == NULL && gate->open < gate->total) {
        zone = next_zone(gate, false);
    }
    if (zone == NULL) {
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
