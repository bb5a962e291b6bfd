/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signer/signer.h"

/* sign: the signature of a text (RFC 6376 section 3.3, RFC 8463 section 3). */

enum dkim_algorithm signer_algorithm_of(const struct crypto_private_key *key)
{
    switch (crypto_private_key_type(key)) {
    case CRYPTO_RSA:
        return DKIM_RSA_SHA256;
    case CRYPTO_ED25519:
        break;
    }
    return DKIM_ED25519_SHA256;
}

enum yett_err signer_sign(struct crypto *crypto, const struct crypto_private_key *key,
                          slice text, struct buf *signature)
{
    uint8_t digest[CRYPTO_DIGEST_MAX];
    uint8_t octets[CRYPTO_SIGNATURE_MAX];
    size_t size = 0;
    struct crypto_hash *hash = crypto_hash_new(crypto, CRYPTO_SHA256);
    if (hash == NULL) {
        return YETT_NO_MEMORY;
    }
    crypto_hash_update(hash, text);
    enum yett_err err = crypto_hash_final(hash, digest);
    crypto_hash_free(hash);
    if (err == YETT_OK) {
        err = crypto_sign(crypto, key, CRYPTO_SHA256, digest, octets, &size);
    }
    if (err == YETT_OK) {
        buf_add(signature, slice_of((const char *)octets, size));
        err = buf_err(signature);
    }
    return err;
}
