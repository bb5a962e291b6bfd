/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/facts.h"

/* message: from the header and the passing body to the facts of one message. */

static enum yett_err parse_signatures(struct dkim_message *message)
{
    const struct message_header *header = &message->header;
    size_t total = message_count_fields(header, "DKIM-Signature");
    size_t wanted = message->limits.signature_fields;
    size_t from = 0;

    message->field_count = total;
    total = total < wanted ? total : wanted;
    message->signatures = ARENA_ARRAY(message->arena, total, struct dkim_signature);
    message->header_digests =
        ARENA_ARRAY(message->arena, total, struct dkim_header_digest);
    if (message->signatures == NULL || message->header_digests == NULL) {
        return YETT_NO_MEMORY;
    }
    message->capacity = total;
    for (; message->count < total; message->count++, from++) {
        struct dkim_signature *signature = &message->signatures[message->count];
        const struct message_field *field =
            message_find_field(header, "DKIM-Signature", from, &from);
        enum yett_err err = dkim_parse_signature(message->arena, field, signature);
        if (err != YETT_OK) {
            return err;
        }
        signature->field_index = from;
    }
    return YETT_OK;
}

static enum yett_err want_digests(struct dkim_message *message, slice author_domain)
{
    bool *chosen = ARENA_ARRAY(message->arena, message->count, bool);
    enum yett_err err = chosen == NULL ? YETT_NO_MEMORY : YETT_OK;
    if (err == YETT_OK) {
        dkim_select(message, author_domain, chosen);
    }
    for (size_t i = 0; i < message->count && err == YETT_OK; i++) {
        if (chosen[i]) {
            err = dkim_digests_want(&message->digests, &message->signatures[i]);
        }
    }
    return err;
}

enum yett_err dkim_message_new(struct arena *arena, struct crypto *crypto,
                               const struct message_header *header, slice author_domain,
                               struct dkim_limits limits, struct dkim_message **out)
{
    struct dkim_message *message = ARENA_NEW(arena, struct dkim_message);
    if (message == NULL) {
        return YETT_NO_MEMORY;
    }
    message->arena = arena;
    message->crypto = crypto;
    message->header = *header;
    message->limits = limits;
    enum yett_err err = dkim_digests_init(&message->digests, arena, crypto, &limits);
    if (err == YETT_OK) {
        dkim_count_single_fields(message);
        err = parse_signatures(message);
    }
    if (err == YETT_OK) {
        err = want_digests(message, author_domain);
    }
    if (err != YETT_OK) {
        dkim_message_finish(message);
        return err;
    }
    *out = message;
    return YETT_OK;
}

/* For one more signature than there are, and its digest. */
static enum yett_err make_room(struct dkim_message *message)
{
    size_t total = message->count + message->added;
    size_t capacity = total * 2 + 4;
    if (total < message->capacity) {
        return YETT_OK;
    }
    struct dkim_signature *signatures =
        ARENA_ARRAY(message->arena, capacity, struct dkim_signature);
    struct dkim_header_digest *digests =
        ARENA_ARRAY(message->arena, capacity, struct dkim_header_digest);
    if (signatures == NULL || digests == NULL) {
        return YETT_NO_MEMORY;
    }
    if (total != 0) {
        memcpy(signatures, message->signatures, total * sizeof(*signatures));
        memcpy(digests, message->header_digests, total * sizeof(*digests));
    }
    message->signatures = signatures;
    message->header_digests = digests;
    message->capacity = capacity;
    return YETT_OK;
}

enum yett_err dkim_message_add(struct dkim_message *message,
                               const struct dkim_signature *signature,
                               const uint8_t *header_digest, size_t *index)
{
    size_t at = message->count + message->added;
    enum yett_err err = make_room(message);
    if (err == YETT_OK && header_digest == NULL && signature->error.len == 0) {
        err = dkim_digests_want(&message->digests, signature);
    }
    if (err != YETT_OK && err != YETT_LIMIT) {
        return err;
    }
    message->signatures[at] = *signature;
    if (header_digest != NULL) {
        message->header_digests[at].known = true;
        memcpy(message->header_digests[at].value, header_digest, CRYPTO_DIGEST_MAX);
    }
    message->added++;
    *index = at;
    return YETT_OK;
}

enum yett_err dkim_message_want_digest(struct dkim_message *message,
                                       enum dkim_canon canon)
{
    return dkim_digests_want_own(&message->digests, canon);
}

slice dkim_message_digest(const struct dkim_message *message, enum dkim_canon canon)
{
    const struct dkim_signature own = dkim_own_signature(canon);
    const struct dkim_body_digest *digest = dkim_digests_find(&message->digests, &own);
    if (digest == NULL || !message->ended) {
        return SLICE_NONE;
    }
    return slice_of((const char *)digest->value, crypto_digest_size(CRYPTO_SHA256));
}

void dkim_message_body(struct dkim_message *message, slice piece)
{
    dkim_digests_feed(&message->digests, piece);
}

enum yett_err dkim_message_end(struct dkim_message *message)
{
    enum yett_err err = dkim_digests_end(&message->digests);
    message->ended = err == YETT_OK;
    return err;
}

void dkim_message_finish(struct dkim_message *message)
{
    dkim_digests_finish(&message->digests);
}

size_t dkim_message_signature_count(const struct dkim_message *message)
{
    return message->count;
}
