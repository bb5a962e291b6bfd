/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_NAMESERVER_NAMESERVER_H
#define YETT_EDGE_NAMESERVER_NAMESERVER_H

#include "core/base/arena.h"
#include "core/base/ip.h"
#include "core/update/update.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * nameserver: the name servers of one zone, asked and changed by programs that wait.
 *
 * find.c looks for the zone that a name is in and for its servers, ask.c asks each of
 * them directly what it has, send.c hands an update to the primary, exchange.c moves the
 * packets, address.c reads and writes addresses.  Knows no rule of updates: those are in
 * core/update.
 *
 * Everything blocks, each step within a deadline.  Deliberately without the loop: who
 * calls is a command or a short-lived helper that has nothing else to do meanwhile, and
 * waiting for hours is a loop of the caller with a sleep in it.  The servers of a zone are asked at the
 * same time, in one poll(2), so one that is dead costs no more than its own timeout.
 * Nothing is cached, nothing is asked of a resolver but where the zone and its servers
 * are.
 *
 * Publish a record, and see it (with the steps of core/update/update.h
 * between):
 *
 *     struct nameserver_options options = NAMESERVER_OPTIONS_DEFAULT;
 *     struct nameserver_zone zone;
 *     struct update_rrset before;
 *     err = nameserver_find(arena, &options, name, &zone, &why);
 *     err = nameserver_read(arena, &options, &zone.primary, name, &before, &why);
 *     // update_replace(), update_write(), update_sign() with zone.apex and before
 *     err = nameserver_send(arena, &options, &zone.primary, message, &reply, &why);
 *     // update_read_reply()
 *     err = nameserver_ask_all(arena, &options, &zone, &change, &views);
 *     // every server shows it when views.showing == views.count; else views.list[i].sentence
 *     // says who does not
 */

enum {
    NAMESERVER_SERVERS_MAX = 32,
    NAMESERVER_ADDRESSES_MAX = 8 /* of one server */
};

struct nameserver_address {
    struct ip ip;
    uint16_t port;
};

struct nameserver_options {
    /* Who tells where zones and servers are: "ADDR", "ADDR@PORT", "[ADDR]@PORT"; empty:
       those of /etc/resolv.conf. */
    slice resolver;
    /* The same, when they were read before: see nameserver_read_resolvers(). */
    const struct nameserver_address *resolvers;
    size_t resolver_count;
    /* Where updates go, e.g. a hidden primary, in the same form or as "NAME" or
       "NAME@PORT"; empty: the server that the zone's SOA record names. */
    slice primary;
    /* The servers that must show a record, in the same form; none: those of the zone's NS
       records. */
    const slice *servers;
    size_t server_count;
    unsigned port;       /* of servers given or found without one */
    unsigned attempts;   /* questions by UDP before a server counts as silent, up to 6 */
    unsigned timeout_ms; /* for the first; each further one waits twice as long as the one
                            before.  By TCP for all of it: 10.5 s by default */
    unsigned update_timeout_ms; /* for the reply to an update */
};

#define NAMESERVER_OPTIONS_DEFAULT                                                       \
    ((struct nameserver_options){                                                        \
        .port = 53, .attempts = 3, .timeout_ms = 1500, .update_timeout_ms = 20000})

struct nameserver {
    slice name; /* "ns1.example.com", or the address as it was given */
    struct nameserver_address addresses[NAMESERVER_ADDRESSES_MAX];
    size_t count;  /* 0: it has none, or none was found */
    slice trouble; /* why none was found; else empty */
};

struct nameserver_zone {
    slice apex;                /* normal form: for update_change.zone */
    struct nameserver primary; /* perhaps without an address */
    const struct nameserver *servers;
    size_t server_count; /* at least 1 */
};

/*
 * Read /etc/resolv.conf, where it is needed, into `options`: for a process that will not be
 * able to.  YETT_IO with `*why`; YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err nameserver_read_resolvers(struct arena *arena,
                                        struct nameserver_options *options, slice *why);

/*
 * Find the zone that `name` (in normal form) is in: from it upwards, the first that has
 * an SOA record.  Then the primary and all servers with their addresses.
 *
 * YETT_OK; YETT_NOT_FOUND no such zone; YETT_IO the resolver gave no answer;
 * YETT_BAD_SYNTAX an option is malformed; YETT_LIMIT the zone has too many servers; each
 * with `*why`, a sentence in `arena`.  YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err nameserver_find(struct arena *arena,
                              const struct nameserver_options *options, slice name,
                              struct nameserver_zone *out, slice *why);

/*
 * The TXT RRset at `name` as `server` has it, octet by octet; count 0 when there is none.
 *
 * YETT_OK; YETT_IO it gave no answer; YETT_BAD_SYNTAX it is not authoritative there, or
 * the name is an alias (CNAME): each with `*why`, a sentence.  YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err nameserver_read(struct arena *arena,
                              const struct nameserver_options *options,
                              const struct nameserver *server, slice name,
                              struct update_rrset *out, slice *why);

/*
 * Send a signed update by TCP and wait for its reply, which nobody has looked at yet.
 *
 * YETT_OK with `*reply`; YETT_IO with `*why`: no server could be reached (the sentence
 * says that nothing was sent), or it was sent and no reply came: then ask the servers
 * what they have.  YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err nameserver_send(struct arena *arena,
                              const struct nameserver_options *options,
                              const struct nameserver *server, slice message,
                              slice *reply, slice *why);

enum nameserver_state {
    NAMESERVER_SHOWS, /* the change is visible, at each of its addresses that answers */
    NAMESERVER_LAGS,  /* it has something else there */
    NAMESERVER_FAILS, /* it answers with an error, or with what cannot be read */
    NAMESERVER_LAME,  /* it is not authoritative for the zone */
    NAMESERVER_UNREACHABLE /* no address answers */
};

/* What one server says about a change. */
struct nameserver_view {
    const struct nameserver *server;
    enum nameserver_state state;
    struct update_rrset shown; /* at the address that the state is about */
    slice sentence; /* "ns2.example.com (192.0.2.2) does not show it yet", no full stop */
};

struct nameserver_views {
    const struct nameserver_view *list; /* in the order of the zone's servers */
    size_t count;
    size_t showing;
};

/* Ask all servers of the zone at once.  YETT_OK with the views, or YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err nameserver_ask_all(struct arena *arena,
                                 const struct nameserver_options *options,
                                 const struct nameserver_zone *zone,
                                 const struct update_change *change,
                                 struct nameserver_views *out);

const char *nameserver_state_text(enum nameserver_state state); /* "lagging" */

#endif
