/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Design section 4, a test for each row of the table. */

static void expect(struct verdict_case *c, enum config_action action, const char *rule)
{
    assert_int_equal(case_decide(c), action);
    case_assert_rule(c, rule);
}

static bool reply_has(const struct verdict_case *c, const char *text)
{
    return slice_find(c->reply, slice_from_text(text)) < c->reply.len;
}

/* ---- From ---------------------------------------------------------------------------- */

static void bad_from(struct verdict_case *c, enum message_from_status status)
{
    c->from = (struct message_from){.status = status, .reason = SLICE("two From fields")};
    c->dmarc =
        (struct dmarc_result){.code = DMARC_NONE, .reason = SLICE("no single author")};
}

static void a_from_that_is_no_single_domain_is_rejected(void **state)
{
    struct verdict_case *c = *state;
    static const struct {
        enum message_from_status status;
        const char *rule;
    } rows[] = {
        {MESSAGE_FROM_MISSING,         "from-missing"        },
        {MESSAGE_FROM_UNPARSABLE,      "from-unparsable"     },
        {MESSAGE_FROM_SEVERAL_FIELDS,  "from-several-fields" },
        {MESSAGE_FROM_SEVERAL_DOMAINS, "from-several-domains"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bad_from(c, rows[i].status);
        expect(c, CONFIG_REJECT, rows[i].rule);
        assert_true(slice_starts_with(c->reply, SLICE("550 5.7.1 ")));
    }
}

static void a_bad_from_is_quarantined_when_set_so(void **state)
{
    struct verdict_case *c = *state;
    bad_from(c, MESSAGE_FROM_SEVERAL_FIELDS);
    c->config.dmarc.on_bad_from = CONFIG_BAD_FROM_QUARANTINE;
    expect(c, CONFIG_QUARANTINE, "from-several-fields");
    assert_int_equal(c->reply.len, 0);
}

/* ---- pass ---------------------------------------------------------------------------- */

static void a_pass_is_accepted_whatever_spf_alone_says(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.code = DMARC_PASS;
    c->config.spf.on_fail = CONFIG_REJECT;
    expect(c, CONFIG_ACCEPT, "dmarc-pass");
}

/* ---- no policy ------------------------------------------------------------------------- */

static void without_a_policy_the_defaults_only_tag(void **state)
{
    struct verdict_case *c = *state;
    static const struct {
        enum dmarc_code code;
        enum spf_code spf;
        enum config_action action;
        const char *rule;
    } rows[] = {
        {DMARC_NONE,      SPF_FAIL,      CONFIG_TAG,    "spf-fail"     },
        {DMARC_NONE,      SPF_SOFTFAIL,  CONFIG_TAG,    "spf-softfail" },
        {DMARC_NONE,      SPF_PERMERROR, CONFIG_TAG,    "spf-permerror"},
        {DMARC_NONE,      SPF_TEMPERROR, CONFIG_TAG,    "spf-temperror"},
        {DMARC_NONE,      SPF_NEUTRAL,   CONFIG_ACCEPT, "no-policy"    },
        {DMARC_NONE,      SPF_NONE,      CONFIG_ACCEPT, "no-policy"    },
        {DMARC_NONE,      SPF_PASS,      CONFIG_ACCEPT, "no-policy"    },
        {DMARC_PERMERROR, SPF_FAIL,      CONFIG_TAG,    "spf-fail"     },
        {DMARC_FAIL,      SPF_FAIL,      CONFIG_TAG,    "spf-fail"     },
        {DMARC_TEMPERROR, SPF_FAIL,      CONFIG_TAG,    "spf-fail"     },
    };
    c->dmarc.disposition = c->dmarc.policy = DMARC_POLICY_NONE;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        c->dmarc.code = rows[i].code;
        c->verdict.spf.code = rows[i].spf;
        expect(c, rows[i].action, rows[i].rule);
    }
}

static void spf_settings_govern_mail_without_a_policy(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.code = DMARC_NONE;
    c->config.spf.on_fail = CONFIG_REJECT;
    expect(c, CONFIG_REJECT, "spf-fail");
    assert_true(
        slice_starts_with(c->reply, SLICE("550 5.7.23 SPF fail for bounce.example.net")));

    c->config.spf.on_permerror = CONFIG_REJECT;
    c->verdict.spf.code = SPF_PERMERROR;
    expect(c, CONFIG_REJECT, "spf-permerror");
    assert_true(slice_starts_with(c->reply, SLICE("550 5.7.24 ")));

    c->config.spf.on_temperror = CONFIG_DEFER;
    c->verdict.spf.code = SPF_TEMPERROR;
    expect(c, CONFIG_DEFER, "spf-temperror");
    assert_true(slice_starts_with(c->reply, SLICE("451 4.7.24 ")));
}

static void dkim_settings_govern_mail_without_a_policy(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.code = DMARC_NONE;
    c->verdict.spf.code = SPF_PASS;
    case_sign(c, "example.org", DKIM_FAIL);
    expect(c, CONFIG_TAG, "dkim-fail");
    c->config.dkim.on_fail = CONFIG_REJECT;
    expect(c, CONFIG_REJECT, "dkim-fail");
    assert_true(slice_starts_with(c->reply, SLICE("550 5.7.20 ")));

    case_sign(c, "example.org", DKIM_POLICY);
    c->dkim.header_verified = c->dkim.body_verified = true;
    c->config.dkim.on_policy = CONFIG_REJECT;
    expect(c, CONFIG_REJECT, "dkim-policy");
    assert_true(slice_starts_with(c->reply, SLICE("550 5.7.21 ")));
}

static void a_signature_that_does_not_count_is_no_pass_here_either(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.code = DMARC_NONE;
    c->verdict.spf.code = SPF_PASS;
    case_sign(c, "example.org", DKIM_PASS);
    expect(c, CONFIG_ACCEPT, "no-policy");
    c->dkim.counts = false; /* l= left a part of the body unsigned */
    expect(c, CONFIG_TAG, "dkim-policy");
    c->config.dkim.on_policy = CONFIG_REJECT;
    expect(c, CONFIG_REJECT, "dkim-policy");
    assert_true(slice_starts_with(c->reply, SLICE("550 5.7.21 ")));
}

static void the_sterner_of_spf_and_dkim_is_done(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.code = DMARC_NONE;
    case_sign(c, "example.org", DKIM_FAIL);
    c->config.spf.on_fail = CONFIG_QUARANTINE;
    expect(c, CONFIG_QUARANTINE, "spf-fail");
    c->config.dkim.on_fail = CONFIG_REJECT;
    expect(c, CONFIG_REJECT, "dkim-fail");
    c->config.spf.on_fail = CONFIG_REJECT;
    expect(c, CONFIG_REJECT, "spf-fail");
    assert_true(
        slice_starts_with(c->reply, SLICE("550 5.7.26 "))); /* RFC 7372 section 4 */
}

static void a_senders_explanation_is_marked_as_the_senders(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.code = DMARC_NONE;
    c->config.spf.on_fail = CONFIG_REJECT;
    c->verdict.spf.explanation = SLICE("see \"http://bounce.example.net/why\"");
    c->verdict.spf.explanation_domain = SLICE("bounce.example.net");
    (void)case_decide(c);
    assert_true(reply_has(
        c, "bounce.example.net explains: \"see ?http://bounce.example.net/why?\""));
}

/* ---- temperror ----------------------------------------------------------------------- */

static void temperror_defers_when_the_policy_is_unknown_or_stern(void **state)
{
    struct verdict_case *c = *state;
    static const struct {
        bool known;
        enum dmarc_policy policy;
    } rows[] = {
        {false, DMARC_POLICY_NONE      },
        {true,  DMARC_POLICY_QUARANTINE},
        {true,  DMARC_POLICY_REJECT    }
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        c->dmarc.code = DMARC_TEMPERROR;
        c->dmarc.policy_known = rows[i].known;
        c->dmarc.disposition = rows[i].policy;
        expect(c, CONFIG_DEFER, "dmarc-temperror");
        assert_true(slice_starts_with(c->reply, SLICE("451 4.4.3 DMARC: ")));
    }
}

static void after_its_patience_temperror_quarantines_what_has_a_policy(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.code = DMARC_TEMPERROR;
    c->input.first_seen_s = c->input.now_s - 4 * 3600 + 1;
    expect(c, CONFIG_DEFER, "dmarc-temperror");
    c->input.first_seen_s = c->input.now_s - 4 * 3600;
    expect(c, CONFIG_QUARANTINE, "dmarc-temperror-quarantine");
    c->dmarc.policy_known = false;
    c->dmarc.known_policy_floor = DMARC_POLICY_QUARANTINE;
    expect(c, CONFIG_QUARANTINE, "dmarc-temperror-quarantine");
    c->dmarc.known_policy_floor = DMARC_POLICY_NONE;
    expect(c, CONFIG_TAG, "dmarc-temperror-accept");
}

static void patience_ends_for_spf_and_dkim_as_well(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.code = DMARC_NONE;
    c->config.spf.on_temperror = CONFIG_DEFER;
    c->config.spf.on_softfail = CONFIG_DEFER;
    c->config.dkim.on_temperror = CONFIG_DEFER;
    c->verdict.spf.code = SPF_TEMPERROR;
    c->input.first_seen_s = c->input.now_s - 4 * 3600 + 1;
    expect(c, CONFIG_DEFER, "spf-temperror");
    c->input.first_seen_s = c->input.now_s - 4 * 3600;
    expect(c, CONFIG_TAG, "spf-temperror");

    c->verdict.spf.code = SPF_PASS;
    case_sign(c, "example.org", DKIM_TEMPERROR);
    expect(c, CONFIG_TAG, "dkim-temperror");
    c->input.first_seen_s++;
    expect(c, CONFIG_DEFER, "dkim-temperror");

    /* What does not wait for name servers is deferred for as long as it comes. */
    c->input.first_seen_s = 0;
    c->verdict.spf.code = SPF_SOFTFAIL;
    expect(c, CONFIG_DEFER, "spf-softfail");
}

static void only_what_waits_for_dns_does(void **state)
{
    (void)state;
    static const struct {
        enum config_action action;
        slice rule;
        bool waits;
    } rows[] = {
        {CONFIG_DEFER, SLICE_INIT("dmarc-temperror"), true },
        {CONFIG_DEFER, SLICE_INIT("arc-temperror"),   true },
        {CONFIG_DEFER, SLICE_INIT("spf-temperror"),   true },
        {CONFIG_DEFER, SLICE_INIT("dkim-temperror"),  true },
        {CONFIG_TAG,   SLICE_INIT("spf-temperror"),   false},
        {CONFIG_DEFER, SLICE_INIT("spf-softfail"),    false},
        {CONFIG_DEFER, SLICE_INIT("internal-error"),  false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct verdict_action action = {.action = rows[i].action, .rule = rows[i].rule};
        assert_int_equal(verdict_waits_for_dns(&action), rows[i].waits);
    }
}

static void temperror_is_never_rejected(void **state)
{
    struct verdict_case *c = *state;
    struct config_domain own = {.name = SLICE("example.org")};
    c->config.domains = &own;
    c->config.domain_count = 1;
    c->config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    c->dmarc.code = DMARC_TEMPERROR;
    assert_int_not_equal(case_decide(c), CONFIG_REJECT);
    c->input.first_seen_s = 0;
    assert_int_not_equal(case_decide(c), CONFIG_REJECT);
}

/* ---- quarantine ------------------------------------------------------------------------ */

static void policy_quarantine_quarantines(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.policy = c->dmarc.disposition = DMARC_POLICY_QUARANTINE;
    expect(c, CONFIG_QUARANTINE, "dmarc-quarantine");
    c->config.dmarc.on_quarantine = CONFIG_TAG;
    expect(c, CONFIG_TAG, "dmarc-quarantine");
}

static void a_test_mode_policy_is_judged_by_its_disposition(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.disposition = DMARC_POLICY_QUARANTINE; /* p=reject; t=y */
    c->config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    expect(c, CONFIG_QUARANTINE, "dmarc-quarantine");
}

/* ---- reject ---------------------------------------------------------------------------- */

static void strict_rejects_and_names_dmarc_and_the_domain(void **state)
{
    struct verdict_case *c = *state;
    c->config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    expect(c, CONFIG_REJECT, "dmarc-reject-strict");
    assert_true(slice_starts_with(c->reply, SLICE("550 5.7.26 DMARC: ")));
    assert_true(reply_has(c, "example.org"));
    assert_true(reply_has(c, "SPF fail for bounce.example.net"));
    assert_true(reply_has(c, "no DKIM signature"));
    assert_true(reply_has(c, "(id 7f3a)"));
}

static void never_quarantines_instead(void **state)
{
    struct verdict_case *c = *state;
    c->config.dmarc.on_reject = CONFIG_REJECT_NEVER;
    expect(c, CONFIG_QUARANTINE, "dmarc-reject-never");
}

/* ---- SPF unavailable ------------------------------------------------------------------- */

static void lack_of_spf_never_makes_a_failure(void **state)
{
    struct verdict_case *c = *state;
    c->verdict.has_spf = false;
    c->verdict.source = VERDICT_SOURCE_RELAY;
    c->verdict.source_reason = SLICE("the relay's Received field names no client");
    c->config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    expect(c, CONFIG_TAG, "dmarc-spf-unavailable");
    c->dmarc.code = DMARC_TEMPERROR;
    expect(c, CONFIG_TAG, "dmarc-spf-unavailable");
}

/* ---- replies --------------------------------------------------------------------------- */

static void a_reply_is_one_short_line_of_ascii(void **state)
{
    struct verdict_case *c = *state;
    char long_name[700];
    memset(long_name, 'x', sizeof long_name);
    c->verdict.spf.domain = slice_of(long_name, sizeof long_name);
    c->verdict.spf.explanation = slice_of(long_name, sizeof long_name);
    c->verdict.spf.explanation_domain = SLICE("a\r\n250 ok\xff");
    c->dmarc.code = DMARC_NONE;
    c->config.spf.on_fail = CONFIG_REJECT;
    (void)case_decide(c);
    assert_true(c->reply.len <= 510);
    for (size_t i = 0; i < c->reply.len; i++) {
        assert_in_range(c->reply.ptr[i], 0x20, 0x7e);
    }
    assert_true(reply_has(c, "(id 7f3a)"));
}

int main(void)
{
#define CASE_TEST(f) cmocka_unit_test_setup_teardown(f, case_setup, case_teardown)
    const struct CMUnitTest tests[] = {
        CASE_TEST(a_from_that_is_no_single_domain_is_rejected),
        CASE_TEST(a_bad_from_is_quarantined_when_set_so),
        CASE_TEST(a_pass_is_accepted_whatever_spf_alone_says),
        CASE_TEST(without_a_policy_the_defaults_only_tag),
        CASE_TEST(spf_settings_govern_mail_without_a_policy),
        CASE_TEST(dkim_settings_govern_mail_without_a_policy),
        CASE_TEST(a_signature_that_does_not_count_is_no_pass_here_either),
        CASE_TEST(the_sterner_of_spf_and_dkim_is_done),
        CASE_TEST(a_senders_explanation_is_marked_as_the_senders),
        CASE_TEST(temperror_defers_when_the_policy_is_unknown_or_stern),
        CASE_TEST(after_its_patience_temperror_quarantines_what_has_a_policy),
        CASE_TEST(patience_ends_for_spf_and_dkim_as_well),
        CASE_TEST(only_what_waits_for_dns_does),
        CASE_TEST(temperror_is_never_rejected),
        CASE_TEST(policy_quarantine_quarantines),
        CASE_TEST(a_test_mode_policy_is_judged_by_its_disposition),
        CASE_TEST(strict_rejects_and_names_dmarc_and_the_domain),
        CASE_TEST(never_quarantines_instead),
        CASE_TEST(lack_of_spf_never_makes_a_failure),
        CASE_TEST(a_reply_is_one_short_line_of_ascii),
    };
    return cmocka_run_group_tests_name("disposition", tests, NULL, NULL);
}
