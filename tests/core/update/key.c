/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/case.h"

/* base64 of the octets 0 to 31 */
#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void every_form_gives_the_same_key(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *text;
    } rows[] = {
        {"named.conf",
         "key \"Update.Example.COM.\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET
         "\";\n};\n"                                                                                },
        {"without quotation marks, in one line",
         "key update.example.com { algorithm HMAC-SHA256; secret " SECRET "; };"                    },
        {"with quotation marks everywhere",
         "key \"update.example.com\"{algorithm \"hmac-sha256.\";secret \"" SECRET
         "\";};"                                                                                    },
        {"secret first, no last semicolon",
         "key update.example.com { secret \"" SECRET "\"; algorithm hmac-sha256; }"                 },
        {"with comments of all kinds",
         "# a\n// b\n/* c\n */ key /* d */ update.example.com { // e\n algorithm # f\n "
         "hmac-sha256;\nsecret \"" SECRET "\"; /**/ }; # end"                                       },
        {"nsupdate -y",                             "hmac-sha256:update.example.com:" SECRET        },
        {"nsupdate -y, in a file",                  "\n hmac-sha256:update.example.com:" SECRET "\n"},
        {"keymgr -t",                               "# hmac-sha256:update.example.com:" SECRET
                      "\nkey:\n  - id: update.example.com\n    algorithm: hmac-sha256\n  "
                      "  secret: " SECRET "\n"                                 },
        {"keymgr -t, as JSON-like YAML writers do",
         "key:\n- algorithm: \"hmac-sha256\"\n  id: \"update.example.com.\"\n  secret: "
         "\"" SECRET "\"\n"                                                                         },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct update_key key;
        const char *why = "";
        if (update_key_parse(arena, slice_from_text(rows[i].text), &key, &why) !=
            YETT_OK) {
            fail_msg("%s: %s", rows[i].why, why);
        }
        assert_true(slice_eq(key.name, SLICE("update.example.com")));
        assert_int_equal(key.algorithm, CRYPTO_HMAC_SHA256);
        assert_int_equal(key.secret.len, 32);
        for (int octet = 0; octet < 32; octet++) {
            assert_int_equal(key.secret.ptr[octet], octet);
        }
    }
}

static void each_algorithm_has_its_name(void **state)
{
    (void)state;
    static const enum crypto_mac all[] = {CRYPTO_HMAC_SHA256, CRYPTO_HMAC_SHA384,
                                          CRYPTO_HMAC_SHA512};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct update_key key;
        const char *why = "";
        slice text =
            arena_printf(arena, "%s:k:%s", update_algorithm_text(all[i]), SECRET);
        assert_int_equal(update_key_parse(arena, text, &key, &why), YETT_OK);
        assert_int_equal(key.algorithm, all[i]);
    }
}

static void a_secret_may_begin_like_a_comment(void **state)
{
    (void)state;
    struct update_key key;
    const char *why = "";
    static const char *const texts[] = {
        "hmac-sha256:k://8BAgMEBQYHCAkKCwwNDg8=",
        "key:\n- id: k\n  algorithm: hmac-sha256\n  secret: //8BAgMEBQYHCAkKCwwNDg8=",
        "key k { algorithm hmac-sha256; secret \"//8BAgMEBQYHCAkKCwwNDg8=\"; };",
    };
    for (size_t i = 0; i < 3; i++) {
        if (update_key_parse(arena, slice_from_text(texts[i]), &key, &why) != YETT_OK) {
            fail_msg("%s: %s", texts[i], why);
        }
        assert_int_equal((unsigned char)key.secret.ptr[0], 0xff);
    }
}

static void what_is_no_key_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *word;
    } rows[] = {
        {"",                                                                             "no key"             },
        {"# only a comment",                                                             "no key"             },
        {"/* without end",                                                               "no key"             },
        {"-----BEGIN PRIVATE KEY-----",                                                  "of the form"        },
        {"update.example.com:" SECRET,                                                   "of the form"        },
        {"hmac-sha1:k:" SECRET,                                                          "hmac-sha1"          },
        {"hmac-md5:k:" SECRET,                                                           "hmac-md5"           },
        {"hmac-md5.sig-alg.reg.int.:k:" SECRET,                                          "hmac-md5"           },
        {"hmac-sha224:k:" SECRET,                                                        "hmac-sha224"        },
        {"hmac-sha3:k:" SECRET,                                                          "not known"          },
        {"hmac-sha256:k:AAECAwQFBgcICQoLDA0O",                                           "less than 16 octets"},
        {"hmac-sha256:k:AAECA*",                                                         "not base64"         },
        {"hmac-sha256:k..b:" SECRET,                                                     "no domain name"     },
        {"hmac-sha256:k:" SECRET "\nhmac-sha256:l:" SECRET,                              "goes on behind"     },
        {"key k { algorithm hmac-sha256; };",                                            "without its name"   },
        {"key k { secret \"" SECRET "\"; };",                                            "without its name"   },
        {"key { algorithm hmac-sha256; };",                                              "without a name"     },
        {"key k algorithm hmac-sha256;",                                                 "without {"          },
        {"key k { algorithm hmac-sha256 secret x; };",                                   "without ;"          },
        {"key k { algorithm hmac-sha256; secret \"" SECRET "\"",                         "without ;"          },
        {"key k { algorithm hmac-sha256; secret \"" SECRET "\";",                        "end with }"         },
        {"key k { algorithm hmac-sha256; secret \"" SECRET,                              "empty"              },
        {"key k { algorithm hmac-sha256; secret \"\"; };",                               "empty"              },
        {"key k { algorithm hmac-sha256; algorithm hmac-sha256; };",                     "twice"              },
        {"key k { algorithm hmac-sha256; server 192.0.2.1; };",                          "algorithm or secret"},
        {"key k { algorithm hmac-sha256; secret \"" SECRET
         "\"; }; key l { algorithm hmac-sha256; };",                            "goes on behind"     },
        {"key:\n - id: k\n   algorithm: hmac-sha256\n   secret: " SECRET "\n - id: l\n",
         "more than one key"                                                                                  },
        {"key:\n - id k\n",                                                              "of the form"        },
        {"key:\n - id: k\n   algorithm: hmac-sha256\n",                                  "without its name"   },
        {"key:\nserver:\n  listen: x\n",                                                 "algorithm or secret"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct update_key key = {.name = SLICE("untouched")};
        const char *why = "nothing";
        enum yett_err err =
            update_key_parse(arena, slice_from_text(rows[i].text), &key, &why);
        if (err != YETT_BAD_SYNTAX || strstr(why, rows[i].word) == NULL) {
            fail_msg("\"%s\": %s, %s", rows[i].text, yett_err_text(err), why);
        }
        assert_true(slice_eq(key.name, SLICE("untouched")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_form_gives_the_same_key),
        TEST(each_algorithm_has_its_name),
        TEST(a_secret_may_begin_like_a_comment),
        TEST(what_is_no_key_is_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
