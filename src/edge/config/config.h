/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_CONFIG_CONFIG_H
#define YETT_EDGE_CONFIG_CONFIG_H

#include "core/base/buf.h"
#include "core/config/config.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * config: settings files (yett.conf(5)) become a struct config, and back into text.
 *
 * text.c makes a file fit for libconfuse: it takes the comments out and refuses what the
 * library would let pass, and advice.c knows what was meant by it.  read.c runs the library
 * and its includes, keys.c is the table of all keys and suggest.c what a slip of the finger
 * meant, value.c turns words into values, with number.c, fields.c and secret.c, and print.c
 * back; block.c gathers the titled blocks, once.c finds those that stand twice, where.c the
 * line that a complaint is about; each.c walks over settings, flatten.c writes them all as one
 * file.  The only folder that includes confuse.h.
 *
 * route.c reads where mail goes, host.c asks for the name of this host, defaults.c writes all
 * settings at their defaults, complain.c words what is wrong with them.
 *
 * libconfuse's scanner has global state: one thread at a time may read settings.
 */

enum { CONFIG_FILE_MAX_BYTES = 1 << 20 };

/* A ceiling that is enough for the largest settings that are accepted. */
#define CONFIG_FILE_ARENA_BYTES ((size_t)256 << 20)

/*
 * Read the file `path` ("-": standard input) over the defaults, and check the result.
 *
 * YETT_OK with `*out`, all of it in `arena`.  Otherwise `*out` is untouched and `*why` (in
 * `arena`) is one line for people: YETT_BAD_SYNTAX "yett.conf:12: dmarc.on_reject:
 * 'sometimes' is none of informed, strict, never"; YETT_NOT_FOUND or YETT_IO the file itself
 * cannot be read, with what the system says; YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err config_file_read(struct arena *arena, const char *path, struct config *out,
                               slice *why);

/* The same from memory.  `name` stands for the file in messages; paths in the text are
   relative to its directory. */
YETT_MUST_USE
enum yett_err config_file_parse(struct arena *arena, slice text, const char *name,
                                struct config *out, slice *why);

/*
 * The same over the settings `base`, which are in `arena` as well, instead of the defaults:
 * settings of a command line over those of a file.  A list that `text` sets takes the place
 * of that in `base`, and so do all blocks with a title of one kind.
 */
YETT_MUST_USE
enum yett_err config_file_parse_over(struct arena *arena, const struct config *base,
                                     slice text, const char *name, struct config *out,
                                     slice *why);

/* Put the name of this host where `authserv_id` is empty ("localhost" when it has none that
   is a domain name). */
YETT_MUST_USE
enum yett_err config_file_set_host_name(struct arena *arena, struct config *config);

/* One setting, as a file would have it. */
struct config_entry {
    const char *block; /* "dmarc"; "" for a key of no block */
    slice title;       /* of a block that has one */
    const char *key;   /* "on_reject"; "" stands for a block without keys */
    slice value; /* "\"informed\"", "{\"::1\"}"; of a secret only that there is one */
    bool is_default;
};

/*
 * Visit every setting of `config` in the order of the manual, those of titled blocks where
 * they are set.  YETT_NO_MEMORY when `arena` is too small for the values.
 */
YETT_MUST_USE
enum yett_err config_file_each(struct arena *arena, const struct config *config,
                               void (*visit)(void *context,
                                             const struct config_entry *entry),
                               void *context);

/*
 * All settings as one file without includes, which config_file_parse() reads back as the
 * same settings, but for their `source` and the lines of exceptions: what a supervisor hands
 * to its workers.  Secrets are in it, in hexadecimal digits.  Paths are made absolute.
 *
 * `config` must be one that config_check() likes.  It is appended to `out`.  YETT_NO_MEMORY,
 * or YETT_LIMIT of `out`.
 */
YETT_MUST_USE
enum yett_err config_file_write(struct arena *arena, const struct config *config,
                                struct buf *out);

/* Every key with its default and what it does, as a settings file in comments. */
void config_file_write_defaults(struct buf *out);

#endif
