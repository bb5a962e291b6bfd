/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t key[16] = {1, 2, 3};

static struct cache *new_cache(size_t bytes)
{
    struct cache *cache = cache_new((struct cache_bounds){.bytes = bytes,
                                                          .positive_max_s = 1000,
                                                          .negative_max_s = 100,
                                                          .failure_s = 5},
                                    key);
    assert_non_null(cache);
    return cache;
}

static struct dns_question ask(const char *name)
{
    return (struct dns_question){DNS_TXT, slice_from_text(name)};
}

static struct dns_answer status_answer(enum dns_status status, uint32_t ttl_s)
{
    return (struct dns_answer){.status = status, .ttl_s = ttl_s};
}

/* Keeps and releases at once. */
static void put(struct cache *cache, struct dns_question question,
                struct dns_answer answer, int64_t now_ms)
{
    const struct dns_answer *kept = cache_keep(cache, question, &answer, now_ms);
    assert_non_null(kept);
    cache_release(cache, kept);
}

static void put_text(struct cache *cache, const char *name, const char *text)
{
    struct dns_record record = {.text = slice_from_text(text)};
    struct dns_answer answer = {
        .status = DNS_FOUND, .ttl_s = 60, .records = &record, .count = 1};
    put(cache, ask(name), answer, 0);
}

static bool knows(struct cache *cache, struct dns_question question, int64_t now_ms)
{
    const struct dns_answer *answer = cache_find(cache, question, now_ms);
    if (answer != NULL) {
        cache_release(cache, answer);
    }
    return answer != NULL;
}

static void what_is_found_is_a_whole_copy_of_what_was_kept(void **state)
{
    (void)state;
    char text[] = "v=spf1 -all", target[] = "b.test", detail[] = "why", name[] = "a.test";
    struct dns_record records[] = {
        {.text = slice_from_text(text)},
        { .name = slice_from_text(target),              .preference = 7}
    };
    slice aliases[] = {slice_from_text(target)};
    struct dns_answer answer = {.status = DNS_FOUND,
                                .security = DNS_SECURE,
                                .ttl_s = 60,
                                .records = records,
                                .count = 2,
                                .aliases = aliases,
                                .alias_count = 1,
                                .detail = slice_from_text(detail)};
    struct cache *cache = new_cache(1 << 20);
    put(cache, ask(name), answer, 0);
    memset(text, 'x', sizeof(text));
    memset(target, 'x', sizeof(target));
    memset(detail, 'x', sizeof(detail));
    memset(name, 'x', sizeof(name));
    memset(records, 0, sizeof(records));
    memset(aliases, 0, sizeof(aliases));

    const struct dns_answer *found = cache_find(cache, ask("a.test"), 1);
    assert_non_null(found);
    assert_int_equal(found->status, DNS_FOUND);
    assert_int_equal(found->security, DNS_SECURE);
    assert_int_equal(found->ttl_s, 60);
    assert_int_equal(found->count, 2);
    assert_true(slice_eq(found->records[0].text, SLICE("v=spf1 -all")));
    assert_true(slice_eq(found->records[1].name, SLICE("b.test")));
    assert_int_equal(found->records[1].preference, 7);
    assert_int_equal(found->alias_count, 1);
    assert_true(slice_eq(found->aliases[0], SLICE("b.test")));
    assert_true(slice_eq(found->detail, SLICE("why")));
    assert_non_null(found->memos);
    cache_release(cache, found);
    cache_free(cache);
}

static void another_type_is_another_question(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    put_text(cache, "a.test", "x");
    assert_true(knows(cache, ask("a.test"), 1));
    assert_false(knows(cache, (struct dns_question){DNS_A, SLICE("a.test")}, 1));
    assert_false(knows(cache, ask("b.test"), 1));
    cache_free(cache);
}

static void an_answer_lives_as_long_as_its_status_and_ttl_allow(void **state)
{
    (void)state;
    static const struct {
        enum dns_status status;
        uint32_t ttl_s;
        int64_t lives_ms;
        const char *why;
    } rows[] = {
        {DNS_FOUND,     60,         60000,   "its TTL"                                 },
        {DNS_FOUND,     4294967295, 1000000, "the bound for positive answers"          },
        {DNS_FOUND,     0,          0,       "a TTL of 0 is not kept"                  },
        {DNS_NODATA,    60,         60000,   "its TTL"                                 },
        {DNS_NODATA,    3600,       100000,  "the bound for negative answers"          },
        {DNS_NXDOMAIN,  3600,       100000,  "the bound for negative answers"          },
        {DNS_NXDOMAIN,  0,          0,       "no SOA, not kept (RFC 2308 section 5)"   },
        {DNS_SERVFAIL,  0,          5000,    "a failure is kept although it has no TTL"},
        {DNS_TIMED_OUT, 0,          5000,    "a failure is kept although it has no TTL"},
        {DNS_BOGUS,     3600,       5000,    "a failure's TTL is not to be believed"   },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cache *cache = new_cache(1 << 20);
        const int64_t begin = 1000;
        put(cache, ask("a.test"), status_answer(rows[i].status, rows[i].ttl_s), begin);
        bool before = rows[i].lives_ms == 0 ||
                      knows(cache, ask("a.test"), begin + rows[i].lives_ms - 1);
        bool after = knows(cache, ask("a.test"), begin + rows[i].lives_ms);
        if (!before || after) {
            fail_msg("row %zu, %s: before %d, after %d", i, rows[i].why, before, after);
        }
        assert_int_equal(cache_entries(cache), 0);
        assert_int_equal(cache_bytes(cache), 0);
        cache_free(cache);
    }
}

static void an_answer_that_may_not_stay_is_good_until_released(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    struct dns_record record = {.text = SLICE("x")};
    struct dns_answer answer = {.status = DNS_FOUND, .records = &record, .count = 1};
    const struct dns_answer *kept = cache_keep(cache, ask("a.test"), &answer, 0);
    assert_false(knows(cache, ask("a.test"), 0));
    assert_true(slice_eq(kept->records[0].text, SLICE("x")));
    assert_true(cache_bytes(cache) > 0);
    cache_release(cache, kept);
    assert_int_equal(cache_bytes(cache), 0);
    cache_free(cache);
}

static void the_least_recently_used_goes_first(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    put_text(cache, "a.test", "x");
    size_t one = cache_bytes(cache);
    cache_free(cache);

    cache = new_cache(3 * one);
    put_text(cache, "a.test", "x");
    put_text(cache, "b.test", "x");
    put_text(cache, "c.test", "x");
    assert_true(knows(cache, ask("a.test"), 1));
    put_text(cache, "d.test", "x");
    assert_int_equal(cache_entries(cache), 3);
    assert_true(cache_bytes(cache) <= 3 * one);
    assert_true(knows(cache, ask("a.test"), 1));
    assert_false(knows(cache, ask("b.test"), 1));
    assert_true(knows(cache, ask("c.test"), 1));
    assert_true(knows(cache, ask("d.test"), 1));
    cache_free(cache);
}

static void a_pinned_answer_outlives_eviction_and_replacement(void **state)
{
    (void)state;
    struct cache *cache = new_cache(4096);
    put_text(cache, "a.test", "old");
    const struct dns_answer *old = cache_find(cache, ask("a.test"), 1);
    put_text(cache, "a.test", "new");
    const struct dns_answer *new = cache_find(cache, ask("a.test"), 1);
    for (int i = 0; i < 20; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "n%d.test", i);
        put_text(cache, name, "x");
        assert_true(cache_bytes(cache) <= 4096);
    }
    assert_true(slice_eq(old->records[0].text, SLICE("old")));
    assert_true(slice_eq(new->records[0].text, SLICE("new")));
    cache_release(cache, old);
    assert_true(knows(cache, ask("a.test"), 1));
    cache_release(cache, new);
    assert_true(knows(cache, ask("a.test"), 1));
    assert_false(
        knows(cache, ask("a.test"), 60000)); /* an unpinned one ends as any other */
    cache_free(cache);
}

static void an_answer_pinned_twice_needs_both_releases(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    put_text(cache, "a.test", "x");
    const struct dns_answer *first = cache_find(cache, ask("a.test"), 1);
    const struct dns_answer *second = cache_find(cache, ask("a.test"), 1);
    assert_ptr_equal(first, second);
    assert_false(knows(cache, ask("a.test"), 60000)); /* leaves the table */
    cache_release(cache, first);
    assert_true(slice_eq(second->records[0].text, SLICE("x")));
    cache_release(cache, second);
    assert_int_equal(cache_bytes(cache), 0);
    cache_free(cache);
}

static void when_all_is_pinned_nothing_more_stays(void **state)
{
    (void)state;
    struct cache *cache = new_cache(1 << 20);
    put_text(cache, "a.test", "x");
    size_t one = cache_bytes(cache);
    cache_free(cache);

    cache = new_cache(2 * one);
    put_text(cache, "a.test", "x");
    put_text(cache, "b.test", "x");
    const struct dns_answer *a = cache_find(cache, ask("a.test"), 1);
    const struct dns_answer *b = cache_find(cache, ask("b.test"), 1);
    put_text(cache, "c.test", "x");
    assert_false(knows(cache, ask("c.test"), 1));
    assert_int_equal(cache_entries(cache), 2);
    cache_release(cache, a);
    cache_release(cache, b);
    assert_int_equal(cache_entries(cache), 2);
    put_text(cache, "c.test", "x");
    assert_true(knows(cache, ask("c.test"), 1));
    cache_free(cache);
}

static void of_many_pinned_at_once_the_last_released_stay(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    const struct dns_answer *kept[COUNT];
    struct dns_answer answer = status_answer(DNS_NXDOMAIN, 60);
    struct cache *cache = new_cache(20000);
    for (int i = 0; i < COUNT; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "n%d.test", i);
        kept[i] = cache_keep(cache, ask(name), &answer, 0);
    }
    for (int i = 0; i < COUNT; i++) {
        cache_release(cache, kept[i]);
    }
    assert_true(cache_bytes(cache) <= 20000);
    assert_true(cache_entries(cache) > 20);
    assert_true(knows(cache, ask("n499.test"), 1));
    assert_false(knows(cache, ask("n0.test"), 1));
    cache_free(cache);
}

static void an_answer_larger_than_the_cache_evicts_nothing(void **state)
{
    (void)state;
    static char large[8000];
    memset(large, 'x', sizeof(large) - 1);
    struct cache *cache = new_cache(4096);
    put_text(cache, "a.test", "x");
    put_text(cache, "large.test", large);
    assert_false(knows(cache, ask("large.test"), 1));
    assert_true(knows(cache, ask("a.test"), 1));
    cache_free(cache);
}

static void many_small_answers_stay_within_the_bound(void **state)
{
    (void)state;
    struct cache *cache = new_cache(100000);
    for (int i = 0; i < 20000; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "n%d.test", i);
        put(cache, ask(name), status_answer(DNS_NXDOMAIN, 60), 0);
        assert_true(cache_bytes(cache) <= 100000);
    }
    assert_true(cache_entries(cache) > 100);
    assert_true(knows(cache, ask("n19999.test"), 1));
    assert_false(knows(cache, ask("n0.test"), 1));
    cache_free(cache);
}

/* ---- memos ---------------------------------------------------------------------------- */

enum { MEMO_BYTES = 10000 };

static int memos_alive;
static const char memo_kind;

static void memo_free(struct dns_memo *memo)
{
    memos_alive--;
    free(memo);
}

static void hang_memo(const struct dns_answer *answer)
{
    struct dns_memo *memo = calloc(1, sizeof(*memo));
    assert_non_null(memo);
    memo->kind = &memo_kind;
    memo->free = memo_free;
    memo->bytes = MEMO_BYTES;
    memos_alive++;
    assert_true(dns_memo_keep(answer, memo));
}

static void a_memo_lives_as_long_as_its_entry(void **state)
{
    (void)state;
    memos_alive = 0;
    struct cache *cache = new_cache(1 << 20);
    put_text(cache, "a.test", "x");
    const struct dns_answer *answer = cache_find(cache, ask("a.test"), 1);
    hang_memo(answer);
    cache_release(cache, answer);

    answer = cache_find(cache, ask("a.test"), 1);
    assert_non_null(dns_memo_find(answer, &memo_kind));
    put_text(cache, "a.test", "y"); /* replaced while it is pinned */
    assert_int_equal(memos_alive, 1);
    assert_non_null(dns_memo_find(answer, &memo_kind));
    cache_release(cache, answer);
    assert_int_equal(memos_alive, 0);

    answer = cache_find(cache, ask("a.test"), 1);
    assert_null(dns_memo_find(answer, &memo_kind));
    hang_memo(answer);
    cache_release(cache, answer);
    assert_int_equal(memos_alive, 1);
    cache_free(cache);
    assert_int_equal(memos_alive, 0);
}

/* A text of some hundred octets may parse into ten thousand. */
static void memos_count_against_the_bound(void **state)
{
    (void)state;
    memos_alive = 0;
    struct cache *cache = new_cache(10 * MEMO_BYTES);
    for (int i = 0; i < 50; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "n%d.test", i);
        put_text(cache, name, "x");
        const struct dns_answer *answer = cache_find(cache, ask(name), 1);
        hang_memo(answer);
        cache_release(cache, answer);
        assert_true(cache_bytes(cache) <= 10 * MEMO_BYTES);
        assert_true(memos_alive < 10);
    }
    assert_int_equal(memos_alive, 9);
    assert_true(cache_bytes(cache) > 9 * MEMO_BYTES);
    cache_free(cache);
    assert_int_equal(memos_alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_found_is_a_whole_copy_of_what_was_kept),
        cmocka_unit_test(another_type_is_another_question),
        cmocka_unit_test(an_answer_lives_as_long_as_its_status_and_ttl_allow),
        cmocka_unit_test(an_answer_that_may_not_stay_is_good_until_released),
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(a_pinned_answer_outlives_eviction_and_replacement),
        cmocka_unit_test(an_answer_pinned_twice_needs_both_releases),
        cmocka_unit_test(when_all_is_pinned_nothing_more_stays),
        cmocka_unit_test(of_many_pinned_at_once_the_last_released_stay),
        cmocka_unit_test(an_answer_larger_than_the_cache_evicts_nothing),
        cmocka_unit_test(many_small_answers_stay_within_the_bound),
        cmocka_unit_test(a_memo_lives_as_long_as_its_entry),
        cmocka_unit_test(memos_count_against_the_bound),
    };
    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
