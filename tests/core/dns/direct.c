/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/dns/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    ID = 0x1234,
    AUTHORITATIVE = 0x8400,
    RECURSIVE = 0x8180,
    PLAIN = 0x8000,
    TRUNCATED = 0x8600,
    CNAME = 5
};

static struct arena *arena;
static struct buf packet;
static struct dns_reply reply;
static const char *why;

static const struct dns_direct_question txt = {
    DNS_DIRECT_TXT, {"a.test", 6},
     false
};

static int begin(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void u16(unsigned value)
{
    buf_add_byte(&packet, (char)(unsigned char)(value >> 8));
    buf_add_byte(&packet, (char)(unsigned char)value);
}

static void head(unsigned flags, unsigned type, unsigned answers, unsigned authority)
{
    buf_init(&packet, arena, 70000);
    u16(ID);
    u16(flags);
    u16(1);
    u16(answers);
    u16(authority);
    u16(0);
    buf_add(&packet, SLICE("\1A\4tESt\0"));
    u16(type);
    u16(1);
}

/* Its owner is the name of the question. */
static void record(unsigned type, unsigned ttl_s, slice rdata)
{
    u16(0xc00c);
    u16(type);
    u16(1);
    u16(0);
    u16(ttl_s);
    u16((unsigned)rdata.len);
    buf_add(&packet, rdata);
}

static enum yett_err read_as(struct dns_direct_question question)
{
    why = NULL;
    reply = (struct dns_reply){.rcode = 99};
    return dns_reply_read(arena, buf_slice(&packet), ID, question, &reply, &why);
}

static void a_question_is_a_packet_of_rfc_1035(void **state)
{
    (void)state;
    buf_init(&packet, arena, 512);
    dns_query_write(&packet, 0x1234, txt);
    assert_true(slice_eq(buf_slice(&packet), SLICE("\x12\x34\0\0\0\1\0\0\0\0\0\0"
                                                   "\1a\4test\0\0\x10\0\1")));
    buf_init(&packet, arena, 512);
    dns_query_write(&packet, 1,
                    (struct dns_direct_question){DNS_DIRECT_NS, SLICE_NONE, true});
    assert_true(slice_eq(buf_slice(&packet), SLICE("\0\1\1\0\0\1\0\0\0\0\0\0"
                                                   "\0\0\2\0\1")));
}

static void strings_of_txt_stay_as_they_are(void **state)
{
    (void)state;
    head(AUTHORITATIVE, DNS_DIRECT_TXT, 2, 0);
    record(DNS_DIRECT_TXT, 300, SLICE("\2ab\1c"));
    record(DNS_DIRECT_TXT, 60, SLICE("\0"));
    assert_int_equal(read_as(txt), YETT_OK);
    assert_true(reply.is_authoritative);
    assert_false(reply.is_truncated);
    assert_false(reply.is_referral);
    assert_int_equal(reply.rcode, 0);
    assert_int_equal(reply.count, 2);
    assert_int_equal(reply.ttl_s, 60);
    assert_true(slice_eq(reply.values[0], SLICE("\2ab\1c")));
    assert_true(slice_eq(reply.values[1], SLICE("\0")));
    assert_int_equal(reply.alias.len, 0);
}

static void servers_and_addresses_are_read(void **state)
{
    (void)state;
    struct dns_direct_question question = {DNS_DIRECT_NS, SLICE("a.test"), true};
    head(RECURSIVE, DNS_DIRECT_NS, 2, 0);
    record(DNS_DIRECT_NS, 9, SLICE("\3NS1\xc0\x0c"));
    record(DNS_DIRECT_NS, 9, SLICE("\3ns2\5other\0"));
    assert_int_equal(read_as(question), YETT_OK);
    assert_int_equal(reply.count, 2);
    assert_true(slice_eq(reply.values[0], SLICE("ns1.a.test")));
    assert_true(slice_eq(reply.values[1], SLICE("ns2.other")));
    assert_false(reply.is_authoritative);

    question.type = DNS_DIRECT_SOA;
    head(RECURSIVE, DNS_DIRECT_SOA, 1, 0);
    record(DNS_DIRECT_SOA, 9,
           SLICE("\3ns1\xc0\x0c\xc0\x0c"
                 "12345678901234567890"));
    assert_int_equal(read_as(question), YETT_OK);
    assert_true(slice_eq(reply.values[0], SLICE("ns1.a.test")));

    question.type = DNS_DIRECT_A;
    head(RECURSIVE, DNS_DIRECT_A, 1, 0);
    record(DNS_DIRECT_A, 9, SLICE("\x7f\0\0\1"));
    assert_int_equal(read_as(question), YETT_OK);
    assert_true(slice_eq(reply.values[0], SLICE("\x7f\0\0\1")));

    question.type = DNS_DIRECT_AAAA;
    head(RECURSIVE, DNS_DIRECT_AAAA, 1, 0);
    record(DNS_DIRECT_AAAA, 9, SLICE("0123456789abcdef"));
    assert_int_equal(read_as(question), YETT_OK);
    assert_int_equal(reply.values[0].len, 16);
}

static void an_alias_is_told_and_not_followed(void **state)
{
    (void)state;
    head(AUTHORITATIVE, DNS_DIRECT_TXT, 2, 0);
    record(CNAME, 300, SLICE("\1b\4test\0"));
    buf_add(&packet, SLICE("\1b\4test\0\0\x10\0\1\0\0\0\5\0\2\1x"));
    assert_int_equal(read_as(txt), YETT_OK);
    assert_int_equal(reply.count, 0);
    assert_true(slice_eq(reply.alias, SLICE("b.test")));
}

static void who_only_refers_to_others_is_known_by_it(void **state)
{
    (void)state;
    head(PLAIN, DNS_DIRECT_TXT, 0, 1);
    record(DNS_DIRECT_NS, 9, SLICE("\3ns1\5other\0"));
    assert_int_equal(read_as(txt), YETT_OK);
    assert_true(reply.is_referral);

    head(AUTHORITATIVE, DNS_DIRECT_TXT, 0, 1);
    record(DNS_DIRECT_NS, 9, SLICE("\3ns1\5other\0"));
    assert_int_equal(read_as(txt), YETT_OK);
    assert_false(reply.is_referral);
}

static void a_truncated_reply_says_only_that(void **state)
{
    (void)state;
    head(TRUNCATED, DNS_DIRECT_TXT, 5, 0);
    assert_int_equal(read_as(txt), YETT_OK);
    assert_true(reply.is_truncated);
    assert_int_equal(reply.count, 0);
}

static void the_response_code_is_given_and_has_a_name(void **state)
{
    (void)state;
    head(PLAIN | 5, DNS_DIRECT_TXT, 0, 0);
    assert_int_equal(read_as(txt), YETT_OK);
    assert_int_equal(reply.rcode, 5);
    assert_string_equal(dns_rcode_text(5), "REFUSED");
    assert_string_equal(dns_rcode_text(0), "NOERROR");
    assert_string_equal(dns_rcode_text(10), "NOTZONE");
    assert_null(dns_rcode_text(11));
}

static void what_does_not_belong_to_the_question_is_refused(void **state)
{
    (void)state;
    struct dns_direct_question other = {DNS_DIRECT_TXT, SLICE("b.test"), false};
    struct dns_direct_question address = {DNS_DIRECT_A, SLICE("a.test"), false};

    head(AUTHORITATIVE, DNS_DIRECT_TXT, 0, 0);
    assert_int_equal(read_as(other), YETT_BAD_SYNTAX);
    assert_string_equal(why, "it answers another question");
    assert_int_equal(read_as(address), YETT_BAD_SYNTAX);
    assert_int_equal(reply.rcode, 99); /* untouched */
    assert_int_equal(dns_reply_read(arena, buf_slice(&packet), ID + 1, txt, &reply, &why),
                     YETT_BAD_SYNTAX);
    assert_string_equal(why, "it has another id than the question");
    head(0x0400, DNS_DIRECT_TXT, 0, 0);
    assert_int_equal(read_as(txt), YETT_BAD_SYNTAX);
    head(0xac00, DNS_DIRECT_TXT, 0, 0); /* the response to an update */
    assert_int_equal(read_as(txt), YETT_BAD_SYNTAX);
    assert_string_equal(why, "it is no response to a query");
}

static void malformed_data_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        enum dns_direct_type type;
        slice rdata;
    } rows[] = {
        {"a string longer than its record", DNS_DIRECT_TXT,  SLICE_INIT("\5abc")     },
        {"no string at all",                DNS_DIRECT_TXT,  SLICE_INIT("")          },
        {"three octets of an address",      DNS_DIRECT_A,    SLICE_INIT("\1\2\3")    },
        {"four octets of a long one",       DNS_DIRECT_AAAA, SLICE_INIT("\1\2\3\4")  },
        {"a name that leaves its record",   DNS_DIRECT_NS,   SLICE_INIT("\5abc")     },
        {"an SOA without its numbers",      DNS_DIRECT_SOA,  SLICE_INIT("\1a\0\1b\0")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        head(AUTHORITATIVE, rows[i].type, 1, 0);
        record(rows[i].type, 1, rows[i].rdata);
        enum yett_err err =
            read_as((struct dns_direct_question){rows[i].type, SLICE("a.test"), false});
        if (err != YETT_BAD_SYNTAX || why == NULL) {
            fail_msg("accepted: %s", rows[i].why);
        }
    }
    head(AUTHORITATIVE, DNS_DIRECT_TXT, 1, 0);
    record(CNAME, 1, SLICE("\5abc"));
    assert_int_equal(read_as(txt), YETT_BAD_SYNTAX);
    assert_string_equal(why, "a CNAME record in it is malformed");
}

static void a_reply_cut_anywhere_is_refused(void **state)
{
    (void)state;
    head(AUTHORITATIVE, DNS_DIRECT_TXT, 1, 0);
    record(DNS_DIRECT_TXT, 1, SLICE("\2ab"));
    slice whole = buf_slice(&packet);
    for (size_t length = 0; length < whole.len; length++) {
        assert_int_equal(
            dns_reply_read(arena, slice_first(whole, length), ID, txt, &reply, &why),
            YETT_BAD_SYNTAX);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_is_a_packet_of_rfc_1035),
        TEST(strings_of_txt_stay_as_they_are),
        TEST(servers_and_addresses_are_read),
        TEST(an_alias_is_told_and_not_followed),
        TEST(who_only_refers_to_others_is_known_by_it),
        TEST(a_truncated_reply_says_only_that),
        TEST(the_response_code_is_given_and_has_a_name),
        TEST(what_does_not_belong_to_the_question_is_refused),
        TEST(malformed_data_are_refused),
        TEST(a_reply_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
