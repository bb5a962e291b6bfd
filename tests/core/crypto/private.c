/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"
#include "core/crypto/hex.h"
#include "core/crypto/private_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Private keys: read, made, written, and what they sign. */

struct world {
    struct crypto *crypto;
    struct arena *arena;
};

static int set_up(void **state)
{
    static struct world world;
    world.crypto = crypto_new();
    world.arena = arena_new(1024 * 1024);
    *state = &world;
    return world.crypto == NULL || world.arena == NULL;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    crypto_free(world->crypto);
    arena_free(world->arena);
    return 0;
}

static struct crypto_private_key *read_key(struct world *world, const char *pem)
{
    struct crypto_private_key *key = NULL;
    const char *why = "";
    if (crypto_private_key_read(world->crypto, slice_from_text(pem), &key, &why) !=
        YETT_OK) {
        fail_msg("%s", why);
    }
    return key;
}

static const char *refusal(struct world *world, slice pem)
{
    struct crypto_private_key *key = NULL;
    const char *why = NULL;
    enum yett_err err = crypto_private_key_read(world->crypto, pem, &key, &why);
    assert_null(key);
    assert_int_equal(err, YETT_BAD_SYNTAX);
    return why;
}

static slice public_of(struct world *world, const struct crypto_private_key *key)
{
    struct buf out;
    buf_init(&out, world->arena, 2048);
    assert_int_equal(crypto_private_key_public(key, &out), YETT_OK);
    return buf_slice(&out);
}

static slice written(struct world *world, const struct crypto_private_key *key)
{
    struct buf out;
    buf_init(&out, world->arena, 8192);
    assert_int_equal(crypto_private_key_write(world->crypto, key, &out), YETT_OK);
    return buf_slice(&out);
}

/* SHA-256 of "yett". */
static const uint8_t *digest_of_yett(struct world *world)
{
    static uint8_t digest[CRYPTO_DIGEST_MAX];
    struct crypto_hash *hash = crypto_hash_new(world->crypto, CRYPTO_SHA256);
    crypto_hash_update(hash, SLICE("yett"));
    assert_int_equal(crypto_hash_final(hash, digest), YETT_OK);
    crypto_hash_free(hash);
    return digest;
}

static slice sign(struct world *world, const struct crypto_private_key *key)
{
    static uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t size = 0;
    assert_int_equal(crypto_sign(world->crypto, key, CRYPTO_SHA256,
                                 digest_of_yett(world), signature, &size),
                     YETT_OK);
    return slice_of((const char *)signature, size);
}

/* As a verifier does that knows the published key only. */
static bool verifies(struct world *world, const struct crypto_private_key *key,
                     slice signature)
{
    struct crypto_key *published = NULL;
    const char *why = "";
    bool valid = false;
    slice octets = public_of(world, key);
    enum yett_err err =
        crypto_private_key_type(key) == CRYPTO_RSA
            ? crypto_key_from_rsa(world->crypto, octets, &published, &why)
            : crypto_key_from_ed25519(world->crypto, octets, &published, &why);
    assert_int_equal(err, YETT_OK);
    assert_int_equal(crypto_verify(world->crypto, published, CRYPTO_SHA256,
                                   digest_of_yett(world), signature, &valid),
                     YETT_OK);
    crypto_key_free(published);
    return valid;
}

static void keys_sign_as_openssl_does(void **state)
{
    static const struct {
        const char *pem;
        enum crypto_key_type type;
        unsigned bits;
        const char *signature, *public;
        const char *why;
    } rows[] = {
        {key_rsa1024_8, CRYPTO_RSA, 1024, "87439b45ce8c50596474f7ca63e12ab2cb73af14ec243bef644bba8a803989647a589221691220061dd22a33159dd96941d878e03442ab090734ae01ab1ea57d142dd8966b4032d64c03d967f193d8894362369fcf6044b93f7a867989fd5ba24c2da064b08681c49d12e9f07a1de16694511af6cb2d743be183b441ee4541d5",
         "30819f300d06092a864886f70d010101050003818d0030818902818100d9c1bfbbe58e0c0c502a3045721f539de5dcce4219657a29b1008864f1dde3d1d7ae8d5fc3e70e47cc7683f96c5abf1393fa3690dc7b04fc594948a30816a7312bc4644eac8dbe17dded1823cfe014b310769cfeaab2baf28f72d4cc0b18b4ddeb8c61452725a46dc8c233057c330f19d13c7594ba500c9c918a57ef9030953d0203010001",
         "PKCS#8"},
        {key_rsa1024_1, CRYPTO_RSA, 1024, "87439b45ce8c50596474f7ca63e12ab2cb73af14ec243bef644bba8a803989647a589221691220061dd22a33159dd96941d878e03442ab090734ae01ab1ea57d142dd8966b4032d64c03d967f193d8894362369fcf6044b93f7a867989fd5ba24c2da064b08681c49d12e9f07a1de16694511af6cb2d743be183b441ee4541d5",
         "30819f300d06092a864886f70d010101050003818d0030818902818100d9c1bfbbe58e0c0c502a3045721f539de5dcce4219657a29b1008864f1dde3d1d7ae8d5fc3e70e47cc7683f96c5abf1393fa3690dc7b04fc594948a30816a7312bc4644eac8dbe17dded1823cfe014b310769cfeaab2baf28f72d4cc0b18b4ddeb8c61452725a46dc8c233057c330f19d13c7594ba500c9c918a57ef9030953d0203010001",
         "PKCS#1"},
        {key_ed, CRYPTO_ED25519, 256, "9c3c8dc0eb8d0f2e4e51dea4118ca75308619220b39161d9e9dbd9bc3067a8f9be0334bdae99014db447def70ba2ca1327d3b8d253ebada629e7a5fdf622c201",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
         "Ed25519"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t octets[512];
        struct crypto_private_key *key = read_key(world, rows[i].pem);
        print_message("# %s\n", rows[i].why);
        assert_int_equal(crypto_private_key_type(key), rows[i].type);
        assert_int_equal(crypto_private_key_bits(key), rows[i].bits);
        assert_true(slice_eq(sign(world, key),
                             hex_octets(rows[i].signature, octets, sizeof(octets))));
        assert_true(slice_eq(public_of(world, key),
                             hex_octets(rows[i].public, octets, sizeof(octets))));
        assert_true(verifies(world, key, sign(world, key)));
        crypto_private_key_free(key);
    }
}

static void a_key_that_was_made_and_written_is_read_again(void **state)
{
    static const struct {
        enum crypto_key_type type;
        unsigned bits;
    } rows[] = {
        {CRYPTO_RSA,     1024},
        {CRYPTO_RSA,     2048},
        {CRYPTO_ED25519, 0   },
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct crypto_private_key *made = NULL;
        struct crypto_private_key *read = NULL;
        const char *why = "";
        assert_int_equal(crypto_private_key_generate(world->crypto, rows[i].type,
                                                     rows[i].bits, &made),
                         YETT_OK);
        slice pem = written(world, made);
        assert_true(slice_starts_with(pem, SLICE("-----BEGIN PRIVATE KEY-----\n")));
        assert_int_equal(crypto_private_key_read(world->crypto, pem, &read, &why),
                         YETT_OK);
        assert_true(slice_eq(public_of(world, made), public_of(world, read)));
        assert_int_equal(crypto_private_key_bits(read),
                         rows[i].bits != 0 ? rows[i].bits : 256);
        assert_true(verifies(world, made, sign(world, read)));
        crypto_private_key_free(made);
        crypto_private_key_free(read);
    }
}

static void two_new_keys_differ(void **state)
{
    struct world *world = *state;
    struct crypto_private_key *keys[2] = {NULL, NULL};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            crypto_private_key_generate(world->crypto, CRYPTO_ED25519, 0, &keys[i]),
            YETT_OK);
    }
    assert_false(slice_eq(public_of(world, keys[0]), public_of(world, keys[1])));
    assert_false(verifies(world, keys[1], sign(world, keys[0])));
    crypto_private_key_free(keys[0]);
    crypto_private_key_free(keys[1]);
}

static void what_is_no_key_for_dkim_is_refused_with_its_reason(void **state)
{
    static const char boundaries[] = "-----BEGIN PRIVATE KEY-----\nAAAA\n"
                                     "-----END PRIVATE KEY-----\n";
    static const struct {
        const char *pem;
        const char *words;
    } rows[] = {
        {"", "empty"},
        {"\n\n", "empty"},
        {"0\x82\x04\xa3\x02\x01", "DER"},
        {"hello\n", "no private key"},
        {key_enc1, "encrypted"},
        {key_enc8, "encrypted"},
        {key_rsa768, "less than 1024 bits"},
        {key_ec, "ECDSA"},
        {key_x25519, "X25519"},
        {key_ed448, "Ed448"},
        {key_pss, "PSS"},
        {key_bad_dp, "do not belong together"},
        {key_bad_e, "do not belong together"},
        {key_bad_n, "do not belong together"},
        {key_even_e, "public exponent"},
        {boundaries, "cannot be read"},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "public key"},
        {"-----BEGIN RSA PUBLIC KEY-----\nAA==\n-----END RSA PUBLIC KEY-----\n",
         "public key"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate"},
        {"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "ECDSA"},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\nAA==\n-----END OPENSSH PRIVATE KEY-----\n",
         "OpenSSH"},
        {"-----BEGIN FROGS-----\nAAAA\n-----END FROGS-----\n", "no private key"},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n", "cut off"},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
         "ends as another"},
        {"-----BEGIN PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\nAAAA\n"
         "-----END PRIVATE KEY-----\n",
         "cut off"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *why = refusal(world, slice_from_text(rows[i].pem));
        if (strstr(why, rows[i].words) == NULL) {
            fail_msg("row %zu: \"%s\" without \"%s\"", i, why, rows[i].words);
        }
    }
}

static char *joined(const char *a, const char *b, const char *c)
{
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    snprintf(out, size, "%s%s%s", a, b, c);
    return out;
}

static void a_file_with_two_keys_is_refused(void **state)
{
    struct world *world = *state;
    char *both = joined(key_ed, key_rsa1024_8, "");
    assert_non_null(strstr(refusal(world, slice_from_text(both)), "several"));
    free(both);
}

static void text_around_the_key_is_ignored_and_lines_may_end_in_crlf(void **state)
{
    struct world *world = *state;
    char *text = joined("Key of example.org\n", key_ed, "The end\n");
    crypto_private_key_free(read_key(world, text));
    free(text);

    char *crlf = calloc(1, 2 * sizeof(key_ed));
    assert_non_null(crlf);
    size_t at = 0;
    for (const char *c = key_ed; *c != '\0'; c++) {
        if (*c == '\n') {
            crlf[at++] = '\r';
        }
        crlf[at++] = *c;
    }
    crypto_private_key_free(read_key(world, crlf));
    free(crlf);
}

static void a_key_cut_anywhere_is_refused(void **state)
{
    static const char *const keys[] = {key_rsa1024_1, key_rsa1024_8, key_ed};
    struct world *world = *state;
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        size_t whole = strlen(keys[k]) - 1; /* the last line end is nobody's loss */
        for (size_t length = 0; length < whole; length++) {
            char *cut = malloc(length + 1);
            assert_non_null(cut);
            memcpy(cut, keys[k], length);
            refusal(world, slice_of(cut, length));
            free(cut);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_sign_as_openssl_does),
        cmocka_unit_test(a_key_that_was_made_and_written_is_read_again),
        cmocka_unit_test(two_new_keys_differ),
        cmocka_unit_test(what_is_no_key_for_dkim_is_refused_with_its_reason),
        cmocka_unit_test(a_file_with_two_keys_is_refused),
        cmocka_unit_test(text_around_the_key_is_ignored_and_lines_may_end_in_crlf),
        cmocka_unit_test(a_key_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
