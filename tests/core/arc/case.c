/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { ARENA_BYTES = 16 * 1024 * 1024, SUMMARY_MAX = 64 * 1024 };

const char *const arc_plain_message = "From: Jo <jo@example.org>\r\n"
                                      "To: list@a.test\r\n"
                                      "Subject: Dinner\r\n"
                                      "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
                                      "\r\n"
                                      "Is dinner  ready?\r\n"
                                      "\r\n"
                                      "Jo\r\n";

static void add(struct naive_text *text, const char *more)
{
    naive_add(text, more, strlen(more));
}

static const char *or_default(const char *option, const char *value)
{
    return option == NULL ? value : option;
}

/* ---- life --------------------------------------------------------------------------- */

int arc_setup(void **state)
{
    static const char *const domains[] = {"a.test", "b.test", "c.test", "d.test",
                                          "e.test"};
    struct arc_case *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    c->crypto = crypto_new();
    assert_non_null(c->crypto);
    c->rsa = sign_key_new(SIGN_RSA_2048);
    c->ed25519 = sign_key_new(SIGN_ED25519);
    c->settings = DKIM_SETTINGS_DEFAULT;
    c->limits = ARC_LIMITS_DEFAULT;
    c->now_s = 1795500000;
    add(&c->zone, "");
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        arc_zone_key(c, c->rsa, "s", domains[i]);
    }
    arc_zone_key(c, c->ed25519, "ed", "a.test");
    arc_message(c, arc_plain_message);
    *state = c;
    return 0;
}

static void end_run(struct arc_case *c)
{
    if (c->is_running) {
        dkim_message_finish(c->dkim);
        answers_end(&c->run);
        arena_free(c->facts_arena);
        c->is_running = false;
    }
}

int arc_teardown(void **state)
{
    struct arc_case *c = *state;
    end_run(c);
    sign_key_free(c->rsa);
    sign_key_free(c->ed25519);
    crypto_free(c->crypto);
    free(c->zone.ptr);
    free(c->message.ptr);
    free(c);
    return 0;
}

/* ---- what is validated -------------------------------------------------------------- */

void arc_zone(struct arc_case *c, const char *lines)
{
    add(&c->zone, lines);
}

void arc_zone_key(struct arc_case *c, const struct sign_key *key, const char *selector,
                  const char *domain)
{
    char *line =
        sign_key_zone(key, selector, domain,
                      key == c->ed25519 ? "v=DKIM1; k=ed25519; " : "v=DKIM1; k=rsa; ");
    arc_zone(c, line);
    free(line);
}

void arc_message(struct arc_case *c, const char *message)
{
    c->message.len = 0;
    c->sealed = 0;
    add(&c->message, message);
}

void arc_put(struct arc_case *c, const char *field)
{
    struct naive_text whole = {NULL, 0};
    add(&whole, field);
    naive_add(&whole, c->message.ptr, c->message.len);
    free(c->message.ptr);
    c->message = whole;
}

void arc_replace(struct arc_case *c, const char *from, const char *to)
{
    char *at = strstr(c->message.ptr, from);
    struct naive_text whole = {NULL, 0};
    assert_non_null(at);
    naive_add(&whole, c->message.ptr, (size_t)(at - c->message.ptr));
    add(&whole, to);
    add(&whole, at + strlen(from));
    free(c->message.ptr);
    c->message = whole;
}

void arc_append(struct arc_case *c, const char *text)
{
    add(&c->message, text);
}

/* ---- sealing, by the words of section 5.1.1 ----------------------------------------- */

static char *aar_of(const struct arc_options *o, const char *instance)
{
    char *out = NULL;
    char value[400];
    snprintf(value, sizeof(value), "mx.%s; dmarc=pass header.from=example.org",
             or_default(o->domain, "a.test"));
    assert_true(asprintf(&out, "ARC-Authentication-Results: i=%s; %s\r\n",
                         or_default(o->aar_instance, instance),
                         or_default(o->aar, value)) > 0);
    return out;
}

static char *ams_of(const struct arc_case *c, const struct arc_options *o,
                    const char *instance)
{
    char more[400];
    snprintf(more, sizeof(more), "i=%s; %s", or_default(o->ams_instance, instance),
             or_default(o->ams_more, ""));
    const struct sign_options options = {
        .name = "ARC-Message-Signature",
        .version = SIGN_OMIT,
        .canon = o->canon,
        .domain = or_default(o->ams_domain, or_default(o->domain, "a.test")),
        .selector = or_default(o->selector, "s"),
        .length = o->length,
        .fields = o->fields,
        .more = more,
    };
    return sign_field(o->key == NULL ? c->rsa : o->key, &options, c->message.ptr,
                      c->message.len);
}

static void add_canonical(struct naive_text *out, const char *field, size_t len)
{
    struct naive_text canonical = naive_field(true, field, len);
    naive_add(out, canonical.ptr, canonical.len);
    free(canonical.ptr);
}

static size_t field_length(const char *field)
{
    const char *end = strstr(field, "\r\n");
    while (end[2] == ' ' || end[2] == '\t') {
        end = strstr(end + 2, "\r\n");
    }
    return (size_t)(end + 2 - field);
}

/* The ARC fields of sets that are there, the oldest first: they stand newest on top, each set
   as seal, message signature, results. */
static void add_sets_before(struct naive_text *out, const char *message)
{
    const char *fields[200];
    size_t count = 0;
    for (const char *at = message; strncmp(at, "\r\n", 2) != 0; at += field_length(at)) {
        if (strncmp(at, "ARC-", 4) == 0) {
            assert_true(count < 200);
            fields[count++] = at;
        }
    }
    while (count-- != 0) {
        add_canonical(out, fields[count], field_length(fields[count]));
        add(out, "\r\n");
    }
}

static char *seal_of(const struct arc_case *c, const struct arc_options *o,
                     const char *instance, const struct naive_text *before,
                     const char *aar, const char *ams)
{
    const struct sign_key *key = o->key == NULL ? c->rsa : o->key;
    struct naive_text text = {NULL, 0};
    char *field = NULL;
    char *whole = NULL;
    add(&text, "");
    naive_add(&text, before->ptr, o->only_own ? 0 : before->len);
    add_canonical(&text, aar, strlen(aar));
    add(&text, "\r\n");
    add_canonical(&text, ams, strlen(ams));
    add(&text, "\r\n");
    assert_true(asprintf(&field,
                         "ARC-Seal: i=%s; a=%s; cv=%s; d=%s; s=%s; t=1795400000; %sb=",
                         or_default(o->seal_instance, instance),
                         or_default(o->seal_algorithm,
                                    key == c->ed25519 ? "ed25519-sha256" : "rsa-sha256"),
                         or_default(o->cv, c->sealed == 1 ? "none" : "pass"),
                         or_default(o->domain, "a.test"), or_default(o->selector, "s"),
                         or_default(o->seal_more, "")) > 0);
    add_canonical(&text, field, strlen(field));
    char *b = sign_text(key, text.ptr, text.len);
    assert_true(asprintf(&whole, "%s%s\r\n", field, b) > 0);
    free(b);
    free(field);
    free(text.ptr);
    return whole;
}

void arc_add_set(struct arc_case *c, const struct arc_options *options)
{
    static const struct arc_options none = {0};
    const struct arc_options *o = options == NULL ? &none : options;
    char number[12];
    c->sealed++;
    snprintf(number, sizeof(number), "%u", c->sealed);
    const char *instance = or_default(o->instance, number);
    struct naive_text before = {NULL, 0};
    add(&before, "");
    add_sets_before(&before, c->message.ptr);
    char *aar = aar_of(o, instance);
    arc_put(c, o->no_aar ? "" : aar);
    char *ams = ams_of(c, o, instance);
    char *seal = seal_of(c, o, instance, &before, aar, ams);
    arc_put(c, o->no_ams ? "" : ams);
    arc_put(c, o->no_seal ? "" : seal);
    free(before.ptr);
    free(aar);
    free(ams);
    free(seal);
}

void arc_add_set_by(struct arc_case *c, const char *domain)
{
    const struct arc_options options = {.domain = domain};
    arc_add_set(c, &options);
}

/* ---- validating --------------------------------------------------------------------- */

static enum yett_err perform(void *context, const struct dkim_check *check,
                             struct dkim_check_result *out)
{
    struct arc_case *c = context;
    return dkim_check_perform(c->dkim, check, out);
}

static slice read_header(struct arc_case *c)
{
    struct message_parser *parser =
        message_parser_new(c->facts_arena, MESSAGE_LIMITS_DEFAULT);
    slice in = slice_of(c->message.ptr, c->message.len);
    bool done = false;
    assert_non_null(parser);
    assert_int_equal(message_parser_feed(parser, &in, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &c->header), YETT_OK);
    assert_int_equal(dkim_message_new(c->facts_arena, c->crypto, &c->header,
                                      SLICE("example.org"), DKIM_LIMITS_DEFAULT,
                                      &c->dkim),
                     YETT_OK);
    assert_int_equal(arc_chain_new(c->facts_arena, c->crypto, &c->header, c->dkim,
                                   c->limits, &c->chain),
                     YETT_OK);
    assert_int_equal(arc_prepare_seal(c->chain), YETT_OK);
    return in;
}

static void perform_wanted(struct arc_case *c)
{
    size_t count = dkim_checks_wanted_count(c->checks);
    count = c->run.schedule == ANSWERS_EACH && count > 1 ? 1 : count;
    for (size_t i = 0; i < count; i++) {
        const struct dkim_check check = *dkim_checks_wanted(c->checks, 0);
        struct dkim_check_result result;
        assert_int_equal(perform(c, &check, &result), YETT_OK);
        assert_int_equal(dkim_checks_add(c->checks, &check, &result), YETT_OK);
    }
}

static enum yett_err evaluate(void *context, struct arena *scratch, struct dns_view *view)
{
    struct arc_case *c = context;
    struct dkim_results dkim;
    for (;;) {
        enum yett_err other =
            dkim_verify(scratch, c->dkim, &c->settings, SLICE("example.org"), c->now_s,
                        false, view, c->checks, &dkim);
        assert_true(other == YETT_OK || other == YETT_NEED_ANSWERS);
        enum yett_err err = arc_verify(scratch, c->chain, &c->settings, c->now_s, view,
                                       c->checks, &c->result);
        err = err == YETT_OK ? other : err;
        if (err != YETT_NEED_ANSWERS || view->wanted->count != 0) {
            return err;
        }
        assert_true(dkim_checks_wanted_count(c->checks) > 0);
        perform_wanted(c);
    }
}

/* Before the body has ended nothing is known yet but what to ask. */
static void ask_early(struct arc_case *c)
{
    struct arc_result result;
    struct arena *scratch = arena_new(ARENA_BYTES);
    assert_non_null(scratch);
    enum yett_err err = arc_verify(scratch, c->chain, &c->settings, c->now_s,
                                   &c->run.view, c->checks, &result);
    assert_true(err == YETT_OK || err == YETT_NEED_ANSWERS);
    arena_free(scratch);
    dns_questions_clear(c->run.view.wanted);
}

static void run_once(struct arc_case *c, enum answers_schedule schedule, bool at_once,
                     size_t piece)
{
    end_run(c);
    c->facts_arena = arena_new(ARENA_BYTES);
    assert_non_null(c->facts_arena);
    answers_begin(&c->run, c->zone.ptr, schedule);
    slice body = read_header(c);
    c->checks = dkim_checks_new(c->run.evidence, at_once ? perform : NULL, c);
    assert_non_null(c->checks);
    c->is_running = true;
    if (piece != SIZE_MAX) {
        ask_early(c);
    }
    while (body.len != 0) {
        dkim_message_body(c->dkim, slice_first(body, piece));
        body = slice_skip(body, piece);
    }
    assert_int_equal(dkim_message_end(c->dkim), YETT_OK);
    assert_int_equal(answers_run(&c->run, evaluate, c), YETT_OK);
    c->questions = dns_answers_count(c->run.answers);
}

static void add_part(struct buf *out, const struct dkim_result *result)
{
    buf_printf(out, " %s/%d/%u (", dkim_code_text(result->code), result->counts,
               result->key_bits);
    buf_add(out, result->reason);
    buf_add_byte(out, ')');
}

static slice summarise(struct arena *arena, const struct arc_result *r)
{
    struct buf out;
    buf_init(&out, arena, SUMMARY_MAX);
    buf_printf(&out, "%s %u %d %d%d ", arc_code_text(r->code), r->instances,
               r->oldest_pass, r->counts, r->open);
    buf_add(&out, r->reason);
    for (size_t i = 0; i < r->set_count; i++) {
        const struct arc_set *set = &r->sets[i];
        buf_printf(&out, "\n%u %s %d%d ", set->instance, arc_code_text(set->cv),
                   set->trusted, set->has_results);
        buf_add(&out, set->domain);
        add_part(&out, &set->seal);
        add_part(&out, &set->message);
    }
    assert_int_equal(buf_err(&out), YETT_OK);
    return buf_slice(&out);
}

enum arc_code arc_validate(struct arc_case *c)
{
    static const size_t pieces[ANSWERS_SCHEDULES] = {SIZE_MAX, 1, 7};
    struct arena *arena = arena_new(ARENA_BYTES);
    slice first = SLICE_NONE;
    assert_non_null(arena);
    for (int way = 2 * ANSWERS_SCHEDULES; way-- > 0;) {
        enum answers_schedule schedule = (enum answers_schedule)(way / 2);
        run_once(c, schedule, way % 2 == 0, pieces[schedule]);
        slice summary = summarise(arena, &c->result);
        first = first.ptr == NULL ? summary : first;
        if (!slice_eq(first, summary)) {
            fail_msg("\"%.*s\" is not \"%.*s\"", SLICE_ARG(summary), SLICE_ARG(first));
        }
    }
    arena_free(arena);
    assert_true(c->result.reason.len != 0);
    return c->result.code;
}

void arc_expect(struct arc_case *c, enum arc_code code, const char *words)
{
    enum arc_code got = arc_validate(c);
    slice reason = c->result.reason;
    if (got != code || slice_find(reason, slice_from_text(words)) == reason.len) {
        fail_msg("%s, wanted %s with \"%s\": %.*s", arc_code_text(got),
                 arc_code_text(code), words, SLICE_ARG(reason));
    }
}
