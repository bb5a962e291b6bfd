/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/milter/stage.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Octets between a peer and its session. */

static int setup(void **state)
{
    *state = stage_new(stage_options());
    return 0;
}

static int teardown(void **state)
{
    stage_free(*state);
    return 0;
}

static struct milter_statistics statistics(const struct stage *stage)
{
    return milter_server_statistics(stage->server);
}

static bool all_closed(struct stage *stage)
{
    return stage->open_count == 0;
}

static void what_is_sent_is_answered_on_tcp_and_unix_sockets(void **state)
{
    struct stage *stage = *state;
    int tcp = stage_connect(stage), local = stage_connect_unix(stage);
    stage_send(tcp, "one\ntwo\n");
    stage_send(local, "three\n");
    stage_expect(stage, tcp, "one\ntwo\n");
    stage_expect(stage, local, "three\n");
    assert_int_equal(stage->sessions[0].listener, 0);
    assert_int_equal(stage->sessions[1].listener, 1);
    assert_int_equal(strncmp(stage->sessions[0].peer, "127.0.0.1:", 10), 0);
    assert_string_equal(stage->sessions[1].peer, "unix");
    assert_int_equal(statistics(stage).accepted, 2);
    assert_int_equal(statistics(stage).connections, 2);
    (void)close(tcp);
    (void)close(local);
}

static void any_cut_of_the_octets_gives_the_same(void **state)
{
    static const char text[] = "alpha\nbravo\n\ncharlie delta\n";
    struct stage *stage = *state;
    for (size_t cut = 0; cut < sizeof text - 1; cut++) {
        char first[64] = "";
        int client = stage_connect(stage);
        memcpy(first, text, cut);
        stage_send(client, first);
        stage_run_ms(stage, 1);
        stage_send(client, text + cut);
        stage_expect(stage, client, text);
        (void)close(client);
    }
}

static void a_packet_longer_than_a_read_arrives_whole(void **state)
{
    enum { LONG = 700 * 1000 };
    struct stage *stage = *state;
    char *line = malloc(LONG + 1), *back = malloc(LONG);
    int client = stage_connect(stage);
    assert_non_null(line);
    assert_non_null(back);
    for (size_t i = 0; i < LONG; i++) {
        line[i] = (char)('a' + i % 23);
    }
    line[LONG - 1] = '\n';
    line[LONG] = '\0';
    for (size_t sent = 0; sent < LONG;) {
        ssize_t got = send(client, line + sent, LONG - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += got > 0 ? (size_t)got : 0;
        stage_run_ms(stage, 1);
    }
    assert_int_equal(stage_receive(stage, client, back, LONG), LONG);
    assert_memory_equal(line, back, LONG);
    stage_send(client, "short\n");
    stage_expect(stage, client, "short\n");
    assert_int_equal(statistics(stage).pending_bytes, 0);
    free(line);
    free(back);
    (void)close(client);
}

static void octets_are_held_only_within_a_packet(void **state)
{
    struct stage *stage = *state;
    int client = stage_connect(stage);
    stage_send(client, "whole\nbegi");
    stage_expect(stage, client, "whole\n");
    assert_true(statistics(stage).pending_bytes >= 4);
    assert_true(statistics(stage).pending_bytes <= 256);
    stage_send(client, "nning\n");
    stage_expect(stage, client, "beginning\n");
    assert_int_equal(statistics(stage).pending_bytes, 0);
    (void)close(client);
}

static bool pending(struct stage *stage)
{
    return statistics(stage).pending_bytes > 0;
}

static void output_that_the_peer_does_not_take_waits_and_stops_the_reading(void **state)
{
    enum { FLOOD = 30 * 1000 * 1000 };
    struct stage *stage = *state;
    int client = stage_connect(stage), other = stage_connect(stage);
    char *got = malloc(FLOOD);
    assert_non_null(got);
    stage_send(client, "flood 30000000\n");
    stage_until(stage, pending);
    unsigned takes = stage->takes;
    stage_send(client, "after\n");
    stage_run_ms(stage, 30);
    assert_int_equal(stage->takes, takes); /* not read */
    stage_send(other, "me too\n");
    stage_expect(stage, other, "me too\n"); /* nobody else waits */
    assert_int_equal(stage_receive(stage, client, got, FLOOD), FLOOD);
    assert_int_equal(got[FLOOD - 1], 'x');
    stage_expect(stage, client, "after\n");
    assert_int_equal(statistics(stage).pending_bytes, 0);
    free(got);
    (void)close(client);
    (void)close(other);
}

static void an_answer_may_come_later(void **state)
{
    struct stage *stage = *state;
    int client = stage_connect(stage);
    stage_send(client, "late one\n");
    stage_run_ms(stage, 10);
    stage_answer(&stage->sessions[0], "at last\n");
    stage_expect(stage, client, "at last\n");
    (void)close(client);
}

static void a_session_that_ends_itself_has_its_output_written(void **state)
{
    struct stage *stage = *state;
    int client = stage_connect(stage);
    stage_send(client, "one\nquit\nthree\n");
    stage_expect(stage, client, "one\nbye\n");
    stage_expect_end(stage, client);
    stage_until(stage, all_closed);
    assert_string_equal(stage->sessions[0].why, "");
    assert_int_equal(statistics(stage).broken, 0);
    (void)close(client);
}

static void closing_from_outside_waits_for_the_output(void **state)
{
    enum { FLOOD = 9 * 1000 * 1000 };
    struct stage *stage = *state;
    int client = stage_connect(stage);
    char *got = malloc(FLOOD + 1);
    assert_non_null(got);
    stage_send(client, "flood 9000000\n");
    stage_until(stage, pending);
    milter_connection_close(stage->sessions[0].connection, SLICE("that is enough"));
    stage_run_ms(stage, 10);
    assert_int_equal(stage->open_count, 1);
    assert_int_equal(stage_receive(stage, client, got, FLOOD + 1), FLOOD);
    stage_until(stage, all_closed);
    assert_string_equal(stage->sessions[0].why, "that is enough");
    free(got);
    (void)close(client);
}

static void a_peer_that_goes_between_packets_goes_in_order(void **state)
{
    struct stage *stage = *state;
    int client = stage_connect(stage);
    stage_send(client, "one\n");
    stage_expect(stage, client, "one\n");
    (void)close(client);
    stage_until(stage, all_closed);
    assert_string_equal(stage->sessions[0].why, "");
    assert_int_equal(statistics(stage).broken, 0);
    assert_int_equal(statistics(stage).connections, 0);
}

static void a_peer_that_goes_in_the_middle_is_broken(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"unfinish", "it went away in the middle of a packet" },
        {"busy\n",   "it went away in the middle of a message"},
    };
    struct stage *stage = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int client = stage_connect(stage);
        stage_send(client, rows[i].text);
        stage_run_ms(stage, 5);
        /* Half of it: the other half is still open. */
        assert_int_equal(shutdown(client, SHUT_WR), 0);
        stage_until(stage, all_closed);
        assert_string_equal(stage->sessions[i].why, rows[i].why);
        assert_int_equal(statistics(stage).broken, i + 1);
        (void)close(client);
    }
}

static void a_half_closed_peer_still_gets_what_was_answered(void **state)
{
    struct stage *stage = *state;
    int client = stage_connect(stage);
    stage_send(client, "one\ntwo\n");
    assert_int_equal(shutdown(client, SHUT_WR), 0);
    stage_expect(stage, client, "one\ntwo\n");
    stage_expect_end(stage, client);
    (void)close(client);
}

static void a_reset_is_noticed(void **state)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    struct stage *stage = *state;
    int client = stage_connect(stage);
    stage_send(client, "busy\n");
    stage_expect(stage, client, "busy\n");
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
    (void)close(client);
    stage_until(stage, all_closed);
    assert_string_equal(stage->sessions[0].why, "Connection reset by peer");
    assert_int_equal(statistics(stage).broken, 1);
}

static void writing_to_a_peer_that_is_gone_hurts_nobody(void **state)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    struct stage *stage = *state;
    int client = stage_connect(stage);
    stage_send(client, "busy\n");
    stage_expect(stage, client, "busy\n");
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
    (void)close(client);
    stage_answer(&stage->sessions[0], "one\n");
    stage_answer(&stage->sessions[0], "two\n");
    stage_until(stage, all_closed);
    assert_int_equal(statistics(stage).broken, 1);
}

static void a_slow_peer_is_read_as_it_comes_and_disturbs_nobody(void **state)
{
    struct stage *stage = *state;
    int slow = stage_connect(stage), fast = stage_connect(stage);
    for (const char *at = "slowly\n"; *at != '\0'; at++) {
        char octet[2] = {*at, '\0'};
        stage_send(slow, octet);
        stage_send(fast, "quick\n");
        stage_expect(stage, fast, "quick\n");
    }
    stage_expect(stage, slow, "slowly\n");
    (void)close(slow);
    (void)close(fast);
}

static void a_fast_peer_is_read_once_a_turn(void **state)
{
    struct stage *stage = *state;
    int fast = stage_connect(stage), other = stage_connect(stage);
    char *lot = malloc(2 * 1000 * 1000);
    assert_non_null(lot);
    memset(lot, '\n', 2 * 1000 * 1000);
    int size = 4 * 1000 * 1000;
    (void)setsockopt(fast, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    (void)send(fast, lot, 2 * 1000 * 1000, MSG_DONTWAIT | MSG_NOSIGNAL);
    stage_send(other, "me too\n");
    for (unsigned turns = 0; statistics(stage).pending_bytes == 0 && turns < 20;
         turns++) {
        unsigned takes = stage->takes;
        loop_run_once(stage->loop);
        assert_true(stage->takes - takes <= 2); /* one for each */
        char got;
        if (recv(other, &got, 1, MSG_DONTWAIT) == 1) {
            break;
        }
        assert_true(turns < 3);
    }
    assert_true(stage->largest_take <= 256 * 1024);
    free(lot);
    (void)close(fast);
    (void)close(other);
}

static bool has_no_delay(int fd)
{
    int on = 0;
    socklen_t size = sizeof on;
    return getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0 && on != 0;
}

static void replies_do_not_wait_for_acknowledgements(void **state)
{
    struct stage *stage = *state;
    int client = stage_connect(stage);
    /* The server's end is the descriptor after the client's or near it. */
    bool found = false;
    for (int fd = client + 1; fd < client + 8; fd++) {
        found = found || has_no_delay(fd);
    }
    assert_true(found);
    (void)close(client);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const struct CMUnitTest tests[] = {
        CASE(what_is_sent_is_answered_on_tcp_and_unix_sockets),
        CASE(any_cut_of_the_octets_gives_the_same),
        CASE(a_packet_longer_than_a_read_arrives_whole),
        CASE(octets_are_held_only_within_a_packet),
        CASE(output_that_the_peer_does_not_take_waits_and_stops_the_reading),
        CASE(an_answer_may_come_later),
        CASE(a_session_that_ends_itself_has_its_output_written),
        CASE(closing_from_outside_waits_for_the_output),
        CASE(a_peer_that_goes_between_packets_goes_in_order),
        CASE(a_peer_that_goes_in_the_middle_is_broken),
        CASE(a_half_closed_peer_still_gets_what_was_answered),
        CASE(a_reset_is_noticed),
        CASE(writing_to_a_peer_that_is_gone_hurts_nobody),
        CASE(a_slow_peer_is_read_as_it_comes_and_disturbs_nobody),
        CASE(a_fast_peer_is_read_once_a_turn),
        CASE(replies_do_not_wait_for_acknowledgements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
