/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SEALING_SEALING_H
#define YETT_CORE_SEALING_SEALING_H

#include "core/arc/arc.h"
#include "core/base/arena.h"
#include "core/config/config.h"
#include "core/message/message.h"
#include "core/signing/signing.h"
#include "core/verdict/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * sealing: which mail gets a seal of ours (ARC, RFC 8617), and what it testifies.
 *
 * There are two occasions.
 *
 * At arrival: mail of others that is handed on, by its recipients or the host it goes to.  It
 * has been verified just now; the set testifies that, with the state in which its chain came.
 *
 * Of a list: mail that a list host of ours hands in again.  What the list does to it breaks
 * the author's signatures and the newest message signature of its chain; to verify it once
 * more would say nothing but that.  What counts is how it arrived here, and that stands in our
 * own Authentication-Results, which were added then and are believed because the host is
 * listed.  The chain's state is taken from there as well: cv= is about the chain as it
 * arrived (section 4.4), and the changes since then are what the new message signature answers
 * for.  Where the newest set is one of ours, added at arrival or when the message passed another
 * list here, what it testifies and what it says of the chain are such words of our own.
 *
 * occasion.c tells whether there is an occasion, when the header has come, begin.c what is
 * sealed, when all is known that the set testifies.  doubt.c keeps forgeries that pass a list
 * from being signed (DKIM).  Signing itself is a keeper's.
 */

/* ---- who seals -------------------------------------------------------------------------- */

/* What does not change from one message to the next. */
struct sealing_house {
    const struct config *config;
    bool seals;             /* there is a domain, and a key that may seal for it */
    struct signing_row row; /* that key's */
};

/* One set holds one signature of each kind, so one key seals: of those that may for
   sealing.domain the first RSA key, which every verifier knows, else the first.  `table` may be
   NULL: nothing is sealed. */
void sealing_house_init(const struct config *config, const struct signing_table *table,
                        struct sealing_house *out);

/* Mail that goes there is sealed; as the mail server writes it, in any case. */
bool sealing_has_next_hop(const struct sealing_house *house, slice host);

/* ---- the decision ----------------------------------------------------------------------- */

enum sealing_act {
    SEALING_NOT_ASKED, /* nothing is sealed here, or not such mail: nothing to say */
    SEALING_LEFT,      /* such mail, but there is nothing to be sealed */
    SEALING_FAILED,    /* it should be sealed, and cannot: for the log */
    SEALING_SEAL       /* it is to be sealed; in an event: it was */
};

const char *sealing_act_text(enum sealing_act act); /* "sealed", "unsealed", … */

struct sealing_decision {
    enum sealing_act act;
    slice rule;             /* stable words: "recipient", "next-hop", "list" */
    slice reason;           /* a sentence for people */
    slice domain, selector; /* of SEALING_SEAL: who seals */
    unsigned instance;      /* … which set it is, from 1 */
    enum arc_code cv;       /* … and what it says of the chain before it */
};

/* What is asked, when the header has come. */
struct sealing_question {
    const struct sealing_house *house; /* NULL: nothing is sealed here */
    enum config_listener_role role;
    struct verdict_envelope envelope;
    bool has_next_hop; /* of a recipient: sealing_has_next_hop() */
};

/*
 * Whether there is an occasion to seal: SEALING_SEAL with its rule, so that the body is
 * digested for it, or SEALING_NOT_ASKED.
 */
void sealing_find_occasion(const struct sealing_question *question,
                           struct sealing_decision *out);

/* The occasion is that of a list: nothing was verified. */
bool sealing_is_of_list(const struct sealing_decision *decision);

/*
 * Begin to seal a message that an occasion was found for and that is let in, its body ended.
 * `verdict` is NULL for mail of a list.  `*seal` is then to be signed, and `decision` says as
 * what; or it is NULL and `decision` says why not.  Both live in `arena`; `chain` is as
 * arc_prepare_seal() wants it and outlives them.  YETT_OK, or YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err sealing_begin(struct arena *arena, const struct sealing_house *house,
                            const struct message_header *header,
                            const struct arc_chain *chain, const struct verdict *verdict,
                            int64_t now_s, struct sealing_decision *decision,
                            struct arc_seal **seal);

/*
 * Whether our own results in mail that is handed in again say that it was not mail of `author`
 * (normal form) when it arrived: then it must not be signed as such.  Where they are about another
 * author, since the list put itself into From, or there are none, since our own user handed
 * it in, they do not.  YETT_OK or YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err sealing_doubts(struct arena *arena, const struct config *config,
                             const struct message_header *header, slice author,
                             bool *out);

#endif
