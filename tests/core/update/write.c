/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/case.h"
#include "core/update/vectors.h"

#include <stdio.h>

static void assert_octets(slice got, slice expected)
{
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.ptr, expected.ptr, expected.len);
}

/* Two records at the apex, one of them in two strings. */
static struct update_rrset apex(void)
{
    static const slice values[] = {SLICE_INIT("\7token=1"),
                                   SLICE_INIT("\7v=spf1 \4-all")};
    return (struct update_rrset){.values = values, .count = 2, .ttl_s = 300};
}

static struct update_change spf_change(void)
{
    struct update_change change = {
        .zone = SLICE("example.com"), .name = SLICE("example.com"), .before = apex()};
    assert_int_equal(update_replace(arena, &change.before, SLICE("v=spf1 -all"),
                                    SLICE("v=spf1 mx -all"), 9999, &change.after),
                     YETT_OK);
    return change;
}

static void a_new_record_needs_that_there_was_none(void **state)
{
    (void)state;
    struct update_change change = addition();
    assert_octets(written(&change, 0x1234), octets(add_message));
}

static void only_the_value_that_is_replaced_is_deleted(void **state)
{
    (void)state;
    struct update_change change = spf_change();
    assert_int_equal(change.after.count, 2);
    assert_int_equal(change.after.ttl_s, 300); /* that of the one that stays */
    assert_octets(written(&change, 0xabcd), octets(replace_message));
}

static void a_record_alone_gets_the_ttl_asked_for(void **state)
{
    (void)state;
    struct update_rrset before = rrset_of(86400, "old", NULL, NULL);
    struct update_rrset after;
    assert_int_equal(
        update_replace(arena, &before, SLICE("old"), SLICE("new"), 60, &after), YETT_OK);
    assert_int_equal(after.count, 1);
    assert_int_equal(after.ttl_s, 60);
}

static void long_text_is_cut_into_strings_of_255_octets(void **state)
{
    (void)state;
    char text[600];
    slice value;
    slice joined;
    memset(text, 'x', sizeof(text));
    assert_int_equal(update_value(arena, slice_of(text, 600), &value), YETT_OK);
    assert_int_equal(value.len, 603);
    assert_int_equal((unsigned char)value.ptr[0], 255);
    assert_int_equal((unsigned char)value.ptr[256], 255);
    assert_int_equal((unsigned char)value.ptr[512], 90);
    assert_int_equal(update_value_text(arena, value, &joined), YETT_OK);
    assert_octets(joined, slice_of(text, 600));

    assert_int_equal(update_value(arena, slice_of(text, 255), &value), YETT_OK);
    assert_int_equal(value.len, 256);
    assert_int_equal(update_value(arena, SLICE(""), &value), YETT_OK);
    assert_octets(value, SLICE("\0"));
    assert_int_equal(update_value_text(arena, SLICE("\2a"), &joined), YETT_BAD_SYNTAX);
    assert_int_equal(update_value_text(arena, SLICE_NONE, &joined), YETT_BAD_SYNTAX);
}

static void a_value_is_found_by_its_text_however_it_is_cut(void **state)
{
    (void)state;
    static const slice cut[] = {SLICE_INIT("\1v\0\5=spf1\5 -all")};
    struct update_rrset before = {.values = cut, .count = 1, .ttl_s = 60};
    struct update_rrset after;
    assert_int_equal(
        update_replace(arena, &before, SLICE("v=spf1 -all"), SLICE_NONE, 0, &after),
        YETT_OK);
    assert_int_equal(after.count, 0);
    assert_int_equal(
        update_replace(arena, &before, SLICE("v=spf1 -al"), SLICE_NONE, 0, &after),
        YETT_NOT_FOUND);
    assert_int_equal(
        update_replace(arena, &before, SLICE("v=spf1 -allx"), SLICE_NONE, 0, &after),
        YETT_NOT_FOUND);
    /* The same text again is no second record. */
    assert_int_equal(
        update_replace(arena, &before, SLICE_NONE, SLICE("v=spf1 -all"), 0, &after),
        YETT_OK);
    assert_int_equal(after.count, 1);
}

static void undo_exchanges_the_states(void **state)
{
    (void)state;
    struct update_change change = spf_change();
    struct update_change back = update_undo(&change);
    struct update_change there = update_undo(&back);
    assert_octets(written(&there, 7), written(&change, 7));
    assert_int_equal(back.after.ttl_s, 300);
    assert_true(update_is_visible(&back, &change.before));
    assert_false(update_is_visible(&back, &change.after));

    struct update_change new_record = addition();
    back = update_undo(&new_record);
    slice message = written(&back, 7);
    struct update_change parsed;
    const char *why;
    assert_int_equal(update_parse(arena, message, &parsed, &why), YETT_OK);
    assert_int_equal(parsed.before.count, 1);
    assert_int_equal(parsed.after.count, 0);
}

static void a_change_is_visible_when_all_is_there_and_the_old_is_gone(void **state)
{
    (void)state;
    struct update_change change = spf_change();
    struct update_rrset none = {.count = 0};
    struct update_rrset both = rrset_of(1, "v=spf1 -all", "v=spf1 mx -all", NULL);
    struct update_rrset new_only = rrset_of(1, "v=spf1 mx -all", NULL, NULL);
    struct update_rrset more = rrset_of(1, "v=spf1 mx -all", "token=1", "token=2");

    assert_true(update_is_visible(&change, &change.after));
    assert_false(update_is_visible(&change, &change.before));
    assert_false(update_is_visible(&change, &none));
    assert_false(update_is_visible(&change, &both));
    assert_true(update_is_visible(&change, &new_only));
    assert_true(update_is_visible(&change, &more));

    struct update_change removal = addition();
    removal = update_undo(&removal);
    assert_true(update_is_visible(&removal, &none));
    assert_false(update_is_visible(&removal, &removal.before));
}

static struct update_rrset with_values(const slice *values, size_t count, uint32_t ttl_s)
{
    return (struct update_rrset){.values = values, .count = count, .ttl_s = ttl_s};
}

static void what_is_no_change_of_an_rrset_is_not_written(void **state)
{
    (void)state;
    static const slice bad[] = {SLICE_INIT("\5abc")};
    static const slice twice[] = {SLICE_INIT("\1a"), SLICE_INIT("\1a")};
    const slice zone = SLICE("example.com");
    struct update_rrset one = rrset_of(1, "a", NULL, NULL);
    struct update_rrset none = {.count = 0};
    slice many[UPDATE_VALUES_MAX + 1];
    for (unsigned i = 0; i <= UPDATE_VALUES_MAX; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%u", i);
        many[i] = value_of(text);
    }
    const struct {
        const char *word;
        struct update_change change;
    } rows[] = {
        {"changes nothing", {zone, zone, one, one}                                         },
        {"changes nothing", {zone, zone, none, none}                                       },
        {"not in its zone", {zone, SLICE("example.org"), none, one}                        },
        {"not in its zone", {zone, SLICE("badexample.com"), none, one}                     },
        {"normal form",     {zone, SLICE("A.example.com"), none, one}                      },
        {"normal form",     {SLICE("example.com."), zone, none, one}                       },
        {"normal form",     {zone, SLICE("a..example.com"), none, one}                     },
        {"normal form",     {SLICE_NONE, zone, none, one}                                  },
        {"malformed",       {zone, zone, none, with_values(bad, 1, 1)}                     },
        {"malformed",       {zone, zone, with_values(bad, 1, 1), none}                     },
        {"twice",           {zone, zone, none, with_values(twice, 2, 1)}                   },
        {"time to live",    {zone, zone, none, with_values(one.values, 1, 1U << 31)}       },
        {"more records",    {zone, zone, none, with_values(many, UPDATE_VALUES_MAX + 1, 1)}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        slice message;
        const char *why = "";
        enum yett_err err = update_write(arena, &rows[i].change, 1, &message, &why);
        if (err != YETT_BAD_SYNTAX || strstr(why, rows[i].word) == NULL) {
            fail_msg("row %zu: not refused because it %s: %s", i, rows[i].word, why);
        }
    }
}

static void a_change_that_fits_into_no_message_is_refused(void **state)
{
    (void)state;
    char *text = arena_alloc(arena, 70000);
    slice message;
    const char *why = "";
    struct update_change change = {.zone = SLICE("example.com"),
                                   .name = SLICE("example.com")};
    assert_non_null(text);
    memset(text, 'x', 70000);
    assert_int_equal(update_replace(arena, &change.before, SLICE_NONE,
                                    slice_of(text, 50000), 1, &change.after),
                     YETT_OK);
    change.before = change.after;
    assert_int_equal(update_replace(arena, &change.before, slice_of(text, 50000),
                                    slice_of(text, 49999), 1, &change.after),
                     YETT_OK);
    assert_int_equal(update_write(arena, &change, 1, &message, &why), YETT_LIMIT);
    assert_string_equal(why, "it does not fit into one message");
    assert_int_equal(update_replace(arena, &change.before, SLICE_NONE,
                                    slice_of(text, 70000), 1, &change.after),
                     YETT_LIMIT);
}

static void a_script_says_the_same_to_nsupdate(void **state)
{
    (void)state;
    struct buf buf;
    struct update_change change = spf_change();
    buf_init(&buf, arena, 4096);
    update_write_script(&buf, &change);
    static const char expected[] =
        "zone example.com.\n"
        "prereq yxrrset example.com. TXT \"token=1\"\n"
        "prereq yxrrset example.com. TXT \"v=spf1 \" \"-all\"\n"
        "update delete example.com. TXT \"v=spf1 \" \"-all\"\n"
        "update add example.com. 300 TXT \"v=spf1 mx -all\"\n"
        "send\n";
    assert_octets(buf_slice(&buf), slice_from_text(expected));

    change = addition();
    change.after = rrset_of(5, "a \"b\" \\ \n\xff", NULL, NULL);
    buf_init(&buf, arena, 4096);
    update_write_script(&buf, &change);
    static const char escaped[] =
        "zone example.com.\n"
        "prereq nxrrset s1._domainkey.example.com. TXT\n"
        "update add s1._domainkey.example.com. 5 TXT \"a \\\"b\\\" \\\\ \\010\\255\"\n"
        "send\n";
    assert_octets(buf_slice(&buf), slice_from_text(escaped));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_record_needs_that_there_was_none),
        TEST(only_the_value_that_is_replaced_is_deleted),
        TEST(a_record_alone_gets_the_ttl_asked_for),
        TEST(long_text_is_cut_into_strings_of_255_octets),
        TEST(a_value_is_found_by_its_text_however_it_is_cut),
        TEST(undo_exchanges_the_states),
        TEST(a_change_is_visible_when_all_is_there_and_the_old_is_gone),
        TEST(what_is_no_change_of_an_rrset_is_not_written),
        TEST(a_change_that_fits_into_no_message_is_refused),
        TEST(a_script_says_the_same_to_nsupdate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
