/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/der.h"
#include "core/crypto/pem.h"
#include "core/crypto/private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>

/*
 * Private keys from PEM.  libcrypto decodes; that it is a key we can use is found here, at the
 * start of a program and not with the first message.
 */

static const char undecodable[] =
    "the key between its BEGIN and END line cannot be read: "
    "damaged, or not of the kind that these lines say";

/* Longer than an RSA key of 8192 bits in PKCS#8 is, as text. */
enum { BLOCK_OCTETS_MAX = 16 * 1024 };

static EVP_PKEY *decode(struct crypto *crypto, slice block)
{
    EVP_PKEY *key = NULL;
    const unsigned char *at = (const unsigned char *)block.ptr;
    size_t left = block.len;
    OSSL_DECODER_CTX *decoder = OSSL_DECODER_CTX_new_for_pkey(
        &key, "PEM", NULL, NULL, EVP_PKEY_KEYPAIR, crypto->library, NULL);
    if (decoder != NULL && OSSL_DECODER_from_data(decoder, &at, &left) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    OSSL_DECODER_CTX_free(decoder);
    return key;
}

/* ---- what kind it is ---------------------------------------------------------------- */

static const struct kind_rule {
    const char *name; /* libcrypto's */
    const char *refusal;
    enum crypto_key_type type;
} kinds[] = {
    {"RSA",     NULL,                                                       CRYPTO_RSA    },
    {"ED25519", NULL,                                                       CRYPTO_ED25519},
    {"RSA-PSS",
     "it is an RSA key for PSS signatures, and DKIM has those of "
     "PKCS#1 v1.5 only",                                                    CRYPTO_RSA    },
    {"EC",
     "it is an elliptic curve (ECDSA) key, and DKIM knows RSA and "
     "Ed25519 only",                                                        CRYPTO_RSA    },
    {"ED448",   "it is an Ed448 key, and DKIM knows RSA and Ed25519 only",  CRYPTO_RSA    },
    {"X25519",  "it is an X25519 key, which cannot sign; Ed25519 is meant", CRYPTO_RSA    },
    {"DSA",     "it is a DSA key, and DKIM knows RSA and Ed25519 only",     CRYPTO_RSA    },
};

static const char *judge_kind(const EVP_PKEY *key, enum crypto_key_type *type)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (EVP_PKEY_is_a(key, kinds[i].name) == 1) {
            *type = kinds[i].type;
            return kinds[i].refusal;
        }
    }
    return "it is a key of a kind that DKIM does not know; RSA and Ed25519 it knows";
}

/* ---- the numbers of an RSA key ------------------------------------------------------ */

static BIGNUM *number(const EVP_PKEY *key, const char *name)
{
    BIGNUM *out = NULL;
    return EVP_PKEY_get_bn_param(key, name, &out) == 1 ? out : NULL;
}

/* Numbers that are larger than the modulus would only keep the machine busy. */
static bool are_bounded(const EVP_PKEY *key, int bits)
{
    static const char *const names[] = {
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        BIGNUM *value = number(key, names[i]);
        bool is_fine =
            value != NULL && BN_is_negative(value) == 0 && BN_num_bits(value) <= bits;
        BN_clear_free(value);
        if (!is_fine) {
            return false;
        }
    }
    return true;
}

/* What a verifier takes: crypto_key_from_rsa(). */
static bool is_usable_exponent(const EVP_PKEY *key, int bits)
{
    BIGNUM *exponent = number(key, OSSL_PKEY_PARAM_RSA_E);
    int bits_max = (int)der_exponent_bits_max((unsigned)bits);
    bool is_usable = exponent != NULL && BN_num_bits(exponent) <= bits_max &&
                     BN_is_odd(exponent) == 1 && BN_is_one(exponent) == 0 &&
                     BN_is_negative(exponent) == 0;
    BN_free(exponent);
    return is_usable;
}

/* The numbers that signing uses (RFC 8017 section 3.2, second form), borrowed for a look. */
struct numbers {
    BIGNUM *modulus, *exponent;
    BIGNUM *factors[2];
    BIGNUM *exponents[2];
    BIGNUM *coefficient;
};

static struct numbers numbers_of(const EVP_PKEY *key)
{
    return (struct numbers){
        .modulus = number(key, OSSL_PKEY_PARAM_RSA_N),
        .exponent = number(key, OSSL_PKEY_PARAM_RSA_D),
        .factors = {number(key, OSSL_PKEY_PARAM_RSA_FACTOR1),
                    number(key, OSSL_PKEY_PARAM_RSA_FACTOR2)  },
        .exponents = {number(key, OSSL_PKEY_PARAM_RSA_EXPONENT1),
                    number(key, OSSL_PKEY_PARAM_RSA_EXPONENT2)},
        .coefficient = number(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1),
    };
}

static void wipe_numbers(struct numbers *numbers)
{
    BN_free(numbers->modulus);
    BN_clear_free(numbers->exponent);
    for (size_t i = 0; i < 2; i++) {
        BN_clear_free(numbers->factors[i]);
        BN_clear_free(numbers->exponents[i]);
    }
    BN_clear_free(numbers->coefficient);
}

/* n = pq, dP = d mod (p-1), dQ = d mod (q-1), q qInv = 1 mod p; `room` is for results. */
static bool fit(struct numbers *numbers, BIGNUM *room, BN_CTX *context)
{
    bool do_fit = BN_mul(room, numbers->factors[0], numbers->factors[1], context) == 1 &&
                  BN_cmp(room, numbers->modulus) == 0 &&
                  BN_mod_mul(room, numbers->factors[1], numbers->coefficient,
                             numbers->factors[0], context) == 1 &&
                  BN_is_one(room) == 1;
    for (size_t i = 0; i < 2 && do_fit; i++) {
        do_fit = BN_sub_word(numbers->factors[i], 1) == 1 &&
                 BN_mod(room, numbers->exponent, numbers->factors[i], context) == 1 &&
                 BN_cmp(room, numbers->exponents[i]) == 0;
    }
    return do_fit;
}

/*
 * libcrypto signs with a wrong dP as well, in three times the time and with another number.
 * That d belongs to the public exponent is seen by trying.
 */
static bool belong_together(const EVP_PKEY *key)
{
    struct numbers numbers = numbers_of(key);
    BIGNUM *room = BN_new();
    BN_CTX *context = BN_CTX_new();
    bool is_complete = numbers.modulus != NULL && numbers.exponent != NULL &&
                       numbers.factors[0] != NULL && numbers.factors[1] != NULL &&
                       numbers.exponents[0] != NULL && numbers.exponents[1] != NULL &&
                       numbers.coefficient != NULL && room != NULL && context != NULL;
    bool do_fit = is_complete && fit(&numbers, room, context);
    BN_clear_free(room);
    BN_CTX_free(context);
    wipe_numbers(&numbers);
    return do_fit;
}

static const char inconsistent[] = "the numbers of the RSA key do not belong together";

static const char *judge_rsa(const EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);
    if (bits < CRYPTO_RSA_BITS_MIN) {
        return "the RSA key has less than 1024 bits, which no verifier accepts (RFC "
               "8301): "
               "make one of 2048";
    }
    if (bits > CRYPTO_RSA_BITS_MAX) {
        return "the RSA key has more than 8192 bits, which no verifier need accept: make "
               "one of 2048";
    }
    if (!is_usable_exponent(key, bits)) {
        return "the public exponent of the RSA key is none that verifiers accept (it is "
               "even, 1, or too long)";
    }
    return are_bounded(key, bits) && belong_together(key) ? NULL : inconsistent;
}

/* ---- one signature, to see ---------------------------------------------------------- */

static bool verifies(struct crypto *crypto, const struct crypto_private_key *key,
                     const uint8_t *digest, slice signature)
{
    bool valid = false;
    EVP_PKEY_CTX *rsa = NULL;
    if (key->type == CRYPTO_RSA) {
        rsa = EVP_PKEY_CTX_new_from_pkey(crypto->library, key->key, NULL);
        valid = rsa != NULL && EVP_PKEY_verify_init(rsa) == 1 &&
                EVP_PKEY_CTX_set_signature_md(rsa, crypto->digests[CRYPTO_SHA256]) == 1 &&
                EVP_PKEY_verify(rsa, (const unsigned char *)signature.ptr, signature.len,
                                digest, crypto_digest_size(CRYPTO_SHA256)) == 1;
    } else {
        EVP_MD_CTX *edwards = crypto_edwards(crypto);
        valid =
            EVP_DigestVerifyInit_ex(edwards, NULL, NULL, crypto->library, NULL, key->key,
                                    NULL) == 1 &&
            EVP_DigestVerify(edwards, (const unsigned char *)signature.ptr, signature.len,
                             digest, crypto_digest_size(CRYPTO_SHA256)) == 1;
    }
    EVP_PKEY_CTX_free(rsa);
    return valid;
}

static bool signs(struct crypto *crypto, const struct crypto_private_key *key)
{
    static const uint8_t digest[CRYPTO_DIGEST_MAX] = {1};
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t size = 0;
    return crypto_sign(crypto, key, CRYPTO_SHA256, digest, signature, &size) == YETT_OK &&
           verifies(crypto, key, digest, slice_of((const char *)signature, size));
}

static enum yett_err read_block(struct crypto *crypto, slice block,
                                struct crypto_private_key **out, const char **why)
{
    enum crypto_key_type type = CRYPTO_RSA;
    EVP_PKEY *decoded = decode(crypto, block);
    const char *fault = decoded == NULL ? undecodable : judge_kind(decoded, &type);
    if (fault == NULL && type == CRYPTO_RSA) {
        fault = judge_rsa(decoded);
    }
    if (fault != NULL) {
        EVP_PKEY_free(decoded);
        *why = fault;
        return YETT_BAD_SYNTAX;
    }
    struct crypto_private_key *key = crypto_private_wrap(crypto, decoded, type);
    if (key == NULL) {
        return YETT_NO_MEMORY;
    }
    if (!signs(crypto, key)) {
        crypto_private_key_free(key);
        *why = type == CRYPTO_RSA ? inconsistent : undecodable;
        return YETT_BAD_SYNTAX;
    }
    *out = key;
    return YETT_OK;
}

enum yett_err crypto_private_key_read(struct crypto *crypto, slice pem,
                                      struct crypto_private_key **out, const char **why)
{
    slice block = SLICE_NONE;
    const char *fault = pem_find_private_key(pem, &block);
    if (fault == NULL && block.len > BLOCK_OCTETS_MAX) {
        fault = "the key is longer than one of 8192 bits is";
    }
    if (fault != NULL) {
        *why = fault;
        return YETT_BAD_SYNTAX;
    }
    ERR_set_mark();
    enum yett_err err = read_block(crypto, block, out, why);
    ERR_pop_to_mark();
    return err;
}
