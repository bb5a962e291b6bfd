/* SPDX-License-Identifier: BSD-2-Clause */
#include "made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t hash_key[16] = {1, 2, 3};

int made_setup(void **state)
{
    struct made *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return -1;
    }
    made->arena = arena_new((size_t)512 << 20);
    made->builder = signing_builder_new(made->arena, hash_key);
    *state = made;
    return made->builder == NULL ? -1 : 0;
}

int made_teardown(void **state)
{
    struct made *made = *state;
    arena_free(made->arena);
    free(made);
    return 0;
}

enum yett_err made_domain(struct made *made, const char *pattern, const char *domain,
                          const char *selectors, slice *why)
{
    uint32_t rows[2 * SIGNING_ROWS_MAX];
    size_t count = 0;
    slice rest = slice_from_text(selectors);
    slice selector;
    while (rest.len != 0 && slice_next_piece(&rest, ' ', &selector)) {
        struct signing_key key = {
            .path =
                arena_printf(made->arena, "/keys/%s/%.*s", domain, SLICE_ARG(selector)),
            .type = slice_ends_with(selector, SLICE("e")) ? CRYPTO_ED25519 : CRYPTO_RSA,
            .bits = slice_ends_with(selector, SLICE("e")) ? 256 : 2048};
        struct signing_row row = {.domain = slice_from_text(domain),
                                  .selector = selector,
                                  .uses = SIGNING_DKIM};
        enum yett_err err = signing_add_key(made->builder, &key, &row.key, why);
        if (err == YETT_OK) {
            err = signing_add_row(made->builder, &row, &rows[count++], why);
        }
        if (err != YETT_OK) {
            return err;
        }
    }
    return signing_add_author(made->builder, slice_from_text(pattern), rows, count, why);
}

void made_login(struct made *made, const char *login, const char *patterns)
{
    slice rest = slice_from_text(patterns);
    slice pattern;
    slice why = SLICE_NONE;
    assert_int_equal(
        signing_add_login(made->builder, slice_from_text(login), NULL, 0, &why), YETT_OK);
    while (rest.len != 0 && slice_next_piece(&rest, ' ', &pattern)) {
        assert_int_equal(
            signing_add_login(made->builder, slice_from_text(login), &pattern, 1, &why),
            YETT_OK);
    }
}

void made_table(struct made *made)
{
    struct buf buf;
    const char *why = "";
    buf_init(&buf, made->arena, (size_t)256 << 20);
    assert_int_equal(signing_builder_finish(made->builder, &buf), YETT_OK);
    made->octets = buf_slice(&buf);
    if (signing_table_open(made->arena, made->octets, &made->table, &why) != YETT_OK) {
        fail_msg("%s", why);
    }
}
