/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/keeper/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RSA_BITS = 1024 };

static uint32_t add_row(struct signing_builder *builder, slice domain, slice selector,
                        enum crypto_key_type type, unsigned uses)
{
    slice why;
    uint32_t number;
    char path[64];
    (void)snprintf(path, sizeof path, "/keys/%.*s/%.*s.pem", SLICE_ARG(domain),
                   SLICE_ARG(selector));
    struct signing_key key = {.path = slice_from_text(path),
                              .type = type,
                              .bits = type == CRYPTO_RSA ? RSA_BITS : 256};
    struct signing_row row = {.domain = domain, .selector = selector, .uses = uses};
    assert_int_equal(signing_add_key(builder, &key, &row.key, &why), YETT_OK);
    assert_int_equal(signing_add_row(builder, &row, &number, &why), YETT_OK);
    return number;
}

static void add_author(struct signing_builder *builder, slice pattern,
                       const uint32_t *rows, size_t count)
{
    slice why;
    assert_int_equal(signing_add_author(builder, pattern, rows, count, &why), YETT_OK);
}

static void make_table(struct keeper_case *c)
{
    static const uint8_t hash_key[16] = {1, 2, 3};
    struct signing_builder *builder = signing_builder_new(c->arena, hash_key);
    const char *why = "";
    struct buf buf;
    assert_non_null(builder);
    const uint32_t ours[] = {
        add_row(builder, SLICE("example.org"), SLICE("r"), CRYPTO_RSA, SIGNING_DKIM),
        add_row(builder, SLICE("example.org"), SLICE("e"), CRYPTO_ED25519, SIGNING_DKIM)};
    const uint32_t net[] = {
        add_row(builder, SLICE("example.net"), SLICE("n"), CRYPTO_RSA, SIGNING_DKIM)};
    (void)add_row(builder, SLICE("example.org"), SLICE("arc"), CRYPTO_RSA, SIGNING_ARC);
    add_author(builder, SLICE("example.org"), ours, 2);
    add_author(builder, SLICE("*.example.org"), ours, 2);
    add_author(builder, SLICE("customer.example"), ours, 1);
    add_author(builder, SLICE("example.net"), net, 1);
    add_author(builder, SLICE("silent.example"), NULL, 0);
    buf_init(&buf, c->arena, 1 << 20);
    assert_int_equal(signing_builder_finish(builder, &buf), YETT_OK);
    if (signing_table_open(c->arena, buf_slice(&buf), &c->table, &why) != YETT_OK) {
        fail_msg("%s", why);
    }
    assert_int_equal(signing_key_count(c->table), CASE_KEYS);
}

int case_setup(void **state)
{
    struct keeper_case *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    c->arena = arena_new((size_t)64 << 20);
    c->crypto = crypto_new();
    assert_non_null(c->arena);
    assert_non_null(c->crypto);
    make_table(c);
    for (uint32_t i = 0; i < CASE_KEYS; i++) {
        assert_int_equal(crypto_private_key_generate(c->crypto,
                                                     signing_key_at(c->table, i).type,
                                                     RSA_BITS, &c->keys[i]),
                         YETT_OK);
    }
    *state = c;
    return 0;
}

int case_teardown(void **state)
{
    struct keeper_case *c = *state;
    for (size_t i = 0; i < CASE_KEYS; i++) {
        crypto_private_key_free(c->keys[i]);
    }
    crypto_free(c->crypto);
    arena_free(c->arena);
    free(c);
    return 0;
}

const struct crypto_private_key *case_key(void *context, uint32_t number,
                                          const char **why)
{
    const struct keeper_case *c = context;
    assert_in_range(number, 0, CASE_KEYS - 1);
    *why = "the key is on holiday";
    return c->keys[number];
}

struct keeper *case_keeper(struct keeper_case *c, unsigned rate)
{
    struct keeper_options options = {
        .crypto = c->crypto,
        .table = c->table,
        .rate_per_minute = rate,
        .hash_key = {4, 5, 6},
        .key = case_key,
        .context = c
    };
    struct keeper *keeper = keeper_new(c->arena, &options);
    assert_non_null(keeper);
    return keeper;
}
