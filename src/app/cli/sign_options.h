/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_SIGN_OPTIONS_H
#define YETT_APP_CLI_SIGN_OPTIONS_H

#include "core/signer/signer.h"

#include <stdbool.h>

/*
 * sign_options: what `yett sign` is told on the command line.  The setters are those of
 * options.c's table; each returns NULL or what is wrong with the value.
 */
enum { SIGN_SIGNATURES_MAX = 8 };

struct sign_options {
    /* One signature for each selector and key, in order.  Domains and algorithms: one for
       all of them, or as many. */
    slice selectors[SIGN_SIGNATURES_MAX]; /* normal form, as domains */
    size_t selector_count;
    const char *keys[SIGN_SIGNATURES_MAX];
    size_t key_count;
    slice domains[SIGN_SIGNATURES_MAX];
    size_t domain_count;
    enum dkim_algorithm algorithms[SIGN_SIGNATURES_MAX];
    size_t algorithm_count;
    bool has_rules;
    struct signer_rules rules;
    bool has_canon;
    enum dkim_canon header_canon, body_canon;
    slice identity; /* its domain in normal form */
    bool has_expire;
    int64_t expire_s; /* 0: never */
    bool arc;
    slice authserv_id;
};

struct options;

const char *sign_set_domain(struct options *options, struct arena *arena,
                            const char *value);
const char *sign_set_selector(struct options *options, struct arena *arena,
                              const char *value);
const char *sign_set_key(struct options *options, struct arena *arena, const char *value);
const char *sign_set_algorithm(struct options *options, struct arena *arena,
                               const char *value);
const char *sign_set_headers(struct options *options, struct arena *arena,
                             const char *value);
const char *sign_set_canon(struct options *options, struct arena *arena,
                           const char *value);
const char *sign_set_identity(struct options *options, struct arena *arena,
                              const char *value);
const char *sign_set_expire(struct options *options, struct arena *arena,
                            const char *value);
const char *sign_set_arc(struct options *options, struct arena *arena, const char *value);
const char *sign_set_authserv_id(struct options *options, struct arena *arena,
                                 const char *value);

/* What does not go together, once all were read; NULL: nothing. */
const char *sign_options_fault(const struct sign_options *options);

#endif
