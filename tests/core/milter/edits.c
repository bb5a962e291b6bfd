/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/edits.h"

#include "core/milter/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct desk {
    struct arena *arena;
    struct buf buf;
    struct milter_options options;
    enum config_insert insert;
    enum event_outcome outcome;
};

static int set_up(void **state)
{
    static struct desk desk;
    desk = (struct desk){.arena = arena_new(64 << 20)};
    desk.options = (struct milter_options){6, POSTFIX_ACTIONS, SMFIP_HDR_LEADSPC};
    *state = &desk;
    return desk.arena == NULL;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;
    arena_free(desk->arena);
    return 0;
}

static slice written(struct desk *desk, const struct intake_decision *decision)
{
    buf_init(&desk->buf, desk->arena, EDITS_BYTES_MAX);
    desk->outcome = edits_write(&desk->buf, decision, &desk->options, desk->insert);
    assert_int_equal(buf_err(&desk->buf), YETT_OK);
    return buf_slice(&desk->buf);
}

static void an_accepted_message_without_edits_is_one_reply(void **state)
{
    struct intake_decision decision = {.outcome = EVENT_ACCEPTED};
    assert_slice(written(*state, &decision), SLICE("\0\0\0\1a"));
}

/* As the mail server performs them one after the other, the first to be added is uppermost. */
static void what_is_removed_goes_first_what_is_added_in_reverse(void **state)
{
    static const struct intake_edit edits[] = {
        {INTAKE_REMOVE, SLICE_INIT("Authentication-Results"), SLICE_INIT(""),     7, 3},
        {INTAKE_REMOVE, SLICE_INIT("AUTHENTICATION-results"), SLICE_INIT(""),     2, 1},
        {INTAKE_ADD,    SLICE_INIT("A"),                      SLICE_INIT(" one"), 0, 0},
        {INTAKE_ADD,    SLICE_INIT("B"),                      SLICE_INIT(" two"), 0, 0},
    };
    struct intake_decision decision = {EVENT_ACCEPTED, .edits = edits, .edit_count = 4};
    struct desk *desk = *state;
    assert_slice(written(desk, &decision),
                 SLICE("\0\0\0\x1dm\0\0\0\3Authentication-Results\0\0"
                       "\0\0\0\x1dm\0\0\0\1AUTHENTICATION-results\0\0"
                       "\0\0\0\x0ci\0\0\0\0B\0 two\0"
                       "\0\0\0\x0ci\0\0\0\0A\0 one\0"
                       "\0\0\0\1a"));
    desk->insert = CONFIG_INSERT_BELOW_RECEIVED;
    decision.edits = edits + 2;
    decision.edit_count = 1;
    assert_slice(written(desk, &decision), SLICE("\0\0\0\x0ci\0\0\0\1A\0 one\0"
                                                 "\0\0\0\1a"));
}

static void values_are_written_as_mail_servers_take_them(void **state)
{
    static const struct {
        const char *why;
        slice value, with_space, without;
    } rows[] = {
        {"a space in front",            SLICE_INIT(" x"),                SLICE_INIT(" x"),            SLICE_INIT("x")  },
        {"two of them",                 SLICE_INIT("  x"),               SLICE_INIT("  x"),           SLICE_INIT(" x") },
        {"none",                        SLICE_INIT("x"),                 SLICE_INIT("x"),             SLICE_INIT("x")  },
        {"a tab",                       SLICE_INIT("\tx"),               SLICE_INIT("\tx"),           SLICE_INIT("\tx")},
        {"nothing",                     SLICE_INIT(""),                  SLICE_INIT(""),              SLICE_INIT("")   },
        {"a fold",                      SLICE_INIT(" a;\r\n\tb;\r\n c"), SLICE_INIT(" a;\n\tb;\n c"),
         SLICE_INIT("a;\n\tb;\n c")                                                                                    },
        {"a fold with LF",              SLICE_INIT(" a\n b"),            SLICE_INIT(" a\n b"),
         SLICE_INIT("a\n b")                                                                                           },
        {"what would be another field", SLICE_INIT(" a\r\nX: b"),        SLICE_INIT(" aX: b"),
         SLICE_INIT("aX: b")                                                                                           },
        {"what would end the header",   SLICE_INIT(" a\r\n\r\n b"),      SLICE_INIT(" a\n b"),
         SLICE_INIT("a\n b")                                                                                           },
        {"a line end at the end",       SLICE_INIT(" a\r\n"),            SLICE_INIT(" a"),
         SLICE_INIT("a")                                                                                               },
        {"CR alone",                    SLICE_INIT(" a\rb"),             SLICE_INIT(" ab"),           SLICE_INIT("ab") },
        {"NUL",                         SLICE_INIT(" a\0b"),             SLICE_INIT(" ab"),           SLICE_INIT("ab") },
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct intake_edit edit = {INTAKE_ADD, SLICE("N"), rows[i].value, 0, 0};
        struct intake_decision decision = {EVENT_ACCEPTED, .edits = &edit,
                                           .edit_count = 1};
        print_message("# %s\n", rows[i].why);
        for (int with_space = 0; with_space <= 1; with_space++) {
            struct milter_packet packet;
            desk->options.steps = with_space != 0 ? SMFIP_HDR_LEADSPC : 0;
            slice in = written(desk, &decision);
            assert_int_equal(milter_take_packet(&in, 1000, &packet), YETT_OK);
            assert_int_equal(packet.command, 'i');
            slice value = slice_skip(packet.data, 6);
            assert_true(slice_ends_with(value, SLICE("\0")));
            assert_slice(slice_first(value, value.len - 1),
                         with_space != 0 ? rows[i].with_space : rows[i].without);
        }
    }
}

static void a_held_message_is_quarantined_and_accepted(void **state)
{
    struct intake_decision decision = {EVENT_HELD, .hold_reason = SLICE("DMARC\r\n100%")};
    struct desk *desk = *state;
    assert_slice(written(desk, &decision), SLICE("\0\0\0\x0dqDMARC??100%\0"
                                                 "\0\0\0\1a"));
    assert_int_equal(desk->outcome, EVENT_HELD);
    decision.hold_reason = SLICE_NONE;
    assert_slice(written(desk, &decision), SLICE("\0\0\0\6qheld\0"
                                                 "\0\0\0\1a"));
}

static void without_a_quarantine_a_held_message_is_accepted_with_its_field(void **state)
{
    struct intake_edit edit = {INTAKE_ADD, SLICE("Q"), SLICE(" x"), 0, 0};
    struct intake_decision decision = {EVENT_HELD, .hold_reason = SLICE("DMARC"),
                                       .edits = &edit, .edit_count = 1};
    struct desk *desk = *state;
    desk->options.actions &= ~(uint32_t)SMFIF_QUARANTINE;
    assert_slice(written(desk, &decision), SLICE("\0\0\0\x0ai\0\0\0\0Q\0 x\0"
                                                 "\0\0\0\1a"));
    assert_int_equal(desk->outcome, EVENT_ACCEPTED);
}

static void refusals_are_one_safe_line(void **state)
{
    static const struct {
        const char *why;
        enum event_outcome outcome;
        slice reply, packet;
    } rows[] = {
        {"reject",              EVENT_REJECTED, SLICE_INIT("550 5.7.26 no"),
         SLICE_INIT("\0\0\0\x0fy550 5.7.26 no\0")                                                     },
        {"defer",               EVENT_DEFERRED, SLICE_INIT("451 4.7.26 no"),
         SLICE_INIT("\0\0\0\x0fy451 4.7.26 no\0")                                                     },
        {"percent",             EVENT_REJECTED, SLICE_INIT("550 %s%"),
         SLICE_INIT("\0\0\0\x0by550 %%s%%\0")                                                         },
        {"line ends",           EVENT_REJECTED, SLICE_INIT("550 a\r\n550 b"),
         SLICE_INIT("\0\0\0\x0ey550 a??550 b\0")                                                      },
        {"NUL and UTF-8",       EVENT_REJECTED, SLICE_INIT("550 a\0\xc3\xa4"),
         SLICE_INIT("\0\0\0\x0ay550 a???\0")                                                          },
        {"no words",            EVENT_REJECTED, SLICE_INIT(""),                SLICE_INIT("\0\0\0\1r")},
        {"no words",            EVENT_DEFERRED, SLICE_INIT(""),                SLICE_INIT("\0\0\0\1t")},
        {"only a code",         EVENT_DEFERRED, SLICE_INIT("451"),             SLICE_INIT("\0\0\0\1t")},
        {"the wrong code",      EVENT_DEFERRED, SLICE_INIT("550 x"),           SLICE_INIT("\0\0\0\1t")},
        {"the wrong code",      EVENT_REJECTED, SLICE_INIT("451 x"),           SLICE_INIT("\0\0\0\1r")},
        {"a line that goes on", EVENT_REJECTED, SLICE_INIT("550-x"),
         SLICE_INIT("\0\0\0\1r")                                                                      },
        {"words only",          EVENT_REJECTED, SLICE_INIT("5xx go"),          SLICE_INIT("\0\0\0\1r")},
    };
    static const struct intake_edit edit = {INTAKE_ADD, SLICE_INIT("A"), SLICE_INIT(" x"),
                                            0, 0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* What would be changed does not matter any more. */
        struct intake_decision decision = {rows[i].outcome, .reply = rows[i].reply,
                                           .edits = &edit, .edit_count = 1};
        print_message("# %s\n", rows[i].why);
        assert_slice(written(*state, &decision), rows[i].packet);
    }
}

static void a_long_reply_is_cut(void **state)
{
    char text[5000];
    struct milter_packet packet;
    memset(text, '%', sizeof(text));
    memcpy(text, "550 ", 4);
    struct intake_decision decision = {EVENT_REJECTED,
                                       .reply = slice_of(text, sizeof(text))};
    slice in = written(*state, &decision);
    assert_int_equal(milter_take_packet(&in, 2000, &packet), YETT_OK);
    assert_int_equal(packet.data.len, 4 + 2 * 506 + 1);
    assert_int_equal(in.len, 0);
}

static void as_many_removals_as_there_may_be_fit(void **state)
{
    enum { COUNT = 20000 };
    struct desk *desk = *state;
    struct intake_edit *edits = ARENA_ARRAY(desk->arena, COUNT, struct intake_edit);
    for (size_t i = 0; i < COUNT; i++) {
        edits[i] = (struct intake_edit){INTAKE_REMOVE, SLICE("Authentication-Results"),
                                        SLICE_NONE, COUNT - i, COUNT - i};
    }
    struct intake_decision decision = {EVENT_ACCEPTED, .edits = edits,
                                       .edit_count = COUNT};
    slice in = written(desk, &decision);
    struct milter_packet packet;
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(milter_take_packet(&in, 100, &packet), YETT_OK);
        assert_int_equal(packet.command, 'm');
        size_t occurrence = (size_t)(unsigned char)packet.data.ptr[2] << 8 |
                            (unsigned char)packet.data.ptr[3];
        assert_int_equal(occurrence, COUNT - i);
    }
    assert_slice(in, SLICE("\0\0\0\1a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_accepted_message_without_edits_is_one_reply,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_removed_goes_first_what_is_added_in_reverse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_are_written_as_mail_servers_take_them,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_held_message_is_quarantined_and_accepted,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            without_a_quarantine_a_held_message_is_accepted_with_its_field, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(refusals_are_one_safe_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_reply_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(as_many_removals_as_there_may_be_fit, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
