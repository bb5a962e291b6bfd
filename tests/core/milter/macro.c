/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/macro.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void read_ok(struct macros *macros, slice data)
{
    assert_int_equal(macros_read(macros, data), YETT_OK);
}

static void assert_value(slice got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    assert_memory_equal(got.ptr, expected, got.len);
}

static void a_login_comes_with_mail(void **state)
{
    (void)state;
    struct macros macros = {0};
    read_ok(&macros,
            SLICE("M{auth_type}\0PLAIN\0{auth_authen}\0alice\0{mail_addr}\0x\0"));
    assert_value(macros_login(&macros), "alice");
    macros_end_message(&macros);
    assert_value(macros_login(&macros), "");
}

/* Each recipient has its own, and one that was told none has none. */
static void a_next_hop_comes_with_a_recipient(void **state)
{
    (void)state;
    struct macros macros = {0};
    read_ok(&macros, SLICE("Ri\0q1\0{rcpt_host}\0[192.0.2.1]:25\0"));
    assert_value(macros_take_next_hop(&macros), "[192.0.2.1]:25");
    assert_value(macros_take_next_hop(&macros), "");
    read_ok(&macros, SLICE("R{rcpt_host}\0a\0"));
    read_ok(&macros, SLICE("Ri\0q1\0"));
    assert_value(macros_take_next_hop(&macros), "");
    read_ok(&macros, SLICE("M{rcpt_host}\0a\0"));
    assert_value(macros_take_next_hop(&macros), "");
    read_ok(&macros, SLICE("R{rcpt_host}\0a\0"));
    macros_end_message(&macros);
    assert_value(macros_take_next_hop(&macros), "");
}

static void who_is_logged_in_without_a_name_goes_by_the_kind_of_login(void **state)
{
    (void)state;
    struct macros macros = {0};
    read_ok(&macros, SLICE("M{auth_type}\0EXTERNAL\0{auth_authen}\0\0"));
    assert_value(macros_login(&macros), "EXTERNAL");
}

static void a_name_may_stand_without_braces(void **state)
{
    (void)state;
    struct macros macros = {0};
    read_ok(&macros, SLICE("Mauth_authen\0bob\0{i}\0q1\0"));
    assert_value(macros_login(&macros), "bob");
    assert_value(macros_queue_id(&macros), "q1");
}

static void a_queue_id_with_mail_is_told_from_a_later_one(void **state)
{
    (void)state;
    struct macros macros = {0};
    read_ok(&macros, SLICE("Mi\0\0"));
    assert_false(macros.has_id_with_mail);
    read_ok(&macros, SLICE("Ri\0early\0"));
    assert_false(macros.has_id_with_mail);
    read_ok(&macros, SLICE("Mi\0first\0"));
    assert_true(macros.has_id_with_mail);
    read_ok(&macros, SLICE("Ei\0second\0"));
    assert_true(macros.has_id_with_mail);
    assert_value(macros_queue_id(&macros), "second");
}

static void each_mail_begins_without_what_the_last_one_had(void **state)
{
    (void)state;
    struct macros macros = {0};
    read_ok(&macros, SLICE("Mi\0q1\0{auth_authen}\0alice\0{auth_type}\0PLAIN\0"));
    read_ok(&macros, SLICE("M"));
    assert_value(macros_login(&macros), "");
    assert_value(macros_queue_id(&macros), "");
    assert_false(macros.has_id_with_mail);
}

static void the_mail_server_is_known_by_its_version(void **state)
{
    (void)state;
    struct macros macros = {0};
    read_ok(&macros, SLICE("Cj\0mx.test\0v\0Postfix 3.7.11\0"));
    assert_true(macros.is_postfix);
    macros_begin_client(&macros);
    assert_true(macros.is_postfix);
    macros_end_message(&macros);
    assert_true(macros.is_postfix);
    read_ok(&macros, SLICE("Cv\0Sendmail 8.17.1\0"));
    assert_false(macros.is_postfix);
}

static void another_client_begins_with_nothing(void **state)
{
    (void)state;
    struct macros macros = {0};
    read_ok(&macros, SLICE("Cv\0Postfix\0"));
    macros_begin_client(&macros);
    read_ok(&macros, SLICE("M{auth_authen}\0alice\0"));
    macros_begin_client(&macros);
    assert_false(macros.is_postfix);
    assert_value(macros_login(&macros), "");
}

static void a_login_of_the_connection_is_none_of_a_message(void **state)
{
    (void)state;
    struct macros macros = {0};
    read_ok(&macros, SLICE("C{auth_authen}\0alice\0i\0q\0"));
    read_ok(&macros, SLICE("H{auth_authen}\0alice\0i\0q\0"));
    assert_value(macros_login(&macros), "");
    assert_value(macros_queue_id(&macros), "");
}

static void long_values_are_cut(void **state)
{
    (void)state;
    struct macros macros = {0};
    char data[4000];
    memset(data, 'x', sizeof(data));
    memcpy(data, "Mi", 3);
    data[sizeof(data) - 1] = '\0';
    read_ok(&macros, slice_of(data, sizeof(data)));
    assert_int_equal(macros_queue_id(&macros).len, MACRO_QUEUE_ID_MAX);
    memcpy(data, "M{auth_authen}", 15);
    read_ok(&macros, slice_of(data, sizeof(data)));
    assert_int_equal(macros_login(&macros).len, MACRO_LOGIN_MAX);
}

static void what_are_not_pairs_of_strings_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        slice data;
    } rows[] = {
        {"nothing at all",      SLICE_INIT("")        },
        {"a name alone",        SLICE_INIT("Mi\0")    },
        {"a name without end",  SLICE_INIT("Mi")      },
        {"a value without end", SLICE_INIT("Mi\0abc") },
        {"after a good pair",   SLICE_INIT("Mi\0a\0v")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct macros macros = {0};
        print_message("# %s\n", rows[i].why);
        assert_int_equal(macros_read(&macros, rows[i].data), YETT_BAD_SYNTAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_comes_with_mail),
        cmocka_unit_test(a_next_hop_comes_with_a_recipient),
        cmocka_unit_test(who_is_logged_in_without_a_name_goes_by_the_kind_of_login),
        cmocka_unit_test(a_name_may_stand_without_braces),
        cmocka_unit_test(a_queue_id_with_mail_is_told_from_a_later_one),
        cmocka_unit_test(each_mail_begins_without_what_the_last_one_had),
        cmocka_unit_test(the_mail_server_is_known_by_its_version),
        cmocka_unit_test(another_client_begins_with_nothing),
        cmocka_unit_test(a_login_of_the_connection_is_none_of_a_message),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(what_are_not_pairs_of_strings_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
