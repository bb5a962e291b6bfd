/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/signer/signer.h"
#include "signer.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The first octet says what the rest is: a text of one of the three forms, to be read, or a
 * message, of which a text is made.  That one must be readable; and the message, signed and
 * with its field on top, is one whose signature holds, however its body arrives.
 *
 * SETTINGS_BIT: before the message two lines, of the fields to be signed and of i=.
 */
enum {
    HEADER_SIMPLE_BIT = 1,
    EDWARD_BIT = 2,
    HEADER_BIT = 4,
    BREAK_BIT = 8,
    SETTINGS_BIT = 16,
    BODY_SIMPLE_BIT = 32,
    BREAK_AT = 40,
    NOW = 1
};

static struct signer signer;

static void compare(void *context, slice bytes)
{
    assert(slice_take(context, bytes));
}

/* What was accepted is what its fields come to, and nothing else. */
static void check_whole(const struct signer_request *request, slice text)
{
    const struct dkim_sink sink = {.write = compare, .context = &text};
    const struct dkim_signature *signature = &request->signature;
    enum dkim_canon canon =
        signature->form == DKIM_FORM_SEAL ? DKIM_RELAXED : signature->header_canon;
    for (size_t i = 0; i < request->header.count; i++) {
        dkim_header_canon(canon, &request->header.fields[i], false, sink);
    }
    dkim_header_canon(canon, &request->field, true, sink);
    assert(text.len == 0);
    assert(signature->error.len == 0 && signature->domain.len != 0);
    if (signature->form != DKIM_FORM_SEAL) {
        assert(dkim_count_signed(signature, "From") != 0);
        assert(request->header.count <= DKIM_SIGNED_FIELDS_MAX);
    }
}

static void read_text(struct arena *arena, enum dkim_form form, slice text)
{
    struct signer_request request;
    slice why = SLICE_NONE;
    enum yett_err err = signer_parse_text(arena, form, text, &request, &why);
    if (err == YETT_OK) {
        check_whole(&request, text);
    } else {
        assert(err == YETT_BAD_SYNTAX || err == YETT_LIMIT);
        assert(why.len != 0);
    }
}

static void check_made(struct arena *arena, const struct signer_plan *signing,
                       const struct signer_draft *draft)
{
    struct signer_request request;
    slice why = SLICE_NONE;
    enum yett_err err =
        signer_parse_text(arena, DKIM_FORM_SIGNATURE, draft->text, &request, &why);
    assert(err == YETT_OK);
    assert(slice_eq(request.signature.domain, signing->domain));
    assert(slice_eq(request.signature.selector, signing->selector));
    assert(request.signature.algorithm == signing->algorithm);
    assert(request.signature.header_canon == signing->header_canon);
    assert(request.signature.body_canon == signing->body_canon);
    assert(request.signature.expires_at_s == signing->expires_at_s);
    assert(dkim_count_signed(&request.signature, "From") ==
           message_count_fields(&request.header, "From") + 1);
}

/* A message in the making. */
struct work {
    struct arena *arena;
    struct message_header header;
    slice body;
    bool has_body;
    struct signer_plan signing;
    slice body_hash;
};

static void digest(struct work *work, size_t line_octets)
{
    struct signer_sums *sums = NULL;
    bool is_simple = work->signing.body_canon == DKIM_SIMPLE;
    enum yett_err err = signer_sums_new(work->arena, signer.crypto, is_simple, !is_simple,
                                        line_octets, &sums);
    assert(err == YETT_OK);
    signer_sums_feed(sums, work->header.rest);
    signer_sums_feed(sums, work->body);
    err = signer_sums_end(sums);
    assert(err == YETT_OK);
    work->body_hash = signer_sums_digest(sums, work->signing.body_canon);
    signer_sums_finish(sums);
}

static void add_octets(void *context, slice bytes)
{
    buf_add(context, bytes);
}

static slice with_field(const struct work *work, slice field, size_t line_octets)
{
    struct buf out;
    struct signer_breaker breaker;
    buf_init(&out, work->arena, SIZE_MAX);
    buf_add(&out, field);
    for (size_t i = 0; i < work->header.count; i++) {
        buf_add(&out, work->header.fields[i].raw);
    }
    buf_add_text(&out, work->has_body ? "\r\n" : "");
    buf_add(&out, line_octets == 0 ? work->header.rest : SLICE_NONE);
    if (line_octets == 0) {
        buf_add(&out, work->body);
    } else {
        signer_breaker_init(&breaker, line_octets,
                            (struct dkim_sink){.write = add_octets, .context = &out});
        signer_breaker_feed(&breaker, work->header.rest);
        signer_breaker_feed(&breaker, work->body);
        signer_breaker_finish(&breaker);
    }
    assert(buf_err(&out) == YETT_OK);
    return buf_slice(&out);
}

static void check_holds(const struct work *work, const struct signer_draft *draft,
                        size_t line_octets)
{
    const struct crypto_private_key *key =
        work->signing.algorithm == DKIM_RSA_SHA256 ? signer.rsa : signer.ed25519;
    struct buf signature;
    slice field;
    buf_init(&signature, work->arena, CRYPTO_SIGNATURE_MAX);
    enum yett_err err = signer_sign(signer.crypto, key, draft->text, &signature);
    assert(err == YETT_OK);
    err = signer_make_field(work->arena, draft->field, buf_slice(&signature), &field);
    assert(err == YETT_OK);
    slice message = with_field(work, field, line_octets);
    assert(signer_verify(&signer, work->arena, message, SIZE_MAX, NOW).code == DKIM_PASS);
    assert(signer_verify(&signer, work->arena, message, 3, NOW).code == DKIM_PASS);
}

/* False: such settings are refused, with a reason. */
static bool take_settings(struct work *work, slice *in)
{
    slice fields;
    slice why = SLICE_NONE;
    if (!slice_take_until(in, '\n', &fields) ||
        !slice_take_until(in, '\n', &work->signing.identity)) {
        return false;
    }
    enum yett_err err =
        signer_parse_rules(work->arena, fields, &work->signing.rules, &why);
    if (err != YETT_OK) {
        assert(err == YETT_BAD_SYNTAX && why.len != 0);
        return false;
    }
    assert(work->signing.rules.count <= SIGNER_RULES_MAX + 1);
    return true;
}

static void make_text(struct arena *arena, unsigned how, slice in)
{
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    struct work work = {.arena = arena};
    struct signer_draft draft;
    slice why = SLICE_NONE;
    size_t line_octets = (how & BREAK_BIT) != 0 ? BREAK_AT : 0;
    bool is_edward = (how & EDWARD_BIT) != 0;
    work.signing = (struct signer_plan){
        .domain = SLICE("example.org"),
        .selector = is_edward ? SLICE("e") : SLICE("r"),
        .algorithm = is_edward ? DKIM_ED25519_SHA256 : DKIM_RSA_SHA256,
        .header_canon = (how & HEADER_SIMPLE_BIT) != 0 ? DKIM_SIMPLE : DKIM_RELAXED,
        .body_canon = (how & BODY_SIMPLE_BIT) != 0 ? DKIM_SIMPLE : DKIM_RELAXED,
        .signed_at_s = NOW,
        .expires_at_s = NOW + 1,
        .rules = signer_default_rules(),
    };
    assert(parser != NULL);
    if (((how & SETTINGS_BIT) != 0 && !take_settings(&work, &in)) ||
        message_parser_feed(parser, &in, &work.has_body) != YETT_OK ||
        message_parser_finish(parser, &work.header) != YETT_OK) {
        return;
    }
    work.body = in;
    if (work.header.count != 0 && ascii_is_wsp(slice_peek(work.header.fields[0].raw))) {
        return; /* it would go on with whatever is put on top of it */
    }
    if (line_octets != 0) {
        enum yett_err err =
            signer_break_header(arena, &work.header, line_octets, &work.header);
        assert(err == YETT_OK);
    }
    digest(&work, line_octets);
    enum yett_err err = signer_make_draft(arena, &work.header, &work.signing,
                                          work.body_hash, &draft, &why);
    if (err == YETT_OK) {
        check_made(arena, &work.signing, &draft);
        check_holds(&work, &draft, line_octets);
    } else {
        assert(err == YETT_LIMIT || (err == YETT_BAD_SYNTAX && why.len != 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dkim_form forms[] = {DKIM_FORM_SIGNATURE, DKIM_FORM_MESSAGE,
                                           DKIM_FORM_SEAL, DKIM_FORM_SIGNATURE};
    struct arena *arena = arena_new(64 << 20);
    assert(arena != NULL);
    if (signer.crypto == NULL) {
        signer_init(&signer, SLICE("example.org")); /* for all runs */
    }
    if (size != 0) {
        slice rest = slice_of((const char *)data + 1, size - 1);
        if ((data[0] & HEADER_BIT) != 0) {
            make_text(arena, data[0], rest);
        } else {
            read_text(arena, forms[data[0] & 3], rest);
        }
    }
    arena_free(arena);
    return 0;
}
