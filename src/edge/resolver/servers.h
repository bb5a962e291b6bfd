/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_RESOLVER_SERVERS_H
#define YETT_EDGE_RESOLVER_SERVERS_H

#include "core/base/arena.h"
#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* servers: which name servers to ask, from an option or from resolv.conf(5). */

enum { SERVERS_MAX = 8 };

struct servers {
    const char *list[SERVERS_MAX]; /* for libunbound: "127.0.0.1@5301", "fe80::1%eth0" */
    size_t count;
    slice text; /* for people: "192.0.2.1 or 192.0.2.2" */
};

/*
 * Both give YETT_OK, YETT_NO_MEMORY, or YETT_BAD_SYNTAX (YETT_IO: the file cannot be read)
 * with the reason in `why`.  What `*out` holds lives in `arena`.
 */

/* "ADDR", "ADDR@PORT", "[ADDR]@PORT" or "[ADDR]". */
YETT_MUST_USE
enum yett_err servers_from_option(struct arena *arena, slice text, struct servers *out,
                                  struct buf *why);

/* The "nameserver" lines; one that holds no address is passed over as libc does. */
YETT_MUST_USE
enum yett_err servers_from_file(struct arena *arena, const char *path,
                                struct servers *out, struct buf *why);

#endif
