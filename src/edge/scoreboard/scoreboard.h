/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_SCOREBOARD_SCOREBOARD_H
#define YETT_EDGE_SCOREBOARD_SCOREBOARD_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * scoreboard: memory that the supervisor and all gateways share (memfd): for each worker its
 * heartbeat, its counters and what it works on; for all, the messages that took workers down
 * and those that were deferred.
 *
 * scoreboard.c makes and maps it, names.c names what it counts, slot.c is a worker's part,
 * poison.c the messages nobody may touch, deferral.c those that are to come again; inside.h
 * says what is shared.
 *
 * All values are lock-free atomics: a worker that dies in the middle of a write leaves
 * nothing locked.  The supervisor believes no value more than a bound allows: a worker that
 * was taken over may write anything into its own slot and, if it is a gateway, among the
 * deferrals, and, once it is confined, nowhere else.  So it can neither have others killed,
 * whose heartbeats and work are out of its reach, nor a message poisoned that it does not die
 * of.  Who holds a slot, and who was blamed how often, is not shared: it is known to the process
 * that noted it.  A slot or an index that does not exist is ignored, and reads as 0.
 */
enum {
    SCOREBOARD_SLOTS = 768,   /* two generations of the most workers, and who is beside */
    SCOREBOARD_POISONS = 256, /* fingerprints remembered */
    SCOREBOARD_DEFERRALS = 32768 /* deferral keys remembered */
};

/* Counters of a worker, in the order of `yett status`. */
enum scoreboard_counter {
    COUNT_CONNECTIONS,         /* accepted */
    COUNT_CONNECTIONS_REFUSED, /* over the limit */
    COUNT_CONNECTIONS_BROKEN,  /* peers that broke the protocol or went away */
    COUNT_CONNECTIONS_TIMED_OUT,
    COUNT_MESSAGES, /* decided */
    COUNT_ACCEPTED,
    COUNT_TAGGED,      /* of the accepted */
    COUNT_QUARANTINED, /* by field or held */
    COUNT_DEFERRED,
    COUNT_REJECTED,
    COUNT_OBSERVED, /* where observe kept enforce from doing more */
    COUNT_SUBMISSIONS,
    COUNT_ABORTED, /* the mail server gave up before the end */
    COUNT_INTERNAL_ERRORS,
    COUNT_POISONED, /* answered without being parsed */
    COUNT_DMARC_PASS,
    COUNT_DMARC_FAIL,
    COUNT_DMARC_NONE,
    COUNT_DMARC_TEMPERROR,
    COUNT_DMARC_PERMERROR,
    COUNT_FIELDS_REMOVED,
    COUNT_BYTES,
    COUNT_DNS_ASKED,
    COUNT_DNS_CACHED,
    COUNT_DNS_TIMEOUTS,
    COUNT_DNS_FAILURES,
    COUNT_SIGNED,         /* messages */
    COUNT_SEALED,         /* messages */
    COUNT_SIGNING_FAILED, /* messages that a keeper did not sign, for whatever reason */
    COUNT_SIGNATURES,     /* by keepers: made */
    COUNT_SIGNATURES_REFUSED,  /* … a breach of the contract, or too many */
    COUNT_SIGNATURES_LIMITED,  /* … of the refused: too many */
    COUNT_AUTOPSIES,           /* by examiners: signatures that failed, looked into */
    COUNT_AUTOPSIES_EXPLAINED, /* … of which is known what was changed */
    COUNT_AUTOPSIES_LEFT, /* messages with such signatures that were not looked into */
    COUNT_LOG_LOST,
    COUNT_COUNTERS
};

/* Values that go up and down. */
enum scoreboard_gauge {
    GAUGE_CONNECTIONS,
    GAUGE_MESSAGES, /* in work */
    GAUGE_CACHE_ENTRIES,
    GAUGE_CACHE_BYTES,
    GAUGE_PENDING_BYTES,
    GAUGE_GAUGES
};

extern const char *const scoreboard_counter_names[COUNT_COUNTERS]; /* "messages" */
extern const char *const scoreboard_gauge_names[GAUGE_GAUGES];

struct scoreboard;

/* A new one, with its random key; `*fd` is for handing on, closes on exec, and is the
   caller's.  NULL: errno says why. */
YETT_MUST_USE
struct scoreboard *scoreboard_create(int *fd);

/* Map the one behind `fd`, which stays open.  NULL when it is none, or of another version. */
YETT_MUST_USE
struct scoreboard *scoreboard_attach(int fd);
void scoreboard_close(struct scoreboard *board);

/*
 * For ever take from this process the right to write anywhere but into `slot` and, if it is one
 * that decides (`notes_deferrals`), among the deferrals.  That holds together with the walls of
 * edge/sandbox, which keep it from stretching what it has mapped (mremap).  `fd` is the board's,
 * and to be closed afterwards.  Needs /proc.  False: errno says why, and the board is of no use
 * any more.
 */
YETT_MUST_USE
bool scoreboard_confine(struct scoreboard *board, int fd, size_t slot,
                        bool notes_deferrals);

/* For fingerprints and deferral keys; the same for all who share it. */
const uint8_t *scoreboard_key(const struct scoreboard *board);

/* ---- a worker's slot ------------------------------------------------------------------- */

void scoreboard_beat(struct scoreboard *board, size_t slot, int64_t now_ms);
void scoreboard_count(struct scoreboard *board, size_t slot,
                      enum scoreboard_counter which, uint64_t more);
void scoreboard_gauge(struct scoreboard *board, size_t slot, enum scoreboard_gauge which,
                      uint64_t value);
/* What the processor is busy with; 0: nothing. */
void scoreboard_work_on(struct scoreboard *board, size_t slot, uint64_t fingerprint);

/* ---- the supervisor -------------------------------------------------------------------- */

/* Take a free slot for a worker.  Its counters go on from where the slot's last holder left
   them: sums never fall.  SCOREBOARD_SLOTS when all are taken. */
size_t scoreboard_take_slot(struct scoreboard *board, unsigned generation);
void scoreboard_set_pid(struct scoreboard *board, size_t slot, pid_t pid);
void scoreboard_give_back(struct scoreboard *board, size_t slot);

/* 0: none yet.  From 0 to half of what fits; may lie in the future where a worker lies. */
int64_t scoreboard_heartbeat_ms(const struct scoreboard *board, size_t slot);
uint64_t scoreboard_work(const struct scoreboard *board, size_t slot);
pid_t scoreboard_pid(const struct scoreboard *board, size_t slot); /* 0: free */
unsigned scoreboard_generation(const struct scoreboard *board, size_t slot);

/* Sums over all slots, dead workers' included; at most INT64_MAX, which all readers can take,
   whatever a worker wrote. */
uint64_t scoreboard_sum(const struct scoreboard *board, enum scoreboard_counter which);
uint64_t scoreboard_gauge_sum(const struct scoreboard *board,
                              enum scoreboard_gauge which);

/* ---- messages that took workers down ---------------------------------------------------- */

/* Note that a worker died while it worked on this; how often that happened so far.  One
   process alone may do so.  0, which stands for no message, is never blamed.  Of more than
   SCOREBOARD_POISONS the least recently blamed is forgotten. */
unsigned scoreboard_blame(struct scoreboard *board, uint64_t fingerprint);
bool scoreboard_is_poisoned(const struct scoreboard *board,
                            uint64_t fingerprint); /* twice */

/* ---- deferrals --------------------------------------------------------------------------- */

/* When `key` was first noted within the last `horizon_s`, or `now_s`. */
int64_t scoreboard_first_deferred(const struct scoreboard *board, uint64_t key,
                                  int64_t now_s, int64_t horizon_s);
void scoreboard_note_deferral(struct scoreboard *board, uint64_t key, int64_t now_s,
                              int64_t horizon_s);

#endif
