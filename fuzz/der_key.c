/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A DER length in its shortest form. */
static size_t write_head(uint8_t *out, uint8_t tag, size_t length)
{
    size_t at = 0;
    out[at++] = tag;
    if (length >= 0x100) {
        out[at++] = 0x82;
        out[at++] = (uint8_t)(length >> 8);
    } else if (length >= 0x80) {
        out[at++] = 0x81;
    }
    out[at++] = (uint8_t)length;
    return at;
}

/* What is a bare key is one within SubjectPublicKeyInfo as well. */
static void check_wrapped(slice bare, unsigned bits)
{
    static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    uint8_t head[8];
    uint8_t der[2000];
    size_t head_size = write_head(head, 0x03, bare.len + 1);
    size_t at = write_head(der, 0x30, sizeof(algorithm) + head_size + 1 + bare.len);
    assert(at + sizeof(algorithm) + head_size + 1 + bare.len <= sizeof(der));
    memcpy(der + at, algorithm, sizeof(algorithm));
    at += sizeof(algorithm);
    memcpy(der + at, head, head_size);
    at += head_size;
    der[at++] = 0;
    memcpy(der + at, bare.ptr, bare.len);
    unsigned wrapped_bits = 0;
    const char *why = "";
    slice whole = slice_of((const char *)der, at + bare.len);
    assert(crypto_rsa_bits(whole, &wrapped_bits, &why) == YETT_OK);
    assert(wrapped_bits == bits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct crypto *crypto;
    static const uint8_t digest[CRYPTO_DIGEST_MAX];
    slice der = slice_of((const char *)data, size);
    struct crypto_key *key = NULL;
    const char *why = NULL;
    unsigned bits = 0;

    if (crypto == NULL) {
        crypto = crypto_new();
        assert(crypto != NULL);
    }
    if (crypto_rsa_bits(der, &bits, &why) != YETT_OK) {
        assert(why != NULL);
        assert(crypto_key_from_rsa(crypto, der, &key, &why) == YETT_BAD_SYNTAX);
        return 0;
    }
    assert(bits >= 1 && bits <= 8192);
    if (size > 4 && data[0] == 0x30 && size < 1500 &&
        (data[1] < 0x80 ? data[2] : data[2 + (data[1] & 3)]) == 0x02) {
        check_wrapped(der, bits);
    }
    unsigned cut_bits;
    assert(crypto_rsa_bits(slice_first(der, size - 1), &cut_bits, &why) ==
           YETT_BAD_SYNTAX);

    assert(crypto_key_from_rsa(crypto, der, &key, &why) == YETT_OK);
    assert(crypto_key_bits(key) == bits && crypto_key_type(key) == CRYPTO_RSA);
    char signature[1024];
    bool valid = true;
    size_t octets = (bits + 7) / 8;
    memset(signature, 0, sizeof(signature));
    signature[octets - 1] = 2;
    assert(crypto_verify(crypto, key, CRYPTO_SHA256, digest, slice_of(signature, octets),
                         &valid) == YETT_OK);
    assert(!valid);
    crypto_key_free(key);
    return 0;
}
