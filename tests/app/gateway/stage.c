/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"
#include "edge/config/config.h"
#include "edge/files/files.h"
#include "edge/scoreboard/scoreboard.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A supervisor in small: starts `PROGRAM --role=gateway` as yett serve does, on a scoreboard
 * that outlives it.
 *
 *     stage PROGRAM SETTINGS [ARGUMENT…]
 *
 * Takes commands on standard input, answers each with lines of which the last is ".":
 *
 *     start [ARG]     "ready", or "failed: TEXT", or what `wait` says
 *     leave MS        tell it to leave
 *     drop            close the control pair
 *     hear            the next message of the worker: "leaving"
 *     wait            "exit N" or "signal N"; what it worked on is blamed
 *     counters        "name value" for all counters and gauges
 *     pid             of the worker
 *
 * Only listeners of IPv4 are opened.
 */
enum { FIRST_FREE = 20, BACKLOG = 1024 };

struct stage {
    const char *program;
    char **arguments;
    int argument_count;
    struct scoreboard *board;
    int board_fd, settings_fd, control;
    int listeners[ROLE_LISTENERS_MAX];
    size_t listener_count;
    size_t slot;
    pid_t pid;
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* Out of the way of the numbers that a role has. */
static int moved(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    if (fd < 0 || high < 0) {
        die("descriptor");
    }
    (void)close(fd);
    return high;
}

static int listen_at(slice address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    char host[64];
    unsigned port = 0;
    if (sscanf(address.ptr, "inet:%63[0-9.]:%u", host, &port) != 2 ||
        inet_pton(AF_INET, host, &in.sin_addr) != 1) {
        fprintf(stderr, "stage: cannot listen at %s\n", address.ptr);
        exit(2);
    }
    in.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&in, sizeof in) != 0 || listen(fd, BACKLOG) != 0) {
        die(host);
    }
    return moved(fd);
}

static void open_settings(struct stage *stage, const char *path)
{
    struct arena *arena = arena_new(CONFIG_FILE_ARENA_BYTES);
    struct config config;
    slice text, why;
    config_init(&config);
    if (arena == NULL ||
        file_read(arena, path, CONFIG_FILE_MAX_BYTES, &text, &why) != YETT_OK ||
        config_file_parse(arena, text, path, &config, &why) != YETT_OK) {
        fprintf(stderr, "stage: %.*s\n", SLICE_ARG(why));
        exit(2);
    }
    for (size_t i = 0; i < config.listener_count; i++) {
        stage->listeners[stage->listener_count++] =
            listen_at(config.listeners[i].address);
    }
    stage->settings_fd = moved(memfd_create("settings", MFD_CLOEXEC));
    if (write(stage->settings_fd, text.ptr, text.len) != (ssize_t)text.len) {
        die("settings");
    }
    arena_free(arena);
}

/* ---- the worker ------------------------------------------------------------------------- */

static void run_worker(const struct stage *stage, int control, char *more)
{
    char slot[40], listeners[40];
    char **argv = calloc((size_t)stage->argument_count + 6, sizeof(*argv));
    (void)snprintf(slot, sizeof slot, "--slot=%zu", stage->slot);
    (void)snprintf(listeners, sizeof listeners, "--listeners=%zu", stage->listener_count);
    (void)dup2(control, ROLE_CONTROL);
    (void)dup2(stage->board_fd, ROLE_SCOREBOARD);
    (void)dup2(stage->settings_fd, ROLE_SETTINGS);
    for (size_t i = 0; i < stage->listener_count; i++) {
        (void)dup2(stage->listeners[i], ROLE_FIRST_LISTENER + (int)i);
    }
    if (argv == NULL) {
        _exit(127);
    }
    static char name[] = "yett", role[] = "--role=gateway";
    char **next = argv;
    *next++ = name;
    *next++ = role;
    *next++ = slot;
    *next++ = listeners;
    for (int i = 0; i < stage->argument_count; i++) {
        *next++ = stage->arguments[i];
    }
    *next = more;
    (void)execv(stage->program, argv);
    _exit(127);
}

static void wait_for_end(struct stage *stage)
{
    int status = 0;
    if (waitpid(stage->pid, &status, 0) != stage->pid) {
        die("waitpid");
    }
    uint64_t work = scoreboard_work(stage->board, stage->slot);
    if (work != 0) {
        printf("blamed %u\n", scoreboard_blame(stage->board, work));
    }
    scoreboard_give_back(stage->board, stage->slot);
    if (WIFSIGNALED(status)) {
        printf("signal %d\n", WTERMSIG(status));
    } else {
        printf("exit %d\n", WEXITSTATUS(status));
    }
}

/* False: the other side is gone. */
static bool hear(struct stage *stage)
{
    struct role_message message;
    struct pollfd pollfd = {.fd = stage->control, .events = POLLIN};
    (void)poll(&pollfd, 1, 30000);
    if (role_receive(stage->control, &message) != YETT_OK) {
        return false;
    }
    switch ((enum role_kind)message.kind) {
    case ROLE_READY:
        printf("ready\n");
        return true;
    case ROLE_FAILED:
        printf("failed: %s\n", message.text);
        return true;
    case ROLE_LEAVING:
        printf("leaving\n");
        return true;
    case ROLE_LISTEN:
    case ROLE_LEAVE:
        break;
    }
    printf("unexpected message %u\n", message.kind);
    return true;
}

static void start(struct stage *stage, char *more)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        die("socketpair");
    }
    stage->control = moved(pair[0]);
    int theirs = moved(pair[1]);
    stage->slot = scoreboard_take_slot(stage->board, 1);
    stage->pid = fork();
    if (stage->pid == 0) {
        run_worker(stage, theirs, more);
    }
    (void)close(theirs);
    scoreboard_set_pid(stage->board, stage->slot, stage->pid);
    if (!hear(stage)) {
        wait_for_end(stage);
    }
}

static void leave(struct stage *stage, unsigned deadline_ms)
{
    struct role_message message = {.kind = ROLE_LEAVE, .deadline_ms = deadline_ms};
    if (role_send(stage->control, &message) != YETT_OK) {
        printf("it is gone\n");
    }
}

static void print_counters(const struct stage *stage)
{
    for (size_t i = 0; i < COUNT_COUNTERS; i++) {
        printf(
            "%s %llu\n", scoreboard_counter_names[i],
            (unsigned long long)scoreboard_sum(stage->board, (enum scoreboard_counter)i));
    }
    for (size_t i = 0; i < GAUGE_GAUGES; i++) {
        printf("%s %llu\n", scoreboard_gauge_names[i],
               (unsigned long long)scoreboard_gauge_sum(stage->board,
                                                        (enum scoreboard_gauge)i));
    }
}

static void obey(struct stage *stage, char *command)
{
    command[strcspn(command, "\n")] = '\0';
    if (strcmp(command, "start") == 0) {
        start(stage, NULL);
    } else if (strncmp(command, "start ", 6) == 0) {
        start(stage, command + 6);
    } else if (strncmp(command, "leave ", 6) == 0) {
        leave(stage, (unsigned)strtoul(command + 6, NULL, 10));
    } else if (strcmp(command, "drop") == 0) {
        (void)close(stage->control);
    } else if (strcmp(command, "hear") == 0) {
        if (!hear(stage)) {
            printf("it is gone\n");
        }
    } else if (strcmp(command, "wait") == 0) {
        wait_for_end(stage);
    } else if (strcmp(command, "counters") == 0) {
        print_counters(stage);
    } else if (strcmp(command, "pid") == 0) {
        printf("%ld\n", (long)stage->pid);
    } else {
        printf("no such command\n");
    }
    printf(".\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct stage stage = {0};
    char command[256];
    if (argc < 3) {
        fprintf(stderr, "usage: stage PROGRAM SETTINGS [ARGUMENT…]\n");
        return 2;
    }
    stage.program = argv[1];
    stage.arguments = argv + 3;
    stage.argument_count = argc - 3;
    open_settings(&stage, argv[2]);
    stage.board = scoreboard_create(&stage.board_fd);
    if (stage.board == NULL) {
        die("scoreboard");
    }
    stage.board_fd = moved(stage.board_fd);
    while (fgets(command, sizeof command, stdin) != NULL) {
        obey(&stage, command);
    }
    return 0;
}
