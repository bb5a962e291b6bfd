/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/sealing/sealing.h"

#include "core/base/ascii.h"
#include "core/signer/signer.h"
#include "signer.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * An octet of settings, and a message: mail of a list, or one that has just arrived.  Whatever
 * it is, what is asked of a keeper is what a keeper can read, and the set comes out as three
 * fields.  Where the message had no set before, the chain passes that it has then, and each
 * one that is put on top of it.
 */
enum {
    ARENA_BYTES = 64 << 20,
    NOW = 1764000000,
    ARRIVAL_BIT = 1,
    FAILED_BIT = 2, /* the chain as it arrived */
    OPEN_BIT = 4,
    EDWARD_BIT = 8,
    AGAIN_SHIFT = 4 /* so many sets more */
};

static struct signer signer;

struct work {
    struct arena *arena;
    unsigned flags;
    slice message;
    struct message_header header;
    struct dkim_message *dkim;
    struct arc_chain *chain;
    struct config config;
    struct sealing_house house;
};

static bool read_message(struct work *work)
{
    struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
    slice in = work->message;
    bool done = false;
    struct message_parser *parser =
        message_parser_new(work->arena, (struct message_limits){1 << 20, 1000});
    limits.signatures = limits.signature_fields = 0;
    if (message_parser_feed(parser, &in, &done) != YETT_OK ||
        message_parser_finish(parser, &work->header) != YETT_OK) {
        return false;
    }
    enum yett_err err = dkim_message_new(work->arena, signer.crypto, &work->header,
                                         SLICE_NONE, limits, &work->dkim);
    assert(err == YETT_OK);
    err = arc_chain_new(work->arena, signer.crypto, &work->header, work->dkim,
                        ARC_LIMITS_DEFAULT, &work->chain);
    assert(err == YETT_OK);
    err = arc_prepare_seal(work->chain);
    assert(err == YETT_OK);
    dkim_message_body(work->dkim, work->header.rest);
    dkim_message_body(work->dkim, in);
    err = dkim_message_end(work->dkim);
    assert(err == YETT_OK);
    return true;
}

static void assert_readable(struct work *work, enum dkim_form form, slice text)
{
    struct signer_request request;
    slice why = SLICE_NONE;
    enum yett_err err = signer_parse_text(work->arena, form, text, &request, &why);
    if (err != YETT_OK && err != YETT_LIMIT) {
        abort();
    }
    if (err == YETT_OK) {
        const char *claims = NULL;
        assert(slice_eq(request.signature.domain, work->config.sealing.domain));
        err = arc_check_claims(work->arena, &request.header, &request.signature, &claims);
        assert(err == YETT_OK);
    }
}

/* False: there is too much of it. */
static bool sign(struct work *work, struct arc_seal *seal)
{
    static const enum dkim_form forms[] = {DKIM_FORM_MESSAGE, DKIM_FORM_SEAL};
    bool is_edward = (work->flags & EDWARD_BIT) != 0;
    size_t count = 0;
    slice text;
    while ((text = arc_seal_text(seal)).len != 0) {
        struct buf signature;
        buf_init(&signature, work->arena, CRYPTO_SIGNATURE_MAX);
        assert(count < 2);
        assert_readable(work, forms[count++], text);
        enum yett_err err = signer_sign(
            signer.crypto, is_edward ? signer.ed25519 : signer.rsa, text, &signature);
        assert(err == YETT_OK);
        err = arc_seal_take(seal, buf_slice(&signature));
        if (err != YETT_OK) {
            assert(err == YETT_LIMIT);
            return false;
        }
    }
    assert(slice_starts_with(arc_seal_fields(seal), SLICE("ARC-Seal: i=")));
    return true;
}

static bool begin(struct work *work, struct arc_seal **made)
{
    bool is_arrival = (work->flags & ARRIVAL_BIT) != 0;
    bool exists = arc_chain_exists(work->chain);
    struct sealing_decision decision = {
        .act = SEALING_SEAL, .rule = is_arrival ? SLICE("recipient") : SLICE("list")};
    const struct verdict verdict = {
        .arc = {.code = !exists                           ? ARC_NONE
                        : (work->flags & FAILED_BIT) != 0 ? ARC_FAIL
                                                          : ARC_PASS,
                .open = (work->flags & OPEN_BIT) != 0},
        .authentication_results =
            SLICE("Authentication-Results: mx.example.com; dmarc=pass "
                  "header.from=example.org\r\n")
    };
    enum yett_err err =
        sealing_begin(work->arena, &work->house, &work->header, work->chain,
                      is_arrival ? &verdict : NULL, NOW, &decision, made);
    assert(err == YETT_OK);
    assert((decision.act == SEALING_SEAL) == (*made != NULL));
    assert(decision.act == SEALING_SEAL || decision.reason.len != 0);
    assert(sealing_act_text(decision.act) != NULL);
    return *made != NULL;
}

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    return dkim_check_perform(context, check, out);
}

static void check_passes(struct work *work, unsigned instances)
{
    const struct dkim_settings settings = DKIM_SETTINGS_DEFAULT;
    struct dns_source source = {.find = zone_find, .context = signer.zone};
    struct dns_answers *answers =
        dns_answers_new(work->arena, source, DNS_BOUNDS_DEFAULT);
    struct dkim_checks *checks = dkim_checks_new(work->arena, perform, work->dkim);
    struct dns_questions wanted;
    struct dns_view view = {.known = answers, .wanted = &wanted};
    struct arc_result result;
    dns_questions_init(&wanted, work->arena);
    enum yett_err err =
        arc_verify(work->arena, work->chain, &settings, NOW, &view, checks, &result);
    assert(err == YETT_OK);
    assert(result.code == ARC_PASS && result.instances == instances);
    dns_answers_finish(answers);
}

static slice with_set(struct work *work, slice fields)
{
    struct buf out;
    buf_init(&out, work->arena, SIZE_MAX);
    buf_add(&out, fields);
    buf_add(&out, work->message);
    assert(buf_err(&out) == YETT_OK);
    return buf_slice(&out);
}

/* Seal it; then it is the message with one set more, or false. */
static bool seal(struct work *work)
{
    struct arc_seal *made = NULL;
    bool doubts = false;
    enum yett_err err = sealing_doubts(work->arena, &work->config, &work->header,
                                       SLICE("example.org"), &doubts);
    assert(err == YETT_OK);
    if (!begin(work, &made) || !sign(work, made)) {
        return false;
    }
    work->message = with_set(work, arc_seal_fields(made));
    return true;
}

static void seal_often(struct work *work)
{
    bool is_new =
        work->dkim != NULL && !arc_chain_exists(work->chain) &&
        !ascii_is_wsp(slice_peek(work->message)); /* else it goes on with the set */
    unsigned times = is_new ? 1 + ((work->flags >> AGAIN_SHIFT) & 3) : 1;
    work->flags &= is_new ? ~(unsigned)FAILED_BIT : ~0u;
    for (unsigned i = 1; i <= times && seal(work); i++) {
        dkim_message_finish(work->dkim);
        work->dkim = NULL;
        if (!is_new || !read_message(work)) {
            return;
        }
        check_passes(work, i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct work work = {.arena = arena_new(ARENA_BYTES)};
    if (signer.crypto == NULL) {
        signer_init(&signer, SLICE("l.test")); /* for all runs */
    }
    config_init(&work.config);
    work.flags = size == 0 ? 0 : data[0];
    work.message = slice_skip(slice_of((const char *)data, size), 1);
    work.config.authserv_id = SLICE("mx.example.com");
    work.config.sealing.domain = SLICE("l.test");
    bool is_edward = (work.flags & EDWARD_BIT) != 0;
    work.house = (struct sealing_house){
        .config = &work.config,
        .seals = true,
        .row = {.domain = SLICE("l.test"),
                .selector = is_edward ? SLICE("e") : SLICE("r"),
                .type = is_edward ? CRYPTO_ED25519 : CRYPTO_RSA,
                .bits = 2048}
    };
    if (read_message(&work)) {
        seal_often(&work);
    }
    if (work.dkim != NULL) {
        dkim_message_finish(work.dkim);
    }
    arena_free(work.arena);
    return 0;
}
