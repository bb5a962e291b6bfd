/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/utf8.h"
#include "core/dkim/dkim.h"
#include "core/domain/domain.h"
#include "support/dkim_naive.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A field that is accepted keeps its promises. */
static void check_accepted(struct arena *arena, const struct dkim_signature *signature)
{
    slice same;
    assert(signature->error_code == DKIM_NONE);
    assert(signature->algorithm != DKIM_UNKNOWN_ALGORITHM);
    assert(domain_normalize(arena, signature->domain, &same) == YETT_OK);
    assert(slice_eq(same, signature->domain));
    assert(domain_normalize(arena, signature->selector, &same) == YETT_OK);
    assert(domain_is_under(signature->identity_domain, signature->domain));
    assert(signature->body_hash.len == 20 || signature->body_hash.len == 32);
    assert(signature->signature.len != 0 && signature->b_text.len != 0);
    assert(dkim_signs_field(signature, "From"));
    assert(signature->expires_at_s == DKIM_NO_TIME ||
           signature->expires_at_s > signature->signed_at_s ||
           signature->expires_at_s == INT64_MAX);
}

static void check_refused(const struct dkim_signature *signature)
{
    assert(signature->error_code == DKIM_NEUTRAL ||
           signature->error_code == DKIM_PERMERROR);
    assert(signature->error_offset <= signature->field->value.len);
    assert(utf8_is_valid(signature->error) || signature->error.len >= 60);
}

static void collect(void *context, slice bytes)
{
    naive_add(context, bytes.ptr, bytes.len);
}

/* The field without b= is what remains when the octets are cut out before. */
static void check_canonical(const struct dkim_signature *signature, bool relaxed)
{
    const struct message_field *field = signature->field;
    size_t at = slice_offset(field->raw, signature->b_region);
    slice behind = slice_skip(field->raw, at + signature->b_region.len);
    struct naive_text cut = {NULL, 0};
    struct naive_text found = {NULL, 0};
    naive_add(&cut, field->raw.ptr, at);
    naive_add(&cut, behind.ptr, behind.len);
    naive_add(&found, "", 0);
    struct naive_text expected = naive_field(relaxed, cut.ptr, cut.len);
    dkim_header_canon_without(relaxed ? DKIM_RELAXED : DKIM_SIMPLE, field,
                              signature->b_region, true,
                              (struct dkim_sink){.write = collect, .context = &found});
    assert(
        slice_eq(slice_of(found.ptr, found.len), slice_of(expected.ptr, expected.len)));
    free(cut.ptr);
    free(found.ptr);
    free(expected.ptr);
}

/* As a header has it: one field, which ends at its first line end without a fold. */
static bool parse_field(struct arena *arena, slice value, struct message_header *header)
{
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    slice raw = arena_printf(arena, "DKIM-Signature:");
    char *whole = arena_alloc(arena, raw.len + value.len + 4);
    bool done = false;
    assert(parser != NULL && whole != NULL);
    memcpy(whole, raw.ptr, raw.len);
    if (value.len != 0) {
        memcpy(whole + raw.len, value.ptr, value.len);
    }
    memcpy(whole + raw.len + value.len, "\r\n\r\n", 4);
    slice in = slice_of(whole, raw.len + value.len + 4);
    return message_parser_feed(parser, &in, &done) == YETT_OK &&
           message_parser_finish(parser, header) == YETT_OK && header->count != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64 << 20);
    struct message_header header;
    struct dkim_signature signature;
    if (parse_field(arena, slice_of((const char *)data, size), &header)) {
        assert(dkim_parse_signature(arena, &header.fields[0], &signature) == YETT_OK);
        if (signature.error.len == 0) {
            check_accepted(arena, &signature);
            check_canonical(&signature, false);
            check_canonical(&signature, true);
        } else {
            check_refused(&signature);
        }
    }
    arena_free(arena);
    return 0;
}
