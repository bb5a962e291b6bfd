/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/dkim/dkim.h"
#include "core/dkim/scan.h"

/* canon_header: a header field as it is hashed (RFC 6376 sections 3.4.1 and 3.4.2). */

enum {
    SHORT = 8, /* a run of text: white space may be dense here */
    OCTETS = 128
};

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

/*
 * The rule, octet by octet, for the front of text that is hardly anything but single words and
 * white space: to look for the end of each would cost several times as much, and a sender may
 * have many signatures hash such a header.  No branch depends on the octets.
 */
static slice value_octets(struct relaxed_value *value, slice part)
{
    char out[2 * OCTETS];
    size_t length = 0, at = 0;
    bool has_text = value->has_text, pending = value->pending_space;
    bool in_fold = false; /* the LF that ends a CRLF */
    for (; at < part.len && (at < OCTETS || in_fold); at++) {
        char c = part.ptr[at];
        char next = at + 1 < part.len ? part.ptr[at + 1] : '\0';
        bool is_wsp = ascii_is_wsp(c);
        bool begins_fold = (c == '\r') & (next == '\n');
        bool is_text = !(is_wsp | begins_fold | in_fold);
        out[length] = ' ';
        length += is_text & pending & has_text;
        out[length] = c;
        length += is_text;
        has_text |= is_text;
        pending = is_wsp | (pending & !is_text);
        in_fold = begins_fold;
    }
    value->has_text = has_text;
    value->pending_space = pending;
    emit(value->sink, slice_of(out, length));
    return slice_skip(part, at);
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
        if (length < SHORT) {
            part = value_octets(value, part);
        }
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
