/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_FUZZ_KEEPER_TABLE_H
#define YETT_FUZZ_KEEPER_TABLE_H

#include "core/keeper/keeper.h"

#include <assert.h>
#include <stdio.h>

/* A table for keepers: example.org and below it (r, e), customer.example with the key r of
   example.org, example.net (n), silent.example unsigned; "arc" of example.org seals. */
enum { TABLE_NOW = 1795500000 };

static inline uint32_t table_row(struct signing_builder *builder, slice domain,
                                 slice selector, enum crypto_key_type type, unsigned uses)
{
    slice why;
    uint32_t number = 0;
    char path[64];
    (void)snprintf(path, sizeof path, "/k/%.*s/%.*s", SLICE_ARG(domain),
                   SLICE_ARG(selector));
    struct signing_key key = {.path = slice_from_text(path), .type = type, .bits = 2048};
    struct signing_row row = {.domain = domain, .selector = selector, .uses = uses};
    enum yett_err err = signing_add_key(builder, &key, &row.key, &why);
    err = err == YETT_OK ? signing_add_row(builder, &row, &number, &why) : err;
    assert(err == YETT_OK);
    return number;
}

static inline const struct signing_table *table_make(struct arena *arena)
{
    static const uint8_t hash_key[16] = {1};
    static const struct {
        slice pattern;
        size_t first, count;
    } authors[] = {
        {SLICE_INIT("example.org"),      0, 2},
        {SLICE_INIT("*.example.org"),    0, 2},
        {SLICE_INIT("customer.example"), 0, 1},
        {SLICE_INIT("example.net"),      2, 1},
        {SLICE_INIT("silent.example"),   0, 0},
    };
    struct signing_builder *builder = signing_builder_new(arena, hash_key);
    const struct signing_table *table = NULL;
    const char *fault;
    slice why;
    struct buf buf;
    assert(builder != NULL);
    const uint32_t rows[] = {
        table_row(builder, SLICE("example.org"), SLICE("r"), CRYPTO_RSA, SIGNING_DKIM),
        table_row(builder, SLICE("example.org"), SLICE("e"), CRYPTO_ED25519,
                  SIGNING_DKIM),
        table_row(builder, SLICE("example.net"), SLICE("n"), CRYPTO_RSA, SIGNING_DKIM),
        table_row(builder, SLICE("example.org"), SLICE("arc"), CRYPTO_RSA, SIGNING_ARC),
    };
    for (size_t i = 0; i < sizeof authors / sizeof authors[0]; i++) {
        enum yett_err err = signing_add_author(
            builder, authors[i].pattern, rows + authors[i].first, authors[i].count, &why);
        assert(err == YETT_OK);
    }
    buf_init(&buf, arena, 1 << 20);
    enum yett_err err = signing_builder_finish(builder, &buf);
    assert(err == YETT_OK);
    err = signing_table_open(arena, buf_slice(&buf), &table, &fault);
    assert(err == YETT_OK);
    return table;
}

#endif
