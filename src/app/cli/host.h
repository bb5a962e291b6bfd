/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_HOST_H
#define YETT_APP_CLI_HOST_H

#include "core/config/config.h"

/*
 * host: what this host lacks for the gateway to start with such settings: accounts, groups,
 * directories of sockets.  The settings themselves are fine, and perhaps meant for another.
 */
typedef void host_say(void *context, slice sentence);

/* Says one sentence for each; they are the caller's during the call only. */
void host_look(struct arena *arena, const struct config *config, host_say *say,
               void *context);

#endif
