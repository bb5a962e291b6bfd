/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Packets beyond what a mail server should send, and every cut of a conversation. */

static void put_start(struct peer *peer, uint32_t steps)
{
    peer_options(peer, 6, POSTFIX_ACTIONS, steps);
    PEER(peer, 'C', "x\0U");
    PEER(peer, 'M', "<a@example.org>\0");
}

static void put_head(struct peer *peer, char command, uint32_t length)
{
    char head[MILTER_HEAD];
    for (size_t i = 0; i < 4; i++) {
        head[i] = (char)(unsigned char)(length >> (24 - 8 * i));
    }
    head[4] = command;
    buf_add(&peer->octets, slice_of(head, sizeof(head)));
}

/* A field of which `length` octets are announced. */
static void put_field(struct peer *peer, uint32_t length, char last)
{
    char *value = malloc(length);
    assert_non_null(value);
    memset(value, 'x', length);
    memcpy(value, "Subject", 8);
    value[length - 2] = last;
    put_head(peer, 'L', length);
    buf_add(&peer->octets, slice_of(value, length - 1));
    free(value);
}

static void a_field_as_long_as_a_packet_may_be_is_whole(void **state)
{
    (void)state;
    struct talk talk;
    struct peer peer;
    talk_init(&talk);
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS);
    put_field(&peer, MILTER_PACKET_MAX - 4, '\0');
    talk_send(&talk, buf_slice(&peer.octets), 10000);
    assert_fault(&talk, "");
    slice noted = buf_slice(&talk.noted);
    assert_true(slice_ends_with(noted, SLICE("x (1048562)\n")));
    assert_in_range(talk.unread_most, 1000000, MILTER_PACKET_MAX - 1);
    peer_finish(&peer);
    talk_finish(&talk);
}

/* Its beginning is kept, the rest is not even gathered; then the conversation goes on. */
static void a_longer_field_is_cut(void **state)
{
    (void)state;
    struct talk talk;
    struct peer peer;
    talk_init(&talk);
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS & ~(uint32_t)SMFIP_NR_HDR);
    put_field(&peer, 10 << 20, '\0');
    PEER(&peer, 'L', "Next\0 one\0");
    talk_send(&talk, buf_slice(&peer.octets), 9000);
    slice noted = buf_slice(&talk.noted);
    assert_fault(&talk, "");
    assert_true(slice_find(noted, SLICE("x (65528) cut\nfield Next: one (4)\n")) <
                noted.len);
    assert_slice(talk_words(&talk), SLICE("Occ"));
    assert_in_range(talk.unread_most, 60000, MILTER_FIELD_KEPT + MILTER_HEAD);
    peer_finish(&peer);
    talk_finish(&talk);
}

static void a_longer_field_needs_a_name(void **state)
{
    (void)state;
    struct talk talk;
    struct peer peer;
    char *name = malloc(MILTER_FIELD_KEPT);
    assert_non_null(name);
    memset(name, 'x', MILTER_FIELD_KEPT);
    talk_init(&talk);
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS);
    put_head(&peer, 'L', UINT32_MAX);
    buf_add(&peer.octets, slice_of(name, MILTER_FIELD_KEPT));
    talk_send(&talk, buf_slice(&peer.octets), 0);
    assert_fault(&talk, "a header field is not made of two strings that end");
    free(name);
    peer_finish(&peer);
    talk_finish(&talk);
}

/* A packet as long as a length can tell: nothing of it stays anywhere. */
static void a_body_of_four_gigabytes_costs_no_memory(void **state)
{
    (void)state;
    enum { PIECE = 1 << 20 };
    struct talk talk;
    struct peer peer;
    char *zeros = calloc(1, PIECE);
    assert_non_null(zeros);
    talk_init(&talk);
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS & ~(uint32_t)SMFIP_NR_BODY);
    PEER(&peer, 'N', "");
    put_head(&peer, 'B', UINT32_MAX);
    talk_send(&talk, buf_slice(&peer.octets), 0);
    uint64_t left = UINT32_MAX - 1;
    while (left != 0) {
        slice in = slice_of(zeros, left < PIECE ? (size_t)left : PIECE);
        left -= in.len;
        assert_int_equal(milter_session_feed(talk.session, &in, 0), MILTER_READING);
        assert_int_equal(in.len, 0);
        assert_slice(milter_session_take_output(talk.session),
                     left != 0 ? SLICE_NONE : SLICE("\0\0\0\1c"));
    }
    slice end = SLICE("\0\0\0\1E");
    assert_int_equal(milter_session_feed(talk.session, &end, 0), MILTER_READING);
    slice noted = buf_slice(&talk.noted);
    assert_true(slice_ends_with(noted, SLICE("end of body, 4294967294 octets\n")));
    free(zeros);
    peer_finish(&peer);
    talk_finish(&talk);
}

/* With and without replies, across the end of a message, a field that is cut, a fault. */
static void every_cut_of_a_conversation_gives_the_same(void **state)
{
    (void)state;
    static const uint32_t steps[] = {POSTFIX_STEPS, 0, SMFIP_HDR_LEADSPC};
    static const struct intake_edit edit = {INTAKE_ADD, SLICE_INIT("A"), SLICE_INIT(" x"),
                                            0, 0};
    struct talk talk;
    talk_init(&talk);
    talk.decision.edits = &edit;
    talk.decision.edit_count = 1;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct peer peer;
        peer_init(&peer);
        put_start(&peer, steps[i]);
        for (int message = 0; message < 2; message++) {
            PEER(&peer, 'R', "<b@example.com>\0");
            PEER(&peer, 'L', "From\0 a@example.org\0");
            PEER(&peer, 'D', "Ni\0q\0");
            PEER(&peer, 'N', "");
            PEER(&peer, 'B', "Hello\r\n");
            PEER(&peer, 'E', "Bye\r\n");
            PEER(&peer, 'H', "again\0");
            PEER(&peer, 'M', "<a@example.org>\0");
        }
        put_field(&peer, MILTER_PACKET_MAX + 1, '\0');
        PEER(&peer, 'N', "");
        PEER(&peer, 'R', "<b@example.com>\0");

        talk_again(&talk, buf_slice(&peer.octets), 0);
        struct buf output, noted;
        buf_init(&output, peer.arena, 1 << 20);
        buf_init(&noted, peer.arena, 1 << 20);
        buf_add(&output, buf_slice(&talk.output));
        buf_add(&noted, buf_slice(&talk.noted));
        assert_int_equal(talk.events, 2);
        assert_fault(&talk, "RCPT came within the body of a message");

        /* The beginning at each octet, then a packet that is long in larger pieces. */
        for (size_t at_once = 1; at_once < 60; at_once++) {
            size_t small = buf_slice(&peer.octets).len - MILTER_PACKET_MAX;
            talk_again(&talk, slice_first(buf_slice(&peer.octets), small), at_once);
            talk_send(&talk, slice_skip(buf_slice(&peer.octets), small),
                      30000 * at_once + 1);
            assert_slice(buf_slice(&talk.output), buf_slice(&output));
            assert_slice(buf_slice(&talk.noted), buf_slice(&noted));
            assert_int_equal(talk.events, 2);
            assert_fault(&talk, "RCPT came within the body of a message");
        }
        peer_finish(&peer);
    }
    talk_finish(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_as_long_as_a_packet_may_be_is_whole),
        cmocka_unit_test(a_longer_field_is_cut),
        cmocka_unit_test(a_longer_field_needs_a_name),
        cmocka_unit_test(a_body_of_four_gigabytes_costs_no_memory),
        cmocka_unit_test(every_cut_of_a_conversation_gives_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
