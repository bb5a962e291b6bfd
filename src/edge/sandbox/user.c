/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/sandbox/walls.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char own_account[] = "yett";
static const char any_account[] = "nobody";

/* NULL without such an account; errno is then 0, or says why it cannot be known. */
static const struct passwd *find(const char *name)
{
    errno = 0;
    const struct passwd *account = getpwnam(name);
    if (account == NULL && (errno == ENOENT || errno == ESRCH)) {
        errno = 0; /* some name services say so */
    }
    return account;
}

static const struct passwd *find_default(struct why why)
{
    const struct passwd *account = find(own_account);
    if (account != NULL) {
        return account;
    }
    account = find(any_account);
    if (account != NULL) {
        why_say(
            why,
            "there is no account \"%s\": gateways run as \"%s\", which other programs "
            "may use as well",
            own_account, any_account);
    }
    return account;
}

static enum yett_err not_found(const char *name, struct why why)
{
    if (errno != 0) {
        why_say(why, "the account \"%s\" cannot be looked up: %s", name, strerror(errno));
        return YETT_IO;
    }
    if (name[0] == '\0') {
        why_say(why, "there is neither an account \"%s\" nor \"%s\" for the gateways",
                own_account, any_account);
    } else {
        why_say(why, "there is no account \"%s\"", name);
    }
    return YETT_NOT_FOUND;
}

enum yett_err sandbox_find_user(const char *name, struct sandbox_user *out, char *why,
                                size_t why_size)
{
    struct why reason = {why, why_size};
    why[0] = '\0';
    if (geteuid() != 0) {
        *out = (struct sandbox_user){geteuid(), getegid(), false};
        return YETT_OK;
    }
    const struct passwd *account = name[0] == '\0' ? find_default(reason) : find(name);
    if (account == NULL) {
        return not_found(name, reason);
    }
    if (account->pw_uid == 0) {
        why_say(reason, "the account \"%s\" is root's: a gateway does not run as root",
                account->pw_name);
        return YETT_NOT_FOUND;
    }
    *out = (struct sandbox_user){account->pw_uid, account->pw_gid, true};
    return YETT_OK;
}

/* Real, effective and saved. */
static bool is_for_good(const struct sandbox_user *user)
{
    uid_t uids[3];
    gid_t gids[3];
    if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
        getresgid(&gids[0], &gids[1], &gids[2]) != 0) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        if (uids[i] != user->uid || gids[i] != user->gid) {
            return false;
        }
    }
    return getgroups(0, NULL) == 0 && setuid(0) != 0 && seteuid(0) != 0;
}

/* The kernel forgets to end a process with its parent when it becomes somebody else. */
static bool end_with(pid_t parent, int signal)
{
    return signal == 0 || (prctl(PR_SET_PDEATHSIG, signal) == 0 && getppid() == parent);
}

/* Deliberately without the groups that the account is in: what a gateway uses it has open
   by now, and each group would be a key to something else. */
enum yett_err sandbox_become(const struct sandbox_user *user, char *why, size_t why_size)
{
    struct why reason = {why, why_size};
    pid_t parent = getppid();
    int signal = 0;
    why[0] = '\0';
    if (!user->given) {
        return YETT_OK;
    }
    (void)prctl(PR_GET_PDEATHSIG, &signal);
    if (user->uid == 0 || setgroups(0, NULL) != 0 ||
        setresgid(user->gid, user->gid, user->gid) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0) {
        why_say(reason, "user %lu cannot be become: %s", (unsigned long)user->uid,
                user->uid == 0 ? "it is root" : strerror(errno));
        return YETT_IO;
    }
    if (!is_for_good(user)) {
        why_say(reason, "user %lu could go back to being root", (unsigned long)user->uid);
        return YETT_IO;
    }
    if (!end_with(parent, signal)) {
        why_say(reason, "the process that started this one is gone");
        return YETT_IO;
    }
    return YETT_OK;
}
