/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rotation/rotation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { DAY = 86400, NOW = 1795564800 /* 2026-11-25T00:00:00Z */ };

static const struct rotation_settings settings = {.rsa = true,
                                                  .ed25519 = true,
                                                  .interval_s = 180 * DAY,
                                                  .expire_s = 14 * DAY,
                                                  .grace_s = 7 * DAY};

static struct rotation_next next_of(const struct rotation *rotation,
                                    const enum rotation_view *views, int64_t now_s)
{
    return rotation_next(rotation, &settings, views, false, now_s);
}

static void assert_step(struct rotation_next next, enum rotation_step step)
{
    assert_non_null(next.reason);
    if (next.step != step) {
        fail_msg("step %d (%s) instead of %d", (int)next.step, next.reason, (int)step);
    }
}

/* A pair of keys that sign since `since_s`. */
static struct rotation signing_since(int64_t since_s)
{
    struct rotation rotation = {0};
    assert_int_equal(rotation_add(&rotation, SLICE("r1"), CRYPTO_RSA, since_s), YETT_OK);
    assert_int_equal(rotation_add(&rotation, SLICE("e1"), CRYPTO_ED25519, since_s),
                     YETT_OK);
    rotation_activate(&rotation, &settings, since_s);
    return rotation;
}

static void without_keys_both_kinds_are_made(void **state)
{
    (void)state;
    struct rotation none = {0};
    struct rotation_next next = next_of(&none, NULL, NOW);
    assert_step(next, ROTATION_GENERATE);
    assert_true(next.rsa && next.ed25519);
}

static void keys_that_sign_rest_until_their_time_is_over(void **state)
{
    (void)state;
    enum rotation_view views[] = {ROTATION_SHOWN, ROTATION_SHOWN};
    struct rotation rotation = signing_since(NOW);
    struct rotation_next next = next_of(&rotation, views, NOW + 180 * DAY - 1);
    assert_step(next, ROTATION_REST);
    assert_int_equal(next.at_s, NOW + 180 * DAY);
    assert_step(next_of(&rotation, views, NOW + 180 * DAY), ROTATION_GENERATE);
}

static void without_an_interval_they_rest_until_somebody_asks(void **state)
{
    (void)state;
    enum rotation_view views[] = {ROTATION_SHOWN, ROTATION_SHOWN};
    struct rotation rotation = signing_since(NOW);
    struct rotation_settings never = settings;
    never.interval_s = 0;
    struct rotation_next next =
        rotation_next(&rotation, &never, views, false, NOW + 9999 * (int64_t)DAY);
    assert_step(next, ROTATION_REST);
    assert_true(next.at_s == INT64_MAX);
    assert_step(rotation_next(&rotation, &never, views, true, NOW), ROTATION_GENERATE);
}

static void a_kind_that_is_missing_is_made(void **state)
{
    (void)state;
    enum rotation_view views[] = {ROTATION_SHOWN};
    struct rotation rotation = {0};
    assert_int_equal(rotation_add(&rotation, SLICE("r1"), CRYPTO_RSA, NOW), YETT_OK);
    rotation_activate(&rotation, &settings, NOW);
    assert_step(next_of(&rotation, views, NOW), ROTATION_GENERATE);
    struct rotation_settings only_rsa = settings;
    only_rsa.ed25519 = false;
    assert_step(rotation_next(&rotation, &only_rsa, views, false, NOW), ROTATION_REST);
}

/* What each pair of views of two new keys leads to; the signing ones are seen as ever. */
static void new_keys_sign_only_when_every_server_shows_them(void **state)
{
    static const struct {
        enum rotation_view one, other;
        enum rotation_step step;
        bool about_one, about_other;
    } cases[] = {
        {ROTATION_ABSENT,    ROTATION_ABSENT,  ROTATION_PUBLISH,  true,  true },
        {ROTATION_SHOWN,     ROTATION_ABSENT,  ROTATION_PUBLISH,  false, true },
        {ROTATION_PARTLY,    ROTATION_ABSENT,  ROTATION_PUBLISH,  false, true },
        {ROTATION_UNKNOWN,   ROTATION_ABSENT,  ROTATION_PUBLISH,  false, true },
        {ROTATION_PARTLY,    ROTATION_SHOWN,   ROTATION_WAIT,     true,  false},
        {ROTATION_SHOWN,     ROTATION_UNKNOWN, ROTATION_WAIT,     false, true },
        {ROTATION_DIFFERENT, ROTATION_ABSENT,  ROTATION_STOP,     true,  false},
        {ROTATION_SHOWN,     ROTATION_SHOWN,   ROTATION_ACTIVATE, true,  true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rotation rotation = signing_since(NOW - 200 * DAY);
        assert_int_equal(rotation_add(&rotation, SLICE("r2"), CRYPTO_RSA, NOW), YETT_OK);
        assert_int_equal(rotation_add(&rotation, SLICE("e2"), CRYPTO_ED25519, NOW),
                         YETT_OK);
        enum rotation_view views[] = {ROTATION_SHOWN, ROTATION_SHOWN, cases[i].one,
                                      cases[i].other};
        struct rotation_next next = next_of(&rotation, views, NOW);
        assert_step(next, cases[i].step);
        assert_false(next.keys[0] || next.keys[1]);
        assert_int_equal(next.keys[2], cases[i].about_one);
        assert_int_equal(next.keys[3], cases[i].about_other);
        /* Asking for new keys does not make a third pair. */
        assert_step(rotation_next(&rotation, &settings, views, true, NOW), cases[i].step);
    }
}

static void an_old_key_stays_for_its_last_signature(void **state)
{
    (void)state;
    struct rotation rotation = signing_since(NOW - 200 * DAY);
    assert_int_equal(rotation_add(&rotation, SLICE("r2"), CRYPTO_RSA, NOW - 50), YETT_OK);
    assert_int_equal(rotation_add(&rotation, SLICE("e2"), CRYPTO_ED25519, NOW - 50),
                     YETT_OK);
    rotation_activate(&rotation, &settings, NOW);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(rotation.keys[i].phase,
                         i < 2 ? ROTATION_RETIRING : ROTATION_ACTIVE);
        assert_int_equal(rotation.keys[i].since_s, NOW);
    }
    int64_t until_s = rotation.keys[0].until_s;
    assert_true(until_s >= NOW + 21 * DAY && until_s <= NOW + 22 * DAY);
    enum rotation_view views[] = {ROTATION_SHOWN, ROTATION_SHOWN, ROTATION_SHOWN,
                                  ROTATION_SHOWN};
    struct rotation_next next = next_of(&rotation, views, until_s - 1);
    assert_step(next, ROTATION_REST);
    assert_int_equal(next.at_s, until_s);
    next = next_of(&rotation, views, until_s);
    assert_step(next, ROTATION_WITHDRAW);
    assert_true(next.keys[0] && next.keys[1] && !next.keys[2] && !next.keys[3]);
}

static void what_is_withdrawn_is_forgotten_when_it_is_gone(void **state)
{
    static const struct {
        enum rotation_view view;
        enum rotation_step step;
    } cases[] = {
        {ROTATION_SHOWN,     ROTATION_WITHDRAW},
        {ROTATION_PARTLY,    ROTATION_WITHDRAW},
        {ROTATION_UNKNOWN,   ROTATION_WAIT    },
        {ROTATION_ABSENT,    ROTATION_FORGET  },
        {ROTATION_DIFFERENT, ROTATION_FORGET  }
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rotation rotation = signing_since(NOW - 100 * DAY);
        assert_int_equal(rotation_add(&rotation, SLICE("old"), CRYPTO_RSA, NOW), YETT_OK);
        rotation_retire(&rotation, 2, &settings, NOW);
        enum rotation_view views[] = {ROTATION_SHOWN, ROTATION_SHOWN, cases[i].view};
        struct rotation_next next = next_of(&rotation, views, NOW);
        assert_step(next, cases[i].step);
        assert_true(next.keys[2] && !next.keys[0] && !next.keys[1]);
    }
}

static void a_pending_key_goes_at_once_an_active_one_does_not(void **state)
{
    (void)state;
    struct rotation rotation = signing_since(NOW - DAY);
    assert_int_equal(rotation_add(&rotation, SLICE("r2"), CRYPTO_RSA, NOW), YETT_OK);
    rotation_retire(&rotation, 2, &settings, NOW);
    assert_int_equal(rotation.keys[2].until_s, NOW);
    rotation_retire(&rotation, 0, &settings, NOW);
    assert_true(rotation.keys[0].until_s >= NOW + 21 * DAY);
    int64_t until_s = rotation.keys[0].until_s;
    rotation_retire(&rotation, 0, &settings, NOW + DAY); /* once is enough */
    assert_int_equal(rotation.keys[0].until_s, until_s);
    rotation_remove(&rotation, 0);
    assert_int_equal(rotation.count, 2);
    assert_true(slice_eq(rotation.keys[0].selector, SLICE("e1")));
    assert_true(slice_eq(rotation.keys[1].selector, SLICE("r2")));
}

/* A pair lives, is followed by the next, and goes, in the steps that an administrator sees. */
static void the_whole_life_of_keys(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct rotation rotation = {0};
    enum rotation_view views[ROTATION_KEYS_MAX] = {ROTATION_UNKNOWN};
    int64_t now_s = NOW;
    unsigned generations = 0, steps = 0;
    while (generations < 5 && steps++ < 100) {
        struct rotation_next next = next_of(&rotation, views, now_s);
        switch (next.step) {
        case ROTATION_GENERATE:
            for (int type = CRYPTO_RSA; type <= CRYPTO_ED25519; type++) {
                slice selector;
                views[rotation.count] = ROTATION_ABSENT;
                assert_int_equal(rotation_selector(arena, &rotation,
                                                   (enum crypto_key_type)type, now_s,
                                                   &selector),
                                 YETT_OK);
                assert_int_equal(
                    rotation_add(&rotation, selector, (enum crypto_key_type)type, now_s),
                    YETT_OK);
            }
            break;
        case ROTATION_PUBLISH:
            for (size_t i = 0; i < rotation.count; i++) {
                views[i] = next.keys[i] ? ROTATION_SHOWN : views[i];
            }
            break;
        case ROTATION_ACTIVATE:
            rotation_activate(&rotation, &settings, now_s);
            generations++;
            break;
        case ROTATION_WITHDRAW:
            for (size_t i = 0; i < rotation.count; i++) {
                assert_true(!next.keys[i] || rotation.keys[i].until_s <= now_s);
                views[i] = next.keys[i] ? ROTATION_ABSENT : views[i];
            }
            break;
        case ROTATION_FORGET:
            for (size_t i = rotation.count; i-- > 0;) {
                if (next.keys[i]) {
                    rotation_remove(&rotation, i);
                    for (size_t j = i; j < rotation.count; j++) {
                        views[j] = views[j + 1];
                    }
                }
            }
            break;
        case ROTATION_REST:
            assert_true(next.at_s > now_s);
            now_s = next.at_s;
            break;
        case ROTATION_WAIT:
        case ROTATION_STOP:
            fail_msg("%s", next.reason);
            break;
        }
        assert_true(rotation.count <= 4);
    }
    assert_int_equal(generations, 5);
    assert_int_equal(now_s, NOW + 4 * 180 * (int64_t)DAY);
    arena_free(arena);
}

static void selectors_are_named_for_their_day_and_never_taken(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct rotation rotation = {0};
    static const char *const expected[] = {"s20261125r", "s20261125r2", "s20261125r3"};
    for (size_t i = 0; i < 3; i++) {
        slice selector;
        assert_int_equal(rotation_selector(arena, &rotation, CRYPTO_RSA, NOW, &selector),
                         YETT_OK);
        assert_true(slice_eq(selector, slice_from_text(expected[i])));
        assert_int_equal(rotation_add(&rotation, selector, CRYPTO_RSA, NOW), YETT_OK);
        assert_int_equal(rotation_add(&rotation, selector, CRYPTO_RSA, NOW),
                         YETT_BAD_SYNTAX);
    }
    slice selector;
    assert_int_equal(rotation_selector(arena, &rotation, CRYPTO_ED25519, NOW, &selector),
                     YETT_OK);
    assert_true(slice_eq(selector, SLICE("s20261125e")));
    arena_free(arena);
}

static void there_are_no_more_keys_than_a_domain_may_have(void **state)
{
    (void)state;
    struct rotation rotation = {0};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < ROTATION_KEYS_MAX; i++) {
        assert_int_equal(
            rotation_add(&rotation, slice_of(letters + i, 1), CRYPTO_RSA, NOW), YETT_OK);
    }
    assert_int_equal(rotation_add(&rotation, SLICE("x1"), CRYPTO_RSA, NOW), YETT_LIMIT);
}

/* ---- wrong clocks --------------------------------------------------------------------------- */

/* The clock is years behind, or was years ahead: nobody can tell which. */
static void a_state_that_is_later_than_the_clock_stops_everything(void **state)
{
    enum rotation_view views[] = {ROTATION_SHOWN, ROTATION_SHOWN, ROTATION_SHOWN};
    (void)state;
    for (int phase = ROTATION_PENDING; phase <= ROTATION_RETIRING; phase++) {
        struct rotation rotation = signing_since(NOW);
        assert_int_equal(rotation_add(&rotation, SLICE("r2"), CRYPTO_RSA, NOW + DAY),
                         YETT_OK);
        rotation.keys[2].phase = (enum rotation_phase)phase;
        struct rotation_next next = rotation_next(&rotation, &settings, views, true, NOW);
        assert_int_not_equal(next.step, ROTATION_STOP); /* a day is no wrong clock */
        next = rotation_next(&rotation, &settings, views, true, NOW - 1);
        assert_step(next, ROTATION_STOP);
        assert_true(next.keys[2] && !next.keys[0] && !next.keys[1]);
        assert_step(next_of(&rotation, views, 0), ROTATION_STOP); /* 1970 */
    }
}

static void who_sets_the_clock_right_makes_it_count_from_now_on(void **state)
{
    int64_t ahead = NOW + 3650 * (int64_t)DAY;
    struct rotation rotation = signing_since(ahead);
    (void)state;
    assert_int_equal(rotation_add(&rotation, SLICE("r2"), CRYPTO_RSA, NOW - DAY),
                     YETT_OK);
    rotation_retire(&rotation, 0, &settings, ahead);
    assert_true(rotation_set_right(&rotation, &settings, NOW));
    assert_int_equal(rotation.keys[1].since_s, NOW);
    assert_int_equal(rotation.keys[1].phase, ROTATION_ACTIVE);
    assert_int_equal(rotation.keys[2].since_s, NOW - DAY);
    /* It retired at the latest now. */
    assert_int_equal(rotation.keys[0].since_s, NOW);
    assert_true(rotation.keys[0].until_s >= NOW + 21 * DAY &&
                rotation.keys[0].until_s <= NOW + 22 * DAY);
    assert_false(rotation_set_right(&rotation, &settings, NOW));
}

/* A pair of which the first retires at NOW. */
static struct rotation retiring_since_now(void)
{
    struct rotation rotation = signing_since(NOW - DAY);
    rotation_retire(&rotation, 0, &settings, NOW);
    return rotation;
}

static void where_the_clock_jumped_an_old_record_stays_so_much_longer(void **state)
{
    static const enum rotation_view views[] = {ROTATION_SHOWN, ROTATION_SHOWN};
    struct rotation_settings only = settings;
    bool prolonged[ROTATION_KEYS_MAX];
    struct rotation rotation = retiring_since_now();
    int64_t jump = NOW + 3000 * (int64_t)DAY;
    (void)state;
    only.rsa = false;
    only.interval_s = 0;
    assert_true(rotation_see(&rotation, &only, false, jump, prolonged));
    assert_true(prolonged[0] && !prolonged[1]);
    assert_int_equal(rotation.seen_s, jump);
    int64_t until_s = rotation.keys[0].until_s;
    assert_true(until_s >= jump + 21 * DAY && until_s <= jump + 22 * DAY);
    assert_step(rotation_next(&rotation, &only, views, false, jump), ROTATION_REST);
    /* Who looks once a month does not keep it for ever. */
    assert_true(rotation_see(&rotation, &only, false, until_s + 10 * DAY, prolonged));
    assert_false(prolonged[0]);
    assert_step(rotation_next(&rotation, &only, views, false, until_s + 10 * DAY),
                ROTATION_WITHDRAW);
}

static void where_somebody_looks_it_goes_in_its_time(void **state)
{
    (void)state;
    bool prolonged[ROTATION_KEYS_MAX];
    struct rotation rotation = retiring_since_now();
    int64_t until_s = rotation.keys[0].until_s;
    assert_false(
        rotation_see(&rotation, &settings, false, NOW + 3600, prolonged)); /* no write */
    for (int64_t day = 1; day < 40; day += 7) {
        assert_true(
            rotation_see(&rotation, &settings, false, NOW + day * DAY, prolonged));
        assert_int_equal(rotation.keys[0].until_s, until_s);
    }
    /* Somebody says so, as who retires a key by hand. */
    rotation = retiring_since_now();
    assert_true(rotation_see(&rotation, &settings, true, NOW + 99 * DAY, prolonged));
    assert_int_equal(rotation.keys[0].until_s, until_s);
    /* It was over when somebody looked, and could not be withdrawn. */
    rotation = retiring_since_now();
    rotation.seen_s = until_s;
    assert_true(rotation_see(&rotation, &settings, false, until_s + 99 * DAY, prolonged));
    assert_int_equal(rotation.keys[0].until_s, until_s);
    /* It was to go at once. */
    rotation = retiring_since_now();
    rotation.keys[0].until_s = NOW + DAY;
    assert_true(rotation_see(&rotation, &settings, false, NOW + 99 * DAY, prolonged));
    assert_int_equal(rotation.keys[0].until_s, NOW + DAY);
    /* From before this was noted. */
    rotation = retiring_since_now();
    rotation.seen_s = 0;
    assert_true(rotation_see(&rotation, &settings, false, NOW + 99 * DAY, prolonged));
    assert_int_equal(rotation.keys[0].until_s, until_s);
    /* Nothing retires: nothing is to be written, ever. */
    rotation = signing_since(NOW);
    assert_false(rotation_see(&rotation, &settings, false, NOW + 99 * DAY, prolonged));
}

/* Retired by a clock that was behind, which is right again: the first look is a jump. */
static void a_key_that_retired_in_the_past_keeps_its_record(void **state)
{
    (void)state;
    bool prolonged[ROTATION_KEYS_MAX];
    for (int64_t behind = 8; behind < 20000; behind += 13) {
        struct rotation rotation = signing_since(NOW - 30000 * (int64_t)DAY);
        rotation_retire(&rotation, 0, &settings, NOW - behind * DAY);
        for (int64_t hour = 0; hour < 14 * 24; hour++) { /* of mail on its way */
            int64_t now_s = NOW + hour * 3600;
            (void)rotation_see(&rotation, &settings, false, now_s, prolonged);
            assert_true(rotation.keys[0].until_s > now_s);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_keys_both_kinds_are_made),
        cmocka_unit_test(keys_that_sign_rest_until_their_time_is_over),
        cmocka_unit_test(without_an_interval_they_rest_until_somebody_asks),
        cmocka_unit_test(a_kind_that_is_missing_is_made),
        cmocka_unit_test(new_keys_sign_only_when_every_server_shows_them),
        cmocka_unit_test(an_old_key_stays_for_its_last_signature),
        cmocka_unit_test(what_is_withdrawn_is_forgotten_when_it_is_gone),
        cmocka_unit_test(a_pending_key_goes_at_once_an_active_one_does_not),
        cmocka_unit_test(the_whole_life_of_keys),
        cmocka_unit_test(selectors_are_named_for_their_day_and_never_taken),
        cmocka_unit_test(there_are_no_more_keys_than_a_domain_may_have),
        cmocka_unit_test(a_state_that_is_later_than_the_clock_stops_everything),
        cmocka_unit_test(who_sets_the_clock_right_makes_it_count_from_now_on),
        cmocka_unit_test(where_the_clock_jumped_an_old_record_stays_so_much_longer),
        cmocka_unit_test(where_somebody_looks_it_goes_in_its_time),
        cmocka_unit_test(a_key_that_retired_in_the_past_keeps_its_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
