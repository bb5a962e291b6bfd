/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/flight.h"

#include "edge/resolver/question.h"

#include <stdlib.h>
#include <string.h>

static struct flight **bucket_of(struct flights *flights, uint64_t hash)
{
    return &flights->buckets[hash % FLIGHT_BUCKETS];
}

struct flight *flight_find(struct flights *flights, struct dns_question question)
{
    uint64_t hash = question_hash(flights->key, question);
    struct flight *flight = *bucket_of(flights, hash);
    while (flight != NULL &&
           !(flight->hash == hash && question_eq(flight->question, question))) {
        flight = flight->chain;
    }
    return flight;
}

struct flight *flight_new(struct flights *flights, struct dns_question question)
{
    struct flight *flight = calloc(1, sizeof(*flight) + question.name.len);
    if (flight == NULL) {
        return NULL;
    }
    if (question.name.len != 0) {
        memcpy(flight->name, question.name.ptr, question.name.len);
    }
    flight->question =
        (struct dns_question){question.type, slice_of(flight->name, question.name.len)};
    flight->hash = question_hash(flights->key, question);
    struct flight **bucket = bucket_of(flights, flight->hash);
    flight->chain = *bucket;
    *bucket = flight;
    return flight;
}

void flight_unlist(struct flights *flights, struct flight *flight)
{
    struct flight **link = bucket_of(flights, flight->hash);
    while (*link != flight) {
        link = &(*link)->chain;
    }
    *link = flight->chain;
}

void flight_link(struct flights *flights, struct flight *flight,
                 struct resolver_question *wish)
{
    wish->flight = flight;
    wish->next = NULL;
    wish->previous = flight->last;
    *(flight->last == NULL ? &flight->first : &flight->last->next) = wish;
    flight->last = wish;

    wish->later = NULL;
    wish->earlier = flights->latest;
    *(flights->latest == NULL ? &flights->earliest : &flights->latest->later) = wish;
    flights->latest = wish;
}

void flight_unlink(struct flights *flights, struct resolver_question *wish)
{
    struct flight *flight = wish->flight;
    *(wish->previous == NULL ? &flight->first : &wish->previous->next) = wish->next;
    *(wish->next == NULL ? &flight->last : &wish->next->previous) = wish->previous;
    *(wish->earlier == NULL ? &flights->earliest : &wish->earlier->later) = wish->later;
    *(wish->later == NULL ? &flights->latest : &wish->later->earlier) = wish->earlier;
}

struct resolver_question *flight_take_first(struct flights *flights,
                                            struct flight *flight)
{
    struct resolver_question *wish = flight->first;
    if (wish != NULL) {
        flight_unlink(flights, wish);
    }
    return wish;
}

struct resolver_question *flight_take_overdue(struct flights *flights, int64_t now_ms)
{
    struct resolver_question *wish = flights->earliest;
    if (wish == NULL || wish->deadline_ms > now_ms) {
        return NULL;
    }
    flight_unlink(flights, wish);
    return wish;
}
