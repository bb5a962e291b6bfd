/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/inside.h"
#include "core/base/ascii.h"

/* mime: the parts of a body (RFC 2046 section 5.1), in one pass and a bounded number. */

enum { DEPTH_MAX = 8 };

struct reader {
    slice body;
    struct autopsy_parts *out;
    int open[DEPTH_MAX]; /* the multiparts around the place that is read */
    size_t depth;
    int leaf; /* what the lines belong to; AUTOPSY_NO_PARENT: preamble or epilogue */
};

/* ---- what a part says of itself --------------------------------------------------------- */

/* The boundary as it stands in Content-Type, quotes removed (escapes are not used in them). */
static slice find_boundary(slice type)
{
    static const slice name = SLICE_INIT("boundary=");
    size_t at = slice_find_nocase(type, name);
    if (at == type.len) {
        return SLICE_NONE;
    }
    slice rest = slice_skip(type, at + name.len);
    slice value = SLICE_NONE;
    if (slice_take_byte(&rest, '"')) {
        return slice_take_until(&rest, '"', &value) ? value : SLICE_NONE;
    }
    size_t length = 0;
    while (length < rest.len && ascii_is_vchar(rest.ptr[length]) &&
           rest.ptr[length] != ';') {
        length++;
    }
    return slice_first(rest, length);
}

static enum autopsy_encoding encoding_of(slice value)
{
    static const struct {
        slice name;
        enum autopsy_encoding encoding;
    } names[] = {
        {SLICE_INIT(""),                 AUTOPSY_IDENTITY        },
        {SLICE_INIT("7bit"),             AUTOPSY_IDENTITY        },
        {SLICE_INIT("8bit"),             AUTOPSY_IDENTITY        },
        {SLICE_INIT("binary"),           AUTOPSY_IDENTITY        },
        {SLICE_INIT("quoted-printable"), AUTOPSY_QUOTED_PRINTABLE},
        {SLICE_INIT("base64"),           AUTOPSY_BASE64          },
    };
    value = slice_trim_fws(value);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_eq_nocase(value, names[i].name)) {
            return names[i].encoding;
        }
    }
    return AUTOPSY_OTHER_ENCODING;
}

static void settle(struct autopsy_part *part)
{
    slice type = slice_trim_fws(part->type);
    part->boundary = slice_starts_with_nocase(type, SLICE("multipart/"))
                         ? find_boundary(type)
                         : SLICE_NONE;
    part->is_multipart = part->boundary.len != 0;
    part->is_html = slice_starts_with_nocase(type, SLICE("text/html"));
    part->is_text = type.len == 0 || slice_starts_with_nocase(type, SLICE("text/"));
    part->encoding = encoding_of(part->encoding_value);
}

/* A field with its folds, from the front of `*in`. */
static slice take_field(slice *in)
{
    slice whole = *in;
    slice line;
    do {
        (void)autopsy_next_line(in, &line);
    } while (ascii_is_wsp(slice_peek(*in)));
    return slice_first(whole, whole.len - in->len);
}

static bool take_value(slice field, slice name, slice *value)
{
    slice rest = field;
    if (!slice_take_nocase(&rest, name)) {
        return false;
    }
    *value = autopsy_line_text(rest);
    return true;
}

/* The header of a part; `*in` moves to its content. */
static void read_part_header(slice *in, struct autopsy_part *part)
{
    while (in->len != 0 && !slice_starts_with(*in, SLICE("\r\n"))) {
        slice field = take_field(in);
        (void)take_value(field, SLICE("Content-Type:"), &part->type);
        if (take_value(field, SLICE("Content-Transfer-Encoding:"),
                       &part->encoding_value)) {
            part->encoding_field = field;
        }
    }
    (void)slice_take(in, SLICE("\r\n"));
    settle(part);
}

/* ---- delimiters ------------------------------------------------------------------------- */

/* Which open multipart this line delimits, and whether it ends it; DEPTH_MAX for none. */
static size_t find_delimited(const struct reader *reader, slice line, bool *is_last)
{
    if (!slice_take(&line, SLICE("--"))) {
        return DEPTH_MAX;
    }
    for (size_t i = reader->depth; i-- > 0;) {
        slice rest = line;
        if (slice_take(&rest, reader->out->list[reader->open[i]].boundary)) {
            *is_last = slice_take(&rest, SLICE("--"));
            if (slice_trim_fws(rest).len == 0) {
                return i;
            }
        }
    }
    return DEPTH_MAX;
}

/* Everything within multipart `level` ends at the delimiter at `at`. */
static void close_parts(struct reader *reader, size_t level, size_t at)
{
    size_t end = at >= 2 ? at - 2 : at;
    int container = reader->open[level];
    for (size_t i = (size_t)container + 1; i < reader->out->count; i++) {
        struct autopsy_part *part = &reader->out->list[i];
        if (part->next == 0) {
            part->end = end < part->content ? part->content : end;
            part->next = at;
        }
    }
    reader->depth = level + 1;
}

static void begin_part(struct reader *reader, size_t delimiter, slice *rest)
{
    struct autopsy_part *part = &reader->out->list[reader->out->count];
    *part = (struct autopsy_part){.parent = reader->open[reader->depth - 1],
                                  .delimiter = delimiter};
    read_part_header(rest, part);
    part->content = reader->body.len - rest->len;
    if (part->is_multipart && reader->depth < DEPTH_MAX) {
        reader->open[reader->depth++] = (int)reader->out->count;
    }
    reader->out->count++;
}

static void read_body(struct reader *reader)
{
    slice rest = reader->body;
    slice line;
    while (reader->depth != 0 && autopsy_next_line(&rest, &line)) {
        size_t at = slice_offset(reader->body, line);
        bool is_last = false;
        size_t level = find_delimited(reader, line, &is_last);
        if (level == DEPTH_MAX) {
            continue;
        }
        close_parts(reader, level, at);
        if (is_last) {
            reader->depth = level;
        } else if (reader->out->count < AUTOPSY_PARTS_MAX) {
            begin_part(reader, at, &rest);
        }
    }
}

static slice field_value(const struct message_header *header, const char *name)
{
    size_t index = 0;
    const struct message_field *field = message_find_field(header, name, 0, &index);
    return field == NULL ? SLICE_NONE : field->value;
}

void autopsy_read_parts(struct autopsy_work *work, slice body, struct autopsy_parts *out)
{
    const struct message_header *header = work->input->header;
    struct reader reader = {.body = body, .out = out};
    out->count = 1;
    out->list[0] = (struct autopsy_part){
        .parent = AUTOPSY_NO_PARENT,
        .end = body.len,
        .next = body.len,
        .type = field_value(header, "Content-Type"),
        .encoding_value = field_value(header, "Content-Transfer-Encoding"),
    };
    settle(&out->list[0]);
    if (out->list[0].is_multipart) {
        reader.open[reader.depth++] = 0;
    }
    if (autopsy_spend(work, &work->body_left, body.len)) {
        read_body(&reader);
    }
    for (size_t i = 1; i < out->count; i++) { /* cut off */
        if (out->list[i].next == 0) {
            out->list[i].end = out->list[i].next = body.len;
        }
    }
}
