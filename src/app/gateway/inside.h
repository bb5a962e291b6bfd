/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_GATEWAY_INSIDE_H
#define YETT_APP_GATEWAY_INSIDE_H

#include "app/role/role.h"
#include "app/shares/shares.h"
#include "core/config/config.h"
#include "core/event/event.h"
#include "core/intake/intake.h"
#include "core/milter/milter.h"
#include "edge/keeper/keeper.h"
#include "edge/log/log.h"
#include "edge/loop/loop.h"
#include "edge/milter/milter.h"
#include "edge/scoreboard/scoreboard.h"

/* inside: what the files of this folder know of each other. */

/* Sessions whose end of body came, in the order in which their time is up. */
struct deadline_line {
    struct gateway_session *first, *last;
};

/* Networks whose mail is looked into, in this minute.  The log and yett-serve(8) say so many. */
enum { SHARES = 256, SHARE_A_MINUTE = 20 };

struct shares_of_examiner {
    int64_t minute_ends_ms;
    struct share {
        uint64_t name; /* a hash */
        unsigned taken;
    } list[SHARES];
};

enum { GATEWAY_IDS_KEPT = 64, GATEWAY_ID_OCTETS = 10 /* give 16 letters of 5 bits */ };

struct gateway {
    struct role_options options;
    unsigned listeners;    /* so many were handed over */
    const char *zone_path; /* NULL: DNS */
    slice settings;        /* fingerprint */
    struct arena *arena;   /* settings and shares */
    struct config config;
    struct loop *loop;
    struct scoreboard *board;
    struct log *log;
    struct shares shares;
    struct intake_house house;
    struct signing_house signing;
    struct sealing_house sealing;
    struct keeper_client *keeper; /* NULL: nothing is signed */
    bool has_examiner;            /* what failed is handed over */
    struct shares_of_examiner examiner_shares;

    struct milter_server *server;
    struct loop_watch *control;
    struct loop_timer *second;      /* heartbeat and figures */
    struct loop_timer *deadline;    /* of messages */
    struct loop_timer *leave_limit; /* when leaving */
    bool leaving, left;
    int64_t leave_due_ms;

    struct deadline_line waiting;
    size_t messages;         /* in work */
    size_t messages_peak;    /* the most since memory was given back */
    uint64_t messages_begun; /* of all time */

    uint8_t ids[GATEWAY_IDS_KEPT][GATEWAY_ID_OCTETS]; /* random octets not yet used */
    size_t ids_left;

    struct arena *lines; /* one line of the log, one case for the examiner */
    struct role_complaints complaints;
    int64_t unexamined_told_ms;           /* 0: never */
    struct milter_statistics told_server; /* so much is in the counters */
    struct resolver_statistics told_resolver;
    uint64_t told_log_lost;
};

/* ---- options.c -------------------------------------------------------------------------- */

/* As struct role_life wants it: the context is the struct gateway.  So in open.c. */
YETT_MUST_USE
bool gateway_read_options(void *context, int argc, char **argv);

/* ---- open.c ----------------------------------------------------------------------------- */

/* Everything that is opened before the walls stand, and the walls.  `why` (in the arena, or
   static) for people. */
YETT_MUST_USE
bool gateway_open(void *context, slice *why);
void gateway_close(void *context);

/* ---- house.c ---------------------------------------------------------------------------- */

YETT_MUST_USE
bool house_open(struct gateway *gateway);
void house_close(struct gateway *gateway);

/* ---- session.c -------------------------------------------------------------------------- */

extern const struct milter_handler session_handler; /* but for its context */

/* The deadline of messages that wait. */
void session_on_deadline(void *gateway);

/* ---- sign.c ----------------------------------------------------------------------------- */

/*
 * Have signed what `intake` wants signed.  The call that was made, or NULL: nothing is to be
 * signed, or nothing can be, and intake has been told.  `done` is called later, once the
 * answer has been given to intake.
 */
struct keeper_call *sign_ask(struct gateway *gateway, struct intake *intake,
                             void (*done)(void *context, const struct keeper_reply *reply,
                                          const char *why),
                             void *context);

/* Its answer, in `done`, is for this intake. */
void sign_answer(struct gateway *gateway, struct intake *intake,
                 const struct keeper_reply *reply, const char *why);

/* ---- examine.c -------------------------------------------------------------------------- */

/* Give the examiner what failed of the message that was decided just now. */
void examine_failed(struct gateway *gateway, const struct intake *intake);

/* ---- share.c ---------------------------------------------------------------------------- */

/* One more message of this client's network is looked into.  False: it has had its share. */
YETT_MUST_USE
bool share_take(struct gateway *gateway, struct ip client);

/* ---- tell.c ----------------------------------------------------------------------------- */

void tell_count(struct gateway *gateway, enum scoreboard_counter which, uint64_t more);

/* A message was decided, `elapsed_ms` after its MAIL. */
void tell_event(struct gateway *gateway, const struct event *event, int64_t elapsed_ms);

/* A peer broke the protocol, went away in the middle, or was silent for too long. */
void tell_fault(struct gateway *gateway, slice listener, slice peer, slice why);

/* A message was not signed, since its keeper did not do it. */
void tell_unsigned(struct gateway *gateway, slice why);

/* What failed of a message is not looked into: once an hour, `why` is said as well. */
void tell_unexamined(struct gateway *gateway, slice why);

/* Figures, once a second. */
void tell_figures(struct gateway *gateway);

/* ---- planted.c, or unplanted.c ---------------------------------------------------------- */

/* Work on a message was allowed: the place where a planted fault strikes. */
void planted_strike(void);

#endif
