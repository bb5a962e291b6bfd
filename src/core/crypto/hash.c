/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/hash.h"

#include "core/crypto/context.h"

#include <assert.h>
#include <stdlib.h>

#include <openssl/err.h>

struct crypto_hash {
    struct crypto *crypto;
    enum crypto_digest digest;
    EVP_MD_CTX *context;
    bool failed;
    struct crypto_hash *next_idle;
};

size_t crypto_digest_size(enum crypto_digest digest)
{
    static const size_t sizes[CRYPTO_DIGESTS] = {
        [CRYPTO_SHA1] = 20, [CRYPTO_SHA256] = 32};
    return sizes[digest];
}

static void destroy(struct crypto_hash *hash)
{
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

static struct crypto_hash *create(struct crypto *crypto, enum crypto_digest digest)
{
    struct crypto_hash *hash = calloc(1, sizeof(*hash));
    if (hash == NULL) {
        return NULL;
    }
    hash->crypto = crypto;
    hash->digest = digest;
    hash->context = EVP_MD_CTX_new();
    if (hash->context == NULL) {
        destroy(hash);
        return NULL;
    }
    return hash;
}

/* From the pool where it has one; in no state yet. */
static struct crypto_hash *take(struct crypto *crypto, enum crypto_digest digest)
{
    struct crypto_hash *hash = crypto->idle[digest];
    if (hash == NULL) {
        return create(crypto, digest);
    }
    crypto->idle[digest] = hash->next_idle;
    hash->next_idle = NULL;
    hash->failed = false;
    return hash;
}

struct crypto_hash *crypto_hash_new(struct crypto *crypto, enum crypto_digest digest)
{
    struct crypto_hash *hash = take(crypto, digest);
    if (hash == NULL) {
        return NULL;
    }
    ERR_set_mark();
    int ready = EVP_DigestInit_ex2(hash->context, crypto->digests[digest], NULL);
    ERR_pop_to_mark();
    if (ready != 1) {
        destroy(hash);
        return NULL;
    }
    return hash;
}

struct crypto_hash *crypto_hash_copy(const struct crypto_hash *hash)
{
    struct crypto_hash *copy = take(hash->crypto, hash->digest);
    if (copy == NULL) {
        return NULL;
    }
    if (EVP_MD_CTX_copy_ex(copy->context, hash->context) != 1) {
        destroy(copy);
        return NULL;
    }
    copy->failed = hash->failed;
    return copy;
}

void crypto_hash_update(struct crypto_hash *hash, slice bytes)
{
    if (bytes.len != 0 && EVP_DigestUpdate(hash->context, bytes.ptr, bytes.len) != 1) {
        hash->failed = true;
    }
}

enum yett_err crypto_hash_peek(const struct crypto_hash *hash,
                               uint8_t out[CRYPTO_DIGEST_MAX])
{
    EVP_MD_CTX *copy = hash->crypto->peek;
    if (hash->failed || EVP_MD_CTX_copy_ex(copy, hash->context) != 1) {
        return YETT_NO_MEMORY;
    }
    return EVP_DigestFinal_ex(copy, out, NULL) == 1 ? YETT_OK : YETT_NO_MEMORY;
}

enum yett_err crypto_hash_final(struct crypto_hash *hash, uint8_t out[CRYPTO_DIGEST_MAX])
{
    if (hash->failed || EVP_DigestFinal_ex(hash->context, out, NULL) != 1) {
        return YETT_NO_MEMORY;
    }
    return YETT_OK;
}

void crypto_hash_free(struct crypto_hash *hash)
{
    if (hash != NULL) {
        hash->next_idle = hash->crypto->idle[hash->digest];
        hash->crypto->idle[hash->digest] = hash;
    }
}

void crypto_hash_free_idle(struct crypto *crypto, enum crypto_digest digest)
{
    for (struct crypto_hash *hash = crypto->idle[digest]; hash != NULL;) {
        struct crypto_hash *next = hash->next_idle;
        destroy(hash);
        hash = next;
    }
    crypto->idle[digest] = NULL;
}
