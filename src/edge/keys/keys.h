/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_KEYS_KEYS_H
#define YETT_EDGE_KEYS_KEYS_H

#include "core/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * keys: files that hold secrets (private keys, TSIG keys) and what is written beside them.
 *
 * read.c reads one that nobody else can read or put there, write.c makes new ones that are
 * whole on the disk before their name is, place.c is about their directory, path.c puts paths
 * together.  What stands in them is others' work.
 *
 * Sentences (`why`, in `arena`) begin with the path, made visible, and are complete.  Paths
 * end in NUL.
 */

enum { KEYS_FILE_MAX = 64 * 1024, KEYS_PATH_MAX = 4096 };

/*
 * Where the keys of a domain lie: DIRECTORY/DOMAIN/SELECTOR and this, and beside them the
 * state of their rotation.
 */
#define KEYS_SUFFIX SLICE(".pem")
#define KEYS_STATE  SLICE("state")

/* "DIRECTORY/NAMESUFFIX", a NUL behind it.  YETT_LIMIT when it is longer than KEYS_PATH_MAX;
   YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err keys_path(struct arena *arena, slice directory, slice name, slice suffix,
                        const char **out);

/* "PATH: FAULT", the path made visible. */
slice keys_sentence(struct arena *arena, const char *path, const char *fault);

/*
 * Read the secret in `path`, at most KEYS_FILE_MAX octets, into `arena`; one NUL that is not
 * counted follows it.  keys_wipe() it when done.
 *
 * YETT_NOT_FOUND there is no such file; YETT_BAD_SYNTAX it is refused: it or its directory
 * could be read or changed by others (a file: any access of others, or writing by its group;
 * a directory: writing by its group or others, unless it is a sticky one), it belongs to
 * somebody who is neither we, root nor its directory's owner, it is a symbolic link, no regular file, or empty; YETT_LIMIT it is larger; YETT_IO the system refused;
 * YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err keys_read(struct arena *arena, const char *path, slice *out, slice *why);

/* Overwrite a secret, in a way that the compiler leaves in. */
void keys_wipe(slice secret);

/*
 * Make `path` with `octets`, mode 0600, synced together with its directory.  YETT_BAD_SYNTAX
 * when there is a file already, which is never written over, or when others can write its
 * directory; YETT_NOT_FOUND when there is no such directory; YETT_IO.  Nothing is left behind.
 */
YETT_MUST_USE
enum yett_err keys_write(struct arena *arena, const char *path, slice octets, slice *why);

/*
 * The same in place of what is there, in one step: who reads it sees the old text or the
 * new one.
 */
YETT_MUST_USE
enum yett_err keys_replace(struct arena *arena, const char *path, slice octets,
                           slice *why);

/* Make the directory with mode 0700 when it is not there yet (its parent must be). */
YETT_MUST_USE
enum yett_err keys_make_directory(struct arena *arena, const char *path, slice *why);

#endif
