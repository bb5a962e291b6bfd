/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Who is talking: submission, trusted relay, everyone else. */

static struct ip_network networks[2];

static struct ip_network network(const char *text)
{
    struct ip_network out = {0};
    assert_int_equal(ip_parse_network(slice_from_text(text), &out), YETT_OK);
    return out;
}

static struct ip address(const char *text)
{
    struct ip out = {0};
    assert_int_equal(ip_parse(slice_from_text(text), &out), YETT_OK);
    return out;
}

static void from_client(struct verdict_case *c, const char *client)
{
    c->input.envelope = (struct verdict_envelope){.helo = SLICE("relay.example.com"),
                                                  .mail_from = SLICE("b@example.net"),
                                                  .has_mail_from = true};
    if (client != NULL) {
        c->input.envelope.client = address(client);
    }
    c->verdict = (struct verdict){0};
    assert_int_equal(verdict_find_source(c->arena, &c->input, &c->verdict), YETT_OK);
    assert_true(c->verdict.source_reason.len > 0);
}

static void trust_relays(struct verdict_case *c)
{
    networks[0] = network("192.0.2.25");
    networks[1] = network("192.0.2.26");
    c->config.trusted_relays = networks;
    c->config.trusted_relay_count = 2;
}

static void assert_client(const struct verdict_case *c, const char *text)
{
    if (!ip_eq(c->verdict.envelope.client, address(text))) {
        struct buf buf;
        buf_init(&buf, c->arena, 100);
        ip_write(&buf, c->verdict.envelope.client);
        fail_msg("client %.*s, wanted %s", SLICE_ARG(buf_slice(&buf)), text);
    }
}

static void everyone_else_is_verified(void **state)
{
    struct verdict_case *c = *state;
    from_client(c, "198.51.100.7");
    assert_int_equal(c->verdict.source, VERDICT_SOURCE_OTHER);
    assert_client(c, "198.51.100.7");
}

static void a_logged_in_client_submits(void **state)
{
    struct verdict_case *c = *state;
    c->input.envelope.authenticated = true;
    c->input.envelope.client = address("198.51.100.7");
    assert_int_equal(verdict_find_source(c->arena, &c->input, &c->verdict), YETT_OK);
    assert_int_equal(c->verdict.source, VERDICT_SOURCE_SUBMISSION);
}

static void submission_networks_submit_also_as_mapped_addresses(void **state)
{
    struct verdict_case *c = *state;
    networks[0] = network("10.0.0.0/8");
    c->config.submission_networks = networks;
    c->config.submission_network_count = 1;
    from_client(c, "10.1.2.3");
    assert_int_equal(c->verdict.source, VERDICT_SOURCE_SUBMISSION);
    from_client(c, "::ffff:10.1.2.3");
    assert_int_equal(c->verdict.source, VERDICT_SOURCE_SUBMISSION);
    from_client(c, "11.1.2.3");
    assert_int_equal(c->verdict.source, VERDICT_SOURCE_OTHER);
}

static bool is_own(struct verdict_case *c, const char *client, bool local)
{
    struct verdict_envelope envelope = {.local = local};
    if (client != NULL) {
        envelope.client = address(client);
    }
    c->input.envelope = envelope;
    c->verdict = (struct verdict){0};
    assert_int_equal(verdict_find_source(c->arena, &c->input, &c->verdict), YETT_OK);
    bool is_ours = verdict_is_of_our_own(&c->config, &envelope);
    assert_int_equal(is_ours, c->verdict.source == VERDICT_SOURCE_LOCAL ||
                                  c->verdict.source == VERDICT_SOURCE_SUBMISSION);
    return is_ours;
}

static void what_is_made_here_is_our_own_unless_it_came_from_a_client(void **state)
{
    struct verdict_case *c = *state;
    assert_true(is_own(c, NULL, true));
    assert_true(is_own(c, "127.0.0.1", true));
    assert_true(is_own(c, "::ffff:127.0.0.1", true));
    assert_int_equal(c->verdict.source, VERDICT_SOURCE_LOCAL);
    assert_false(is_own(c, "198.51.100.7", true));
    assert_int_equal(c->verdict.source, VERDICT_SOURCE_OTHER);
    assert_false(is_own(c, "127.0.0.1", false));
    assert_false(is_own(c, NULL, false));
}

static void no_client_leaves_spf_unavailable(void **state)
{
    struct verdict_case *c = *state;
    from_client(c, NULL);
    assert_int_equal(c->verdict.source, VERDICT_SOURCE_UNKNOWN);
    assert_int_equal(c->verdict.envelope.client.family, IP_NONE);
}

#define BY_RELAY                                                                         \
    "Received: from mail.example.net (mail.example.net [203.0.113.9])\r\n"               \
    "\tby relay.example.com (Postfix) with ESMTPS id 4XyZ\r\n"                           \
    "\tfor <u@example.com>; Mon, 21 Sep 2026 14:13:20 +0000 (UTC)\r\n"

static void behind_a_trusted_relay_its_client_counts(void **state)
{
    struct verdict_case *c = *state;
    trust_relays(c);
    case_header(c, BY_RELAY "From: a@example.org\r\n\r\n");
    from_client(c, "192.0.2.25");
    assert_int_equal(c->verdict.source, VERDICT_SOURCE_RELAY);
    assert_client(c, "203.0.113.9");
    assert_true(slice_eq(c->verdict.envelope.helo, SLICE("mail.example.net")));
    assert_true(slice_eq(c->verdict.envelope.mail_from, SLICE("b@example.net")));
}

static void the_outermost_of_several_trusted_relays_counts(void **state)
{
    struct verdict_case *c = *state;
    trust_relays(c);
    case_header(c, "Received: from mx2.example.com (mx2.example.com [192.0.2.26])\r\n"
                   "\tby relay.example.com (Postfix) with ESMTP id 1; Mon, 21 Sep 2026 "
                   "14:13:21 +0000\r\n" BY_RELAY "From: a@example.org\r\n\r\n");
    from_client(c, "192.0.2.25");
    assert_client(c, "203.0.113.9");
}

static void a_forged_received_below_the_boundary_is_never_read(void **state)
{
    struct verdict_case *c = *state;
    trust_relays(c);
    case_header(
        c, BY_RELAY
        "Received: from good.example.org (good.example.org [198.51.100.1])\r\n"
        "\tby relay.example.com (Postfix) with ESMTP id 2; Mon, 21 Sep 2026 14:13:19 "
        "+0000\r\nFrom: a@example.org\r\n\r\n");
    from_client(c, "192.0.2.25");
    assert_client(c, "203.0.113.9");
}

static void an_unreadable_or_missing_received_leaves_spf_unavailable(void **state)
{
    struct verdict_case *c = *state;
    static const char *const headers[] = {
        "From: a@example.org\r\n\r\n",
        ("Received: by relay.example.com (Postfix, from userid 33) id 3; "
         "Mon, 21 Sep 2026 14:13:20 +0000\r\nFrom: a@example.org\r\n\r\n"),
        "Received: gibberish\r\nFrom: a@example.org\r\n\r\n",
    };
    trust_relays(c);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        case_header(c, headers[i]);
        from_client(c, "192.0.2.25");
        assert_int_equal(c->verdict.source, VERDICT_SOURCE_RELAY);
        assert_int_equal(c->verdict.envelope.client.family, IP_NONE);
    }
}

static void a_loop_through_the_relays_own_loopback_is_no_client(void **state)
{
    /* A content filter on the relay hands mail back over 127.0.0.1; a web form on it could
       write any Received field below. */
    struct verdict_case *c = *state;
    trust_relays(c);
    case_header(c, "Received: from localhost (localhost [127.0.0.1])\r\n"
                   "\tby relay.example.com (Postfix) with ESMTP id 4; Mon, 21 Sep 2026 "
                   "14:13:22 +0000\r\n" BY_RELAY "From: a@example.org\r\n\r\n");
    from_client(c, "192.0.2.25");
    assert_int_equal(c->verdict.envelope.client.family, IP_NONE);
    networks[1] = network("127.0.0.1");
    from_client(c, "192.0.2.25");
    assert_client(c, "203.0.113.9");
}

static void a_hundred_relays_end(void **state)
{
    struct verdict_case *c = *state;
    trust_relays(c);
    struct buf buf;
    buf_init(&buf, c->arena, 1 << 20);
    for (int i = 0; i < 100; i++) {
        buf_add_text(&buf,
                     "Received: from mx2.example.com (mx2.example.com [192.0.2.26]) by "
                     "relay.example.com (Postfix) with ESMTP id 1; Mon, 21 Sep 2026 "
                     "14:13:21 +0000\r\n");
    }
    buf_add_text(&buf, "\r\n");
    buf_add_byte(&buf, '\0');
    case_header(c, buf_slice(&buf).ptr);
    from_client(c, "192.0.2.25");
    assert_int_equal(c->verdict.envelope.client.family, IP_NONE);
}

/* ---- the draw for pct= ------------------------------------------------------------------ */

static void the_draw_is_the_same_for_each_attempt_and_keyed(void **state)
{
    struct verdict_case *c = *state;
    unsigned seen[100] = {0};
    unsigned differ = 0;
    for (unsigned i = 0; i < 2000; i++) {
        char text[200];
        struct arena_mark mark = arena_mark(c->arena);
        snprintf(text, sizeof text, "From: a@example.org\r\nMessage-ID: <%u@x>\r\n\r\n",
                 i);
        case_header(c, text);
        unsigned draw = verdict_draw(&c->header, SLICE("secret"));
        assert_true(draw < 100);
        assert_int_equal(draw, verdict_draw(&c->header, SLICE("secret")));
        differ += draw != verdict_draw(&c->header, SLICE("another"));
        seen[draw]++;
        arena_rewind(c->arena, mark);
    }
    assert_true(differ > 1900);
    for (unsigned i = 0; i < 100; i++) {
        assert_in_range(seen[i], 3, 60); /* 20 expected */
    }
}

static void added_trace_fields_do_not_change_the_draw(void **state)
{
    struct verdict_case *c = *state;
    case_header(c, "From: a@example.org\r\nMessage-ID: <1@x>\r\n\r\n");
    unsigned draw = verdict_draw(&c->header, SLICE("secret"));
    case_header(c, BY_RELAY "From: a@example.org\r\nMessage-ID: <1@x>\r\n\r\n");
    assert_int_equal(verdict_draw(&c->header, SLICE("secret")), draw);
}

int main(void)
{
#define CASE_TEST(f) cmocka_unit_test_setup_teardown(f, case_setup, case_teardown)
    const struct CMUnitTest tests[] = {
        CASE_TEST(everyone_else_is_verified),
        CASE_TEST(a_logged_in_client_submits),
        CASE_TEST(submission_networks_submit_also_as_mapped_addresses),
        CASE_TEST(what_is_made_here_is_our_own_unless_it_came_from_a_client),
        CASE_TEST(no_client_leaves_spf_unavailable),
        CASE_TEST(behind_a_trusted_relay_its_client_counts),
        CASE_TEST(the_outermost_of_several_trusted_relays_counts),
        CASE_TEST(a_forged_received_below_the_boundary_is_never_read),
        CASE_TEST(an_unreadable_or_missing_received_leaves_spf_unavailable),
        CASE_TEST(a_loop_through_the_relays_own_loopback_is_no_client),
        CASE_TEST(a_hundred_relays_end),
        CASE_TEST(the_draw_is_the_same_for_each_attempt_and_keyed),
        CASE_TEST(added_trace_fields_do_not_change_the_draw),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
