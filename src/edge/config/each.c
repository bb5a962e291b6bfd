/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/block.h"
#include "edge/config/config.h"
#include "edge/config/value.h"

enum { ENTRY_MAX = 128 * 1024 };

typedef void visit_function(void *context, const struct config_entry *entry);

struct visit {
    struct arena *arena;
    visit_function *call;
    void *context;
};

static enum yett_err text_of(struct arena *arena, const struct key *key, const void *base,
                             slice *out)
{
    struct buf buf;
    buf_init(&buf, arena, ENTRY_MAX);
    value_write(&buf, key, base);
    *out = buf_slice(&buf);
    return buf_err(&buf) == YETT_OK ? YETT_OK : YETT_NO_MEMORY;
}

static enum yett_err visit_key(const struct visit *visit, const struct key *key,
                               const void *base, const void *defaults)
{
    slice normal;
    struct config_entry entry = {.block = blocks[key->block].name, .key = key->name};
    enum yett_err err = text_of(visit->arena, key, base, &entry.value);
    if (err == YETT_OK) {
        err = text_of(visit->arena, key, defaults, &normal);
    }
    if (err == YETT_OK) {
        entry.is_default = slice_eq(entry.value, normal);
        visit->call(visit->context, &entry);
    }
    return err;
}

/* The keys of one titled block that are set. */
static enum yett_err visit_item(const struct visit *visit, enum block block,
                                const union block_item *item, bool is_default)
{
    struct config_entry entry = {.block = blocks[block].name,
                                 .title = item->title,
                                 .key = "",
                                 .is_default = is_default};
    visit->call(visit->context, &entry);
    for (size_t i = 0; i < key_count; i++) {
        if (keys[i].block != block || !value_is_set(&keys[i], item)) {
            continue;
        }
        enum yett_err err = text_of(visit->arena, &keys[i], item, &entry.value);
        if (err != YETT_OK) {
            return err;
        }
        entry.key = keys[i].name;
        visit->call(visit->context, &entry);
    }
    return YETT_OK;
}

/* The only list that is not empty by default is that of the listeners. */
static bool is_default_list(enum block block, const struct config *config)
{
    struct config defaults;
    config_init(&defaults);
    const struct config_listener *is = config->listeners, *was = defaults.listeners;
    return block == BLOCK_LISTEN && config->listener_count == 1 &&
           slice_eq(is->name, was->name) && slice_eq(is->address, was->address) &&
           is->role == was->role && is->insert == was->insert &&
           slice_eq(is->group, was->group) && is->mode == was->mode;
}

static enum yett_err visit_list(const struct visit *visit, enum block block,
                                const struct config *config)
{
    size_t count = block_count(block, config);
    bool is_default = is_default_list(block, config);
    for (size_t i = 0; i < count; i++) {
        union block_item item = block_at(block, config, i);
        enum yett_err err = visit_item(visit, block, &item, is_default);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

enum yett_err config_file_each(struct arena *arena, const struct config *config,
                               void (*call)(void *context,
                                            const struct config_entry *entry),
                               void *context)
{
    struct visit visit = {arena, call, context};
    struct config defaults;
    enum yett_err err = YETT_OK;
    config_init(&defaults);
    for (size_t i = 0; err == YETT_OK && i < key_count; i++) {
        if (!block_is_titled(keys[i].block)) {
            err = visit_key(&visit, &keys[i], config, &defaults);
        }
    }
    for (enum block i = BLOCK_FIRST_TITLED; err == YETT_OK && i < BLOCK_COUNT; i++) {
        err = visit_list(&visit, i, config);
    }
    return err;
}
