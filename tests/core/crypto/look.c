/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"
#include "core/crypto/private_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* What can be seen of a private key without making one of it. */

static int setup(void **state)
{
    *state = arena_new(1 << 20);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static void kind_and_size_are_those_of_the_key(void **state)
{
    static const struct {
        const char *pem;
        bool is_seen;
        enum crypto_key_type type;
        unsigned bits;
        const char *why;
    } cases[] = {
        {key_rsa1024_8,                                              true,  CRYPTO_RSA,     1024, "RSA in PKCS#8"                      },
        {key_rsa1024_1,                                              true,  CRYPTO_RSA,     1024, "RSA in PKCS#1"                      },
        {key_ed,                                                     true,  CRYPTO_ED25519, 256,  "Ed25519"                            },
        {key_bad_dp,                                                 true,  CRYPTO_RSA,     1024, "a damaged key looks like a good one"},
        {key_rsa768,                                                 false, CRYPTO_RSA,     0,    "too small"                          },
        {key_ec,                                                     false, CRYPTO_RSA,     0,    "another kind"                       },
        {key_x25519,                                                 false, CRYPTO_RSA,     0,    "another curve"                      },
        {key_ed448,                                                  false, CRYPTO_RSA,     0,    "another curve"                      },
        {key_pss,                                                    false, CRYPTO_RSA,     0,    "another padding"                    },
        {key_enc1,                                                   false, CRYPTO_RSA,     0,    "encrypted"                          },
        {key_enc8,                                                   false, CRYPTO_RSA,     0,    "encrypted"                          },
        {"",                                                         false, CRYPTO_RSA,     0,    "nothing"                            },
        {"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", false, CRYPTO_RSA,     0,
         "nothing between the lines"                                                                                                   },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum crypto_key_type type = CRYPTO_RSA;
        unsigned bits = 0;
        bool is_seen =
            crypto_private_key_look(*state, slice_from_text(cases[i].pem), &type, &bits);
        if (is_seen != cases[i].is_seen ||
            (is_seen && (type != cases[i].type || bits != cases[i].bits))) {
            fail_msg("%s: %d, %u bits", cases[i].why, is_seen, bits);
        }
    }
}

/* A key of every size that is generated has that size. */
static void sizes_are_exact(void **state)
{
    static const unsigned sizes[] = {1024, 1025, 1031, 1536, 2048};
    struct crypto *crypto = crypto_new();
    assert_non_null(crypto);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct crypto_private_key *key = NULL;
        struct buf pem;
        enum crypto_key_type type;
        unsigned bits = 0;
        buf_init(&pem, *state, 8192);
        assert_int_equal(crypto_private_key_generate(crypto, CRYPTO_RSA, sizes[i], &key),
                         YETT_OK);
        assert_int_equal(crypto_private_key_write(crypto, key, &pem), YETT_OK);
        assert_true(crypto_private_key_look(*state, buf_slice(&pem), &type, &bits));
        assert_int_equal(bits, crypto_private_key_bits(key));
        crypto_private_key_free(key);
    }
    crypto_free(crypto);
}

/* Whatever octet is another one, nothing but an answer comes of it. */
static void damage_does_no_harm(void **state)
{
    static const char *const pems[] = {key_rsa1024_8, key_rsa1024_1, key_ed};
    for (size_t i = 0; i < sizeof(pems) / sizeof(pems[0]); i++) {
        slice pem = slice_from_text(pems[i]);
        for (size_t at = 0; at < pem.len && at < 200; at++) {
            slice copy;
            enum crypto_key_type type;
            unsigned bits;
            struct arena_mark mark = arena_mark(*state);
            (void)crypto_private_key_look(*state, slice_first(pem, at), &type, &bits);
            assert_int_equal(arena_copy(*state, pem, &copy), YETT_OK);
            ((char *)(uintptr_t)copy.ptr)[at] ^= 0x15;
            if (crypto_private_key_look(*state, copy, &type, &bits)) {
                assert_true(bits == 256 ||
                            (bits >= CRYPTO_RSA_BITS_MIN && bits <= CRYPTO_RSA_BITS_MAX));
            }
            arena_rewind(*state, mark);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(kind_and_size_are_those_of_the_key),
        TEST(sizes_are_exact),
        TEST(damage_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
