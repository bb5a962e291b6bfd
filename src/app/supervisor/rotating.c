/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"
#include "app/supervisor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

/*
 * rotating: `yett key rotate --due` as a short-lived child, when settings come into force and
 * once an hour, for domains whose keys change by themselves.
 *
 * It gets the settings in force and the table of what is signed, from their memfds: where the
 * keys of that are others than they should be, it says so, and clears none of them away.  What
 * it says goes to the log, but not when it said the same the last time.  It exits with
 * SUPERVISOR_NEW_KEYS when other keys sign: a reload; with EX_TEMPFAIL when it is to be
 * continued soon.
 */

enum {
    HOUR_MS = 3600 * 1000,
    FIRST_PAUSE_MS = 5 * 60 * 1000, /* while name servers are waited for */
    PATIENCE_MS = 10 * 60 * 1000,
    TEXT_MAX = 16 * 1024
};

struct rotating {
    pid_t pid; /* 0: none */
    int output;
    struct loop_watch *watch;
    int64_t until_ms, next_ms, pause_ms;
    unsigned generation; /* the last one that it ran for */
    size_t length, said_length;
    char text[TEXT_MAX], said[TEXT_MAX];
};

/* ---- what it says ----------------------------------------------------------------------- */

static void read_output(struct rotating *rotating)
{
    char rest[512];
    for (;;) {
        size_t room = sizeof rotating->text - rotating->length;
        ssize_t got =
            read(rotating->output, room > 0 ? rotating->text + rotating->length : rest,
                 room > 0 ? room : sizeof rest);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return;
        }
        rotating->length += room > 0 ? (size_t)got : 0;
    }
}

static void on_output(void *context, bool readable, bool writable)
{
    struct supervisor *supervisor = context;
    struct rotating *rotating = supervisor->rotating;
    (void)readable;
    (void)writable;
    size_t before = rotating->length;
    read_output(rotating);
    if (rotating->length == before) { /* closed: its end comes as a signal */
        loop_watch_free(rotating->watch);
        rotating->watch = NULL;
    }
}

static void tell(struct supervisor *supervisor, enum log_level level)
{
    struct rotating *rotating = supervisor->rotating;
    slice text = slice_of(rotating->text, rotating->length);
    slice line;
    if (slice_eq(text, slice_of(rotating->said, rotating->said_length))) {
        return;
    }
    memcpy(rotating->said, rotating->text, rotating->length);
    rotating->said_length = rotating->length;
    while (slice_next_piece(&text, '\n', &line)) {
        if (!slice_is_empty(line)) {
            log_say(supervisor->log, level, "keys: %.*s", SLICE_ARG(line));
        }
    }
}

/* ---- its life --------------------------------------------------------------------------- */

static void forget(struct rotating *rotating)
{
    loop_watch_free(rotating->watch);
    if (rotating->output >= 0) {
        (void)close(rotating->output);
    }
    rotating->watch = NULL;
    rotating->output = -1;
    rotating->pid = 0;
}

static pid_t spawn(const struct supervisor *supervisor, int settings, int signing,
                   int output)
{
    char path[32], table[40], now[64];
    size_t count = 9;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", ROLE_SETTINGS);
    (void)snprintf(table, sizeof table, "--table=/proc/self/fd/%d", ROLE_SIGNING);
    const char *argv[] = {"yett", "key",      "rotate", "--due", "--no-reload", "--wait",
                          "0",    "--config", path,     NULL,    NULL,          NULL};
    if (signing >= 0) {
        argv[count++] = table;
    }
    if (supervisor->options->now != NULL) {
        (void)snprintf(now, sizeof now, "--now=%.40s", supervisor->options->now);
        argv[count++] = now;
    }
    struct spawn_role role = {.program = supervisor->options->program,
                              .argv = argv,
                              .control = -1,
                              .scoreboard = -1,
                              .settings = settings,
                              .signing = signing,
                              .keeper = -1,
                              .examiner = -1,
                              .has_output = true,
                              .output = output};
    return spawn_role(&role);
}

static bool start(struct supervisor *supervisor, const struct generation *generation)
{
    struct rotating *rotating = supervisor->rotating;
    int ends[2];
    rotating->length = 0;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return false;
    }
    rotating->output = ends[0];
    rotating->pid = spawn(supervisor, generation->settings, generation->signing, ends[1]);
    (void)close(ends[1]);
    rotating->watch = loop_watch_new(supervisor->loop, ends[0], on_output, supervisor);
    bool is_started = rotating->pid > 0 && rotating->watch != NULL &&
                      loop_watch_set(rotating->watch, true, false);
    if (!is_started) {
        if (rotating->pid > 0) {
            (void)kill(rotating->pid, SIGKILL);
        }
        forget(rotating);
    }
    return is_started;
}

static void conclude(struct supervisor *supervisor, int status)
{
    struct rotating *rotating = supervisor->rotating;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    char ending[DESCRIPTION_MAX];
    int64_t pause_ms = HOUR_MS;
    tell(supervisor, code == 0 || code == SUPERVISOR_NEW_KEYS || code == EX_TEMPFAIL
                         ? LOG_LEVEL_NOTICE
                         : LOG_LEVEL_WARNING);
    if (code < 0 || code == SPAWN_CANNOT_EXECUTE) {
        watch_describe(status, ending, sizeof ending);
        log_say(supervisor->log, LOG_LEVEL_WARNING,
                "the rotation of keys %s; it is tried again in an hour", ending);
    }
    if (code == EX_TEMPFAIL) {
        pause_ms = rotating->pause_ms == 0 ? FIRST_PAUSE_MS : rotating->pause_ms * 2;
        pause_ms = pause_ms > HOUR_MS ? HOUR_MS : pause_ms;
    }
    rotating->pause_ms = code == EX_TEMPFAIL ? pause_ms : 0;
    rotating->next_ms = loop_now_ms(supervisor->loop) + pause_ms;
    if (code == SUPERVISOR_NEW_KEYS && !supervisor->stopping) {
        log_say(supervisor->log, LOG_LEVEL_NOTICE, "other keys sign: reloads");
        supervisor_reload(supervisor);
    }
}

bool rotating_on_exit(struct supervisor *supervisor, pid_t pid, int status)
{
    struct rotating *rotating = supervisor->rotating;
    if (rotating == NULL || rotating->pid == 0 || rotating->pid != pid) {
        return false;
    }
    read_output(rotating);
    forget(rotating);
    conclude(supervisor, status);
    return true;
}

static struct rotating *make(void)
{
    struct rotating *rotating = calloc(1, sizeof(*rotating));
    if (rotating != NULL) {
        rotating->output = -1;
    }
    return rotating;
}

/* With a zone file there is no network, and nobody to ask or to tell.  After a reload that
   failed gateways may go on with keys that were to retire, so none of these is cleared away
   until one succeeds. */
static bool is_wanted(const struct supervisor *supervisor,
                      const struct generation *generation)
{
    return !supervisor->stopping && supervisor->options->zone_path == NULL &&
           supervisor->last_failure[0] == '\0' && generation != NULL &&
           generation->plan.rotates != 0;
}

void rotating_on_tick(struct supervisor *supervisor, int64_t now_ms)
{
    struct rotating *rotating = supervisor->rotating;
    const struct generation *generation = supervisor_current(supervisor);
    if (rotating != NULL && rotating->pid != 0) {
        if (now_ms >= rotating->until_ms) {
            (void)kill(rotating->pid, SIGKILL);
        }
        return;
    }
    if (!is_wanted(supervisor, generation)) {
        return;
    }
    if (rotating == NULL && (rotating = supervisor->rotating = make()) == NULL) {
        return; /* at the next tick */
    }
    if (now_ms < rotating->next_ms && rotating->generation == generation->number) {
        return;
    }
    rotating->generation = generation->number;
    rotating->until_ms = now_ms + PATIENCE_MS;
    rotating->next_ms = now_ms + HOUR_MS;
    if (!start(supervisor, generation)) {
        log_say(
            supervisor->log, LOG_LEVEL_WARNING,
            "the rotation of keys cannot be started: %s; it is tried again in an hour",
            strerror(errno));
    }
}

void rotating_free(struct supervisor *supervisor)
{
    if (supervisor->rotating != NULL) {
        if (supervisor->rotating->pid != 0) {
            (void)kill(supervisor->rotating->pid, SIGTERM);
        }
        forget(supervisor->rotating);
        free(supervisor->rotating);
        supervisor->rotating = NULL;
    }
}
