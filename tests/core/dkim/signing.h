/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_DKIM_SIGNING_H
#define YETT_TESTS_CORE_DKIM_SIGNING_H

#include "core/crypto/private_keys.h"
#include "core/dkim/case.h"

/*
 * signing: a message of a case signed as yett signs.  The keys are those of
 * tests/core/crypto/private_keys.h; the case's zone gets their records.
 */
struct signer {
    struct arena *arena;
    struct crypto_private_key *rsa;     /* 1024 bits: mine._domainkey.example.org */
    struct crypto_private_key *ed25519; /* edward._domainkey.example.org */
    struct dkim_signing signing;        /* what a test changes */
    slice why;                          /* of the last refusal */
};

void signer_begin(struct signer *signer, struct dkim_case *c);
void signer_end(struct signer *signer);

/* rsa-sha256, relaxed/relaxed, t= 1795500000, x= two weeks later, the default fields. */
struct dkim_signing signer_defaults(void);

/* The header of a message, in the signer's arena, and its body. */
struct message_header signer_header(struct signer *signer, slice message, slice *body);

/* The draft of the message at hand; the error when there is none. */
enum yett_err signer_draft(struct signer *signer, struct dkim_case *c,
                           struct dkim_draft *out);

/* Sign the message at hand and put the field on top; returns the field. */
slice signer_sign(struct signer *signer, struct dkim_case *c);

#endif
