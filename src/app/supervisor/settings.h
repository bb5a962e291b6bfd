/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_SUPERVISOR_SETTINGS_H
#define YETT_APP_SUPERVISOR_SETTINGS_H

#include "app/role/role.h"
#include "app/shares/shares.h"
#include "core/config/config.h"

/* settings: what the files of the settings role know of each other: settings.c, accounts.c. */

struct settings {
    struct arena *arena;
    const char *config_path, *zone_path;
    struct buf overrides;
    struct config config;
    struct shares shares;
    slice secret;
    struct role_plan plan;
    struct role_listener listeners[ROLE_LISTENERS_MAX];
    slice notices[8]; /* what the log says though all is well */
    size_t notice_count;
    slice why;
};

/* `why`, if there was memory for it.  False. */
bool settings_fail(struct settings *settings, slice why);

/* The same about a key of no titled block, and where it was set. */
bool settings_fail_key(struct settings *settings, const char *key, const char *why);

/* For the log, if it is not empty. */
void settings_note(struct settings *settings, slice notice);

/* Of a setting that has a NUL behind it. */
const char *settings_text(slice value);

/* ---- accounts.c ------------------------------------------------------------------------- */

/* Whom gateways become; whom keepers become; who may ask how we are.  False: see `why`. */
YETT_MUST_USE
bool accounts_find_user(struct settings *settings);
YETT_MUST_USE
bool accounts_find_keeper_user(struct settings *settings);
YETT_MUST_USE
bool accounts_find_status_group(struct settings *settings);

/* The group that a listener's socket is for, if there is one. */
YETT_MUST_USE
bool accounts_find_group(struct settings *settings,
                         const struct config_listener *listener,
                         struct role_listener *out);

#endif
