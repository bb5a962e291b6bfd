/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_ZONE_TABLE_H
#define YETT_CORE_ZONE_TABLE_H

#include "core/zone/zone.h"

/*
 * table: the names of a zone and what is at each.
 *
 * zone.c and fault.c fill it from the text, reply.c then works out once what each name
 * answers, so that looking up allocates nothing.  All of it is in the zone's arena.
 */

/* The records of one type at one name, in the order of the text. */
struct zone_set {
    struct zone_set *next;
    enum dns_type type;
    uint32_t ttl_s; /* the smallest */
    struct dns_record *records;
    size_t count;
    size_t capacity;
};

struct zone_fault {
    struct zone_fault *next;
    bool is_any; /* else for `type` */
    enum dns_type type;
    enum dns_status status;
    slice detail;
};

/* What a name answers for one type. */
struct zone_reply {
    struct zone_reply *next;
    enum dns_type type;
    struct dns_answer answer;
    struct dns_memos memos;
};

struct zone_node {
    slice name;
    uint64_t hash;
    struct zone_node *next_in_bucket;
    struct zone_node *next; /* of all */
    bool exists;            /* has records, or a name below it does; a fault counts too */
    struct zone_set *sets;
    struct zone_fault *faults;
    struct zone_reply *replies;
    const struct dns_answer *otherwise; /* for the types without a reply */
};

struct zone {
    struct arena *arena;
    struct zone_node **buckets;
    size_t bucket_count; /* a power of two, or 0 */
    size_t node_count;
    struct zone_node *nodes;
    struct dns_answer missing; /* for names that are not there */
    struct dns_answer nodata;
};

extern const enum dns_type zone_types[6];

/* The node of exactly this name, or NULL. */
struct zone_node *zone_node_find(const struct zone *zone, slice name);

/* The same, made if there was none; it does not exist yet in the sense of DNS. */
YETT_MUST_USE
enum yett_err zone_node_make(struct zone *zone, slice name, struct zone_node **out);

/* It and all names above it exist. */
YETT_MUST_USE
enum yett_err zone_node_exists(struct zone *zone, struct zone_node *node);

/* The node that answers for a name: its own, or a wildcard's (RFC 4592 section 3.3). */
const struct zone_node *zone_node_for(const struct zone *zone, slice name);

struct zone_set *zone_set_find(const struct zone_node *node, enum dns_type type);

YETT_MUST_USE
enum yett_err zone_add_record(struct zone *zone, struct zone_node *node,
                              enum dns_type type, uint32_t ttl_s,
                              const struct dns_record *record);

/* Read the faults in the comments of `text`.  `scratch` is for the time of the call. */
YETT_MUST_USE
enum yett_err zone_read_faults(struct zone *zone, struct arena *scratch, slice text,
                               struct zone_error *error);

/* Work out what every name answers.  Call once, when all is read. */
YETT_MUST_USE
enum yett_err zone_make_replies(struct zone *zone);

#endif
