/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/settings.h"
#include "edge/keys/keys.h"
#include "edge/sandbox/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

/* accounts: the users and groups that the settings name. */

enum { WHY_BYTES = 400 };

/* That of the account that gateways run under (edge/sandbox). */
#define OWN_GROUP "yett"

bool accounts_find_user(struct settings *settings)
{
    struct sandbox_user user;
    char why[WHY_BYTES] = "";
    enum yett_err err =
        sandbox_find_user(settings_text(settings->config.user), &user, why, sizeof why);
    slice text = SLICE_NONE;
    if (why[0] != '\0') {
        text = arena_printf(settings->arena, "%s", why);
    }
    if (err != YETT_OK) {
        return settings_fail_key(settings, "user", why);
    }
    settings_note(settings, text);
    settings->plan.has_user = user.given;
    settings->plan.uid = user.uid;
    settings->plan.gid = user.gid;
    return true;
}

/* Where keepers have the account of the gateways, keys may be that account's; but not those of
   "nobody", which other programs use as well. */
static void trust_gateway_user(const struct settings *settings)
{
    struct sandbox_user user;
    char why[WHY_BYTES] = "";
    if (sandbox_find_user(settings_text(settings->config.user), &user, why, sizeof why) ==
            YETT_OK &&
        user.given && why[0] == '\0') {
        keys_trust_keeper(user.uid, user.gid);
    }
}

/* Whoever takes a gateway over must not be the one who holds the keys: where that can be had,
   keepers have an account of their own. */
bool accounts_find_keeper_user(struct settings *settings)
{
    const char *name = settings_text(settings->config.signing.keeper_user);
    bool is_default = name[0] == '\0';
    struct sandbox_user user;
    char why[WHY_BYTES] = "";
    settings->plan.keeper_uid = settings->plan.uid;
    settings->plan.keeper_gid = settings->plan.gid;
    if (settings->plan.has_user == 0 || !config_signs(&settings->config)) {
        return true;
    }
    enum yett_err err = sandbox_find_user(is_default ? SANDBOX_KEEPER_ACCOUNT : name,
                                          &user, why, sizeof why);
    if (err == YETT_NOT_FOUND && is_default) {
        settings_note(settings,
                      SLICE("there is no account \"" SANDBOX_KEEPER_ACCOUNT
                            "\": keepers, which hold the signing keys, run under the "
                            "account of the gateways"));
        trust_gateway_user(settings);
        return true;
    }
    if (err != YETT_OK) {
        return settings_fail_key(settings, "signing.keeper_user", why);
    }
    settings->plan.keeper_uid = user.uid;
    settings->plan.keeper_gid = user.gid;
    keys_trust_keeper(user.uid, user.gid);
    return true;
}

/* A group that was not found; `reason`, of errno, says whether it cannot be known. */
static const char *no_group(struct settings *settings, const char *name, int reason)
{
    bool is_unknown = reason != 0 && reason != ENOENT && reason != ESRCH;
    slice text =
        arena_printf(settings->arena, "there is no group \"%s\"%s%s%c", name,
                     is_unknown ? ": " : "", is_unknown ? strerror(reason) : "", '\0');
    return text.ptr == NULL ? "there is no such group" : text.ptr;
}

static bool fail_listener(struct settings *settings,
                          const struct config_listener *listener, const char *key,
                          const char *why)
{
    slice place = settings->config.source;
    if (listener->line != 0) {
        place = arena_printf(settings->arena, "%.*s:%u", SLICE_ARG(listener->file),
                             listener->line);
    }
    return settings_fail(
        settings, arena_printf(settings->arena, "%.*s: listen \"%.*s\": %s: %s",
                               SLICE_ARG(place), SLICE_ARG(listener->name), key, why));
}

bool accounts_find_group(struct settings *settings,
                         const struct config_listener *listener,
                         struct role_listener *out)
{
    if (slice_is_empty(listener->group)) {
        return true;
    }
    errno = 0;
    const struct group *group = getgrnam(settings_text(listener->group));
    if (group == NULL) {
        return fail_listener(settings, listener, "group",
                             no_group(settings, settings_text(listener->group), errno));
    }
    out->has_gid = true;
    out->gid = group->gr_gid;
    return true;
}

/* Those who may ask how we are.  The group of our own account is meant to, where there is
   one that we can give a file to. */
bool accounts_find_status_group(struct settings *settings)
{
    const struct config *config = &settings->config;
    struct role_plan *plan = &settings->plan;
    bool is_default = slice_is_empty(config->status_group);
    const char *name = is_default ? OWN_GROUP : settings_text(config->status_group);
    plan->status_mode = config->status_mode;
    if (slice_is_empty(config->status_socket)) {
        return true;
    }
    errno = 0;
    const struct group *group = getgrnam(name);
    if (group == NULL) {
        return is_default || settings_fail_key(settings, "status_group",
                                               no_group(settings, name, errno));
    }
    plan->has_status_gid =
        !is_default || geteuid() == 0 || group_member(group->gr_gid) != 0;
    plan->status_gid = group->gr_gid;
    return true;
}
