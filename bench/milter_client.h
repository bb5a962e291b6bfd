/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_BENCH_MILTER_CLIENT_H
#define YETT_BENCH_MILTER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * milter_client: a load of messages, sent over many connections at a time as Postfix sends
 * them (milter_script.h).  One process, one epoll; each connection sends its next message
 * when the one before was answered.  What goes wrong ends the program.
 */
struct milter_client;

/* All connections are opened, and agree on what is spoken, before this returns.
   `expected`: text that must be in the answer to each message. */
struct milter_client *milter_client_new(uint16_t port, size_t connections,
                                        const char *message, size_t message_bytes,
                                        const char *expected);

/* From now on each message has a connection of its own, as when SMTP clients send one. */
void milter_client_reconnect(struct milter_client *client);

struct milter_load {
    double seconds;
    /* From the first octet of a message's envelope to the last of the answer. */
    double p50_us, p99_us;
};

/* Send so many messages. */
void milter_client_run(struct milter_client *client, size_t messages,
                       struct milter_load *out);

/* Ends the connections as Postfix does. */
void milter_client_free(struct milter_client *client);

#endif
