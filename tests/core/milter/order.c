/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Which command may come where, and that what may not is named. */

/* A conversation up to each place. */
static const struct place {
    const char *name; /* as the fault has it */
    const char *commands;
    bool waits;
    const char *allowed;
} places[] = {
    {"before the option negotiation",            "",       false, "OQ"         },
    {"before CONNECT",                           "O",      false, "DCUAKQ"     },
    {"outside of a message",                     "OC",     false, "DCHMUAKQ"   },
    {"outside of a message",                     "OCH",    false, "DCHMUAKQ"   },
    {"before the header of a message",           "OCM",    false, "DHMRUTLNAKQ"},
    {"before the header of a message",           "OCHMR",  false, "DHMRUTLNAKQ"},
    {"before the header of a message",           "OCMRT",  false, "DHMRUTLNAKQ"},
    {"within the header of a message",           "OCMRL",  false, "DLNAKQ"     },
    {"within the header of a message",           "OCMRTL", false, "DLNAKQ"     },
    {"within the body of a message",             "OCMRN",  false, "DBEAKQ"     },
    {"within the body of a message",             "OCMNB",  false, "DBEAKQ"     },
    {"before the reply to the end of a message", "OCMNBE", true,  "DAKQ"       },
    {"outside of a message",                     "OCMNBE", false, "DCHMUAKQ"   },
    {"outside of a message",                     "OCMNA",  false, "DCHMUAKQ"   },
    {"outside of a message",                     "OCMRH",  false, "DCHMUAKQ"   },
    {"before the header of a message",           "OCMRM",  false, "DHMRUTLNAKQ"},
    {"before CONNECT",                           "OCMK",   false, "DCUAKQ"     },
};

static const struct word {
    char command;
    const char *name;
    slice data;
} words[] = {
    {'O', "OPTNEG",  SLICE_INIT("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff")},
    {'D', "MACRO",   SLICE_INIT("Ei\0q\0")                         },
    {'C', "CONNECT", SLICE_INIT("x\0U")                            },
    {'H', "HELO",    SLICE_INIT("x\0")                             },
    {'M', "MAIL",    SLICE_INIT("<a@example.org>\0")               },
    {'R', "RCPT",    SLICE_INIT("<b@example.com>\0")               },
    {'U', "UNKNOWN", SLICE_INIT("FROB\0")                          },
    {'T', "DATA",    SLICE_INIT("")                                },
    {'L', "HEADER",  SLICE_INIT("A\0 b\0")                         },
    {'N', "EOH",     SLICE_INIT("")                                },
    {'B', "BODY",    SLICE_INIT("x")                               },
    {'E', "BODYEOB", SLICE_INIT("")                                },
    {'A', "ABORT",   SLICE_INIT("")                                },
    {'K', "QUIT_NC", SLICE_INIT("")                                },
    {'Q', "QUIT",    SLICE_INIT("")                                },
};
enum {
    PLACES = sizeof(places) / sizeof(places[0]),
    WORDS = sizeof(words) / sizeof(words[0])
};

static void say(struct peer *peer, char command)
{
    for (size_t i = 0; i < WORDS; i++) {
        if (words[i].command == command) {
            peer_packet(peer, command, words[i].data);
            return;
        }
    }
    fail();
}

static void every_command_has_its_places(void **state)
{
    (void)state;
    struct talk talk;
    talk_init(&talk);
    for (size_t i = 0; i < PLACES * WORDS; i++) {
        const struct place *place = &places[i / WORDS];
        const struct word *word = &words[i % WORDS];
        struct peer peer;
        struct buf fault;
        peer_init(&peer);
        buf_init(&fault, peer.arena, 1000);
        for (const char *c = place->commands; *c != '\0'; c++) {
            say(&peer, *c);
        }
        say(&peer, word->command);
        if (strchr(place->allowed, word->command) == NULL) {
            buf_printf(&fault, "%s came %s", word->name, place->name);
        }
        buf_add_byte(&fault, '\0');
        talk.waits = place->waits;
        print_message("# %s after %s\n", word->name, place->commands);
        talk_again(&talk, buf_slice(&peer.octets), 0);
        assert_fault(&talk, fault.ptr);
        /* A fault leaves no message behind, and an orderly end neither. */
        if (talk.state == MILTER_CLOSED) {
            assert_false(intake_has_message(milter_session_intake(talk.session)));
            assert_false(milter_session_is_busy(talk.session));
        } else {
            assert_true(strchr(place->allowed, word->command) != NULL);
        }
        peer_finish(&peer);
    }
    talk_finish(&talk);
}

/* ---- messages that are over without a word ---------------------------------------------- */

static void begin_envelope(struct peer *peer)
{
    peer_options(peer, 6, POSTFIX_ACTIONS, POSTFIX_STEPS);
    PEER(peer, 'D', "Cv\0Postfix 3.7.11\0");
    PEER(peer, 'C',
         "x\0"
         "4\0\0"
         "192.0.2.1\0");
    PEER(peer, 'H', "one\0");
    PEER(peer, 'D', "Mi\0q1\0{auth_authen}\0alice\0");
    PEER(peer, 'M', "<a@example.org>\0");
    PEER(peer, 'R', "<b@example.com>\0");
}

static void end_message(struct peer *peer)
{
    PEER(peer, 'R', "<c@example.com>\0");
    PEER(peer, 'N', "");
    PEER(peer, 'E', "");
}

/* A client may greet again at any time.  Postfix tells of that first, and of the end of the
   message after it. */
static void a_greeting_ends_the_message_before_it(void **state)
{
    (void)state;
    struct talk talk;
    struct peer peer;
    talk_init(&talk);
    peer_init(&peer);
    begin_envelope(&peer);
    PEER(&peer, 'D', "H{tls_version}\0\0");
    PEER(&peer, 'H', "two\0");
    PEER(&peer, 'A', "");
    PEER(&peer, 'A', "");
    PEER(&peer, 'M', "<>\0");
    end_message(&peer);
    talk_send(&talk, buf_slice(&peer.octets), 0);
    assert_fault(&talk, "");
    assert_noted(&talk, "connect [192.0.2.1] x\n"
                        "helo one\n"
                        "mail <a@example.org> login=alice id=q1 local at 1764000000\n"
                        "rcpt <b@example.com>\n"
                        "finish\n"
                        "helo two\n"
                        "mail <> login= id= at 1764000000\n"
                        "rcpt <c@example.com>\n"
                        "end of header\n"
                        "end of body, 0 octets\n");
    assert_slice(talk_words(&talk), SLICE("Oa"));
    assert_int_equal(talk.events, 1);
    peer_finish(&peer);
    talk_finish(&talk);
}

/* A mail server may refuse a sender after we saw it, for another filter or for a full disk, and
   not say so, as older versions of Postfix: then the next MAIL is of another message. */
static void a_second_mail_is_of_another_message(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        slice macros;
        const char *mail;
    } rows[] = {
        {"macros of its own", SLICE_INIT("M{auth_authen}\0bob\0"),
         "mail <> login=bob id= at 1764000000\n"                                                       },
        {"none",              SLICE_INIT(""),                      "mail <> login= id= at 1764000000\n"},
    };
    struct talk talk;
    talk_init(&talk);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peer peer;
        struct buf expected;
        peer_init(&peer);
        buf_init(&expected, peer.arena, 10000);
        begin_envelope(&peer);
        if (rows[i].macros.len != 0) {
            peer_packet(&peer, 'D', rows[i].macros);
        }
        PEER(&peer, 'M', "<>\0");
        end_message(&peer);
        print_message("# %s\n", rows[i].why);
        talk_again(&talk, buf_slice(&peer.octets), 0);
        assert_fault(&talk, "");
        buf_printf(&expected,
                   "connect [192.0.2.1] x\n"
                   "helo one\n"
                   "mail <a@example.org> login=alice id=q1 local at 1764000000\n"
                   "rcpt <b@example.com>\n"
                   "finish\n"
                   "%s"
                   "rcpt <c@example.com>\n"
                   "end of header\n"
                   "end of body, 0 octets\n",
                   rows[i].mail);
        buf_add_byte(&expected, '\0');
        assert_noted(&talk, expected.ptr);
        assert_slice(talk_words(&talk), SLICE("Oa"));
        peer_finish(&peer);
    }
    talk_finish(&talk);
}

/* ---- what is wrong in itself ------------------------------------------------------------ */

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *commands;
        slice octets;
        const char *fault;
    } rows[] = {
        {"",    SLICE_INIT("\0\0\0\0"),                 "a packet without a command came"            },
        {"O",   SLICE_INIT("\0\0\0\0O"),                "a packet without a command came"            },
        {"O",   SLICE_INIT("\0\0\0\1x"),                "an unknown command came: \"x\""             },
        {"O",   SLICE_INIT("\0\0\0\1\x16"),             "an unknown command came: 0x16"              },
        {"",    SLICE_INIT("GET / HTTP/1.1\r\n"),       "an unknown command came: \"/\""             },
        {"",    SLICE_INIT("\x16\x03\x01\x02\x00\x01"), "an unknown command came: 0x00"              },
        {"O",   SLICE_INIT("\0\0\0\1D"),
         "a macro packet is not made of pairs of strings that end"                                   },
        {"O",   SLICE_INIT("\0\0\0\4DCv\0"),
         "a macro packet is not made of pairs of strings that end"                                   },
        {"OC",  SLICE_INIT("\0\0\0\1H"),                "HELO cannot be read: its strings do not end"},
        {"OC",  SLICE_INIT("\0\0\0\2Hx"),               "HELO cannot be read: its strings do not end"},
        {"OC",  SLICE_INIT("\0\0\0\1M"),                "MAIL cannot be read: its strings do not end"},
        {"OC",  SLICE_INIT("\0\0\0\5M<>\0S"),
         "MAIL cannot be read: its strings do not end"                                               },
        {"OCM", SLICE_INIT("\0\0\0\2Rx"),               "RCPT cannot be read: its strings do not end"},
        {"OCM", SLICE_INIT("\0\0\0\1L"),
         "a header field is not made of two strings that end"                                        },
        {"OCM", SLICE_INIT("\0\0\0\3LA\0"),
         "a header field is not made of two strings that end"                                        },
        {"OCM", SLICE_INIT("\0\0\0\4LA\0b"),
         "a header field is not made of two strings that end"                                        },
 /* One that another reader would see more of. */
        {"OCM", SLICE_INIT("\0\0\0\7LA\0b\0c\0"),
         "a header field is not made of two strings that end"                                        },
        {"O",
         SLICE_INIT("\xff\xff\xff\xff"
                    "C"),
         "CONNECT was announced with 4294967295 octets"                                              },
        {"OC",  SLICE_INIT("\0\x10\0\0M"),              "MAIL was announced with 1048576 octets"     },
    };
    struct talk talk;
    talk_init(&talk);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peer peer;
        peer_init(&peer);
        for (const char *c = rows[i].commands; *c != '\0'; c++) {
            say(&peer, *c);
        }
        buf_add(&peer.octets, rows[i].octets);
        print_message("# row %zu\n", i);
        talk_again(&talk, buf_slice(&peer.octets), 0);
        assert_int_equal(talk.state, MILTER_CLOSED);
        assert_fault(&talk, rows[i].fault);
        assert_int_equal(buf_slice(&talk.unread).len, 0);
        peer_finish(&peer);
    }
    talk_finish(&talk);
}

/* The decision that was made before goes out all the same. */
static void what_was_said_before_a_fault_is_still_sent(void **state)
{
    (void)state;
    struct talk talk;
    struct peer peer;
    talk_init(&talk);
    peer_init(&peer);
    for (const char *c = "OCMNE"; *c != '\0'; c++) {
        say(&peer, *c);
    }
    say(&peer, 'E');
    talk_send(&talk, buf_slice(&peer.octets), 0);
    assert_slice(talk_words(&talk), SLICE("Oa"));
    assert_int_equal(talk.events, 1);
    assert_fault(&talk, "BODYEOB came outside of a message");
    peer_finish(&peer);
    talk_finish(&talk);
}

static void nothing_is_taken_after_the_end(void **state)
{
    (void)state;
    struct talk talk;
    struct peer peer;
    talk_init(&talk);
    peer_init(&peer);
    say(&peer, 'O');
    say(&peer, 'Q');
    talk_send(&talk, buf_slice(&peer.octets), 0);
    slice more = SLICE("\0\0\0\4Cx\0U");
    assert_int_equal(milter_session_feed(talk.session, &more, 0), MILTER_CLOSED);
    assert_int_equal(more.len, 0);
    assert_slice(milter_session_take_output(talk.session), SLICE_NONE);
    assert_noted(&talk, "");
    assert_int_equal(milter_session_proceed(talk.session), MILTER_CLOSED);
    peer_finish(&peer);
    talk_finish(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_its_places),
        cmocka_unit_test(a_greeting_ends_the_message_before_it),
        cmocka_unit_test(a_second_mail_is_of_another_message),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(what_was_said_before_a_fault_is_still_sent),
        cmocka_unit_test(nothing_is_taken_after_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
