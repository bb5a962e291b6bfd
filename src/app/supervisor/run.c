/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* run: the life of the supervisor: signals, reloads, the end. */

enum { SLEPT_MS = 5 * TICK_MS };

/* ---- generations ------------------------------------------------------------------------ */

static struct generation *find_state(const struct supervisor *supervisor,
                                     enum generation_state state)
{
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        struct generation *generation = supervisor->generations[i];
        if (generation != NULL && generation->state == state) {
            return generation;
        }
    }
    return NULL;
}

struct generation *supervisor_current(const struct supervisor *supervisor)
{
    return find_state(supervisor, GENERATION_CURRENT);
}

static size_t count_generations(const struct supervisor *supervisor)
{
    size_t count = 0;
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        count += supervisor->generations[i] != NULL;
    }
    return count;
}

/* ---- reloads and the end ---------------------------------------------------------------- */

static void begin(struct supervisor *supervisor)
{
    char why[ROLE_TEXT_MAX];
    supervisor->reload_wanted = supervisor->wait_told = false;
    if (!plan_begin(supervisor, why, sizeof why)) {
        supervisor_refuse(supervisor, EXIT_FAILED, why);
    }
}

/* At most one reload is under way, and one more wanted, for whatever changed meanwhile. */
static void reload(struct supervisor *supervisor)
{
    if (supervisor->stopping) {
        return;
    }
    bool is_busy = supervisor->planning.under_way ||
                   find_state(supervisor, GENERATION_STARTING) != NULL;
    bool is_full = count_generations(supervisor) == GENERATIONS_MAX;
    if (is_full && !supervisor->wait_told) {
        log_say(supervisor->log, LOG_LEVEL_NOTICE,
                "the next reload waits until gateways of earlier settings have left");
        supervisor->wait_told = true;
    }
    if (is_busy || is_full) {
        supervisor->reload_wanted = true;
        return;
    }
    notify_reloading(supervisor);
    begin(supervisor);
}

void supervisor_reload(struct supervisor *supervisor)
{
    reload(supervisor);
}

void supervisor_look_around(struct supervisor *supervisor)
{
    if (supervisor->stopping) {
        supervisor->ended = supervisor->ended || (count_generations(supervisor) == 0 &&
                                                  !supervisor->planning.under_way);
    } else if (supervisor->reload_wanted) {
        reload(supervisor);
    }
}

static void kill_all(struct supervisor *supervisor)
{
    plan_give_up(supervisor);
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        if (supervisor->generations[i] != NULL) {
            generation_kill(supervisor->generations[i]);
        }
    }
    supervisor->ended = true;
}

static void leave_all(struct supervisor *supervisor)
{
    plan_give_up(supervisor);
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        struct generation *generation = supervisor->generations[i];
        if (generation != NULL && generation->state == GENERATION_STARTING) {
            generation_kill(generation);
        } else if (generation != NULL) {
            generation_leave(generation);
        }
    }
}

static void stop(struct supervisor *supervisor)
{
    if (supervisor->stopping) {
        log_say(supervisor->log, LOG_LEVEL_NOTICE, "stops at once");
        kill_all(supervisor);
        return;
    }
    log_say(supervisor->log, LOG_LEVEL_NOTICE,
            "stops when the messages in work are finished");
    supervisor->stopping = true;
    notify_stopping(supervisor);
    status_close(supervisor);
    leave_all(supervisor);
    supervisor_look_around(supervisor);
}

/* ---- processes that ended --------------------------------------------------------------- */

static struct worker *find_worker(const struct supervisor *supervisor, pid_t pid)
{
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        struct generation *generation = supervisor->generations[i];
        for (size_t j = 0; generation != NULL && j < generation->worker_count; j++) {
            if (generation->workers[j].pid == pid) {
                return &generation->workers[j];
            }
        }
    }
    return NULL;
}

/* Where we are the first process of a container, others' children are ours, too. */
static void reap(struct supervisor *supervisor)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (plan_on_exit(supervisor, pid, status) ||
            rotating_on_exit(supervisor, pid, status)) {
            continue;
        }
        struct worker *worker = find_worker(supervisor, pid);
        if (worker != NULL) {
            worker_on_exit(worker, status);
            watch_on_tick(worker, loop_now_ms(supervisor->loop));
            generation_look(worker->generation);
        }
    }
}

/* ---- the loop --------------------------------------------------------------------------- */

static void on_signal(void *context, bool readable, bool writable)
{
    struct supervisor *supervisor = context;
    struct signalfd_siginfo info;
    (void)readable;
    (void)writable;
    while (read(supervisor->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGCHLD:
            reap(supervisor);
            break;
        case SIGHUP:
            reload(supervisor);
            break;
        default:
            stop(supervisor);
            break;
        }
    }
}

static void on_tick(void *context)
{
    struct supervisor *supervisor = context;
    int64_t now_ms = loop_now_ms(supervisor->loop);
    if (now_ms - supervisor->last_tick_ms > SLEPT_MS) {
        supervisor->awake_ms = now_ms; /* a host that slept: nobody was silent */
    }
    supervisor->last_tick_ms = now_ms;
    plan_on_tick(supervisor, now_ms);
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        if (supervisor->generations[i] != NULL) {
            generation_on_tick(supervisor->generations[i], now_ms);
        }
    }
    rotating_on_tick(supervisor, now_ms);
    notify_on_tick(supervisor, now_ms);
    loop_timer_start(supervisor->tick, TICK_MS);
}

/* ---- beginning and end ------------------------------------------------------------------ */

/* The low numbers must not be taken for something else, and no role reads our input. */
static bool open_standard(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO && close(fd) == 0;
}

static bool open_signals(struct supervisor *supervisor)
{
    static const int watched[] = {SIGHUP, SIGTERM, SIGINT, SIGCHLD};
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++) {
        (void)sigaddset(&set, watched[i]);
    }
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, it would tell us nothing */
    (void)signal(SIGUSR1, SIG_IGN);
    (void)signal(SIGUSR2, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return false;
    }
    supervisor->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return supervisor->signals >= 0;
}

static void on_complaint(void *context, const char *text)
{
    const struct supervisor *supervisor = context;
    log_say(supervisor->log, LOG_LEVEL_WARNING, "the event loop complains: %s", text);
}

static bool open_loop(struct supervisor *supervisor)
{
    loop_on_complaint(on_complaint, supervisor);
    supervisor->loop = loop_new();
    if (supervisor->loop == NULL) {
        return false;
    }
    supervisor->tick = loop_timer_new(supervisor->loop, on_tick, supervisor);
    supervisor->signal_watch =
        loop_watch_new(supervisor->loop, supervisor->signals, on_signal, supervisor);
    return supervisor->tick != NULL && supervisor->signal_watch != NULL &&
           loop_watch_set(supervisor->signal_watch, true, false);
}

static bool open_all(struct supervisor *supervisor, char *why, size_t why_size)
{
    /* Before anything else takes the numbers in which sockets are handed over. */
    if (!listeners_inherit(&supervisor->listeners, why, why_size)) {
        return false;
    }
    if (!open_standard() || !open_signals(supervisor) || !open_loop(supervisor)) {
        (void)snprintf(why, why_size, "cannot be started: %s", strerror(errno));
        return false;
    }
    supervisor->board = scoreboard_create(&supervisor->board_fd);
    if (supervisor->board == NULL) {
        (void)snprintf(why, why_size, "no shared memory can be had: %s", strerror(errno));
        return false;
    }
    if (stat(supervisor->options->program, &supervisor->program) != 0) {
        (void)snprintf(why, why_size, "%s: %s", supervisor->options->program,
                       strerror(errno));
        return false;
    }
    return true;
}

static void live(struct supervisor *supervisor)
{
    char why[ROLE_TEXT_MAX];
    if (!open_all(supervisor, why, sizeof why)) {
        log_say(supervisor->log, LOG_LEVEL_ERROR, "%s", why);
        supervisor->exit_status = EXIT_FAILED;
        return;
    }
    supervisor->started_ms = supervisor->last_tick_ms = loop_now_ms(supervisor->loop);
    supervisor->started_s = (int64_t)time(NULL);
    notify_begin(supervisor);
    loop_timer_start(supervisor->tick, TICK_MS);
    begin(supervisor);
    while (!supervisor->ended) {
        loop_run_once(supervisor->loop);
    }
    if (supervisor->exit_status == EXIT_ORDERLY) {
        log_say(supervisor->log, LOG_LEVEL_NOTICE, "stopped");
    }
}

static void finish(struct supervisor *supervisor)
{
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        generation_free(supervisor->generations[i]);
    }
    plan_forget(supervisor);
    rotating_free(supervisor);
    status_close(supervisor);
    loop_watch_free(supervisor->signal_watch);
    loop_timer_free(supervisor->tick);
    scoreboard_close(supervisor->board);
    loop_free(supervisor->loop);
    loop_on_complaint(NULL, NULL);
    log_free(supervisor->log);
}

int supervisor_run(const struct supervisor_options *options)
{
    struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
    if (supervisor == NULL) {
        return EXIT_FAILED;
    }
    supervisor->options = options;
    supervisor->status.fd = -1;
    supervisor->log_target = CONFIG_LOG_STDERR;
    supervisor->log_format = CONFIG_LOG_TEXT;
    supervisor->log = log_new(CONFIG_LOG_STDERR, CONFIG_LOG_TEXT, "supervisor");
    if (supervisor->log != NULL) {
        live(supervisor);
    } else {
        supervisor->exit_status = EXIT_FAILED;
    }
    int exit_status = supervisor->exit_status;
    finish(supervisor);
    free(supervisor);
    return exit_status;
}
