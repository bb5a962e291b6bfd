/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_KEEPER_RATE_H
#define YETT_CORE_KEEPER_RATE_H

#include "core/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* rate: how many signatures each domain has had. */
struct rate;

/* For `names_max` domains at most (asserted), in `arena`; NULL without memory. */
YETT_MUST_USE
struct rate *rate_new(struct arena *arena, const uint8_t hash_key[16], size_t names_max,
                      unsigned per_minute);

/*
 * Take one of this domain's: as many at once as it has in a minute, and then as they come
 * back, evenly.  False when there is none just now.  `*count` is how many it has had in all.
 */
bool rate_take(struct rate *rate, slice domain, int64_t now_ms, uint64_t *count);

#endif
