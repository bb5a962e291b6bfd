/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/host.h"

#include "core/base/buf.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SENTENCE_MAX = 1024 };

struct looking {
    struct arena *arena;
    const struct config *config;
    host_say *say;
    void *context;
};

/* `listener` is the one that it is about, or NULL. */
static void tell(const struct looking *looking, const char *key,
                 const struct config_listener *listener, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void tell(const struct looking *looking, const char *key,
                 const struct config_listener *listener, const char *format, ...)
{
    struct buf buf;
    va_list args;
    char text[SENTENCE_MAX];
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_init(&buf, looking->arena, 4 * SENTENCE_MAX);
    if (listener != NULL) {
        buf_printf(&buf, "%.*s:%u: listen \"", SLICE_ARG(listener->file), listener->line);
        buf_add_visible(&buf, listener->name);
        buf_add_text(&buf, "\": ");
    } else {
        buf_add(&buf, config_place_text(looking->arena, looking->config, key));
        buf_add_text(&buf, ": ");
    }
    buf_printf(&buf, "%s: ", key);
    buf_add_visible(&buf, slice_from_text(text));
    looking->say(looking->context, buf_slice(&buf));
}

/* ---- accounts and groups ---------------------------------------------------------------- */

/* The names have a NUL behind them, see core/config. */
static void look_for_user(const struct looking *looking, const char *key, slice name)
{
    const struct passwd *account;
    if (name.len == 0) {
        return;
    }
    account = getpwnam(name.ptr);
    if (account == NULL) {
        tell(looking, key, NULL,
             "there is no account \"%s\" on this host, and yett serve does not start "
             "without it as root",
             name.ptr);
    } else if (account->pw_uid == 0) {
        tell(looking, key, NULL,
             "the account \"%s\" is root's, and yett serve does not start with it",
             name.ptr);
    }
}

static void look_for_group(const struct looking *looking, const char *key,
                           const struct config_listener *listener, slice name)
{
    if (name.len != 0 && getgrnam(name.ptr) == NULL) {
        tell(looking, key, listener,
             "there is no group \"%s\" on this host, and yett serve does not start "
             "without it",
             name.ptr);
    }
}

/* ---- places of sockets ------------------------------------------------------------------ */

/* What is in the way of a socket. */
static void look_at_file(const struct looking *looking, const char *key,
                         const struct config_listener *listener, const char *path)
{
    struct stat stat;
    if (lstat(path, &stat) == 0 && !S_ISSOCK(stat.st_mode)) {
        tell(looking, key, listener, "there is %s already at %s, and it is no socket",
             S_ISDIR(stat.st_mode) ? "a directory" : "a file", path);
    }
}

static void look_for_directory(const struct looking *looking,
                               const struct config_listener *listener, const char *path)
{
    struct stat stat;
    char directory[256];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return;
    }
    (void)snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
    if (lstat(directory, &stat) != 0 && errno == ENOENT) {
        tell(looking, "address", listener,
             "the directory %s does not exist on this host: make it (mkdir %s)",
             directory, directory);
    }
}

static void look_at_listener(const struct looking *looking,
                             const struct config_listener *listener)
{
    slice path = listener->address; /* a NUL follows it */
    look_for_group(looking, "group", listener, listener->group);
    if (slice_take(&path, SLICE("unix:"))) {
        look_at_file(looking, "address", listener, path.ptr);
        look_for_directory(looking, listener, path.ptr);
    }
}

void host_look(struct arena *arena, const struct config *config, host_say *say,
               void *context)
{
    const struct looking looking = {arena, config, say, context};
    look_for_user(&looking, "user", config->user);
    look_for_user(&looking, "signing.keeper_user", config->signing.keeper_user);
    look_for_group(&looking, "status_group", NULL, config->status_group);
    if (config->status_socket.len != 0) {
        look_at_file(&looking, "status_socket", NULL, config->status_socket.ptr);
    }
    for (size_t i = 0; i < config->listener_count; i++) {
        look_at_listener(&looking, &config->listeners[i]);
    }
}
