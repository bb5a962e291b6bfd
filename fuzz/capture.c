/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/capture/capture.h"

#include "core/dkim/dkim.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * A case of anybody's: what is read is within its bounds, is written again octet by octet the
 * same, and the fields it names can be looked into.  And the other way round: whatever fields
 * a mail server hands over, in a case they come out as they went in, with a body that is the
 * same however it was cut.
 */
enum { ARENA_BYTES = 32 * 1024 * 1024, STEPS = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(slice whole, slice part)
{
    uintptr_t first = (uintptr_t)whole.ptr, at = (uintptr_t)part.ptr;
    return at >= first && at - first <= whole.len && part.len <= whole.len - (at - first);
}

/* ---- what was read ---------------------------------------------------------------------- */

static void check_failure(struct arena *arena, const struct capture *capture,
                          const struct capture_failure *failure, slice octets)
{
    struct dkim_signature signature;
    assert(failure->field_index < capture->header.count);
    assert(failure->record_count <= CAPTURE_RECORDS_MAX);
    for (size_t i = 0; i < failure->record_count; i++) {
        assert(failure->records[i].len <= CAPTURE_RECORD_BYTES);
        assert(is_inside(octets, failure->records[i]));
    }
    enum yett_err err = dkim_parse_signature(
        arena, &capture->header.fields[failure->field_index], &signature);
    assert(err == YETT_OK);
}

static void check_bounds(struct arena *arena, const struct capture *capture, slice octets)
{
    size_t bytes = 0;
    assert(capture->time_s >= 0);
    assert(capture->id.len <= CAPTURE_ID_BYTES && is_inside(octets, capture->id));
    assert(capture->queue_id.len <= CAPTURE_ID_BYTES);
    assert(is_inside(octets, capture->queue_id));
    assert(capture->failure_count != 0 && capture->failure_count <= CAPTURE_FAILURES_MAX);
    assert(capture->header.count <= CAPTURE_FIELDS_MAX);
    for (size_t i = 0; i < capture->header.count; i++) {
        const struct message_field *field = &capture->header.fields[i];
        assert(is_inside(field->raw, field->name) && is_inside(field->raw, field->value));
        bytes += field->name.len + field->value.len;
    }
    assert(bytes <= CAPTURE_HEADER_BYTES);
    assert(capture->body.len <= CAPTURE_BODY_MAX && is_inside(octets, capture->body));
    assert(capture->has_body || capture->body.len == 0);
    for (size_t i = 0; i < capture->failure_count; i++) {
        check_failure(arena, capture, &capture->failures[i], octets);
    }
}

static slice write_case(struct arena *arena, const struct capture *capture, slice body)
{
    struct buf buf;
    buf_init(&buf, arena, CAPTURE_OCTETS_MAX);
    enum yett_err err = capture_write(capture, &buf);
    assert(err == YETT_OK);
    buf_add(&buf, body);
    assert(buf_err(&buf) == YETT_OK);
    return buf_slice(&buf);
}

static void check_octets(struct arena *arena, slice octets)
{
    struct capture capture;
    enum yett_err err = capture_read(arena, octets, &capture);
    assert(err == YETT_OK || err == YETT_BAD_SYNTAX);
    if (err == YETT_OK) {
        check_bounds(arena, &capture, octets);
        assert(slice_eq(write_case(arena, &capture, capture.body), octets));
    }
}

/* ---- what is written -------------------------------------------------------------------- */

/* Names and values by turns, each ended by a line of its own: "\n.\n" is in few fields. */
static bool make_header(struct arena *arena, slice in, struct message_header *out)
{
    static const slice end = SLICE_INIT("\n.\n");
    const struct message_limits limits = {.header_bytes = CAPTURE_HEADER_BYTES,
                                          .fields = CAPTURE_FIELDS_MAX};
    struct message_parser *parser = message_parser_new(arena, limits);
    enum yett_err err = parser == NULL ? YETT_NO_MEMORY : YETT_OK;
    while (err == YETT_OK && in.len != 0) {
        slice name = slice_first(in, slice_find(in, end));
        in = slice_skip(in, name.len + end.len);
        slice value = slice_first(in, slice_find(in, end));
        in = slice_skip(in, value.len + end.len);
        err = message_parser_add_field(parser, name, value);
    }
    if (err == YETT_OK) {
        err = message_parser_finish(parser, out);
    }
    assert(err == YETT_OK || err == YETT_LIMIT);
    return err == YETT_OK && out->count != 0;
}

static void check_header(const struct message_header *a, const struct message_header *b)
{
    assert(a->count == b->count && a->defects == b->defects && a->bytes == b->bytes);
    for (size_t i = 0; i < a->count; i++) {
        assert(slice_eq(a->fields[i].raw, b->fields[i].raw));
        assert(slice_eq(a->fields[i].name, b->fields[i].name));
        assert(slice_eq(a->fields[i].value, b->fields[i].value));
    }
}

static void check_body(struct arena *arena, slice whole, size_t step)
{
    struct capture_body body;
    capture_body_init(&body, arena);
    for (size_t at = 0; at < whole.len; at += step) {
        capture_body_feed(&body, slice_between(whole, at, at + step));
    }
    assert(!body.is_given_up && body.octets == whole.len);
    for (const struct capture_piece *p = body.first; p != NULL; p = p->next) {
        assert(slice_starts_with(whole, slice_of(p->octets, p->length)));
        whole = slice_skip(whole, p->length);
    }
    assert(whole.len == 0);
}

static void check_text(struct arena *arena, slice text)
{
    struct capture read;
    struct capture capture = {
        .failures = {{.records = {slice_first(text, 100)}, .record_count = 1}},
        .failure_count = 1,
        .has_body = true};
    if (text.len > CAPTURE_BODY_MAX || !make_header(arena, text, &capture.header)) {
        return;
    }
    capture.failures[0].field_index = capture.header.count - 1;
    slice octets = write_case(arena, &capture, text);
    enum yett_err err = capture_read(arena, octets, &read);
    assert(err == YETT_OK);
    check_bounds(arena, &read, octets);
    check_header(&capture.header, &read.header);
    assert(slice_eq(read.body, text));
    for (size_t step = 1; step < text.len && step < 1000; step *= STEPS) {
        check_body(arena, text, step);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    char *copy = malloc(size == 0 ? 1 : size); /* a read behind its end is seen */
    if (arena == NULL || copy == NULL) {
        abort();
    }
    if (size != 0) {
        memcpy(copy, data, size);
    }
    check_octets(arena, slice_of(copy, size));
    check_text(arena, slice_of(copy, size));
    free(copy);
    arena_free(arena);
    return 0;
}
