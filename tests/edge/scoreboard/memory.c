/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/scoreboard/scoreboard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What the board remembers of messages: who took workers down, and who was deferred. */

enum { NOW = 1800000000, HORIZON = 4 * 3600, SETS = SCOREBOARD_DEFERRALS / 8 };

struct world {
    int fd;
    struct scoreboard *board, *worker;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->board = scoreboard_create(&w->fd);
    assert_non_null(w->board);
    w->worker = scoreboard_attach(w->fd);
    assert_non_null(w->worker);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    scoreboard_close(w->worker);
    scoreboard_close(w->board);
    (void)close(w->fd);
    free(w);
    return 0;
}

/* ---- poisons --------------------------------------------------------------------------- */

static void a_message_is_poisoned_when_it_was_blamed_twice(void **state)
{
    struct world *w = *state;
    assert_false(scoreboard_is_poisoned(w->worker, 77));
    assert_int_equal(scoreboard_blame(w->board, 77), 1);
    assert_false(scoreboard_is_poisoned(w->worker, 77));
    assert_int_equal(scoreboard_blame(w->board, 77), 2);
    assert_true(scoreboard_is_poisoned(w->worker, 77));
    assert_true(scoreboard_is_poisoned(w->board, 77));
    assert_int_equal(scoreboard_blame(w->board, 77), 3);
    assert_true(scoreboard_is_poisoned(w->worker, 77));
    assert_false(scoreboard_is_poisoned(w->worker, 78));
}

static void no_message_is_never_blamed(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(scoreboard_blame(w->board, 0), 0);
    }
    assert_false(scoreboard_is_poisoned(w->worker, 0));
    assert_int_equal(scoreboard_blame(w->board, 1), 1);
    assert_false(scoreboard_is_poisoned(w->worker, 0));
}

static void the_least_recently_blamed_is_forgotten(void **state)
{
    struct world *w = *state;
    for (uint64_t i = 1; i <= SCOREBOARD_POISONS; i++) {
        (void)scoreboard_blame(w->board, i);
        (void)scoreboard_blame(w->board, i);
    }
    for (uint64_t i = 1; i <= SCOREBOARD_POISONS; i++) {
        assert_true(scoreboard_is_poisoned(w->worker, i));
    }
    (void)scoreboard_blame(w->board, 1); /* the first is the most recent now */
    assert_int_equal(scoreboard_blame(w->board, 1000), 1);
    assert_true(scoreboard_is_poisoned(w->worker, 1));
    assert_false(scoreboard_is_poisoned(w->worker, 2));
    assert_true(scoreboard_is_poisoned(w->worker, 3));
    assert_false(scoreboard_is_poisoned(w->worker, 1000));
    assert_int_equal(scoreboard_blame(w->board, 2), 1);
}

static void many_that_are_blamed_once_poison_nothing(void **state)
{
    struct world *w = *state;
    for (uint64_t i = 1; i <= 3 * SCOREBOARD_POISONS; i++) {
        assert_int_equal(scoreboard_blame(w->board, i), 1);
        assert_false(scoreboard_is_poisoned(w->worker, i));
    }
}

/* ---- deferrals ------------------------------------------------------------------------- */

static int64_t first(const struct scoreboard *board, uint64_t key, int64_t now_s)
{
    return scoreboard_first_deferred(board, key, now_s, HORIZON);
}

static void note(struct scoreboard *board, uint64_t key, int64_t now_s)
{
    scoreboard_note_deferral(board, key, now_s, HORIZON);
}

static void a_deferral_is_remembered_from_its_first_time_on(void **state)
{
    struct world *w = *state;
    assert_int_equal(first(w->worker, 5, NOW), NOW);
    note(w->worker, 5, NOW);
    note(w->board, 5, NOW + 600);
    assert_int_equal(first(w->board, 5, NOW + 1200), NOW);
    assert_int_equal(first(w->worker, 5, NOW + 1200), NOW);
    assert_int_equal(first(w->worker, 6, NOW + 1200), NOW + 1200);
}

static void beyond_the_horizon_it_begins_anew(void **state)
{
    struct world *w = *state;
    note(w->worker, 5, NOW);
    assert_int_equal(first(w->worker, 5, NOW + HORIZON), NOW);
    assert_int_equal(first(w->worker, 5, NOW + HORIZON + 1), NOW + HORIZON + 1);
    note(w->worker, 5, NOW + HORIZON + 1);
    assert_int_equal(first(w->worker, 5, NOW + HORIZON + 10), NOW + HORIZON + 1);
}

static void a_clock_that_was_set_back_does_no_harm(void **state)
{
    struct world *w = *state;
    note(w->worker, 5, NOW + 100000);
    assert_int_equal(first(w->worker, 5, NOW), NOW);
    note(w->worker, 5, NOW);
    assert_int_equal(first(w->worker, 5, NOW + 10), NOW);
}

static void every_key_and_every_time_can_be_used(void **state)
{
    struct world *w = *state;
    static const uint64_t keys[] = {0, 2, SETS, UINT64_MAX};
    static const int64_t times[] = {INT64_MIN, -NOW, 0, NOW, INT64_MAX};
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        for (size_t t = 0; t < sizeof(times) / sizeof(times[0]); t++) {
            note(w->worker, keys[k], times[t]);
            assert_int_equal(first(w->worker, keys[k], times[t]), times[t]);
        }
    }
    note(w->worker, 0, NOW);
    assert_int_equal(first(w->worker, 0, NOW + 5), NOW);
    note(w->worker, 9, NOW - 1);
    assert_int_equal(scoreboard_first_deferred(w->worker, 9, NOW, INT64_MAX), NOW - 1);
    assert_int_equal(scoreboard_first_deferred(w->worker, 0, NOW + 5, -1), NOW + 5);
}

/* Keys of one set: they agree in their low bits. */
static uint64_t in_one_set(uint64_t number)
{
    return 3 + number * SETS;
}

static void in_a_full_set_the_oldest_makes_room(void **state)
{
    struct world *w = *state;
    for (uint64_t i = 0; i < 8; i++) {
        note(w->worker, in_one_set(i), NOW + (int64_t)i);
    }
    for (uint64_t i = 0; i < 8; i++) {
        assert_int_equal(first(w->worker, in_one_set(i), NOW + 50), NOW + (int64_t)i);
    }
    note(w->worker, in_one_set(8), NOW + 60);
    assert_int_equal(first(w->worker, in_one_set(0), NOW + 70), NOW + 70);
    for (uint64_t i = 1; i < 8; i++) {
        assert_int_equal(first(w->worker, in_one_set(i), NOW + 70), NOW + (int64_t)i);
    }
    assert_int_equal(first(w->worker, in_one_set(8), NOW + 70), NOW + 60);
}

static void the_expired_make_room_before_the_others(void **state)
{
    struct world *w = *state;
    const int64_t later = NOW + HORIZON + 100;
    note(w->worker, in_one_set(20), NOW - 100);
    note(w->worker, in_one_set(21), NOW);
    for (uint64_t i = 0; i < 6; i++) {
        note(w->worker, in_one_set(i), later - 200); /* the two above are recent yet */
    }
    note(w->worker, in_one_set(6), later);
    note(w->worker, in_one_set(7), later);
    for (uint64_t i = 0; i < 8; i++) {
        assert_int_equal(first(w->worker, in_one_set(i), later),
                         i < 6 ? later - 200 : later);
    }
    assert_int_equal(first(w->worker, in_one_set(20), later), later);
}

static void as_many_as_promised_are_remembered_at_once(void **state)
{
    struct world *w = *state;
    for (uint64_t i = 0; i < SCOREBOARD_DEFERRALS; i++) {
        note(w->worker, i + 1, NOW);
    }
    for (uint64_t i = 0; i < SCOREBOARD_DEFERRALS; i++) {
        assert_int_equal(first(w->worker, i + 1, NOW + 1), NOW);
    }
}

/* Times are made from keys, so that a reader can tell whether they belong together. */
static void keep_noting(int fd, uint64_t from)
{
    struct scoreboard *board = scoreboard_attach(fd);
    for (uint64_t i = 0; board != NULL && i < 300000; i++) {
        uint64_t number = from + i % 40;
        note(board, in_one_set(number), NOW + (int64_t)number);
    }
    _exit(board == NULL);
}

static void writers_at_once_never_make_a_deferral_older_than_all(void **state)
{
    struct world *w = *state;
    pid_t children[2];
    for (size_t i = 0; i < 2; i++) {
        children[i] = fork();
        assert_int_not_equal(children[i], -1);
        if (children[i] == 0) {
            keep_noting(w->fd, i * 20);
        }
    }
    for (uint64_t i = 0; i < 300000; i++) {
        int64_t at = first(w->board, in_one_set(i % 60), NOW + 100);
        assert_in_range(at, NOW, NOW + 100);
    }
    for (size_t i = 0; i < 2; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_message_is_poisoned_when_it_was_blamed_twice),
        TEST(no_message_is_never_blamed),
        TEST(the_least_recently_blamed_is_forgotten),
        TEST(many_that_are_blamed_once_poison_nothing),
        TEST(a_deferral_is_remembered_from_its_first_time_on),
        TEST(beyond_the_horizon_it_begins_anew),
        TEST(a_clock_that_was_set_back_does_no_harm),
        TEST(every_key_and_every_time_can_be_used),
        TEST(in_a_full_set_the_oldest_makes_room),
        TEST(the_expired_make_room_before_the_others),
        TEST(as_many_as_promised_are_remembered_at_once),
        TEST(writers_at_once_never_make_a_deferral_older_than_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
