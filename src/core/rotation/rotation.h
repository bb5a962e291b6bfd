/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_ROTATION_ROTATION_H
#define YETT_CORE_ROTATION_ROTATION_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/crypto/crypto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * rotation: the keys of one signing domain over time, and what is to be done next.
 *
 * A key is made (pending), signs once every authoritative server shows its record (active),
 * signs no more when another took its place (retiring), and may be withdrawn when the last
 * signature made with it has long expired.  Pure: the clock and what the servers show are
 * handed in, the caller does what step.c says and notes it with the functions of change.c;
 * text.c is the file that the state is kept in.
 *
 * Clocks are wrong at times.  Where a key's time is later than the clock, one of the two is,
 * and nothing is done until somebody says that it is right now (rotation_set_right()).  Where
 * the clock went on for long and nobody looked, it may have jumped: of that time nothing counts
 * for records that are to go (rotation_see()).
 */

enum rotation_phase {
    ROTATION_PENDING, /* made; its record is not everywhere yet */
    ROTATION_ACTIVE,  /* signs */
    ROTATION_RETIRING /* signs no more; its record stays until `until_s` */
};

struct rotation_key {
    slice selector; /* normal form */
    enum crypto_key_type type;
    enum rotation_phase phase;
    int64_t since_s; /* in this phase */
    int64_t until_s; /* retiring: the first second in which it may be withdrawn; else 0 */
};

enum { ROTATION_KEYS_MAX = 32 };

struct rotation {
    struct rotation_key
        keys[ROTATION_KEYS_MAX]; /* in the order in which they were made */
    size_t count;
    int64_t
        seen_s; /* the clock when somebody last looked at those that retire; 0: not known */
};

/* ---- the file -------------------------------------------------------------------------- */

/*
 * Read the text that rotation_write() wrote; an empty text is no key at all.  Lines that are
 * empty or begin with "#" are passed over.
 *
 * YETT_BAD_SYNTAX with `*line` (from 1) and `*why`, a static phrase; YETT_LIMIT likewise for
 * more than ROTATION_KEYS_MAX keys; YETT_NO_MEMORY.  Selectors live in `arena`.
 */
YETT_MUST_USE
enum yett_err rotation_parse(struct arena *arena, slice text, struct rotation *out,
                             size_t *line, const char **why);
void rotation_write(struct buf *buf, const struct rotation *rotation);

/* ---- what is next ---------------------------------------------------------------------- */

struct rotation_settings {
    bool rsa, ed25519;  /* keys of which kind sign; at least one */
    int64_t interval_s; /* a key signs for so long; 0: until somebody asks for the next */
    int64_t expire_s;   /* from t= to x= of a signature */
    int64_t grace_s; /* beyond it: 7 days; mail waits in queues, and clocks are wrong */
};

/* What the authoritative servers of the zone have at a key's name. */
enum rotation_view {
    ROTATION_UNKNOWN,   /* not asked, or not all could be */
    ROTATION_SHOWN,     /* its record, all of them */
    ROTATION_PARTLY,    /* its record, some of them */
    ROTATION_ABSENT,    /* nothing, all of them */
    ROTATION_DIFFERENT, /* another record, at least one of them */
};

enum rotation_step {
    ROTATION_REST,     /* nothing before `at_s` */
    ROTATION_GENERATE, /* make keys of `types`, then rotation_add() */
    ROTATION_PUBLISH,  /* put the records of `keys` into DNS */
    ROTATION_WAIT,     /* the records of `keys` are not everywhere yet */
    ROTATION_STOP,     /* another record stands in the place of one of `keys`, or they are
                          rotation_is_later() than the clock */
    ROTATION_ACTIVATE, /* rotation_activate(), then new gateways */
    ROTATION_WITHDRAW, /* take the records of `keys` out of DNS */
    ROTATION_FORGET    /* their records are gone: rotation_remove(), delete the files */
};

struct rotation_next {
    enum rotation_step step;
    bool keys[ROTATION_KEYS_MAX]; /* those it is about, by index */
    bool rsa, ed25519;            /* ROTATION_GENERATE: kinds to be made */
    int64_t at_s;       /* ROTATION_REST: when to look again; INT64_MAX: when told to */
    const char *reason; /* a static phrase for people */
};

/*
 * The next step.  `views` has one for each key.  `wanted`: somebody asked for new keys now;
 * it counts only while none is pending.
 */
struct rotation_next rotation_next(const struct rotation *rotation,
                                   const struct rotation_settings *settings,
                                   const enum rotation_view *views, bool wanted,
                                   int64_t now_s);

/* It is in its phase since a time that is more than a day from now. */
bool rotation_is_later(const struct rotation_key *key, int64_t now_s);

/* ---- what was done --------------------------------------------------------------------- */

/* A selector for a key made at `now_s` that no key of `rotation` has: "s20261125r" for RSA,
   "…e" for Ed25519, then "…r2".  YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err rotation_selector(struct arena *arena, const struct rotation *rotation,
                                enum crypto_key_type type, int64_t now_s, slice *out);

/* A key was made.  YETT_LIMIT when there are too many, YETT_BAD_SYNTAX when there is one of
   this selector. */
YETT_MUST_USE
enum yett_err rotation_add(struct rotation *rotation, slice selector,
                           enum crypto_key_type type, int64_t now_s);

/* Pending keys sign from now on, and those that did so far retire. */
void rotation_activate(struct rotation *rotation,
                       const struct rotation_settings *settings, int64_t now_s);

/* That one signs no more.  A pending one may be withdrawn at once. */
void rotation_retire(struct rotation *rotation, size_t index,
                     const struct rotation_settings *settings, int64_t now_s);

/* A retiring one was still signed with at `now_s`: it may be withdrawn only so much later.  False
   when nothing had to be changed for that, or little. */
bool rotation_prolong(struct rotation *rotation, size_t index,
                      const struct rotation_settings *settings, int64_t now_s);

/* Whoever is there says that the clock is right: the time of keys that are later than it begins
   now.  False when there are none. */
bool rotation_set_right(struct rotation *rotation,
                        const struct rotation_settings *settings, int64_t now_s);

/*
 * Note that somebody looks at the state now; before rotation_next().  When nobody did for
 * longer than the grace, keys that retire may be withdrawn so much later, and `prolonged`
 * tells which; each once, and none where `is_sure`.  True when there is something to be
 * written.
 */
bool rotation_see(struct rotation *rotation, const struct rotation_settings *settings,
                  bool is_sure, int64_t now_s, bool prolonged[ROTATION_KEYS_MAX]);

/* It is gone.  Those behind it move up. */
void rotation_remove(struct rotation *rotation, size_t index);

/* Its index, or `count`. */
size_t rotation_find(const struct rotation *rotation, slice selector);

#endif
