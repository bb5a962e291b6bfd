/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"
#include "app/supervisor/spawn.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * pairs: what connects a gateway with who is beside it.
 *
 * Both ends are held here as well: who dies is started again with the same end, and the other
 * one notices nothing but a pause.
 */

/*
 * How much a pair holds.  To a keeper the largest request: what the system gives by default may
 * do, but need not.  To an examiner some 20 texts, of which each takes memory of its own until
 * it is read: this is what bounds that.
 */
static const struct {
    enum worker_kind kind;
    int pair_bytes;
} companions[] = {
    {WORKER_KEEPER,   256 * 1024},
    {WORKER_EXAMINER, 8 * 1024  },
};

enum { COMPANIONS = sizeof(companions) / sizeof(companions[0]) };

static bool is_wanted(const struct role_plan *plan, enum worker_kind kind)
{
    switch (kind) {
    case WORKER_KEEPER:
        return plan->signs != 0;
    case WORKER_EXAMINER:
        return plan->examines != 0;
    case WORKER_GATEWAY: /* is beside nobody */
        break;
    }
    return false;
}

static bool make_of_kind(struct generation *generation, enum worker_kind kind)
{
    size_t count = generation->gateway_count;
    int(*pairs)[2] = calloc(count, sizeof(pairs[0]));
    for (size_t i = 0; pairs != NULL && i < count; i++) {
        pairs[i][0] = pairs[i][1] = -1;
    }
    generation->pairs[kind] = pairs;
    return pairs != NULL;
}

bool pairs_make(struct generation *generation)
{
    for (size_t i = 0; i < COMPANIONS; i++) {
        if (is_wanted(&generation->plan, companions[i].kind) &&
            !make_of_kind(generation, companions[i].kind)) {
            return false;
        }
    }
    return true;
}

static void size_pair(const int pair[2], int bytes)
{
    (void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

void pairs_size(const struct generation *generation, size_t place)
{
    for (size_t i = 0; i < COMPANIONS; i++) {
        int(*pairs)[2] = generation->pairs[companions[i].kind];
        if (pairs != NULL) {
            size_pair(pairs[place], companions[i].pair_bytes);
        }
    }
}

bool pairs_open(struct generation *generation)
{
    for (size_t i = 0; i < COMPANIONS; i++) {
        int(*pairs)[2] = generation->pairs[companions[i].kind];
        for (size_t j = 0; pairs != NULL && j < generation->gateway_count; j++) {
            if (!spawn_pair(&pairs[j][0], &pairs[j][1])) {
                return false;
            }
            size_pair(pairs[j], companions[i].pair_bytes);
        }
    }
    return true;
}

void pairs_close(struct generation *generation)
{
    for (size_t i = 0; i < COMPANIONS; i++) {
        int(*pairs)[2] = generation->pairs[companions[i].kind];
        for (size_t j = 0; pairs != NULL && j < 2 * generation->gateway_count; j++) {
            if (pairs[j / 2][j % 2] >= 0) {
                (void)close(pairs[j / 2][j % 2]);
            }
        }
        free(pairs);
        generation->pairs[companions[i].kind] = NULL;
    }
}
