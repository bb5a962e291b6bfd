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

/* A gateway has no use for capabilities, and they would let it through other walls.  The
   supervisor needs them to start gateways as another user. */
bool wall_no_new_privileges(enum sandbox_role role, struct why why)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        why_say(why, "%s", why_text(errno));
        return false;
    }
    if (role != SANDBOX_SUPERVISOR && !drop_capabilities()) {
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
