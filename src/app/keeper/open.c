/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keeper/inside.h"
#include "app/role/role.h"
#include "app/table/table.h"
#include "edge/keys/keys.h"

#include <fcntl.h>
#include <unistd.h>

/* open: what a keeper needs, in the order in which it can be had, and then the walls. */

enum { SCRATCH_BYTES = 16 * 1024 * 1024 /* of one request */ };
#define ARENA_BYTES ((size_t)4 << 30) /* a ceiling: key files of very large tables */

struct opening {
    struct keeper_role *role;
    slice why;
};

static bool fail(struct opening *opening, slice why)
{
    opening->why = why;
    return false;
}

static bool open_basics(struct opening *opening)
{
    struct keeper_role *role = opening->role;
    role->crypto = crypto_new();
    role->log = log_new(role->options.log_target, role->options.log_format, "keeper");
    role->loop = loop_new();
    role->scratch = arena_new(SCRATCH_BYTES);
    return (role->crypto != NULL && role->log != NULL && role->loop != NULL &&
            role->scratch != NULL) ||
           fail(opening, SLICE("out of memory"));
}

static bool open_scoreboard(struct opening *opening)
{
    struct keeper_role *role = opening->role;
    role->board =
        role_open_scoreboard(role->arena, role->options.slot, false, &opening->why);
    return role->board != NULL;
}

static bool open_table(struct opening *opening)
{
    struct keeper_role *role = opening->role;
    enum yett_err err = table_map(role->arena, ROLE_SIGNING, &role->table, &opening->why);
    (void)close(ROLE_SIGNING);
    return err == YETT_OK;
}

static bool open_keys(struct opening *opening)
{
    struct keeper_role *role = opening->role;
    if (role->options.has_uid) {
        keys_trust_keeper(role->options.user.uid, role->options.user.gid);
    }
    role->keys = keys_open(role->arena, role->crypto, role->table, role->log);
    return role->keys != NULL || fail(opening, SLICE("no memory for the keys"));
}

static bool open_keeper(struct opening *opening)
{
    struct keeper_role *role = opening->role;
    struct keeper_options options = {.crypto = role->crypto,
                                     .table = role->table,
                                     .rate_per_minute = role->rate_per_domain,
                                     .key = keys_find,
                                     .context = role->keys};
    int flags = fcntl(ROLE_KEEPER, F_GETFL);
    if (flags < 0 || fcntl(ROLE_KEEPER, F_SETFL, flags | O_NONBLOCK) != 0) {
        return fail(opening, SLICE("there is no gateway at descriptor 7"));
    }
    if (crypto_random(role->crypto, options.hash_key, sizeof options.hash_key) !=
        YETT_OK) {
        return fail(opening, SLICE("the system gives no random octets"));
    }
    role->keeper = keeper_new(role->arena, &options);
    return role->keeper != NULL || fail(opening, SLICE("out of memory"));
}

static bool build_walls(struct opening *opening)
{
    struct keeper_role *role = opening->role;
    return role_lock_in(role->arena, SANDBOX_KEEPER, &role->options.user,
                        role->options.sandbox, role->log, &opening->why);
}

bool keeper_open(void *context, slice *why)
{
    struct keeper_role *role = context;
    static bool (*const steps[])(struct opening *) = {
        open_basics, open_scoreboard, open_table, open_keys, open_keeper, build_walls};
    struct opening opening = {.role = role};
    role->arena = arena_new(ARENA_BYTES);
    if (role->arena == NULL) {
        *why = SLICE("out of memory");
        return false;
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (!steps[i](&opening)) {
            *why = opening.why;
            return false;
        }
    }
    return true;
}

void keeper_close(void *context)
{
    struct keeper_role *role = context;
    keys_close(role->keys);
    crypto_free(role->crypto);
    scoreboard_close(role->board);
    log_free(role->log);
    loop_timer_free(role->second);
    loop_watch_free(role->control);
    loop_watch_free(role->requests);
    loop_free(role->loop);
    arena_free(role->scratch);
    arena_free(role->arena);
}
