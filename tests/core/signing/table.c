/* SPDX-License-Identifier: BSD-2-Clause */
#include "made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* The table of domains, keys and logins. */

static void add(struct made *made, const char *pattern, const char *domain,
                const char *selectors)
{
    slice why = SLICE_NONE;
    if (made_domain(made, pattern, domain, selectors, &why) != YETT_OK) {
        fail_msg("%s: %.*s", pattern, SLICE_ARG(why));
    }
}

static void assert_slice(slice found, const char *wanted)
{
    if (!slice_eq(found, slice_from_text(wanted))) {
        fail_msg("'%.*s', wanted '%s'", SLICE_ARG(found), wanted);
    }
}

/* The pattern that fits, or "". */
static void assert_pattern(struct made *made, const char *author, const char *pattern)
{
    struct signing_rows rows = {.pattern = SLICE("")};
    bool found = signing_find_author(made->table, slice_from_text(author), &rows);
    assert_true(found == (pattern[0] != '\0'));
    assert_slice(rows.pattern, pattern);
}

static void an_empty_table_knows_nobody(void **state)
{
    struct made *made = *state;
    struct signing_row row;
    made_table(made);
    assert_pattern(made, "example.com", "");
    assert_false(signing_find_row(made->table, SLICE("example.com"), SLICE("s"), &row));
    assert_int_equal(signing_find_login(made->table, SLICE("a"), SLICE("example.com")),
                     SIGNING_LOGIN_UNKNOWN);
    assert_int_equal(signing_key_count(made->table), 0);
}

static void a_domain_has_its_rows_in_order(void **state)
{
    struct made *made = *state;
    struct signing_rows rows;
    add(made, "example.com", "example.com", "s1r s1e");
    add(made, "example.net", "example.net", "s2r");
    made_table(made);
    assert_true(signing_find_author(made->table, SLICE("example.com"), &rows));
    assert_int_equal(rows.count, 2);
    assert_slice(rows.list[0].selector, "s1r");
    assert_int_equal(rows.list[0].type, CRYPTO_RSA);
    assert_int_equal(rows.list[0].bits, 2048);
    assert_slice(rows.list[1].selector, "s1e");
    assert_int_equal(rows.list[1].type, CRYPTO_ED25519);
    assert_slice(signing_key_at(made->table, rows.list[1].key).path,
                 "/keys/example.com/s1e");
    assert_int_equal(signing_key_at(made->table, 0).path.ptr[21], '\0');
}

static void its_own_entry_goes_before_patterns_and_near_ones_before_far_ones(void **state)
{
    struct made *made = *state;
    add(made, "example.com", "example.com", "s1");
    add(made, "*.example.com", "example.com", "s1");
    add(made, "*.a.example.com", "example.com", "s2");
    add(made, "b.a.example.com", "example.com", "s3");
    add(made, "*.c.example.com", "example.com", "");
    made_table(made);
    assert_pattern(made, "example.com", "example.com");
    assert_pattern(made, "x.example.com", "*.example.com");
    assert_pattern(made, "a.example.com", "*.example.com");
    assert_pattern(made, "x.y.z.example.com", "*.example.com");
    assert_pattern(made, "x.a.example.com", "*.a.example.com");
    assert_pattern(made, "b.a.example.com", "b.a.example.com");
    assert_pattern(made, "x.b.a.example.com", "*.a.example.com");
    assert_pattern(made, "x.c.example.com", "*.c.example.com");
    assert_pattern(made, "notexample.com", "");
    assert_pattern(made, "com", "");
    assert_pattern(made, "", "");
}

static void one_key_file_serves_many_domains_under_one_number(void **state)
{
    struct made *made = *state;
    slice why = SLICE_NONE;
    struct signing_key key = {
        .path = SLICE("/keys/all.pem"), .type = CRYPTO_RSA, .bits = 1024};
    uint32_t first, second;
    assert_int_equal(signing_add_key(made->builder, &key, &first, &why), YETT_OK);
    assert_int_equal(signing_add_key(made->builder, &key, &second, &why), YETT_OK);
    assert_int_equal(first, second);
    assert_true(signing_has_key(made->builder, SLICE("/keys/all.pem"), &second));
    assert_false(signing_has_key(made->builder, SLICE("/keys/none.pem"), &second));
    made_table(made);
    assert_int_equal(signing_key_count(made->table), 1);
}

static void a_row_collects_its_uses_and_keeps_its_file(void **state)
{
    struct made *made = *state;
    slice why = SLICE_NONE;
    struct signing_row row = {.domain = SLICE("example.com"), .selector = SLICE("s1")};
    uint32_t number, again;
    add(made, "example.com", "example.com", "s1 s2");
    row.uses = SIGNING_ARC;
    assert_int_equal(signing_add_row(made->builder, &row, &number, &why), YETT_OK);
    assert_int_equal(signing_add_row(made->builder, &row, &again, &why), YETT_OK);
    assert_int_equal(number, again);
    row.key = 1;
    assert_int_equal(signing_add_row(made->builder, &row, &again, &why), YETT_BAD_SYNTAX);
    made_table(made);
    assert_true(signing_find_row(made->table, SLICE("example.com"), SLICE("s1"), &row));
    assert_int_equal(row.uses, SIGNING_DKIM | SIGNING_ARC);
    assert_true(signing_find_row(made->table, SLICE("example.com"), SLICE("s2"), &row));
    assert_int_equal(row.uses, SIGNING_DKIM);
    assert_int_equal(signing_row_count(made->table), 2);
}

static void a_pattern_that_stands_twice_is_refused_and_so_are_five_keys(void **state)
{
    struct made *made = *state;
    slice why = SLICE_NONE;
    add(made, "example.com", "example.com", "s1");
    assert_int_equal(made_domain(made, "example.com", "example.com", "s2", &why),
                     YETT_BAD_SYNTAX);
    assert_slice(why, "stands twice");
    assert_int_equal(made_domain(made, "five.test", "five.test", "a b c d e", &why),
                     YETT_BAD_SYNTAX);
    assert_int_equal(made_domain(made, "*.example.com", "example.com", "s1", &why),
                     YETT_OK);
}

static void logins_have_their_domains(void **state)
{
    static const struct {
        const char *login, *author;
        enum signing_permission permission;
        const char *why;
    } cases[] = {
        {"alice",   "example.com",     SIGNING_MAY,           "named"                             },
        {"alice",   "example.net",     SIGNING_MAY,           "named by the second call"          },
        {"alice",   "a.example.com",   SIGNING_MAY_NOT,       "a domain is not those below"       },
        {"bob",     "a.example.com",   SIGNING_MAY,           "a pattern is those below"          },
        {"bob",     "x.a.example.com", SIGNING_MAY,           "and further below"                 },
        {"bob",     "example.com",     SIGNING_MAY_NOT,       "a pattern is not the domain itself"},
        {"root",    "any.test",        SIGNING_MAY_ANY,       "any"                               },
        {"eve",     "example.com",     SIGNING_MAY_NOT,       "named without any domain"          },
        {"mallory", "example.com",     SIGNING_LOGIN_UNKNOWN, "not named"                         },
        {"Alice",   "example.com",     SIGNING_LOGIN_UNKNOWN, "logins are exact octets"           },
        {"",        "example.com",     SIGNING_LOGIN_UNKNOWN, "the empty login"                   },
    };
    struct made *made = *state;
    made_login(made, "alice", "example.com");
    made_login(made, "bob", "*.example.com");
    made_login(made, "root", "*");
    made_login(made, "eve", "");
    made_login(made, "alice", "example.net example.com");
    made_table(made);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum signing_permission found =
            signing_find_login(made->table, slice_from_text(cases[i].login),
                               slice_from_text(cases[i].author));
        if (found != cases[i].permission) {
            fail_msg("%s: %d, wanted %d", cases[i].why, found, cases[i].permission);
        }
    }
    assert_int_equal(signing_login_count(made->table), 4);
}

static void an_asterisk_stands_for_logins_that_are_not_named(void **state)
{
    struct made *made = *state;
    made_login(made, "alice", "example.com");
    made_login(made, "*", "example.net");
    made_table(made);
    assert_int_equal(
        signing_find_login(made->table, SLICE("mallory"), SLICE("example.net")),
        SIGNING_MAY);
    assert_int_equal(
        signing_find_login(made->table, SLICE("alice"), SLICE("example.net")),
        SIGNING_MAY_NOT);
}

/* ---- many, and damaged ------------------------------------------------------------------- */

static void ten_thousand_domains_are_all_found_again(void **state)
{
    enum { MANY = 10000 };
    struct made *made = *state;
    for (unsigned i = 0; i < MANY; i++) {
        slice name = arena_printf(made->arena, "d%u.test%c", i, '\0');
        add(made, name.ptr, name.ptr, "s1r");
        made_login(made, name.ptr, name.ptr);
    }
    made_table(made);
    assert_int_equal(signing_author_count(made->table), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        slice name = arena_printf(made->arena, "d%u.test", i);
        struct signing_rows rows;
        assert_true(signing_find_author(made->table, name, &rows));
        assert_true(slice_eq(rows.list[0].domain, name));
        assert_int_equal(signing_find_login(made->table, name, name), SIGNING_MAY);
    }
    assert_pattern(made, "d10000.test", "");
}

static void a_table_that_was_cut_off_is_refused(void **state)
{
    struct made *made = *state;
    const struct signing_table *table;
    const char *why = NULL;
    add(made, "example.com", "example.com", "s1r s1e");
    made_login(made, "alice", "example.com");
    made_table(made);
    for (size_t i = 0; i < made->octets.len; i++) {
        assert_int_equal(
            signing_table_open(made->arena, slice_first(made->octets, i), &table, &why),
            YETT_BAD_SYNTAX);
        assert_non_null(why);
    }
}

/* What is asked of a table by somebody who does not know what is in it. */
static void ask_everything(const struct signing_table *table)
{
    struct signing_rows rows;
    struct signing_row row;
    (void)signing_find_author(table, SLICE("a.b.example.com"), &rows);
    (void)signing_find_author(table, SLICE("example.com"), &rows);
    (void)signing_find_row(table, SLICE("example.com"), SLICE("s1r"), &row);
    (void)signing_find_login(table, SLICE("alice"), SLICE("a.example.com"));
    for (size_t i = 0; i < signing_key_count(table); i++) {
        assert_int_equal(
            signing_key_at(table, i).path.ptr[signing_key_at(table, i).path.len], '\0');
    }
    for (size_t i = 0; i < signing_row_count(table); i++) {
        assert_true(signing_row_at(table, i).key < signing_key_count(table));
    }
}

static void a_damaged_table_is_refused_or_does_no_harm(void **state)
{
    struct made *made = *state;
    const struct signing_table *table;
    const char *why = NULL;
    size_t refused = 0;
    add(made, "example.com", "example.com", "s1r s1e");
    add(made, "*.example.com", "example.com", "s1r");
    made_login(made, "alice", "example.com *.example.com");
    made_table(made);
    char *octets = arena_alloc(made->arena, made->octets.len);
    assert_non_null(octets);
    for (size_t i = 0; i < made->octets.len; i++) {
        for (unsigned value = 1; value < 256; value = value * 4 + 3) {
            memcpy(octets, made->octets.ptr, made->octets.len);
            octets[i] = (char)((unsigned char)octets[i] ^ value);
            struct arena_mark mark = arena_mark(made->arena);
            enum yett_err err = signing_table_open(
                made->arena, slice_of(octets, made->octets.len), &table, &why);
            if (err == YETT_OK) {
                ask_everything(table);
            }
            refused += err == YETT_BAD_SYNTAX;
            arena_rewind(made->arena, mark);
        }
    }
    assert_true(refused > 500);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_empty_table_knows_nobody),
        TEST(a_domain_has_its_rows_in_order),
        TEST(its_own_entry_goes_before_patterns_and_near_ones_before_far_ones),
        TEST(one_key_file_serves_many_domains_under_one_number),
        TEST(a_row_collects_its_uses_and_keeps_its_file),
        TEST(a_pattern_that_stands_twice_is_refused_and_so_are_five_keys),
        TEST(logins_have_their_domains),
        TEST(an_asterisk_stands_for_logins_that_are_not_named),
        TEST(ten_thousand_domains_are_all_found_again),
        TEST(a_table_that_was_cut_off_is_refused),
        TEST(a_damaged_table_is_refused_or_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
