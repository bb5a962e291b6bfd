/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/log/datagram.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT_AGAIN_MS = 1000 };

static int64_t now_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool connect_to(const struct datagram *datagram)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(datagram->path);
    if (len >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address.sun_path, datagram->path, len);
    return connect(datagram->fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

bool datagram_open(struct datagram *datagram, const char *path)
{
    *datagram = (struct datagram){.path = path, .tried_ms = now_ms()};
    datagram->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (datagram->fd < 0) {
        return false;
    }
    if (!connect_to(datagram)) {
        int reason = errno;
        datagram_close(datagram);
        errno = reason;
        return false;
    }
    return true;
}

void datagram_close(struct datagram *datagram)
{
    if (datagram->fd >= 0) {
        (void)close(datagram->fd);
    }
    datagram->fd = -1;
}

static bool send_once(const struct datagram *datagram, slice octets)
{
    ssize_t taken;
    do {
        taken = send(datagram->fd, octets.ptr, octets.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (taken < 0 && errno == EINTR);
    return taken >= 0;
}

/* Who listened is gone; whether somebody else is there now is to be seen. */
static bool is_gone(int reason)
{
    return reason == ECONNREFUSED || reason == ECONNRESET || reason == ENOTCONN ||
           reason == EPIPE;
}

bool datagram_send(struct datagram *datagram, slice octets)
{
    if (datagram->fd < 0) {
        return false;
    }
    if (send_once(datagram, octets)) {
        return true;
    }
    if (!is_gone(errno) || now_ms() - datagram->tried_ms < CONNECT_AGAIN_MS) {
        return false;
    }
    datagram->tried_ms = now_ms();
    return connect_to(datagram) && send_once(datagram, octets);
}
