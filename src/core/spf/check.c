/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/evaluation.h"

/* check: one evaluation from the query to the result (RFC 7208 section 4). */

void spf_decide(struct spf_evaluation *ev, struct spf_decision decision)
{
    ev->decision = decision;
    ev->decided = true;
}

static unsigned or_default(unsigned limit, unsigned standard)
{
    return limit == 0 ? standard : limit;
}

static enum yett_err begin(struct spf_evaluation *ev, struct arena *arena,
                           const struct spf_query *query, struct dns_view *dns)
{
    *ev = (struct spf_evaluation){
        .arena = arena,
        .dns = dns,
        .limits = {.lookups = or_default(query->limits.lookups, 10),
                   .void_lookups = or_default(query->limits.void_lookups, 2),
                   .mx_names = or_default(query->limits.mx_names, 10),
                   .ptr_names = or_default(query->limits.ptr_names, 10)},
        .ip = ip_unmap(query->ip),
        .receiver = slice_is_empty(query->receiver) ? SLICE("unknown") : query->receiver,
        .now_s = query->now_s,
    };
    ev->address_type = ev->ip.family == IP_V6 ? DNS_AAAA : DNS_A;
    enum yett_err err = spf_identity_of(arena, query, &ev->identity);
    if (err == YETT_OK && ev->ip.family == IP_NONE) {
        ev->identity.problem = "the client's address is not known";
    }
    return err;
}

/* Without a domain to ask for (section 4.3). */
static enum yett_err decide_none(struct spf_evaluation *ev)
{
    slice note;
    enum yett_err err = spf_say(ev, ev->identity.problem,
                                &(struct spf_words){.name = ev->identity.domain}, &note);
    if (err == YETT_OK) {
        spf_decide(ev, (struct spf_decision){
                           .code = SPF_NONE, .shape = SPF_SENTENCE, .note = note});
    }
    return err;
}

static enum yett_err list_includes(struct spf_evaluation *ev, struct spf_result *result)
{
    const struct spf_link *via = ev->decision.via;
    size_t count = via == NULL ? 0 : via->depth;
    slice *includes = ARENA_ARRAY(ev->arena, count, slice);
    if (includes == NULL) {
        return YETT_NO_MEMORY;
    }
    for (; via != NULL; via = via->up) {
        includes[via->depth - 1] = via->term;
    }
    result->includes = includes;
    result->include_count = count;
    return YETT_OK;
}

/* The text of the domain's own record, which is the first step that the trace has. */
static slice own_record(const struct spf_evaluation *ev)
{
    return ev->trace.count == 0 ? SLICE_NONE : ev->trace.steps[0].term;
}

static enum yett_err explain(struct spf_evaluation *ev, struct spf_result *result)
{
    if (result->code != SPF_FAIL) {
        return YETT_OK;
    }
    enum yett_err err = spf_explain(ev, ev->frame, &result->explanation);
    if (err == YETT_OK && !slice_is_empty(result->explanation)) {
        result->explanation_domain = ev->frame->domain;
    }
    return err;
}

static enum yett_err finish(struct spf_evaluation *ev, const struct spf_query *query,
                            struct spf_result *out)
{
    const struct spf_decision *decision = &ev->decision;
    struct spf_result result = {
        .code = decision->code,
        .scope = query->scope,
        .domain = ev->identity.domain,
        .sender = ev->identity.sender,
        .record = own_record(ev),
        .mechanism = decision->term,
        .mechanism_domain = decision->domain,
        .lookups = ev->lookups,
        .void_lookups = ev->void_lookups,
        .error_record = decision->error_record,
        .error_offset = decision->error_offset,
    };
    enum yett_err err = explain(ev, &result);
    if (err == YETT_OK) {
        err = list_includes(ev, &result);
    }
    if (err == YETT_OK) {
        err = spf_sentence(ev, decision, result.includes, result.include_count,
                           &result.reason);
    }
    if (err == YETT_OK) {
        result.steps = ev->trace.steps;
        result.step_count = ev->trace.count;
        *out = result;
    }
    return err;
}

enum yett_err spf_check(struct arena *arena, const struct spf_query *query,
                        struct dns_view *dns, struct spf_result *out)
{
    struct spf_evaluation ev;
    enum yett_err err = begin(&ev, arena, query, dns);
    if (err == YETT_OK) {
        err = ev.identity.problem == NULL ? spf_walk(&ev) : decide_none(&ev);
    }
    return err == YETT_OK ? finish(&ev, query, out) : err;
}
