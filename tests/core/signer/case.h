/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_SIGNER_CASE_H
#define YETT_TESTS_CORE_SIGNER_CASE_H

#include "core/crypto/private_keys.h"
#include "core/dkim/case.h"
#include "core/signer/signer.h"

/*
 * signing: a message of a case signed as yett signs.  The keys are those of
 * tests/core/crypto/private_keys.h; the case's zone gets their records.
 */
struct signer_case {
    struct arena *arena;
    struct crypto_private_key *rsa;     /* 1024 bits: mine._domainkey.example.org */
    struct crypto_private_key *ed25519; /* edward._domainkey.example.org */
    struct signer_plan signing;         /* what a test changes */
    slice why;                          /* of the last refusal */
};

void signer_case_begin(struct signer_case *signer, struct dkim_case *c);
void signer_case_end(struct signer_case *signer);

/* rsa-sha256, relaxed/relaxed, t= 1795500000, x= two weeks later, the default fields. */
struct signer_plan signer_case_defaults(void);

/* The header of a message, in the signer's arena, and its body. */
struct message_header signer_case_header(struct signer_case *signer, slice message,
                                         slice *body);

/* The draft of the message at hand; the error when there is none. */
enum yett_err signer_case_draft(struct signer_case *signer, struct dkim_case *c,
                                struct signer_draft *out);

/* Sign the message at hand and put the field on top; returns the field. */
slice signer_case_sign(struct signer_case *signer, struct dkim_case *c);

#endif
