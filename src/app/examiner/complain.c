/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/examiner/inside.h"

/*
 * complain: what a gateway hands over that is nothing to be looked into.  One that works never
 * does; one that was taken over does so as fast as it can, and must not fill the log.
 */
void examiner_end_minute(struct examiner *examiner)
{
    unsigned kept_back =
        role_end_minute(&examiner->complaints, loop_now_ms(examiner->loop));
    if (kept_back > 0) {
        log_say(examiner->log, LOG_LEVEL_WARNING,
                "the gateway handed over %u more that cannot be read within a minute",
                kept_back);
    }
}

void examiner_complain(struct examiner *examiner, const char *what)
{
    examiner_end_minute(examiner);
    if (role_may_complain(&examiner->complaints)) {
        log_say(examiner->log, LOG_LEVEL_WARNING, "what the gateway handed over %s",
                what);
    }
}
