/* SPDX-License-Identifier: BSD-2-Clause */
#include "made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Which mail is signed, and by which rule. */

/* A message, and how it came. */
struct mail {
    const char *client; /* NULL: none */
    const char *login;  /* NULL: not logged in */
    const char *mail_from;
    bool local;
    const char *header; /* without the empty line */
    enum config_listener_role role;
};

#define LOCALHOST "127.0.0.1"
#define FRIEND    "192.0.2.7"  /* in submission_networks */
#define RELAY     "192.0.2.25" /* a trusted relay */
#define STRANGER  "198.51.100.9"
#define FROM_US   "From: alice@example.com\r\n"
#define FROM_THEM "From: alice@elsewhere.test\r\n"
#define BY_ALICE  STRANGER, "alice", "alice@example.com", false

static struct ip address(const char *text)
{
    struct ip out = {0};
    if (text != NULL) {
        assert_int_equal(ip_parse(slice_from_text(text), &out), YETT_OK);
    }
    return out;
}

static struct ip_network network(const char *text)
{
    struct ip_network out = {0};
    assert_int_equal(ip_parse_network(slice_from_text(text), &out), YETT_OK);
    return out;
}

static struct config settings(struct made *made)
{
    struct config config;
    struct ip_network *networks = ARENA_ARRAY(made->arena, 2, struct ip_network);
    assert_non_null(networks);
    networks[0] = network(FRIEND);
    networks[1] = network(RELAY);
    config_init(&config);
    config.submission_networks = networks;
    config.submission_network_count = 1;
    config.trusted_relays = networks + 1;
    config.trusted_relay_count = 1;
    return config;
}

static struct signing_decision decide(struct made *made, const struct config *config,
                                      const struct mail *mail)
{
    struct message_header header;
    struct message_from from;
    struct signing_decision decision;
    bool done;
    slice text = arena_printf(made->arena, "%s\r\n", mail->header);
    struct message_parser *parser =
        message_parser_new(made->arena, MESSAGE_LIMITS_DEFAULT);
    assert_non_null(parser);
    assert_int_equal(message_parser_feed(parser, &text, &done), YETT_OK);
    assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
    assert_int_equal(message_read_from(made->arena, &header, &from), YETT_OK);
    const struct signing_question question = {
        .config = config,
        .table = made->table,
        .role = mail->role,
        .envelope = {.client = address(mail->client),
                     .mail_from = slice_from_text(mail->mail_from),
                     .has_mail_from = true,
                     .authenticated = mail->login != NULL,
                     .login = slice_from_text(mail->login),
                     .local = mail->local},
        .header = &header,
        .from = &from,
    };
    assert_int_equal(signing_decide(made->arena, &question, &decision), YETT_OK);
    assert_true(decision.rule.len > 0);
    assert_true(decision.reason.len > 0);
    return decision;
}

static void assert_decided(const struct signing_decision *found, enum signing_act act,
                           const char *rule, const char *why)
{
    if (found->act != act || !slice_eq(found->rule, slice_from_text(rule))) {
        fail_msg("%s: %s by %.*s (%.*s), wanted %s by %s", why,
                 signing_act_text(found->act), SLICE_ARG(found->rule),
                 SLICE_ARG(found->reason), signing_act_text(act), rule);
    }
}

static void sign_for(struct made *made, const char *pattern, const char *domain)
{
    slice why = SLICE_NONE;
    assert_int_equal(made_domain(made, pattern, domain, "s1r s1e", &why), YETT_OK);
}

static void who_is_talking_decides_first(void **state)
{
    static const struct {
        const char *why;
        struct mail mail;
        enum signing_act act;
        const char *rule;
    } cases[] = {
        {"logged in",                                                   {BY_ALICE, FROM_US, CONFIG_LISTENER_BOTH}, SIGNING_SIGN, "login"        },
        {"a listener that signs",
         {BY_ALICE, FROM_US, CONFIG_LISTENER_SIGN},
         SIGNING_SIGN,                                                                                                           "login"        },
        {"a listener that verifies",
         {BY_ALICE, FROM_US, CONFIG_LISTENER_VERIFY},
         SIGNING_NOT_ASKED,                                                                                                      "verify-only"  },
        {"somebody",
         {STRANGER, NULL, "alice@example.com", false, FROM_US, CONFIG_LISTENER_BOTH},
         SIGNING_NOT_ASKED,                                                                                                      "stranger"     },
        {"somebody, where only mail to be signed is expected",
         {STRANGER, NULL, "alice@example.com", false, FROM_US, CONFIG_LISTENER_SIGN},
         SIGNING_LEFT,                                                                                                           "stranger"     },
        {"no client",
         {NULL, NULL, "alice@example.com", false, FROM_US, CONFIG_LISTENER_BOTH},
         SIGNING_NOT_ASKED,                                                                                                      "no-client"    },
        {"a trusted relay",
         {RELAY, NULL, "alice@example.com", false, FROM_US, CONFIG_LISTENER_SIGN},
         SIGNING_LEFT,                                                                                                           "trusted-relay"},
        {"a submission network",
         {FRIEND, NULL, "alice@example.com", false, FROM_US, CONFIG_LISTENER_BOTH},
         SIGNING_SIGN,                                                                                                           "network"      },
        {"the sendmail command",
         {LOCALHOST, NULL, "alice@example.com", true, FROM_US, CONFIG_LISTENER_BOTH},
         SIGNING_SIGN,                                                                                                           "local"        },
        {"the sendmail command of a mail server that gives no address",
         {NULL, NULL, "alice@example.com", true, FROM_US, CONFIG_LISTENER_BOTH},
         SIGNING_SIGN,                                                                                                           "local"        },
        {"a bounce",
         {LOCALHOST, NULL, "", true, "From: MAILER-DAEMON@example.com\r\n",
          CONFIG_LISTENER_BOTH},
         SIGNING_SIGN,                                                                                                           "bounce"       },
        {"a bounce of somebody else",
         {STRANGER, NULL, "", false, "From: MAILER-DAEMON@example.com\r\n",
          CONFIG_LISTENER_BOTH},
         SIGNING_NOT_ASKED,                                                                                                      "stranger"     },
    };
    struct made *made = *state;
    struct config config = settings(made);
    config.signing.networks = CONFIG_ON;
    sign_for(made, "example.com", "example.com");
    made_table(made);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signing_decision found = decide(made, &config, &cases[i].mail);
        assert_decided(&found, cases[i].act, cases[i].rule, cases[i].why);
    }
}

static void networks_and_local_programs_are_signed_for_only_when_that_is_on(void **state)
{
    static const struct {
        const char *why;
        struct mail mail;
        enum signing_act act;
        const char *rule;
    } cases[] = {
        {"a submission network",
         {FRIEND, NULL, "alice@example.com", false, FROM_US, CONFIG_LISTENER_BOTH},
         SIGNING_LEFT, "networks-off"},
        {"a submission network, logged in",
         {FRIEND, "alice", "alice@example.com", false, FROM_US, CONFIG_LISTENER_BOTH},
         SIGNING_SIGN, "login"       },
        {"the sendmail command",
         {LOCALHOST, NULL, "alice@example.com", true, FROM_US, CONFIG_LISTENER_BOTH},
         SIGNING_LEFT, "networks-off"},
        {"a bounce",
         {LOCALHOST, NULL, "", true,
          "From: MAILER-DAEMON@example.com (Mail Delivery System)\r\n",
          CONFIG_LISTENER_BOTH},
         SIGNING_SIGN, "bounce"      },
        {"the sendmail command with the sender of bounces, in the name of somebody",
         {LOCALHOST, NULL, "", true, FROM_US, CONFIG_LISTENER_BOTH},
         SIGNING_LEFT, "networks-off"},
        {"the sendmail command with the sender of bounces, in two names",
         {LOCALHOST, NULL, "", true,
          "From: MAILER-DAEMON@example.com, ceo@example.com\r\n", CONFIG_LISTENER_BOTH},
         SIGNING_LEFT, "networks-off"},
    };
    struct made *made = *state;
    struct config config = settings(made);
    sign_for(made, "example.com", "example.com");
    made_table(made);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signing_decision found = decide(made, &config, &cases[i].mail);
        assert_decided(&found, cases[i].act, cases[i].rule, cases[i].why);
    }
}

static void forwards_are_left_alone(void **state)
{
    static const struct {
        const char *mail_from;
        bool is_forward;
    } cases[] = {
        {"SRS0=x7Ab=4T=elsewhere.test=bob@example.com",        true },
        {"srs0+x7Ab=4T=elsewhere.test=bob@example.com",        true },
        {"SRS1=Hx=relay.test==x7Ab=4T=e.test=bob@example.com", true },
        {"\"SRS0=x7Ab=4T=elsewhere.test=bob\"@example.com",    true },
        {"SRS2=x7Ab@example.com",                              false},
        {"srs@example.com",                                    false},
        {"srs0@example.com",                                   false},
        {"alice@example.com",                                  false},
        {"",                                                   false},
    };
    struct made *made = *state;
    struct config config = settings(made);
    sign_for(made, "example.com", "example.com");
    made_table(made);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mail mail = {BY_ALICE, FROM_US, CONFIG_LISTENER_BOTH};
        mail.mail_from = cases[i].mail_from;
        struct signing_decision found = decide(made, &config, &mail);
        assert_decided(&found, cases[i].is_forward ? SIGNING_LEFT : SIGNING_SIGN,
                       cases[i].is_forward ? "forward" : "login", mail.mail_from);
    }
}

static void the_author_must_be_one_of_ours(void **state)
{
    static const struct {
        const char *why, *header;
        enum signing_act act;
        const char *rule;
    } cases[] = {
        {"ours",                           FROM_US,                                        SIGNING_SIGN,   "login"          },
        {"below ours, by a pattern",       "From: a@sub.example.net\r\n",                  SIGNING_SIGN,
         "login"                                                                                                            },
        {"below ours, without a pattern",  "From: a@sub.example.com\r\n",                  SIGNING_LEFT,
         "other-domain"                                                                                                     },
        {"others",                         FROM_THEM,                                      SIGNING_LEFT,   "other-domain"   },
        {"ours without a key",             "From: a@bare.test\r\n",                        SIGNING_LEFT,   "no-key"         },
        {"named so that it is not signed", "From: a@quiet.test\r\n",                       SIGNING_LEFT,
         "no-key"                                                                                                           },
        {"none",                           "Subject: x\r\n",                               SIGNING_LEFT,   "no-from"        },
        {"unreadable",                     "From: a@b@example.com\r\n",                    SIGNING_LEFT,   "bad-from"       },
        {"two addresses of one domain",    "From: a@example.com, b@example.com\r\n",
         SIGNING_SIGN,                                                                                     "login"          },
        {"two domains, one ours",          "From: a@example.com, b@elsewhere.test\r\n",
         SIGNING_FAILED,                                                                                   "several-domains"},
        {"two domains, none ours",         "From: a@x.test, b@elsewhere.test\r\n",         SIGNING_LEFT,
         "several-domains"                                                                                                  },
        {"two fields",                     FROM_US FROM_US,                                SIGNING_FAILED, "several-from"   },
        {"two fields of others",           FROM_THEM FROM_THEM,                            SIGNING_LEFT,   "several-from"   },
        {"resent by us",                   FROM_THEM "Resent-From: alice@example.com\r\n", SIGNING_LEFT,
         "other-domain"                                                                                                     },
    };
    struct made *made = *state;
    struct config config = settings(made);
    struct config_domain bare = {.name = SLICE("bare.test")};
    config.domains = &bare;
    config.domain_count = 1;
    sign_for(made, "example.com", "example.com");
    sign_for(made, "*.example.net", "example.net");
    slice why = SLICE_NONE;
    assert_int_equal(made_domain(made, "quiet.test", "quiet.test", "", &why), YETT_OK);
    made_login(made, "alice", "*");
    made_table(made);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mail mail = {BY_ALICE, cases[i].header, CONFIG_LISTENER_BOTH};
        struct signing_decision found = decide(made, &config, &mail);
        assert_decided(&found, cases[i].act, cases[i].rule, cases[i].why);
    }
}

static void several_from_fields_do_what_is_set(void **state)
{
    struct made *made = *state;
    struct config config = settings(made);
    struct mail mail = {BY_ALICE, FROM_US FROM_US, CONFIG_LISTENER_BOTH};
    sign_for(made, "example.com", "example.com");
    made_table(made);
    config.signing.on_several_from = CONFIG_HAZARD_REJECT;
    struct signing_decision found = decide(made, &config, &mail);
    assert_decided(&found, SIGNING_REFUSED, "several-from", "reject");
    config.signing.on_several_from = CONFIG_HAZARD_SIGN;
    found = decide(made, &config, &mail);
    assert_decided(&found, SIGNING_SIGN, "login", "sign");
    mail.header = FROM_US FROM_THEM;
    found = decide(made, &config, &mail);
    assert_decided(&found, SIGNING_FAILED, "several-from", "sign, of two domains");
    /* A keeper signs only what it can read, and asking it again would not help. */
    static const char *const unreadable[] = {
        FROM_US "From: \"x\r\n", "From: <victim@example.com>>\r\n" FROM_US,
        FROM_US "From: \r\n", FROM_US FROM_US "X: a\rFrom: b@example.com\r\n"};
    for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
        mail.header = unreadable[i];
        found = decide(made, &config, &mail);
        assert_decided(&found, SIGNING_FAILED, "several-from", unreadable[i]);
    }
}

static void a_login_sends_mail_of_its_own_domains_only(void **state)
{
    static const struct {
        const char *login, *author, *rule;
    } cases[] = {
        {"alice",                           "example.com",           "login"   },
        {"alice",                           "example.net",           "mismatch"},
        {"mallory",                         "example.com",           "mismatch"},
        {"mallory@example.com",             "example.com",           "login"   },
        {"mallory@EXAMPLE.com",             "example.com",           "login"   },
        {"mallory@example.com",             "example.net",           "mismatch"},
        {"mallory@evil@example.net",        "example.net",           "login"   },
        {"jo@b\xc3\xbc"
         "cher.example",           "xn--bcher-kva.example", "login"   },
        {"eve@b\xc3\xbc"
         "cher.example",           "xn--bcher-kva.example", "mismatch"},
        {"eve@example.net.",                "example.net",           "mismatch"},
 /* What only looks like an address of ours, or becomes one when it is tidied up. */
        {"mallory@exam\xc2\xadple.net",     "example.net",           "mismatch"},
        {"mallory@example.net\xe2\x80\x8b", "example.net",           "mismatch"},
        {"mallory@\xef\xbd\x85xample.net",  "example.net",           "mismatch"},
        {"mallory@example\xe3\x80\x82net",  "example.net",           "mismatch"},
        {"@example.net",                    "example.net",           "mismatch"},
        {"mallory\r\nx@example.net",        "example.net",           "mismatch"},
        {"mallory x@example.net",           "example.net",           "mismatch"},
        {"mallory@",                        "example.com",           "mismatch"},
        {"root",                            "example.net",           "login"   },
        {"eve@example.net",                 "example.net",           "mismatch"},
        {"Eve@Example.NET",                 "example.net",           "mismatch"},
        {"Eve@example.com",                 "example.com",           "login"   },
    };
    struct made *made = *state;
    struct config config = settings(made);
    sign_for(made, "example.com", "example.com");
    sign_for(made, "example.net", "example.net");
    made_login(made, "alice", "example.com");
    made_login(made, "root", "*");
    made_login(made, "eve@example.net", "example.com");
    made_login(made, "eve@xn--bcher-kva.example", "example.com");
    sign_for(made, "xn--bcher-kva.example", "xn--bcher-kva.example");
    made_table(made);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mail mail = {BY_ALICE, FROM_US, CONFIG_LISTENER_BOTH};
        slice header =
            arena_printf(made->arena, "From: x@%s\r\n%c", cases[i].author, '\0');
        bool signs = strcmp(cases[i].rule, "login") == 0;
        mail.login = cases[i].login;
        mail.header = header.ptr;
        config.signing.on_mismatch = CONFIG_MISMATCH_UNSIGNED;
        struct signing_decision found = decide(made, &config, &mail);
        assert_decided(&found, signs ? SIGNING_SIGN : SIGNING_FAILED, cases[i].rule,
                       cases[i].login);
        config.signing.on_mismatch = CONFIG_MISMATCH_REJECT;
        found = decide(made, &config, &mail);
        assert_decided(&found, signs ? SIGNING_SIGN : SIGNING_REFUSED, cases[i].rule,
                       cases[i].login);
    }
}

static void of_one_domain_every_login_may_send(void **state)
{
    struct made *made = *state;
    struct config config = settings(made);
    struct mail mail = {BY_ALICE, FROM_US, CONFIG_LISTENER_BOTH};
    sign_for(made, "example.com", "example.com");
    sign_for(made, "*.example.com", "example.com");
    made_table(made);
    struct signing_decision found = decide(made, &config, &mail);
    assert_decided(&found, SIGNING_SIGN, "login", "one domain");
    assert_int_equal(found.rows.count, 2);
    assert_true(slice_eq(found.author, SLICE("example.com")));
}

static void once_logins_are_named_the_others_may_not(void **state)
{
    struct made *made = *state;
    struct config config = settings(made);
    struct mail mail = {BY_ALICE, FROM_US, CONFIG_LISTENER_BOTH};
    sign_for(made, "example.com", "example.com");
    made_login(made, "bob", "example.com");
    made_table(made);
    struct signing_decision found = decide(made, &config, &mail);
    assert_decided(&found, SIGNING_FAILED, "mismatch", "not named");
}

#define SIGNATURE(d, s)                                                                  \
    "DKIM-Signature: v=1; a=rsa-sha256; d=" d "; s=" s "; h=from; "                      \
    "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=YQ==\r\n"

static void what_comes_out_of_our_queue_again_is_not_signed_twice(void **state)
{
    static const struct {
        const char *why;
        bool local;
        const char *header;
        const char *rule;
    } cases[] = {
        {"ours",               true,  SIGNATURE("example.com", "s1r") FROM_US,                                     "signed-already"    },
        {"ours, below others", true,
         SIGNATURE("list.test",                                "s1r") SIGNATURE("example.com",                     "s1e") FROM_US,
         "signed-already"},
        {"a selector of others",                    true,    SIGNATURE("example.com",    "s2") FROM_US,                            "local"                               },
        {"a domain of others",                    true,      SIGNATURE("list.test",      "s1r") FROM_US,                              "local"},
        {"unreadable",                    true,              "DKIM-Signature: d=example.com; s=s1r\r\n" FROM_US,              "local"},
        {"handed in with it",  false, SIGNATURE("example.com", "s1r") FROM_US,                                     "login" },
    };
    struct made *made = *state;
    struct config config = settings(made);
    config.signing.networks = CONFIG_ON;
    sign_for(made, "example.com", "example.com");
    made_table(made);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mail mail = {BY_ALICE, cases[i].header, CONFIG_LISTENER_BOTH};
        if (cases[i].local) {
            mail.client = LOCALHOST;
            mail.login = NULL;
            mail.mail_from = "";
            mail.local = true;
        }
        bool again = strcmp(cases[i].rule, "signed-already") == 0;
        struct signing_decision found = decide(made, &config, &mail);
        assert_decided(&found, again ? SIGNING_LEFT : SIGNING_SIGN, cases[i].rule,
                       cases[i].why);
    }
}

static void without_a_table_nothing_is_asked(void **state)
{
    struct made *made = *state;
    struct config config = settings(made);
    struct mail mail = {BY_ALICE, FROM_US, CONFIG_LISTENER_BOTH};
    struct signing_decision found = decide(made, &config, &mail);
    assert_decided(&found, SIGNING_NOT_ASKED, "nothing-signed", "no table");
}

static void a_hostile_login_is_shown_as_text(void **state)
{
    struct made *made = *state;
    struct config config = settings(made);
    struct mail mail = {BY_ALICE, FROM_US, CONFIG_LISTENER_BOTH};
    sign_for(made, "example.com", "example.com");
    sign_for(made, "*.example.com", "example.com");
    made_login(made, "bob", "example.com");
    made_table(made);
    mail.login = "eve\r\n\x1b[2J";
    struct signing_decision found = decide(made, &config, &mail);
    assert_decided(&found, SIGNING_FAILED, "mismatch", "hostile");
    assert_false(slice_has_byte(found.reason, '\n'));
    assert_false(slice_has_byte(found.reason, '\x1b'));

    /* The longest sentence there is. */
    char login[256], header[300];
    memset(login, '\x01', sizeof(login) - 1);
    login[sizeof(login) - 1] = '\0';
    snprintf(header, sizeof(header), "From: x@%060d.%060d.%060d.%050d.example.com\r\n", 1,
             2, 3, 4);
    mail.login = login;
    mail.header = header;
    found = decide(made, &config, &mail);
    assert_decided(&found, SIGNING_FAILED, "mismatch", "long");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)
    const struct CMUnitTest tests[] = {
        TEST(who_is_talking_decides_first),
        TEST(networks_and_local_programs_are_signed_for_only_when_that_is_on),
        TEST(forwards_are_left_alone),
        TEST(the_author_must_be_one_of_ours),
        TEST(several_from_fields_do_what_is_set),
        TEST(a_login_sends_mail_of_its_own_domains_only),
        TEST(of_one_domain_every_login_may_send),
        TEST(once_logins_are_named_the_others_may_not),
        TEST(what_comes_out_of_our_queue_again_is_not_signed_twice),
        TEST(without_a_table_nothing_is_asked),
        TEST(a_hostile_login_is_shown_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
