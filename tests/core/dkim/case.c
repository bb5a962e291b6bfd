/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { ARENA_BYTES = 16 * 1024 * 1024, SUMMARY_LINE = 2048 };

const char *const case_plain_message = "From: Jo <jo@example.org>\r\n"
                                       "To: Sam <sam@example.net>\r\n"
                                       "Subject: Dinner\r\n"
                                       "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
                                       "\r\n"
                                       "Is dinner  ready?\r\n"
                                       "\r\n"
                                       "Jo\r\n";

int case_setup(void **state)
{
    struct dkim_case *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    c->crypto = crypto_new();
    assert_non_null(c->crypto);
    c->rsa = sign_key_new(SIGN_RSA_2048);
    c->ed25519 = sign_key_new(SIGN_ED25519);
    c->settings = DKIM_SETTINGS_DEFAULT;
    c->limits = DKIM_LIMITS_DEFAULT;
    c->now_s = 1795500000;
    c->author = "example.org";
    naive_add(&c->zone, "", 0);
    case_zone_key(c, c->rsa, "test", "example.org", "v=DKIM1; k=rsa; ");
    case_zone_key(c, c->ed25519, "edward", "example.org", "v=DKIM1; k=ed25519; ");
    case_message(c, case_plain_message);
    *state = c;
    return 0;
}

static void end_run(struct dkim_case *c)
{
    if (c->is_running) {
        dkim_message_finish(c->facts);
        answers_end(&c->run);
        arena_free(c->facts_arena);
        c->is_running = false;
    }
}

int case_teardown(void **state)
{
    struct dkim_case *c = *state;
    end_run(c);
    sign_key_free(c->rsa);
    sign_key_free(c->ed25519);
    crypto_free(c->crypto);
    free(c->zone.ptr);
    free(c->message.ptr);
    free(c->summary.ptr);
    free(c);
    return 0;
}

/* ---- what is verified --------------------------------------------------------------- */

void case_zone(struct dkim_case *c, const char *lines)
{
    naive_add(&c->zone, lines, strlen(lines));
}

void case_zone_key(struct dkim_case *c, const struct sign_key *key, const char *selector,
                   const char *domain, const char *tags)
{
    char *line = sign_key_zone(key, selector, domain, tags);
    case_zone(c, line);
    free(line);
}

void case_no_zone(struct dkim_case *c)
{
    c->zone.len = 0;
    naive_add(&c->zone, "", 0);
}

void case_message(struct dkim_case *c, const char *message)
{
    c->message.len = 0;
    naive_add(&c->message, message, strlen(message));
}

void case_sign(struct dkim_case *c, const struct sign_key *key,
               const struct sign_options *options)
{
    char *field = sign_field(key, options, c->message.ptr, c->message.len);
    struct naive_text whole = {NULL, 0};
    naive_add(&whole, field, strlen(field));
    naive_add(&whole, c->message.ptr, c->message.len);
    free(c->message.ptr);
    free(field);
    c->message = whole;
}

void case_replace(struct dkim_case *c, const char *from, const char *to)
{
    char *at = strstr(c->message.ptr, from);
    struct naive_text whole = {NULL, 0};
    assert_non_null(at);
    naive_add(&whole, c->message.ptr, (size_t)(at - c->message.ptr));
    naive_add(&whole, to, strlen(to));
    naive_add(&whole, at + strlen(from), strlen(at + strlen(from)));
    free(c->message.ptr);
    c->message = whole;
}

void case_append(struct dkim_case *c, const char *text)
{
    naive_add(&c->message, text, strlen(text));
}

/* ---- verifying ---------------------------------------------------------------------- */

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    struct dkim_case *c = context;
    c->checks_performed++;
    return dkim_check_perform(c->facts, check, out);
}

static void read_message(struct dkim_case *c, size_t piece_bytes)
{
    struct message_header header;
    struct message_parser *parser =
        message_parser_new(c->facts_arena, MESSAGE_LIMITS_DEFAULT);
    slice in = slice_of(c->message.ptr, c->message.len);
    bool done = false;
    assert_non_null(parser);
    assert_int_equal(message_parser_feed(parser, &in, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
    assert_int_equal(dkim_message_new(c->facts_arena, c->crypto, &header,
                                      slice_from_text(c->author), c->limits, &c->facts),
                     YETT_OK);
    while (in.len != 0) {
        dkim_message_body(c->facts, slice_first(in, piece_bytes));
        in = slice_skip(in, piece_bytes);
    }
    assert_int_equal(dkim_message_end(c->facts), YETT_OK);
}

static void perform_wanted(struct dkim_case *c)
{
    size_t count = dkim_checks_wanted_count(c->checks);
    if (c->run.schedule == ANSWERS_EACH) {
        count = 1;
    }
    for (size_t i = 0; i < count; i++) {
        const struct dkim_check check = *dkim_checks_wanted(c->checks, 0);
        struct dkim_check_result result;
        assert_int_equal(perform(c, &check, &result), YETT_OK);
        assert_int_equal(dkim_checks_add(c->checks, &check, &result), YETT_OK);
    }
}

static enum yett_err evaluate(void *context, struct arena *scratch, struct dns_view *view)
{
    struct dkim_case *c = context;
    for (;;) {
        enum yett_err err =
            dkim_verify(scratch, c->facts, &c->settings, slice_from_text(c->author),
                        c->now_s, c->want_proof, view, c->checks, &c->results);
        if (err != YETT_NEED_ANSWERS || view->wanted->count != 0) {
            return err;
        }
        assert_true(dkim_checks_wanted_count(c->checks) > 0);
        perform_wanted(c);
    }
}

static struct naive_text summarise(const struct dkim_results *results)
{
    struct naive_text out = {NULL, 0};
    char line[SUMMARY_LINE];
    for (size_t i = 0; i < results->count; i++) {
        const struct dkim_result *r = &results->list[i];
        int len =
            snprintf(line, sizeof(line), "%s %u %d%d%d%d%d%d%d%d%d%d %llu %.*s: %.*s\n",
                     dkim_code_text(r->code), r->key_bits, r->evaluated,
                     r->header_verified, r->body_verified, r->partial_body, r->counts,
                     r->testing, r->secure, r->weak_key, r->body_proved,
                     r->body_proof_done, (unsigned long long)r->unsigned_bytes,
                     SLICE_ARG(r->key_name), SLICE_ARG(r->reason));
        assert_true(len > 0 && len < SUMMARY_LINE);
        assert_true(r->reason.len != 0 && r->code != DKIM_NONE);
        naive_add(&out, line, (size_t)len);
    }
    int len = snprintf(line, sizeof(line), "%s: %.*s\n", dkim_code_text(results->code),
                       SLICE_ARG(results->reason));
    assert_true(len > 0 && len < SUMMARY_LINE);
    naive_add(&out, line, (size_t)len);
    return out;
}

static void run_once(struct dkim_case *c, enum answers_schedule schedule, bool at_once,
                     size_t piece_bytes)
{
    end_run(c);
    c->checks_performed = 0;
    c->facts_arena = arena_new(ARENA_BYTES);
    assert_non_null(c->facts_arena);
    answers_begin(&c->run, c->zone.ptr, schedule);
    read_message(c, piece_bytes);
    c->checks = dkim_checks_new(c->run.evidence, at_once ? perform : NULL, c);
    assert_non_null(c->checks);
    c->is_running = true;
    assert_int_equal(answers_run(&c->run, evaluate, c), YETT_OK);
}

enum dkim_code case_verify(struct dkim_case *c)
{
    static const size_t piece_bytes[ANSWERS_SCHEDULES] = {SIZE_MAX, 1, 7};
    struct naive_text first = {NULL, 0};
    for (int way = 2 * ANSWERS_SCHEDULES; way-- > 0;) {
        enum answers_schedule schedule = (enum answers_schedule)(way / 2);
        run_once(c, schedule, way % 2 == 0, piece_bytes[schedule]);
        struct naive_text summary = summarise(&c->results);
        if (first.ptr == NULL) {
            first = summary;
        } else {
            assert_string_equal(first.ptr, summary.ptr);
            free(summary.ptr);
        }
    }
    free(c->summary.ptr);
    c->summary = first;
    return c->results.code;
}

const struct dkim_result *case_result(const struct dkim_case *c, size_t index)
{
    assert_true(index < c->results.count);
    return &c->results.list[index];
}

void case_reason_has(const struct dkim_case *c, size_t index, const char *words)
{
    slice reason = case_result(c, index)->reason;
    if (slice_find(reason, slice_from_text(words)) == reason.len) {
        fail_msg("\"%s\" is not in \"%.*s\"", words, SLICE_ARG(reason));
    }
}

enum dkim_code case_verify_signed(struct dkim_case *c, const struct sign_options *options)
{
    case_message(c, case_plain_message);
    case_sign(c, c->rsa, options);
    return case_verify(c);
}
