/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_KEEPER_INSIDE_H
#define YETT_APP_KEEPER_INSIDE_H

#include "app/role/role.h"
#include "core/config/config.h"
#include "core/crypto/crypto.h"
#include "core/keeper/keeper.h"
#include "edge/log/log.h"
#include "edge/loop/loop.h"
#include "edge/scoreboard/scoreboard.h"

/* inside: what the files of this folder know of each other. */

struct keys;

enum { KEEPER_REPLIES_HELD = 8 }; /* until those that ask as well are answered */

struct keeper_role {
    struct role_options options;
    unsigned rate_per_domain;
    struct arena *arena;   /* for as long as it lives */
    struct arena *scratch; /* of one request */
    struct crypto *crypto;
    const struct signing_table *table;
    struct keys *keys;
    struct keeper *keeper;
    struct loop *loop;
    struct scoreboard *board;
    struct log *log;

    struct loop_watch *control, *requests;
    struct loop_timer *second;
    bool left;
    struct keeper_counts told; /* so much is in the counters */
    int64_t complained_ms;
    uint64_t complained_refused; /* refusals that the log knows of */

    char packet[KEEPER_REQUEST_MAX + 1]; /* one more octet tells what is too long */
    struct keeper_outgoing {
        size_t len;
        char octets[KEEPER_REPLY_MAX];
    } replies[KEEPER_REPLIES_HELD]; /* not sent yet, the oldest first */
    size_t reply_count;
};

/* ---- options.c -------------------------------------------------------------------------- */

/* As struct role_life wants it: the context is the struct keeper_role.  So in open.c. */
YETT_MUST_USE
bool keeper_read_options(void *context, int argc, char **argv);

/* ---- open.c ----------------------------------------------------------------------------- */

/* All that is opened before the walls stand, and the walls.  `why` (in the arena, or static)
   for people. */
YETT_MUST_USE
bool keeper_open(void *context, slice *why);
void keeper_close(void *context);

/* ---- keys.c ----------------------------------------------------------------------------- */

/* Read the key files of the table.  What is wrong with one goes into the log.  NULL when there is
   no memory. */
YETT_MUST_USE
struct keys *keys_open(struct arena *arena, struct crypto *crypto,
                       const struct signing_table *table, struct log *log);
void keys_close(struct keys *keys);

/* keeper_options.key */
const struct crypto_private_key *keys_find(void *keys, uint32_t number, const char **why);

#endif
