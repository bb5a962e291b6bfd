/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_TABLE_INSIDE_H
#define YETT_APP_TABLE_INSIDE_H

#include "app/table/table.h"

/* inside: what the files of this folder know of each other. */

enum { TABLE_SENTENCE_MAX = 1000 };

struct building {
    struct arena *arena;
    struct arena *room; /* of one entry, rewound after it */
    struct crypto *crypto;
    const struct config *config;
    const struct table_notes *notes;
    struct signing_builder *builder;
    size_t keys_tried;
    slice *why;
};

/* `*why` is "AT: WHY"; gives `err` back. */
enum yett_err building_fail(struct building *building, enum yett_err err, slice at,
                            slice why);

/* ---- key.c ------------------------------------------------------------------------------ */

/*
 * The row of one key: `path` may be empty, which is where keys usually are.  `at` says where
 * it is asked for.
 */
YETT_MUST_USE
enum yett_err table_add_key(struct building *building, slice at, slice domain,
                            slice selector, slice path, enum signing_use use,
                            uint32_t *row);

/* "DIRECTORY/DOMAIN/NAME" in the room, a NUL follows it. */
YETT_MUST_USE
enum yett_err table_path(struct building *building, slice domain, slice name,
                         slice suffix, slice *out);

/* ---- settings.c, files.c ---------------------------------------------------------------- */

YETT_MUST_USE
enum yett_err table_add_settings(struct building *building);
YETT_MUST_USE
enum yett_err table_add_files(struct building *building);

/* Domains that neither sign nor stand in a file do not fall to the domain above them. */
YETT_MUST_USE
enum yett_err table_add_silent(struct building *building);

#endif
