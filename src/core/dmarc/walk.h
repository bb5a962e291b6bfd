/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DMARC_WALK_H
#define YETT_CORE_DMARC_WALK_H

#include "core/dmarc/dmarc.h"

/*
 * walk: asking for policy records, and the DNS tree walk (RFC 9989 section 4.10).
 *
 * A place is a domain that was asked for a policy record; in one evaluation each is asked
 * once, whoever walks past.  A walk is a list of places.  A place without an answer (a
 * failing server, no reply) is open: the walk goes on above it, and what it comes to is
 * judged under each thing that could be there, see dmarc_guesses().
 */
enum dmarc_place_state {
    DMARC_PLACE_EMPTY,   /* no record of DMARC */
    DMARC_PLACE_SEVERAL, /* more than one: as good as none in RFC 9989 */
    DMARC_PLACE_RECORD,
    DMARC_PLACE_OPEN
};

struct dmarc_place {
    slice domain; /* without "_dmarc."; empty: another question, among the steps */
    enum dmarc_place_state state;
    const struct dmarc_record *record;
    struct dmarc_step step;
    struct dmarc_place *next;
};

/* All that one evaluation asked, in order. */
struct dmarc_survey {
    struct arena *arena;
    enum dmarc_standard standard;
    struct dns_view *dns;
    struct dmarc_place *first;
    struct dmarc_place *last;
    size_t count;
};

/* Ask at `domain`, or take what was learnt there before.  `why` is for the story. */
YETT_MUST_USE
enum yett_err dmarc_survey_ask(struct dmarc_survey *survey, slice domain, slice why,
                               const struct dmarc_place **out);

/* Note a question that was asked for something else than a policy record. */
YETT_MUST_USE
enum yett_err dmarc_survey_add_step(struct dmarc_survey *survey, struct dmarc_step step);

YETT_MUST_USE
enum yett_err dmarc_survey_steps(const struct dmarc_survey *survey,
                                 const struct dmarc_step **steps, size_t *count);

/* Write down the question for the record at `domain`. */
void dmarc_ask_place_ahead(struct dns_view *dns, slice domain);

enum { DMARC_WALK_MAX = 8 };

struct dmarc_walk {
    slice start;
    const struct dmarc_place *places[DMARC_WALK_MAX]; /* longest first */
    size_t count;
};

/* The names that a walk from `start` may ask, longest first; how many. */
size_t dmarc_walk_names(slice start, slice names[DMARC_WALK_MAX]);

/* Walk.  `why` is for the first place, `why_above` for the others. */
YETT_MUST_USE
enum yett_err dmarc_walk_run(struct dmarc_survey *survey, slice start, slice why,
                             slice why_above, struct dmarc_walk *out);

/* What may stand at a place, as far as walks see it. */
enum dmarc_find {
    DMARC_FIND_NOTHING,
    DMARC_FIND_RECORD,
    DMARC_FIND_PSD_NO,
    DMARC_FIND_PSD_YES
};

/*
 * An assumption about open places: `find` stands at `place`, nothing at all others.
 *
 * Checking one such place at a time is enough.  Where two walks end is decided by the first
 * psd= on the way, or else by the topmost record.  If several assumed records together make
 * two walks end apart (or together), then one of them alone, the deciding one, does so too,
 * or they did already without any.
 */
struct dmarc_guess {
    const struct dmarc_place *place; /* NULL: nothing at any open place */
    enum dmarc_find find;
};

/* 1 for nothing at all, 3 for each open place of two walks. */
enum { DMARC_GUESSES_MAX = 1 + 2 * DMARC_WALK_MAX * 3 };

/* All guesses about the open places of `a` and of `b`, which may be NULL; how many. */
size_t dmarc_guesses(const struct dmarc_walk *a, const struct dmarc_walk *b,
                     struct dmarc_guess out[DMARC_GUESSES_MAX]);

enum dmarc_find dmarc_place_find(const struct dmarc_place *place,
                                 struct dmarc_guess guess);

/* The organizational domain of the walk's start (section 4.10.2). */
slice dmarc_walk_organizational(const struct dmarc_walk *walk, struct dmarc_guess guess);

/* The place of the policy record for the walk's start (section 4.10.1), or NULL. */
const struct dmarc_place *dmarc_walk_policy_place(const struct dmarc_walk *walk,
                                                  struct dmarc_guess guess);

#endif
