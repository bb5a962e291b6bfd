/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_KEEPER_KEEPER_H
#define YETT_CORE_KEEPER_KEEPER_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/crypto/crypto.h"
#include "core/signer/signer.h"
#include "core/signing/signing.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * keeper: what may be signed with the keys of this host, and how it is asked for.
 *
 * A gateway talks to the network, so it may be taken over, and therefore has no key.  It
 * sends the canonical text of what is to be signed to a keeper, which reads it, holds it
 * against its contract, and only then makes a digest of it and signs.  It never signs a
 * digest that it is handed.
 *
 * wire.c writes and reads packets, words.c names refusals, check.c is the contract, rate.c
 * counts for each domain, answer.c makes a reply of a request.  Pure: the clock, the table
 * and the keys are handed in.
 */

/* ---- packets --------------------------------------------------------------------------- */

/*
 * Over one SOCK_SEQPACKET pair for each gateway, numbers in network order:
 *
 *     head      version (1 octet) | what (1) | count (1) | refusal (1) | id (8)
 *     request   head with `count` texts, each: kind (1) | zero (3) | length (4) | octets
 *     reply     head with `count` answers in the same order, each: refusal (1) | zero (3) |
 *               length (4) | octets: the signature, or a sentence about why there is none
 *     hello     head: a keeper that has just begun.  What was sent and not answered before is
 *               sent again.
 *
 * `refusal` of the head is 0 but for a reply to what is no request; then `count` is 0, and
 * `id` that of the packet as far as it had one.
 */
enum {
    KEEPER_VERSION = 1,
    KEEPER_HEAD = 12,
    KEEPER_ITEM_HEAD = 8,
    KEEPER_REQUEST_MAX = 160 * 1024, /* octets */
    KEEPER_TEXTS_MAX = 8,            /* in one request */
    KEEPER_SIGNATURE_MAX = CRYPTO_RSA_BITS_MAX / 8,
    KEEPER_REASON_MAX = 400,
    KEEPER_REPLY_MAX =
        KEEPER_HEAD + KEEPER_TEXTS_MAX * (KEEPER_ITEM_HEAD + KEEPER_SIGNATURE_MAX)
};

enum keeper_what { KEEPER_HELLO = 1, KEEPER_REQUEST = 2, KEEPER_REPLY = 3 };

/* What a text is.  The field at its end must say the same. */
enum keeper_kind {
    KEEPER_DKIM = 1,        /* DKIM-Signature (RFC 6376) */
    KEEPER_ARC_MESSAGE = 2, /* ARC-Message-Signature (RFC 8617) */
    KEEPER_ARC_SEAL = 3,    /* ARC-Seal */
    KEEPER_TSIG = 4         /* a DNS update (RFC 8945); refused as yet */
};

/* Why a text was not signed: each breach of the contract has its own. */
enum keeper_refusal {
    KEEPER_SIGNED,                /* it was */
    KEEPER_REFUSED_REQUEST,       /* the packet is none that can be read */
    KEEPER_REFUSED_KIND,          /* a kind of text that is not signed here */
    KEEPER_REFUSED_TEXT,          /* not what a signer of that kind makes */
    KEEPER_REFUSED_LENGTH,        /* l= */
    KEEPER_REFUSED_TIME,          /* t= is not now */
    KEEPER_REFUSED_EXPIRY,        /* x= is missing, over, or too far away */
    KEEPER_REFUSED_KEY,           /* d= and s= name no key of this host */
    KEEPER_REFUSED_PERMISSION,    /* the key is not for this kind */
    KEEPER_REFUSED_ALGORITHM,     /* a= does not suit the key */
    KEEPER_REFUSED_AUTHOR,        /* no From that names one domain */
    KEEPER_REFUSED_FROM_UNSIGNED, /* h= does not have From once more than it stands there */
    KEEPER_REFUSED_DOMAIN,        /* mail of this author domain is not signed so */
    KEEPER_REFUSED_RATE,          /* the domain had its share of this minute */
    KEEPER_REFUSED_INTERNAL,      /* memory, or libcrypto; nobody's fault */
    KEEPER_REFUSALS
};

/* A stable word: "author-domain"; and the same as a sentence.  Static. */
const char *keeper_refusal_word(enum keeper_refusal refusal);
const char *keeper_refusal_text(enum keeper_refusal refusal);

struct keeper_text {
    uint8_t kind; /* enum keeper_kind; of a packet: whatever was written there */
    slice octets; /* as signer_make_draft() or arc_seal_text() made them */
};

struct keeper_request {
    uint64_t id;
    struct keeper_text texts[KEEPER_TEXTS_MAX];
    size_t count;
};

struct keeper_answer {
    enum keeper_refusal refusal;
    slice octets; /* KEEPER_SIGNED: the signature; else a sentence */
};

struct keeper_reply {
    uint64_t id;
    enum keeper_refusal refusal; /* of the whole; then there are no answers */
    struct keeper_answer answers[KEEPER_TEXTS_MAX];
    size_t count;
};

/* Append a packet; `out` tells of its own limit.  At most KEEPER_TEXTS_MAX texts. */
void keeper_write_hello(struct buf *out);
void keeper_write_request(struct buf *out, uint64_t id, const struct keeper_text *texts,
                          size_t count);
void keeper_write_reply(struct buf *out, const struct keeper_reply *reply);

/* How many octets that request will have; SIZE_MAX when it may not be sent. */
size_t keeper_request_size(const struct keeper_text *texts, size_t count);

/* What it is.  YETT_BAD_SYNTAX when it is nothing of ours. */
YETT_MUST_USE
enum yett_err keeper_read_what(slice packet, enum keeper_what *out);

/*
 * Read a packet as a whole; slices point into it.  YETT_BAD_SYNTAX when it has another form or
 * version, anything left over, no text or more than KEEPER_TEXTS_MAX; `out->id` is then what
 * stands in its place, or 0.  Kinds and refusals: unknown kinds are handed on, unknown
 * refusals are a fault.
 */
YETT_MUST_USE
enum yett_err keeper_read_request(slice packet, struct keeper_request *out);
YETT_MUST_USE
enum yett_err keeper_read_reply(slice packet, struct keeper_reply *out);

/* ---- the contract ---------------------------------------------------------------------- */

enum {
    KEEPER_CLOCK_SKEW_S = 300,            /* t= to either side of now */
    KEEPER_EXPIRY_MAX_S = 30 * 24 * 3600, /* x= after now */
};

/* What a text asks for, as far as it could be read. */
struct keeper_finding {
    enum keeper_refusal refusal; /* KEEPER_SIGNED: it may be */
    slice reason;                /* a sentence; empty when it may be signed */
    slice domain, selector;      /* d= and s=, normal form */
    enum dkim_algorithm algorithm;
    uint32_t key; /* its number in the table, when it may be signed */
};

/*
 * Hold one text against the contract:
 *
 *     all     it is what signer_parse_text() accepts: whole header fields in the
 *             canonical form that the last one names, those of h= and no other, with an empty
 *             b=; a= suits the key, t= is within 5 minutes of `now_s`; d= and s= name a key
 *             that may be used for this kind
 *     DKIM    every From field names one domain, whose mail `table` has signed with this d=
 *             and s=; h= has From once more than it stands there; x= is at most 30 days from
 *             now; no l=
 *     ARC-Message-Signature
 *             the same, but that From may be anybody's, and x= may be missing; i= is that of a
 *             set
 *     ARC-Seal
 *             the sets are whole, in order and numbered from 1 up to its own, and cv= is what it
 *             can be of such a chain (RFC 8617 section 5.1.1); or it is "fail", and the one set
 *             its own (5.1.2)
 *
 * `*out` lives in `arena`, the table and the text.  YETT_OK, or YETT_NO_MEMORY.  Time and
 * memory are linear in the text.
 */
YETT_MUST_USE
enum yett_err keeper_check(struct arena *arena, const struct signing_table *table,
                           const struct keeper_text *text, int64_t now_s,
                           struct keeper_finding *out);

/* ---- a keeper -------------------------------------------------------------------------- */

struct keeper;

struct keeper_options {
    struct crypto *crypto;
    const struct signing_table *table; /* outlives the keeper */
    unsigned rate_per_minute; /* signatures of one d=, so many at once; 0: without end */
    uint8_t hash_key[16];     /* random */
    /* The key of this number of the table, or NULL with a reason (static).  The key stays
       valid until the next call. */
    const struct crypto_private_key *(*key)(void *context, uint32_t number,
                                            const char **why);
    void *context;
};

/* So often since keeper_new(). */
struct keeper_counts {
    uint64_t requests, malformed, signatures, refused;
    uint64_t limited; /* of the refused: those of KEEPER_REFUSED_RATE */
};

/* In `arena`: besides itself at most 96 octets for each (d=, s=) of the table.  NULL when there
   is no memory. */
YETT_MUST_USE
struct keeper *keeper_new(struct arena *arena, const struct keeper_options *options);

/*
 * Append the reply to one packet, whatever it is: what cannot be read is refused.  `now_s` is
 * the date, `now_ms` a clock that only goes forward.  `scratch` is rewound.  `reply` lives
 * elsewhere and has room for KEEPER_REPLY_MAX octets.
 */
void keeper_answer_packet(struct keeper *keeper, struct arena *scratch, slice packet,
                          int64_t now_s, int64_t now_ms, struct buf *reply);

struct keeper_counts keeper_counts(const struct keeper *keeper);

/* About the last text that was refused, for the log: "author-domain: mail of …"; empty when
   none was since this was asked last.  Valid until the next call. */
slice keeper_take_complaint(struct keeper *keeper);

#endif
