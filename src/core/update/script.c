/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/update/value.h"

/* script: a change as commands for nsupdate(1) or knsupdate(1), to be read or pasted. */

/* A character-string of a master file (RFC 1035 section 5.1). */
static void add_string(struct buf *buf, slice string)
{
    buf_add_byte(buf, '"');
    for (size_t i = 0; i < string.len; i++) {
        char c = string.ptr[i];
        if (c == '"' || c == '\\') {
            buf_add_byte(buf, '\\');
            buf_add_byte(buf, c);
        } else if (ascii_is_printable(c)) {
            buf_add_byte(buf, c);
        } else {
            buf_printf(buf, "\\%03u", (unsigned)(unsigned char)c);
        }
    }
    buf_add_byte(buf, '"');
}

static void add_value(struct buf *buf, slice value)
{
    while (value.len != 0) {
        size_t length = (size_t)slice_peek(value);
        buf_add_byte(buf, ' ');
        add_string(buf, slice_between(value, 1, 1 + length));
        value = slice_skip(value, 1 + length);
    }
}

static void add_name(struct buf *buf, slice name)
{
    buf_add_visible(buf, name);
    buf_add_byte(buf, '.');
}

static void add_line(struct buf *buf, const char *verb, slice name, slice value)
{
    buf_add_text(buf, verb);
    buf_add_byte(buf, ' ');
    add_name(buf, name);
    buf_add_text(buf, " TXT");
    add_value(buf, value);
    buf_add_byte(buf, '\n');
}

static void add_addition(struct buf *buf, const struct update_change *change, slice value)
{
    buf_add_text(buf, "update add ");
    add_name(buf, change->name);
    buf_printf(buf, " %u TXT", (unsigned)change->after.ttl_s);
    add_value(buf, value);
    buf_add_byte(buf, '\n');
}

void update_write_script(struct buf *buf, const struct update_change *change)
{
    const struct update_rrset *before = &change->before;
    const struct update_rrset *after = &change->after;

    buf_add_text(buf, "zone ");
    add_name(buf, change->zone);
    buf_add_byte(buf, '\n');
    if (before->count == 0) {
        add_line(buf, "prereq nxrrset", change->name, SLICE_NONE);
    }
    for (size_t i = 0; i < before->count; i++) {
        add_line(buf, "prereq yxrrset", change->name, before->values[i]);
    }
    for (size_t i = 0; i < before->count; i++) {
        if (!rrset_has(after, before->values[i])) {
            add_line(buf, "update delete", change->name, before->values[i]);
        }
    }
    for (size_t i = 0; i < after->count; i++) {
        if (!rrset_has(before, after->values[i])) {
            add_addition(buf, change, after->values[i]);
        }
    }
    buf_add_text(buf, "send\n");
}
