/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, SOCKET_TYPE = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC };

/* Where to complain. */
struct why {
    char *text;
    size_t size;
};

static int fail(struct why why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* -1, errno kept. */
static int fail(struct why why, const char *format, ...)
{
    va_list args;
    int reason = errno;
    va_start(args, format);
    (void)vsnprintf(why.text, why.size, format, args);
    va_end(args);
    errno = reason;
    return -1;
}

/* ---- TCP -------------------------------------------------------------------------------- */

union inet_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t inet_address(const struct config_address *address,
                              union inet_address *out)
{
    memset(out, 0, sizeof(*out));
    if (address->ip.family == IP_V6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)address->port);
        memcpy(&out->v6.sin6_addr, address->ip.bytes, sizeof out->v6.sin6_addr);
        return sizeof out->v6;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons((uint16_t)address->port);
    memcpy(&out->v4.sin_addr, address->ip.bytes, sizeof out->v4.sin_addr);
    return sizeof out->v4;
}

static const char *bind_advice(int reason)
{
    switch (reason) {
    case EADDRINUSE:
        return "another program listens there already; is it a second yett?";
    case EADDRNOTAVAIL:
        return "this host has no such address";
    case EACCES:
        return "it is not permitted; ports below 1024 need root, or CAP_NET_BIND_SERVICE";
    case EAFNOSUPPORT:
        return "this host does not speak that version of IP";
    default:
        return strerror(reason);
    }
}

static bool bind_inet(int fd, const struct config_address *address)
{
    static const int on = 1;
    union inet_address to;
    socklen_t size = inet_address(address, &to);
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           (address->ip.family != IP_V6 ||
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
           bind(fd, &to.any, size) == 0 && listen(fd, BACKLOG) == 0;
}

int socket_listen_inet(const struct config_address *address, char *why, size_t why_size)
{
    struct why complaint = {why, why_size};
    int fd = socket(address->ip.family == IP_V6 ? AF_INET6 : AF_INET, SOCKET_TYPE, 0);
    if (fd < 0) {
        return fail(complaint, "%s", bind_advice(errno));
    }
    if (!bind_inet(fd, address)) {
        (void)fail(complaint, "%s", bind_advice(errno));
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* ---- socket files ----------------------------------------------------------------------- */

static bool unix_address(const char *path, struct sockaddr_un *out)
{
    size_t len = strlen(path);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len >= sizeof out->sun_path) {
        return false;
    }
    memcpy(out->sun_path, path, len + 1);
    return true;
}

/* Does somebody listen there? */
static bool is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCKET_TYPE, 0);
    bool alive = fd < 0 ||
                 connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
                 (errno != ECONNREFUSED && errno != ENOENT);
    if (fd >= 0) {
        (void)close(fd);
    }
    return alive;
}

/* 0: the path is free now. */
static int clear_path(struct why why, const struct sockaddr_un *address)
{
    struct stat stat;
    if (lstat(address->sun_path, &stat) != 0) {
        return errno == ENOENT ? 0 : fail(why, "%s", strerror(errno));
    }
    if (!S_ISSOCK(stat.st_mode)) {
        return fail(why, "there is a file of that name already, and it is no socket");
    }
    if (is_alive(address)) {
        return fail(why, "another program listens there already; is it a second yett?");
    }
    if (unlink(address->sun_path) != 0 && errno != ENOENT) {
        return fail(why,
                    "a socket that nobody uses is in the way, and cannot be removed: %s",
                    strerror(errno));
    }
    return 0;
}

/* The directory is the administrator's: whom it belongs to decides who may connect. */
static int fail_bind(struct why why, const char *path)
{
    int length = (int)(strrchr(path, '/') - path);
    switch (errno) {
    case ENOENT:
        return fail(why, "the directory %.*s does not exist: make it (mkdir %.*s)",
                    length, path, length, path);
    case EACCES:
    case EPERM:
    case EROFS:
        return fail(why, "the directory %.*s may not be written to: %s", length, path,
                    strerror(errno));
    default:
        return fail(why, "%s", strerror(errno));
    }
}

/* At first nobody else may connect. */
static int bind_unix(struct why why, int fd, const struct sockaddr_un *address)
{
    mode_t before = umask(0177);
    int err = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    (void)umask(before);
    return err == 0 ? 0 : fail_bind(why, address->sun_path);
}

/* Through a descriptor of the file itself: who may write to the directory could put
   something else in its place at any time. */
static int open_file(struct why why, const char *path, struct socket_file *file)
{
    struct stat stat;
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) != 0) {
        (void)fail(why, "%s", strerror(errno));
    } else if (!S_ISSOCK(stat.st_mode)) {
        (void)fail(why, "something else took its place");
    } else {
        *file = (struct socket_file){stat.st_dev, stat.st_ino};
        return fd;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

static int give(struct why why, int fd, const struct socket_access *access)
{
    char self[64];
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    if (access->has_gid && fchownat(fd, "", (uid_t)-1, access->gid, AT_EMPTY_PATH) != 0) {
        return fail(why, "it cannot be given to its group: %s", strerror(errno));
    }
    if (chmod(self, access->mode) != 0) {
        return fail(why, "its mode cannot be set: %s", strerror(errno));
    }
    return 0;
}

bool socket_same_access(const struct socket_access *a, const struct socket_access *b)
{
    return a->mode == b->mode && a->has_gid == b->has_gid && a->gid == b->gid;
}

bool socket_set_access(const char *path, const struct socket_access *access,
                       struct socket_file *file, char *why, size_t why_size)
{
    struct why complaint = {why, why_size};
    int fd = open_file(complaint, path, file);
    if (fd < 0) {
        return false;
    }
    int err = give(complaint, fd, access);
    (void)close(fd);
    return err == 0;
}

int socket_listen_unix(const char *path, const struct socket_access *access,
                       struct socket_file *file, char *why, size_t why_size)
{
    struct why complaint = {why, why_size};
    struct sockaddr_un address;
    if (path[0] != '/' || !unix_address(path, &address)) {
        return fail(complaint, "this is no path of a socket");
    }
    if (clear_path(complaint, &address) != 0) {
        return -1;
    }
    int fd = socket(AF_UNIX, SOCKET_TYPE, 0);
    if (fd < 0) {
        return fail(complaint, "%s", strerror(errno));
    }
    if (bind_unix(complaint, fd, &address) != 0) {
        (void)close(fd);
        return -1;
    }
    if (!socket_set_access(path, access, file, why, why_size)) {
        (void)unlink(path);
        (void)close(fd);
        return -1;
    }
    if (listen(fd, BACKLOG) != 0) {
        (void)fail(complaint, "%s", strerror(errno));
        socket_remove_file(path, file);
        (void)close(fd);
        return -1;
    }
    return fd;
}

bool socket_file_is_there(const char *path, const struct socket_file *file)
{
    struct stat stat;
    return lstat(path, &stat) == 0 && S_ISSOCK(stat.st_mode) &&
           stat.st_dev == file->device && stat.st_ino == file->number;
}

void socket_remove_file(const char *path, const struct socket_file *file)
{
    if (socket_file_is_there(path, file)) {
        (void)unlink(path);
    }
}
