/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_DKIM_H
#define YETT_CORE_DKIM_DKIM_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/crypto/crypto.h"
#include "core/dns/dns.h"
#include "core/message/message.h"
#include "core/taglist/taglist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * dkim: whether a message is what its signers signed (RFC 6376, 8301, 8463, 8616).
 *
 * Verifying: signature.c reads signature fields and tags.c the tags in them (identity.c their
 * i=), key.c reads key records, and keyset.c all those at one name.  message.c gathers what a
 * message says: select.c which of its signatures are evaluated, header_hash.c what they sign of
 * the header, extra.c what they leave unsigned; digest.c hashes the body once for everybody.
 * checks.c is what was to be checked, perform.c does it, proof.c finds what was signed within a
 * body that grew, verify.c decides and reason.c and keyfault.c word it.
 *
 * For who makes signatures (core/signer, core/arc) as well: canon_header.c and canon_body.c
 * canonicalise, with the loops over white space of scan_*.c and reduce_*.c, of which the build
 * takes one each; algorithm.c names algorithms; record.c writes key records.
 *
 * In order: dkim_message_new() when the header is complete, dkim_message_body() as the body
 * passes, dkim_message_end(), then dkim_verify() as often as it wants answers.  The first
 * three gather facts; dkim_verify() is pure: keys come from DNS answers, and whether
 * signature i holds under key k is a check that the caller performs with
 * dkim_check_perform() and that is pinned like an answer.
 *
 * Fields that borrow DKIM's signatures (ARC, RFC 8617) take part as guests: core/arc hands
 * them in with dkim_message_add(), their body digests come out of the same pass, and each is
 * judged by dkim_verify_added().  No result of dkim_verify() depends on them.
 */

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED };
enum dkim_algorithm {
    DKIM_RSA_SHA1,
    DKIM_RSA_SHA256,
    DKIM_ED25519_SHA256,
    DKIM_UNKNOWN_ALGORITHM
};

const char *dkim_algorithm_text(enum dkim_algorithm algorithm); /* "rsa-sha256" */

/*
 * The words of RFC 8601 section 2.7.1, used so:
 *   fail       header or body are not what was signed
 *   policy     readable, and refused by a rule of ours: rsa-sha1, a small key, expired
 *   neutral    the field cannot be read, or names what we do not know (a=, c=, v=, q=), or
 *              it lies beyond the ceiling
 *   permerror  the field says what RFC 6376 forbids (From not in h=, i= outside d=), or
 *              there is no key that may be used
 *   temperror  the key could not be asked for
 */
enum dkim_code {
    DKIM_NONE,
    DKIM_PASS,
    DKIM_FAIL,
    DKIM_POLICY,
    DKIM_NEUTRAL,
    DKIM_TEMPERROR,
    DKIM_PERMERROR
};

const char *dkim_code_text(enum dkim_code code);

/* ---- signature fields ----------------------------------------------------------------- */

#define DKIM_NO_LENGTH UINT64_MAX
#define DKIM_NO_TIME   INT64_MIN

/* More names in h= than this are refused: each is looked for in the whole header. */
#define DKIM_SIGNED_FIELDS_MAX 500

/* Which field it is, and so which tags it has. */
enum dkim_form {
    DKIM_FORM_SIGNATURE, /* DKIM-Signature */
    DKIM_FORM_MESSAGE,   /* ARC-Message-Signature: no v=, i= is not an identity */
    DKIM_FORM_SEAL       /* ARC-Seal: a=, b=, d=, s= and t= only; signs no body */
};

const char *dkim_form_text(enum dkim_form form); /* "DKIM-Signature" */

struct dkim_signature {
    enum dkim_form form;
    const struct message_field *field;
    size_t field_index;
    /* When the field itself is not usable: why, and where in its value.  The tags below are
       then those that could be read. */
    slice error;
    size_t error_offset;
    enum dkim_code
        error_code; /* DKIM_NEUTRAL or DKIM_PERMERROR; DKIM_NONE without error */
    struct taglist tags;
    enum dkim_algorithm algorithm;
    slice algorithm_text;
    slice domain;          /* d=, normal form */
    slice selector;        /* s=, normal form */
    slice identity;        /* i= as written, unfolded, or "@" d= */
    slice identity_domain; /* normal form */
    enum dkim_canon header_canon;
    enum dkim_canon body_canon;
    slice signed_fields;  /* h= */
    slice body_hash;      /* bh=, decoded */
    slice signature;      /* b=, decoded */
    slice b_text;         /* b= without white space: for header.b */
    slice b_region;       /* the octets of the value that hashing leaves out */
    uint64_t body_length; /* l= in canonical octets; DKIM_NO_LENGTH */
    int64_t signed_at_s;  /* t=; DKIM_NO_TIME; INT64_MAX for more than 12 digits */
    int64_t expires_at_s; /* x=; DKIM_NO_TIME; INT64_MAX for more than 12 digits: never */
    slice query_methods;  /* q= */
};

/*
 * Parse one field (RFC 6376 section 3.5).  Always YETT_OK but for memory: what is wrong with
 * the field stands in `out->error`.
 */
YETT_MUST_USE
enum yett_err dkim_parse_signature(struct arena *arena, const struct message_field *field,
                                   struct dkim_signature *out);

/* The same for a field of another form.  Tags that are the form's own (i=, cv=) are left to
   the caller, who finds them in `out->tags`. */
YETT_MUST_USE
enum yett_err dkim_parse_form(struct arena *arena, enum dkim_form form,
                              const struct message_field *field,
                              struct dkim_signature *out);

/* The same for a field that is yet to be signed: a b= with a value is what is wrong with it. */
YETT_MUST_USE
enum yett_err dkim_parse_unsigned(struct arena *arena, enum dkim_form form,
                                  const struct message_field *field,
                                  struct dkim_signature *out);

/* ---- key records ---------------------------------------------------------------------- */

struct dkim_key_record {
    enum crypto_key_type type;
    slice key; /* p= decoded; empty: revoked */
    bool revoked;
    bool testing;         /* t=y */
    bool strict_identity; /* t=s */
    bool allows_sha1;     /* h= */
    bool allows_sha256;
    bool for_email; /* s= holds "*" or "email" */
    slice notes;    /* n= */
};

/* YETT_BAD_SYNTAX with `*why` (a static phrase: "p= is missing") and `*bad_at` for a record to
   be ignored (section 3.6.1). */
YETT_MUST_USE
enum yett_err dkim_parse_key_record(struct arena *arena, slice text,
                                    struct dkim_key_record *out, size_t *bad_at,
                                    const char **why);

/* Append the record for a key of ours, which dkim_parse_key_record() reads back: "v=DKIM1;
   k=rsa; h=sha256; p=…", with t=y when it is `testing`.  `key` is what p= holds, decoded. */
void dkim_write_key_record(struct buf *buf, enum crypto_key_type type, slice key,
                           bool testing);

/* Append a TXT record as a zone file has it (RFC 1035 section 5.1), whole lines: `name` is in
   normal form, the text is cut into strings of at most 255 octets, in parentheses. */
void dkim_write_zone_record(struct buf *buf, slice name, uint32_t ttl_s, slice text);

/* ---- canonicalisation ----------------------------------------------------------------- */

/* Receives canonical bytes in order.  `bytes` is valid during the call only. */
struct dkim_sink {
    void (*write)(void *context, slice bytes);
    void *context;
};

/* One field, its CRLF included unless `is_last` (the signature field itself).  A bare CR or
   LF in a value is an octet like others. */
void dkim_header_canon(enum dkim_canon canon, const struct message_field *field,
                       bool is_last, struct dkim_sink sink);

/* The field with the octets of `hole` left out: a signature as it signs itself (3.7). */
void dkim_header_canon_without(enum dkim_canon canon, const struct message_field *field,
                               slice hole, bool is_last, struct dkim_sink sink);

/*
 * Canonicalise a body (RFC 6376 section 3.4).  The result does not depend on where the
 * pieces are cut.  Lines end at CRLF only: a bare CR or LF is an octet like others.  The
 * sink gets many lines together.  Owns nothing: finish once, free nothing.
 */
#define DKIM_BODY_STAGED 2048

struct dkim_body_canon {
    enum dkim_canon canon;
    struct dkim_sink sink;
    uint64_t pending_lines; /* line ends held back until text follows */
    bool pending_cr;        /* the last piece ended in CR */
    bool any_text;
    /* Relaxed only: white space that the last piece ended in, and text to be passed on. */
    enum { DKIM_NO_SPACE, DKIM_SPACE, DKIM_SPACE_CR } pending_space;
    size_t staged_bytes;
    char staged[DKIM_BODY_STAGED];
};

void dkim_body_canon_init(struct dkim_body_canon *body, enum dkim_canon canon,
                          struct dkim_sink sink);
void dkim_body_canon_feed(struct dkim_body_canon *body, slice piece);
void dkim_body_canon_finish(struct dkim_body_canon *body);

/* ---- the facts of one message --------------------------------------------------------- */

struct dkim_limits {
    size_t signature_fields; /* parsed and reported; those below are counted only (100) */
    size_t signatures;       /* evaluated: aligned ones first (8) */
    unsigned proof_candidates; /* body proof: prefixes tried (200) */
    size_t proof_window_bytes; /* … at line ends of the last so many octets (64 KiB); this
                                  much of a canonical body is kept, once per algorithm */
};

#define DKIM_LIMITS_DEFAULT                                                              \
    ((struct dkim_limits){.signature_fields = 100,                                       \
                          .signatures = 8,                                               \
                          .proof_candidates = 200,                                       \
                          .proof_window_bytes = 64 * 1024})

struct dkim_message;

/*
 * Parse the signatures of `header` and prepare the digests of the body: one running digest
 * for each distinct (canonicalisation, digest, l=) among the signatures that
 * dkim_verify() would evaluate for `author_domain` (normal form, may be empty).  Lives in
 * `arena`, as long as `header`'s fields do; dkim_message_finish() gives the digests back to
 * `crypto`.
 */
YETT_MUST_USE
enum yett_err dkim_message_new(struct arena *arena, struct crypto *crypto,
                               const struct message_header *header, slice author_domain,
                               struct dkim_limits limits, struct dkim_message **out);

/*
 * Let a signature of another form take part, before the body begins; `*index` is what checks
 * and dkim_verify_added() know it by.  Its field stands in the message's header.
 * `header_digest` (32 octets, copied) is what it signs where that is not told by h=: a seal's;
 * else NULL.  Room is made for DKIM_ADDED_DIGESTS more digests of the body; a signature that
 * needs a further one is added as well and ends as not evaluated.
 */
#define DKIM_ADDED_DIGESTS 4

YETT_MUST_USE
enum yett_err dkim_message_add(struct dkim_message *message,
                               const struct dkim_signature *signature,
                               const uint8_t *header_digest, size_t *index);

/*
 * Have the body digested for a signature that is to be made: SHA-256, all of it.  Before the
 * body begins.  There is always room for both canonicalisations.
 */
YETT_MUST_USE
enum yett_err dkim_message_want_digest(struct dkim_message *message,
                                       enum dkim_canon canon);

/* That digest (32 octets), once the body has ended; empty when it was not wanted. */
slice dkim_message_digest(const struct dkim_message *message, enum dkim_canon canon);

/* Texts of more octets are not signed, of whatever form: no signer makes them and no keeper
   takes them. */
#define DKIM_SIGNED_TEXT_MAX ((size_t)128 * 1024)

void dkim_message_body(struct dkim_message *message, slice piece);

/* The body has ended.  What went wrong since dkim_message_new() is reported here. */
YETT_MUST_USE
enum yett_err dkim_message_end(struct dkim_message *message);
void dkim_message_finish(struct dkim_message *message);

size_t dkim_message_signature_count(const struct dkim_message *message); /* parsed ones */

/* ---- checks: what the caller performs for the evaluator ------------------------------- */

enum dkim_check_kind {
    DKIM_CHECK_SIGNATURE, /* does signature `index` hold under `key`? */
    DKIM_CHECK_BODY_PROOF /* is what it signed a part of this body? */
};

struct dkim_check {
    enum dkim_check_kind kind;
    size_t index; /* into the message's signatures, those added behind its own */
    enum crypto_key_type key_type;
    slice key;                       /* p= decoded; in the answer's bytes or the arena */
    const struct dns_answer *source; /* whose memo may hold the parsed key; may be NULL */
};

struct dkim_check_result {
    bool performed; /* false: the key cannot be used, `reason` says why */
    bool valid;     /* the signature holds; the proof was found */
    unsigned key_bits;
    uint64_t signed_bytes; /* body proof: canonical octets of the part that was signed */
    slice reason;          /* static or in the arena */
};

/*
 * Checks done for one message, in its evidence, memoised by (kind, index, key).
 * `perform`, when set, is called for a check that is not there yet and may answer at once
 * (return YETT_OK) or leave it wanted (YETT_NEED_ANSWERS).
 */
struct dkim_checks;

YETT_MUST_USE
struct dkim_checks *dkim_checks_new(
    struct arena *evidence,
    enum yett_err (*perform)(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out),
    void *context);

/* Pin a result; the first stays. */
YETT_MUST_USE
enum yett_err dkim_checks_add(struct dkim_checks *checks, const struct dkim_check *check,
                              const struct dkim_check_result *result);

/* Those wanted and not yet there, in the order asked. */
size_t dkim_checks_wanted_count(const struct dkim_checks *checks);
const struct dkim_check *dkim_checks_wanted(const struct dkim_checks *checks,
                                            size_t index);

/*
 * Perform a check on the facts.  Body proof is bounded by the limits.  YETT_NEED_ANSWERS
 * when the body has not ended yet and the check needs it.  The parsed key is kept with
 * `check->source`, whose memos must go before the message's `crypto` does.
 */
YETT_MUST_USE
enum yett_err dkim_check_perform(struct dkim_message *message,
                                 const struct dkim_check *check,
                                 struct dkim_check_result *out);

/* ---- the evaluator -------------------------------------------------------------------- */

struct dkim_settings {
    bool allow_rsa_sha1; /* RFC 8301 forbids; default false */
    unsigned min_rsa_bits;
    bool allow_partial_body; /* l= that leaves a part unsigned counts; default false */
    int64_t clock_skew_s;    /* x= and t= are judged with this much grace; 300 */
};

#define DKIM_SETTINGS_DEFAULT                                                            \
    ((struct dkim_settings){.min_rsa_bits = CRYPTO_RSA_BITS_MIN, .clock_skew_s = 300})

/* One per signature field, top to bottom. */
struct dkim_result {
    enum dkim_code code;
    const struct dkim_signature *signature;
    unsigned key_bits;       /* 0 when no key was read */
    bool evaluated;          /* false: beyond the ceiling, or the field is unusable */
    bool header_verified;    /* the header part holds: this domain signed this header */
    bool body_verified;      /* bh= is the digest of this body */
    bool partial_body;       /* l= leaves a part unsigned */
    uint64_t unsigned_bytes; /* … so many canonical octets */
    const char
        *extra_field;     /* "Subject": there are more of it than were signed; or NULL */
    bool counts;          /* a pass that may make DMARC pass */
    bool testing;         /* key says t=y */
    bool secure;          /* key answer was DNSSEC-validated */
    bool weak_key;        /* accepted, under 2048 bits */
    bool body_proved;     /* the signed body is a proven part of this one */
    bool body_proof_done; /* a proof was tried (bounded) */
    slice key_name;       /* the DNS name asked */
    slice reason;         /* a sentence for people, always there */
};

struct dkim_results {
    enum dkim_code
        code; /* best of all: pass, temperror, fail, policy, neutral, permerror;
                            DKIM_NONE without signatures */
    const struct dkim_result *list;
    size_t count;
    size_t uncounted; /* fields beyond limits.signature_fields */
    slice reason;
};

/*
 * Verify all signatures (RFC 6376 section 6.1).  YETT_OK, YETT_NEED_ANSWERS with
 * `dns->wanted` or wanted checks, or YETT_NO_MEMORY.  Before dkim_message_end() it asks what
 * can be asked and answers YETT_NEED_ANSWERS when a result needs the body: a way to have the
 * keys by the time the body has passed.  `want_body_proof` asks for the bounded
 * body proof of aligned signatures whose header part verifies while the body hash differs
 * (doc/verdict.md).  `author_domain` decides which signatures come first under the
 * ceiling: those whose d= is equal to, above or below it.
 */
YETT_MUST_USE
enum yett_err dkim_verify(struct arena *arena, struct dkim_message *message,
                          const struct dkim_settings *settings, slice author_domain,
                          int64_t now_s, bool want_body_proof, struct dns_view *dns,
                          struct dkim_checks *checks, struct dkim_results *out);

/*
 * Judge one signature that was added, as dkim_verify() judges its own.  Called in the same
 * round after dkim_verify(), which forgets what the last round wanted.  For YETT_NEED_ANSWERS
 * `*out` is filled as far as it is known: where only the body is missing, `header_verified`
 * tells already whether it is worth going on.
 */
YETT_MUST_USE
enum yett_err dkim_verify_added(struct arena *arena, struct dkim_message *message,
                                const struct dkim_settings *settings, size_t index,
                                int64_t now_s, struct dns_view *dns,
                                struct dkim_checks *checks, struct dkim_result *out);

/* Whether h= names it ("From"). */
bool dkim_signs_field(const struct dkim_signature *signature, const char *name);

/* How often h= names it: of one that is oversigned once more than it stands. */
size_t dkim_count_signed(const struct dkim_signature *signature, const char *name);

#endif
