/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { ARENA_BYTES = 8 * 1024 * 1024 };

/* A source that gives one TXT record for every name that begins with "known", and counts. */
struct counting_source {
    struct dns_answer answer;
    struct dns_record record;
    struct dns_memos memos;
    int found;
    int released;
};

static struct arena *arena;
static struct counting_source source;
static struct dns_answers *answers;
static struct dns_questions wanted;
static struct dns_view view;

static const struct dns_answer *find_known(void *context, struct dns_question question)
{
    struct counting_source *from = context;
    if (!slice_starts_with(question.name, SLICE("known"))) {
        return NULL;
    }
    from->found++;
    return &from->answer;
}

static void count_release(void *context, const struct dns_answer *answer)
{
    struct counting_source *from = context;
    assert_ptr_equal(answer, &from->answer);
    from->released++;
}

static void start(struct dns_bounds bounds)
{
    source = (struct counting_source){.record.text = SLICE("ready")};
    source.answer = (struct dns_answer){.status = DNS_FOUND,
                                        .records = &source.record,
                                        .count = 1,
                                        .memos = &source.memos};
    struct dns_source from = {find_known, count_release, &source};
    answers = dns_answers_new(arena, from, bounds);
    assert_non_null(answers);
    dns_questions_init(&wanted, arena);
    view = (struct dns_view){answers, &wanted};
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new(ARENA_BYTES);
    if (arena == NULL) {
        return -1;
    }
    start(DNS_BOUNDS_DEFAULT);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dns_answers_finish(answers);
    assert_int_equal(source.found, source.released);
    arena_free(arena);
    return 0;
}

static const struct dns_answer *ask(slice name)
{
    const struct dns_answer *answer = NULL;
    assert_int_equal(dns_ask(&view, DNS_TXT, name, &answer), YETT_OK);
    assert_non_null(answer);
    return answer;
}

static void ask_unknown(slice name)
{
    const struct dns_answer *answer = NULL;
    assert_int_equal(dns_ask(&view, DNS_TXT, name, &answer), YETT_NEED_ANSWERS);
    assert_null(answer);
}

static void add(slice name, slice text)
{
    struct dns_record record = {.text = text};
    struct dns_answer answer = {.status = DNS_FOUND, .records = &record, .count = 1};
    struct dns_question question = {DNS_TXT, name};
    assert_int_equal(dns_answers_add(answers, question, &answer), YETT_OK);
}

static void an_unknown_question_is_written_down_once(void **state)
{
    (void)state;
    char name[] = "a.test";
    ask_unknown(slice_from_text(name));
    ask_unknown(SLICE("a.test"));
    ask_unknown(SLICE("b.test"));
    name[0] = 'x'; /* the list has its own copy */
    dns_ask_ahead(&view, DNS_TXT, SLICE("b.test"));
    dns_ask_ahead(&view, DNS_MX, SLICE("a.test"));
    assert_int_equal(wanted.count, 3);
    assert_true(slice_eq(wanted.list[0].name, SLICE("a.test")));
    assert_true(slice_eq(wanted.list[1].name, SLICE("b.test")));
    assert_int_equal(wanted.list[2].type, DNS_MX);
    assert_int_equal(dns_answers_count(answers), 0);

    dns_questions_clear(&wanted);
    assert_int_equal(wanted.count, 0);
    ask_unknown(SLICE("b.test"));
    assert_int_equal(wanted.count, 1);
}

static void an_answer_that_was_added_is_given(void **state)
{
    (void)state;
    char text[] = "hello";
    ask_unknown(SLICE("a.test"));
    add(SLICE("a.test"), slice_from_text(text));
    memset(text, 'x', sizeof(text)); /* it was copied */
    const struct dns_answer *answer = ask(SLICE("a.test"));
    assert_int_equal(answer->count, 1);
    assert_true(slice_eq(answer->records[0].text, SLICE("hello")));
    assert_ptr_equal(ask(SLICE("a.test")), answer);
}

static void every_part_of_an_added_answer_is_copied(void **state)
{
    (void)state;
    static struct dns_memos memos;
    struct dns_record records[] = {
        {.name = SLICE_INIT("mx.test"), .preference = 7},
        {.ip = {.family = IP_V4, .bytes = {192, 0, 2, 1}}                            }
    };
    slice aliases[] = {SLICE("one.test"), SLICE("two.test")};
    struct dns_answer answer = {DNS_FOUND, DNS_SECURE, 60,           records, 2,
                                aliases,   2,          SLICE("why"), &memos};
    struct dns_question question = {DNS_MX, SLICE("a.test")};
    assert_int_equal(dns_answers_add(answers, question, &answer), YETT_OK);
    memset(records, 0, sizeof(records));
    memset(aliases, 0, sizeof(aliases));

    const struct dns_answer *got = NULL;
    assert_int_equal(dns_ask(&view, DNS_MX, question.name, &got), YETT_OK);
    assert_int_equal(got->security, DNS_SECURE);
    assert_int_equal(got->ttl_s, 60);
    assert_true(slice_eq(got->records[0].name, SLICE("mx.test")));
    assert_int_equal(got->records[0].preference, 7);
    assert_int_equal(got->records[1].ip.bytes[0], 192);
    assert_true(slice_eq(got->aliases[1], SLICE("two.test")));
    assert_true(slice_eq(got->detail, SLICE("why")));
    /* The slot is part of a cache entry, which a TTL of 0 ends before this set. */
    assert_null(got->memos);
}

static void the_first_answer_stays(void **state)
{
    (void)state;
    add(SLICE("a.test"), SLICE("first"));
    add(SLICE("a.test"), SLICE("second"));
    const struct dns_answer *answer = ask(SLICE("a.test"));
    assert_true(slice_eq(answer->records[0].text, SLICE("first")));
    add(SLICE("a.test"), SLICE("third"));
    assert_ptr_equal(ask(SLICE("a.test")), answer);

    answer = ask(SLICE("known.test"));
    add(SLICE("known.test"), SLICE("late"));
    assert_ptr_equal(ask(SLICE("known.test")), answer);
}

static void types_are_different_questions(void **state)
{
    (void)state;
    const struct dns_answer *answer;
    add(SLICE("a.test"), SLICE("text"));
    assert_int_equal(dns_ask(&view, DNS_A, SLICE("a.test"), &answer), YETT_NEED_ANSWERS);
}

static void an_answer_from_the_source_is_pinned_once_and_released_at_the_end(void **state)
{
    (void)state;
    assert_ptr_equal(ask(SLICE("known.test")), &source.answer);
    assert_ptr_equal(ask(SLICE("known.test")), &source.answer);
    assert_int_equal(source.found, 1);
    assert_int_equal(source.released, 0);
    assert_int_equal(wanted.count, 0);
    dns_answers_finish(answers);
    assert_int_equal(source.released, 1);
}

static void asking_ahead_consumes_nothing(void **state)
{
    (void)state;
    dns_ask_ahead(&view, DNS_TXT, SLICE("known2.test"));
    dns_ask_ahead(&view, DNS_TXT, SLICE("b.test"));
    assert_int_equal(source.released, 1); /* nothing is pinned */
    assert_int_equal(wanted.count, 1);
    add(SLICE("b.test"), SLICE("x"));
    dns_ask_ahead(&view, DNS_TXT, SLICE("b.test"));
    assert_int_equal(wanted.count, 1);
    assert_int_equal(dns_answers_count(answers), 0);
}

static void answers_are_listed_in_the_order_of_their_first_use(void **state)
{
    (void)state;
    dns_ask_ahead(&view, DNS_TXT, SLICE("c.test"));
    dns_ask_ahead(&view, DNS_TXT, SLICE("known.test"));
    add(SLICE("c.test"), SLICE("c"));
    add(SLICE("never.test"), SLICE("n"));
    add(SLICE("a.test"), SLICE("a"));
    (void)ask(SLICE("a.test"));
    (void)ask(SLICE("known.test"));
    (void)ask(SLICE("c.test"));
    (void)ask(SLICE("a.test"));
    static const char *const expected[] = {"a.test", "known.test", "c.test"};
    assert_int_equal(dns_answers_count(answers), 3);
    for (size_t i = 0; i < 3; i++) {
        struct dns_question question = dns_answers_question(answers, i);
        assert_true(slice_eq(question.name, slice_from_text(expected[i])));
        assert_int_equal(question.type, DNS_TXT);
        assert_int_equal(dns_answers_answer(answers, i)->status, DNS_FOUND);
    }
}

static void beyond_the_bound_of_questions_there_is_no_answer(void **state)
{
    (void)state;
    start((struct dns_bounds){.questions = 3, .answer_bytes = 4096});
    add(SLICE("late.test"), SLICE("x"));
    assert_int_equal(ask(SLICE("known1.test"))->status, DNS_FOUND);
    assert_int_equal(ask(SLICE("known2.test"))->status, DNS_FOUND);
    ask_unknown(SLICE("a.test"));
    add(SLICE("a.test"), SLICE("x"));
    assert_int_equal(ask(SLICE("a.test"))->status, DNS_FOUND);

    static const char *const beyond[] = {"known3.test", "b.test", "late.test"};
    for (size_t i = 0; i < 3; i++) {
        const struct dns_answer *answer = ask(slice_from_text(beyond[i]));
        assert_int_equal(answer->status, DNS_TIMED_OUT);
        assert_true(slice_find(answer->detail, SLICE("3 DNS questions")) <
                    answer->detail.len);
        assert_null(answer->memos);
        add(slice_from_text(beyond[i]), SLICE("x"));
        assert_ptr_equal(ask(slice_from_text(beyond[i])), answer);
    }
    assert_int_equal(ask(SLICE("known1.test"))->status, DNS_FOUND);
    assert_int_equal(dns_answers_count(answers), 6);
}

static void nothing_is_asked_ahead_beyond_the_bound(void **state)
{
    (void)state;
    start((struct dns_bounds){.questions = 2, .answer_bytes = 4096});
    dns_ask_ahead(&view, DNS_TXT, SLICE("a.test"));
    dns_ask_ahead(&view, DNS_TXT, SLICE("b.test"));
    dns_ask_ahead(&view, DNS_TXT, SLICE("c.test"));
    assert_int_equal(wanted.count, 2);
    ask_unknown(SLICE("d.test")); /* what is asked in earnest goes out still */
    ask_unknown(SLICE("e.test"));
    assert_int_equal(wanted.count, 4);
    ask_unknown(SLICE("f.test")); /* one too many: it waits */
    assert_int_equal(wanted.count, 4);
    dns_questions_clear(&wanted);
    assert_int_equal(ask(SLICE("f.test"))->status, DNS_TIMED_OUT); /* for nothing */
}

static void beyond_the_bound_of_octets_there_is_no_answer(void **state)
{
    (void)state;
    static char big[3000];
    start((struct dns_bounds){.questions = 10, .answer_bytes = 5000});
    add(SLICE("a.test"), slice_of(big, sizeof(big)));
    assert_int_equal(ask(SLICE("a.test"))->status, DNS_FOUND);
    add(SLICE("b.test"), slice_of(big, sizeof(big)));
    const struct dns_answer *answer = ask(SLICE("b.test"));
    assert_int_equal(answer->status, DNS_TIMED_OUT);
    assert_true(slice_find(answer->detail, SLICE("5000 octets")) < answer->detail.len);
    assert_int_equal(answer->count, 0);
    add(SLICE("c.test"), SLICE("small"));
    assert_int_equal(ask(SLICE("c.test"))->status, DNS_FOUND);
}

static void one_purse_takes_nothing_from_another(void **state)
{
    (void)state;
    static char big[3000];
    start((struct dns_bounds){.questions = 3, .answer_bytes = 5000});
    view.purse = 1;
    /* what is held for this one … */
    dns_ask_ahead(&view, DNS_TXT, SLICE("a.test"));
    dns_ask_ahead(&view, DNS_TXT, SLICE("b.test"));
    add(SLICE("a.test"), slice_of(big, sizeof(big)));
    add(SLICE("b.test"), slice_of(big, sizeof(big)));
    /* … what it used … */
    assert_int_equal(ask(SLICE("a.test"))->status, DNS_FOUND);
    assert_int_equal(ask(SLICE("b.test"))->status, DNS_TIMED_OUT);
    assert_int_equal(ask(SLICE("known1.test"))->status, DNS_FOUND);
    assert_int_equal(ask(SLICE("known2.test"))->status, DNS_TIMED_OUT);
    /* … and how much it asked leave another all of its own, */
    view.purse = 0;
    ask_unknown(SLICE("c.test"));
    add(SLICE("c.test"), slice_of(big, sizeof(big)));
    assert_int_equal(ask(SLICE("c.test"))->status, DNS_FOUND);
    assert_int_equal(ask(SLICE("known3.test"))->status, DNS_FOUND);
    /* and what one has paid for is everybody's. */
    assert_int_equal(ask(SLICE("a.test"))->status, DNS_FOUND);
    assert_int_equal(ask(SLICE("known4.test"))->status, DNS_FOUND);
    assert_int_equal(ask(SLICE("known5.test"))->status, DNS_TIMED_OUT);
}

static void an_answer_from_the_source_over_the_bound_is_given_back(void **state)
{
    (void)state;
    static char big[3000];
    start((struct dns_bounds){.questions = 10, .answer_bytes = 5000});
    source.record.text = slice_of(big, sizeof(big));
    assert_int_equal(ask(SLICE("known1.test"))->status, DNS_FOUND);
    assert_int_equal(ask(SLICE("known2.test"))->status, DNS_TIMED_OUT);
    assert_int_equal(source.released, 1);
    assert_int_equal(ask(SLICE("known2.test"))->status, DNS_TIMED_OUT);
}

static void what_nobody_used_does_not_count_against_the_bound(void **state)
{
    (void)state;
    static char big[3000];
    start((struct dns_bounds){.questions = 10, .answer_bytes = 5000});
    add(SLICE("ahead.test"), slice_of(big, sizeof(big)));
    assert_int_equal(ask(SLICE("known.test"))->status, DNS_FOUND);
    source.record.text = slice_of(big, sizeof(big));
    assert_int_equal(ask(SLICE("known2.test"))->status, DNS_FOUND);
    /* but it is bounded itself */
    size_t before = arena_used_bytes(arena);
    for (int i = 0; i < 100; i++) {
        char name[32];
        int len = snprintf(name, sizeof(name), "n%d.test", i);
        add(slice_of(name, (size_t)len), slice_of(big, sizeof(big)));
    }
    assert_true(arena_used_bytes(arena) - before < 65536);
}

static void a_single_answer_over_the_bound_is_refused(void **state)
{
    (void)state;
    static char big[600 * 1024];
    add(SLICE("a.test"), slice_of(big, sizeof(big)));
    assert_int_equal(ask(SLICE("a.test"))->status, DNS_TIMED_OUT);
}

static void many_questions_keep_their_own_answers(void **state)
{
    (void)state;
    enum { COUNT = 190 };
    for (int i = 0; i < COUNT; i++) {
        char name[32];
        int len = snprintf(name, sizeof(name), "n%d.test", i);
        add(slice_of(name, (size_t)len), slice_of(name, (size_t)len));
    }
    for (int i = COUNT - 1; i >= 0; i--) {
        char name[32];
        int len = snprintf(name, sizeof(name), "n%d.test", i);
        const struct dns_answer *answer = ask(slice_of(name, (size_t)len));
        assert_true(slice_eq(answer->records[0].text, slice_of(name, (size_t)len)));
    }
}

static void a_full_arena_is_said(void **state)
{
    (void)state;
    enum yett_err err = YETT_NEED_ANSWERS;
    struct arena *small = arena_new(20 * 1024);
    struct dns_answers *set =
        dns_answers_new(small, (struct dns_source){0}, (struct dns_bounds){100000, 1});
    assert_non_null(set);
    struct dns_questions list;
    dns_questions_init(&list, small);
    struct dns_view small_view = {set, &list};
    for (int i = 0; i < 10000 && err == YETT_NEED_ANSWERS; i++) {
        char name[32];
        int len = snprintf(name, sizeof(name), "n%d.test", i);
        const struct dns_answer *answer;
        err = dns_ask(&small_view, DNS_A, slice_of(name, (size_t)len), &answer);
    }
    assert_int_equal(err, YETT_NO_MEMORY);
    dns_ask_ahead(&small_view, DNS_A, SLICE("ahead.test"));
    dns_answers_finish(set);
    arena_free(small);
}

/* Fill the arena up at every place where something is taken from it. */
static void an_arena_that_is_full_anywhere_changes_no_answer(void **state)
{
    (void)state;
    bool was_whole = false;
    for (size_t ceiling = 0; !was_whole && ceiling < 65536; ceiling += 48) {
        struct arena *small = arena_new(ceiling);
        struct counting_source from = {.record.text = SLICE("ready")};
        from.answer =
            (struct dns_answer){.status = DNS_FOUND, .records = &from.record, .count = 1};
        struct dns_source place = {find_known, NULL, &from};
        struct dns_bounds bounds = {.questions = 3, .answer_bytes = 1000};
        struct dns_answers *set = dns_answers_new(small, place, bounds);
        struct dns_questions list;
        dns_questions_init(&list, small);
        struct dns_view here = {set, &list};
        static const struct {
            slice name;
            enum dns_status status;
        } rows[] = {
            {SLICE_INIT("known.test"), DNS_FOUND    },
            {SLICE_INIT("added.test"), DNS_FOUND    },
            {SLICE_INIT("big.test"),   DNS_TIMED_OUT},
            {SLICE_INIT("more.test"),  DNS_TIMED_OUT},
        };
        static char big[2000];
        struct dns_record record = {.text = SLICE("x")};
        slice alias = SLICE("alias.test");
        struct dns_answer added = {.status = DNS_FOUND,
                                   .records = &record,
                                   .count = 1,
                                   .aliases = &alias,
                                   .alias_count = 1,
                                   .detail = SLICE("detail")};
        bool is_whole = set != NULL;
        if (is_whole) {
            is_whole = dns_answers_add(set, (struct dns_question){DNS_TXT, rows[1].name},
                                       &added) == YETT_OK;
            record.text = slice_of(big, sizeof(big));
            is_whole = dns_answers_add(set, (struct dns_question){DNS_TXT, rows[2].name},
                                       &added) == YETT_OK &&
                       is_whole;
            dns_ask_ahead(&here, DNS_TXT, SLICE("ahead.test"));
            is_whole = list.count == 1 && is_whole;
        }
        for (size_t i = 0; set != NULL && i < sizeof(rows) / sizeof(rows[0]); i++) {
            const struct dns_answer *answer = NULL;
            enum yett_err err = dns_ask(&here, DNS_TXT, rows[i].name, &answer);
            if (err == YETT_OK && is_whole) {
                assert_int_equal(answer->status, rows[i].status);
            }
            is_whole = is_whole && err == YETT_OK;
        }
        dns_answers_finish(set);
        arena_free(small);
        was_whole = is_whole;
    }
    assert_true(was_whole);
}

/* ---- the same however answers come ------------------------------------------------- */

enum { ASKED = 250 };

static slice nth_name(char text[32], const char *prefix, int number)
{
    return slice_of(text, (size_t)snprintf(text, 32, "%s%d.test", prefix, number));
}

/* Asks for everything, each question ahead of the one before it; at once or one by one. */
static enum yett_err ask_all(const char *prefix, bool at_once)
{
    enum yett_err all = YETT_OK;
    for (int i = 0; i < ASKED && (at_once || all == YETT_OK); i++) {
        char text[32];
        const struct dns_answer *answer;
        dns_ask_ahead(&view, DNS_TXT, nth_name(text, prefix, i + 1));
        enum yett_err err = dns_ask(&view, DNS_TXT, nth_name(text, prefix, i), &answer);
        assert_true(err == YETT_OK || err == YETT_NEED_ANSWERS);
        all = err == YETT_OK ? all : err;
    }
    return all;
}

static void answers_are_the_same_warm_and_one_by_one_and_all_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        bool at_once;
        size_t each_round;
    } ways[] = {
        {"known", true,  0   },
        {"n",     false, 1   },
        {"n",     true,  1000}
    };

    static const struct dns_bounds bounds[] = {
        {200, 400000 },
        {100, 4000000}
    };
    static char text[2500];
    int found[2][3] = {{0}};

    for (size_t run = 0; run < 6; run++) {
        size_t way = run % 3;
        start(bounds[run / 3]);
        source.record.text = slice_of(text, sizeof(text));
        while (ask_all(ways[way].prefix, ways[way].at_once) == YETT_NEED_ANSWERS) {
            for (size_t i = 0; i < wanted.count && i < ways[way].each_round; i++) {
                add(wanted.list[i].name, slice_of(text, sizeof(text)));
            }
            dns_questions_clear(&wanted);
        }
        assert_int_equal(dns_answers_count(answers), ASKED);
        for (int i = 0; i < ASKED; i++) {
            char name[32];
            enum dns_status status = dns_answers_answer(answers, (size_t)i)->status;
            assert_true(slice_eq(dns_answers_question(answers, (size_t)i).name,
                                 nth_name(name, ways[way].prefix, i)));
            assert_true(status == DNS_TIMED_OUT || i == found[run / 3][way]);
            found[run / 3][way] += status == DNS_FOUND;
        }
        dns_answers_finish(answers);
    }
    for (size_t way = 0; way < 3; way++) {
        assert_in_range(found[0][way], 400000 / 2700, 400000 / 2500);
        assert_int_equal(found[0][way], found[0][0]);
        assert_int_equal(found[1][way], 100);
    }
}

/* ---- memos -------------------------------------------------------------------------- */

static int freed;

static void count_free(struct dns_memo *memo)
{
    (void)memo;
    freed++;
}

static void memos_are_found_by_their_kind(void **state)
{
    (void)state;
    static const char kind_a;
    static const char kind_b;
    static const char kind_c;
    struct dns_memo a = {.kind = &kind_a, .free = count_free};
    struct dns_memo b = {.kind = &kind_b, .free = count_free};
    struct dns_memo again = {.kind = &kind_a, .free = count_free};
    struct dns_memos memos = {0};
    struct dns_answer answer = {.memos = &memos};

    assert_null(dns_memo_find(&answer, &kind_a));
    assert_true(dns_memo_keep(&answer, &a));
    assert_true(dns_memo_keep(&answer, &b));
    assert_false(dns_memo_keep(&answer, &again));
    assert_ptr_equal(dns_memo_find(&answer, &kind_a), &a);
    assert_ptr_equal(dns_memo_find(&answer, &kind_b), &b);
    assert_null(dns_memo_find(&answer, &kind_c));
    freed = 0;
    dns_memos_free(&memos);
    assert_int_equal(freed, 2);
    assert_null(dns_memo_find(&answer, &kind_a));
}

static void an_answer_without_a_slot_keeps_no_memo(void **state)
{
    (void)state;
    static const char kind;
    struct dns_memo memo = {.kind = &kind, .free = count_free};
    struct dns_answer answer = {0};
    assert_false(dns_memo_keep(&answer, &memo));
    assert_null(dns_memo_find(&answer, &kind));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_unknown_question_is_written_down_once),
        TEST(an_answer_that_was_added_is_given),
        TEST(every_part_of_an_added_answer_is_copied),
        TEST(the_first_answer_stays),
        TEST(types_are_different_questions),
        TEST(an_answer_from_the_source_is_pinned_once_and_released_at_the_end),
        TEST(asking_ahead_consumes_nothing),
        TEST(answers_are_listed_in_the_order_of_their_first_use),
        TEST(beyond_the_bound_of_questions_there_is_no_answer),
        TEST(nothing_is_asked_ahead_beyond_the_bound),
        TEST(beyond_the_bound_of_octets_there_is_no_answer),
        TEST(one_purse_takes_nothing_from_another),
        TEST(an_answer_from_the_source_over_the_bound_is_given_back),
        TEST(what_nobody_used_does_not_count_against_the_bound),
        TEST(a_single_answer_over_the_bound_is_refused),
        TEST(many_questions_keep_their_own_answers),
        TEST(a_full_arena_is_said),
        TEST(an_arena_that_is_full_anywhere_changes_no_answer),
        TEST(answers_are_the_same_warm_and_one_by_one_and_all_at_once),
        TEST(memos_are_found_by_their_kind),
        TEST(an_answer_without_a_slot_keeps_no_memo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
