/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/context.h"

#include <assert.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

/* hmac: keyed digests (RFC 2104) of the sizes that DNS transactions are signed with. */

static const struct mac_rule {
    char digest[8]; /* libcrypto's name */
    size_t size;
} mac_rules[] = {
    [CRYPTO_HMAC_SHA256] = {"SHA256", 32},
    [CRYPTO_HMAC_SHA384] = {"SHA384", 48},
    [CRYPTO_HMAC_SHA512] = {"SHA512", 64},
};

size_t crypto_mac_size(enum crypto_mac mac)
{
    return mac_rules[mac].size;
}

enum yett_err crypto_hmac(struct crypto *crypto, enum crypto_mac mac, slice key,
                          slice bytes, uint8_t out[CRYPTO_MAC_MAX])
{
    struct mac_rule rule = mac_rules[mac];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, rule.digest, 0),
        OSSL_PARAM_construct_end()};
    /* A NULL key would mean: the one set before. */
    const char *key_octets = key.len == 0 ? "" : key.ptr;
    size_t size = 0;

    EVP_MAC_CTX *context = EVP_MAC_CTX_new(crypto->hmac);
    if (context == NULL) {
        return YETT_NO_MEMORY;
    }
    ERR_set_mark();
    int done =
        EVP_MAC_init(context, (const unsigned char *)key_octets, key.len, params) == 1 &&
        (bytes.len == 0 ||
         EVP_MAC_update(context, (const unsigned char *)bytes.ptr, bytes.len) == 1) &&
        EVP_MAC_final(context, out, &size, CRYPTO_MAC_MAX) == 1;
    ERR_pop_to_mark();
    EVP_MAC_CTX_free(context);
    assert(!done || size == rule.size);
    return done ? YETT_OK : YETT_NO_MEMORY;
}

bool crypto_equal(slice a, slice b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
