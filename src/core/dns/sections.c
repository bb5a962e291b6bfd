/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/sections.h"

#include "core/dns/wire.h"

enum {
    HEADER_OCTETS = 12,
    CLASS_IN = 1,
    TYPE_NS = 2,
    TYPE_SOA = 6,
    TYPE_OPT = 41,
    FLAG_RESPONSE = 0x8000,
    FLAG_TRUNCATED = 0x0200,
    FLAG_RECURSION_AVAILABLE = 0x0080,
    MASK_OPCODE = 0x7800,
    MASK_RCODE = 0x000f,
    SOA_SHORTEST = 22 /* two root names and five numbers */
};

static enum yett_err unreadable(const char **why, const char *text)
{
    *why = text;
    return YETT_BAD_SYNTAX;
}

static bool take_u16(slice packet, size_t *at, uint16_t *out)
{
    if (packet.len - *at < 2) {
        return false;
    }
    unsigned high = (unsigned char)packet.ptr[*at];
    unsigned low = (unsigned char)packet.ptr[*at + 1];
    *out = (uint16_t)(high << 8 | low);
    *at += 2;
    return true;
}

static bool take_u32(slice packet, size_t *at, uint32_t *out)
{
    uint16_t high;
    uint16_t low;
    if (!take_u16(packet, at, &high) || !take_u16(packet, at, &low)) {
        return false;
    }
    *out = (uint32_t)high << 16 | low;
    return true;
}

static bool take_rr(slice packet, size_t *at, struct rr *out)
{
    uint16_t length;

    out->owner_at = *at;
    if (!dns_wire_skip_name(packet, at) || !take_u16(packet, at, &out->type) ||
        !take_u16(packet, at, &out->class) || !take_u32(packet, at, &out->ttl_s) ||
        !take_u16(packet, at, &length) || length > packet.len - *at) {
        return false;
    }
    out->rdata_at = *at;
    out->rdata_len = length;
    *at += length;
    return true;
}

/* ---- header and sections ------------------------------------------------------------ */

static enum yett_err read_question(const struct sections *sections, size_t *at,
                                   uint16_t count, struct dns_question question,
                                   const char **why)
{
    slice packet = sections->packet;
    size_t name_at = *at;
    uint16_t type;
    uint16_t class;

    if (count == 0 && sections->rcode != RCODE_NOERROR &&
        sections->rcode != RCODE_NXDOMAIN) {
        return YETT_OK; /* a server that could not read the question may leave it out */
    }
    if (count != 1) {
        return unreadable(why, "it does not repeat the question");
    }
    if (!dns_wire_skip_name(packet, at) || !take_u16(packet, at, &type) ||
        !take_u16(packet, at, &class)) {
        return unreadable(why, "its question section is malformed");
    }
    if (type != (unsigned)question.type || class != CLASS_IN ||
        !dns_wire_name_is(packet, name_at, question.name)) {
        return unreadable(why, "it answers another question");
    }
    return YETT_OK;
}

static enum yett_err walk_section(struct sections *sections, size_t *at, size_t count,
                                  struct section *out, const char **why)
{
    struct rr rr;

    *out = (struct section){.at = *at, .count = count};
    for (size_t i = 0; i < count; i++) {
        if (!take_rr(sections->packet, at, &rr)) {
            return unreadable(why, "a record in it is malformed or cut off");
        }
        if (rr.type == TYPE_OPT) { /* RFC 6891 section 6.1.3 */
            sections->rcode = (sections->rcode & MASK_RCODE) | (rr.ttl_s >> 24) << 4;
        }
    }
    return YETT_OK;
}

static enum yett_err read_header(struct sections *sections, uint16_t counts[4],
                                 size_t *at, const char **why)
{
    uint16_t id;

    if (sections->packet.len < HEADER_OCTETS) {
        return unreadable(why, "it is shorter than a DNS header");
    }
    bool is_read = take_u16(sections->packet, at, &id) &&
                   take_u16(sections->packet, at, &sections->flags);
    for (size_t i = 0; i < 4; i++) {
        is_read = is_read && take_u16(sections->packet, at, &counts[i]);
    }
    if (!is_read || (sections->flags & FLAG_RESPONSE) == 0 ||
        (sections->flags & MASK_OPCODE) != 0) {
        return unreadable(why, "it is no response to a query");
    }
    if ((sections->flags & FLAG_TRUNCATED) != 0) {
        return unreadable(why, "it was truncated");
    }
    sections->rcode = sections->flags & MASK_RCODE;
    return YETT_OK;
}

enum yett_err dns_sections_read(slice packet, struct dns_question question,
                                struct sections *out, const char **why)
{
    struct sections sections = {.packet = packet};
    struct section additional;
    uint16_t counts[4];
    size_t at = 0;

    enum yett_err err = read_header(&sections, counts, &at, why);
    if (err == YETT_OK) {
        err = read_question(&sections, &at, counts[0], question, why);
    }
    if (err == YETT_OK) {
        err = walk_section(&sections, &at, counts[1], &sections.answer, why);
    }
    if (err == YETT_OK) {
        err = walk_section(&sections, &at, counts[2], &sections.authority, why);
    }
    if (err == YETT_OK) {
        err = walk_section(&sections, &at, counts[3], &additional, why);
    }
    if (err == YETT_OK) {
        *out = sections;
    }
    return err;
}

bool dns_sections_next(const struct sections *sections, struct section *left,
                       struct rr *out)
{
    while (left->count > 0 && take_rr(sections->packet, &left->at, out)) {
        left->count--;
        if (out->class == CLASS_IN) {
            out->ttl_s = out->ttl_s > INT32_MAX ? 0 : out->ttl_s; /* RFC 2181 section 8 */
            return true;
        }
    }
    return false;
}

static bool find_authority(const struct sections *sections, uint16_t type, struct rr *out)
{
    struct section left = sections->authority;

    while (dns_sections_next(sections, &left, out)) {
        if (out->type == type) {
            return true;
        }
    }
    return false;
}

bool dns_sections_is_referral(const struct sections *sections)
{
    struct rr rr;
    return sections->rcode == RCODE_NOERROR &&
           (sections->flags & FLAG_RECURSION_AVAILABLE) == 0 &&
           find_authority(sections, TYPE_NS, &rr) &&
           !find_authority(sections, TYPE_SOA, &rr);
}

bool dns_sections_negative_ttl(const struct sections *sections, uint32_t *out)
{
    struct rr soa;
    uint32_t minimum;

    if (!find_authority(sections, TYPE_SOA, &soa) || soa.rdata_len < SOA_SHORTEST) {
        return false;
    }
    size_t at = soa.rdata_at + soa.rdata_len - sizeof(minimum); /* its last field */
    if (!take_u32(sections->packet, &at, &minimum)) {
        return false;
    }
    *out = minimum < soa.ttl_s ? minimum : soa.ttl_s;
    return true;
}
