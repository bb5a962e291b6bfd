/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/keeper/keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Packets: what is written is read again, and nothing else is. */

static int set_up(void **state)
{
    *state = arena_new((size_t)4 << 20);
    return *state == NULL;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static void a_request_is_read_as_it_was_written(void **state)
{
    static const struct keeper_text texts[] = {
        {KEEPER_DKIM,     SLICE_INIT("one")},
        {KEEPER_ARC_SEAL, SLICE_INIT("")   },
        {200,             SLICE_INIT("\0x")}
    };
    struct keeper_request request;
    enum keeper_what what;
    struct buf buf;
    buf_init(&buf, *state, KEEPER_REQUEST_MAX);
    keeper_write_request(&buf, 0xfedcba9876543210, texts, 3);
    assert_int_equal(buf.len, keeper_request_size(texts, 3));
    assert_int_equal(keeper_read_what(buf_slice(&buf), &what), YETT_OK);
    assert_int_equal(what, KEEPER_REQUEST);
    assert_int_equal(keeper_read_request(buf_slice(&buf), &request), YETT_OK);
    assert_true(request.id == 0xfedcba9876543210);
    assert_int_equal(request.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(request.texts[i].kind, texts[i].kind);
        assert_true(slice_eq(request.texts[i].octets, texts[i].octets));
    }
}

static void a_packet_cut_anywhere_is_none(void **state)
{
    static const struct keeper_text texts[] = {
        {KEEPER_DKIM, SLICE_INIT("one")},
        {KEEPER_DKIM, SLICE_INIT("two")}
    };
    const struct keeper_reply reply = {
        .id = 7,
        .answers = {{KEEPER_SIGNED, SLICE_INIT("sig")},
                    {KEEPER_REFUSED_KEY, SLICE_INIT("no")}},
        .count = 2,
    };
    struct keeper_request request;
    struct keeper_reply read;
    struct buf packets[2];
    buf_init(&packets[0], *state, KEEPER_REQUEST_MAX);
    buf_init(&packets[1], *state, KEEPER_REQUEST_MAX);
    keeper_write_request(&packets[0], 7, texts, 2);
    keeper_write_reply(&packets[1], &reply);
    for (size_t i = 0; i < 2; i++) {
        slice whole = buf_slice(&packets[i]);
        for (size_t cut = 0; cut < whole.len; cut++) {
            char *copy = malloc(cut == 0 ? 1 : cut);
            assert_non_null(copy);
            memcpy(copy, whole.ptr, cut);
            assert_int_equal(keeper_read_request(slice_of(copy, cut), &request),
                             YETT_BAD_SYNTAX);
            assert_int_equal(keeper_read_reply(slice_of(copy, cut), &read),
                             YETT_BAD_SYNTAX);
            assert_int_equal(read.id, i == 1 && cut >= KEEPER_HEAD ? 7 : read.id);
            free(copy);
        }
    }
    assert_int_equal(keeper_read_reply(buf_slice(&packets[1]), &read), YETT_OK);
    assert_int_equal(read.answers[1].refusal, KEEPER_REFUSED_KEY);
    assert_true(slice_eq(read.answers[1].octets, SLICE("no")));
}

static void a_reply_that_a_keeper_never_makes_is_none(void **state)
{
    static const struct {
        const char *why;
        slice packet;
    } rows[] = {
        {"an unknown refusal",      SLICE_INIT("\1\3\1\0\0\0\0\0\0\0\0\7\177\0\0\0\0\0\0\1x")},
        {"an empty signature",      SLICE_INIT("\1\3\1\0\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\0")   },
        {"refused, with answers",
         SLICE_INIT("\1\3\1\1\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\1x")                             },
        {"neither",                 SLICE_INIT("\1\3\0\0\0\0\0\0\0\0\0\7")                   },
        {"refused in no known way", SLICE_INIT("\1\3\0\177\0\0\0\0\0\0\0\7")                 },
        {"a request",               SLICE_INIT("\1\2\1\0\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\1x")  },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct keeper_reply reply;
        if (keeper_read_reply(rows[i].packet, &reply) != YETT_BAD_SYNTAX) {
            fail_msg("%s", rows[i].why);
        }
    }
}

static void a_hello_is_a_head(void **state)
{
    enum keeper_what what;
    struct buf buf;
    buf_init(&buf, *state, 64);
    keeper_write_hello(&buf);
    assert_int_equal(buf.len, KEEPER_HEAD);
    assert_int_equal(keeper_read_what(buf_slice(&buf), &what), YETT_OK);
    assert_int_equal(what, KEEPER_HELLO);
    assert_int_equal(keeper_read_what(SLICE("\1\4\0\0\0\0\0\0\0\0\0\0"), &what),
                     YETT_BAD_SYNTAX);
    assert_int_equal(keeper_read_what(SLICE("\1\0\0\0\0\0\0\0\0\0\0\0"), &what),
                     YETT_BAD_SYNTAX);
}

static void what_may_not_be_sent_has_no_size(void **state)
{
    char *octets = calloc(1, KEEPER_REQUEST_MAX);
    struct keeper_text texts[KEEPER_TEXTS_MAX + 1] = {0};
    (void)state;
    assert_non_null(octets);
    assert_true(keeper_request_size(texts, 0) == SIZE_MAX);
    assert_true(keeper_request_size(texts, KEEPER_TEXTS_MAX + 1) == SIZE_MAX);
    texts[0].octets =
        slice_of(octets, KEEPER_REQUEST_MAX - KEEPER_HEAD - KEEPER_ITEM_HEAD);
    assert_int_equal(keeper_request_size(texts, 1), KEEPER_REQUEST_MAX);
    texts[0].octets.len++;
    assert_true(keeper_request_size(texts, 1) == SIZE_MAX);
    texts[0].octets.len = SIZE_MAX;
    assert_true(keeper_request_size(texts, 2) == SIZE_MAX);
    free(octets);
}

static void each_refusal_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < KEEPER_REFUSALS; i++) {
        assert_non_null(keeper_refusal_text((enum keeper_refusal)i));
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(keeper_refusal_word((enum keeper_refusal)i),
                                    keeper_refusal_word((enum keeper_refusal)j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read_as_it_was_written),
        cmocka_unit_test(a_packet_cut_anywhere_is_none),
        cmocka_unit_test(a_reply_that_a_keeper_never_makes_is_none),
        cmocka_unit_test(a_hello_is_a_head),
        cmocka_unit_test(what_may_not_be_sent_has_no_size),
        cmocka_unit_test(each_refusal_has_a_word_of_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
