/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_NAMESERVER_ADDRESS_H
#define YETT_EDGE_NAMESERVER_ADDRESS_H

#include "edge/nameserver/nameserver.h"

#include <sys/socket.h>

/* address: where servers are, from options and resolv.conf(5), to sockets and people. */

/* An address with or without port; false when it is none. */
YETT_MUST_USE
bool address_read(slice text, uint16_t port, struct nameserver_address *out);

/* The "nameserver" lines of the file.  Scoped addresses (fe80::1%eth0) are left out. */
YETT_MUST_USE
enum yett_err address_read_resolvers(struct arena *arena, const char *path,
                                     struct nameserver_address *list, size_t room,
                                     size_t *count, slice *why);

/* Returns the size for connect(2). */
socklen_t address_to_socket(const struct nameserver_address *address,
                            struct sockaddr_storage *out);

/* "192.0.2.1", or "192.0.2.1@5300" when the port is not DNS's own. */
void address_write(struct buf *buf, const struct nameserver_address *address);

/* "ns1.example.com (192.0.2.1)"; without repeating what was given as an address. */
void address_write_server(struct buf *buf, const struct nameserver *server,
                          const struct nameserver_address *address);

#endif
