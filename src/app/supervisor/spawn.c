/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/spawn.h"

#include "app/role/role.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DESCRIPTORS_MAX = ROLE_FIRST_LISTENER + ROLE_LISTENERS_MAX,
    OUT_OF_THE_WAY = 64 /* beyond every number that is assigned */
};

/* What a role may know of our environment.  Sanitizers are told by theirs what to do. */
static const char *const kept_variables[] = {
    "PATH",           "TZ",           "LANG",          "LC_ALL",       "LC_MESSAGES",
    "JOURNAL_STREAM", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
    "LD_LIBRARY_PATH"};

enum { VARIABLES = sizeof kept_variables / sizeof kept_variables[0] };

static char *find_variable(const char *name)
{
    size_t len = strlen(name);
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        if (strncmp(*entry, name, len) == 0 && (*entry)[len] == '=') {
            return *entry;
        }
    }
    return NULL;
}

static void fill_environment(char *out[VARIABLES + 1])
{
    size_t count = 0;
    for (size_t i = 0; i < VARIABLES; i++) {
        char *entry = find_variable(kept_variables[i]);
        if (entry != NULL) {
            out[count++] = entry;
        }
    }
    out[count] = NULL;
}

/* ---- in the new process ----------------------------------------------------------------- */

/* First all out of the way of each other, then each to its number. */
static bool place_descriptors(const struct spawn_role *role)
{
    int from[DESCRIPTORS_MAX];
    int count = ROLE_FIRST_LISTENER + (int)role->listener_count;
    for (int to = 0; to < count; to++) {
        from[to] = -1;
    }
    from[ROLE_CONTROL] = role->control;
    from[ROLE_SCOREBOARD] = role->scoreboard;
    from[ROLE_SETTINGS] = role->settings;
    from[ROLE_SIGNING] = role->signing;
    from[ROLE_KEEPER] = role->keeper;
    from[ROLE_EXAMINER] = role->examiner;
    for (size_t i = 0; i < role->listener_count; i++) {
        from[ROLE_FIRST_LISTENER + i] = role->listeners[i];
    }
    for (int to = ROLE_CONTROL; to < count; to++) {
        if (from[to] >= 0 &&
            (from[to] = fcntl(from[to], F_DUPFD_CLOEXEC, OUT_OF_THE_WAY)) < 0) {
            return false;
        }
    }
    for (int to = ROLE_CONTROL; to < count; to++) {
        if (from[to] < 0) {
            (void)close(to);
        } else if (dup2(from[to], to) < 0) {
            return false;
        }
    }
    return close_range((unsigned)count, ~0U, 0) == 0;
}

static void unblock_signals(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing here but calls to the system. */
static void become(const struct spawn_role *role, pid_t supervisor, char **environment)
{
    unblock_signals();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != supervisor) {
        _exit(SPAWN_ORPHANED);
    }
    if (role->has_output && (dup2(role->output, STDOUT_FILENO) < 0 ||
                             dup2(role->output, STDERR_FILENO) < 0)) {
        _exit(SPAWN_CANNOT_EXECUTE);
    }
    if (place_descriptors(role)) {
        union { /* execve() changes none of it, whatever its prototype says */
            const char *const *ours;
            char *const *theirs;
        } argv = {.ours = role->argv};
        (void)execve(role->program, argv.theirs, environment);
    }
    _exit(SPAWN_CANNOT_EXECUTE);
}

/* ---- in ours ---------------------------------------------------------------------------- */

pid_t spawn_role(const struct spawn_role *role)
{
    char *environment[VARIABLES + 1];
    pid_t supervisor = getpid();
    if (role->listener_count > ROLE_LISTENERS_MAX) {
        errno = E2BIG;
        return -1;
    }
    fill_environment(environment);
    pid_t pid = fork();
    if (pid == 0) {
        become(role, supervisor, environment);
    }
    return pid;
}

bool spawn_pair(int *ours, int *theirs)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) !=
        0) {
        return false;
    }
    *ours = pair[0];
    *theirs = pair[1];
    return true;
}
