/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ARENA_BYTES = 1024 * 1024 };

static struct dmarc_record parse(struct arena *arena, slice text)
{
    struct dmarc_record record;
    slice copy;
    assert_int_equal(arena_copy(arena, text, &copy), YETT_OK);
    assert_int_equal(dmarc_parse_record(arena, copy, DMARC_RFC9989, &record), YETT_OK);
    return record;
}

static void check_same(const struct dmarc_record *a, const struct dmarc_record *b)
{
    assert_true(slice_eq(a->text, b->text));
    assert_int_equal(a->p, b->p);
    assert_int_equal(a->np, b->np);
    assert_int_equal(a->rua_count, b->rua_count);
    assert_int_equal(a->ruf_count, b->ruf_count);
    assert_int_equal(a->note_count, b->note_count);
    for (size_t i = 0; i < a->rua_count; i++) {
        assert_true(slice_eq(a->rua[i], b->rua[i]));
    }
    for (size_t i = 0; i < a->ruf_count; i++) {
        assert_true(slice_eq(a->ruf[i], b->ruf[i]));
    }
    for (size_t i = 0; i < a->note_count; i++) {
        assert_int_equal(a->notes[i].offset, b->notes[i].offset);
        assert_true(slice_eq(a->notes[i].text, b->notes[i].text));
    }
}

static void a_kept_record_needs_nothing_of_the_message_that_made_it(void **state)
{
    (void)state;
    static const slice texts[] = {
        SLICE_INIT("v=DMARC1; p=reject"),
        SLICE_INIT(
            "v=DMARC1; p=reject; np=none; rua=mailto:a@b.test!5k, https://c.test/; "
            "ruf=mailto:d@e.test; fo=1; x=y; adkim=q; rua=again"),
        SLICE_INIT("v=DMARC1; sp=bad"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct dns_memos memos = {0};
        struct dns_answer answer = {.memos = &memos};
        struct arena *first = arena_new(ARENA_BYTES);
        struct arena *second = arena_new(ARENA_BYTES);
        struct dmarc_record made = parse(first, texts[i]);
        struct dmarc_record again = parse(second, texts[i]);

        dmarc_memo_keep(&answer, DMARC_RFC9989, &made);
        arena_free(first);
        const struct dmarc_record *kept = dmarc_memo_find(&answer, DMARC_RFC9989);
        assert_non_null(kept);
        check_same(kept, &again);
        assert_null(dmarc_memo_find(&answer, DMARC_RFC7489));
        dns_memos_free(&memos);
        arena_free(second);
    }
}

static void a_huge_record_is_not_kept(void **state)
{
    (void)state;
    static char text[3000];
    struct dns_memos memos = {0};
    struct dns_answer answer = {.memos = &memos};
    struct arena *arena = arena_new(ARENA_BYTES);

    memset(text, ' ', sizeof(text));
    memcpy(text, "v=DMARC1;p=none;", 16);
    struct dmarc_record record = parse(arena, slice_of(text, sizeof(text)));
    dmarc_memo_keep(&answer, DMARC_RFC9989, &record);
    assert_null(dmarc_memo_find(&answer, DMARC_RFC9989));
    record =
        parse(arena, SLICE("v=DMARC1;p=none;rua="
                           "x:y,x:y,x:y,x:y,x:y,x:y,x:y,x:y,x:y,x:y,x:y,x:y,x:y,x:y"));
    assert_int_equal(record.rua_count, 14);
    dmarc_memo_keep(&answer, DMARC_RFC9989, &record);
    assert_non_null(dmarc_memo_find(&answer, DMARC_RFC9989));
    dns_memos_free(&memos);
    arena_free(arena);
}

static void an_answer_without_a_place_for_memos_keeps_none(void **state)
{
    (void)state;
    struct dns_answer answer = {0};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct dmarc_record record = parse(arena, SLICE("v=DMARC1; p=none"));
    dmarc_memo_keep(&answer, DMARC_RFC9989, &record);
    assert_null(dmarc_memo_find(&answer, DMARC_RFC9989));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_record_needs_nothing_of_the_message_that_made_it),
        cmocka_unit_test(a_huge_record_is_not_kept),
        cmocka_unit_test(an_answer_without_a_place_for_memos_keeps_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
