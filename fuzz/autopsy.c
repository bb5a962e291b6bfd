/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/autopsy.h"

#include "core/base/base64.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * An octet of settings, a body as it was signed up to the first NUL, and a message with a
 * signature, whose bh= is made that of the body.  The work stays within its budget, the
 * finding makes sense, and a second autopsy ends the same.
 */
static struct crypto *crypto;

/*
 * A key made for its signature, whose third power it leaves as the padded digest 01 02 … 20:
 * so there is something to search for, and no header is it.  The other is that of RFC 8463
 * appendix A.
 */
static const char rsa_key[] =
    "MIGHAoGBAL/9//////////////////////////////////////////////////////dGUzhoIWpbdjrX"
    "Z48rgrDIoHYAdkzj0zx64s4ymfaqA1Qx+f9ml6UmXLb+0jVdsfzR419D5iTK+5dXhGmg3q3MOo7C1Nw0"
    "RsSkzH6YsW63pKhHsPrHAgED";
static const char rsa_signature[] =
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACShf8NhBenzcamdC5T/ntDEmPo5A/W5KIeJJP8NHv+odPTh"
    "xIvQGhZ9MDc=";
static const char ed25519_key[] = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

static void add_to_hash(void *context, slice bytes)
{
    crypto_hash_update(context, bytes);
}

static slice digest_of(struct arena *arena, enum dkim_canon canon,
                       enum crypto_digest algorithm, slice body)
{
    struct dkim_body_canon at;
    slice out = SLICE_NONE;
    uint8_t value[CRYPTO_DIGEST_MAX];
    struct crypto_hash *hash = crypto_hash_new(crypto, algorithm);
    assert(hash != NULL);
    dkim_body_canon_init(&at, canon,
                         (struct dkim_sink){.write = add_to_hash, .context = hash});
    dkim_body_canon_feed(&at, body);
    dkim_body_canon_finish(&at);
    enum yett_err err = crypto_hash_final(hash, value);
    crypto_hash_free(hash);
    assert(err == YETT_OK);
    err = arena_copy(arena, slice_of((const char *)value, crypto_digest_size(algorithm)),
                     &out);
    assert(err == YETT_OK);
    return out;
}

static bool is_known(enum autopsy_state state)
{
    return state == AUTOPSY_AS_SIGNED || state == AUTOPSY_EXPLAINED;
}

static void check_sense(const struct autopsy_finding *found,
                        const struct autopsy_limits *limits,
                        const struct autopsy_input *input)
{
    assert(found->text.len != 0);
    assert(found->hashed_bytes <=
           limits->body_hashed_bytes + limits->header_hashed_bytes);
    assert((found->count != 0) ==
           (found->header == AUTOPSY_EXPLAINED || found->body == AUTOPSY_EXPLAINED));
    assert((found->kind == AUTOPSY_UNTOUCHED) ==
           (found->header == AUTOPSY_AS_SIGNED && found->body == AUTOPSY_AS_SIGNED));
    assert((found->confidence == AUTOPSY_LIKELY) ==
           (found->count != 0 && !is_known(found->header)));
    for (size_t i = 0; i < found->count; i++) {
        const struct autopsy_change *change = &found->changes[i];
        assert(change->text.len != 0);
        assert(change->field.len != 0 || change->length <= input->body.len * 4 + 4096);
        assert(autopsy_kind_text(change->kind) != NULL);
    }
}

static void perform(struct arena *arena, const struct autopsy_input *input)
{
    const struct autopsy_limits limits = {.body_hashed_bytes = 512 * 1024,
                                          .header_hashed_bytes = 256 * 1024,
                                          .verifications = 4};
    struct autopsy_finding first, second;
    enum yett_err err = autopsy_perform(arena, crypto, input, limits, &first);
    if (err == YETT_BAD_SYNTAX) {
        return;
    }
    assert(err == YETT_OK);
    check_sense(&first, &limits, input);
    err = autopsy_perform(arena, crypto, input, limits, &second);
    assert(err == YETT_OK);
    assert(first.kind == second.kind && slice_eq(first.text, second.text));
    assert(first.hashed_bytes == second.hashed_bytes);
}

static void run(struct arena *arena, unsigned flags, slice original, slice message)
{
    struct message_header header;
    struct dkim_signature signature;
    bool done = false;
    size_t index = 0;
    size_t bad_at = 0;
    struct message_parser *parser =
        message_parser_new(arena, (struct message_limits){1 << 16, 200});
    if (message_parser_feed(parser, &message, &done) != YETT_OK ||
        message_parser_finish(parser, &header) != YETT_OK) {
        return;
    }
    const struct message_field *field =
        message_find_field(&header, "DKIM-Signature", 0, &index);
    if (field == NULL || dkim_parse_signature(arena, field, &signature) != YETT_OK ||
        signature.error.len != 0) {
        return;
    }
    signature.field_index = index;
    if ((flags & 1) == 0) {
        signature.body_hash = digest_of(
            arena, signature.body_canon,
            signature.algorithm == DKIM_RSA_SHA1 ? CRYPTO_SHA1 : CRYPTO_SHA256, original);
    }
    struct autopsy_input input = {.header = &header,
                                  .body = message,
                                  .has_body = (flags & 2) == 0,
                                  .signature = &signature};
    bool rsa = signature.algorithm != DKIM_ED25519_SHA256;
    input.key_type = rsa ? CRYPTO_RSA : CRYPTO_ED25519;
    enum yett_err err = base64_decode(arena, slice_from_text(rsa ? rsa_key : ed25519_key),
                                      &input.key, &bad_at);
    if (err == YETT_OK && (flags & 4) == 0 && rsa) {
        err = base64_decode(arena, slice_from_text(rsa_signature), &signature.signature,
                            &bad_at);
    }
    assert(err == YETT_OK);
    perform(arena, &input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice in = slice_of((const char *)data, size);
    slice original;
    if (crypto == NULL) {
        crypto = crypto_new(); /* for all runs */
        assert(crypto != NULL);
    }
    if (size == 0) {
        return 0;
    }
    unsigned flags = data[0];
    in = slice_skip(in, 1);
    if (!slice_take_until(&in, '\0', &original)) {
        return 0;
    }
    struct arena *arena = arena_new(AUTOPSY_ARENA_BYTES);
    assert(arena != NULL);
    run(arena, flags, original, in);
    arena_free(arena);
    return 0;
}
