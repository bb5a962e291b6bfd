/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static slice public_of(struct arena *arena, const struct crypto_private_key *key)
{
    struct buf out;
    buf_init(&out, arena, 4096);
    assert(crypto_private_key_public(key, &out) == YETT_OK);
    return buf_slice(&out);
}

/* As a verifier does that has the published key only. */
static void check_signs(struct crypto *crypto, struct arena *arena,
                        const struct crypto_private_key *key)
{
    static const uint8_t digest[CRYPTO_DIGEST_MAX] = {0};
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t octets = 0;
    struct crypto_key *published = NULL;
    const char *why = NULL;
    bool valid = false;
    slice text = public_of(arena, key);
    enum yett_err err = crypto_private_key_type(key) == CRYPTO_RSA
                            ? crypto_key_from_rsa(crypto, text, &published, &why)
                            : crypto_key_from_ed25519(crypto, text, &published, &why);
    assert(err == YETT_OK);
    assert(crypto_key_bits(published) == crypto_private_key_bits(key));
    assert(crypto_sign(crypto, key, CRYPTO_SHA256, digest, signature, &octets) ==
           YETT_OK);
    assert(crypto_verify(crypto, published, CRYPTO_SHA256, digest,
                         slice_of((const char *)signature, octets), &valid) == YETT_OK);
    assert(valid);
    crypto_key_free(published);
}

/* Written and read again it is the same key. */
static void check_round_trip(struct crypto *crypto, struct arena *arena,
                             const struct crypto_private_key *key)
{
    struct crypto_private_key *again = NULL;
    const char *why = NULL;
    struct buf pem;
    buf_init(&pem, arena, 16384);
    assert(crypto_private_key_write(crypto, key, &pem) == YETT_OK);
    assert(crypto_private_key_read(crypto, buf_slice(&pem), &again, &why) == YETT_OK);
    assert(slice_eq(public_of(arena, key), public_of(arena, again)));
    crypto_private_key_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct crypto *crypto;
    struct arena *arena = arena_new(1 << 20);
    struct crypto_private_key *key = NULL;
    const char *why = NULL;
    crypto = crypto == NULL ? crypto_new() : crypto;
    assert(crypto != NULL && arena != NULL);
    enum yett_err err =
        crypto_private_key_read(crypto, slice_of((const char *)data, size), &key, &why);
    if (err == YETT_OK) {
        check_signs(crypto, arena, key);
        check_round_trip(crypto, arena, key);
        crypto_private_key_free(key);
    } else {
        assert(err == YETT_BAD_SYNTAX && why != NULL && key == NULL);
    }
    arena_free(arena);
    return 0;
}
