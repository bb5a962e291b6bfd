/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_KEYS_PLACE_H
#define YETT_EDGE_KEYS_PLACE_H

#include "core/base/arena.h"

#include <stdbool.h>
#include <sys/types.h>

/* place: the directory that a secret lies in, held open while something is done there. */
struct place {
    struct arena *arena;
    const char *path;  /* of the file */
    const char *name;  /* within the directory */
    int directory;     /* -1: not open */
    bool is_directory; /* what it is about is that directory itself */
    bool is_given;     /* named to be used once: who owns it is not asked */
    slice *why;
};

/* Open the directory of `path` and make sure that others cannot put files there.  Errors as
   in keys_write(). */
YETT_MUST_USE
enum yett_err place_open(struct place *place, struct arena *arena, const char *path,
                         slice *why);
/* The same without making sure of that, for keys_read_given(). */
YETT_MUST_USE
enum yett_err place_open_given(struct place *place, struct arena *arena, const char *path,
                               slice *why);
/* As place_open() for a directory itself; a symbolic link is none. */
YETT_MUST_USE
enum yett_err place_open_directory(struct place *place, struct arena *arena,
                                   const char *path, slice *why);
void place_close(struct place *place);

/* `place->path` and what is wrong, into `*place->why`; gives `err` back. */
enum yett_err place_fail(const struct place *place, enum yett_err err, const char *fault);

/* The same for errno, which decides what is given back. */
enum yett_err place_fail_errno(const struct place *place, const char *doing);

/* ---- trust.c ---------------------------------------------------------------------------- */

bool trust_user(uid_t uid);
bool trust_group(gid_t gid);

/* That only those who are trusted can change the directory of `place`, which the path calls
   `directory`, and those above it. */
YETT_MUST_USE
enum yett_err trust_check(const struct place *place, slice directory);

#endif
