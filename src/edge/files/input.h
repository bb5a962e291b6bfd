/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_FILES_INPUT_H
#define YETT_EDGE_FILES_INPUT_H

#include "core/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* input: something opened for reading, and what went wrong with it in words. */

enum input_kind { INPUT_FILE, INPUT_PIPE, INPUT_DIRECTORY };

enum { INPUT_BLOCK = 64 * 1024 };

struct input {
    enum input_kind kind;
    int fd;
    bool is_ours;  /* to close: standard input is not */
    slice name;    /* made visible, for sentences */
    uint64_t size; /* a file's length when it was opened, else 0 */
    uint64_t done; /* octets read */
    bool ended;    /* nothing follows `rest` */
    slice rest;    /* read, but not yet taken */
    char *block;   /* of INPUT_BLOCK octets, from input_open() on */
};

/*
 * Open `file` below the directory `dir_fd` (AT_FDCWD), or standard input for "-".  `shown` is
 * its path for people.  Symbolic links are followed; devices and sockets are refused unless
 * they are standard input, and so is a FIFO in a directory that is listed: nobody may be
 * at its other end.  On failure `*why` says what was wrong and nothing is open.
 */
YETT_MUST_USE
enum yett_err input_open(struct arena *arena, int dir_fd, const char *file, slice shown,
                         struct input *out, slice *why);
void input_close(struct input *input);

/*
 * Have at least `count` octets (at most INPUT_BLOCK) in `input->rest`, fewer only at the end.
 * YETT_IO with `*why` when the system refuses, or a file turns out shorter than it was.
 */
YETT_MUST_USE
enum yett_err input_fill(struct input *input, struct arena *arena, size_t count,
                         slice *why);

/* "NAME: TEXT" in `arena`. */
slice input_sentence(struct arena *arena, slice name, const char *text);

/* `path` made visible; "standard input" for "-". */
slice input_shown(struct arena *arena, const char *path);

/* "permission denied" */
const char *input_errno_text(int number);

#endif
