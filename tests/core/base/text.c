/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/arena.h"
#include "core/base/base64.h"
#include "core/base/buf.h"
#include "core/base/date.h"
#include "core/base/ip.h"
#include "core/base/num.h"
#include "core/base/siphash.h"
#include "core/base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void cuts_beyond_the_end_are_cuts_at_the_end(void **state)
{
    (void)state;
    slice s = SLICE("abcdef");
    assert_true(slice_eq(slice_first(s, 99), s));
    assert_int_equal(slice_skip(s, 99).len, 0);
    assert_true(slice_eq(slice_last(s, 2), SLICE("ef")));
    assert_true(slice_eq(slice_between(s, 2, 4), SLICE("cd")));
    assert_int_equal(slice_between(s, 4, 2).len, 0);
    assert_int_equal(slice_skip(SLICE_NONE, 3).len, 0);
    assert_true(slice_eq(SLICE_NONE, SLICE("")));
}

static void pieces_of_a_list_keep_the_empty_ones(void **state)
{
    (void)state;
    slice in = SLICE("a,,b,");
    static const char *const expected[] = {"a", "", "b", ""};
    slice piece;
    for (size_t i = 0; i < 4; i++) {
        assert_true(slice_next_piece(&in, ',', &piece));
        assert_true(slice_eq(piece, slice_from_text(expected[i])));
    }
    assert_false(slice_next_piece(&in, ',', &piece));
}

static void searching_finds_first_last_or_the_end(void **state)
{
    (void)state;
    slice s = SLICE("abcabc");
    assert_int_equal(slice_find_byte(s, 'c'), 2);
    assert_int_equal(slice_find_last_byte(s, 'c'), 5);
    assert_int_equal(slice_find_byte(s, 'x'), 6);
    assert_int_equal(slice_find(s, SLICE("ca")), 2);
    assert_int_equal(slice_find_nocase(s, SLICE("CA")), 2);
    assert_int_equal(slice_find(SLICE_NONE, SLICE("a")), 0);
    assert_true(slice_cmp(SLICE("ab"), SLICE("abc")) < 0);
    assert_true(slice_cmp_nocase(SLICE("AB"), SLICE("ab")) == 0);
}

static void numbers_stop_at_their_maximum(void **state)
{
    (void)state;
    uint64_t value;
    slice in = SLICE("255x");
    assert_int_equal(num_take_uint(&in, 255, &value), YETT_OK);
    assert_int_equal(value, 255);
    assert_true(slice_eq(in, SLICE("x")));
    assert_int_equal(num_parse_uint(SLICE("256"), 255, &value), YETT_LIMIT);
    assert_int_equal(num_parse_uint(SLICE("18446744073709551615"), UINT64_MAX, &value),
                     YETT_OK);
    assert_int_equal(num_parse_uint(SLICE("18446744073709551616"), UINT64_MAX, &value),
                     YETT_LIMIT);
    assert_int_equal(num_parse_uint(SLICE(""), 10, &value), YETT_BAD_SYNTAX);
    assert_int_equal(num_parse_uint(SLICE("-1"), 10, &value), YETT_BAD_SYNTAX);
    assert_int_equal(num_parse_uint(SLICE("1 "), 10, &value), YETT_BAD_SYNTAX);
    size_t size;
    assert_false(num_add(SIZE_MAX, 1, &size));
    assert_false(num_mul(SIZE_MAX, 2, &size));
}

static void base64_decodes_what_rfc_4648_encodes(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *encoded;
    } rows[] = {
        {"",       ""        },
        {"f",      "Zg=="    },
        {"fo",     "Zm8="    },
        {"foo",    "Zm9v"    },
        {"foob",   "Zm9vYg=="},
        {"fooba",  "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"}
    };
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice out;
        size_t bad;
        struct buf buf;
        buf_init(&buf, arena, 100);
        base64_encode(&buf, slice_from_text(rows[i].plain));
        assert_true(slice_eq(buf_slice(&buf), slice_from_text(rows[i].encoded)));
        assert_int_equal(
            base64_decode(arena, slice_from_text(rows[i].encoded), &out, &bad), YETT_OK);
        assert_true(slice_eq(out, slice_from_text(rows[i].plain)));
    }
    arena_free(arena);
}

static void base64_takes_folding_and_missing_padding_and_points_at_rubbish(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int bad_at; /* -1: fine */
        const char *why;
    } rows[] = {
        {"Zm9v\r\n YmFy", -1, "folded"                            },
        {"Zg = =",        -1, "white space within the padding"    },
        {"Zg",            -1, "no padding (RFC 6376 section 2.10)"},
        {"Zg=",           3,  "half the padding"                  },
        {"Zm9v=",         4,  "padding where none belongs"        },
        {"Z",             1,  "one digit is no octet"             },
        {"Zm*9v",         2,  "not in the alphabet"               },
        {"Zg==Zg==",      4,  "text after the padding"            },
        {"=",             0,  "padding alone"                     },
    };
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice out;
        size_t bad = 999;
        enum yett_err err =
            base64_decode(arena, slice_from_text(rows[i].text), &out, &bad);
        if (rows[i].bad_at < 0
                ? err != YETT_OK
                : err != YETT_BAD_SYNTAX || bad != (size_t)rows[i].bad_at) {
            fail_msg("%s: %d at %zu", rows[i].why, (int)err, bad);
        }
    }
    arena_free(arena);
}

static void base64_is_read_alike_wherever_something_stands_between_the_digits(
    void **state)
{
    (void)state;
    static const char digits[] = "AAECAwQFBgcICQoLDA0ODxAREhP/+g==";
    static const char plain[] =
        "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\377\372";
    const size_t octets = sizeof(plain) - 1;
    struct arena *arena = arena_new(1 << 16);
    for (size_t at = 0; at < sizeof(digits); at++) {
        for (size_t size = 1; size < 3; size++) {
            char text[sizeof(digits) + 2];
            slice out = SLICE_NONE;
            size_t bad = 999;
            memcpy(text, digits, at);
            memcpy(text + at, "\r\n", size);
            memcpy(text + at + size, digits + at, sizeof(digits) - at);
            slice in = slice_of(text, sizeof(digits) - 1 + size);
            assert_int_equal(base64_decode(arena, in, &out, &bad), YETT_OK);
            assert_true(slice_eq(out, slice_of(plain, octets)));
            text[at] = '\x80';
            assert_int_equal(base64_decode(arena, in, &out, &bad), YETT_BAD_SYNTAX);
            assert_int_equal(bad, at);
        }
    }
    arena_free(arena);
}

static void addresses_are_read_strictly_and_written_as_rfc_5952_says(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written; /* NULL: refused */
    } rows[] = {
        {"192.0.2.1",               "192.0.2.1"           },
        {"192.0.2.01",              NULL                  },
        {"192.0.2",                 NULL                  },
        {"192.0.2.256",             NULL                  },
        {"192.0.2.1 ",              NULL                  },
        {"2001:DB8::1",             "2001:db8::1"         },
        {"2001:db8:0:0:0:0:0:1",    "2001:db8::1"         },
        {"::",                      "::"                  },
        {"::1",                     "::1"                 },
        {"1::",                     "1::"                 },
        {"1:2:3:4:5:6:7::",         "1:2:3:4:5:6:7:0"     },
        {"::2:3:4:5:6:7:8",         "0:2:3:4:5:6:7:8"     },
        {"1:2:3:4:5:6:7:8::",       NULL                  },
        {"1:2:3:4:5:6:7:8",         "1:2:3:4:5:6:7:8"     },
        {"1:0:0:4:0:0:0:8",         "1:0:0:4::8"          },
        {"::ffff:192.0.2.1",        "::ffff:c000:201"     },
        {"1:2:3:4:5:6:192.0.2.1",   "1:2:3:4:5:6:c000:201"},
        {"1:2:3:4:5:6:7:192.0.2.1", NULL                  },
        {"1.2.3.4::1",              NULL                  },
        {"1:2.3.4.5::",             NULL                  },
        {"12345::",                 NULL                  },
        {"1:::2",                   NULL                  },
        {"1::2::3",                 NULL                  },
        {":1",                      NULL                  },
        {"1:",                      NULL                  },
        {":",                       NULL                  },
        {"fe80::1%eth0",            NULL                  },
        {"",                        NULL                  },
    };
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ip ip;
        struct buf buf;
        enum yett_err err = ip_parse(slice_from_text(rows[i].text), &ip);
        if (rows[i].written == NULL) {
            if (err != YETT_BAD_SYNTAX) {
                fail_msg("%s was accepted", rows[i].text);
            }
            continue;
        }
        assert_int_equal(err, YETT_OK);
        buf_init(&buf, arena, 100);
        ip_write(&buf, ip);
        if (!slice_eq(buf_slice(&buf), slice_from_text(rows[i].written))) {
            fail_msg("%s: %.*s", rows[i].text, SLICE_ARG(buf_slice(&buf)));
        }
    }
    arena_free(arena);
}

static struct ip ip_of(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(slice_from_text(text), &ip), YETT_OK);
    return ip;
}

static struct ip_network network_of(const char *text)
{
    struct ip_network network;
    assert_int_equal(ip_parse_network(slice_from_text(text), &network), YETT_OK);
    return network;
}

static void networks_compare_bit_by_bit(void **state)
{
    (void)state;
    assert_true(ip_in_network(ip_of("192.0.2.130"), network_of("192.0.2.128/25")));
    assert_false(ip_in_network(ip_of("192.0.2.127"), network_of("192.0.2.128/25")));
    assert_true(ip_in_network(ip_of("1.2.3.4"), network_of("0.0.0.0/0")));
    assert_false(ip_in_network(ip_of("::1"), network_of("0.0.0.0/0")));
    assert_true(ip_in_network(ip_of("2001:db8::1"), network_of("2001:db8::1")));
    assert_true(ip_in_network(ip_of("2001:db8:ffff::"), network_of("2001:db8::/31")));
    struct ip_network network;
    assert_int_equal(ip_parse_network(SLICE("192.0.2.0/33"), &network), YETT_BAD_SYNTAX);
    assert_int_equal(ip_parse_network(SLICE("192.0.2.0/"), &network), YETT_BAD_SYNTAX);
    assert_true(ip_eq(ip_unmap(ip_of("::ffff:192.0.2.1")), ip_of("192.0.2.1")));
    assert_true(ip_is_private(ip_of("10.1.2.3")));
    assert_true(ip_is_private(ip_of("fd00::1")));
    assert_false(ip_is_private(ip_of("8.8.8.8")));
    assert_int_equal(ip_source_network(ip_of("192.0.2.77")).prefix, 24);
    assert_true(ip_eq(ip_source_network(ip_of("2001:db8:1:2:3::")).address,
                      ip_of("2001:db8:1:2::")));
}

static void dates_of_mail_are_read_with_their_zones(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t epoch; /* -1: refused */
    } rows[] = {
        {"Thu, 01 Jan 1970 00:00:00 +0000",     0         },
        {"Tue, 24 Nov 2026 02:35:00 +0000",     1795487700},
        {"24 Nov 2026 03:35:00 +0100",          1795487700},
        {"24 Nov 26 03:35 +0100",               1795487700},
        {"Mon, 23 Nov 2026 21:35:00 EST",       1795487700},
        {"Tue, 24 Nov 2026 02:35:00 (comment)", -1        },
        {"Tue, 24 Nov 2026 02:35:00 GMT (UTC)", 1795487700},
        {"29 Feb 2026 00:00:00 +0000",          -1        },
        {"24 Nov 2026 24:00:00 +0000",          -1        },
        {"24 Nov 2026",                         -1        },
        {"",                                    -1        },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t epoch = -1;
        enum yett_err err = date_parse_rfc5322(slice_from_text(rows[i].text), &epoch);
        if ((err == YETT_OK) != (rows[i].epoch >= 0) || epoch != rows[i].epoch) {
            fail_msg("%s: %d, %lld", rows[i].text, (int)err, (long long)epoch);
        }
    }
}

static void days_survive_being_written_and_read(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 24);
    for (int64_t day = -200000; day < 200000; day += 37) {
        struct buf buf;
        int64_t epoch = day * 86400 + 12345;
        int64_t read = 0;
        struct arena_mark mark = arena_mark(arena);
        buf_init(&buf, arena, 100);
        date_write_rfc5322(&buf, epoch);
        assert_int_equal(buf_err(&buf), YETT_OK);
        assert_int_equal(date_parse_rfc5322(buf_slice(&buf), &read), YETT_OK);
        assert_int_equal(read, epoch);
        buf_truncate(&buf, 0);
        date_write_iso(&buf, epoch);
        assert_int_equal(date_parse_iso_day(slice_first(buf_slice(&buf), 10), &read),
                         YETT_OK);
        assert_int_equal(read, day * 86400);
        arena_rewind(arena, mark);
    }
    arena_free(arena);
}

static void siphash_gives_the_vector_of_its_authors(void **state)
{
    (void)state;
    uint8_t key[16];
    char bytes[15];
    for (size_t i = 0; i < 16; i++) {
        key[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < 15; i++) {
        bytes[i] = (char)i;
    }
    assert_true(siphash(key, slice_of(bytes, 15)) == 0xa129ca6149be45e5u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_beyond_the_end_are_cuts_at_the_end),
        cmocka_unit_test(pieces_of_a_list_keep_the_empty_ones),
        cmocka_unit_test(searching_finds_first_last_or_the_end),
        cmocka_unit_test(numbers_stop_at_their_maximum),
        cmocka_unit_test(base64_decodes_what_rfc_4648_encodes),
        cmocka_unit_test(base64_takes_folding_and_missing_padding_and_points_at_rubbish),
        cmocka_unit_test(
            base64_is_read_alike_wherever_something_stands_between_the_digits),
        cmocka_unit_test(addresses_are_read_strictly_and_written_as_rfc_5952_says),
        cmocka_unit_test(networks_compare_bit_by_bit),
        cmocka_unit_test(dates_of_mail_are_read_with_their_zones),
        cmocka_unit_test(days_survive_being_written_and_read),
        cmocka_unit_test(siphash_gives_the_vector_of_its_authors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
