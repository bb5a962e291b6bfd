/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/verdict/verdict.h"
#include "core/zone/zone.h"
#include "support/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/*
 * Whole evaluations in too little memory: under every ceiling of either arena they end with
 * a verdict, always the same, or say that there is no memory.
 */
enum { NOW = 1764000000, PLENTY = 4 << 20 };

static const char zone_text[] =
    "$TTL 3600\n"
    "example.org. TXT \"v=spf1 include:a.example exists:%{l}.b.example ip4:192.0.2.1 "
    "-all\"\n"
    "a.example. TXT \"v=spf1 mx -all\"\n"
    "a.example. MX 10 mx.a.example.\n"
    "mx.a.example. A 192.0.2.2\n"
    "_dmarc.example.org. TXT \"v=DMARC1; p=reject; rua=mailto:a@example.org; x=y\"\n";

static const char text[] =
    "Received: from h (h [198.51.100.7]) by mx.example.com (Postfix) with ESMTP; now\r\n"
    "Authentication-Results: mx.example.com; dmarc=pass\r\n"
    "X: y\nAuthentication-Results: mx.example.com; dmarc=pass\r\n"
    "From: =?utf-8?q?Al=C3=AFce?= \"A.\" <a@example.org>\r\n"
    "To: You <you@example.com>\r\n"
    "Subject: Figures\r\n"
    "Date: Mon, 24 Nov 2025 16:00:00 +0000\r\n"
    "Message-ID: <1@example.org>\r\n"
    "\r\n"
    "The figures are ready.\r\n";

struct bench {
    struct crypto *crypto;
    char *zone_text;
    char *message;
    struct config config;
    struct config_domain own;
    struct ip_network relay;
    slice rcpt[2];
    /* of the evaluation at work */
    struct dkim_message *dkim;
};

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));
    struct sign_key *key = sign_key_new(SIGN_RSA_1024);
    struct sign_options options = {.fields = "From:To:Subject:Date:Message-ID",
                                   .signed_at = "1763999000"};
    char *line = sign_key_zone(key, "test", "example.org", "");
    char *once = sign_message(key, &options, text);
    options.canon = "simple/simple";
    char *twice = sign_message(key, &options, once);
    assert_true(asprintf(&b->zone_text, "%s%s", zone_text, line) > 0);
    assert_true(asprintf(&b->message, "%s-- \r\na footer\r\n", twice) > 0);
    free(line);
    free(once);
    free(twice);
    sign_key_free(key);

    b->crypto = crypto_new();
    b->own = (struct config_domain){.name = SLICE("example.org")};
    b->relay = (struct ip_network){.prefix = 32};
    assert_int_equal(ip_parse(SLICE("203.0.113.9"), &b->relay.address), YETT_OK);
    b->rcpt[0] = SLICE("you@example.com");
    b->rcpt[1] = SLICE("me@example.com");
    config_init(&b->config);
    b->config.authserv_id = SLICE("mx.example.com");
    b->config.mode = CONFIG_ENFORCE;
    b->config.received_spf = true;
    b->config.domains = &b->own;
    b->config.domain_count = 1;
    b->config.trusted_relays = &b->relay;
    b->config.trusted_relay_count = 1;
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    crypto_free(b->crypto);
    free(b->zone_text);
    free(b->message);
    free(b);
    return 0;
}

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    struct bench *b = context;
    return dkim_check_perform(b->dkim, check, out);
}

/* From octets to facts; `*input` has its header, author and signatures. */
static enum yett_err take_in(struct bench *b, struct arena *evidence,
                             struct message_header *header, struct message_from *from)
{
    struct message_parser *parser = message_parser_new(evidence, MESSAGE_LIMITS_DEFAULT);
    slice in = slice_from_text(b->message);
    bool done = false;
    if (parser == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = message_parser_feed(parser, &in, &done);
    err = err != YETT_OK ? err : message_parser_finish(parser, header);
    err = err != YETT_OK ? err : message_read_from(evidence, header, from);
    if (err == YETT_OK) {
        struct dkim_limits limits = DKIM_LIMITS_DEFAULT;
        limits.proof_window_bytes = 2048;
        err = dkim_message_new(evidence, b->crypto, header, SLICE("example.org"), limits,
                               &b->dkim);
    }
    if (err != YETT_OK) {
        return err;
    }
    dkim_message_body(b->dkim, in);
    return dkim_message_end(b->dkim);
}

static enum yett_err answer_one(struct zone *zone, const struct dns_questions *wanted,
                                struct dns_answers *answers)
{
    assert_true(wanted->count != 0);
    return dns_answers_add(answers, wanted->list[0], zone_find(zone, wanted->list[0]));
}

/* The action's rule into `rule` when there is a verdict. */
static enum yett_err evaluate(struct bench *b, struct zone *zone, struct arena *evidence,
                              struct arena *scratch, struct verdict *out)
{
    struct message_header header;
    struct message_from from;
    struct dns_questions wanted;
    enum yett_err err = take_in(b, evidence, &header, &from);
    if (err != YETT_OK) {
        return err;
    }
    struct verdict_input input = {
        .config = &b->config,
        .header = &header,
        .from = &from,
        .dkim = b->dkim,
        .envelope = {.helo = SLICE("h"),
                     .mail_from = SLICE("a@example.org"),
                     .has_mail_from = true,
                     .client = b->relay.address,
                     .rcpt = b->rcpt,
                     .rcpt_count = 2},
        .now_s = NOW,
        .first_seen_s = NOW,
        .id = SLICE("7f3a")
    };
    struct dns_answers *answers =
        dns_answers_new(evidence, (struct dns_source){0}, DNS_BOUNDS_DEFAULT);
    struct dkim_checks *checks = dkim_checks_new(evidence, perform, b);
    if (answers == NULL || checks == NULL) {
        return YETT_NO_MEMORY;
    }
    dns_questions_init(&wanted, evidence);
    struct verdict_view view = {
        .dns = {.known = answers, .wanted = &wanted},
          .checks = checks
    };
    struct arena_mark mark = arena_mark(scratch);
    for (int round = 0; round < 200; round++) {
        arena_rewind(scratch, mark);
        dns_questions_clear(&wanted);
        err = verdict_evaluate(scratch, &input, &view, out);
        err = err == YETT_NEED_ANSWERS ? answer_one(zone, &wanted, answers) : err;
        if (err != YETT_OK || out->action.rule.len != 0) {
            break;
        }
    }
    dns_answers_finish(answers);
    return err;
}

/* What came out, as text on the heap; NULL when there was no memory. */
static char *judge(struct bench *b, size_t evidence_bytes, size_t scratch_bytes)
{
    struct arena *zone_arena = arena_new(PLENTY);
    struct arena *evidence = arena_new(evidence_bytes);
    struct arena *scratch = arena_new(scratch_bytes);
    struct zone *zone = NULL;
    struct zone_error error;
    struct verdict verdict = {0};
    char *summary = NULL;
    assert_int_equal(zone_parse(zone_arena, slice_from_text(b->zone_text), &zone, &error),
                     YETT_OK);
    enum yett_err err = evaluate(b, zone, evidence, scratch, &verdict);
    if (err == YETT_OK) {
        assert_true(asprintf(&summary, "%.*s|%.*s|%.*s|%.*s|%.*s|%zu",
                             SLICE_ARG(verdict.action.rule),
                             SLICE_ARG(verdict.action.reason),
                             SLICE_ARG(verdict.action.reply),
                             SLICE_ARG(verdict.authentication_results),
                             SLICE_ARG(verdict.received_spf), verdict.removed_count) > 0);
    } else {
        assert_int_equal(err, YETT_NO_MEMORY);
    }
    if (b->dkim != NULL) {
        dkim_message_finish(b->dkim);
        b->dkim = NULL;
    }
    zone_finish(zone);
    arena_free(scratch);
    arena_free(evidence);
    arena_free(zone_arena);
    return summary;
}

/* From nothing up until the verdict is the one with plenty, and then a little further. */
static void climb(struct bench *b, bool evidence, size_t step)
{
    char *wanted = judge(b, PLENTY, PLENTY);
    size_t verdicts = 0;
    size_t refusals = 0;
    assert_non_null(wanted);
    assert_non_null(strstr(wanted, "dmarc-reject-intermediary"));
    for (size_t ceiling = 0; verdicts < 20; ceiling += step) {
        char *found = judge(b, evidence ? ceiling : PLENTY, evidence ? PLENTY : ceiling);
        assert_true(ceiling < PLENTY);
        if (found == NULL) {
            refusals++;
        } else {
            assert_string_equal(found, wanted);
            verdicts++;
        }
        free(found);
    }
    assert_true(refusals > 500);
    free(wanted);
}

static void a_small_evidence_arena_gives_the_same_verdict_or_none(void **state)
{
    climb(*state, true, 16);
}

static void a_small_scratch_arena_gives_the_same_verdict_or_none(void **state)
{
    climb(*state, false, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_small_evidence_arena_gives_the_same_verdict_or_none, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_small_scratch_arena_gives_the_same_verdict_or_none, setup, teardown),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
