/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"
#include "core/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * status: the socket that `yett status` asks.  Whoever may connect is told everything at
 * once, and nothing is read of him.
 */
enum {
    ANSWERS_PER_TURN = 16,
    DOCUMENT_BYTES = 256 * 1024,
    ARENA_BYTES = 1024 * 1024,
    DIRECTORY_MODE = 0755
};

static void send_document(int fd, slice text)
{
    static const int room = DOCUMENT_BYTES;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    /* What does not fit at once is for somebody who does not read. */
    (void)send(fd, text.ptr, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void answer(const struct supervisor *supervisor, int fd)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct buf buf;
    if (arena == NULL) {
        return;
    }
    buf_init(&buf, arena, DOCUMENT_BYTES);
    document_write(supervisor, loop_now_ms(supervisor->loop), &buf);
    if (buf_err(&buf) == YETT_OK) {
        send_document(fd, buf_slice(&buf));
    }
    arena_free(arena);
}

static void on_connection(void *context, bool readable, bool writable)
{
    struct supervisor *supervisor = context;
    (void)readable;
    (void)writable;
    for (int i = 0; i < ANSWERS_PER_TURN; i++) {
        int fd = accept4(supervisor->status.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        answer(supervisor, fd);
        (void)close(fd);
    }
}

void status_close(struct supervisor *supervisor)
{
    struct status_socket *status = &supervisor->status;
    loop_watch_free(status->watch);
    if (status->fd >= 0) {
        socket_remove_file(status->path, &status->file);
        (void)close(status->fd);
    }
    *status = (struct status_socket){.fd = -1};
}

/* /run is empty after each start of the host.  Whoever may ask must get there, whatever the
   umask. */
static void make_directory(const char *path)
{
    char directory[ROLE_ADDRESS_MAX];
    const char *slash = strrchr(path, '/');
    if (slash != NULL && slash != path) {
        (void)snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
        if (mkdir(directory, DIRECTORY_MODE) == 0) {
            (void)chmod(directory, DIRECTORY_MODE);
        }
    }
}

static bool open_status(struct supervisor *supervisor, const char *path,
                        const struct socket_access *access, char *why, size_t why_size)
{
    struct status_socket *status = &supervisor->status;
    make_directory(path);
    status->fd = socket_listen_unix(path, access, &status->file, why, why_size);
    if (status->fd < 0) {
        return false;
    }
    (void)snprintf(status->path, sizeof status->path, "%s", path);
    status->access = *access;
    status->watch =
        loop_watch_new(supervisor->loop, status->fd, on_connection, supervisor);
    if (status->watch == NULL || !loop_watch_set(status->watch, true, false)) {
        (void)snprintf(why, why_size, "out of memory");
        status_close(supervisor);
        return false;
    }
    return true;
}

static bool is_open(const struct status_socket *status, const char *path)
{
    return strcmp(status->path, path) == 0 &&
           (path[0] == '\0' || socket_file_is_there(path, &status->file));
}

/* It is open already; perhaps for others than before. */
static bool settle_access(struct status_socket *status,
                          const struct socket_access *access, char *why, size_t why_size)
{
    if (status->path[0] == '\0' || socket_same_access(&status->access, access)) {
        return true;
    }
    if (!socket_set_access(status->path, access, &status->file, why, why_size)) {
        return false;
    }
    status->access = *access;
    return true;
}

void status_settle(struct supervisor *supervisor, const struct role_plan *plan)
{
    struct socket_access access = {.mode = plan->status_mode & 0777,
                                   .has_gid = plan->has_status_gid != 0,
                                   .gid = plan->status_gid};
    const char *path = plan->status_socket;
    char why[ROLE_TEXT_MAX] = "";
    if (is_open(&supervisor->status, path)) {
        if (!settle_access(&supervisor->status, &access, why, sizeof why)) {
            log_say(supervisor->log, LOG_LEVEL_WARNING,
                    "`yett status` answers whom it did before: status_socket %s: %s",
                    path, why);
        }
        return;
    }
    status_close(supervisor);
    if (path[0] != '\0' && !open_status(supervisor, path, &access, why, sizeof why)) {
        log_say(supervisor->log, LOG_LEVEL_WARNING,
                "`yett status` will get no answer: status_socket %s: %s", path, why);
    }
}
