/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_FUZZ_SIGNER_H
#define YETT_FUZZ_SIGNER_H

#include "core/base/base64.h"
#include "core/dkim/dkim.h"
#include "core/zone/zone.h"

#include <assert.h>

/*
 * signer: keys that sign, and a receiver that knows their records, for all runs of a harness.
 * The Ed25519 key is that of RFC 8463 appendix A; the RSA key is a new one.
 */
struct signer {
    struct crypto *crypto;
    struct crypto_private_key *rsa, *ed25519;
    struct arena *arena;
    slice domain;
    struct zone *zone; /* of that domain: "r" is the RSA key, "e" the other */
};

static inline void signer_add_record(struct signer *signer, struct buf *zone,
                                     const char *selector, const char *type,
                                     const struct crypto_private_key *key)
{
    struct buf octets, text;
    buf_init(&octets, signer->arena, 4096);
    buf_init(&text, signer->arena, 8192);
    enum yett_err err = crypto_private_key_public(key, &octets);
    assert(err == YETT_OK);
    base64_encode(&text, buf_slice(&octets));
    buf_printf(zone, "%s._domainkey.%.*s. TXT \"k=%s; p=\"", selector,
               SLICE_ARG(signer->domain), type);
    for (slice rest = buf_slice(&text); rest.len != 0; rest = slice_skip(rest, 200)) {
        buf_printf(zone, " \"%.*s\"", SLICE_ARG(slice_first(rest, 200)));
    }
    buf_add_byte(zone, '\n');
}

static inline void signer_init(struct signer *signer, slice domain)
{
    static const slice pem =
        SLICE_INIT("-----BEGIN PRIVATE KEY-----\n"
                   "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                   "-----END PRIVATE KEY-----\n");
    struct zone_error error;
    struct buf zone;
    const char *why;
    signer->domain = domain;
    signer->crypto = crypto_new();
    signer->arena = arena_new(1 << 20);
    assert(signer->crypto != NULL && signer->arena != NULL);
    enum yett_err err =
        crypto_private_key_generate(signer->crypto, CRYPTO_RSA, 1024, &signer->rsa);
    assert(err == YETT_OK);
    err = crypto_private_key_read(signer->crypto, pem, &signer->ed25519, &why);
    assert(err == YETT_OK);
    buf_init(&zone, signer->arena, 8192);
    signer_add_record(signer, &zone, "r", "rsa", signer->rsa);
    signer_add_record(signer, &zone, "e", "ed25519", signer->ed25519);
    err = zone_parse(signer->arena, buf_slice(&zone), &signer->zone, &error);
    assert(err == YETT_OK);
}

static inline enum yett_err signer_perform(void *context, const struct dkim_check *check,
                                           struct dkim_check_result *out)
{
    return dkim_check_perform(context, check, out);
}

/* What a receiver finds who gets this message at `now_s`, its body in pieces of so many
   octets, of the first signature in it. */
static inline struct dkim_result signer_verify(struct signer *signer, struct arena *arena,
                                               slice message, size_t piece, int64_t now_s)
{
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    struct message_header header;
    struct dkim_message *facts = NULL;
    struct dkim_results results = {0};
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    const struct dkim_settings settings = DKIM_SETTINGS_DEFAULT;
    struct dns_questions wanted;
    bool done = false;
    assert(parser != NULL);
    limits.signatures = 1;
    limits.proof_candidates = 0;
    enum yett_err err = message_parser_feed(parser, &message, &done);
    assert(err == YETT_OK);
    err = message_parser_finish(parser, &header);
    assert(err == YETT_OK);
    err =
        dkim_message_new(arena, signer->crypto, &header, signer->domain, limits, &facts);
    assert(err == YETT_OK);
    dkim_message_body(facts, header.rest);
    for (; message.len != 0; message = slice_skip(message, piece)) {
        dkim_message_body(facts, slice_first(message, piece));
    }
    err = dkim_message_end(facts);
    assert(err == YETT_OK);
    struct dns_source source = {.find = zone_find, .context = signer->zone};
    struct dns_answers *answers = dns_answers_new(arena, source, DNS_BOUNDS_DEFAULT);
    struct dkim_checks *checks = dkim_checks_new(arena, signer_perform, facts);
    struct dns_view view = {.known = answers, .wanted = &wanted};
    assert(answers != NULL && checks != NULL);
    dns_questions_init(&wanted, arena);
    err = dkim_verify(arena, facts, &settings, signer->domain, now_s, false, &view,
                      checks, &results);
    assert(err == YETT_OK && results.count != 0);
    dkim_message_finish(facts);
    dns_answers_finish(answers);
    return results.list[0];
}

#endif
