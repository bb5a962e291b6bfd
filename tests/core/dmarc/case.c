/* SPDX-License-Identifier: BSD-2-Clause */
#include "case.h"

#include "core/base/buf.h"
#include "support/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TEXT_MAX = 64 * 1024 };

/* What the structs of an input point to. */
struct setup {
    struct message_mailbox mailbox;
    struct message_from from;
    slice domain;
    struct spf_result spf;
    struct dkim_signature signatures[CASE_SIGNATURES_MAX];
    struct dkim_result results[CASE_SIGNATURES_MAX];
    struct dkim_results dkim;
    struct dmarc_suffixes *suffixes;
    struct dmarc_input input;
    struct dmarc_result result;
};

static void set_up(struct setup *setup, const struct dmarc_case *c)
{
    *setup = (struct setup){.domain = slice_from_text(c->author)};
    setup->mailbox = (struct message_mailbox){.domain = setup->domain};
    setup->from = (struct message_from){.status = MESSAGE_FROM_OK,
                                        .mailboxes = &setup->mailbox,
                                        .count = 1,
                                        .domains = &setup->domain,
                                        .domain_count = 1};
    setup->spf = (struct spf_result){.code = c->spf,
                                     .scope = SPF_SCOPE_MAIL_FROM,
                                     .domain = slice_from_text(c->spf_domain)};
    size_t count = 0;
    for (; count < CASE_SIGNATURES_MAX && c->dkim[count].domain != NULL; count++) {
        const struct dmarc_case_signature *from = &c->dkim[count];
        setup->signatures[count].domain = slice_from_text(from->domain);
        setup->results[count] = (struct dkim_result){
            .code = from->code,
            .signature = &setup->signatures[count],
            .evaluated = !from->not_evaluated,
            .counts = from->code == DKIM_PASS && !from->does_not_count};
    }
    setup->dkim = (struct dkim_results){.list = setup->results, .count = count};
    if (c->suffixes != NULL) {
        assert_int_equal(
            dmarc_suffixes_parse(slice_from_text(c->suffixes), &setup->suffixes),
            YETT_OK);
    }
    setup->input = (struct dmarc_input){
        .from = &setup->from,
        .spf = c->spf_domain == NULL ? NULL : &setup->spf,
        .dkim = &setup->dkim,
        .settings = {.standard = c->suffixes == NULL ? DMARC_RFC9989 : DMARC_RFC7489,
                     .suffixes = setup->suffixes,
                     .pct_draw = c->pct_draw}
    };
}

static enum yett_err evaluate(void *context, struct arena *scratch, struct dns_view *view)
{
    struct setup *setup = context;
    return dmarc_evaluate(scratch, &setup->input, view, &setup->result);
}

static void write_name(struct buf *buf, const char *label, slice name)
{
    if (name.len != 0) {
        buf_add_text(buf, label);
        buf_add(buf, name);
    }
}

static slice line_of(struct arena *arena, const struct dmarc_result *result)
{
    struct buf buf;

    buf_init(&buf, arena, TEXT_MAX);
    buf_add_text(&buf, dmarc_code_text(result->code));
    if (result->has_record && result->policy_known) {
        buf_printf(&buf, " %s=%s asks %s", result->policy_tag,
                   dmarc_policy_text(result->policy),
                   dmarc_policy_text(result->disposition));
    }
    write_name(&buf, " at ", result->policy_domain);
    write_name(&buf, " org ", result->org_domain);
    buf_add_text(&buf, result->spf_aligned ? " spf" : "");
    buf_add_text(&buf, result->dkim_aligned ? " dkim" : "");
    if (!result->policy_known) {
        buf_printf(&buf, " unknown floor %s",
                   dmarc_policy_text(result->known_policy_floor));
    } else {
        assert_int_equal(result->known_policy_floor, result->code == DMARC_PASS
                                                         ? result->known_policy_floor
                                                         : result->disposition);
    }
    buf_add_text(&buf, result->sampled_out ? " sampled-out" : "");
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

static slice steps_of(struct arena *arena, const struct dmarc_result *result)
{
    struct buf buf;

    buf_init(&buf, arena, TEXT_MAX);
    for (size_t i = 0; i < result->step_count; i++) {
        const struct dmarc_step *step = &result->steps[i];
        buf_add(&buf, step->name);
        buf_printf(&buf, " %s ", dns_status_text(step->status));
        buf_add(&buf, step->why);
        write_name(&buf, ": ", step->note);
        buf_add_byte(&buf, '\n');
    }
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

static slice aligned_of(struct arena *arena, const struct dmarc_result *result)
{
    struct buf buf;

    buf_init(&buf, arena, TEXT_MAX);
    for (size_t i = 0; i < result->aligned_count; i++) {
        buf_add_byte(&buf, result->aligned[i] ? 'y' : 'n');
    }
    write_name(&buf, " ", result->spf_domain);
    write_name(&buf, " ", result->spf_org_domain);
    return buf_slice(&buf);
}

/* Everything of a result as one text. */
static slice whole(struct arena *arena, const struct dmarc_result *result)
{
    struct buf buf;

    buf_init(&buf, arena, TEXT_MAX);
    buf_add(&buf, line_of(arena, result));
    buf_add_byte(&buf, '\n');
    buf_add(&buf, aligned_of(arena, result));
    buf_add_byte(&buf, '\n');
    buf_add(&buf, result->reason);
    buf_add_byte(&buf, '\n');
    buf_add(&buf, steps_of(arena, result));
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

static void check_row(const struct dmarc_case *c)
{
    static const enum answers_schedule schedules[ANSWERS_SCHEDULES] = {
        ANSWERS_WARM, ANSWERS_ROUND, ANSWERS_EACH};
    struct arena *texts = arena_new(TEXT_MAX * 16);
    struct setup setup;
    slice first = SLICE_NONE;

    assert_non_null(texts);
    set_up(&setup, c);
    for (size_t i = 0; i < ANSWERS_SCHEDULES; i++) {
        struct answers_run run;
        answers_begin(&run, c->zone, schedules[i]);
        assert_int_equal(answers_run(&run, evaluate, &setup), YETT_OK);
        slice line = line_of(texts, &setup.result);
        if (c->expect != NULL && !slice_eq(line, slice_from_text(c->expect))) {
            fail_msg("%s\n  want: %s\n   got: %.*s\n%.*s", c->why, c->expect,
                     SLICE_ARG(line), SLICE_ARG(whole(texts, &setup.result)));
        }
        assert_true(setup.result.reason.len != 0);
        slice all = whole(texts, &setup.result);
        if (i > 0 && !slice_eq(first, all)) {
            fail_msg("%s: schedule %zu differs\n  warm: %.*s\n   now: %.*s", c->why, i,
                     SLICE_ARG(first), SLICE_ARG(all));
        }
        first = i == 0 ? all : first;
        answers_end(&run);
    }
    dmarc_suffixes_free(setup.suffixes);
    arena_free(texts);
}

void case_check_rows(const struct dmarc_case *rows, size_t count)
{
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        check_row(&rows[i]);
    }
}

void case_look(const struct dmarc_case *c, void (*look)(const struct case_view *view))
{
    struct arena *texts = arena_new(TEXT_MAX * 16);
    struct setup setup;
    struct answers_run run;

    assert_non_null(texts);
    set_up(&setup, c);
    answers_begin(&run, c->zone, ANSWERS_WARM);
    assert_int_equal(answers_run(&run, evaluate, &setup), YETT_OK);
    struct case_view view = {.result = &setup.result,
                             .line = line_of(texts, &setup.result),
                             .steps = steps_of(texts, &setup.result),
                             .questions = dns_answers_count(run.answers)};
    look(&view);
    answers_end(&run);
    dmarc_suffixes_free(setup.suffixes);
    arena_free(texts);
}
