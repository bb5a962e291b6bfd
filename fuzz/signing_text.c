/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/dkim.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The first octet says what the rest is: a text of one of the three forms, to be read, or a
 * header, of which a text is made that must be readable.
 */
enum { HEADER_BIT = 4, HEADER_SIMPLE_BIT = 1, EDWARD_BIT = 2, BREAK_BIT = 8 };

static void compare(void *context, slice bytes)
{
    assert(slice_take(context, bytes));
}

/* What was accepted is what its fields come to, and nothing else. */
static void check_whole(const struct dkim_signing_request *request, slice text)
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
    struct dkim_signing_request request;
    slice why = SLICE_NONE;
    enum yett_err err = dkim_parse_signing_text(arena, form, text, &request, &why);
    if (err == YETT_OK) {
        check_whole(&request, text);
    } else {
        assert(err == YETT_BAD_SYNTAX || err == YETT_LIMIT);
        assert(why.len != 0);
    }
}

static void check_made(struct arena *arena, const struct dkim_signing *signing,
                       const struct dkim_draft *draft)
{
    struct dkim_signing_request request;
    slice why = SLICE_NONE;
    slice field;
    assert(dkim_parse_signing_text(arena, DKIM_FORM_SIGNATURE, draft->text, &request,
                                   &why) == YETT_OK);
    assert(slice_eq(request.signature.domain, signing->domain));
    assert(request.signature.algorithm == signing->algorithm);
    assert(request.signature.expires_at_s == signing->expires_at_s);
    assert(dkim_count_signed(&request.signature, "From") ==
           message_count_fields(&request.header, "From") + 1);
    assert(dkim_signing_field(arena, draft->field, SLICE("signature"), &field) ==
           YETT_OK);
    assert(slice_ends_with(field, SLICE("b=c2lnbmF0dXJl\r\n")));
}

static void make_text(struct arena *arena, unsigned how, slice in)
{
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    struct message_header header;
    struct dkim_draft draft;
    bool done = false;
    slice why = SLICE_NONE;
    const struct dkim_signing signing = {
        .domain = SLICE("example.org"),
        .selector = SLICE("s"),
        .algorithm = how & EDWARD_BIT ? DKIM_ED25519_SHA256 : DKIM_RSA_SHA256,
        .header_canon = how & HEADER_SIMPLE_BIT ? DKIM_SIMPLE : DKIM_RELAXED,
        .body_canon = DKIM_RELAXED,
        .signed_at_s = 1,
        .expires_at_s = 2,
        .rules = dkim_default_rules(),
    };
    assert(parser != NULL);
    if (message_parser_feed(parser, &in, &done) != YETT_OK ||
        message_parser_finish(parser, &header) != YETT_OK) {
        return;
    }
    if ((how & BREAK_BIT) != 0) {
        assert(dkim_break_header(arena, &header, 40, &header) == YETT_OK);
    }
    enum yett_err err =
        dkim_signing_text(arena, &header, &signing,
                          SLICE("01234567890123456789012345678901"), &draft, &why);
    if (err == YETT_OK) {
        check_made(arena, &signing, &draft);
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
