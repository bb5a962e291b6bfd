/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/dns.h"
#include "core/dns/sections.h"
#include "core/dns/wire.h"

/*
 * direct: a question to one server, and what that server said.
 *
 * What packet.c makes of a response is what evaluators want to know.  Who asks whether a
 * server has a record wants to know what there is, octet by octet, and whether it is its
 * own word.
 */

enum {
    HEADER_OCTETS = 12,
    CLASS_IN = 1,
    FLAG_RESPONSE = 0x8000,
    MASK_OPCODE = 0x7800,
    FLAG_AUTHORITATIVE = 0x0400,
    FLAG_TRUNCATED = 0x0200,
    FLAG_RECURSION_DESIRED = 0x0100,
    MASK_RCODE = 0x000f,
    SOA_NUMBERS = 20 /* octets behind its two names */
};

static void add_u16(struct buf *buf, unsigned value)
{
    buf_add_byte(buf, (char)(unsigned char)(value >> 8));
    buf_add_byte(buf, (char)(unsigned char)value);
}

void dns_query_write(struct buf *buf, uint16_t id, struct dns_direct_question question)
{
    add_u16(buf, id);
    add_u16(buf, question.recurse ? FLAG_RECURSION_DESIRED : 0);
    add_u16(buf, 1);
    for (int i = 0; i < 3; i++) {
        add_u16(buf, 0);
    }
    dns_name_to_wire(buf, question.name);
    add_u16(buf, (unsigned)question.type);
    add_u16(buf, CLASS_IN);
}

/* ---- reading ----------------------------------------------------------------------- */

struct reply_reader {
    struct arena *arena;
    struct dns_direct_question question;
    struct sections sections;
    const char *why;
};

static enum yett_err unreadable(struct reply_reader *reader, const char *why)
{
    reader->why = why;
    return YETT_BAD_SYNTAX;
}

static unsigned u16_at(slice packet, size_t at)
{
    return (unsigned)(unsigned char)packet.ptr[at] << 8 |
           (unsigned char)packet.ptr[at + 1];
}

/* Does it belong to our question?  A truncated one need not be whole behind its header.
 */
static enum yett_err read_head(struct reply_reader *reader, slice packet, uint16_t id,
                               struct dns_reply *out)
{
    if (packet.len < HEADER_OCTETS) {
        return unreadable(reader, "it is shorter than a DNS header");
    }
    unsigned flags = u16_at(packet, 2);
    if (u16_at(packet, 0) != id) {
        return unreadable(reader, "it has another id than the question");
    }
    if ((flags & FLAG_RESPONSE) == 0 || (flags & MASK_OPCODE) != 0) {
        return unreadable(reader, "it is no response to a query");
    }
    out->is_truncated = (flags & FLAG_TRUNCATED) != 0;
    out->is_authoritative = (flags & FLAG_AUTHORITATIVE) != 0;
    out->rcode = flags & MASK_RCODE;
    return YETT_OK;
}

static bool strings_are_whole(slice rdata)
{
    while (rdata.len != 0) {
        size_t length = (size_t)slice_peek(rdata);
        if (length >= rdata.len) {
            return false;
        }
        rdata = slice_skip(rdata, 1 + length);
    }
    return true;
}

/* The name at the front of the data, and `behind` octets after it at least. */
static enum yett_err read_name(const struct reply_reader *reader, const struct rr *rr,
                               size_t behind, slice *out)
{
    slice packet = reader->sections.packet;
    size_t end = rr->rdata_at + rr->rdata_len;
    size_t at = rr->rdata_at;

    if (!dns_wire_skip_name(slice_first(packet, end), &at) || end - at < behind) {
        return YETT_BAD_SYNTAX;
    }
    return dns_wire_read_name(reader->arena, packet, rr->rdata_at, out);
}

static enum yett_err read_value(const struct reply_reader *reader, const struct rr *rr,
                                slice *out)
{
    slice rdata = slice_between(reader->sections.packet, rr->rdata_at,
                                rr->rdata_at + rr->rdata_len);
    bool is_good = false;

    switch (reader->question.type) {
    case DNS_DIRECT_NS:
        return read_name(reader, rr, 0, out);
    case DNS_DIRECT_SOA:
        return read_name(reader, rr, SOA_NUMBERS, out);
    case DNS_DIRECT_A:
        is_good = rdata.len == 4;
        break;
    case DNS_DIRECT_AAAA:
        is_good = rdata.len == 16;
        break;
    case DNS_DIRECT_TXT:
        is_good = rdata.len != 0 && strings_are_whole(rdata);
        break;
    }
    return is_good ? arena_copy(reader->arena, rdata, out) : YETT_BAD_SYNTAX;
}

static bool next_of_name(const struct reply_reader *reader, struct section *left,
                         struct rr *out)
{
    while (dns_sections_next(&reader->sections, left, out)) {
        if (dns_wire_name_is(reader->sections.packet, out->owner_at,
                             reader->question.name)) {
            return true;
        }
    }
    return false;
}

static size_t count_values(const struct reply_reader *reader)
{
    struct section left = reader->sections.answer;
    struct rr rr;
    size_t count = 0;

    while (next_of_name(reader, &left, &rr)) {
        count += rr.type == (unsigned)reader->question.type;
    }
    return count;
}

/* A record whose name has no text form is of no use, and passed over. */
static enum yett_err take_value(struct reply_reader *reader, const struct rr *rr,
                                slice *values, struct dns_reply *out)
{
    enum yett_err err = read_value(reader, rr, &values[out->count]);
    if (err == YETT_OK) {
        out->ttl_s = out->count == 0 || rr->ttl_s < out->ttl_s ? rr->ttl_s : out->ttl_s;
        out->count++;
    } else if (err == YETT_BAD_SYNTAX) {
        return unreadable(reader, "the data of a record in it is malformed");
    }
    return err == YETT_NOT_FOUND ? YETT_OK : err;
}

static enum yett_err read_answer(struct reply_reader *reader, struct dns_reply *out)
{
    struct section left = reader->sections.answer;
    struct rr rr;
    slice *values = ARENA_ARRAY(reader->arena, count_values(reader), slice);
    enum yett_err err = values == NULL ? YETT_NO_MEMORY : YETT_OK;

    out->values = values;
    while (err == YETT_OK && next_of_name(reader, &left, &rr)) {
        if (rr.type == (unsigned)reader->question.type) {
            err = take_value(reader, &rr, values, out);
        } else if (rr.type == DNS_CNAME && out->alias.len == 0) {
            err = read_name(reader, &rr, 0, &out->alias);
            err = err == YETT_NOT_FOUND ? YETT_OK : err;
        }
    }
    return err == YETT_BAD_SYNTAX && reader->why == NULL
               ? unreadable(reader, "a CNAME record in it is malformed")
               : err;
}

enum yett_err dns_reply_read(struct arena *arena, slice packet, uint16_t id,
                             struct dns_direct_question question, struct dns_reply *out,
                             const char **why)
{
    struct reply_reader reader = {.arena = arena, .question = question};
    struct dns_question asked = {(enum dns_type)question.type, question.name};
    struct dns_reply reply = {0};
    enum yett_err err = read_head(&reader, packet, id, &reply);

    if (err == YETT_OK && !reply.is_truncated) {
        err = dns_sections_read(packet, asked, &reader.sections, &reader.why);
        if (err == YETT_OK) {
            reply.rcode = reader.sections.rcode;
            reply.is_referral =
                !reply.is_authoritative && dns_sections_is_referral(&reader.sections);
            err = read_answer(&reader, &reply);
        }
    }
    if (err == YETT_OK) {
        *out = reply;
    } else if (err == YETT_BAD_SYNTAX) {
        *why = reader.why;
    }
    return err;
}
