/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_SUPPORT_ANSWERS_H
#define YETT_TESTS_SUPPORT_ANSWERS_H

#include "core/base/arena.h"
#include "core/dns/dns.h"
#include "core/zone/zone.h"

/*
 * answers: the three ways in which answers may come to an evaluator.  Every evaluation in
 * the tests is run in all three, and must end the same.
 */
enum answers_schedule {
    ANSWERS_WARM,  /* everything is known at once */
    ANSWERS_ROUND, /* all wanted questions are answered, then it starts again */
    ANSWERS_EACH   /* only the first wanted question is answered */
};

#define ANSWERS_SCHEDULES 3

struct answers_run {
    struct arena *evidence;
    struct arena *scratch;
    struct zone *zone;
    struct dns_answers *answers;
    struct dns_questions wanted;
    struct dns_view view;
    enum answers_schedule schedule;
    unsigned rounds;
};

/* Asserts that the zone text parses. */
void answers_begin(struct answers_run *run, const char *zone_text,
                   enum answers_schedule schedule);

/*
 * Call `evaluate` (with the scratch arena rewound) until it returns something other than
 * YETT_NEED_ANSWERS, answering by the schedule.  Asserts that each round that needs answers
 * asked for some, and that there are at most 500.
 */
enum yett_err answers_run(struct answers_run *run,
                          enum yett_err (*evaluate)(void *context, struct arena *scratch,
                                                    struct dns_view *view),
                          void *context);
void answers_end(struct answers_run *run);

#endif
