/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/milter.h"
#include "core/zone/zone.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Conversations with the real intake behind them: what comes out of it all. */

enum { PLENTY = 64 << 20, REMOVALS_MAX = 20000 };

static const char zone_text[] = "bank.test. TXT \"v=spf1 -all\"\n"
                                "_dmarc.bank.test. TXT \"v=DMARC1; p=reject\"\n"
                                "shop.test. TXT \"v=spf1 -all\"\n"
                                "_dmarc.shop.test. TXT \"v=DMARC1; p=quarantine\"\n";

struct site {
    struct arena *arena;
    struct config config;
    struct intake_house house;
    struct zone *zone;
    struct milter_session *session;
    struct buf sent; /* of the mail server, not taken yet */
    slice reply;     /* of the last feed */
    enum event_outcome outcome;
};

static void draw_id(void *context, char *out)
{
    (void)context;
    memcpy(out, "0123456789abcdef", INTAKE_ID_LENGTH);
}

static bool enter(void *context, uint64_t fingerprint)
{
    (void)context;
    (void)fingerprint;
    return true;
}

static int64_t first_deferred(void *context, uint64_t key, int64_t now_s)
{
    (void)context;
    (void)key;
    return now_s;
}

static void note_deferral(void *context, uint64_t key, int64_t now_s)
{
    (void)context;
    (void)key;
    (void)now_s;
}

static int set_up(void **state)
{
    static struct site site;
    struct zone_error error;
    site = (struct site){.arena = arena_new(PLENTY)};
    assert_non_null(site.arena);
    assert_int_equal(zone_parse(site.arena, slice_of(zone_text, sizeof(zone_text) - 1),
                                &site.zone, &error),
                     YETT_OK);
    config_init(&site.config);
    site.config.authserv_id = SLICE("mx.example.com");
    site.config.mode = CONFIG_ENFORCE;
    site.config.dmarc.on_reject = CONFIG_REJECT_STRICT;
    site.config.limits.fields = 100000;
    site.house = (struct intake_house){
        .config = &site.config,
        .settings = SLICE("5e77"),
        .crypto = crypto_new(),
        .source = {.find = zone_find, .context = site.zone},
        .pool = intake_pool_new(0),
        .draw_id = draw_id,
        .enter = enter,
        .first_deferred = first_deferred,
        .note_deferral = note_deferral,
    };
    site.session = milter_session_new(&site.house, &site.config.listeners[0]);
    buf_init(&site.sent, site.arena, PLENTY);
    assert_non_null(site.session);
    *state = &site;
    return 0;
}

static int tear_down(void **state)
{
    struct site *site = *state;
    milter_session_free(site->session);
    intake_pool_free(site->house.pool);
    crypto_free(site->house.crypto);
    zone_finish(site->zone);
    arena_free(site->arena);
    return 0;
}

static void say(struct site *site, char command, slice data)
{
    milter_write_packet(&site->sent, command, &data, 1);
}
#define SAY(site, command, literal) say((site), (command), SLICE(literal))

/* All that was said. */
static void feed(struct site *site)
{
    slice in = buf_slice(&site->sent);
    assert_int_equal(buf_err(&site->sent), YETT_OK);
    assert_int_equal(milter_session_feed(site->session, &in, 1764000000), MILTER_READING);
    assert_int_equal(in.len, 0);
    assert_int_equal(milter_session_fault(site->session).len, 0);
    buf_truncate(&site->sent, 0);
    site->reply = milter_session_take_output(site->session);
    const struct event *event = milter_session_event(site->session);
    if (event != NULL) {
        site->outcome = event->outcome;
    }
}

/* An offer with these actions. */
static void greet(struct site *site, const char *actions)
{
    const slice numbers[] = {SLICE("\0\0\0\6\0\0\0"), slice_of(actions, 1),
                             SLICE("\0\x1f\xff\xff")};
    milter_write_packet(&site->sent, 'O', numbers, 3);
    SAY(site, 'C',
        "x\0"
        "4\0\0"
        "192.0.2.1\0");
    feed(site);
}

static void send_from(struct site *site, slice from, size_t forged)
{
    SAY(site, 'M', "<a@bank.test>\0");
    SAY(site, 'R', "<b@example.com>\0");
    for (size_t i = 0; i < forged; i++) {
        SAY(site, 'L', "Authentication-Results\0 mx.example.com; dmarc=pass\0");
    }
    say(site, 'L', from);
    SAY(site, 'N', "");
    SAY(site, 'B', "Hello\r\n");
    SAY(site, 'E', "");
    feed(site);
}

/* The packets of a reply, each kind once in a row: "mia". */
static void assert_kinds(struct site *site, const char *expected, size_t removals)
{
    struct milter_packet packet;
    char kinds[20];
    size_t count = 0, removed = 0;
    slice in = site->reply;
    while (in.len != 0) {
        assert_int_equal(milter_take_packet(&in, MILTER_PACKET_MAX, &packet), YETT_OK);
        removed += packet.command == 'm';
        if (count == 0 || kinds[count - 1] != packet.command) {
            assert_in_range(count, 0, sizeof(kinds) - 2);
            kinds[count++] = packet.command;
        }
    }
    kinds[count] = '\0';
    assert_string_equal(kinds, expected);
    assert_int_equal(removed, removals);
}

static void a_forgery_is_refused(void **state)
{
    struct site *site = *state;
    greet(site, "\x3f");
    send_from(site, SLICE("From\0 a@bank.test\0"), 2);
    assert_kinds(site, "y", 0);
    assert_true(slice_starts_with(slice_skip(site->reply, MILTER_HEAD), SLICE("550 5.")));
    assert_int_equal(site->outcome, EVENT_REJECTED);
}

static void what_would_be_held_is_let_in_marked_where_there_is_no_quarantine(void **state)
{
    struct site *site = *state;
    site->config.quarantine_by = CONFIG_QUARANTINE_HOLD;
    for (int can_hold = 0; can_hold <= 1; can_hold++) {
        milter_session_free(site->session);
        site->session = milter_session_new(&site->house, &site->config.listeners[0]);
        assert_non_null(site->session);
        greet(site, can_hold != 0 ? "\x3f" : "\x1f");
        send_from(site, SLICE("From\0 a@shop.test\0"), 1);
        assert_kinds(site, can_hold != 0 ? "miqa" : "mia", 1);
        assert_true(slice_find(site->reply, SLICE("X-Yett-Quarantine")) <
                    site->reply.len);
        assert_int_equal(site->outcome, can_hold != 0 ? EVENT_HELD : EVENT_ACCEPTED);
    }
}

static void so_many_forged_results_go_and_one_more_is_not_let_in(void **state)
{
    struct site *site = *state;
    site->config.on_internal_error = CONFIG_ACCEPT;
    greet(site, "\x3f");
    send_from(site, SLICE("From\0 a@example.net\0"), REMOVALS_MAX);
    assert_kinds(site, "mia", REMOVALS_MAX);
    send_from(site, SLICE("From\0 a@example.net\0"), REMOVALS_MAX + 1);
    assert_kinds(site, "y", 0);
    assert_true(slice_starts_with(slice_skip(site->reply, MILTER_HEAD), SLICE("451 4.")));
    assert_int_equal(site->outcome, EVENT_DEFERRED);
}

static size_t held_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Between messages a session holds no more than before the first.  (Where a sanitizer stands
   in for the allocator nothing is counted, and this says nothing.) */
static void memory_goes_back_between_messages(void **state)
{
    struct site *site = *state;
    static const char room[1 << 20];
    buf_add(&site->sent, slice_of(room, sizeof(room)));
    buf_truncate(&site->sent, 0);
    greet(site, "\x3f");
    send_from(site, SLICE("From\0 a@example.net\0"), 1);
    milter_session_release(site->session);
    feed(site); /* what was taken is gone with the next call */
    size_t before = held_bytes();
    for (int i = 0; i < 3; i++) {
        send_from(site, SLICE("From\0 a@example.net\0"), 5000);
        assert_kinds(site, "mia", 5000);
        milter_session_release(site->session);
        feed(site);
        assert_in_range(held_bytes(), 0, before + 1000);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_forgery_is_refused),
        TEST(what_would_be_held_is_let_in_marked_where_there_is_no_quarantine),
        TEST(so_many_forged_results_go_and_one_more_is_not_let_in),
        TEST(memory_goes_back_between_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
