/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/dns/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

enum {
    ARENA_BYTES = 16 * 1024 * 1024,
    TYPE_NS = 2,
    TYPE_SOA = 6,
    TYPE_DNAME = 39,
    TYPE_OPT = 41,
    TYPE_RRSIG = 46,
    RESPONSE = 0x8180, /* QR, RD, RA */
    NXDOMAIN = 0x8183,
    QUESTION_AT = 12
};

static struct arena *arena;
static struct buf packet;
static struct dns_answer answer;
static const char *why;

/* ---- a packet built by hand --------------------------------------------------------- */

static void u16(unsigned value)
{
    buf_add_byte(&packet, (char)(unsigned char)(value >> 8));
    buf_add_byte(&packet, (char)(unsigned char)value);
}

static void u32(uint32_t value)
{
    u16(value >> 16);
    u16(value & 0xffff);
}

static void name(const char *text)
{
    slice in = slice_from_text(text);
    slice label;
    while (in.len != 0 && slice_next_piece(&in, '.', &label)) {
        buf_add_byte(&packet, (char)label.len);
        buf_add(&packet, label);
    }
    buf_add_byte(&packet, '\0');
}

static void pointer(size_t at)
{
    u16(0xc000 | (unsigned)at);
}

static size_t here(void)
{
    return packet.len;
}

static void head(unsigned flags, unsigned answers, unsigned authority,
                 unsigned additional)
{
    buf_init(&packet, arena, 70000);
    u16(0x1234);
    u16(flags);
    u16(1);
    u16(answers);
    u16(authority);
    u16(additional);
}

static void question(const char *text, unsigned type)
{
    name(text);
    u16(type);
    u16(1);
}

/* Everything of a record between its owner and its data. */
static void middle(unsigned type, uint32_t ttl_s, size_t length)
{
    u16(type);
    u16(1);
    u32(ttl_s);
    u16((unsigned)length);
}

static void a_record(const char *owner, uint32_t ttl_s, unsigned last)
{
    name(owner);
    middle(DNS_A, ttl_s, 4);
    u32(0xc0000200 | last);
}

static size_t wire_length(const char *text)
{
    return strlen(text) == 0 ? 1 : strlen(text) + 2;
}

static void name_record(const char *owner, unsigned type, uint32_t ttl_s,
                        const char *target)
{
    name(owner);
    middle(type, ttl_s, wire_length(target));
    name(target);
}

static void soa(const char *owner, uint32_t ttl_s, uint32_t minimum)
{
    name(owner);
    middle(TYPE_SOA, ttl_s, 22);
    name("");
    name("");
    for (uint32_t i = 0; i < 4; i++) {
        u32(i);
    }
    u32(minimum);
}

static enum yett_err read_as(enum dns_type type, const char *text)
{
    struct dns_question asked = {type, slice_from_text(text)};
    assert_int_equal(buf_err(&packet), YETT_OK);
    answer = (struct dns_answer){.status = DNS_BOGUS};
    why = NULL;
    return dns_packet_read(arena, buf_slice(&packet), asked, &answer, &why);
}

static void expect(enum dns_type type, const char *text, enum dns_status status)
{
    enum yett_err err = read_as(type, text);
    if (err != YETT_OK) {
        fail_msg("%s: %s", text, why == NULL ? yett_err_text(err) : why);
    }
    assert_int_equal(answer.status, status);
}

static void expect_unreadable(enum dns_type type, const char *text, const char *word)
{
    assert_int_equal(read_as(type, text), YETT_BAD_SYNTAX);
    assert_non_null(why);
    if (strstr(why, word) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why, word);
    }
    assert_int_equal(answer.status, DNS_BOGUS); /* untouched */
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    return arena == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* ---- records ------------------------------------------------------------------------ */

static void addresses_are_read_in_order_and_the_lowest_ttl_counts(void **state)
{
    (void)state;
    head(RESPONSE, 2, 0, 0);
    question("www.Example.org", DNS_A);
    a_record("www.example.org", 300, 9);
    a_record("WWW.example.ORG", 60, 1);
    expect(DNS_A, "www.example.org", DNS_FOUND);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.records[0].ip.family, IP_V4);
    assert_int_equal(answer.records[0].ip.bytes[3], 9);
    assert_int_equal(answer.records[1].ip.bytes[3], 1);
    assert_int_equal(answer.ttl_s, 60);
    assert_int_equal(answer.security, DNS_INSECURE);
    assert_int_equal(answer.alias_count, 0);
    assert_null(answer.memos);
}

static void the_strings_of_a_txt_record_are_joined(void **state)
{
    (void)state;
    head(RESPONSE, 2, 0, 0);
    question("t.test", DNS_TXT);
    pointer(QUESTION_AT);
    middle(DNS_TXT, 5, 10);
    buf_add(&packet, SLICE("\3v=s\0\4 pf1"));
    pointer(QUESTION_AT);
    middle(DNS_TXT, 5, 1);
    buf_add(&packet, SLICE("\0"));
    expect(DNS_TXT, "t.test", DNS_FOUND);
    assert_int_equal(answer.count, 2);
    assert_true(slice_eq(answer.records[0].text, SLICE("v=s pf1")));
    assert_int_equal(answer.records[1].text.len, 0);
}

static void every_other_type_is_read_too(void **state)
{
    (void)state;
    head(RESPONSE, 2, 0, 0);
    question("m.test", DNS_MX);
    pointer(QUESTION_AT);
    middle(DNS_MX, 5, 7);
    u16(10);
    buf_add(&packet, SLICE("\2MX"));
    pointer(QUESTION_AT + 2); /* test */
    pointer(QUESTION_AT);
    middle(DNS_MX, 5, 3);
    u16(0);
    name("");
    expect(DNS_MX, "m.test", DNS_FOUND);
    assert_int_equal(answer.count, 2);
    assert_true(slice_eq(answer.records[0].name, SLICE("mx.test")));
    assert_int_equal(answer.records[0].preference, 10);
    assert_int_equal(answer.records[1].name.len, 0);

    head(RESPONSE, 1, 0, 0);
    question("p.test", DNS_PTR);
    name_record("p.test", DNS_PTR, 5, "Host.Test");
    expect(DNS_PTR, "p.test", DNS_FOUND);
    assert_true(slice_eq(answer.records[0].name, SLICE("host.test")));

    head(RESPONSE, 1, 0, 0);
    question("6.test", DNS_AAAA);
    pointer(QUESTION_AT);
    middle(DNS_AAAA, 5, 16);
    buf_add(&packet, SLICE("0123456789abcdef"));
    expect(DNS_AAAA, "6.test", DNS_FOUND);
    assert_int_equal(answer.records[0].ip.family, IP_V6);
    assert_memory_equal(answer.records[0].ip.bytes, "0123456789abcdef", 16);

    head(RESPONSE, 1, 0, 0);
    question("c.test", DNS_CNAME);
    name_record("c.test", DNS_CNAME, 5, "d.test");
    expect(DNS_CNAME, "c.test", DNS_FOUND);
    assert_true(slice_eq(answer.records[0].name, SLICE("d.test")));
    assert_int_equal(answer.alias_count, 0);
}

static void records_of_other_owners_types_and_classes_are_passed_over(void **state)
{
    (void)state;
    head(RESPONSE, 4, 0, 0);
    question("a.test", DNS_A);
    a_record("b.test", 1, 1);
    name_record("a.test", TYPE_RRSIG, 1, "x");
    name("a.test");
    u16(DNS_A);
    u16(3); /* CHAOS */
    u32(1);
    u16(4);
    u32(7);
    a_record("a.test", 100, 4);
    expect(DNS_A, "a.test", DNS_FOUND);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.records[0].ip.bytes[3], 4);
    assert_int_equal(answer.ttl_s, 100);
}

static void a_record_whose_name_has_no_text_form_is_passed_over(void **state)
{
    (void)state;
    head(RESPONSE, 2, 0, 0);
    question("p.test", DNS_PTR);
    pointer(QUESTION_AT);
    middle(DNS_PTR, 5, 5);
    buf_add(&packet, SLICE("\3a.b\0"));
    name_record("p.test", DNS_PTR, 9, "good.test");
    expect(DNS_PTR, "p.test", DNS_FOUND);
    assert_int_equal(answer.count, 1);
    assert_true(slice_eq(answer.records[0].name, SLICE("good.test")));

    head(RESPONSE, 1, 0, 0);
    question("p.test", DNS_PTR);
    pointer(QUESTION_AT);
    middle(DNS_PTR, 5, 5);
    buf_add(&packet, SLICE("\3a\0b\0"));
    expect(DNS_PTR, "p.test", DNS_NODATA);
    assert_int_equal(answer.count, 0);
}

static void a_ttl_with_the_top_bit_set_is_zero(void **state)
{
    (void)state;
    head(RESPONSE, 1, 0, 0);
    question("a.test", DNS_A);
    a_record("a.test", 0x80000001, 1);
    expect(DNS_A, "a.test", DNS_FOUND);
    assert_int_equal(answer.ttl_s, 0);
}

/* ---- negative answers --------------------------------------------------------------- */

static void a_negative_answer_lives_as_long_as_the_soa_says(void **state)
{
    (void)state;
    static const struct {
        unsigned flags;
        bool has_soa;
        uint32_t soa_ttl_s;
        uint32_t minimum;
        enum dns_status status;
        uint32_t ttl_s;
        const char *why;
    } rows[] = {
        {NXDOMAIN, true,  900, 300, DNS_NXDOMAIN, 300, "the minimum is lower"  },
        {NXDOMAIN, true,  100, 300, DNS_NXDOMAIN, 100, "the SOA's own is lower"},
        {RESPONSE, true,  900, 300, DNS_NODATA,   300, "no data"               },
        {NXDOMAIN, false, 0,   0,   DNS_NXDOMAIN, 0,   "no SOA: not to be kept"},
        {RESPONSE, false, 0,   0,   DNS_NODATA,   0,   "no SOA: not to be kept"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        head(rows[i].flags, 0, rows[i].has_soa, 0);
        question("a.b.test", DNS_TXT);
        if (rows[i].has_soa) {
            soa("test", rows[i].soa_ttl_s, rows[i].minimum);
        }
        expect(DNS_TXT, "a.b.test", rows[i].status);
        if (answer.ttl_s != rows[i].ttl_s) {
            fail_msg("%s: %u", rows[i].why, answer.ttl_s);
        }
    }
}

static void an_nxdomain_is_about_the_end_of_the_cnames(void **state)
{
    (void)state;
    head(NXDOMAIN, 1, 1, 0);
    question("a.test", DNS_TXT);
    name_record("a.test", DNS_CNAME, 30, "b.test");
    soa("test", 900, 300);
    expect(DNS_TXT, "a.test", DNS_NXDOMAIN);
    assert_int_equal(answer.alias_count, 1);
    assert_true(slice_eq(answer.aliases[0], SLICE("b.test")));
    assert_int_equal(answer.ttl_s, 30);
}

static void an_nxdomain_with_records_is_an_nxdomain(void **state)
{
    (void)state;
    head(NXDOMAIN, 1, 0, 0);
    question("a.test", DNS_A);
    a_record("a.test", 30, 1);
    expect(DNS_A, "a.test", DNS_NXDOMAIN);
    assert_int_equal(answer.count, 0);
}

static void error_codes_are_server_failures_that_name_themselves(void **state)
{
    (void)state;
    static const struct {
        unsigned rcode;
        const char *word;
    } rows[] = {
        {1,  "FORMERR" },
        {2,  "SERVFAIL"},
        {4,  "NOTIMP"  },
        {5,  "REFUSED" },
        {9,  "NOTAUTH" },
        {11, "error"   }
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        head(0x8180 | rows[i].rcode, 0, 0, 0);
        question("a.test", DNS_A);
        expect(DNS_A, "a.test", DNS_SERVFAIL);
        slice word = slice_from_text(rows[i].word);
        assert_true(slice_find(answer.detail, word) < answer.detail.len);
    }
}

static void an_extended_error_code_in_an_opt_record_counts(void **state)
{
    (void)state;
    head(RESPONSE, 1, 0, 1);
    question("a.test", DNS_A);
    a_record("a.test", 30, 1);
    name("");
    u16(TYPE_OPT);
    u16(1232);
    u32(0x01000000); /* BADVERS */
    u16(0);
    expect(DNS_A, "a.test", DNS_SERVFAIL);
    head(RESPONSE, 1, 0, 1);
    question("a.test", DNS_A);
    a_record("a.test", 30, 1);
    name("");
    u16(TYPE_OPT);
    u16(1232);
    u32(0x00008000); /* DO */
    u16(0);
    expect(DNS_A, "a.test", DNS_FOUND);
}

static void a_referral_is_no_answer(void **state)
{
    (void)state;
    head(0x8100, 0, 1, 0); /* no recursion available */
    question("a.test", DNS_A);
    name_record("test", TYPE_NS, 30, "ns.test");
    expect(DNS_A, "a.test", DNS_SERVFAIL);
    assert_true(slice_find(answer.detail, SLICE("recursion")) < answer.detail.len);

    head(RESPONSE, 0, 1, 0);
    question("a.test", DNS_A);
    name_record("test", TYPE_NS, 30, "ns.test");
    expect(DNS_A, "a.test", DNS_NODATA);
}

/* ---- CNAME and DNAME ---------------------------------------------------------------- */

static void cnames_are_followed_in_whatever_order_they_stand(void **state)
{
    (void)state;
    static const int orders[][3] = {
        {0, 1, 2},
        {2, 1, 0},
        {1, 2, 0}
    };
    for (size_t i = 0; i < 3; i++) {
        head(RESPONSE, 3, 0, 0);
        question("a.test", DNS_A);
        for (size_t k = 0; k < 3; k++) {
            if (orders[i][k] == 0) {
                name_record("a.test", DNS_CNAME, 300, "B.test");
            } else if (orders[i][k] == 1) {
                name_record("b.test", DNS_CNAME, 20, "c.test");
            } else {
                a_record("c.test", 900, 7);
            }
        }
        expect(DNS_A, "a.test", DNS_FOUND);
        assert_int_equal(answer.count, 1);
        assert_int_equal(answer.ttl_s, 20);
        assert_int_equal(answer.alias_count, 2);
        assert_true(slice_eq(answer.aliases[0], SLICE("b.test")));
        assert_true(slice_eq(answer.aliases[1], SLICE("c.test")));
    }
}

static void chain(unsigned cnames)
{
    head(RESPONSE, cnames + 1, 0, 0);
    question("n0.test", DNS_A);
    for (unsigned i = 0; i < cnames; i++) {
        char from[32];
        char to[32];
        (void)snprintf(from, sizeof(from), "n%u.test", i);
        (void)snprintf(to, sizeof(to), "n%u.test", i + 1);
        name_record(from, DNS_CNAME, 60, to);
    }
    char last[32];
    (void)snprintf(last, sizeof(last), "n%u.test", cnames);
    a_record(last, 60, 1);
}

static void sixteen_cnames_are_followed_and_no_more(void **state)
{
    (void)state;
    chain(16);
    expect(DNS_A, "n0.test", DNS_FOUND);
    assert_int_equal(answer.alias_count, 16);
    chain(17);
    expect(DNS_A, "n0.test", DNS_SERVFAIL);
    assert_true(slice_find(answer.detail, SLICE("16")) < answer.detail.len);
}

static void a_circle_of_cnames_is_a_server_failure(void **state)
{
    (void)state;
    head(RESPONSE, 2, 0, 0);
    question("a.test", DNS_A);
    name_record("a.test", DNS_CNAME, 60, "b.test");
    name_record("b.test", DNS_CNAME, 60, "a.test");
    expect(DNS_A, "a.test", DNS_SERVFAIL);
}

static void a_dname_stands_beside_the_cname_it_made(void **state)
{
    (void)state;
    head(RESPONSE, 3, 0, 0);
    question("www.old.test", DNS_A);
    name_record("old.test", TYPE_DNAME, 60, "new.test");
    name_record("www.old.test", DNS_CNAME, 60, "www.new.test");
    a_record("www.new.test", 60, 3);
    expect(DNS_A, "www.old.test", DNS_FOUND);
    assert_int_equal(answer.alias_count, 1);
}

static void a_dname_alone_is_followed_too(void **state)
{
    (void)state;
    head(RESPONSE, 4, 0, 0);
    question("www.old.test", DNS_A);
    name_record("d.test", TYPE_DNAME, 60, "wrong.test");
    name_record("ld.test", TYPE_DNAME, 60, "wrong.test"); /* no label boundary */
    name_record("old.test", TYPE_DNAME, 10, "new.test");
    a_record("www.new.test", 60, 3);
    expect(DNS_A, "www.old.test", DNS_FOUND);
    assert_int_equal(answer.alias_count, 1);
    assert_true(slice_eq(answer.aliases[0], SLICE("www.new.test")));
    assert_int_equal(answer.ttl_s, 10);

    head(RESPONSE, 2, 0, 0); /* to the root */
    question("www.old.test", DNS_A);
    name_record("old.test", TYPE_DNAME, 10, "");
    a_record("www", 60, 3);
    expect(DNS_A, "www.old.test", DNS_FOUND);

    head(RESPONSE, 1, 0, 0); /* RFC 6672 section 2.4: not the name itself */
    question("old.test", DNS_A);
    name_record("old.test", TYPE_DNAME, 10, "new.test");
    expect(DNS_A, "old.test", DNS_NODATA);
}

static void a_dname_that_makes_the_name_too_long_is_a_server_failure(void **state)
{
    (void)state;
    head(RESPONSE, 1, 0, 0);
    question("a.test", DNS_A);
    name_record("test", TYPE_DNAME, 10,
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.test");
    expect(DNS_A, "a.test", DNS_SERVFAIL);
    assert_true(slice_find(answer.detail, SLICE("cannot be asked")) < answer.detail.len);
    head(RESPONSE, 1, 0, 0);
    question("a.test", DNS_A);
    name_record("test", TYPE_DNAME, 10, "x.test"); /* grows slowly */
    expect(DNS_A, "a.test", DNS_SERVFAIL);
    assert_true(slice_find(answer.detail, SLICE("16")) < answer.detail.len);
}

static void a_cname_to_a_name_without_text_form_is_a_server_failure(void **state)
{
    (void)state;
    head(RESPONSE, 1, 0, 0);
    question("a.test", DNS_A);
    pointer(QUESTION_AT);
    middle(DNS_CNAME, 5, 5);
    buf_add(&packet, SLICE("\3a.b\0"));
    expect(DNS_A, "a.test", DNS_SERVFAIL);
    assert_true(slice_find(answer.detail, SLICE("cannot be asked")) < answer.detail.len);
}

/* ---- what cannot be read ------------------------------------------------------------ */

static void what_is_no_answer_to_the_question_is_refused(void **state)
{
    (void)state;
    static const struct {
        unsigned flags;
        const char *name;
        unsigned type;
        const char *word;
    } rows[] = {
        {0x0180, "a.test",   DNS_A,    "no response"     },
        {0xa180, "a.test",   DNS_A,    "no response"     },
        {0x8380, "a.test",   DNS_A,    "truncated"       },
        {0x8180, "b.test",   DNS_A,    "another question"},
        {0x8180, "a.test.x", DNS_A,    "another question"},
        {0x8180, "a",        DNS_A,    "another question"},
        {0x8180, "a.test",   DNS_AAAA, "another question"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        head(rows[i].flags, 0, 0, 0);
        question(rows[i].name, rows[i].type);
        expect_unreadable(DNS_A, "a.test", rows[i].word);
    }
    head(RESPONSE, 0, 0, 0);
    name("a.test");
    u16(DNS_A);
    u16(3);
    expect_unreadable(DNS_A, "a.test", "another question");
    head(RESPONSE, 0, 0, 0);
    buf_add(&packet, SLICE("\6a.test\0\0\1\0\1")); /* one label that holds a dot */
    expect_unreadable(DNS_A, "a.test", "another question");
}

static void a_question_may_be_missing_from_an_error_only(void **state)
{
    (void)state;
    static const unsigned flags[] = {0x8185, 0x8180, 0x8183};
    for (size_t i = 0; i < 3; i++) {
        head(flags[i], 0, 0, 0);
        packet.ptr[5] = 0; /* QDCOUNT */
        if (i == 0) {
            expect(DNS_A, "a.test", DNS_SERVFAIL);
        } else {
            expect_unreadable(DNS_A, "a.test", "repeat the question");
        }
    }
}

static void malformed_data_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum dns_type type;
        slice rdata;
        const char *why;
    } rows[] = {
        {DNS_A,     SLICE_INIT("\1\2\3"),          "short address"             },
        {DNS_A,     SLICE_INIT("\1\2\3\4\5"),      "long address"              },
        {DNS_AAAA,  SLICE_INIT("0123456789abcde"), "short address"             },
        {DNS_TXT,   SLICE_INIT(""),                "no string"                 },
        {DNS_TXT,   SLICE_INIT("\5abcd"),          "string over the end"       },
        {DNS_TXT,   SLICE_INIT("\1a\377"),         "second string over the end"},
        {DNS_MX,    SLICE_INIT("\0\1"),            "no exchange"               },
        {DNS_MX,    SLICE_INIT(""),                "nothing"                   },
        {DNS_MX,    SLICE_INIT("\0\1\1a\0x"),      "octets behind the name"    },
        {DNS_MX,    SLICE_INIT("\0\1\1a"),         "name over the end"         },
        {DNS_PTR,   SLICE_INIT("\300"),            "half a pointer"            },
        {DNS_PTR,   SLICE_INIT("\300\377"),        "pointer forward"           },
        {DNS_PTR,   SLICE_INIT("\1a\300\44"),      "pointer to itself"         },
        {DNS_PTR,   SLICE_INIT("\100a\0"),         "label type 01"             },
        {DNS_CNAME, SLICE_INIT("\200a\0"),         "label type 10"             },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        head(RESPONSE, 1, 0, 0);
        question("a.test", rows[i].type);
        pointer(QUESTION_AT);
        middle(rows[i].type, 5, rows[i].rdata.len);
        buf_add(&packet, rows[i].rdata);
        buf_add(&packet, SLICE("\0\0\0\0\0\0")); /* behind the record: not part of it */
        if (read_as(rows[i].type, "a.test") != YETT_BAD_SYNTAX) {
            fail_msg("%s (row %zu)", rows[i].why, i);
        }
        assert_non_null(strstr(why, "malformed"));
    }
}

static void a_malformed_cname_or_dname_on_the_way_is_refused(void **state)
{
    (void)state;
    static const unsigned types[] = {DNS_CNAME, TYPE_DNAME};
    for (size_t i = 0; i < 2; i++) {
        head(RESPONSE, 1, 0, 0);
        question("a.test", DNS_A);
        name(i == 0 ? "a.test" : "test");
        middle(types[i], 5, 3);
        buf_add(&packet, SLICE("\5ab"));
        expect_unreadable(DNS_A, "a.test", i == 0 ? "CNAME" : "DNAME");
    }
}

static void full_packet(void)
{
    head(RESPONSE, 3, 1, 1);
    question("a.test", DNS_MX);
    name_record("a.test", DNS_CNAME, 60, "b.test");
    name("b.test");
    middle(DNS_MX, 60, 4);
    u16(5);
    pointer(QUESTION_AT);
    name_record("b.test", TYPE_RRSIG, 60, "x.test");
    soa("test", 5, 5);
    name("");
    u16(TYPE_OPT);
    u16(1232);
    u32(0);
    u16(0);
}

static void a_packet_cut_anywhere_is_refused(void **state)
{
    (void)state;
    full_packet();
    expect(DNS_MX, "a.test", DNS_FOUND);
    size_t whole = here();
    for (size_t cut = 0; cut < whole; cut++) {
        full_packet();
        /* in memory of its own, so that a sanitizer sees a read behind it */
        struct arena *own = arena_new(4096);
        slice part;
        assert_int_equal(arena_copy(own, slice_first(buf_slice(&packet), cut), &part),
                         YETT_OK);
        struct dns_question asked = {DNS_MX, SLICE("a.test")};
        why = NULL;
        enum yett_err err = dns_packet_read(arena, part, asked, &answer, &why);
        if (err != YETT_BAD_SYNTAX || why == NULL) {
            fail_msg("cut at %zu of %zu", cut, whole);
        }
        arena_free(own);
    }
    full_packet();
    buf_add(&packet, SLICE("trailing octets"));
    expect(DNS_MX, "a.test", DNS_FOUND);
}

static void a_longer_chain_of_pointers_than_a_name_needs_is_malformed(void **state)
{
    (void)state;
    for (unsigned pointers = 100; pointers <= 200; pointers += 100) {
        head(RESPONSE, 2, 0, 0);
        question("p.test", DNS_PTR);
        name("x.test");
        middle(TYPE_RRSIG, 1, 2 * pointers + 3);
        size_t at = here();
        buf_add(&packet, SLICE("\1a\0"));
        for (unsigned i = 0; i < pointers; i++) {
            pointer(i == 0 ? at : at + 3 + 2 * (i - 1));
        }
        name("p.test");
        middle(DNS_PTR, 1, 2);
        pointer(here() - 2 - 10 - 8); /* the last of them */
        if (pointers == 100) {
            expect(DNS_PTR, "p.test", DNS_FOUND);
            assert_true(slice_eq(answer.records[0].name, SLICE("a")));
        } else {
            expect_unreadable(DNS_PTR, "p.test", "malformed");
        }
    }
}

static void the_largest_hostile_packet_is_read_at_once(void **state)
{
    (void)state;
    /* sixteen CNAMEs at the very end, thousands of long owners before them */
    head(RESPONSE, 0, 0, 0);
    question("n0.test", DNS_A);
    name("x.test");
    middle(TYPE_RRSIG, 1, 255);
    size_t at = here();
    for (int i = 0; i < 127; i++) {
        buf_add(&packet, SLICE("\1a"));
    }
    buf_add_byte(&packet, '\0');
    unsigned records = 1;
    while (here() < 64000) {
        pointer(at);
        middle(DNS_CNAME, 1, 0);
        records++;
    }
    for (unsigned i = 16; i-- > 0; records++) {
        char from[32];
        char to[32];
        (void)snprintf(from, sizeof(from), "n%u.test", i);
        (void)snprintf(to, sizeof(to), "n%u.test", i + 1);
        name_record(from, DNS_CNAME, 60, to);
    }
    packet.ptr[6] = (char)(unsigned char)(records >> 8);
    packet.ptr[7] = (char)(unsigned char)records;
    size_t before = arena_used_bytes(arena);
    clock_t start = clock();
    expect(DNS_A, "n0.test", DNS_NODATA);
    assert_true(clock() - start < CLOCKS_PER_SEC);
    assert_int_equal(answer.alias_count, 16);
    assert_true(arena_used_bytes(arena) - before < 32768);
}

static void out_of_memory_is_said(void **state)
{
    (void)state;
    full_packet();
    struct dns_question asked = {DNS_MX, SLICE("a.test")};
    enum yett_err err = YETT_NO_MEMORY;
    size_t ceiling = 0;
    for (; err == YETT_NO_MEMORY && ceiling < 4096; ceiling += 16) {
        struct arena *small = arena_new(ceiling);
        answer = (struct dns_answer){.status = DNS_BOGUS};
        err = dns_packet_read(small, buf_slice(&packet), asked, &answer, &why);
        assert_int_equal(answer.status, err == YETT_OK ? DNS_FOUND : DNS_BOGUS);
        arena_free(small);
    }
    assert_int_equal(err, YETT_OK);
    assert_true(ceiling > 128);
}

static void rdata_of_a_scanner_is_read_by_its_type(void **state)
{
    (void)state;
    struct dns_record record;
    assert_int_equal(dns_record_from_wire(arena, DNS_MX, SLICE("\0\5\1a\0"), &record),
                     YETT_OK);
    assert_int_equal(record.preference, 5);
    assert_true(slice_eq(record.name, SLICE("a")));
    assert_int_equal(dns_record_from_wire(arena, DNS_MX, SLICE("\0\5\3a.b\0"), &record),
                     YETT_NOT_FOUND);
    assert_int_equal(dns_record_from_wire(arena, DNS_A, SLICE("\0\5"), &record),
                     YETT_BAD_SYNTAX);
    assert_int_equal(dns_record_from_wire(arena, DNS_MX, SLICE_NONE, &record),
                     YETT_BAD_SYNTAX);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_are_read_in_order_and_the_lowest_ttl_counts),
        TEST(the_strings_of_a_txt_record_are_joined),
        TEST(every_other_type_is_read_too),
        TEST(records_of_other_owners_types_and_classes_are_passed_over),
        TEST(a_record_whose_name_has_no_text_form_is_passed_over),
        TEST(a_ttl_with_the_top_bit_set_is_zero),
        TEST(a_negative_answer_lives_as_long_as_the_soa_says),
        TEST(an_nxdomain_is_about_the_end_of_the_cnames),
        TEST(an_nxdomain_with_records_is_an_nxdomain),
        TEST(error_codes_are_server_failures_that_name_themselves),
        TEST(an_extended_error_code_in_an_opt_record_counts),
        TEST(a_referral_is_no_answer),
        TEST(cnames_are_followed_in_whatever_order_they_stand),
        TEST(sixteen_cnames_are_followed_and_no_more),
        TEST(a_circle_of_cnames_is_a_server_failure),
        TEST(a_dname_stands_beside_the_cname_it_made),
        TEST(a_dname_alone_is_followed_too),
        TEST(a_dname_that_makes_the_name_too_long_is_a_server_failure),
        TEST(a_cname_to_a_name_without_text_form_is_a_server_failure),
        TEST(what_is_no_answer_to_the_question_is_refused),
        TEST(a_question_may_be_missing_from_an_error_only),
        TEST(malformed_data_are_refused),
        TEST(a_malformed_cname_or_dname_on_the_way_is_refused),
        TEST(a_packet_cut_anywhere_is_refused),
        TEST(a_longer_chain_of_pointers_than_a_name_needs_is_malformed),
        TEST(the_largest_hostile_packet_is_read_at_once),
        TEST(out_of_memory_is_said),
        TEST(rdata_of_a_scanner_is_read_by_its_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
