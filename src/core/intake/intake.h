/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_INTAKE_INTAKE_H
#define YETT_CORE_INTAKE_INTAKE_H

#include "core/capture/capture.h"
#include "core/config/config.h"
#include "core/crypto/crypto.h"
#include "core/dmarc/dmarc.h"
#include "core/dns/dns.h"
#include "core/event/event.h"
#include "core/sealing/sealing.h"
#include "core/signing/signing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * intake: the gateway's decisions.  Mail events in; wants and a decision out.
 *
 * A session (one SMTP client of the mail server) is a `struct intake`; the milter and the
 * SMTP edge feed it the same events.  A message goes: intake_mail(), intake_rcpt() once or
 * more, intake_field() for each field, intake_end_of_header(), intake_body() for each piece,
 * intake_end_of_body(), and is over with intake_finish_message(), which may come at any
 * time (the client went away).
 *
 * DNS starts early.  After any event intake_next_want() gives out questions, each once; the
 * edge asks them and gives each answer to intake_answer(), in any order, at any time before
 * intake_finish_message().  When all that was wanted is answered, evaluation goes on by
 * itself and may want more.  The decision is there when intake_decision() is not NULL, at
 * the earliest with the end of the body.  intake_time_out() ends all waiting: what is open
 * counts as timed out.
 *
 * Mail of our own that is to be signed is digested as it passes.  With the end of its body
 * intake_next_signing() gives out what a keeper has to sign; intake_signed() takes the answer,
 * intake_signing_failed() that there will be none, and then the decision is there.
 *
 * Nothing here fails towards the caller: what goes wrong with a message (memory, a limit)
 * becomes its decision, by `on_internal_error`.
 *
 * session.c keeps what belongs to the session, message.c the message in work, removal.c
 * finds fields to be removed as they pass (also when a limit was exceeded), evaluate.c
 * calls the evaluators, decide.c makes the decision out of the verdict and fields.c what is
 * added, sign.c has it signed and draft.c makes the texts for that, seal.c has it sealed, ask.c
 * asks for both, capture.c keeps its text for an autopsy, fingerprint.c names a message by what
 * came of it so far, pool.c keeps arenas.
 */
struct intake;
struct intake_pool;

/* A fixed width, so that replies can be searched for it. */
enum { INTAKE_ID_LENGTH = 16 };

/* What all sessions of a process share.  It outlives them. */
struct intake_house {
    const struct config *config;
    slice settings; /* fingerprint of the settings */
    struct crypto *crypto;
    const struct dmarc_suffixes *suffixes; /* NULL unless RFC 7489 */
    struct dns_source source;              /* answers that lie ready: a cache, a zone */
    const struct signing_house *signing;   /* NULL: nothing is signed */
    const struct sealing_house
        *sealing; /* NULL: nothing is sealed; else nor is the above */
    struct intake_pool *pool;
    uint8_t key[16]; /* of fingerprints and deferral keys; same in all workers, random */

    void *context; /* of the functions, none of which may be NULL */
    /* INTAKE_ID_LENGTH characters for `out`, opaque and unique. */
    void (*draw_id)(void *context, char *out);
    /*
     * Work on a message begins, or goes on with more of it.  `fingerprint` names it by what
     * came so far, the same when the sender tries again.  False: it took workers down
     * before; it is not parsed, and answered by `on_internal_error`.
     */
    bool (*enter)(void *context, uint64_t fingerprint);
    /* When a message with this key was first deferred, or `now_s`. */
    int64_t (*first_deferred)(void *context, uint64_t key, int64_t now_s);
    void (*note_deferral)(void *context, uint64_t key, int64_t now_s);
};

/* Arenas that go from one message to the next.  At most `kept` pairs are kept. */
YETT_MUST_USE
struct intake_pool *intake_pool_new(size_t kept);
void intake_pool_free(struct intake_pool *pool);

/* NULL when out of memory.  `listener` is one of the house's configuration. */
YETT_MUST_USE
struct intake *intake_new(const struct intake_house *house,
                          const struct config_listener *listener);
void intake_free(struct intake *intake);

/* ---- the session ----------------------------------------------------------------------- */

/* A new client; what was known of another is forgotten, and its message.  `client` may be
   IP_NONE; `name` is what the mail server found for it. */
void intake_connect(struct intake *intake, struct ip client, slice name);
void intake_helo(struct intake *intake, slice helo);

/* ---- the message ----------------------------------------------------------------------- */

struct intake_mail {
    slice path;     /* with or without angle brackets; empty: null reverse-path */
    slice login;    /* empty: not logged in */
    slice queue_id; /* where known already */
    bool local;    /* it never came from the network: sendmail command, bounce, requeue */
    int64_t now_s; /* the time of this message, from here on */
};

void intake_mail(struct intake *intake, const struct intake_mail *mail);
void intake_rcpt(struct intake *intake, slice path);

/* Where the mail of the last recipient goes next, if the mail server says so. */
void intake_next_hop(struct intake *intake, slice host);
void intake_queue_id(struct intake *intake, slice queue_id);

/*
 * A header field as a peer cut it: `value` is all after the colon, leading space included,
 * line ends inside may be LF.  `is_cut`: it was so long that the edge dropped its end; the
 * message is then beyond the limits.
 */
void intake_field(struct intake *intake, slice name, slice value, bool is_cut);
void intake_end_of_header(struct intake *intake);
void intake_body(struct intake *intake, slice piece);

/* `now_s`: signatures are made at this time, which may be long after that of MAIL.  All else is
   judged as of MAIL. */
void intake_end_of_body(struct intake *intake, int64_t now_s);

/* The message is over, decided or not.  The session goes on. */
void intake_finish_message(struct intake *intake);

/* A message is in work: intake_mail() came, intake_finish_message() did not. */
bool intake_has_message(const struct intake *intake);

/* ---- wants ----------------------------------------------------------------------------- */

/* The next question to be asked, each once.  Its name is valid until the message is over. */
bool intake_next_want(struct intake *intake, struct dns_question *out);

/* The answer to a question that was given out.  Copied. */
void intake_answer(struct intake *intake, struct dns_question question,
                   const struct dns_answer *answer);

/* The end of the body came, and questions are open, or signatures. */
bool intake_is_waiting(const struct intake *intake);

/* The deadline of the message has come: whatever is or will be open counts as timed out. */
void intake_time_out(struct intake *intake);

/* ---- signatures ------------------------------------------------------------------------ */

/* What one request to a keeper asks: the texts of one message. */
struct intake_text {
    enum dkim_form form; /* which kind of field */
    slice octets;        /* as signer_make_draft() or arc_seal_text() made it */
};

/* More than this in all is not asked for: the message goes with fewer signatures, or without
   any.  It leaves room for the rest of a packet (core/keeper). */
#define INTAKE_SIGNING_MAX ((size_t)159 * 1024)

struct intake_signing {
    struct intake_text texts[SIGNING_ROWS_MAX + 1];
    size_t count;
};

/* What is to be signed, all of a message at once; valid until it is over.  It comes after the
   end of the body only.  A message that is sealed has more to be signed once that is answered:
   the seal covers a signature. */
bool intake_next_signing(struct intake *intake, struct intake_signing *out);

/* One text's answer: its signature, or in a sentence why it was refused.  Copied. */
struct intake_signature {
    bool is_signed;
    slice octets;
};

/* The answers, in the order of the texts.  Of another number than was asked for they count as
   none. */
void intake_signed(struct intake *intake, const struct intake_signature *answers,
                   size_t count);

/* There is no answer: the keeper is gone, its time is over, too much was asked at once.  `why`
   is a sentence about that, copied; `on_keeper_down` decides.  All three may be called for a
   message that wants no signature (any more): nothing happens. */
void intake_signing_failed(struct intake *intake, slice why);

/* ---- the decision ---------------------------------------------------------------------- */

enum intake_edit_kind { INTAKE_REMOVE, INTAKE_ADD };

struct intake_edit {
    enum intake_edit_kind kind;
    slice name;
    slice value;  /* INTAKE_ADD: after the colon, with leading space, CRLF folds inside,
                          none at the end */
    size_t index; /* INTAKE_REMOVE: of the field, from 0 at the top */
    size_t occurrence; /* … and from 1 among those of its name, any case */
};

struct intake_decision {
    enum event_outcome outcome;
    slice reply; /* "550 5.7.26 …" of EVENT_REJECTED, "451 …" of EVENT_DEFERRED */
    slice hold_reason; /* of EVENT_HELD */
    /* First what is removed, bottom of the message first; then what is added, in the order
       in which it shall stand, at the listener's `insert`. */
    const struct intake_edit *edits;
    size_t edit_count;
    struct event event; /* `elapsed_ms` is the edge's to fill in */
};

/* NULL until it is there.  Valid until the message is over. */
const struct intake_decision *intake_decision(const struct intake *intake);

/* ---- what failed ----------------------------------------------------------------------- */

/* A message that was let in or refused although somebody had signed it, for whoever finds out
   why that does not hold. */
struct intake_failed {
    struct capture capture;
    const struct capture_piece *body; /* its body; NULL: empty, or see capture.has_body */
    struct ip client;                 /* who brought it, behind trusted relays */
};

/* False: none of its signatures failed in a way that can be looked into, or that is not wanted
   (dkim.autopsy).  Once the decision is there, and as long as that is valid. */
bool intake_failed_signatures(const struct intake *intake, struct intake_failed *out);

#endif
