/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/sandbox/walls.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* All three sets; the ambient set goes with them. */
static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return syscall(SYS_capset, &header, none) == 0;
}

/* Files of whoever owns the keys, and a reload of a gateway that another user started: of
   what root may, this is left to it. */
static bool keep_some_capabilities(void)
{
    static const unsigned kept = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH |
                                 1U << CAP_FOWNER | 1U << CAP_KILL;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, sets) != 0) {
        return false;
    }
    sets[0].effective &= kept;
    sets[0].permitted &= kept;
    sets[0].inheritable = 0;
    for (size_t i = 1; i < _LINUX_CAPABILITY_U32S_3; i++) {
        sets[i] = (struct __user_cap_data_struct){0};
    }
    return syscall(SYS_capset, &header, sets) == 0;
}

static bool reduce_capabilities(enum sandbox_role role)
{
    switch (role) {
    case SANDBOX_GATEWAY:
    case SANDBOX_KEEPER:
    case SANDBOX_EXAMINER:
    case SANDBOX_ASKER:
        return drop_capabilities();
    case SANDBOX_KEYRING:
        return keep_some_capabilities();
    case SANDBOX_SUPERVISOR:
        break;
    }
    return true;
}

/* A gateway has no use for capabilities, and they would let it through other walls.  The
   supervisor needs them to start gateways as another user. */
bool wall_no_new_privileges(enum sandbox_role role, struct why why)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        why_say(why, "%s", why_text(errno));
        return false;
    }
    if (!reduce_capabilities(role)) {
        why_say(why, "capabilities cannot be given up: %s", why_text(errno));
        return false;
    }
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

/* What a message says must not end in a file, nor in another process's hands.  A core dump
   that goes to a program is not stopped by its limit, but by this. */
bool wall_undumpable(enum sandbox_role role, struct why why)
{
    struct rlimit none = {0, 0};
    (void)role;
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        why_say(why, "%s", why_text(errno));
        return false;
    }
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}
