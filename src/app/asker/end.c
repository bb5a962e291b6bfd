/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/asker/inside.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* end: octets to the other side and back, until a deadline; and how an asker ends. */

enum { END_TRIES = 100 };

static const char who[] = "the process that talks to name servers";

int64_t asker_now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- octets --------------------------------------------------------------------------------- */

/* False at the deadline. */
static bool wait_for(int fd, short events, int64_t until_ms)
{
    struct pollfd polled = {.fd = fd, .events = events};
    for (;;) {
        int64_t left_ms = until_ms == INT64_MAX ? -1 : until_ms - asker_now_ms();
        if (until_ms != INT64_MAX && left_ms <= 0) {
            return false;
        }
        int ready = poll(&polled, 1, (int)left_ms);
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            return true; /* the next call says what is wrong */
        }
    }
}

static bool is_for_later(void)
{
    return errno == EAGAIN || errno == EINTR;
}

bool asker_put_all(int fd, slice octets, int64_t until_ms)
{
    while (!slice_is_empty(octets)) {
        if (!wait_for(fd, POLLOUT, until_ms)) {
            return false;
        }
        ssize_t put = send(fd, octets.ptr, octets.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && !is_for_later()) {
            return false;
        }
        octets = slice_skip(octets, put < 0 ? 0 : (size_t)put);
    }
    return true;
}

enum take asker_take_all(int fd, char *to, size_t size, int64_t until_ms)
{
    while (size > 0) {
        if (!wait_for(fd, POLLIN, until_ms)) {
            return TAKE_LATE;
        }
        ssize_t got = recv(fd, to, size, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && !is_for_later())) {
            return TAKE_GONE;
        }
        to += got < 0 ? 0 : got;
        size -= got < 0 ? 0 : (size_t)got;
    }
    return TAKE_ALL;
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Closing its end of the socket does not keep it alive. */
static pid_t wait_for_end(pid_t pid, int *status)
{
    struct timespec pause = {.tv_nsec = 10000000};
    pid_t ended = 0;
    for (int i = 0; i < END_TRIES && ended == 0; i++) {
        ended = waitpid(pid, status, WNOHANG);
        if (ended == 0) {
            (void)nanosleep(&pause, NULL);
        }
    }
    if (ended == 0) {
        (void)kill(pid, SIGKILL);
        ended = waitpid(pid, status, 0);
    }
    return ended;
}

bool asker_is_loose(const struct asker *asker)
{
    struct pollfd polled = {.fd = asker->fd, .events = POLLIN};
    return asker->pid != 0 && poll(&polled, 1, 0) > 0;
}

void asker_end(struct asker *asker, const char *what)
{
    int status = 0;
    if (asker->pid == 0) {
        return;
    }
    (void)close(asker->fd);
    asker->fd = -1;
    if (what != NULL) {
        (void)kill(asker->pid, SIGKILL);
        (void)snprintf(asker->why, sizeof asker->why, "%s %s, and was ended", who, what);
    }
    pid_t ended = wait_for_end(asker->pid, &status);
    if (what == NULL && ended == asker->pid && WIFSIGNALED(status)) {
        (void)snprintf(asker->why, sizeof asker->why, "%s was ended by signal %d", who,
                       WTERMSIG(status));
    } else if (what == NULL) {
        (void)snprintf(asker->why, sizeof asker->why, "%s has ended", who);
    }
    asker->pid = 0;
}
