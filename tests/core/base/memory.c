/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/arena.h"
#include "core/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void allocations_are_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    char *previous = NULL;
    for (size_t size = 0; size < 300; size++) {
        char *ptr = arena_alloc(arena, size);
        assert_non_null(ptr);
        assert_int_equal((uintptr_t)ptr % _Alignof(max_align_t), 0);
        assert_ptr_not_equal(ptr, previous);
        memset(ptr, 0xa5, size);
        previous = ptr;
    }
    arena_free(arena);
}

static void at_the_ceiling_an_allocation_is_null_and_smaller_ones_still_work(void **state)
{
    (void)state;
    struct arena *arena = arena_new(20000);
    assert_null(arena_alloc(arena, 20001));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 8));
    assert_null(arena_calloc(arena, SIZE_MAX / 2, 3));
    assert_non_null(arena_alloc(arena, 15000));
    assert_null(arena_alloc(arena, 15000));
    assert_non_null(arena_alloc(arena, 100));
    assert_true(arena_used_bytes(arena) <= 20000);
    arena_free(arena);
}

static void a_reset_arena_is_as_good_as_new_and_keeps_no_more_than_asked(void **state)
{
    (void)state;
    struct arena *arena = arena_new(100000);
    static const size_t keeps[] = {0, 1000, 20000, 50000, SIZE_MAX};
    for (size_t i = 0; i < sizeof(keeps) / sizeof(keeps[0]); i++) {
        for (int j = 0; j < 10; j++) {
            assert_non_null(arena_alloc(arena, 5000));
        }
        arena_reset(arena, keeps[i]);
        assert_true(arena_used_bytes(arena) <= keeps[i]);
        assert_non_null(arena_alloc(arena, 10));
        char *most = arena_alloc(arena, 80000); /* whatever was kept makes room */
        assert_non_null(most);
        memset(most, 0xa5, 80000);
        assert_true(arena_used_bytes(arena) <= 100000);
        arena_reset(arena, keeps[i]);
    }
    arena_free(arena);
}

static void arenas_with_a_purse_share_what_goes_beyond_their_own(void **state)
{
    (void)state;
    enum { OWN = 64 * 1024, SHARED = 256 * 1024, CEILING = 1 << 20 };
    struct arena_purse purse = {.left_bytes = SHARED};
    struct arena *greedy = arena_new_sharing(CEILING, OWN, &purse);
    struct arena *modest = arena_new_sharing(CEILING, OWN, &purse);
    assert_non_null(greedy);
    assert_non_null(modest);
    while (arena_alloc(greedy, 1000) != NULL) {
    }
    assert_true(arena_used_bytes(greedy) <= OWN + SHARED);
    assert_true(arena_used_bytes(greedy) > OWN + SHARED - 2000);
    /* Who keeps to his own is not concerned. */
    while (arena_alloc(modest, 1000) != NULL) {
    }
    assert_true(arena_used_bytes(modest) > OWN - 2000);
    arena_reset(greedy, OWN / 2);
    assert_int_equal(purse.left_bytes, SHARED - (arena_used_bytes(modest) - OWN));
    assert_non_null(arena_alloc(modest, OWN));
    arena_free(modest);
    arena_free(greedy);
    assert_int_equal(purse.left_bytes, SHARED);
}

static void rewinding_gives_the_same_memory_again_and_takes_no_more(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    assert_non_null(arena_alloc(arena, 10));
    struct arena_mark mark = arena_mark(arena);
    void *first = arena_alloc(arena, 5000);
    for (int i = 0; i < 20; i++) {
        assert_non_null(arena_alloc(arena, 9000));
    }
    size_t used = arena_used_bytes(arena);
    for (int round = 0; round < 50; round++) {
        arena_rewind(arena, mark);
        assert_ptr_equal(arena_alloc(arena, 5000), first);
        for (int i = 0; i < 20; i++) {
            assert_non_null(arena_alloc(arena, 9000));
        }
    }
    assert_int_equal(arena_used_bytes(arena), used);
    arena_free(arena);
}

static void rewinding_to_the_empty_arena_reuses_its_blocks(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct arena_mark mark = arena_mark(arena);
    assert_non_null(arena_alloc(arena, 100));
    size_t used = arena_used_bytes(arena);
    arena_rewind(arena, mark);
    assert_non_null(arena_alloc(arena, 100));
    assert_int_equal(arena_used_bytes(arena), used);
    arena_free(arena);
}

static void only_the_last_allocation_can_be_extended(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    char *a = arena_alloc(arena, 10);
    assert_true(arena_extend(arena, a, 10, 200));
    char *b = arena_alloc(arena, 10);
    assert_false(arena_extend(arena, a, 200, 300));
    assert_true(b >= a + 200);
    assert_false(arena_extend(arena, b, 10, 1 << 19));
    arena_free(arena);
}

static void a_buf_grows_to_its_limit_and_remembers_the_failure(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct buf buf;
    buf_init(&buf, arena, 1000);
    for (int i = 0; i < 100; i++) {
        buf_add(&buf, SLICE("0123456789"));
    }
    assert_int_equal(buf_err(&buf), YETT_OK);
    assert_int_equal(buf.len, 1000);
    buf_add_byte(&buf, 'x');
    assert_int_equal(buf_err(&buf), YETT_LIMIT);
    buf_truncate(&buf, 10);
    buf_add_byte(&buf, 'x');
    assert_int_equal(buf_err(&buf), YETT_LIMIT);
    assert_int_equal(buf_slice(&buf).len, 10);
    arena_free(arena);
}

static void a_buf_in_a_full_arena_reports_no_memory(void **state)
{
    (void)state;
    struct arena *arena = arena_new(100);
    struct buf buf;
    buf_init(&buf, arena, 1000);
    buf_add(
        &buf,
        SLICE("0123456789012345678901234567890123456789012345678901234567890123456789"));
    buf_add(
        &buf,
        SLICE("0123456789012345678901234567890123456789012345678901234567890123456789"));
    assert_int_equal(buf_err(&buf), YETT_NO_MEMORY);
    arena_free(arena);
}

static void two_bufs_may_grow_side_by_side(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct buf a, b;
    buf_init(&a, arena, 100000);
    buf_init(&b, arena, 100000);
    for (int i = 0; i < 5000; i++) {
        buf_add_byte(&a, 'a');
        buf_printf(&b, "%c", 'b');
    }
    assert_int_equal(a.len, 5000);
    assert_int_equal(b.len, 5000);
    for (size_t i = 0; i < 5000; i++) {
        assert_int_equal(a.ptr[i], 'a');
        assert_int_equal(b.ptr[i], 'b');
    }
    arena_free(arena);
}

static void visible_text_never_holds_what_moves_a_cursor(void **state)
{
    (void)state;
    static const struct {
        slice in;
        const char *out;
        const char *why;
    } rows[] = {
        {SLICE_INIT("plain text"),         "plain text",         "printable ASCII stays" },
        {SLICE_INIT("a\r\nb"),             "a\\x0d\\x0ab",       "line ends"             },
        {SLICE_INIT("\x1b[31m"),           "\\x1b[31m",          "terminal escapes"      },
        {SLICE_INIT("\0"),                 "\\x00",              "NUL"                   },
        {SLICE_INIT("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f", "UTF-8 stays"           },
        {SLICE_INIT("\xff\xc3"),           "\\xff\\xc3",         "broken UTF-8"          },
        {SLICE_INIT("\xc2\x9b"),           "\\xc2\\x9b",         "C1 control"            },
        {SLICE_INIT("\xe2\x80\xae"
                    "abc"),
         "\\xe2\\x80\\xaeabc",                                   "right-to-left override"},
        {SLICE_INIT("\xe2\x80\x8b"),       "\\xe2\\x80\\x8b",    "zero-width space"      },
        {SLICE_INIT("\xed\xa0\x80"),       "\\xed\\xa0\\x80",    "surrogate"             },
        {SLICE_INIT("\xc0\xaf"),           "\\xc0\\xaf",         "overlong form"         },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_new(1 << 16);
        struct buf buf;
        buf_init(&buf, arena, 1000);
        buf_add_visible(&buf, rows[i].in);
        if (!slice_eq(buf_slice(&buf), slice_from_text(rows[i].out))) {
            fail_msg("%s: %.*s", rows[i].why, SLICE_ARG(buf_slice(&buf)));
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_and_apart),
        cmocka_unit_test(
            at_the_ceiling_an_allocation_is_null_and_smaller_ones_still_work),
        cmocka_unit_test(arenas_with_a_purse_share_what_goes_beyond_their_own),
        cmocka_unit_test(rewinding_gives_the_same_memory_again_and_takes_no_more),
        cmocka_unit_test(a_reset_arena_is_as_good_as_new_and_keeps_no_more_than_asked),
        cmocka_unit_test(rewinding_to_the_empty_arena_reuses_its_blocks),
        cmocka_unit_test(only_the_last_allocation_can_be_extended),
        cmocka_unit_test(a_buf_grows_to_its_limit_and_remembers_the_failure),
        cmocka_unit_test(a_buf_in_a_full_arena_reports_no_memory),
        cmocka_unit_test(two_bufs_may_grow_side_by_side),
        cmocka_unit_test(visible_text_never_holds_what_moves_a_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
