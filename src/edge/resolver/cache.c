/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/cache.h"

#include "core/base/num.h"
#include "edge/resolver/question.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct dns_answer answer; /* first: an answer given out is its entry's address */
    struct dns_memos memos;
    struct dns_question question;
    uint64_t hash;
    int64_t ends_ms;
    size_t block_bytes; /* of this block */
    size_t bytes;       /* that count: memos, too, once it is released */
    size_t pins;
    bool listed;                 /* in the table */
    struct entry *chain;         /* of its bucket */
    struct entry *newer, *older; /* listed and not pinned: by last use */
};

struct cache {
    struct cache_bounds bounds;
    uint8_t key[16];
    struct entry **buckets;
    size_t bucket_count; /* a power of two */
    struct entry *newest, *oldest;
    size_t entries;
    size_t pinned;
    size_t bytes;
};

/* Fixed for life, so that no question ever waits for a table to grow. */
static size_t bucket_count_for(size_t bytes)
{
    size_t count = 16;
    while (count < bytes / 1024 && count < (size_t)1024 * 1024) {
        count *= 2;
    }
    return count;
}

struct cache *cache_new(struct cache_bounds bounds, const uint8_t key[16])
{
    struct cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL) {
        return NULL;
    }
    cache->bounds = bounds;
    memcpy(cache->key, key, sizeof(cache->key));
    cache->bucket_count = bucket_count_for(bounds.bytes);
    cache->buckets = calloc(cache->bucket_count, sizeof(*cache->buckets));
    if (cache->buckets == NULL) {
        free(cache);
        return NULL;
    }
    return cache;
}

/* ---- lists ---------------------------------------------------------------------------- */

static void age_append(struct cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest == NULL ? &cache->oldest : &cache->newest->newer) = entry;
    cache->newest = entry;
}

static void age_remove(struct cache *cache, struct entry *entry)
{
    *(entry->newer == NULL ? &cache->newest : &entry->newer->older) = entry->older;
    *(entry->older == NULL ? &cache->oldest : &entry->older->newer) = entry->newer;
}

static struct entry **bucket_of(struct cache *cache, uint64_t hash)
{
    return &cache->buckets[hash & (cache->bucket_count - 1)];
}

static void entry_free(struct cache *cache, struct entry *entry)
{
    cache->bytes -= entry->bytes;
    dns_memos_free(&entry->memos);
    free(entry);
}

static void table_remove(struct cache *cache, struct entry *entry)
{
    struct entry **link = bucket_of(cache, entry->hash);
    while (*link != entry) {
        link = &(*link)->chain;
    }
    *link = entry->chain;
    entry->listed = false;
    cache->entries--;
}

/* Out of the table; out of memory too unless somebody holds it. */
static void unlist(struct cache *cache, struct entry *entry)
{
    table_remove(cache, entry);
    if (entry->pins == 0) {
        age_remove(cache, entry);
        entry_free(cache, entry);
    }
}

static void pin(struct cache *cache, struct entry *entry)
{
    if (entry->pins++ == 0) {
        cache->pinned++;
        if (entry->listed) {
            age_remove(cache, entry);
        }
    }
}

static void evict_oldest(struct cache *cache)
{
    struct entry *entry = cache->oldest;
    cache->oldest = entry->newer;
    *(cache->oldest == NULL ? &cache->newest : &cache->oldest->older) = NULL;
    table_remove(cache, entry);
    entry_free(cache, entry);
}

/*
 * Evict until `bytes` more are within the bound, or nothing is left that may go.  What is
 * pinned is in memory whether it is listed or not, so it may lead over the bound; the
 * release then leads back.
 */
static void make_room(struct cache *cache, size_t bytes)
{
    while (cache->oldest != NULL && cache->bytes > cache->bounds.bytes - bytes) {
        evict_oldest(cache);
    }
}

void cache_free(struct cache *cache)
{
    if (cache == NULL) {
        return;
    }
    assert(cache->pinned == 0);
    while (cache->oldest != NULL) {
        evict_oldest(cache);
    }
    free(cache->buckets);
    free(cache);
}

/* ---- an entry in one block ------------------------------------------------------------ */

static bool add_slices(size_t *sum, const slice *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!num_add(*sum, list[i].len, sum)) {
            return false;
        }
    }
    return true;
}

/* Structs first, then the aliases, then octets, which need no alignment. */
static bool block_bytes(struct dns_question question, const struct dns_answer *answer,
                        size_t *out)
{
    size_t records, aliases;
    size_t sum = sizeof(struct entry);
    if (!num_mul(answer->count, sizeof(struct dns_record), &records) ||
        !num_mul(answer->alias_count, sizeof(slice), &aliases) ||
        !num_add(sum, records, &sum) || !num_add(sum, aliases, &sum) ||
        !add_slices(&sum, &question.name, 1) || !add_slices(&sum, &answer->detail, 1) ||
        !add_slices(&sum, answer->aliases, answer->alias_count)) {
        return false;
    }
    for (size_t i = 0; i < answer->count; i++) {
        if (!add_slices(&sum, &answer->records[i].text, 1) ||
            !add_slices(&sum, &answer->records[i].name, 1)) {
            return false;
        }
    }
    *out = sum;
    return true;
}

static slice move_in(char **at, slice bytes)
{
    slice copy = {*at, bytes.len};
    if (bytes.len != 0) {
        memcpy(*at, bytes.ptr, bytes.len);
        *at += bytes.len;
    }
    return copy;
}

static void fill(struct entry *entry, struct dns_question question,
                 const struct dns_answer *answer)
{
    struct dns_record *records = (struct dns_record *)(entry + 1);
    slice *aliases = (slice *)(records + answer->count);
    char *at = (char *)(aliases + answer->alias_count);

    entry->question = (struct dns_question){question.type, move_in(&at, question.name)};
    for (size_t i = 0; i < answer->count; i++) {
        records[i] = answer->records[i];
        records[i].text = move_in(&at, answer->records[i].text);
        records[i].name = move_in(&at, answer->records[i].name);
    }
    for (size_t i = 0; i < answer->alias_count; i++) {
        aliases[i] = move_in(&at, answer->aliases[i]);
    }
    entry->answer = *answer;
    entry->answer.records = records;
    entry->answer.aliases = aliases;
    entry->answer.detail = move_in(&at, answer->detail);
    entry->answer.memos = &entry->memos;
}

static struct entry *entry_new(struct dns_question question,
                               const struct dns_answer *answer)
{
    size_t bytes;
    if (!block_bytes(question, answer, &bytes)) {
        return NULL;
    }
    struct entry *entry = calloc(1, bytes);
    if (entry == NULL) {
        return NULL;
    }
    entry->block_bytes = bytes;
    entry->bytes = bytes;
    fill(entry, question, answer);
    return entry;
}

/* ---- the door ------------------------------------------------------------------------- */

static struct entry *lookup(struct cache *cache, struct dns_question question,
                            uint64_t hash)
{
    struct entry *entry = *bucket_of(cache, hash);
    while (entry != NULL &&
           !(entry->hash == hash && question_eq(entry->question, question))) {
        entry = entry->chain;
    }
    return entry;
}

const struct dns_answer *cache_find(struct cache *cache, struct dns_question question,
                                    int64_t now_ms)
{
    struct entry *entry = lookup(cache, question, question_hash(cache->key, question));
    if (entry == NULL) {
        return NULL;
    }
    if (entry->ends_ms <= now_ms) {
        unlist(cache, entry);
        return NULL;
    }
    pin(cache, entry);
    return &entry->answer;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t lifetime_s(const struct cache_bounds *bounds,
                           const struct dns_answer *answer)
{
    switch (answer->status) {
    case DNS_FOUND:
        return smaller(answer->ttl_s, bounds->positive_max_s);
    case DNS_NODATA:
    case DNS_NXDOMAIN:
        return smaller(answer->ttl_s, bounds->negative_max_s);
    case DNS_SERVFAIL:
    case DNS_TIMED_OUT:
    case DNS_BOGUS:
        break;
    }
    return bounds->failure_s;
}

static void list(struct cache *cache, struct entry *entry)
{
    struct entry **bucket = bucket_of(cache, entry->hash);
    entry->chain = *bucket;
    *bucket = entry;
    entry->listed = true;
    cache->entries++;
}

const struct dns_answer *cache_keep(struct cache *cache, struct dns_question question,
                                    const struct dns_answer *answer, int64_t now_ms)
{
    struct entry *entry = entry_new(question, answer);
    if (entry == NULL) {
        return NULL;
    }
    entry->hash = question_hash(cache->key, question);
    struct entry *known = lookup(cache, question, entry->hash);
    if (known != NULL) {
        unlist(cache, known);
    }
    uint32_t life_s = lifetime_s(&cache->bounds, answer);
    bool stays = life_s != 0 && entry->bytes <= cache->bounds.bytes;
    if (stays) {
        make_room(cache, entry->bytes);
    }
    entry->ends_ms = now_ms + (int64_t)life_s * 1000;
    cache->bytes += entry->bytes;
    pin(cache, entry);
    if (stays) {
        list(cache, entry);
    }
    return &entry->answer;
}

/* Whoever held the entry may have hung memos on it, which can be larger than it is. */
static void count_memos(struct cache *cache, struct entry *entry)
{
    size_t bytes = entry->block_bytes;
    for (struct dns_memo *memo = entry->memos.first; memo != NULL; memo = memo->next) {
        bytes += memo->bytes;
    }
    cache->bytes = cache->bytes - entry->bytes + bytes;
    entry->bytes = bytes;
}

void cache_release(struct cache *cache, const struct dns_answer *answer)
{
    /* The entry is ours to change; what we gave out as const is its first member. */
    struct entry *entry = (struct entry *)(uintptr_t)answer;
    assert(entry->pins > 0);
    if (--entry->pins != 0) {
        return;
    }
    cache->pinned--;
    if (!entry->listed) {
        entry_free(cache, entry);
        return;
    }
    count_memos(cache, entry);
    age_append(cache, entry);
    make_room(cache, 0); /* while it was pinned, others may have gone over the bound */
}

size_t cache_entries(const struct cache *cache)
{
    return cache->entries;
}

size_t cache_bytes(const struct cache *cache)
{
    return cache->bytes;
}
