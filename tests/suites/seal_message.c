/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/arc.h"
#include "core/zone/zone.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

/*
 * seal_message: puts a set on top of a message, for the suite of seals.
 *
 *     seal_message ZONE KEY.PEM DOMAIN SELECTOR TIME FIELDS AUTHSERV_ID < MESSAGE
 *
 * MESSAGE has CRLF line ends.  FIELDS are names joined by ":", each signed as often as it
 * stands.  What arrives in the name of AUTHSERV_ID is testified.  Signs with libcrypto on its own, as whoever holds a key would.  Exit status 2: nothing to add.
 */
enum { ARENA_BYTES = 16 << 20, RULES_MAX = 50 };

static struct dkim_message *facts;

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    (void)context;
    return dkim_check_perform(facts, check, out);
}

static slice read_all(struct arena *arena, FILE *file)
{
    struct buf buf;
    char piece[4096];
    size_t bytes;
    buf_init(&buf, arena, 1 << 20);
    while ((bytes = fread(piece, 1, sizeof(piece), file)) != 0) {
        buf_add(&buf, slice_of(piece, bytes));
    }
    assert(buf_err(&buf) == YETT_OK);
    return buf_slice(&buf);
}

static slice sign(struct arena *arena, const char *path, slice text)
{
    FILE *file = fopen(path, "r");
    assert(file != NULL);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t bytes = 1024;
    uint8_t *value = arena_alloc(arena, bytes);
    int done =
        key != NULL && value != NULL &&
        EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) &&
        EVP_DigestSign(context, value, &bytes, (const uint8_t *)text.ptr, text.len);
    assert(done);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    fclose(file);
    return slice_of((const char *)value, bytes);
}

static struct arc_result validate(struct arena *arena, const char *zone_path,
                                  const struct arc_chain *chain, int64_t now_s)
{
    struct zone *zone = NULL;
    struct zone_error error;
    struct dns_questions wanted;
    struct arc_result result;
    const struct dkim_settings settings = DKIM_SETTINGS_DEFAULT;
    FILE *file = fopen(zone_path, "r");
    assert(file != NULL);
    enum yett_err err = zone_parse(arena, read_all(arena, file), &zone, &error);
    assert(err == YETT_OK);
    fclose(file);
    struct dns_answers *answers =
        dns_answers_new(arena, (struct dns_source){.find = zone_find, .context = zone},
                        DNS_BOUNDS_DEFAULT);
    dns_questions_init(&wanted, arena);
    struct dns_view view = {.known = answers, .wanted = &wanted};
    struct dkim_checks *checks = dkim_checks_new(arena, perform, NULL);
    err = arc_verify(arena, chain, &settings, now_s, &view, checks, &result);
    assert(err == YETT_OK);
    dns_answers_finish(answers);
    zone_finish(zone);
    return result;
}

static struct arc_chain *read_message(struct arena *arena, struct crypto *crypto,
                                      slice in, struct message_header *header)
{
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    struct arc_chain *chain = NULL;
    bool done = false;
    enum yett_err err = message_parser_feed(parser, &in, &done);
    err = err != YETT_OK ? err : message_parser_finish(parser, header);
    err = err != YETT_OK ? err
                         : dkim_message_new(arena, crypto, header, SLICE_NONE,
                                            DKIM_LIMITS_DEFAULT, &facts);
    err = err != YETT_OK
              ? err
              : arc_chain_new(arena, crypto, header, facts, ARC_LIMITS_DEFAULT, &chain);
    err = err != YETT_OK ? err : arc_prepare_seal(chain);
    assert(err == YETT_OK);
    dkim_message_body(facts, in);
    err = dkim_message_end(facts);
    assert(err == YETT_OK);
    return chain;
}

static struct signer_rules rules_of(struct arena *arena, slice names)
{
    struct signer_rule *list = ARENA_ARRAY(arena, RULES_MAX, struct signer_rule);
    size_t count = 0;
    slice name;
    assert(list != NULL);
    while (slice_next_piece(&names, ':', &name)) {
        assert(count < RULES_MAX);
        list[count++] = (struct signer_rule){.name = name, .how = SIGNER_SIGN};
    }
    return (struct signer_rules){.list = list, .count = count};
}

int main(int argc, char **argv)
{
    assert(argc == 8);
    struct arena *arena = arena_new(ARENA_BYTES);
    struct crypto *crypto = crypto_new();
    struct message_header header;
    struct arc_sealer sealer = {.domain = slice_from_text(argv[3]),
                                .selector = slice_from_text(argv[4]),
                                .algorithm = DKIM_RSA_SHA256,
                                .now_s = strtol(argv[5], NULL, 10),
                                .rules = rules_of(arena, slice_from_text(argv[6]))};
    struct arc_seal *seal = NULL;
    const char *why = NULL;
    slice message = read_all(arena, stdin);
    struct arc_chain *chain = read_message(arena, crypto, message, &header);
    const struct arc_result result = validate(arena, argv[1], chain, sealer.now_s);
    enum yett_err err =
        arc_gather_results(arena, &header, slice_from_text(argv[7]), &sealer.results);
    assert(err == YETT_OK);
    err = arc_seal_new(arena, chain, &result, &sealer, &seal, &why);
    if (err == YETT_OK) {
        slice text;
        while ((text = arc_seal_text(seal)).len != 0) {
            err = arc_seal_take(seal, sign(arena, argv[2], text));
            assert(err == YETT_OK);
        }
        slice fields = arc_seal_fields(seal);
        fwrite(fields.ptr, 1, fields.len, stdout);
        fwrite(message.ptr, 1, message.len, stdout);
    } else {
        fprintf(stderr, "%s: %s\n", yett_err_text(err), why);
    }
    dkim_message_finish(facts);
    crypto_free(crypto);
    arena_free(arena);
    return err == YETT_OK ? 0 : 2;
}
