/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/evaluation.h"

#include <assert.h>

/* match: whether a mechanism matches the client (RFC 7208 sections 5.1, 5.3 to 5.7). */

static struct ip_network network_of(const struct spf_term *term)
{
    bool v4 = term->kind == SPF_TERM_IP4;
    struct ip_network network = {.address = {.family = v4 ? IP_V4 : IP_V6},
                                 .prefix = v4 ? term->prefix4 : term->prefix6};
    memcpy(network.address.bytes, term->address, sizeof network.address.bytes);
    return network;
}

bool spf_network_holds(const struct spf_evaluation *ev, const struct spf_term *term)
{
    bool network = term->kind == SPF_TERM_IP4 || term->kind == SPF_TERM_IP6;
    return network && ip_in_network(ev->ip, network_of(term));
}

static enum yett_err match_network(struct spf_evaluation *ev, const struct spf_term *term,
                                   struct spf_outcome *out)
{
    if (!spf_network_holds(ev, term)) {
        *out = (struct spf_outcome){.note = SLICE("does not hold the client's address")};
        return YETT_OK;
    }
    out->finding = SPF_FOUND_MATCH;
    return spf_say(ev, "which holds $c", &(struct spf_words){0}, &out->note);
}

static enum yett_err match_all(struct spf_evaluation *ev, struct spf_outcome *out)
{
    out->finding = SPF_FOUND_MATCH;
    return spf_say(ev, "and nothing before it matches $c", &(struct spf_words){0},
                   &out->note);
}

/* ---- addresses ---------------------------------------------------------------------- */

static enum yett_err came_to_nothing(struct spf_evaluation *ev, enum dns_type type,
                                     slice name, const struct dns_answer *answer,
                                     struct spf_outcome *out)
{
    out->finding = SPF_FOUND_TEMPERROR;
    return spf_say(ev, "but DNS could not answer $n $t: $s",
                   &(struct spf_words){.name = name, .type = type, .answer = answer},
                   &out->note);
}

static enum yett_err count_empty(struct spf_evaluation *ev, enum dns_type type,
                                 slice name, const struct dns_answer *answer,
                                 struct spf_outcome *out)
{
    const char *clause =
        answer->status == DNS_NXDOMAIN ? "$n does not exist" : "$n has no $t record";
    return spf_count_void(ev, clause, name, type, out);
}

/* The prefix length of a term that applies to the client. */
static unsigned prefix_for(const struct spf_evaluation *ev, const struct spf_term *term)
{
    return ev->ip.family == IP_V6 ? term->prefix6 : term->prefix4;
}

/* The address among the records that matches, or NULL. */
static const struct ip *find_address(const struct spf_evaluation *ev, unsigned prefix,
                                     const struct dns_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        struct ip_network network = {.address = answer->records[i].ip, .prefix = prefix};
        if (ip_in_network(ev->ip, network)) {
            return &answer->records[i].ip;
        }
    }
    return NULL;
}

/* Section 5.3. */
static enum yett_err match_a(struct spf_evaluation *ev, const struct spf_term *term,
                             slice name, struct spf_outcome *out)
{
    const struct dns_answer *answer;
    enum yett_err err = dns_ask(ev->dns, ev->address_type, name, &answer);
    if (err != YETT_OK) {
        return err;
    }
    if (dns_is_open(answer)) {
        return came_to_nothing(ev, ev->address_type, name, answer, out);
    }
    if (answer->status != DNS_FOUND) {
        return count_empty(ev, ev->address_type, name, answer, out);
    }
    unsigned prefix = prefix_for(ev, term);
    const struct ip *address = find_address(ev, prefix, answer);
    if (address == NULL) {
        *out = (struct spf_outcome){.note = SLICE("has other addresses")};
        return YETT_OK;
    }
    out->finding = SPF_FOUND_MATCH;
    return spf_say(
        ev,
        ip_eq(*address, ev->ip) ? "and $n has the address $a"
                                : "and $n has the address $a, in one /$u network with $c",
        &(struct spf_words){.name = name, .address = *address, .number = prefix},
        &out->note);
}

/* Section 5.7: A records, also for a client with an IPv6 address. */
static enum yett_err match_exists(struct spf_evaluation *ev, slice name,
                                  struct spf_outcome *out)
{
    const struct dns_answer *answer;
    enum yett_err err = dns_ask(ev->dns, DNS_A, name, &answer);
    if (err != YETT_OK) {
        return err;
    }
    if (dns_is_open(answer)) {
        return came_to_nothing(ev, DNS_A, name, answer, out);
    }
    if (answer->status != DNS_FOUND) {
        return count_empty(ev, DNS_A, name, answer, out);
    }
    out->finding = SPF_FOUND_MATCH;
    return spf_say(ev, "and $n exists", &(struct spf_words){.name = name}, &out->note);
}

/* ---- mx ----------------------------------------------------------------------------- */

/* What the mail servers of a name came to, taken together. */
struct servers {
    unsigned asked;
    unsigned found; /* have some address */
    const struct dns_answer *open;
    slice open_name;
    slice match_name;
    const struct ip *match;
};

static void ask_servers_ahead(struct spf_evaluation *ev, const struct dns_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        if (!slice_is_empty(answer->records[i].name)) {
            dns_ask_ahead(ev->dns, ev->address_type, answer->records[i].name);
        }
    }
}

static enum yett_err look_at_server(struct spf_evaluation *ev, slice name,
                                    unsigned prefix, struct servers *servers)
{
    const struct dns_answer *answer;
    enum yett_err err = dns_ask(ev->dns, ev->address_type, name, &answer);
    if (err != YETT_OK) {
        return err;
    }
    servers->asked++;
    if (dns_is_open(answer)) {
        servers->open = answer;
        servers->open_name = name;
        return YETT_OK;
    }
    servers->found += answer->status == DNS_FOUND ? 1 : 0;
    servers->match = find_address(ev, prefix, answer);
    servers->match_name = name;
    return YETT_OK;
}

/*
 * Deliberately: a server that matches wins over one that DNS could not answer for, so that
 * the result does not depend on the order in which the records of a set happen to come.
 */
static enum yett_err look_at_servers(struct spf_evaluation *ev,
                                     const struct dns_answer *answer, unsigned prefix,
                                     struct servers *servers)
{
    for (size_t i = 0; i < answer->count && servers->match == NULL; i++) {
        slice name = answer->records[i].name;
        if (slice_is_empty(name)) {
            continue; /* null MX (RFC 7505) */
        }
        enum yett_err err = look_at_server(ev, name, prefix, servers);
        if (err == YETT_NEED_ANSWERS) {
            ask_servers_ahead(ev, answer);
        }
        if (err != YETT_OK) {
            return err;
        }
    }
    return YETT_OK;
}

static enum yett_err judge_servers(struct spf_evaluation *ev, slice name, unsigned prefix,
                                   const struct servers *servers, struct spf_outcome *out)
{
    if (servers->match != NULL) {
        out->finding = SPF_FOUND_MATCH;
        return spf_say(
            ev,
            ip_eq(*servers->match, ev->ip)
                ? "and the mail server $n has the address $a"
                : "and the mail server $n has the address $a, in one /$u network "
                  "with $c",
            &(struct spf_words){.name = servers->match_name,
                                .address = *servers->match,
                                .number = prefix},
            &out->note);
    }
    if (servers->open != NULL) {
        return came_to_nothing(ev, ev->address_type, servers->open_name, servers->open,
                               out);
    }
    if (servers->asked > 0 && servers->found == 0) {
        return spf_count_void(ev, "no mail server of $n has an $t record", name,
                              ev->address_type, out);
    }
    *out = (struct spf_outcome){.note = servers->asked == 0
                                            ? SLICE("takes no mail (null MX)")
                                            : SLICE("has other mail servers")};
    return YETT_OK;
}

/* Section 5.4. */
static enum yett_err match_mx(struct spf_evaluation *ev, const struct spf_term *term,
                              slice name, struct spf_outcome *out)
{
    const struct dns_answer *answer;
    enum yett_err err = dns_ask(ev->dns, DNS_MX, name, &answer);
    if (err != YETT_OK) {
        return err;
    }
    if (dns_is_open(answer)) {
        return came_to_nothing(ev, DNS_MX, name, answer, out);
    }
    if (answer->status != DNS_FOUND) {
        return count_empty(ev, DNS_MX, name, answer, out);
    }
    /* Before any of them is asked for, so that their order does not matter (4.6.4). */
    if (answer->count > ev->limits.mx_names) {
        out->finding = SPF_FOUND_PERMERROR;
        return spf_say(ev, "but $n has $u mail servers, where only $m are allowed",
                       &(struct spf_words){.name = name,
                                           .number = answer->count,
                                           .maximum = ev->limits.mx_names},
                       &out->note);
    }
    struct servers servers = {0};
    unsigned prefix = prefix_for(ev, term);
    err = look_at_servers(ev, answer, prefix, &servers);
    return err == YETT_OK ? judge_servers(ev, name, prefix, &servers, out) : err;
}

/* ---- ptr ---------------------------------------------------------------------------- */

/* Section 5.5. */
static enum yett_err match_ptr(struct spf_evaluation *ev, slice target,
                               struct spf_outcome *out)
{
    const struct dns_answer *answer;
    enum yett_err err = spf_ask_client_names(ev, &answer);
    if (err != YETT_OK) {
        return err;
    }
    if (dns_is_open(answer)) {
        return spf_say(ev, "DNS could not say what $c is called: $s",
                       &(struct spf_words){.answer = answer}, &out->note);
    }
    if (answer->status != DNS_FOUND) {
        return count_empty(ev, DNS_PTR, ev->reverse_name, answer, out);
    }
    slice name;
    err = spf_find_client_name_under(ev, answer, target, &name);
    if (err != YETT_OK) {
        return err;
    }
    if (slice_is_empty(name)) {
        out->note = SLICE("the client has no name there that leads back to its address");
        return YETT_OK;
    }
    out->finding = SPF_FOUND_MATCH;
    return spf_say(ev, "and $c is called $n", &(struct spf_words){.name = name},
                   &out->note);
}

/* ---- all of them -------------------------------------------------------------------- */

static enum yett_err match_by_dns(struct spf_evaluation *ev,
                                  const struct spf_frame *frame,
                                  const struct spf_term *term, struct spf_outcome *out)
{
    struct spf_target target;
    bool go_on;
    enum yett_err err = spf_begin_term(ev, frame, term, &target, out, &go_on);
    if (err != YETT_OK || !go_on) {
        return err;
    }
    switch (term->kind) {
    case SPF_TERM_A:
        return match_a(ev, term, target.name, out);
    case SPF_TERM_MX:
        return match_mx(ev, term, target.name, out);
    case SPF_TERM_PTR:
        return match_ptr(ev, target.name, out);
    case SPF_TERM_EXISTS:
        return match_exists(ev, target.name, out);
    case SPF_TERM_ALL:
    case SPF_TERM_INCLUDE:
    case SPF_TERM_IP4:
    case SPF_TERM_IP6:
    case SPF_TERM_REDIRECT:
    case SPF_TERM_EXP:
    case SPF_TERM_UNKNOWN_MODIFIER:
        break;
    }
    assert(false);
    return YETT_OK;
}

enum yett_err spf_match(struct spf_evaluation *ev, const struct spf_frame *frame,
                        const struct spf_term *term, struct spf_outcome *out)
{
    *out = (struct spf_outcome){.finding = SPF_FOUND_NOTHING};
    switch (term->kind) {
    case SPF_TERM_ALL:
        return match_all(ev, out);
    case SPF_TERM_IP4:
    case SPF_TERM_IP6:
        return match_network(ev, term, out);
    case SPF_TERM_A:
    case SPF_TERM_MX:
    case SPF_TERM_PTR:
    case SPF_TERM_EXISTS:
        return match_by_dns(ev, frame, term, out);
    case SPF_TERM_INCLUDE:
    case SPF_TERM_REDIRECT:
    case SPF_TERM_EXP:
    case SPF_TERM_UNKNOWN_MODIFIER:
        break;
    }
    assert(false);
    return YETT_OK;
}
