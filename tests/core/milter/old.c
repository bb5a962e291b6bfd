/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Mail servers of protocol version 2: every step is answered, and the space after a colon is
   theirs. */

static void put_message(struct peer *peer)
{
    peer_options(peer, 2, 0x3f, 0x7f);
    PEER(peer, 'D', "Cj\0mx.test\0v\0Sendmail 8.13.8\0");
    PEER(peer, 'C',
         "mail.example.org\0"
         "6\0\0"
         "IPv6:2001:db8::1\0");
    PEER(peer, 'D', "H{tls_version}\0\0");
    PEER(peer, 'H', "mail.example.org\0");
    PEER(peer, 'D', "Mi\0kA1\0{auth_authen}\0alice\0{mail_addr}\0alice@example.org\0");
    PEER(peer, 'M', "<alice@example.org>\0");
    PEER(peer, 'D', "R{rcpt_addr}\0bob@example.com\0");
    PEER(peer, 'R', "<bob@example.com>\0");
    PEER(peer, 'L', "From\0alice@example.org\0");
    PEER(peer, 'L', "X-Empty\0\0");
    PEER(peer, 'L', "X-Two\0 spaces\0");
    PEER(peer, 'L', "X-Fold\0\n x\0");
    PEER(peer, 'N', "");
    PEER(peer, 'B', "Hello\r\n");
    PEER(peer, 'E', "");
    PEER(peer, 'Q', "");
}

static void each_step_is_answered_and_the_space_is_put_back(void **state)
{
    (void)state;
    static const struct intake_edit edit = {INTAKE_ADD,
                                            SLICE_INIT("Authentication-Results"),
                                            SLICE_INIT(" mx.test; none"), 0, 0};
    struct talk talk;
    struct peer peer;
    talk_init(&talk);
    talk.decision.edits = &edit;
    talk.decision.edit_count = 1;
    peer_init(&peer);
    put_message(&peer);
    talk_send(&talk, buf_slice(&peer.octets), 0);
    assert_noted(&talk, "connect [2001:db8::1] mail.example.org\n"
                        "helo mail.example.org\n"
                        "mail <alice@example.org> login=alice id=kA1 at 1764000000\n"
                        "rcpt <bob@example.com>\n"
                        "field From: alice@example.org (18)\n"
                        "field X-Empty:  (1)\n"
                        "field X-Two:  spaces (8)\n"
                        "field X-Fold: \\x0a x (4)\n"
                        "end of header\n"
                        "end of body, 7 octets\n"
                        "finish\n");
    ASSERT_OUTPUT(&talk, "\0\0\0\x0dO\0\0\0\2\0\0\0\x31\0\0\0\0"
                         "\0\0\0\1c"                            /* CONNECT */
                         "\0\0\0\1c"                            /* HELO */
                         "\0\0\0\1c"                            /* MAIL */
                         "\0\0\0\1c"                            /* RCPT */
                         "\0\0\0\1c\0\0\0\1c\0\0\0\1c\0\0\0\1c" /* fields */
                         "\0\0\0\1c"                            /* end of header */
                         "\0\0\0\1c"                            /* body */
                         "\0\0\0\x2ai\0\0\0\0Authentication-Results\0mx.test; none\0"
                         "\0\0\0\1a");
    assert_int_equal(talk.state, MILTER_CLOSED);
    assert_fault(&talk, "");
    peer_finish(&peer);
    talk_finish(&talk);
}

/* Sendmail's library takes the last piece of the body together with its end. */
static void the_last_piece_of_the_body_may_come_with_its_end(void **state)
{
    (void)state;
    struct talk talk;
    struct peer peer;
    talk_init(&talk);
    peer_init(&peer);
    peer_options(&peer, 2, 0x3f, 0x7f);
    PEER(&peer, 'C', "x\0U");
    PEER(&peer, 'M', "<>\0");
    PEER(&peer, 'N', "");
    PEER(&peer, 'E', "Hello\r\n");
    talk_send(&talk, buf_slice(&peer.octets), 0);
    assert_noted(&talk, "connect [] x\n"
                        "mail <> login= id= local at 1764000000\n"
                        "end of header\n"
                        "end of body, 7 octets\n");
    assert_slice(talk_words(&talk), SLICE("Occca"));
    peer_finish(&peer);
    talk_finish(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_is_answered_and_the_space_is_put_back),
        cmocka_unit_test(the_last_piece_of_the_body_may_come_with_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
