/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"
#include "app/supervisor/spawn.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* watch: gateways and those beside them that die or fall silent, and the messages that did it. */

/* ---- how a process ended ---------------------------------------------------------------- */

void watch_describe(int status, char *out, size_t size)
{
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        const char *words = sigdescr_np(WTERMSIG(status));
        (void)snprintf(out, size, "died of %s%s (%s)", name != NULL ? "SIG" : "signal",
                       name != NULL ? name : "", words != NULL ? words : "unknown");
    } else if (WEXITSTATUS(status) == SPAWN_CANNOT_EXECUTE) {
        (void)snprintf(out, size, "could not be executed; is the program still there?");
    } else {
        (void)snprintf(out, size, "ended with status %d", WEXITSTATUS(status));
    }
}

static bool is_orderly(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int silence_max_ms(const struct worker *worker)
{
    switch (worker->kind) {
    case WORKER_GATEWAY:
        return SILENCE_MAX_MS;
    case WORKER_KEEPER:
        return KEEPER_SILENCE_MAX_MS;
    case WORKER_EXAMINER:
        return EXAMINER_SILENCE_MAX_MS;
    }
    return SILENCE_MAX_MS;
}

/* What is to be said of it: what it said itself, what we did, or how it ended. */
static void explain(const struct worker *worker, int status, char *out, size_t size)
{
    switch (worker->killed) {
    case KILLED_SILENT:
        (void)snprintf(out, size, "gave no sign of life for %d s and was killed",
                       silence_max_ms(worker) / 1000);
        return;
    case KILLED_UNREADY:
        (void)snprintf(out, size, "was not ready after %d s and was killed",
                       READY_LIMIT_MS / 1000);
        return;
    case KILLED_LATE:
        (void)snprintf(out, size, "did not leave in time and was killed");
        return;
    case NOT_KILLED:
        break;
    }
    if (worker->failure[0] != '\0') {
        (void)snprintf(out, size, "could not work: %s", worker->failure);
        return;
    }
    watch_describe(status, out, size);
}

/* ---- blame ------------------------------------------------------------------------------ */

/* What a gateway was busy with.  Who is beside one works on nothing that could be to blame, and
   must not be able to say so of a message. */
static uint64_t work_of(const struct worker *worker)
{
    return worker->kind == WORKER_GATEWAY
               ? scoreboard_work(worker->generation->supervisor->board, worker->slot)
               : 0;
}

/* Of one that was merely too slow to leave no message is to blame. */
static void blame(struct worker *worker, const char *reason)
{
    struct supervisor *supervisor = worker->generation->supervisor;
    uint64_t work = work_of(worker);
    if (work == 0 || worker->killed == KILLED_LATE) {
        return;
    }
    unsigned times = scoreboard_blame(supervisor->board, work);
    if (times == 2) {
        supervisor->poisoned++;
    }
    log_say(supervisor->log, LOG_LEVEL_ERROR,
            "gateway %d %s while it worked on message %016" PRIx64 "; %s",
            (int)worker->pid, reason, work,
            times < 2 ? "if that happens again with this message, it is not looked into "
                        "any more"
                      : "that happened before: this message is answered by "
                        "on_internal_error from now on, and not looked into");
}

static void log_death(const struct worker *worker, const char *reason)
{
    const struct supervisor *supervisor = worker->generation->supervisor;
    if (work_of(worker) == 0 || worker->killed == KILLED_LATE) {
        log_say(supervisor->log,
                worker->killed == KILLED_LATE ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
                "%s %d %s", worker_name(worker), (int)worker->pid, reason);
    }
}

/* ---- the next one ----------------------------------------------------------------------- */

/* Too many deaths in a short time, and each start waits longer, until one has lived for a
   while. */
static void plan_restart(struct worker *worker, int64_t now_ms)
{
    int64_t *oldest = &worker->deaths_ms[worker->deaths % DEATHS_MAX];
    bool lived =
        worker->state == WORKER_READY && now_ms - worker->since_ms >= DEATHS_WITHIN_MS;
    bool too_many = worker->deaths >= DEATHS_MAX && now_ms - *oldest < DEATHS_WITHIN_MS;
    *oldest = now_ms;
    worker->deaths++;
    if (lived) {
        worker->wait_ms = 0;
    } else if (worker->wait_ms != 0 || too_many) {
        worker->wait_ms = worker->wait_ms == 0 ? WAIT_MIN_MS : 2 * worker->wait_ms;
        worker->wait_ms = worker->wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : worker->wait_ms;
    }
    worker->start_at_ms = now_ms + worker->wait_ms;
}

static void say_wait(const struct worker *worker)
{
    if (worker->wait_ms != 0) {
        log_say(worker->generation->supervisor->log, LOG_LEVEL_WARNING,
                "%ss die as soon as they are started: the next start is in %d s",
                worker_name(worker), (int)(worker->wait_ms / 1000));
    }
}

/* When it ends, no other takes its place.  A generation that leaves needs those beside
   its gateways to finish what is in work. */
static bool is_to_go(const struct worker *worker)
{
    const struct generation *generation = worker->generation;
    switch (generation->state) {
    case GENERATION_STARTING:
        return true;
    case GENERATION_CURRENT:
        return generation->supervisor->stopping;
    case GENERATION_LEAVING:
        return worker->kind == WORKER_GATEWAY || generation->was_killed ||
               worker->killed == KILLED_LATE || !worker_has_gateway(worker);
    }
    return true;
}

void watch_death(struct worker *worker, int status)
{
    struct generation *generation = worker->generation;
    struct supervisor *supervisor = generation->supervisor;
    int64_t now_ms = loop_now_ms(supervisor->loop);
    char reason[ROLE_TEXT_MAX + DESCRIPTION_MAX];
    bool was_told = is_to_go(worker);
    bool is_fine = is_orderly(status) && worker->killed == NOT_KILLED;

    explain(worker, status, reason, sizeof reason);
    if (generation->state == GENERATION_STARTING) {
        if (worker->failure[0] == '\0') {
            (void)snprintf(worker->failure, sizeof worker->failure, "%s %d %.300s",
                           worker_name(worker), (int)worker->pid, reason);
        }
        return; /* the generation fails, and says so */
    }
    if (!is_fine && !generation->was_killed) {
        log_death(worker, reason);
        blame(worker, reason);
    } else if (!was_told) {
        log_say(supervisor->log, LOG_LEVEL_WARNING, "%s %d left without being told",
                worker_name(worker), (int)worker->pid);
    }
    if (!was_told) {
        supervisor->restarts[worker->kind]++;
        plan_restart(worker, now_ms);
        say_wait(worker);
    }
}

/* ---- once a second ---------------------------------------------------------------------- */

static int64_t silence_ms(const struct worker *worker, int64_t now_ms)
{
    const struct supervisor *supervisor = worker->generation->supervisor;
    int64_t last = scoreboard_heartbeat_ms(supervisor->board, worker->slot);
    last = last < worker->since_ms ? worker->since_ms : last;
    last = last < supervisor->awake_ms ? supervisor->awake_ms : last;
    return last > now_ms ? 0 : now_ms - last;
}

void watch_on_tick(struct worker *worker, int64_t now_ms)
{
    switch (worker->state) {
    case WORKER_DOWN:
        if (!is_to_go(worker) && now_ms >= worker->start_at_ms) {
            worker_start(worker, now_ms);
        }
        return;
    case WORKER_STARTING:
        if (now_ms - worker->since_ms > READY_LIMIT_MS) {
            worker->killed = KILLED_UNREADY;
            worker_kill(worker);
        }
        return;
    case WORKER_READY:
        if (silence_ms(worker, now_ms) > silence_max_ms(worker)) {
            worker->killed = KILLED_SILENT;
            worker_kill(worker);
        }
        return;
    }
}

bool watch_is_well(const struct supervisor *supervisor, int64_t now_ms)
{
    const struct generation *current = supervisor_current(supervisor);
    for (size_t i = 0; current != NULL && i < current->gateway_count; i++) {
        const struct worker *worker = &current->workers[i];
        if (worker->state == WORKER_READY &&
            silence_ms(worker, now_ms) <= SILENCE_MAX_MS) {
            return true;
        }
    }
    return false;
}
