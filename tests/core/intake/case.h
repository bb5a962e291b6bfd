/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_INTAKE_CASE_H
#define YETT_TESTS_CORE_INTAKE_CASE_H

#include "core/intake/parts.h"
#include "core/zone/zone.h"
#include "support/sign.h"

/*
 * case: a gate with a zone behind it, and a mail server in front of it.
 *
 * A message is text with CRLF line ends; it is cut into fields and handed over as a mail
 * server does.  case_judge() does so with answers and pieces coming in every way there is,
 * and everything that comes out must be the same.
 */
enum { CASE_NOW = 1764000000, CASE_NOTED_MAX = 8, CASE_RCPT_MAX = 8 };

enum case_schedule {
    CASE_WARM,     /* all answers lie ready */
    CASE_LATE,     /* none before the end of the body, then round by round */
    CASE_EARLY,    /* all that is wanted, after each event */
    CASE_BACKWARD, /* after the end of the body, one at a time, the last one first */
    CASE_TRICKLE,  /* one answer after each event */
    CASE_SCHEDULES
};

struct intake_case {
    struct crypto *crypto;
    struct sign_key *key;
    struct config config;
    struct config_listener listener;
    struct intake_house house;
    struct arena *zone_arena;
    struct zone *zone;
    struct intake *intake;

    /* what the mail server says; changed by a test before case_judge() */
    char *message;
    const char *client; /* NULL: none */
    const char *helo;
    const char *mail_from;
    const char *rcpt[CASE_RCPT_MAX];
    size_t rcpt_count;
    const char *login;
    bool local;
    int64_t now_s;
    bool folds_are_crlf;
    size_t piece_bytes; /* of the body */
    bool no_answers;    /* only the time-out ends it */

    /* what the house saw and says */
    uint64_t poison; /* this fingerprint took workers down; 0: none */
    bool poison_everything;
    size_t enters;
    uint64_t last_entered;
    int64_t first_s; /* when it was first deferred; 0: never */
    size_t asked_for_first;
    size_t noted;
    uint64_t noted_key;

    struct dns_question open[400]; /* given out and not answered */
    size_t open_count;
    const struct intake_decision *decision;
    char *summary;
};

int case_setup(void **state);
int case_teardown(void **state);

/* A new intake with the settings as they are now; with ceilings of its arenas if not zero. */
void case_open(struct intake_case *c, struct intake_ceilings ceilings);

void case_set_zone(struct intake_case *c, const char *text);
void case_set_message(struct intake_case *c, const char *text);
void case_add_to_header(struct intake_case *c, const char *fields); /* on top */
void case_sign(struct intake_case *c);

/* The pieces of a message, for tests that break off. */
void case_connect(struct intake_case *c);
void case_mail(struct intake_case *c);
void case_rcpts(struct intake_case *c);
void case_header(struct intake_case *c, enum case_schedule schedule);
void case_body(struct intake_case *c, enum case_schedule schedule);

/* Answer what is open by the schedule, until nothing more is wanted. */
void case_answer(struct intake_case *c, enum case_schedule schedule, bool at_end);

/* One whole message; asserts that there is a decision at the end. */
const struct intake_decision *case_run(struct intake_case *c,
                                       enum case_schedule schedule);

/* In every schedule, with several cuts of the body; asserts that all come to the same.  The
   decision is that of the last one. */
const struct intake_decision *case_judge(struct intake_case *c);

void case_expect(struct intake_case *c, enum event_outcome outcome, const char *rule);

/* The value of the edit that adds a field of this name, or SLICE_NONE. */
slice case_added(const struct intake_decision *decision, const char *name);
size_t case_count(const struct intake_decision *decision, enum intake_edit_kind kind);
bool case_has(slice text, const char *part);

/* The header as it is after the edits, removed by occurrence as mail servers do it, as text;
   asserts that index and occurrence mean the same field.  On the heap. */
char *case_edited_header(const struct intake_case *c);

#endif
