/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_CONFIG_VALUE_H
#define YETT_EDGE_CONFIG_VALUE_H

#include "core/base/buf.h"
#include "edge/config/keys.h"

/* value: one value as text and as what the settings hold. */
enum { VALUE_MAX = 1000, LIST_MAX = 1000, SECRET_MIN = 16, SECRET_MAX = 4096 };

/* What a secret that stands in the file itself begins with. */
#define VALUE_HEX "hex:"

/* A unit of time (in milliseconds) or size; lists end with 0 times. */
struct value_unit {
    slice name;
    uint64_t times;
};

extern const struct value_unit value_time_units[];
extern const struct value_unit value_size_units[];

/* "4h", "64MiB" */
void value_write_quantity(struct buf *out, uint64_t value,
                          const struct value_unit *units);

/*
 * Put `text` where `key` says in `base` (struct config, or the item of a titled block);
 * networks are appended to their list.  `directory` is what relative paths are relative to:
 * empty, or ending in a slash.
 *
 * YETT_BAD_SYNTAX with what was expected in `*expected`: "is none of informed, strict,
 * never"; `base` is then untouched.  YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err value_read(struct arena *arena, const struct key *key, slice text,
                         slice directory, void *base, slice *expected);

/* A list that is set begins empty, whatever it was.  Other keys are left alone. */
void value_clear_list(const struct key *key, void *base);

/* Append the value of `key` in `base` as a file would have it. */
void value_write(struct buf *out, const struct key *key, const void *base);

/* False where the key has a `beside` flag in a titled block that is not set, or is empty. */
bool value_is_set(const struct key *key, const void *base);

/* "text", with what needs it escaped. */
void value_write_quoted(struct buf *out, slice text);

/* `path`, or `directory` before it when it is relative; with a NUL behind. */
slice value_path(struct arena *arena, slice directory, slice path);

#endif
