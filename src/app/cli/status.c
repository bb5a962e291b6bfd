/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/term.h"
#include "core/base/buf.h"
#include "edge/config/config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

/* status: `yett status`: asks a gateway's supervisor, and shows what it says. */

enum { ANSWER_MAX = 1024 * 1024, PATIENCE_MS = 10 * 1000, LABEL_COLUMNS = 24 };

static const struct option_help help = {
    .usage = "yett status [OPTION…]",
    .overview =
        "Ask a running gateway (yett serve) how it is: its processes, its settings, "
        "and what it has\ncounted since it was started.",
    .closing = "Exit status: 0 it answered, 2 wrong usage, 75 nobody answers.\n\n"
               "  yett status --config /etc/yett/yett.conf   ask where that file says\n"
               "  yett status --json | jq .counters"};

/* ---- asking ----------------------------------------------------------------------------- */

static int cannot(const char *path, const char *what, const char *advice)
{
    fprintf(stderr, "yett status: %s: %s; %s\n", path, what, advice);
    return EXIT_CANNOT_TELL;
}

static const char *connect_advice(int reason)
{
    switch (reason) {
    case ENOENT:
    case ECONNREFUSED:
        return "is yett running (systemctl status yett)?  --socket or --config name "
               "another socket";
    case EACCES:
    case EPERM:
        return "only root and the socket's group may ask (status_group in yett.conf(5))";
    default:
        return "is yett running (systemctl status yett)?";
    }
}

static int connect_to(const char *path, int *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path) {
        fprintf(stderr, "yett status: %s: the path is longer than a socket's may be\n",
                path);
        return EXIT_USAGE;
    }
    memcpy(address.sun_path, path, len + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        int status = cannot(path, strerror(errno), connect_advice(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return status;
    }
    *out = fd;
    return EXIT_FINE;
}

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* All until it closes.  NULL, or what was wrong. */
static const char *read_answer(int fd, struct buf *out)
{
    int64_t until_ms = now_ms() + PATIENCE_MS;
    for (;;) {
        char piece[4096];
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left_ms = until_ms - now_ms();
        int ready = left_ms <= 0 ? 0 : poll(&wait, 1, (int)left_ms);
        if (ready == 0) {
            return "no answer within 10 seconds";
        }
        ssize_t got = ready < 0 ? -1 : recv(fd, piece, sizeof piece, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return strerror(errno);
        }
        if (got == 0) {
            return NULL;
        }
        buf_add(out, slice_of(piece, (size_t)got));
        if (buf_err(out) != YETT_OK) {
            return "the answer has no end";
        }
    }
}

static int ask(const char *path, struct buf *out)
{
    int fd = -1;
    int status = connect_to(path, &fd);
    if (status != EXIT_FINE) {
        return status;
    }
    const char *fault = read_answer(fd, out);
    (void)close(fd);
    return fault == NULL ? EXIT_FINE
                         : cannot(path, fault, "is it busy, or stopped by a signal?");
}

/* ---- showing ---------------------------------------------------------------------------- */

struct page {
    struct term term;
    struct arena *arena;
};

static void show(const struct page *page, const char *label, enum tone tone, slice text)
{
    struct buf visible;
    buf_init(&visible, page->arena, ANSWER_MAX);
    buf_add_visible(&visible, text);
    term_word(&page->term, TONE_PLAIN, slice_from_text(label), LABEL_COLUMNS);
    term_wrapped(&page->term, tone, buf_slice(&visible), LABEL_COLUMNS);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static uint64_t number_of(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number < 0 ? 0 : (uint64_t)number;
}

/* "3 d 4 h", "12 min 5 s" */
static slice duration(struct arena *arena, uint64_t seconds)
{
    static const struct {
        uint64_t large, small;
        const char *large_name, *small_name;
    } rows[] = {
        {86400, 3600, "d",   "h"  },
        {3600,  60,   "h",   "min"},
        {60,    1,    "min", "s"  }
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (seconds >= rows[i].large) {
            return arena_printf(arena, "%" PRIu64 " %s %" PRIu64 " %s",
                                seconds / rows[i].large, rows[i].large_name,
                                seconds % rows[i].large / rows[i].small,
                                rows[i].small_name);
        }
    }
    return arena_printf(arena, "%" PRIu64 " s", seconds);
}

/* Of those who may not be there at all. */
static void show_replaced(const struct page *page, const json_t *answer, const char *list,
                          const char *key, const char *label)
{
    uint64_t restarts = number_of(answer, key);
    if (restarts != 0 || json_array_size(json_object_get(answer, list)) != 0) {
        show(page, label, restarts != 0 ? TONE_WARN : TONE_PLAIN,
             arena_printf(page->arena, "%" PRIu64, restarts));
    }
}

static void show_head(const struct page *page, const json_t *answer)
{
    slice up = duration(page->arena, number_of(answer, "uptime"));
    show(page, "yett", TONE_BOLD,
         arena_printf(page->arena, "%s, up for %.*s", text_of(answer, "version"),
                      SLICE_ARG(up)));
    const char *settings = text_of(answer, "settings");
    show(page, "settings", TONE_PLAIN,
         slice_from_text(settings[0] == '\0' ? "none in force yet" : settings));
    show(page, "reloads", TONE_PLAIN,
         arena_printf(page->arena, "%" PRIu64 ", and %" PRIu64 " that failed",
                      number_of(answer, "reloads"), number_of(answer, "reloads_failed")));
    const char *fault = text_of(answer, "reload_error");
    if (fault[0] != '\0') {
        show(page, "the last one failed", TONE_BAD, slice_from_text(fault));
    }
    show(page, "gateways replaced", TONE_PLAIN,
         arena_printf(page->arena, "%" PRIu64, number_of(answer, "restarts")));
    show_replaced(page, answer, "keepers", "keeper_restarts", "keepers replaced");
    show_replaced(page, answer, "examiners", "examiner_restarts", "examiners replaced");
    uint64_t poisoned = number_of(answer, "poisoned_messages");
    if (poisoned != 0) {
        show(page, "not looked into", TONE_WARN,
             arena_printf(page->arena,
                          "%" PRIu64 " %s over which gateways died or hung twice; the "
                          "log names them",
                          poisoned, poisoned == 1 ? "message" : "messages"));
    }
}

static void show_listeners(const struct page *page, const json_t *answer)
{
    size_t i, j;
    json_t *generation, *listener;
    const char *label = "listening on";
    json_array_foreach(json_object_get(answer, "generations"), i, generation)
    {
        if (strcmp(text_of(generation, "state"), "leaving") == 0) {
            continue;
        }
        json_array_foreach(json_object_get(generation, "listeners"), j, listener)
        {
            const char *text = json_string_value(listener);
            show(page, label, TONE_PLAIN, slice_from_text(text == NULL ? "" : text));
            label = "";
        }
    }
}

static void show_worker(const struct page *page, const json_t *worker, const char *label)
{
    const char *state = text_of(worker, "state");
    uint64_t silent_ms = number_of(worker, "heartbeat_ms");
    slice since = SLICE_NONE;
    if (json_is_integer(json_object_get(worker, "heartbeat_ms"))) {
        since = arena_printf(page->arena, ", sign of life %" PRIu64 ".%" PRIu64 " s ago",
                             silent_ms / 1000, silent_ms % 1000 / 100);
    }
    bool is_good = strcmp(state, "ready") == 0;
    show(page, label, is_good ? TONE_PLAIN : TONE_WARN,
         arena_printf(page->arena, "%s (process %" PRIu64 ", generation %" PRIu64 "%.*s)",
                      state, number_of(worker, "pid"), number_of(worker, "generation"),
                      SLICE_ARG(since)));
}

/* The processes in the list `key`. */
static void show_workers(const struct page *page, const json_t *answer, const char *key,
                         const char *label)
{
    size_t i;
    json_t *worker;
    json_array_foreach(json_object_get(answer, key), i, worker)
    {
        show_worker(page, worker, i == 0 ? label : "");
    }
}

static void show_figures(const struct page *page, const json_t *figures)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)figures, key, value)
    {
        char label[LABEL_COLUMNS];
        (void)snprintf(label, sizeof label, "%s", key);
        for (char *at = label; *at != '\0'; at++) {
            if (*at == '_') {
                *at = ' ';
            }
        }
        show(page, label, TONE_PLAIN,
             arena_printf(page->arena, "%" JSON_INTEGER_FORMAT,
                          json_integer_value(value)));
    }
}

static void show_answer(const struct page *page, const json_t *answer)
{
    show_head(page, answer);
    show_listeners(page, answer);
    show_workers(page, answer, "workers", "gateways");
    show_workers(page, answer, "keepers", "keepers");
    show_workers(page, answer, "examiners", "examiners");
    putchar('\n');
    show_figures(page, json_object_get(answer, "gauges"));
    putchar('\n');
    show_figures(page, json_object_get(answer, "counters"));
}

static int tell(const struct options *options, struct arena *arena, const char *path,
                slice text)
{
    json_t *answer = json_loadb(text.len != 0 ? text.ptr : "", text.len, 0, NULL);
    if (!json_is_object(answer)) {
        json_decref(answer);
        return cannot(path, "the answer cannot be understood", "is it yett's socket?");
    }
    if (options->json) {
        (void)fwrite(text.ptr, 1, text.len, stdout);
    } else {
        struct page page = {.term = term_of(options->color), .arena = arena};
        show_answer(&page, answer);
    }
    json_decref(answer);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "yett status: standard output cannot be written\n");
        return EXIT_CANNOT_TELL;
    }
    return EXIT_FINE;
}

/* ---- the command ------------------------------------------------------------------------ */

/* `*out` ends in NUL. */
static int find_path(const struct options *options, struct arena *arena, const char **out)
{
    struct config config;
    slice why = SLICE_NONE;
    if (options->socket_path != NULL) {
        *out = options->socket_path;
        return EXIT_FINE;
    }
    config_init(&config);
    if (options->config_path != NULL &&
        config_file_read(arena, options->config_path, &config, &why) != YETT_OK) {
        fprintf(stderr, "yett status: %.*s\n", SLICE_ARG(why));
        return EXIT_USAGE;
    }
    if (slice_is_empty(config.status_socket)) {
        fprintf(stderr,
                "yett status: these settings have no status_socket, so nobody can "
                "be asked\n");
        return EXIT_USAGE;
    }
    *out = config.status_socket.ptr;
    return EXIT_FINE;
}

static int run(int argc, char **argv, struct arena *arena)
{
    struct options options;
    const char *path;
    struct buf answer;
    int first;
    switch (options_parse(argc, argv, OPTIONS_STATUS | OPTIONS_CONFIG | OPTIONS_OUTPUT,
                          &help, arena, &options, &first)) {
    case OPTIONS_DONE:
        return EXIT_FINE;
    case OPTIONS_WRONG:
        return EXIT_USAGE;
    case OPTIONS_GO:
        break;
    }
    if (first != argc) {
        fprintf(stderr, "usage: %s\n", help.usage);
        return EXIT_USAGE;
    }
    int status = find_path(&options, arena, &path);
    if (status != EXIT_FINE) {
        return status;
    }
    buf_init(&answer, arena, ANSWER_MAX);
    status = ask(path, &answer);
    return status == EXIT_FINE ? tell(&options, arena, path, buf_slice(&answer)) : status;
}

int command_status(int argc, char **argv)
{
    struct arena *arena = arena_new(CONFIG_FILE_ARENA_BYTES);
    if (arena == NULL) {
        fprintf(stderr, "yett status: out of memory\n");
        return EXIT_CANNOT_TELL;
    }
    int status = run(argc, argv, arena);
    arena_free(arena);
    return status;
}
