/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/message/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define IN(literal) SLICE_INIT(literal)
#define DATE        "; Tue, 24 Nov 2026 02:35:00 +0000"

/* "client|helo|by|protocol|mail_from"; mail_from is "-" when it is not recorded. */
struct row {
    const char *why;
    slice value;
    const char *expected;
};

static const struct row good[] = {
    {"Postfix",
     IN(" from mail.example.org (mx1.example.org [192.0.2.7])\r\n"
        "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n"
        "\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest "
        "SHA256)\r\n"
        "\t(No client certificate requested)\r\n"
        "\tby mx.example.com (Postfix) with ESMTPS id 4XyZ1a2b3cz9t\r\n"
        "\tfor <user@example.com>" DATE " (UTC)"),
     "192.0.2.7|mail.example.org|mx.example.com|ESMTPS|-"                     },
    {"Postfix, no reverse name",
     IN(" from mail.example.org (unknown [192.0.2.7])\r\n\tby mx.example.com (Postfix) "
        "with "
        "ESMTP id 1" DATE),
     "192.0.2.7|mail.example.org|mx.example.com|ESMTP|-"                      },
    {"Postfix, IPv6",
     IN(" from mail.example.org (mx1.example.org [IPv6:2001:db8::7])\r\n\tby "
        "mx.example.com "
        "(Postfix) with ESMTPS id 1" DATE),
     "2001:db8::7|mail.example.org|mx.example.com|ESMTPS|-"                   },
    {"Postfix, HELO an address literal of another",
     IN(" from [198.51.100.1] (mx1.example.org [192.0.2.7]) by mx.example.com (Postfix) "
        "with "
        "SMTP id 1" DATE),
     "192.0.2.7|[198.51.100.1]|mx.example.com|SMTP|-"                         },
    {"Postfix, client certificate and login",
     IN(" from pc (host.example.org [192.0.2.7])\r\n\t(using TLSv1.2 with cipher "
        "ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits))\r\n\t(Client CN \"mx (1)\", Issuer "
        "\"CA\" "
        "(verified OK))\r\n\t(Authenticated sender: DOMAIN\\user)\r\n\tby mx.example.com "
        "(Postfix) with ESMTPSA id 1" DATE),
     "192.0.2.7|pc|mx.example.com|ESMTPSA|-"                                  },
    {"Postfix behind a content filter",
     IN(" from localhost (localhost [127.0.0.1])\r\n\tby mx.example.com (Postfix) with "
        "ESMTP "
        "id 1\r\n\tfor <user@example.com>" DATE " (CET)"),
     "127.0.0.1|localhost|mx.example.com|ESMTP|-"                             },
    {"Sendmail",
     IN(" from mail.example.org (mx1.example.org [192.0.2.7])\r\n\tby mx.example.com "
        "(8.17.1/8.17.1) with ESMTPS id 4AO2Z0\r\n\t(version=TLSv1.3 "
        "cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO)\r\n\tfor "
        "<user@example.com>" DATE),
     "192.0.2.7|mail.example.org|mx.example.com|ESMTPS|-"                     },
    {"Sendmail, may be forged",
     IN(" from mail.example.org (mx1.example.org [192.0.2.7] (may be forged))\r\n\tby "
        "mx.example.com (8.14.4/8.14.4) with ESMTP id x" DATE),
     "192.0.2.7|mail.example.org|mx.example.com|ESMTP|-"                      },
    {"Sendmail, no reverse name",
     IN(" from mail.example.org ([192.0.2.7]) by mx.example.com (8.15.2/8.15.2) with "
        "ESMTP id "
        "x" DATE),
     "192.0.2.7|mail.example.org|mx.example.com|ESMTP|-"                      },
    {"Sendmail, no reverse name, may be forged",
     IN(" from mail.example.org ([192.0.2.7] (may be forged)) by mx.example.com "
        "(8.15.2/8.15.2) with ESMTP id x" DATE),
     "192.0.2.7|mail.example.org|mx.example.com|ESMTP|-"                      },
    {"Sendmail with an ident answer",
     IN(" from mail.example.org (IDENT:mail@mx1.example.org [192.0.2.7]) by "
        "mx.example.com "
        "(8.12.11/8.12.11) with ESMTP id x" DATE),
     "192.0.2.7|mail.example.org|mx.example.com|ESMTP|-"                      },
    {"Sendmail, IPv6",
     IN(" from mail.example.org ([IPv6:2001:db8:0:0:0:0:0:7]) by mx.example.com "
        "(8.16.1/8.16.1) with ESMTP id x" DATE),
     "2001:db8::7|mail.example.org|mx.example.com|ESMTP|-"                    },
    {"Exim, name verified, HELO differs",
     IN(" from mx1.example.org ([192.0.2.7] helo=mail.example.org)\r\n\tby "
        "mx.example.com with "
        "esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384\r\n\t(Exim "
        "4.96)\r\n\t(envelope-from "
        "<bounce+a=b@example.org>)\r\n\tid 1tF0aB-0001\r\n\tfor "
        "user@example.com;\r\n\tTue, 24 "
        "Nov 2026 02:35:00 +0000"),
     "192.0.2.7|mail.example.org|mx.example.com|esmtps|bounce+a=b@example.org"},
    {"Exim, HELO is the verified name",
     IN(" from mx1.example.org ([192.0.2.7])\r\n\tby mx.example.com with esmtps "
        "(TLS1.2:ECDHE_X25519__RSA_SHA256__AES_256_GCM:256)\r\n\t(Exim 4.94.2)\r\n\t"
        "(envelope-from <>)\r\n\tid 1tF0aB-0001\r\n\tfor user@example.com" DATE),
     "192.0.2.7|mx1.example.org|mx.example.com|esmtps|"                       },
    {"Exim, no verified name",
     IN(" from [192.0.2.7] (helo=mail.example.org)\r\n\tby mx.example.com with esmtp "
        "(Exim "
        "4.89)\r\n\t(envelope-from <a@example.org>)\r\n\tid 1" DATE),
     "192.0.2.7|mail.example.org|mx.example.com|esmtp|a@example.org"          },
    {"Exim, no verified name, with port",
     IN(" from [192.0.2.7] (port=41234 helo=mail.example.org)\r\n\tby mx.example.com "
        "with "
        "esmtp (Exim 4.89)\r\n\t(envelope-from <a@example.org>)\r\n\tid 1" DATE),
     "192.0.2.7|mail.example.org|mx.example.com|esmtp|a@example.org"          },
    {"Exim, HELO a literal of another",
     IN(" from mx1.example.org ([192.0.2.7]:41234 helo=[198.51.100.1])\r\n\tby "
        "mx.example.com "
        "with esmtpsa (TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim "
        "4.97)\r\n\t(envelope-from "
        "<a@example.org>) id 1" DATE),
     "192.0.2.7|[198.51.100.1]|mx.example.com|esmtpsa|a@example.org"          },
    {"Exim, no name, HELO a literal of another",
     IN(" from [192.0.2.7] (helo=[198.51.100.1]) by mx.example.com with smtp (Exim 4.97) "
        "(envelope-from <a@example.org>) id 1" DATE),
     "192.0.2.7|[198.51.100.1]|mx.example.com|smtp|a@example.org"             },
    {"Exim, HELO the literal of its own, not repeated",
     IN(" from [192.0.2.7] by mx.example.com with smtp (Exim 4.97) (envelope-from "
        "<a@example.org>) id 1" DATE),
     "192.0.2.7||mx.example.com|smtp|a@example.org"                           },
    {"Exim with ident",
     IN(" from mx1.example.org\r\n\t([192.0.2.7] helo=mail.example.org "
        "ident=mail)\r\n\tby "
        "mx.example.com with esmtp (Exim 4.97) id 1" DATE),
     "192.0.2.7|mail.example.org|mx.example.com|esmtp|-"                      },
    {"Exim, IPv6",
     IN(" from mx1.example.org ([2001:db8::7]:25 helo=mail.example.org) by "
        "mx.example.com with "
        "esmtp (Exim 4.97) id 1" DATE),
     "2001:db8::7|mail.example.org|mx.example.com|esmtp|-"                    },
    {"Exim, quoted sender with what looks like more",
     IN(" from [192.0.2.7] (helo=h) by mx.example.com with esmtp (Exim 4.97) "
        "(envelope-from "
        "<\"a> (x\\\"\"@example.org>) id 1" DATE),
     "192.0.2.7|h|mx.example.com|esmtp|\"a> (x\\\"\"@example.org"             },
    {"Exchange",
     IN(" from mail.example.org (192.0.2.7) by EX01.corp.example (10.0.0.5) with "
        "Microsoft "
        "SMTP Server\r\n (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) "
        "id "
        "15.1.2507.39" DATE),
     "192.0.2.7|mail.example.org|EX01.corp.example|Microsoft SMTP Server|-"   },
    {"Exchange 2010",
     IN(" from mail.example.org (192.0.2.7) by EX01.corp.example (10.0.0.5) with "
        "Microsoft "
        "SMTP Server id 14.3.123.3" DATE),
     "192.0.2.7|mail.example.org|EX01.corp.example|Microsoft SMTP Server|-"   },
    {"Exchange between its own, link-local",
     IN(" from EX02.corp.example ([fe80::1c2d:3e4f:5a6b:7c8d%12]) by EX01.corp.example "
        "([fe80::1%11]) with mapi id 15.01.2507.039" DATE),
     "fe80::1c2d:3e4f:5a6b:7c8d|EX02.corp.example|EX01.corp.example|mapi|-"   },
    {"Exchange, link-local without brackets",
     IN(" from EX02.corp.example (fe80::1c2d:3e4f:5a6b:7c8d%5) by EX01.corp.example "
        "(10.0.0.5) "
        "with Microsoft SMTP Server (TLS) id 15.0.1497.48" DATE),
     "fe80::1c2d:3e4f:5a6b:7c8d|EX02.corp.example|EX01.corp.example|Microsoft SMTP "
     "Server|-"                                                               },
    {"IIS",
     IN(" from mail.example.org ([192.0.2.7]) by web.example.com with Microsoft "
        "SMTPSVC(10.0.17763.1)" DATE),
     "192.0.2.7|mail.example.org|web.example.com|Microsoft SMTPSVC|-"         },
    {"IIS over TLS",
     IN(" from mail.example.org ([192.0.2.7]) by web.example.com over TLS secured "
        "channel with "
        "Microsoft SMTPSVC(8.5.9600.16384)" DATE),
     "192.0.2.7|mail.example.org|web.example.com|Microsoft SMTPSVC|-"         },
    {"Microsoft 365, from outside",
     IN(" from mail.example.org (192.0.2.7) by\r\n "
        "DB5EUR02FT012.mail.protection.outlook.com "
        "(10.13.58.239) with Microsoft SMTP\r\n Server (version=TLS1_2, "
        "cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id\r\n 15.20.8182.16 via Frontend "
        "Transport" DATE),
     "192.0.2.7|mail.example.org|DB5EUR02FT012.mail.protection.outlook.com|Microsoft "
     "SMTP\r\n Server|-"                                                      },
    {"Microsoft 365, within",
     IN(" from DB7PR04CA0001.eurprd04.prod.outlook.com (2603:10a6:5:190::11) by\r\n "
        "AS8PR04MB7000.eurprd04.prod.outlook.com (2603:10a6:20b:2d1::17) with\r\n "
        "Microsoft "
        "SMTP Server (version=TLS1_3,\r\n cipher=TLS_AES_256_GCM_SHA384) id "
        "15.20.8158.24" DATE),
     "2603:10a6:5:190::11|DB7PR04CA0001.eurprd04.prod.outlook.com|AS8PR04MB7000.eurprd04."
     "prod."
     "outlook.com|Microsoft SMTP Server|-"                                    },
    {"the sender as a clause",
     IN(" from mail.example.org (mx1.example.org [192.0.2.7])\r\n\tby mx.example.com "
        "(Haraka) "
        "with ESMTPS id 1.1\r\n\tenvelope-from <a@example.org>\r\n\ttls "
        "TLS_AES_256_GCM_SHA384" DATE),
     "192.0.2.7|mail.example.org|mx.example.com|ESMTPS|a@example.org"         },
    {"the sender without brackets",
     IN(" from [192.0.2.7] (helo=h) by mx.example.com (Exim 4.97) with esmtp "
        "(envelope-from "
        "a@example.org; auth=x) id 1" DATE),
     "192.0.2.7|h|mx.example.com|esmtp|a@example.org"                         },
    {"HELO \"by\"",                                     IN("from by (x [192.0.2.7]) by mx (Postfix) with SMTP id 1" DATE),
     "192.0.2.7|by|mx|SMTP|-"                                                 },
    {"a recipient that looks like clauses",
     IN("from h (x [192.0.2.7]) by mx (Postfix) with SMTP id 1 for <\"; by x "
        "(envelope-from "
        "<e@f>)\"@y>" DATE),
     "192.0.2.7|h|mx|SMTP|-"                                                  },
    {"no date",                                         IN("from h (x [192.0.2.7]) by mx (Postfix) with SMTP id 1"),
     "192.0.2.7|h|mx|SMTP|-"                                                  },
};

static slice describe(const struct message_received *received)
{
    struct buf buf;
    buf_init(&buf, arena, 4096);
    ip_write(&buf, received->client);
    buf_add_text(&buf, "|");
    buf_add(&buf, received->helo);
    buf_add_text(&buf, "|");
    buf_add(&buf, received->by);
    buf_add_text(&buf, "|");
    buf_add(&buf, received->protocol);
    buf_add_text(&buf, "|");
    buf_add(&buf, received->has_mail_from ? received->mail_from : SLICE("-"));
    return buf_slice(&buf);
}

static void the_forms_of_known_mtas_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct message_received received;
        enum yett_err err = message_parse_received(arena, good[i].value, &received);
        if (err != YETT_OK) {
            fail_msg("%s: refused", good[i].why);
        }
        slice got = describe(&received);
        if (!slice_eq(got, slice_from_text(good[i].expected))) {
            fail_msg("%s: %.*s", good[i].why, SLICE_ARG(got));
        }
    }
}

static void a_mapped_address_stays_what_it_is(void **state)
{
    (void)state;
    struct ip mapped;
    struct message_received received;
    assert_int_equal(ip_parse(SLICE("::ffff:192.0.2.7"), &mapped), YETT_OK);
    assert_int_equal(
        message_parse_received(
            arena, SLICE("from h (::ffff:192.0.2.7) by mx (10.0.0.1) with x id 1" DATE),
            &received),
        YETT_OK);
    assert_true(ip_eq(received.client, mapped));
}

static const struct {
    const char *why;
    slice value;
} bad[] = {
    {"empty",                                               IN("")                                                         },
    {"no client at all (Postfix, local)",
     IN(" by mx.example.com (Postfix, from userid 1000)\r\n\tid 1" DATE)                                                   },
    {"no address (Sendmail, local)",
     IN(" (from root@localhost) by mx.example.com (8.15.2/8.15.2/Submit) id x" DATE)                                       },
    {"no address (Exim, local)",                            IN(" from user by mx.example.com with local (Exim 4.97) "
                                    "(envelope-from <a@b>) id 1" DATE)                     },
    {"no address (Sendmail)",
     IN("from h (user@localhost) by mx (8.15.2/8.15.2) with ESMTP" DATE)                                                   },
    {"an address that is none",
     IN("from h (x [unknown]) by mx (Postfix) with SMTP" DATE)                                                             },
    {"an address out of range",
     IN("from h (x [192.0.2.256]) by mx (Postfix) with SMTP" DATE)                                                         },
    {"no writer",                                           IN("from h (x [192.0.2.7])" DATE)                              },
    {"no writer's name",                                    IN("from h (x [192.0.2.7]) by" DATE)                           },
    {"HELO with a comment glued to it",
     IN("from h(y [198.51.100.1]) (x [192.0.2.7]) by mx (Postfix) with SMTP" DATE)                                         },
    {"HELO with a comment behind a space",
     IN("from h (y [198.51.100.1]) (x [192.0.2.7]) by mx (Postfix) with SMTP" DATE)                                        },
    {"HELO with an Exchange comment",                       IN("from h (198.51.100.1) (192.0.2.7) by mx "
                                         "(10.0.0.1) with Microsoft SMTP Server" DATE)},
    {"HELO with a whole field, semicolon too",
     IN("from h (198.51.100.1) by evil; (192.0.2.7) by mx (10.0.0.1) with Microsoft SMTP "
        "Server" DATE)                                                                                                     },
    {"HELO with a whole field but no semicolon",
     IN("from h (198.51.100.1) by evil (x [192.0.2.7]) by mx (Postfix) with SMTP" DATE)                                    },
    {"HELO with Exim's key in a comment",
     IN("from [198.51.100.1] (helo=x [192.0.2.7]) by mx (Postfix) with SMTP" DATE)                                         },
    {"ident with an address and Exim's key",
     IN("from h ([198.51.100.1] helo=x@rdns [192.0.2.7]) by mx (8.15.2/8.15.2) with "
        "ESMTP" DATE)                                                                                                      },
    {"ident with an address in front",                      IN("from h ([198.51.100.1] mail@rdns [192.0.2.7]) "
                                          "by mx (8.15.2/8.15.2) with ESMTP" DATE)   },
    {"ident with an address behind, Exim",
     IN("from rdns ([192.0.2.7] helo=h ident=x [198.51.100.1]) by mx with esmtp (Exim "
        "4)" DATE)                                                                                                         },
    {"an address in the reverse name",
     IN("from h (a[198.51.100.1] [192.0.2.7]) by mx x" DATE)                                                               },
    {"an address glued to the name",
     IN("from h (x[192.0.2.7]) by mx (Postfix) with SMTP" DATE)                                                            },
    {"text behind the address",
     IN("from h (x [192.0.2.7] y) by mx (Postfix) with SMTP" DATE)                                                         },
    {"a remark that is not Sendmail's",
     IN("from h (x [192.0.2.7] (forged)) by mx y" DATE)                                                                    },
    {"a name alone is no address",                          IN("from [192.0.2.7] by mx (Postfix) with SMTP" DATE)          },
    {"IronPort, whose first comment is the client's words",
     IN("from rdns (HELO h) ([192.0.2.7]) by mx with ESMTP" DATE)                                                          },
    {"IPv4 marked as IPv6",
     IN("from h (x [IPv6:192.0.2.7]) by mx (Postfix) with SMTP" DATE)                                                      },
    {"a port that is none",
     IN("from x ([192.0.2.7]: helo=h) by mx with esmtp (Exim 4)" DATE)                                                     },
    {"a comment not closed",                                IN("from h (x [192.0.2.7] by mx (Postfix) with SMTP" DATE)     },
    {"a quote not closed",                                  IN("from \"h (x [192.0.2.7]) by mx (Postfix) with SMTP" DATE)  },
    {"NUL",                                                 IN("from h\0 (x [192.0.2.7]) by mx (Postfix) with SMTP" DATE)  },
    {"a bare LF",                                           IN("from h (x [192.0.2.7])\n by mx (Postfix) with SMTP" DATE)  },
    {"a bare CR",                                           IN("from h (x [192.0.2.7])\r by mx (Postfix) with SMTP" DATE)  },
    {"comments nested deeply",
     IN("from h ((((((((((((((((((x [192.0.2.7])))))))))))))))))) by "
        "mx (Postfix) with SMTP" DATE)                                                                                     },
};

static void what_gives_no_client_without_guessing_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct message_received received = {0};
        enum yett_err err = message_parse_received(arena, bad[i].value, &received);
        if (err != YETT_BAD_SYNTAX) {
            fail_msg("%s: %.*s", bad[i].why, SLICE_ARG(describe(&received)));
        }
        assert_int_equal(received.client.family, IP_NONE);
    }
}

/* However much the client says of itself: the address is the one the MTA wrote, or none. */
static void no_helo_changes_the_client(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "h",    "[198.51.100.1]", " ",      "(",  ")", "by",
        "x",    "helo=",          "[",      "]",  ";", "(Exim 4)",
        "from", "198.51.100.1",   "ident=", "\"", "\\"};
    static const struct {
        const char *before, *after;
    } forms[] = {
        {"from ", " (rdns [192.0.2.7]) by mx (Postfix) with SMTP id 1" DATE           },
        {"from ", " ([192.0.2.7]) by mx (8.15/8.15) with SMTP id 1" DATE              },
        {"from ", " (192.0.2.7) by mx (10.0.0.1) with Microsoft SMTP Server id 1" DATE},
    };
    const size_t count = sizeof(pieces) / sizeof(pieces[0]);
    size_t read = 0;
    for (size_t n = 0; n < 3 * count * count * count * count; n++) {
        struct arena_mark mark = arena_mark(arena);
        struct buf buf;
        buf_init(&buf, arena, 4096);
        buf_add_text(&buf, forms[n % 3].before);
        for (size_t rest = n / 3, i = 0; i < 4; i++, rest /= count) {
            buf_add_text(&buf, pieces[rest % count]);
        }
        buf_add_text(&buf, forms[n % 3].after);
        struct message_received received;
        if (message_parse_received(arena, buf_slice(&buf), &received) == YETT_OK) {
            struct ip expected;
            assert_int_equal(ip_parse(SLICE("192.0.2.7"), &expected), YETT_OK);
            if (!ip_eq(received.client, expected)) {
                fail_msg("%.*s", SLICE_ARG(buf_slice(&buf)));
            }
            read++;
        }
        arena_rewind(arena, mark);
    }
    assert_true(read > 1000);
}

static void a_field_of_a_megabyte_is_refused_at_once(void **state)
{
    (void)state;
    struct message_received received = {0};
    struct buf buf;
    buf_init(&buf, arena, 1 << 20);
    buf_add_text(&buf, "from h (x [192.0.2.7]) by mx (Postfix) ");
    while (buf_err(&buf) == YETT_OK) { /* a minute, when each was read to the end */
        buf_add_text(&buf, "(envelope-from <)");
    }
    assert_int_equal(message_parse_received(arena, buf_slice(&buf), &received),
                     YETT_BAD_SYNTAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_forms_of_known_mtas_are_read),
        TEST(a_mapped_address_stays_what_it_is),
        TEST(a_field_of_a_megabyte_is_refused_at_once),
        TEST(what_gives_no_client_without_guessing_is_refused),
        TEST(no_helo_changes_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
