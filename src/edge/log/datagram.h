/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_LOG_DATAGRAM_H
#define YETT_EDGE_LOG_DATAGRAM_H

#include "core/base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * datagram: a line each to the socket of syslog or journald, without waiting.
 *
 * The socket stays for ever, since after the walls there is no other; who listens at the
 * path may change, and the socket is connected again, at most once a second.
 */
struct datagram {
    int fd;           /* -1: none */
    const char *path; /* the caller's */
    int64_t tried_ms; /* monotonic: when it was last connected, or not */
};

/* False: errno says why.  Nothing is open then. */
bool datagram_open(struct datagram *datagram, const char *path);
void datagram_close(struct datagram *datagram);
bool datagram_send(struct datagram *datagram, slice octets);

#endif
