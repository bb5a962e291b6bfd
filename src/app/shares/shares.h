/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_SHARES_SHARES_H
#define YETT_APP_SHARES_SHARES_H

#include "core/config/config.h"
#include "core/crypto/crypto.h"
#include "core/dmarc/dmarc.h"
#include "core/zone/zone.h"
#include "edge/loop/loop.h"
#include "edge/resolver/resolver.h"

/*
 * shares: what all evaluations of a process share: libcrypto, the suffix list where the
 * settings ask for it, and a zone or a resolver to answer.
 */
struct shares {
    struct arena *arena;
    struct crypto *crypto;
    struct dmarc_suffixes *suffixes; /* NULL unless RFC 7489 is followed */
    struct zone *zone;               /* NULL: the resolver answers */
    struct loop *loop;               /* NULL with a zone, unless it was given */
    struct resolver *resolver;
    bool owns_loop;
};

/*
 * Open them for `config`; with `zone_path` (NULL: none) answers come from that file.  `loop`
 * may be NULL: one is made when a resolver needs it.  What went wrong is in `*why`, one line
 * or two for people, in `arena`, which outlives the shares: YETT_BAD_SYNTAX and YETT_NOT_FOUND
 * for what the administrator can mend, YETT_NO_MEMORY or YETT_IO for the rest.
 */
YETT_MUST_USE
enum yett_err shares_open(struct arena *arena, const struct config *config,
                          const char *zone_path, struct loop *loop, struct shares *out,
                          slice *why);
void shares_close(struct shares *shares);

#endif
