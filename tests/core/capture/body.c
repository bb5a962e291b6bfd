/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/capture/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* A body is kept as it came, whatever pieces it came in, or not at all. */

enum { ROOM_BYTES = CAPTURE_BODY_MAX + 256 * 1024, PIECES_MAX = 80 };

struct scene {
    char *text;
    struct arena_purse purse;
    struct arena *arena;
    struct capture_body body;
};

static int setup(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    uint32_t seed = 1;
    s->text = malloc(CAPTURE_BODY_MAX + 1);
    for (size_t i = 0; i <= CAPTURE_BODY_MAX; i++) {
        seed = seed * 1103515245 + 12345;
        s->text[i] = (char)(seed >> 16);
    }
    s->purse.left_bytes = SIZE_MAX;
    s->arena = arena_new_sharing(ROOM_BYTES, 0, &s->purse);
    capture_body_init(&s->body, s->arena);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;
    arena_free(s->arena);
    free(s->text);
    free(s);
    return 0;
}

static void again(struct scene *s)
{
    arena_reset(s->arena, 64 * 1024);
    capture_body_init(&s->body, s->arena);
}

/* Each piece by itself on the heap, and gone when it was fed. */
static void feed(struct scene *s, size_t from, size_t length)
{
    char *piece = malloc(length == 0 ? 1 : length);
    memcpy(piece, s->text + from, length);
    capture_body_feed(&s->body, slice_of(piece, length));
    free(piece);
}

static void feed_all(struct scene *s, size_t length, size_t step)
{
    for (size_t at = 0; at < length; at += step) {
        feed(s, at, step < length - at ? step : length - at);
    }
}

static size_t count_pieces(const struct scene *s)
{
    size_t count = 0;
    for (const struct capture_piece *p = s->body.first; p != NULL; p = p->next) {
        count++;
    }
    return count;
}

static void assert_kept(const struct scene *s, size_t length)
{
    size_t at = 0;
    assert_false(s->body.is_given_up);
    assert_int_equal(s->body.octets, length);
    for (const struct capture_piece *p = s->body.first; p != NULL; p = p->next) {
        assert_true(p->length != 0 && p->length <= length - at);
        assert_memory_equal(p->octets, s->text + at, p->length);
        at += p->length;
        assert_true(p->next != NULL || p == s->body.last);
    }
    assert_int_equal(at, length);
}

static void assert_given_up(const struct scene *s)
{
    assert_true(s->body.is_given_up);
    assert_null(s->body.first);
    assert_null(s->body.last);
    assert_int_equal(s->body.octets, 0);
}

static void an_empty_body_is_kept_and_has_no_piece(void **state)
{
    struct scene *s = *state;
    assert_kept(s, 0);
    capture_body_feed(&s->body, SLICE_NONE);
    feed(s, 0, 0);
    assert_kept(s, 0);
    assert_null(s->body.first);
    assert_int_equal(arena_used_bytes(s->arena), 0);
}

static void pieces_of_any_size_are_the_same_body_in_few_pieces(void **state)
{
    static const size_t steps[] = {1,     2,     7,     63,    1000,  4095,  4096,  4097,
                                   8191,  8192,  9000,  12000, 16000, 16320, 16336, 16352,
                                   16368, 16384, 16400, 20000, 32768, 65535, 300000};
    static const size_t lengths[] = {1, 100, 16300, 16384, 70000, CAPTURE_BODY_MAX};
    struct scene *s = *state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
            again(s);
            feed_all(s, lengths[j], steps[i]);
            assert_kept(s, lengths[j]);
            if (count_pieces(s) > 1 + lengths[j] / 8192 || count_pieces(s) > PIECES_MAX) {
                fail_msg("%zu pieces of %zu octets in steps of %zu", count_pieces(s),
                         lengths[j], steps[i]);
            }
        }
    }
}

static void pieces_of_all_sizes_in_one_body_are_that_body(void **state)
{
    struct scene *s = *state;
    uint32_t seed = 7;
    size_t length = 0;
    for (int turn = 0; turn < 5000; turn++) {
        seed = seed * 1103515245 + 12345;
        size_t step = (seed >> 16) % (turn % 50 == 0 ? 9000 : 100);
        if (step > CAPTURE_BODY_MAX - length) {
            break;
        }
        feed(s, length, step);
        length += step;
    }
    assert_true(length > 200000);
    assert_kept(s, length);
}

/* What many small packets cost is what one large one costs. */
static void memory_is_that_of_the_text(void **state)
{
    static const size_t steps[] = {1, 100, 4096, 6000, 9000, 16384, 65535};
    struct scene *s = *state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (size_t length = 1; length <= CAPTURE_BODY_MAX; length *= 2) {
            arena_reset(s->arena, 0);
            capture_body_init(&s->body, s->arena);
            feed_all(s, length, steps[i]);
            if (arena_used_bytes(s->arena) > length + length / 16 + 16 * 1024) {
                fail_msg("%zu octets for %zu in steps of %zu", arena_used_bytes(s->arena),
                         length, steps[i]);
            }
        }
    }
}

static void a_body_of_exactly_the_limit_is_kept(void **state)
{
    static const size_t steps[] = {1, 4096, 65535, CAPTURE_BODY_MAX};
    struct scene *s = *state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        again(s);
        feed_all(s, CAPTURE_BODY_MAX, steps[i]);
        assert_kept(s, CAPTURE_BODY_MAX);
        capture_body_feed(&s->body, SLICE_NONE);
        assert_kept(s, CAPTURE_BODY_MAX);
    }
}

static void one_octet_more_and_it_is_given_up_for_good(void **state)
{
    static const size_t steps[] = {1, 4096, 65535, CAPTURE_BODY_MAX + 1};
    struct scene *s = *state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        again(s);
        feed_all(s, CAPTURE_BODY_MAX + 1, steps[i]);
        assert_given_up(s);
        feed(s, 0, 1);
        assert_given_up(s);
    }
}

static void a_piece_of_any_length_is_too_large_and_nothing_else(void **state)
{
    struct scene *s = *state;
    feed(s, 0, 10);
    capture_body_feed(&s->body, slice_of(s->text, SIZE_MAX));
    assert_given_up(s);
}

static void at_the_ceiling_of_its_arena_it_is_given_up(void **state)
{
    static const size_t steps[] = {1, 1000, 20000, 65535};
    struct scene *s = *state;
    arena_free(s->arena);
    s->arena = arena_new(100 * 1024);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        again(s);
        feed_all(s, 90 * 1024, steps[i]);
        assert_kept(s, 90 * 1024);
        again(s);
        feed_all(s, 101 * 1024, steps[i]);
        assert_given_up(s);
        feed(s, 0, 1);
        assert_given_up(s);
    }
}

static void without_any_memory_it_is_given_up(void **state)
{
    struct scene *s = *state;
    s->purse.left_bytes = 0;
    feed(s, 0, 1);
    assert_given_up(s);
}

static void what_an_empty_purse_refused_fits_when_it_is_full_again(void **state)
{
    struct scene *s = *state;
    s->purse.left_bytes = 200 * 1024;
    feed_all(s, 300 * 1024, 4096);
    assert_given_up(s);
    arena_reset(s->arena, 0);
    assert_int_equal(s->purse.left_bytes, 200 * 1024);
    s->purse.left_bytes = 400 * 1024;
    again(s);
    feed_all(s, 300 * 1024, 4096);
    assert_kept(s, 300 * 1024);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_body_is_kept_and_has_no_piece),
        TEST(pieces_of_any_size_are_the_same_body_in_few_pieces),
        TEST(pieces_of_all_sizes_in_one_body_are_that_body),
        TEST(memory_is_that_of_the_text),
        TEST(a_body_of_exactly_the_limit_is_kept),
        TEST(one_octet_more_and_it_is_given_up_for_good),
        TEST(a_piece_of_any_length_is_too_large_and_nothing_else),
        TEST(at_the_ceiling_of_its_arena_it_is_given_up),
        TEST(without_any_memory_it_is_given_up),
        TEST(what_an_empty_purse_refused_fits_when_it_is_full_again),
    };
    return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
