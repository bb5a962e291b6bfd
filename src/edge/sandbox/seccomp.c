/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/sandbox/calls.h"
#include "edge/sandbox/walls.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * What happens to a call that is not on the list.
 *
 * Deliberately not always death.  A C library that is updated below a gateway may try calls
 * that nobody has heard of; were that deadly, each message would take its worker down, be
 * blamed for it, and be refused.  To such a call the kernel answers ENOSYS, as an older
 * kernel would, which is what libraries know how to live with; and to those that mean
 * something to a library that meets a wall, EPERM.  Both keep the wall just as high.
 * But for what only an intruder would call, the process ends: it cannot be trusted with
 * another message, and the supervisor hears of it.
 */
static const uint32_t unknown = SCMP_ACT_ERRNO(ENOSYS);
static const uint32_t refused = SCMP_ACT_ERRNO(EPERM);
static const uint32_t hostile = SCMP_ACT_KILL_PROCESS;

static bool is_among(const char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_listed(const struct call_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->rules[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* 0, or a negative errno as libseccomp has it. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count,
               const struct scmp_arg_cmp *conditions)
{
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) {
        return 0;
    }
    return seccomp_rule_add_array(filter, action, number, count, conditions);
}

static int allow_listed(scmp_filter_ctx filter, const struct call_list *list)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < list->count; i++) {
        const struct call_rule *rule = &list->rules[i];
        err = add(filter, SCMP_ACT_ALLOW, rule->name, rule->condition_count,
                  rule->conditions);
    }
    return err;
}

static int allow_to_itself(scmp_filter_ctx filter)
{
    struct scmp_arg_cmp own = {0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0};
    int err = 0;
    for (size_t i = 0; err == 0 && calls_to_itself[i] != NULL; i++) {
        err = add(filter, SCMP_ACT_ALLOW, calls_to_itself[i], 1, &own);
    }
    return err;
}

/* All `names` that are not in `but`, nor what the sanitizers need. */
static int deny(scmp_filter_ctx filter, uint32_t action, const char *const *names,
                const char *const *but)
{
    int err = 0;
    for (size_t i = 0; err == 0 && names[i] != NULL; i++) {
        if (!is_among(but, names[i]) && !is_listed(&calls_of_sanitizers, names[i])) {
            err = add(filter, action, names[i], 0, NULL);
        }
    }
    return err;
}

static const char *const none[] = {NULL};

/* But for what the role has on its own list. */
static int refuse_unlisted(scmp_filter_ctx filter, const struct call_list *own)
{
    int err = 0;
    for (size_t i = 0; err == 0 && calls_refused[i] != NULL; i++) {
        const char *name[] = {calls_refused[i], NULL};
        if (!is_listed(own, name[0])) {
            err = deny(filter, refused, name, none);
        }
    }
    return err;
}

static int fill_for_locked_in(scmp_filter_ctx filter, const struct call_list *own)
{
    int err = allow_listed(filter, &calls_of_all);
    err = err != 0 ? err : allow_listed(filter, own);
    err = err != 0 ? err : allow_listed(filter, &calls_of_sanitizers);
    err = err != 0 ? err : allow_to_itself(filter);
    err = err != 0 ? err : refuse_unlisted(filter, own);
    return err != 0 ? err : deny(filter, hostile, calls_hostile, none);
}

static int fill_for_keeper(scmp_filter_ctx filter)
{
    int err = fill_for_locked_in(filter, &calls_of_keeper);
    return err != 0 ? err : deny(filter, refused, calls_refused_to_keepers, none);
}

static int fill_for_examiner(scmp_filter_ctx filter)
{
    int err = fill_for_locked_in(filter, &calls_of_examiner);
    return err != 0 ? err : deny(filter, refused, calls_refused_to_examiners, none);
}

static int fill_for_asker(scmp_filter_ctx filter)
{
    int err = fill_for_locked_in(filter, &calls_of_asker);
    return err != 0 ? err : deny(filter, refused, calls_refused_to_askers, none);
}

/* What the supervisor is forbidden is forbidden to all that it starts, so it is only
   refused: one of them may try. */
static int fill_for_supervisor(scmp_filter_ctx filter)
{
    return deny(filter, refused, calls_hostile, calls_of_supervisor);
}

static int fill(scmp_filter_ctx filter, enum sandbox_role role)
{
    switch (role) {
    case SANDBOX_GATEWAY:
        return fill_for_locked_in(filter, &calls_of_gateway);
    case SANDBOX_KEEPER:
        return fill_for_keeper(filter);
    case SANDBOX_EXAMINER:
        return fill_for_examiner(filter);
    case SANDBOX_ASKER:
        return fill_for_asker(filter);
    case SANDBOX_KEYRING:
        return fill_for_locked_in(filter, &calls_of_keyring);
    case SANDBOX_SUPERVISOR:
        return fill_for_supervisor(filter);
    }
    return -EINVAL;
}

/* A call in the way of another architecture is no way around; all threads are meant, should
   a library have started one. */
static int set_up(scmp_filter_ctx filter)
{
    static const struct {
        enum scmp_filter_attr attribute;
        uint32_t value;
    } wanted[] = {
        {SCMP_FLTATR_ACT_BADARCH,  SCMP_ACT_KILL_PROCESS},
        {SCMP_FLTATR_CTL_TSYNC,    1                    },
        {SCMP_FLTATR_CTL_OPTIMIZE, 2                    },
    };
    int err = 0;
    for (size_t i = 0; err == 0 && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        err = seccomp_attr_set(filter, wanted[i].attribute, wanted[i].value);
    }
    return err;
}

bool wall_seccomp(enum sandbox_role role, struct why why)
{
    scmp_filter_ctx filter =
        seccomp_init(role == SANDBOX_SUPERVISOR ? SCMP_ACT_ALLOW : unknown);
    if (filter == NULL) {
        why_say(why, "%s", why_text(ENOSYS));
        return false;
    }
    int err = set_up(filter);
    err = err != 0 ? err : fill(filter, role);
    err = err != 0 ? err : seccomp_load(filter);
    int reason = err == -ECANCELED ? errno : -err; /* the kernel's word, if it had one */
    seccomp_release(filter);
    if (err != 0) {
        why_say(why, "%s", why_text(reason));
    }
    return err == 0;
}
