/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Conversations as Postfix 3.7 has them: what intake is told, and octet for octet what goes
   back. */

/* Our answer to Postfix's offer; negotiate.c has the details. */
enum { ANSWER_BYTES = 97 };

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
    peer_options(peer, 6, POSTFIX_ACTIONS, steps);
    PEER(peer, 'D', "Cv\0Postfix 3.7.11\0");
    PEER(peer, 'C',
         "mail.example.org\0"
         "4\x98\xd2"
         "192.0.2.1\0");
    PEER(peer, 'H', "mail.example.org\0");
}

static void put_message(struct peer *peer)
{
    PEER(peer, 'M', "<alice@example.org>\0SIZE=1000\0BODY=8BITMIME\0");
    PEER(peer, 'R', "<bob@example.com>\0NOTIFY=NEVER\0");
    PEER(peer, 'R', "<carol@example.com>\0");
    PEER(peer, 'L', "From\0 alice@example.org\0");
    PEER(peer, 'L', "Subject\0 a\n b\0");
    PEER(peer, 'D',
         "Ni\0"
         "4bXq5c1ZzXz2x\0");
    PEER(peer, 'N', "");
    PEER(peer, 'B', "Hello\r\n");
    PEER(peer, 'B', "Bye\r\n");
    PEER(peer, 'D',
         "Ei\0"
         "4bXq5c1ZzXz2x\0");
    PEER(peer, 'E', "");
}

static const char told_start[] = "connect [192.0.2.1] mail.example.org\n"
                                 "helo mail.example.org\n";
static const char told_message[] = "mail <alice@example.org> login= id= at 1764000000\n"
                                   "rcpt <bob@example.com>\n"
                                   "rcpt <carol@example.com>\n"
                                   "field From: alice@example.org (18)\n"
                                   "field Subject: a\\x0a b (5)\n"
                                   "id 4bXq5c1ZzXz2x\n"
                                   "end of header\n"
                                   "end of body, 12 octets\n";

static void assert_told(struct talk *talk, const char *const *texts)
{
    struct buf buf;
    buf_init(&buf, talk->arena, 1 << 20);
    for (; *texts != NULL; texts++) {
        buf_add_text(&buf, *texts);
    }
    assert_slice(buf_slice(&talk->noted), buf_slice(&buf));
}

/* What was sent behind our offer. */
static slice replies(struct talk *talk)
{
    return slice_skip(buf_slice(&talk->output), ANSWER_BYTES);
}

static void a_message_is_answered_once_at_its_end(void **state)
{
    static const struct intake_edit edits[] = {
        {INTAKE_REMOVE, SLICE_INIT("Authentication-Results"), SLICE_INIT(""),   0, 1},
        {INTAKE_ADD,    SLICE_INIT("Authentication-Results"),
         SLICE_INIT(" mx.test;\r\n\tspf=pass"),                                 0, 0},
        {INTAKE_ADD,    SLICE_INIT("X-Tag"),                  SLICE_INIT(" t"), 0, 0},
    };
    struct talk *talk = *state;
    struct peer peer;
    talk->listener.insert = CONFIG_INSERT_BELOW_RECEIVED;
    talk->decision.edits = edits;
    talk->decision.edit_count = 3;
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS);
    put_message(&peer);
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_told(talk, (const char *[]){told_start, told_message, NULL});
    assert_slice(
        replies(talk),
        SLICE("\0\0\0\x1dm\0\0\0\1Authentication-Results\0\0"
              "\0\0\0\x0ei\0\0\0\1X-Tag\0 t\0"
              "\0\0\0\x30i\0\0\0\1Authentication-Results\0 mx.test;\n\tspf=pass\0"
              "\0\0\0\1a"));
    assert_int_equal(talk->events, 1);
    assert_int_equal(talk->outcome, EVENT_ACCEPTED);
    assert_int_equal(talk->state, MILTER_READING);
    assert_false(milter_session_is_busy(talk->session));
    peer_finish(&peer);
}

static void each_step_that_needs_a_reply_gets_one(void **state)
{
    static const struct {
        uint32_t step;
        const char *words;
    } rows[] = {
        {0,             "Oa"          },
        {SMFIP_NR_CONN, "Oca"         },
        {SMFIP_NR_HELO, "Oca"         },
        {SMFIP_NR_MAIL, "Oca"         },
        {SMFIP_NR_RCPT, "Occa"        },
        {SMFIP_NR_HDR,  "Occa"        },
        {SMFIP_NR_EOH,  "Oca"         },
        {SMFIP_NR_BODY, "Occa"        },
        {STEPS_SILENT,  "Occcccccccca"},
    };
    struct talk *talk = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peer peer;
        peer_init(&peer);
        put_start(&peer, POSTFIX_STEPS & ~rows[i].step);
        put_message(&peer);
        talk_again(talk, buf_slice(&peer.octets), 0);
        assert_told(talk, (const char *[]){told_start, told_message, NULL});
        assert_slice(talk_words(talk), slice_from_text(rows[i].words));
        peer_finish(&peer);
    }
}

static void data_and_unknown_commands_get_a_reply_where_they_need_one(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS & ~(uint32_t)(SMFIP_NR_DATA | SMFIP_NR_UNKN));
    PEER(&peer, 'U', "FROB\0");
    PEER(&peer, 'M', "<>\0");
    PEER(&peer, 'U', "FROB\0");
    PEER(&peer, 'R', "<b@example.com>\0");
    PEER(&peer, 'T', "");
    PEER(&peer, 'N', "");
    PEER(&peer, 'E', "");
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_slice(talk_words(talk), SLICE("Occca"));
    peer_finish(&peer);
}

static void several_messages_go_through_one_connection(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS);
    put_message(&peer); /* and the next one without ABORT */
    put_message(&peer);
    PEER(&peer, 'A', "");
    PEER(&peer, 'H', "again.example.org\0");
    put_message(&peer);
    PEER(&peer, 'C', "other\0U");
    PEER(&peer, 'A', "");
    PEER(&peer, 'Q', "");
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_told(talk,
                (const char *[]){told_start, told_message, "finish\n", told_message,
                                 "finish\n", "helo again.example.org\n", told_message,
                                 "finish\n", "connect [] other\n", NULL});
    assert_slice(talk_words(talk), SLICE("Oaaa"));
    assert_int_equal(talk->events, 3);
    assert_int_equal(talk->state, MILTER_CLOSED);
    assert_fault(talk, "");
    peer_finish(&peer);
}

static void a_new_client_may_follow_on_the_same_connection(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS);
    PEER(&peer, 'D', "Mi\0q\0{auth_authen}\0alice\0");
    PEER(&peer, 'M', "<a@example.org>\0");
    PEER(&peer, 'K', "");
    PEER(&peer, 'C', "next\0U");
    PEER(&peer, 'M', "<b@example.org>\0");
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_told(talk, (const char *[]){
                          told_start,
                          "mail <a@example.org> login=alice id=q local at 1764000000\n"
                          "finish\n"
                          "connect [] next\n"
                          /* no Postfix any more, and no client */
                          "mail <b@example.org> login= id= local at 1764000000\n",
                          NULL});
    peer_finish(&peer);
}

/* smtpd(8) has no queue id before the first recipient, cleanup(8) always has one. */
static void local_mail_is_told_by_its_queue_id(void **state)
{
    static const struct {
        const char *why, *version;
        slice mail_macros, connect;
        bool is_local;
    } rows[] = {
        {"smtpd",                      "Postfix 3.7.11", SLICE_INIT("M{auth_type}\0\0"),
         SLICE_INIT("localhost\0"
                    "4\0\0"
                    "127.0.0.1\0"),
         false                                },
        {"smtpd, client unknown",      "Postfix 3.7.11", SLICE_INIT("M"),
         SLICE_INIT("unknown\0U"),       false},
        {"sendmail command",           "Postfix 3.7.11", SLICE_INIT("Mi\0q1\0"),
         SLICE_INIT("localhost\0"
                    "4\0\0"
                    "127.0.0.1\0"),
         true                                 },
        {"postsuper -r",               "Postfix",        SLICE_INIT("Mi\0q1\0"),
         SLICE_INIT("mx.test\0"
                    "4\0\0"
                    "192.0.2.1\0"),
         true                                 },
        {"Sendmail from the network",  "Sendmail 8.17",  SLICE_INIT("Mi\0q1\0"),
         SLICE_INIT("mx.test\0"
                    "4\0\0"
                    "192.0.2.1\0"),
         false                                },
        {"Sendmail's command line",    "Sendmail 8.17",  SLICE_INIT("Mi\0q1\0"),
         SLICE_INIT("localhost\0U"),     true },
        {"Sendmail on a local socket", "",               SLICE_INIT("M"),
         SLICE_INIT("x\0L\0\0/run/x\0"), true },
    };
    struct talk *talk = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peer peer;
        struct buf version;
        print_message("# %s\n", rows[i].why);
        peer_init(&peer);
        buf_init(&version, peer.arena, 100);
        buf_add(&version, SLICE("Cv\0"));
        buf_add_text(&version, rows[i].version);
        buf_add_byte(&version, '\0');
        peer_options(&peer, 6, POSTFIX_ACTIONS, POSTFIX_STEPS);
        peer_packet(&peer, 'D', buf_slice(&version));
        peer_packet(&peer, 'C', rows[i].connect);
        peer_packet(&peer, 'D', rows[i].mail_macros);
        PEER(&peer, 'M', "<>\0");
        talk_again(talk, buf_slice(&peer.octets), 0);
        assert_int_equal(slice_find(buf_slice(&talk->noted), SLICE(" local ")) <
                             buf_slice(&talk->noted).len,
                         rows[i].is_local);
        assert_fault(talk, "");
        peer_finish(&peer);
    }
}

/* The id of the first message must not make the second one local. */
static void a_queue_id_is_of_one_message(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS);
    put_message(&peer);
    PEER(&peer, 'M', "<x@example.org>\0");
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_told(talk, (const char *[]){told_start, told_message, "finish\n",
                                       "mail <x@example.org> login= id= at 1764000000\n",
                                       NULL});
    peer_finish(&peer);
}

static void a_decision_that_is_waited_for_comes_in_one_piece(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    talk->waits = true;
    talk->decision.outcome = EVENT_HELD;
    talk->decision.hold_reason = SLICE("DMARC");
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS);
    put_message(&peer);
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_int_equal(talk->state, MILTER_WAITING);
    assert_true(milter_session_is_busy(talk->session));
    assert_slice(replies(talk), SLICE(""));
    assert_int_equal(talk->events, 0);
    assert_int_equal(milter_session_proceed(talk->session), MILTER_WAITING);
    talk_answer(talk);
    assert_int_equal(talk->state, MILTER_READING);
    assert_slice(replies(talk), SLICE("\0\0\0\7qDMARC\0"
                                      "\0\0\0\1a"));
    assert_int_equal(talk->events, 1);
    assert_int_equal(talk->outcome, EVENT_HELD);
    assert_int_equal(milter_session_proceed(talk->session), MILTER_READING);
    assert_slice(milter_session_take_output(talk->session), SLICE(""));
    peer_finish(&peer);
}

/* Then nobody waits for the reply. */
static void a_message_may_be_given_up_while_it_waits(void **state)
{
    static const struct {
        char command;
        const char *rest;
        enum milter_state state;
    } rows[] = {
        {'A', "finish\n", MILTER_READING},
        {'K', "finish\n", MILTER_READING},
        {'Q', "finish\n", MILTER_CLOSED },
    };
    struct talk *talk = *state;
    talk->waits = true;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peer peer;
        peer_init(&peer);
        put_start(&peer, POSTFIX_STEPS);
        put_message(&peer);
        peer_packet(&peer, rows[i].command, SLICE_NONE);
        talk_again(talk, buf_slice(&peer.octets), 0);
        assert_told(talk, (const char *[]){told_start, told_message, rows[i].rest, NULL});
        assert_int_equal(talk->state, rows[i].state);
        talk_answer(talk);
        assert_int_equal(talk->state, rows[i].state);
        assert_slice(talk_words(talk), SLICE("O"));
        assert_int_equal(talk->events, 0);
        assert_false(milter_session_is_busy(talk->session));
        peer_finish(&peer);
    }
}

static void macros_may_come_while_a_message_waits(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    talk->waits = true;
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS);
    put_message(&peer);
    PEER(&peer, 'D', "Ei\0later\0");
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_told(talk, (const char *[]){told_start, told_message, "id later\n", NULL});
    talk_answer(talk);
    assert_slice(talk_words(talk), SLICE("Oa"));
    peer_finish(&peer);
}

static void an_abort_is_never_answered(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    peer_init(&peer);
    put_start(&peer, 0);
    PEER(&peer, 'A', "");
    PEER(&peer, 'M', "<a@example.org>\0");
    PEER(&peer, 'A', "");
    PEER(&peer, 'M', "<a@example.org>\0");
    PEER(&peer, 'L', "A\0b\0");
    PEER(&peer, 'A', "");
    PEER(&peer, 'M', "<a@example.org>\0");
    PEER(&peer, 'N', "");
    PEER(&peer, 'B', "x");
    PEER(&peer, 'A', "");
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_slice(talk_words(talk), SLICE("Occ"
                                         "c"
                                         "cc"
                                         "ccc"));
    assert_int_equal(talk->state, MILTER_READING);
    assert_false(milter_session_is_busy(talk->session));
    peer_finish(&peer);
}

/* A message that was decided takes nothing from the others when its event was used. */
static void a_decided_message_can_be_let_go(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS);
    put_message(&peer);
    talk_send(talk, buf_slice(&peer.octets), 0);
    assert_true(intake_has_message(milter_session_intake(talk->session)));
    milter_session_release(talk->session);
    assert_false(intake_has_message(milter_session_intake(talk->session)));
    milter_session_release(talk->session);
    assert_told(talk, (const char *[]){told_start, told_message, "finish\n", NULL});
    peer_finish(&peer);
}

static void a_message_in_work_is_not_let_go(void **state)
{
    struct talk *talk = *state;
    struct peer peer;
    peer_init(&peer);
    put_start(&peer, POSTFIX_STEPS);
    PEER(&peer, 'M', "<a@example.org>\0");
    talk_send(talk, buf_slice(&peer.octets), 0);
    milter_session_release(talk->session);
    assert_true(milter_session_is_busy(talk->session));
    assert_true(intake_has_message(milter_session_intake(talk->session)));
    peer_finish(&peer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_answered_once_at_its_end),
        TEST(each_step_that_needs_a_reply_gets_one),
        TEST(data_and_unknown_commands_get_a_reply_where_they_need_one),
        TEST(several_messages_go_through_one_connection),
        TEST(a_new_client_may_follow_on_the_same_connection),
        TEST(local_mail_is_told_by_its_queue_id),
        TEST(a_queue_id_is_of_one_message),
        TEST(a_decision_that_is_waited_for_comes_in_one_piece),
        TEST(a_message_may_be_given_up_while_it_waits),
        TEST(macros_may_come_while_a_message_waits),
        TEST(an_abort_is_never_answered),
        TEST(a_decided_message_can_be_let_go),
        TEST(a_message_in_work_is_not_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
