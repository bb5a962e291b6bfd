/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_SUPERVISOR_SOCKET_H
#define YETT_APP_SUPERVISOR_SOCKET_H

#include "core/config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * socket: opens sockets that are listened on.  All do not wait, and close on exec.  -1 with
 * `why` for people.
 */
struct socket_access {
    mode_t mode;
    bool has_gid;
    gid_t gid;
};

/* A socket file as it was made, so that nobody else's is ever removed. */
struct socket_file {
    dev_t device;
    ino_t number;
};

YETT_MUST_USE
int socket_listen_inet(const struct config_address *address, char *why, size_t why_size);

/* A file that is in the way is replaced when it is a socket and nobody listens there. */
YETT_MUST_USE
int socket_listen_unix(const char *path, const struct socket_access *access,
                       struct socket_file *file, char *why, size_t why_size);

bool socket_same_access(const struct socket_access *a, const struct socket_access *b);

/* Give the file at `path` to whom `access` says. */
YETT_MUST_USE
bool socket_set_access(const char *path, const struct socket_access *access,
                       struct socket_file *file, char *why, size_t why_size);

/* Is it still the one that was made? */
YETT_MUST_USE
bool socket_file_is_there(const char *path, const struct socket_file *file);
void socket_remove_file(const char *path, const struct socket_file *file);

#endif
