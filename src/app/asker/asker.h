/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_ASKER_ASKER_H
#define YETT_APP_ASKER_ASKER_H

#include "core/dns/dns.h"
#include "edge/nameserver/nameserver.h"
#include "edge/sandbox/sandbox.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * asker: a process that talks to name servers for one that holds keys.
 *
 * Who holds private keys and the key for updates must not read what strangers send, and who
 * reads that must have nothing worth taking.  So a command starts an asker before it reads a
 * key: another user (when root started it), no files, nothing but the network and the way
 * back (SANDBOX_ASKER); and then gives up the network itself.  The asker is told names,
 * addresses and, to be sent, an update that is signed already.  What it says is checked like
 * anything that comes from outside, and the signature of a reply to an update is for the
 * holder of the key to check.
 *
 * ask.c is the caller's side, end.c how an asker ends, serve.c is the asker; packet.c writes and
 * reads what is asked, reply.c what is answered, wire.c their parts.
 *
 * An asker that lies, hangs or dies is ended, and every question from then on is YETT_IO with
 * the sentence that says why, until a spare takes its place (asker_renew()).  It can say what a
 * name server might say: that a record is there, or not.  It cannot have anything signed.
 */

struct asker;

enum { ASKER_NAMES_MAX = 64, ASKER_SPARES_MAX = 8 };

struct asker_options {
    struct nameserver_options dns;
    struct sandbox_user user; /* whom it becomes */
    /* Called in the asker before its walls are built; may be NULL.  Otherwise than 0: it said
       why, and that is the exit status of the command. */
    int (*prepare)(void *context);
    /* For asker_texts(): called in the asker; answers each name, in order.  May be NULL. */
    enum yett_err (*texts)(void *context, struct arena *arena, const slice *names,
                           size_t count, struct dns_answer *answers);
    void *context;
    unsigned texts_ms; /* how long that may take */
    /* How many more are started at once and wait, up to ASKER_SPARES_MAX: a caller that has
       given up the network can start none. */
    unsigned spares;
};

/*
 * Start one.  Call it before any key is read: the asker is a fork, and its memory a copy.
 * `*walls` are those that stand around it, and `*why` says which do not; whether that will do
 * is the caller's decision.  asker_stop() it.
 *
 * YETT_OK; YETT_NOT_FOUND with `*status`: `prepare` said so, and why; YETT_IO with `*why`.
 * YETT_NO_MEMORY.  It ends when the caller does.
 */
YETT_MUST_USE
enum yett_err asker_start(struct arena *arena, const struct asker_options *options,
                          struct asker **out, unsigned *walls, int *status, slice *why);
void asker_stop(struct asker *asker); /* NULL is fine */

/* When it is gone a spare takes its place.  False: there is none left.  Not for what it died
   over: another one would do the same. */
bool asker_renew(struct asker *asker);

/* Its process; 0 when it is gone. */
long asker_process(const struct asker *asker);

/* As the functions of edge/nameserver with these names; also YETT_IO when the asker is gone. */
YETT_MUST_USE
enum yett_err asker_find(struct asker *asker, struct arena *arena, slice name,
                         struct nameserver_zone *out, slice *why);
YETT_MUST_USE
enum yett_err asker_read(struct asker *asker, struct arena *arena,
                         const struct nameserver *server, slice name,
                         struct update_rrset *out, slice *why);
YETT_MUST_USE
enum yett_err asker_send(struct asker *asker, struct arena *arena,
                         const struct nameserver *server, slice message, slice *reply,
                         slice *why);

/* What every server of the zone has at `name`: those that show anything are SHOWS. */
YETT_MUST_USE
enum yett_err asker_ask_all(struct asker *asker, struct arena *arena,
                            const struct nameserver_zone *zone, slice name,
                            struct nameserver_views *out, slice *why);

/* The TXT records of names (normal form, up to ASKER_NAMES_MAX), as a resolver has them. */
YETT_MUST_USE
enum yett_err asker_texts(struct asker *asker, struct arena *arena, const slice *names,
                          size_t count, const struct dns_answer **answers, slice *why);

#endif
