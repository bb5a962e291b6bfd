/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_INTAKE_PARTS_H
#define YETT_CORE_INTAKE_PARTS_H

#include "core/intake/intake.h"
#include "core/signer/signer.h"
#include "core/verdict/verdict.h"

/* parts: what the files of this folder share. */

enum {
    INTAKE_ROUNDS_MAX = 24,       /* then what is wanted counts as timed out */
    INTAKE_REMOVALS_MAX = 20000,  /* more are not told one by one */
    INTAKE_ADDRESS_MAX = 2048,    /* no mail server takes longer envelope addresses */
    INTAKE_QUEUE_ID_MAX = 64,     /* longer ones are cut: they are for the log */
    INTAKE_LOGIN_MAX = 256,       /* the same */
    INTAKE_CLIENT_NAME_MAX = 256, /* the same */
    INTAKE_HELO_MAX = 512         /* cut: no domain is as long as what is left */
};

/* ---- pool.c ------------------------------------------------------------------------------ */

/* The memory of one message. */
struct intake_arenas {
    struct arena *evidence; /* what it said, asked and was told */
    struct arena *scratch;  /* of the evaluators; holds the last verdict */
    struct arena *desk;     /* the message itself, what is removed, the decision: there is
                               room here when the others are full */
    struct arena *text;     /* what is kept of it for an autopsy; NULL: nothing so far */
    struct intake_arenas *next;
};

struct intake_ceilings {
    size_t evidence_bytes, scratch_bytes, desk_bytes;
    /* What each arena has in any case, and what all of all messages may take beyond that; 0:
       there is no such bound. */
    size_t own_bytes, shared_bytes;
};

YETT_MUST_USE
struct intake_pool *intake_pool_with_ceilings(size_t kept,
                                              struct intake_ceilings ceilings);

/* NULL when out of memory. */
YETT_MUST_USE
struct intake_arenas *intake_pool_take(struct intake_pool *pool);
void intake_pool_give_back(struct intake_pool *pool, struct intake_arenas *arenas);

/* The arena for a text, made when it is first wanted.  NULL when out of memory. */
struct arena *intake_pool_text(struct intake_pool *pool, struct intake_arenas *arenas);

/* ---- fingerprint.c ----------------------------------------------------------------------- */

/* `hash` made to depend on `bytes` as well. */
uint64_t intake_mix(const uint8_t key[16], uint64_t hash, slice bytes);

/* ---- removal.c --------------------------------------------------------------------------- */

/* The names that may have to go. */
enum intake_mark { INTAKE_RESULTS, INTAKE_TAG, INTAKE_QUARANTINE, INTAKE_MARKS };

struct intake_removal_entry {
    size_t index;      /* of the field, from 0 at the top */
    size_t occurrence; /* from 1 among those of its name */
    enum intake_mark mark;
    bool is_sure; /* false: results of somebody else's, which only go when unread */
};

/*
 * The fields that must go, found as they pass: what is needed of a message that is not or
 * cannot be parsed.
 */
struct intake_removal {
    struct arena *arena;
    const struct config *config;
    struct intake_removal_entry *list; /* top to bottom */
    size_t count;
    size_t capacity;
    size_t sure_count;
    size_t field_count;
    size_t seen[INTAKE_MARKS];
    unsigned close_looks; /* that are left for results of others */
    bool untold;          /* some field could hide what must go, or there are too many */
    bool untold_unread;   /* the same when all results of others must go too */
};

void intake_removal_init(struct intake_removal *removal, struct arena *arena,
                         const struct config *config);

/* The next field.  `unread`: its octets are not looked into more than they must be. */
void intake_removal_field(struct intake_removal *removal, slice name, slice value,
                          bool is_cut, bool unread);

/*
 * The edits that remove them, bottom of the message first.  False when it cannot be told
 * what must go.  `unread`: Authentication-Results of others go as well.
 */
YETT_MUST_USE
bool intake_removal_edits(const struct intake_removal *removal, bool unread,
                          struct intake_edit **out, size_t *count);

/* The same for fields of a parsed header, `indices` highest first; room for `spare` more
   edits behind them.  YETT_NO_MEMORY, or YETT_LIMIT for too many. */
YETT_MUST_USE
enum yett_err intake_removal_of_header(struct arena *arena,
                                       const struct message_header *header,
                                       const size_t *indices, size_t count, size_t spare,
                                       struct intake_edit **out);

/* ---- the message in work ------------------------------------------------------------------ */

enum intake_stage {
    INTAKE_HEADER,
    INTAKE_BODY,
    INTAKE_ENDED,  /* the decision is waited for */
    INTAKE_DECIDED /* it is there */
};

struct intake_want {
    struct dns_question question; /* the name is the evidence's */
    bool is_given;
    bool is_answered;
};

struct intake_wants {
    struct intake_want *list;
    size_t count;
    size_t capacity;
    size_t given;    /* so many from the front */
    size_t answered; /* so many of all */
};

/* ---- sign.c ------------------------------------------------------------------------------ */

enum intake_sign_stage {
    INTAKE_SIGN_OFF,
    INTAKE_SIGN_PASSING, /* the message is digested as it passes */
    INTAKE_SIGN_PASSED,  /* it has ended */
    INTAKE_SIGN_WANTED,  /* a keeper is to be asked */
    INTAKE_SIGN_GIVEN,   /* it is being asked */
    INTAKE_SIGN_DONE     /* signed, or not to be signed */
};

enum {
    INTAKE_REPAIRS_MAX = 2,
    INTAKE_SIGN_EDITS_MAX = SIGNING_ROWS_MAX + INTAKE_REPAIRS_MAX
};

struct intake_sign {
    enum intake_sign_stage stage;
    bool defers; /* there is no signature, and the client shall come again */
    struct signing_decision decision;
    struct signing_scan scan;
    struct signer_sums *sums;
    struct signer_draft drafts[SIGNING_ROWS_MAX];
    slice fields[SIGNING_ROWS_MAX]; /* whole, once it is signed */
    struct intake_edit repairs[INTAKE_REPAIRS_MAX];
    size_t repair_count;
};

/* ---- seal.c ------------------------------------------------------------------------------ */

enum intake_seal_stage {
    INTAKE_SEAL_OFF,
    INTAKE_SEAL_PASSING, /* the message is digested as it passes */
    INTAKE_SEAL_WANTED,  /* a keeper is to be asked */
    INTAKE_SEAL_GIVEN,   /* it is being asked */
    INTAKE_SEAL_DONE     /* sealed, or not to be sealed */
};

enum { INTAKE_SEAL_EDITS_MAX = 3 };

struct intake_seal {
    enum intake_seal_stage stage;
    bool has_next_hop;      /* one of the settings' */
    bool is_message_signed; /* the first of the two signatures is there */
    bool defers;            /* there is no seal, and the client shall come again */
    struct sealing_decision decision;
    struct signing_scan scan;
    struct arc_seal *made;
};

struct intake_message {
    struct intake *intake;
    const struct intake_house *house;
    struct intake_arenas *arenas;
    enum intake_stage stage;
    int64_t ended_s;   /* when its body had come */
    bool is_passed_by; /* nothing is checked or changed here */
    bool is_sign_only; /* nothing is verified or removed here */
    bool is_local;

    /* What kept it from being judged; `poisoned`: it took workers down before. */
    enum yett_err err;
    slice why;
    bool poisoned;

    uint64_t fingerprint;
    char id[INTAKE_ID_LENGTH];
    char queue_id[INTAKE_QUEUE_ID_MAX];
    size_t queue_id_length;
    slice login;
    slice mail_from;
    slice *rcpt; /* the first ones */
    size_t rcpt_kept;
    size_t rcpt_capacity;
    size_t rcpt_count; /* all */
    slice first_rcpt;
    uint64_t size_bytes;

    struct message_parser *parser; /* NULL when there was no memory for it */
    struct message_header header;  /* these three from the end of the header on */
    struct message_from from;
    struct dkim_message *dkim; /* NULL: nothing is verified */
    struct arc_chain *arc;     /* the same */
    bool has_header;

    struct dns_answers *answers;
    struct dkim_checks *checks;
    struct dns_questions wanted; /* of the last evaluation */
    struct intake_wants wants;   /* all that was ever wanted */
    struct arena_mark scratch_start;
    struct verdict_input input;
    struct verdict verdict;
    unsigned early_rounds;
    unsigned rounds;
    bool is_stale; /* an evaluation could get further than the last did */
    bool timed_out;
    bool has_verdict;
    bool asked_for_first; /* … when a message like this was first deferred */

    struct intake_sign sign;
    struct intake_seal seal;
    bool keeps_text; /* for an autopsy, in `text` */
    struct capture_body text;
    struct intake_removal removal;
    struct intake_decision decision;
};

struct intake {
    const struct intake_house *house;
    const struct config_listener *listener;
    struct ip client;
    char *client_name; /* on the heap, as long as needed */
    size_t client_name_length;
    char *helo;
    size_t helo_length;
    bool is_forgetful; /* there was no memory for these */
    struct intake_message *message;
    bool is_destitute; /* a message is in work for which there is no memory at all */
    bool destitute_ended;
};

/* message.c: the first reason stays. */
void intake_fail(struct intake_message *message, enum yett_err err, slice why);

/* message.c: the house lets us work on what came so far. */
YETT_MUST_USE
bool intake_enter(struct intake_message *message);

/*
 * message.c: the same for what is asked before all of the header is there.  It looks at the
 * client and its greeting as well, which are no part of a message's name, since they change
 * from one try to the next: whoever brings a greeting that no worker survives must not have
 * other mail refused that begins like his.  So this work has a name of its own, and where it
 * is poisoned nothing is asked ahead, and the message is looked into all the same.
 */
YETT_MUST_USE
bool intake_enter_ahead(const struct intake_message *message);

/* evaluate.c: as far as the answers allow. */
void intake_evaluate(struct intake_message *message);

/* evaluate.c: the mail of `message` as the evaluators see it. */
void intake_fill_input(struct intake_message *message);

/* evaluate.c: the end of the body came, or an answer: the decision, if it can be made. */
void intake_proceed(struct intake_message *message);

/* evaluate.c: the message is deferred; remembered if it is for want of DNS. */
void intake_note_deferral(const struct intake_message *message);

/* fields.c: the edits that add what the verdict says and asks for; room for
   INTAKE_ADDED_MAX of them. */
enum { INTAKE_ADDED_MAX = 3 };
YETT_MUST_USE
enum yett_err intake_added_edits(struct intake_message *message,
                                 enum config_action performed, struct intake_edit *edits,
                                 size_t *count);

/* fields.c: the edit that adds a whole field, "Name: value" and CRLF. */
struct intake_edit intake_field_edit(slice field);

/* sign.c: the header has come, a piece of the body, its end; the message is over. */
void intake_sign_begin(struct intake_message *message);
void intake_sign_body(struct intake_message *message, slice piece);
void intake_sign_end(struct intake_message *message);
void intake_sign_finish(struct intake_message *message);

/* draft.c: what is to be signed, as many texts as one request holds.  YETT_LIMIT: not even
   one fits; YETT_BAD_SYNTAX: it cannot be signed, `*why` says why; YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err intake_make_drafts(struct intake_message *message, slice *why);

/* sign.c: signatures are waited for; they are prepared when all is there that they need. */
bool intake_sign_is_open(struct intake_message *message);

/* sign.c: the same of the whole: what to send a keeper, appended; so many answers it awaits
   now; they are there; there will be none. */
void intake_sign_texts(struct intake_message *message, struct intake_signing *out);
size_t intake_sign_awaits(const struct intake_message *message);
void intake_sign_take(struct intake_message *message,
                      const struct intake_signature *answers);
void intake_sign_fail(struct intake_message *message, slice why);

/* sign.c: the message is refused or deferred for want of a signature; `*out` says so. */
bool intake_sign_action(struct intake_message *message, struct verdict_action *out);

/* sign.c: the edits that add signatures and what was missing; room for
   INTAKE_SIGN_EDITS_MAX of them. */
size_t intake_sign_edits(const struct intake_message *message, struct intake_edit *edits);

/* sign.c: what the event says of it; NULL: nothing. */
const struct signing_decision *intake_sign_report(struct intake_message *message,
                                                  bool is_let_out);

/* seal.c: the header has come; a piece of the body. */
void intake_seal_begin(struct intake_message *message);
void intake_seal_body(struct intake_message *message, slice piece);

/* seal.c: the set is waited for; it is begun when all is there that it needs. */
bool intake_seal_is_open(struct intake_message *message);

/* seal.c: the next text for a keeper, if it has at most so many octets; one answer is awaited
   now; it is there; there will be none. */
bool intake_seal_text(struct intake_message *message, size_t octets_left,
                      struct intake_text *out);
bool intake_seal_awaits(const struct intake_message *message);
void intake_seal_take(struct intake_message *message,
                      const struct intake_signature *answer);
void intake_seal_fail(struct intake_message *message, slice why);

/* seal.c: as in sign.c; room for INTAKE_SEAL_EDITS_MAX edits. */
bool intake_seal_action(struct intake_message *message, struct verdict_action *out);
size_t intake_seal_edits(const struct intake_message *message, struct intake_edit *edits);
const struct sealing_decision *intake_seal_report(struct intake_message *message,
                                                  bool is_let_out);

/* capture.c: the header has come; a piece of the body. */
void intake_capture_begin(struct intake_message *message);
void intake_capture_body(struct intake_message *message, slice piece);

/* decide.c: the decision, out of the verdict or of what kept us from having one. */
void intake_decide(struct intake_message *message);

/* decide.c: the one of a message that there was no memory for. */
const struct intake_decision *intake_destitute_decision(void);

#endif
