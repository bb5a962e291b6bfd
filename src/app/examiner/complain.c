/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/examiner/inside.h"

/*
 * complain: what a gateway hands over that is nothing to be looked into.  One that works never
 * does; one that was taken over does so as fast as it can, and must not fill the log.
 */
enum { COMPLAINTS_PER_MINUTE = 10, MINUTE_MS = 60 * 1000 };

void examiner_end_minute(struct examiner *examiner)
{
    struct complaints *complaints = &examiner->complaints;
    int64_t now_ms = loop_now_ms(examiner->loop);
    if (now_ms < complaints->minute_ends_ms) {
        return;
    }
    if (complaints->kept_back > 0) {
        log_say(examiner->log, LOG_LEVEL_WARNING,
                "the gateway handed over %u more that cannot be read within a minute",
                complaints->kept_back);
    }
    *complaints = (struct complaints){.minute_ends_ms = now_ms + MINUTE_MS};
}

void examiner_complain(struct examiner *examiner, const char *what)
{
    struct complaints *complaints = &examiner->complaints;
    examiner_end_minute(examiner);
    if (complaints->said >= COMPLAINTS_PER_MINUTE) {
        complaints->kept_back++;
        return;
    }
    complaints->said++;
    log_say(examiner->log, LOG_LEVEL_WARNING, "what the gateway handed over %s", what);
}
