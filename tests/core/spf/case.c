/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

int case_setup(void **state)
{
    *state = calloc(1, sizeof(struct spf_case));
    return *state == NULL ? -1 : 0;
}

static void end_runs(struct spf_case *c)
{
    for (size_t i = 0; c->running && i < ANSWERS_SCHEDULES; i++) {
        answers_end(&c->runs[i]);
    }
    c->running = false;
}

int case_teardown(void **state)
{
    end_runs(*state);
    free(*state);
    return 0;
}

void assert_text(slice found, const char *expected)
{
    if (!slice_eq(found, slice_from_text(expected))) {
        fail_msg("found    \"%.*s\"\nexpected \"%s\"", SLICE_ARG(found), expected);
    }
}

void assert_holds(slice found, const char *part)
{
    if (slice_find(found, slice_from_text(part)) == found.len) {
        fail_msg("\"%.*s\"\ndoes not hold \"%s\"", SLICE_ARG(found), part);
    }
}

static void assert_same(slice a, slice b)
{
    if (!slice_eq(a, b)) {
        fail_msg("answers in another order changed \"%.*s\" to \"%.*s\"", SLICE_ARG(a),
                 SLICE_ARG(b));
    }
}

static void assert_same_steps(const struct spf_result *a, const struct spf_result *b)
{
    assert_int_equal(a->step_count, b->step_count);
    for (size_t i = 0; i < a->step_count; i++) {
        const struct spf_step *x = &a->steps[i];
        const struct spf_step *y = &b->steps[i];
        assert_int_equal(x->depth, y->depth);
        assert_same(x->domain, y->domain);
        assert_same(x->term, y->term);
        assert_int_equal(x->is_record, y->is_record);
        assert_int_equal(x->matched, y->matched);
        assert_int_equal(x->lookups, y->lookups);
        assert_int_equal(x->void_lookups, y->void_lookups);
        assert_same(x->note, y->note);
    }
}

static void assert_same_result(const struct spf_result *a, const struct spf_result *b)
{
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->scope, b->scope);
    assert_same(a->domain, b->domain);
    assert_same(a->sender, b->sender);
    assert_same(a->record, b->record);
    assert_same(a->mechanism, b->mechanism);
    assert_same(a->mechanism_domain, b->mechanism_domain);
    assert_int_equal(a->include_count, b->include_count);
    for (size_t i = 0; i < a->include_count; i++) {
        assert_same(a->includes[i], b->includes[i]);
    }
    assert_same(a->explanation, b->explanation);
    assert_same(a->explanation_domain, b->explanation_domain);
    assert_int_equal(a->lookups, b->lookups);
    assert_int_equal(a->void_lookups, b->void_lookups);
    assert_same(a->reason, b->reason);
    assert_same(a->error_record, b->error_record);
    assert_int_equal(a->error_offset, b->error_offset);
    assert_same_steps(a, b);
}

struct job {
    const struct spf_query *query;
    struct spf_result *result;
};

static enum yett_err evaluate(void *context, struct arena *scratch, struct dns_view *view)
{
    struct job *job = context;
    return spf_check(scratch, job->query, view, job->result);
}

const struct spf_result *case_run(struct spf_case *c, const char *zone, const char *ip,
                                  const char *helo, const char *mail_from)
{
    end_runs(c);
    assert_int_equal(ip_parse(slice_from_text(ip), &c->query.ip), YETT_OK);
    c->query.helo = slice_from_text(helo);
    c->query.mail_from = slice_from_text(mail_from);
    for (size_t i = 0; i < ANSWERS_SCHEDULES; i++) {
        answers_begin(&c->runs[i], zone, (enum answers_schedule)i);
    }
    c->running = true;
    for (size_t i = 0; i < ANSWERS_SCHEDULES; i++) {
        struct job job = {.query = &c->query, .result = &c->results[i]};
        assert_int_equal(answers_run(&c->runs[i], evaluate, &job), YETT_OK);
        assert_true(c->results[i].reason.len > 0);
        assert_same_result(&c->results[0], &c->results[i]);
    }
    return &c->results[0];
}

const struct spf_result *case_org(struct spf_case *c, const char *zone, const char *ip)
{
    return case_run(c, zone, ip, "mail.example.org", "user@example.org");
}

enum spf_code case_code(struct spf_case *c, const char *zone, const char *ip)
{
    return case_org(c, zone, ip)->code;
}
