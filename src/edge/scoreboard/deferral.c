/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/scoreboard/inside.h"
#include "edge/scoreboard/scoreboard.h"

/*
 * A table of small sets: the key's low bits choose the set, in which the oldest makes room.
 *
 * All workers write here without a lock.  An entry is empty while it is written, so that no
 * key is ever seen with the time of the one before it; when two write the same entry at
 * once, key and time may be of either, and both times are now.  A key that two noted at
 * once stands there twice: the earlier one counts.
 */
static struct shared_deferral *set_of(struct scoreboard *board, uint64_t key)
{
    return board->shared->deferral_sets[key % DEFERRAL_SETS].entries;
}

/* 0 stands for an empty entry. */
static uint64_t usable(uint64_t key)
{
    return key == 0 ? 1 : key;
}

static bool is_recent(int64_t first_s, int64_t now_s, int64_t horizon_s)
{
    int64_t age_s;
    return first_s <= now_s && !__builtin_sub_overflow(now_s, first_s, &age_s) &&
           age_s <= horizon_s;
}

/* Its key, and its time in `*first_s`. */
static uint64_t read_entry(const struct shared_deferral *entry, int64_t *first_s)
{
    uint64_t key = atomic_load_explicit(&entry->key, memory_order_acquire);
    *first_s = atomic_load_explicit(&entry->first_s, memory_order_acquire);
    uint64_t again = atomic_load_explicit(&entry->key, memory_order_relaxed);
    return key == again ? key : 0;
}

static void write_entry(struct shared_deferral *entry, uint64_t key, int64_t first_s)
{
    atomic_store_explicit(&entry->key, 0, memory_order_relaxed);
    atomic_store_explicit(&entry->first_s, first_s, memory_order_release);
    atomic_store_explicit(&entry->key, key, memory_order_release);
}

int64_t scoreboard_first_deferred(const struct scoreboard *board, uint64_t key,
                                  int64_t now_s, int64_t horizon_s)
{
    key = usable(key);
    const struct shared_deferral_set *set =
        &board->shared->deferral_sets[key % DEFERRAL_SETS];
    int64_t earliest_s = now_s;
    for (size_t i = 0; i < DEFERRALS_IN_SET; i++) {
        int64_t first_s;
        if (read_entry(&set->entries[i], &first_s) == key && first_s < earliest_s &&
            is_recent(first_s, now_s, horizon_s)) {
            earliest_s = first_s;
        }
    }
    return earliest_s;
}

/* The key's own entry, else one that is of no use any more, else the oldest.  What lies in
   the future is of no use either: the clock was set back. */
static struct shared_deferral *choose(struct shared_deferral *entries, uint64_t key,
                                      int64_t now_s, int64_t horizon_s)
{
    struct shared_deferral *chosen = NULL;
    int64_t chosen_s = INT64_MAX;
    for (size_t i = 0; i < DEFERRALS_IN_SET; i++) {
        int64_t first_s;
        uint64_t found = read_entry(&entries[i], &first_s);
        if (found == key) {
            return &entries[i];
        }
        if (found == 0 || !is_recent(first_s, now_s, horizon_s)) {
            first_s = INT64_MIN;
        }
        if (chosen == NULL || first_s < chosen_s) {
            chosen = &entries[i];
            chosen_s = first_s;
        }
    }
    return chosen;
}

void scoreboard_note_deferral(struct scoreboard *board, uint64_t key, int64_t now_s,
                              int64_t horizon_s)
{
    key = usable(key);
    struct shared_deferral *entry = choose(set_of(board, key), key, now_s, horizon_s);
    int64_t first_s;
    if (read_entry(entry, &first_s) != key || !is_recent(first_s, now_s, horizon_s)) {
        write_entry(entry, key, now_s);
    }
}
