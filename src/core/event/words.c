/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/event/event.h"

const char *event_outcome_text(enum event_outcome outcome)
{
    switch (outcome) {
    case EVENT_ACCEPTED:
        return "accepted";
    case EVENT_HELD:
        return "held";
    case EVENT_DEFERRED:
        return "deferred";
    case EVENT_REJECTED:
        break;
    }
    return "rejected";
}
