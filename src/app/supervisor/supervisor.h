/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_SUPERVISOR_SUPERVISOR_H
#define YETT_APP_SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>

/*
 * supervisor: `yett serve`.  Starts the roles, watches them, and starts them again.
 *
 * plan.c runs the settings role, a throw-away child that reads and checks the settings, and
 * takes its plan; settings.c is that role, with accounts.c for users and groups, processors.c
 * for how many gateways suit and secret.c for what keys their hashes.  listen.c opens the
 * listeners (socket.c, or inherit.c with systemd's) and keeps them over generations.
 *
 * generation.c starts the workers of one set of settings (gateways, keepers, examiners) and
 * tells them to leave, pairs.c connects them, worker.c is one of them, spawn.c starts its
 * process.  settle.c is what follows when settings come into force, or cannot.  watch.c ends a
 * worker whose heartbeat stopped, blames what it worked on, and starts another.  rotating.c
 * lets keys that are due be changed.  status.c answers `yett status` with what document.c
 * writes, notify.c tells systemd.  run.c is the main loop: SIGHUP is a new generation, SIGTERM
 * and SIGINT an end, SIGCHLD a worker that is gone.
 */

/* The exit status of `yett key rotate --no-reload`, which the supervisor starts, when other
   keys sign now: who started it is to reload. */
enum { SUPERVISOR_NEW_KEYS = 10 };

struct supervisor_options {
    const char *program;     /* path to execute for roles */
    const char *config_path; /* NULL: built-in defaults */
    const char *zone_path;   /* NULL: DNS */
    const char *now;         /* NULL: the clock; else seconds since 1970 */
    /* Settings given on the command line, "key=value" as in a file; they go over it. */
    const char *const *overrides;
    int override_count;
};

/* Returns the exit status. */
int supervisor_run(const struct supervisor_options *options);

/* The settings role: reads, checks, writes the memfd, sends the plan. */
int settings_main(int argc, char **argv);

#endif
