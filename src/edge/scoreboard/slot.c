/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/scoreboard/inside.h"
#include "edge/scoreboard/scoreboard.h"

/* Each value stands for itself: no order between them is needed. */
static const memory_order relaxed = memory_order_relaxed;

static bool is_slot(size_t slot)
{
    return slot < SCOREBOARD_SLOTS;
}

static bool is_counter(enum scoreboard_counter which)
{
    return (size_t)which < COUNT_COUNTERS;
}

static bool is_gauge(enum scoreboard_gauge which)
{
    return (size_t)which < GAUGE_GAUGES;
}

/* ---- a worker's slot ------------------------------------------------------------------- */

void scoreboard_beat(struct scoreboard *board, size_t slot, int64_t now_ms)
{
    if (is_slot(slot)) {
        atomic_store_explicit(&board->shared->slots[slot].heartbeat_ms, now_ms, relaxed);
    }
}

void scoreboard_count(struct scoreboard *board, size_t slot,
                      enum scoreboard_counter which, uint64_t more)
{
    if (is_slot(slot) && is_counter(which)) {
        (void)atomic_fetch_add_explicit(&board->shared->slots[slot].counters[which], more,
                                        relaxed);
    }
}

void scoreboard_gauge(struct scoreboard *board, size_t slot, enum scoreboard_gauge which,
                      uint64_t value)
{
    if (is_slot(slot) && is_gauge(which)) {
        atomic_store_explicit(&board->shared->slots[slot].gauges[which], value, relaxed);
    }
}

void scoreboard_work_on(struct scoreboard *board, size_t slot, uint64_t fingerprint)
{
    if (is_slot(slot)) {
        atomic_store_explicit(&board->shared->slots[slot].work, fingerprint, relaxed);
        /* What is parsed next may be the end of us: the store has to come before it. */
        atomic_signal_fence(memory_order_seq_cst);
    }
}

/* ---- the supervisor -------------------------------------------------------------------- */

static void clear(struct scoreboard *board, size_t slot)
{
    struct shared_slot *shared = &board->shared->slots[slot];
    atomic_store_explicit(&shared->heartbeat_ms, 0, relaxed);
    atomic_store_explicit(&shared->work, 0, relaxed);
    for (size_t i = 0; i < GAUGE_GAUGES; i++) {
        atomic_store_explicit(&shared->gauges[i], 0, relaxed);
    }
}

size_t scoreboard_take_slot(struct scoreboard *board, unsigned generation)
{
    for (size_t slot = 0; slot < SCOREBOARD_SLOTS; slot++) {
        if (!board->holders[slot].taken) {
            board->holders[slot] =
                (struct holder){.taken = true, .generation = generation};
            clear(board, slot);
            if (board->slots_used <= slot) {
                board->slots_used = slot + 1;
            }
            return slot;
        }
    }
    return SCOREBOARD_SLOTS;
}

void scoreboard_set_pid(struct scoreboard *board, size_t slot, pid_t pid)
{
    if (is_slot(slot) && board->holders[slot].taken) {
        board->holders[slot].pid = pid;
    }
}

void scoreboard_give_back(struct scoreboard *board, size_t slot)
{
    if (is_slot(slot)) {
        board->holders[slot] = (struct holder){.taken = false};
        clear(board, slot);
    }
}

/* Whatever stands there, a difference to another time does not overflow. */
int64_t scoreboard_heartbeat_ms(const struct scoreboard *board, size_t slot)
{
    if (!is_slot(slot)) {
        return 0;
    }
    int64_t ms = atomic_load_explicit(&board->shared->slots[slot].heartbeat_ms, relaxed);
    return ms < 0 ? 0 : ms > INT64_MAX / 2 ? INT64_MAX / 2 : ms;
}

uint64_t scoreboard_work(const struct scoreboard *board, size_t slot)
{
    return is_slot(slot) ? atomic_load_explicit(&board->shared->slots[slot].work, relaxed)
                         : 0;
}

pid_t scoreboard_pid(const struct scoreboard *board, size_t slot)
{
    return is_slot(slot) ? board->holders[slot].pid : 0;
}

unsigned scoreboard_generation(const struct scoreboard *board, size_t slot)
{
    return is_slot(slot) ? board->holders[slot].generation : 0;
}

/* A sum that a worker wrote nonsense into stays at the top instead of starting anew.  JSON
   numbers above it are refused by most readers, `yett status` among them. */
static uint64_t add(uint64_t sum, uint64_t more)
{
    return more > INT64_MAX - sum ? INT64_MAX : sum + more;
}

uint64_t scoreboard_sum(const struct scoreboard *board, enum scoreboard_counter which)
{
    uint64_t sum = 0;
    for (size_t slot = 0; is_counter(which) && slot < board->slots_used; slot++) {
        sum = add(sum, atomic_load_explicit(&board->shared->slots[slot].counters[which],
                                            relaxed));
    }
    return sum;
}

uint64_t scoreboard_gauge_sum(const struct scoreboard *board, enum scoreboard_gauge which)
{
    uint64_t sum = 0;
    for (size_t slot = 0; is_gauge(which) && slot < board->slots_used; slot++) {
        sum = add(sum, atomic_load_explicit(&board->shared->slots[slot].gauges[which],
                                            relaxed));
    }
    return sum;
}
