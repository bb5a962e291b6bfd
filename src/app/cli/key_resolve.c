/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"
#include "app/cli/setup.h"

/* key_resolve: TXT records as a resolver has them, or a zone file: within an asker. */

enum { SCRATCH_BYTES = 16 * 1024 * 1024, SLACK_MS = 5000, DETAIL_MAX = 8192 };

static const struct setup *setup;

static int open_resolver(void *context)
{
    const struct key_work *work = context;
    int status = EXIT_FINE;
    setup = setup_open(&work->options.shared, work->name, &status);
    return status;
}

/* ---- all names at once ----------------------------------------------------------------------- */

struct names {
    const slice *list;
    size_t count;
    const struct dns_answer **found;
};

static enum yett_err ask(void *context, struct arena *scratch, struct dns_view *view)
{
    const struct names *names = context;
    enum yett_err all = YETT_OK;
    (void)scratch;
    for (size_t i = 0; i < names->count; i++) {
        enum yett_err err = dns_ask(view, DNS_TXT, names->list[i], &names->found[i]);
        if (err == YETT_NEED_ANSWERS) {
            all = err;
        } else if (err != YETT_OK) {
            return err;
        }
    }
    return all;
}

/* ---- what outlives the answers ------------------------------------------------------------------ */

static enum yett_err copy_slices(struct arena *arena, const slice *from, size_t count,
                                 const slice **out)
{
    slice *list = ARENA_ARRAY(arena, count, slice);
    enum yett_err err = list == NULL ? YETT_NO_MEMORY : YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < count; i++) {
        err = arena_copy(arena, from[i], &list[i]);
    }
    *out = list;
    return err;
}

static enum yett_err copy_answer(struct arena *arena, const struct dns_answer *from,
                                 struct dns_answer *out)
{
    struct buf detail;
    struct dns_record *records = ARENA_ARRAY(arena, from->count, struct dns_record);
    enum yett_err err = records == NULL ? YETT_NO_MEMORY : YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < from->count; i++) {
        err = arena_copy(arena, from->records[i].text, &records[i].text);
    }
    *out = *from;
    out->records = records;
    out->memos = NULL;
    if (err == YETT_OK) {
        err = copy_slices(arena, from->aliases, from->alias_count, &out->aliases);
    }
    buf_init(&detail, arena, DETAIL_MAX);
    buf_add_visible(&detail, from->detail);
    out->detail = buf_slice(&detail);
    return err == YETT_OK ? buf_err(&detail) : err;
}

static enum yett_err answer_all(struct arena *arena, struct arena *scratch,
                                struct names *names, struct dns_answers *answers,
                                struct dns_answer *out)
{
    struct round round = {.evaluate = ask, .context = names};
    enum yett_err err = answerer_run(&setup->answerer, answers, arena, scratch, &round);
    for (size_t i = 0; err == YETT_OK && i < names->count; i++) {
        err = copy_answer(arena, names->found[i], &out[i]);
    }
    return err;
}

static enum yett_err texts(void *context, struct arena *arena, const slice *list,
                           size_t count, struct dns_answer *out)
{
    struct names names = {list, count,
                          ARENA_ARRAY(arena, count, const struct dns_answer *)};
    struct arena *scratch = arena_new(SCRATCH_BYTES);
    struct dns_answers *answers =
        dns_answers_new(arena, answerer_source(&setup->answerer), DNS_BOUNDS_DEFAULT);
    enum yett_err err = YETT_NO_MEMORY;
    (void)context;
    if (scratch != NULL && answers != NULL && names.found != NULL) {
        err = answer_all(arena, scratch, &names, answers, out);
    }
    if (answers != NULL) {
        dns_answers_finish(answers);
    }
    arena_free(scratch);
    return err;
}

struct asker_options key_resolving(struct key_work *work)
{
    return (struct asker_options){.prepare = open_resolver,
                                  .texts = texts,
                                  .context = work,
                                  .texts_ms = work->config.deadline_ms + SLACK_MS};
}
