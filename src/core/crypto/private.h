/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_CRYPTO_PRIVATE_H
#define YETT_CORE_CRYPTO_PRIVATE_H

#include "core/crypto/context.h"

struct crypto_private_key {
    enum crypto_key_type type;
    unsigned bits;
    EVP_PKEY *key;
    EVP_PKEY_CTX *sha256; /* RSA: ready for EVP_PKEY_sign() */
};

/* private_key.c: take `key` over; NULL, and it is freed, without memory. */
struct crypto_private_key *crypto_private_wrap(struct crypto *crypto, EVP_PKEY *key,
                                               enum crypto_key_type type);

#endif
