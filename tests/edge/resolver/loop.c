/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct bell {
    struct loop *loop;
    struct loop_timer *timer;
    int rings;
    int64_t at_ms;
};

static void ring(void *context)
{
    struct bell *bell = context;
    bell->rings++;
    bell->at_ms = loop_now_ms(bell->loop);
}

static void ring_and_stop(void *context)
{
    struct bell *bell = context;
    ring(context);
    loop_stop(bell->loop);
}

static void free_timer(void *context)
{
    struct bell *bell = context;
    ring(context);
    loop_timer_free(bell->timer);
    bell->timer = NULL;
}

static void a_timer_rings_once_and_not_too_early(void **state)
{
    (void)state;
    struct bell bell = {.loop = loop_new()};
    bell.timer = loop_timer_new(bell.loop, ring, &bell);
    int64_t begin = loop_now_ms(bell.loop);
    loop_timer_start(bell.timer, 30);
    loop_run(bell.loop); /* returns: nothing is left to wait for */
    assert_int_equal(bell.rings, 1);
    assert_true(bell.at_ms - begin >= 29);
    assert_true(bell.at_ms - begin < 5000);
    loop_timer_free(bell.timer);
    loop_free(bell.loop);
}

static void starting_again_moves_the_time_and_stopping_takes_it_away(void **state)
{
    (void)state;
    struct bell bell = {.loop = loop_new()}, other = {.loop = bell.loop};
    bell.timer = loop_timer_new(bell.loop, ring, &bell);
    other.timer = loop_timer_new(bell.loop, ring, &other);
    loop_timer_start(bell.timer, 3600 * 1000);
    loop_timer_start(bell.timer, -5); /* a deadline that has passed already */
    loop_timer_start(other.timer, 1);
    loop_timer_stop(other.timer);
    loop_run(bell.loop);
    assert_int_equal(bell.rings, 1);
    assert_int_equal(other.rings, 0);
    loop_timer_free(bell.timer);
    loop_timer_free(other.timer);
    loop_free(bell.loop);
}

static void a_callback_may_free_its_timer(void **state)
{
    (void)state;
    struct bell bell = {.loop = loop_new()};
    bell.timer = loop_timer_new(bell.loop, free_timer, &bell);
    loop_timer_start(bell.timer, 0);
    loop_run_once(bell.loop);
    assert_int_equal(bell.rings, 1);
    assert_null(bell.timer);
    loop_free(bell.loop);
}

static void stopping_leaves_what_is_waited_for(void **state)
{
    (void)state;
    struct bell bell = {.loop = loop_new()}, later = {.loop = bell.loop};
    bell.timer = loop_timer_new(bell.loop, ring_and_stop, &bell);
    later.timer = loop_timer_new(bell.loop, ring, &later);
    loop_timer_start(bell.timer, 0);
    loop_timer_start(later.timer, 3600 * 1000);
    loop_run(bell.loop);
    assert_int_equal(bell.rings, 1);
    assert_int_equal(later.rings, 0);
    loop_timer_free(bell.timer);
    loop_timer_free(later.timer);
    loop_free(bell.loop);
}

static void freeing_nothing_is_fine(void **state)
{
    (void)state;
    loop_timer_free(NULL);
    loop_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_rings_once_and_not_too_early),
        cmocka_unit_test(starting_again_moves_the_time_and_stopping_takes_it_away),
        cmocka_unit_test(a_callback_may_free_its_timer),
        cmocka_unit_test(stopping_leaves_what_is_waited_for),
        cmocka_unit_test(freeing_nothing_is_fine),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
