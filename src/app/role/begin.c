/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"

#include <signal.h>

/* begin: what a gateway and a keeper do alike when they begin. */

void role_ignore_signals(void)
{
    static const int signals[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)signal(signals[i], SIG_IGN);
    }
}

bool role_lock_in(struct arena *arena, enum sandbox_role role,
                  const struct sandbox_user *user, enum config_sandbox wanted,
                  struct log *log, slice *why)
{
    char text[512] = "";
    if (sandbox_become(user, text, sizeof text) != YETT_OK) {
        *why = arena_printf(arena, "%s", text);
        return false;
    }
    if (sandbox_lock_in(role, text, sizeof text) == SANDBOX_ALL) {
        return true;
    }
    if (wanted == CONFIG_SANDBOX_REQUIRED) {
        *why =
            arena_printf(arena, "%s (sandbox = \"best-effort\" goes on without)", text);
        return false;
    }
    log_say(log, LOG_LEVEL_WARNING, "goes on with fewer walls: %s", text);
    return true;
}
