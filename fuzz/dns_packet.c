/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/dns/dns.h"

#include <assert.h>
#include <stdlib.h>

/*
 * The reader of DNS packets.  The first octet chooses the type; with its top bit set the
 * rest is a whole packet, else it is what follows a good header and question.
 *
 * An answer is in the form that dns.h promises, the same when read again, and the same with
 * other octets behind the packet.  It is read as the reply of one server as well.
 */

enum { ARENA_BYTES = 4 * 1024 * 1024 };

static const enum dns_type types[] = {DNS_A,  DNS_CNAME, DNS_PTR,
                                      DNS_MX, DNS_TXT,   DNS_AAAA};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(struct arena *arena, slice name)
{
    slice form;
    if (name.len != 0) {
        assert(dns_name_normalize(arena, name, &form) == YETT_OK);
        assert(form.ptr == name.ptr && form.len == name.len);
    }
}

static void check_record(struct arena *arena, enum dns_type type,
                         const struct dns_record *record)
{
    check_name(arena, record->name);
    assert((record->ip.family == IP_V4) == (type == DNS_A));
    assert((record->ip.family == IP_V6) == (type == DNS_AAAA));
    assert(record->text.len == 0 || type == DNS_TXT);
    assert(record->name.len == 0 || type == DNS_MX || type == DNS_PTR ||
           type == DNS_CNAME);
}

static void check_answer(struct arena *arena, enum dns_type type,
                         const struct dns_answer *answer)
{
    assert((answer->status == DNS_FOUND) == (answer->count != 0));
    assert(answer->status != DNS_TIMED_OUT && answer->status != DNS_BOGUS);
    assert((answer->status == DNS_SERVFAIL) == (answer->detail.len != 0));
    assert(answer->alias_count <= 16);
    for (size_t i = 0; i < answer->count; i++) {
        check_record(arena, type, &answer->records[i]);
    }
    for (size_t i = 0; i < answer->alias_count; i++) {
        check_name(arena, answer->aliases[i]);
    }
}

static void check_same(const struct dns_answer *a, const struct dns_answer *b)
{
    assert(a->status == b->status && a->count == b->count && a->ttl_s == b->ttl_s);
    assert(a->alias_count == b->alias_count && slice_eq(a->detail, b->detail));
    for (size_t i = 0; i < a->count; i++) {
        assert(slice_eq(a->records[i].text, b->records[i].text));
        assert(slice_eq(a->records[i].name, b->records[i].name));
        assert(ip_eq(a->records[i].ip, b->records[i].ip));
    }
}

/* In memory of its own, so that a read behind the end is seen. */
static enum yett_err read_copy(struct arena *arena, slice packet,
                               struct dns_question question, struct dns_answer *out)
{
    const char *why = NULL;
    char *copy = malloc(packet.len + 1);
    char *own = copy == NULL ? NULL : realloc(copy, packet.len == 0 ? 1 : packet.len);
    if (own == NULL) {
        abort();
    }
    if (packet.len != 0) {
        memcpy(own, packet.ptr, packet.len);
    }
    enum yett_err err =
        dns_packet_read(arena, slice_of(own, packet.len), question, out, &why);
    assert((err == YETT_BAD_SYNTAX) == (why != NULL));
    free(own); /* nothing of the answer points into the packet */
    return err;
}

static slice frame(struct arena *arena, enum dns_type type, slice rest)
{
    static const char question[] = "\1a\4test\0\0";
    struct buf buf;
    size_t counts = rest.len < 7 ? 0 : 7;

    buf_init(&buf, arena, 1024 * 1024);
    buf_add(&buf, SLICE("\0\0\x81"));
    buf_add(&buf, counts == 0 ? SLICE("\x80\0\1\0\1\0\1\0\1") : SLICE(""));
    if (counts != 0) { /* flags, then counts of records */
        buf_add(&buf, slice_first(rest, 1));
        buf_add(&buf, SLICE("\0\1"));
        buf_add(&buf, slice_between(rest, 1, 7));
    }
    buf_add(&buf, slice_of(question, sizeof(question) - 1));
    buf_add_byte(&buf, (char)type);
    buf_add(&buf, SLICE("\0\1"));
    buf_add(&buf, slice_skip(rest, counts));
    assert(buf_err(&buf) == YETT_OK);
    return buf_slice(&buf);
}

static void check_packet(struct arena *arena, slice packet, struct dns_question question)
{
    struct dns_answer first = {0};
    struct dns_answer again = {0};
    enum yett_err err = read_copy(arena, packet, question, &first);

    assert(err == YETT_OK || err == YETT_BAD_SYNTAX || err == YETT_NO_MEMORY);
    if (err != YETT_OK) {
        return;
    }
    check_answer(arena, question.type, &first);
    struct buf longer;
    buf_init(&longer, arena, packet.len + 16);
    buf_add(&longer, packet);
    buf_add(&longer, SLICE("\1a\300\14and more"));
    err = read_copy(arena, buf_slice(&longer), question, &again);
    if (err == YETT_OK) {
        check_same(&first, &again);
    } else {
        assert(err == YETT_NO_MEMORY);
    }
}

static const enum dns_direct_type direct_types[] = {
    DNS_DIRECT_A, DNS_DIRECT_NS, DNS_DIRECT_SOA, DNS_DIRECT_TXT, DNS_DIRECT_AAAA};

static void check_reply(struct arena *arena, slice packet,
                        struct dns_direct_question question)
{
    struct dns_reply reply;
    const char *why = NULL;
    enum yett_err err = dns_reply_read(arena, packet, 0, question, &reply, &why);

    assert((err == YETT_BAD_SYNTAX) == (why != NULL));
    if (err != YETT_OK) {
        return;
    }
    check_name(arena, reply.alias);
    for (size_t i = 0; i < reply.count; i++) {
        if (question.type == DNS_DIRECT_NS || question.type == DNS_DIRECT_SOA) {
            check_name(arena, reply.values[i]);
        } else {
            assert(reply.values[i].len != 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct arena *arena = arena_new(ARENA_BYTES);
    enum dns_type type = types[(data[0] & 0x7f) % (sizeof(types) / sizeof(types[0]))];
    struct dns_question question = {type, SLICE("a.test")};
    slice rest = slice_of((const char *)data + 1, size - 1);

    check_packet(arena, (data[0] & 0x80) != 0 ? rest : frame(arena, type, rest),
                 question);
    enum dns_direct_type direct =
        direct_types[(data[0] & 0x7f) % (sizeof(direct_types) / sizeof(direct_types[0]))];
    check_reply(arena,
                (data[0] & 0x80) != 0 ? rest : frame(arena, (enum dns_type)direct, rest),
                (struct dns_direct_question){direct, SLICE("a.test"), false});
    arena_free(arena);
    return 0;
}
