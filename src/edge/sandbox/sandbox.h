/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_SANDBOX_SANDBOX_H
#define YETT_EDGE_SANDBOX_SANDBOX_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * sandbox: the walls of a role.  A process opens what it needs, then locks itself in: another
 * user, no new privileges, undumpable and untraceable, no files (landlock), and only the
 * system calls of its role (seccomp).
 *
 * user.c finds the account and becomes it, landlock.c, seccomp.c.  The only folder that
 * includes seccomp.h.
 */
enum sandbox_role { SANDBOX_GATEWAY, SANDBOX_SUPERVISOR };

struct sandbox_user {
    uid_t uid;
    gid_t gid;
    bool given; /* false: stay who we are (not started as root) */
};

/*
 * The account `name`.  Empty: "yett", or "nobody" where there is no such account; `*notice`
 * then says so.  Not given when the process is not root: it stays who it is.
 * YETT_NOT_FOUND with `why` (at least 200 bytes) when a named account does not exist, or
 * when it is root's.
 */
YETT_MUST_USE
enum yett_err sandbox_find_user(const char *name, struct sandbox_user *out, char *why,
                                size_t why_size);

/* Become it for good: groups, gid, uid, checked.  Nothing when not given. */
YETT_MUST_USE
enum yett_err sandbox_become(const struct sandbox_user *user, char *why, size_t why_size);

/* The walls, as bits: those that stand. */
enum sandbox_wall {
    SANDBOX_NO_NEW_PRIVILEGES = 1 << 0,
    SANDBOX_UNDUMPABLE = 1 << 1,
    SANDBOX_LANDLOCK = 1 << 2,
    SANDBOX_SECCOMP = 1 << 3,
    SANDBOX_ALL = (1 << 4) - 1
};

/*
 * Lock this process in, for good: after it a gateway opens no file, starts no program and
 * has only what it holds, its sockets and the network.  Returns the walls that stand;
 * `why` (at least 200 bytes) says which do not and for what reason.  The caller decides
 * whether it goes on (settings: sandbox).
 */
unsigned sandbox_lock_in(enum sandbox_role role, char *why, size_t why_size);

#endif
