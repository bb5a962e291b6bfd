/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_ARENA_H
#define YETT_CORE_BASE_ARENA_H

#include "core/base/err.h"
#include "core/base/slice.h"

#include <stddef.h>

/*
 * arena: memory that goes away all at once.
 *
 * Each message has two: evidence (questions, answers, checks; never rewound) and scratch
 * (rewound before each evaluation).  Both have a ceiling in bytes, blocks and their
 * headers counted.  At the ceiling, or with an empty purse, an allocation returns NULL and nothing
 * else changes.
 * One thread at a time.
 */
struct arena;

/* A position to rewind to. */
struct arena_mark {
    void *block;
    size_t used;
};

/* NULL when the system is out of memory.  `ceiling_bytes` is counted in whole blocks. */
YETT_MUST_USE
struct arena *arena_new(size_t ceiling_bytes);
void arena_free(struct arena *arena);

/* What several arenas may take together, beyond what each has of its own. */
struct arena_purse {
    size_t left_bytes;
};

/* The same with a purse, which must outlive it: what goes beyond the first `own_bytes` comes
   from there, and goes back when it is freed. */
YETT_MUST_USE
struct arena *arena_new_sharing(size_t ceiling_bytes, size_t own_bytes,
                                struct arena_purse *purse);

/*
 * As good as new, for the next message: everything allocated becomes invalid.  At most
 * `keep_bytes` of what was taken from the system is kept.
 */
void arena_reset(struct arena *arena, size_t keep_bytes);

/* Aligned for any object, uninitialised; NULL at the ceiling.  `size` 0 gives a valid pointer. */
YETT_MUST_USE
void *arena_alloc(struct arena *arena, size_t size);

/* Zeroed; the product is checked. */
YETT_MUST_USE
void *arena_calloc(struct arena *arena, size_t count, size_t size);

#define ARENA_NEW(arena, type) ((type *)arena_calloc((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, count, type)                                                  \
    ((type *)arena_calloc((arena), (count), sizeof(type)))

/*
 * Make the last allocation `new_size` bytes long where it is, if it was the last and its
 * block has room.  False otherwise: allocate and copy.
 */
YETT_MUST_USE
bool arena_extend(struct arena *arena, void *ptr, size_t old_size, size_t new_size);

/* Copy of the bytes.  On YETT_NO_MEMORY `*out` is untouched. */
YETT_MUST_USE
enum yett_err arena_copy(struct arena *arena, slice bytes, slice *out);

/* printf into the arena: our own formats only.  Bytes of the outside go in as %.*s after
   slice_printable(), or through a buf.  Returns an empty slice with NULL `ptr` at the ceiling. */
slice arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct arena_mark arena_mark(const struct arena *arena);

/* Everything allocated since the mark becomes invalid; memory is kept for reuse. */
void arena_rewind(struct arena *arena, struct arena_mark mark);

size_t arena_used_bytes(const struct arena *arena);

#endif
