/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 1790000000 };

void case_header(struct verdict_case *c, const char *text)
{
    struct message_parser *parser = message_parser_new(c->arena, MESSAGE_LIMITS_DEFAULT);
    slice in = slice_from_text(text);
    bool done = false;
    assert_non_null(parser);
    assert_int_equal(message_parser_feed(parser, &in, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &c->header), YETT_OK);
}

static void fail_dmarc(struct verdict_case *c)
{
    c->dmarc = (struct dmarc_result){
        .code = DMARC_FAIL,
        .domain = c->author,
        .org_domain = c->author,
        .policy_domain = c->author,
        .has_record = true,
        .policy = DMARC_POLICY_REJECT,
        .disposition = DMARC_POLICY_REJECT,
        .policy_known = true,
        .policy_tag = "p",
        .reason = SLICE("nothing aligned passed"),
    };
}

int case_setup(void **state)
{
    struct verdict_case *c = calloc(1, sizeof(*c));
    if (c == NULL || (c->arena = arena_new((size_t)8 << 20)) == NULL) {
        return -1;
    }
    config_init(&c->config);
    c->config.authserv_id = SLICE("mx.example.com");
    c->config.mode = CONFIG_ENFORCE;
    c->author = SLICE("example.org");
    c->mailbox = (struct message_mailbox){.local_part = SLICE("a"), .domain = c->author};
    c->from = (struct message_from){.status = MESSAGE_FROM_OK,
                                    .mailboxes = &c->mailbox,
                                    .count = 1,
                                    .domains = &c->author,
                                    .domain_count = 1};
    c->verdict = (struct verdict){
        .source = VERDICT_SOURCE_OTHER,
        .verified = true,
        .has_spf = true,
        .envelope = {.mail_from = SLICE("b@bounce.example.net"), .has_mail_from = true},
        .spf = {.code = SPF_FAIL,
                     .domain = SLICE("bounce.example.net"),
                     .reason = SLICE("no term matched")},
        .dkim = {.code = DKIM_NONE,                                          .reason = SLICE("no signature")                                              },
    };
    assert_int_equal(ip_parse(SLICE("192.0.2.66"), &c->verdict.envelope.client), YETT_OK);
    fail_dmarc(c);
    c->input = (struct verdict_input){.config = &c->config,
                                      .header = &c->header,
                                      .from = &c->from,
                                      .now_s = NOW,
                                      .first_seen_s = NOW,
                                      .id = SLICE("7f3a")};
    c->findings = (struct verdict_findings){
        .input = &c->input, .verdict = &c->verdict, .dmarc = &c->dmarc};
    case_header(c,
                "From: a@example.org\r\nDate: Mon, 21 Sep 2026 14:13:20 +0000\r\n\r\n");
    *state = c;
    return 0;
}

int case_teardown(void **state)
{
    struct verdict_case *c = *state;
    arena_free(c->arena);
    free(c);
    return 0;
}

void case_sign(struct verdict_case *c, const char *domain, enum dkim_code code)
{
    c->signature = (struct dkim_signature){
        .domain = slice_from_text(domain),
        .selector = SLICE("s1"),
        .identity = SLICE_NONE,
        .algorithm_text = SLICE("rsa-sha256"),
        .signed_fields = SLICE("from:to:subject:date:message-id"),
        .b_text = SLICE("dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSb"),
        .signed_at_s = NOW - 60,
        .expires_at_s = DKIM_NO_TIME,
        .body_length = DKIM_NO_LENGTH,
    };
    c->dkim = (struct dkim_result){.code = code,
                                   .signature = &c->signature,
                                   .evaluated = true,
                                   .header_verified = code == DKIM_PASS,
                                   .body_verified = code == DKIM_PASS,
                                   .counts = code == DKIM_PASS,
                                   .reason = SLICE("as the test says")};
    c->verdict.dkim = (struct dkim_results){
        .code = code, .list = &c->dkim, .count = 1, .reason = SLICE("one signature")};
    c->aligned = slice_eq(c->signature.domain, c->author);
    c->dmarc.aligned = &c->aligned;
    c->dmarc.aligned_count = 1;
}

enum config_action case_decide(struct verdict_case *c)
{
    c->settings = verdict_settings_for(&c->config, SLICE_NONE);
    assert_int_equal(verdict_decide(c->arena, &c->findings, &c->settings, &c->outcome),
                     YETT_OK);
    assert_true(c->outcome.reason.len > 0);
    assert_int_equal(verdict_write_reply(c->arena, &c->findings, &c->outcome, &c->reply),
                     YETT_OK);
    return c->outcome.action;
}

void case_assert_rule(const struct verdict_case *c, const char *rule)
{
    assert_string_equal(c->outcome.rule, rule);
}
