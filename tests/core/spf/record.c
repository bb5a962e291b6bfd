/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/record.h"

#include "core/spf/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Records as terms (RFC 7208 sections 4.5, 4.6, 5, 6 and 12), and kept with answers. */

enum { ARENA_BYTES = 4 * 1024 * 1024 };

static int setup(void **state)
{
    *state = arena_new(ARENA_BYTES);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static const struct spf_record *parse(struct arena *arena, slice text)
{
    const struct spf_record *record = NULL;
    assert_int_equal(spf_record_parse(arena, text, &record), YETT_OK);
    return record;
}

static void a_record_begins_with_its_version(void **state)
{
    (void)state;
    assert_true(spf_record_is_spf(SLICE("v=spf1")));
    assert_true(spf_record_is_spf(SLICE("v=spf1 ")));
    assert_true(spf_record_is_spf(SLICE("V=SPF1 -all")));
    assert_false(spf_record_is_spf(SLICE("v=spf10")));
    assert_false(spf_record_is_spf(SLICE("v=spf1\t-all")));
    assert_false(spf_record_is_spf(SLICE(" v=spf1")));
    assert_false(spf_record_is_spf(SLICE("v=spf")));
    assert_false(spf_record_is_spf(SLICE("")));
    assert_false(spf_record_is_spf(SLICE("spf2.0/mfrom")));
}

static void terms_are_read_with_their_arguments(void **state)
{
    static const struct {
        const char *term;
        enum spf_term_kind kind;
        enum spf_code qualifier;
        const char *domain;
        unsigned prefix4;
        unsigned prefix6;
    } rows[] = {
        {"all",                 SPF_TERM_ALL,              SPF_PASS,     "",             32, 128},
        {"-ALL",                SPF_TERM_ALL,              SPF_FAIL,     "",             32, 128},
        {"~a",                  SPF_TERM_A,                SPF_SOFTFAIL, "",             32, 128},
        {"?mx",                 SPF_TERM_MX,               SPF_NEUTRAL,  "",             32, 128},
        {"+a:b.test",           SPF_TERM_A,                SPF_PASS,     "b.test",       32, 128},
        {"a/24",                SPF_TERM_A,                SPF_PASS,     "",             24, 128},
        {"a/0",                 SPF_TERM_A,                SPF_PASS,     "",             0,  128},
        {"a//64",               SPF_TERM_A,                SPF_PASS,     "",             32, 64 },
        {"mx/24//64",           SPF_TERM_MX,               SPF_PASS,     "",             24, 64 },
        {"a:b.test/24//0",      SPF_TERM_A,                SPF_PASS,     "b.test",       24, 0  },
        {"a:b.test//64",        SPF_TERM_A,                SPF_PASS,     "b.test",       32, 64 },
        {"a:b/c.test/8",        SPF_TERM_A,                SPF_PASS,     "b/c.test",     8,  128},
        {"a:b/24.test",         SPF_TERM_A,                SPF_PASS,     "b/24.test",    32, 128},
        {"a:%{d/}/24",          SPF_TERM_A,                SPF_PASS,     "%{d/}",        24, 128},
        {"ptr",                 SPF_TERM_PTR,              SPF_PASS,     "",             32, 128},
        {"ptr:b.test",          SPF_TERM_PTR,              SPF_PASS,     "b.test",       32, 128},
        {"ip4:192.0.2.1",       SPF_TERM_IP4,              SPF_PASS,     "",             32, 128},
        {"ip4:192.0.2.1/9",     SPF_TERM_IP4,              SPF_PASS,     "",             9,  128},
        {"IP6:2001:db8::1/9",   SPF_TERM_IP6,              SPF_PASS,     "",             32, 9  },
        {"include:b.test",      SPF_TERM_INCLUDE,          SPF_PASS,     "b.test",       32, 128},
        {"exists:%{i}.b.test.", SPF_TERM_EXISTS,           SPF_PASS,     "%{i}.b.test.", 32, 128},
        {"redirect=b.test",     SPF_TERM_REDIRECT,         SPF_NONE,     "b.test",       32, 128},
        {"EXP=b.test",          SPF_TERM_EXP,              SPF_NONE,     "b.test",       32, 128},
        {"a=b",                 SPF_TERM_UNKNOWN_MODIFIER, SPF_NONE,     "",             32, 128},
        {"x-_.9=",              SPF_TERM_UNKNOWN_MODIFIER, SPF_NONE,     "",             32, 128},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        slice text = arena_printf(*state, "v=spf1 %s  ", rows[i].term);
        const struct spf_record *record = parse(*state, text);
        if (record->error.why != NULL || record->count != 1) {
            fail_msg("%s %s", rows[i].term, record->error.why);
        }
        const struct spf_term *term = &record->terms[0];
        if (term->kind != rows[i].kind || term->qualifier != rows[i].qualifier ||
            term->prefix4 != rows[i].prefix4 || term->prefix6 != rows[i].prefix6 ||
            !slice_eq(spf_part_of(text, term->text), slice_from_text(rows[i].term)) ||
            !slice_eq(spf_part_of(text, term->domain), slice_from_text(rows[i].domain))) {
            fail_msg("%s was misread", rows[i].term);
        }
        assert_ptr_equal(record->redirect, term->kind == SPF_TERM_REDIRECT ? term : NULL);
        assert_ptr_equal(record->exp, term->kind == SPF_TERM_EXP ? term : NULL);
        assert_int_equal(record->has_all, term->kind == SPF_TERM_ALL);
    }
}

static void broken_terms_are_refused_where_they_break(void **state)
{
    static const struct {
        const char *term;
        size_t bad_at; /* in the term */
    } rows[] = {
        {"moo",                 0 },
        {"-",                   1 },
        {"--all",               1 },
        {"all.",                3 },
        {"all:x.test",          3 },
        {"all/8",               3 },
        {"-redirect=x.test",    1 },
        {"redirect:x.test",     0 },
        {"redirect=",           9 },
        {"redirect=-all",       9 },
        {"exp=",                4 },
        {"1up=x",               0 },
        {"=x",                  0 },
        {"x=%a",                2 },
        {"include",             7 },
        {"include:",            8 },
        {"include:x.test/24",   8 },
        {"include/24",          7 },
        {"exists",              6 },
        {"exists:x",            7 },
        {"a:",                  2 },
        {"a:x",                 2 },
        {"a:192.0.2.1",         2 },
        {"a:192.0.2.0/24",      2 },
        {"a:2001:db8::1",       2 },
        {"a/33",                2 },
        {"a/",                  2 },
        {"a/024",               2 },
        {"a//129",              3 },
        {"a//",                 3 },
        {"a/24/64",             4 },
        {"a/24//64x",           8 },
        {"a:x.test:8080",       2 },
        {"mx:%{c}.test",        3 },
        {"ptr/24",              3 },
        {"ip4",                 3 },
        {"ip4:",                4 },
        {"ip4:192.0.2",         4 },
        {"ip4:192.0.2.1/33",    14},
        {"ip4:192.0.2.1/01",    14},
        {"ip4:192.0.2.1//32",   14},
        {"ip4:192.0.2.01",      4 },
        {"ip4:192.0.2.1:25",    4 },
        {"ip4:192.0.2.1/24x",   16},
        {"ip4:2001:db8::1",     4 },
        {"ip6:192.0.2.1",       4 },
        {"ip6:2001:db8::1/129", 16},
        {"ip6:2001:db8::1::",   4 },
        {"ip6:fe80::1%eth0",    4 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        slice text = arena_printf(*state, "v=spf1 a %s -all", rows[i].term);
        const struct spf_record *record = parse(*state, text);
        if (record->error.why == NULL || record->error.offset != 9 + rows[i].bad_at) {
            fail_msg("%s: \"%s\" at %zu instead of %zu", rows[i].term, record->error.why,
                     record->error.offset - 9, rows[i].bad_at);
        }
        assert_int_equal(record->count, 0);
        assert_null(record->redirect);
        assert_true(slice_eq(spf_part_of(text, record->error.word),
                             slice_from_text(rows[i].term)));
    }
}

static void redirect_and_exp_may_stand_once(void **state)
{
    const struct spf_record *record =
        parse(*state, SLICE("v=spf1 redirect=a.test redirect=a.test"));
    assert_int_equal(record->error.offset, 23);
    record = parse(*state, SLICE("v=spf1 exp=a.test -all EXP=b.test"));
    assert_int_equal(record->error.offset, 23);
    record = parse(*state, SLICE("v=spf1 x=a x=a -all"));
    assert_null(record->error.why);
    assert_int_equal(record->count, 3);
}

static void only_spaces_separate(void **state)
{
    assert_int_equal(parse(*state, SLICE("v=spf1   a  mx   "))->count, 2);
    assert_non_null(parse(*state, SLICE("v=spf1 a\tmx"))->error.why);
    assert_non_null(parse(*state, SLICE("v=spf1 a\r\n mx"))->error.why);
    assert_non_null(parse(*state, SLICE("v=spf1 a\0 mx"))->error.why);
    assert_non_null(parse(*state, SLICE("v=spf1 \xe2\x80\x93"
                                        "all"))
                        ->error.why);
}

/* Whatever is cut off, the parser stays within what is left. */
static void a_cut_record_is_read_to_its_end(void **state)
{
    static const char whole[] =
        "v=spf1 a:%{d2r-}.x.test/24//64 ip6:2001:db8::/32 mx exp=e.test -all";
    for (size_t length = 6; length < sizeof whole; length++) {
        char *copy = malloc(length);
        assert_non_null(copy);
        memcpy(copy, whole, length);
        slice text = slice_of(copy, length);
        if (spf_record_is_spf(text)) {
            const struct spf_record *record = parse(*state, text);
            assert_true(record->error.why == NULL || record->error.offset <= length);
        }
        free(copy);
    }
}

/* ---- records that stay with their answers ------------------------------------------- */

static struct dns_answer answer_of(struct dns_record *records, size_t count,
                                   struct dns_memos *memos)
{
    return (struct dns_answer){
        .status = DNS_FOUND, .records = records, .count = count, .memos = memos};
}

static void a_record_is_parsed_once_for_an_answer(void **state)
{
    struct dns_record records[] = {{.text = SLICE("moo")},
                                   {.text = SLICE("v=spf1 a -all")}};
    struct dns_memos memos = {0};
    struct dns_answer answer = answer_of(records, 2, &memos);
    struct spf_selection first;
    assert_int_equal(spf_record_select(*state, &answer, &first), YETT_OK);
    assert_int_equal(first.published, 1);
    assert_true(slice_eq(first.text, records[1].text));
    assert_int_equal(first.record->count, 2);

    /* A copy of the answer has other bytes, and the same memos. */
    char copy[] = "v=spf1 a -all";
    struct dns_record others[] = {{.text = SLICE("moo")},
                                  {.text = slice_from_text(copy)}};
    struct dns_answer again = answer_of(others, 2, &memos);
    struct spf_selection second;
    assert_int_equal(spf_record_select(*state, &again, &second), YETT_OK);
    assert_ptr_equal(second.record, first.record);
    assert_ptr_equal(second.text.ptr, copy);
    dns_memos_free(&memos);
}

static void a_broken_record_is_kept_too(void **state)
{
    struct dns_record records[] = {{.text = SLICE("v=spf1 moo")}};
    struct dns_memos memos = {0};
    struct dns_answer answer = answer_of(records, 1, &memos);
    struct spf_selection selection;
    assert_int_equal(spf_record_select(*state, &answer, &selection), YETT_OK);
    assert_non_null(selection.record->error.why);
    assert_non_null(memos.first);
    dns_memos_free(&memos);
}

static void an_answer_that_keeps_nothing_is_parsed_each_time(void **state)
{
    struct dns_record records[] = {{.text = SLICE("v=spf1 a -all")}};
    struct dns_answer answer = answer_of(records, 1, NULL);
    struct spf_selection first;
    struct spf_selection second;
    assert_int_equal(spf_record_select(*state, &answer, &first), YETT_OK);
    assert_int_equal(spf_record_select(*state, &answer, &second), YETT_OK);
    assert_ptr_not_equal(first.record, second.record);
    assert_int_equal(second.record->count, 2);
}

/* No sender fills the cache with many times what it sent. */
static void a_record_of_a_thousand_terms_is_not_kept(void **state)
{
    enum { TERMS = 1000 };
    char text[6 + TERMS * 2];
    memcpy(text, "v=spf1", 6);
    for (size_t i = 0; i < TERMS; i++) {
        memcpy(text + 6 + i * 2, " a", 2);
    }
    struct dns_record records[] = {{.text = slice_of(text, sizeof text)}};
    struct dns_memos memos = {0};
    struct dns_answer answer = answer_of(records, 1, &memos);
    struct spf_selection selection;
    assert_int_equal(spf_record_select(*state, &answer, &selection), YETT_OK);
    assert_int_equal(selection.record->count, TERMS);
    assert_null(memos.first);
}

/* The arena of a message has room for all that its senders may have parsed: 512 KiB of
   records for HELO and as much for MAIL FROM. */
static void a_parsed_record_takes_at_most_twenty_times_its_octets(void **state)
{
    (void)state;
    enum { TERMS = 30000 };
    static char text[6 + TERMS * 2];
    size_t bytes = 0;
    memcpy(text, "v=spf1", 6);
    for (size_t i = 0; i < TERMS; i++) {
        memcpy(text + 6 + i * 2, " a", 2);
    }
    assert_true(spf_record_bytes(slice_of(text, sizeof text), &bytes));
    assert_true(bytes <= 20 * sizeof text);
}

static void several_records_are_counted_and_not_parsed(void **state)
{
    struct dns_record records[] = {{.text = SLICE("v=spf1 a")},
                                   {.text = SLICE("x")},
                                   {.text = SLICE("v=spf1 b")},
                                   {.text = SLICE("v=spf1 c")}};
    struct dns_memos memos = {0};
    struct dns_answer answer = answer_of(records, 4, &memos);
    struct spf_selection selection;
    assert_int_equal(spf_record_select(*state, &answer, &selection), YETT_OK);
    assert_int_equal(selection.published, 3);
    assert_true(slice_eq(selection.text, SLICE("v=spf1 a")));
    assert_true(slice_eq(selection.second, SLICE("v=spf1 b")));
    assert_null(selection.record);
    assert_null(memos.first);

    answer = answer_of(records + 1, 1, &memos);
    assert_int_equal(spf_record_select(*state, &answer, &selection), YETT_OK);
    assert_int_equal(selection.published, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_record_begins_with_its_version),
        TEST(terms_are_read_with_their_arguments),
        TEST(broken_terms_are_refused_where_they_break),
        TEST(redirect_and_exp_may_stand_once),
        TEST(only_spaces_separate),
        TEST(a_cut_record_is_read_to_its_end),
        TEST(a_record_is_parsed_once_for_an_answer),
        TEST(a_broken_record_is_kept_too),
        TEST(an_answer_that_keeps_nothing_is_parsed_each_time),
        TEST(a_record_of_a_thousand_terms_is_not_kept),
        TEST(a_parsed_record_takes_at_most_twenty_times_its_octets),
        TEST(several_records_are_counted_and_not_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
