/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_RESOLVER_ANCHOR_H
#define YETT_EDGE_RESOLVER_ANCHOR_H

#include "core/base/buf.h"
#include "edge/resolver/resolver.h"

/* anchor: the records that DNSSEC validation begins with, from a file's text. */
struct ub_ctx;

/* False, with the reason in `why`, when there is none or something else stands there.  What
   is wrong within a record shows when `context` is finalised. */
YETT_MUST_USE
bool anchor_add(struct ub_ctx *context, const struct resolver_options *options,
                struct arena *arena, struct buf *why);

#endif
