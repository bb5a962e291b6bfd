/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/dns/dns.h"

#include <assert.h>

/*
 * name: the one form that names have in questions and answers.
 *
 * Labels joined by dots, so a label that holds a dot (RFC 1035 allows it) has no place
 * here.  Nothing that mail asks for has such a name.
 */

enum { LABEL_MAX = 63, TEXT_MAX = 253, WIRE_MAX = 255 };

static bool form_is_good(slice text, bool *has_upper)
{
    size_t label = 0;

    *has_upper = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.') {
            if (label == 0) {
                return false;
            }
            label = 0;
            continue;
        }
        if (c == '\0' || ++label > LABEL_MAX) {
            return false;
        }
        *has_upper = *has_upper || ascii_is_upper(c);
    }
    return label != 0 && text.len <= TEXT_MAX;
}

static enum yett_err copy_lower(struct arena *arena, slice text, slice *out)
{
    char *lower = arena_alloc(arena, text.len);
    if (lower == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < text.len; i++) {
        lower[i] = ascii_lower(text.ptr[i]);
    }
    *out = slice_of(lower, text.len);
    return YETT_OK;
}

enum yett_err dns_name_normalize(struct arena *arena, slice text, slice *out)
{
    bool has_upper;

    if (slice_ends_with(text, SLICE("."))) {
        text = slice_first(text, text.len - 1);
    }
    if (!form_is_good(text, &has_upper)) {
        return YETT_BAD_SYNTAX;
    }
    if (has_upper) {
        return copy_lower(arena, text, out);
    }
    *out = text;
    return YETT_OK;
}

/* Append one label of a wire name in text form. */
static bool add_label(char text[TEXT_MAX + 1], size_t *len, slice label)
{
    if (slice_has_byte(label, '.') || slice_has_byte(label, '\0')) {
        return false;
    }
    if (*len != 0) {
        text[(*len)++] = '.';
    }
    for (size_t i = 0; i < label.len; i++) {
        text[(*len)++] = ascii_lower(label.ptr[i]);
    }
    return true;
}

enum yett_err dns_name_from_wire(struct arena *arena, slice wire, slice *out)
{
    char text[TEXT_MAX + 1];
    size_t len = 0;

    if (wire.len > WIRE_MAX) {
        return YETT_BAD_SYNTAX;
    }
    for (;;) {
        int length = slice_peek(wire);
        wire = slice_skip(wire, 1);
        if (length < 0 || length > LABEL_MAX || (size_t)length > wire.len) {
            return YETT_BAD_SYNTAX;
        }
        if (length == 0) {
            break;
        }
        if (!add_label(text, &len, slice_first(wire, (size_t)length))) {
            return YETT_BAD_SYNTAX;
        }
        wire = slice_skip(wire, (size_t)length);
    }
    return wire.len == 0 ? arena_copy(arena, slice_of(text, len), out) : YETT_BAD_SYNTAX;
}

void dns_name_to_wire(struct buf *buf, slice name)
{
    slice label;

    while (name.len != 0 && slice_next_piece(&name, '.', &label)) {
        assert(label.len != 0 && label.len <= LABEL_MAX);
        buf_add_byte(buf, (char)label.len);
        buf_add(buf, label);
    }
    buf_add_byte(buf, '\0');
}
