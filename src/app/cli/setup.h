/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_SETUP_H
#define YETT_APP_CLI_SETUP_H

#include "app/cli/options.h"
#include "app/cli/rounds.h"
#include "app/shares/shares.h"
#include "core/config/config.h"

/*
 * setup: what all evaluations of a command share: settings, zone or resolver, suffix list,
 * libcrypto.
 */
struct setup {
    const char *command;
    const struct options *options;
    struct arena *arena; /* settings and zone live here */
    struct config config;
    struct shares shares;
    struct answerer answerer; /* what of them answers */
    int64_t now_s;            /* or what --now says */
};

/*
 * Open what `options`, which must outlive it, name for the command called `command`.  NULL
 * after the error was printed; `*status` is then the exit status.
 */
YETT_MUST_USE
struct setup *setup_open(const struct options *options, const char *command, int *status);
void setup_close(struct setup *setup);

#endif
