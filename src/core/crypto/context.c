/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/context.h"

#include "core/crypto/hash.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/rand.h>

/* A context that makes keys of this type from parameters, again and again. */
static EVP_PKEY_CTX *key_maker(OSSL_LIB_CTX *library, const char *type)
{
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(library, type, NULL);
    if (maker != NULL && EVP_PKEY_fromdata_init(maker) != 1) {
        EVP_PKEY_CTX_free(maker);
        return NULL;
    }
    return maker;
}

struct crypto *crypto_new(void)
{
    struct crypto *crypto = calloc(1, sizeof(*crypto));
    if (crypto == NULL) {
        return NULL;
    }
    ERR_set_mark();
    OSSL_LIB_CTX *library = crypto->library = OSSL_LIB_CTX_new();
    if (library == NULL) { /* NULL would mean the process-wide one, with its file */
        ERR_pop_to_mark();
        free(crypto);
        return NULL;
    }
    crypto->digests[CRYPTO_SHA1] = EVP_MD_fetch(library, "SHA1", NULL);
    crypto->digests[CRYPTO_SHA256] = EVP_MD_fetch(library, "SHA256", NULL);
    crypto->peek = EVP_MD_CTX_new();
    crypto->edwards = EVP_MD_CTX_new();
    crypto->hmac = EVP_MAC_fetch(library, "HMAC", NULL);
    crypto->make_rsa = key_maker(library, "RSA");
    crypto->make_ed25519 = key_maker(library, "ED25519");
    ERR_pop_to_mark();
    if (crypto->digests[CRYPTO_SHA1] == NULL || crypto->digests[CRYPTO_SHA256] == NULL ||
        crypto->peek == NULL || crypto->edwards == NULL || crypto->hmac == NULL ||
        crypto->make_rsa == NULL || crypto->make_ed25519 == NULL) {
        crypto_free(crypto);
        return NULL;
    }
    return crypto;
}

void crypto_free(struct crypto *crypto)
{
    if (crypto == NULL) {
        return;
    }
    for (int digest = 0; digest < CRYPTO_DIGESTS; digest++) {
        crypto_hash_free_idle(crypto, (enum crypto_digest)digest);
        EVP_MD_free(crypto->digests[digest]);
    }
    EVP_MD_CTX_free(crypto->peek);
    EVP_MD_CTX_free(crypto->edwards);
    EVP_MAC_free(crypto->hmac);
    EVP_PKEY_CTX_free(crypto->make_rsa);
    EVP_PKEY_CTX_free(crypto->make_ed25519);
    OSSL_LIB_CTX_free(crypto->library);
    free(crypto);
}

enum yett_err crypto_random(struct crypto *crypto, void *out, size_t size)
{
    ERR_set_mark();
    int done = RAND_bytes_ex(crypto->library, out, size, 0);
    ERR_pop_to_mark();
    return done == 1 ? YETT_OK : YETT_IO;
}
