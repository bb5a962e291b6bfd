/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

/* notify: what systemd is told (sd_notify(3)).  Without systemd nothing happens. */

void notify_begin(struct supervisor *supervisor)
{
    uint64_t limit_us = 0;
    if (sd_watchdog_enabled(0, &limit_us) > 0) {
        supervisor->watchdog_ms = limit_us / 1000;
    }
}

static void notify_status(struct supervisor *supervisor)
{
    const struct generation *current = supervisor_current(supervisor);
    if (supervisor->stopping || current == NULL) {
        return;
    }
    (void)sd_notifyf(
        0, "STATUS=%zu %s, settings %s%s%s", current->gateway_count,
        current->gateway_count == 1 ? "gateway" : "gateways", current->plan.fingerprint,
        supervisor->last_failure[0] != '\0' ? "; the last reload failed: " : "",
        supervisor->last_failure);
}

void notify_ready(struct supervisor *supervisor)
{
    (void)sd_notify(0, "READY=1");
    notify_status(supervisor);
}

void notify_reloading(struct supervisor *supervisor)
{
    struct timespec now = {0};
    (void)supervisor;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                     (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

/* The messages in work may take longer than a unit allows for a stop. */
void notify_stopping(struct supervisor *supervisor)
{
    const struct generation *current = supervisor_current(supervisor);
    uint64_t needed_ms = current == NULL ? 0 : current->plan.shutdown_ms;
    (void)sd_notifyf(0,
                     "STOPPING=1\nSTATUS=finishing the messages in work\n"
                     "EXTEND_TIMEOUT_USEC=%" PRIu64,
                     (needed_ms + 2 * LEAVE_GRACE_MS) * 1000);
}

/* While we stop nobody need be at work any more. */
void notify_on_tick(struct supervisor *supervisor, int64_t now_ms)
{
    if (supervisor->watchdog_ms == 0 ||
        (uint64_t)(now_ms - supervisor->watchdog_fed_ms) + TICK_MS / 2 <
            supervisor->watchdog_ms / 2) {
        return;
    }
    if (supervisor->stopping || watch_is_well(supervisor, now_ms)) {
        (void)sd_notify(0, "WATCHDOG=1");
        supervisor->watchdog_fed_ms = now_ms;
    }
}
