/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/message/message.h"

#include <assert.h>

/*
 * The header parser: the fields are the same at every cut, and no octet is lost or added.
 * The first octet of the input says how it is cut.
 */
enum { ARENA_BYTES = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct message_header header;
    struct buf body;
    enum yett_err err;
};

static void read_in_pieces(struct arena *arena, slice input, size_t step,
                           struct outcome *out)
{
    const struct message_limits limits = {.header_bytes = 4096, .fields = 40};
    bool done = false;
    struct message_parser *parser = message_parser_new(arena, limits);
    assert(parser != NULL);
    *out = (struct outcome){0};
    buf_init(&out->body, arena, ARENA_BYTES);
    for (size_t at = 0; at < input.len && out->err == YETT_OK; at += step) {
        slice piece = slice_between(input, at, at + step);
        out->err = message_parser_feed(parser, &piece, &done);
        assert(out->err != YETT_OK || done || piece.len == 0);
        buf_add(&out->body, piece);
    }
    if (out->err == YETT_OK) {
        out->err = message_parser_finish(parser, &out->header);
    }
    buf_add(&out->body, out->header.rest);
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    assert(a->err == b->err);
    if (a->err != YETT_OK) {
        return;
    }
    assert(slice_eq(buf_slice(&a->body), buf_slice(&b->body)));
    assert(a->header.count == b->header.count);
    assert(a->header.defects == b->header.defects);
    assert(a->header.bytes == b->header.bytes);
    for (size_t i = 0; i < a->header.count; i++) {
        assert(slice_eq(a->header.fields[i].raw, b->header.fields[i].raw));
        assert(slice_eq(a->header.fields[i].name, b->header.fields[i].name));
        assert(slice_eq(a->header.fields[i].value, b->header.fields[i].value));
    }
}

static void check_whole(const struct outcome *out, slice input)
{
    size_t raw = 0;
    assert(out->header.bytes + out->body.len == input.len);
    assert(slice_ends_with(input, buf_slice(&out->body)));
    for (size_t i = 0; i < out->header.count; i++) {
        const struct message_field *field = &out->header.fields[i];
        assert(slice_offset(field->raw, field->value) + field->value.len <=
               field->raw.len);
        if ((out->header.defects & MESSAGE_MBOX_FROM) == 0) {
            assert(slice_starts_with(slice_skip(input, raw), field->raw));
        }
        raw += field->raw.len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice input = slice_of((const char *)data, size);
    size_t step = (size_t)(unsigned char)slice_peek(input) + 1;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct outcome whole, cut, single;
    struct message_from from;
    assert(arena != NULL);
    input = slice_skip(input, 1);
    read_in_pieces(arena, input, input.len + 1, &whole);
    read_in_pieces(arena, input, step, &cut);
    read_in_pieces(arena, input, 1, &single);
    check_same(&whole, &single);
    check_same(&whole, &cut);
    if (whole.err == YETT_OK) {
        check_whole(&whole, input);
        assert(message_read_from(arena, &whole.header, &from) == YETT_OK);
        assert((from.status == MESSAGE_FROM_OK) == (from.reason.len == 0));
    }
    arena_free(arena);
    return 0;
}
