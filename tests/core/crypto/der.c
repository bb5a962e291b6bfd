/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/der.h"

#include "core/crypto/hex.h"
#include "core/crypto/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RSA_OID "06092a864886f70d010101"

static void a_key_is_strict_der_to_the_last_octet(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        unsigned bits; /* 0: refused */
        const char *why;
    } rows[] = {
        {"3007 020200c5 020103",                                                      8, "bare key"                    },
        {"3006 020145 020103",                                                        7, "modulus below 0x80"          },
        {"3006 020101 020103",                                                        1, "modulus of one bit"          },
        {"301a 300d" RSA_OID "0500 0309 00 3006 020145 020103",                       7,
         "SubjectPublicKeyInfo"                                                                                        },
        {"3018 300b" RSA_OID " 0309 00 3006 020145 020103",                           7, "parameters absent"           },
        {"",                                                                          0, "empty"                       },
        {"30",                                                                        0, "no length"                   },
        {"3000",                                                                      0, "empty sequence"              },
        {"3007 020200c5 02010300",                                                    0, "octet behind the key"        },
        {"3008 020200c5 020103 00",                                                   0, "octet in the key"            },
        {"300a 020200c5 020103 020103",                                               0, "third number"                },
        {"3004 020200c5",                                                             0, "no exponent"                 },
        {"3008 020200c5 020103",                                                      0, "cut off"                     },
        {"308107 020200c5 020103",                                                    0, "long form for a short length"},
        {"30820007 020200c5 020103",                                                  0, "two length octets for one"   },
        {"3080 020200c5 020103 0000",                                                 0, "indefinite length"           },
        {"3084000000070202 00c5 020103",                                              0, "four length octets"          },
        {"3008 028102 00c5 020103",                                                   0, "long form inside"            },
        {"3006 0201c5 020103",                                                        0, "negative modulus"            },
        {"3007 020200c5 020183",                                                      0, "negative exponent"           },
        {"3007 02020045 020103",                                                      0, "leading zero in the modulus" },
        {"3008 020200c5 02020003",                                                    0, "leading zero in the exponent"},
        {"3005 0200 020103",                                                          0, "modulus without octets"      },
        {"3006 020100 020103",                                                        0, "modulus zero"                },
        {"3007 020200c4 020103",                                                      0, "even modulus"                },
        {"3007 020200c5 020104",                                                      0, "even exponent"               },
        {"3007 020200c5 020101",                                                      0, "exponent one"                },
        {"3007 020200c5 020100",                                                      0, "exponent zero"               },
        {"300e 020200c5 02087fffffffffffffff",                                        8, "exponent of 63 bits"         },
        {"300f 020200c5 020900ffffffffffffffff",                                      8, "exponent of 64 bits"         },
        {"300f 020200c5 0209010000000000000001",                                      0, "exponent of 65 bits"         },
        {"3107 020200c5 020103",                                                      0, "a set, no sequence"          },
        {"3007 030200c5 020103",                                                      0, "modulus is a bit string"     },
        {"301a 300d 06092a864886f70d01010a 0500 0309 00 3006 020145 020103",          0,
         "RSASSA-PSS"                                                                                                  },
        {"301a 300d" RSA_OID "0400 0309 00 3006 020145 020103",                       0, "parameters not NULL"         },
        {"301a 300d" RSA_OID "0500 0309 01 3006 020145 020103",                       0, "unused bits"                 },
        {"301a 300d" RSA_OID "0500 0409 00 3006 020145 020103",                       0, "octet string"                },
        {"3011 300d" RSA_OID "0500 0300",                                             0, "empty bit string"            },
        {"301b 300d" RSA_OID "0500 0309 00 3006 020145 020103 00",                    0,
         "octet behind the bit string"                                                                                 },
        {"301b 300d" RSA_OID "0500 030a 00 3006 020145 020103 00",                    0,
         "octet in the bit string"                                                                                     },
        {"301b 300d" RSA_OID "0500 0309 00 3006 020145 020103",                       0,
         "outer length too large"                                                                                      },
        {"302a300506032b6570032100 "
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", 0, "Ed25519"                     },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t octets[100];
        struct der_rsa_key key = {.bits = 12345};
        const char *why = NULL;
        slice der = hex_octets(rows[i].hex, octets, sizeof(octets));
        enum yett_err err = der_parse_rsa_key(der, &key, &why);
        bool as_expected = rows[i].bits != 0 ? err == YETT_OK && key.bits == rows[i].bits
                                             : err == YETT_BAD_SYNTAX && why != NULL &&
                                                   key.bits == 12345;
        if (!as_expected) {
            fail_msg("%s: %d, %u bits, %s", rows[i].why, (int)err, key.bits, why);
        }
    }
}

/* A bare key whose modulus is ff…ff of `octets` octets with `first` before it. */
static slice large_key_with(uint8_t *out, size_t octets, const char *first,
                            slice exponent)
{
    uint8_t prefix[4];
    slice before = hex_octets(first, prefix, sizeof(prefix));
    size_t modulus = octets + before.len;
    size_t content = 4 + modulus + exponent.len;
    uint8_t head[] = {0x30, 0x82, (uint8_t)(content >> 8), (uint8_t)content,
                      0x02, 0x82, (uint8_t)(modulus >> 8), (uint8_t)modulus};
    memcpy(out, head, sizeof(head));
    memcpy(out + sizeof(head), before.ptr, before.len);
    memset(out + sizeof(head) + before.len, 0xff, octets);
    memcpy(out + sizeof(head) + modulus, exponent.ptr, exponent.len);
    return slice_of((const char *)out, sizeof(head) + modulus + exponent.len);
}

static slice large_key(uint8_t *out, size_t octets, const char *first)
{
    return large_key_with(out, octets, first, SLICE("\x02\x01\x03"));
}

static void a_modulus_has_8192_bits_at_most(void **state)
{
    (void)state;
    uint8_t octets[1100];
    struct der_rsa_key key;
    const char *why = NULL;
    assert_int_equal(der_parse_rsa_key(large_key(octets, 1024, "00"), &key, &why),
                     YETT_OK);
    assert_int_equal(key.bits, 8192);
    assert_int_equal(key.modulus.len, 1024);
    assert_int_equal(der_parse_rsa_key(large_key(octets, 1024, "01"), &key, &why),
                     YETT_BAD_SYNTAX);
    assert_non_null(strstr(why, "8192"));
}

/* Up to 4096 bits verifiers must take a key (RFC 8301 section 3.2); of one that is longer a
   long exponent would only make them work. */
static void over_4096_bits_an_exponent_has_32_bits_at_most(void **state)
{
    (void)state;
    static const struct {
        size_t octets;
        slice exponent;
        bool is_taken;
    } rows[] = {
        {512,  SLICE_INIT("\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"), true },
        {513,  SLICE_INIT("\x02\x05\x01\x00\x00\x00\x01"),                 false},
        {513,  SLICE_INIT("\x02\x05\x00\xff\xff\xff\xff"),                 true },
        {1024, SLICE_INIT("\x02\x05\x01\x00\x00\x00\x01"),                 false},
        {1024, SLICE_INIT("\x02\x05\x00\xff\xff\xff\xff"),                 true },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t octets[1100];
        struct der_rsa_key key;
        const char *why = NULL;
        slice der = large_key_with(octets, rows[i].octets, "00", rows[i].exponent);
        bool is_taken = der_parse_rsa_key(der, &key, &why) == YETT_OK;
        if (is_taken != rows[i].is_taken || (!is_taken && why == NULL)) {
            fail_msg("row %zu: %s", i, why == NULL ? "taken" : why);
        }
    }
}

static void a_key_cut_anywhere_is_refused(void **state)
{
    (void)state;
    uint8_t octets[512];
    slice whole = hex_octets(rsa1024_spki, octets, sizeof(octets));
    struct der_rsa_key key;
    const char *why;
    assert_int_equal(der_parse_rsa_key(whole, &key, &why), YETT_OK);
    assert_int_equal(key.bits, 1024);
    assert_true(slice_eq(key.exponent, SLICE("\x01\x00\x01")));
    for (size_t cut = 0; cut < whole.len; cut++) {
        assert_int_equal(der_parse_rsa_key(slice_first(whole, cut), &key, &why),
                         YETT_BAD_SYNTAX);
    }
    assert_int_equal(der_parse_rsa_key(SLICE_NONE, &key, &why), YETT_BAD_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_strict_der_to_the_last_octet),
        cmocka_unit_test(a_modulus_has_8192_bits_at_most),
        cmocka_unit_test(over_4096_bits_an_exponent_has_32_bits_at_most),
        cmocka_unit_test(a_key_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
