/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/handover/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PACKET_OCTETS = 1 };
static const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/* The place of one descriptor beside a packet. */
union attachment {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
};

/* ---- giving ----------------------------------------------------------------------------- */

int handover_new(void)
{
    return memfd_create("yett-text", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

bool handover_write(int text, slice octets)
{
    while (octets.len != 0) {
        ssize_t written = write(text, octets.ptr, octets.len);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        octets = slice_skip(octets, written < 0 ? 0 : (size_t)written);
    }
    return true;
}

/* Too many descriptors on their way are no more than a queue that is full. */
static bool is_behind(int reason)
{
    return reason == EAGAIN || reason == EWOULDBLOCK || reason == ETOOMANYREFS ||
           reason == ENOBUFS || reason == ENOMEM;
}

enum yett_err handover_send(int pair, int text)
{
    union attachment attachment = {.room = {0}};
    char octet = 0;
    struct iovec packet = {.iov_base = &octet, .iov_len = PACKET_OCTETS};
    struct msghdr message = {.msg_iov = &packet,
                             .msg_iovlen = 1,
                             .msg_control = &attachment,
                             .msg_controllen = sizeof attachment.room};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    ssize_t sent;
    if (fcntl(text, F_ADD_SEALS, seals) != 0) {
        return YETT_IO;
    }
    *head = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                             .cmsg_type = SCM_RIGHTS,
                             .cmsg_len = CMSG_LEN(sizeof text)};
    memcpy(CMSG_DATA(head), &text, sizeof text);
    do {
        sent = sendmsg(pair, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return is_behind(errno) ? YETT_LIMIT : YETT_IO;
    }
    return YETT_OK;
}

/* ---- taking ----------------------------------------------------------------------------- */

/* The descriptor of a packet, or -1.  More than one is none of ours: they are closed. */
static int attached(struct msghdr *message)
{
    const struct cmsghdr *head = CMSG_FIRSTHDR(message);
    int fds[sizeof(union attachment) / sizeof(int)];
    size_t count = 0;
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
        count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(head), count * sizeof(int));
    }
    if (count == 1 && (message->msg_flags & MSG_CTRUNC) == 0) {
        return fds[0];
    }
    for (size_t i = 0; i < count; i++) {
        (void)close(fds[i]);
    }
    return -1;
}

/* Only memory can be sealed, so what has these seals is no file, and nobody writes it. */
static enum yett_err map_text(int text, size_t octets_max, slice *out)
{
    struct stat stat;
    int has = fcntl(text, F_GET_SEALS);
    if (has < 0 || (has & seals) != seals || fstat(text, &stat) != 0 ||
        stat.st_size <= 0 || (size_t)stat.st_size > octets_max) {
        return YETT_BAD_SYNTAX;
    }
    void *octets = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, text, 0);
    if (octets == MAP_FAILED) {
        return YETT_BAD_SYNTAX;
    }
    *out = slice_of(octets, (size_t)stat.st_size);
    return YETT_OK;
}

/* An empty packet, or nobody is there any more. */
static bool is_hung_up(int pair)
{
    struct pollfd poll_fd = {.fd = pair, .events = POLLRDHUP};
    return poll(&poll_fd, 1, 0) > 0 &&
           (poll_fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

enum yett_err handover_receive(int pair, size_t octets_max, slice *out)
{
    union attachment attachment = {.room = {0}};
    char octets[2 * PACKET_OCTETS]; /* one more tells what is too long */
    struct iovec packet = {.iov_base = octets, .iov_len = sizeof octets};
    struct msghdr message = {.msg_iov = &packet,
                             .msg_iovlen = 1,
                             .msg_control = &attachment,
                             .msg_controllen = sizeof attachment.room};
    ssize_t got;
    do {
        got = recvmsg(pair, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return YETT_NEED_ANSWERS;
    }
    int text = got < 0 ? -1 : attached(&message);
    if (got < 0 || (got == 0 && text < 0 && is_hung_up(pair))) {
        return YETT_IO;
    }
    enum yett_err err = YETT_BAD_SYNTAX;
    if (text >= 0) {
        err = got == PACKET_OCTETS ? map_text(text, octets_max, out) : YETT_BAD_SYNTAX;
        (void)close(text);
    }
    return err;
}

void handover_release(slice text)
{
    union {
        const void *ours;
        void *theirs;
    } octets = {.ours = text.ptr};
    (void)munmap(octets.theirs, text.len);
}
