/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_SANDBOX_CALLS_H
#define YETT_EDGE_SANDBOX_CALLS_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * calls: the system calls of a locked-in process, as facts.  seccomp.c makes a filter of
 * them.  A name that this machine or this libseccomp does not know is left out.
 */
enum { CALL_CONDITIONS = 2 };

/* Allowed when all conditions hold. */
struct call_rule {
    const char *name;
    unsigned condition_count;
    struct scmp_arg_cmp conditions[CALL_CONDITIONS];
};

struct call_list {
    const struct call_rule *rules;
    size_t count;
};

extern const struct call_list calls_of_all; /* those that are locked in */
extern const struct call_list calls_of_gateway;
extern const struct call_list calls_of_keeper;
extern const struct call_list calls_of_examiner;
extern const struct call_list calls_of_asker;
extern const struct call_list calls_of_keyring;

/* Allowed for a process about itself: its first argument is its own id. */
extern const char *const calls_to_itself[]; /* NULL at the end */

/* Refused with EPERM: libraries try them and can do without. */
extern const char *const calls_refused[];              /* NULL at the end */
extern const char *const calls_refused_to_keepers[];   /* NULL at the end */
extern const char *const calls_refused_to_examiners[]; /* NULL at the end */
extern const char *const calls_refused_to_askers[];    /* NULL at the end */

/* No library of ours ever calls these: who does has taken the process over. */
extern const char *const calls_hostile[]; /* NULL at the end */

/* Of the hostile, what a process may still need that starts others. */
extern const char *const calls_of_supervisor[]; /* NULL at the end */

/*
 * The sanitizers trace their own process and read about it.  Which of two files holds these
 * is chosen by the build: usual.c, where there is nothing, or sanitized.c.
 */
extern const struct call_list calls_of_sanitizers;
extern const bool sanitizers_read_files; /* landlock lets files be read */

#endif
