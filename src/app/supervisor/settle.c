/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"
#include "edge/sandbox/sandbox.h"

#include <stdio.h>

/* settle: what follows when settings come into force, and when they cannot. */

/* ---- the log ---------------------------------------------------------------------------- */

/* Settings say where it goes.  Before there are any it is standard error. */
static void use_log(struct supervisor *supervisor, const struct role_plan *plan)
{
    if (supervisor->log_target == plan->log_target &&
        supervisor->log_format == plan->log_format) {
        return;
    }
    struct log *log = log_new((enum config_log_target)plan->log_target,
                              (enum config_log_format)plan->log_format, "supervisor");
    if (log != NULL) {
        log_free(supervisor->log);
        supervisor->log = log;
        supervisor->log_target = plan->log_target;
        supervisor->log_format = plan->log_format;
    }
}

/* One line of what may be several. */
static void join_lines(const char *text, char *out, size_t size)
{
    size_t len = 0;
    for (; *text != '\0' && len + 3 < size; text++) {
        if (*text == '\n') {
            out[len++] = ';';
            out[len++] = ' ';
        } else {
            out[len++] = *text;
        }
    }
    out[len] = '\0';
}

/* ---- settings that are in force, or not ------------------------------------------------- */

/* After an upgrade what we start is not what we are. */
static bool was_replaced(const struct supervisor *supervisor)
{
    struct stat now;
    return stat(supervisor->options->program, &now) != 0 ||
           now.st_dev != supervisor->program.st_dev ||
           now.st_ino != supervisor->program.st_ino ||
           now.st_mtim.tv_sec != supervisor->program.st_mtim.tv_sec;
}

void supervisor_refuse(struct supervisor *supervisor, int exit_status, const char *why)
{
    char line[2 * ROLE_TEXT_MAX];
    join_lines(why, line, sizeof line);
    if (supervisor_current(supervisor) == NULL) {
        log_say(supervisor->log, LOG_LEVEL_ERROR, "%s", line);
        supervisor->stopping = true;
        supervisor->exit_status = exit_status;
    } else {
        supervisor->reloads_failed++;
        (void)snprintf(supervisor->last_failure, sizeof supervisor->last_failure, "%.*s",
                       (int)sizeof supervisor->last_failure - 1, line);
        log_say(supervisor->log, LOG_LEVEL_ERROR,
                "reload failed, the settings before stay in force: %s", line);
        if (was_replaced(supervisor)) {
            log_say(supervisor->log, LOG_LEVEL_WARNING,
                    "the program was replaced since this supervisor was started; if "
                    "reloads go on failing, restart yett");
        }
        notify_ready(supervisor);
    }
    supervisor_look_around(supervisor);
}

static void settle_listeners(struct generation *generation)
{
    char why[2 * ROLE_TEXT_MAX];
    for (size_t i = 0; i < generation->listener_count; i++) {
        if (!listener_settle(generation->listeners[i], &generation->wanted[i], why,
                             sizeof why)) {
            log_say(generation->supervisor->log, LOG_LEVEL_WARNING, "%s", why);
        }
    }
}

static const char *who_is_beside(const struct role_plan *plan)
{
    static const char *const words[2][2] = {
        {"",                     ", each with an examiner"             },
        {", each with a keeper", ", each with a keeper and an examiner"}
    };
    return words[plan->signs != 0][plan->examines != 0];
}

static void say_settled(const struct generation *generation, bool is_first)
{
    const struct supervisor *supervisor = generation->supervisor;
    log_say(supervisor->log, LOG_LEVEL_NOTICE,
            "%s: %zu %s at work (%s)%s, settings %s, listening on %s%s",
            is_first ? "started" : "reloaded", generation->gateway_count,
            generation->gateway_count == 1 ? "gateway" : "gateways",
            generation->plan.workers_why, who_is_beside(&generation->plan),
            generation->plan.fingerprint, generation->listeners[0]->address,
            generation->listener_count > 1 ? " and others" : "");
}

void supervisor_settled(struct supervisor *supervisor, struct generation *generation)
{
    bool is_first = true;
    use_log(supervisor, &generation->plan);
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        struct generation *before = supervisor->generations[i];
        if (before != NULL && before != generation &&
            before->state == GENERATION_CURRENT) {
            generation_leave(before);
            is_first = false;
        }
    }
    settle_listeners(generation);
    if (!is_first) { /* else it was opened for the start already */
        status_settle(supervisor, &generation->plan);
    }
    supervisor->last_failure[0] = '\0';
    supervisor->reloads += !is_first;
    say_settled(generation, is_first);
    notify_ready(supervisor);
    supervisor_look_around(supervisor);
}

bool supervisor_lock_in(struct supervisor *supervisor, bool is_required, char *why,
                        size_t why_size)
{
    char reason[ROLE_TEXT_MAX] = "";
    if (supervisor->walls_asked) {
        return true;
    }
    supervisor->walls_asked = true;
    unsigned wanted = sandbox_walls(SANDBOX_SUPERVISOR);
    unsigned standing = sandbox_lock_in(SANDBOX_SUPERVISOR, reason, sizeof reason);
    if ((standing & wanted) == wanted) {
        return true;
    }
    if (is_required) {
        (void)snprintf(why, why_size,
                       "%.300s (sandbox = \"best-effort\" goes on without)", reason);
        return false;
    }
    log_say(supervisor->log, LOG_LEVEL_WARNING, "goes on with fewer walls: %s", reason);
    return true;
}
