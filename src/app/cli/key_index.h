/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_KEY_INDEX_H
#define YETT_APP_CLI_KEY_INDEX_H

#include "core/base/arena.h"
#include "core/config/config.h"

/*
 * key_index: where in a list of domains one of them is, of thousands as fast as of ten.  The
 * list is the caller's, and may move or grow: the index knows numbers only.
 */
struct key_index {
    uint32_t *slots; /* number + 1; 0: free */
    size_t slot_count;
};

#define KEY_INDEX_NONE UINT32_MAX

/* Room for `most` domains.  YETT_OK or YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err key_index_init(struct key_index *index, struct arena *arena, size_t most);

/* `list[number]` can be found by its name from now on; at most `most` times. */
void key_index_add(struct key_index *index, const struct config_domain *list,
                   uint32_t number);

/* The number of the first that was added with this name, or KEY_INDEX_NONE. */
uint32_t key_index_find(const struct key_index *index, const struct config_domain *list,
                        slice name);

#endif
