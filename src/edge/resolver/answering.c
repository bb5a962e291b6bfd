/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/resolver/inside.h"
#include "edge/resolver/response.h"

#include <stdlib.h>

/* resolver_answer_all(): one round of questions for a program that waits. */

struct round {
    struct resolver *resolver;
    struct dns_answers *answers;
    size_t open;
    enum yett_err err; /* the first */
    bool is_late;
};

struct wish {
    struct round *round;
    struct resolver_question *handle;
};

static void add(struct round *round, struct dns_question question,
                const struct dns_answer *answer)
{
    enum yett_err err = dns_answers_add(round->answers, question, answer);
    if (round->err == YETT_OK) {
        round->err = err;
    }
}

static void on_answer(void *context, struct dns_question question,
                      const struct dns_answer *answer)
{
    struct wish *wish = context;
    wish->handle = NULL;
    wish->round->open--;
    add(wish->round, question, answer);
}

static void on_late(void *context)
{
    struct round *round = context;
    round->is_late = true;
}

static void ask_all(struct round *round, const struct dns_questions *wanted,
                    struct wish *wishes)
{
    round->open = wanted->count;
    for (size_t i = 0; i < wanted->count; i++) {
        wishes[i].round = round;
        /* on_answer() may come before the handle, which is then NULL. */
        wishes[i].handle =
            resolver_ask(round->resolver, wanted->list[i], on_answer, &wishes[i]);
    }
}

/* The deadline is not the questions' fault, so nothing of this is cached. */
static void give_up(struct round *round, const struct dns_questions *wanted,
                    struct wish *wishes, int64_t time_ms, struct arena *scratch)
{
    struct arena_mark mark = arena_mark(scratch);
    for (size_t i = 0; i < wanted->count; i++) {
        if (wishes[i].handle == NULL) {
            continue;
        }
        resolver_cancel(wishes[i].handle);
        struct dns_answer answer =
            time_ms <= 0 ? response_no_time(scratch)
                         : response_no_reply(scratch, resolver_servers(round->resolver),
                                             time_ms, 0);
        add(round, wanted->list[i], &answer);
        arena_rewind(scratch, mark);
    }
}

enum yett_err resolver_answer_all(struct resolver *resolver,
                                  const struct dns_questions *wanted, int64_t deadline_ms,
                                  struct dns_answers *answers)
{
    struct loop *loop = resolver_loop(resolver);
    struct round round = {.resolver = resolver, .answers = answers};
    int64_t begin_ms = loop_now_ms(loop);
    enum yett_err err = YETT_NO_MEMORY;
    struct loop_timer *timer = loop_timer_new(loop, on_late, &round);
    struct arena *scratch = arena_new((size_t)16 * 1024);
    struct wish *wishes = calloc(wanted->count + 1, sizeof(*wishes));
    if (timer == NULL || scratch == NULL || wishes == NULL) {
        goto out;
    }
    ask_all(&round, wanted, wishes);
    loop_timer_start(timer, deadline_ms - begin_ms);
    while (round.open != 0 && !round.is_late && round.err == YETT_OK) {
        loop_run_once(loop);
    }
    give_up(&round, wanted, wishes, deadline_ms - begin_ms, scratch);
    err = round.err;
out:
    free(wishes);
    arena_free(scratch);
    loop_timer_free(timer);
    return err;
}
