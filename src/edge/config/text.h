/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_CONFIG_TEXT_H
#define YETT_EDGE_CONFIG_TEXT_H

#include "core/base/arena.h"

/*
 * text: what libconfuse gets to see of a file.
 *
 * Its scanner drops what it does not know, reads environment variables, runs strings over
 * lines to the end of the file, and writes one octet past its buffer for some comments.  So
 * a file goes through here first: comments become spaces, and everything that is neither a
 * word, a string in one line, nor one of the signs { } ( ) , = += is refused.
 */
struct text {
    slice clean; /* as long as the file, line by line; a NUL behind it */
    const unsigned
        *opened; /* for each line: where the block that ends there began, or 0 */
    unsigned lines;
};

/* Words of a path, number or name that need no quotes. */
bool text_is_word_byte(int c);

/*
 * Clean `raw`.  YETT_BAD_SYNTAX with the `*line` (from 1) and what is wrong in `*why`;
 * YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err text_clean(struct arena *arena, slice raw, struct text *out, unsigned *line,
                         slice *why);

/* advice.c: a sentence on what the front of `in` has that is not expected there, outside of
   strings, within one, or at the beginning of the file; NULL: nothing in particular. */
const char *advice_on_front(slice in, bool begins_line);
const char *advice_on_octets(slice in);
const char *advice_on_file(slice raw);

/* Line `number` (from 1) without its end and the space around it. */
slice text_line(const struct text *text, unsigned number);

#endif
