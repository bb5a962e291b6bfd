/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_SUPERVISOR_INSIDE_H
#define YETT_APP_SUPERVISOR_INSIDE_H

#include "app/role/role.h"
#include "app/supervisor/listen.h"
#include "app/supervisor/supervisor.h"
#include "core/config/config.h"
#include "edge/log/log.h"
#include "edge/loop/loop.h"
#include "edge/scoreboard/scoreboard.h"

#include <sys/stat.h>
#include <sys/types.h>

/* inside: what the files of this folder know of each other. */

enum {
    GENERATIONS_MAX = 4,
    WORKERS_MAX = CONFIG_WORKERS_MAX,
    DEATHS_MAX = 5, /* so many within DEATHS_WITHIN_MS, and the next start waits */
    DEATHS_WITHIN_MS = 10 * 1000,
    WAIT_MIN_MS = 1000,
    WAIT_MAX_MS = 5 * 1000,
    PLAN_LIMIT_MS = 30 * 1000,  /* for the settings to be read */
    READY_LIMIT_MS = 30 * 1000, /* for a gateway to get ready */
    SILENCE_MAX_MS = 10 * 1000, /* of a gateway's heartbeat */
    KEEPER_SILENCE_MAX_MS =
        5 * 1000, /* of a keeper's, which no message keeps busy for long */
    /* Of an examiner's.  It has the lowest priority: where processors are busy, one signature
       takes a minute.  Nobody waits for it. */
    EXAMINER_SILENCE_MAX_MS = 5 * 60 * 1000,
    COMPANION_LEAVE_MS = 10 * 1000, /* for who is beside a gateway, once that is gone */
    LEAVE_GRACE_MS = 5 * 1000,      /* beyond what it was given to leave */
    HEAL_EVERY_MS = 30 * 1000,
    TICK_MS = 1000,
    SAID_MAX = 16,        /* messages of a gateway: it has two or three to say */
    DESCRIPTION_MAX = 200 /* how a process ended */
};

enum supervisor_exit { EXIT_ORDERLY = 0, EXIT_FAILED = 1, EXIT_REFUSED = 2 };

struct supervisor;
struct generation;

enum { WORKER_KINDS = 3 };

/* One of the places of a generation: a gateway or somebody beside it, and after its death the
   next one. */
struct worker {
    struct generation *generation;
    enum worker_kind { WORKER_GATEWAY, WORKER_KEEPER, WORKER_EXAMINER } kind;
    size_t place; /* among those of its kind: who has the same place belongs together */
    enum worker_state { WORKER_DOWN, WORKER_STARTING, WORKER_READY } state;
    pid_t pid;   /* 0: none */
    size_t slot; /* of the scoreboard */
    int control; /* -1: closed */
    struct loop_watch *watch;
    int64_t since_ms; /* started, or ready */
    enum { NOT_KILLED, KILLED_SILENT, KILLED_UNREADY, KILLED_LATE } killed;
    char failure[ROLE_TEXT_MAX]; /* what it said itself */
    unsigned said;               /* so many messages */
    bool was_told;               /* all but gateways: to leave */
    int64_t deaths_ms[DEATHS_MAX];
    unsigned deaths; /* in all */
    int64_t wait_ms, start_at_ms;
};

/* The gateways of one set of settings, and those beside them: keepers, examiners. */
struct generation {
    struct supervisor *supervisor;
    unsigned number;
    enum generation_state {
        GENERATION_STARTING,
        GENERATION_CURRENT,
        GENERATION_LEAVING
    } state;
    struct role_plan plan;
    struct role_listener wanted[ROLE_LISTENERS_MAX];
    struct listener *listeners[ROLE_LISTENERS_MAX];
    size_t listener_count; /* taken */
    int settings;          /* memfd */
    int signing;           /* memfd; -1: nothing is signed */
    /* For each kind and place the ends of the gateway and of who is beside it; NULL: there are
       none of that kind. */
    int (*pairs[WORKER_KINDS])[2];
    struct worker *workers; /* gateways, then each kind in turn */
    size_t worker_count, gateway_count;
    int64_t until_ms;         /* starting: to be ready; leaving: to be gone */
    bool was_killed;          /* by us, all of them */
    bool has_only_companions; /* leaving: its gateways are gone */
};

/* The settings role at work. */
struct planning {
    bool under_way;
    pid_t pid;
    int control, settings, signing;
    struct loop_watch *watch;
    int64_t until_ms;
    bool has_plan, was_late, speaks_otherwise;
    struct role_plan plan;
    struct role_listener listeners[ROLE_LISTENERS_MAX];
    size_t listener_count;
    char failure[ROLE_TEXT_MAX];
};

struct status_socket {
    int fd; /* -1: none */
    char path[ROLE_ADDRESS_MAX];
    struct socket_access access;
    struct socket_file file;
    struct loop_watch *watch;
};

struct rotating;

struct supervisor {
    const struct supervisor_options *options;
    struct stat program; /* as it was when we started */
    struct loop *loop;
    struct loop_timer *tick;
    int signals;
    struct loop_watch *signal_watch;
    struct log *log;
    uint32_t log_target, log_format;
    struct scoreboard *board;
    int board_fd;
    struct listeners listeners;
    struct planning planning;
    struct rotating *rotating;                       /* NULL: no keys rotate, so far */
    struct generation *generations[GENERATIONS_MAX]; /* NULL: free */
    unsigned last_number;
    struct status_socket status;
    bool reload_wanted, wait_told, stopping, ended, walls_asked;
    int exit_status;

    int64_t started_ms, last_tick_ms;
    int64_t heal_at_ms;   /* listeners that were ended: not before */
    int64_t started_s;    /* since 1970 */
    int64_t awake_ms;     /* nothing before it tells of silence: we slept ourselves */
    uint64_t watchdog_ms; /* 0: none */
    int64_t watchdog_fed_ms;
    uint64_t restarts[WORKER_KINDS], poisoned;
    uint64_t reloads, reloads_failed;
    char last_failure[ROLE_TEXT_MAX]; /* of a reload; empty: the last one was fine */
};

/* ---- run.c, settle.c -------------------------------------------------------------------- */

/* New settings, or the first ones, cannot be used; why.  `exit_status` counts when there are
   no others. */
void supervisor_refuse(struct supervisor *supervisor, int exit_status, const char *why);

/* A generation is in force. */
void supervisor_settled(struct supervisor *supervisor, struct generation *generation);

/* Our own walls, once.  False with `why` when one is missing that is required. */
YETT_MUST_USE
bool supervisor_lock_in(struct supervisor *supervisor, bool is_required, char *why,
                        size_t why_size);

/* Something is over that others may wait for. */
void supervisor_look_around(struct supervisor *supervisor);

struct generation *supervisor_current(const struct supervisor *supervisor); /* or NULL */

/* New settings, as after SIGHUP. */
void supervisor_reload(struct supervisor *supervisor);

/* ---- rotating.c ------------------------------------------------------------------------- */

/* Start it when it is time, end it when it takes too long. */
void rotating_on_tick(struct supervisor *supervisor, int64_t now_ms);
/* It ended.  False when `pid` is another. */
bool rotating_on_exit(struct supervisor *supervisor, pid_t pid, int status);
void rotating_free(struct supervisor *supervisor);

/* ---- plan.c ----------------------------------------------------------------------------- */

YETT_MUST_USE
bool plan_begin(struct supervisor *supervisor, char *why, size_t why_size);
void plan_give_up(struct supervisor *supervisor);
/* It ended.  False when `pid` is another. */
bool plan_on_exit(struct supervisor *supervisor, pid_t pid, int status);
void plan_forget(struct supervisor *supervisor);
void plan_on_tick(struct supervisor *supervisor, int64_t now_ms);

/* ---- generation.c ----------------------------------------------------------------------- */

/* Start the gateways of `plan`, and who is beside them.  Takes `settings` and `signing`, the
   memfds. */
void generation_begin(struct supervisor *supervisor, const struct role_plan *plan,
                      const struct role_listener *listeners, size_t listener_count,
                      int settings, int signing);
void generation_free(struct generation *generation);
void generation_leave(struct generation *generation);
void generation_kill(struct generation *generation);
/* A worker got ready, or is gone for good. */
void generation_look(struct generation *generation);
void generation_on_tick(struct generation *generation, int64_t now_ms);

/* ---- pairs.c ---------------------------------------------------------------------------- */

/* Room for the pairs of each kind that the plan wants beside gateways, none of them open yet.
   False: no memory. */
YETT_MUST_USE
bool pairs_make(struct generation *generation);

/* Open them all.  False with errno; pairs_close() then, too. */
YETT_MUST_USE
bool pairs_open(struct generation *generation);
void pairs_close(struct generation *generation);

/* Those of a place hold what they should, whatever somebody who had them set. */
void pairs_size(const struct generation *generation, size_t place);

/* ---- worker.c --------------------------------------------------------------------------- */

void worker_start(struct worker *worker, int64_t now_ms);
const char *worker_name(const struct worker *worker); /* "gateway" */
/* The gateway that it stands beside has a process. */
bool worker_has_gateway(const struct worker *worker);
void worker_forget(struct worker *worker); /* its process, alive or not */
void worker_leave(struct worker *worker);
void worker_kill(struct worker *worker);
/* Its process ended with `status`; what it said last is read first. */
void worker_on_exit(struct worker *worker, int status);

/* ---- watch.c ---------------------------------------------------------------------------- */

/* A process of a gateway is gone: blame, log, start another one. */
void watch_death(struct worker *worker, int status);
/* Heartbeats, and waits that are over. */
void watch_on_tick(struct worker *worker, int64_t now_ms);
/* Is at least one gateway at work? */
bool watch_is_well(const struct supervisor *supervisor, int64_t now_ms);
/* "died of signal 11 (Segmentation fault)" */
void watch_describe(int status, char *out, size_t size);

/* ---- status.c, document.c --------------------------------------------------------------- */

/* Listen where `plan` says, for those whom it says; what does not work is logged. */
void status_settle(struct supervisor *supervisor, const struct role_plan *plan);
void status_close(struct supervisor *supervisor);

/* The answer to `yett status`. */
void document_write(const struct supervisor *supervisor, int64_t now_ms, struct buf *out);

/* ---- notify.c --------------------------------------------------------------------------- */

void notify_begin(struct supervisor *supervisor);
void notify_ready(struct supervisor *supervisor);
void notify_reloading(struct supervisor *supervisor);
void notify_stopping(struct supervisor *supervisor);
void notify_on_tick(struct supervisor *supervisor, int64_t now_ms);

#endif
