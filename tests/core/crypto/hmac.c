/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/crypto.h"
#include "core/crypto/hex.h"

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

static const char longer_than_a_block[] =
    "Test Using Larger Than Block-Size Key - Hash Key First";

/* RFC 4231 sections 4.3 and 4.7, and the empty message under an empty key. */
static const struct vector {
    enum crypto_mac mac;
    size_t key_octets; /* 0xaa each; 4: "Jefe" */
    const char *text;
    const char *expected;
} vectors[] = {
    {CRYPTO_HMAC_SHA256, 4,   "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {CRYPTO_HMAC_SHA256, 131, longer_than_a_block,
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {CRYPTO_HMAC_SHA256, 0,   "",
     "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    {CRYPTO_HMAC_SHA384, 4,   "what do ya want for nothing?",
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
     "8e2240ca5e69e2c78b3239ecfab21649"                                },
    {CRYPTO_HMAC_SHA384, 131, longer_than_a_block,
     "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
     "0c2ef6ab4030fe8296248df163f44952"                                },
    {CRYPTO_HMAC_SHA512, 4,   "what do ya want for nothing?",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    {CRYPTO_HMAC_SHA512, 131, longer_than_a_block,
     "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
     "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
    {CRYPTO_HMAC_SHA512, 0,   "",
     "b936cee86c9f87aa5d3c6f2e84cb5a4239a5fe50480a6ec66b70ab5b1f4ac673"
     "0c6c515421b327ec1d69402e53dfb49ad7381eb067b338fd7b0cb22247225d47"},
};

static void hmac_of_each_size_is_that_of_rfc_4231(void **state)
{
    char filled[131];
    uint8_t expected[CRYPTO_MAC_MAX];
    memset(filled, 0xaa, sizeof(filled));
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const struct vector *v = &vectors[i];
        slice key = v->key_octets == 4 ? SLICE("Jefe") : slice_of(filled, v->key_octets);
        slice mac = hex_octets(v->expected, expected, sizeof(expected));
        uint8_t out[CRYPTO_MAC_MAX] = {0};
        assert_int_equal(crypto_hmac(*state, v->mac, key, slice_from_text(v->text), out),
                         YETT_OK);
        assert_int_equal(crypto_mac_size(v->mac), mac.len);
        assert_memory_equal(out, mac.ptr, mac.len);
    }
}

static void octets_are_equal_or_not_wherever_they_differ(void **state)
{
    (void)state;
    assert_true(crypto_equal(SLICE("abcd"), SLICE("abcd")));
    assert_true(crypto_equal(SLICE_NONE, SLICE("")));
    assert_false(crypto_equal(SLICE("abcd"), SLICE("xbcd")));
    assert_false(crypto_equal(SLICE("abcd"), SLICE("abcx")));
    assert_false(crypto_equal(SLICE("abcd"), SLICE("abc")));
    assert_false(crypto_equal(SLICE(""), SLICE("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_of_each_size_is_that_of_rfc_4231),
        cmocka_unit_test(octets_are_equal_or_not_wherever_they_differ),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
