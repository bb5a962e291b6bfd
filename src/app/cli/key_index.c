/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key_index.h"

#include "core/base/siphash.h"

/* key_index: at most half of the slots are taken, and a free one ends the search. */

/* The names are an administrator's own: nobody chooses them so that they meet. */
static const uint8_t hash_key[16];

enum yett_err key_index_init(struct key_index *index, struct arena *arena, size_t most)
{
    size_t count = 2;
    while (count < 2 * most) {
        count *= 2;
    }
    *index = (struct key_index){.slots = ARENA_ARRAY(arena, count, uint32_t),
                                .slot_count = count};
    return index->slots == NULL ? YETT_NO_MEMORY : YETT_OK;
}

/* The slot of that name, or the free one where it would stand. */
static uint32_t *slot_of(const struct key_index *index, const struct config_domain *list,
                         slice name)
{
    size_t at = (size_t)siphash(hash_key, name) & (index->slot_count - 1);
    while (index->slots[at] != 0 && !slice_eq(list[index->slots[at] - 1].name, name)) {
        at = (at + 1) & (index->slot_count - 1);
    }
    return &index->slots[at];
}

void key_index_add(struct key_index *index, const struct config_domain *list,
                   uint32_t number)
{
    uint32_t *slot = slot_of(index, list, list[number].name);
    if (*slot == 0) {
        *slot = number + 1;
    }
}

uint32_t key_index_find(const struct key_index *index, const struct config_domain *list,
                        slice name)
{
    return *slot_of(index, list, name) - 1; /* of a free slot: KEY_INDEX_NONE */
}
