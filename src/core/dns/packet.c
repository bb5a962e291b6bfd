/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/dns/rdata.h"
#include "core/dns/sections.h"
#include "core/dns/wire.h"

/*
 * packet: a response becomes an answer.
 *
 * The CNAMEs are followed, one walk over the answer section each, in whatever order they
 * stand there; then the records at the last name are read.
 */

enum { CNAMES_MAX = 16, TYPE_DNAME = 39 };

struct reader {
    struct arena *arena;
    struct dns_question question;
    struct sections sections;
    slice name; /* where the CNAMEs have led so far */
    slice aliases[CNAMES_MAX];
    size_t alias_count;
    uint32_t ttl_s;
    const char *why;
};

static enum yett_err unreadable(struct reader *reader, const char *why)
{
    reader->why = why;
    return YETT_BAD_SYNTAX;
}

/* ---- along the CNAMEs --------------------------------------------------------------- */

static bool next_answer(const struct reader *reader, struct section *left, struct rr *out)
{
    return dns_sections_next(&reader->sections, left, out);
}

static void lower_ttl(struct reader *reader, uint32_t ttl_s)
{
    reader->ttl_s = ttl_s < reader->ttl_s ? ttl_s : reader->ttl_s;
}

/* Records of the type asked for at the name where we are, and the first CNAME there. */
static size_t look_around(const struct reader *reader, struct rr *cname, bool *has_cname)
{
    struct section left = reader->sections.answer;
    struct rr rr;
    size_t count = 0;

    *has_cname = false;
    while (next_answer(reader, &left, &rr)) {
        bool is_asked = rr.type == (unsigned)reader->question.type;
        bool is_cname = rr.type == DNS_CNAME && !*has_cname;
        if ((is_asked || is_cname) &&
            dns_wire_name_is(reader->sections.packet, rr.owner_at, reader->name)) {
            count += is_asked;
            if (is_cname) {
                *cname = rr;
                *has_cname = true;
            }
        }
    }
    return count;
}

/* Go on at the name that the record leads to. */
static enum yett_err go_to(struct reader *reader, slice name, uint32_t ttl_s)
{
    if (reader->alias_count == CNAMES_MAX) {
        return YETT_LIMIT;
    }
    reader->aliases[reader->alias_count++] = name;
    reader->name = name;
    lower_ttl(reader, ttl_s);
    return YETT_OK;
}

static enum yett_err go_along_cname(struct reader *reader, const struct rr *cname)
{
    struct dns_record record;
    enum yett_err err =
        dns_rdata_read(reader->arena, reader->sections.packet, cname->rdata_at,
                       cname->rdata_len, DNS_CNAME, &record);
    if (err == YETT_BAD_SYNTAX) {
        return unreadable(reader, "a CNAME record in it is malformed");
    }
    return err == YETT_OK ? go_to(reader, record.name, cname->ttl_s) : err;
}

/* The end of the name under `owner` replaced by `target` (RFC 6672 section 2.2). */
static enum yett_err substitute(struct arena *arena, slice name, slice owner,
                                slice target, slice *out)
{
    struct buf buf;
    buf_init(&buf, arena, name.len + target.len);
    buf_add(&buf, slice_first(name, name.len - owner.len)); /* with its dot */
    buf_add(&buf, target);
    enum yett_err err = buf_err(&buf);
    return err == YETT_OK ? dns_name_normalize(arena, buf_slice(&buf), out) : err;
}

/* Does the record belong to a name above where we are?  `*owner` is that name. */
static enum yett_err is_above(const struct reader *reader, const struct rr *rr,
                              slice *owner, bool *out)
{
    slice name = reader->name;
    enum yett_err err =
        dns_wire_read_name(reader->arena, reader->sections.packet, rr->owner_at, owner);

    *out = err == YETT_OK && owner->len != 0 && name.len > owner->len + 1 &&
           slice_ends_with(name, *owner) && name.ptr[name.len - owner->len - 1] == '.';
    return err == YETT_NO_MEMORY ? err : YETT_OK;
}

static enum yett_err go_along_dname(struct reader *reader, const struct rr *rr,
                                    slice owner)
{
    struct dns_record target; /* the data of DNAME and CNAME are alike */
    slice name;
    enum yett_err err = dns_rdata_read(reader->arena, reader->sections.packet,
                                       rr->rdata_at, rr->rdata_len, DNS_CNAME, &target);
    if (err == YETT_BAD_SYNTAX) {
        return unreadable(reader, "a DNAME record in it is malformed");
    }
    if (err == YETT_OK) {
        err = substitute(reader->arena, reader->name, owner, target.name, &name);
        err = err == YETT_BAD_SYNTAX ? YETT_NOT_FOUND : err; /* it became too long */
    }
    return err == YETT_OK ? go_to(reader, name, rr->ttl_s) : err;
}

/* A DNAME whose CNAME the server left out. */
static enum yett_err try_dnames(struct reader *reader, bool *moved)
{
    struct section left = reader->sections.answer;
    struct rr rr;
    slice owner;
    enum yett_err err = YETT_OK;

    *moved = false;
    while (err == YETT_OK && !*moved && next_answer(reader, &left, &rr)) {
        if (rr.type == TYPE_DNAME) {
            struct arena_mark mark = arena_mark(reader->arena);
            err = is_above(reader, &rr, &owner, moved);
            if (!*moved) {
                arena_rewind(reader->arena, mark);
            }
        }
    }
    return err == YETT_OK && *moved ? go_along_dname(reader, &rr, owner) : err;
}

/* Follow CNAMEs to the last name; `*count` records of the type are there. */
static enum yett_err go_to_the_end(struct reader *reader, size_t *count)
{
    for (;;) {
        struct rr cname = {0};
        bool moves;
        enum yett_err err;

        *count = look_around(reader, &cname, &moves);
        if (*count != 0) {
            return YETT_OK;
        }
        err = moves ? go_along_cname(reader, &cname) : try_dnames(reader, &moves);
        if (err != YETT_OK || !moves) {
            return err;
        }
    }
}

/* ---- the answer --------------------------------------------------------------------- */

/* RFC 1035 section 4.1.1, RFC 2136 section 2.2 */
static slice rcode_detail(unsigned rcode)
{
    static const struct {
        unsigned rcode;
        slice detail;
    } rows[] = {
        {1, SLICE_INIT("the server says FORMERR") },
        {2, SLICE_INIT("the server says SERVFAIL")},
        {4, SLICE_INIT("the server says NOTIMP")  },
        {5, SLICE_INIT("the server says REFUSED") },
        {6, SLICE_INIT("the server says YXDOMAIN")},
        {9, SLICE_INIT("the server says NOTAUTH") },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].rcode == rcode) {
            return rows[i].detail;
        }
    }
    return SLICE("the server reports an error without a common name");
}

static void fail(struct dns_answer *out, slice detail)
{
    *out = (struct dns_answer){.status = DNS_SERVFAIL, .detail = detail};
}

static enum yett_err keep_aliases(const struct reader *reader, struct dns_answer *out)
{
    if (reader->alias_count == 0) {
        return YETT_OK;
    }
    slice *aliases = ARENA_ARRAY(reader->arena, reader->alias_count, slice);
    if (aliases == NULL) {
        return YETT_NO_MEMORY;
    }
    memcpy(aliases, reader->aliases, reader->alias_count * sizeof(slice));
    out->aliases = aliases;
    out->alias_count = reader->alias_count;
    return YETT_OK;
}

/* At most `count` records; those whose name has no text form are left out. */
static enum yett_err read_records(struct reader *reader, size_t count,
                                  struct dns_answer *out)
{
    struct section left = reader->sections.answer;
    struct rr rr;
    struct dns_record *records = ARENA_ARRAY(reader->arena, count, struct dns_record);
    if (records == NULL) {
        return YETT_NO_MEMORY;
    }
    out->records = records;
    while (next_answer(reader, &left, &rr)) {
        if (rr.type != (unsigned)reader->question.type ||
            !dns_wire_name_is(reader->sections.packet, rr.owner_at, reader->name)) {
            continue;
        }
        enum yett_err err =
            dns_rdata_read(reader->arena, reader->sections.packet, rr.rdata_at,
                           rr.rdata_len, reader->question.type, &records[out->count]);
        if (err == YETT_OK) {
            out->count++;
            lower_ttl(reader, rr.ttl_s);
        } else if (err == YETT_BAD_SYNTAX) {
            return unreadable(reader, "the data of a record in it is malformed");
        } else if (err != YETT_NOT_FOUND) {
            return err;
        }
    }
    return YETT_OK;
}

static void make_negative(struct reader *reader, struct dns_answer *out)
{
    uint32_t ttl_s;

    if (dns_sections_is_referral(&reader->sections)) {
        fail(out,
             SLICE("the server only refers to other servers: it offers no recursion"));
        return;
    }
    if (dns_sections_negative_ttl(&reader->sections, &ttl_s)) {
        lower_ttl(reader, ttl_s);
        out->ttl_s = reader->ttl_s;
    }
    out->status = reader->sections.rcode == RCODE_NXDOMAIN ? DNS_NXDOMAIN : DNS_NODATA;
}

static enum yett_err make_answer(struct reader *reader, struct dns_answer *out)
{
    size_t count;
    enum yett_err err = go_to_the_end(reader, &count);

    if (err == YETT_LIMIT) {
        fail(out, SLICE("more than 16 CNAME records in a row"));
        return YETT_OK;
    }
    if (err == YETT_NOT_FOUND) {
        fail(out,
             SLICE("a CNAME or DNAME record leads to a name that cannot be asked for"));
        return YETT_OK;
    }
    if (err == YETT_OK) {
        err = keep_aliases(reader, out);
    }
    if (err == YETT_OK && count != 0 && reader->sections.rcode == RCODE_NOERROR) {
        err = read_records(reader, count, out);
    }
    if (err != YETT_OK) {
        return err;
    }
    if (out->count == 0) {
        out->records = NULL;
        make_negative(reader, out);
        return YETT_OK;
    }
    out->status = DNS_FOUND;
    out->ttl_s = reader->ttl_s;
    return YETT_OK;
}

enum yett_err dns_packet_read(struct arena *arena, slice packet,
                              struct dns_question question, struct dns_answer *out,
                              const char **why)
{
    struct reader reader = {
        .arena = arena, .question = question, .name = question.name, .ttl_s = UINT32_MAX};
    struct dns_answer answer = {0};

    enum yett_err err =
        dns_sections_read(packet, question, &reader.sections, &reader.why);
    unsigned rcode = reader.sections.rcode;
    if (err == YETT_OK && rcode != RCODE_NOERROR && rcode != RCODE_NXDOMAIN) {
        fail(&answer, rcode_detail(rcode));
    } else if (err == YETT_OK) {
        err = make_answer(&reader, &answer);
    }
    if (err == YETT_OK) {
        *out = answer;
    } else if (err == YETT_BAD_SYNTAX) {
        *why = reader.why;
    }
    return err;
}
