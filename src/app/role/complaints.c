/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"

/* complaints: so many a minute, and then how many more there were. */

enum { COMPLAINTS_PER_MINUTE = 10, MINUTE_MS = 60 * 1000 };

unsigned role_end_minute(struct role_complaints *complaints, int64_t now_ms)
{
    unsigned kept_back = complaints->kept_back;
    if (now_ms < complaints->minute_ends_ms) {
        return 0;
    }
    *complaints = (struct role_complaints){.minute_ends_ms = now_ms + MINUTE_MS};
    return kept_back;
}

bool role_may_complain(struct role_complaints *complaints)
{
    if (complaints->said >= COMPLAINTS_PER_MINUTE) {
        complaints->kept_back++;
        return false;
    }
    complaints->said++;
    return true;
}
