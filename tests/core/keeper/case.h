/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_KEEPER_CASE_H
#define YETT_TESTS_CORE_KEEPER_CASE_H

#include "core/keeper/keeper.h"

/*
 * case: a table with keys, and texts to be signed with them.
 *
 *     example.org       r (RSA), e (Ed25519); below it as well
 *     customer.example  r of example.org
 *     example.net       n (RSA)
 *     silent.example    named, and not signed
 *     example.org       arc (RSA): seals only
 */
enum { CASE_NOW = 1795500000, CASE_KEYS = 4 };

struct keeper_case {
    struct arena *arena;
    struct crypto *crypto;
    const struct signing_table *table;
    struct crypto_private_key *keys[CASE_KEYS]; /* by their number; NULL: missing */
};

int case_setup(void **state);
int case_teardown(void **state);

/* keeper_options.key */
const struct crypto_private_key *case_key(void *context, uint32_t number,
                                          const char **why);

struct keeper *case_keeper(struct keeper_case *c, unsigned rate);

#define CASE_BH          "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;"
#define CASE_TIMES       "t=1795500000; x=1796709600; "
#define CASE_RELAXED     "c=relaxed/relaxed; "
#define CASE_BY(a, d, s) "v=1; a=" a "; " CASE_RELAXED "d=" d "; s=" s "; " CASE_TIMES
#define CASE_DKIM        "dkim-signature:"
#define CASE_FROM        "from:jo@example.org\r\n"
#define CASE_H           "h=from:from; "
#define CASE_END         CASE_BH " b="
/* As a signer makes it. */
#define CASE_GOOD                                                                        \
    CASE_FROM CASE_DKIM CASE_BY("rsa-sha256", "example.org", "r") CASE_H CASE_END
#define CASE_GOOD_E                                                                      \
    CASE_FROM CASE_DKIM CASE_BY("ed25519-sha256", "example.org", "e") CASE_H CASE_END

#endif
