/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/rounds.h"

#include <assert.h>

enum { NETWORK_ROUNDS_MAX = 24 };

struct dns_source answerer_source(const struct answerer *answerer)
{
    if (answerer->zone == NULL) {
        return resolver_source(answerer->resolver);
    }
    if (answerer->mode == ANSWERS_MODE_WARM) {
        return (struct dns_source){.find = zone_find, .context = answerer->zone};
    }
    return (struct dns_source){0};
}

static enum yett_err answer_from_zone(const struct answerer *answerer,
                                      const struct dns_questions *wanted,
                                      struct dns_answers *answers)
{
    size_t count = answerer->mode == ANSWERS_MODE_EACH ? 1 : wanted->count;
    for (size_t i = 0; i < count; i++) {
        enum yett_err err = dns_answers_add(answers, wanted->list[i],
                                            zone_find(answerer->zone, wanted->list[i]));
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

static enum yett_err time_out(const struct dns_questions *wanted,
                              struct dns_answers *answers)
{
    static const struct dns_answer timed_out = {
        .status = DNS_TIMED_OUT,
        .detail = SLICE_INIT("the message had 24 rounds of questions already")};
    for (size_t i = 0; i < wanted->count; i++) {
        enum yett_err err = dns_answers_add(answers, wanted->list[i], &timed_out);
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

enum yett_err answerer_run(const struct answerer *answerer, struct dns_answers *answers,
                           struct arena *evidence, struct arena *scratch,
                           const struct round *round)
{
    struct dns_questions wanted;
    struct arena_mark start = arena_mark(scratch);
    int64_t deadline_ms =
        answerer->zone != NULL ? 0 : loop_now_ms(answerer->loop) + answerer->deadline_ms;

    dns_questions_init(&wanted, evidence);
    for (unsigned rounds = 1;; rounds++) {
        struct dns_view view = {.known = answers, .wanted = &wanted};
        arena_rewind(scratch, start);
        dns_questions_clear(&wanted);
        enum yett_err err = round->evaluate(round->context, scratch, &view);
        if (err != YETT_NEED_ANSWERS) {
            return err;
        }
        assert(wanted.count > 0); /* nothing else is waited for here */
        if (answerer->zone != NULL) {
            err = answer_from_zone(answerer, &wanted, answers);
        } else if (rounds >= NETWORK_ROUNDS_MAX) {
            err = time_out(&wanted, answers);
        } else {
            err = resolver_answer_all(answerer->resolver, &wanted, deadline_ms, answers);
        }
        if (err != YETT_OK) {
            return err;
        }
    }
}
