/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/message/address.h"

/*
 * Who the author is: one From field, readable in one way, with addresses in one domain.
 *
 * Deliberately stricter than RFC 5322: what its obsolete forms allow but mail programs read
 * in different ways (source routes, white space within a domain, addresses in comments) is
 * unparsable here, because the recipient may be shown another author than the one we checked.
 */
enum {
    VALUES_OCTETS_MAX = 256 * 1024,
    SHOWN_OCTETS = 40,
    SHOWN_DOMAINS = 4,
    REASON_BYTES = 2048
};

struct reader {
    struct arena *arena;
    struct message_from *out;
    struct address_list list;
    slice *domains;
    size_t fields; /* From fields, hidden ones too */
    size_t hidden;
    size_t octets; /* of their values: a name may take nine times its room when decoded */
    const char *why; /* of the first that could not be read */
    slice at;        /* the octets there */
};

/* ---- reading -------------------------------------------------------------------------- */

static void note_fault(struct reader *reader, slice value, struct address_fault fault)
{
    if (reader->why == NULL) {
        reader->why = fault.why;
        reader->at = slice_first(slice_skip(value, fault.at), SHOWN_OCTETS);
        reader->out->offset = fault.at;
    }
}

static enum yett_err read_value(struct reader *reader, slice value)
{
    struct address_fault fault = {.why = "more than 256 KiB of authors"};
    reader->octets += value.len;
    if (reader->octets > VALUES_OCTETS_MAX) {
        note_fault(reader, value, fault);
        return YETT_OK;
    }
    enum yett_err err =
        address_parse(reader->arena, value, ADDRESS_AUTHOR, &reader->list, &fault);
    if (err == YETT_BAD_SYNTAX) {
        note_fault(reader, value, fault);
        return YETT_OK;
    }
    return err;
}

static enum yett_err read_hidden(struct reader *reader, slice value)
{
    size_t offset = reader->out->offset;
    size_t end = 0;
    while (end < value.len && value.ptr[end] != '\r' && value.ptr[end] != '\n') {
        end++;
    }
    reader->fields++;
    reader->hidden++;
    enum yett_err err = read_value(reader, slice_first(value, end));
    reader->out->offset = offset; /* its own field is not what the offset is of */
    return err;
}

/* Where others see a field that we do not. */
static enum yett_err read_hidden_in(struct reader *reader,
                                    const struct message_field *field)
{
    enum yett_err err = YETT_OK;
    slice rest = SLICE_NONE;
    slice name;
    while (err == YETT_OK && message_next_hidden(field, &rest, &name)) {
        if (slice_eq_nocase(name, SLICE("From"))) {
            err = read_hidden(reader, rest);
        }
    }
    return err;
}

static enum yett_err read_fields(struct reader *reader,
                                 const struct message_header *header)
{
    bool may_hide = (header->defects & MESSAGE_MAY_HIDE) != 0;
    enum yett_err err = YETT_OK;
    for (size_t i = 0; i < header->count && err == YETT_OK; i++) {
        const struct message_field *field = &header->fields[i];
        if (slice_eq_nocase(field->name, SLICE("From"))) {
            reader->fields++;
            err = read_value(reader, field->value);
        }
        if (err == YETT_OK && may_hide) {
            err = read_hidden_in(reader, field);
        }
    }
    return err;
}

static bool is_known(const struct reader *reader, slice domain)
{
    for (size_t i = 0; i < reader->out->domain_count; i++) {
        if (slice_eq(reader->domains[i], domain)) {
            return true;
        }
    }
    return false;
}

static enum yett_err collect_domains(struct reader *reader)
{
    struct message_from *out = reader->out;
    reader->domains = ARENA_ARRAY(reader->arena, MESSAGE_FROM_DOMAINS_MAX, slice);
    if (reader->domains == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < reader->list.count; i++) {
        slice domain = reader->list.items[i].domain;
        if (out->domain_count < MESSAGE_FROM_DOMAINS_MAX && !is_known(reader, domain)) {
            reader->domains[out->domain_count++] = domain;
        }
    }
    out->domains = reader->domains;
    out->mailboxes = reader->list.items;
    out->count = reader->list.count;
    return YETT_OK;
}

/* ---- saying what was found ------------------------------------------------------------ */

static enum message_from_status status_of(const struct reader *reader)
{
    if (reader->fields > 1) {
        return MESSAGE_FROM_SEVERAL_FIELDS;
    }
    if (reader->fields == reader->hidden) {
        return MESSAGE_FROM_MISSING;
    }
    if (reader->why != NULL) {
        return MESSAGE_FROM_UNPARSABLE;
    }
    if (reader->list.count == 0) {
        return MESSAGE_FROM_MISSING;
    }
    return reader->out->domain_count > 1 ? MESSAGE_FROM_SEVERAL_DOMAINS : MESSAGE_FROM_OK;
}

static void say_unparsable(const struct reader *reader, struct buf *buf)
{
    buf_printf(buf, "the From field cannot be read at octet %zu: %s",
               reader->out->offset + 1, reader->why);
    if (reader->at.len != 0) {
        buf_add_text(buf, " (\"");
        buf_add_visible(buf, reader->at);
        buf_add_text(buf, "\")");
    }
}

static void say_several_fields(const struct reader *reader, struct buf *buf)
{
    buf_printf(buf, "there are %zu From fields where one was expected", reader->fields);
    if (reader->hidden != 0) {
        buf_printf(buf,
                   "; %zu of them hidden, behind a bare carriage return or line feed or "
                   "behind white space",
                   reader->hidden);
    }
}

static void say_several_domains(const struct reader *reader, struct buf *buf)
{
    size_t count = reader->out->domain_count;
    buf_add_text(buf, "the From field names more than one domain: ");
    for (size_t i = 0; i < count && i < SHOWN_DOMAINS; i++) {
        buf_add_text(buf, i == 0 ? "" : ", ");
        buf_add(buf, reader->domains[i]);
    }
    buf_add_text(buf, count > SHOWN_DOMAINS ? ", and others" : "");
}

static const char *missing_text(const struct reader *reader)
{
    if (reader->hidden != 0) {
        return "there is no From field, only one hidden behind a bare carriage return or "
               "line feed or behind white space";
    }
    return reader->fields == 0 ? "there is no From field"
                               : "the From field has no address";
}

static enum yett_err write_reason(struct reader *reader)
{
    struct buf buf;
    buf_init(&buf, reader->arena, REASON_BYTES);
    switch (reader->out->status) {
    case MESSAGE_FROM_OK:
        return YETT_OK;
    case MESSAGE_FROM_MISSING:
        buf_add_text(&buf, missing_text(reader));
        break;
    case MESSAGE_FROM_UNPARSABLE:
        say_unparsable(reader, &buf);
        break;
    case MESSAGE_FROM_SEVERAL_FIELDS:
        say_several_fields(reader, &buf);
        break;
    case MESSAGE_FROM_SEVERAL_DOMAINS:
        say_several_domains(reader, &buf);
        break;
    }
    reader->out->reason = buf_slice(&buf);
    return buf_err(&buf);
}

enum yett_err message_read_from(struct arena *arena, const struct message_header *header,
                                struct message_from *out)
{
    struct message_from from = {0};
    struct reader reader = {.arena = arena, .out = &from};
    enum yett_err err = read_fields(&reader, header);
    if (err == YETT_OK) {
        err = collect_domains(&reader);
    }
    if (err != YETT_OK) {
        return err;
    }
    from.status = status_of(&reader);
    err = write_reason(&reader);
    if (err == YETT_OK) {
        *out = from;
    }
    return err;
}
