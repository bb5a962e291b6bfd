/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/case.h"
#include "core/verdict/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Whole messages with chains of seals: what is made of them, in every way of answering. */

struct chain_case {
    struct arc_case *arc;
    struct config config;
    struct arena *arena;
    struct message_header header;
    struct message_from from;
    struct dkim_message *dkim;
    struct arc_chain *chain;
    struct dkim_checks *checks;
    struct verdict_input input;
    struct verdict verdict;
    char summary[8192];
};

static const slice named[] = {SLICE_INIT("a.test"), SLICE_INIT("b.test")};

static int setup(void **state)
{
    struct chain_case *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    void *arc = NULL;
    assert_int_equal(arc_setup(&arc), 0);
    c->arc = arc;
    config_init(&c->config);
    c->config.authserv_id = SLICE("mx.example.com");
    c->config.mode = CONFIG_ENFORCE;
    c->config.trusted_sealers = named;
    c->config.trusted_sealer_count = 2;
    arc_zone(c->arc, "_dmarc.example.org. TXT \"v=DMARC1; p=reject\"\n"
                     "example.org. TXT \"v=spf1 -all\"\n");
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    struct chain_case *c = *state;
    void *arc = c->arc;
    arc_teardown(&arc);
    free(c);
    return 0;
}

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    struct chain_case *c = context;
    return dkim_check_perform(c->dkim, check, out);
}

static void read_message(struct chain_case *c)
{
    struct message_parser *parser = message_parser_new(c->arena, MESSAGE_LIMITS_DEFAULT);
    slice in = slice_of(c->arc->message.ptr, c->arc->message.len);
    bool done = false;
    assert_int_equal(message_parser_feed(parser, &in, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &c->header), YETT_OK);
    assert_int_equal(message_read_from(c->arena, &c->header, &c->from), YETT_OK);
    assert_int_equal(dkim_message_new(c->arena, c->arc->crypto, &c->header,
                                      SLICE("example.org"), DKIM_LIMITS_DEFAULT,
                                      &c->dkim),
                     YETT_OK);
    assert_int_equal(arc_chain_new(c->arena, c->arc->crypto, &c->header, c->dkim,
                                   verdict_arc_limits(&c->config), &c->chain),
                     YETT_OK);
    dkim_message_body(c->dkim, in);
    assert_int_equal(dkim_message_end(c->dkim), YETT_OK);
    c->input = (struct verdict_input){
        .config = &c->config,
        .header = &c->header,
        .from = &c->from,
        .dkim = c->dkim,
        .arc = c->chain,
        .envelope = {.helo = SLICE("mail.a.test"),
                     .mail_from = SLICE("jo@example.org"),
                     .has_mail_from = true},
        .now_s = c->arc->now_s,
        .first_seen_s = c->arc->now_s,
        .id = SLICE("7f3a"),
    };
    assert_int_equal(ip_parse(SLICE("192.0.2.66"), &c->input.envelope.client), YETT_OK);
}

static enum yett_err evaluate(void *context, struct arena *scratch, struct dns_view *view)
{
    struct chain_case *c = context;
    struct verdict_view all = {.dns = *view, .checks = c->checks};
    return verdict_evaluate(scratch, &c->input, &all, &c->verdict);
}

static void run_once(struct chain_case *c, enum answers_schedule schedule, char *summary)
{
    struct answers_run run;
    c->arena = arena_new(16 << 20);
    assert_non_null(c->arena);
    answers_begin(&run, c->arc->zone.ptr, schedule);
    read_message(c);
    c->checks = dkim_checks_new(run.evidence, perform, c);
    assert_int_equal(answers_run(&run, evaluate, c), YETT_OK);
    const struct verdict_action *action = &c->verdict.action;
    snprintf(summary, sizeof(c->summary), "%s [%.*s] %.*s\n%s\n%.*s",
             config_action_text(action->action), SLICE_ARG(action->rule),
             SLICE_ARG(action->reason), dmarc_code_text(c->verdict.dmarc.code),
             SLICE_ARG(c->verdict.authentication_results));
    dkim_message_finish(c->dkim);
    answers_end(&run);
    arena_free(c->arena);
}

/* The words are in what is decided, or in the field that is written. */
static void expect(struct chain_case *c, const char *const *words)
{
    char other[sizeof(c->summary)];
    run_once(c, ANSWERS_WARM, c->summary);
    run_once(c, ANSWERS_ROUND, other);
    assert_string_equal(c->summary, other);
    run_once(c, ANSWERS_EACH, other);
    assert_string_equal(c->summary, other);
    for (; *words != NULL; words++) {
        if (strstr(c->summary, *words) == NULL) {
            fail_msg("\"%s\" is not in \"%s\"", *words, c->summary);
        }
    }
}

#define EXPECT(c, ...) expect(c, (const char *const[]){__VA_ARGS__, NULL})

static void without_a_chain_nothing_is_said_of_one(void **state)
{
    struct chain_case *c = *state;
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "\nfail\n");
    assert_null(strstr(c->summary, " arc="));
}

static void a_chain_is_reported_as_it_is(void **state)
{
    struct chain_case *c = *state;
    arc_add_set_by(c->arc, "e.test");
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "\nfail\n", "arc=pass (the one set",
           "smtp.remote-ip=192.0.2.66", "header.oldest-pass=0");
    arc_add_set_by(c->arc, "d.test");
    EXPECT(c, "arc=pass (all 2 sets hold");
    assert_null(strstr(c->summary, "oldest-pass"));
    arc_append(c->arc, "footer\r\n");
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "arc=fail (ARC-Message-Signature of");
}

static void a_named_sealers_word_is_taken_and_the_result_stays(void **state)
{
    struct chain_case *c = *state;
    arc_add_set_by(c->arc, "a.test");
    EXPECT(c, "accept [trusted-sealer] a.test, a trusted sealer", "\nfail\n",
           "dmarc=fail", "arc=pass");
    /* Honest forwarders in between do no harm. */
    arc_add_set_by(c->arc, "e.test");
    EXPECT(c, "accept [trusted-sealer] a.test, a trusted sealer", "(set 1 of 2;");
    /* A list that is named as well may edit. */
    arc_message(c->arc, arc_plain_message);
    arc_add_set_by(c->arc, "a.test");
    arc_append(c->arc, "footer\r\n");
    arc_add_set_by(c->arc, "b.test");
    EXPECT(c, "accept [trusted-sealer]", "\nfail\n");
}

/* ---- attacks -------------------------------------------------------------------------- */

static void a_genuine_set_under_a_forged_text_is_worth_nothing(void **state)
{
    static const struct arc_options evil = {
        .domain = "e.test", .aar = "mx.a.test; dmarc=pass header.from=example.org"};
    struct chain_case *c = *state;
    arc_add_set_by(c->arc, "a.test");
    arc_replace(c->arc, "Is dinner  ready?", "Send money.");
    arc_add_set(c->arc, &evil);
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "arc=pass");
    arc_message(c->arc, arc_plain_message);
    arc_add_set_by(c->arc, "a.test");
    arc_replace(c->arc, "Jo <jo@example.org>", "Boss <boss@example.org>");
    arc_add_set(c->arc, &evil);
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "arc=pass");
}

static void results_in_another_name_are_worth_nothing(void **state)
{
    static const struct arc_options evil = {
        .domain = "e.test",
        .aar = "mx.a.test; dmarc=pass header.from=example.org",
        .ams_domain = "a.test"};
    struct chain_case *c = *state;
    arc_add_set(c->arc, &evil);
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "arc=pass");
    arc_replace(c->arc, "d=e.test; s=s;", "d=a.test; s=s;");
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "arc=fail");
}

static void a_genuine_set_is_for_its_own_message(void **state)
{
    struct chain_case *c = *state;
    arc_add_set_by(c->arc, "a.test");
    /* The whole set on another message. */
    arc_replace(c->arc, "Is dinner  ready?", "Send money.");
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "arc=fail");
}

static void what_a_reader_sees_must_be_what_was_sealed(void **state)
{
    static const struct arc_options partial = {.length = "10"};
    struct chain_case *c = *state;
    arc_add_set_by(c->arc, "a.test");
    arc_put(c->arc, "Subject: Send money\r\n");
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "arc=pass", "there are more fields");
    arc_message(c->arc, arc_plain_message);
    arc_add_set(c->arc, &partial);
    arc_append(c->arc, "Send money.\r\n");
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "arc=pass", "anybody's");
}

static void a_seal_of_another_author_does_not_help(void **state)
{
    static const struct arc_options other = {
        .aar = "mx.a.test; dmarc=pass header.from=e.test"};
    struct chain_case *c = *state;
    arc_add_set(c->arc, &other);
    EXPECT(c, "quarantine [dmarc-reject-unknown]", "arc=pass");
}

static void a_seal_that_cannot_be_checked_now_defers(void **state)
{
    static const slice slow[] = {SLICE_INIT("slow.test")};
    struct chain_case *c = *state;
    arc_zone(c->arc, "; yett: timeout s._domainkey.slow.test TXT\n");
    c->config.trusted_sealers = slow;
    c->config.trusted_sealer_count = 1;
    arc_add_set_by(c->arc, "slow.test");
    EXPECT(c, "defer [arc-temperror]", "\nfail\n", "arc=fail");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(without_a_chain_nothing_is_said_of_one),
        T(a_chain_is_reported_as_it_is),
        T(a_named_sealers_word_is_taken_and_the_result_stays),
        T(a_genuine_set_under_a_forged_text_is_worth_nothing),
        T(results_in_another_name_are_worth_nothing),
        T(a_genuine_set_is_for_its_own_message),
        T(what_a_reader_sees_must_be_what_was_sealed),
        T(a_seal_of_another_author_does_not_help),
        T(a_seal_that_cannot_be_checked_now_defers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
