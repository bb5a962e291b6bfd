/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/message/message.h"

#include <assert.h>

/*
 * Cuts the header section into fields (RFC 5322 sections 2.2 and 4.5).
 *
 * A line ends at CRLF and nowhere else.  What a line is shows in its first octets:
 *
 *   CRLF                                   the empty line: the header ends
 *   white space first                      continues the field before it
 *   1*(octets 33 to 126, no colon) *WSP :  begins a field
 *   "From " as the very first line         an mbox separator, skipped
 *   anything else                          no field: it is the first line of the body
 *
 * MTAs draw the line in the same place, so a field that hides behind such a line is in the
 * body for them as well.
 *
 * Bytes are copied once, line by line, into a chunk of arena memory; fields are slices of
 * it.  Only a field that does not fit into what is left of its chunk moves to the next one,
 * which is twice as large as the field: linear however long it gets.
 */
enum { CHUNK_BYTES = 4096, FIRST_FIELDS = 32 };

enum line_kind {
    LINE_START,      /* nothing of it seen yet */
    LINE_CR,         /* CR came first: the empty line, if LF follows */
    LINE_NAME,       /* within what may be a field name */
    LINE_NAME_SPACE, /* white space behind that name */
    LINE_FIELD,      /* begins a field; the colon was seen */
    LINE_FOLD,       /* continues a field */
    LINE_MBOX,
    LINE_EMPTY,
    LINE_ALIEN /* no field */
};

struct message_parser {
    struct arena *arena;
    struct message_limits limits;
    struct message_field *fields;
    size_t field_count;
    size_t field_capacity;

    char *chunk;
    size_t chunk_len;
    size_t chunk_capacity;
    size_t field_at; /* in the chunk: where the field in work, or else the line, begins */
    size_t line_at;
    size_t name_len; /* of the field in work, without white space before the colon */
    size_t value_at; /* relative to field_at */
    bool field_open;

    enum line_kind kind;
    size_t classified; /* octets of the line that went into `kind` */
    bool looks_like_mbox;
    bool after_cr;

    size_t bytes; /* of the header section so far */
    unsigned defects;
    bool any_line; /* the first line is over */
    bool cut_by_peer;
    bool done;
};

struct message_parser *message_parser_new(struct arena *arena,
                                          struct message_limits limits)
{
    struct message_parser *parser = ARENA_NEW(arena, struct message_parser);
    if (parser == NULL) {
        return NULL;
    }
    parser->arena = arena;
    parser->limits = limits;
    parser->fields = ARENA_ARRAY(arena, FIRST_FIELDS, struct message_field);
    parser->field_capacity = FIRST_FIELDS;
    return parser->fields == NULL ? NULL : parser;
}

/* ---- memory --------------------------------------------------------------------------- */

static bool grow_fields(struct message_parser *parser)
{
    size_t capacity = parser->field_capacity * 2;
    struct message_field *moved =
        ARENA_ARRAY(parser->arena, capacity, struct message_field);
    if (moved == NULL) {
        return false;
    }
    memcpy(moved, parser->fields, parser->field_count * sizeof(*moved));
    parser->fields = moved;
    parser->field_capacity = capacity;
    return true;
}

/* A chunk with room for `more` octets.  No chunk is larger than the header may become. */
static bool grow_chunk(struct message_parser *parser, size_t more)
{
    size_t kept = parser->chunk_len - parser->field_at;
    size_t needed = kept + more;
    size_t most = kept + more + (parser->limits.header_bytes - parser->bytes);
    size_t wanted = needed * 2 < CHUNK_BYTES ? CHUNK_BYTES : needed * 2;
    size_t capacity = wanted < most ? wanted : most;

    if (parser->chunk != NULL &&
        arena_extend(parser->arena, parser->chunk, parser->chunk_capacity,
                     parser->chunk_len + capacity)) {
        parser->chunk_capacity = parser->chunk_len + capacity;
        return true;
    }
    char *moved = arena_alloc(parser->arena, capacity);
    if (moved == NULL) {
        return false;
    }
    if (kept != 0) {
        memcpy(moved, parser->chunk + parser->field_at, kept);
    }
    parser->chunk = moved;
    parser->chunk_capacity = capacity;
    parser->chunk_len = kept;
    parser->line_at -= parser->field_at;
    parser->field_at = 0;
    return true;
}

static enum yett_err append(struct message_parser *parser, slice bytes)
{
    if (bytes.len > parser->limits.header_bytes - parser->bytes) {
        return YETT_LIMIT;
    }
    if (bytes.len > parser->chunk_capacity - parser->chunk_len &&
        !grow_chunk(parser, bytes.len)) {
        return YETT_NO_MEMORY;
    }
    if (bytes.len != 0) {
        memcpy(parser->chunk + parser->chunk_len, bytes.ptr, bytes.len);
    }
    parser->chunk_len += bytes.len;
    parser->bytes += bytes.len;
    return YETT_OK;
}

/* ---- fields --------------------------------------------------------------------------- */

/* Octets over 127 and NUL, eight at a time: all of the header goes through here. */
static unsigned octet_defects(slice s)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t seen = 0;
    uint64_t zero = 0;
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= s.len; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, s.ptr + i, sizeof(word));
        seen |= word;
        zero |= (word - ones) & ~word;
    }
    for (; i < s.len; i++) {
        uint64_t octet = (unsigned char)s.ptr[i];
        seen |= octet;
        zero |= octet == 0 ? high : 0;
    }
    return ((seen & high) != 0 ? MESSAGE_EIGHT_BIT : 0U) |
           ((zero & high) != 0 ? MESSAGE_NUL : 0U);
}

/* `part` ends where a line does, or where the input was cut. */
static unsigned line_end_defects(slice part, bool after_cr)
{
    unsigned defects = 0;
    size_t lf = part.len - (part.ptr[part.len - 1] == '\n');
    if (after_cr && part.ptr[0] != '\n') {
        defects |= MESSAGE_BARE_CR;
    }
    const char *cr = memchr(part.ptr, '\r', part.len);
    if (lf < part.len && (lf == 0 ? !after_cr : part.ptr[lf - 1] != '\r')) {
        defects |= MESSAGE_BARE_LF;
    }
    /* The first CR is the one before the LF, or the last octet, or it is bare. */
    if (cr != NULL && cr != part.ptr + part.len - 1 && cr + 1 != part.ptr + lf) {
        defects |= MESSAGE_BARE_CR;
    }
    return defects;
}

/* The field in work is complete: it ends where the chunk does now. */
static enum yett_err close_field(struct message_parser *parser)
{
    if (!parser->field_open) {
        return YETT_OK;
    }
    if (parser->field_count >= parser->limits.fields) {
        return YETT_LIMIT;
    }
    if (parser->field_count == parser->field_capacity && !grow_fields(parser)) {
        return YETT_NO_MEMORY;
    }
    slice raw =
        slice_of(parser->chunk + parser->field_at, parser->chunk_len - parser->field_at);
    slice value = slice_skip(raw, parser->value_at);
    if (slice_ends_with(value, SLICE("\r\n"))) {
        value = slice_first(value, value.len - 2);
    }
    parser->fields[parser->field_count++] = (struct message_field){
        .raw = raw, .name = slice_first(raw, parser->name_len), .value = value};
    parser->defects |= octet_defects(raw);
    parser->field_open = false;
    parser->field_at = parser->chunk_len;
    return YETT_OK;
}

/* ---- lines ---------------------------------------------------------------------------- */

static bool is_name_octet(int c)
{
    return ascii_is_vchar(c) && c != ':';
}

static void begin_line(struct message_parser *parser)
{
    parser->kind = LINE_START;
    parser->classified = 0;
    parser->line_at = parser->chunk_len;
    parser->after_cr = false;
}

static enum line_kind kind_at_start(struct message_parser *parser, char c)
{
    if (ascii_is_wsp(c)) {
        if (!parser->field_open) {
            /* Nothing to continue.  Kept without a name, so that no octet gets lost. */
            parser->defects |= MESSAGE_LEADING_FOLD;
            parser->field_open = true;
            parser->name_len = 0;
            parser->value_at = 0;
        }
        return LINE_FOLD;
    }
    parser->looks_like_mbox = !parser->any_line;
    if (c == '\r') {
        return LINE_CR;
    }
    return is_name_octet(c) ? LINE_NAME : LINE_ALIEN;
}

static enum line_kind kind_behind_name(struct message_parser *parser, char c)
{
    if (c == ':') {
        parser->value_at = parser->classified + 1;
        return LINE_FIELD;
    }
    return ascii_is_wsp(c) ? LINE_NAME_SPACE : LINE_ALIEN;
}

static enum line_kind next_kind(struct message_parser *parser, char c)
{
    switch (parser->kind) {
    case LINE_START:
        return kind_at_start(parser, c);
    case LINE_CR:
        return c == '\n' ? LINE_EMPTY : LINE_ALIEN;
    case LINE_NAME:
        if (is_name_octet(c)) {
            return LINE_NAME;
        }
        parser->name_len = parser->classified;
        return kind_behind_name(parser, c);
    case LINE_NAME_SPACE: {
        enum line_kind kind = kind_behind_name(parser, c);
        return kind == LINE_ALIEN && parser->looks_like_mbox ? LINE_MBOX : kind;
    }
    case LINE_FIELD:
    case LINE_FOLD:
    case LINE_MBOX:
    case LINE_EMPTY:
    case LINE_ALIEN:
        break;
    }
    return parser->kind;
}

static bool is_decided(enum line_kind kind)
{
    return kind >= LINE_FIELD;
}

static size_t name_length(slice bytes)
{
    size_t len = 0;
    while (len < bytes.len && is_name_octet(bytes.ptr[len])) {
        len++;
    }
    return len;
}

/* Take octets of the line into account until it is clear what it is. */
static void classify(struct message_parser *parser, slice bytes)
{
    static const slice mbox = SLICE_INIT("From ");

    for (size_t i = 0; i < bytes.len && !is_decided(parser->kind); i++) {
        if (parser->kind == LINE_NAME && parser->any_line) {
            size_t more = name_length(slice_skip(bytes, i));
            parser->classified += more;
            i += more;
            if (i == bytes.len) {
                return;
            }
        }
        char c = bytes.ptr[i];
        parser->kind = next_kind(parser, c);
        if (parser->classified < mbox.len) {
            parser->looks_like_mbox =
                parser->looks_like_mbox && c == mbox.ptr[parser->classified];
        }
        parser->classified++;
    }
}

/* One line, or the part of it that is here, which is neither empty nor alien. */
static enum yett_err take_part(struct message_parser *parser, slice part)
{
    bool cr_before = part.len > 1 ? part.ptr[part.len - 2] == '\r' : parser->after_cr;
    bool crlf = cr_before && part.ptr[part.len - 1] == '\n';
    enum yett_err err = append(parser, part);
    if (err != YETT_OK) {
        return err;
    }
    if (parser->kind != LINE_MBOX) {
        parser->defects |= line_end_defects(part, parser->after_cr);
    }
    parser->after_cr = part.ptr[part.len - 1] == '\r';
    if (parser->kind == LINE_FIELD) {
        parser->field_open = true;
    }
    if (!crlf) {
        return YETT_OK;
    }
    if (parser->kind == LINE_MBOX) {
        parser->defects |= MESSAGE_MBOX_FROM;
        parser->chunk_len = parser->line_at;
    }
    parser->any_line = true;
    begin_line(parser);
    return YETT_OK;
}

/*
 * The line at work is no field: give it back.  `*in` is at its continuation, and `*in` as
 * it came is `whole`.  What came in earlier pieces is put in front of the rest.
 */
static enum yett_err give_back(struct message_parser *parser, slice *in)
{
    slice held = slice_of(parser->chunk == NULL ? NULL : parser->chunk + parser->line_at,
                          parser->chunk_len - parser->line_at);
    if (parser->classified - 1 >
        parser->limits.header_bytes - (parser->bytes - held.len)) {
        return YETT_LIMIT; /* as it would have been in smaller pieces */
    }
    if (held.len != 0) {
        char *joined = arena_alloc(parser->arena, held.len + in->len);
        if (joined == NULL) {
            return YETT_NO_MEMORY;
        }
        memcpy(joined, held.ptr, held.len);
        memcpy(joined + held.len, in->ptr, in->len);
        *in = slice_of(joined, held.len + in->len);
        parser->chunk_len = parser->line_at;
        parser->bytes -= held.len;
    }
    parser->defects |= MESSAGE_NO_COLON;
    return YETT_OK;
}

/* The empty line, whose CR may have come in an earlier piece. */
static enum yett_err take_empty_line(struct message_parser *parser, slice *in)
{
    size_t held = parser->chunk_len - parser->line_at;
    size_t here = 2 - held;
    if (here > parser->limits.header_bytes - parser->bytes) {
        return YETT_LIMIT;
    }
    parser->chunk_len = parser->line_at;
    parser->bytes += here;
    *in = slice_skip(*in, here);
    return YETT_OK;
}

/* The line's first octet tells whether the field before it goes on. */
static enum yett_err close_field_before(struct message_parser *parser, slice part)
{
    bool goes_on = parser->kind != LINE_START || ascii_is_wsp(part.ptr[0]);
    return goes_on ? YETT_OK : close_field(parser);
}

static enum yett_err feed_part(struct message_parser *parser, slice *in)
{
    slice part = slice_first(*in, slice_find_byte(*in, '\n') + 1);
    enum yett_err err = close_field_before(parser, part);
    if (err != YETT_OK) {
        return err;
    }
    classify(parser, part);
    if (parser->kind == LINE_ALIEN) {
        parser->done = true;
        return give_back(parser, in);
    }
    if (parser->kind == LINE_EMPTY) {
        parser->done = true;
        return take_empty_line(parser, in);
    }
    err = take_part(parser, part);
    if (err == YETT_OK) {
        *in = slice_skip(*in, part.len);
    }
    return err;
}

enum yett_err message_parser_feed(struct message_parser *parser, slice *in, bool *done)
{
    enum yett_err err = YETT_OK;
    while (err == YETT_OK && !parser->done && in->len != 0) {
        err = feed_part(parser, in);
    }
    *done = parser->done;
    return err;
}

/* The input ended: what is left of a line that never became a field is the body. */
static slice take_rest(struct message_parser *parser)
{
    parser->defects |= MESSAGE_NO_BODY;
    size_t held = parser->chunk_len - parser->line_at;
    if (is_decided(parser->kind) || held == 0) {
        parser->defects |= parser->after_cr ? MESSAGE_BARE_CR : 0U;
        return SLICE_NONE;
    }
    slice rest = slice_of(parser->chunk + parser->line_at, held);
    parser->chunk_len = parser->line_at;
    parser->bytes -= held;
    parser->defects |= MESSAGE_NO_COLON;
    return rest;
}

enum yett_err message_parser_finish(struct message_parser *parser,
                                    struct message_header *out)
{
    slice rest = SLICE_NONE;
    if (parser->cut_by_peer) {
        parser->bytes += 2;
    } else if (!parser->done) {
        rest = take_rest(parser);
    }
    parser->done = true;
    enum yett_err err = close_field(parser);
    if (err != YETT_OK) {
        return err;
    }
    *out = (struct message_header){.fields = parser->fields,
                                   .count = parser->field_count,
                                   .defects = parser->defects,
                                   .bytes = parser->bytes,
                                   .rest = rest};
    return YETT_OK;
}

/* ---- fields that a peer cut ----------------------------------------------------------- */

/* One line of a value with its end, or the last without one. */
static enum yett_err append_line(struct message_parser *parser, slice line, bool is_fold)
{
    bool bare_lf =
        slice_ends_with(line, SLICE("\n")) && !slice_ends_with(line, SLICE("\r\n"));
    if (bare_lf && is_fold) {
        line = slice_first(line, line.len - 1);
    }
    if (line.len != 0) {
        bool cr_last = slice_ends_with(line, SLICE("\r"));
        parser->defects |=
            line_end_defects(line, false) | (cr_last ? MESSAGE_BARE_CR : 0U);
    }
    if (slice_ends_with(line, SLICE("\r\n")) && !is_fold) {
        parser->defects |= MESSAGE_BARE_LF; /* ends no field here, but will for others */
    }
    enum yett_err err = append(parser, line);
    return err == YETT_OK && bare_lf && is_fold ? append(parser, SLICE("\r\n")) : err;
}

/* Folds get their CRLF back; an LF that begins no fold stays bare, and is noted. */
static enum yett_err append_value(struct message_parser *parser, slice value)
{
    enum yett_err err = YETT_OK;
    while (err == YETT_OK && value.len != 0) {
        slice line = slice_first(value, slice_find_byte(value, '\n') + 1);
        value = slice_skip(value, line.len);
        err = append_line(parser, line, ascii_is_wsp(slice_peek(value)));
    }
    return err;
}

/* A line end within a name: what follows it begins a field for other readers. */
static unsigned name_defects(slice name)
{
    unsigned defects = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '\n') {
            defects |= MESSAGE_BARE_LF;
        } else if (name.ptr[i] == '\r' &&
                   (i + 1 == name.len || name.ptr[i + 1] != '\n')) {
            defects |= MESSAGE_BARE_CR;
        }
    }
    return defects;
}

enum yett_err message_parser_add_field(struct message_parser *parser, slice name,
                                       slice value)
{
    assert(!parser->field_open && parser->kind == LINE_START);
    parser->cut_by_peer = true;
    if (ascii_is_wsp(slice_peek(name))) {
        parser->defects |= MESSAGE_LEADING_FOLD; /* others skip it */
    }
    parser->defects |= name_defects(name);
    parser->field_at = parser->chunk_len;
    parser->line_at = parser->chunk_len;
    parser->name_len = name.len;
    while (parser->name_len > 0 && ascii_is_wsp(name.ptr[parser->name_len - 1])) {
        parser->name_len--;
    }
    parser->value_at = name.len + 1;
    enum yett_err err = append(parser, name);
    err = err != YETT_OK ? err : append(parser, SLICE(":"));
    err = err != YETT_OK ? err : append_value(parser, value);
    err = err != YETT_OK ? err : append(parser, SLICE("\r\n"));
    if (err != YETT_OK) {
        return err;
    }
    parser->field_open = true;
    return close_field(parser);
}
