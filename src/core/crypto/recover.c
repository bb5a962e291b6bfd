/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"
#include "core/crypto/der.h"

#include <openssl/bn.h>

/*
 * recover: what an RSA signature was made of.  The public operation gives back the padded
 * DigestInfo (RFC 8017 sections 5.2.2 and 9.2), from which the digest is read as strictly as
 * a verifier compares it.
 */
enum { MODULUS_OCTETS_MAX = CRYPTO_RSA_BITS_MAX / 8, PADDING_OCTETS_MIN = 8 };

/* RFC 8017 section 9.2, note 1. */
static const struct digest_info {
    slice prefix;
} digest_infos[] = {
    [CRYPTO_SHA1] = {SLICE_INIT("\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00"
                                "\x04\x14")},
    [CRYPTO_SHA256] = {SLICE_INIT("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04"
                                  "\x02\x01\x05\x00\x04\x20")},
};

static BIGNUM *number_of(slice octets)
{
    return BN_bin2bn((const unsigned char *)octets.ptr, (int)octets.len, NULL);
}

/* signature ^ exponent mod modulus, as long as the modulus is.  0: the signature is no number
   below the modulus; less: no memory. */
static int public_operation(const struct der_rsa_key *key, slice signature,
                            unsigned char *out)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *n = number_of(key->modulus);
    BIGNUM *e = number_of(key->exponent);
    BIGNUM *s = number_of(signature);
    int result = -1;
    if (context != NULL && n != NULL && e != NULL && s != NULL) {
        if (BN_cmp(s, n) >= 0) {
            result = 0;
        } else if (BN_mod_exp(s, s, e, n, context) == 1 &&
                   BN_bn2binpad(s, out, (int)key->modulus.len) >= 0) {
            result = 1;
        }
    }
    BN_free(s);
    BN_free(e);
    BN_free(n);
    BN_CTX_free(context);
    return result;
}

/* 00 01 FF … FF 00 DigestInfo, no octet less or more. */
static bool read_padded(slice text, enum crypto_digest algorithm, slice *digest)
{
    size_t size = crypto_digest_size(algorithm);
    slice prefix = digest_infos[algorithm].prefix;
    size_t rest = 3 + prefix.len + size;
    if (text.len < rest + PADDING_OCTETS_MIN || !slice_take(&text, SLICE("\x00\x01"))) {
        return false;
    }
    size_t padding = text.len + 2 - rest;
    for (size_t i = 0; i < padding; i++) {
        if (text.ptr[i] != '\xff') {
            return false;
        }
    }
    text = slice_skip(text, padding);
    *digest = slice_skip(text, 1 + prefix.len);
    return slice_take_byte(&text, '\0') && slice_starts_with(text, prefix);
}

enum yett_err crypto_rsa_recover(slice der, enum crypto_digest algorithm, slice signature,
                                 uint8_t out[CRYPTO_DIGEST_MAX], bool *recovered,
                                 const char **why)
{
    struct der_rsa_key key;
    unsigned char padded[MODULUS_OCTETS_MAX];
    slice digest;
    *recovered = false;
    enum yett_err err = der_parse_rsa_key(der, &key, why);
    if (err != YETT_OK || signature.len != key.modulus.len) {
        return err; /* of another length: RFC 8017 section 8.2.2 step 1 */
    }
    int done = public_operation(&key, signature, padded);
    if (done < 0) {
        return YETT_NO_MEMORY;
    }
    if (done == 1 && read_padded(slice_of((const char *)padded, key.modulus.len),
                                 algorithm, &digest)) {
        memcpy(out, digest.ptr, digest.len);
        *recovered = true;
    }
    return YETT_OK;
}
