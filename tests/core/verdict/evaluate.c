/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/verdict/verdict.h"
#include "support/answers.h"
#include "support/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/*
 * Whole verdicts: octets, envelope and zone in, action and fields out.  Each runs in the
 * three schedules of answers and must end the same.
 */
enum { NOW = 1764000000, SIGNED_AT = NOW - 60 };

static const char base_zone[] =
    "$TTL 3600\n"
    "example.org. TXT \"v=spf1 ip4:192.0.2.0/28 -all\"\n"
    "_dmarc.example.org. TXT \"v=DMARC1; p=reject\"\n"
    "quarantine.example. TXT \"v=spf1 -all\"\n"
    "_dmarc.quarantine.example. TXT \"v=DMARC1; p=quarantine\"\n"
    "pct.example. TXT \"v=spf1 -all\"\n"
    "_dmarc.pct.example. TXT \"v=DMARC1; p=reject; pct=0\"\n"
    "; yett: timeout _dmarc.slow.example. TXT\n"
    "; yett: timeout unaligned.example. TXT\n";

static const char plain[] = "From: Alice <a@example.org>\r\n"
                            "To: You <you@example.com>\r\n"
                            "Subject: Figures\r\n"
                            "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\n"
                            "Message-ID: <1@example.org>\r\n"
                            "\r\n"
                            "The figures are ready.\r\n";

struct whole {
    struct crypto *crypto;
    struct sign_key *key;
    struct config config;
    char *zone;
    char *message;
    const char *client;
    const char *mail_from;
    slice rcpt[4];
    size_t rcpt_count;
    /* of the last run */
    bool is_running;
    struct answers_run run;
    struct message_header header;
    struct message_from from;
    struct dkim_message *dkim;
    struct dkim_checks *checks;
    struct verdict_input input;
    struct verdict verdict;
};

static int setup(void **state)
{
    struct whole *w = calloc(1, sizeof(*w));
    w->crypto = crypto_new();
    w->key = sign_key_new(SIGN_RSA_2048);
    config_init(&w->config);
    w->config.authserv_id = SLICE("mx.example.com");
    w->config.mode = CONFIG_ENFORCE;
    char *line = sign_key_zone(w->key, "test", "example.org", "");
    assert_true(asprintf(&w->zone, "%s%s", base_zone, line) > 0);
    free(line);
    w->message = strdup(plain);
    w->client = "203.0.113.66";
    w->mail_from = "a@example.org";
    *state = w;
    return 0;
}

static void end_run(struct whole *w)
{
    if (w->is_running) {
        dkim_message_finish(w->dkim);
        answers_end(&w->run);
        w->is_running = false;
    }
}

static int teardown(void **state)
{
    struct whole *w = *state;
    end_run(w);
    sign_key_free(w->key);
    crypto_free(w->crypto);
    free(w->zone);
    free(w->message);
    free(w);
    return 0;
}

static void set_message(struct whole *w, const char *text)
{
    free(w->message);
    w->message = strdup(text);
}

static void sign(struct whole *w)
{
    char signed_at[24];
    snprintf(signed_at, sizeof signed_at, "%d", SIGNED_AT);
    struct sign_options options = {.fields = "From:To:Subject:Date:Message-ID",
                                   .signed_at = signed_at};
    char *signed_text = sign_message(w->key, &options, w->message);
    free(w->message);
    w->message = signed_text;
}

static void append(struct whole *w, const char *text)
{
    char *longer = NULL;
    assert_true(asprintf(&longer, "%s%s", w->message, text) > 0);
    free(w->message);
    w->message = longer;
}

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    struct whole *w = context;
    return dkim_check_perform(w->dkim, check, out);
}

static enum yett_err evaluate(void *context, struct arena *scratch, struct dns_view *view)
{
    struct whole *w = context;
    struct verdict_view verdict_view = {.dns = *view, .checks = w->checks};
    return verdict_evaluate(scratch, &w->input, &verdict_view, &w->verdict);
}

static void take_in(struct whole *w)
{
    struct message_parser *parser =
        message_parser_new(w->run.evidence, MESSAGE_LIMITS_DEFAULT);
    slice in = slice_from_text(w->message);
    bool done = false;
    assert_int_equal(message_parser_feed(parser, &in, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &w->header), YETT_OK);
    assert_int_equal(message_read_from(w->run.evidence, &w->header, &w->from), YETT_OK);
    assert_int_equal(dkim_message_new(w->run.evidence, w->crypto, &w->header,
                                      w->from.status == MESSAGE_FROM_OK
                                          ? w->from.domains[0]
                                          : SLICE_NONE,
                                      DKIM_LIMITS_DEFAULT, &w->dkim),
                     YETT_OK);
    dkim_message_body(w->dkim, in);
    assert_int_equal(dkim_message_end(w->dkim), YETT_OK);
}

static void run_once(struct whole *w, enum answers_schedule schedule)
{
    end_run(w);
    answers_begin(&w->run, w->zone, schedule);
    w->is_running = true;
    take_in(w);
    w->checks = dkim_checks_new(w->run.evidence, perform, w);
    w->input = (struct verdict_input){
        .config = &w->config,
        .header = &w->header,
        .from = &w->from,
        .dkim = w->dkim,
        .envelope = {.helo = SLICE("client.example.net"),
                     .mail_from = slice_from_text(w->mail_from),
                     .has_mail_from = true,
                     .rcpt = w->rcpt,
                     .rcpt_count = w->rcpt_count},
        .now_s = NOW,
        .first_seen_s = NOW,
        .id = SLICE("7f3a")
    };
    assert_int_equal(ip_parse(slice_from_text(w->client), &w->input.envelope.client),
                     YETT_OK);
    assert_int_equal(answers_run(&w->run, evaluate, w), YETT_OK);
}

/* What may be compared of two runs, as text. */
static char *summary(const struct whole *w)
{
    const struct verdict *v = &w->verdict;
    char *text = NULL;
    assert_true(asprintf(&text, "%d %.*s|%.*s|%.*s|%.*s|%d|%zu steps",
                         (int)v->action.action, SLICE_ARG(v->action.rule),
                         SLICE_ARG(v->action.reason), SLICE_ARG(v->action.reply),
                         SLICE_ARG(v->authentication_results), (int)v->dmarc.code,
                         v->dmarc.step_count) > 0);
    return text;
}

static void judge(struct whole *w)
{
    run_once(w, ANSWERS_EACH);
    char *each = summary(w);
    run_once(w, ANSWERS_ROUND);
    char *round = summary(w);
    run_once(w, ANSWERS_WARM);
    char *warm = summary(w);
    assert_string_equal(each, warm);
    assert_string_equal(round, warm);
    free(each);
    free(round);
    free(warm);
}

static void expect(struct whole *w, enum config_action action, const char *rule)
{
    judge(w);
    if (!slice_eq(w->verdict.action.rule, slice_from_text(rule))) {
        fail_msg("rule %.*s, wanted %s", SLICE_ARG(w->verdict.action.rule), rule);
    }
    assert_int_equal(w->verdict.action.action, action);
}

static bool results_have(const struct whole *w, const char *text)
{
    slice field = w->verdict.authentication_results;
    return slice_find(field, slice_from_text(text)) < field.len;
}

/* ---- one message ------------------------------------------------------------------------ */

static void an_authentic_message_passes_and_says_so(void **state)
{
    struct whole *w = *state;
    w->client = "192.0.2.10";
    sign(w);
    expect(w, CONFIG_ACCEPT, "dmarc-pass");
    assert_true(slice_starts_with(w->verdict.authentication_results,
                                  SLICE("Authentication-Results: mx.example.com;")));
    assert_true(results_have(w, "spf=pass"));
    assert_true(results_have(w, "smtp.mailfrom=example.org"));
    assert_true(results_have(w, "dkim=pass"));
    assert_true(results_have(w, "header.d=example.org"));
    assert_true(results_have(w, "header.s=test"));
    assert_true(results_have(w, "header.a=rsa-sha256"));
    assert_true(results_have(w, "header.b="));
    assert_true(results_have(w, "dmarc=pass"));
    assert_true(results_have(w, "header.from=example.org"));
    assert_false(results_have(w, "a@example.org")); /* no local part travels */
}

static void a_failure_reports_the_policy_applied(void **state)
{
    struct whole *w = *state;
    expect(w, CONFIG_QUARANTINE, "dmarc-reject-unknown");
    assert_true(results_have(w, "dmarc=fail"));
    assert_true(results_have(w, "policy.dmarc=reject")); /* RFC 9989 section 9.1 */
    assert_true(results_have(w, "dkim=none"));
    assert_true(results_have(w, "spf=fail"));
}

static void the_null_reverse_path_reports_helo(void **state)
{
    struct whole *w = *state;
    w->mail_from = "";
    judge(w);
    assert_true(results_have(w, "smtp.helo=client.example.net"));
    assert_false(results_have(w, "smtp.mailfrom"));
}

static void what_an_administrator_says_changes_no_result(void **state)
{
    struct whole *w = *state;
    struct config_exception exception = {.name = SLICE("partner"),
                                         .has_network = true,
                                         .as_pass = true,
                                         .until_s = NOW + 1,
                                         .because = SLICE("ticket 1")};
    assert_int_equal(ip_parse_network(SLICE("203.0.113.0/24"), &exception.network),
                     YETT_OK);
    w->config.exceptions = &exception;
    w->config.exception_count = 1;
    expect(w, CONFIG_ACCEPT, "exception");
    assert_true(results_have(w, "dmarc=fail"));
    assert_false(results_have(w, "partner"));
}

static void received_spf_is_written_when_set(void **state)
{
    struct whole *w = *state;
    judge(w);
    assert_int_equal(w->verdict.received_spf.len, 0);
    w->config.received_spf = true;
    judge(w);
    assert_true(slice_starts_with(w->verdict.received_spf, SLICE("Received-SPF: fail ")));
    assert_true(slice_ends_with(w->verdict.received_spf, SLICE("\r\n")));
}

static void a_submission_is_not_verified(void **state)
{
    struct whole *w = *state;
    struct ip_network office;
    assert_int_equal(ip_parse_network(SLICE("203.0.113.0/24"), &office), YETT_OK);
    w->config.submission_networks = &office;
    w->config.submission_network_count = 1;
    expect(w, CONFIG_ACCEPT, "submission");
    assert_false(w->verdict.verified);
    assert_int_equal(w->verdict.authentication_results.len, 0);
}

static void observing_performs_nothing_and_says_what_it_would(void **state)
{
    struct whole *w = *state;
    w->config.mode = CONFIG_OBSERVE;
    w->config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    expect(w, CONFIG_REJECT, "dmarc-reject-strict");
    assert_true(w->verdict.action.observed);
    assert_int_equal(w->verdict.action.performed, CONFIG_ACCEPT);
}

/* ---- removed fields ---------------------------------------------------------------------- */

static void forged_fields_are_found_highest_index_first(void **state)
{
    struct whole *w = *state;
    set_message(w, "Authentication-Results: mx.example.com; dmarc=pass\r\n"
                   "Authentication-Results: other.example; dmarc=pass\r\n"
                   "authentication-results : (x) \"MX.example.com\" 1; none\r\n"
                   "X-Yett-Quarantine: no\r\n"
                   "x-yett-tag: nothing\r\n"
                   "From: a@example.org\r\n"
                   "Authentication-Results: =; dmarc=pass\r\n"
                   "Authentication-Results: mx.example.com; none\r\n\r\n");
    judge(w);
    static const size_t wanted[] = {7, 6, 4, 3, 2, 0};
    assert_int_equal(w->verdict.removed_count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < w->verdict.removed_count; i++) {
        assert_int_equal(w->verdict.removed_fields[i], wanted[i]);
    }
}

static void fields_that_hide_ours_go_as_well(void **state)
{
    struct whole *w = *state;
    set_message(w, " Authentication-Results: mx.example.com; dmarc=pass\r\n"
                   "X-A: y\nAuthentication-Results: mx.example.com; dmarc=pass\r\n"
                   "X-B: y\rauthentication-results : mx.example.com; dmarc=pass\r\n"
                   "X-C: y\n\nX-Yett-Tag: nothing\r\n"
                   "X-D: y\nZ: z\rX-YETT-Quarantine: no\r\n"
                   "X-E: y\r\n Authentication-Results: mx.example.com; dmarc=pass\r\n"
                   "X-F: y\nX-Authentication-Results: mx.example.com\r\n"
                   "X-G: y\nAuthentication-Results\r\n"
                   "From: a@example.org\r\n\r\n");
    judge(w);
    static const size_t wanted[] = {4, 3, 2, 1, 0};
    assert_int_equal(w->verdict.removed_count, sizeof wanted / sizeof wanted[0]);
    for (size_t i = 0; i < w->verdict.removed_count; i++) {
        assert_int_equal(w->verdict.removed_fields[i], wanted[i]);
    }
}

/* ---- what a sender may choose -------------------------------------------------------------- */

/* A DKIM-Signature field of these tags and `length` octets of b=. */
static void add_signature(struct whole *w, const char *tags, size_t length)
{
    char *text = NULL;
    char *b = malloc(length + 1);
    memset(b, 'A', length);
    b[length] = '\0';
    assert_true(asprintf(&text,
                         "DKIM-Signature: v=1; h=from; %s b=%s;"
                         " bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n%s",
                         tags, b, w->message) > 0);
    free(b);
    free(w->message);
    w->message = text;
}

static void long_equal_signatures_are_told_apart_in_linear_time(void **state)
{
    struct whole *w = *state;
    set_message(w, "From: a@example.org\r\n\r\n");
    for (int i = 0; i < 2; i++) { /* half a minute of comparing, when it was quadratic */
        add_signature(w, "a=rsa-sha256; d=example.org; s=test;", 900000);
    }
    judge(w);
    assert_int_equal(w->verdict.dkim.count, 2);
    assert_true(w->verdict.authentication_results.len < 2000);
}

static void results_of_the_longest_signatures_still_fit_the_field(void **state)
{
    static const char label[] =
        "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";
    struct whole *w = *state;
    char *tags = NULL;
    set_message(w, "From: a@example.org\r\n\r\n");
    assert_true(asprintf(&tags,
                         "v=1; q=x; a=%s%s; s=%s.%s; d=%s.%s.example; "
                         "i=\"\"%s%s%s%s@%s.%s.example; t=1;",
                         label, label, label, label, label, label, label, label, label,
                         label, label, label) > 0);
    for (int i = 0; i < 40; i++) {
        add_signature(w, tags + 5, 840 + (size_t)i * 4);
    }
    free(tags);
    judge(w);
    assert_int_equal(w->verdict.dkim.count, 40);
    assert_true(w->verdict.authentication_results.len != 0);
}

/* ---- a changed body ------------------------------------------------------------------------ */

static void ours_changed_on_the_way_is_quarantined_and_a_swapped_body_rejected(
    void **state)
{
    struct whole *w = *state;
    struct config_domain own = {.name = SLICE("example.org")};
    w->config.domains = &own;
    w->config.domain_count = 1;
    expect(w, CONFIG_REJECT, "dmarc-reject-ours");
    sign(w);
    append(w, "-- \r\nA footer of the list\r\n");
    expect(w, CONFIG_QUARANTINE, "dmarc-reject-intermediary");

    /* The same genuine header over another body. */
    char *body = strstr(w->message, "\r\n\r\n");
    assert_non_null(body);
    body[4] = '\0';
    append(w, "Send money to rogue.example\r\n");
    expect(w, CONFIG_REJECT, "dmarc-reject-ours");
}

/* ---- several authors ----------------------------------------------------------------------- */

static void two_author_domains_are_judged_by_the_strictest_when_set(void **state)
{
    struct whole *w = *state;
    set_message(w, "From: a@quarantine.example, b@none.example\r\n\r\n");
    expect(w, CONFIG_REJECT, "from-several-domains");
    w->config.dmarc.on_bad_from = CONFIG_BAD_FROM_STRICTEST;
    expect(w, CONFIG_QUARANTINE, "dmarc-quarantine");
    assert_int_equal(w->verdict.dmarc.code, DMARC_NONE); /* RFC 9989 does not apply */
    set_message(w, "From: a@example.org, b@quarantine.example\r\n\r\n");
    w->config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    expect(w, CONFIG_REJECT, "dmarc-reject-strict");
}

static void five_author_domains_are_too_many_to_judge(void **state)
{
    struct whole *w = *state;
    w->config.dmarc.on_bad_from = CONFIG_BAD_FROM_STRICTEST;
    set_message(
        w, "From: a@a.example, a@b.example, a@c.example, a@d.example, a@e.example\r\n"
           "\r\n");
    expect(w, CONFIG_REJECT, "from-several-domains");
}

static void no_author_is_rejected_even_under_strictest(void **state)
{
    struct whole *w = *state;
    w->config.dmarc.on_bad_from = CONFIG_BAD_FROM_STRICTEST;
    set_message(w, "Subject: x\r\n\r\n");
    expect(w, CONFIG_REJECT, "from-missing");
}

/* ---- recipients ----------------------------------------------------------------------------- */

static void the_mildest_of_the_recipients_settings_applies(void **state)
{
    struct whole *w = *state;
    struct config_recipient mild = {.pattern = SLICE("postmaster@example.com"),
                                    .has_on_reject = true,
                                    .on_reject = CONFIG_REJECT_NEVER};
    w->config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    w->config.recipients = &mild;
    w->config.recipient_count = 1;
    w->rcpt[0] = SLICE("you@example.com");
    w->rcpt[1] = SLICE("postmaster@example.com");
    w->rcpt_count = 1;
    expect(w, CONFIG_REJECT, "dmarc-reject-strict");
    w->rcpt_count = 2;
    expect(w, CONFIG_QUARANTINE, "dmarc-reject-never");
    assert_true(slice_find(w->verdict.action.reason, SLICE("mildest")) <
                w->verdict.action.reason.len);
    mild.has_on_reject = false;
    mild.has_mode = true;
    mild.mode = CONFIG_OBSERVE;
    judge(w);
    assert_int_equal(w->verdict.action.performed, CONFIG_ACCEPT);
}

/* ---- DNS -------------------------------------------------------------------------------------- */

static void an_open_policy_defers(void **state)
{
    struct whole *w = *state;
    set_message(w, "From: a@slow.example\r\n\r\n");
    expect(w, CONFIG_DEFER, "dmarc-temperror");
    assert_true(slice_starts_with(w->verdict.action.reply, SLICE("451 ")));
    assert_true(results_have(w, "dmarc=temperror"));
}

static void an_open_question_of_an_unaligned_domain_does_not_count(void **state)
{
    struct whole *w = *state;
    w->mail_from = "x@unaligned.example";
    expect(w, CONFIG_QUARANTINE, "dmarc-reject-unknown");
    assert_true(results_have(w, "spf=temperror"));
    sign(w);
    expect(w, CONFIG_ACCEPT, "dmarc-pass");
}

/* ---- RFC 7489 --------------------------------------------------------------------------------- */

static void pct_spares_a_message_only_under_rfc_7489(void **state)
{
    struct whole *w = *state;
    set_message(w, "From: a@pct.example\r\n\r\n");
    w->config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    expect(w, CONFIG_REJECT, "dmarc-reject-strict"); /* pct= is historic */
    w->config.dmarc.standard = CONFIG_RFC7489;
    expect(w, CONFIG_QUARANTINE,
           "dmarc-quarantine"); /* RFC 7489 6.6.4: the next milder */
    assert_true(w->verdict.dmarc.sampled_out);
}

/* ---- errors of our own -------------------------------------------------------------------------- */

static void an_internal_error_defers_or_accepts_as_set(void **state)
{
    struct whole *w = *state;
    struct arena *arena = arena_new(1 << 16);
    struct verdict_action action;
    verdict_internal_error(arena, &w->config, SLICE("7f3a"), YETT_NO_MEMORY, &action);
    assert_int_equal(action.performed, CONFIG_DEFER);
    assert_true(slice_starts_with(action.reply, SLICE("451 4.3.0 ")));
    w->config.on_internal_error = CONFIG_ACCEPT;
    verdict_internal_error(arena, &w->config, SLICE("7f3a"), YETT_NO_MEMORY, &action);
    assert_int_equal(action.performed, CONFIG_ACCEPT);
    w->config.on_internal_error = CONFIG_DEFER;
    w->config.mode = CONFIG_OBSERVE;
    verdict_internal_error(arena, &w->config, SLICE("7f3a"), YETT_NO_MEMORY, &action);
    assert_int_equal(action.performed, CONFIG_ACCEPT);
    arena_free(arena);
}

int main(void)
{
#define WHOLE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        WHOLE_TEST(an_authentic_message_passes_and_says_so),
        WHOLE_TEST(a_failure_reports_the_policy_applied),
        WHOLE_TEST(the_null_reverse_path_reports_helo),
        WHOLE_TEST(what_an_administrator_says_changes_no_result),
        WHOLE_TEST(received_spf_is_written_when_set),
        WHOLE_TEST(a_submission_is_not_verified),
        WHOLE_TEST(observing_performs_nothing_and_says_what_it_would),
        WHOLE_TEST(forged_fields_are_found_highest_index_first),
        WHOLE_TEST(fields_that_hide_ours_go_as_well),
        WHOLE_TEST(long_equal_signatures_are_told_apart_in_linear_time),
        WHOLE_TEST(results_of_the_longest_signatures_still_fit_the_field),
        WHOLE_TEST(ours_changed_on_the_way_is_quarantined_and_a_swapped_body_rejected),
        WHOLE_TEST(two_author_domains_are_judged_by_the_strictest_when_set),
        WHOLE_TEST(five_author_domains_are_too_many_to_judge),
        WHOLE_TEST(no_author_is_rejected_even_under_strictest),
        WHOLE_TEST(the_mildest_of_the_recipients_settings_applies),
        WHOLE_TEST(an_open_policy_defers),
        WHOLE_TEST(an_open_question_of_an_unaligned_domain_does_not_count),
        WHOLE_TEST(pct_spares_a_message_only_under_rfc_7489),
        WHOLE_TEST(an_internal_error_defers_or_accepts_as_set),
    };
    return cmocka_run_group_tests_name("evaluate", tests, NULL, NULL);
}
