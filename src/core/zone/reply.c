/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/zone/table.h"

/*
 * reply: what each name answers, worked out once.
 *
 * An answer depends on the node alone, not on the name that a wildcard stood for, so each
 * node keeps one for every type that is met on the way along its CNAMEs and one for all the
 * other types.
 */

enum { CNAMES_MAX = 16 };

/* A name and where its CNAME records lead. */
struct chain {
    const struct zone_node *nodes[CNAMES_MAX + 1]; /* the name itself first */
    size_t node_count;
    slice targets[CNAMES_MAX];
    size_t target_count;
    enum { CHAIN_ENDS, CHAIN_LEAVES, CHAIN_LOOPS, CHAIN_IS_LONG } end;
};

static bool chain_has(const struct chain *chain, const struct zone_node *node)
{
    for (size_t i = 0; i < chain->node_count; i++) {
        if (chain->nodes[i] == node) {
            return true;
        }
    }
    return false;
}

static void follow(const struct zone *zone, const struct zone_node *node,
                   struct chain *chain)
{
    *chain = (struct chain){.end = CHAIN_ENDS};
    for (;;) {
        chain->nodes[chain->node_count++] = node;
        const struct zone_set *set = zone_set_find(node, DNS_CNAME);
        if (set == NULL) {
            return;
        }
        if (chain->target_count == CNAMES_MAX) {
            chain->end = CHAIN_IS_LONG;
            return;
        }
        slice target = set->records[0].name;
        chain->targets[chain->target_count++] = target;
        node = zone_node_for(zone, target);
        if (node == NULL) {
            chain->end = CHAIN_LEAVES;
            return;
        }
        if (chain_has(chain, node)) {
            chain->end = CHAIN_LOOPS;
            return;
        }
    }
}

/* `type` NULL: the fault for every type without records. */
static const struct zone_fault *find_fault(const struct zone_node *node,
                                           const enum dns_type *type)
{
    for (const struct zone_fault *fault = node->faults; fault != NULL;
         fault = fault->next) {
        if (type == NULL ? fault->is_any : !fault->is_any && fault->type == *type) {
            return fault;
        }
    }
    return NULL;
}

/* What one node says about a type (NULL: one it does not name); false: go on or see below. */
static bool node_says(const struct zone_node *node, const enum dns_type *type,
                      struct dns_answer *out)
{
    const struct zone_fault *fault = type == NULL ? NULL : find_fault(node, type);
    const struct zone_set *set = type == NULL ? NULL : zone_set_find(node, *type);

    if (fault == NULL && set != NULL) {
        out->status = DNS_FOUND;
        out->records = set->records;
        out->count = set->count;
        out->ttl_s = set->ttl_s < out->ttl_s ? set->ttl_s : out->ttl_s;
        return true;
    }
    if (fault == NULL) {
        fault = find_fault(node, NULL);
    }
    if (fault != NULL) {
        out->status = fault->status;
        out->detail = fault->detail;
    }
    return fault != NULL;
}

static void say_end(const struct zone *zone, const struct chain *chain,
                    struct dns_answer *out)
{
    switch (chain->end) {
    case CHAIN_ENDS:
        out->status = DNS_NODATA;
        return;
    case CHAIN_LEAVES:
        out->status = zone->missing.status;
        out->detail = zone->missing.detail;
        return;
    case CHAIN_LOOPS:
        out->status = DNS_SERVFAIL;
        out->detail = SLICE("its CNAME records lead in a circle");
        return;
    case CHAIN_IS_LONG:
        out->status = DNS_SERVFAIL;
        out->detail = SLICE("more than 16 CNAME records in a row");
        return;
    }
}

/* Walk the chain until a node has a word to say.  `aliases` holds all targets. */
static void answer_for(const struct zone *zone, const struct chain *chain,
                       const slice *aliases, const enum dns_type *type,
                       struct dns_answer *out)
{
    size_t at = 0;

    *out = (struct dns_answer){.ttl_s = UINT32_MAX, .aliases = aliases};
    for (; at < chain->node_count && !node_says(chain->nodes[at], type, out); at++) {
        const struct zone_set *cname = zone_set_find(chain->nodes[at], DNS_CNAME);
        if (cname != NULL && cname->ttl_s < out->ttl_s) {
            out->ttl_s = cname->ttl_s;
        }
    }
    out->alias_count = at;
    if (at == chain->node_count) {
        say_end(zone, chain, out);
        out->alias_count = chain->target_count;
    }
    if (out->status != DNS_FOUND) {
        out->ttl_s = 0;
    }
}

/* Is there a word about this very type on the way? */
static bool chain_names(const struct chain *chain, enum dns_type type)
{
    for (size_t i = 0; i < chain->node_count; i++) {
        if (zone_set_find(chain->nodes[i], type) != NULL ||
            find_fault(chain->nodes[i], &type) != NULL) {
            return true;
        }
    }
    return false;
}

static enum yett_err add_reply(struct zone *zone, struct zone_node *node,
                               enum dns_type type, const struct dns_answer *answer)
{
    struct zone_reply *reply = ARENA_NEW(zone->arena, struct zone_reply);
    if (reply == NULL) {
        return YETT_NO_MEMORY;
    }
    reply->type = type;
    reply->answer = *answer;
    reply->answer.memos = &reply->memos;
    reply->next = node->replies;
    node->replies = reply;
    return YETT_OK;
}

static enum yett_err make_otherwise(struct zone *zone, struct zone_node *node,
                                    const struct dns_answer *answer)
{
    if (answer->status == DNS_NODATA && answer->alias_count == 0) {
        node->otherwise = &zone->nodata;
        return YETT_OK;
    }
    struct dns_answer *own = ARENA_NEW(zone->arena, struct dns_answer);
    if (own == NULL) {
        return YETT_NO_MEMORY;
    }
    *own = *answer;
    node->otherwise = own;
    return YETT_OK;
}

static enum yett_err copy_targets(struct zone *zone, const struct chain *chain,
                                  const slice **out)
{
    *out = NULL;
    if (chain->target_count == 0) {
        return YETT_OK;
    }
    slice *targets = ARENA_ARRAY(zone->arena, chain->target_count, slice);
    if (targets == NULL) {
        return YETT_NO_MEMORY;
    }
    memcpy(targets, chain->targets, chain->target_count * sizeof(slice));
    *out = targets;
    return YETT_OK;
}

static enum yett_err make_replies(struct zone *zone, struct zone_node *node)
{
    struct chain chain;
    struct dns_answer answer;
    const slice *aliases;

    follow(zone, node, &chain);
    enum yett_err err = copy_targets(zone, &chain, &aliases);
    for (size_t i = 0; i < sizeof(zone_types) / sizeof(zone_types[0]); i++) {
        if (err == YETT_OK && chain_names(&chain, zone_types[i])) {
            answer_for(zone, &chain, aliases, &zone_types[i], &answer);
            err = add_reply(zone, node, zone_types[i], &answer);
        }
    }
    answer_for(zone, &chain, aliases, NULL, &answer);
    return err == YETT_OK ? make_otherwise(zone, node, &answer) : err;
}

enum yett_err zone_make_replies(struct zone *zone)
{
    for (struct zone_node *node = zone->nodes; node != NULL; node = node->next) {
        enum yett_err err = make_replies(zone, node);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

const struct dns_answer *zone_find(void *context, struct dns_question question)
{
    const struct zone *zone = context;
    const struct zone_node *node = zone_node_for(zone, question.name);

    if (node == NULL) {
        return &zone->missing;
    }
    for (const struct zone_reply *reply = node->replies; reply != NULL;
         reply = reply->next) {
        if (reply->type == question.type) {
            return &reply->answer;
        }
    }
    return node->otherwise;
}

void zone_finish(struct zone *zone)
{
    if (zone == NULL) {
        return;
    }
    for (struct zone_node *node = zone->nodes; node != NULL; node = node->next) {
        for (struct zone_reply *reply = node->replies; reply != NULL;
             reply = reply->next) {
            dns_memos_free(&reply->memos);
        }
    }
}
