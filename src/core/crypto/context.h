/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_CRYPTO_CONTEXT_H
#define YETT_CORE_CRYPTO_CONTEXT_H

#include "core/crypto/crypto.h"

#include <openssl/evp.h>

enum { CRYPTO_DIGESTS = CRYPTO_SHA256 + 1 };

/* Looking an algorithm up costs as much as using it: all are looked up once, here. */
struct crypto {
    OSSL_LIB_CTX *library;
    EVP_MD *digests[CRYPTO_DIGESTS];
    EVP_MD_CTX *peek;    /* takes the copy that crypto_hash_peek() ends */
    EVP_MD_CTX *edwards; /* for Ed25519, through crypto_edwards() only */
    EVP_MAC *hmac;
    EVP_PKEY_CTX *make_rsa; /* ready for EVP_PKEY_fromdata() */
    EVP_PKEY_CTX *make_ed25519;
    struct crypto_hash *idle[CRYPTO_DIGESTS]; /* the pool, a list for each digest */
};

/*
 * Ed25519 goes through a digest context without digest.  One that was in use before keeps the
 * key that it had then, whatever key it is given: so it is emptied first.
 */
static inline EVP_MD_CTX *crypto_edwards(struct crypto *crypto)
{
    EVP_MD_CTX_reset(crypto->edwards);
    return crypto->edwards;
}

#endif
