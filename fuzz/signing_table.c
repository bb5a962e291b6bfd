/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signing/signing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A table in octets of anybody's: refused, or no lookup leaves them.  Names to look for are
   those that the table itself has, so that entries are found. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct signing_table *table, slice octets)
{
    struct signing_rows rows;
    struct signing_row row;
    slice name = slice_last(octets, 12);
    if (signing_find_author(table, name, &rows)) {
        assert(rows.count <= SIGNING_ROWS_MAX);
    }
    (void)signing_find_author(table, SLICE("a.b.example.com"), &rows);
    (void)signing_find_login(table, SLICE("alice"), SLICE("a.example.com"));
    (void)signing_find_login(table, name, name);
    for (size_t i = 0; i < signing_row_count(table); i++) {
        struct signing_row at = signing_row_at(table, i);
        assert(at.key < signing_key_count(table));
        if (signing_find_row(table, at.domain, at.selector, &row)) {
            assert(slice_eq(row.domain, at.domain));
        }
        (void)signing_find_author(table, at.domain, &rows);
    }
    for (size_t i = 0; i < signing_key_count(table); i++) {
        struct signing_key key = signing_key_at(table, i);
        assert(key.path.ptr[key.path.len] == '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1 << 20);
    const struct signing_table *table;
    const char *why = NULL;
    if (arena == NULL) {
        abort();
    }
    /* In memory of its own, so that a step behind its end is seen. */
    char *octets = malloc(size == 0 ? 1 : size);
    if (octets == NULL) {
        abort();
    }
    memcpy(octets, data, size);
    slice text = slice_of(octets, size);
    if (signing_table_open(arena, text, &table, &why) == YETT_OK) {
        look_up(table, text);
    } else {
        assert(why != NULL);
    }
    free(octets);
    arena_free(arena);
    return 0;
}
