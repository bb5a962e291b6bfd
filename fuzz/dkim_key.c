/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/dkim.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_same(const struct dkim_key_record *a, const struct dkim_key_record *b)
{
    return a->type == b->type && slice_eq(a->key, b->key) && a->revoked == b->revoked &&
           a->testing == b->testing && a->strict_identity == b->strict_identity &&
           a->allows_sha1 == b->allows_sha1 && a->allows_sha256 == b->allows_sha256 &&
           a->for_email == b->for_email && slice_eq(a->notes, b->notes);
}

/* An unknown tag is passed over: with one more at the end it is the same record. */
static void check_unknown_tag(struct arena *arena, slice text,
                              const struct dkim_key_record *record)
{
    struct dkim_key_record again = {0};
    const char *why = NULL;
    size_t bad_at = 0;
    slice trimmed = slice_trim_fws(text);
    const char *separator = slice_ends_with(trimmed, SLICE(";")) ? "" : ";";
    slice longer = arena_printf(arena, "%.*s%sunheard_of_by_any_fuzzer=1",
                                SLICE_ARG(text), separator);
    assert(longer.ptr != NULL);
    if (dkim_parse_key_record(arena, longer, &again, &bad_at, &why) == YETT_OK) {
        assert(is_same(record, &again));
    } else {
        assert(slice_find(text, SLICE("unheard_of_by_any_fuzzer")) < text.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice text = slice_of((const char *)data, size);
    struct arena *arena = arena_new(16 << 20);
    struct dkim_key_record record = {0};
    const char *why = NULL;
    size_t bad_at = SIZE_MAX;
    enum yett_err err = dkim_parse_key_record(arena, text, &record, &bad_at, &why);

    if (err == YETT_OK) {
        assert(record.revoked == (record.key.len == 0));
        check_unknown_tag(arena, text, &record);
    } else {
        assert(err == YETT_BAD_SYNTAX && why != NULL && bad_at <= size);
    }
    arena_free(arena);
    return 0;
}
