/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_CONFIG_READER_H
#define YETT_EDGE_CONFIG_READER_H

#include "edge/config/block.h"
#include "edge/config/keys.h"
#include "edge/config/text.h"

#include <stdarg.h>

#include <confuse.h>

/* reader: settings in the making.  read.c fills them, complain.c words what is wrong, where.c
   says where. */
enum { KEYS_MAX = 160 };

/* One file, while it is read. */
struct file {
    slice name;      /* for messages, made visible */
    slice directory; /* with its slash; empty: the current one */
    struct text text;
};

struct reader {
    struct arena *arena;
    struct config config;
    struct block_gatherer gatherer;
    bool block_is_open; /* a titled block is being read, and has a key */
    bool is_over_file;  /* what is read goes over a file, which stays the source */
    const struct file *file;
    unsigned depth;
    unsigned includes;
    struct place seen[KEYS_MAX]; /* where each key was set; line 0: not yet */
    slice why;
    enum yett_err err; /* the first that happened */
};

/*
 * Remember the first failure, as "FILE:LINE: …" (line 0 stands for the whole file).  What
 * follows the first is its consequence and is forgotten.  All return -1, which is how the
 * library is told to stop.
 */
int complain(struct reader *reader, enum yett_err err, unsigned line, slice text);
int complain_value(struct reader *reader, const cfg_t *section, const struct key *key,
                   slice value, enum yett_err err, slice expected);
int complain_second(struct reader *reader, const cfg_t *section, const struct key *key,
                    const struct place *first);
int complain_block(struct reader *reader, const char *block, slice title, unsigned line,
                   enum yett_err err, slice why);

/* where.c: note in the settings where their keys were set. */
YETT_MUST_USE
enum yett_err where_note(struct reader *reader);

/* The place that a sentence of config_check() is about; line 0: none that was read. */
struct place where_is(struct reader *reader, slice sentence);

/* An error of the library's own, in its format. */
void complain_library(struct reader *reader, const cfg_t *section, const char *format,
                      va_list args) __attribute__((format(printf, 3, 0)));

#endif
