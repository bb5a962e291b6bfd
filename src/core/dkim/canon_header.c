/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/dkim/dkim.h"
#include "core/dkim/scan.h"

/* canon_header: a header field as it is hashed (RFC 6376 sections 3.4.1 and 3.4.2). */

static void emit(struct dkim_sink sink, slice bytes)
{
    if (bytes.len != 0) {
        sink.write(sink.context, bytes);
    }
}

static slice without_line_end(slice raw)
{
    return slice_ends_with(raw, SLICE("\r\n")) ? slice_first(raw, raw.len - 2) : raw;
}

static void simple_field(const struct message_field *field, slice hole,
                         struct dkim_sink sink)
{
    slice text = without_line_end(field->raw);
    if (hole.len == 0) {
        emit(sink, text);
        return;
    }
    size_t at = slice_offset(text, hole);
    emit(sink, slice_first(text, at));
    emit(sink, slice_skip(text, at + hole.len));
}

static void relaxed_name(slice name, struct dkim_sink sink)
{
    char lower[64];
    while (name.len != 0) {
        slice part = slice_first(name, sizeof(lower));
        for (size_t i = 0; i < part.len; i++) {
            lower[i] = ascii_lower(part.ptr[i]);
        }
        emit(sink, slice_of(lower, part.len));
        name = slice_skip(name, part.len);
    }
}

/* A value in the making: white space is due when text follows, unless it stands first. */
struct relaxed_value {
    struct dkim_sink sink;
    bool has_text;
    bool pending_space;
};

static void value_text(struct relaxed_value *value, slice text)
{
    if (value->pending_space && value->has_text) {
        emit(value->sink, SLICE(" "));
    }
    value->pending_space = false;
    value->has_text = true;
    emit(value->sink, text);
}

/* Folds are line ends: the field would have ended at one that is none. */
static void value_part(struct relaxed_value *value, slice part)
{
    while (part.len != 0) {
        if (part.ptr[0] == '\r' && slice_take(&part, SLICE("\r\n"))) {
            continue;
        }
        if (ascii_is_wsp(part.ptr[0])) {
            value->pending_space = true;
            part = slice_skip(part, dkim_scan_wsp(part));
            continue;
        }
        size_t length = dkim_scan(part, '\r');
        length = length == 0 ? 1 : length; /* a bare CR is text */
        value_text(value, slice_first(part, length));
        part = slice_skip(part, length);
    }
}

static void relaxed_field(const struct message_field *field, slice hole,
                          struct dkim_sink sink)
{
    struct relaxed_value value = {.sink = sink};
    size_t at = hole.len == 0 ? field->value.len : slice_offset(field->value, hole);

    relaxed_name(field->name, sink);
    emit(sink, SLICE(":"));
    value_part(&value, slice_first(field->value, at));
    value_part(&value, slice_skip(field->value, at + hole.len));
}

void dkim_header_canon_without(enum dkim_canon canon, const struct message_field *field,
                               slice hole, bool is_last, struct dkim_sink sink)
{
    switch (canon) {
    case DKIM_SIMPLE:
        simple_field(field, hole, sink);
        break;
    case DKIM_RELAXED:
        relaxed_field(field, hole, sink);
        break;
    }
    if (!is_last) {
        emit(sink, SLICE("\r\n"));
    }
}

void dkim_header_canon(enum dkim_canon canon, const struct message_field *field,
                       bool is_last, struct dkim_sink sink)
{
    dkim_header_canon_without(canon, field, SLICE_NONE, is_last, sink);
}
