/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is taken out of a message, and that it is out whatever else goes wrong with it. */

#define FORGED  "Authentication-Results: mx.example.com; dmarc=pass\r\n"
#define FOREIGN "Authentication-Results: other.example.net; spf=pass\r\n"
#define HIDDEN                                                                           \
    "X-Carrier: nothing\nAuthentication-Results: mx.example.com; dmarc=pass\r\n"

/* The header after the edits is our fields and then just this. */
static void expect_left(struct intake_case *c, const char *left)
{
    char *header = case_edited_header(c);
    size_t length = strlen(header);
    if (length < strlen(left) || strcmp(header + length - strlen(left), left) != 0 ||
        strstr(header, "dmarc=pass") != NULL) {
        fail_msg("left is:\n%s\nwanted at its end:\n%s", header, left);
    }
    free(header);
}

static void set_header(struct intake_case *c, const char *fields)
{
    char *text = NULL;
    assert_true(asprintf(&text, "%s\r\nHello.\r\n", fields) > 0);
    case_set_message(c, text);
    free(text);
}

/* ---- positions ----------------------------------------------------------------------------- */

static const struct {
    const char *why, *header, *left;
    size_t removed;
} rows[] = {
    {"nothing to remove",                 "From: a@example.org\r\n" FOREIGN,
     "From: a@example.org\r\n" FOREIGN,                                                                                                                                                  0},
    {"first",                             FORGED "From: a@example.org\r\n",                           "From: a@example.org\r\n",                                                         1},
    {"last",                              "From: a@example.org\r\nTo: b\r\n" FORGED,
     "From: a@example.org\r\nTo: b\r\n",                                                                                                                                                 1},
    {"the only one",                      FORGED,                                                     "",                                                                                1},
    {"several in a row",                  "From: a@example.org\r\n" FORGED FORGED FORGED "To: b\r\n",
     "From: a@example.org\r\nTo: b\r\n",                                                                                                                                                 3},
    {"between those of others",
     FOREIGN FORGED "From: a@example.org\r\n" FOREIGN FORGED FOREIGN FORGED FOREIGN,
     FOREIGN "From: a@example.org\r\n" FOREIGN FOREIGN FOREIGN,                                                                                                                          3},
    {"in any case of the name",
     "AUTHENTICATION-RESULTS: other.example.net; spf=pass\r\n"
     "authentication-results: MX.Example.COM; dmarc=pass\r\n"
     "From: a@example.org\r\n"
     "Authentication-Results: mx.example.com; dmarc=pass\r\n",                                        "AUTHENTICATION-RESULTS: other.example.net; spf=pass\r\n"
     "From: a@example.org\r\n",                                                                                            2},
    {"with white space before the colon",
     "Authentication-Results : mx.example.com; dmarc=pass\r\nFrom: a@example.org\r\n",                "From: a@example.org\r\n",                                                         1},
    {"folded and commented",
     "Authentication-Results:\r\n (dmarc=pass)\r\n\t\"mx.example.com\" 1;\r\n"
     " dmarc=pass\r\nFrom: a@example.org\r\n",                                                        "From: a@example.org\r\n",                                                         1},
    {"what cannot be parsed",
     FOREIGN "Authentication-Results: ;;; dmarc=pass\r\nFrom: a@example.org\r\n",
     FOREIGN "From: a@example.org\r\n",                                                                                                                                                  1},
    {"an empty one",                      "Authentication-Results:\r\nFrom: a@example.org\r\n",
     "From: a@example.org\r\n",                                                                                                                                                          1},
    {"our marks",
     "x-yett-TAG: dmarc=pass\r\nFrom: a@example.org\r\nX-Yett-Quarantine: dmarc=pass\r\n"
     "X-Yett-Other: stays\r\nX-Yett-Tag: again\r\n",                                                  "From: a@example.org\r\nX-Yett-Other: stays\r\n",                                  3},
    {"the name in a value stays",
     "From: a@example.org\r\nSubject: Authentication-Results: mx.example.com\r\n"
     "X-Note:\r\n Authentication-Results: mx.example.com\r\n",                                        "From: a@example.org\r\nSubject: Authentication-Results: mx.example.com\r\n"
     "X-Note:\r\n Authentication-Results: mx.example.com\r\n",                                                             0},
    {"the ARC set of others stays",
     "ARC-Authentication-Results: i=1; mx.example.com; spf=fail\r\nFrom: a@b.test\r\n",               "ARC-Authentication-Results: i=1; mx.example.com; spf=fail\r\nFrom: a@b.test\r\n",
     0                                                                                                                                                                                    },
    {"hidden in a carrier",
     "X-Carrier: one\r\n" HIDDEN "From: a@example.org\r\nx-carrier: three\r\n",
     "X-Carrier: one\r\nFrom: a@example.org\r\nx-carrier: three\r\n",                                                                                                                    1},
    {"hidden in every second carrier",
     "x-carrier: one\r\n" HIDDEN "X-CARRIER: three\r\n" HIDDEN
     "From: a@example.org\r\n" FORGED,
     "x-carrier: one\r\nX-CARRIER: three\r\nFrom: a@example.org\r\n",                                                                                                                    3},
    {"a mark hidden in a carrier",        "X-C: a\nX-Yett-Tag: dmarc=pass\r\nFrom: a@b.test\r\n",
     "From: a@b.test\r\n",                                                                                                                                                               1},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static bool has_carrier(size_t row)
{
    return strstr(rows[row].why, "carrier") != NULL;
}

static void check_row(struct intake_case *c, size_t row)
{
    set_header(c, rows[row].header);
    case_judge(c);
    if (c->decision->outcome != EVENT_ACCEPTED) {
        fail_msg("%s: %.*s", rows[row].why, SLICE_ARG(c->decision->event.action.reason));
    }
    if (case_count(c->decision, INTAKE_REMOVE) != rows[row].removed) {
        fail_msg("%s: %zu removed", rows[row].why,
                 case_count(c->decision, INTAKE_REMOVE));
    }
    assert_int_equal(c->decision->event.removed_fields, rows[row].removed);
    expect_left(c, rows[row].left);
}

static void accept_all(struct intake_case *c)
{
    c->config.mode = CONFIG_OBSERVE;
}

static void what_is_ours_goes_from_every_place(void **state)
{
    struct intake_case *c = *state;
    accept_all(c);
    for (size_t i = 0; i < ROWS; i++) {
        check_row(c, i);
    }
}

static void it_goes_from_own_mail_as_well(void **state)
{
    struct intake_case *c = *state;
    c->login = "alice";
    for (size_t i = 0; i < ROWS; i++) {
        check_row(c, i);
    }
    c->login = NULL;
    c->client = NULL;
    c->local = true;
    for (size_t i = 0; i < ROWS; i++) {
        check_row(c, i);
    }
}

static void it_goes_from_mail_of_a_trusted_relay(void **state)
{
    struct intake_case *c = *state;
    struct ip_network relay = {0};
    accept_all(c);
    assert_int_equal(ip_parse_network(SLICE("203.0.113.66"), &relay), YETT_OK);
    c->config.trusted_relays = &relay;
    c->config.trusted_relay_count = 1;
    for (size_t i = 0; i < ROWS; i++) {
        check_row(c, i);
    }
}

static void it_goes_before_ours_is_added(void **state)
{
    struct intake_case *c = *state;
    c->client = "192.0.2.10";
    set_header(c, FORGED "From: a@example.org\r\n" FORGED);
    case_expect(c, EVENT_ACCEPTED, "dmarc-pass");
    assert_int_equal(c->decision->edit_count, 3);
    assert_int_equal(c->decision->edits[0].index, 2);
    assert_int_equal(c->decision->edits[0].occurrence, 2);
    assert_int_equal(c->decision->edits[1].index, 0);
    assert_int_equal(c->decision->edits[1].occurrence, 1);
    assert_int_equal(c->decision->edits[2].kind, INTAKE_ADD);
}

static void a_refused_message_is_not_edited(void **state)
{
    struct intake_case *c = *state;
    set_header(c, FORGED "Subject: nobody\r\n");
    case_expect(c, EVENT_REJECTED, "from-missing");
    assert_int_equal(c->decision->edit_count, 0);
    assert_int_equal(c->decision->event.removed_fields, 0);
}

/* ---- when the message is not judged ---------------------------------------------------------- */

static void exceed_a_limit(struct intake_case *c)
{
    c->config.limits.message_bytes = 10;
    c->config.on_internal_error = CONFIG_ACCEPT;
}

static void it_goes_from_what_is_beyond_the_limits(void **state)
{
    struct intake_case *c = *state;
    exceed_a_limit(c);
    for (size_t i = 0; i < ROWS; i++) {
        if (!has_carrier(i)) {
            check_row(c, i);
            assert_true(
                slice_eq(c->decision->event.action.rule, SLICE("internal-error")));
        }
    }
}

static void it_goes_from_behind_the_limit_of_fields(void **state)
{
    struct intake_case *c = *state;
    c->config.limits.fields = 2;
    c->config.on_internal_error = CONFIG_ACCEPT;
    set_header(c, FORGED "From: a@example.org\r\nTo: b\r\n" FORGED FOREIGN
                         "To: c\r\n" FORGED "Cc: d\r\n");
    case_expect(c, EVENT_ACCEPTED, "internal-error");
    assert_int_equal(case_count(c->decision, INTAKE_REMOVE), 3);
    expect_left(c, "From: a@example.org\r\nTo: b\r\n" FOREIGN "To: c\r\nCc: d\r\n");
}

static void what_may_hide_is_not_let_in_unread(void **state)
{
    struct intake_case *c = *state;
    exceed_a_limit(c);
    for (size_t i = 0; i < ROWS; i++) {
        if (has_carrier(i)) {
            set_header(c, rows[i].header);
            c->config.mode = CONFIG_ENFORCE;
            case_expect(c, EVENT_DEFERRED, "internal-error");
            assert_true(slice_starts_with(c->decision->reply, SLICE("451 4.3.0 ")));
            assert_int_equal(c->decision->edit_count, 0);
            c->config.mode = CONFIG_OBSERVE;
            case_expect(c, EVENT_DEFERRED, "internal-error");
        }
    }
}

/* A line end that hides nothing of ours is nothing to be afraid of. */
static void other_bare_line_ends_are_let_in(void **state)
{
    struct intake_case *c = *state;
    exceed_a_limit(c);
    set_header(c, "X-Odd: a\nb\r\nX-Odd: a\nX-Other: c\r\nFrom: a@example.org\r\n");
    case_expect(c, EVENT_ACCEPTED, "internal-error");
}

static void run_fields(struct intake_case *c, const char *name, slice value, bool is_cut,
                       size_t times)
{
    if (c->intake == NULL) {
        case_open(c, (struct intake_ceilings){0});
    }
    case_connect(c);
    case_mail(c);
    intake_field(c->intake, SLICE("From"), SLICE(" a@example.org"), false);
    for (size_t i = 0; i < times; i++) {
        intake_field(c->intake, slice_from_text(name), value, is_cut);
    }
    intake_end_of_header(c->intake);
    intake_end_of_body(c->intake, c->now_s);
    intake_time_out(c->intake);
    c->decision = intake_decision(c->intake);
    assert_non_null(c->decision);
}

/* Others skip white space before a name: verdicts take such a field for a carrier. */
static void a_name_behind_white_space_is_as_good_as_hidden(void **state)
{
    static const char *const names[] = {" Authentication-Results", "\tX-Yett-Tag"};
    struct intake_case *c = *state;
    accept_all(c);
    for (size_t i = 0; i < 2; i++) {
        c->config.limits.message_bytes = 0;
        run_fields(c, names[i], SLICE(" mx.example.com; dmarc=pass"), false, 1);
        assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
        assert_int_equal(case_count(c->decision, INTAKE_REMOVE), 1);
        exceed_a_limit(c);
        run_fields(c, names[i], SLICE(" mx.example.com; dmarc=pass"), false, 1);
        assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
    }
}

static void a_line_end_in_a_name_is_not_let_in(void **state)
{
    static const char *const names[] = {"X\nAuthentication-Results",
                                        "X\rAuthentication-Results", "X\r\nX",
                                        "X-Yett-Tag\n"};
    struct intake_case *c = *state;
    accept_all(c);
    c->config.on_internal_error = CONFIG_ACCEPT;
    for (size_t i = 0; i < 4; i++) {
        run_fields(c, names[i], SLICE(" mx.example.com; dmarc=pass"), false, 1);
        assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
        assert_int_equal(c->decision->edit_count, 0);
    }
}

static void a_cut_field_of_that_name_goes_whatever_it_says(void **state)
{
    struct intake_case *c = *state;
    c->config.on_internal_error = CONFIG_ACCEPT;
    run_fields(c, "Authentication-Results", SLICE(" other.example.net; spf=pa"), true, 3);
    assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
    assert_int_equal(case_count(c->decision, INTAKE_REMOVE), 3);
    assert_int_equal(c->decision->edits[0].index, 3);
    assert_int_equal(c->decision->edits[0].occurrence, 3);
}

/* Nobody knows what was in the part that was dropped. */
static void any_other_cut_field_is_not_let_in(void **state)
{
    struct intake_case *c = *state;
    c->config.on_internal_error = CONFIG_ACCEPT;
    run_fields(c, "X-Long", SLICE(" aaaa"), true, 1);
    assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
}

static void twenty_thousand_go_and_one_more_is_not_let_in(void **state)
{
    struct intake_case *c = *state;
    slice value = SLICE(" mx.example.com; dmarc=pass");
    for (int pass = 0; pass < 2; pass++) {
        /* Beyond the limit of fields, and within. */
        c->config.limits.fields = pass == 0 ? 10000 : 100000;
        c->config.on_internal_error = CONFIG_ACCEPT;
        accept_all(c);
        run_fields(c, "Authentication-Results", value, false, INTAKE_REMOVALS_MAX);
        assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
        assert_int_equal(case_count(c->decision, INTAKE_REMOVE), INTAKE_REMOVALS_MAX);
        assert_int_equal(c->decision->edits[0].index, INTAKE_REMOVALS_MAX);
        assert_int_equal(c->decision->edits[0].occurrence, INTAKE_REMOVALS_MAX);
        run_fields(c, "Authentication-Results", value, false, INTAKE_REMOVALS_MAX + 1);
        assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
        assert_int_equal(c->decision->edit_count, 0);
    }
}

static void many_results_of_others_are_no_reason(void **state)
{
    struct intake_case *c = *state;
    c->config.on_internal_error = CONFIG_ACCEPT;
    run_fields(c, "Authentication-Results", SLICE(" other.example.net; spf=pass"), false,
               INTAKE_REMOVALS_MAX + 5000);
    assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
    assert_int_equal(c->decision->edit_count, 0);
    c->poison_everything = true;
    run_fields(c, "Authentication-Results", SLICE(" other.example.net; spf=pass"), false,
               INTAKE_REMOVALS_MAX + 1);
    assert_int_equal(c->decision->outcome, EVENT_DEFERRED);
}

/* Whether the message could be judged or not, the same ones go: those further down. */
static void of_many_odd_results_of_others_the_lowest_go(void **state)
{
    struct intake_case *c = *state;
    c->config.on_internal_error = CONFIG_ACCEPT;
    c->config.dmarc.on_temperror = CONFIG_ACCEPT;
    for (size_t fields = 100; fields <= 20000; fields += 19900) {
        run_fields(c, "Authentication-Results", SLICE(" xn--bcher-kva.example; none"),
                   false, fields);
        assert_int_equal(c->decision->outcome, EVENT_ACCEPTED);
        size_t removed = fields - AUTHRES_CLOSE_LOOKS_MAX;
        assert_int_equal(case_count(c->decision, INTAKE_REMOVE), removed);
        assert_int_equal(c->decision->edits[0].index, fields);
        assert_int_equal(c->decision->edits[removed - 1].index,
                         1 + AUTHRES_CLOSE_LOOKS_MAX);
    }
}

/* ---- poisoned ------------------------------------------------------------------------------ */

static void all_results_go_from_what_is_not_looked_into(void **state)
{
    struct intake_case *c = *state;
    c->poison_everything = true;
    c->config.on_internal_error = CONFIG_ACCEPT;
    set_header(c, FOREIGN "From: a@example.org\r\nX-Yett-Tag: a\r\n" FORGED "To: b\r\n");
    case_expect(c, EVENT_ACCEPTED, "internal-error");
    assert_int_equal(case_count(c->decision, INTAKE_REMOVE), 3);
    expect_left(c, "From: a@example.org\r\nTo: b\r\n");
}

static void what_is_not_looked_into_must_have_plain_lines(void **state)
{
    struct intake_case *c = *state;
    c->poison_everything = true;
    c->config.on_internal_error = CONFIG_ACCEPT;
    set_header(c, "From: a@example.org\r\nX-Odd: a\nb\r\n");
    case_expect(c, EVENT_DEFERRED, "internal-error");
}

static void local_mail_is_let_in_all_the_same(void **state)
{
    struct intake_case *c = *state;
    exceed_a_limit(c);
    c->config.on_internal_error = CONFIG_DEFER;
    c->local = true;
    set_header(c, HIDDEN "From: a@example.org\r\n");
    case_expect(c, EVENT_ACCEPTED, "internal-error");
    assert_int_equal(c->decision->reply.len, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, case_setup, case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_ours_goes_from_every_place),
        TEST(it_goes_from_own_mail_as_well),
        TEST(it_goes_from_mail_of_a_trusted_relay),
        TEST(it_goes_before_ours_is_added),
        TEST(a_refused_message_is_not_edited),
        TEST(it_goes_from_what_is_beyond_the_limits),
        TEST(it_goes_from_behind_the_limit_of_fields),
        TEST(what_may_hide_is_not_let_in_unread),
        TEST(other_bare_line_ends_are_let_in),
        TEST(a_name_behind_white_space_is_as_good_as_hidden),
        TEST(a_line_end_in_a_name_is_not_let_in),
        TEST(a_cut_field_of_that_name_goes_whatever_it_says),
        TEST(any_other_cut_field_is_not_let_in),
        TEST(twenty_thousand_go_and_one_more_is_not_let_in),
        TEST(many_results_of_others_are_no_reason),
        TEST(of_many_odd_results_of_others_the_lowest_go),
        TEST(all_results_go_from_what_is_not_looked_into),
        TEST(what_is_not_looked_into_must_have_plain_lines),
        TEST(local_mail_is_let_in_all_the_same),
    };
    return cmocka_run_group_tests_name("removal", tests, NULL, NULL);
}
