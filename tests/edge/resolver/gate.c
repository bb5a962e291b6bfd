/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/gate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t key[16] = {4, 5, 6};

static struct gate *new_gate(size_t per_zone, size_t total)
{
    struct gate *gate = gate_new(per_zone, total, 0, key);
    assert_non_null(gate);
    return gate;
}

static bool enter(struct gate *gate, struct gate_ticket *ticket, const char *zone)
{
    assert_true(gate_enter(gate, ticket, slice_from_text(zone)));
    return ticket->open;
}

static void a_full_zone_waits_and_another_does_not(void **state)
{
    (void)state;
    struct gate *gate = new_gate(2, 100);
    struct gate_ticket slow[4], fine;
    assert_true(enter(gate, &slow[0], "slow.test"));
    assert_true(enter(gate, &slow[1], "slow.test"));
    assert_false(enter(gate, &slow[2], "slow.test"));
    assert_false(enter(gate, &slow[3], "slow.test"));
    assert_true(gate_zone_is_full(gate, &slow[2]));
    assert_true(enter(gate, &fine, "fine.test"));
    assert_null(gate_next(gate));

    gate_leave(gate, &slow[0]);
    assert_ptr_equal(gate_next(gate), &slow[2]);
    assert_true(slow[2].open);
    assert_null(gate_next(gate));
    gate_free(gate);
}

static void who_waits_goes_out_in_the_order_of_coming(void **state)
{
    (void)state;
    struct gate *gate = new_gate(1, 100);
    struct gate_ticket tickets[5];
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(enter(gate, &tickets[i], "a.test"), i == 0);
    }
    for (size_t i = 0; i < 4; i++) {
        gate_leave(gate, &tickets[i]);
        assert_ptr_equal(gate_next(gate), &tickets[i + 1]);
    }
    gate_free(gate);
}

static void zones_take_turns_for_the_last_places(void **state)
{
    (void)state;
    struct gate *gate = new_gate(10, 1);
    struct gate_ticket a[3], b[2];
    assert_true(enter(gate, &a[0], "a.test"));
    assert_false(enter(gate, &a[1], "a.test"));
    assert_false(enter(gate, &a[2], "a.test"));
    assert_false(enter(gate, &b[0], "b.test"));
    assert_false(enter(gate, &b[1], "b.test"));
    assert_false(gate_zone_is_full(gate, &a[1]));
    struct gate_ticket *expected[] = {&a[1], &b[0], &a[2], &b[1]};
    struct gate_ticket *open = &a[0];
    for (size_t i = 0; i < 4; i++) {
        gate_leave(gate, open);
        open = gate_next(gate);
        assert_ptr_equal(open, expected[i]);
        assert_null(gate_next(gate));
    }
    gate_leave(gate, open);
    assert_null(gate_next(gate));
    gate_free(gate);
}

static void one_that_leaves_the_line_is_passed_over(void **state)
{
    (void)state;
    struct gate *gate = new_gate(1, 100);
    struct gate_ticket t[4];
    for (size_t i = 0; i < 4; i++) {
        (void)enter(gate, &t[i], "a.test");
    }
    gate_leave(gate, &t[1]);
    gate_leave(gate, &t[3]);
    gate_leave(gate, &t[0]);
    assert_ptr_equal(gate_next(gate), &t[2]);
    gate_leave(gate, &t[2]);
    assert_null(gate_next(gate));
    gate_free(gate);
}

static void a_zone_is_forgotten_and_begins_anew(void **state)
{
    (void)state;
    struct gate *gate = new_gate(1, 100);
    struct gate_ticket ticket;
    for (int i = 0; i < 1000; i++) {
        assert_true(enter(gate, &ticket, i % 2 == 0 ? "a.test" : ""));
        gate_leave(gate, &ticket);
    }
    gate_free(gate);
}

/* Fill all places that anybody may have with zones of their own. */
static void fill(struct gate *gate, struct gate_ticket *tickets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        assert_true(enter(gate, &tickets[i], name));
    }
}

static void a_zone_that_was_prompt_passes_any_number_of_slow_ones(void **state)
{
    (void)state;
    struct gate *gate = gate_new(6, 8, 6, key);
    struct gate_ticket slow[8], waits, fine[5], other;
    assert_non_null(gate);
    assert_true(enter(gate, &fine[0], "fine.test"));
    gate_learn(gate, &fine[0], true);
    gate_leave(gate, &fine[0]);
    fill(gate, slow, 8);
    assert_false(enter(gate, &waits, "new.test"));
    for (size_t i = 0; i < 4; i++) { /* no more of those that are kept */
        assert_true(enter(gate, &fine[i], "fine.test"));
    }
    assert_false(enter(gate, &fine[4], "fine.test"));
    assert_null(gate_next(gate));
    gate_leave(gate, &fine[1]);
    assert_ptr_equal(gate_next(gate), &fine[4]);
    assert_null(gate_next(gate));
    /* One that turns slow has no more of them than others. */
    gate_learn(gate, &fine[0], false);
    assert_false(enter(gate, &other, "fine.test"));
    assert_null(gate_next(gate));
    for (size_t i = 0; i < 5; i++) {
        if (i != 1) {
            gate_leave(gate, &fine[i]);
        }
    }
    assert_null(gate_next(gate));
    gate_leave(gate, &slow[0]);
    assert_ptr_equal(gate_next(gate), &waits);
    assert_null(gate_next(gate));
    gate_leave(gate, &slow[1]);
    assert_ptr_equal(gate_next(gate), &other);
    gate_free(gate);
}

static void one_in_line_that_turns_out_prompt_changes_lines(void **state)
{
    (void)state;
    struct gate *gate = gate_new(1, 2, 1, key);
    struct gate_ticket slow, first, in_line[3];
    assert_true(enter(gate, &first, "fine.test"));
    assert_true(enter(gate, &slow, "slow.test"));
    assert_false(enter(gate, &in_line[0], "new.test"));
    assert_false(enter(gate, &in_line[1], "fine.test"));
    assert_false(enter(gate, &in_line[2], "slow.test"));
    gate_learn(gate, &first, true);
    gate_leave(gate, &first);
    assert_ptr_equal(gate_next(gate), &in_line[1]); /* before the one that came first */
    assert_null(gate_next(gate));
    gate_leave(gate, &in_line[1]);
    assert_ptr_equal(gate_next(gate), &in_line[0]);
    gate_leave(gate, &slow);
    assert_ptr_equal(gate_next(gate), &in_line[2]);
    gate_free(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_zone_waits_and_another_does_not),
        cmocka_unit_test(who_waits_goes_out_in_the_order_of_coming),
        cmocka_unit_test(zones_take_turns_for_the_last_places),
        cmocka_unit_test(one_that_leaves_the_line_is_passed_over),
        cmocka_unit_test(a_zone_is_forgotten_and_begins_anew),
        cmocka_unit_test(a_zone_that_was_prompt_passes_any_number_of_slow_ones),
        cmocka_unit_test(one_in_line_that_turns_out_prompt_changes_lines),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
