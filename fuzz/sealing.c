/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sealing/sealing.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A message that a list hands in, sealed with signatures that are none.  Whatever it is, what
 * is asked of a keeper is what a keeper can read, and the set comes out as three fields.  A
 * keeper may still refuse it, for what it says.
 */
enum { ARENA_BYTES = 64 << 20 };

static struct crypto *crypto;

struct work {
    struct arena *arena;
    struct message_header header;
    struct dkim_message *dkim;
    struct arc_chain *chain;
    struct config config;
    struct sealing_house house;
};

static bool read_message(struct work *work, slice message)
{
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    bool done = false;
    struct message_parser *parser =
        message_parser_new(work->arena, (struct message_limits){1 << 20, 1000});
    limits.signatures = limits.signature_fields = 0;
    if (message_parser_feed(parser, &message, &done) != YETT_OK ||
        message_parser_finish(parser, &work->header) != YETT_OK) {
        return false;
    }
    enum yett_err err = dkim_message_new(work->arena, crypto, &work->header, SLICE_NONE,
                                         limits, &work->dkim);
    assert(err == YETT_OK);
    err = arc_chain_new(work->arena, crypto, &work->header, work->dkim,
                        ARC_LIMITS_DEFAULT, &work->chain);
    assert(err == YETT_OK);
    err = arc_prepare_seal(work->chain);
    assert(err == YETT_OK);
    dkim_message_body(work->dkim, message);
    err = dkim_message_end(work->dkim);
    assert(err == YETT_OK);
    return true;
}

static void assert_readable(struct work *work, enum dkim_form form, slice text)
{
    struct dkim_signing_request request;
    slice why = SLICE_NONE;
    enum yett_err err = dkim_parse_signing_text(work->arena, form, text, &request, &why);
    if (err != YETT_OK && err != YETT_LIMIT) {
        abort();
    }
    assert(err != YETT_OK ||
           slice_eq(request.signature.domain, work->config.sealing.domain));
}

static void sign(struct work *work, struct arc_seal *seal)
{
    static const enum dkim_form forms[] = {DKIM_FORM_MESSAGE, DKIM_FORM_SEAL};
    static const char octets[256];
    size_t count = 0;
    slice text;
    while ((text = arc_seal_text(seal)).len != 0) {
        assert(count < 2);
        assert_readable(work, forms[count++], text);
        enum yett_err err = arc_seal_take(seal, slice_of(octets, sizeof octets));
        if (err != YETT_OK) {
            assert(err == YETT_LIMIT);
            return;
        }
    }
    assert(slice_starts_with(arc_seal_fields(seal), SLICE("ARC-Seal: i=")));
}

static void seal(struct work *work)
{
    struct sealing_decision decision = {.act = SEALING_SEAL, .rule = SLICE("list")};
    struct arc_seal *made = NULL;
    bool doubts = false;
    enum yett_err err = sealing_doubts(work->arena, &work->config, &work->header,
                                       SLICE("example.org"), &doubts);
    assert(err == YETT_OK);
    err = sealing_begin(work->arena, &work->house, &work->header, work->chain, NULL,
                        1764000000, &decision, &made);
    assert(err == YETT_OK);
    assert((decision.act == SEALING_SEAL) == (made != NULL));
    assert(decision.act == SEALING_SEAL || decision.reason.len != 0);
    if (made != NULL) {
        sign(work, made);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct work work = {.arena = arena_new(ARENA_BYTES)};
    if (crypto == NULL) {
        crypto = crypto_new();
    }
    config_init(&work.config);
    work.config.authserv_id = SLICE("mx.example.com");
    work.config.sealing.domain = SLICE("l.test");
    work.house = (struct sealing_house){
        .config = &work.config,
        .seals = true,
        .row = {.domain = SLICE("l.test"), .selector = SLICE("k"), .bits = 2048}
    };
    if (read_message(&work, slice_of((const char *)data, size))) {
        seal(&work);
    }
    if (work.dkim != NULL) {
        dkim_message_finish(work.dkim);
    }
    arena_free(work.arena);
    return 0;
}
