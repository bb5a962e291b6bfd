/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_RESOLVER_RESOLVER_H
#define YETT_EDGE_RESOLVER_RESOLVER_H

#include "core/base/arena.h"
#include "core/dns/dns.h"
#include "edge/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * resolver: questions to the network (libunbound on the loop) and a cache of the answers.
 *
 * resolver.c asks and hands out, flight.c is the table of questions on their way, gate.c
 * bounds how many are open (altogether, and below one zone, so that one slow domain holds
 * up nobody else), context.c sets libunbound up, response.c puts what came into words,
 * cache.c remembers: positive and negative answers until their TTL ends, with the parsed
 * keys and records that core keeps in their memos, bounded in bytes, least recently used
 * out first.  question.c is a question as key, text and zone, servers.c says whom to ask,
 * anchor.c reads a trust anchor.  answering.c is for programs that wait.  The only folder
 * that includes unbound.h.
 *
 * Questions go to the name servers of /etc/resolv.conf or to the one named; we never go
 * to the root ourselves.  A server that answers too late, or with rubbish, or not at all,
 * is named in the answer's `detail`.
 */
struct resolver;

struct resolver_options {
    slice server;        /* "ADDR@PORT", "ADDR", "[ADDR]@PORT"; empty: /etc/resolv.conf */
    unsigned timeout_ms; /* one question, as its caller waits; 0: 5000 */
    size_t cache_bytes;
    uint32_t negative_ttl_max_s; /* 900 */
    uint32_t positive_ttl_max_s; /* 86400 */
    uint32_t failure_ttl_s;      /* SERVFAIL and timeouts are remembered so long: 5 */
    /* Validate DNSSEC ourselves, through the server.  Without it no answer is DNS_SECURE:
       libunbound hides the server's own AD bit from us. */
    bool validate;
    slice trust_anchor;        /* DS or DNSKEY records in master-file form */
    slice trust_anchor_source; /* where they stand, for messages */
};

#define RESOLVER_OPTIONS_DEFAULT                                                         \
    ((struct resolver_options){.timeout_ms = 5000,                                       \
                               .cache_bytes = 64u * 1024 * 1024,                         \
                               .negative_ttl_max_s = 900,                                \
                               .positive_ttl_max_s = 86400,                              \
                               .failure_ttl_s = 5})

/*
 * NULL on failure, with `why` (at least 200 bytes) saying what was wrong: "127.0.0.300@53 is
 * no address".  The resolver lives on `loop`, which must outlive it.  resolver_free() drops
 * what is open without calling `done`; answers found must have been released before.
 */
YETT_MUST_USE
struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              char *why, size_t why_size);
void resolver_free(struct resolver *resolver);

/* The cache as a source for dns_answers: found answers are pinned until released. */
struct dns_source resolver_source(struct resolver *resolver);

/*
 * Ask the network.  `done` is called exactly once, later or before the call returns, with an
 * answer that is valid during the call only (and is in the cache afterwards when it can be).
 * Questions in flight are shared.  The handle is NULL when it was answered already, else
 * valid until `done`; resolver_cancel() means that `done` is not called.  `done` may ask
 * and cancel, but neither free the resolver nor run the loop.
 */
struct resolver_question;
struct resolver_question *resolver_ask(struct resolver *resolver,
                                       struct dns_question question,
                                       void (*done)(void *context,
                                                    struct dns_question question,
                                                    const struct dns_answer *answer),
                                       void *context);
void resolver_cancel(struct resolver_question *question);

/*
 * For programs that wait: ask all of `wanted` at once and run the loop until each is in
 * `answers` or `deadline_ms` (of loop_now_ms()) has come; what is left is then TIMED_OUT.
 */
YETT_MUST_USE
enum yett_err resolver_answer_all(struct resolver *resolver,
                                  const struct dns_questions *wanted, int64_t deadline_ms,
                                  struct dns_answers *answers);

struct resolver_statistics {
    uint64_t asked;        /* went to libunbound */
    uint64_t hits, misses; /* questions that the cache answered, and the others */
    uint64_t timeouts;     /* answers DNS_TIMED_OUT that we had to make */
    uint64_t failures;     /* SERVFAIL and bogus from libunbound */
    size_t entries, bytes; /* of the cache */
};
struct resolver_statistics resolver_statistics(const struct resolver *resolver);

#endif
