/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_DIGEST_H
#define YETT_CORE_DKIM_DIGEST_H

#include "core/dkim/dkim.h"

/*
 * digest: the body's digests, each distinct one computed once.
 *
 * One stream for each canonicalisation in use feeds all digests that want it.  A stream
 * hashes what lies behind by a window: the last octets of the canonical body are then at
 * hand when it ends, which is what the body proof needs, and small pieces reach the hash
 * together.
 */

struct dkim_body_digest {
    enum dkim_canon canon;
    enum crypto_digest algorithm;
    uint64_t length;          /* l=, or DKIM_NO_LENGTH */
    struct crypto_hash *hash; /* until the body ends */
    uint8_t value[CRYPTO_DIGEST_MAX];
    struct crypto_hash *at_window; /* … had seen all before the window, kept from then on;
                                      NULL when the window holds the whole body */
};

struct dkim_body_stream {
    struct dkim_digests *owner;
    struct dkim_body_canon canon;
    char *older; /* full, or NULL: the half before `newer` */
    char *newer;
    size_t newer_bytes;
    char *spare;
    uint64_t hashed; /* octets that went on to the hashes */
    uint64_t total;  /* octets of the canonical body so far; all, once it ended */
};

struct dkim_digests {
    struct arena *arena;
    struct crypto *crypto;
    size_t half; /* octets in each half of a window */
    unsigned candidates;
    struct dkim_body_digest *list;
    size_t count;
    size_t capacity; /* for those of signatures that are there; OWN_DIGESTS more */
    struct dkim_body_stream *streams[2]; /* by enum dkim_canon; NULL: not wanted */
    enum yett_err err;                   /* the first thing that went wrong */
};

/* Room for as many distinct digests as signatures are evaluated, and those of added ones. */
YETT_MUST_USE
enum yett_err dkim_digests_init(struct dkim_digests *digests, struct arena *arena,
                                struct crypto *crypto, const struct dkim_limits *limits);

/* Make sure that the digest that `signature` names is computed.  YETT_LIMIT when there is no
   room: some is kept for those of signatures to be made. */
YETT_MUST_USE
enum yett_err dkim_digests_want(struct dkim_digests *digests,
                                const struct dkim_signature *signature);

/* The same for a signature to be made: SHA-256 of the whole body. */
YETT_MUST_USE
enum yett_err dkim_digests_want_own(struct dkim_digests *digests, enum dkim_canon canon);

void dkim_digests_feed(struct dkim_digests *digests, slice piece);
YETT_MUST_USE
enum yett_err dkim_digests_end(struct dkim_digests *digests);
void dkim_digests_finish(struct dkim_digests *digests);

/* The digest that `signature` names, or NULL when it was not wanted. */
const struct dkim_body_digest *dkim_digests_find(const struct dkim_digests *digests,
                                                 const struct dkim_signature *signature);

/* What dkim_digests_find() knows such a digest by. */
struct dkim_signature dkim_own_signature(enum dkim_canon canon);

/* Octets of the canonical body. */
uint64_t dkim_digests_total(const struct dkim_digests *digests, enum dkim_canon canon);

#endif
