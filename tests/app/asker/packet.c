/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/asker/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What is asked of an asker and what it answers: there and back, and what is refused. */

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(64 << 20);
    return arena == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define NAME SLICE_INIT("s1._domainkey.example.com")

static const slice names[] = {SLICE_INIT("a.example.com"), SLICE_INIT("b.example.com")};

/* clang-format off */
static const struct nameserver servers[] = {
    {.name = SLICE_INIT("ns1.example.com"),
     .addresses = {{{IP_V4, {192, 0, 2, 1}}, 53}, {{IP_V6, {0x20, 1, 0xd, 0xb8}}, 5300}},
     .count = 2},
    {.name = SLICE_INIT("[2001:DB8::1]@53"), .trouble = SLICE_INIT("has no address")},
};

static const struct packet_request requests[] = {
    {.kind = PACKET_FIND,    .name = NAME},
    {.kind = PACKET_READ,    .name = NAME, .servers = servers, .server_count = 1},
    {.kind = PACKET_SEND,    .servers = servers, .server_count = 1, .message = SLICE_INIT("\0x")},
    {.kind = PACKET_ASK_ALL, .name = NAME, .servers = servers, .server_count = 2},
    {.kind = PACKET_TEXTS,   .names = names, .name_count = 2},
};
enum { REQUESTS = sizeof requests / sizeof requests[0] };

static const slice values[] = {SLICE_INIT("\x03" "abc" "\x01" "d"), SLICE_INIT("\0")};
static const struct update_rrset rrset = {.values = values, .count = 2, .ttl_s = 300};
static const struct nameserver_view views[] = {
    {.state = NAMESERVER_SHOWS, .shown = {values, 2, 300}, .sentence = SLICE_INIT("shows it")},
    {.state = NAMESERVER_UNREACHABLE, .sentence = SLICE_INIT("is silent")},
};
static const struct dns_record records[] = {{.text = SLICE_INIT("v=DKIM1; p=")}};
static struct dns_answer answers[] = {
    {.status = DNS_FOUND, .security = DNS_SECURE, .ttl_s = 60,
     .records = records, .count = 1, .aliases = names, .alias_count = 1},
    {.status = DNS_TIMED_OUT, .detail = SLICE_INIT("no reply within 5 s")},
};
/* clang-format on */

static struct packet_reply reply_to(const struct packet_request *request)
{
    struct packet_reply reply = {.err = YETT_OK};
    switch (request->kind) {
    case PACKET_HELLO:
        reply.walls = SANDBOX_ALL;
        break;
    case PACKET_FIND:
        reply.zone =
            (struct nameserver_zone){SLICE("example.com"), servers[0], servers, 2};
        break;
    case PACKET_READ:
        reply.rrset = rrset;
        break;
    case PACKET_SEND:
        reply.octets = SLICE("reply");
        break;
    case PACKET_ASK_ALL:
        reply.views = (struct nameserver_views){views, 2, 1};
        break;
    case PACKET_TEXTS:
        reply.answers = answers;
        break;
    case PACKET_KINDS:
        break;
    }
    return reply;
}

static slice written_request(const struct packet_request *request)
{
    struct buf buf;
    buf_init(&buf, arena, PACKET_REQUEST_MAX);
    packet_write_request(&buf, request);
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

static slice written_reply(const struct packet_request *request,
                           const struct packet_reply *reply)
{
    struct buf buf;
    buf_init(&buf, arena, PACKET_REPLY_MAX);
    packet_write_reply(&buf, request, reply);
    assert_int_equal(buf_err(&buf), YETT_OK);
    return buf_slice(&buf);
}

static enum yett_err read_reply(const struct packet_request *request, slice packet,
                                struct packet_reply *out)
{
    const char *fault = NULL;
    enum yett_err err = packet_read_reply(arena, packet, request, out, &fault);
    assert_true((err == YETT_OK) == (fault == NULL));
    return err;
}

static void what_is_asked_comes_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < REQUESTS; i++) {
        struct packet_request read = {.kind = PACKET_HELLO};
        const char *fault = "";
        slice packet = written_request(&requests[i]);
        assert_int_equal(packet_read_request(arena, packet, &read, &fault), YETT_OK);
        assert_int_equal(read.kind, requests[i].kind);
        assert_true(slice_eq(written_request(&read), packet));
    }
}

static void what_is_answered_comes_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < REQUESTS; i++) {
        struct packet_reply reply = reply_to(&requests[i]), read;
        slice packet = written_reply(&requests[i], &reply);
        assert_int_equal(read_reply(&requests[i], packet, &read), YETT_OK);
        assert_true(slice_eq(written_reply(&requests[i], &read), packet));
    }
    struct packet_reply read,
        error = {.err = YETT_NOT_FOUND, .why = SLICE("no such zone")};
    slice packet = written_reply(&requests[0], &error);
    assert_int_equal(read_reply(&requests[0], packet, &read), YETT_OK);
    assert_int_equal(read.err, YETT_NOT_FOUND);
    assert_true(slice_eq(read.why, error.why));
}

/* Cut anywhere, or with something behind it: no answer. */
static void a_packet_of_another_length_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < REQUESTS; i++) {
        struct packet_reply reply = reply_to(&requests[i]), read;
        struct packet_request request;
        const char *fault;
        slice packet = written_reply(&requests[i], &reply);
        for (size_t length = 0; length < packet.len; length++) {
            assert_int_equal(read_reply(&requests[i], slice_first(packet, length), &read),
                             YETT_BAD_SYNTAX);
        }
        slice asked = written_request(&requests[i]);
        for (size_t length = 0; length < asked.len; length++) {
            assert_int_equal(
                packet_read_request(arena, slice_first(asked, length), &request, &fault),
                YETT_BAD_SYNTAX);
        }
        struct buf longer;
        buf_init(&longer, arena, PACKET_REPLY_MAX);
        buf_add(&longer, packet);
        buf_add_byte(&longer, 0);
        assert_int_equal(read_reply(&requests[i], buf_slice(&longer), &read),
                         YETT_BAD_SYNTAX);
    }
}

static void an_answer_to_something_else_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < REQUESTS; i++) {
        struct packet_reply reply = reply_to(&requests[i]), read;
        slice packet = written_reply(&requests[i], &reply);
        const struct packet_request *other = &requests[(i + 1) % REQUESTS];
        assert_int_equal(read_reply(other, packet, &read), YETT_BAD_SYNTAX);
    }
}

/* ---- lies ---------------------------------------------------------------------------------- */

enum { FIND = 0, READ = 1, ASK_ALL = 3, TEXTS = 4 }; /* among the requests */

static void refuse(const char *why, size_t request, const struct packet_reply *reply)
{
    struct packet_reply read;
    slice packet = written_reply(&requests[request], reply);
    if (read_reply(&requests[request], packet, &read) != YETT_BAD_SYNTAX) {
        fail_msg("%s", why);
    }
}

static void a_zone_that_cannot_be_is_refused(void **state)
{
    static const struct nameserver nameless = {.count = 0};
    static const struct nameserver escape = {.name = SLICE_INIT("NS\x1b[2J")};
    static const struct nameserver shouting = {
        .name = SLICE_INIT("ns"), .trouble = SLICE_INIT("\x07 has no address")};
    /* clang-format off */
    static const struct {
        const char *why;
        struct nameserver_zone zone;
    } lies[] = {
        {"upper case",        {SLICE_INIT("Example.com"),  .servers = servers,   .server_count = 1}},
        {"another zone",      {SLICE_INIT("example.org"),  .servers = servers,   .server_count = 1}},
        {"a part of a label", {SLICE_INIT("ample.com"),    .servers = servers,   .server_count = 1}},
        {"the root",          {SLICE_INIT(""),             .servers = servers,   .server_count = 1}},
        {"an empty label",    {SLICE_INIT("example..com"), .servers = servers,   .server_count = 1}},
        {"no servers",        {SLICE_INIT("example.com"),  .servers = servers,   .server_count = 0}},
        {"no name",           {SLICE_INIT("example.com"),  .servers = &nameless, .server_count = 1}},
        {"no visible name",   {SLICE_INIT("example.com"),  .servers = &escape,   .server_count = 1}},
        {"no visible word",   {SLICE_INIT("example.com"),  .servers = &shouting, .server_count = 1}},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct packet_reply reply = {.zone = lies[i].zone};
        reply.zone.primary = servers[0];
        refuse(lies[i].why, FIND, &reply);
    }
}

static void records_that_are_no_txt_are_refused(void **state)
{
    static const slice bad[] = {SLICE_INIT(""),
                                SLICE_INIT("\x04"
                                           "abc"),
                                SLICE_INIT("\x03"
                                           "abc"
                                           "\xff")};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct packet_reply reply = {
            .rrset = {&bad[i], 1, 60}
        };
        refuse("rdata", READ, &reply);
    }
}

static void views_that_cannot_be_are_refused(void **state)
{
    struct nameserver_view list[] = {views[0], views[1], views[1]};
    struct packet_reply reply = {
        .views = {list, 1, 1}
    };
    (void)state;
    refuse("a server without answer", ASK_ALL, &reply);
    reply.views.count = 3;
    refuse("an answer without server", ASK_ALL, &reply);
    reply.views.count = 2;
    list[1].state = (enum nameserver_state)(NAMESERVER_UNREACHABLE + 1);
    refuse("no state", ASK_ALL, &reply);
    list[1] = views[1];
    list[1].sentence = SLICE("a line\nand another");
    refuse("two lines", ASK_ALL, &reply);
}

static void answers_that_cannot_be_are_refused(void **state)
{
    struct dns_answer list[] = {answers[0], answers[1]};
    struct packet_reply reply = {.answers = list};
    (void)state;
    list[0].status = DNS_NODATA;
    refuse("nothing, and a record", TEXTS, &reply);
    list[0] = (struct dns_answer){.status = DNS_FOUND};
    refuse("something, and no record", TEXTS, &reply);
    list[0] = answers[0];
    list[0].status = (enum dns_status)(DNS_BOGUS + 1);
    refuse("no status", TEXTS, &reply);
}

/* A count is believed only as far as there are octets for it. */
static void large_counts_cost_nothing(void **state)
{
    static const slice packets[] = {
        SLICE_INIT("\x02\x00\x00\x00\x01\x2c\x00\x00\x17\x70"),
        SLICE_INIT("\x02\x00\x00\x00\x01\x2c\xff\xff\xff\xff"),
        SLICE_INIT("\x02\x00\x00\x00\x01\x2c\x00\x00\x00\x01\xff\xff\xff\xff"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        struct packet_reply read;
        size_t before = arena_used_bytes(arena);
        assert_int_equal(read_reply(&requests[READ], packets[i], &read), YETT_BAD_SYNTAX);
        assert_true(arena_used_bytes(arena) - before < 4096);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_comes_through),
        cmocka_unit_test(what_is_answered_comes_through),
        cmocka_unit_test(a_packet_of_another_length_is_none),
        cmocka_unit_test(an_answer_to_something_else_is_none),
        cmocka_unit_test(a_zone_that_cannot_be_is_refused),
        cmocka_unit_test(records_that_are_no_txt_are_refused),
        cmocka_unit_test(views_that_cannot_be_are_refused),
        cmocka_unit_test(answers_that_cannot_be_are_refused),
        cmocka_unit_test(large_counts_cost_nothing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
