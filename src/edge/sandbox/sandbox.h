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
 * user.c finds the account and becomes it.  lock.c builds the walls, one after the other:
 * privileges.c, landlock.c, seccomp.c, whose system calls are listed in calls.c.  In a build
 * with sanitizers the walls are lower (sanitized.c): they read files and trace their own
 * process; usual.c is for all others.  The only folder that includes seccomp.h.
 */
enum sandbox_role {
    SANDBOX_GATEWAY,
    SANDBOX_SUPERVISOR,
    SANDBOX_KEEPER,
    SANDBOX_EXAMINER, /* reads what it is given: neither files nor the network */
    SANDBOX_ASKER,    /* talks to name servers: the network, and no files */
    SANDBOX_KEYRING /* holds keys and writes them: the files it is told, and no network */
};

struct sandbox_user {
    uid_t uid;
    gid_t gid;
    bool given; /* false: stay who we are (not started as root) */
};

/* Whom keepers become where no setting says otherwise, if there is such an account. */
#define SANDBOX_KEEPER_ACCOUNT "yett-keeper"

/*
 * The account `name`.  Empty: "yett", or "nobody" where there is no such account; `why` (at
 * least 200 bytes) then says so although all is well, and is empty otherwise.  Not given
 * when the process is not root: it stays who it is.  YETT_NOT_FOUND when a named account
 * does not exist, or when it is root's; YETT_IO when it cannot be looked up.
 */
YETT_MUST_USE
enum yett_err sandbox_find_user(const char *name, struct sandbox_user *out, char *why,
                                size_t why_size);

/* Become it for good: no further groups, gid, uid, checked.  Nothing when not given.  A process
   that is to end with its parent (PR_SET_PDEATHSIG) still does. */
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

/* Those that are for `role`: all, but for the supervisor. */
unsigned sandbox_walls(enum sandbox_role role);

/*
 * Lock this process in, for good: after it a gateway opens no file, starts no program and
 * has only what it holds, its sockets and the network.  A keeper or examiner has not even
 * that: it talks to those whom it is connected to.  Returns the walls that stand;
 * `why` (at least 200 bytes) says which of sandbox_walls() do not, and for what reason.  The
 * caller decides whether it goes on (settings: sandbox).  Call it with one thread, as the
 * process that it is for (not before a fork): a gateway may signal none but itself.
 *
 * What a gateway is refused fails with EPERM or ENOSYS; for what only an intruder would try
 * (another program, tracing, mounting, …) the process ends with SIGSYS.
 */
unsigned sandbox_lock_in(enum sandbox_role role, char *why, size_t why_size);

/* Files that stay within reach.  What is not there when the walls are built stays out of it. */
struct sandbox_path {
    const char *path;
    enum {
        SANDBOX_READ_FILE,      /* this file */
        SANDBOX_READ_DIRECTORY, /* the names in it and below, not the files */
        SANDBOX_CHANGE_BELOW    /* files and directories: read, made, written, removed */
    } access;
};

/*
 * The same, for a process that goes on working with files: SANDBOX_KEYRING.  It may also
 * tell processes to reload (SIGHUP), end what it started (SIGKILL), and connect to a unix
 * socket; it is root with the capabilities to do that and nothing more.
 */
unsigned sandbox_lock_in_with(enum sandbox_role role, const struct sandbox_path *paths,
                              size_t count, char *why, size_t why_size);

#endif
