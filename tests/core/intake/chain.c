/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/case.h"
#include "core/intake/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Mail that lists hand on, with chains of seals (ARC). */

static const char zone_text[] = "$TTL 3600\n"
                                "_dmarc.example.org. TXT \"v=DMARC1; p=reject\"\n"
                                "example.org. TXT \"v=spf1 -all\"\n"
                                "a.test. TXT \"v=spf1 -all\"\n";
static const slice list_domain[] = {SLICE_INIT("a.test")};

struct pair {
    struct intake_case *gate;
    struct arc_case *mail;
};

static int setup(void **state)
{
    static struct pair pair;
    char *zone = NULL;
    assert_int_equal(case_setup(state), 0);
    pair.gate = *state;
    assert_int_equal(arc_setup(state), 0);
    pair.mail = *state;
    pair.gate->now_s = pair.mail->now_s;
    pair.gate->mail_from = "<bounces@a.test>";
    assert_true(asprintf(&zone, "%s%s", zone_text, pair.mail->zone.ptr) > 0);
    case_set_zone(pair.gate, zone);
    free(zone);
    *state = &pair;
    return 0;
}

static int teardown(void **state)
{
    struct pair *pair = *state;
    void *gate = pair->gate, *mail = pair->mail;
    return arc_teardown(&mail) + case_teardown(&gate);
}

static void expect(struct pair *pair, const char *rule, const char *results)
{
    case_set_message(pair->gate, pair->mail->message.ptr);
    case_expect(pair->gate, EVENT_ACCEPTED, rule);
    slice added = case_added(pair->gate->decision, "Authentication-Results");
    if (!case_has(added, results) || !case_has(added, "dmarc=fail")) {
        fail_msg("%.*s", SLICE_ARG(added));
    }
}

static void trust_the_list(struct pair *pair)
{
    pair->gate->config.trusted_sealers = list_domain;
    pair->gate->config.trusted_sealer_count = 1;
}

static void a_chain_that_holds_is_reported_and_changes_nothing(void **state)
{
    struct pair *pair = *state;
    arc_add_set_by(pair->mail, "b.test");
    arc_add_set_by(pair->mail, "a.test");
    expect(pair, "dmarc-reject-unknown", " arc=pass");
    assert_int_equal(pair->gate->decision->event.verdict->arc.instances, 2);
}

static void the_word_of_a_trusted_sealer_makes_up_for_a_failure(void **state)
{
    struct pair *pair = *state;
    trust_the_list(pair);
    arc_add_set_by(pair->mail, "a.test");
    expect(pair, "trusted-sealer", " arc=pass");
}

static void what_was_changed_behind_the_seal_is_not_the_sealers_word(void **state)
{
    struct pair *pair = *state;
    trust_the_list(pair);
    arc_add_set_by(pair->mail, "a.test");
    arc_append(pair->mail, "P.S.: send money\r\n");
    expect(pair, "dmarc-reject-unknown", " arc=fail");
}

static void without_arc_fields_nothing_is_said_of_them(void **state)
{
    struct pair *pair = *state;
    trust_the_list(pair);
    expect(pair, "dmarc-reject-unknown", "dkim=none");
    assert_false(
        case_has(case_added(pair->gate->decision, "Authentication-Results"), " arc="));
}

/* A message whose key never comes is decided when its time is over, and deferred. */
static void a_trusted_chain_whose_key_cannot_be_had_waits(void **state)
{
    struct pair *pair = *state;
    trust_the_list(pair);
    arc_add_set_by(pair->mail, "a.test");
    case_set_zone(pair->gate, "$TTL 3600\n"
                              "_dmarc.example.org. TXT \"v=DMARC1; p=reject\"\n"
                              "example.org. TXT \"v=spf1 -all\"\n"
                              "a.test. TXT \"v=spf1 -all\"\n"
                              "; yett: timeout s._domainkey.a.test. TXT\n");
    case_set_message(pair->gate, pair->mail->message.ptr);
    case_expect(pair->gate, EVENT_DEFERRED, "arc-temperror");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_chain_that_holds_is_reported_and_changes_nothing),
        TEST(the_word_of_a_trusted_sealer_makes_up_for_a_failure),
        TEST(what_was_changed_behind_the_seal_is_not_the_sealers_word),
        TEST(without_arc_fields_nothing_is_said_of_them),
        TEST(a_trusted_chain_whose_key_cannot_be_had_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
