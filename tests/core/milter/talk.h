/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_CORE_MILTER_TALK_H
#define YETT_TESTS_CORE_MILTER_TALK_H

#include "core/milter/milter.h"

/*
 * talk: a session between the octets of a mail server and an intake that notes what it is
 * told and decides what the test says.
 */

/* What the mail server sends: packets one behind the other. */
struct peer {
    struct arena *arena;
    struct buf octets;
};

void peer_init(struct peer *peer);
void peer_finish(struct peer *peer);
void peer_packet(struct peer *peer, char command, slice data);
void peer_options(struct peer *peer, uint32_t version, uint32_t actions, uint32_t steps);

/* A packet whose data are a literal, NULs inside. */
#define PEER(peer, command, literal) peer_packet((peer), (command), SLICE(literal))

enum {
    POSTFIX_ACTIONS = 0x1ff,
    POSTFIX_STEPS = 0x1fffff,
    /* All the steps that can go without a reply. */
    STEPS_SILENT = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT |
                   SMFIP_NR_DATA | SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_EOH |
                   SMFIP_NR_BODY
};

struct talk {
    /* What the fake intake does. */
    struct intake_decision decision; /* accept, unless the test says otherwise */
    bool waits;                      /* no decision before talk_answer() */
    struct config_listener listener;
    struct intake_house house;
    int64_t now_s;

    struct milter_session *session;
    enum milter_state state;
    struct arena *arena;
    struct buf noted;  /* what intake was told, a line each */
    struct buf output; /* all that was sent to the mail server */
    struct buf unread; /* what the session left of its input */
    size_t body_bytes; /* what intake was told of it */
    size_t body_calls;
    size_t unread_most;
    size_t events;
    enum event_outcome outcome; /* of the last event */
};

void talk_init(struct talk *talk);
void talk_finish(struct talk *talk);

/* Feed octets `at_once` at a time (0: all together), as a connection does. */
void talk_send(struct talk *talk, slice octets, size_t at_once);

/* The decision is there. */
void talk_answer(struct talk *talk);

/* A whole conversation: new session, all octets, output. */
void talk_again(struct talk *talk, slice octets, size_t at_once);

/* Packets of an output, in words: "O c c m:…".  Fails when it is not made of packets. */
slice talk_words(struct talk *talk);

void assert_noted(struct talk *talk, const char *expected);
void assert_slice(slice got, slice expected);
#define ASSERT_OUTPUT(talk, literal)                                                     \
    assert_slice(buf_slice(&(talk)->output), SLICE(literal))
void assert_fault(struct talk *talk, const char *fault);

#endif
