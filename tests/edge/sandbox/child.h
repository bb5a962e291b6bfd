/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_EDGE_SANDBOX_CHILD_H
#define YETT_TESTS_EDGE_SANDBOX_CHILD_H

#include "edge/sandbox/sandbox.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * child: walls are for good, so each test builds them in a child of its own, which says what
 * went wrong through its exit status and on standard output.
 */
enum { CHILD_PATIENCE_S = 20 };

/* In the child. */
#define require(condition)                                                               \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            child_failed(#condition, __FILE__, __LINE__);                                \
        }                                                                                \
    } while (0)

static inline void child_failed(const char *what, const char *file, int line)
{
    char text[300];
    int len = snprintf(text, sizeof(text), "# %s:%d: not %s\n", file, line, what);
    if (write(STDOUT_FILENO, text, (size_t)len) != len) {
        _exit(3);
    }
    _exit(2);
}

/* How a child ended that did `inside`, as waitpid() has it. */
static inline int child_status(void (*inside)(void *context), void *context)
{
    int status = 0;
    pid_t pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        (void)alarm(CHILD_PATIENCE_S);
        inside(context);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static inline void child_must_succeed(void (*inside)(void *context), void *context)
{
    int status = child_status(inside, context);
    if (status != 0) {
        fail_msg("the child ended with %s %d", WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
}

/* ---- walls that this machine has --------------------------------------------------------- */

/* Asked without the code that is tested: that it says a wall cannot be built is no reason to
   skip a test. */
static inline bool kernel_has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* the version */) >= 1;
}

static inline bool kernel_has_seccomp(void)
{
    uint32_t action = 0x80000000U; /* SECCOMP_RET_KILL_PROCESS */
    return syscall(SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0, &action) == 0;
}

/* cmocka's skip() comes out as "not ok", which is a failure to all who read it: a test that
   cannot be done here says so and returns. */
static inline bool cannot_have(unsigned wanted)
{
    bool has_all = true;
    if ((wanted & SANDBOX_LANDLOCK) != 0 && !kernel_has_landlock()) {
        print_message("# skipped: this kernel has no landlock\n");
        has_all = false;
    }
    if ((wanted & SANDBOX_SECCOMP) != 0 && !kernel_has_seccomp()) {
        print_message("# skipped: this kernel has no seccomp that ends processes\n");
        has_all = false;
    }
    return !has_all;
}

/* As root, every test is done twice: as it is, and as another user. */
static inline void child_become_nobody(void)
{
    char why[200];
    struct sandbox_user nobody = {65534, 65534, geteuid() == 0};
    require(sandbox_become(&nobody, why, sizeof(why)) == YETT_OK);
}

static inline void child_lock_in(void)
{
    char why[400];
    unsigned walls = sandbox_lock_in(SANDBOX_GATEWAY, why, sizeof(why));
    if (walls != SANDBOX_ALL || why[0] != '\0') {
        child_failed(why, __FILE__, __LINE__);
    }
}

#endif
