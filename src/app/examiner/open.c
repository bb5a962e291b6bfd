/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/examiner/inside.h"
#include "core/autopsy/autopsy.h"

#include <fcntl.h>
#include <sys/resource.h>

/* open: what an examiner needs, and then the walls. */

enum {
    ARENA_BYTES = 64 * 1024,
    LOWEST_PRIORITY = 19,
    HEADER_AND_LINES_BYTES = 8 * 1024 * 1024
};

/* For each octet of a body an autopsy needs as many as it does of the largest. */
#define TABLE_BYTES                                                                      \
    (AUTOPSY_ARENA_BYTES / AUTOPSY_BODY_MAX * CAPTURE_BODY_MAX + HEADER_AND_LINES_BYTES)

static bool open_basics(struct examiner *examiner, slice *why)
{
    examiner->crypto = crypto_new();
    examiner->log =
        log_new(examiner->options.log_target, examiner->options.log_format, "examiner");
    examiner->loop = loop_new();
    examiner->table = arena_new(TABLE_BYTES);
    *why = SLICE("out of memory");
    return examiner->crypto != NULL && examiner->log != NULL && examiner->loop != NULL &&
           examiner->table != NULL;
}

static bool open_pair(slice *why)
{
    int flags = fcntl(ROLE_EXAMINER, F_GETFL);
    *why = SLICE("there is no gateway at descriptor 8");
    return flags >= 0 && fcntl(ROLE_EXAMINER, F_SETFL, flags | O_NONBLOCK) == 0;
}

bool examiner_open(void *context, slice *why)
{
    struct examiner *examiner = context;
    examiner->arena = arena_new(ARENA_BYTES);
    if (examiner->arena == NULL) {
        *why = SLICE("out of memory");
        return false;
    }
    if (!open_basics(examiner, why) || !open_pair(why)) {
        return false;
    }
    examiner->board =
        role_open_scoreboard(examiner->arena, examiner->options.slot, false, why);
    if (examiner->board == NULL) {
        return false;
    }
    /* Where even that is forbidden it works like any other. */
    (void)setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
    return role_lock_in(examiner->arena, SANDBOX_EXAMINER, &examiner->options.user,
                        examiner->options.sandbox, examiner->log, why);
}

void examiner_close(void *context)
{
    struct examiner *examiner = context;
    crypto_free(examiner->crypto);
    scoreboard_close(examiner->board);
    log_free(examiner->log);
    loop_timer_free(examiner->second);
    loop_watch_free(examiner->control);
    loop_watch_free(examiner->cases);
    loop_free(examiner->loop);
    arena_free(examiner->table);
    arena_free(examiner->arena);
}
