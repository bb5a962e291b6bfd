/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/nameserver/address.h"
#include "edge/nameserver/exchange.h"

/* ask: what servers have at a name, each by its own word. */

enum { SENTENCE_MAX = 4096, RCODE_NOERROR = 0, RCODE_NXDOMAIN = 3, RCODE_SERVFAIL = 2 };

static struct exchange question_to(const struct nameserver_address *address, slice name)
{
    return (struct exchange){
        .to = *address, .question = {DNS_DIRECT_TXT, name, false}
    };
}

static struct update_rrset rrset_of(const struct dns_reply *reply)
{
    return (struct update_rrset){
        .values = reply->values, .count = reply->count, .ttl_s = reply->ttl_s};
}

/* Is it the server's own word about its zone? */
static bool is_own_word(const struct dns_reply *reply)
{
    return reply->is_authoritative &&
           (reply->rcode == RCODE_NOERROR || reply->rcode == RCODE_NXDOMAIN);
}

static enum nameserver_state state_of(const struct exchange *exchange,
                                      const struct update_change *change)
{
    struct update_rrset shown = rrset_of(&exchange->reply);

    if (!exchange->is_answered) {
        return NAMESERVER_UNREACHABLE;
    }
    if (!is_own_word(&exchange->reply)) {
        return exchange->reply.rcode == RCODE_SERVFAIL ? NAMESERVER_FAILS
                                                       : NAMESERVER_LAME;
    }
    return exchange->reply.alias.len == 0 && update_is_visible(change, &shown)
               ? NAMESERVER_SHOWS
               : NAMESERVER_LAGS;
}

/* ---- sentences --------------------------------------------------------------------- */

static void add_error(struct buf *buf, const struct dns_reply *reply, slice name)
{
    const char *word = dns_rcode_text(reply->rcode);

    if (reply->rcode == RCODE_SERVFAIL) {
        buf_add_text(buf, " fails to answer (SERVFAIL): its copy of the zone may be too "
                          "old, or broken");
        return;
    }
    buf_add_text(buf, " is not authoritative for ");
    buf_add_visible(buf, name);
    if (reply->rcode != RCODE_NOERROR) {
        buf_add_text(buf, " (");
        buf_add_text(buf, word != NULL ? word : "an error without a name");
        buf_add_byte(buf, ')');
    } else if (reply->is_referral) {
        buf_add_text(buf, ": it only refers to other servers");
    }
}

static void add_alias(struct buf *buf, const struct exchange *exchange)
{
    buf_add_text(buf, " has an alias there: ");
    buf_add_visible(buf, exchange->question.name);
    buf_add_text(buf, " is ");
    buf_add_visible(buf, exchange->reply.alias);
    buf_add_text(buf, ", and the record must be changed where that is");
}

static enum yett_err tell(struct arena *arena, const struct nameserver *server,
                          const struct exchange *exchange, enum nameserver_state state,
                          slice *out)
{
    struct buf text;

    buf_init(&text, arena, SENTENCE_MAX);
    address_write_server(&text, server, &exchange->to);
    switch (state) {
    case NAMESERVER_SHOWS:
        buf_add_text(&text, " shows it");
        break;
    case NAMESERVER_LAGS:
        if (exchange->reply.alias.len != 0) {
            add_alias(&text, exchange);
        } else {
            buf_add_text(&text, " does not show it yet");
        }
        break;
    case NAMESERVER_FAILS:
    case NAMESERVER_LAME:
        add_error(&text, &exchange->reply, exchange->question.name);
        break;
    case NAMESERVER_UNREACHABLE:
        buf_add_byte(&text, ' ');
        buf_add(&text, exchange->failure);
        break;
    }
    *out = buf_slice(&text);
    return buf_err(&text);
}

static enum yett_err tell_without_address(struct arena *arena,
                                          const struct nameserver *server, slice *out)
{
    struct buf text;

    buf_init(&text, arena, SENTENCE_MAX);
    address_write_server(&text, server, NULL);
    if (slice_eq(server->trouble, SLICE("has no address"))) {
        buf_add_byte(&text, ' ');
        buf_add(&text, server->trouble);
    } else {
        buf_add_text(&text, " could not be looked up: ");
        buf_add(&text, server->trouble);
    }
    *out = buf_slice(&text);
    return buf_err(&text);
}

/* ---- one server -------------------------------------------------------------------- */

static enum yett_err read_reply(struct arena *arena, const struct nameserver *server,
                                const struct exchange *exchange, struct update_rrset *out,
                                slice *why)
{
    struct update_change nothing = {.zone = SLICE_NONE};
    enum nameserver_state state = state_of(exchange, &nothing);

    if (state == NAMESERVER_SHOWS) { /* whatever it is */
        *out = rrset_of(&exchange->reply);
        return YETT_OK;
    }
    enum yett_err err = tell(arena, server, exchange, state, why);
    if (err != YETT_OK) {
        return err;
    }
    return state == NAMESERVER_UNREACHABLE || state == NAMESERVER_FAILS ? YETT_IO
                                                                        : YETT_BAD_SYNTAX;
}

enum yett_err nameserver_read(struct arena *arena,
                              const struct nameserver_options *options,
                              const struct nameserver *server, slice name,
                              struct update_rrset *out, slice *why)
{
    enum yett_err err = YETT_IO;

    if (server->count == 0) {
        err = tell_without_address(arena, server, why);
        return err == YETT_OK ? YETT_IO : err;
    }
    for (size_t i = 0; i < server->count && err == YETT_IO; i++) {
        struct exchange exchange = question_to(&server->addresses[i], name);
        err = exchange_run(arena, options, &exchange, 1);
        if (err == YETT_OK) {
            err = read_reply(arena, server, &exchange, out, why);
        }
    }
    return err;
}

/* ---- all servers ------------------------------------------------------------------- */

/* A server is as bad as the worst of its addresses that answer: whoever asks may come to
 * any. */
static bool is_worse(enum nameserver_state a, enum nameserver_state b)
{
    static const int rank[] = {
        [NAMESERVER_UNREACHABLE] = 0, [NAMESERVER_SHOWS] = 1, [NAMESERVER_LAGS] = 2,
        [NAMESERVER_FAILS] = 3,       [NAMESERVER_LAME] = 4,
    };
    return rank[a] > rank[b];
}

static enum yett_err judge(struct arena *arena, const struct nameserver *server,
                           const struct update_change *change,
                           const struct exchange *exchanges, struct nameserver_view *out)
{
    *out = (struct nameserver_view){.server = server, .state = NAMESERVER_UNREACHABLE};
    if (server->count == 0) {
        return tell_without_address(arena, server, &out->sentence);
    }
    const struct exchange *chosen = &exchanges[0];
    out->state = state_of(chosen, change);
    for (size_t i = 1; i < server->count; i++) {
        enum nameserver_state state = state_of(&exchanges[i], change);
        if (is_worse(state, out->state)) {
            out->state = state;
            chosen = &exchanges[i];
        }
    }
    out->shown = rrset_of(&chosen->reply);
    return tell(arena, server, chosen, out->state, &out->sentence);
}

static size_t count_addresses(const struct nameserver_zone *zone)
{
    size_t count = 0;
    for (size_t i = 0; i < zone->server_count; i++) {
        count += zone->servers[i].count;
    }
    return count;
}

static enum yett_err ask(struct arena *arena, const struct nameserver_options *options,
                         const struct nameserver_zone *zone,
                         const struct update_change *change, struct exchange *list)
{
    size_t count = 0;
    for (size_t i = 0; i < zone->server_count; i++) {
        for (size_t j = 0; j < zone->servers[i].count; j++) {
            list[count++] = question_to(&zone->servers[i].addresses[j], change->name);
        }
    }
    return exchange_run(arena, options, list, count);
}

enum yett_err nameserver_ask_all(struct arena *arena,
                                 const struct nameserver_options *options,
                                 const struct nameserver_zone *zone,
                                 const struct update_change *change,
                                 struct nameserver_views *out)
{
    struct exchange *list = ARENA_ARRAY(arena, count_addresses(zone), struct exchange);
    struct nameserver_view *views =
        ARENA_ARRAY(arena, zone->server_count, struct nameserver_view);
    size_t at = 0;

    if (list == NULL || views == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = ask(arena, options, zone, change, list);
    struct nameserver_views all = {.list = views, .count = zone->server_count};
    for (size_t i = 0; err == YETT_OK && i < zone->server_count; i++) {
        err = judge(arena, &zone->servers[i], change, list + at, &views[i]);
        at += zone->servers[i].count;
        all.showing += views[i].state == NAMESERVER_SHOWS;
    }
    if (err == YETT_OK) {
        *out = all;
    }
    return err;
}

const char *nameserver_state_text(enum nameserver_state state)
{
    switch (state) {
    case NAMESERVER_SHOWS:
        return "showing";
    case NAMESERVER_LAGS:
        return "lagging";
    case NAMESERVER_FAILS:
        return "failing";
    case NAMESERVER_LAME:
        return "lame";
    case NAMESERVER_UNREACHABLE:
        return "unreachable";
    }
    return "unknown";
}
