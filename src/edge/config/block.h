/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_CONFIG_BLOCK_H
#define YETT_EDGE_CONFIG_BLOCK_H

#include "core/config/config.h"
#include "edge/config/keys.h"

/* block: the titled blocks of a file, gathered one by one. */
enum { BLOCKS_MAX = 10000 }; /* of one kind */

/* Where something stands. */
struct place {
    slice file;
    unsigned line;
};

/* Each begins with its title. */
union block_item {
    slice title;
    struct config_listener listener;
    struct config_domain domain;
    struct config_login login;
    struct config_exception exception;
    struct config_rule rule;
    struct config_forwarder forwarder;
    struct config_recipient recipient;
};

struct block_node {
    struct block_node *next;
    struct place place;
    slice written; /* its title, as it stands in the file */
    union block_item item;
};

struct block_list {
    struct block_node *first, *last;
    size_t count;
};

struct block_gatherer {
    struct arena *arena;
    union block_item item; /* of the block that is being read: at most one is open */
    struct block_list lists[BLOCK_COUNT];
};

void block_gatherer_init(struct block_gatherer *gatherer, struct arena *arena);

/* An item as it is before any key. */
union block_item block_default(enum block block);

/* The titled blocks that `config` has of one kind. */
size_t block_count(enum block block, const struct config *config);
union block_item block_at(enum block block, const struct config *config, size_t index);

/*
 * The block is over: check it and keep it.  YETT_BAD_SYNTAX with what is wrong in `*why`:
 * "it has no 'because'".
 */
YETT_MUST_USE
enum yett_err block_finish(struct block_gatherer *gatherer, enum block block, slice title,
                           struct place place, slice *why);

/* once.c: `*why` for a title that a block of the same kind has already, word for word: the
   library does not say of which kind, but `line`, in which it stands, does.  YETT_BAD_SYNTAX,
   or YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err block_twice(const struct block_gatherer *gatherer, slice written,
                          slice line, const struct place *second, slice *why);

/*
 * once.c: of all blocks that were gathered, what may stand once.  YETT_BAD_SYNTAX with the
 * place of the second and `*why`: "domain \"a.b\": stands twice; the first is in line 3".
 */
YETT_MUST_USE
enum yett_err block_check_once(const struct block_gatherer *gatherer, struct place *place,
                               slice *why);

/* Put all that was gathered into `config`, in place of the blocks of the same kind. */
YETT_MUST_USE
enum yett_err block_store(const struct block_gatherer *gatherer, struct config *config);

#endif
