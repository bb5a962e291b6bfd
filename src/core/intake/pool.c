/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

#include <stdlib.h>

/*
 * pool: arenas for messages.  A session holds some only while it has a message in work, so
 * that an idle one costs next to nothing; a few are kept warm for the next message.
 *
 * A message may take much, and all together not so much more: hundreds with the largest
 * header that is read, kept waiting by a slow name server of their sender, would else take
 * gigabytes.  What a message usually needs it has in any case, so that they are in the way of
 * each other and of nobody else.  Texts that are kept for an autopsy have a purse of their own:
 * no message is worse off for them.
 */
enum {
    EVIDENCE_BYTES = 24 * 1024 * 1024,
    SCRATCH_BYTES = 24 * 1024 * 1024,
    DESK_BYTES = 8 * 1024 * 1024, /* more than twice the largest list of edits */
    KEPT_BYTES = 256 * 1024,      /* of each arena, from one message to the next */
    SHARED_BYTES = 128 * 1024 * 1024,
    TEXT_BYTES = CAPTURE_BODY_MAX + 256 * 1024, /* one text, and what blocks waste */
    TEXT_KEPT_BYTES = 64 * 1024,
    TEXTS_BYTES = 16 * 1024 * 1024 /* all texts */
};

struct intake_pool {
    struct intake_ceilings ceilings;
    struct arena_purse purse, texts;
    struct intake_arenas *first;
    size_t count;
    size_t kept;
};

struct intake_pool *intake_pool_with_ceilings(size_t kept,
                                              struct intake_ceilings ceilings)
{
    struct intake_pool *pool = calloc(1, sizeof(*pool));
    if (pool != NULL) {
        pool->ceilings = ceilings;
        pool->purse.left_bytes = ceilings.shared_bytes;
        pool->texts.left_bytes = TEXTS_BYTES;
        pool->kept = kept;
    }
    return pool;
}

struct intake_pool *intake_pool_new(size_t kept)
{
    return intake_pool_with_ceilings(
        kept, (struct intake_ceilings){.evidence_bytes = EVIDENCE_BYTES,
                                       .scratch_bytes = SCRATCH_BYTES,
                                       .desk_bytes = DESK_BYTES,
                                       .own_bytes = KEPT_BYTES,
                                       .shared_bytes = SHARED_BYTES});
}

static void free_arenas(struct intake_arenas *arenas)
{
    arena_free(arenas->evidence);
    arena_free(arenas->scratch);
    arena_free(arenas->desk);
    arena_free(arenas->text);
    free(arenas);
}

static struct arena *new_arena(struct intake_pool *pool, size_t ceiling_bytes)
{
    const struct intake_ceilings *ceilings = &pool->ceilings;
    return ceilings->shared_bytes == 0
               ? arena_new(ceiling_bytes)
               : arena_new_sharing(ceiling_bytes, ceilings->own_bytes, &pool->purse);
}

static struct intake_arenas *new_arenas(struct intake_pool *pool)
{
    const struct intake_ceilings *ceilings = &pool->ceilings;
    struct intake_arenas *arenas = calloc(1, sizeof(*arenas));
    if (arenas == NULL) {
        return NULL;
    }
    arenas->evidence = new_arena(pool, ceilings->evidence_bytes);
    arenas->scratch = new_arena(pool, ceilings->scratch_bytes);
    arenas->desk = new_arena(pool, ceilings->desk_bytes);
    if (arenas->evidence == NULL || arenas->scratch == NULL || arenas->desk == NULL) {
        free_arenas(arenas);
        return NULL;
    }
    return arenas;
}

struct intake_arenas *intake_pool_take(struct intake_pool *pool)
{
    struct intake_arenas *arenas = pool->first;
    if (arenas == NULL) {
        return new_arenas(pool);
    }
    pool->first = arenas->next;
    pool->count--;
    arenas->next = NULL;
    return arenas;
}

struct arena *intake_pool_text(struct intake_pool *pool, struct intake_arenas *arenas)
{
    if (arenas->text == NULL) {
        arenas->text = arena_new_sharing(TEXT_BYTES, 0, &pool->texts);
    }
    return arenas->text;
}

void intake_pool_give_back(struct intake_pool *pool, struct intake_arenas *arenas)
{
    if (pool->count >= pool->kept) {
        free_arenas(arenas);
        return;
    }
    arena_reset(arenas->evidence, KEPT_BYTES);
    arena_reset(arenas->scratch, KEPT_BYTES);
    arena_reset(arenas->desk, KEPT_BYTES);
    if (arenas->text != NULL) {
        arena_reset(arenas->text, TEXT_KEPT_BYTES);
    }
    arenas->next = pool->first;
    pool->first = arenas;
    pool->count++;
}

void intake_pool_free(struct intake_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    while (pool->first != NULL) {
        struct intake_arenas *arenas = pool->first;
        pool->first = arenas->next;
        free_arenas(arenas);
    }
    free(pool);
}
