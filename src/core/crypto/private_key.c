/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/private.h"

#include <assert.h>
#include <stdlib.h>

#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/*
 * Private keys, and what is signed with them.  A key keeps a context made ready for its
 * signatures, as public keys do (key.c).
 */

static EVP_PKEY_CTX *rsa_signer(struct crypto *crypto, EVP_PKEY *key,
                                enum crypto_digest digest)
{
    EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new_from_pkey(crypto->library, key, NULL);
    if (signer != NULL &&
        (EVP_PKEY_sign_init(signer) != 1 ||
         EVP_PKEY_CTX_set_rsa_padding(signer, RSA_PKCS1_PADDING) != 1 ||
         EVP_PKEY_CTX_set_signature_md(signer, crypto->digests[digest]) != 1)) {
        EVP_PKEY_CTX_free(signer);
        return NULL;
    }
    return signer;
}

struct crypto_private_key *crypto_private_wrap(struct crypto *crypto, EVP_PKEY *key,
                                               enum crypto_key_type type)
{
    struct crypto_private_key *out = calloc(1, sizeof(*out));
    if (out == NULL) {
        EVP_PKEY_free(key);
        return NULL;
    }
    out->type = type;
    out->key = key;
    out->bits = type == CRYPTO_RSA ? (unsigned)EVP_PKEY_get_bits(key) : 256;
    if (type == CRYPTO_RSA) {
        out->sha256 = rsa_signer(crypto, key, CRYPTO_SHA256);
        if (out->sha256 == NULL) {
            crypto_private_key_free(out);
            return NULL;
        }
    }
    return out;
}

void crypto_private_key_free(struct crypto_private_key *key)
{
    if (key != NULL) {
        EVP_PKEY_CTX_free(key->sha256);
        EVP_PKEY_free(key->key); /* clears the numbers */
        free(key);
    }
}

enum crypto_key_type crypto_private_key_type(const struct crypto_private_key *key)
{
    return key->type;
}

unsigned crypto_private_key_bits(const struct crypto_private_key *key)
{
    return key->bits;
}

enum yett_err crypto_private_key_generate(struct crypto *crypto,
                                          enum crypto_key_type type, unsigned bits,
                                          struct crypto_private_key **out)
{
    assert(type != CRYPTO_RSA ||
           (bits >= CRYPTO_RSA_BITS_MIN && bits <= CRYPTO_RSA_BITS_MAX));
    ERR_set_mark();
    EVP_PKEY *made = type == CRYPTO_RSA
                         ? EVP_PKEY_Q_keygen(crypto->library, NULL, "RSA", (size_t)bits)
                         : EVP_PKEY_Q_keygen(crypto->library, NULL, "ED25519");
    struct crypto_private_key *key =
        made == NULL ? NULL : crypto_private_wrap(crypto, made, type);
    ERR_pop_to_mark();
    if (key == NULL) {
        return made == NULL ? YETT_IO : YETT_NO_MEMORY;
    }
    *out = key;
    return YETT_OK;
}

enum yett_err crypto_private_key_write(struct crypto *crypto,
                                       const struct crypto_private_key *key,
                                       struct buf *pem)
{
    (void)crypto; /* the key's own library context encodes */
    unsigned char *text = NULL;
    size_t size = 0;
    ERR_set_mark();
    OSSL_ENCODER_CTX *encoder = OSSL_ENCODER_CTX_new_for_pkey(
        key->key, EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo", NULL);
    bool done = encoder != NULL && OSSL_ENCODER_to_data(encoder, &text, &size) == 1;
    OSSL_ENCODER_CTX_free(encoder);
    ERR_pop_to_mark();
    if (!done) {
        return YETT_NO_MEMORY;
    }
    buf_add(pem, slice_of((const char *)text, size));
    OPENSSL_clear_free(text, size);
    return buf_err(pem);
}

static enum yett_err add_ed25519(const struct crypto_private_key *key, struct buf *out)
{
    unsigned char point[32];
    size_t size = sizeof(point);
    if (EVP_PKEY_get_raw_public_key(key->key, point, &size) != 1) {
        return YETT_NO_MEMORY;
    }
    buf_add(out, slice_of((const char *)point, size));
    return buf_err(out);
}

static enum yett_err add_rsa(const struct crypto_private_key *key, struct buf *out)
{
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key->key, &der);
    if (size <= 0) {
        return YETT_NO_MEMORY;
    }
    buf_add(out, slice_of((const char *)der, (size_t)size));
    OPENSSL_free(der);
    return buf_err(out);
}

enum yett_err crypto_private_key_public(const struct crypto_private_key *key,
                                        struct buf *out)
{
    ERR_set_mark();
    enum yett_err err =
        key->type == CRYPTO_RSA ? add_rsa(key, out) : add_ed25519(key, out);
    ERR_pop_to_mark();
    return err;
}

/* ---- signing ------------------------------------------------------------------------ */

static bool sign_rsa(struct crypto *crypto, const struct crypto_private_key *key,
                     enum crypto_digest algorithm, const uint8_t *digest, uint8_t *out,
                     size_t *size)
{
    /* Nobody signs with SHA-1 (RFC 8301), but for tests of those who verify. */
    EVP_PKEY_CTX *signer = algorithm == CRYPTO_SHA256
                               ? key->sha256
                               : rsa_signer(crypto, key->key, algorithm);
    bool done = signer != NULL && EVP_PKEY_sign(signer, out, size, digest,
                                                crypto_digest_size(algorithm)) == 1;
    if (signer != key->sha256) {
        EVP_PKEY_CTX_free(signer);
    }
    return done;
}

static bool sign_ed25519(struct crypto *crypto, const struct crypto_private_key *key,
                         enum crypto_digest algorithm, const uint8_t *digest,
                         uint8_t *out, size_t *size)
{
    EVP_MD_CTX *edwards = crypto_edwards(crypto);
    return EVP_DigestSignInit_ex(edwards, NULL, NULL, crypto->library, NULL, key->key,
                                 NULL) == 1 &&
           EVP_DigestSign(edwards, out, size, digest, crypto_digest_size(algorithm)) == 1;
}

enum yett_err crypto_sign(struct crypto *crypto, const struct crypto_private_key *key,
                          enum crypto_digest algorithm, const uint8_t *digest,
                          uint8_t out[CRYPTO_SIGNATURE_MAX], size_t *size)
{
    size_t room = CRYPTO_SIGNATURE_MAX;
    ERR_set_mark();
    bool done = key->type == CRYPTO_RSA
                    ? sign_rsa(crypto, key, algorithm, digest, out, &room)
                    : sign_ed25519(crypto, key, algorithm, digest, out, &room);
    ERR_pop_to_mark();
    if (!done) {
        return YETT_NO_MEMORY;
    }
    *size = room;
    return YETT_OK;
}
