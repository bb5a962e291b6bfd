/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* on_reject = "informed", exceptions, rules, forwarders, recipients. */

static void expect(struct verdict_case *c, enum config_action action, const char *rule)
{
    assert_int_equal(case_decide(c), action);
    case_assert_rule(c, rule);
}

static void own_domain(struct verdict_case *c)
{
    static const struct config_domain own = {.name = SLICE_INIT("example.org")};
    c->config.domains = &own;
    c->config.domain_count = 1;
}

static struct config_rule reject_rule = {.name = SLICE_INIT("bank"),
                                         .author = SLICE_INIT("example.org"),
                                         .on_fail = CONFIG_REJECT,
                                         .because = SLICE_INIT("ticket 12")};

static void add_rule(struct verdict_case *c)
{
    reject_rule.on_fail = CONFIG_REJECT;
    c->config.rules = &reject_rule;
    c->config.rule_count = 1;
}

/* ---- positive rows --------------------------------------------------------------------- */

static void p_reject_alone_only_quarantines(void **state)
{
    struct verdict_case *c = *state; /* RFC 9989 section 7.4 */
    expect(c, CONFIG_QUARANTINE, "dmarc-reject-unknown");
    assert_int_equal(c->reply.len, 0);
}

static void a_forgery_of_a_domain_of_ours_is_rejected(void **state)
{
    struct verdict_case *c = *state;
    own_domain(c);
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
    assert_true(slice_starts_with(c->reply, SLICE("550 5.7.26 ")));
}

static void an_administrators_rule_rejects(void **state)
{
    struct verdict_case *c = *state;
    add_rule(c);
    expect(c, CONFIG_REJECT, "dmarc-reject-rule");
    c->dmarc.disposition = c->dmarc.policy = DMARC_POLICY_NONE;
    expect(c, CONFIG_REJECT, "dmarc-reject-rule");
    /* What an administrator wrote down is never sent out. */
    assert_true(slice_find(c->reply, SLICE("ticket")) == c->reply.len);
    assert_true(slice_find(c->reply, SLICE("bank")) == c->reply.len);
}

static void a_rule_covers_subdomains_and_no_others(void **state)
{
    struct verdict_case *c = *state;
    add_rule(c);
    c->author = c->dmarc.domain = SLICE("mail.example.org");
    expect(c, CONFIG_REJECT, "dmarc-reject-rule");
    c->author = c->dmarc.domain = SLICE("notexample.org");
    expect(c, CONFIG_QUARANTINE, "dmarc-reject-unknown");
}

static void a_rule_may_be_milder_than_rejection(void **state)
{
    struct verdict_case *c = *state;
    add_rule(c);
    reject_rule.on_fail = CONFIG_TAG;
    expect(c, CONFIG_TAG, "dmarc-fail-rule");
}

static void never_beats_a_rule(void **state)
{
    struct verdict_case *c = *state;
    add_rule(c);
    c->config.dmarc.on_reject = CONFIG_REJECT_NEVER;
    expect(c, CONFIG_QUARANTINE, "dmarc-reject-never");
}

/* ---- what speaks for an intermediary ----------------------------------------------------- */

/* A domain of ours, signed, header intact, body changed. */
static void changed_on_the_way(struct verdict_case *c)
{
    own_domain(c);
    case_sign(c, "example.org", DKIM_FAIL);
    c->dkim.header_verified = true;
    c->dkim.body_proof_done = true;
}

static void a_proven_body_under_an_own_header_is_quarantined(void **state)
{
    struct verdict_case *c = *state;
    changed_on_the_way(c);
    expect(c, CONFIG_REJECT, "dmarc-reject-ours"); /* without the proof */
    c->dkim.body_proved = true;
    expect(c, CONFIG_QUARANTINE, "dmarc-reject-intermediary");
}

static void a_replayed_header_is_no_evidence(void **state)
{
    struct verdict_case *c = *state;
    static const struct {
        const char *why;
        const char *fields;
        int64_t signed_days_ago;
        const char *domain;
        bool header_verified;
    } rows[] = {
        {"signed six days ago",      "from:to:subject:date:message-id", 6,  "example.org",
         true                                                                                  },
        {"signed tomorrow",          "from:to:subject:date:message-id", -2, "example.org", true},
        {"To is not signed",         "from:subject:date:message-id",    0,  "example.org", true},
        {"Subject is not signed",    "from:to:date:message-id",         0,  "example.org", true},
        {"Message-ID is not signed", "from:to:subject:date",            0,  "example.org", true},
        {"Date is not signed",       "from:to:subject:message-id",      0,  "example.org", true},
        {"another domain's",         "from:to:subject:date:message-id", 0,  "example.net", true},
        {"header was changed",       "from:to:subject:date:message-id", 0,  "example.org",
         false                                                                                 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        changed_on_the_way(c);
        case_sign(c, rows[i].domain, DKIM_FAIL);
        c->dkim.header_verified = rows[i].header_verified;
        c->dkim.body_proved = true;
        c->signature.signed_fields = slice_from_text(rows[i].fields);
        c->signature.signed_at_s = c->input.now_s - rows[i].signed_days_ago * 86400 - 60;
        if (case_decide(c) != CONFIG_REJECT) {
            fail_msg("%s: not rejected", rows[i].why);
        }
    }
}

static void without_t_the_signed_date_tells_the_age(void **state)
{
    struct verdict_case *c = *state;
    changed_on_the_way(c);
    c->dkim.body_proved = true;
    c->signature.signed_at_s = DKIM_NO_TIME;
    expect(c, CONFIG_QUARANTINE, "dmarc-reject-intermediary");
    case_header(c,
                "From: a@example.org\r\nDate: Mon, 14 Sep 2026 14:13:20 +0000\r\n\r\n");
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
    case_header(c, "From: a@example.org\r\n\r\n");
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
}

static void a_field_put_beside_the_signed_one_spoils_the_evidence(void **state)
{
    struct verdict_case *c = *state;
    static const char *const added[] = {
        "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n", /* an old header made young */
        "Subject: Send money\r\n",
        "To: another@example.com\r\n",
    };
    static const char signed_header[] = "From: a@example.org\r\n"
                                        "To: you@example.com\r\n"
                                        "Subject: Figures\r\n"
                                        "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n\r\n";
    changed_on_the_way(c);
    c->dkim.body_proved = true;
    case_header(c, signed_header);
    expect(c, CONFIG_QUARANTINE, "dmarc-reject-intermediary");
    for (size_t i = 0; i < sizeof added / sizeof added[0]; i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "%s%s", added[i], signed_header);
        case_header(c, text);
        expect(c, CONFIG_REJECT, "dmarc-reject-ours");
    }
    c->signature.signed_fields = SLICE("from:to:to:subject:date:message-id");
    expect(c, CONFIG_QUARANTINE, "dmarc-reject-intermediary"); /* both To are signed */
}

static void an_l_that_covers_no_text_is_no_evidence(void **state)
{
    struct verdict_case *c = *state;
    changed_on_the_way(c);
    c->dkim.body_verified = true;
    c->dkim.partial_body = true;
    c->signature.body_length = 0;
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
    c->signature.body_length = 2; /* an empty line */
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
    c->signature.body_length = 3;
    expect(c, CONFIG_QUARANTINE, "dmarc-reject-intermediary");
}

static void the_body_proof_is_asked_for_only_where_it_matters(void **state)
{
    struct verdict_case *c = *state;
    changed_on_the_way(c);
    assert_true(verdict_wants_body_proof(&c->findings));
    c->config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    assert_false(verdict_wants_body_proof(&c->findings));
    c->config.dmarc.on_reject = CONFIG_REJECT_INFORMED;
    c->config.domain_count = 0;
    assert_false(verdict_wants_body_proof(&c->findings));
    own_domain(c);
    c->dmarc.code = DMARC_PASS;
    assert_false(verdict_wants_body_proof(&c->findings));
    c->dmarc.code = DMARC_FAIL;
    c->dkim.header_verified = false;
    assert_false(verdict_wants_body_proof(&c->findings));
}

static void strict_does_not_care_for_intermediaries(void **state)
{
    struct verdict_case *c = *state;
    changed_on_the_way(c);
    c->dkim.body_proved = true;
    c->config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    expect(c, CONFIG_REJECT, "dmarc-reject-strict");
}

/* ---- exceptions and forwarders ---------------------------------------------------------- */

static struct config_exception exception;

static void except(struct verdict_case *c)
{
    exception = (struct config_exception){.name = SLICE("old-list"),
                                          .as_pass = true,
                                          .until_s = c->input.now_s + 1,
                                          .because = SLICE("ticket 4711")};
    c->config.exceptions = &exception;
    c->config.exception_count = 1;
}

static void network(const char *text)
{
    exception.has_network = true;
    assert_int_equal(ip_parse_network(slice_from_text(text), &exception.network),
                     YETT_OK);
}

static void an_exception_by_network_turns_a_failure_into_accept(void **state)
{
    struct verdict_case *c = *state;
    own_domain(c);
    except(c);
    network("192.0.2.64/28");
    expect(c, CONFIG_ACCEPT, "exception");
    assert_true(slice_eq(c->outcome.exception, SLICE("old-list")));
    network("198.51.100.0/24");
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
}

static void an_exception_by_signer_needs_a_pass_that_counts(void **state)
{
    struct verdict_case *c = *state;
    own_domain(c);
    except(c);
    exception.signer = SLICE("list.example");
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
    case_sign(c, "list.example", DKIM_FAIL);
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
    case_sign(c, "list.example", DKIM_PASS);
    expect(c, CONFIG_ACCEPT, "exception");
    c->dkim.counts = false; /* l= left a part unsigned */
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
}

static void an_expired_exception_does_nothing(void **state)
{
    struct verdict_case *c = *state;
    own_domain(c);
    except(c);
    network("192.0.2.0/24");
    exception.until_s = c->input.now_s;
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
}

static void an_exception_may_be_for_one_author_domain(void **state)
{
    struct verdict_case *c = *state;
    own_domain(c);
    except(c);
    network("192.0.2.0/24");
    exception.author = SLICE("example.net");
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
    exception.author = SLICE("example.org");
    expect(c, CONFIG_ACCEPT, "exception");
}

static void an_exception_may_be_stricter(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.code = DMARC_PASS;
    except(c);
    network("192.0.2.0/24");
    exception.as_pass = false;
    exception.treat_as = CONFIG_REJECT;
    expect(c, CONFIG_REJECT, "exception");
    assert_true(slice_starts_with(c->reply, SLICE("550 5.7.1 ")));
    assert_true(slice_find(c->reply, SLICE("old-list")) == c->reply.len);
    assert_true(slice_find(c->reply, SLICE("4711")) == c->reply.len);
}

static void an_exception_that_changes_nothing_is_not_used(void **state)
{
    struct verdict_case *c = *state;
    c->dmarc.code = DMARC_PASS;
    except(c);
    network("192.0.2.0/24");
    expect(c, CONFIG_ACCEPT, "dmarc-pass");
    assert_int_equal(c->outcome.exception.len, 0);
}

static void a_named_forwarder_whose_signature_passes_is_trusted(void **state)
{
    struct verdict_case *c = *state;
    struct config_forwarder forwarder = {.name = SLICE("alumni"),
                                         .signer = SLICE("alumni.example"),
                                         .because = SLICE("forwards for our staff")};
    own_domain(c);
    c->config.forwarders = &forwarder;
    c->config.forwarder_count = 1;
    expect(c, CONFIG_REJECT, "dmarc-reject-ours");
    case_sign(c, "alumni.example", DKIM_PASS);
    expect(c, CONFIG_ACCEPT, "forwarder");
    c->dmarc.disposition = c->dmarc.policy = DMARC_POLICY_QUARANTINE;
    expect(c, CONFIG_ACCEPT, "forwarder");
}

/* ---- recipients -------------------------------------------------------------------------- */

static void the_most_specific_recipient_setting_wins(void **state)
{
    struct verdict_case *c = *state;
    const struct config_recipient recipients[] = {
        {.pattern = SLICE("example.com"),
         .has_on_reject = true,
         .on_reject = CONFIG_REJECT_STRICT                                                   },
        {.pattern = SLICE("postmaster@example.com"),
         .has_on_reject = true,
         .on_reject = CONFIG_REJECT_NEVER                                                    },
        {.pattern = SLICE("lab.example.com"),        .has_mode = true, .mode = CONFIG_OBSERVE},
    };
    c->config.recipients = recipients;
    c->config.recipient_count = 3;
    const struct {
        slice rcpt;
        enum config_on_reject on_reject;
        enum config_mode mode;
    } rows[] = {
        {SLICE("a@example.com"),          CONFIG_REJECT_STRICT,   CONFIG_ENFORCE},
        {SLICE("PostMaster@Example.com"), CONFIG_REJECT_NEVER,    CONFIG_ENFORCE},
        {SLICE("a@x.lab.example.com"),    CONFIG_REJECT_INFORMED, CONFIG_OBSERVE},
        {SLICE("a@example.org"),          CONFIG_REJECT_INFORMED, CONFIG_ENFORCE},
        {SLICE("root"),                   CONFIG_REJECT_INFORMED, CONFIG_ENFORCE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct verdict_settings settings = verdict_settings_for(&c->config, rows[i].rcpt);
        assert_int_equal(settings.on_reject, rows[i].on_reject);
        assert_int_equal(settings.mode, rows[i].mode);
    }
}

int main(void)
{
#define CASE_TEST(f) cmocka_unit_test_setup_teardown(f, case_setup, case_teardown)
    const struct CMUnitTest tests[] = {
        CASE_TEST(p_reject_alone_only_quarantines),
        CASE_TEST(a_forgery_of_a_domain_of_ours_is_rejected),
        CASE_TEST(an_administrators_rule_rejects),
        CASE_TEST(a_rule_covers_subdomains_and_no_others),
        CASE_TEST(a_rule_may_be_milder_than_rejection),
        CASE_TEST(never_beats_a_rule),
        CASE_TEST(a_proven_body_under_an_own_header_is_quarantined),
        CASE_TEST(a_replayed_header_is_no_evidence),
        CASE_TEST(without_t_the_signed_date_tells_the_age),
        CASE_TEST(a_field_put_beside_the_signed_one_spoils_the_evidence),
        CASE_TEST(an_l_that_covers_no_text_is_no_evidence),
        CASE_TEST(the_body_proof_is_asked_for_only_where_it_matters),
        CASE_TEST(strict_does_not_care_for_intermediaries),
        CASE_TEST(an_exception_by_network_turns_a_failure_into_accept),
        CASE_TEST(an_exception_by_signer_needs_a_pass_that_counts),
        CASE_TEST(an_expired_exception_does_nothing),
        CASE_TEST(an_exception_may_be_for_one_author_domain),
        CASE_TEST(an_exception_may_be_stricter),
        CASE_TEST(an_exception_that_changes_nothing_is_not_used),
        CASE_TEST(a_named_forwarder_whose_signature_passes_is_trusted),
        CASE_TEST(the_most_specific_recipient_setting_wins),
    };
    return cmocka_run_group_tests_name("informed", tests, NULL, NULL);
}
