/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void talk_connect(struct talk *talk, slice data)
{
    struct peer peer;
    peer_init(&peer);
    peer_options(&peer, 6, POSTFIX_ACTIONS, POSTFIX_STEPS);
    peer_packet(&peer, 'C', data);
    talk_again(talk, buf_slice(&peer.octets), 0);
    peer_finish(&peer);
}

static void addresses_come_in_several_forms(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        slice data;
        const char *noted;
    } rows[] = {
        {"IPv4",
         SLICE_INIT("mx.test\0"
                    "4\x98\xd2"
                    "192.0.2.1\0"),
         "connect [192.0.2.1] mx.test\n"                                                                      },
        {"IPv6",
         SLICE_INIT("mx.test\0"
                    "6\0\0"
                    "2001:DB8::1\0"),
         "connect [2001:db8::1] mx.test\n"                                                                    },
        {"IPv6 as Sendmail writes it",
         SLICE_INIT("mx.test\0"
                    "6\0\0"
                    "IPv6:2001:db8::1\0"),
         "connect [2001:db8::1] mx.test\n"                                                                    },
        {"IPv4 on an IPv6 socket",
         SLICE_INIT("mx.test\0"
                    "6\0\0"
                    "::ffff:192.0.2.1\0"),
         "connect [192.0.2.1] mx.test\n"                                                                      },
        {"the same with a prefix",
         SLICE_INIT("mx.test\0"
                    "6\0\0"
                    "IPv6:::ffff:192.0.2.1\0"),
         "connect [192.0.2.1] mx.test\n"                                                                      },
        {"a link-local address with its zone",
         SLICE_INIT("[fe80::1]\0"
                    "6\0\0"
                    "fe80::1%eth0\0"),
         "connect [fe80::1] [fe80::1]\n"                                                                      },
        {"nobody knows",                        SLICE_INIT("unknown\0U"),               "connect [] unknown\n"},
        {"nobody knows, with port and address", SLICE_INIT("unknown\0U\0\0x\0"),
         "connect [] unknown\n"                                                                               },
        {"a local socket",                      SLICE_INIT("localhost\0L\0\0/run/x\0"),
         "connect [] localhost\n"                                                                             },
        {"no name",
         SLICE_INIT("\0"
                    "4\0\0"
                    "192.0.2.1\0"),
         "connect [192.0.2.1] \n"                                                                             },
    };
    struct talk talk;
    talk_init(&talk);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# %s\n", rows[i].why);
        talk_connect(&talk, rows[i].data);
        assert_noted(&talk, rows[i].noted);
        assert_fault(&talk, "");
    }
    talk_finish(&talk);
}

static void a_broken_address_ends_it(void **state)
{
    (void)state;
    static const struct {
        slice data;
        const char *fault;
    } rows[] = {
        {SLICE_INIT(""),                         "CONNECT cannot be read: its strings do not end"},
        {SLICE_INIT("mx.test"),                  "CONNECT cannot be read: its strings do not end"},
        {SLICE_INIT("mx.test\0"),
         "CONNECT cannot be read: its protocol family is unknown"                                },
        {SLICE_INIT("mx.test\0X\0\0x\0"),
         "CONNECT cannot be read: its protocol family is unknown"                                },
        {SLICE_INIT("mx.test\0"
                    "4"),
         "CONNECT cannot be read: it has no port"                                                },
        {SLICE_INIT("mx.test\0"
                    "4\0"),
         "CONNECT cannot be read: it has no port"                                                },
        {SLICE_INIT("mx.test\0"
                    "4\0\0"
                    "192.0.2.1"),
         "CONNECT cannot be read: its strings do not end"                                        },
        {SLICE_INIT("mx.test\0"
                    "4\0\0\0"),
         "CONNECT cannot be read: its address is none"                                           },
        {SLICE_INIT("mx.test\0"
                    "4\0\0"
                    "192.0.2.256\0"),
         "CONNECT cannot be read: its address is none"                                           },
        {SLICE_INIT("mx.test\0"
                    "4\0\0"
                    "2001:db8::1\0"),
         "CONNECT cannot be read: its address is none"                                           },
        {SLICE_INIT("mx.test\0"
                    "6\0\0"
                    "192.0.2.1\0"),
         "CONNECT cannot be read: its address is none"                                           },
        {SLICE_INIT("mx.test\0"
                    "6\0\0"
                    "IPv6:IPv6:::1\0"),
         "CONNECT cannot be read: its address is none"                                           },
        {SLICE_INIT("mx.test\0"
                    "6\0\0"
                    "%eth0\0"),
         "CONNECT cannot be read: its address is none"                                           },
        {SLICE_INIT("mx.test\0L\0\0/run/x"),
         "CONNECT cannot be read: its strings do not end"                                        },
    };
    struct talk talk;
    talk_init(&talk);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# row %zu\n", i);
        talk_connect(&talk, rows[i].data);
        assert_noted(&talk, "");
        assert_fault(&talk, rows[i].fault);
    }
    talk_finish(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_come_in_several_forms),
        cmocka_unit_test(a_broken_address_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
