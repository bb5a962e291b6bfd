/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/macro.h"
#include "core/spf/record.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The input is an SPF record.  Terms lie in the text one after the other; written down
 * again with single spaces they mean the same; what was accepted also expands.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 16 * 1024 * 1024, INPUT_MAX = 8 * 1024, EXPANSION_MAX = 4096 };

static const struct spf_record *parse(struct arena *arena, slice text)
{
    const struct spf_record *record = NULL;
    enum yett_err err = spf_record_parse(arena, text, &record);
    assert(err == YETT_OK);
    return record;
}

static void check_places(slice text, const struct spf_record *record)
{
    size_t end = 0;
    assert(record->error.why == NULL || record->count == 0);
    assert(record->error.offset <= text.len);
    for (size_t i = 0; i < record->count; i++) {
        const struct spf_term *term = &record->terms[i];
        assert(term->text.offset > end && term->text.length > 0);
        end = (size_t)term->text.offset + term->text.length;
        assert(end <= text.len);
        assert(term->domain.length == 0 ||
               (term->domain.offset > term->text.offset &&
                (size_t)term->domain.offset + term->domain.length <= end));
        assert(term->prefix4 <= 32 && term->prefix6 <= 128);
    }
}

static slice write_again(struct arena *arena, slice text, const struct spf_record *record)
{
    struct buf buf;
    buf_init(&buf, arena, ARENA_BYTES);
    buf_add_text(&buf, "v=spf1");
    for (size_t i = 0; i < record->count; i++) {
        buf_add_byte(&buf, ' ');
        buf_add(&buf, spf_part_of(text, record->terms[i].text));
    }
    assert(buf_err(&buf) == YETT_OK);
    return buf_slice(&buf);
}

static void check_same(slice text, const struct spf_record *a, slice again,
                       const struct spf_record *b)
{
    assert(b->error.why == NULL && a->count == b->count && a->has_all == b->has_all);
    assert((a->redirect == NULL) == (b->redirect == NULL));
    assert((a->exp == NULL) == (b->exp == NULL));
    for (size_t i = 0; i < a->count; i++) {
        const struct spf_term *x = &a->terms[i];
        const struct spf_term *y = &b->terms[i];
        assert(x->kind == y->kind && x->qualifier == y->qualifier && x->uses == y->uses);
        assert(x->prefix4 == y->prefix4 && x->prefix6 == y->prefix6);
        assert(slice_eq(spf_part_of(text, x->domain), spf_part_of(again, y->domain)));
    }
}

static void check_expansions(struct arena *arena, slice text,
                             const struct spf_record *record)
{
    struct spf_macro_values values = {
        .sender = SLICE("a-b+c@example.org"),
        .local = SLICE("a-b+c"),
        .origin = SLICE("example.org"),
        .domain = SLICE("..x.."),
        .client = SLICE("unknown"),
        .receiver = SLICE("unknown"),
        .ip = {.family = IP_V6, .bytes = {0x20, 1}},
    };
    for (size_t i = 0; i < record->count; i++) {
        struct buf buf;
        buf_init(&buf, arena, EXPANSION_MAX);
        spf_macro_expand(&buf, spf_part_of(text, record->terms[i].domain), &values);
        assert(buf_err(&buf) != YETT_NO_MEMORY);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice text = slice_of((const char *)data, size);
    if (size > INPUT_MAX || !spf_record_is_spf(text)) {
        return -1;
    }
    struct arena *arena = arena_new(ARENA_BYTES);
    assert(arena != NULL);
    const struct spf_record *record = parse(arena, text);
    check_places(text, record);
    if (record->error.why == NULL) {
        slice again = write_again(arena, text, record);
        check_same(text, record, again, parse(arena, again));
        check_expansions(arena, text, record);
    }
    arena_free(arena);
    return 0;
}
