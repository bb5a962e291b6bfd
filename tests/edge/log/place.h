/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_EDGE_LOG_PLACE_H
#define YETT_TESTS_EDGE_LOG_PLACE_H

#include "edge/log/inside.h"

#include <assert.h>
#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* place: a pipe for standard error, and a folder for the sockets of syslog and journald. */
struct place {
    int read_fd, write_fd;
    char folder[32];
    char syslog_path[64], journald_path[64], journal_stream[64];
    struct log_places places;
};

static inline void place_init(struct place *place)
{
    int ends[2];
    *place = (struct place){.folder = "/tmp/yett-log-XXXXXX"};
    int made = pipe2(ends, O_CLOEXEC);
    assert(made == 0 && mkdtemp(place->folder) != NULL);
    place->read_fd = ends[0];
    place->write_fd = ends[1];
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    (void)snprintf(place->syslog_path, 64, "%s/log", place->folder);
    (void)snprintf(place->journald_path, 64, "%s/socket", place->folder);
    place->places = (struct log_places){
        .stderr_fd = ends[1],
        .syslog_path = place->syslog_path,
        .journald_path = place->journald_path,
    };
}

static inline void place_finish(struct place *place)
{
    (void)unlink(place->syslog_path);
    (void)unlink(place->journald_path);
    (void)rmdir(place->folder);
    (void)close(place->read_fd);
    (void)close(place->write_fd);
}

/* A daemon that takes datagrams at `path`. */
static inline int place_listen(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    (void)unlink(path);
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    assert(bound == 0);
    return fd;
}

/* What can be read by now, ended by NUL, in memory that the next call uses again. */
static inline const char *place_read(int fd)
{
    static char text[1 << 20];
    size_t len = 0;
    ssize_t got;
    while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
        len += (size_t)got;
    }
    text[len] = '\0';
    return text;
}

/* One datagram. */
static inline const char *place_receive(int fd)
{
    static char text[1 << 16];
    ssize_t got = recv(fd, text, sizeof(text) - 1, 0);
    text[got < 0 ? 0 : got] = '\0';
    return text;
}

static inline bool matches(const char *text, const char *pattern)
{
    regex_t regex;
    int compiled = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
    assert(compiled == 0);
    bool found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

#define assert_matches(text, pattern)                                                    \
    do {                                                                                 \
        const char *matched_ = (text);                                                   \
        if (!matches(matched_, pattern)) {                                               \
            fail_msg("\"%s\" is not %s", matched_, pattern);                             \
        }                                                                                \
    } while (0)

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"

#endif
