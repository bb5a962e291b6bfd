/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/milter/stage.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* What bounds connections, memory and time, and the end of it all. */

static struct milter_statistics statistics(const struct stage *stage)
{
    return milter_server_statistics(stage->server);
}

static bool all_closed(struct stage *stage)
{
    return stage->open_count == 0;
}

static bool one_is_open(struct stage *stage)
{
    return stage->open_count == 1;
}

static bool has_left(struct stage *stage)
{
    return stage->left;
}

static bool second_is_there(struct stage *stage)
{
    return stage->session_count >= 2;
}

/* Connected for the kernel; whether it is accepted is the server's affair. */
static int knock(const struct stage *stage)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(stage->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void at_the_limit_a_peer_waits_until_another_goes(void **state)
{
    (void)state;
    struct milter_server_options options = stage_options();
    options.connections_max = 1;
    struct stage *stage = stage_new(options);
    int first = stage_connect(stage), second = knock(stage);
    stage_send(second, "hello\n");
    stage_run_ms(stage, 30);
    assert_int_equal(stage->session_count, 1);
    assert_int_equal(statistics(stage).refused, 1); /* the times, not the peers */
    (void)close(first);
    stage_expect(stage, second, "hello\n");
    assert_int_equal(statistics(stage).connections, 1);
    (void)close(second);
    stage_free(stage);
}

static void two_who_share_a_listener_share_a_burst(void **state)
{
    enum { MANY = 80 };
    (void)state;
    int clients[MANY];
    struct stage *one = stage_new(stage_options());
    struct milter_server *other = stage_second_server(one);
    for (size_t i = 0; i < MANY; i++) {
        clients[i] = stage_connect(one);
    }
    size_t had = milter_server_statistics(other).connections;
    assert_int_equal(had + statistics(one).connections, MANY);
    assert_in_range(had, MANY / 4, MANY - MANY / 4);
    for (size_t i = 0; i < MANY; i++) {
        (void)close(clients[i]);
    }
    stage_until(one, all_closed);
    milter_server_free(other);
    stage_free(one);
}

/* One after the other, as mail servers do. */
static void of_two_who_share_a_listener_one_rests(void **state)
{
    enum { MANY = 200 };
    (void)state;
    struct stage *one = stage_new(stage_options());
    struct milter_server *other = stage_second_server(one);
    int64_t began_ms = loop_now_ms(one->loop);
    for (size_t i = 0; i < MANY; i++) {
        int client = stage_connect(one);
        stage_send(client, "hello\n");
        stage_expect(one, client, "hello\n");
        (void)close(client);
    }
    stage_until(one, all_closed);
    int64_t rests = (loop_now_ms(one->loop) - began_ms) / MILTER_BEATEN_MS + 1;
    assert_int_equal(statistics(one).accepted + milter_server_statistics(other).accepted,
                     MANY);
    /* Each may have been woken once for each rest, not for each connection. */
    assert_in_range(statistics(one).beaten, 0, rests);
    assert_in_range(milter_server_statistics(other).beaten, 0, rests);
    milter_server_free(other);
    stage_free(one);
}

static void who_rests_takes_over_when_the_other_is_full(void **state)
{
    (void)state;
    struct milter_server_options options = stage_options();
    options.connections_max = 2;
    struct stage *one = stage_new(options);
    struct milter_server *other = stage_second_server(one);
    int clients[4];
    for (size_t i = 0; i < 4; i++) {
        clients[i] = stage_connect(one);
        stage_send(clients[i], "hello\n");
        stage_expect(one, clients[i], "hello\n");
    }
    assert_in_range(statistics(one).connections, 0, 2);
    assert_int_equal(
        statistics(one).connections + milter_server_statistics(other).connections, 4);
    for (size_t i = 0; i < 4; i++) {
        (void)close(clients[i]);
    }
    stage_until(one, all_closed);
    milter_server_free(other);
    stage_free(one);
}

static void without_descriptors_accepting_pauses_and_goes_on(void **state)
{
    (void)state;
    struct stage *stage = stage_new(stage_options());
    int client = knock(stage), highest = dup(client);
    struct rlimit before, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = (rlim_t)highest; /* the next free one is this or above */
    (void)close(highest);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    stage_run_ms(stage, 100);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(stage->session_count, 0);
    assert_int_equal(statistics(stage).starved, 1); /* and it did not spin */
    stage_send(client, "hello\n");
    stage_expect(stage, client, "hello\n");
    (void)close(client);
    stage_free(stage);
}

static void a_peer_without_a_session_is_closed(void **state)
{
    (void)state;
    struct stage *stage = stage_new(stage_options());
    stage->refuse = true;
    int client = knock(stage);
    stage_expect_end(stage, client);
    assert_int_equal(statistics(stage).starved, 1);
    assert_int_equal(statistics(stage).accepted, 0);
    assert_int_equal(statistics(stage).connections, 0);
    (void)close(client);
    stage_free(stage);
}

static void an_endless_packet_ends_the_connection(void **state)
{
    (void)state;
    struct milter_server_options options = stage_options();
    options.packet_bytes_max = 10000;
    struct stage *stage = stage_new(options);
    int client = stage_connect(stage);
    char piece[1001];
    memset(piece, 'x', 1000);
    piece[1000] = '\0';
    for (int i = 0; i < 11 && stage->open_count == 1; i++) {
        stage_send(client, piece);
        stage_run_ms(stage, 2);
    }
    stage_until(stage, all_closed);
    assert_string_equal(stage->sessions[0].why, "it sent a packet that is too long");
    assert_int_equal(statistics(stage).pending_bytes, 0);
    (void)close(client);
    stage_free(stage);
}

static void send_part(struct stage *stage, int client, size_t bytes)
{
    char *part = malloc(bytes + 1);
    assert_non_null(part);
    memset(part, 'x', bytes);
    part[bytes] = '\0';
    stage_send(client, part);
    free(part);
    stage_run_ms(stage, 10);
}

static void over_the_bound_of_held_octets_the_greediest_goes(void **state)
{
    (void)state;
    struct milter_server_options options = stage_options();
    options.pending_bytes_max = 100 * 1024;
    struct stage *stage = stage_new(options);
    int small = stage_connect(stage), greedy = stage_connect(stage),
        third = stage_connect(stage);
    send_part(stage, small, 20 * 1000);
    send_part(stage, greedy, 60 * 1000);
    send_part(stage, third, 20 * 1000);
    assert_true(stage->sessions[0].open);
    assert_false(stage->sessions[1].open);
    assert_true(stage->sessions[2].open);
    assert_non_null(strstr(stage->sessions[1].why, "this one most"));
    assert_true(statistics(stage).pending_bytes <= options.pending_bytes_max);
    assert_int_equal(statistics(stage).broken, 1);
    send_part(stage, third, 70 * 1000); /* it would be the greediest itself */
    assert_true(stage->sessions[0].open);
    assert_false(stage->sessions[2].open);
    stage_send(small, "\n");
    char got[20001];
    assert_int_equal(stage_receive(stage, small, got, 20001), 20001);
    (void)close(small);
    (void)close(greedy);
    (void)close(third);
    stage_free(stage);
}

static void who_is_silent_for_too_long_is_closed(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"hello\n",  "idle for 0.3 s"                         },
        {"busy\n",   "nothing came for 0.1 s within a message"},
        {"unfinish", "nothing came for 0.1 s within a packet" },
    };
    (void)state;
    struct milter_server_options options = stage_options();
    options.idle_timeout_ms = 300;
    options.stall_timeout_ms = 100;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stage *stage = stage_new(options);
        int client = stage_connect(stage);
        stage_send(client, rows[i].text);
        int64_t begin_ms = loop_now_ms(stage->loop);
        stage_until(stage, all_closed);
        assert_true(loop_now_ms(stage->loop) - begin_ms >= (i == 0 ? 290 : 90));
        assert_string_equal(stage->sessions[0].why, rows[i].why);
        assert_int_equal(statistics(stage).timed_out, 1);
        assert_int_equal(statistics(stage).broken, 0);
        (void)close(client);
        stage_free(stage);
    }
}

static void who_does_not_read_is_closed(void **state)
{
    (void)state;
    struct milter_server_options options = stage_options();
    options.stall_timeout_ms = 100;
    struct stage *stage = stage_new(options);
    int client = stage_connect(stage);
    stage_send(client, "flood 30000000\n");
    stage_until(stage, all_closed);
    assert_string_equal(stage->sessions[0].why, "it took none of our output for 0.1 s");
    (void)close(client);
    stage_free(stage);
}

static void who_moves_now_and_then_stays(void **state)
{
    (void)state;
    struct milter_server_options options = stage_options();
    options.stall_timeout_ms = options.idle_timeout_ms = 1000;
    struct stage *stage = stage_new(options);
    int client = stage_connect(stage), silent = stage_connect(stage);
    for (int i = 0; i < 60 && stage->open_count == 2; i++) {
        stage_send(client, "x");
        stage_run_ms(stage, 50);
    }
    stage_until(stage, one_is_open);
    assert_true(stage->sessions[0].open);
    assert_false(stage->sessions[1].open);
    (void)close(client);
    (void)close(silent);
    stage_free(stage);
}

/* ---- leaving ---------------------------------------------------------------------------- */

static void note_left(void *context)
{
    struct stage *stage = context;
    stage->left = true;
}

static void leaving_closes_the_idle_and_waits_for_the_busy(void **state)
{
    (void)state;
    struct stage *stage = stage_new(stage_options());
    int idle = stage_connect(stage), busy = stage_connect(stage);
    stage_send(busy, "busy\n");
    stage_expect(stage, busy, "busy\n");
    milter_server_leave(stage->server, 0, note_left, stage);
    stage_expect_end(stage, idle);
    int late = knock(stage);
    stage_run_ms(stage, 50);
    assert_int_equal(stage->session_count, 2); /* accepts no more */
    assert_false(stage->left);
    stage_send(busy, "free\n");
    stage_expect(stage, busy, "free\n"); /* what it was told still arrives */
    stage_until(stage, has_left);
    assert_string_equal(stage->sessions[0].why, "");
    assert_string_equal(stage->sessions[1].why, "");
    (void)close(idle);
    (void)close(busy);
    (void)close(late);
    stage_free(stage);
}

static void leaving_gives_the_idle_time_to_begin_again(void **state)
{
    (void)state;
    struct stage *stage = stage_new(stage_options());
    int client = stage_connect(stage);
    milter_server_leave(stage->server, 400, note_left, stage);
    stage_run_ms(stage, 50);
    stage_send(client, "busy\n");
    stage_expect(stage, client, "busy\n");
    stage_run_ms(stage, 600);
    assert_false(stage->left);
    stage_send(client, "free\n");
    stage_expect(stage, client, "free\n");
    stage_expect_end(stage, client);
    stage_until(stage, has_left);
    (void)close(client);
    stage_free(stage);
}

static void leaving_does_not_cut_off_what_has_just_come(void **state)
{
    (void)state;
    struct stage *stage = stage_new(stage_options());
    int client = stage_connect(stage);
    stage_send(client, "busy\n"); /* not read yet */
    milter_server_leave(stage->server, 0, note_left, stage);
    stage_expect(stage, client, "busy\n");
    stage_send(client, "free\n");
    stage_expect(stage, client, "free\n");
    stage_expect_end(stage, client);
    stage_until(stage, has_left);
    (void)close(client);
    stage_free(stage);
}

static void leaving_without_connections_is_quick(void **state)
{
    (void)state;
    struct stage *stage = stage_new(stage_options());
    milter_server_leave(stage->server, 10000, note_left, stage);
    assert_false(stage->left); /* told from the loop */
    loop_run(stage->loop);
    assert_true(stage->left);
    stage_free(stage);
}

static void a_peer_that_waits_at_the_limit_is_served_by_nobody_when_we_leave(void **state)
{
    (void)state;
    struct milter_server_options options = stage_options();
    options.connections_max = 1;
    struct stage *stage = stage_new(options);
    int first = stage_connect(stage), second = knock(stage);
    milter_server_leave(stage->server, 0, note_left, stage);
    stage_until(stage, has_left);
    assert_false(second_is_there(stage));
    (void)close(first);
    (void)close(second);
    stage_free(stage);
}

/* ---- size ------------------------------------------------------------------------------- */

static void five_thousand_idle_connections_take_little(void **state)
{
    enum { MANY = 5000, EACH_MAX = 1000 };
    (void)state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < 2 * MANY + 100) {
        print_message("# skipped: too few descriptors are allowed here\n");
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct stage *stage = stage_new(stage_options());
    int *clients = calloc(MANY, sizeof(int));
    assert_non_null(clients);
    clients[0] = stage_connect(stage);
    size_t before = mallinfo2().uordblks;
    for (size_t i = 1; i < MANY; i++) {
        clients[i] = stage_connect(stage);
    }
    size_t each = (mallinfo2().uordblks - before) / (MANY - 1);
    print_message("# %zu octets for an idle connection\n", each);
    assert_true(each < EACH_MAX);
    stage_send(clients[MANY / 2], "hello\n");
    stage_expect(stage, clients[MANY / 2], "hello\n");
    for (size_t i = 0; i < MANY; i++) {
        (void)close(clients[i]);
    }
    stage_until(stage, all_closed);
    free(clients);
    stage_free(stage);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_limit_a_peer_waits_until_another_goes),
        cmocka_unit_test(two_who_share_a_listener_share_a_burst),
        cmocka_unit_test(of_two_who_share_a_listener_one_rests),
        cmocka_unit_test(who_rests_takes_over_when_the_other_is_full),
        cmocka_unit_test(without_descriptors_accepting_pauses_and_goes_on),
        cmocka_unit_test(a_peer_without_a_session_is_closed),
        cmocka_unit_test(an_endless_packet_ends_the_connection),
        cmocka_unit_test(over_the_bound_of_held_octets_the_greediest_goes),
        cmocka_unit_test(who_is_silent_for_too_long_is_closed),
        cmocka_unit_test(who_does_not_read_is_closed),
        cmocka_unit_test(who_moves_now_and_then_stays),
        cmocka_unit_test(leaving_closes_the_idle_and_waits_for_the_busy),
        cmocka_unit_test(leaving_gives_the_idle_time_to_begin_again),
        cmocka_unit_test(leaving_does_not_cut_off_what_has_just_come),
        cmocka_unit_test(leaving_without_connections_is_quick),
        cmocka_unit_test(
            a_peer_that_waits_at_the_limit_is_served_by_nobody_when_we_leave),
        cmocka_unit_test(five_thousand_idle_connections_take_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
