/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/resolver.h"

#include "core/base/buf.h"
#include "edge/resolver/cache.h"
#include "edge/resolver/context.h"
#include "edge/resolver/flight.h"
#include "edge/resolver/gate.h"
#include "edge/resolver/inside.h"
#include "edge/resolver/question.h"
#include "edge/resolver/response.h"
#include "edge/resolver/servers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <unbound-event.h>
#include <unbound.h>

/*
 * A caller's deadline ends its wish, not the flight: libunbound cannot be made to forget a
 * question, so the flight keeps its place at the gate until it lands (else a slow zone
 * would get new places every few seconds), and an answer that comes late is still cached.
 *
 * Callers are never called from within libunbound: landed flights are handed out from a
 * timer of our own, so that a caller may ask the next question at once.
 */
enum {
    OPEN_PER_ZONE = 32,
    OPEN_MAX = 512,
    OPEN_MIN = 16,
    KEPT_PART = 4,                       /* of the places, for zones known to be prompt */
    PROMPT_MS = 2000,                    /* an answer within this time is */
    SCRATCH_BYTES_MAX = 4 * 1024 * 1024, /* a packet of 64 KiB, parsed */
};

struct resolver {
    struct loop *loop;
    struct arena *arena; /* what lives as long as we do, then scratch from `mark` on */
    struct arena_mark mark;
    struct servers servers;
    struct ub_ctx *unbound;
    struct cache *cache;
    struct gate *gate;
    struct loop_timer *landing;
    struct loop_timer *deadline;
    unsigned timeout_ms;
    bool closing;
    struct flight *landed_first, *landed_last;
    struct flights flights;
    struct resolver_statistics statistics;
};

struct loop *resolver_loop(const struct resolver *resolver)
{
    return resolver->loop;
}

slice resolver_servers(const struct resolver *resolver)
{
    return resolver->servers.text;
}

static struct arena *scratch_of(struct resolver *resolver)
{
    arena_rewind(resolver->arena, resolver->mark);
    return resolver->arena;
}

static struct flight *new_flight(struct resolver *resolver, struct dns_question question)
{
    struct flight *flight = flight_new(&resolver->flights, question);
    if (flight == NULL) {
        return NULL;
    }
    flight->resolver = resolver;
    if (!gate_enter(resolver->gate, &flight->ticket, question_zone(question.name))) {
        flight_unlist(&resolver->flights, flight);
        free(flight);
        return NULL;
    }
    return flight;
}

/* A flight that nobody waits for any more and that never left need not leave. */
static void flight_give_up(struct flight *flight)
{
    if (flight->first == NULL && !flight->ticket.open && !flight->landed &&
        !flight->held) {
        gate_leave(flight->resolver->gate, &flight->ticket);
        flight_unlist(&flight->resolver->flights, flight);
        free(flight);
    }
}

/* ---- libunbound calls back ------------------------------------------------------------ */

static const struct dns_answer no_memory_answer = {
    .status = DNS_SERVFAIL,
    .detail = SLICE_INIT("out of memory"),
};

static const struct dns_answer *keep(const struct flight *flight,
                                     struct dns_answer answer)
{
    struct resolver *resolver = flight->resolver;
    return cache_keep(resolver->cache, flight->question, &answer,
                      loop_now_ms(resolver->loop));
}

/* Takes over `answer`, pinned or NULL. */
static void land(struct flight *flight, const struct dns_answer *answer)
{
    struct resolver *resolver = flight->resolver;
    flight->answer = answer;
    flight->landed = true;
    if (answer != NULL && !dns_is_open(answer)) {
        gate_learn(resolver->gate, &flight->ticket,
                   loop_now_ms(resolver->loop) - flight->left_ms <= PROMPT_MS);
    }
    gate_leave(resolver->gate, &flight->ticket);
    *(resolver->landed_last == NULL ? &resolver->landed_first
                                    : &resolver->landed_last->next_landed) = flight;
    resolver->landed_last = flight;
    loop_timer_start(resolver->landing, 0);
    if (answer == NULL || dns_is_open(answer)) {
        resolver->statistics.failures++;
    }
}

static void on_response(void *context, int rcode, void *packet, int packet_bytes,
                        int security, char *why_bogus, int was_ratelimited)
{
    struct flight *flight = context;
    (void)was_ratelimited;
    if (flight->resolver->closing) {
        return;
    }
    struct response response = {
        .rcode = rcode,
        .packet = packet == NULL || packet_bytes <= 0
                      ? SLICE_NONE
                      : slice_of(packet, (size_t)packet_bytes),
        .security = security,
        .why_bogus = why_bogus,
    };
    struct arena *scratch = scratch_of(flight->resolver);
    land(flight, keep(flight, response_read(scratch, flight->resolver->servers.text,
                                            flight->question, &response)));
}

/* May land the flight before it returns. */
static void take_off(struct flight *flight)
{
    struct resolver *resolver = flight->resolver;
    char name[QUESTION_TEXT_MAX];
    int err = UB_SYNTAX;

    resolver->statistics.asked++;
    flight->left_ms = loop_now_ms(resolver->loop);
    if (question_write_name(flight->question.name, name)) {
        err = ub_resolve_event(resolver->unbound, name, (int)flight->question.type, 1,
                               flight, on_response, NULL);
    }
    if (err != 0 && !flight->landed) {
        struct arena *scratch = scratch_of(resolver);
        land(flight, keep(flight, response_not_askable(scratch, ub_strerror(err))));
    }
}

static void take_off_next(struct resolver *resolver)
{
    struct gate_ticket *ticket;
    while ((ticket = gate_next(resolver->gate)) != NULL) {
        struct flight *flight = (struct flight *)ticket; /* its first member */
        flight->was_in_line = true;
        take_off(flight);
    }
}

/* ---- answers go to the callers -------------------------------------------------------- */

/* Takes the wish over, unlinked. */
static void answer_question(struct resolver_question *wish, struct dns_question question,
                            const struct dns_answer *answer)
{
    wish->done(wish->context, question, answer == NULL ? &no_memory_answer : answer);
    free(wish);
}

/* `done` may ask, and may cancel others: the lists are looked at anew each time. */
static void hand_out(struct flight *flight)
{
    struct resolver *resolver = flight->resolver;
    struct resolver_question *wish;
    flight_unlist(&resolver->flights, flight);
    while ((wish = flight_take_first(&resolver->flights, flight)) != NULL) {
        answer_question(wish, flight->question, flight->answer);
    }
    if (flight->answer != NULL) {
        cache_release(resolver->cache, flight->answer);
    }
    free(flight);
}

static void on_landing(void *context)
{
    struct resolver *resolver = context;
    struct flight *flight;
    while ((flight = resolver->landed_first) != NULL) {
        resolver->landed_first = flight->next_landed;
        if (resolver->landed_first == NULL) {
            resolver->landed_last = NULL;
        }
        hand_out(flight);
    }
    take_off_next(resolver);
}

static struct dns_answer timed_out(const struct resolver_question *question)
{
    const struct flight *flight = question->flight;
    struct resolver *resolver = flight->resolver;
    struct arena *scratch = scratch_of(resolver);
    int64_t asked_ms = question->deadline_ms - resolver->timeout_ms;

    resolver->statistics.timeouts++;
    if (flight->ticket.open) {
        gate_learn(resolver->gate, &flight->ticket, false);
        int64_t in_line_ms = flight->was_in_line ? flight->left_ms - asked_ms : 0;
        return response_no_reply(scratch, resolver->servers.text, resolver->timeout_ms,
                                 in_line_ms);
    }
    bool zone_is_full = gate_zone_is_full(resolver->gate, &flight->ticket);
    slice zone = zone_is_full ? question_zone(flight->question.name) : SLICE_NONE;
    return response_not_asked(scratch, zone, resolver->timeout_ms);
}

/* Takes the wish over, unlinked. */
static void time_out(struct resolver_question *question)
{
    struct flight *flight = question->flight;
    struct resolver *resolver = flight->resolver;
    /* Others who waited for this flight may have made the answer already. */
    const struct dns_answer *answer =
        cache_find(resolver->cache, flight->question, loop_now_ms(resolver->loop));
    if (answer == NULL) {
        answer = keep(flight, timed_out(question));
    }
    flight->held = true;
    answer_question(question, flight->question, answer);
    flight->held = false;
    if (answer != NULL) {
        cache_release(resolver->cache, answer);
    }
    flight_give_up(flight);
}

static void on_deadline(void *context)
{
    struct resolver *resolver = context;
    on_landing(resolver); /* what has come by now is in time */
    int64_t now_ms = loop_now_ms(resolver->loop);
    struct resolver_question *overdue;
    while ((overdue = flight_take_overdue(&resolver->flights, now_ms)) != NULL) {
        time_out(overdue);
    }
    if (resolver->flights.earliest != NULL) {
        loop_timer_start(resolver->deadline,
                         resolver->flights.earliest->deadline_ms - now_ms);
    }
}

/* ---- the door ------------------------------------------------------------------------- */

struct resolver_question *resolver_ask(struct resolver *resolver,
                                       struct dns_question question,
                                       void (*done)(void *context,
                                                    struct dns_question question,
                                                    const struct dns_answer *answer),
                                       void *context)
{
    int64_t now_ms = loop_now_ms(resolver->loop);
    const struct dns_answer *answer = cache_find(resolver->cache, question, now_ms);
    if (answer != NULL) {
        resolver->statistics.hits++;
        done(context, question, answer);
        cache_release(resolver->cache, answer);
        return NULL;
    }
    resolver->statistics.misses++;

    struct resolver_question *asked = calloc(1, sizeof(*asked));
    struct flight *flight = flight_find(&resolver->flights, question);
    bool is_new = flight == NULL;
    if (is_new && asked != NULL) {
        flight = new_flight(resolver, question);
    }
    if (asked == NULL || flight == NULL) {
        free(asked);
        done(context, question, &no_memory_answer);
        return NULL;
    }
    asked->done = done;
    asked->context = context;
    asked->deadline_ms = now_ms + resolver->timeout_ms;
    bool was_idle = resolver->flights.earliest == NULL;
    flight_link(&resolver->flights, flight, asked);
    if (was_idle) {
        loop_timer_start(resolver->deadline, resolver->timeout_ms);
    }
    if (is_new && flight->ticket.open) {
        take_off(flight);
    }
    return asked;
}

void resolver_cancel(struct resolver_question *question)
{
    if (question == NULL) {
        return;
    }
    struct flight *flight = question->flight;
    flight_unlink(&question->flight->resolver->flights, question);
    free(question);
    flight_give_up(flight);
}

static const struct dns_answer *find(void *context, struct dns_question question)
{
    struct resolver *resolver = context;
    const struct dns_answer *answer =
        cache_find(resolver->cache, question, loop_now_ms(resolver->loop));
    if (answer != NULL) {
        resolver->statistics.hits++;
    }
    return answer;
}

static void release(void *context, const struct dns_answer *answer)
{
    struct resolver *resolver = context;
    cache_release(resolver->cache, answer);
}

struct dns_source resolver_source(struct resolver *resolver)
{
    return (struct dns_source){.find = find, .release = release, .context = resolver};
}

struct resolver_statistics resolver_statistics(const struct resolver *resolver)
{
    struct resolver_statistics statistics = resolver->statistics;
    statistics.entries = cache_entries(resolver->cache);
    statistics.bytes = cache_bytes(resolver->cache);
    return statistics;
}

/* ---- life ----------------------------------------------------------------------------- */

/* Each open question has a socket; half of what we may open is left for others. */
static size_t open_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 2 >= OPEN_MAX) {
        return OPEN_MAX;
    }
    return limit.rlim_cur / 2 < OPEN_MIN ? OPEN_MIN : (size_t)(limit.rlim_cur / 2);
}

static bool start(struct resolver *resolver, const struct resolver_options *options,
                  struct buf *why)
{
    enum yett_err err = options->server.len != 0
                            ? servers_from_option(resolver->arena, options->server,
                                                  &resolver->servers, why)
                            : servers_from_file(resolver->arena, "/etc/resolv.conf",
                                                &resolver->servers, why);
    if (err != YETT_OK) {
        return false;
    }
    if (getrandom(resolver->flights.key, sizeof(resolver->flights.key), 0) !=
        (ssize_t)sizeof(resolver->flights.key)) {
        buf_add_text(why, "the system gives no random bytes");
        return false;
    }
    size_t open = open_max();
    resolver->timeout_ms = options->timeout_ms == 0 ? 5000 : options->timeout_ms;
    resolver->cache =
        cache_new((struct cache_bounds){.bytes = options->cache_bytes,
                                        .positive_max_s = options->positive_ttl_max_s,
                                        .negative_max_s = options->negative_ttl_max_s,
                                        .failure_s = options->failure_ttl_s},
                  resolver->flights.key);
    resolver->gate = gate_new(OPEN_PER_ZONE, open - open / KEPT_PART, open / KEPT_PART,
                              resolver->flights.key);
    resolver->landing = loop_timer_new(resolver->loop, on_landing, resolver);
    resolver->deadline = loop_timer_new(resolver->loop, on_deadline, resolver);
    if (resolver->cache == NULL || resolver->gate == NULL || resolver->landing == NULL ||
        resolver->deadline == NULL) {
        return false;
    }
    resolver->unbound = context_new(resolver->loop, options, &resolver->servers, open,
                                    resolver->arena, why);
    resolver->mark = arena_mark(resolver->arena);
    return resolver->unbound != NULL;
}

static void tell_why(const struct buf *reason, char *why, size_t why_size)
{
    slice text = buf_slice(reason);
    if (text.len == 0) {
        text = SLICE("out of memory");
    }
    if (why_size == 0) {
        return;
    }
    text = slice_first(text, why_size - 1);
    memcpy(why, text.ptr, text.len);
    why[text.len] = '\0';
}

struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              char *why, size_t why_size)
{
    struct buf reason = {0};
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    struct arena *arena = arena_new(SCRATCH_BYTES_MAX);
    if (resolver == NULL || arena == NULL) {
        free(resolver);
        arena_free(arena);
        tell_why(&reason, why, why_size);
        return NULL;
    }
    resolver->loop = loop;
    resolver->arena = arena;
    buf_init(&reason, arena, 1000);
    if (!start(resolver, options, &reason)) {
        tell_why(&reason, why, why_size);
        resolver_free(resolver);
        return NULL;
    }
    return resolver;
}

static void flight_free(struct flight *flight)
{
    struct resolver_question *wish;
    while ((wish = flight_take_first(&flight->resolver->flights, flight)) != NULL) {
        free(wish);
    }
    if (flight->answer != NULL) {
        cache_release(flight->resolver->cache, flight->answer);
    }
    free(flight);
}

void resolver_free(struct resolver *resolver)
{
    if (resolver == NULL) {
        return;
    }
    /* Calls back for what is open, so the flights must outlive it. */
    resolver->closing = true;
    if (resolver->unbound != NULL) {
        ub_ctx_delete(resolver->unbound);
    }
    for (size_t i = 0; i < FLIGHT_BUCKETS; i++) {
        for (struct flight *flight = resolver->flights.buckets[i]; flight != NULL;) {
            struct flight *next = flight->chain;
            flight_free(flight);
            flight = next;
        }
    }
    gate_free(resolver->gate);
    cache_free(resolver->cache);
    loop_timer_free(resolver->landing);
    loop_timer_free(resolver->deadline);
    arena_free(resolver->arena);
    free(resolver);
}
