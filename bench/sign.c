/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sign: what it costs to sign a message, in process, with the keys at hand: from the octets of
 * the message to the finished fields.  Beside it the floor: the private key operations and one
 * SHA-256 over the octets, straight from libcrypto with everything prepared.
 */
#include "core/signer/signer.h"
#include "floor.h"
#include "mail.h"
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 16 << 20 };

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}

/* ---- yett --------------------------------------------------------------------------- */

struct signer {
    struct crypto *crypto;
    struct arena *arena;
    slice message;
    const struct crypto_private_key *keys[2];
    size_t key_count;
};

static void add_field(struct signer *signer, const struct message_header *header,
                      const struct signer_sums *sums, size_t index, struct buf *fields)
{
    const struct signer_plan signing = {
        .domain = SLICE("example.org"),
        .selector = SLICE("s2026"),
        .algorithm = signer_algorithm_of(signer->keys[index]),
        .header_canon = DKIM_RELAXED,
        .body_canon = DKIM_RELAXED,
        .signed_at_s = 1795500000,
        .expires_at_s = 1796709600,
        .rules = signer_default_rules(),
    };
    struct signer_draft draft;
    struct buf signature;
    slice field = SLICE_NONE;
    slice why;
    buf_init(&signature, signer->arena, CRYPTO_SIGNATURE_MAX);
    must(signer_make_draft(signer->arena, header, &signing,
                           signer_sums_digest(sums, DKIM_RELAXED), &draft,
                           &why) == YETT_OK &&
             signer_sign(signer->crypto, signer->keys[index], draft.text, &signature) ==
                 YETT_OK &&
             signer_make_field(signer->arena, draft.field, buf_slice(&signature),
                               &field) == YETT_OK,
         "signature");
    buf_add(fields, field);
}

static void run_signer(void *context)
{
    struct signer *signer = context;
    struct message_header header;
    struct signer_sums *sums = NULL;
    struct buf fields;
    slice in = signer->message;
    bool done = false;
    arena_reset(signer->arena, 1 << 20);
    struct message_parser *parser =
        message_parser_new(signer->arena, MESSAGE_LIMITS_DEFAULT);
    must(parser != NULL && message_parser_feed(parser, &in, &done) == YETT_OK && done &&
             message_parser_finish(parser, &header) == YETT_OK &&
             signer_sums_new(signer->arena, signer->crypto, false, true, 0, &sums) ==
                 YETT_OK,
         "header");
    signer_sums_feed(sums, in);
    must(signer_sums_end(sums) == YETT_OK, "body");
    buf_init(&fields, signer->arena, 8192);
    for (size_t i = 0; i < signer->key_count; i++) {
        add_field(signer, &header, sums, i, &fields);
    }
    must(buf_err(&fields) == YETT_OK, "fields");
}

/* ---- both --------------------------------------------------------------------------- */

/* The message without the signature that stands on top of it. */
static slice unsigned_message(const struct mail *mail)
{
    slice text = slice_of(mail->text, mail->bytes);
    while (slice_starts_with_nocase(text, SLICE("DKIM-Signature:"))) {
        do {
            text = slice_skip(text, slice_find(text, SLICE("\r\n")) + 2);
        } while (slice_peek(text) == ' ' || slice_peek(text) == '\t');
    }
    return text;
}

static void compare(struct signer *signer, size_t bytes, enum mail_body body,
                    const char *what)
{
    static const struct {
        const char *name;
        bool rsa, ed25519;
    } rows[] = {
        {"RSA-2048",             true,  false},
        {"Ed25519",              false, true },
        {"RSA-2048 and Ed25519", true,  true },
    };
    const struct crypto_private_key *keys[2] = {signer->keys[0], signer->keys[1]};
    struct mail *mail = mail_new(bytes, MAIL_ED25519, body);
    must(mail != NULL, "message");
    signer->message = unsigned_message(mail);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct signer own = *signer;
        own.key_count = 0;
        struct floor *floor = floor_new_signing(rows[i].rsa, rows[i].ed25519,
                                                signer->message.ptr, signer->message.len);
        if (rows[i].rsa) {
            own.keys[own.key_count++] = keys[0];
        }
        if (rows[i].ed25519) {
            own.keys[own.key_count++] = keys[1];
        }
        struct work works[] = {
            {"floor", floor_run,  floor, 0, 0},
            {"yett",  run_signer, &own,  0, 0},
        };
        measure(works, 2, 10);
        printf("%7zu %-7s %-21s %10.1f %10.1f %8.2fx\n", signer->message.len, what,
               rows[i].name, works[0].us, works[1].us, works[1].ratio);
        floor_free(floor);
    }
    mail_free(mail);
}

int main(void)
{
    struct crypto_private_key *rsa = NULL;
    struct crypto_private_key *ed25519 = NULL;
    struct signer signer = {.crypto = crypto_new(), .arena = arena_new(ARENA_BYTES)};
    must(signer.crypto != NULL && signer.arena != NULL &&
             crypto_private_key_generate(signer.crypto, CRYPTO_RSA, 2048, &rsa) ==
                 YETT_OK &&
             crypto_private_key_generate(signer.crypto, CRYPTO_ED25519, 0, &ed25519) ==
                 YETT_OK,
         "keys");
    signer.keys[0] = rsa;
    signer.keys[1] = ed25519;
    printf("\n%7s %-7s %-21s %10s %10s %9s\n", "octets", "body", "signed with",
           "floor us", "yett us", "ratio");
    compare(&signer, 2 * 1024, MAIL_PROSE, "prose");
    compare(&signer, 10 * 1024, MAIL_PROSE, "prose");
    compare(&signer, 100 * 1024, MAIL_BASE64, "base64");
    compare(&signer, 100 * 1024, MAIL_HTML, "html");
    compare(&signer, 1024 * 1024, MAIL_BASE64, "base64");
    crypto_private_key_free(rsa);
    crypto_private_key_free(ed25519);
    arena_free(signer.arena);
    crypto_free(signer.crypto);
    return 0;
}
