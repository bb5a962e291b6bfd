/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/algorithm.h"
#include "core/dkim/facts.h"
#include "core/dkim/keyset.h"
#include "core/dkim/proof.h"

/* perform: the checks themselves, on the facts of a message. */

static enum yett_err check_signature(struct dkim_message *message,
                                     const struct dkim_check *check,
                                     struct dkim_check_result *out)
{
    const struct dkim_signature *signature = &message->signatures[check->index];
    struct dkim_check_result result = {.performed = true};
    struct crypto_key *key = NULL;
    const uint8_t *digest = NULL;
    const char *why = NULL;
    bool owned = false;

    enum yett_err err = dkim_keyset_key(message->crypto, check->source, check->key_type,
                                        check->key, &key, &owned, &why);
    if (err == YETT_BAD_SYNTAX) {
        *out = (struct dkim_check_result){.reason = slice_from_text(why)};
        return YETT_OK;
    }
    if (err != YETT_OK) {
        return err;
    }
    result.key_bits = crypto_key_bits(key);
    err = dkim_header_digest(message, check->index, &digest);
    if (err == YETT_OK) {
        err = crypto_verify(message->crypto, key,
                            dkim_algorithm_digest(signature->algorithm), digest,
                            signature->signature, &result.valid);
    }
    if (owned) {
        crypto_key_free(key);
    }
    if (err == YETT_OK) {
        *out = result;
    }
    return err;
}

static enum yett_err check_body_proof(struct dkim_message *message,
                                      const struct dkim_check *check,
                                      struct dkim_check_result *out)
{
    struct dkim_check_result result = {.performed = true};
    if (!message->ended) {
        return YETT_NEED_ANSWERS;
    }
    enum yett_err err =
        dkim_proof_find(&message->digests, &message->signatures[check->index],
                        &result.valid, &result.signed_bytes);
    if (err == YETT_OK) {
        *out = result;
    }
    return err;
}

static bool can_be_checked(const struct dkim_message *message,
                           const struct dkim_check *check)
{
    bool is_proof = check->kind == DKIM_CHECK_BODY_PROOF;
    if (check->index >= message->count + (is_proof ? 0 : message->added)) {
        return false;
    }
    const struct dkim_signature *signature = &message->signatures[check->index];
    return signature->error.len == 0 &&
           (is_proof || check->key_type == dkim_algorithm_key_type(signature->algorithm));
}

enum yett_err dkim_check_perform(struct dkim_message *message,
                                 const struct dkim_check *check,
                                 struct dkim_check_result *out)
{
    /* A check that was kept in a file may be another message's. */
    if (!can_be_checked(message, check)) {
        *out = (struct dkim_check_result){
            .reason = SLICE("this message has no such signature to check")};
        return YETT_OK;
    }
    switch (check->kind) {
    case DKIM_CHECK_SIGNATURE:
        return check_signature(message, check, out);
    case DKIM_CHECK_BODY_PROOF:
        break;
    }
    return check_body_proof(message, check, out);
}
