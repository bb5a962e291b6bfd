/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_FILES_MAILDIR_H
#define YETT_EDGE_FILES_MAILDIR_H

#include "edge/files/input.h"

#include <stddef.h>

/* maildir: the messages of one, listed once and then opened by name. */
struct maildir;

/*
 * List the directory that `input` is.  NULL on failure: YETT_BAD_SYNTAX it has neither cur/
 * nor new/, YETT_IO, YETT_NO_MEMORY.
 */
YETT_MUST_USE
struct maildir *maildir_open(struct arena *arena, const struct input *input,
                             const char *path, enum yett_err *err, slice *why);
void maildir_free(struct maildir *maildir);

size_t maildir_count(const struct maildir *maildir);

/* Path of message `index`, raw octets, in `arena`; a NULL `ptr` without memory. */
slice maildir_path(const struct maildir *maildir, size_t index, struct arena *arena);

/* Open message `index`; YETT_NOT_FOUND when it vanished since. */
YETT_MUST_USE
enum yett_err maildir_open_message(const struct maildir *maildir, size_t index,
                                   struct arena *arena, struct input *out, slice *why);

#endif
