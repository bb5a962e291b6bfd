/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_AUTOPSY_AUTOPSY_H
#define YETT_CORE_AUTOPSY_AUTOPSY_H

#include "core/base/arena.h"
#include "core/crypto/crypto.h"
#include "core/dkim/dkim.h"
#include "core/message/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * autopsy: what was changed in a message whose DKIM signature fails.
 *
 * It undoes, one after the other, what lists, gateways and mail servers do, and looks whether
 * the digest that was signed comes out.  So it never guesses: what it names was undone, and
 * gave back the signed text, octet for octet (in canonical form); where nothing does, it says
 * so.  bh= is the mark for the body; for the header it is the digest inside an RSA signature,
 * or, for Ed25519, a verification of each candidate.
 *
 * keys.c finds the key, autopsy.c puts both halves together, work.c keeps their budgets and notes.
 * trial.c hashes candidates of a body, body.c goes through what could have been done to it:
 * lines.c and recode.c rewrite it (encode.c: the encodings), sites.c finds where something may
 * have been put in and hunt.c takes it out, decoded.c the same in texts of base64, mime.c finds
 * the parts, links.c undoes rewritten links.  slots.c hashes candidates of the header, header.c
 * goes through combinations of what tags.c, addresses.c, words.c, space.c, mimefields.c,
 * copies.c and deep.c propose.
 *
 * For use off the mail path, with the whole text at hand.  It changes no result.
 */

/* What happened; the words (autopsy_kind_text()) are stable. */
enum autopsy_kind {
    AUTOPSY_UNTOUCHED,    /* the signature holds: nothing to be found */
    AUTOPSY_UNRECOGNISED, /* something was changed, and nothing that is known explains it */
    AUTOPSY_OTHER_KEY,    /* RSA: this key never made this signature, whatever the text */
    AUTOPSY_TOO_LARGE,    /* the body was not at hand, and the header explains nothing */
    /* The body. */
    AUTOPSY_FOOTER_ADDED,
    AUTOPSY_BANNER_ADDED,
    AUTOPSY_TEXT_INSERTED, /* lines somewhere in the middle */
    AUTOPSY_PART_ADDED,    /* a whole MIME part */
    AUTOPSY_PART_WRAPPED,  /* the message was made a part of a new one */
    AUTOPSY_LINE_ENDS_CHANGED,
    AUTOPSY_BLANK_LINES_CHANGED,
    AUTOPSY_DOTS_CHANGED,  /* SMTP's dots at the beginning of lines */
    AUTOPSY_FROM_QUOTED,   /* mbox's ">From " */
    AUTOPSY_LINES_WRAPPED, /* long lines, in the body */
    AUTOPSY_SPACE_CHANGED, /* white space, in the body */
    AUTOPSY_ENCODING_CHANGED,
    AUTOPSY_LINKS_REWRITTEN,
    AUTOPSY_PREAMBLE_REMOVED,
    /* The header. */
    AUTOPSY_SUBJECT_TAGGED,
    AUTOPSY_FROM_REPLACED,
    AUTOPSY_FIELD_ADDED,
    AUTOPSY_FIELD_REMOVED,
    AUTOPSY_FIELD_REFOLDED,     /* folds and white space */
    AUTOPSY_FIELD_BROKEN,       /* a long line cut in two */
    AUTOPSY_FIELD_NAME_CHANGED, /* upper and lower case */
    AUTOPSY_FIELD_TEXT_INSERTED,
    AUTOPSY_FIELD_REPLACED, /* the signer's copy (z=), or a saved original, fits */
    AUTOPSY_FIELDS_REORDERED,
    AUTOPSY_WORDS_RECODED, /* encoded words in another form */
    AUTOPSY_ADDRESSES_REORDERED,
    AUTOPSY_ADDRESSES_REWRITTEN, /* quotes, angle brackets, commas */
    AUTOPSY_MIME_FIELD_CHANGED,
    AUTOPSY_DATE_REWRITTEN,
    AUTOPSY_SIGNATURE_REWRITTEN /* white space in the DKIM-Signature field itself */
};

const char *autopsy_kind_text(enum autopsy_kind kind); /* "footer-added" */

enum autopsy_confidence {
    AUTOPSY_NONE,   /* nothing is claimed */
    AUTOPSY_LIKELY, /* the digest in bh= came out, but the header is not as signed, and so
                       nothing proves that this bh= is the signer's */
    AUTOPSY_CERTAIN /* the digest that the key signed came out (or, for AUTOPSY_OTHER_KEY,
                       it is shown that the key signed none) */
};

const char *autopsy_confidence_text(enum autopsy_confidence confidence); /* "certain" */

/* How the header or the body stands to what was signed. */
enum autopsy_state {
    AUTOPSY_AS_SIGNED,
    AUTOPSY_EXPLAINED, /* it was changed, and the change is known */
    AUTOPSY_UNEXPLAINED,
    AUTOPSY_NOT_LOOKED_AT
};

const char *autopsy_state_text(enum autopsy_state state); /* "as-signed" */

struct autopsy_change {
    enum autopsy_kind kind;
    slice field; /* the name of a header field; empty: the body */
    /* What of the body, or of the field's value, is concerned: octets of the text at hand (of
       decoded links and parts: where the change begins).  `length` 0: no one place. */
    size_t offset;
    size_t length;
    slice text; /* for people, to be joined by "; " */
};

enum { AUTOPSY_CHANGES_MAX = 8 };

struct autopsy_finding {
    enum autopsy_kind kind; /* that of the first change, if there is one */
    enum autopsy_confidence confidence;
    enum autopsy_state header;
    enum autopsy_state body;
    slice text; /* a sentence for people; octets of the message in it are made visible */
    /* The body's first; of more than these `text` tells the number. */
    struct autopsy_change changes[AUTOPSY_CHANGES_MAX];
    size_t count;
    /* What it cost. */
    uint64_t hashed_bytes;
    unsigned header_candidates;
    bool budget_ended; /* there would have been more to try */
};

struct autopsy_limits {
    uint64_t body_hashed_bytes; /* work on the body, in octets hashed or rewritten */
    uint64_t header_hashed_bytes;
    unsigned verifications; /* for Ed25519: each costs some 100 us */
};

#define AUTOPSY_BODY_MAX ((size_t)10 * 1024 * 1024)

/* About half a second, where the body is large and all is tried. */
#define AUTOPSY_LIMITS_DEFAULT                                                           \
    ((struct autopsy_limits){.body_hashed_bytes = 256 * 1024 * 1024,                     \
                             .header_hashed_bytes = 32 * 1024 * 1024,                    \
                             .verifications = 256})

/* Ceiling of an arena that is enough for every message of AUTOPSY_BODY_MAX. */
#define AUTOPSY_ARENA_BYTES ((size_t)128 * 1024 * 1024)

struct autopsy_input {
    const struct message_header *header;
    slice body;    /* whole, with the line ends of the network */
    bool has_body; /* false: it was not kept; only the header is looked into */
    const struct dkim_signature *signature; /* of the header, without error */
    enum crypto_key_type key_type;
    slice key; /* p=, decoded */
};

/*
 * Look into one failed signature.  Time and memory are bounded by `limits` and by the arena's
 * ceiling: a candidate for which there is no room is not tried (`budget_ended`).  Everything
 * `*out` points to lives in `arena` or in the input.  A body over AUTOPSY_BODY_MAX counts as
 * not at hand.
 *
 * YETT_OK with `*out`; YETT_BAD_SYNTAX for a key or a signature that cannot be used (an
 * unknown algorithm, a field with an error, a key of another type); YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err autopsy_perform(struct arena *arena, struct crypto *crypto,
                              const struct autopsy_input *input,
                              struct autopsy_limits limits, struct autopsy_finding *out);

/* Enough for a body of so many octets, and never more than AUTOPSY_LIMITS_DEFAULT: for those
   who look into thousands of messages. */
struct autopsy_limits autopsy_limits_for(size_t body_bytes);

/* So many records at one name are tried: there should be one. */
enum { AUTOPSY_RECORDS_MAX = 4 };

/*
 * The same within those limits, given TXT records as they stand at the name of the signature's
 * key: with each that is a key, until one is found to have made the signature.  What `input`
 * says of the key is not read.  YETT_NOT_FOUND when none is a key that can be used.
 */
YETT_MUST_USE
enum yett_err autopsy_perform_with_records(struct arena *arena, struct crypto *crypto,
                                           const struct autopsy_input *input,
                                           const slice *records, size_t count,
                                           struct autopsy_finding *out);

#endif
