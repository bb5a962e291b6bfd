/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signer/case.h"

#include "core/base/base64.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ARENA_BYTES = 16 * 1024 * 1024 };

static struct crypto_private_key *read_key(struct crypto *crypto, const char *pem)
{
    struct crypto_private_key *key = NULL;
    const char *why = "";
    assert_int_equal(crypto_private_key_read(crypto, slice_from_text(pem), &key, &why),
                     YETT_OK);
    return key;
}

static void publish(struct signer_case *signer, struct dkim_case *c)
{
    struct buf octets;
    struct buf line;
    buf_init(&octets, signer->arena, 1024);
    assert_int_equal(crypto_private_key_public(signer->rsa, &octets), YETT_OK);
    buf_init(&line, signer->arena, 1024);
    buf_add_text(&line, "mine._domainkey.example.org. TXT \"v=DKIM1; p=\" \"");
    base64_encode(&line, buf_slice(&octets));
    buf_add_text(&line, "\"\n");
    buf_add_byte(&line, '\0');
    case_zone(c, buf_slice(&line).ptr);
}

struct signer_plan signer_case_defaults(void)
{
    return (struct signer_plan){
        .domain = SLICE("example.org"),
        .selector = SLICE("mine"),
        .algorithm = DKIM_RSA_SHA256,
        .header_canon = DKIM_RELAXED,
        .body_canon = DKIM_RELAXED,
        .signed_at_s = 1795500000,
        .expires_at_s = 1795500000 + 14 * 86400,
        .rules = signer_default_rules(),
    };
}

void signer_case_begin(struct signer_case *signer, struct dkim_case *c)
{
    *signer = (struct signer_case){
        .arena = arena_new(ARENA_BYTES),
        .rsa = read_key(c->crypto, key_rsa1024_8),
        .ed25519 = read_key(c->crypto, key_ed),
        .signing = signer_case_defaults(),
    };
    assert_non_null(signer->arena);
    publish(signer, c);
}

void signer_case_end(struct signer_case *signer)
{
    crypto_private_key_free(signer->rsa);
    crypto_private_key_free(signer->ed25519);
    arena_free(signer->arena);
}

struct message_header signer_case_header(struct signer_case *signer, slice message,
                                         slice *body)
{
    struct message_header header;
    struct message_parser *parser =
        message_parser_new(signer->arena, MESSAGE_LIMITS_DEFAULT);
    bool done = false;
    assert_non_null(parser);
    assert_int_equal(message_parser_feed(parser, &message, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
    *body = message;
    return header;
}

enum yett_err signer_case_draft(struct signer_case *signer, struct dkim_case *c,
                                struct signer_draft *out)
{
    struct signer_sums *sums = NULL;
    slice body;
    struct message_header header =
        signer_case_header(signer, slice_of(c->message.ptr, c->message.len), &body);
    bool relaxed = signer->signing.body_canon == DKIM_RELAXED;
    assert_int_equal(
        signer_sums_new(signer->arena, c->crypto, !relaxed, relaxed, 0, &sums), YETT_OK);
    signer_sums_feed(sums, body);
    assert_int_equal(signer_sums_end(sums), YETT_OK);
    return signer_make_draft(signer->arena, &header, &signer->signing,
                             signer_sums_digest(sums, signer->signing.body_canon), out,
                             &signer->why);
}

slice signer_case_sign(struct signer_case *signer, struct dkim_case *c)
{
    struct signer_draft draft;
    struct buf signature;
    slice field;
    const struct crypto_private_key *key =
        signer->signing.algorithm == DKIM_RSA_SHA256 ? signer->rsa : signer->ed25519;
    assert_int_equal(signer_case_draft(signer, c, &draft), YETT_OK);
    buf_init(&signature, signer->arena, CRYPTO_SIGNATURE_MAX);
    assert_int_equal(signer_sign(c->crypto, key, draft.text, &signature), YETT_OK);
    assert_int_equal(
        signer_make_field(signer->arena, draft.field, buf_slice(&signature), &field),
        YETT_OK);
    struct naive_text whole = {NULL, 0};
    naive_add(&whole, field.ptr, field.len);
    naive_add(&whole, c->message.ptr, c->message.len);
    free(c->message.ptr);
    c->message = whole;
    return field;
}
