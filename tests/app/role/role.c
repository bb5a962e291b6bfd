/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { WHOLE = sizeof(struct role_message) };

static int pair[2];

static int open_pair(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
}

static int close_pair(void **state)
{
    (void)state;
    (void)close(pair[0]);
    (void)close(pair[1]);
    return 0;
}

static void a_plan_arrives_as_it_was_sent(void **state)
{
    struct role_message sent = {
        .kind = ROLE_READY, .plan = {.workers = 3, .uid = 65534, .shutdown_ms = 7}
    };
    struct role_message got;
    (void)state;
    memcpy(sent.plan.fingerprint, "0123456789abcdef", 17);
    memcpy(sent.plan.status_socket, "/run/x", 7);
    assert_int_equal(role_send(pair[0], &sent), YETT_OK);
    assert_int_equal(role_receive(pair[1], &got), YETT_OK);
    assert_int_equal(got.kind, ROLE_READY);
    assert_int_equal(got.plan.workers, 3);
    assert_int_equal(got.plan.uid, 65534);
    assert_int_equal(got.plan.shutdown_ms, 7);
    assert_string_equal(got.plan.fingerprint, "0123456789abcdef");
    assert_string_equal(got.plan.status_socket, "/run/x");
}

static void messages_keep_their_order(void **state)
{
    struct role_message got;
    (void)state;
    for (uint32_t i = 0; i <= ROLE_LISTENERS_MAX; i++) {
        struct role_message sent = {.kind = ROLE_LISTEN, .listener = {.mode = i}};
        assert_int_equal(role_send(pair[0], &sent), YETT_OK);
    }
    for (uint32_t i = 0; i <= ROLE_LISTENERS_MAX; i++) {
        assert_int_equal(role_receive(pair[1], &got), YETT_OK);
        assert_int_equal(got.listener.mode, i);
    }
}

static void nothing_there_is_not_waited_for(void **state)
{
    struct role_message got;
    (void)state;
    assert_int_equal(role_receive(pair[1], &got), YETT_NEED_ANSWERS);
}

static void another_side_that_is_gone_is_told_after_its_last_words(void **state)
{
    struct role_message got;
    (void)state;
    role_say(pair[0], ROLE_FAILED, SLICE("no memory"));
    (void)close(pair[0]);
    assert_int_equal(role_receive(pair[1], &got), YETT_OK);
    assert_string_equal(got.text, "no memory");
    assert_int_equal(role_receive(pair[1], &got), YETT_IO);
    assert_int_equal(role_send(pair[1], &got), YETT_IO);
}

static void a_reader_that_does_not_read_is_given_up(void **state)
{
    struct role_message message = {.kind = ROLE_LEAVING};
    enum yett_err err = YETT_OK;
    (void)state;
    for (int i = 0; i < 100000 && err == YETT_OK; i++) {
        err = role_send(pair[0], &message);
    }
    assert_int_equal(err, YETT_IO);
}

static void a_long_text_is_cut(void **state)
{
    char text[2 * ROLE_TEXT_MAX];
    struct role_message got;
    (void)state;
    memset(text, 'x', sizeof text);
    role_say(pair[0], ROLE_FAILED, slice_of(text, sizeof text));
    assert_int_equal(role_receive(pair[1], &got), YETT_OK);
    assert_int_equal(strlen(got.text), ROLE_TEXT_MAX - 1);
}

/* What a role that was taken over may send. */
static void every_text_ends(void **state)
{
    struct role_message sent, got;
    (void)state;
    for (uint32_t kind = ROLE_READY; kind <= ROLE_LEAVING; kind++) {
        memset(&sent, 'x', sizeof sent);
        sent.kind = kind;
        assert_int_equal(role_send(pair[0], &sent), YETT_OK);
        assert_int_equal(role_receive(pair[1], &got), YETT_OK);
        if (kind == ROLE_READY) {
            assert_int_equal(strlen(got.plan.fingerprint), 16);
            assert_int_equal(strlen(got.plan.status_socket), ROLE_ADDRESS_MAX - 1);
            assert_int_equal(strlen(got.plan.workers_why),
                             sizeof got.plan.workers_why - 1);
        } else if (kind == ROLE_LISTEN) {
            assert_int_equal(strlen(got.listener.address), ROLE_ADDRESS_MAX - 1);
        } else {
            assert_int_equal(strlen(got.text), ROLE_TEXT_MAX - 1);
        }
    }
}

static void what_has_another_form_is_refused(void **state)
{
    static const struct {
        const char *why;
        size_t size;
        uint32_t version, told_size, kind;
    } rows[] = {
        {"too short",       WHOLE - 1, ROLE_VERSION,     WHOLE, ROLE_READY      },
        {"one octet",       1,         ROLE_VERSION,     WHOLE, ROLE_READY      },
        {"too long",        WHOLE + 4, ROLE_VERSION,     WHOLE, ROLE_READY      },
        {"another version", WHOLE,     ROLE_VERSION + 1, WHOLE, ROLE_READY      },
        {"another size",    WHOLE,     ROLE_VERSION,     9,     ROLE_READY      },
        {"unknown kind",    WHOLE,     ROLE_VERSION,     WHOLE, ROLE_LEAVING + 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct {
            struct role_message message;
            char more[16];
        } sent;
        struct role_message got;
        memset(&sent, 'x', sizeof sent);
        sent.message.version = rows[i].version;
        sent.message.size = rows[i].told_size;
        sent.message.kind = rows[i].kind;
        assert_int_equal(send(pair[0], &sent, rows[i].size, 0), rows[i].size);
        if (role_receive(pair[1], &got) != YETT_BAD_SYNTAX) {
            fail_msg("%s", rows[i].why);
        }
        assert_int_equal(got.kind, 0);
        assert_string_equal(got.text, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plan_arrives_as_it_was_sent, open_pair,
                                        close_pair),
        cmocka_unit_test_setup_teardown(messages_keep_their_order, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(nothing_there_is_not_waited_for, open_pair,
                                        close_pair),
        cmocka_unit_test_setup_teardown(
            another_side_that_is_gone_is_told_after_its_last_words, open_pair,
            close_pair),
        cmocka_unit_test_setup_teardown(a_reader_that_does_not_read_is_given_up,
                                        open_pair, close_pair),
        cmocka_unit_test_setup_teardown(a_long_text_is_cut, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(every_text_ends, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(what_has_another_form_is_refused, open_pair,
                                        close_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
