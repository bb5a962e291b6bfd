/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_BASE_BUF_H
#define YETT_CORE_BASE_BUF_H

#include "core/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * buf: output that grows in an arena up to a limit and remembers its first failure.
 *
 * Append freely, ask buf_err() once.  After a failure appends do nothing.  The bytes live
 * in the arena, so rewinding it past the buf's beginning ends the buf as well.
 */
struct buf {
    struct arena *arena;
    char *ptr;
    size_t len;
    size_t capacity;
    size_t limit;
    enum yett_err err;
};

void buf_init(struct buf *buf, struct arena *arena, size_t limit_bytes);

void buf_add(struct buf *buf, slice bytes);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, char byte);
void buf_add_uint(struct buf *buf, uint64_t value);
void buf_add_hex(struct buf *buf, slice bytes);

/* For people: printable ASCII and well-formed UTF-8 as they are, all else as \xNN. */
void buf_add_visible(struct buf *buf, slice bytes);

/* Our own formats only. */
void buf_printf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Keep only the first `len` bytes (asserted not to be more than there are). */
void buf_truncate(struct buf *buf, size_t len);

/* YETT_OK, YETT_LIMIT, or YETT_NO_MEMORY. */
enum yett_err buf_err(const struct buf *buf);

/* What was written so far; points into the arena, valid until the next append. */
slice buf_slice(const struct buf *buf);

#endif
