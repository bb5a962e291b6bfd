/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"

#include <signal.h>
#include <stdlib.h>

/* life: what each role goes through. */

/* A terminal's Ctrl-C and a service's stop reach all processes of the group; only the
   supervisor answers them, and tells us. */
static void ignore_signals(void)
{
    static const int signals[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)signal(signals[i], SIG_IGN);
    }
}

static bool begin(const struct role_life *life, void *role)
{
    slice why = SLICE_NONE;
    bool is_open = life->open(role, &why);
    if (is_open && !life->start(role)) {
        why = SLICE("out of memory");
        is_open = false;
    }
    /* If the supervisor is gone, we leave at once. */
    role_say(ROLE_CONTROL, is_open ? ROLE_READY : ROLE_FAILED, why);
    return is_open;
}

int role_live(const struct role_life *life, int argc, char **argv)
{
    int status = ROLE_WRONG_USE;
    void *role = calloc(1, life->size);
    if (role == NULL) {
        return ROLE_NOT_BEGUN;
    }
    ignore_signals();
    if (life->read(role, argc, argv)) {
        status = ROLE_NOT_BEGUN;
        if (begin(life, role)) {
            life->work(role);
            status = ROLE_ORDERLY;
        }
    }
    life->close(role);
    free(role);
    return status;
}

bool role_hears_leave(void)
{
    struct role_message message;
    bool leaves = false;
    enum yett_err err;
    while ((err = role_receive(ROLE_CONTROL, &message)) == YETT_OK ||
           err == YETT_BAD_SYNTAX) {
        leaves = leaves || (err == YETT_OK && message.kind == ROLE_LEAVE);
    }
    return leaves || err != YETT_NEED_ANSWERS;
}
