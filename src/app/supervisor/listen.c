/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/listen.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char unix_prefix[] = "unix:";

/* Path of a unix socket; NULL of another one. */
static const char *listener_path(const struct listener *listener)
{
    return strncmp(listener->address, unix_prefix, sizeof unix_prefix - 1) == 0
               ? listener->address + sizeof unix_prefix - 1
               : NULL;
}

static struct socket_access access_of(const struct role_listener *wanted)
{
    return (struct socket_access){
        .mode = wanted->mode & 0777, .has_gid = wanted->has_gid != 0, .gid = wanted->gid};
}

/* ---- finding ---------------------------------------------------------------------------- */

static struct listener *find(struct listeners *listeners, const char *address)
{
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        if (strcmp(listeners->all[i].address, address) == 0) {
            return &listeners->all[i];
        }
    }
    return NULL;
}

/* Whoever has the socket can end its listening, for all who have it: a gateway that was taken
   over, above all. */
bool listener_listens(const struct listener *listener)
{
    struct pollfd poll_fd = {.fd = listener->fd, .events = POLLRDHUP};
    int listens = 0;
    socklen_t size = sizeof listens;
    return getsockopt(listener->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
           listens != 0 && poll(&poll_fd, 1, 0) == 0;
}

/* A socket file that somebody removed leads nowhere any more. */
static bool is_lost(const struct listener *listener)
{
    const char *path = listener_path(listener);
    bool is_there = path == NULL || socket_file_is_there(path, &listener->file);
    return !listener->is_inherited && (!is_there || !listener_listens(listener));
}

/* One in use that keeps the system from opening another one there. */
static const struct listener *find_clash(const struct listeners *listeners,
                                         const struct config_address *wanted)
{
    for (size_t i = 0; i < LISTENERS_MAX; i++) {
        const struct listener *listener = &listeners->all[i];
        struct config_address address;
        if (config_read_address(slice_from_text(listener->address), &address) == NULL &&
            !is_lost(listener) && config_addresses_clash(&address, wanted)) {
            return listener;
        }
    }
    return NULL;
}

/* ---- opening and closing ---------------------------------------------------------------- */

static int open_socket(const struct listeners *listeners, const char *text,
                       const struct socket_access *access, struct socket_file *file,
                       char *why, size_t why_size)
{
    struct config_address address;
    const char *fault = config_read_address(slice_from_text(text), &address);
    const struct listener *clash;
    if (fault != NULL) {
        (void)snprintf(why, why_size, "%s", fault);
        return -1;
    }
    if ((clash = find_clash(listeners, &address)) != NULL) {
        (void)snprintf(why, why_size,
                       "%s is listened on as long as the settings before are in force; "
                       "stop and start yett to change from one to the other",
                       clash->address);
        return -1;
    }
    if (address.is_unix) {
        return socket_listen_unix(text + sizeof unix_prefix - 1, access, file, why,
                                  why_size);
    }
    return socket_listen_inet(&address, why, why_size);
}

static void close_listener(struct listener *listener)
{
    const char *path = listener_path(listener);
    if (path != NULL) {
        socket_remove_file(path, &listener->file);
    }
    /* Also for processes that still have it, so that nobody waits there in vain. */
    (void)shutdown(listener->fd, SHUT_RDWR);
    (void)close(listener->fd);
    *listener = (struct listener){.fd = -1};
}

void listener_release(struct listener *listener)
{
    listener->uses--;
    if (listener->uses == 0 && !listener->is_inherited) {
        close_listener(listener);
    }
}

static struct listener *open_listener(struct listeners *listeners,
                                      const struct role_listener *wanted, char *why,
                                      size_t why_size)
{
    char reason[ROLE_TEXT_MAX] = "";
    struct listener made = {.access = access_of(wanted)};
    struct listener *place = find(listeners, "");
    if (place == NULL) {
        (void)snprintf(why, why_size, "too many listeners are in use");
        return NULL;
    }
    made.fd = open_socket(listeners, wanted->address, &made.access, &made.file, reason,
                          sizeof reason);
    if (made.fd < 0) {
        (void)snprintf(why, why_size, "%s: %s", wanted->address, reason);
        return NULL;
    }
    memcpy(made.address, wanted->address, sizeof made.address);
    *place = made;
    return place;
}

struct listener *listeners_take(struct listeners *listeners,
                                const struct role_listener *wanted, char *why,
                                size_t why_size)
{
    struct listener *listener =
        wanted->address[0] == '\0' ? NULL : find(listeners, wanted->address);
    if (listener != NULL && is_lost(listener)) {
        listener->address[0] = '?'; /* whoever has it keeps it, under no name */
        listener = NULL;
    }
    if (listener != NULL && !listener_listens(listener)) {
        (void)snprintf(why, why_size,
                       "%s, which systemd opened, listens no more: restart yett",
                       listener->address);
        return NULL;
    }
    if (listener == NULL) {
        listener = open_listener(listeners, wanted, why, why_size);
    }
    if (listener != NULL) {
        listener->uses++;
    }
    return listener;
}

bool listener_settle(struct listener *listener, const struct role_listener *wanted,
                     char *why, size_t why_size)
{
    struct socket_access access = access_of(wanted);
    const char *path = listener_path(listener);
    char reason[ROLE_TEXT_MAX] = "";
    if (path == NULL || listener->is_inherited ||
        socket_same_access(&listener->access, &access)) {
        return true;
    }
    if (!socket_set_access(path, &access, &listener->file, reason, sizeof reason)) {
        (void)snprintf(why, why_size, "%s: %s", listener->address, reason);
        return false;
    }
    listener->access = access;
    return true;
}
