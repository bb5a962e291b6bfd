/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/intake/parts.h"

#include <assert.h>

/*
 * evaluate: questions out, answers in, and the evaluators called in between.
 *
 * The evaluators are called when the edge asks what is wanted, not at each event: of a message
 * whose parts come all at once, and whose answers lie ready, a verdict is made once.  When
 * they are called, and with how many answers, changes nothing about what they say.
 */

void intake_fill_input(struct intake_message *message)
{
    const struct intake *intake = message->intake;
    const struct intake_house *house = message->house;
    message->input = (struct verdict_input){
        .config = house->config,
        .header = &message->header,
        .from = &message->from,
        .dkim = message->dkim,
        .arc = message->arc,
        .suffixes = house->suffixes,
        .envelope = {.client = intake->client,
                     .helo = slice_of(intake->helo, intake->helo_length),
                     .mail_from = message->mail_from,
                     .has_mail_from = true,
                     .rcpt = message->rcpt,
                     .rcpt_count = message->rcpt_kept,
                     .authenticated = message->login.len != 0,
                     .login = message->login,
                     .local = message->is_local},
        .now_s = message->input.now_s,
        .first_seen_s = message->input.now_s,
        .id = slice_of(message->id, sizeof(message->id)),
    };
    if (message->is_local) {
        /* What is in our queue already cannot be sent back to come again. */
        message->input.first_seen_s -= house->config->dmarc.temperror_patience_s;
        message->asked_for_first = true;
    }
}

static void fail(struct intake_message *message, enum yett_err err)
{
    intake_fail(message, err,
                err == YETT_NO_MEMORY
                    ? SLICE("there is not enough memory for it under the limits of one "
                            "message, or of all in work")
                    : slice_from_text(yett_err_text(err)));
}

/* ---- wants --------------------------------------------------------------------------------- */

static bool is_known_want(const struct intake_wants *wants, struct dns_question question)
{
    for (size_t i = 0; i < wants->count; i++) {
        /* The same question has the same name, not only an equal one. */
        if (wants->list[i].question.name.ptr == question.name.ptr &&
            wants->list[i].question.type == question.type) {
            return true;
        }
    }
    return false;
}

static enum yett_err add_want(struct intake_message *message,
                              struct dns_question question)
{
    enum { FIRST_CAPACITY = 16 };
    struct intake_wants *wants = &message->wants;
    if (is_known_want(wants, question)) {
        return YETT_OK;
    }
    if (wants->count == wants->capacity) {
        size_t capacity = wants->capacity == 0 ? FIRST_CAPACITY : wants->capacity * 2;
        struct intake_want *moved =
            ARENA_ARRAY(message->arenas->evidence, capacity, struct intake_want);
        if (moved == NULL) {
            return YETT_NO_MEMORY;
        }
        if (wants->count != 0) {
            memcpy(moved, wants->list, wants->count * sizeof(*moved));
        }
        wants->list = moved;
        wants->capacity = capacity;
    }
    wants->list[wants->count++] = (struct intake_want){.question = question};
    return YETT_OK;
}

static struct intake_want *find_given(struct intake_wants *wants,
                                      struct dns_question question)
{
    for (size_t i = 0; i < wants->given; i++) {
        struct intake_want *want = &wants->list[i];
        if (want->question.type == question.type &&
            slice_eq(want->question.name, question.name)) {
            return want;
        }
    }
    return NULL;
}

static bool all_is_answered(const struct intake_message *message)
{
    return message->wants.answered == message->wants.count;
}

/* What stands in for an answer. */
static const struct dns_answer late = {
    .status = DNS_TIMED_OUT,
    .detail = SLICE_INIT("no answer came in the time for this message")};
static const struct dns_answer too_deep = {
    .status = DNS_TIMED_OUT,
    .detail = SLICE_INIT("the message had 24 rounds of questions already")};

/* ---- evaluation ---------------------------------------------------------------------------- */

static enum yett_err call_evaluator(struct intake_message *message)
{
    struct arena *scratch = message->arenas->scratch;
    struct verdict_view view = {
        .dns = {.known = message->answers, .wanted = &message->wanted},
        .checks = message->checks,
    };
    arena_rewind(scratch, message->scratch_start);
    dns_questions_clear(&message->wanted);
    if (message->stage == INTAKE_HEADER) {
        return verdict_ask_early(scratch, &message->input, &view);
    }
    enum yett_err err =
        verdict_evaluate(scratch, &message->input, &view, &message->verdict);
    message->has_verdict = err == YETT_OK;
    return err;
}

static enum yett_err time_out_wanted(struct intake_message *message)
{
    const struct dns_answer *answer = message->timed_out ? &late : &too_deep;
    enum yett_err err = YETT_OK;
    for (size_t i = 0; i < message->wanted.count && err == YETT_OK; i++) {
        err = dns_answers_add(message->answers, message->wanted.list[i], answer);
    }
    return err;
}

static enum yett_err want_all(struct intake_message *message)
{
    enum yett_err err = YETT_OK;
    for (size_t i = 0; i < message->wanted.count && err == YETT_OK; i++) {
        err = add_want(message, message->wanted.list[i]);
    }
    return err;
}

/* Rounds about the envelope alone are counted apart: answers that come early must not leave
   fewer rounds for the rest. */
static bool has_rounds_left(struct intake_message *message)
{
    unsigned *rounds =
        message->stage == INTAKE_HEADER ? &message->early_rounds : &message->rounds;
    if (*rounds >= INTAKE_ROUNDS_MAX) {
        return false;
    }
    (*rounds)++;
    return true;
}

/* Until there is a verdict, or the edge has something to ask, or the body must come. */
static enum yett_err evaluate_on(struct intake_message *message)
{
    for (;;) {
        enum yett_err err = call_evaluator(message);
        if (err != YETT_NEED_ANSWERS) {
            return err;
        }
        if (message->wanted.count == 0) {
            assert(message->stage == INTAKE_BODY);
            return YETT_OK;
        }
        if (!message->timed_out && has_rounds_left(message)) {
            return want_all(message);
        }
        err = time_out_wanted(message);
        if (err != YETT_OK) {
            return err;
        }
    }
}

/* ---- patience with temperror --------------------------------------------------------------- */

static uint64_t deferral_key(const struct intake_message *message)
{
    const uint8_t *key = message->house->key;
    struct ip_network network = ip_source_network(message->verdict.envelope.client);
    uint64_t hash = intake_mix(key, 0, message->verdict.dmarc.domain);
    hash = intake_mix(
        key, hash,
        slice_of((const char *)network.address.bytes, sizeof(network.address.bytes)));
    hash = intake_mix(key, hash, message->verdict.envelope.mail_from);
    return intake_mix(key, hash, message->first_rcpt);
}

/* Only a message that would be sent back is worth asking when that was done first. */
static bool is_known_for_longer(struct intake_message *message)
{
    const struct intake_house *house = message->house;
    if (!message->has_verdict || !verdict_waits_for_dns(&message->verdict.action) ||
        message->asked_for_first) {
        return false;
    }
    int64_t now_s = message->input.now_s;
    int64_t first_s = house->first_deferred(house->context, deferral_key(message), now_s);
    message->asked_for_first = true;
    message->input.first_seen_s = first_s < now_s ? first_s : now_s;
    return first_s < now_s;
}

void intake_note_deferral(const struct intake_message *message)
{
    const struct intake_house *house = message->house;
    if (verdict_waits_for_dns(&message->verdict.action)) {
        house->note_deferral(house->context, deferral_key(message), message->input.now_s);
    }
}

static bool may_look(struct intake_message *message)
{
    return message->stage == INTAKE_HEADER ? intake_enter_ahead(message)
                                           : intake_enter(message);
}

void intake_evaluate(struct intake_message *message)
{
    message->is_stale = false;
    if (message->is_passed_by || message->is_sign_only || message->err != YETT_OK ||
        message->has_verdict || !may_look(message)) {
        return;
    }
    enum yett_err err = evaluate_on(message);
    if (err == YETT_OK && is_known_for_longer(message)) {
        err = evaluate_on(message);
    }
    if (err != YETT_OK) {
        message->has_verdict = false;
        fail(message, err);
    }
}

void intake_proceed(struct intake_message *message)
{
    if (message->stage != INTAKE_ENDED) {
        return;
    }
    if (message->is_stale || all_is_answered(message)) {
        intake_evaluate(message);
    }
    bool is_judged = message->is_passed_by || message->is_sign_only ||
                     message->err != YETT_OK || message->has_verdict;
    if (!is_judged) {
        return;
    }
    bool is_open = intake_sign_is_open(message);
    is_open = intake_seal_is_open(message) || is_open;
    if (!is_open) {
        intake_decide(message);
        message->stage = INTAKE_DECIDED;
    }
}

/* ---- for the edge -------------------------------------------------------------------------- */

bool intake_next_want(struct intake *intake, struct dns_question *out)
{
    struct intake_message *message = intake->message;
    if (message == NULL || message->stage == INTAKE_DECIDED) {
        return false;
    }
    if (message->is_stale) {
        intake_evaluate(message);
    }
    struct intake_wants *wants = &message->wants;
    while (wants->given < wants->count) {
        struct intake_want *want = &wants->list[wants->given++];
        if (!want->is_answered && message->err == YETT_OK) {
            *out = want->question;
            return true;
        }
    }
    return false;
}

static void take_answer(struct intake_message *message, struct intake_want *want,
                        const struct dns_answer *answer)
{
    want->is_answered = true;
    message->wants.answered++;
    enum yett_err err = dns_answers_add(message->answers, want->question, answer);
    if (err != YETT_OK) {
        fail(message, err);
    }
    message->is_stale = message->is_stale || all_is_answered(message);
}

void intake_answer(struct intake *intake, struct dns_question question,
                   const struct dns_answer *answer)
{
    struct intake_message *message = intake->message;
    if (message == NULL || message->stage == INTAKE_DECIDED) {
        return;
    }
    struct intake_want *want = find_given(&message->wants, question);
    if (want == NULL || want->is_answered || message->err != YETT_OK) {
        return;
    }
    take_answer(message, want, answer);
    intake_proceed(message);
}

bool intake_is_waiting(const struct intake *intake)
{
    return intake->message != NULL && intake->message->stage == INTAKE_ENDED;
}

void intake_time_out(struct intake *intake)
{
    struct intake_message *message = intake->message;
    if (message == NULL || message->stage == INTAKE_DECIDED) {
        return;
    }
    message->timed_out = true;
    for (size_t i = 0; i < message->wants.count && message->err == YETT_OK; i++) {
        if (!message->wants.list[i].is_answered) {
            take_answer(message, &message->wants.list[i], &late);
        }
    }
    message->is_stale = true;
    intake_proceed(message);
    intake_signing_failed(intake,
                          SLICE("no keeper answered in the time for this message"));
}
