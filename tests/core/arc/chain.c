/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* The structure of chains: RFC 8617 section 5.2 steps 1 to 3. */

static void without_fields_there_is_no_chain(void **state)
{
    struct arc_case *c = *state;
    arc_expect(c, ARC_NONE, "no ARC fields");
    assert_false(arc_chain_exists(c->chain));
    assert_int_equal(c->result.instances, 0);
}

static void one_set_and_five_hold(void **state)
{
    static const char *const domains[] = {"a.test", "b.test", "c.test", "d.test",
                                          "e.test"};
    struct arc_case *c = *state;
    for (unsigned i = 0; i < 5; i++) {
        arc_add_set_by(c, domains[i]);
        arc_expect(c, ARC_PASS, domains[i]);
        assert_int_equal(c->result.instances, i + 1);
        assert_int_equal(c->result.set_count, i + 1);
        assert_true(c->result.counts);
    }
    assert_true(slice_eq(c->result.sets[2].domain, SLICE("c.test")));
    assert_true(c->result.sets[2].has_results);
    assert_true(slice_eq(c->result.sets[2].results.authserv_id, SLICE("mx.c.test")));
}

static void a_set_has_one_of_each_field(void **state)
{
    static const struct {
        struct arc_options options;
        const char *words;
    } rows[] = {
        {{.no_aar = true},  "set 2 has no ARC-Authentication-Results"},
        {{.no_ams = true},  "set 2 has no ARC-Message-Signature"     },
        {{.no_seal = true}, "set 2 has no ARC-Seal"                  },
    };
    struct arc_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arc_message(c, arc_plain_message);
        arc_add_set(c, NULL);
        arc_add_set(c, &rows[i].options);
        arc_expect(c, ARC_FAIL, rows[i].words);
    }
}

static void a_field_more_than_one_is_a_fault(void **state)
{
    static const struct {
        const char *field;
        const char *words;
    } rows[] = {
        {"ARC-Authentication-Results: i=1; x.test; none\r\n",
         "set 1 has more than one ARC-Authentication-Results"},
        {"ARC-Message-Signature: i=01; a=rsa-sha256; d=x.test; s=s; h=from; bh=; b=\r\n",
         "set 1 has more than one ARC-Message-Signature"     },
        {"ARC-Seal: i=1; a=rsa-sha256; d=x.test; s=s; cv=none; b=\r\n",
         "set 1 has more than one ARC-Seal"                  },
    };
    struct arc_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        arc_message(c, arc_plain_message);
        arc_add_set(c, NULL);
        arc_put(c, rows[i].field);
        arc_expect(c, ARC_FAIL, rows[i].words);
    }
}

static void instances_are_numbers_from_1_to_50(void **state)
{
    static const char *const bad[] = {"0",  "00", "51", "100",        "001", "-1",
                                      "1a", "",   "x",  "4294967297", "+1"};
    struct arc_case *c = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct arc_options rows[] = {{.aar_instance = bad[i]},
                                           {.ams_instance = bad[i]},
                                           {.seal_instance = bad[i]}};
        for (size_t row = 0; row < 3; row++) {
            arc_message(c, arc_plain_message);
            arc_add_set(c, &rows[row]);
            arc_expect(c, ARC_FAIL, "has no instance number from 1 to 50");
        }
    }
    static const struct arc_options padded = {.instance = "01"};
    arc_message(c, arc_plain_message);
    arc_add_set(c, &padded);
    arc_expect(c, ARC_PASS, "a.test");
}

static void an_instance_is_needed_in_each_field(void **state)
{
    struct arc_case *c = *state;
    arc_add_set(c, NULL);
    arc_replace(c, "ARC-Seal: i=1;", "ARC-Seal:");
    arc_expect(c, ARC_FAIL, "an ARC-Seal field has no instance number");
    arc_message(c, arc_plain_message);
    arc_add_set(c, NULL);
    arc_replace(c, "ARC-Authentication-Results: i=1;", "ARC-Authentication-Results:");
    arc_expect(c, ARC_FAIL, "an ARC-Authentication-Results field has no instance");
    arc_message(c, arc_plain_message);
    arc_add_set(c, NULL);
    arc_replace(c, "cv=none; d", "cv=none;; d");
    arc_expect(c, ARC_FAIL, "an ARC-Seal field cannot be read");
}

static void comments_may_stand_in_the_results_instance(void **state)
{
    static const struct arc_options options = {.aar_instance =
                                                   "(one (\\) nested) ) 1 \r\n\t(more)"};
    struct arc_case *c = *state;
    arc_add_set(c, &options);
    arc_expect(c, ARC_PASS, "a.test");
}

static void sets_are_numbered_without_a_gap(void **state)
{
    static const struct arc_options third = {.instance = "3", .cv = "pass"};
    static const struct arc_options second = {.instance = "2", .cv = "none"};
    struct arc_case *c = *state;
    arc_add_set(c, NULL);
    arc_add_set(c, &third);
    arc_expect(c, ARC_FAIL, "set 2 of 3 is missing");
    assert_int_equal(c->result.instances, 3);
    arc_message(c, arc_plain_message);
    arc_add_set(c, &second);
    arc_expect(c, ARC_FAIL, "set 1 of 2 is missing");
}

static void order_in_the_header_does_not_matter(void **state)
{
    struct arc_case *c = *state;
    arc_add_set_by(c, "a.test");
    arc_add_set_by(c, "b.test");
    /* The newest seal goes to the bottom of the header. */
    char *seal = NULL;
    size_t length = strcspn(c->message.ptr, "\r") + 2;
    assert_true(asprintf(&seal, "+0000\r\n%.*s", (int)length, c->message.ptr) > 0);
    struct naive_text rest = {NULL, 0};
    naive_add(&rest, c->message.ptr + length, c->message.len - length);
    free(c->message.ptr);
    c->message = rest;
    arc_replace(c, "+0000\r\n", seal);
    free(seal);
    arc_expect(c, ARC_PASS, "b.test");
}

static void each_status_has_its_place(void **state)
{
    static const struct {
        const char *first, *second;
        enum arc_code code;
        const char *words;
    } rows[] = {
        {"none", "pass", ARC_PASS, "all 2 sets hold"                        },
        {"NONE", "Pass", ARC_PASS, "all 2 sets hold"                        },
        {"none", "none", ARC_FAIL, "set 2 has cv=none where cv=pass belongs"},
        {"pass", "pass", ARC_FAIL, "set 1 has cv=pass where cv=none belongs"},
        {"fail", "pass", ARC_FAIL, "set 1 has cv=fail where cv=none belongs"},
        {"none", "fail", ARC_FAIL, "set 2 says that the chain was broken"   },
        {"none", "",     ARC_FAIL, "set 2 has a seal without a cv="         },
        {"none", "good", ARC_FAIL, "set 2 has a seal without a cv="         },
    };
    struct arc_case *c = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct arc_options first = {.cv = rows[i].first};
        const struct arc_options second = {.cv = rows[i].second};
        arc_message(c, arc_plain_message);
        arc_add_set(c, &first);
        arc_add_set(c, &second);
        arc_expect(c, rows[i].code, rows[i].words);
    }
}

/* Step 2 comes before step 3. */
static void the_newest_fail_is_told_before_all_other_faults(void **state)
{
    static const struct arc_options third = {
        .instance = "3", .cv = "fail", .only_own = true};
    struct arc_case *c = *state;
    arc_add_set(c, NULL);
    arc_add_set(c, &third);
    arc_expect(c, ARC_FAIL, "set 3 says that the chain was broken");
    assert_int_equal(c->questions, 0);
}

static void fifty_sets_hold_and_a_fifty_first_does_not(void **state)
{
    static const struct arc_options more = {.instance = "50"};
    struct arc_case *c = *state;
    for (int i = 0; i < 50; i++) {
        arc_add_set_by(c, i % 2 == 0 ? "a.test" : "b.test");
    }
    arc_expect(c, ARC_PASS, "all 50 sets hold");
    assert_int_equal(c->questions, 2);
    arc_add_set(c, &more);
    arc_expect(c, ARC_FAIL, "a chain has at most 50 sets");
    assert_int_equal(c->questions, 0);
}

static void a_chain_longer_than_set_fails(void **state)
{
    struct arc_case *c = *state;
    c->limits.sets = 2;
    arc_add_set(c, NULL);
    arc_add_set(c, NULL);
    arc_expect(c, ARC_PASS, "all 2 sets hold");
    arc_add_set(c, NULL);
    arc_expect(c, ARC_FAIL, "it has 3 sets, and at most 2 are evaluated here");
    assert_int_equal(c->questions, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, arc_setup, arc_teardown)
    const struct CMUnitTest tests[] = {
        T(without_fields_there_is_no_chain),
        T(one_set_and_five_hold),
        T(a_set_has_one_of_each_field),
        T(a_field_more_than_one_is_a_fault),
        T(instances_are_numbers_from_1_to_50),
        T(an_instance_is_needed_in_each_field),
        T(comments_may_stand_in_the_results_instance),
        T(sets_are_numbered_without_a_gap),
        T(order_in_the_header_does_not_matter),
        T(each_status_has_its_place),
        T(the_newest_fail_is_told_before_all_other_faults),
        T(fifty_sets_hold_and_a_fifty_first_does_not),
        T(a_chain_longer_than_set_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
