/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/capture/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

void case_set_header(struct capture_case *c, const struct case_row *rows, size_t count)
{
    struct message_limits limits = {.header_bytes = 4 << 20, .fields = 20000};
    struct message_parser *parser = message_parser_new(c->arena, limits);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(message_parser_add_field(parser, rows[i].name, rows[i].value),
                         YETT_OK);
    }
    assert_int_equal(message_parser_finish(parser, &c->capture.header), YETT_OK);
}

static const struct case_row plain[] = {
    {SLICE_INIT("DKIM-Signature"), SLICE_INIT(" v=1; d=example.org;\n\ts=s1")},
    {SLICE_INIT("From"),           SLICE_INIT(" a@example.org")              },
    {SLICE_INIT("Subject"),        SLICE_INIT("")                            },
};

int case_setup(void **state)
{
    struct capture_case *c = calloc(1, sizeof(*c));
    c->arena = arena_new(CASE_ARENA_BYTES);
    c->filler = malloc(CAPTURE_BODY_MAX + 1);
    memset(c->filler, 'x', CAPTURE_BODY_MAX + 1);
    c->capture =
        (struct capture){.time_s = 1764000000,
                         .id = SLICE("0123456789abcdef"),
                         .queue_id = SLICE("4bX1"),
                         .failures = {{.records = {SLICE("p=AAAA")}, .record_count = 1}},
                         .failure_count = 1,
                         .has_body = true};
    c->body = SLICE("Hello.\r\n\0\xff\n");
    case_set_header(c, plain, 3);
    *state = c;
    return 0;
}

int case_teardown(void **state)
{
    struct capture_case *c = *state;
    arena_free(c->arena);
    free(c->filler);
    free(c);
    return 0;
}

/* The case and its body, in octets of their own on the heap. */
slice case_write(struct capture_case *c)
{
    struct buf buf;
    buf_init(&buf, c->arena, SIZE_MAX);
    assert_int_equal(capture_write(&c->capture, &buf), YETT_OK);
    if (c->capture.has_body) {
        buf_add(&buf, c->body);
    }
    assert_int_equal(buf_err(&buf), YETT_OK);
    assert_true(buf.len <= CAPTURE_OCTETS_MAX);
    char *octets = malloc(buf.len);
    memcpy(octets, buf.ptr, buf.len);
    return slice_of(octets, buf.len);
}

static bool is_inside(slice whole, slice part)
{
    uintptr_t first = (uintptr_t)whole.ptr, at = (uintptr_t)part.ptr;
    return at >= first && at - first <= whole.len && part.len <= whole.len - (at - first);
}

static void assert_failure_in_range(const struct capture *capture,
                                    const struct capture_failure *failure, slice octets)
{
    assert_true(failure->field_index < capture->header.count);
    assert_true(failure->record_count <= CAPTURE_RECORDS_MAX);
    for (size_t i = 0; i < failure->record_count; i++) {
        assert_true(failure->records[i].len <= CAPTURE_RECORD_BYTES);
        assert_true(is_inside(octets, failure->records[i]));
    }
}

void case_assert_in_bounds(const struct capture *capture, slice octets)
{
    size_t header_bytes = 0;
    assert_true(capture->time_s >= 0 && capture->time_s <= CASE_TIME_MAX);
    assert_true(capture->id.len <= CAPTURE_ID_BYTES);
    assert_true(capture->queue_id.len <= CAPTURE_ID_BYTES);
    assert_true(is_inside(octets, capture->id) && is_inside(octets, capture->queue_id));
    assert_true(capture->failure_count >= 1);
    assert_true(capture->failure_count <= CAPTURE_FAILURES_MAX);
    for (size_t i = 0; i < capture->failure_count; i++) {
        assert_failure_in_range(capture, &capture->failures[i], octets);
    }
    assert_true(capture->header.count <= CAPTURE_FIELDS_MAX);
    for (size_t i = 0; i < capture->header.count; i++) {
        const struct message_field *field = &capture->header.fields[i];
        assert_true(is_inside(field->raw, field->name));
        assert_true(is_inside(field->raw, field->value));
        assert_false(is_inside(octets, field->raw));
        header_bytes += field->name.len + field->value.len;
    }
    assert_true(header_bytes <= CAPTURE_HEADER_BYTES);
    assert_true(capture->body.len <= CAPTURE_BODY_MAX);
    assert_true(is_inside(octets, capture->body));
    assert_true(capture->has_body || capture->body.len == 0);
}

static void assert_same_header(const struct message_header *a,
                               const struct message_header *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->defects, b->defects);
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->rest.len, b->rest.len);
    for (size_t i = 0; i < a->count; i++) {
        assert_true(slice_eq(a->fields[i].raw, b->fields[i].raw));
        assert_true(slice_eq(a->fields[i].name, b->fields[i].name));
        assert_true(slice_eq(a->fields[i].value, b->fields[i].value));
    }
}

void case_assert_same(const struct capture *a, const struct capture *b)
{
    assert_int_equal(a->time_s, b->time_s);
    assert_true(slice_eq(a->id, b->id));
    assert_true(slice_eq(a->queue_id, b->queue_id));
    assert_int_equal(a->failure_count, b->failure_count);
    for (size_t i = 0; i < a->failure_count; i++) {
        const struct capture_failure *f = &a->failures[i], *g = &b->failures[i];
        assert_int_equal(f->field_index, g->field_index);
        assert_int_equal(f->record_count, g->record_count);
        for (size_t j = 0; j < f->record_count; j++) {
            assert_true(slice_eq(f->records[j], g->records[j]));
        }
    }
    assert_same_header(&a->header, &b->header);
    assert_int_equal(a->has_body, b->has_body);
}

void case_read_back(struct capture_case *c)
{
    struct capture read = {0};
    slice octets = case_write(c);
    assert_int_equal(capture_read(c->arena, octets, &read), YETT_OK);
    case_assert_in_bounds(&read, octets);
    case_assert_same(&read, &c->capture);
    assert_true(slice_eq(read.body, c->capture.has_body ? c->body : SLICE_NONE));
    free((char *)(uintptr_t)octets.ptr);
}

void case_refuse(struct capture_case *c, slice octets, const char *why)
{
    struct capture read = {.time_s = -7};
    char *exact = malloc(octets.len == 0 ? 1 : octets.len);
    if (octets.len != 0) {
        memcpy(exact, octets.ptr, octets.len);
    }
    enum yett_err err = capture_read(c->arena, slice_of(exact, octets.len), &read);
    if (err != YETT_BAD_SYNTAX || read.time_s != -7) {
        fail_msg("%s: %s", why, yett_err_text(err));
    }
    free(exact);
}
void case_fill_header(struct capture_case *c, size_t count, size_t bytes)
{
    struct case_row *rows = calloc(count, sizeof(*rows));
    size_t each = bytes / count;
    for (size_t i = 0; i < count; i++) {
        size_t length = i + 1 < count ? each : bytes - each * (count - 1);
        rows[i].name = slice_of(c->filler, i % 3 < length ? i % 3 : length);
        rows[i].value = slice_of(c->filler, length - rows[i].name.len);
    }
    case_set_header(c, rows, count);
    c->capture.failures[0].field_index = count - 1;
    free(rows);
}
