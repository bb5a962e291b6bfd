/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"
#include "app/supervisor/supervisor.h"
#include "edge/scoreboard/scoreboard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * fake: `yett serve` with gateways that misbehave.  A word in the zone file, which is read by
 * each of them when it starts, says how:
 *
 *     ; fake: good|mute|unready|fail|die|crash|quit|deaf|chatter|other-version
 *
 * Examiners are all of one kind: they say that they work on a message of their choice, and die.
 *
 *     fake CONFIG ZONE
 */
enum { ZONE_MAX = 65536, BEAT_MS = 200, SETTLE_MS = 50, SETTLED_MS = 500, WORK = 77 };

static char mood[32] = "good";

static void read_mood(const char *path)
{
    static char text[ZONE_MAX];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    const char *at = strstr(text, "; fake: ");
    if (at != NULL) {
        (void)sscanf(at, "; fake: %31s", mood);
    }
}

static bool is(const char *word)
{
    return strcmp(mood, word) == 0;
}

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void say_otherwise(void)
{
    struct role_message message = {.version = ROLE_VERSION + 1, .kind = ROLE_READY};
    message.size = sizeof message;
    (void)send(ROLE_CONTROL, &message, sizeof message, 0);
}

static void say_ready(void)
{
    struct role_message message = {.kind = ROLE_READY};
    if (is("other-version")) {
        say_otherwise();
    } else if (role_send(ROLE_CONTROL, &message) != YETT_OK) {
        exit(1);
    }
}

/* Until it is told to leave, or nobody is there any more. */
static void serve(struct scoreboard *board, size_t slot)
{
    for (;;) {
        struct role_message message;
        struct pollfd wait = {.fd = ROLE_CONTROL, .events = POLLIN};
        if (!is("mute")) {
            scoreboard_beat(board, slot, now_ms());
        }
        (void)poll(&wait, 1, BEAT_MS);
        enum yett_err err = role_receive(ROLE_CONTROL, &message);
        if (err == YETT_IO ||
            (err == YETT_OK && message.kind == ROLE_LEAVE && !is("deaf"))) {
            exit(0);
        }
    }
}

/* As fast as it can, and for ever. */
static void chatter(void)
{
    struct role_message message = {.version = ROLE_VERSION, .kind = ROLE_LEAVING};
    message.size = sizeof message;
    for (;;) {
        if (send(ROLE_CONTROL, &message, sizeof message, MSG_NOSIGNAL) < 0 &&
            errno != EAGAIN) {
            exit(0);
        }
    }
}

static void die_over_a_message(struct scoreboard *board, size_t slot, unsigned after_ms)
{
    scoreboard_beat(board, slot, now_ms());
    scoreboard_work_on(board, slot, WORK);
    (void)usleep(after_ms * 1000);
    (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer would have its say */
    (void)kill(getpid(), SIGSEGV);
}

static int fake_examiner(int argc, char **argv)
{
    size_t slot = 0;
    for (int i = 1; i < argc; i++) {
        (void)sscanf(argv[i], "--slot=%zu", &slot);
    }
    static struct scoreboard *board; /* nothing that is lost when we end */
    board = scoreboard_attach(ROLE_SCOREBOARD);
    if (board == NULL) {
        return 1;
    }
    say_ready();
    die_over_a_message(board, slot, SETTLED_MS);
    return 0;
}

static int fake_gateway(int argc, char **argv)
{
    size_t slot = 0;
    for (int i = 1; i < argc; i++) {
        (void)sscanf(argv[i], "--slot=%zu", &slot);
        if (strncmp(argv[i], "--zone=", 7) == 0) {
            read_mood(argv[i] + 7);
        }
    }
    static struct scoreboard *board; /* nothing that is lost when we end */
    board = scoreboard_attach(ROLE_SCOREBOARD);
    if (board == NULL) {
        return 1;
    }
    (void)signal(SIGTERM, SIG_IGN);
    if (is("unready")) {
        serve(board, slot);
    }
    if (is("fail")) {
        role_say(ROLE_CONTROL, ROLE_FAILED, SLICE("this and\nthat is missing"));
        return 1;
    }
    if (is("quit")) {
        return 3;
    }
    if (is("crash")) {
        abort();
    }
    say_ready();
    if (is("die")) {
        die_over_a_message(board, slot, SETTLE_MS);
    }
    if (is("chatter")) {
        chatter();
    }
    serve(board, slot);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--role=settings") == 0) {
        return settings_main(argc, argv);
    }
    if (argc > 1 && strcmp(argv[1], "--role=gateway") == 0) {
        return fake_gateway(argc, argv);
    }
    if (argc > 1 && strcmp(argv[1], "--role=examiner") == 0) {
        return fake_examiner(argc, argv);
    }
    if (argc != 3) {
        return 2;
    }
    struct supervisor_options options = {
        .program = "/proc/self/exe", .config_path = argv[1], .zone_path = argv[2]};
    return supervisor_run(&options);
}
