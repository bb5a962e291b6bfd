/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_SUPERVISOR_LISTEN_H
#define YETT_APP_SUPERVISOR_LISTEN_H

#include "app/role/role.h"
#include "app/supervisor/socket.h"

/*
 * listen: the listeners, which outlive generations.
 *
 * A generation takes those that its settings name and releases them when it takes no more
 * connections.  What nobody has is closed, for all processes that still have a descriptor of
 * it, and its socket file removed.  Those that systemd handed over stay open.
 */
enum { LISTENERS_MAX = 4 * ROLE_LISTENERS_MAX };

struct listener {
    char address[ROLE_ADDRESS_MAX]; /* as config_write_address() has it; empty: free */
    int fd;
    bool is_inherited;
    unsigned uses;
    struct socket_access access; /* of a unix socket of ours */
    struct socket_file file;
};

struct listeners {
    struct listener all[LISTENERS_MAX];
};

/* Take those that systemd hands over.  False with `why`. */
YETT_MUST_USE
bool listeners_inherit(struct listeners *listeners, char *why, size_t why_size);

/* The one at that address, opened when there is none, or one that listens no more.  NULL with
   `why`. */
YETT_MUST_USE
struct listener *listeners_take(struct listeners *listeners,
                                const struct role_listener *wanted, char *why,
                                size_t why_size);
void listener_release(struct listener *listener);

/* It still takes connections. */
bool listener_listens(const struct listener *listener);

/* The settings that asked for it are in force: what they say of its mode and group.  False
   with `why`. */
YETT_MUST_USE
bool listener_settle(struct listener *listener, const struct role_listener *wanted,
                     char *why, size_t why_size);

/* One that was handed over and is not among those taken; NULL: there is none. */
const struct listener *listeners_unclaimed(const struct listeners *listeners,
                                           struct listener *const *taken, size_t count);

#endif
