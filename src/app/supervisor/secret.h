/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_SUPERVISOR_SECRET_H
#define YETT_APP_SUPERVISOR_SECRET_H

#include "core/base/arena.h"
#include "core/crypto/crypto.h"

/*
 * secret: the secret of an installation, which is made at the first start and kept.
 *
 * `directory` (ends in NUL; empty: nothing is kept) is made when its parent is there.
 * YETT_OK with `*out` in `arena`; `*notice` (empty, or for people) says when it could not
 * be kept.  YETT_BAD_SYNTAX with `*why`: there is something in its place that is no such
 * secret.  YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err secret_find(struct arena *arena, struct crypto *crypto,
                          const char *directory, slice *out, slice *notice, slice *why);

#endif
