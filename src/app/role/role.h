/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_ROLE_ROLE_H
#define YETT_APP_ROLE_ROLE_H

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/slice.h"
#include "core/config/config.h"
#include "edge/log/log.h"
#include "edge/sandbox/sandbox.h"
#include "edge/scoreboard/scoreboard.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * role: what the supervisor and the processes that it starts say to each other (role.c), and
 * what they do alike (life.c, options.c, complaints.c, begin.c).
 *
 * A role is this program again, started by fork and exec as `yett --role=NAME …`.  It finds
 * its descriptors at fixed numbers (which sentences about a missing one name as well) and talks
 * over a SOCK_SEQPACKET pair in messages of one fixed size, of which a reader believes nothing
 * that it did not check.
 *
 *     yett --role=settings [--config=PATH] [--zone=PATH] [--override=TEXT]…
 *     yett --role=gateway --slot=N --listeners=N --settings=FINGERPRINT
 *          --sandbox=required|best-effort [--uid=N --gid=N] [--zone=PATH] [--now=EPOCH]
 *     yett --role=keeper --slot=N --rate=N --log=TARGET --log-format=FORMAT
 *          --sandbox=required|best-effort [--uid=N --gid=N] [--now=EPOCH]
 *     yett --role=examiner --slot=N --log=TARGET --log-format=FORMAT
 *          --sandbox=required|best-effort [--uid=N --gid=N]
 *
 * After the program was replaced by another version, the supervisor is still the old one
 * and what it starts are new ones: ROLE_VERSION changes with anything in here.
 */
enum { ROLE_VERSION = 5 };

enum role_descriptor {
    ROLE_CONTROL = 3,    /* the pair */
    ROLE_SCOREBOARD = 4, /* all but the settings role */
    /* memfd: settings as text, complete, without includes; the settings role writes it, the
       gateway reads it */
    ROLE_SETTINGS = 5,
    /* memfd: the table of core/signing; the settings role writes it, gateways and keepers map
       it.  This one and the next are closed where nothing is signed. */
    ROLE_SIGNING = 6,
    /* an end of the pair that a gateway and its keeper have (core/keeper) */
    ROLE_KEEPER = 7,
    /* the same of a gateway and its examiner (edge/handover); closed where there is none */
    ROLE_EXAMINER = 8,
    ROLE_FIRST_LISTENER = 9
};

enum role_kind {
    ROLE_READY, /* role: everything is open, the walls stand; or settings: read, `plan` */
    ROLE_FAILED, /* role: `text` says why; it leaves by itself */
    ROLE_LISTEN, /* settings: one listener of the plan, before ROLE_READY */
    ROLE_LEAVE,  /* supervisor: finish what is in work, at the latest in `deadline_ms` */
    ROLE_LEAVING /* gateway: it accepts no more */
};

enum { ROLE_TEXT_MAX = 400, ROLE_ADDRESS_MAX = 128, ROLE_LISTENERS_MAX = 32 };

/* What the supervisor must know of the settings. */
struct role_plan {
    uint32_t workers;
    uint32_t listener_count;
    uint32_t sandbox_required;
    uint32_t uid, gid, has_user;     /* who the gateways become */
    uint32_t keeper_uid, keeper_gid; /* who the keepers become, where has_user */
    uint32_t signs;                  /* there is a table, and a keeper for each gateway */
    uint32_t examines;               /* there is an examiner for each gateway */
    uint32_t rate_per_domain;        /* signatures a minute; 0: without end */
    uint32_t rotates;                /* keys of some domain change by themselves */
    uint32_t log_target, log_format; /* enum config_log_target, _format */
    uint32_t shutdown_ms;            /* for messages in work when leaving */
    char fingerprint[17];            /* of the settings, hexadecimal */
    char status_socket[ROLE_ADDRESS_MAX];
    uint32_t status_mode, status_gid, has_status_gid; /* of that file */
    char workers_why[80];                             /* so many: "as set" */
};

/* A listener: "inet:127.0.0.1:8891", "inet:[::1]:8891", "unix:/path". */
struct role_listener {
    char address[ROLE_ADDRESS_MAX];
    uint32_t mode;         /* of a unix socket */
    uint32_t gid, has_gid; /* of a unix socket */
};

struct role_message {
    uint32_t version, size; /* filled in by role_send() */
    uint32_t kind;          /* enum role_kind */
    uint32_t deadline_ms;
    union {
        struct role_plan plan;
        struct role_listener listener;
        char text[ROLE_TEXT_MAX]; /* ends in NUL */
    };
};

/* Does not wait.  YETT_IO when the other side is gone, or has not read for long. */
YETT_MUST_USE
enum yett_err role_send(int fd, const struct role_message *message);

/* A message of `kind` with as much of `text` as there is room for; the last word of a role,
   whether somebody hears it or not. */
void role_say(int fd, enum role_kind kind, slice text);

/* Does not wait.  YETT_NEED_ANSWERS: nothing there; YETT_IO: the other side is gone;
   YETT_BAD_SYNTAX: not of this form or this version (`*out` is then all zero).  Texts end in
   NUL, numbers are whatever the other side wrote. */
YETT_MUST_USE
enum yett_err role_receive(int fd, struct role_message *out);

/* ---- life.c ----------------------------------------------------------------------------- */

enum role_exit { ROLE_ORDERLY = 0, ROLE_NOT_BEGUN = 1, ROLE_WRONG_USE = 2 };

/* A role from its command line to its end.  What it keeps is `size` octets, zeroed, and is
   handed to all that follow, which are called in this order. */
struct role_life {
    size_t size;
    bool (*read)(void *role, int argc, char **argv);
    bool (*open)(void *role, slice *why); /* all that is opened, the walls last */
    bool (*start)(void *role);            /* false: no memory */
    void (*work)(void *role);             /* until it leaves */
    void (*close)(void *role);            /* as far as it is open */
};

/* Live it: READY or FAILED is said behind `start`.  Returns the exit status (role_exit). */
int role_live(const struct role_life *life, int argc, char **argv);

/* Read what the supervisor says to a role that has nothing to finish.  True: it says leave, or
   is gone. */
YETT_MUST_USE
bool role_hears_leave(void);

/* ---- options.c -------------------------------------------------------------------------- */

/* What all that are started have on their command lines. */
struct role_options {
    unsigned slot;
    bool has_now, has_uid, has_gid;
    int64_t now_s;
    struct sandbox_user user;
    enum config_sandbox sandbox;
    enum config_log_target log_target;
    enum config_log_format log_format;
};

/* Read the command line of the role `name`.  `read_own` (NULL: none) reads what only this role
   has, and says false to the rest; an argument ends in NUL.  False after a word to standard
   error. */
YETT_MUST_USE
bool role_read_options(int argc, char **argv, const char *name, struct role_options *out,
                       bool (*read_own)(void *context, slice argument), void *context);

/* A decimal number up to `max`.  False: it is none, and `*out` stays. */
YETT_MUST_USE
bool role_read_number(slice value, uint64_t max, uint64_t *out);

/* ---- complaints.c ----------------------------------------------------------------------- */

/* Of who misbehaves, within a minute: he is named, but not as often as he likes. */
struct role_complaints {
    int64_t minute_ends_ms;
    unsigned said, kept_back;
};

/* Is this minute over?  Then so many were kept back in it, which is to be said.  Call it before
   each complaint, and once a second. */
YETT_MUST_USE
unsigned role_end_minute(struct role_complaints *complaints, int64_t now_ms);

/* There may be one more; else it is counted. */
YETT_MUST_USE
bool role_may_complain(struct role_complaints *complaints);

/* ---- begin.c ---------------------------------------------------------------------------- */

/* The board, of which we can write nothing but our slot from here on, and deferrals where we
   note such, whoever takes us over.  NULL with `*why`, a sentence, static or in `arena`. */
YETT_MUST_USE
struct scoreboard *role_open_scoreboard(struct arena *arena, unsigned slot,
                                        bool notes_deferrals, slice *why);

/* Become `user` and build the walls of `role`.  False with `*why`, a sentence in `arena`; where
   less than `wanted` is enough, what could not be had is only logged. */
YETT_MUST_USE
bool role_lock_in(struct arena *arena, enum sandbox_role role,
                  const struct sandbox_user *user, enum config_sandbox wanted,
                  struct log *log, slice *why);

#endif
