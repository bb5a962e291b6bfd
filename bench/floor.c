/* SPDX-License-Identifier: BSD-2-Clause */
#include "floor.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

enum { SIGNATURE_MAX = 256, DIGEST_BYTES = 32 };

struct floor {
    unsigned rsa, ed25519;
    bool signs;
    unsigned rsa_made; /* beside the others */
    const char *text;
    size_t bytes;
    EVP_MD *sha256;
    EVP_MD_CTX *hash;
    EVP_PKEY *rsa_key, *ed25519_key;
    EVP_PKEY_CTX *rsa_sign, *rsa_verify;
    EVP_MD_CTX *ed25519_sign, *ed25519_verify;
    unsigned char digest[DIGEST_BYTES];
    unsigned char rsa_signature[SIGNATURE_MAX], ed25519_signature[SIGNATURE_MAX];
    size_t rsa_bytes, ed25519_bytes;
};

static void must(int ok)
{
    if (ok != 1) {
        abort();
    }
}

/* ---- signatures --------------------------------------------------------------------- */

static void sign_rsa(struct floor *floor)
{
    floor->rsa_bytes = SIGNATURE_MAX;
    must(EVP_PKEY_sign(floor->rsa_sign, floor->rsa_signature, &floor->rsa_bytes,
                       floor->digest, DIGEST_BYTES));
}

static void verify_rsa(struct floor *floor)
{
    must(EVP_PKEY_verify(floor->rsa_verify, floor->rsa_signature, floor->rsa_bytes,
                         floor->digest, DIGEST_BYTES));
}

static void sign_ed25519(struct floor *floor)
{
    floor->ed25519_bytes = SIGNATURE_MAX;
    must(EVP_DigestSign(floor->ed25519_sign, floor->ed25519_signature,
                        &floor->ed25519_bytes, floor->digest, DIGEST_BYTES));
}

static void verify_ed25519(struct floor *floor)
{
    must(EVP_DigestVerify(floor->ed25519_verify, floor->ed25519_signature,
                          floor->ed25519_bytes, floor->digest, DIGEST_BYTES));
}

/* ---- a floor ------------------------------------------------------------------------ */

static EVP_PKEY_CTX *rsa_context(struct floor *floor, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(floor->rsa_key, NULL);
    must(init(context));
    must(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING));
    must(EVP_PKEY_CTX_set_signature_md(context, floor->sha256));
    return context;
}

static void prepare_rsa(struct floor *floor)
{
    static EVP_PKEY *made; /* once: it takes longer than all that is measured */
    made = made == NULL ? EVP_RSA_gen(2048) : made;
    must(EVP_PKEY_up_ref(made));
    floor->rsa_key = made;
    floor->rsa_sign = rsa_context(floor, EVP_PKEY_sign_init);
    floor->rsa_verify = rsa_context(floor, EVP_PKEY_verify_init);
    sign_rsa(floor);
}

static void prepare_ed25519(struct floor *floor)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    floor->ed25519_key = key;
    floor->ed25519_sign = EVP_MD_CTX_new();
    floor->ed25519_verify = EVP_MD_CTX_new();
    must(EVP_DigestSignInit(floor->ed25519_sign, NULL, NULL, NULL, key));
    must(EVP_DigestVerifyInit(floor->ed25519_verify, NULL, NULL, NULL, key));
    sign_ed25519(floor);
}

struct floor *floor_new(unsigned rsa, unsigned ed25519, const char *text, size_t bytes)
{
    struct floor *floor = calloc(1, sizeof(*floor));
    if (floor == NULL) {
        abort();
    }
    *floor = (struct floor){.rsa = rsa, .ed25519 = ed25519, .text = text, .bytes = bytes};
    floor->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    floor->hash = EVP_MD_CTX_new();
    prepare_rsa(floor);
    prepare_ed25519(floor);
    return floor;
}

struct floor *floor_new_signing(unsigned rsa, unsigned ed25519, const char *text,
                                size_t bytes)
{
    struct floor *floor = floor_new(rsa, ed25519, text, bytes);
    floor->signs = true;
    return floor;
}

struct floor *floor_new_sealing(unsigned checked, unsigned made, const char *text,
                                size_t bytes)
{
    struct floor *floor = floor_new(checked, 0, text, bytes);
    floor->rsa_made = made;
    return floor;
}

void floor_run(void *context)
{
    struct floor *floor = context;
    unsigned char digest[EVP_MAX_MD_SIZE];
    must(EVP_DigestInit_ex2(floor->hash, floor->sha256, NULL));
    must(EVP_DigestUpdate(floor->hash, floor->text, floor->bytes));
    must(EVP_DigestFinal_ex(floor->hash, digest, NULL));
    for (unsigned i = 0; i < floor->rsa; i++) {
        (floor->signs ? sign_rsa : verify_rsa)(floor);
    }
    for (unsigned i = 0; i < floor->rsa_made; i++) {
        sign_rsa(floor);
    }
    for (unsigned i = 0; i < floor->ed25519; i++) {
        (floor->signs ? sign_ed25519 : verify_ed25519)(floor);
    }
}

void floor_free(struct floor *floor)
{
    EVP_PKEY_CTX_free(floor->rsa_sign);
    EVP_PKEY_CTX_free(floor->rsa_verify);
    EVP_PKEY_free(floor->rsa_key);
    EVP_PKEY_free(floor->ed25519_key);
    EVP_MD_CTX_free(floor->ed25519_sign);
    EVP_MD_CTX_free(floor->ed25519_verify);
    EVP_MD_CTX_free(floor->hash);
    EVP_MD_free(floor->sha256);
    free(floor);
}
