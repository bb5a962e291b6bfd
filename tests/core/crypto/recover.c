/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"
#include "core/crypto/hex.h"
#include "core/crypto/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = crypto_new();
    return *state == NULL;
}

static int tear_down(void **state)
{
    crypto_free(*state);
    return 0;
}

static void digest_of_message(struct crypto *crypto, enum crypto_digest algorithm,
                              uint8_t *out)
{
    struct crypto_hash *hash = crypto_hash_new(crypto, algorithm);
    crypto_hash_update(hash, SLICE("a message"));
    assert_int_equal(crypto_hash_final(hash, out), YETT_OK);
    crypto_hash_free(hash);
}

static const struct row {
    const char *why;
    const char *key;
    enum crypto_digest algorithm;
    const char *signature;
    bool recovered;
} rows[] = {
    {"SHA-256, 1024 bits",   rsa1024_spki, CRYPTO_SHA256, rsa1024_sha256_signature, true },
    {"a bare RSAPublicKey",  rsa1024_bare, CRYPTO_SHA256, rsa1024_sha256_signature, true },
    {"SHA-1",                rsa1024_spki, CRYPTO_SHA1,   rsa1024_sha1_signature,   true },
    {"SHA-256, 2048 bits",   rsa2048_spki, CRYPTO_SHA256, rsa2048_sha256_signature, true },
    {"another digest",       rsa1024_spki, CRYPTO_SHA1,   rsa1024_sha256_signature, false},
    {"another digest",       rsa1024_spki, CRYPTO_SHA256, rsa1024_sha1_signature,   false},
    {"a key of other size",  rsa2048_spki, CRYPTO_SHA256, rsa1024_sha256_signature, false},
    {"a signature too long", rsa1024_spki, CRYPTO_SHA256, rsa2048_sha256_signature,
     false                                                                               },
};

static void what_was_signed_comes_back(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t key[512], signature[512], digest[CRYPTO_DIGEST_MAX];
        uint8_t out[CRYPTO_DIGEST_MAX] = {0};
        bool recovered = !rows[i].recovered;
        const char *why = "";
        enum yett_err err = crypto_rsa_recover(
            hex_octets(rows[i].key, key, sizeof(key)), rows[i].algorithm,
            hex_octets(rows[i].signature, signature, sizeof(signature)), out, &recovered,
            &why);
        digest_of_message(*state, rows[i].algorithm, digest);
        if (err != YETT_OK || recovered != rows[i].recovered ||
            (recovered &&
             memcmp(out, digest, crypto_digest_size(rows[i].algorithm)) != 0)) {
            fail_msg("%s", rows[i].why);
        }
    }
}

/* Whichever octet of the padded text differs, it is not taken for a signature. */
static void a_damaged_signature_gives_nothing(void **state)
{
    (void)state;
    uint8_t key[512], octets[512], out[CRYPTO_DIGEST_MAX];
    slice der = hex_octets(rsa1024_spki, key, sizeof(key));
    slice signature = hex_octets(rsa1024_sha256_signature, octets, sizeof(octets));
    const char *why = "";
    bool recovered = true;
    for (size_t i = 0; i < signature.len; i++) {
        octets[i] ^= 1;
        assert_int_equal(
            crypto_rsa_recover(der, CRYPTO_SHA256, signature, out, &recovered, &why),
            YETT_OK);
        assert_false(recovered);
        octets[i] ^= 1;
    }
    memset(octets, 0xff, signature.len); /* no number below the modulus */
    assert_int_equal(
        crypto_rsa_recover(der, CRYPTO_SHA256, signature, out, &recovered, &why),
        YETT_OK);
    assert_false(recovered);
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    uint8_t out[CRYPTO_DIGEST_MAX];
    bool recovered = true;
    const char *why = NULL;
    assert_int_equal(crypto_rsa_recover(SLICE("no key"), CRYPTO_SHA256, SLICE("none"),
                                        out, &recovered, &why),
                     YETT_BAD_SYNTAX);
    assert_non_null(why);
    assert_false(recovered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_comes_back),
        cmocka_unit_test(a_damaged_signature_gives_nothing),
        cmocka_unit_test(what_is_no_key_is_refused),
    };
    return cmocka_run_group_tests_name("crypto recover", tests, set_up, tear_down);
}
