/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_KEYSET_H
#define YETT_CORE_DKIM_KEYSET_H

#include "core/dkim/dkim.h"

/*
 * keyset: the key records of one DNS answer, read once and kept with it.
 *
 * Section 3.6.2.2 leaves undefined what several records at a name mean, and 6.1.2 lets a
 * verifier try each; here the first KEYSET_MAX are read.
 */
enum { KEYSET_MAX = 8 };

struct dkim_key_entry {
    bool readable; /* a key record; else `why` says what is wrong with it */
    const char *why;
    struct dkim_key_record record; /* without notes */
    bool usable_key;               /* p= is a key of its type; else `key_why` */
    slice key_why;                 /* static in an answer's memo */
    unsigned bits;
    struct crypto_key *parsed; /* made when first needed; only in an answer's memo */
};

struct dkim_keyset {
    size_t count;
    struct dkim_key_entry *entries;
};

/* The records of an answer that was found: from its memo, into it, or into `arena`. */
YETT_MUST_USE
enum yett_err dkim_keyset_read(struct arena *arena, const struct dns_answer *answer,
                               const struct dkim_keyset **out);

/*
 * The parsed key for these octets.  Kept with `source` where it can be: `*owned` is then
 * false.  Otherwise the caller frees it.  YETT_BAD_SYNTAX with `*why` for a key that libcrypto
 * does not take.
 */
YETT_MUST_USE
enum yett_err dkim_keyset_key(struct crypto *crypto, const struct dns_answer *source,
                              enum crypto_key_type type, slice octets,
                              struct crypto_key **out, bool *owned, const char **why);

#endif
