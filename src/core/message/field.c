/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/message/message.h"

/* Fields by name, top to bottom, and those that hide in others. */

const struct message_field *message_find_field(const struct message_header *header,
                                               const char *name, size_t from,
                                               size_t *index)
{
    slice wanted = slice_from_text(name);
    for (size_t i = from; i < header->count; i++) {
        if (slice_eq_nocase(header->fields[i].name, wanted)) {
            if (index != NULL) {
                *index = i;
            }
            return &header->fields[i];
        }
    }
    return NULL;
}

size_t message_count_fields(const struct message_header *header, const char *name)
{
    slice wanted = slice_from_text(name);
    size_t count = 0;
    for (size_t i = 0; i < header->count; i++) {
        count += slice_eq_nocase(header->fields[i].name, wanted);
    }
    return count;
}

/* Name, white space and colon at the front; all but the colon is passed in any case. */
static bool take_name(slice *in, slice *name)
{
    size_t length = 0;
    while (length < in->len && ascii_is_vchar(in->ptr[length]) &&
           in->ptr[length] != ':') {
        length++;
    }
    *name = slice_first(*in, length);
    *in = slice_skip(*in, length);
    while (length != 0 && ascii_is_wsp(slice_peek(*in))) {
        *in = slice_skip(*in, 1);
    }
    return length != 0 && slice_take_byte(in, ':');
}

/* Past the next CR or LF; false, at the end, when there is none. */
static bool skip_line_end(slice *in)
{
    size_t at = 0;
    while (at < in->len && in->ptr[at] != '\r' && in->ptr[at] != '\n') {
        at++;
    }
    bool found = at < in->len;
    *in = slice_skip(*in, at + 1);
    return found;
}

bool message_next_hidden(const struct message_field *field, slice *rest, slice *name)
{
    if (rest->ptr == NULL) {
        *rest = field->raw;
        if (ascii_is_wsp(slice_peek(*rest))) {
            *rest = slice_trim_wsp(*rest);
            if (take_name(rest, name)) {
                return true;
            }
        }
    }
    while (skip_line_end(rest)) {
        if (take_name(rest, name)) {
            return true;
        }
    }
    return false;
}
