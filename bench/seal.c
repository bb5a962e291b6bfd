/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal: what it costs to hand a message on with a seal, in process, with the keys at hand:
 * from the octets of the message, its chain validated, to the three fields of one more set.
 * Beside it the floor: the operations with public keys that the chain needs, two with the
 * private one, and one SHA-256 over the octets.
 *
 * Answers, with them the parsed keys, are kept from one message to the next.
 */
#include "core/arc/arc.h"
#include "core/base/base64.h"
#include "core/signer/signer.h"
#include "core/zone/zone.h"
#include "floor.h"
#include "mail.h"
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>

enum { NOW = 1795500000, ARENA_BYTES = 16 << 20, KEPT_BYTES = 256 << 10, SETS_MAX = 3 };

struct sealer {
    struct crypto *crypto;
    struct crypto_private_key *key;
    struct arena *arena;   /* of one message after the other */
    struct arena *lasting; /* of messages and the zone */
    struct zone *zone;
    slice message;
    unsigned sets; /* that it has */
    slice fields;  /* the set made last */
};

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}

/* ---- the key's record --------------------------------------------------------------- */

static void make_zone(struct sealer *sealer)
{
    struct buf octets, text, zone;
    struct zone_error error;
    buf_init(&octets, sealer->lasting, 4096);
    buf_init(&text, sealer->lasting, 4096);
    buf_init(&zone, sealer->lasting, 4096);
    must(crypto_private_key_public(sealer->key, &octets) == YETT_OK, "public key");
    base64_encode(&text, buf_slice(&octets));
    buf_add_text(&zone, "s2026._domainkey.example.net. TXT \"k=rsa; p=\"");
    for (slice rest = buf_slice(&text); rest.len != 0; rest = slice_skip(rest, 200)) {
        buf_printf(&zone, " \"%.*s\"", SLICE_ARG(slice_first(rest, 200)));
    }
    buf_add_byte(&zone, '\n');
    must(zone_parse(sealer->lasting, buf_slice(&zone), &sealer->zone, &error) == YETT_OK,
         "zone");
}

/* ---- one message -------------------------------------------------------------------- */

struct message {
    struct message_header header;
    struct dkim_message *dkim;
    struct arc_chain *chain;
    struct arc_result result;
};

static void take_in(struct sealer *sealer, struct message *message)
{
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    slice in = sealer->message;
    bool done = false;
    struct message_parser *parser =
        message_parser_new(sealer->arena, MESSAGE_LIMITS_DEFAULT);
    limits.signatures = 0;
    must(parser != NULL && message_parser_feed(parser, &in, &done) == YETT_OK && done &&
             message_parser_finish(parser, &message->header) == YETT_OK,
         "header");
    must(dkim_message_new(sealer->arena, sealer->crypto, &message->header, SLICE_NONE,
                          limits, &message->dkim) == YETT_OK &&
             arc_chain_new(sealer->arena, sealer->crypto, &message->header, message->dkim,
                           ARC_LIMITS_DEFAULT, &message->chain) == YETT_OK &&
             arc_prepare_seal(message->chain) == YETT_OK,
         "chain");
    dkim_message_body(message->dkim, in);
    must(dkim_message_end(message->dkim) == YETT_OK, "digests");
}

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    return dkim_check_perform(context, check, out);
}

static void validate(struct sealer *sealer, struct message *message)
{
    const struct dkim_settings settings = DKIM_SETTINGS_DEFAULT;
    struct dns_source source = {.find = zone_find, .context = sealer->zone};
    struct dns_answers *answers =
        dns_answers_new(sealer->arena, source, DNS_BOUNDS_DEFAULT);
    struct dkim_checks *checks = dkim_checks_new(sealer->arena, perform, message->dkim);
    struct dns_questions wanted;
    dns_questions_init(&wanted, sealer->arena);
    struct dns_view view = {.known = answers, .wanted = &wanted};
    must(arc_verify(sealer->arena, message->chain, &settings, NOW, &view, checks,
                    &message->result) == YETT_OK &&
             message->result.instances == sealer->sets &&
             message->result.code == (sealer->sets == 0 ? ARC_NONE : ARC_PASS),
         "the chain does not pass");
    dns_answers_finish(answers);
}

static void add_set(struct sealer *sealer, struct message *message)
{
    const struct arc_sealer with = {
        .domain = SLICE("example.net"),
        .selector = SLICE("s2026"),
        .algorithm = DKIM_RSA_SHA256,
        .now_s = NOW,
        .results = SLICE("mx.example.net; dkim=pass header.d=example.org; spf=pass "
                         "smtp.mailfrom=example.org; dmarc=pass header.from=example.org"),
    };
    struct arc_seal *seal = NULL;
    const char *why = NULL;
    slice text;
    must(arc_seal_new(sealer->arena, message->chain, &message->result, &with, &seal,
                      &why) == YETT_OK,
         "set");
    while ((text = arc_seal_text(seal)).len != 0) {
        struct buf signature;
        buf_init(&signature, sealer->arena, CRYPTO_SIGNATURE_MAX);
        must(signer_sign(sealer->crypto, sealer->key, text, &signature) == YETT_OK &&
                 arc_seal_take(seal, buf_slice(&signature)) == YETT_OK,
             "signature");
    }
    sealer->fields = arc_seal_fields(seal);
}

static void run(void *context)
{
    struct sealer *sealer = context;
    struct message message = {.dkim = NULL};
    arena_reset(sealer->arena, KEPT_BYTES);
    take_in(sealer, &message);
    validate(sealer, &message);
    add_set(sealer, &message);
    dkim_message_finish(message.dkim);
}

/* ---- all ---------------------------------------------------------------------------- */

/* Hand it on. */
static void put_on_top(struct sealer *sealer)
{
    struct buf text;
    run(sealer);
    buf_init(&text, sealer->lasting, SIZE_MAX);
    buf_add(&text, sealer->fields);
    buf_add(&text, sealer->message);
    must(buf_err(&text) == YETT_OK, "message");
    sealer->message = buf_slice(&text);
    sealer->sets++;
}

static void compare(struct sealer *sealer, const char *what)
{
    /* Of the older sets only the seals are looked at. */
    unsigned checked = sealer->sets == 0 ? 0 : sealer->sets + 1;
    struct floor *floor =
        floor_new_sealing(checked, 2, sealer->message.ptr, sealer->message.len);
    struct work works[] = {
        {"floor", floor_run, floor,  0, 0},
        {"yett",  run,       sealer, 0, 0},
    };
    measure(works, 2, 10);
    printf("%7zu %-7s %4u %10.1f %10.1f %8.2fx\n", sealer->message.len, what,
           sealer->sets, works[0].us, works[1].us, works[1].ratio);
    floor_free(floor);
}

static void compare_all(struct sealer *sealer, size_t bytes, enum mail_body body,
                        const char *what)
{
    struct mail *mail = mail_new(bytes, MAIL_RSA, body);
    must(mail != NULL, "message");
    sealer->message = slice_of(mail->text, mail->bytes);
    sealer->sets = 0;
    while (sealer->sets <= SETS_MAX) {
        if (sealer->sets != 2) {
            compare(sealer, what);
        }
        put_on_top(sealer);
    }
    mail_free(mail);
}

int main(void)
{
    struct sealer sealer = {.crypto = crypto_new(),
                            .arena = arena_new(ARENA_BYTES),
                            .lasting = arena_new(4 * ARENA_BYTES)};
    must(sealer.crypto != NULL && sealer.arena != NULL && sealer.lasting != NULL &&
             crypto_private_key_generate(sealer.crypto, CRYPTO_RSA, 2048, &sealer.key) ==
                 YETT_OK,
         "key");
    make_zone(&sealer);
    printf("\n%7s %-7s %4s %10s %10s %9s\n", "octets", "body", "sets", "floor us",
           "yett us", "ratio");
    compare_all(&sealer, 2 * 1024, MAIL_PROSE, "prose");
    compare_all(&sealer, 10 * 1024, MAIL_PROSE, "prose");
    compare_all(&sealer, 100 * 1024, MAIL_BASE64, "base64");
    compare_all(&sealer, 100 * 1024, MAIL_HTML, "html");
    compare_all(&sealer, 1024 * 1024, MAIL_BASE64, "base64");
    zone_finish(sealer.zone);
    crypto_private_key_free(sealer.key);
    arena_free(sealer.arena);
    arena_free(sealer.lasting);
    crypto_free(sealer.crypto);
    return 0;
}
