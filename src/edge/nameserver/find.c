/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "edge/nameserver/address.h"
#include "edge/nameserver/exchange.h"

/*
 * find: where the zone of a name begins, and who serves it.
 *
 * The resolver is asked.  It may give what it remembers, which for zones and their
 * servers is good enough; records themselves are never asked for here.
 */

enum { RESOLVERS_MAX = 4, TYPES = 2, RCODE_NOERROR = 0, RCODE_NXDOMAIN = 3 };

static const char resolv_conf[] = "/etc/resolv.conf";
static const slice no_address = SLICE_INIT("has no address");

struct finder {
    struct arena *arena;
    const struct nameserver_options *options;
    struct nameserver_address resolvers[RESOLVERS_MAX];
    size_t resolver_count;
    slice *why;
};

static enum yett_err find_resolvers(struct finder *finder)
{
    slice given = finder->options->resolver;

    if (given.len == 0 && finder->options->resolver_count != 0) {
        size_t count = finder->options->resolver_count;
        finder->resolver_count = count < RESOLVERS_MAX ? count : RESOLVERS_MAX;
        memcpy(finder->resolvers, finder->options->resolvers,
               finder->resolver_count * sizeof(finder->resolvers[0]));
        return YETT_OK;
    }
    if (given.len == 0) {
        return address_read_resolvers(finder->arena, resolv_conf, finder->resolvers,
                                      RESOLVERS_MAX, &finder->resolver_count,
                                      finder->why);
    }
    if (!address_read(given, 53, &finder->resolvers[0])) {
        struct buf text;
        buf_init(&text, finder->arena, 4096);
        buf_add_visible(&text, given);
        buf_add_text(&text, " is no address of a resolver: write ADDR or ADDR@PORT");
        *finder->why = buf_slice(&text);
        return YETT_BAD_SYNTAX;
    }
    finder->resolver_count = 1;
    return YETT_OK;
}

enum yett_err nameserver_read_resolvers(struct arena *arena,
                                        struct nameserver_options *options, slice *why)
{
    struct nameserver_address *list =
        ARENA_ARRAY(arena, RESOLVERS_MAX, struct nameserver_address);

    if (list == NULL) {
        return YETT_NO_MEMORY;
    }
    options->resolvers = list;
    return options->resolver.len != 0
               ? YETT_OK
               : address_read_resolvers(arena, resolv_conf, list, RESOLVERS_MAX,
                                        &options->resolver_count, why);
}

/* ---- lookups ----------------------------------------------------------------------- */

static bool is_answer(const struct exchange *exchange)
{
    return exchange->is_answered && (exchange->reply.rcode == RCODE_NOERROR ||
                                     exchange->reply.rcode == RCODE_NXDOMAIN);
}

/* Ask one resolver after the other for what is still open. */
static enum yett_err look_up(struct finder *finder, struct exchange *list, size_t count)
{
    struct exchange *open = ARENA_ARRAY(finder->arena, count, struct exchange);
    size_t *places = ARENA_ARRAY(finder->arena, count, size_t);

    if (open == NULL || places == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t r = 0; r < finder->resolver_count; r++) {
        size_t left = 0;
        for (size_t i = 0; i < count; i++) {
            if (!is_answer(&list[i])) {
                open[left] = (struct exchange){.to = finder->resolvers[r],
                                               .question = list[i].question};
                places[left++] = i;
            }
        }
        enum yett_err err =
            left == 0 ? YETT_OK
                      : exchange_run(finder->arena, finder->options, open, left);
        if (err != YETT_OK) {
            return err;
        }
        for (size_t i = 0; i < left; i++) {
            list[places[i]] = open[i];
        }
    }
    return YETT_OK;
}

/* "the resolver 192.0.2.53 did not reply within 6 s" */
static slice trouble_of(struct finder *finder, const struct exchange *exchange)
{
    struct buf text;
    const char *word = dns_rcode_text(exchange->reply.rcode);

    buf_init(&text, finder->arena, 4096);
    buf_add_text(&text, "the resolver ");
    address_write(&text, &exchange->to);
    buf_add_byte(&text, ' ');
    if (exchange->is_answered) {
        buf_add_text(&text, "answers with ");
        buf_add_text(&text, word != NULL ? word : "an error without a name");
    } else {
        buf_add(&text, exchange->failure);
    }
    buf_add_text(&text, " when asked about ");
    buf_add_visible(&text, exchange->question.name);
    return buf_slice(&text);
}

static enum yett_err look_up_one(struct finder *finder, enum dns_direct_type type,
                                 slice name, struct dns_reply *out)
{
    struct exchange exchange = {
        .question = {type, name, true}
    };
    enum yett_err err = look_up(finder, &exchange, 1);

    if (err == YETT_OK && !is_answer(&exchange)) {
        *finder->why = trouble_of(finder, &exchange);
        return YETT_IO;
    }
    *out = exchange.reply;
    return err;
}

/* ---- the zone ---------------------------------------------------------------------- */

static enum yett_err find_apex(struct finder *finder, slice name, slice *apex,
                               slice *mname)
{
    slice whole = name;

    for (; name.len != 0; name = domain_parent(name)) {
        struct dns_reply reply;
        enum yett_err err = look_up_one(finder, DNS_DIRECT_SOA, name, &reply);
        if (err != YETT_OK) {
            return err;
        }
        if (reply.count != 0) {
            *apex = name;
            *mname = reply.values[0];
            return YETT_OK;
        }
    }
    struct buf text;
    buf_init(&text, finder->arena, 4096);
    buf_add_text(&text, "there is no zone that ");
    buf_add_visible(&text, whole);
    buf_add_text(&text, " is in: no name from it upwards has an SOA record");
    *finder->why = buf_slice(&text);
    return YETT_NOT_FOUND;
}

/* ---- servers ----------------------------------------------------------------------- */

/* A server before its addresses are known. */
struct candidate {
    slice text; /* as it is named */
    slice host; /* to be asked for; empty when it is an address */
    uint16_t port;
};

static enum yett_err read_given(struct finder *finder, slice given, struct candidate *out)
{
    struct ip ip;
    slice where = given;
    uint16_t port = (uint16_t)finder->options->port;
    enum yett_err err = YETT_OK;

    *out = (struct candidate){.text = given};
    bool is_good = dns_split_server(given, &where, &port);
    if (is_good && ip_parse(where, &ip) != YETT_OK) {
        err = dns_name_normalize(finder->arena, where, &out->host);
        is_good = err == YETT_OK;
        out->text = out->host;
    }
    out->port = port;
    if (!is_good && err != YETT_NO_MEMORY) {
        struct buf text;
        buf_init(&text, finder->arena, 4096);
        buf_add_visible(&text, given);
        buf_add_text(&text, " is no name server: write an address or a name, perhaps "
                            "with @PORT behind it");
        *finder->why = buf_slice(&text);
        err = YETT_BAD_SYNTAX;
    }
    return err;
}

static void add_addresses(struct nameserver *server, uint16_t port,
                          const struct dns_reply *reply, enum ip_family family)
{
    size_t octets = family == IP_V4 ? 4 : 16;

    for (size_t i = 0; i < reply->count && server->count < NAMESERVER_ADDRESSES_MAX;
         i++) {
        struct nameserver_address *to = &server->addresses[server->count++];
        *to = (struct nameserver_address){.ip = {.family = family}, .port = port};
        memcpy(to->ip.bytes, reply->values[i].ptr, octets);
    }
}

/* What A and AAAA questions found. */
static void take_addresses(struct finder *finder, const struct candidate *candidate,
                           const struct exchange found[TYPES], struct nameserver *server)
{
    static const enum ip_family families[TYPES] = {IP_V4, IP_V6};

    for (size_t i = 0; i < TYPES; i++) {
        if (is_answer(&found[i])) {
            add_addresses(server, candidate->port, &found[i].reply, families[i]);
        }
    }
    if (server->count == 0) {
        const struct exchange *bad = is_answer(&found[0]) ? &found[1] : &found[0];
        server->trouble = is_answer(bad) ? no_address : trouble_of(finder, bad);
    }
}

static enum yett_err find_addresses(struct finder *finder,
                                    const struct candidate *candidates, size_t count,
                                    struct nameserver *servers)
{
    struct exchange *list = ARENA_ARRAY(finder->arena, TYPES * count, struct exchange);
    size_t asked = 0;

    if (list == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        servers[i] = (struct nameserver){.name = candidates[i].text};
        if (candidates[i].host.len != 0) {
            list[asked++].question =
                (struct dns_direct_question){DNS_DIRECT_A, candidates[i].host, true};
            list[asked++].question =
                (struct dns_direct_question){DNS_DIRECT_AAAA, candidates[i].host, true};
        } else {
            servers[i].count = address_read(candidates[i].text, candidates[i].port,
                                            &servers[i].addresses[0]);
            servers[i].trouble = servers[i].count == 0 ? no_address : SLICE_NONE;
        }
    }
    enum yett_err err = asked == 0 ? YETT_OK : look_up(finder, list, asked);
    asked = 0;
    for (size_t i = 0; err == YETT_OK && i < count; i++) {
        if (candidates[i].host.len != 0) {
            take_addresses(finder, &candidates[i], &list[asked], &servers[i]);
            asked += TYPES;
        }
    }
    return err;
}

static enum yett_err refuse_number(struct finder *finder)
{
    *finder->why =
        arena_printf(finder->arena, "the zone has more than %d name servers, or none",
                     NAMESERVER_SERVERS_MAX);
    return YETT_LIMIT;
}

static enum yett_err name_servers(struct finder *finder, slice apex,
                                  struct candidate *candidates, size_t *count)
{
    struct dns_reply reply = {0};
    const struct nameserver_options *options = finder->options;
    bool are_given = options->server_count != 0;
    enum yett_err err =
        are_given ? YETT_OK : look_up_one(finder, DNS_DIRECT_NS, apex, &reply);

    *count = are_given ? options->server_count : reply.count;
    if (err == YETT_OK && (*count == 0 || *count > NAMESERVER_SERVERS_MAX)) {
        return refuse_number(finder);
    }
    for (size_t i = 0; err == YETT_OK && i < *count; i++) {
        err = read_given(finder, are_given ? options->servers[i] : reply.values[i],
                         &candidates[i]);
    }
    return err;
}

/* The primary is found together with the others. */
static enum yett_err find_servers(struct finder *finder, slice mname,
                                  struct nameserver_zone *zone)
{
    size_t room = NAMESERVER_SERVERS_MAX + 1;
    slice primary = finder->options->primary;
    struct candidate *candidates = ARENA_ARRAY(finder->arena, room, struct candidate);
    struct nameserver *servers = ARENA_ARRAY(finder->arena, room, struct nameserver);

    if (candidates == NULL || servers == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err =
        name_servers(finder, zone->apex, candidates + 1, &zone->server_count);
    primary = primary.len != 0 ? primary : mname;
    if (err == YETT_OK && primary.len != 0) {
        err = read_given(finder, primary, &candidates[0]);
    } else {
        candidates[0].text = SLICE("."); /* what an SOA names that names none */
    }
    if (err == YETT_OK) {
        err = find_addresses(finder, candidates, zone->server_count + 1, servers);
    }
    zone->primary = servers[0];
    zone->servers = servers + 1;
    return err;
}

enum yett_err nameserver_find(struct arena *arena,
                              const struct nameserver_options *options, slice name,
                              struct nameserver_zone *out, slice *why)
{
    struct finder finder = {.arena = arena, .options = options, .why = why};
    struct nameserver_zone zone = {.server_count = 0};
    slice mname = SLICE_NONE;
    enum yett_err err = find_resolvers(&finder);

    if (err == YETT_OK) {
        err = find_apex(&finder, name, &zone.apex, &mname);
    }
    if (err == YETT_OK) {
        err = find_servers(&finder, mname, &zone);
    }
    if (err == YETT_OK) {
        *out = zone;
    }
    return err;
}
