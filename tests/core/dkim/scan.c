/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Built twice: with what this machine uses, and with what any machine can use. */

enum { LENGTH_MAX = 200 };

/* Exact size on the heap, so that a sanitizer sees an octet read too many. */
static void assert_as_slow(const char *octets, size_t len)
{
    static const char stops[] = {'\t', '\r', 'q'};
    char *text = malloc(len == 0 ? 1 : len);
    assert_non_null(text);
    memcpy(text, octets, len);
    for (size_t i = 0; i < sizeof(stops); i++) {
        slice whole = slice_of(text, len);
        assert_int_equal(dkim_scan(whole, stops[i]),
                         dkim_scan_slowly(whole, 0, stops[i]));
    }
    assert_int_equal(dkim_scan_wsp(slice_of(text, len)),
                     dkim_scan_wsp_slowly(slice_of(text, len), 0));
    free(text);
}

static void plain(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        text[i] = i % 7 == 3 ? ' ' : (char)('A' + i % 26);
    }
}

static void every_octet_is_found_at_every_place_at_every_length(void **state)
{
    (void)state;
    char text[LENGTH_MAX];
    static const char octets[] = {'\t', ' ',  '\r', '\n',   0,     1,
                                  0x1f, 0x21, 0x7f, '\x80', '\xa0'};
    for (size_t len = 0; len <= LENGTH_MAX; len += len < 70 ? 1 : 13) {
        for (size_t at = 0; at < len; at++) {
            for (size_t i = 0; i < sizeof(octets); i++) {
                plain(text, len);
                text[at] = octets[i];
                assert_as_slow(text, len);
            }
        }
    }
}

static void runs_of_white_space_are_measured(void **state)
{
    (void)state;
    char text[LENGTH_MAX];
    for (size_t len = 0; len < LENGTH_MAX; len++) {
        memset(text, len % 2 == 0 ? ' ' : '\t', sizeof(text));
        text[len] = 'x';
        assert_int_equal(dkim_scan_wsp(slice_of(text, len + 1)), len);
        assert_int_equal(dkim_scan_wsp(slice_of(text, len)), len);
    }
}

static void random_texts_are_read_as_the_slow_way_reads_them(void **state)
{
    (void)state;
    static const char octets[] = "abcdefghij  \t\r\n";
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        char text[LENGTH_MAX];
        size_t len = (random >> 8) % LENGTH_MAX;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            text[i] = octets[(random >> 16) % (round % 2 == 0 ? 11 : 15)];
        }
        assert_as_slow(text, len);
        random = random * 1664525 + 1013904223;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_octet_is_found_at_every_place_at_every_length),
        cmocka_unit_test(runs_of_white_space_are_measured),
        cmocka_unit_test(random_texts_are_read_as_the_slow_way_reads_them),
    };
    return cmocka_run_group_tests_name("dkim scan", tests, NULL, NULL);
}
