/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SIGNER_SIGNER_H
#define YETT_CORE_SIGNER_SIGNER_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/crypto/crypto.h"
#include "core/dkim/dkim.h"
#include "core/message/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * signer: which fields are signed, a DKIM-Signature made (RFC 6376 section 5), and what is
 * asked to be signed read.
 *
 * Making one: names.c says which fields are signed and how often each is named, sums.c hashes
 * the body, text.c makes the text to be signed, sign.c signs it, field.c writes the field.
 * break.c breaks lines that are too long as Postfix does when it sends them.  parse.c is the
 * reverse, strict, for who signs but does not trust the author of the text.
 *
 * In order: signer_sums_new() before the body, signer_sums_feed(), signer_sums_end(); for each
 * signature signer_make_draft(), whose text goes to whoever holds the key, is read there with
 * signer_parse_text() and signed with signer_sign(); signer_make_field() makes the field of it.
 *
 * A message signature of ARC signs the same fields in the same way, so core/arc has what is
 * needed for that from here, and what a keeper is asked to sign for ARC is read here; the sets
 * are core/arc's.  Who may sign what for whom is no matter of this folder (core/signing,
 * core/keeper).  Canonical forms, algorithms and fields as they are read are those of
 * core/dkim.
 */

/* How a name gets into h=.  Signed more often than it stands (oversigned), a field cannot be
   added without breaking the signature (section 5.4.2). */
enum signer_how {
    SIGNER_SIGN,             /* as often as it stands in the header */
    SIGNER_OVERSIGN_PRESENT, /* once more, if it stands there at all */
    SIGNER_OVERSIGN          /* once more, also if it does not */
};

struct signer_rule {
    slice name;
    enum signer_how how;
};

struct signer_rules {
    const struct signer_rule *list; /* in the order of h= */
    size_t count;
};

/* What is signed unless told otherwise; the reasons stand in the table (names.c) and in
   yett-sign(1). */
struct signer_rules signer_default_rules(void);

/* The same for a seal, and with them the signatures that are there: RFC 8617 section 4.1.2. */
struct signer_rules signer_default_seal_rules(void);

/*
 * Read a list of names, separated by colons or commas, white space around them ignored:
 * "From:To:Subject+:List-Id".  "+" behind a name oversigns; From always is, and is added
 * when it is missing.  A name twice is one.  At most SIGNER_RULES_MAX.
 *
 * YETT_BAD_SYNTAX with `*why`, a complete sentence in `arena` or static: no field name, or
 * one that changes on the way by design (Received, Return-Path, Bcc, …) or that belongs to
 * verifiers (Authentication-Results, DKIM-Signature, ARC-…).
 */
#define SIGNER_RULES_MAX 100

YETT_MUST_USE
enum yett_err signer_parse_rules(struct arena *arena, slice text,
                                 struct signer_rules *out, slice *why);

/* What they come to for one message. */
struct signer_chosen {
    const struct message_field **list; /* the fields, in the order of h= */
    size_t count;
    const slice *names; /* h=, each as often as it is named */
    size_t name_count;
};

/*
 * Choose the fields of `header`: of each name the lowest first (section 5.4.2).  Lives in
 * `arena`, `header` and `rules`.  YETT_BAD_SYNTAX with `*why`, a sentence in `arena`: they come
 * to more than DKIM_SIGNED_FIELDS_MAX names.  YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err signer_choose_fields(struct arena *arena,
                                   const struct message_header *header,
                                   const struct signer_rules *rules,
                                   struct signer_chosen *out, slice *why);

/* Append the text of a signature (section 3.7): the fields in their canonical form, then
   `field`, its own, from the name to "b=". */
void signer_write_text(const struct signer_chosen *chosen, enum dkim_canon canon,
                       slice field, struct buf *out);

/* One signature to be made. */
struct signer_plan {
    slice domain;                  /* d=, normal form */
    slice selector;                /* s=, normal form */
    enum dkim_algorithm algorithm; /* DKIM_RSA_SHA256 or DKIM_ED25519_SHA256 */
    enum dkim_canon header_canon;
    enum dkim_canon body_canon;
    slice identity; /* i=: "user@sub.example.com" or "@…", not encoded; empty: none */
    int64_t signed_at_s;  /* t=, or DKIM_NO_TIME */
    int64_t expires_at_s; /* x=, later than t=, or DKIM_NO_TIME */
    struct signer_rules rules;
};

/* ---- digests of the body ---- */

/*
 * The body's SHA-256 in the canonicalisations that the signatures of one message need: one
 * pass for all.  `line_octets`: 0, or the length beyond which lines are broken on the way out
 * (998: Postfix), which is then hashed.  A message that is verified as well gets its digests
 * from dkim_message_want_digest() instead; the two come to the same.
 */
struct signer_sums;

#define SIGNER_LINE_OCTETS 998 /* without CRLF: RFC 5322 section 2.1.1 */

YETT_MUST_USE
enum yett_err signer_sums_new(struct arena *arena, struct crypto *crypto, bool simple,
                              bool relaxed, size_t line_octets, struct signer_sums **out);
void signer_sums_feed(struct signer_sums *sums, slice piece);

/* The body has ended.  What went wrong since signer_sums_new() is reported here. */
YETT_MUST_USE
enum yett_err signer_sums_end(struct signer_sums *sums);

/* Its 32 octets, after signer_sums_end(); empty for a canonicalisation that was not wanted. */
slice signer_sums_digest(const struct signer_sums *sums, enum dkim_canon canon);

/* Gives the running digests back to `crypto`, at any time; the finished ones stay. */
void signer_sums_finish(struct signer_sums *sums);

/* ---- as sent: lines too long for SMTP ---- */

/*
 * What Postfix makes of a line of more than `limit` octets when it sends it
 * (smtp_line_length_limit): CRLF and a space after every `limit` octets of what then are
 * lines.  A filter for bodies, in pieces of any size.
 */
struct signer_breaker {
    struct dkim_sink sink;
    size_t limit;
    size_t column; /* octets of the line so far */
    bool pending_cr;
    bool broke; /* a line was broken */
};

void signer_breaker_init(struct signer_breaker *breaker, size_t limit,
                         struct dkim_sink sink);
void signer_breaker_feed(struct signer_breaker *breaker, slice piece);
void signer_breaker_finish(struct signer_breaker *breaker);

/* The same done to a header: `*out` is `header` itself when no line is so long. */
YETT_MUST_USE
enum yett_err signer_break_header(struct arena *arena,
                                  const struct message_header *header, size_t limit,
                                  struct message_header *out);

/* ---- texts and fields ---- */

struct signer_draft {
    slice
        field; /* "DKIM-Signature: …; b=", folded, no line end: what the text's last is made of */
    slice text; /* the canonical octets to be signed: the fields, then that one */
};

/*
 * The text of one signature (section 3.7).  `body_hash` is the digest of the body in its
 * body_canon.  `header` is as it will be sent.
 *
 * YETT_BAD_SYNTAX with `*why`, a sentence in `arena` or static: no From field; more fields of
 * a name than can be signed; i= outside of d=, x= not later than t=; names too long for a key
 * record's.  YETT_LIMIT: more than DKIM_SIGNED_TEXT_MAX octets.  YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err signer_make_draft(struct arena *arena, const struct message_header *header,
                                const struct signer_plan *plan, slice body_hash,
                                struct signer_draft *out, slice *why);

/*
 * The whole field, its CRLF included, for the top of the header.  No line is longer than 78
 * columns unless d=, s= or i= is; folds are CRLF and a tab, so that nobody finds anything to
 * change.  The value, for a peer that wants name and value apart, is all after
 * "DKIM-Signature: ".  Works as well for the `field` of another form that ends in "b=".
 */
YETT_MUST_USE
enum yett_err signer_make_field(struct arena *arena, slice field, slice signature,
                                slice *out);

/* Append the signature of a text by the algorithm of the key: RSASSA-PKCS1-v1_5 of its
   SHA-256, or Ed25519 of that digest (RFC 8463 section 3). */
YETT_MUST_USE
enum yett_err signer_sign(struct crypto *crypto, const struct crypto_private_key *key,
                          slice text, struct buf *signature);

/* Which that is. */
enum dkim_algorithm signer_algorithm_of(const struct crypto_private_key *key);

/* ---- the reverse, for who is to sign a text ---- */

struct signer_request {
    struct message_header header;    /* the fields signed, in the order of the text */
    struct message_field field;      /* the signature's own, b= empty */
    struct dkim_signature signature; /* its tags, read; no error in it */
};

/*
 * Read a text to be signed, of the given form.  Accepted is what a signer of that form makes
 * and nothing else: canonical octets under its own c= (relaxed for a seal), the fields that
 * h= names in that order and no other, for a seal the three fields of each set by name; its
 * own field last, without line end, with a b= that is empty and its last tag.  How its sets are
 * numbered is left to arc_check_claims().
 *
 * YETT_BAD_SYNTAX with `*why`, a sentence in `arena` or static.  YETT_LIMIT: more than
 * DKIM_SIGNED_TEXT_MAX octets, or more fields than h= may name.  Slices point into `text`.
 */
YETT_MUST_USE
enum yett_err signer_parse_text(struct arena *arena, enum dkim_form form, slice text,
                                struct signer_request *out, slice *why);

#endif
