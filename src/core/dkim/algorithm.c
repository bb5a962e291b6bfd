/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/algorithm.h"

#include <assert.h>

static const struct algorithm_facts {
    const char *name;
    enum crypto_key_type key_type;
    enum crypto_digest digest;
} algorithms[] = {
    [DKIM_RSA_SHA1] = {"rsa-sha1",       CRYPTO_RSA,     CRYPTO_SHA1  },
    [DKIM_RSA_SHA256] = {"rsa-sha256",     CRYPTO_RSA,     CRYPTO_SHA256},
    [DKIM_ED25519_SHA256] = {"ed25519-sha256", CRYPTO_ED25519, CRYPTO_SHA256},
};

static const struct algorithm_facts *facts_of(enum dkim_algorithm algorithm)
{
    assert(algorithm != DKIM_UNKNOWN_ALGORITHM);
    return &algorithms[algorithm];
}

const char *dkim_algorithm_text(enum dkim_algorithm algorithm)
{
    return algorithm == DKIM_UNKNOWN_ALGORITHM ? "unknown" : facts_of(algorithm)->name;
}

enum dkim_algorithm dkim_algorithm_find(slice name)
{
    static const enum dkim_algorithm known[] = {DKIM_RSA_SHA256, DKIM_ED25519_SHA256,
                                                DKIM_RSA_SHA1};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (slice_eq_nocase(name, slice_from_text(algorithms[known[i]].name))) {
            return known[i];
        }
    }
    return DKIM_UNKNOWN_ALGORITHM;
}

enum crypto_key_type dkim_algorithm_key_type(enum dkim_algorithm algorithm)
{
    return facts_of(algorithm)->key_type;
}

enum crypto_digest dkim_algorithm_digest(enum dkim_algorithm algorithm)
{
    return facts_of(algorithm)->digest;
}

const char *dkim_key_type_text(enum crypto_key_type type)
{
    static const char *const names[] = {
        [CRYPTO_RSA] = "rsa",
        [CRYPTO_ED25519] = "ed25519",
    };
    return names[type];
}

const char *dkim_digest_text(enum crypto_digest digest)
{
    static const char *const names[] = {
        [CRYPTO_SHA1] = "sha1",
        [CRYPTO_SHA256] = "sha256",
    };
    return names[digest];
}

const char *dkim_code_text(enum dkim_code code)
{
    static const char *const words[] = {
        [DKIM_NONE] = "none",           [DKIM_PASS] = "pass",
        [DKIM_FAIL] = "fail",           [DKIM_POLICY] = "policy",
        [DKIM_NEUTRAL] = "neutral",     [DKIM_TEMPERROR] = "temperror",
        [DKIM_PERMERROR] = "permerror",
    };
    return words[code];
}
