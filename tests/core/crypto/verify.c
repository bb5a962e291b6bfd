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

static struct crypto_key *rsa_key(struct crypto *crypto, const char *hex)
{
    uint8_t octets[512];
    struct crypto_key *key = NULL;
    const char *why = "";
    if (crypto_key_from_rsa(crypto, hex_octets(hex, octets, sizeof(octets)), &key,
                            &why) != YETT_OK) {
        fail_msg("%s", why);
    }
    return key;
}

static void digest_of(struct crypto *crypto, enum crypto_digest algorithm, slice text,
                      uint8_t *out)
{
    struct crypto_hash *hash = crypto_hash_new(crypto, algorithm);
    crypto_hash_update(hash, text);
    assert_int_equal(crypto_hash_final(hash, out), YETT_OK);
    crypto_hash_free(hash);
}

static bool is_valid(struct crypto *crypto, const struct crypto_key *key,
                     enum crypto_digest algorithm, const uint8_t *digest, slice signature)
{
    bool valid = false;
    assert_int_equal(crypto_verify(crypto, key, algorithm, digest, signature, &valid),
                     YETT_OK);
    return valid;
}

static void rsa_signatures_are_verified(void **state)
{
    static const struct {
        const char *key;
        enum crypto_digest algorithm;
        const char *signature;
        slice text;
        bool valid;
        const char *why;
    } rows[] = {
        {rsa2048_spki, CRYPTO_SHA256, rsa2048_sha256_signature, SLICE_INIT("a message"),
         true,                                                                                 "2048 bits"          },
        {rsa1024_spki, CRYPTO_SHA256, rsa1024_sha256_signature, SLICE_INIT("a message"),
         true,                                                                                 "1024 bits"          },
        {rsa1024_bare, CRYPTO_SHA256, rsa1024_sha256_signature, SLICE_INIT("a message"),
         true,                                                                                 "bare key"           },
        {rsa1024_spki, CRYPTO_SHA1,   rsa1024_sha1_signature,   SLICE_INIT("a message"), true,
         "SHA-1"                                                                                                    },
        {rsa1024_spki, CRYPTO_SHA256, rsa1024_sha256_signature, SLICE_INIT("A message"),
         false,                                                                                "another text"       },
        {rsa1024_spki, CRYPTO_SHA256, rsa1024_sha1_signature,   SLICE_INIT("a message"),
         false,                                                                                "wrong digest"       },
        {rsa1024_spki, CRYPTO_SHA1,   rsa1024_sha256_signature, SLICE_INIT("a message"),
         false,                                                                                "wrong digest, SHA-1"},
        {rsa2048_spki, CRYPTO_SHA256, rsa1024_sha256_signature, SLICE_INIT("a message"),
         false,                                                                                "another's, shorter" },
        {rsa1024_spki, CRYPTO_SHA256, rsa2048_sha256_signature, SLICE_INIT("a message"),
         false,                                                                                "another's, longer"  },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t digest[CRYPTO_DIGEST_MAX];
        uint8_t octets[512];
        struct crypto_key *key = rsa_key(*state, rows[i].key);
        slice signature = hex_octets(rows[i].signature, octets, sizeof(octets));
        digest_of(*state, rows[i].algorithm, rows[i].text, digest);
        for (int round = 0; round < 2; round++) { /* the key's context is used again */
            if (is_valid(*state, key, rows[i].algorithm, digest, signature) !=
                rows[i].valid) {
                fail_msg("%s, round %d", rows[i].why, round);
            }
        }
        crypto_key_free(key);
    }
}

static void one_changed_bit_spoils_a_signature(void **state)
{
    uint8_t digest[CRYPTO_DIGEST_MAX];
    uint8_t octets[512];
    struct crypto_key *key = rsa_key(*state, rsa1024_spki);
    slice signature = hex_octets(rsa1024_sha256_signature, octets, sizeof(octets));
    digest_of(*state, CRYPTO_SHA256, SLICE("a message"), digest);
    for (size_t bit = 0; bit < signature.len * 8; bit++) {
        octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(is_valid(*state, key, CRYPTO_SHA256, digest, signature));
        octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(is_valid(*state, key, CRYPTO_SHA256, digest, signature));
    crypto_key_free(key);
}

static void signatures_of_another_length_than_the_modulus_are_invalid(void **state)
{
    uint8_t digest[CRYPTO_DIGEST_MAX];
    uint8_t octets[512] = {0};
    struct crypto_key *key = rsa_key(*state, rsa1024_spki);
    hex_octets(rsa1024_sha256_signature, octets + 1, sizeof(octets) - 1);
    digest_of(*state, CRYPTO_SHA256, SLICE("a message"), digest);
    assert_true(is_valid(*state, key, CRYPTO_SHA256, digest,
                         slice_of((const char *)octets + 1, 128)));
    assert_false(is_valid(*state, key, CRYPTO_SHA256, digest, SLICE_NONE));
    /* The same number with a zero in front, or a zero behind. */
    assert_false(is_valid(*state, key, CRYPTO_SHA256, digest,
                          slice_of((const char *)octets, 129)));
    assert_false(is_valid(*state, key, CRYPTO_SHA256, digest,
                          slice_of((const char *)octets + 1, 129)));
    assert_false(is_valid(*state, key, CRYPTO_SHA256, digest,
                          slice_of((const char *)octets + 1, 127)));
    crypto_key_free(key);
}

static void the_examples_of_rfc_8463_are_valid(void **state)
{
    uint8_t point[32];
    uint8_t digest[32];
    uint8_t octets[128];
    struct crypto_key *key = NULL;
    const char *why = NULL;
    assert_int_equal(
        crypto_key_from_ed25519(*state, hex_octets(ed25519_key, point, sizeof(point)),
                                &key, &why),
        YETT_OK);
    assert_int_equal(crypto_key_type(key), CRYPTO_ED25519);
    assert_int_equal(crypto_key_bits(key), 256);
    slice signature = hex_octets(ed25519_signature, octets, sizeof(octets));
    hex_octets(ed25519_digest, digest, sizeof(digest));
    for (int round = 0; round < 2; round++) {
        assert_true(is_valid(*state, key, CRYPTO_SHA256, digest, signature));
        digest[0] ^= 1;
        assert_false(is_valid(*state, key, CRYPTO_SHA256, digest, signature));
        digest[0] ^= 1;
    }
    assert_false(
        is_valid(*state, key, CRYPTO_SHA256, digest, slice_first(signature, 63)));
    assert_false(is_valid(*state, key, CRYPTO_SHA256, digest, SLICE_NONE));
    crypto_key_free(key);

    key = rsa_key(*state, rfc8463_rsa_key);
    hex_octets(rfc8463_rsa_digest, digest, sizeof(digest));
    signature = hex_octets(rfc8463_rsa_signature, octets, sizeof(octets));
    assert_true(is_valid(*state, key, CRYPTO_SHA256, digest, signature));
    crypto_key_free(key);
}

static struct crypto_key *ed25519_of(struct crypto *crypto, const char *hex)
{
    uint8_t point[32];
    struct crypto_key *key = NULL;
    const char *why = "";
    assert_int_equal(crypto_key_from_ed25519(
                         crypto, hex_octets(hex, point, sizeof(point)), &key, &why),
                     YETT_OK);
    return key;
}

/* Of many keys in one process each answers for itself, whichever was used before. */
static void an_ed25519_key_verifies_its_own_signatures_only(void **state)
{
    /* RFC 8032 section 7.1, test 2. */
    static const char other_key[] =
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    uint8_t octets[64];
    uint8_t digest[CRYPTO_DIGEST_MAX];
    slice signature = hex_octets(ed25519_signature, octets, sizeof(octets));
    hex_octets(ed25519_digest, digest, sizeof(digest));
    struct crypto_key *own = ed25519_of(*state, ed25519_key);
    struct crypto_key *other = ed25519_of(*state, other_key);
    for (int turn = 0; turn < 2; turn++) {
        assert_true(is_valid(*state, own, CRYPTO_SHA256, digest, signature));
        assert_false(is_valid(*state, other, CRYPTO_SHA256, digest, signature));
    }
    crypto_key_free(own);
    crypto_key_free(other);
}

static void an_ed25519_key_has_32_octets(void **state)
{
    char octets[40] = {0};
    struct crypto_key *key = NULL;
    const char *why = NULL;
    for (size_t length = 0; length < sizeof(octets); length++) {
        enum yett_err err =
            crypto_key_from_ed25519(*state, slice_of(octets, length), &key, &why);
        assert_int_equal(err, length == 32 ? YETT_OK : YETT_BAD_SYNTAX);
    }
    crypto_key_free(key);
}

static void a_point_that_is_none_verifies_nothing(void **state)
{
    uint8_t digest[32] = {0};
    char point[32];
    char signature[64] = {0};
    struct crypto_key *key = NULL;
    const char *why = NULL;
    memset(point, 0xff, sizeof(point));
    assert_int_equal(
        crypto_key_from_ed25519(*state, slice_of(point, sizeof(point)), &key, &why),
        YETT_OK);
    assert_false(is_valid(*state, key, CRYPTO_SHA256, digest,
                          slice_of(signature, sizeof(signature))));
    crypto_key_free(key);
}

static void a_key_knows_its_bits(void **state)
{
    uint8_t octets[512];
    unsigned bits = 0;
    const char *why = NULL;
    struct crypto_key *key = rsa_key(*state, rsa2048_spki);
    assert_int_equal(crypto_key_type(key), CRYPTO_RSA);
    assert_int_equal(crypto_key_bits(key), 2048);
    crypto_key_free(key);
    assert_int_equal(
        crypto_rsa_bits(hex_octets(rsa1024_bare, octets, sizeof(octets)), &bits, &why),
        YETT_OK);
    assert_int_equal(bits, 1024);
    assert_int_equal(crypto_rsa_bits(SLICE("\x30\x00"), &bits, &why), YETT_BAD_SYNTAX);
    assert_int_equal(bits, 1024);
    assert_non_null(why);
}

static void a_key_too_small_to_sign_with_verifies_nothing(void **state)
{
    uint8_t digest[32] = {0};
    struct crypto_key *key = rsa_key(*state, "3007 020200c5 020103");
    assert_int_equal(crypto_key_bits(key), 8);
    assert_false(is_valid(*state, key, CRYPTO_SHA256, digest, SLICE("\x01")));
    assert_false(is_valid(*state, key, CRYPTO_SHA1, digest, SLICE("\x00")));
    crypto_key_free(key);
}

/* 1024 octets of ff under an exponent of 32 bits: nothing to find, but an answer. */
static void the_largest_key_is_answered(void **state)
{
    static uint8_t der[1100];
    static char signature[1024];
    uint8_t digest[32] = {0};
    struct crypto_key *key = NULL;
    const char *why = NULL;
    static const uint8_t head[] = {0x30, 0x82, 0x04, 0x0c, 0x02, 0x82, 0x04, 0x01, 0x00};
    static const uint8_t tail[] = {0x02, 0x05, 0x00, 0xff, 0xff, 0xff, 0xff};
    memcpy(der, head, sizeof(head));
    memset(der + sizeof(head), 0xff, 1024);
    memcpy(der + sizeof(head) + 1024, tail, sizeof(tail));
    memset(signature, 0x55, sizeof(signature));
    assert_int_equal(crypto_key_from_rsa(
                         *state,
                         slice_of((const char *)der, sizeof(head) + 1024 + sizeof(tail)),
                         &key, &why),
                     YETT_OK);
    assert_int_equal(crypto_key_bits(key), 8192);
    assert_false(is_valid(*state, key, CRYPTO_SHA256, digest,
                          slice_of(signature, sizeof(signature))));
    crypto_key_free(key);
    crypto_key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rsa_signatures_are_verified),
        cmocka_unit_test(one_changed_bit_spoils_a_signature),
        cmocka_unit_test(signatures_of_another_length_than_the_modulus_are_invalid),
        cmocka_unit_test(the_examples_of_rfc_8463_are_valid),
        cmocka_unit_test(an_ed25519_key_verifies_its_own_signatures_only),
        cmocka_unit_test(an_ed25519_key_has_32_octets),
        cmocka_unit_test(a_point_that_is_none_verifies_nothing),
        cmocka_unit_test(a_key_knows_its_bits),
        cmocka_unit_test(a_key_too_small_to_sign_with_verifies_nothing),
        cmocka_unit_test(the_largest_key_is_answered),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
