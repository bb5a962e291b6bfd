/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ARENA_BYTES = 16 * 1024 * 1024, ROUNDS_MAX = 500 };

void answers_begin(struct answers_run *run, const char *zone_text,
                   enum answers_schedule schedule)
{
    *run = (struct answers_run){.schedule = schedule};
    run->evidence = arena_new(ARENA_BYTES);
    run->scratch = arena_new(ARENA_BYTES);
    assert_non_null(run->evidence);
    assert_non_null(run->scratch);

    struct zone_error error = {0};
    enum yett_err err =
        zone_parse(run->evidence, slice_from_text(zone_text), &run->zone, &error);
    if (err != YETT_OK) {
        fail_msg("zone line %zu: %.*s", error.line, SLICE_ARG(error.why));
    }

    struct dns_source source = {0};
    if (schedule == ANSWERS_WARM) {
        source = (struct dns_source){.find = zone_find, .context = run->zone};
    }
    run->answers = dns_answers_new(run->evidence, source, DNS_BOUNDS_DEFAULT);
    assert_non_null(run->answers);
    dns_questions_init(&run->wanted, run->evidence);
    run->view = (struct dns_view){.known = run->answers, .wanted = &run->wanted};
}

static void answer_wanted(struct answers_run *run)
{
    size_t count = run->schedule == ANSWERS_EACH ? 1 : run->wanted.count;
    for (size_t i = 0; i < count; i++) {
        struct dns_question question = run->wanted.list[i];
        const struct dns_answer *answer = zone_find(run->zone, question);
        assert_non_null(answer);
        assert_int_equal(dns_answers_add(run->answers, question, answer), YETT_OK);
    }
}

enum yett_err answers_run(struct answers_run *run,
                          enum yett_err (*evaluate)(void *context, struct arena *scratch,
                                                    struct dns_view *view),
                          void *context)
{
    struct arena_mark start = arena_mark(run->scratch);

    for (run->rounds = 1; run->rounds <= ROUNDS_MAX; run->rounds++) {
        arena_rewind(run->scratch, start);
        dns_questions_clear(&run->wanted);
        enum yett_err err = evaluate(context, run->scratch, &run->view);
        if (err != YETT_NEED_ANSWERS) {
            return err;
        }
        assert_true(run->wanted.count > 0);
        answer_wanted(run);
    }
    fail_msg("no end after %d rounds", ROUNDS_MAX);
    return YETT_LIMIT;
}

void answers_end(struct answers_run *run)
{
    dns_answers_finish(run->answers);
    zone_finish(run->zone);
    arena_free(run->scratch);
    arena_free(run->evidence);
}
