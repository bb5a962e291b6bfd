/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signer/signer.h"
#include "support/dkim_naive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Lines too long for SMTP, and digests of the body as it will be sent. */

static void collect(void *context, slice bytes)
{
    naive_add(context, bytes.ptr, bytes.len);
}

static struct naive_text broken(slice text, size_t limit, size_t piece_bytes, bool *broke)
{
    struct naive_text out = {NULL, 0};
    struct signer_breaker breaker;
    naive_add(&out, "", 0);
    signer_breaker_init(&breaker, limit,
                        (struct dkim_sink){.write = collect, .context = &out});
    while (text.len != 0) {
        signer_breaker_feed(&breaker, slice_first(text, piece_bytes));
        text = slice_skip(text, piece_bytes);
    }
    signer_breaker_finish(&breaker);
    *broke = breaker.broke;
    return out;
}

static const struct row {
    slice text;
    slice sent;
    const char *why;
} rows[] = {
  /* A limit of four octets. */
    {SLICE_INIT(""),                 SLICE_INIT(""),                       "nothing"          },
    {SLICE_INIT("abcd\r\nef\r\n"),   SLICE_INIT("abcd\r\nef\r\n"),         "just fits"        },
    {SLICE_INIT("abcde\r\n"),        SLICE_INIT("abcd\r\n e\r\n"),         "one more"         },
    {SLICE_INIT("abcdefg\r\n"),      SLICE_INIT("abcd\r\n efg\r\n"),
     "the space counts, and no line is left empty"                                            },
    {SLICE_INIT("abcdefgh\r\n"),     SLICE_INIT("abcd\r\n efg\r\n h\r\n"), "broken twice"     },
    {SLICE_INIT("abcdefgh"),         SLICE_INIT("abcd\r\n efg\r\n h"),     "no line end"      },
    {SLICE_INIT("abcd"),             SLICE_INIT("abcd"),                   "fits, no line end"},
    {SLICE_INIT("\r\n\r\nabcd\r\n"), SLICE_INIT("\r\n\r\nabcd\r\n"),       "blank lines"      },
    {SLICE_INIT("a\rb\ncd\r\n"),     SLICE_INIT("a\rb\n\r\n cd\r\n"),
     "bare CR and LF are text"                                                                },
    {SLICE_INIT("abcd\r"),           SLICE_INIT("abcd\r\n \r"),            "a CR at the end"  },
    {SLICE_INIT("abc\r\r\n"),        SLICE_INIT("abc\r\r\n"),              "CR CR LF"         },
};

static void lines_are_broken_as_postfix_breaks_them_wherever_the_input_is_cut(
    void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t piece = 1; piece <= 12; piece++) {
            bool broke = false;
            struct naive_text out = broken(rows[i].text, 4, piece, &broke);
            if (!slice_eq(slice_of(out.ptr, out.len), rows[i].sent)) {
                fail_msg("%s, in pieces of %zu: %.*s", rows[i].why, piece, (int)out.len,
                         out.ptr);
            }
            assert_int_equal(broke, !slice_eq(rows[i].text, rows[i].sent));
            free(out.ptr);
        }
    }
}

/* ---- header ------------------------------------------------------------------------- */

static struct message_field field_of(slice raw)
{
    size_t colon = slice_find_byte(raw, ':');
    return (struct message_field){.raw = raw,
                                  .name = slice_first(raw, colon),
                                  .value = slice_between(raw, colon + 1, raw.len - 2)};
}

static void long_fields_are_broken_and_others_left(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    struct message_field fields[] = {
        field_of(SLICE("From: a\r\n")),
        field_of(SLICE("References: 12345678 abc\r\n d\r\n")),
        field_of(SLICE("X-Rather-Long-A-Name: x\r\n")),
    };
    struct message_header header = {.fields = fields, .count = 3};
    struct message_header out;
    assert_int_equal(signer_break_header(arena, &header, 30, &out), YETT_OK);
    assert_ptr_equal(out.fields, fields);
    assert_int_equal(signer_break_header(arena, &header, 20, &out), YETT_OK);
    assert_int_equal(out.count, 3);
    assert_true(slice_eq(out.fields[0].raw, fields[0].raw));
    assert_true(
        slice_eq(out.fields[1].raw, SLICE("References: 12345678\r\n  abc\r\n d\r\n")));
    assert_true(slice_eq(out.fields[1].name, SLICE("References")));
    assert_true(slice_eq(out.fields[1].value, SLICE(" 12345678\r\n  abc\r\n d")));
    assert_true(
        slice_eq(out.fields[2].raw, fields[2].raw)); /* its name alone is too long */
    arena_free(arena);
}

/* ---- digests ------------------------------------------------------------------------ */

static struct naive_text digest_of(struct crypto *crypto, const struct naive_text *text)
{
    struct naive_text out = {NULL, 0};
    uint8_t digest[CRYPTO_DIGEST_MAX];
    struct crypto_hash *hash = crypto_hash_new(crypto, CRYPTO_SHA256);
    crypto_hash_update(hash, slice_of(text->ptr, text->len));
    assert_int_equal(crypto_hash_final(hash, digest), YETT_OK);
    crypto_hash_free(hash);
    naive_add(&out, (const char *)digest, sizeof(digest));
    return out;
}

static void assert_digest(struct crypto *crypto, slice found, bool relaxed, slice body)
{
    struct naive_text canonical = naive_body(relaxed, body.ptr, body.len);
    struct naive_text digest = digest_of(crypto, &canonical);
    assert_true(slice_eq(found, slice_of(digest.ptr, digest.len)));
    free(digest.ptr);
    free(canonical.ptr);
}

static void both_digests_come_of_one_pass_over_what_will_be_sent(void **state)
{
    (void)state;
    struct crypto *crypto = crypto_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t piece = 1; piece <= 12; piece += 3) {
            struct arena *arena = arena_new(1024 * 1024);
            struct signer_sums *sums = NULL;
            assert_int_equal(signer_sums_new(arena, crypto, true, true, 4, &sums),
                             YETT_OK);
            for (slice rest = rows[i].text; rest.len != 0;
                 rest = slice_skip(rest, piece)) {
                signer_sums_feed(sums, slice_first(rest, piece));
            }
            assert_int_equal(signer_sums_digest(sums, DKIM_SIMPLE).len, 0);
            assert_int_equal(signer_sums_end(sums), YETT_OK);
            assert_digest(crypto, signer_sums_digest(sums, DKIM_SIMPLE), false,
                          rows[i].sent);
            assert_digest(crypto, signer_sums_digest(sums, DKIM_RELAXED), true,
                          rows[i].sent);
            signer_sums_finish(sums);
            arena_free(arena);
        }
    }
    crypto_free(crypto);
}

static void a_digest_that_is_not_wanted_is_not_made(void **state)
{
    (void)state;
    struct crypto *crypto = crypto_new();
    struct arena *arena = arena_new(1024 * 1024);
    struct signer_sums *sums = NULL;
    assert_int_equal(signer_sums_new(arena, crypto, false, true, 0, &sums), YETT_OK);
    signer_sums_feed(sums, SLICE("abcdefghijkl\r\n"));
    assert_int_equal(signer_sums_end(sums), YETT_OK);
    assert_int_equal(signer_sums_digest(sums, DKIM_SIMPLE).len, 0);
    assert_digest(crypto, signer_sums_digest(sums, DKIM_RELAXED), true,
                  SLICE("abcdefghijkl\r\n"));
    /* One that is given up leaves nothing behind. */
    assert_int_equal(signer_sums_new(arena, crypto, true, true, 0, &sums), YETT_OK);
    signer_sums_feed(sums, SLICE("x"));
    signer_sums_finish(sums);
    signer_sums_finish(sums);
    assert_int_equal(signer_sums_digest(sums, DKIM_SIMPLE).len, 0);
    arena_free(arena);
    crypto_free(crypto);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            lines_are_broken_as_postfix_breaks_them_wherever_the_input_is_cut),
        cmocka_unit_test(long_fields_are_broken_and_others_left),
        cmocka_unit_test(both_digests_come_of_one_pass_over_what_will_be_sent),
        cmocka_unit_test(a_digest_that_is_not_wanted_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
