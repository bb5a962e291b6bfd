/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/log/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file is not: what is opened anew would begin at its first octet. */
static bool can_open_anew(mode_t mode)
{
    return S_ISFIFO(mode) || S_ISCHR(mode);
}

static int open_anew(int fd)
{
    char path[32];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

void stream_open(struct stream *stream, int fd)
{
    struct stat status;
    *stream = (struct stream){.fd = -1};
    if (fstat(fd, &status) != 0) {
        return;
    }
    stream->fd = fd;
    if (S_ISSOCK(status.st_mode)) {
        stream->way = STREAM_SOCKET;
    } else if (can_open_anew(status.st_mode)) {
        int own = open_anew(fd);
        stream->way = own >= 0 ? STREAM_AT_ONCE : STREAM_POLLED;
        stream->is_own = own >= 0;
        stream->fd = own >= 0 ? own : fd;
    }
}

void stream_close(struct stream *stream)
{
    if (stream->is_own) {
        (void)close(stream->fd);
    }
    stream->fd = -1;
}

static bool is_writable(int fd)
{
    struct pollfd asked = {.fd = fd, .events = POLLOUT};
    return poll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT) != 0;
}

/* The octets taken; none when it would have to wait, or failed. */
static size_t write_once(const struct stream *stream, const char *octets, size_t count)
{
    ssize_t taken;
    if (stream->way == STREAM_POLLED) {
        count = count < STREAM_GATHER ? count : STREAM_GATHER;
        if (!is_writable(stream->fd)) {
            return 0;
        }
    }
    do {
        taken = stream->way == STREAM_SOCKET
                    ? send(stream->fd, octets, count, MSG_DONTWAIT | MSG_NOSIGNAL)
                    : write(stream->fd, octets, count);
    } while (taken < 0 && errno == EINTR);
    return taken < 0 ? 0 : (size_t)taken;
}

static size_t write_gathered(const struct stream *stream)
{
    size_t done = 0;
    size_t taken = 1;
    while (stream->fd >= 0 && done < stream->len && taken != 0) {
        taken = write_once(stream, stream->gathered + done, stream->len - done);
        done += taken;
    }
    return done;
}

/* Where the line that `at` is inside of ends; `at` itself when it is between two. */
static size_t end_of_line(const struct stream *stream, size_t at)
{
    if (at == 0 || at >= stream->len || stream->gathered[at - 1] == '\n') {
        return at;
    }
    const char *end = memchr(stream->gathered + at, '\n', stream->len - at);
    return end == NULL ? stream->len : (size_t)(end - stream->gathered) + 1;
}

/* What was begun is kept, since another line must not go on where it ends; what follows
   is lost. */
size_t stream_flush(struct stream *stream)
{
    size_t done = write_gathered(stream);
    size_t keep =
        done < stream->unfinished ? stream->unfinished : end_of_line(stream, done);
    size_t lost =
        slice_count_byte(slice_of(stream->gathered + keep, stream->len - keep), '\n');
    if (done != 0 && keep != done) {
        memmove(stream->gathered, stream->gathered + done, keep - done);
    }
    stream->len = keep - done;
    stream->unfinished = stream->len;
    return lost;
}

size_t stream_add(struct stream *stream, slice line)
{
    size_t lost = 0;
    if (stream->len != 0 && stream->len + line.len > STREAM_GATHER) {
        lost = stream_flush(stream);
    }
    if (line.len > sizeof(stream->gathered) - stream->len) {
        return lost + 1;
    }
    memcpy(stream->gathered + stream->len, line.ptr, line.len);
    stream->len += line.len;
    return stream->len < STREAM_GATHER ? lost : lost + stream_flush(stream);
}
