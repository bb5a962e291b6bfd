/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_RESOLVER_CONTEXT_H
#define YETT_EDGE_RESOLVER_CONTEXT_H

#include "core/base/buf.h"
#include "edge/resolver/resolver.h"
#include "edge/resolver/servers.h"

/* context: libunbound, set up for us. */
struct ub_ctx;

/*
 * NULL on failure, with the reason in `why`.  `open_max` is how many questions will be
 * open at once.  `arena` is for scratch.  Delete it with ub_ctx_delete() while the loop is
 * there: it calls back for each question that is open.
 */
YETT_MUST_USE
struct ub_ctx *context_new(struct loop *loop, const struct resolver_options *options,
                           const struct servers *servers, size_t open_max,
                           struct arena *arena, struct buf *why);

#endif
