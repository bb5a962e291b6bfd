/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/sandbox/walls.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* In the order in which they are built: each needs those above it, and none can be built
   behind the last. */
static const struct {
    enum sandbox_wall wall;
    const char *name;
    bool (*build)(enum sandbox_role role, struct why why);
} walls[] = {
    {SANDBOX_NO_NEW_PRIVILEGES, "no new privileges", wall_no_new_privileges},
    {SANDBOX_UNDUMPABLE,        "undumpable",        wall_undumpable       },
    {SANDBOX_LANDLOCK,          "landlock",          wall_landlock         },
    {SANDBOX_SECCOMP,           "seccomp",           wall_seccomp          },
};

void why_say(struct why why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why.text, why.size, format, args);
    va_end(args);
}

const char *why_text(int reason)
{
    switch (reason) {
    case ENOSYS:
        return "this kernel does not have it";
    case EOPNOTSUPP:
        return "it is switched off in this kernel";
    case EPERM:
    case EACCES:
        return "it is not permitted here; does a container forbid it?";
    default:
        return strerror(reason);
    }
}

static void add_reason(struct why why, const char *wall, const char *reason)
{
    size_t len = strlen(why.text);
    (void)snprintf(why.text + len, why.size - len, "%s%s: %s", len == 0 ? "" : "; ", wall,
                   reason);
}

/* Deliberately without landlock: it would hold for all that the supervisor starts, among
   them the role that reads the settings wherever they are. */
unsigned sandbox_walls(enum sandbox_role role)
{
    switch (role) {
    case SANDBOX_GATEWAY:
    case SANDBOX_KEEPER:
    case SANDBOX_EXAMINER:
    case SANDBOX_ASKER:
    case SANDBOX_KEYRING:
        return SANDBOX_ALL;
    case SANDBOX_SUPERVISOR:
        return SANDBOX_ALL & ~(unsigned)SANDBOX_LANDLOCK;
    }
    return SANDBOX_ALL;
}

unsigned sandbox_lock_in(enum sandbox_role role, char *why, size_t why_size)
{
    return sandbox_lock_in_with(role, NULL, 0, why, why_size);
}

unsigned sandbox_lock_in_with(enum sandbox_role role, const struct sandbox_path *paths,
                              size_t count, char *why, size_t why_size)
{
    struct why all = {why, why_size};
    unsigned standing = 0;
    why[0] = '\0';
    for (size_t i = 0; i < sizeof(walls) / sizeof(walls[0]); i++) {
        char reason[100] = "it could not be built";
        if ((sandbox_walls(role) & walls[i].wall) == 0) {
            continue;
        }
        struct why one = {reason, sizeof(reason)};
        bool stands = walls[i].wall == SANDBOX_LANDLOCK
                          ? wall_landlock_but(role, paths, count, one)
                          : walls[i].build(role, one);
        if (stands) {
            standing |= walls[i].wall;
        } else {
            add_reason(all, walls[i].name, reason);
        }
    }
    return standing;
}
