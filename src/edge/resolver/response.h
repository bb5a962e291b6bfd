/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_RESOLVER_RESPONSE_H
#define YETT_EDGE_RESOLVER_RESPONSE_H

#include "core/dns/dns.h"

/*
 * response: what became of a question, as an answer with words for people.
 *
 * `servers` is the text that names whom we asked.  All text lives in `arena`; when that is
 * full the answer has no detail.
 */

/* As libunbound's callback gives it. */
struct response {
    int rcode;
    slice packet;
    int security;
    const char *why_bogus; /* may be NULL */
};

struct dns_answer response_read(struct arena *arena, slice servers,
                                struct dns_question question,
                                const struct response *response);

struct dns_answer response_no_reply(struct arena *arena, slice servers, int64_t waited_ms,
                                    int64_t in_line_ms);

/* It never went out; `zone` is whose places are taken, or empty. */
struct dns_answer response_not_asked(struct arena *arena, slice zone, int64_t waited_ms);

/* The deadline had passed before the question was there. */
struct dns_answer response_no_time(struct arena *arena);

struct dns_answer response_not_askable(struct arena *arena, const char *why);

#endif
