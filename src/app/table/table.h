/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_TABLE_TABLE_H
#define YETT_APP_TABLE_TABLE_H

#include "core/config/config.h"
#include "core/crypto/crypto.h"
#include "core/signing/signing.h"

/*
 * table: the table of core/signing, made of the settings and the files that they name: those
 * of domains and logins, the keys, and the states of domains whose keys rotate.
 *
 * build.c goes through all of it: settings.c through the blocks domain and login, files.c
 * through the plain files, key.c looks into key files; each key is opened once, and only its
 * kind and size are kept.  map.c is for those who use the table.
 *
 * Deliberately blocking: at the start or a reload, in a process of its own.
 */

struct table_notes {
    /* What is odd, though the table can be made: "domain \"x\": none of its keys signs yet". */
    void (*note)(void *context, slice sentence);
    void *context;
};

/*
 * Append the table for `config` to `out`, which is empty.  Works in `arena`.
 *
 * YETT_BAD_SYNTAX with `*why` (in `arena`, a sentence that names the place) for what the
 * administrator can mend: a key that cannot be used, a line that cannot be read, something
 * that stands twice.  YETT_LIMIT with `*why`: too much of it.  YETT_IO with `*why`,
 * YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err table_build(struct arena *arena, struct crypto *crypto,
                          const struct config *config, const struct table_notes *notes,
                          struct buf *out, slice *why);

/*
 * Map the table behind `fd`, which may be closed then, for as long as the process lives.
 * YETT_BAD_SYNTAX with `*why` when there is none, YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err table_map(struct arena *arena, int fd, const struct signing_table **out,
                        slice *why);

#endif
