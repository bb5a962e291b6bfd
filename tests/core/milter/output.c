/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/edits.h"
#include "core/milter/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is to be written: in order, in one piece, never a part of a decision. */

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

static void put_start(struct peer *peer, uint32_t steps)
{
    peer_init(peer);
    peer_options(peer, 2, POSTFIX_ACTIONS, steps);
    PEER(peer, 'C', "x\0U");
}

static void put_message(struct peer *peer)
{
    PEER(peer, 'M', "<a@example.org>\0");
    PEER(peer, 'N', "");
    PEER(peer, 'E', "");
}

/* Without taking what comes back. */
static enum milter_state feed(struct talk *talk, slice *in)
{
    return milter_session_feed(talk->session, in, talk->now_s);
}

static void a_decision_goes_behind_what_was_not_taken_yet(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    put_start(&peer, 0);
    put_message(&peer);
    slice in = buf_slice(&peer.octets);
    talk->waits = true;
    assert_int_equal(feed(talk, &in), MILTER_WAITING);
    assert_int_equal(in.len, 0);
    talk_answer(talk);
    assert_int_equal(talk->state, MILTER_READING);
    assert_slice(talk_words(talk), SLICE("Occca"));
    peer_finish(&peer);
}

static void the_next_message_waits_its_turn(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    put_start(&peer, 0);
    put_message(&peer);
    PEER(&peer, 'A', "");
    put_message(&peer);
    PEER(&peer, 'Q', "");
    slice in = buf_slice(&peer.octets);
    assert_int_equal(feed(talk, &in), MILTER_READING);
    assert_true(in.len != 0); /* the event is to be fetched first */
    assert_non_null(milter_session_event(talk->session));
    assert_int_equal(feed(talk, &in), MILTER_READING);
    assert_non_null(milter_session_event(talk->session));
    assert_int_equal(feed(talk, &in), MILTER_CLOSED);
    assert_null(milter_session_event(talk->session));
    buf_add(&talk->output, milter_session_take_output(talk->session));
    assert_slice(talk_words(talk), SLICE("Occcacca"));
    peer_finish(&peer);
}

/* The message must not come in without them. */
static void edits_that_are_too_long_together_are_a_deferral(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    char *value = malloc(EDITS_BYTES_MAX);
    assert_non_null(value);
    memset(value, 'x', EDITS_BYTES_MAX);
    const struct intake_edit edits[] = {
        {INTAKE_REMOVE, SLICE("A"),     SLICE_NONE,       0, 1},
        { INTAKE_ADD,   SLICE("A"), slice_of(value, EDITS_BYTES_MAX), 0, 0},
    };
    put_start(&peer, STEPS_SILENT);
    put_message(&peer);
    talk->decision.edits = edits;
    talk->decision.edit_count = 2;
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_slice(talk_words(talk), SLICE("Ot"));
    assert_int_equal(talk->outcome, EVENT_DEFERRED);
    assert_fault(talk, "");

    talk->decision.edit_count = 1;
    buf_truncate(&peer.octets, 0);
    put_message(&peer);
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_slice(talk_words(talk), SLICE("Otma"));
    assert_int_equal(talk->outcome, EVENT_ACCEPTED);
    assert_int_equal(talk->events, 2);
    free(value);
    peer_finish(&peer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_decision_goes_behind_what_was_not_taken_yet),
        TEST(the_next_message_waits_its_turn),
        TEST(edits_that_are_too_long_together_are_a_deferral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
