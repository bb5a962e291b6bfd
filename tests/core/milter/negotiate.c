/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/negotiate.h"

#include "core/milter/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int set_up(void **state)
{
    static struct talk talk;
    talk_init(&talk);
    *state = &talk;
    return 0;
}

static int tear_down(void **state)
{
    talk_finish(*state);
    return 0;
}

static void offer(struct talk *talk, uint32_t version, uint32_t actions, uint32_t steps)
{
    struct peer peer;
    peer_init(&peer);
    peer_options(&peer, version, actions, steps);
    talk_send(talk, buf_slice(&peer.octets), 0);
    peer_finish(&peer);
}

/* Every step without a reply, fields with their leading space, and the macros that we use. */
static void postfix_is_asked_for_what_we_use(void **state)
{
    offer(*state, 6, POSTFIX_ACTIONS, POSTFIX_STEPS);
    ASSERT_OUTPUT((struct talk *)*state, "\0\0\0\x5d"
                                         "O"
                                         "\0\0\0\6\0\0\1\x31\0\x1f\xf3\x80"
                                         "\0\0\0\0v\0"
                                         "\0\0\0\1i\0"
                                         "\0\0\0\2i {auth_type} {auth_authen}\0"
                                         "\0\0\0\3i {rcpt_host}\0"
                                         "\0\0\0\4i\0"
                                         "\0\0\0\5i\0"
                                         "\0\0\0\6i\0");
    assert_fault(*state, "");
}

static void a_newer_version_is_answered_with_ours(void **state)
{
    offer(*state, 7, SMFIF_ADDHDRS | SMFIF_CHGHDRS, 0);
    ASSERT_OUTPUT((struct talk *)*state, "\0\0\0\x0dO\0\0\0\6\0\0\0\x11\0\0\0\0");
}

static void an_old_peer_gets_nothing_that_it_did_not_offer(void **state)
{
    offer(*state, 2, 0x1f, 0x7f);
    ASSERT_OUTPUT((struct talk *)*state, "\0\0\0\x0dO\0\0\0\2\0\0\0\x11\0\0\0\0");
}

/* Bit by bit: what is asked for is a part of what is offered, and the needed is in it. */
static void no_bit_is_asked_for_that_was_not_offered(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    for (unsigned bit = 0; bit < 32; bit++) {
        const uint32_t numbers[] = {6, UINT32_MAX & ~(UINT32_C(1) << bit),
                                    UINT32_MAX & ~(UINT32_C(1) << bit)};
        struct milter_options options;
        const char *why;
        char data[12];
        for (size_t i = 0; i < sizeof(data); i++) {
            data[i] = (char)(unsigned char)(numbers[i / 4] >> (24 - 8 * (i % 4)));
        }
        enum yett_err err = negotiate_read(slice_of(data, 12), &options, &why);
        bool is_needed = bit == 0 || bit == 4;
        assert_int_equal(err, is_needed ? YETT_BAD_SYNTAX : YETT_OK);
        if (err == YETT_OK) {
            assert_int_equal(options.actions & ~numbers[1], 0);
            assert_int_equal(options.steps & ~numbers[2], 0);
            assert_int_equal(options.steps & (SMFIP_NOBODY | SMFIP_NOHDRS | SMFIP_SKIP),
                             0);
        }
    }
    arena_free(arena);
}

static void a_peer_that_cannot_do_it_is_refused(void **state)
{
    static const struct {
        const char *why;
        uint32_t version, actions;
        const char *fault;
    } rows[] = {
        {"version 1",         1, POSTFIX_ACTIONS,
         "the mail server speaks a milter protocol older than version 2"     },
        {"version 0",         0, POSTFIX_ACTIONS,
         "the mail server speaks a milter protocol older than version 2"     },
        {"no fields added",   6, SMFIF_CHGHDRS,
         "the mail server does not let a filter add and change header fields"},
        {"no fields changed", 6, SMFIF_ADDHDRS,
         "the mail server does not let a filter add and change header fields"},
    };
    struct talk *talk = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        talk_again(talk, SLICE_NONE, 0);
        offer(talk, rows[i].version, rows[i].actions, POSTFIX_STEPS);
        print_message("# %s\n", rows[i].why);
        assert_fault(talk, rows[i].fault);
        ASSERT_OUTPUT(talk, "");
    }
}

static void an_offer_that_is_too_short_is_refused(void **state)
{
    struct talk *talk = *state;
    talk_send(talk, SLICE("\0\0\0\x0cO\0\0\0\6\0\0\1\xff\0\0\0"), 0);
    assert_fault(talk,
                 "the mail server sent an option negotiation of fewer than 12 octets");
}

/* Later versions may tell more. */
static void what_follows_an_offer_is_ignored(void **state)
{
    struct talk *talk = *state;
    talk_send(talk, SLICE("\0\0\0\x0fO\0\0\0\2\0\0\0\x1f\0\0\0\x7fxy"), 0);
    ASSERT_OUTPUT(talk, "\0\0\0\x0dO\0\0\0\2\0\0\0\x11\0\0\0\0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(postfix_is_asked_for_what_we_use, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_newer_version_is_answered_with_ours, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_old_peer_gets_nothing_that_it_did_not_offer,
                                        set_up, tear_down),
        cmocka_unit_test(no_bit_is_asked_for_that_was_not_offered),
        cmocka_unit_test_setup_teardown(a_peer_that_cannot_do_it_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_offer_that_is_too_short_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_follows_an_offer_is_ignored, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
