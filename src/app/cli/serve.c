/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/supervisor/supervisor.h"
#include "core/base/buf.h"
#include "core/config/config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* serve: `yett serve`: what the command line sets goes over the settings, and off we go. */

enum {
    ARENA_BYTES = 1024 * 1024,
    SETTING_MAX = 8192,
    OVERRIDES_MAX = OPTIONS_LISTEN_MAX + 8
};

static const struct option_help help = {
    .usage = "yett serve [OPTION…]",
    .overview = "Stand beside a mail server (milter): check its mail with SPF, DKIM, ARC "
                "and DMARC, write\n"
                "Authentication-Results, and in the mode enforce also quarantine, defer "
                "or reject;\n"
                "sign the mail of our own users where domain { sign } names keys.\n"
                "Runs in the foreground until SIGTERM; SIGHUP reads the settings again.  "
                "Without\n"
                "--config every setting is at its default: no file is looked for.  What "
                "an option\n"
                "sets goes over what the file says.",
    .closing =
        "Exit status: 0 stopped by a signal, 1 it could not start or had to give up, 2 "
        "wrong usage\nor settings that cannot be used, 75 out of memory.\n\n"
        "  yett config check FILE                  look at settings without serving\n"
        "  yett serve --config /etc/yett/yett.conf\n"
        "  yett serve --dns zone --listen inet:127.0.0.1:8899   without a network"};

struct overrides {
    struct arena *arena;
    const char *all[OVERRIDES_MAX];
    int count;
    bool failed;
};

/* ---- settings as a file has them -------------------------------------------------------- */

/* Between double quotation marks ${ would be taken for a variable. */
static void add_quoted(struct buf *out, const char *text)
{
    buf_add_byte(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') {
            buf_add_byte(out, '\\');
        }
        buf_add_byte(out, *text);
    }
    buf_add_byte(out, '\'');
}

/* `before`, the value, `after`, as one setting. */
static void override(struct overrides *overrides, const char *before, const char *value,
                     const char *after)
{
    struct buf buf;
    if (value == NULL) {
        return;
    }
    buf_init(&buf, overrides->arena, SETTING_MAX);
    buf_add_text(&buf, before);
    add_quoted(&buf, value);
    buf_add_text(&buf, after);
    buf_add_byte(&buf, '\0');
    overrides->failed = overrides->failed || buf_err(&buf) != YETT_OK;
    overrides->all[overrides->count++] = buf_slice(&buf).ptr;
}

static void override_all(struct overrides *overrides, const struct options *options)
{
    override(overrides, "mode = ", options->mode, "");
    override(overrides, "sandbox = ", options->sandbox, "");
    override(overrides, "status_socket = ", options->status_socket, "");
    if (options->workers != NULL) {
        struct buf buf;
        buf_init(&buf, overrides->arena, SETTING_MAX);
        buf_add_text(&buf, "workers = ");
        buf_add_text(&buf, options->workers);
        buf_add_byte(&buf, '\0');
        overrides->failed = overrides->failed || buf_err(&buf) != YETT_OK;
        overrides->all[overrides->count++] = buf_slice(&buf).ptr;
    }
    if (options->resolver.len != 0) { /* of the command line: ends in NUL */
        override(overrides, "dns { resolver = ", options->resolver.ptr, " }");
    }
    for (size_t i = 0; i < options->listen_count; i++) {
        /* The log tells of each message by which listener it came: the first has the name
           that the default has, which it takes the place of. */
        char before[64], number[24] = "";
        if (i > 0) {
            (void)snprintf(number, sizeof number, "%zu", i + 1);
        }
        (void)snprintf(before, sizeof before, "listen 'milter%s' { address = ", number);
        override(overrides, before, options->listen[i], " }");
    }
}

/* Two that cannot be listened on at once. */
static bool listeners_clash(const struct options *options)
{
    for (size_t i = 0; i < options->listen_count; i++) {
        for (size_t j = 0; j < i; j++) {
            struct config_address a, b;
            if (config_read_address(slice_from_text(options->listen[i]), &a) == NULL &&
                config_read_address(slice_from_text(options->listen[j]), &b) == NULL &&
                config_addresses_clash(&a, &b)) {
                fprintf(stderr,
                        "yett serve: --listen: %s cannot be listened on besides %s\n",
                        options->listen[i], options->listen[j]);
                return true;
            }
        }
    }
    return false;
}

/* ---- the program itself ----------------------------------------------------------------- */

/* The path, not the open file: after an upgrade a reload starts the new program. */
static const char *find_program(char *path, size_t size, const char *fallback)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length <= 0) {
        return fallback;
    }
    path[length] = '\0';
    return path;
}

static int serve(const struct options *options, struct arena *arena)
{
    char path[PATH_MAX], now[32];
    struct overrides overrides = {.arena = arena};
    override_all(&overrides, options);
    if (overrides.failed) {
        fprintf(stderr, "yett serve: an option is too long\n");
        return EXIT_USAGE;
    }
    (void)snprintf(now, sizeof now, "%lld", (long long)options->now_s);
    struct supervisor_options supervisor = {
        .program = find_program(path, sizeof path, "/usr/bin/yett"),
        .config_path = options->config_path,
        .zone_path = options->zone_path,
        .now = options->has_now ? now : NULL,
        .overrides = overrides.all,
        .override_count = overrides.count};
    return supervisor_run(&supervisor);
}

static int run(int argc, char **argv, struct arena *arena)
{
    struct options options;
    int first;
    switch (options_parse(argc, argv, OPTIONS_SERVE | OPTIONS_CONFIG, &help, arena,
                          &options, &first)) {
    case OPTIONS_DONE:
        return EXIT_FINE;
    case OPTIONS_WRONG:
        return EXIT_USAGE;
    case OPTIONS_GO:
        break;
    }
    if (first != argc) {
        fprintf(stderr,
                "yett serve: '%s' is too much: settings are named with --config\n",
                argv[first]);
        return EXIT_USAGE;
    }
    if (options.config_path != NULL && strcmp(options.config_path, "-") == 0) {
        fprintf(stderr,
                "yett serve: settings are read again at each reload, so they must "
                "be in a file\n");
        return EXIT_USAGE;
    }
    return listeners_clash(&options) ? EXIT_USAGE : serve(&options, arena);
}

int command_serve(int argc, char **argv)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    if (arena == NULL) {
        fprintf(stderr, "yett serve: out of memory\n");
        return EXIT_CANNOT_TELL;
    }
    int status = run(argc, argv, arena);
    arena_free(arena);
    return status;
}
