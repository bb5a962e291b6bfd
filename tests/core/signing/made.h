/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_SIGNING_MADE_H
#define YETT_TESTS_CORE_SIGNING_MADE_H

#include "core/signing/signing.h"

/* made: tables for tests, a line at a time. */
struct made {
    struct arena *arena;
    struct signing_builder *builder;
    const struct signing_table *table; /* after made_table() */
    slice octets;
};

int made_setup(void **state);
int made_teardown(void **state);

/* Mail of `pattern` is signed with d= `domain` and these selectors, which are separated by
   spaces; those that end in "e" are Ed25519 keys.  Each has the file /keys/DOMAIN/SELECTOR. */
enum yett_err made_domain(struct made *made, const char *pattern, const char *domain,
                          const char *selectors, slice *why);

/* That login may use these patterns. */
void made_login(struct made *made, const char *login, const char *patterns);

/* The table, opened. */
void made_table(struct made *made);

#endif
