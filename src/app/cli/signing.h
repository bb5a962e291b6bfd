/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_SIGNING_H
#define YETT_APP_CLI_SIGNING_H

#include "core/config/config.h"
#include "core/signing/signing.h"

/*
 * signing: whether what the settings say of signatures can be done: the files of domains and
 * logins, and every key.
 *
 * YETT_BAD_SYNTAX or YETT_LIMIT with `*why`, a sentence in `arena` that names the place, for
 * what keeps the gateway from starting.  What only seems odd goes to `warn`, and so does that
 * the keys are out of our reach: whoever asks need not be who starts the gateway.
 */
YETT_MUST_USE
enum yett_err signing_look(struct arena *arena, const struct config *config,
                           void (*warn)(void *context, slice sentence), void *context,
                           slice *why);

/* Files of the account that keepers have when root starts them are as good as root's. */
void signing_trust_keeper(const struct config *config);

#endif
