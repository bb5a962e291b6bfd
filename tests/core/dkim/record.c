/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/dkim.h"
#include "core/zone/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Key records that we write: they are read back, also through a zone file. */

enum { KEY_MAX = 1200 };

static struct arena *arena;

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

static slice key_of(size_t size)
{
    char *octets = arena_alloc(arena, size);
    assert_non_null(octets);
    for (size_t i = 0; i < size; i++) {
        octets[i] = (char)(i * 151 + 7);
    }
    return slice_of(octets, size);
}

static slice record_of(enum crypto_key_type type, slice key, bool testing)
{
    struct buf buf;
    buf_init(&buf, arena, 1 << 16);
    dkim_write_key_record(&buf, type, key, testing);
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

static slice zone_text_of(slice name, slice text)
{
    struct buf buf;
    buf_init(&buf, arena, 1 << 18);
    dkim_write_zone_record(&buf, name, 3600, text);
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const enum crypto_key_type types[] = {CRYPTO_RSA, CRYPTO_ED25519};
    for (size_t size = 1; size <= KEY_MAX; size += 37) {
        for (size_t i = 0; i < 4; i++) {
            enum crypto_key_type type = types[i % 2];
            bool testing = i >= 2;
            struct dkim_key_record record;
            size_t bad_at = 0;
            const char *why = "";
            slice key = key_of(size);
            slice text = record_of(type, key, testing);
            assert_int_equal(dkim_parse_key_record(arena, text, &record, &bad_at, &why),
                             YETT_OK);
            assert_int_equal(record.type, type);
            assert_true(slice_eq(record.key, key));
            assert_int_equal(record.testing, testing);
            assert_true(record.allows_sha256 && !record.allows_sha1 && record.for_email);
        }
    }
}

static void the_text_is_as_people_know_it(void **state)
{
    (void)state;
    assert_true(slice_eq(record_of(CRYPTO_RSA, SLICE("abc"), false),
                         SLICE("v=DKIM1; k=rsa; h=sha256; p=YWJj")));
    assert_true(slice_eq(record_of(CRYPTO_ED25519, SLICE("abc"), true),
                         SLICE("v=DKIM1; k=ed25519; h=sha256; t=y; p=YWJj")));
}

/* What a name server makes of the lines. */
static slice text_in_zone(slice name, slice lines)
{
    struct zone *zone = NULL;
    struct zone_error error = {0};
    assert_int_equal(zone_parse(arena, lines, &zone, &error), YETT_OK);
    const struct dns_answer *answer =
        zone_find(zone, (struct dns_question){DNS_TXT, name});
    assert_int_equal(answer->status, DNS_FOUND);
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->ttl_s, 3600);
    slice text;
    assert_int_equal(arena_copy(arena, answer->records[0].text, &text), YETT_OK);
    zone_finish(zone);
    return text;
}

static void a_name_server_reads_the_same_from_a_zone_file(void **state)
{
    (void)state;
    slice name = SLICE("s2026r._domainkey.example.com");
    for (size_t size = 1; size <= KEY_MAX; size += 37) {
        slice text = record_of(CRYPTO_RSA, key_of(size), false);
        slice lines = zone_text_of(name, text);
        assert_true(slice_eq(text_in_zone(name, lines), text));
    }
}

/* Quotation marks, backslashes and octets that are no text are escaped. */
static void any_text_survives_a_zone_file(void **state)
{
    (void)state;
    char all[512];
    for (size_t i = 0; i < sizeof(all); i++) {
        all[i] = (char)i;
    }
    slice name = SLICE("x.example.com");
    slice text = slice_of(all, sizeof(all));
    assert_true(slice_eq(text_in_zone(name, zone_text_of(name, text)), text));
}

static void no_string_is_longer_than_dns_allows(void **state)
{
    (void)state;
    for (size_t size = 200; size <= 600; size++) {
        char *letters = arena_alloc(arena, size);
        assert_non_null(letters);
        memset(letters, 'x', size);
        slice text = slice_of(letters, size);
        slice lines = zone_text_of(SLICE("x.example.com"), text);
        slice line;
        size_t strings = 0;
        assert_true(slice_next_piece(&lines, '\n', &line)); /* the name */
        while (slice_next_piece(&lines, '\n', &line)) {
            strings += slice_has_byte(line, '"');
            assert_true(slice_count_byte(line, 'x') <= 255);
        }
        assert_int_equal(strings, (size + 254) / 255);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read_back),
        TEST(the_text_is_as_people_know_it),
        TEST(a_name_server_reads_the_same_from_a_zone_file),
        TEST(any_text_survives_a_zone_file),
        TEST(no_string_is_longer_than_dns_allows),
    };
    return cmocka_run_group_tests_name("dkim record", tests, NULL, NULL);
}
