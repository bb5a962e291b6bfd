/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/context.h"
#include "core/crypto/der.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

/*
 * Keys, and signatures verified with them.  A key keeps a context made ready for its
 * signatures: setting one up costs several microseconds, a third of the arithmetic.
 */
enum {
    MODULUS_OCTETS_MAX = CRYPTO_RSA_BITS_MAX / 8,
    EXPONENT_OCTETS_MAX = 8,
    ED25519_KEY_OCTETS = 32,
    ED25519_SIGNATURE_OCTETS = 64,
    ED25519_BITS = 256,
    /* EMSA-PKCS1-v1_5 with SHA-1, the shortest we know, has 46 octets (RFC 8017 section
       9.2): under a smaller modulus there are no signatures, and libcrypto need not be asked
       what it makes of one of three bits. */
    RSA_BITS_MIN = 46 * 8 - 7
};

struct crypto_key {
    enum crypto_key_type type;
    unsigned bits;
    size_t signature_octets;
    EVP_PKEY *key;        /* NULL: too small for any signature */
    EVP_PKEY_CTX *sha256; /* RSA: ready for EVP_PKEY_verify() */
};

/* A context that verifies PKCS #1 v1.5 signatures over digests of this kind. */
static EVP_PKEY_CTX *rsa_verifier(struct crypto *crypto, EVP_PKEY *key,
                                  enum crypto_digest digest)
{
    EVP_PKEY_CTX *verifier = EVP_PKEY_CTX_new_from_pkey(crypto->library, key, NULL);
    if (verifier != NULL &&
        (EVP_PKEY_verify_init(verifier) != 1 ||
         EVP_PKEY_CTX_set_rsa_padding(verifier, RSA_PKCS1_PADDING) != 1 ||
         EVP_PKEY_CTX_set_signature_md(verifier, crypto->digests[digest]) != 1)) {
        EVP_PKEY_CTX_free(verifier);
        return NULL;
    }
    return verifier;
}

/* Big-endian octets as OSSL_PARAM wants them: in the machine's order. */
static bool to_native(slice number, unsigned char *out)
{
    BIGNUM *bignum = BN_bin2bn((const unsigned char *)number.ptr, (int)number.len, NULL);
    int written = bignum == NULL ? -1 : BN_bn2nativepad(bignum, out, (int)number.len);
    BN_free(bignum);
    return written >= 0;
}

static bool make_rsa(struct crypto *crypto, const struct der_rsa_key *numbers,
                     struct crypto_key *out)
{
    unsigned char modulus[MODULUS_OCTETS_MAX];
    unsigned char exponent[EXPONENT_OCTETS_MAX];
    if (!to_native(numbers->modulus, modulus) ||
        !to_native(numbers->exponent, exponent)) {
        return false;
    }
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus, numbers->modulus.len),
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, exponent, numbers->exponent.len),
        OSSL_PARAM_construct_end()};
    if (EVP_PKEY_fromdata(crypto->make_rsa, &out->key, EVP_PKEY_PUBLIC_KEY, params) !=
        1) {
        return false;
    }
    out->sha256 = rsa_verifier(crypto, out->key, CRYPTO_SHA256);
    return out->sha256 != NULL;
}

enum yett_err crypto_key_from_rsa(struct crypto *crypto, slice der,
                                  struct crypto_key **out, const char **why)
{
    struct der_rsa_key numbers;
    enum yett_err err = der_parse_rsa_key(der, &numbers, why);
    if (err != YETT_OK) {
        return err;
    }
    struct crypto_key *key = calloc(1, sizeof(*key));
    if (key == NULL) {
        return YETT_NO_MEMORY;
    }
    key->type = CRYPTO_RSA;
    key->bits = numbers.bits;
    key->signature_octets = numbers.modulus.len;
    if (key->bits >= RSA_BITS_MIN) {
        ERR_set_mark();
        bool made = make_rsa(crypto, &numbers, key);
        ERR_pop_to_mark();
        if (!made) {
            crypto_key_free(key);
            return YETT_NO_MEMORY;
        }
    }
    *out = key;
    return YETT_OK;
}

enum yett_err crypto_key_from_ed25519(struct crypto *crypto, slice octets,
                                      struct crypto_key **out, const char **why)
{
    unsigned char point[ED25519_KEY_OCTETS];
    if (octets.len != sizeof(point)) {
        *why = "an Ed25519 key has 32 octets, this one has not";
        return YETT_BAD_SYNTAX;
    }
    struct crypto_key *key = calloc(1, sizeof(*key));
    if (key == NULL) {
        return YETT_NO_MEMORY;
    }
    key->type = CRYPTO_ED25519;
    key->bits = ED25519_BITS;
    key->signature_octets = ED25519_SIGNATURE_OCTETS;
    memcpy(point, octets.ptr, sizeof(point));
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end()};
    ERR_set_mark();
    int made =
        EVP_PKEY_fromdata(crypto->make_ed25519, &key->key, EVP_PKEY_PUBLIC_KEY, params);
    ERR_pop_to_mark();
    if (made != 1) {
        crypto_key_free(key);
        return YETT_NO_MEMORY;
    }
    *out = key;
    return YETT_OK;
}

void crypto_key_free(struct crypto_key *key)
{
    if (key != NULL) {
        EVP_PKEY_CTX_free(key->sha256);
        EVP_PKEY_free(key->key);
        free(key);
    }
}

enum crypto_key_type crypto_key_type(const struct crypto_key *key)
{
    return key->type;
}

unsigned crypto_key_bits(const struct crypto_key *key)
{
    return key->bits;
}

enum yett_err crypto_rsa_bits(slice der, unsigned *bits, const char **why)
{
    struct der_rsa_key numbers;
    enum yett_err err = der_parse_rsa_key(der, &numbers, why);
    if (err == YETT_OK) {
        *bits = numbers.bits;
    }
    return err;
}

/* 1 valid, 0 not, less than 0 when libcrypto could not tell. */
static int verify_rsa(struct crypto *crypto, const struct crypto_key *key,
                      enum crypto_digest algorithm, const uint8_t *digest,
                      slice signature)
{
    /* RFC 8301 retired SHA-1, so only what is in use has its context ready. */
    EVP_PKEY_CTX *verifier = algorithm == CRYPTO_SHA256
                                 ? key->sha256
                                 : rsa_verifier(crypto, key->key, algorithm);
    if (verifier == NULL) {
        return -1;
    }
    int answer = EVP_PKEY_verify(verifier, (const unsigned char *)signature.ptr,
                                 signature.len, digest, crypto_digest_size(algorithm));
    if (verifier != key->sha256) {
        EVP_PKEY_CTX_free(verifier);
    }
    return answer;
}

static int verify_ed25519(struct crypto *crypto, const struct crypto_key *key,
                          enum crypto_digest algorithm, const uint8_t *digest,
                          slice signature)
{
    EVP_MD_CTX *edwards = crypto_edwards(crypto);
    if (EVP_DigestVerifyInit_ex(edwards, NULL, NULL, crypto->library, NULL, key->key,
                                NULL) != 1) {
        return -1;
    }
    return EVP_DigestVerify(edwards, (const unsigned char *)signature.ptr, signature.len,
                            digest, crypto_digest_size(algorithm));
}

enum yett_err crypto_verify(struct crypto *crypto, const struct crypto_key *key,
                            enum crypto_digest algorithm, const uint8_t *digest,
                            slice signature, bool *valid)
{
    if (key->key == NULL || signature.len != key->signature_octets) {
        *valid = false; /* RFC 8017 section 8.2.2 step 1 */
        return YETT_OK;
    }
    ERR_set_mark();
    int answer = key->type == CRYPTO_RSA
                     ? verify_rsa(crypto, key, algorithm, digest, signature)
                     : verify_ed25519(crypto, key, algorithm, digest, signature);
    ERR_pop_to_mark();
    if (answer < 0) {
        return YETT_NO_MEMORY;
    }
    *valid = answer == 1;
    return YETT_OK;
}
