/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/sign_options.h"

#include "app/cli/options.h"
#include "core/base/num.h"
#include "core/domain/domain.h"

#include <string.h>

static const char too_many[] = "is one too many: eight signatures are made at most";

/* A name of DNS, U-labels as A-labels, into the next place of a list. */
static const char *add_name(struct arena *arena, const char *value, slice *list,
                            size_t *count)
{
    if (*count == SIGN_SIGNATURES_MAX) {
        return too_many;
    }
    if (domain_normalize(arena, slice_from_text(value), &list[*count]) != YETT_OK) {
        return "is no name of DNS";
    }
    ++*count;
    return NULL;
}

const char *sign_set_domain(struct options *options, struct arena *arena,
                            const char *value)
{
    return add_name(arena, value, options->sign.domains, &options->sign.domain_count);
}

const char *sign_set_selector(struct options *options, struct arena *arena,
                              const char *value)
{
    return add_name(arena, value, options->sign.selectors, &options->sign.selector_count);
}

const char *sign_set_key(struct options *options, struct arena *arena, const char *value)
{
    struct sign_options *sign = &options->sign;
    (void)arena;
    if (sign->key_count == SIGN_SIGNATURES_MAX) {
        return too_many;
    }
    sign->keys[sign->key_count++] = value;
    return value[0] == '\0' ? "must be a path" : NULL;
}

const char *sign_set_algorithm(struct options *options, struct arena *arena,
                               const char *value)
{
    static const enum dkim_algorithm known[] = {DKIM_RSA_SHA256, DKIM_ED25519_SHA256};
    struct sign_options *sign = &options->sign;
    (void)arena;
    if (sign->algorithm_count == SIGN_SIGNATURES_MAX) {
        return too_many;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(value, dkim_algorithm_text(known[i])) == 0) {
            sign->algorithms[sign->algorithm_count++] = known[i];
            return NULL;
        }
    }
    return strcmp(value, dkim_algorithm_text(DKIM_RSA_SHA1)) == 0
               ? "must not be used any more (RFC 8301): rsa-sha256 goes with the same key"
               : "is neither rsa-sha256 nor ed25519-sha256";
}

const char *sign_set_headers(struct options *options, struct arena *arena,
                             const char *value)
{
    struct sign_options *sign = &options->sign;
    struct buf text;
    slice why = SLICE("out of memory");
    sign->has_rules = true;
    if (signer_parse_rules(arena, slice_from_text(value), &sign->rules, &why) ==
        YETT_OK) {
        return NULL;
    }
    buf_init(&text, arena, 1024);
    buf_add_text(&text, "cannot be used. ");
    buf_add(&text, why);
    buf_add_byte(&text, '\0');
    return buf_err(&text) == YETT_OK ? buf_slice(&text).ptr : "cannot be used";
}

static bool is_canon(slice word, enum dkim_canon *out)
{
    *out = slice_eq(word, SLICE("relaxed")) ? DKIM_RELAXED : DKIM_SIMPLE;
    return *out == DKIM_RELAXED || slice_eq(word, SLICE("simple"));
}

const char *sign_set_canon(struct options *options, struct arena *arena,
                           const char *value)
{
    struct sign_options *sign = &options->sign;
    slice text = slice_from_text(value);
    size_t slash = slice_find_byte(text, '/');
    (void)arena;
    sign->has_canon = true;
    return is_canon(slice_first(text, slash), &sign->header_canon) &&
                   is_canon(slice_skip(text, slash + 1), &sign->body_canon)
               ? NULL
               : "is not HEADER/BODY, each \"relaxed\" or \"simple\"";
}

const char *sign_set_identity(struct options *options, struct arena *arena,
                              const char *value)
{
    struct sign_options *sign = &options->sign;
    slice text = slice_from_text(value);
    size_t at = slice_find_last_byte(text, '@');
    struct buf out;
    slice domain;
    if (at == text.len ||
        domain_normalize(arena, slice_skip(text, at + 1), &domain) != YETT_OK) {
        return "is neither user@domain nor @domain";
    }
    buf_init(&out, arena, at + 1 + domain.len);
    buf_add(&out, slice_first(text, at + 1));
    buf_add(&out, domain);
    sign->identity = buf_slice(&out);
    return buf_err(&out) == YETT_OK ? NULL : "is too long";
}

const char *sign_set_expire(struct options *options, struct arena *arena,
                            const char *value)
{
    static const struct {
        slice unit;
        int64_t seconds;
    } units[] = {
        {SLICE_INIT("s"), 1        },
        {SLICE_INIT("m"), 60       },
        {SLICE_INIT("h"), 3600     },
        {SLICE_INIT("d"), 86400    },
        {SLICE_INIT("w"), 7 * 86400},
    };
    struct sign_options *sign = &options->sign;
    slice text = slice_from_text(value);
    uint64_t count = 0;
    (void)arena;
    sign->has_expire = true;
    if (strcmp(value, "none") == 0) {
        return NULL;
    }
    enum yett_err err = num_take_uint(&text, 100000000, &count);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && err == YETT_OK; i++) {
        if (slice_eq(text, units[i].unit) && count != 0) {
            sign->expire_s = (int64_t)count * units[i].seconds;
            return NULL;
        }
    }
    return "is neither a time such as 14d, 36h or 30m, nor none";
}

const char *sign_set_arc(struct options *options, struct arena *arena, const char *value)
{
    (void)arena;
    (void)value;
    options->sign.arc = true;
    return NULL;
}

const char *sign_set_authserv_id(struct options *options, struct arena *arena,
                                 const char *value)
{
    slice normal; /* only to see that it is one; results are found by the name as it is */
    options->sign.authserv_id = slice_from_text(value);
    return domain_normalize(arena, slice_from_text(value), &normal) == YETT_OK
               ? NULL
               : "is no domain name";
}

/* ---- together ----------------------------------------------------------------------- */

static const char *arc_fault(const struct sign_options *options)
{
    if (!options->arc) {
        return options->authserv_id.len != 0 ? "--authserv-id goes with --arc" : NULL;
    }
    if (options->selector_count != 1) {
        return "--arc makes one seal: one --selector and one --key";
    }
    if (options->identity.len != 0 || options->has_expire) {
        return "a seal has neither --identity nor --expire";
    }
    return options->has_canon && (options->header_canon != DKIM_RELAXED ||
                                  options->body_canon != DKIM_RELAXED)
               ? "seals are made with relaxed/relaxed"
               : NULL;
}

/* i= is an address in each of the domains or below it (RFC 6376 section 3.5). */
static bool has_foreign_identity(const struct sign_options *options)
{
    slice identity = options->identity;
    slice domain = slice_skip(identity, slice_find_last_byte(identity, '@') + 1);
    for (size_t i = 0; i < options->domain_count && identity.len != 0; i++) {
        if (!domain_is_under(domain, options->domains[i])) {
            return true;
        }
    }
    return false;
}

/* By which of the three are missing: domain 1, selector 2, key 4. */
static const char *missing_fault(const struct sign_options *options)
{
    static const char *const texts[] = {
        NULL,
        "it takes a --domain to sign",
        "it takes a --selector to sign",
        "it takes --domain and --selector to sign",
        "it takes a --key to sign",
        "it takes --domain and --key to sign",
        "it takes --selector and --key to sign",
        "it takes --domain, --selector and --key to sign",
    };
    return texts[(options->domain_count == 0 ? 1U : 0U) +
                 (options->selector_count == 0 ? 2U : 0U) +
                 (options->key_count == 0 ? 4U : 0U)];
}

const char *sign_options_fault(const struct sign_options *options)
{
    size_t count = options->selector_count;
    const char *missing = missing_fault(options);
    if (missing != NULL) {
        return missing;
    }
    if (has_foreign_identity(options)) {
        return "--identity (i=) is no address in the --domain that signs, nor below it";
    }
    if (options->key_count != count) {
        return "each --selector has a --key: there are not as many of both";
    }
    if (options->domain_count != 1 && options->domain_count != count) {
        return "there is one --domain for all signatures, or one for each --selector";
    }
    if (options->algorithm_count > 1 && options->algorithm_count != count) {
        return "there is one --algorithm for all signatures, or one for each --selector";
    }
    return arc_fault(options);
}
