/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_SIGNING_FILES_H
#define YETT_APP_CLI_SIGNING_FILES_H

#include "core/config/config.h"
#include "core/signing/signing.h"

/* signing_files: what is odd about lines of signing.domains_file and signing.logins_file. */

/* What `yett config check` knows when it looks. */
struct signing_looking {
    struct arena *arena;
    const struct config *config;
    const struct signing_table *table; /* NULL: a key is out of our reach */
    void (*warn)(void *context, slice sentence);
    void *context;
};

#define SIGNING_ED25519_ONLY                                                             \
    "signed with Ed25519 only, which many receivers cannot check; name an RSA key as "   \
    "well"

/* What is odd about a login, written behind its name; NULL: nothing.  `patterns` is how many
   domains it has. */
const char *signing_login_oddity(slice login, size_t patterns);

/*
 * Look at the files that the table was made from, in one pass: of many lines that are alike
 * the first is told, and how many others there are.  YETT_OK or YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err signing_look_at_files(const struct signing_looking *looking);

#endif
