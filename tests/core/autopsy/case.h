/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_AUTOPSY_CASE_H
#define YETT_TESTS_CORE_AUTOPSY_CASE_H

#include "core/autopsy/autopsy.h"
#include "support/dkim_naive.h"
#include "support/sign.h"

/* case: a message is signed, changed on the way, and looked into. */
struct autopsy_case {
    struct crypto *crypto;
    struct sign_key *rsa;
    struct sign_key *ed25519;
    struct arena *arena;
    struct autopsy_limits limits;
    const struct sign_key *key; /* the one that is published; NULL: the one that signed */
    const struct sign_key *signer;
    struct naive_text message;
    bool without_body;
    bool refused; /* the key or the signature cannot be used */
    struct autopsy_finding finding;
};

struct autopsy_edit {
    const char *from; /* the first place of it; "" is the end of the message */
    const char *to;
};

/* A change, or several, and what is to be found of it. */
struct autopsy_row {
    const char *why;
    const char *message;
    struct sign_options options;
    struct autopsy_edit edits[4];
    enum autopsy_kind kind;
    enum autopsy_kind second; /* of another change beside it */
};

#define NO_MORE AUTOPSY_UNTOUCHED

/* For cmocka. */
int case_setup(void **state);
int case_teardown(void **state);

void case_sign(struct autopsy_case *c, const struct sign_key *key,
               const struct sign_options *options, const char *message);
void case_edit(struct autopsy_case *c, const char *from, const char *to);

/* Every place of it. */
void case_edit_all(struct autopsy_case *c, const char *from, const char *to);
void case_perform(struct autopsy_case *c);

/* Whether a row is recognised for certain; what was found is printed if not. */
bool case_recognises(struct autopsy_case *c, const struct autopsy_row *row,
                     const struct sign_key *key);

#endif
