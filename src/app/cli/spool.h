/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_SPOOL_H
#define YETT_APP_CLI_SPOOL_H

#include "core/base/arena.h"

#include <stdbool.h>

/*
 * spool: an input that is read twice.
 *
 * A file is read twice where it is; what cannot be (a pipe) goes into a nameless temporary
 * file on the way, in $TMPDIR or /tmp.  Sentences begin with the path.
 */
struct spool;

/* `path` may be "-".  NULL with `*why`, in `arena`, where the spool lives as well. */
YETT_MUST_USE
struct spool *spool_open(struct arena *arena, const char *path, slice *why);
void spool_close(struct spool *spool);

/*
 * Hand all octets to `piece`, which returns false to stop (YETT_OK then).  Each call begins
 * at the beginning.  YETT_IO with `*why`; also when the input is no longer what it was.
 */
YETT_MUST_USE
enum yett_err spool_read(struct spool *spool, bool (*piece)(void *context, slice octets),
                         void *context, slice *why);

#endif
