/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/taglist/taglist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = arena_new(1 << 20);
    return *state == NULL;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static struct taglist parsed(struct arena *arena, slice text)
{
    struct taglist list = {0};
    struct taglist_error error = {0, "no memory"};
    if (taglist_parse(arena, text, &list, &error) != YETT_OK) {
        fail_msg("%s at %zu", error.why, error.offset);
    }
    return list;
}

static void a_list_is_tags_in_order(void **state)
{
    slice text = SLICE(" v = 1 ;\r\n a=rsa-sha256;b= AB\r\n\tCD ; t_2=;h=from : to;");
    struct taglist list = parsed(*state, text);
    static const struct {
        const char *name;
        const char *value;
        const char *raw;
        const char *region;
    } rows[] = {
        {"v",   "1",          "v = 1",         " 1 "         },
        {"a",   "rsa-sha256", "a=rsa-sha256",  "rsa-sha256"  },
        {"b",   "AB\r\n\tCD", "b= AB\r\n\tCD", " AB\r\n\tCD "},
        {"t_2", "",           "t_2=",          ""            },
        {"h",   "from : to",  "h=from : to",   "from : to"   },
    };
    assert_int_equal(list.count, sizeof(rows) / sizeof(rows[0]));
    for (size_t i = 0; i < list.count; i++) {
        assert_true(slice_eq(list.tags[i].name, slice_from_text(rows[i].name)));
        assert_true(slice_eq(list.tags[i].value, slice_from_text(rows[i].value)));
        assert_true(slice_eq(list.tags[i].raw, slice_from_text(rows[i].raw)));
        assert_true(slice_eq(list.tags[i].region, slice_from_text(rows[i].region)));
        assert_true(slice_offset(text, list.tags[i].region) > 0);
    }
}

/* MUST of RFC 6376 section 3.2: names and values are case-sensitive, white space is kept. */
static void names_and_values_are_case_sensitive(void **state)
{
    struct taglist list = parsed(*state, SLICE("v=One  two;V=three"));
    assert_int_equal(list.count, 2);
    assert_true(slice_eq(taglist_find(&list, "v")->value, SLICE("One  two")));
    assert_true(slice_eq(taglist_find(&list, "V")->value, SLICE("three")));
    assert_null(taglist_find(&list, "x"));
    assert_null(taglist_find(&list, ""));
}

static void a_list_is_accepted_or_refused_as_a_whole(void **state)
{
    static const struct {
        slice text;
        size_t count;
        long bad_at; /* -1: accepted */
        const char *why;
    } rows[] = {
        {SLICE_INIT(""),                        0, -1, "empty text"                    },
        {SLICE_INIT(" \r\n\t"),                 0, -1, "white space"                   },
        {SLICE_INIT("a=1"),                     1, -1, "one tag"                       },
        {SLICE_INIT("a=1;"),                    1, -1, "trailing semicolon"            },
        {SLICE_INIT("a=1; \r\n"),               1, -1, "white space behind it"         },
        {SLICE_INIT("a="),                      1, -1, "empty value"                   },
        {SLICE_INIT("a==b=c;b=1"),              2, -1, "equals signs in a value"       },
        {SLICE_INIT("a=gr\xc3\xbc\xc3\x9f"),    1, -1, "UTF-8 (RFC 8616)"              },
        {SLICE_INIT("a=1;;"),                   0, 4,  "two trailing semicolons"       },
        {SLICE_INIT(";"),                       0, 0,  "a semicolon alone"             },
        {SLICE_INIT("a=1;;b=2"),                0, 4,  "empty tag"                     },
        {SLICE_INIT("a=1; ;b=2"),               0, 5,  "blank tag"                     },
        {SLICE_INIT("a"),                       0, 1,  "no equals sign"                },
        {SLICE_INIT("a=1;b ;c=3"),              0, 6,  "no equals sign in the middle"  },
        {SLICE_INIT("1a=1"),                    0, 0,  "name begins with a digit"      },
        {SLICE_INIT("_a=1"),                    0, 0,  "name begins with an underscore"},
        {SLICE_INIT("a-b=1"),                   0, 1,  "hyphen in a name"              },
        {SLICE_INIT("a b=1"),                   0, 2,  "space in a name"               },
        {SLICE_INIT("=1"),                      0, 0,  "no name"                       },
        {SLICE_INIT("a=1;\xc3\xbc=1"),          0, 4,  "UTF-8 in a name"               },
        {SLICE_INIT("a=x\0y"),                  0, 3,  "NUL"                           },
        {SLICE_INIT("a=x\x7fy"),                0, 3,  "DEL"                           },
        {SLICE_INIT("b=1;a= x\x01"),            0, 8,  "control octet"                 },
        {SLICE_INIT("a=x\xff"),                 0, 3,  "no UTF-8"                      },
        {SLICE_INIT("a=x\xc0\xaf"),             0, 3,  "overlong UTF-8"                },
        {SLICE_INIT("a=1;b=2;a=1"),             0, 8,  "a name twice, same value"      },
        {SLICE_INIT("b=1;a=2;c=3;a=2;b=9;a=7"), 0, 12, "the first repetition is named" },
        {SLICE_INIT("ab=1;a=2;a=3"),            0, 9,  "a name that begins another"    },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct taglist list = {.count = 99};
        struct taglist_error error = {0, NULL};
        enum yett_err err = taglist_parse(*state, rows[i].text, &list, &error);
        bool as_expected = rows[i].bad_at < 0
                               ? err == YETT_OK && list.count == rows[i].count
                               : err == YETT_BAD_SYNTAX && list.count == 99 &&
                                     error.why != NULL &&
                                     error.offset == (size_t)rows[i].bad_at;
        if (!as_expected) {
            fail_msg("%s: %d, %zu tags, at %zu: %s", rows[i].why, (int)err, list.count,
                     error.offset, error.why);
        }
    }
}

static void many_tags_take_no_more_than_their_share_of_time(void **state)
{
    struct arena *arena = *state;
    static char text[200000];
    size_t length = 0;
    for (int i = 0; i < 500; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length, "n%d=%d;", i, i);
    }
    struct taglist list = parsed(arena, slice_of(text, length));
    assert_int_equal(list.count, 500);
    assert_true(slice_eq(taglist_find(&list, "n499")->value, SLICE("499")));

    struct taglist_error error;
    memcpy(text, "n7", 2);
    assert_int_equal(taglist_parse(arena, slice_of(text, length), &list, &error),
                     YETT_BAD_SYNTAX);
    assert_string_equal(error.why, "a tag that stood before");
}

static void beyond_500_tags_no_memory_is_spent(void **state)
{
    struct arena *arena = *state;
    static char text[2 << 20];
    struct taglist list;
    struct taglist_error error;
    for (size_t at = 0; at + 4 <= sizeof(text); at += 4) {
        (void)snprintf(text + at, sizeof(text) - at, "%c%c=", (char)('a' + at / 4 % 26),
                       (char)('a' + at / 104 % 26));
        text[at + 3] = ';';
    }
    size_t before = arena_used_bytes(arena);
    assert_int_equal(taglist_parse(arena, slice_of(text, sizeof(text)), &list, &error),
                     YETT_BAD_SYNTAX);
    assert_int_equal(error.offset, 500 * 4);
    assert_true(arena_used_bytes(arena) - before < 128 * 1024);
}

static void a_full_arena_is_no_syntax_error(void **state)
{
    (void)state;
    struct arena *small = arena_new(64);
    struct taglist list;
    struct taglist_error error;
    assert_int_equal(taglist_parse(small, SLICE("a=1"), &list, &error), YETT_NO_MEMORY);
    arena_free(small);
}

static void a_list_cut_anywhere_is_judged_by_what_is_there(void **state)
{
    slice whole = SLICE("v=1; k=rsa; p=AB CD; t=s");
    for (size_t cut = 0; cut <= whole.len; cut++) {
        struct taglist list = {0};
        struct taglist_error error = {0, NULL};
        slice text = slice_first(whole, cut);
        enum yett_err err = taglist_parse(*state, text, &list, &error);
        slice last = text;
        size_t semicolon = slice_find_last_byte(text, ';');
        last = semicolon < text.len ? slice_skip(text, semicolon + 1) : text;
        bool complete = slice_trim_fws(last).len == 0 || slice_has_byte(last, '=');
        assert_int_equal(err, complete ? YETT_OK : YETT_BAD_SYNTAX);
        if (!complete) {
            assert_int_equal(error.offset, cut);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_tags_in_order),
        cmocka_unit_test(names_and_values_are_case_sensitive),
        cmocka_unit_test(a_list_is_accepted_or_refused_as_a_whole),
        cmocka_unit_test(many_tags_take_no_more_than_their_share_of_time),
        cmocka_unit_test(beyond_500_tags_no_memory_is_spent),
        cmocka_unit_test(a_full_arena_is_no_syntax_error),
        cmocka_unit_test(a_list_cut_anywhere_is_judged_by_what_is_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
