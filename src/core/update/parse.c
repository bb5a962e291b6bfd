/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/dns.h"
#include "core/update/value.h"
#include "core/update/wire.h"

/*
 * parse: an UPDATE message becomes a change again.
 *
 * What is read here is written once more in the end, and must come out the same: the
 * rules that make a message ours stand in write.c, and not a second time here.
 */

enum { LABEL_MAX = 63, RECORDS_MAX = 2 * UPDATE_VALUES_MAX };

struct parser {
    struct arena *arena;
    slice in;
    struct update_change change;
    const char *why;
};

struct record {
    unsigned class;
    uint32_t ttl_s;
    slice rdata;
};

static enum yett_err refuse(struct parser *parser, const char *why)
{
    parser->why = why;
    return YETT_BAD_SYNTAX;
}

/* A name without pointers. */
static enum yett_err take_name(struct parser *parser, slice *out)
{
    slice rest = parser->in;
    int length;

    do {
        length = slice_peek(rest);
        if (length < 0 || length > LABEL_MAX || (size_t)length >= rest.len) {
            return refuse(parser, "a name in it is compressed or malformed");
        }
        rest = slice_skip(rest, 1 + (size_t)length);
    } while (length != 0);
    slice wire = slice_first(parser->in, slice_offset(parser->in, rest));
    parser->in = rest;
    enum yett_err err = dns_name_from_wire(parser->arena, wire, out);
    return err == YETT_BAD_SYNTAX
               ? refuse(parser, "a name in it is too long, or has no text form")
               : err;
}

static enum yett_err take_header(struct parser *parser, unsigned *id, unsigned counts[4])
{
    unsigned flags;
    bool is_read = wire_take_u16(&parser->in, id) && wire_take_u16(&parser->in, &flags);

    for (int i = 0; i < 4; i++) {
        is_read = is_read && wire_take_u16(&parser->in, &counts[i]);
    }
    if (!is_read) {
        return refuse(parser, "it is shorter than a DNS header");
    }
    if (flags != OPCODE_UPDATE) {
        return refuse(parser, "it is no request for an update");
    }
    if (counts[0] != 1) {
        return refuse(parser, "it does not name exactly one zone");
    }
    if (counts[1] == 0 || counts[2] == 0) {
        return refuse(parser,
                      counts[1] == 0 ? "it has no prerequisite" : "it changes nothing");
    }
    if (counts[3] != 0) {
        return refuse(parser, "it has records beside the update");
    }
    return counts[1] > UPDATE_VALUES_MAX || counts[2] > RECORDS_MAX
               ? refuse(parser, "it has more records than can be handled")
               : YETT_OK;
}

static enum yett_err take_zone(struct parser *parser)
{
    unsigned type;
    unsigned class;
    enum yett_err err = take_name(parser, &parser->change.zone);

    if (err != YETT_OK) {
        return err;
    }
    if (!wire_take_u16(&parser->in, &type) || !wire_take_u16(&parser->in, &class)) {
        return refuse(parser, "it is cut off");
    }
    return type == TYPE_SOA && class == CLASS_IN
               ? YETT_OK
               : refuse(parser, "its zone is not given by SOA and IN");
}

/* All records have one name and one type. */
static enum yett_err take_record(struct parser *parser, struct record *out)
{
    unsigned type;
    slice name;
    enum yett_err err = take_name(parser, &name);

    if (err != YETT_OK) {
        return err;
    }
    if (!wire_take_u16(&parser->in, &type) || !wire_take_u16(&parser->in, &out->class) ||
        !wire_take_u32(&parser->in, &out->ttl_s) ||
        !wire_take_counted(&parser->in, &out->rdata)) {
        return refuse(parser, "it is cut off");
    }
    if (parser->change.name.ptr == NULL) {
        parser->change.name = name;
    }
    if (!slice_eq(name, parser->change.name)) {
        return refuse(parser, "it is about more than one name");
    }
    return type == TYPE_TXT ? YETT_OK
                            : refuse(parser, "it is about another type than TXT");
}

/* The RRset as it is, or that there is none. */
static enum yett_err take_prerequisite(struct parser *parser, size_t count)
{
    struct record record;
    slice *values = ARENA_ARRAY(parser->arena, count, slice);
    enum yett_err err = values == NULL ? YETT_NO_MEMORY : YETT_OK;

    parser->change.before.values = values;
    for (size_t i = 0; err == YETT_OK && i < count; i++) {
        err = take_record(parser, &record);
        if (err != YETT_OK) {
            break;
        }
        if (record.class == CLASS_IN) {
            values[parser->change.before.count++] = record.rdata;
        } else if (record.class != CLASS_NONE || count != 1) {
            err = refuse(parser, "its prerequisite is not the whole of a record set");
        }
    }
    return err;
}

static enum yett_err apply(struct parser *parser, const struct record *record,
                           slice *values)
{
    struct update_rrset *after = &parser->change.after;

    if (record->class == CLASS_IN) {
        values[after->count++] = record->rdata;
        after->ttl_s = record->ttl_s;
        return YETT_OK;
    }
    if (record->class != CLASS_NONE) {
        return refuse(parser, "it deletes more than single records");
    }
    for (size_t i = 0; i < after->count; i++) {
        if (slice_eq(values[i], record->rdata)) {
            memmove(&values[i], &values[i + 1],
                    (after->count - i - 1) * sizeof(values[0]));
            after->count--;
            return YETT_OK;
        }
    }
    return refuse(parser, "it deletes a record that its prerequisite does not name");
}

static enum yett_err take_updates(struct parser *parser, size_t count)
{
    struct record record;
    const struct update_rrset *before = &parser->change.before;
    slice *values = ARENA_ARRAY(parser->arena, before->count + count, slice);

    if (values == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < before->count; i++) {
        values[i] = before->values[i];
    }
    parser->change.after =
        (struct update_rrset){.values = values, .count = before->count};
    for (size_t i = 0; i < count; i++) {
        enum yett_err err = take_record(parser, &record);
        err = err == YETT_OK ? apply(parser, &record, values) : err;
        if (err != YETT_OK) {
            return err;
        }
    }
    return parser->in.len == 0 ? YETT_OK
                               : refuse(parser, "it goes on behind its last record");
}

static enum yett_err check_form(struct parser *parser, slice message, unsigned id)
{
    slice again;
    enum yett_err err =
        update_write(parser->arena, &parser->change, (uint16_t)id, &again, &parser->why);

    if (err == YETT_LIMIT) {
        return YETT_BAD_SYNTAX; /* `why` is set */
    }
    return err == YETT_OK && !slice_eq(again, message)
               ? refuse(parser, "it is not in the form in which we write updates")
               : err;
}

enum yett_err update_parse(struct arena *arena, slice message, struct update_change *out,
                           const char **why)
{
    struct parser parser = {.arena = arena, .in = message};
    unsigned id = 0;
    unsigned counts[4] = {0};
    enum yett_err err = take_header(&parser, &id, counts);

    if (err == YETT_OK) {
        err = take_zone(&parser);
    }
    if (err == YETT_OK) {
        err = take_prerequisite(&parser, counts[1]);
    }
    if (err == YETT_OK) {
        err = take_updates(&parser, counts[2]);
    }
    if (err == YETT_OK) {
        err = check_form(&parser, message, id);
    }
    if (err == YETT_OK) {
        *out = parser.change;
    } else if (err == YETT_BAD_SYNTAX) {
        *why = parser.why;
    }
    return err;
}
