/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/octets.h"
#include "core/capture/capture.h"

#include <assert.h>

/*
 * wire: a case as octets.
 *
 *     "yettcap1"  time(8)  id  queue-id  failures(1)  failure…  fields(4)  field…  has-body(1)
 *     failure:    field(4)  records(1)  record…
 *     field:      name  value
 *
 * and then the body.  An id, a record, a name and a value each have their length in front, in
 * four octets.
 */
static const slice magic = SLICE_INIT("yettcap1");

enum { TIME_OCTETS = 8, NUMBER_OCTETS = 4, SMALL_OCTETS = 1 };
enum { FRAME_BYTES = 3, END_BYTES = 2 }; /* a field's colon and CRLF; the empty line */
#define TIME_MAX ((uint64_t)1 << 40)

/* Of each signature. */
static bool fields_are_there(const struct capture *capture)
{
    for (size_t i = 0; i < capture->failure_count; i++) {
        if (capture->failures[i].field_index >= capture->header.count) {
            return false;
        }
    }
    return true;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* The name as it came, white space before the colon included: simple canonicalisation signs
   that as well. */
static slice whole_name(const struct message_field *field)
{
    size_t value_at = slice_offset(field->raw, field->value);
    assert(value_at != 0);
    return slice_first(field->raw, value_at - 1);
}

static bool header_is_within_bounds(const struct message_header *header)
{
    size_t bytes = 0;
    for (size_t i = 0; i < header->count; i++) {
        bytes += whole_name(&header->fields[i]).len + header->fields[i].value.len;
    }
    return bytes <= CAPTURE_HEADER_BYTES && header->count <= CAPTURE_FIELDS_MAX;
}

static bool failure_is_within_bounds(const struct capture_failure *failure)
{
    assert(failure->record_count <= CAPTURE_RECORDS_MAX);
    for (size_t i = 0; i < failure->record_count; i++) {
        if (failure->records[i].len > CAPTURE_RECORD_BYTES) {
            return false;
        }
    }
    return true;
}

static bool is_within_bounds(const struct capture *capture)
{
    for (size_t i = 0; i < capture->failure_count; i++) {
        if (!failure_is_within_bounds(&capture->failures[i])) {
            return false;
        }
    }
    return header_is_within_bounds(&capture->header) &&
           (uint64_t)capture->time_s <= TIME_MAX && capture->id.len <= CAPTURE_ID_BYTES &&
           capture->queue_id.len <= CAPTURE_ID_BYTES;
}

static void add_failure(struct buf *out, const struct capture_failure *failure)
{
    octets_add(out, failure->field_index, NUMBER_OCTETS);
    octets_add(out, failure->record_count, SMALL_OCTETS);
    for (size_t i = 0; i < failure->record_count; i++) {
        octets_add_counted(out, failure->records[i]);
    }
}

enum yett_err capture_write(const struct capture *capture, struct buf *out)
{
    assert(capture->failure_count != 0 && capture->failure_count <= CAPTURE_FAILURES_MAX);
    assert(capture->time_s >= 0 && fields_are_there(capture));
    if (!is_within_bounds(capture)) {
        return YETT_LIMIT;
    }
    buf_add(out, magic);
    octets_add(out, (uint64_t)capture->time_s, TIME_OCTETS);
    octets_add_counted(out, capture->id);
    octets_add_counted(out, capture->queue_id);
    octets_add(out, capture->failure_count, SMALL_OCTETS);
    for (size_t i = 0; i < capture->failure_count; i++) {
        add_failure(out, &capture->failures[i]);
    }
    octets_add(out, capture->header.count, NUMBER_OCTETS);
    for (size_t i = 0; i < capture->header.count; i++) {
        octets_add_counted(out, whole_name(&capture->header.fields[i]));
        octets_add_counted(out, capture->header.fields[i].value);
    }
    octets_add(out, capture->has_body ? 1 : 0, SMALL_OCTETS);
    return buf_err(out);
}

/* ---- reading ---------------------------------------------------------------------------- */

static bool take_names(slice *in, struct capture *out)
{
    uint64_t time = 0;
    bool good = octets_take(in, TIME_OCTETS, &time) && time <= TIME_MAX &&
                octets_take_counted(in, CAPTURE_ID_BYTES, &out->id) &&
                octets_take_counted(in, CAPTURE_ID_BYTES, &out->queue_id);
    out->time_s = (int64_t)time;
    return good;
}

static bool take_failure(slice *in, struct capture_failure *out)
{
    uint64_t field = 0, records = 0;
    bool good = octets_take(in, NUMBER_OCTETS, &field) &&
                octets_take(in, SMALL_OCTETS, &records) && records <= CAPTURE_RECORDS_MAX;
    for (size_t i = 0; good && i < records; i++) {
        good = octets_take_counted(in, CAPTURE_RECORD_BYTES, &out->records[i]);
    }
    out->field_index = (size_t)field;
    out->record_count = (size_t)records;
    return good;
}

static bool take_failures(slice *in, struct capture *out)
{
    uint64_t count = 0;
    bool good = octets_take(in, SMALL_OCTETS, &count) && count != 0 &&
                count <= CAPTURE_FAILURES_MAX;
    for (size_t i = 0; good && i < count; i++) {
        good = take_failure(in, &out->failures[i]);
    }
    out->failure_count = (size_t)count;
    return good;
}

/* Adds what it has to `*bytes`. */
static enum yett_err take_field(struct message_parser *parser, slice *in, size_t *bytes)
{
    slice name, value;
    if (!octets_take_counted(in, CAPTURE_HEADER_BYTES - *bytes, &name) ||
        !octets_take_counted(in, CAPTURE_HEADER_BYTES - *bytes - name.len, &value)) {
        return YETT_BAD_SYNTAX;
    }
    *bytes += name.len + value.len;
    return message_parser_add_field(parser, name, value);
}

/* A value whose folds have no CR would grow one: it was never written here. */
static enum yett_err take_header(struct arena *arena, slice *in,
                                 struct message_header *out)
{
    struct message_limits limits = {.header_bytes = 2 * (size_t)CAPTURE_HEADER_BYTES,
                                    .fields = CAPTURE_FIELDS_MAX};
    uint64_t count = 0;
    size_t bytes = 0;
    if (!octets_take(in, NUMBER_OCTETS, &count) || count > CAPTURE_FIELDS_MAX) {
        return YETT_BAD_SYNTAX;
    }
    struct message_parser *parser = message_parser_new(arena, limits);
    enum yett_err err = parser == NULL ? YETT_NO_MEMORY : YETT_OK;
    for (uint64_t i = 0; err == YETT_OK && i < count; i++) {
        err = take_field(parser, in, &bytes);
    }
    err = err == YETT_OK ? message_parser_finish(parser, out) : err;
    if (err == YETT_OK && out->bytes != bytes + (size_t)count * FRAME_BYTES + END_BYTES) {
        return YETT_BAD_SYNTAX;
    }
    return err == YETT_LIMIT ? YETT_BAD_SYNTAX : err;
}

/* The body is all the rest; without one there is none. */
static bool take_body(slice in, struct capture *out)
{
    uint64_t has_body = 0;
    bool good = octets_take(&in, SMALL_OCTETS, &has_body) && has_body <= 1 &&
                in.len <= CAPTURE_BODY_MAX && (has_body != 0 || in.len == 0);
    out->has_body = has_body != 0;
    out->body = in;
    return good;
}

enum yett_err capture_read(struct arena *arena, slice octets, struct capture *out)
{
    struct capture capture = {.has_body = false};
    if (!slice_take(&octets, magic) || !take_names(&octets, &capture) ||
        !take_failures(&octets, &capture)) {
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err = take_header(arena, &octets, &capture.header);
    if (err != YETT_OK) {
        return err;
    }
    if (!fields_are_there(&capture) || !take_body(octets, &capture)) {
        return YETT_BAD_SYNTAX;
    }
    *out = capture;
    return YETT_OK;
}
