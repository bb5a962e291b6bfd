/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"
#include "core/capture/capture.h"
#include "edge/handover/handover.h"
#include "edge/scoreboard/scoreboard.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * An examiner as a process, given whatever a gateway could give it that was taken over.
 *
 *     test-app-examiner YETT
 */
enum { PATIENCE_MS = 30 * 1000, OUT_OF_THE_WAY = 32, LOG_MAX = 64 * 1024 };

static const char *program;

struct role {
    struct arena *arena;
    struct scoreboard *board;
    int board_fd, control, log, pair[2]; /* ours, the examiner's */
    size_t slot;
    pid_t pid;
    char text[LOG_MAX + 1];
    size_t length;
};

static int moved(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
    assert_true(fd >= 0 && high >= 0);
    (void)close(fd);
    return high;
}

static void become_examiner(const struct role *role, int control, int log)
{
    char slot[40];
    (void)snprintf(slot, sizeof slot, "--slot=%zu", role->slot);
    (void)dup2(log, STDERR_FILENO);
    (void)dup2(control, ROLE_CONTROL);
    (void)dup2(role->board_fd, ROLE_SCOREBOARD);
    (void)dup2(role->pair[1], ROLE_EXAMINER);
    (void)execl(program, "yett", "--role=examiner", slot, "--log=stderr",
                "--log-format=text", "--sandbox=required", (char *)NULL);
    _exit(127);
}

static bool can_read(int fd, int ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, ms) > 0;
}

static int set_up(void **state)
{
    struct role *role = calloc(1, sizeof(*role));
    int control[2], log[2];
    struct role_message message;
    assert_non_null(role);
    role->arena = arena_new((size_t)8 << 20);
    role->board = scoreboard_create(&role->board_fd);
    assert_non_null(role->arena);
    assert_non_null(role->board);
    role->board_fd = moved(role->board_fd);
    role->slot = scoreboard_take_slot(role->board, 1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, role->pair),
                     0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
    assert_int_equal(pipe2(log, O_CLOEXEC), 0);
    role->pair[0] = moved(role->pair[0]);
    role->pair[1] = moved(role->pair[1]);
    role->control = moved(control[0]);
    role->log = moved(log[0]);
    int theirs = moved(control[1]), written = moved(log[1]);
    role->pid = fork();
    assert_int_not_equal(role->pid, -1);
    if (role->pid == 0) {
        become_examiner(role, theirs, written);
    }
    (void)close(theirs);
    (void)close(written);
    assert_true(can_read(role->control, PATIENCE_MS));
    assert_int_equal(role_receive(role->control, &message), YETT_OK);
    if (message.kind != ROLE_READY) {
        fail_msg("%s", message.text);
    }
    *state = role;
    return 0;
}

static int tear_down(void **state)
{
    struct role *role = *state;
    (void)close(role->control); /* the supervisor is gone */
    (void)close(role->pair[0]);
    (void)close(role->pair[1]);
    if (role->pid != 0) {
        (void)kill(role->pid, SIGKILL);
        (void)waitpid(role->pid, NULL, 0);
    }
    if (role->log >= 0) {
        (void)close(role->log);
    }
    (void)close(role->board_fd);
    scoreboard_close(role->board);
    arena_free(role->arena);
    free(role);
    return 0;
}

/* Read its log until it holds `wanted`. */
static void expect_log(struct role *role, const char *wanted)
{
    while (strstr(role->text, wanted) == NULL) {
        if (!can_read(role->log, PATIENCE_MS) || role->length == LOG_MAX) {
            fail_msg("'%s' is not in its log:\n%s", wanted, role->text);
        }
        ssize_t got = read(role->log, role->text + role->length, LOG_MAX - role->length);
        assert_true(got > 0);
        role->length += (size_t)got;
    }
}

static void give(const struct role *role, slice head, slice body)
{
    int text = handover_new();
    assert_true(text >= 0);
    assert_true(handover_write(text, head));
    assert_true(handover_write(text, body));
    struct pollfd room = {.fd = role->pair[0], .events = POLLOUT};
    assert_int_equal(poll(&room, 1, PATIENCE_MS), 1);
    assert_int_equal(handover_send(role->pair[0], text), YETT_OK);
    (void)close(text);
}

/* RFC 8463 appendix A: its key, and a field that signs a header that is not this one. */
static const char key_record[] =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
static const char signature[] =
    " v=1; a=ed25519-sha256; d=football.example.com; s=brisbane; c=relaxed/relaxed;"
    " h=from; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+"
    "eXdp1Q1Dw==";

static struct capture sound_case(struct role *role)
{
    struct message_header header;
    struct message_parser *parser =
        message_parser_new(role->arena, MESSAGE_LIMITS_DEFAULT);
    assert_non_null(parser);
    assert_int_equal(message_parser_add_field(parser, SLICE("DKIM-Signature"),
                                              slice_from_text(signature)),
                     YETT_OK);
    assert_int_equal(message_parser_add_field(parser, SLICE("From"),
                                              SLICE(" joe@football.example.com")),
                     YETT_OK);
    assert_int_equal(message_parser_finish(parser, &header), YETT_OK);
    return (struct capture){.time_s = 1764000000,
                            .id = SLICE("abc"),
                            .queue_id = SLICE("Q1"),
                            .header = header,
                            .failures = {{.field_index = 0,
                                          .records = {slice_from_text(key_record)},
                                          .record_count = 1}},
                            .failure_count = 1,
                            .has_body = true};
}

static void give_case(struct role *role, const struct capture *capture)
{
    struct buf head;
    buf_init(&head, role->arena, CAPTURE_OCTETS_MAX);
    assert_int_equal(capture_write(capture, &head), YETT_OK);
    give(role, buf_slice(&head), SLICE("Hi.\r\n"));
}

/* It is at work as ever. */
static void expect_at_work(struct role *role)
{
    struct capture capture = sound_case(role);
    give_case(role, &capture);
    expect_log(role, "Q1: the signature of football.example.com (s=brisbane) failed: "
                     "unrecognised");
}

/* ---- tests ------------------------------------------------------------------------------ */

static void a_case_becomes_a_line(void **state)
{
    struct role *role = *state;
    expect_at_work(role);
    assert_true(scoreboard_sum(role->board, COUNT_AUTOPSIES) == 1);
    assert_true(scoreboard_sum(role->board, COUNT_AUTOPSIES_EXPLAINED) == 0);
}

static void what_is_no_case_is_passed_over(void **state)
{
    struct role *role = *state;
    give(role, SLICE("no case at all"), SLICE_NONE);
    expect_log(role, "what the gateway handed over cannot be read");
    give(role, SLICE("yettcap1"), SLICE_NONE);
    assert_int_equal(send(role->pair[0], "", 0, MSG_NOSIGNAL), 0);
    assert_int_equal(send(role->pair[0], "xx", 2, MSG_NOSIGNAL), 2);
    expect_log(role, "what the gateway handed over is no text");
    expect_at_work(role);
}

/* A field that is no signature, a record that is no key, names that would be other lines. */
static void what_a_case_names_need_not_be_so(void **state)
{
    struct role *role = *state;
    struct capture capture = sound_case(role);
    capture.failures[0].field_index = 1;
    give_case(role, &capture);
    capture = sound_case(role);
    capture.failures[0].records[0] = SLICE("v=DKIM1; p=AAAA");
    give_case(role, &capture);
    capture = sound_case(role);
    capture.queue_id = SLICE("X\nforged: accepted");
    give_case(role, &capture);
    expect_log(role, "X\\x0aforged:_accepted: the signature of football.example.com");
    assert_null(strstr(role->text, "\nforged"));
    expect_at_work(role);
    assert_true(scoreboard_sum(role->board, COUNT_AUTOPSIES_LEFT) == 2);
}

static size_t times_said(const struct role *role, const char *words)
{
    size_t count = 0;
    for (const char *at = role->text; (at = strstr(at, words)) != NULL; at++) {
        count++;
    }
    return count;
}

/* Of a gateway that was taken over. */
static void nonsense_without_end_is_no_log_without_end(void **state)
{
    struct role *role = *state;
    for (int i = 0; i < 500; i++) {
        assert_int_equal(send(role->pair[0], "xx", 2, MSG_NOSIGNAL), 2);
        give(role, SLICE("no case at all"), SLICE_NONE);
    }
    expect_at_work(role);
    size_t said = times_said(role, "what the gateway handed over");
    assert_in_range(said, 1, 20);
}

static void lines_that_nobody_takes_are_counted(void **state)
{
    struct role *role = *state;
    struct capture capture = sound_case(role);
    (void)close(role->log);
    role->log = -1;
    give_case(role, &capture);
    for (int ms = 0; scoreboard_sum(role->board, COUNT_LOG_LOST) == 0; ms += 10) {
        assert_true(ms < PATIENCE_MS);
        (void)poll(NULL, 0, 10);
    }
    assert_true(scoreboard_sum(role->board, COUNT_AUTOPSIES) == 1);
}

/* Told to leave it has some seconds, and this is work for more. */
static void what_is_left_when_it_leaves_is_counted(void **state)
{
    enum { CASES = 40, BODY_BYTES = 1000 * 1000 };
    struct role *role = *state;
    struct role_message message = {.kind = ROLE_LEAVE};
    struct capture capture = sound_case(role);
    char *body = arena_alloc(role->arena, BODY_BYTES);
    struct buf head;
    int status = -1;
    assert_non_null(body);
    for (size_t i = 0; i < BODY_BYTES; i++) {
        body[i] = "a  b\t c \r\n"[i % 10];
    }
    for (size_t i = 1; i < CAPTURE_FAILURES_MAX; i++) {
        capture.failures[capture.failure_count++] = capture.failures[0];
    }
    buf_init(&head, role->arena, CAPTURE_OCTETS_MAX);
    assert_int_equal(capture_write(&capture, &head), YETT_OK);
    for (int i = 0; i < CASES; i++) {
        give(role, buf_slice(&head), slice_of(body, BODY_BYTES));
    }
    assert_int_equal(role_send(role->control, &message), YETT_OK);
    assert_int_equal(waitpid(role->pid, &status, 0), role->pid);
    role->pid = 0;
    assert_int_equal(status, 0);
    uint64_t left = scoreboard_sum(role->board, COUNT_AUTOPSIES_LEFT);
    assert_in_range(left, 1, CASES);
    assert_true(scoreboard_sum(role->board, COUNT_AUTOPSIES) ==
                (CASES - left) * CAPTURE_FAILURES_MAX);
    expect_log(role, "it is not looked into why a signature failed");
}

/* The gateway counts messages as well: one is left of which nothing could be looked into. */
static void what_is_left_is_counted_in_messages(void **state)
{
    struct role *role = *state;
    struct capture capture = sound_case(role);
    capture.failures[1] = capture.failures[0];
    capture.failures[1].records[0] = SLICE("v=DKIM1; p=AAAA");
    capture.failure_count = 2;
    give_case(role, &capture);
    capture.failures[0].records[0] = SLICE("no key");
    give_case(role, &capture);
    capture = sound_case(role);
    capture.queue_id = SLICE("Q2");
    give_case(role, &capture);
    expect_log(role, "Q2: the signature of football.example.com");
    assert_int_equal(scoreboard_sum(role->board, COUNT_AUTOPSIES), 2);
    assert_int_equal(scoreboard_sum(role->board, COUNT_AUTOPSIES_LEFT), 1);
}

static void told_to_leave_it_finishes_what_waits(void **state)
{
    struct role *role = *state;
    struct role_message message = {.kind = ROLE_LEAVE};
    struct capture capture = sound_case(role);
    int status = -1;
    assert_int_equal(kill(role->pid, SIGSTOP), 0);
    give_case(role, &capture);
    capture.queue_id = SLICE("Q2");
    give_case(role, &capture);
    assert_int_equal(role_send(role->control, &message), YETT_OK);
    assert_int_equal(kill(role->pid, SIGCONT), 0);
    expect_log(role, "Q1: the signature of");
    expect_log(role, "Q2: the signature of");
    assert_int_equal(waitpid(role->pid, &status, 0), role->pid);
    role->pid = 0;
    assert_int_equal(status, 0);
}

static void without_a_supervisor_it_leaves(void **state)
{
    struct role *role = *state;
    int status = -1;
    (void)close(role->control);
    role->control = dup(STDIN_FILENO);
    assert_int_equal(waitpid(role->pid, &status, 0), role->pid);
    role->pid = 0;
    assert_int_equal(status, 0);
}

#define ROLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        ROLE_TEST(a_case_becomes_a_line),
        ROLE_TEST(what_is_no_case_is_passed_over),
        ROLE_TEST(what_a_case_names_need_not_be_so),
        ROLE_TEST(nonsense_without_end_is_no_log_without_end),
        ROLE_TEST(lines_that_nobody_takes_are_counted),
        ROLE_TEST(what_is_left_is_counted_in_messages),
        ROLE_TEST(told_to_leave_it_finishes_what_waits),
        ROLE_TEST(what_is_left_when_it_leaves_is_counted),
        ROLE_TEST(without_a_supervisor_it_leaves),
    };
    if (argc < 2) {
        return 2;
    }
    program = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
