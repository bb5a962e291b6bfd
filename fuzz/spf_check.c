/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/spf/spf.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A whole evaluation.  The input is lines: the client's address, HELO (after "h " when that
 * is the identity), MAIL FROM, and then DNS as "NAME TYPE VALUE", where VALUE is text, an
 * address or a name, or "!" for a question that stays open.  Answers come at once, round by
 * round and one by one: all three end the same.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ARENA_BYTES = 32 * 1024 * 1024,
    INPUT_MAX = 16 * 1024,
    LINES_MAX = 100,
    ROUNDS_MAX = 60
};

enum schedule { AT_ONCE, BY_ROUND, ONE_BY_ONE, SCHEDULES };

struct line {
    struct dns_question question;
    slice value;
};

/* An answer that was made, so that it is the same one each time. */
struct made {
    struct made *next;
    struct dns_question question;
    struct dns_answer answer;
    struct dns_memos memos;
};

struct world {
    struct arena *arena;
    struct line lines[LINES_MAX];
    size_t line_count;
    struct made *made;
};

static slice next_line(slice *in)
{
    slice line = SLICE_NONE;
    (void)slice_next_piece(in, '\n', &line);
    return line;
}

static bool read_type(slice word, enum dns_type *out)
{
    static const enum dns_type types[] = {DNS_TXT, DNS_A, DNS_AAAA, DNS_MX, DNS_PTR};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (slice_eq(word, slice_from_text(dns_type_text(types[i])))) {
            *out = types[i];
            return true;
        }
    }
    return false;
}

static void read_lines(struct world *world, slice in)
{
    while (in.ptr != NULL && world->line_count < LINES_MAX) {
        slice rest = next_line(&in);
        slice name;
        slice type;
        struct line line;
        if (slice_take_until(&rest, ' ', &name) && slice_take_until(&rest, ' ', &type) &&
            read_type(type, &line.question.type) &&
            dns_name_normalize(world->arena, name, &line.question.name) == YETT_OK) {
            line.value = rest;
            world->lines[world->line_count++] = line;
        }
    }
}

static bool make_record(struct world *world, const struct line *line,
                        struct dns_record *out)
{
    *out = (struct dns_record){0};
    switch (line->question.type) {
    case DNS_TXT:
        out->text = line->value;
        return true;
    case DNS_A:
        return ip_parse_v4(line->value, &out->ip) == YETT_OK;
    case DNS_AAAA:
        return ip_parse_v6(line->value, &out->ip) == YETT_OK;
    case DNS_MX:
    case DNS_PTR:
    case DNS_CNAME:
        break;
    }
    return slice_eq(line->value, SLICE(".")) ||
           dns_name_normalize(world->arena, line->value, &out->name) == YETT_OK;
}

static void fill(struct world *world, struct made *made)
{
    struct dns_record *records = ARENA_ARRAY(world->arena, LINES_MAX, struct dns_record);
    assert(records != NULL);
    made->answer = (struct dns_answer){
        .status = DNS_NXDOMAIN, .records = records, .memos = &made->memos};
    for (size_t i = 0; i < world->line_count; i++) {
        const struct line *line = &world->lines[i];
        if (!slice_eq(line->question.name, made->question.name)) {
            continue;
        }
        if (made->answer.status == DNS_NXDOMAIN) {
            made->answer.status = DNS_NODATA;
        }
        if (line->question.type != made->question.type) {
            continue;
        }
        if (slice_eq(line->value, SLICE("!"))) {
            made->answer.status = DNS_TIMED_OUT;
            made->answer.count = 0;
            return;
        }
        if (make_record(world, line, &records[made->answer.count])) {
            made->answer.status = DNS_FOUND;
            made->answer.count++;
        }
    }
}

static const struct dns_answer *find(void *context, struct dns_question question)
{
    struct world *world = context;
    for (struct made *made = world->made; made != NULL; made = made->next) {
        if (made->question.type == question.type &&
            slice_eq(made->question.name, question.name)) {
            return &made->answer;
        }
    }
    struct made *made = ARENA_NEW(world->arena, struct made);
    assert(made != NULL);
    made->question.type = question.type;
    assert(arena_copy(world->arena, question.name, &made->question.name) == YETT_OK);
    fill(world, made);
    made->next = world->made;
    world->made = made;
    return &made->answer;
}

static struct spf_result run(struct world *world, const struct spf_query *query,
                             enum schedule schedule, struct arena *scratch)
{
    struct dns_source source = {0};
    if (schedule == AT_ONCE) {
        source = (struct dns_source){.find = find, .context = world};
    }
    struct dns_answers *answers =
        dns_answers_new(world->arena, source, DNS_BOUNDS_DEFAULT);
    struct dns_questions wanted;
    assert(answers != NULL);
    dns_questions_init(&wanted, world->arena);
    struct dns_view view = {.known = answers, .wanted = &wanted};
    struct arena_mark start = arena_mark(scratch);
    struct spf_result result = {0};

    for (unsigned round = 0;; round++) {
        assert(round < (schedule == ONE_BY_ONE ? 10 * ROUNDS_MAX : ROUNDS_MAX));
        arena_rewind(scratch, start);
        dns_questions_clear(&wanted);
        enum yett_err err = spf_check(scratch, query, &view, &result);
        if (err == YETT_OK) {
            break;
        }
        assert(err == YETT_NEED_ANSWERS && wanted.count > 0);
        assert(schedule != AT_ONCE);
        size_t count = schedule == ONE_BY_ONE ? 1 : wanted.count;
        for (size_t i = 0; i < count; i++) {
            err = dns_answers_add(answers, wanted.list[i], find(world, wanted.list[i]));
            assert(err == YETT_OK);
        }
    }
    dns_answers_finish(answers);
    return result;
}

static void check_result(const struct spf_result *result)
{
    assert(result->reason.len > 0);
    assert(result->lookups <= 12 && result->include_count <= 10);
    assert(result->explanation.len <= 200);
    for (size_t i = 0; i < result->explanation.len; i++) {
        assert(ascii_is_printable(result->explanation.ptr[i]));
    }
    for (size_t i = 0; i < result->reason.len; i++) {
        unsigned char c = (unsigned char)result->reason.ptr[i];
        assert(c >= 0x20 && c != 0x7f);
    }
}

static void check_same(const struct spf_result *a, const struct spf_result *b)
{
    assert(a->code == b->code);
    assert(slice_eq(a->mechanism, b->mechanism));
    assert(slice_eq(a->explanation, b->explanation));
    assert(slice_eq(a->reason, b->reason));
    assert(a->lookups == b->lookups && a->void_lookups == b->void_lookups);
    assert(a->include_count == b->include_count && a->step_count == b->step_count);
    for (size_t i = 0; i < a->step_count; i++) {
        const struct spf_step *x = &a->steps[i];
        const struct spf_step *y = &b->steps[i];
        assert(slice_eq(x->term, y->term) && slice_eq(x->domain, y->domain));
        assert(slice_eq(x->note, y->note) && x->matched == y->matched);
        assert(x->depth == y->depth && x->lookups == y->lookups);
    }
}

static bool read_query(slice *in, struct spf_query *out)
{
    *out = (struct spf_query){.scope = SPF_SCOPE_MAIL_FROM, .now_s = 1700000000};
    if (ip_parse(next_line(in), &out->ip) != YETT_OK) {
        return false;
    }
    out->helo = next_line(in);
    if (slice_take(&out->helo, SLICE("h "))) {
        out->scope = SPF_SCOPE_HELO;
    }
    out->mail_from = next_line(in);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice in = slice_of((const char *)data, size);
    struct spf_query query;
    if (size > INPUT_MAX || !read_query(&in, &query)) {
        return -1;
    }
    static struct world world;
    world = (struct world){.arena = arena_new(ARENA_BYTES)};
    assert(world.arena != NULL);
    read_lines(&world, in);

    struct arena *scratch[SCHEDULES];
    struct spf_result results[SCHEDULES];
    for (size_t i = 0; i < SCHEDULES; i++) {
        scratch[i] = arena_new(ARENA_BYTES);
        assert(scratch[i] != NULL);
        results[i] = run(&world, &query, (enum schedule)i, scratch[i]);
        check_result(&results[i]);
        check_same(&results[0], &results[i]);
    }

    for (struct made *made = world.made; made != NULL; made = made->next) {
        dns_memos_free(&made->memos);
    }
    for (size_t i = 0; i < SCHEDULES; i++) {
        arena_free(scratch[i]);
    }
    arena_free(world.arena);
    return 0;
}
