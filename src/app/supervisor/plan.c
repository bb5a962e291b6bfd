/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"
#include "app/supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * plan: a settings role reads the settings and says what is to be started.  The loop goes on
 * meanwhile, since a name service that does not answer must not keep us from watching.
 */
enum { ARGUMENTS_MAX = 64, ARGUMENT_BYTES = 8192 };

/* ---- the command line ------------------------------------------------------------------- */

struct arguments {
    const char *argv[ARGUMENTS_MAX + 1];
    size_t count;
    char text[ARGUMENT_BYTES];
    size_t used;
    bool overflow;
};

static void add(struct arguments *arguments, const char *name, const char *value)
{
    size_t room = sizeof arguments->text - arguments->used;
    char *at = arguments->text + arguments->used;
    int written = snprintf(at, room, "%s%s", name, value);
    if (arguments->count == ARGUMENTS_MAX || written < 0 || (size_t)written >= room) {
        arguments->overflow = true;
        return;
    }
    arguments->argv[arguments->count++] = at;
    arguments->used += (size_t)written + 1;
}

static void fill_arguments(const struct supervisor_options *options,
                           struct arguments *arguments)
{
    add(arguments, "yett", "");
    add(arguments, "--role=settings", "");
    if (options->config_path != NULL) {
        add(arguments, "--config=", options->config_path);
    }
    if (options->zone_path != NULL) {
        add(arguments, "--zone=", options->zone_path);
    }
    for (int i = 0; i < options->override_count; i++) {
        add(arguments, "--override=", options->overrides[i]);
    }
}

/* ---- its end ---------------------------------------------------------------------------- */

static void forget(struct planning *planning)
{
    loop_watch_free(planning->watch);
    if (planning->control >= 0) {
        (void)close(planning->control);
    }
    if (planning->settings >= 0) {
        (void)close(planning->settings);
    }
    if (planning->signing >= 0) {
        (void)close(planning->signing);
    }
    *planning = (struct planning){.control = -1, .settings = -1, .signing = -1};
}

/* What it says must make sense, since from now on we act upon it. */
static bool is_sound(const struct planning *planning)
{
    const struct role_plan *plan = &planning->plan;
    return planning->has_plan && plan->workers >= 1 && plan->workers <= WORKERS_MAX &&
           plan->listener_count >= 1 &&
           plan->listener_count == planning->listener_count &&
           plan->log_target < CONFIG_LOG_TARGET_COUNT &&
           plan->log_format < CONFIG_LOG_FORMAT_COUNT &&
           (plan->has_user == 0 || (plan->uid != 0 && plan->keeper_uid != 0)) &&
           plan->shutdown_ms <= INT32_MAX;
}

/* Nobody changes them any more, neither we nor a gateway. */
static bool seal(int memory)
{
    return fcntl(memory, F_ADD_SEALS,
                 F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
}

static void use_plan(struct supervisor *supervisor)
{
    struct planning done = supervisor->planning;
    supervisor->planning.settings = supervisor->planning.signing = -1;
    forget(&supervisor->planning);
    char why[ROLE_TEXT_MAX] = "the settings cannot be sealed";
    if (!seal(done.settings) || !seal(done.signing) ||
        !supervisor_lock_in(supervisor, done.plan.sandbox_required != 0, why,
                            sizeof why)) {
        (void)close(done.settings);
        (void)close(done.signing);
        supervisor_refuse(supervisor, EXIT_FAILED, why);
        return;
    }
    if (supervisor_current(supervisor) == NULL) {
        status_settle(supervisor, &done.plan); /* tells of the start as well */
    }
    generation_begin(supervisor, &done.plan, done.listeners, done.listener_count,
                     done.settings, done.signing);
}

static int explain(const struct planning *planning, int status, char *why, size_t size)
{
    char ending[DESCRIPTION_MAX];
    if (planning->failure[0] != '\0') {
        (void)snprintf(why, size, "%s", planning->failure);
        return EXIT_REFUSED;
    }
    watch_describe(status, ending, sizeof ending);
    if (planning->was_late) {
        (void)snprintf(why, size,
                       "reading the settings took more than %d seconds; does a name "
                       "service or a file system not answer?",
                       PLAN_LIMIT_MS / 1000);
    } else if (planning->speaks_otherwise) {
        (void)snprintf(why, size,
                       "the program is of another version than this supervisor");
    } else {
        (void)snprintf(why, size, "the process that reads the settings %s", ending);
    }
    return EXIT_FAILED;
}

static void read_messages(struct planning *planning)
{
    struct role_message message;
    enum yett_err err;
    while ((err = role_receive(planning->control, &message)) == YETT_OK ||
           err == YETT_BAD_SYNTAX) {
        if (err == YETT_BAD_SYNTAX) {
            planning->speaks_otherwise = true;
        } else if (message.kind == ROLE_LISTEN &&
                   planning->listener_count < ROLE_LISTENERS_MAX) {
            planning->listeners[planning->listener_count++] = message.listener;
        } else if (message.kind == ROLE_READY) {
            planning->plan = message.plan;
            planning->has_plan = true;
        } else if (message.kind == ROLE_FAILED) {
            memcpy(planning->failure, message.text, sizeof planning->failure);
        }
    }
    if (err == YETT_IO) {
        loop_watch_free(planning->watch);
        planning->watch = NULL;
    }
}

static void on_control(void *context, bool readable, bool writable)
{
    struct supervisor *supervisor = context;
    (void)readable;
    (void)writable;
    read_messages(&supervisor->planning);
}

/* Only when it is gone does what it wrote stay as it is. */
bool plan_on_exit(struct supervisor *supervisor, pid_t pid, int status)
{
    struct planning *planning = &supervisor->planning;
    char why[2 * ROLE_TEXT_MAX];
    if (!planning->under_way || pid != planning->pid) {
        return false;
    }
    read_messages(planning);
    if (status == 0 && is_sound(planning) && !supervisor->stopping) {
        use_plan(supervisor);
        return true;
    }
    int exit_status = explain(planning, status, why, sizeof why);
    forget(planning);
    if (supervisor->stopping) {
        supervisor_look_around(supervisor); /* it may be the last that was waited for */
    } else {
        supervisor_refuse(supervisor, exit_status, why);
    }
    return true;
}

void plan_give_up(struct supervisor *supervisor)
{
    if (supervisor->planning.under_way) {
        (void)kill(supervisor->planning.pid, SIGKILL);
    }
}

void plan_on_tick(struct supervisor *supervisor, int64_t now_ms)
{
    struct planning *planning = &supervisor->planning;
    if (planning->under_way && now_ms >= planning->until_ms) {
        planning->was_late = true;
        plan_give_up(supervisor);
    }
}

/* ---- its beginning ---------------------------------------------------------------------- */

static bool start(struct supervisor *supervisor, const struct arguments *arguments)
{
    struct planning *planning = &supervisor->planning;
    int theirs = -1;
    planning->settings = memfd_create("yett-settings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    planning->signing = memfd_create("yett-signing", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (planning->settings < 0 || planning->signing < 0 ||
        !spawn_pair(&planning->control, &theirs)) {
        return false;
    }
    struct spawn_role role = {.program = supervisor->options->program,
                              .argv = arguments->argv,
                              .control = theirs,
                              .scoreboard = -1,
                              .settings = planning->settings,
                              .signing = planning->signing,
                              .keeper = -1,
                              .examiner = -1};
    planning->watch =
        loop_watch_new(supervisor->loop, planning->control, on_control, supervisor);
    bool started = planning->watch != NULL &&
                   loop_watch_set(planning->watch, true, false) &&
                   (planning->pid = spawn_role(&role)) > 0;
    int reason = errno;
    (void)close(theirs);
    errno = reason;
    return started;
}

void plan_forget(struct supervisor *supervisor)
{
    if (supervisor->planning.under_way) {
        forget(&supervisor->planning);
    }
}

bool plan_begin(struct supervisor *supervisor, char *why, size_t why_size)
{
    struct planning *planning = &supervisor->planning;
    struct arguments arguments = {.count = 0};
    fill_arguments(supervisor->options, &arguments);
    if (arguments.overflow) {
        (void)snprintf(why, why_size, "the command line is too long");
        return false;
    }
    *planning = (struct planning){.control = -1, .settings = -1, .signing = -1};
    if (!start(supervisor, &arguments)) {
        (void)snprintf(why, why_size, "no process can be started: %s", strerror(errno));
        forget(planning);
        return false;
    }
    planning->under_way = true;
    planning->until_ms = loop_now_ms(supervisor->loop) + PLAN_LIMIT_MS;
    return true;
}
