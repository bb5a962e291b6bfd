/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_KEYS_KEYS_H
#define YETT_EDGE_KEYS_KEYS_H

#include "core/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * keys: files that hold secrets (private keys, TSIG keys) and what is written beside them.
 *
 * read.c reads one that nobody else can read or put there, write.c makes new ones that are
 * whole on the disk before their name is, place.c is about their directory, trust.c about who
 * may own it and those above, path.c puts paths together.  What stands in them is others' work.
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
 * YETT_NOT_FOUND there is no such file; YETT_BAD_SYNTAX it is refused: it could be read or
 * changed by others, or others could put it there (below), it is a symbolic link, no regular
 * file, or empty; YETT_LIMIT it is larger; YETT_IO the system refused; YETT_NO_MEMORY.
 *
 * The file and all directories above it must be root's, of who runs this, or the keepers'
 * (keys_trust_keeper()).  A file: no access of others, no writing by its group, and reading by
 * it only where it is root's, that of who runs this, or the keepers'.  Its directory: no
 * writing by group or others, unless it is sticky; those above: the same, but that one of
 * these groups may write.
 */
YETT_MUST_USE
enum yett_err keys_read(struct arena *arena, const char *path, slice *out, slice *why);

/* The same for a file that somebody named to sign one message with (yett sign --key): others
   may not read or change it, but who owns it, and where it lies, is his affair. */
YETT_MUST_USE
enum yett_err keys_read_given(struct arena *arena, const char *path, slice *out,
                              slice *why);

/* Whom keepers become: their files are as good as root's, in this process. */
void keys_trust_keeper(uid_t uid, gid_t gid);

/* That a directory and those above it are what they must be for keys_read(); YETT_NOT_FOUND
   there is none, other errors as there.  It may not be sticky either: keys in it have one owner. */
YETT_MUST_USE
enum yett_err keys_check_directory(struct arena *arena, const char *path, slice *why);

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

/* Remove what writers of keys and states left in the directory `path` when they were killed: drafts
   that nobody knows, private keys among them.  Whoever calls has locked it. */
void keys_sweep(const char *path);

/* Make the directory with mode 0700 when it is not there yet; its parent must be, as in
   keys_check_directory(). */
YETT_MUST_USE
enum yett_err keys_make_directory(struct arena *arena, const char *path, slice *why);

#endif
