/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/scoreboard/inside.h"
#include "edge/scoreboard/scoreboard.h"

/*
 * Who was blamed how often is known to the supervisor alone; shared is what follows from
 * it: the fingerprints that nobody may touch any more, each in one word, at the place that
 * it has in the supervisor's list.
 */
enum { POISONED_AT = 2 };

/* Its place; without one that of the least recently blamed. */
static size_t place_of(const struct scoreboard *board, uint64_t fingerprint)
{
    size_t oldest = 0;
    for (size_t i = 0; i < SCOREBOARD_POISONS; i++) {
        if (board->blames[i].fingerprint == fingerprint) {
            return i;
        }
        if (board->blames[i].last < board->blames[oldest].last) {
            oldest = i;
        }
    }
    return oldest;
}

static void publish(struct shared *shared, size_t place, uint64_t fingerprint)
{
    atomic_store_explicit(&shared->poisons[place], fingerprint, memory_order_relaxed);
    unsigned end = atomic_load_explicit(&shared->poison_end, memory_order_relaxed);
    if (fingerprint != 0 && (end <= place || end > SCOREBOARD_POISONS)) {
        atomic_store_explicit(&shared->poison_end, (unsigned)place + 1,
                              memory_order_release);
    }
}

unsigned scoreboard_blame(struct scoreboard *board, uint64_t fingerprint)
{
    if (fingerprint == 0) {
        return 0;
    }
    size_t place = place_of(board, fingerprint);
    struct blame *blame = &board->blames[place];
    if (blame->fingerprint != fingerprint) {
        publish(board->shared, place, 0);
        *blame = (struct blame){.fingerprint = fingerprint};
    }
    blame->last = ++board->blame_count;
    if (blame->times < UINT32_MAX) {
        blame->times++;
    }
    if (blame->times >= POISONED_AT) {
        publish(board->shared, place, fingerprint);
    }
    return blame->times;
}

bool scoreboard_is_poisoned(const struct scoreboard *board, uint64_t fingerprint)
{
    const struct shared *shared = board->shared;
    unsigned end = atomic_load_explicit(&shared->poison_end, memory_order_acquire);
    if (fingerprint == 0) {
        return false;
    }
    for (size_t i = 0; i < end && i < SCOREBOARD_POISONS; i++) {
        if (atomic_load_explicit(&shared->poisons[i], memory_order_relaxed) ==
            fingerprint) {
            return true;
        }
    }
    return false;
}
