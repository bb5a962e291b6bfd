/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_RESOLVER_CACHE_H
#define YETT_EDGE_RESOLVER_CACHE_H

#include "core/dns/dns.h"

#include <stddef.h>
#include <stdint.h>

/*
 * cache: answers, with the memos that core keeps with them, until their time ends.
 *
 * Bounded in bytes, the least recently used out first.  What was found or kept is pinned,
 * and stays as it is until it is released, also when it has left the cache meanwhile.
 * Time is handed in.
 */
struct cache;

struct cache_bounds {
    size_t bytes;
    uint32_t positive_max_s, negative_max_s;
    uint32_t failure_s;
};

/* NULL when the system is out of memory. */
YETT_MUST_USE
struct cache *cache_new(struct cache_bounds bounds, const uint8_t key[16]);
void cache_free(struct cache *cache); /* nothing may be pinned */

/* Pinned; NULL when the question is not known or its time has ended. */
YETT_MUST_USE
const struct dns_answer *cache_find(struct cache *cache, struct dns_question question,
                                    int64_t now_ms);

/*
 * A copy of `answer`, pinned, which replaces what was known.  When it may not stay (no TTL,
 * larger than the whole cache) it goes when it is released.
 * NULL when the system is out of memory.
 */
YETT_MUST_USE
const struct dns_answer *cache_keep(struct cache *cache, struct dns_question question,
                                    const struct dns_answer *answer, int64_t now_ms);

void cache_release(struct cache *cache, const struct dns_answer *answer);

/* Those that can be found; bytes of those and of what is pinned. */
size_t cache_entries(const struct cache *cache);
size_t cache_bytes(const struct cache *cache);

#endif
