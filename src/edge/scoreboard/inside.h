/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_SCOREBOARD_INSIDE_H
#define YETT_EDGE_SCOREBOARD_INSIDE_H

#include "edge/scoreboard/scoreboard.h"

#include <stdalign.h>
#include <stdatomic.h>

/*
 * inside: what is shared, and what each process keeps for itself.
 *
 * A slot has a page of its own, so that only one worker can be allowed to write there.
 *
 * Shared is only what must be.  Whatever the supervisor acts upon as root, above all the
 * process that it would kill, is its own: a worker that was taken over could otherwise
 * choose it.
 */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
               "a worker that dies must leave no lock behind");

enum {
    CACHE_LINES_APART = 128, /* processors fetch lines in pairs */
    PAGE_BYTES = 4096,       /* where they are larger, neighbours share one */
    DEFERRALS_IN_SET = 8,
    DEFERRAL_SETS = SCOREBOARD_DEFERRALS / DEFERRALS_IN_SET
};

/* Written by one worker. */
struct shared_slot {
    alignas(PAGE_BYTES) atomic_llong heartbeat_ms;
    atomic_ullong work;
    atomic_ullong counters[COUNT_COUNTERS];
    atomic_ullong gauges[GAUGE_GAUGES];
};

struct shared_deferral {
    atomic_ullong key; /* 0: none */
    atomic_llong first_s;
};

struct shared_deferral_set {
    alignas(CACHE_LINES_APART) struct shared_deferral entries[DEFERRALS_IN_SET];
};

struct shared {
    uint64_t magic;
    uint32_t version;
    uint32_t size;
    uint8_t key[16];
    alignas(CACHE_LINES_APART) atomic_uint poison_end; /* none is at or after it */
    atomic_ullong poisons[SCOREBOARD_POISONS];         /* 0: none */
    struct shared_slot slots[SCOREBOARD_SLOTS];
    alignas(PAGE_BYTES) struct shared_deferral_set deferral_sets[DEFERRAL_SETS];
};

/* Of the supervisor. */
struct holder {
    bool taken;
    pid_t pid;
    unsigned generation;
};

struct blame {
    uint64_t fingerprint; /* 0: none */
    unsigned times;
    uint64_t last; /* in the order of blaming */
};

struct scoreboard {
    struct shared *shared;
    uint8_t key[16];
    struct holder holders[SCOREBOARD_SLOTS];
    size_t slots_used; /* none at or after it was ever taken */
    struct blame blames[SCOREBOARD_POISONS];
    uint64_t blame_count;
};

#endif
