/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/zone/table.h"

#include "core/base/siphash.h"

enum { FIRST_BUCKETS = 64, NAME_MAX_OCTETS = 253 };

const enum dns_type zone_types[6] = {DNS_A,  DNS_CNAME, DNS_PTR,
                                     DNS_MX, DNS_TXT,   DNS_AAAA};

/* The text comes from the administrator: the key keeps nobody out. */
static uint64_t hash_name(slice name)
{
    static const uint8_t key[16] = {'z', 'o', 'n', 'e'};
    return siphash(key, name);
}

static slice parent_of(slice name)
{
    return slice_skip(name, slice_find_byte(name, '.') + 1);
}

static struct zone_node *find(const struct zone *zone, slice name, uint64_t hash)
{
    if (zone->bucket_count == 0) {
        return NULL;
    }
    struct zone_node *node = zone->buckets[(size_t)hash & (zone->bucket_count - 1)];
    while (node != NULL && (node->hash != hash || !slice_eq(node->name, name))) {
        node = node->next_in_bucket;
    }
    return node;
}

struct zone_node *zone_node_find(const struct zone *zone, slice name)
{
    return find(zone, name, hash_name(name));
}

static void put_in_bucket(struct zone *zone, struct zone_node *node)
{
    struct zone_node **bucket =
        &zone->buckets[(size_t)node->hash & (zone->bucket_count - 1)];
    node->next_in_bucket = *bucket;
    *bucket = node;
}

static enum yett_err grow(struct zone *zone)
{
    size_t count = zone->bucket_count == 0 ? FIRST_BUCKETS : zone->bucket_count * 2;
    struct zone_node **buckets = ARENA_ARRAY(zone->arena, count, struct zone_node *);
    if (buckets == NULL) {
        return YETT_NO_MEMORY;
    }
    zone->buckets = buckets;
    zone->bucket_count = count;
    for (struct zone_node *node = zone->nodes; node != NULL; node = node->next) {
        put_in_bucket(zone, node);
    }
    return YETT_OK;
}

/* `name` stays where it is. */
static enum yett_err add_node(struct zone *zone, slice name, struct zone_node **out)
{
    if (zone->node_count >= zone->bucket_count && grow(zone) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    struct zone_node *node = ARENA_NEW(zone->arena, struct zone_node);
    if (node == NULL) {
        return YETT_NO_MEMORY;
    }
    node->name = name;
    node->hash = hash_name(name);
    node->next = zone->nodes;
    zone->nodes = node;
    zone->node_count++;
    put_in_bucket(zone, node);
    *out = node;
    return YETT_OK;
}

enum yett_err zone_node_make(struct zone *zone, slice name, struct zone_node **out)
{
    struct zone_node *node = zone_node_find(zone, name);
    if (node != NULL) {
        *out = node;
        return YETT_OK;
    }
    enum yett_err err = arena_copy(zone->arena, name, &name);
    return err == YETT_OK ? add_node(zone, name, out) : err;
}

enum yett_err zone_node_exists(struct zone *zone, struct zone_node *node)
{
    while (!node->exists) {
        node->exists = true;
        if (node->name.len == 0) {
            break;
        }
        slice parent = parent_of(node->name);
        struct zone_node *above = zone_node_find(zone, parent);
        if (above == NULL && add_node(zone, parent, &above) != YETT_OK) {
            return YETT_NO_MEMORY;
        }
        node = above;
    }
    return YETT_OK;
}

/* The name above `name` that exists and is closest to it; the root always does. */
static slice closest_encloser(const struct zone *zone, slice name)
{
    do {
        name = parent_of(name);
        const struct zone_node *node = zone_node_find(zone, name);
        if (node != NULL && node->exists) {
            break;
        }
    } while (name.len != 0);
    return name;
}

const struct zone_node *zone_node_for(const struct zone *zone, slice name)
{
    char wildcard[NAME_MAX_OCTETS + 2];

    const struct zone_node *node = zone_node_find(zone, name);
    if (node != NULL || name.len == 0 || name.len > NAME_MAX_OCTETS) {
        return node;
    }
    slice encloser = closest_encloser(zone, name);
    wildcard[0] = '*';
    wildcard[1] = '.';
    if (encloser.len == 0) {
        return zone_node_find(zone, slice_of(wildcard, 1));
    }
    memcpy(wildcard + 2, encloser.ptr, encloser.len);
    return zone_node_find(zone, slice_of(wildcard, encloser.len + 2));
}

/* ---- records ------------------------------------------------------------------------ */

struct zone_set *zone_set_find(const struct zone_node *node, enum dns_type type)
{
    struct zone_set *set = node->sets;
    while (set != NULL && set->type != type) {
        set = set->next;
    }
    return set;
}

static enum yett_err make_set(struct zone *zone, struct zone_node *node,
                              enum dns_type type, struct zone_set **out)
{
    struct zone_set *set = zone_set_find(node, type);
    if (set == NULL) {
        set = ARENA_NEW(zone->arena, struct zone_set);
        if (set == NULL) {
            return YETT_NO_MEMORY;
        }
        set->type = type;
        set->ttl_s = UINT32_MAX;
        set->next = node->sets;
        node->sets = set;
    }
    *out = set;
    return YETT_OK;
}

static enum yett_err reserve_record(struct zone *zone, struct zone_set *set)
{
    if (set->count < set->capacity) {
        return YETT_OK;
    }
    size_t capacity = set->capacity == 0 ? 1 : set->capacity * 2;
    struct dns_record *records = ARENA_ARRAY(zone->arena, capacity, struct dns_record);
    if (records == NULL) {
        return YETT_NO_MEMORY;
    }
    if (set->count != 0) {
        memcpy(records, set->records, set->count * sizeof(*records));
    }
    set->records = records;
    set->capacity = capacity;
    return YETT_OK;
}

enum yett_err zone_add_record(struct zone *zone, struct zone_node *node,
                              enum dns_type type, uint32_t ttl_s,
                              const struct dns_record *record)
{
    struct zone_set *set;
    if (make_set(zone, node, type, &set) != YETT_OK ||
        reserve_record(zone, set) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    set->records[set->count++] = *record;
    set->ttl_s = ttl_s < set->ttl_s ? ttl_s : set->ttl_s;
    return YETT_OK;
}
