/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"
#include "core/crypto/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char abc_sha1[] = "a9993e364706816aba3e25717850c26c9cd0d89d";
static const char abc_sha256[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char empty_sha256[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

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

static void assert_octets(const uint8_t *octets, const char *hex)
{
    uint8_t expected[64];
    slice bytes = hex_octets(hex, expected, sizeof(expected));
    assert_memory_equal(octets, expected, bytes.len);
}

static void digests_are_those_of_the_standard(void **state)
{
    struct crypto *crypto = *state;
    uint8_t out[CRYPTO_DIGEST_MAX];
    for (int round = 0; round < 3; round++) { /* the second from the pool */
        struct crypto_hash *sha1 = crypto_hash_new(crypto, CRYPTO_SHA1);
        struct crypto_hash *sha256 = crypto_hash_new(crypto, CRYPTO_SHA256);
        struct crypto_hash *empty = crypto_hash_new(crypto, CRYPTO_SHA256);
        crypto_hash_update(sha1, SLICE("abc"));
        crypto_hash_update(sha256, SLICE("abc"));
        crypto_hash_update(empty, SLICE_NONE);
        assert_int_equal(crypto_hash_final(sha1, out), YETT_OK);
        assert_octets(out, abc_sha1);
        assert_int_equal(crypto_hash_final(sha256, out), YETT_OK);
        assert_octets(out, abc_sha256);
        assert_int_equal(crypto_hash_final(empty, out), YETT_OK);
        assert_octets(out, empty_sha256);
        crypto_hash_free(sha1);
        crypto_hash_free(sha256);
        crypto_hash_free(empty);
    }
    assert_int_equal(crypto_digest_size(CRYPTO_SHA1), 20);
    assert_int_equal(crypto_digest_size(CRYPTO_SHA256), 32);
}

static void a_digest_does_not_depend_on_the_pieces(void **state)
{
    uint8_t out[CRYPTO_DIGEST_MAX];
    slice text = SLICE("abc");
    for (size_t cut = 0; cut <= text.len; cut++) {
        struct crypto_hash *hash = crypto_hash_new(*state, CRYPTO_SHA256);
        crypto_hash_update(hash, slice_first(text, cut));
        crypto_hash_update(hash, slice_skip(text, cut));
        assert_int_equal(crypto_hash_final(hash, out), YETT_OK);
        assert_octets(out, abc_sha256);
        crypto_hash_free(hash);
    }
}

static void a_peek_changes_nothing(void **state)
{
    uint8_t out[CRYPTO_DIGEST_MAX];
    struct crypto_hash *hash = crypto_hash_new(*state, CRYPTO_SHA256);
    struct crypto_hash *other = crypto_hash_new(*state, CRYPTO_SHA1);
    assert_int_equal(crypto_hash_peek(hash, out), YETT_OK);
    assert_octets(out, empty_sha256);
    crypto_hash_update(hash, SLICE("ab"));
    assert_int_equal(crypto_hash_peek(other, out), YETT_OK);
    crypto_hash_update(other, SLICE("abc"));
    assert_int_equal(crypto_hash_peek(other, out), YETT_OK);
    assert_octets(out, abc_sha1);
    crypto_hash_update(hash, SLICE("c"));
    assert_int_equal(crypto_hash_peek(hash, out), YETT_OK);
    assert_octets(out, abc_sha256);
    assert_int_equal(crypto_hash_peek(hash, out), YETT_OK);
    assert_octets(out, abc_sha256);
    assert_int_equal(crypto_hash_final(hash, out), YETT_OK);
    assert_octets(out, abc_sha256);
    crypto_hash_free(hash);
    crypto_hash_free(other);
}

static void a_copy_and_its_origin_go_their_own_ways(void **state)
{
    uint8_t out[CRYPTO_DIGEST_MAX];
    struct crypto_hash *hash = crypto_hash_new(*state, CRYPTO_SHA256);
    crypto_hash_update(hash, SLICE("ab"));
    struct crypto_hash *copy = crypto_hash_copy(hash);
    assert_non_null(copy);
    crypto_hash_update(hash, SLICE("x"));
    crypto_hash_update(copy, SLICE("c"));
    crypto_hash_free(hash);
    assert_int_equal(crypto_hash_final(copy, out), YETT_OK);
    assert_octets(out, abc_sha256);
    crypto_hash_free(copy);
}

static void a_hash_given_up_leaves_nothing_behind(void **state)
{
    uint8_t out[CRYPTO_DIGEST_MAX];
    struct crypto_hash *hash = crypto_hash_new(*state, CRYPTO_SHA256);
    crypto_hash_update(hash, SLICE("half of a body"));
    crypto_hash_free(hash);
    hash = crypto_hash_new(*state, CRYPTO_SHA256);
    assert_int_equal(crypto_hash_final(hash, out), YETT_OK);
    assert_octets(out, empty_sha256);
    crypto_hash_free(hash);
    crypto_hash_free(NULL);
}

static void random_octets_differ(void **state)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    assert_int_equal(crypto_random(*state, a, sizeof(a)), YETT_OK);
    assert_int_equal(crypto_random(*state, b, sizeof(b)), YETT_OK);
    assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_standard),
        cmocka_unit_test(a_digest_does_not_depend_on_the_pieces),
        cmocka_unit_test(a_peek_changes_nothing),
        cmocka_unit_test(a_copy_and_its_origin_go_their_own_ways),
        cmocka_unit_test(a_hash_given_up_leaves_nothing_behind),
        cmocka_unit_test(random_octets_differ),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
