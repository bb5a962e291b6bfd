/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/autopsy.h"

/*
 * keys: which of the keys at a signature's name made it.  There should be one; where there are
 * several, an RSA key tells by itself whether it is the one, before anything is looked into.
 * Of Ed25519 keys the first that can be used is taken.
 */

/* More than by default for none, and less for what most mail is. */
struct autopsy_limits autopsy_limits_for(size_t body_bytes)
{
    struct autopsy_limits limits = AUTOPSY_LIMITS_DEFAULT;
    size_t counted = body_bytes < AUTOPSY_BODY_MAX ? body_bytes : AUTOPSY_BODY_MAX;
    uint64_t enough = (uint64_t)64 * 1024 * 1024 + (uint64_t)counted * 32;
    limits.body_hashed_bytes =
        enough < limits.body_hashed_bytes ? enough : limits.body_hashed_bytes;
    return limits;
}

static enum yett_err try_rsa(const struct dkim_signature *signature, slice key,
                             bool *made_it)
{
    uint8_t digest[CRYPTO_DIGEST_MAX];
    const char *why = NULL;
    return crypto_rsa_recover(
        key, signature->algorithm == DKIM_RSA_SHA1 ? CRYPTO_SHA1 : CRYPTO_SHA256,
        signature->signature, digest, made_it, &why);
}

static enum yett_err try_ed25519(struct crypto *crypto, slice octets, bool *made_it)
{
    struct crypto_key *key = NULL;
    const char *why = NULL;
    enum yett_err err = crypto_key_from_ed25519(crypto, octets, &key, &why);
    crypto_key_free(key);
    *made_it = err == YETT_OK;
    return err;
}

/* YETT_BAD_SYNTAX: it is no key, or none for this signature. */
static enum yett_err read_record(struct arena *arena, struct crypto *crypto, slice text,
                                 struct autopsy_input *input, bool *made_it)
{
    const struct dkim_signature *signature = input->signature;
    enum crypto_key_type type =
        signature->algorithm == DKIM_ED25519_SHA256 ? CRYPTO_ED25519 : CRYPTO_RSA;
    struct dkim_key_record record = {0};
    const char *why = NULL;
    size_t bad_at = 0;
    enum yett_err err = dkim_parse_key_record(arena, text, &record, &bad_at, &why);
    if (err == YETT_OK && (record.revoked || record.type != type)) {
        return YETT_BAD_SYNTAX;
    }
    if (err == YETT_OK) {
        err = type == CRYPTO_RSA ? try_rsa(signature, record.key, made_it)
                                 : try_ed25519(crypto, record.key, made_it);
    }
    input->key_type = record.type;
    input->key = record.key;
    return err;
}

/* The key that made the signature, or else the first that could be one. */
static enum yett_err find_key(struct arena *arena, struct crypto *crypto,
                              const slice *records, size_t count,
                              struct autopsy_input *input)
{
    bool any = false, made_it = false;
    for (size_t i = 0; i < count && i < AUTOPSY_RECORDS_MAX && !made_it; i++) {
        struct autopsy_input with_key = *input;
        enum yett_err err = read_record(arena, crypto, records[i], &with_key, &made_it);
        if (err != YETT_OK && err != YETT_BAD_SYNTAX) {
            return err;
        }
        if (err == YETT_OK && (!any || made_it)) {
            *input = with_key;
            any = true;
        }
    }
    return any ? YETT_OK : YETT_NOT_FOUND;
}

enum yett_err autopsy_perform_with_records(struct arena *arena, struct crypto *crypto,
                                           const struct autopsy_input *input,
                                           const slice *records, size_t count,
                                           struct autopsy_finding *out)
{
    struct autopsy_input with_key = *input;
    enum yett_err err = find_key(arena, crypto, records, count, &with_key);
    if (err == YETT_OK) {
        err = autopsy_perform(arena, crypto, &with_key,
                              autopsy_limits_for(input->body.len), out);
    }
    return err == YETT_BAD_SYNTAX ? YETT_NOT_FOUND : err;
}
