/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_EXAMINER_INSIDE_H
#define YETT_APP_EXAMINER_INSIDE_H

#include "app/role/role.h"
#include "core/capture/capture.h"
#include "core/crypto/crypto.h"
#include "edge/log/log.h"
#include "edge/loop/loop.h"
#include "edge/scoreboard/scoreboard.h"

/* inside: what the files of this folder know of each other. */

struct examiner {
    struct role_options options;
    struct arena *arena; /* for as long as it lives */
    struct arena *table; /* of one case */
    struct crypto *crypto;
    struct loop *loop;
    struct scoreboard *board;
    struct log *log;

    struct loop_watch *control, *cases;
    struct loop_timer *second;
    struct role_complaints complaints;
    uint64_t told_log_lost;
    bool left;
};

/* ---- open.c ----------------------------------------------------------------------------- */

/* All that is opened before the walls stand, and the walls, of a struct examiner.  `why` (in the
   arena, or static) for people. */
YETT_MUST_USE
bool examiner_open(void *context, slice *why);
void examiner_close(void *context);

/* ---- examine.c -------------------------------------------------------------------------- */

/* Perform a case as it was handed over: a line of the log for each of its signatures. */
void examine_case(struct examiner *examiner, slice octets);

void examiner_count(const struct examiner *examiner, enum scoreboard_counter which,
                    uint64_t more);

/* ---- complain.c ------------------------------------------------------------------------- */

/* Say what was wrong with what the gateway handed over, but not more often than is of use. */
void examiner_complain(struct examiner *examiner, const char *what);

/* Say how many were not said, when a minute is over. */
void examiner_end_minute(struct examiner *examiner);

/* ---- work.c ----------------------------------------------------------------------------- */

/* A sign of life. */
void examiner_beat(struct examiner *examiner);

#endif
