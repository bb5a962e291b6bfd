/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

/* inherit: listeners that systemd opened (socket activation), told apart by their addresses. */

union any_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

static bool write_inet(const union any_address *from, char *out, size_t size)
{
    char host[INET6_ADDRSTRLEN];
    bool is_v6 = from->any.sa_family == AF_INET6;
    const void *address =
        is_v6 ? (const void *)&from->v6.sin6_addr : (const void *)&from->v4.sin_addr;
    if (inet_ntop(from->any.sa_family, address, host, sizeof host) == NULL) {
        return false;
    }
    int written = snprintf(out, size, is_v6 ? "inet:[%s]:%u" : "inet:%s:%u", host,
                           ntohs(is_v6 ? from->v6.sin6_port : from->v4.sin_port));
    return written > 0 && (size_t)written < size;
}

static bool write_unix(const union any_address *from, socklen_t length, char *out,
                       size_t size)
{
    size_t head = offsetof(struct sockaddr_un, sun_path);
    size_t len = length > head ? strnlen(from->local.sun_path, length - head) : 0;
    int written = snprintf(out, size, "unix:%.*s", (int)len, from->local.sun_path);
    return len != 0 && written > 0 && (size_t)written < size; /* not an abstract one */
}

/* The address in the form that settings have it. */
static bool write_address(int fd, char *out, size_t size)
{
    union any_address address = {.any = {.sa_family = AF_UNSPEC}};
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) != 0) {
        return false;
    }
    switch (address.any.sa_family) {
    case AF_INET:
    case AF_INET6:
        return write_inet(&address, out, size);
    case AF_UNIX:
        return write_unix(&address, length, out, size);
    default:
        return false;
    }
}

static bool is_usable(int fd)
{
    int listening = 0, type = 0;
    socklen_t size = sizeof listening;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && listening != 0 &&
           type == SOCK_STREAM;
}

static bool make_ready(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

bool listeners_inherit(struct listeners *listeners, char *why, size_t why_size)
{
    int count = sd_listen_fds(1);
    if (count < 0) {
        (void)snprintf(why, why_size,
                       "the sockets that LISTEN_FDS speaks of were not handed over: %s",
                       strerror(-count));
        return false;
    }
    if (count > ROLE_LISTENERS_MAX) {
        (void)snprintf(why, why_size,
                       "%d sockets were handed over, and at most %d can be used", count,
                       ROLE_LISTENERS_MAX);
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct listener *listener = &listeners->all[i];
        int fd = SD_LISTEN_FDS_START + i;
        if (!is_usable(fd) || !make_ready(fd) ||
            !write_address(fd, listener->address, sizeof listener->address)) {
            (void)snprintf(why, why_size,
                           "socket %d of those handed over (LISTEN_FDS) is none on which "
                           "streams are listened for, at an address or a path",
                           i + 1);
            return false;
        }
        listener->fd = fd;
        listener->is_inherited = true;
    }
    return true;
}

static bool is_among(const struct listener *listener, struct listener *const *taken,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (taken[i] == listener) {
            return true;
        }
    }
    return false;
}

const struct listener *listeners_unclaimed(const struct listeners *listeners,
                                           struct listener *const *taken, size_t count)
{
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        const struct listener *listener = &listeners->all[i];
        if (listener->is_inherited && !is_among(listener, taken, count)) {
            return listener;
        }
    }
    return NULL;
}
