/* SPDX-License-Identifier: BSD-2-Clause */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Which mail is sealed, and by whom. */

static const struct occasion_case {
    const char *why;
    const char *client;
    bool authenticated, local;
    enum config_listener_role role;
    const char *rcpt[2];
    const char *next_hop;
    const char *rule; /* NULL: it is not sealed */
} cases[] = {
    {"a listed address",
     STRANGER,    false,
     false, CONFIG_LISTENER_BOTH,
     {"list@b.test"},
     NULL,                    "recipient"},
    {"in any case",
     STRANGER,    false,
     false, CONFIG_LISTENER_VERIFY,
     {"List@B.Test"},
     NULL,                    "recipient"},
    {"an address of a listed domain",
     STRANGER,    false,
     false, CONFIG_LISTENER_BOTH,
     {"dev@lists.b.test"},
     NULL,                    "recipient"},
    {"and of one below",
     STRANGER,    false,
     false, CONFIG_LISTENER_BOTH,
     {"dev@old.lists.b.test"},
     NULL,                    "recipient"},
    {"one of several",
     STRANGER,    false,
     false, CONFIG_LISTENER_BOTH,
     {"bob@b.test", "list@b.test"},
     NULL,                    "recipient"},
    {"nobody who is listed",
     STRANGER,    false,
     false, CONFIG_LISTENER_BOTH,
     {"bob@b.test", "list@c.test"},
     "b.test",                NULL       },
    {"a listed next hop",
     STRANGER,    false,
     false, CONFIG_LISTENER_BOTH,
     {"bob@b.test"},
     "[backend.b.test]:2525", "next-hop" },
    {"another port",
     STRANGER,    false,
     false, CONFIG_LISTENER_BOTH,
     {"bob@b.test"},
     "[backend.b.test]:25",   NULL       },
    {"a submission",
     FRIEND,      false,
     false, CONFIG_LISTENER_BOTH,
     {"list@b.test"},
     NULL,                    NULL       },
    {"a user from anywhere",
     STRANGER,    true,
     false, CONFIG_LISTENER_BOTH,
     {"list@b.test"},
     NULL,                    NULL       },
    {"where nothing is verified",
     STRANGER,    false,
     false, CONFIG_LISTENER_SIGN,
     {"list@b.test"},
     NULL,                    NULL       },
    {"a list host",
     LIST_HOST,   false,
     false, CONFIG_LISTENER_BOTH,
     {"ann@c.test"},
     NULL,                    "list"     },
    {"a listener for outgoing mail",
     LIST_HOST,   false,
     false, CONFIG_LISTENER_SIGN,
     {"ann@c.test"},
     NULL,                    "list"     },
    {"where nothing is signed",
     LIST_HOST,   false,
     false, CONFIG_LISTENER_VERIFY,
     {"ann@c.test"},
     NULL,                    NULL       },
    {"from list to list",
     LIST_HOST,   false,
     false, CONFIG_LISTENER_BOTH,
     {"list@b.test"},
     NULL,                    "list"     },
    {"a user of web mail on that host",
     LIST_HOST,   true,
     false, CONFIG_LISTENER_BOTH,
     {"list@b.test"},
     NULL,                    NULL       },
    {"the sendmail command there",
     "127.0.0.1", false,
     true,  CONFIG_LISTENER_BOTH,
     {"list@b.test"},
     NULL,                    NULL       },
};

static struct sealing_decision find(const struct desk *desk,
                                    const struct occasion_case *row)
{
    const slice rcpt[] = {slice_from_text(row->rcpt[0]),
                          row->rcpt[1] == NULL ? SLICE_NONE
                                               : slice_from_text(row->rcpt[1])};
    const struct sealing_question question = {
        .house = &desk->house,
        .role = row->role,
        .envelope = {.client = desk_ip(row->client),
                     .authenticated = row->authenticated,
                     .local = row->local,
                     .rcpt = rcpt,
                     .rcpt_count = row->rcpt[1] == NULL ? 1 : 2},
        .has_next_hop =
            row->next_hop != NULL &&
            sealing_has_next_hop(&desk->house, slice_from_text(row->next_hop)),
    };
    struct sealing_decision decision;
    sealing_find_occasion(&question, &decision);
    return decision;
}

static void mail_is_sealed_on_the_occasions_that_the_settings_name(void **state)
{
    struct desk desk;
    (void)state;
    desk_init(&desk, "b.test/s");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sealing_decision decision = find(&desk, &cases[i]);
        slice wanted =
            cases[i].rule == NULL ? SLICE_NONE : slice_from_text(cases[i].rule);
        bool seals = decision.act == SEALING_SEAL;
        if (!slice_eq(decision.rule, wanted) || seals != (cases[i].rule != NULL) ||
            (seals && decision.reason.len == 0)) {
            fail_msg("%s: %s by \"%.*s\"", cases[i].why, sealing_act_text(decision.act),
                     SLICE_ARG(decision.rule));
        }
    }
    desk_finish(&desk);
}

static void without_a_key_that_may_seal_nothing_is_sealed(void **state)
{
    static const char *const tables[] = {"-b.test/s", "a.test/s", "sub.b.test/s", ""};
    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct desk desk;
        desk_init(&desk, tables[i]);
        assert_int_equal(find(&desk, &cases[0]).act, SEALING_NOT_ASKED);
        desk_finish(&desk);
    }
}

static void an_rsa_key_comes_before_others(void **state)
{
    static const struct {
        const char *rows, *selector;
    } tables[] = {
        {"b.test/ed",                        "ed"},
        {"b.test/ed b.test/s",               "s" },
        {"b.test/s b.test/t b.test/ed",      "s" },
        {"-b.test/t b.test/ed a.test/s",     "ed"},
        {"b.test/old-ed b.test/ed b.test/t", "t" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct desk desk;
        desk_init(&desk, tables[i].rows);
        assert_true(desk.house.seals);
        assert_true(
            slice_eq(desk.house.row.selector, slice_from_text(tables[i].selector)));
        desk_finish(&desk);
    }
}

static void without_settings_nothing_is_sealed(void **state)
{
    struct desk desk;
    (void)state;
    desk_init(&desk, "b.test/s");
    desk.config.sealing = (struct config_sealing){0};
    sealing_house_init(&desk.config, desk.table, &desk.house);
    assert_int_equal(find(&desk, &cases[0]).act, SEALING_NOT_ASKED);
    sealing_house_init(&desk.config, NULL, &desk.house);
    assert_int_equal(find(&desk, &cases[0]).act, SEALING_NOT_ASKED);
    desk_finish(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_is_sealed_on_the_occasions_that_the_settings_name),
        cmocka_unit_test(without_a_key_that_may_seal_nothing_is_sealed),
        cmocka_unit_test(an_rsa_key_comes_before_others),
        cmocka_unit_test(without_settings_nothing_is_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
