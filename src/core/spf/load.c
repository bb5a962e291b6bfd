/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/evaluation.h"

/* load: the SPF record of a domain, or why there is none (RFC 7208 sections 4.4 and 4.5). */

static enum yett_err fail(struct spf_evaluation *ev, enum spf_code code,
                          const char *template, const struct spf_words *words,
                          struct spf_loading *out)
{
    *out = (struct spf_loading){.problem = code};
    return spf_say(ev, template, words, &out->note);
}

static enum yett_err parse(struct spf_evaluation *ev, const struct dns_answer *answer,
                           struct spf_selection *out)
{
    for (const struct spf_parsed *known = ev->parsed; known != NULL;
         known = known->next) {
        if (known->answer == answer) {
            *out = known->selection;
            return YETT_OK;
        }
    }
    struct spf_parsed *parsed = ARENA_NEW(ev->arena, struct spf_parsed);
    if (parsed == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = spf_record_select(ev->arena, answer, &parsed->selection);
    if (err != YETT_OK) {
        return err;
    }
    parsed->answer = answer;
    parsed->next = ev->parsed;
    ev->parsed = parsed;
    *out = parsed->selection;
    return YETT_OK;
}

static const char *nothing_there(const struct dns_answer *answer)
{
    switch (answer->status) {
    case DNS_NXDOMAIN:
        return "$n does not exist";
    case DNS_NODATA:
        return "$n has no TXT record, so no SPF record either";
    case DNS_SERVFAIL:
    case DNS_TIMED_OUT:
    case DNS_BOGUS:
        return "DNS could not answer $n TXT: $s";
    case DNS_FOUND:
        break;
    }
    return "$n has TXT records, but none of them is an SPF record";
}

enum yett_err spf_load(struct spf_evaluation *ev, slice domain, struct spf_loading *out)
{
    const struct dns_answer *answer;
    enum yett_err err = dns_ask(ev->dns, DNS_TXT, domain, &answer);
    if (err != YETT_OK) {
        return err;
    }
    struct spf_words words = {.name = domain, .type = DNS_TXT, .answer = answer};
    if (dns_is_open(answer)) {
        return fail(ev, SPF_TEMPERROR, nothing_there(answer), &words, out);
    }
    if (answer->status != DNS_FOUND) {
        err = fail(ev, SPF_NONE, nothing_there(answer), &words, out);
        out->is_void = true;
        return err;
    }

    struct spf_selection selection;
    err = parse(ev, answer, &selection);
    if (err != YETT_OK) {
        return err;
    }
    if (selection.published == 0) {
        return fail(ev, SPF_NONE, nothing_there(answer), &words, out);
    }
    if (selection.published > 1) {
        words.number = selection.published;
        return fail(ev, SPF_PERMERROR, "$n has $u SPF records, where only one is allowed",
                    &words, out);
    }
    *out = (struct spf_loading){.text = selection.text, .record = selection.record};
    return YETT_OK;
}
