/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_MILTER_OUTPUT_H
#define YETT_CORE_MILTER_OUTPUT_H

#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * output: octets for the peer until they are taken.
 *
 * Not an arena: a connection is idle with its last reply in here, and there are thousands.
 */
struct output {
    char *ptr;
    size_t len, room;
    bool is_taken;
};

/* False when out of memory. */
bool output_add(struct output *output, slice bytes);

/* What is there, once. */
slice output_take(struct output *output);

/* Drop what was taken. */
void output_clear_taken(struct output *output);
void output_finish(struct output *output);

#endif
