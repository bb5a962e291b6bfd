/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_SETUP_H
#define YETT_APP_CLI_SETUP_H

#include "app/cli/judge.h"
#include "core/crypto/crypto.h"

/* setup: what judge.c needs of what setup.c opened. */
struct setup {
    struct arena *arena; /* settings and zone live here */
    const struct options *options;
    struct config config;
    struct crypto *crypto;
    struct dmarc_suffixes *suffixes;
    struct answerer answerer;
    int64_t now_s;
};

struct setup *judge_setup(struct judge *judge);

/* The message before `sitting` is done with; NULL stays NULL. */
struct sitting;
struct sitting *judge_seat(struct judge *judge, struct sitting *sitting);
void sitting_free(struct sitting *sitting);

#endif
