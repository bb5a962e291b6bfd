/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_APP_CLI_ROUNDS_H
#define YETT_APP_CLI_ROUNDS_H

#include "app/cli/options.h"
#include "core/dns/dns.h"
#include "core/zone/zone.h"
#include "edge/loop/loop.h"
#include "edge/resolver/resolver.h"

/*
 * rounds: calls an evaluation, answers what it wanted, and calls it again, until it is done.
 *
 * Answers come from a zone (at once, a round at a time, or one at a time: the result is the
 * same) or from a resolver.  With a resolver there are at most 24 rounds and one deadline;
 * what is open then counts as timed out.
 */
struct answerer {
    struct zone *zone; /* NULL: the resolver answers */
    enum answers_mode mode;
    struct resolver *resolver;
    struct loop *loop;
    unsigned deadline_ms;
};

/* Where answers may lie ready for an empty set of them. */
struct dns_source answerer_source(const struct answerer *answerer);

struct round {
    enum yett_err (*evaluate)(void *context, struct arena *scratch,
                              struct dns_view *view);
    void *context;
};

/* `scratch` is rewound to where it stands now before each call. */
YETT_MUST_USE
enum yett_err answerer_run(const struct answerer *answerer, struct dns_answers *answers,
                           struct arena *evidence, struct arena *scratch,
                           const struct round *round);

#endif
