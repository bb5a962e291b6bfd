/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"
#include "app/supervisor/spawn.h"
#include "core/config/config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* worker: one process of a generation, from its command line to what it said last. */

enum { ARGUMENTS_MAX = 12, ARGUMENT_BYTES = 64 };

/* ---- the command line ------------------------------------------------------------------- */

struct arguments {
    const char *argv[ARGUMENTS_MAX + 1];
    size_t count;
    char slot[ARGUMENT_BYTES], listeners[ARGUMENT_BYTES], settings[ARGUMENT_BYTES],
        uid[ARGUMENT_BYTES], gid[ARGUMENT_BYTES], sandbox[ARGUMENT_BYTES],
        zone[4096 + ARGUMENT_BYTES], now[ARGUMENT_BYTES], rate[ARGUMENT_BYTES],
        log[ARGUMENT_BYTES], log_format[ARGUMENT_BYTES];
};

/* What each process is told. */
static void begin_arguments(const struct worker *worker, const char *role,
                            struct arguments *out)
{
    const struct role_plan *plan = &worker->generation->plan;
    const struct supervisor_options *options = worker->generation->supervisor->options;
    enum config_sandbox sandbox = plan->sandbox_required != 0
                                      ? CONFIG_SANDBOX_REQUIRED
                                      : CONFIG_SANDBOX_BEST_EFFORT;
    out->argv[out->count++] = "yett";
    out->argv[out->count++] = role;
    (void)snprintf(out->slot, sizeof out->slot, "--slot=%zu", worker->slot);
    out->argv[out->count++] = out->slot;
    (void)snprintf(out->sandbox, sizeof out->sandbox, "--sandbox=%s",
                   config_sandbox_words[sandbox]);
    out->argv[out->count++] = out->sandbox;
    if (options->now != NULL) {
        (void)snprintf(out->now, sizeof out->now, "--now=%s", options->now);
        out->argv[out->count++] = out->now;
    }
}

static void add_user(struct arguments *out, uint32_t uid, uint32_t gid)
{
    (void)snprintf(out->uid, sizeof out->uid, "--uid=%u", (unsigned)uid);
    (void)snprintf(out->gid, sizeof out->gid, "--gid=%u", (unsigned)gid);
    out->argv[out->count++] = out->uid;
    out->argv[out->count++] = out->gid;
}

static void fill_for_gateway(const struct worker *worker, struct arguments *out)
{
    const struct role_plan *plan = &worker->generation->plan;
    const struct supervisor_options *options = worker->generation->supervisor->options;
    begin_arguments(worker, "--role=gateway", out);
    (void)snprintf(out->listeners, sizeof out->listeners, "--listeners=%zu",
                   worker->generation->listener_count);
    out->argv[out->count++] = out->listeners;
    (void)snprintf(out->settings, sizeof out->settings, "--settings=%s",
                   plan->fingerprint);
    out->argv[out->count++] = out->settings;
    if (plan->has_user != 0) {
        add_user(out, plan->uid, plan->gid);
    }
    if (options->zone_path != NULL) {
        (void)snprintf(out->zone, sizeof out->zone, "--zone=%s", options->zone_path);
        out->argv[out->count++] = out->zone;
    }
}

/* Who never sees the settings is told where its log goes. */
static void add_log(const struct worker *worker, struct arguments *out)
{
    const struct role_plan *plan = &worker->generation->plan;
    (void)snprintf(out->log, sizeof out->log, "--log=%s",
                   config_log_target_words[plan->log_target]);
    out->argv[out->count++] = out->log;
    (void)snprintf(out->log_format, sizeof out->log_format, "--log-format=%s",
                   config_log_format_words[plan->log_format]);
    out->argv[out->count++] = out->log_format;
}

static void fill_for_keeper(const struct worker *worker, struct arguments *out)
{
    const struct role_plan *plan = &worker->generation->plan;
    begin_arguments(worker, "--role=keeper", out);
    add_log(worker, out);
    (void)snprintf(out->rate, sizeof out->rate, "--rate=%u",
                   (unsigned)plan->rate_per_domain);
    out->argv[out->count++] = out->rate;
    if (plan->has_user != 0) {
        add_user(out, plan->keeper_uid, plan->keeper_gid);
    }
}

/* It has no more than its gateway has, so it is the same user. */
static void fill_for_examiner(const struct worker *worker, struct arguments *out)
{
    const struct role_plan *plan = &worker->generation->plan;
    begin_arguments(worker, "--role=examiner", out);
    add_log(worker, out);
    if (plan->has_user != 0) {
        add_user(out, plan->uid, plan->gid);
    }
}

/* ---- what it says ----------------------------------------------------------------------- */

static void close_control(struct worker *worker)
{
    loop_watch_free(worker->watch);
    worker->watch = NULL;
    if (worker->control >= 0) {
        (void)close(worker->control);
    }
    worker->control = -1;
}

static void on_ready(struct worker *worker)
{
    if (worker->state != WORKER_STARTING) {
        return;
    }
    worker->state = WORKER_READY;
    worker->since_ms = loop_now_ms(worker->generation->supervisor->loop);
}

static void on_message(struct worker *worker, const struct role_message *message)
{
    if (message->kind == ROLE_READY) {
        on_ready(worker);
    } else if (message->kind == ROLE_FAILED) {
        memcpy(worker->failure, message->text, sizeof worker->failure);
    }
}

static void read_messages(struct worker *worker)
{
    struct role_message message;
    enum yett_err err = YETT_OK;
    while (worker->control >= 0 && err != YETT_NEED_ANSWERS && worker->said < SAID_MAX) {
        err = role_receive(worker->control, &message);
        worker->said += err == YETT_OK || err == YETT_BAD_SYNTAX;
        if (err == YETT_OK) {
            on_message(worker, &message);
        } else if (err == YETT_BAD_SYNTAX) {
            (void)snprintf(worker->failure, sizeof worker->failure,
                           "the program is of another version than this supervisor");
        } else if (err == YETT_IO) {
            close_control(worker); /* its exit status says the rest */
        }
    }
}

/* A process says READY, LEAVING, or what it failed for.  One that was taken over could keep us
   busy with listening, and from watching the others. */
static void stop_chatter(struct worker *worker)
{
    if (worker->said >= SAID_MAX && worker->control >= 0) {
        (void)snprintf(worker->failure, sizeof worker->failure,
                       "it said more than a %s has to say, and was killed",
                       worker_name(worker));
        close_control(worker);
        worker_kill(worker);
    }
}

static void on_control(void *context, bool readable, bool writable)
{
    struct worker *worker = context;
    (void)readable;
    (void)writable;
    read_messages(worker);
    stop_chatter(worker);
    generation_look(worker->generation); /* may free the worker */
}

/* ---- its life --------------------------------------------------------------------------- */

const char *worker_name(const struct worker *worker)
{
    switch (worker->kind) {
    case WORKER_GATEWAY:
        return "gateway";
    case WORKER_KEEPER:
        return "keeper";
    case WORKER_EXAMINER:
        return "examiner";
    }
    return "";
}

bool worker_has_gateway(const struct worker *worker)
{
    return worker->generation->workers[worker->place].pid != 0;
}

/* Its end of the pair of a gateway and who is of `kind` beside it. */
static int end_of_pair(const struct worker *worker, enum worker_kind kind)
{
    int(*pairs)[2] = worker->generation->pairs[kind];
    return pairs == NULL ? -1 : pairs[worker->place][worker->kind == kind ? 1 : 0];
}

/* What belongs to its kind: only gateways get listeners and settings. */
static void equip(const struct worker *worker, struct arguments *arguments,
                  int listeners[ROLE_LISTENERS_MAX], struct spawn_role *role)
{
    const struct generation *generation = worker->generation;
    switch (worker->kind) {
    case WORKER_GATEWAY:
        for (size_t i = 0; i < generation->listener_count; i++) {
            listeners[i] = generation->listeners[i]->fd;
        }
        role->settings = generation->settings;
        role->signing = generation->signing;
        role->keeper = end_of_pair(worker, WORKER_KEEPER);
        role->examiner = end_of_pair(worker, WORKER_EXAMINER);
        role->listeners = listeners;
        role->listener_count = generation->listener_count;
        fill_for_gateway(worker, arguments);
        return;
    case WORKER_KEEPER:
        role->signing = generation->signing;
        role->keeper = end_of_pair(worker, WORKER_KEEPER);
        fill_for_keeper(worker, arguments);
        return;
    case WORKER_EXAMINER:
        role->examiner = end_of_pair(worker, WORKER_EXAMINER);
        fill_for_examiner(worker, arguments);
        return;
    }
}

static bool spawn(struct worker *worker)
{
    struct supervisor *supervisor = worker->generation->supervisor;
    struct arguments arguments = {.count = 0};
    int listeners[ROLE_LISTENERS_MAX], theirs = -1;
    if (!spawn_pair(&worker->control, &theirs)) {
        return false;
    }
    struct spawn_role role = {.program = supervisor->options->program,
                              .argv = arguments.argv,
                              .control = theirs,
                              .scoreboard = supervisor->board_fd,
                              .settings = -1,
                              .signing = -1,
                              .keeper = -1,
                              .examiner = -1};
    equip(worker, &arguments, listeners, &role);
    worker->watch = loop_watch_new(supervisor->loop, worker->control, on_control, worker);
    bool started = worker->watch != NULL && loop_watch_set(worker->watch, true, false) &&
                   (worker->pid = spawn_role(&role)) > 0;
    int reason = errno;
    (void)close(theirs);
    errno = reason;
    return started;
}

static void fail_start(struct worker *worker, const char *reason, int64_t now_ms)
{
    (void)snprintf(worker->failure, sizeof worker->failure,
                   "no process can be started: %s", reason);
    worker_forget(worker);
    worker->start_at_ms = now_ms + WAIT_MAX_MS;
    if (worker->generation->state == GENERATION_CURRENT) {
        log_say(worker->generation->supervisor->log, LOG_LEVEL_ERROR, "%s; tries again",
                worker->failure);
    }
}

void worker_start(struct worker *worker, int64_t now_ms)
{
    struct supervisor *supervisor = worker->generation->supervisor;
    worker->failure[0] = '\0';
    worker->said = 0;
    worker->was_told = false;
    worker->killed = NOT_KILLED;
    pairs_size(worker->generation, worker->place);
    worker->slot = scoreboard_take_slot(supervisor->board, worker->generation->number);
    if (worker->slot == SCOREBOARD_SLOTS) {
        fail_start(worker, "there are too many processes at once", now_ms);
        return;
    }
    if (!spawn(worker)) {
        fail_start(worker, strerror(errno), now_ms);
        scoreboard_give_back(supervisor->board, worker->slot);
        return;
    }
    scoreboard_set_pid(supervisor->board, worker->slot, worker->pid);
    worker->state = WORKER_STARTING;
    worker->since_ms = now_ms;
}

void worker_leave(struct worker *worker)
{
    struct role_message message = {.kind = ROLE_LEAVE,
                                   .deadline_ms = worker->generation->plan.shutdown_ms};
    if (worker->pid == 0) {
        return;
    }
    /* With others to take over there is time for connections that are only quiet. */
    if (!worker->generation->supervisor->stopping) {
        (void)snprintf(message.text, sizeof message.text, "reload");
    }
    /* One that does not even hear this will not go by itself. */
    if (worker->control < 0 || role_send(worker->control, &message) != YETT_OK) {
        worker_kill(worker);
    }
}

void worker_kill(struct worker *worker)
{
    if (worker->pid != 0) {
        (void)kill(worker->pid, SIGKILL);
    }
}

void worker_on_exit(struct worker *worker, int status)
{
    struct supervisor *supervisor = worker->generation->supervisor;
    read_messages(worker);
    watch_death(worker, status);
    scoreboard_give_back(supervisor->board, worker->slot);
    worker_forget(worker);
}

void worker_forget(struct worker *worker)
{
    close_control(worker);
    worker->pid = 0;
    worker->state = WORKER_DOWN;
}
