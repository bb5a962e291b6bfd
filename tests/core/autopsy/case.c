/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/case.h"

#include "core/base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

int case_setup(void **state)
{
    struct autopsy_case *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    c->crypto = crypto_new();
    c->rsa = sign_key_new(SIGN_RSA_2048);
    c->ed25519 = sign_key_new(SIGN_ED25519);
    c->arena = arena_new(AUTOPSY_ARENA_BYTES);
    c->limits = AUTOPSY_LIMITS_DEFAULT;
    assert_non_null(c->crypto);
    assert_non_null(c->arena);
    *state = c;
    return 0;
}

int case_teardown(void **state)
{
    struct autopsy_case *c = *state;
    arena_free(c->arena);
    sign_key_free(c->ed25519);
    sign_key_free(c->rsa);
    crypto_free(c->crypto);
    free(c->message.ptr);
    free(c);
    return 0;
}

void case_sign(struct autopsy_case *c, const struct sign_key *key,
               const struct sign_options *options, const char *message)
{
    free(c->message.ptr);
    c->message = (struct naive_text){NULL, 0};
    char *text = sign_message(key, options, message);
    naive_add(&c->message, text, strlen(text));
    free(text);
    c->signer = key;
    c->key = NULL;
}

static size_t replace_at(struct autopsy_case *c, size_t at, size_t length, const char *to)
{
    struct naive_text out = {NULL, 0};
    naive_add(&out, c->message.ptr, at);
    naive_add(&out, to, strlen(to));
    naive_add(&out, c->message.ptr + at + length, c->message.len - at - length);
    free(c->message.ptr);
    c->message = out;
    return at + strlen(to);
}

static size_t find(const struct autopsy_case *c, size_t at, const char *from)
{
    slice text = slice_skip(slice_of(c->message.ptr, c->message.len), at);
    return at + slice_find(text, slice_from_text(from));
}

void case_edit(struct autopsy_case *c, const char *from, const char *to)
{
    size_t at = from[0] == '\0' ? c->message.len : find(c, 0, from);
    if (from[0] != '\0' && at == c->message.len) {
        fail_msg("\"%s\" is not in the message", from);
    }
    replace_at(c, at, strlen(from), to);
}

void case_edit_all(struct autopsy_case *c, const char *from, const char *to)
{
    for (size_t at = 0; (at = find(c, at, from)) < c->message.len;) {
        at = replace_at(c, at, strlen(from), to);
    }
}

static slice key_octets(struct autopsy_case *c, const struct sign_key *key)
{
    char *text = sign_key_text(key);
    slice octets = SLICE_NONE;
    size_t bad_at = 0;
    assert_int_equal(base64_decode(c->arena, slice_from_text(text), &octets, &bad_at),
                     YETT_OK);
    free(text);
    return octets;
}

void case_perform(struct autopsy_case *c)
{
    struct message_header header;
    struct dkim_signature signature;
    size_t index = 0;
    bool done = false;
    arena_reset(c->arena, 0);
    struct message_parser *parser = message_parser_new(c->arena, MESSAGE_LIMITS_DEFAULT);
    slice rest = slice_of(c->message.ptr, c->message.len);
    assert_int_equal(message_parser_feed(parser, &rest, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
    const struct message_field *field =
        message_find_field(&header, "DKIM-Signature", 0, &index);
    assert_non_null(field);
    assert_int_equal(dkim_parse_signature(c->arena, field, &signature), YETT_OK);
    signature.field_index = index;
    const struct sign_key *key = c->key == NULL ? c->signer : c->key;
    struct autopsy_input input = {
        .header = &header,
        .body = rest,
        .has_body = !c->without_body,
        .signature = &signature,
        .key_type = key == c->ed25519 ? CRYPTO_ED25519 : CRYPTO_RSA,
        .key = key_octets(c, key),
    };
    enum yett_err err =
        autopsy_perform(c->arena, c->crypto, &input, c->limits, &c->finding);
    c->refused = err == YETT_BAD_SYNTAX;
    if (!c->refused) {
        assert_int_equal(err, YETT_OK);
    }
}

static bool has_change(const struct autopsy_finding *finding, enum autopsy_kind kind,
                       size_t from)
{
    for (size_t i = from; i < finding->count; i++) {
        if (finding->changes[i].kind == kind) {
            return true;
        }
    }
    return kind == NO_MORE;
}

bool case_recognises(struct autopsy_case *c, const struct autopsy_row *row,
                     const struct sign_key *key)
{
    case_sign(c, key, &row->options, row->message);
    for (size_t i = 0; i < 4 && row->edits[i].from != NULL; i++) {
        case_edit(c, row->edits[i].from, row->edits[i].to);
    }
    case_perform(c);
    if (c->finding.kind != row->kind || !has_change(&c->finding, row->second, 1) ||
        c->finding.confidence != AUTOPSY_CERTAIN) {
        printf("# %s: %s (%s): %.*s\n", row->why, autopsy_kind_text(c->finding.kind),
               autopsy_confidence_text(c->finding.confidence),
               SLICE_ARG(c->finding.text));
        return false;
    }
    return true;
}
