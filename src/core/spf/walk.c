/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/spf/evaluation.h"

/*
 * walk: the way of check_host() from term to term and record to record (RFC 7208 sections
 * 4.6, 4.7, 5.2 and 6.1).
 *
 * Records within records are a chain of frames in the arena, as long as the limit of
 * lookups at most.  An error ends the whole walk at once; any other end of an included
 * record goes back to the include that led there.
 */

/* ---- decisions ---------------------------------------------------------------------- */

/* About a term of the innermost record; `text` is the term as written. */
static struct spf_decision by_term(const struct spf_evaluation *ev, enum spf_code code,
                                   slice text, slice note)
{
    return (struct spf_decision){.code = code,
                                 .shape = SPF_TERM_SAYS,
                                 .note = note,
                                 .term = text,
                                 .domain = ev->frame->domain,
                                 .via = ev->frame->via};
}

static slice text_of(const struct spf_frame *frame, const struct spf_term *term)
{
    return spf_part_of(frame->text, term->text);
}

/* An error of a term, with its place when it is the record that has to be mended. */
static void decide_error(struct spf_evaluation *ev, enum spf_code code,
                         const struct spf_term *term, slice note)
{
    struct spf_decision decision = by_term(ev, code, text_of(ev->frame, term), note);
    if (code == SPF_PERMERROR) {
        decision.error_record = ev->frame->text;
        decision.error_offset = term->text.offset;
    }
    spf_decide(ev, decision);
}

/* The innermost record came to `code`, and so perhaps the records around it (table in 5.2). */
static void conclude(struct spf_evaluation *ev, enum spf_code code)
{
    for (struct spf_frame *frame = ev->frame; frame->caller != NULL;
         frame = frame->caller) {
        spf_trace_include(ev, frame->include_step, code);
        ev->frame = frame->caller;
        if (code != SPF_PASS) {
            return;
        }
        code = frame->include->qualifier;
    }
    ev->decision.code = code;
    ev->decided = true;
}

/* ---- records ------------------------------------------------------------------------ */

/* Section 4.6: a mistake anywhere in a record is a permerror before any of it is used. */
static enum yett_err report_broken(struct spf_evaluation *ev,
                                   const struct spf_frame *frame)
{
    const struct spf_syntax_error *error = &frame->record->error;
    slice word = spf_part_of(frame->text, error->word);
    struct buf buf;
    spf_words_init(ev, &buf);
    struct spf_words words = {.number = error->offset + 1, .name = word};
    spf_words_add(ev, &buf, "is broken: $n ", &words);
    buf_add_text(&buf, error->why);
    spf_words_add(ev, &buf, " (at octet $u)", &words);

    slice note;
    enum yett_err err = spf_words_end(&buf, &note);
    if (err != YETT_OK) {
        return err;
    }
    spf_decide(ev, (struct spf_decision){.code = SPF_PERMERROR,
                                         .shape = SPF_RECORD_SAYS,
                                         .note = note,
                                         .term = word,
                                         .domain = frame->domain,
                                         .via = frame->via,
                                         .error_record = frame->text,
                                         .error_offset = error->offset});
    return spf_trace_record(ev, frame->via, frame->domain, frame->text, note);
}

/* Begin with a record; the fields that say how it was reached are the caller's. */
static enum yett_err enter(struct spf_evaluation *ev, struct spf_frame how,
                           const struct spf_loading *loading)
{
    struct spf_frame *frame = ARENA_NEW(ev->arena, struct spf_frame);
    if (frame == NULL) {
        return YETT_NO_MEMORY;
    }
    *frame = how;
    frame->text = loading->text;
    frame->record = loading->record;
    ev->frame = frame;
    if (frame->record->error.why != NULL) {
        return report_broken(ev, frame);
    }
    return spf_trace_record(ev, frame->via, frame->domain, frame->text, SLICE_NONE);
}

static enum yett_err enter_first(struct spf_evaluation *ev)
{
    slice domain = ev->identity.domain;
    struct spf_loading loading;
    enum yett_err err = spf_load(ev, domain, &loading);
    if (err != YETT_OK) {
        return err;
    }
    if (loading.record != NULL) {
        return enter(ev, (struct spf_frame){.domain = domain}, &loading);
    }
    spf_decide(ev, (struct spf_decision){.code = loading.problem,
                                         .shape = SPF_SENTENCE,
                                         .note = loading.note});
    return spf_trace_record(ev, NULL, domain, SLICE_NONE, loading.note);
}

/* ---- include and redirect ----------------------------------------------------------- */

/* Sections 5.2 and 6.1: a domain without a record is a mistake of who pointed there. */
static enum yett_err report_missing(struct spf_evaluation *ev,
                                    const struct spf_term *term,
                                    const struct spf_loading *loading)
{
    struct buf buf;
    spf_words_init(ev, &buf);
    buf_add_text(&buf, "but ");
    buf_add(&buf, loading->note);
    slice note;
    enum yett_err err = spf_words_end(&buf, &note);
    if (err != YETT_OK) {
        return err;
    }
    enum spf_code code = loading->problem == SPF_NONE ? SPF_PERMERROR : loading->problem;
    decide_error(ev, code, term, note);
    return YETT_OK;
}

/* Where a record of an include or redirect is to be found. */
static enum yett_err find_record(struct spf_evaluation *ev, const struct spf_term *term,
                                 slice *domain, struct spf_loading *loading,
                                 struct spf_outcome *out, bool *go_on)
{
    struct spf_target target = {.state = SPF_TARGET_READY};
    enum yett_err err = spf_begin_term(ev, ev->frame, term, &target, out, go_on);
    bool named = *go_on && domain_label_count(target.name) > 1;
    if (err == YETT_OK && !named && (*go_on || target.state == SPF_TARGET_MALFORMED)) {
        *go_on = false;
        out->finding = SPF_FOUND_PERMERROR;
        return spf_say(ev, "but $n is not the name of a domain",
                       &(struct spf_words){.name = target.name}, &out->note);
    }
    if (err != YETT_OK || !*go_on) {
        return err;
    }
    *domain = target.name;
    err = spf_load(ev, target.name, loading);
    if (err == YETT_OK && loading->is_void) {
        ev->void_lookups++; /* that ends in a permerror in any case */
    }
    return err;
}

static enum yett_err link_to(struct spf_evaluation *ev, const struct spf_term *term,
                             const struct spf_link **out)
{
    const struct spf_frame *frame = ev->frame;
    struct spf_link *link = ARENA_NEW(ev->arena, struct spf_link);
    if (link == NULL) {
        return YETT_NO_MEMORY;
    }
    *link = (struct spf_link){.up = frame->via,
                              .term = text_of(frame, term),
                              .depth = frame->via == NULL ? 1 : frame->via->depth + 1};
    *out = link;
    return YETT_OK;
}

/* The record that takes over: within the include, or in the place of the one it ends. */
static struct spf_frame frame_after(const struct spf_evaluation *ev,
                                    const struct spf_term *term, slice domain,
                                    const struct spf_link *via, size_t step)
{
    struct spf_frame *now = ev->frame;
    struct spf_frame next = {.domain = domain, .via = via};
    if (term->kind == SPF_TERM_INCLUDE) {
        next.caller = now;
        next.include = term;
        next.include_step = step;
    } else {
        next.caller = now->caller;
        next.include = now->include;
        next.include_step = now->include_step;
    }
    return next;
}

/* `*outcome` is no match when the term is to be passed over. */
static enum yett_err follow(struct spf_evaluation *ev, const struct spf_term *term,
                            struct spf_outcome *outcome)
{
    slice domain = SLICE_NONE;
    struct spf_loading loading = {0};
    bool go_on = false;
    size_t step;
    enum yett_err err = find_record(ev, term, &domain, &loading, outcome, &go_on);
    if (err == YETT_OK) {
        err = spf_trace_term(ev, ev->frame, term, outcome, &step);
    }
    if (err != YETT_OK || !go_on) {
        return err;
    }

    const struct spf_link *via;
    err = link_to(ev, term, &via);
    if (err != YETT_OK) {
        return err;
    }
    outcome->finding = SPF_FOUND_MATCH;
    if (loading.record == NULL) {
        err = report_missing(ev, term, &loading);
        return err == YETT_OK
                   ? spf_trace_record(ev, via, domain, SLICE_NONE, loading.note)
                   : err;
    }
    ev->frame->next++;
    return enter(ev, frame_after(ev, term, domain, via, step), &loading);
}

/* ---- terms -------------------------------------------------------------------------- */

static void settle(struct spf_evaluation *ev, const struct spf_term *term,
                   const struct spf_outcome *outcome)
{
    switch (outcome->finding) {
    case SPF_FOUND_NOTHING:
        ev->frame->next++;
        break;
    case SPF_FOUND_MATCH:
        ev->decision =
            by_term(ev, term->qualifier, text_of(ev->frame, term), outcome->note);
        conclude(ev, term->qualifier);
        break;
    case SPF_FOUND_TEMPERROR:
        decide_error(ev, SPF_TEMPERROR, term, outcome->note);
        break;
    case SPF_FOUND_PERMERROR:
        decide_error(ev, SPF_PERMERROR, term, outcome->note);
        break;
    }
}

static enum yett_err take_include(struct spf_evaluation *ev, const struct spf_term *term)
{
    struct spf_outcome outcome = {.finding = SPF_FOUND_NOTHING};
    enum yett_err err = follow(ev, term, &outcome);
    if (err == YETT_OK && outcome.finding != SPF_FOUND_MATCH) {
        settle(ev, term, &outcome);
    }
    return err;
}

static enum yett_err take_mechanism(struct spf_evaluation *ev,
                                    const struct spf_term *term)
{
    struct spf_outcome outcome;
    size_t step;
    enum yett_err err = spf_match(ev, ev->frame, term, &outcome);
    if (err == YETT_OK) {
        err = spf_trace_term(ev, ev->frame, term, &outcome, &step);
    }
    if (err == YETT_OK) {
        settle(ev, term, &outcome);
    }
    return err;
}

/* Section 4.7. */
static enum yett_err take_default(struct spf_evaluation *ev)
{
    struct spf_decision decision = by_term(ev, SPF_NEUTRAL, SLICE("default"), SLICE_NONE);
    decision.shape = SPF_RECORD_SAYS;
    /* An included record that ends so decides nothing: no words are needed. */
    if (ev->frame->caller == NULL) {
        enum yett_err err =
            spf_say(ev, "has nothing that matches $c, and does not end in \"all\"",
                    &(struct spf_words){0}, &decision.note);
        if (err != YETT_OK) {
            return err;
        }
    }
    ev->decision = decision;
    conclude(ev, SPF_NEUTRAL);
    return YETT_OK;
}

/* No mechanism matched (sections 4.7 and 6.1). */
static enum yett_err end_of_record(struct spf_evaluation *ev)
{
    const struct spf_term *redirect = ev->frame->record->redirect;
    if (redirect == NULL) {
        return take_default(ev);
    }
    struct spf_outcome outcome = {.finding = SPF_FOUND_NOTHING};
    enum yett_err err = follow(ev, redirect, &outcome);
    if (err != YETT_OK || outcome.finding == SPF_FOUND_MATCH) {
        return err;
    }
    if (outcome.finding == SPF_FOUND_NOTHING) {
        return take_default(ev);
    }
    settle(ev, redirect, &outcome);
    return YETT_OK;
}

static enum yett_err advance(struct spf_evaluation *ev)
{
    struct spf_frame *frame = ev->frame;
    if (frame->next == frame->record->count) {
        return end_of_record(ev);
    }
    const struct spf_term *term = &frame->record->terms[frame->next];
    switch (term->kind) {
    case SPF_TERM_REDIRECT:
    case SPF_TERM_EXP:
    case SPF_TERM_UNKNOWN_MODIFIER:
        frame->next++;
        return YETT_OK;
    case SPF_TERM_INCLUDE:
        return take_include(ev, term);
    case SPF_TERM_ALL:
    case SPF_TERM_A:
    case SPF_TERM_MX:
    case SPF_TERM_PTR:
    case SPF_TERM_IP4:
    case SPF_TERM_IP6:
    case SPF_TERM_EXISTS:
        break;
    }
    return take_mechanism(ev, term);
}

enum yett_err spf_walk(struct spf_evaluation *ev)
{
    enum yett_err err = enter_first(ev);
    while (err == YETT_OK && !ev->decided) {
        err = advance(ev);
    }
    if (err == YETT_NEED_ANSWERS) {
        spf_look_ahead(ev);
    }
    return err;
}
