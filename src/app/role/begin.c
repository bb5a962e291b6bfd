/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* begin: what gateways and those beside them do alike when they begin. */

struct scoreboard *role_open_scoreboard(struct arena *arena, unsigned slot,
                                        bool notes_deferrals, slice *why)
{
    struct scoreboard *board = scoreboard_attach(ROLE_SCOREBOARD);
    if (board == NULL) {
        *why = SLICE("there is no scoreboard at descriptor 4");
        return NULL;
    }
    if (!scoreboard_confine(board, ROLE_SCOREBOARD, slot, notes_deferrals)) {
        *why = arena_printf(arena,
                            "the scoreboard cannot be mapped for reading only: %s; is "
                            "/proc there?",
                            strerror(errno));
        scoreboard_close(board);
        return NULL;
    }
    (void)close(ROLE_SCOREBOARD);
    return board;
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
