/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/spf/evaluation.h"

/*
 * names: what the client is called, where its PTR records and its addresses agree (RFC 7208
 * section 5.5; 7.3 for %{p}).
 */

/* Longest: 32 nibbles with dots and "ip6.arpa". */
enum { REVERSE_MAX = 128 };

static enum yett_err reverse_name(struct spf_evaluation *ev, slice *out)
{
    if (slice_is_empty(ev->reverse_name)) {
        struct spf_macro_values values = {.ip = ev->ip};
        struct buf buf;
        buf_init(&buf, ev->arena, REVERSE_MAX);
        spf_macro_expand(&buf, SLICE("%{ir}.%{v}.arpa"), &values);
        if (buf_err(&buf) != YETT_OK) {
            return buf_err(&buf);
        }
        enum yett_err err =
            dns_name_normalize(ev->arena, buf_slice(&buf), &ev->reverse_name);
        if (err != YETT_OK) {
            return err;
        }
    }
    *out = ev->reverse_name;
    return YETT_OK;
}

enum yett_err spf_ask_client_names(struct spf_evaluation *ev,
                                   const struct dns_answer **out)
{
    slice name = SLICE_NONE;
    enum yett_err err = reverse_name(ev, &name);
    return err == YETT_OK ? dns_ask(ev->dns, DNS_PTR, name, out) : err;
}

/* Section 4.6.4: "all records other than the first 10 MUST be ignored". */
static size_t names_in(const struct spf_evaluation *ev, const struct dns_answer *answer)
{
    return answer->count < ev->limits.ptr_names ? answer->count : ev->limits.ptr_names;
}

/* Whether `name` has the client's address.  A DNS error means it has not. */
static enum yett_err leads_back(struct spf_evaluation *ev, slice name, bool *out)
{
    const struct dns_answer *answer;
    enum yett_err err = dns_ask(ev->dns, ev->address_type, name, &answer);
    if (err != YETT_OK) {
        return err;
    }
    *out = false;
    for (size_t i = 0; i < answer->count && !*out; i++) {
        *out = ip_eq(answer->records[i].ip, ev->ip);
    }
    return YETT_OK;
}

/* How well a name suits a record of `domain`; lower is better. */
enum rank { RANK_SAME, RANK_BELOW, RANK_OTHER, RANK_NONE };

static enum rank rank_of(slice name, slice domain)
{
    if (slice_is_empty(name)) {
        return RANK_NONE;
    }
    if (domain_eq(name, domain)) {
        return RANK_SAME;
    }
    return domain_is_under(name, domain) ? RANK_BELOW : RANK_OTHER;
}

static void ask_all_ahead(struct spf_evaluation *ev, const struct dns_answer *answer,
                          slice domain, enum rank worst)
{
    for (size_t i = 0; i < names_in(ev, answer); i++) {
        if (rank_of(answer->records[i].name, domain) <= worst) {
            dns_ask_ahead(ev->dns, ev->address_type, answer->records[i].name);
        }
    }
}

/* The best name, down to rank `worst`, that leads back to the client; empty for none. */
static enum yett_err find_name(struct spf_evaluation *ev, const struct dns_answer *answer,
                               slice domain, enum rank worst, slice *out)
{
    *out = SLICE_NONE;
    for (enum rank rank = RANK_SAME; rank <= worst; rank++) {
        for (size_t i = 0; i < names_in(ev, answer); i++) {
            slice name = answer->records[i].name;
            if (rank_of(name, domain) != rank) {
                continue;
            }
            bool found = false;
            enum yett_err err = leads_back(ev, name, &found);
            if (err == YETT_NEED_ANSWERS) {
                ask_all_ahead(ev, answer, domain, worst);
            }
            if (err != YETT_OK) {
                return err;
            }
            if (found) {
                *out = name;
                return YETT_OK;
            }
        }
    }
    return YETT_OK;
}

enum yett_err spf_find_client_name_under(struct spf_evaluation *ev,
                                         const struct dns_answer *answer, slice target,
                                         slice *out)
{
    return find_name(ev, answer, target, RANK_BELOW, out);
}

enum yett_err spf_client_name(struct spf_evaluation *ev, slice domain, slice *out)
{
    const struct dns_answer *answer;
    enum yett_err err = spf_ask_client_names(ev, &answer);
    if (err != YETT_OK) {
        return err;
    }
    slice name;
    err = find_name(ev, answer, domain, RANK_OTHER, &name);
    if (err == YETT_OK) {
        *out = slice_is_empty(name) ? SLICE("unknown") : name;
    }
    return err;
}
