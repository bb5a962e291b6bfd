/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_SUPERVISOR_SPAWN_H
#define YETT_APP_SUPERVISOR_SPAWN_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * spawn: starts this program again as a role, with nothing but what it is to have: its
 * descriptors, a short environment, no blocked signal.  It ends when the supervisor does.
 */
enum { SPAWN_CANNOT_EXECUTE = 127, SPAWN_ORPHANED = 126 };

struct spawn_role {
    const char *program;
    const char *const *argv;                                      /* ends in NULL */
    int control, scoreboard, settings, signing, keeper, examiner; /* -1: none */
    bool has_output; /* standard output and error go to `output` instead of ours */
    int output;
    const int *listeners;
    size_t listener_count;
};

/* The process, or -1 with errno.  When the program cannot be executed it exits with
   SPAWN_CANNOT_EXECUTE. */
YETT_MUST_USE
pid_t spawn_role(const struct spawn_role *role);

/* The pair that a role and the supervisor talk over, or a gateway and who is beside it, both
   ends closing on exec.  False with errno. */
YETT_MUST_USE
bool spawn_pair(int *ours, int *theirs);

#endif
