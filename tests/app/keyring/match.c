/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/keyring.h"
#include "core/base/base64.h"
#include "core/dkim/dkim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What DNS shows, compared with a key. */

static struct arena *arena;
static struct crypto *crypto;
static struct keyring_key rsa, ed25519, other;

static void make(struct keyring_key *key, enum crypto_key_type type)
{
    struct crypto_private_key *private_key = NULL;
    struct buf octets, record;
    assert_int_equal(crypto_private_key_generate(crypto, type, 1024, &private_key),
                     YETT_OK);
    buf_init(&octets, arena, 4096);
    buf_init(&record, arena, 4096);
    assert_int_equal(crypto_private_key_public(private_key, &octets), YETT_OK);
    dkim_write_key_record(&record, type, buf_slice(&octets), false);
    *key = (struct keyring_key){.is_usable = true,
                                .type = type,
                                .bits = crypto_private_key_bits(private_key),
                                .public_key = buf_slice(&octets),
                                .record = buf_slice(&record)};
    crypto_private_key_free(private_key);
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    crypto = crypto_new();
    if (arena == NULL || crypto == NULL) {
        return 1;
    }
    make(&rsa, CRYPTO_RSA);
    make(&ed25519, CRYPTO_ED25519);
    make(&other, CRYPTO_RSA);
    return 0;
}

static int end(void **state)
{
    (void)state;
    crypto_free(crypto);
    arena_free(arena);
    return 0;
}

static slice base64_of(slice octets)
{
    struct buf buf;
    buf_init(&buf, arena, 4096);
    base64_encode(&buf, octets);
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

static slice around(const char *before, slice octets, const char *after)
{
    slice text = base64_of(octets);
    return arena_printf(arena, "%s%.*s%s", before, SLICE_ARG(text), after);
}

static struct keyring_match match(const struct keyring_key *key, const slice *texts,
                                  size_t count)
{
    struct keyring_match out = {.reason = SLICE_NONE};
    assert_int_equal(keyring_match(arena, key, texts, count, &out), YETT_OK);
    assert_true(out.reason.len != 0);
    return out;
}

static void expect(const struct keyring_key *key, slice text,
                   enum keyring_match_code code, const char *why)
{
    struct keyring_match out = match(key, &text, 1);
    if (out.code != code || out.has_ours != (code == KEYRING_OURS)) {
        fail_msg("%s: %s", why, keyring_match_text(out.code));
    }
}

static void the_key_counts_and_not_how_it_is_written(void **state)
{
    (void)state;
    expect(&rsa, rsa.record, KEYRING_OURS, "as we write it");
    expect(&ed25519, ed25519.record, KEYRING_OURS, "as we write it");
    expect(&rsa, around("p=", rsa.public_key, ""), KEYRING_OURS, "p= alone");
    expect(&rsa, around("v=DKIM1;k=rsa;p=", rsa.public_key, ";"), KEYRING_OURS,
           "without spaces");
    expect(&ed25519, around("k=ed25519; t=s; n=ours; p= ", ed25519.public_key, " ; "),
           KEYRING_OURS, "with more");
}

static void a_bare_rsa_key_is_the_same_key(void **state)
{
    (void)state;
    /* 22 octets say that it is RSA, then comes the BIT STRING's content. */
    slice bare = slice_skip(rsa.public_key, 22);
    expect(&rsa, around("v=DKIM1; p=", bare, ""), KEYRING_OURS, "RSAPublicKey");
    expect(&rsa, around("v=DKIM1; p=", slice_last(bare, 5), ""), KEYRING_OTHER,
           "its last octets are no key");
    expect(&rsa, around("v=DKIM1; p=", slice_last(rsa.public_key, 128), ""),
           KEYRING_OTHER, "nor are those that are less than the modulus");
}

static void what_is_not_ours_is_told_apart(void **state)
{
    (void)state;
    expect(&rsa, other.record, KEYRING_OTHER, "another key");
    expect(&rsa, around("k=ed25519; p=", rsa.public_key, ""), KEYRING_OTHER,
           "another kind");
    expect(&rsa, SLICE("v=DKIM1; p="), KEYRING_REVOKED, "revoked");
    expect(&rsa, SLICE("v=spf1 -all"), KEYRING_UNUSABLE, "no key record");
    expect(&rsa, SLICE(""), KEYRING_UNUSABLE, "empty");
    expect(&rsa, around("h=sha1; p=", rsa.public_key, ""), KEYRING_UNUSABLE, "h=sha1");
    expect(&rsa, around("s=tlsrpt; p=", rsa.public_key, ""), KEYRING_UNUSABLE,
           "s=tlsrpt");
    assert_int_equal(match(&rsa, NULL, 0).code, KEYRING_ABSENT);
}

static void expect_words(const struct keyring_key *key, slice text, const char *words)
{
    struct keyring_match out = match(key, &text, 1);
    if (out.code != KEYRING_UNUSABLE || out.has_ours ||
        slice_find(out.reason, slice_from_text(words)) == out.reason.len) {
        fail_msg("%s: %s: %.*s", words, keyring_match_text(out.code),
                 SLICE_ARG(out.reason));
    }
}

static void slips_of_the_pen_are_told(void **state)
{
    (void)state;
    static const char head[] = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21";
    struct buf der; /* the NUL of the text is an octet of it */
    buf_init(&der, arena, 64);
    buf_add(&der, slice_of(head, sizeof head));
    buf_add(&der, ed25519.public_key);
    expect_words(&rsa, slice_first(rsa.record, 100), "100 octets of");
    expect_words(&rsa, slice_first(rsa.record, rsa.record.len - 1), "the beginning");
    expect_words(&rsa, around("p=", slice_first(rsa.public_key, 99), ""),
                 "the rest of p= is missing");
    expect_words(&ed25519, around("v=DKIM1; p=", ed25519.public_key, ""),
                 "without k=ed25519");
    expect(&rsa, slice_first(rsa.record, 32), KEYRING_OTHER, "too little to tell");
    expect(&other, slice_first(rsa.record, 100), KEYRING_OTHER, "cut off, and another");
    expect_words(&ed25519, around("k=ed25519; p=", buf_slice(&der), ""),
                 "its 32 octets alone");
}

static void several_records_are_never_fine(void **state)
{
    (void)state;
    slice both[] = {rsa.record, other.record};
    slice none[] = {other.record, other.record};
    slice note[] = {SLICE("a note"), rsa.record};
    struct keyring_match out = match(&rsa, both, 2);
    assert_int_equal(out.code, KEYRING_SEVERAL);
    assert_true(out.has_ours);
    out = match(&rsa, none, 2);
    assert_int_equal(out.code, KEYRING_SEVERAL);
    assert_false(out.has_ours);
    out = match(&rsa, note, 2);
    assert_int_equal(out.code, KEYRING_SEVERAL);
    assert_true(out.has_ours);
}

static void the_testing_flag_is_seen(void **state)
{
    (void)state;
    slice text = around("v=DKIM1; t=y; p=", rsa.public_key, "");
    struct keyring_match out = match(&rsa, &text, 1);
    assert_int_equal(out.code, KEYRING_OURS);
    assert_true(out.is_testing);
    assert_false(match(&rsa, &rsa.record, 1).is_testing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_counts_and_not_how_it_is_written),
        cmocka_unit_test(a_bare_rsa_key_is_the_same_key),
        cmocka_unit_test(what_is_not_ours_is_told_apart),
        cmocka_unit_test(slips_of_the_pen_are_told),
        cmocka_unit_test(several_records_are_never_fine),
        cmocka_unit_test(the_testing_flag_is_seen),
    };
    return cmocka_run_group_tests_name("keyring match", tests, begin, end);
}
