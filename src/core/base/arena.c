/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/arena.h"

#include "core/base/num.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Blocks form a list in the order of use.  Rewinding goes back in the list and keeps what
 * lies behind for reuse, so a message that is evaluated in three rounds allocates from the
 * system in the first only.
 */
enum {
    BLOCK_BYTES = 16 * 1024,
    ALIGNMENT = alignof(max_align_t),
    PRINTED_AT_ONCE = 256 /* longer texts are printed twice, first for their length */
};

struct block {
    struct block *next;
    size_t size; /* octets in `bytes` */
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *first;
    struct block *current;
    size_t used;  /* in `current` */
    size_t taken; /* from the system, all blocks and headers */
    size_t ceiling;
    size_t own;                /* so much of it is not the purse's */
    struct arena_purse *purse; /* NULL: all is its own */
};

static size_t round_up(size_t size)
{
    return (size + (ALIGNMENT - 1)) & ~(size_t)(ALIGNMENT - 1);
}

/* What `more_bytes` beyond what was taken take from the purse. */
static size_t share_of(const struct arena *arena, size_t taken, size_t more_bytes)
{
    size_t own_left = taken < arena->own ? arena->own - taken : 0;
    return arena->purse == NULL || more_bytes <= own_left ? 0 : more_bytes - own_left;
}

static bool take(struct arena *arena, size_t bytes)
{
    size_t share = share_of(arena, arena->taken, bytes);
    if (bytes > arena->ceiling - arena->taken ||
        (share != 0 && share > arena->purse->left_bytes)) {
        return false;
    }
    if (share != 0) {
        arena->purse->left_bytes -= share;
    }
    arena->taken += bytes;
    return true;
}

static void give_back(struct arena *arena, size_t bytes)
{
    arena->taken -= bytes;
    size_t share = share_of(arena, arena->taken, bytes);
    if (share != 0) {
        arena->purse->left_bytes += share;
    }
}

static struct block *block_new(struct arena *arena, size_t size)
{
    size_t whole;
    if (!num_add(size, sizeof(struct block), &whole) || !take(arena, whole)) {
        return NULL;
    }
    struct block *block = malloc(whole);
    if (block == NULL) {
        give_back(arena, whole);
        return NULL;
    }
    block->next = NULL;
    block->size = size;
    return block;
}

struct arena *arena_new(size_t ceiling_bytes)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    if (arena != NULL) {
        arena->ceiling = ceiling_bytes;
    }
    return arena;
}

struct arena *arena_new_sharing(size_t ceiling_bytes, size_t own_bytes,
                                struct arena_purse *purse)
{
    struct arena *arena = arena_new(ceiling_bytes);
    if (arena != NULL) {
        arena->own = own_bytes;
        arena->purse = purse;
    }
    return arena;
}

/* The block at `link` and all behind it, but for those that fit into `keep_bytes`. */
static void free_blocks(struct arena *arena, struct block **link, size_t keep_bytes)
{
    size_t kept = 0;
    while (*link != NULL) {
        struct block *block = *link;
        size_t whole = block->size + sizeof(*block);
        if (whole <= keep_bytes - kept) {
            kept += whole;
            link = &block->next;
        } else {
            *link = block->next;
            give_back(arena, whole);
            free(block);
        }
    }
}

void arena_free(struct arena *arena)
{
    if (arena != NULL) {
        free_blocks(arena, &arena->first, 0);
        free(arena);
    }
}

void arena_reset(struct arena *arena, size_t keep_bytes)
{
    free_blocks(arena, &arena->first, keep_bytes);
    arena->current = NULL;
    arena->used = 0;
}

static struct block *regular_block(struct arena *arena, size_t size)
{
    size_t regular = BLOCK_BYTES - sizeof(struct block);
    struct block *block = block_new(arena, size > regular ? size : regular);
    if (block == NULL && size < regular) {
        block = block_new(arena, size); /* near the ceiling: just what is needed */
    }
    return block;
}

/*
 * Make the next block current: one kept from before a rewind if it is large enough.  What is
 * kept counts, and goes before it makes an allocation fail: a message must not fare worse for
 * what was before it.
 */
static bool next_block(struct arena *arena, size_t size)
{
    struct block **link = arena->current == NULL ? &arena->first : &arena->current->next;
    if (*link == NULL || (*link)->size < size) {
        struct block *block = regular_block(arena, size);
        if (block == NULL && *link != NULL) {
            free_blocks(arena, link, 0);
            block = regular_block(arena, size);
        }
        if (block == NULL) {
            return false;
        }
        block->next = *link;
        *link = block;
    }
    arena->current = *link;
    arena->used = 0;
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT) {
        return NULL;
    }
    size = round_up(size == 0 ? 1 : size);
    if (arena->current == NULL || size > arena->current->size - arena->used) {
        if (!next_block(arena, size)) {
            return NULL;
        }
    }
    void *out = arena->current->bytes + arena->used;
    arena->used += size;
    return out;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!num_mul(count, size, &bytes)) {
        return NULL;
    }
    void *out = arena_alloc(arena, bytes);
    if (out != NULL) {
        memset(out, 0, bytes);
    }
    return out;
}

bool arena_extend(struct arena *arena, void *ptr, size_t old_size, size_t new_size)
{
    struct block *block = arena->current;
    if (block == NULL || new_size > block->size || new_size < old_size) {
        return false;
    }
    size_t old_rounded = round_up(old_size == 0 ? 1 : old_size);
    if (old_rounded > arena->used ||
        (char *)ptr != block->bytes + (arena->used - old_rounded)) {
        return false;
    }
    size_t from = arena->used - old_rounded;
    size_t new_rounded = round_up(new_size == 0 ? 1 : new_size);
    if (new_rounded > block->size - from) {
        return false;
    }
    arena->used = from + new_rounded;
    return true;
}

enum yett_err arena_copy(struct arena *arena, slice bytes, slice *out)
{
    char *copy = arena_alloc(arena, bytes.len);
    if (copy == NULL) {
        return YETT_NO_MEMORY;
    }
    if (bytes.len != 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    *out = (slice){copy, bytes.len};
    return YETT_OK;
}

slice arena_printf(struct arena *arena, const char *format, ...)
{
    char room[PRINTED_AT_ONCE];
    va_list args;
    va_start(args, format);
    int needed = vsnprintf(room, sizeof(room), format, args);
    va_end(args);
    assert(needed >= 0);

    size_t length = (size_t)needed;
    char *text = arena_alloc(arena, length + 1);
    if (text == NULL) {
        return SLICE_NONE;
    }
    if (length < sizeof(room)) {
        memcpy(text, room, length + 1);
        return (slice){text, length};
    }
    va_start(args, format);
    (void)vsnprintf(text, length + 1, format, args);
    va_end(args);
    return (slice){text, length};
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){.block = arena->current, .used = arena->used};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    arena->current = mark.block;
    arena->used = mark.used;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->taken;
}
