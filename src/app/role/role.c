/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/role/role.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum yett_err role_send(int fd, const struct role_message *message)
{
    struct role_message whole = *message;
    ssize_t sent;
    whole.version = ROLE_VERSION;
    whole.size = sizeof(whole);
    do {
        sent = send(fd, &whole, sizeof(whole), MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)sizeof(whole) ? YETT_OK : YETT_IO;
}

void role_say(int fd, enum role_kind kind, slice text)
{
    struct role_message message = {.kind = kind};
    text = slice_first(text, sizeof(message.text) - 1);
    if (!slice_is_empty(text)) {
        memcpy(message.text, text.ptr, text.len);
    }
    if (role_send(fd, &message) != YETT_OK) {
        return; /* nobody is left who could be told */
    }
}

static void end_texts(struct role_message *message)
{
    switch ((enum role_kind)message->kind) {
    case ROLE_READY:
        message->plan.fingerprint[sizeof(message->plan.fingerprint) - 1] = '\0';
        message->plan.status_socket[sizeof(message->plan.status_socket) - 1] = '\0';
        message->plan.workers_why[sizeof(message->plan.workers_why) - 1] = '\0';
        return;
    case ROLE_LISTEN:
        message->listener.address[sizeof(message->listener.address) - 1] = '\0';
        return;
    case ROLE_FAILED:
    case ROLE_LEAVE:
    case ROLE_LEAVING:
        message->text[sizeof(message->text) - 1] = '\0';
        return;
    }
}

enum yett_err role_receive(int fd, struct role_message *out)
{
    struct role_message message;
    ssize_t got;
    *out = (struct role_message){0};
    do {
        /* With MSG_TRUNC the length of the whole, also when it is too long. */
        got = recv(fd, &message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? YETT_NEED_ANSWERS : YETT_IO;
    }
    if (got == 0) {
        return YETT_IO;
    }
    if (got != (ssize_t)sizeof(message) || message.version != ROLE_VERSION ||
        message.size != sizeof(message) || message.kind > ROLE_LEAVING) {
        return YETT_BAD_SYNTAX;
    }
    end_texts(&message);
    *out = message;
    return YETT_OK;
}
