/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"
#include "core/base/buf.h"

/*
 * tell: what was decided goes into the log, one line a message, and into the counters; what
 * peers do wrong into both.
 */
enum { LINE_MAX_BYTES = 32 * 1024, HOUR_MS = 3600 * 1000 };

void tell_count(struct gateway *gateway, enum scoreboard_counter which, uint64_t more)
{
    scoreboard_count(gateway->board, gateway->options.slot, which, more);
}

/* ---- messages --------------------------------------------------------------------------- */

static void count_dmarc(struct gateway *gateway, const struct verdict *verdict)
{
    static const enum scoreboard_counter counters[] = {
        [DMARC_NONE] = COUNT_DMARC_NONE,
        [DMARC_PASS] = COUNT_DMARC_PASS,
        [DMARC_FAIL] = COUNT_DMARC_FAIL,
        [DMARC_TEMPERROR] = COUNT_DMARC_TEMPERROR,
        [DMARC_PERMERROR] = COUNT_DMARC_PERMERROR,
    };
    if (verdict != NULL && verdict->verified) {
        tell_count(gateway, counters[verdict->dmarc.code], 1);
    }
}

static void count_performed(struct gateway *gateway, const struct event *event)
{
    static const enum scoreboard_counter outcomes[] = {
        [EVENT_ACCEPTED] = COUNT_ACCEPTED,
        [EVENT_HELD] = COUNT_QUARANTINED,
        [EVENT_DEFERRED] = COUNT_DEFERRED,
        [EVENT_REJECTED] = COUNT_REJECTED,
    };
    tell_count(gateway, outcomes[event->outcome], 1);
    if (event->outcome != EVENT_ACCEPTED) {
        return;
    }
    if (event->action.performed == CONFIG_TAG) {
        tell_count(gateway, COUNT_TAGGED, 1);
    } else if (event->action.performed == CONFIG_QUARANTINE) {
        tell_count(gateway, COUNT_QUARANTINED, 1);
    }
}

static void count_event(struct gateway *gateway, const struct event *event)
{
    const struct verdict *verdict = event->verdict;
    tell_count(gateway, COUNT_MESSAGES, 1);
    tell_count(gateway, COUNT_BYTES, event->size_bytes);
    tell_count(gateway, COUNT_FIELDS_REMOVED, event->removed_fields);
    count_performed(gateway, event);
    count_dmarc(gateway, verdict);
    if (event->action.observed && event->action.action != event->action.performed) {
        tell_count(gateway, COUNT_OBSERVED, 1);
    }
    if (verdict != NULL && verdict->source == VERDICT_SOURCE_SUBMISSION) {
        tell_count(gateway, COUNT_SUBMISSIONS, 1);
    }
    if (slice_eq(event->action.rule, SLICE("internal-error"))) {
        tell_count(gateway, COUNT_INTERNAL_ERRORS, 1);
    }
    tell_count(gateway, COUNT_POISONED, event->was_poisoned);
    tell_count(gateway, COUNT_SIGNED,
               event->signing != NULL && event->signing->act == SIGNING_SIGN);
    tell_count(gateway, COUNT_SEALED,
               event->sealing != NULL && event->sealing->act == SEALING_SEAL);
}

void tell_event(struct gateway *gateway, const struct event *event, int64_t elapsed_ms)
{
    struct event whole = *event;
    struct arena_mark mark = arena_mark(gateway->lines);
    struct buf line;
    whole.elapsed_ms = elapsed_ms > 0 ? (unsigned)elapsed_ms : 0;

    buf_init(&line, gateway->lines, LINE_MAX_BYTES);
    switch (log_format(gateway->log)) {
    case CONFIG_LOG_TEXT:
        event_write_line(&line, &whole);
        break;
    case CONFIG_LOG_JSON:
        event_write_json(&line, &whole);
        break;
    }
    if (buf_err(&line) == YETT_OK) {
        log_line(gateway->log, LOG_LEVEL_INFO, buf_slice(&line));
    } else {
        log_say(gateway->log, LOG_LEVEL_WARNING,
                "message %.*s was %s, but there was no memory for its line",
                SLICE_ARG(whole.id), event_outcome_text(whole.outcome));
    }
    arena_rewind(gateway->lines, mark);
    count_event(gateway, &whole);
}

/* ---- peers ------------------------------------------------------------------------------ */

static void end_minute(struct gateway *gateway)
{
    unsigned kept_back =
        role_end_minute(&gateway->complaints, loop_now_ms(gateway->loop));
    if (kept_back > 0) {
        log_say(gateway->log, LOG_LEVEL_WARNING,
                "%u more troubles with mail servers and signatures within a minute",
                kept_back);
    }
}

static bool may_complain(struct gateway *gateway)
{
    end_minute(gateway);
    return role_may_complain(&gateway->complaints);
}

void tell_fault(struct gateway *gateway, slice listener, slice peer, slice why)
{
    if (may_complain(gateway)) {
        log_say(
            gateway->log, LOG_LEVEL_WARNING,
            "the connection of the mail server at %.*s (listener %.*s) was ended: %.*s",
            SLICE_ARG(peer), SLICE_ARG(listener), SLICE_ARG(why));
    }
}

void tell_unsigned(struct gateway *gateway, slice why)
{
    tell_count(gateway, COUNT_SIGNING_FAILED, 1);
    if (may_complain(gateway)) {
        log_say(gateway->log, LOG_LEVEL_WARNING, "a message was not signed: %.*s",
                SLICE_ARG(why));
    }
}

void tell_unexamined(struct gateway *gateway, slice why)
{
    int64_t now_ms = loop_now_ms(gateway->loop);
    tell_count(gateway, COUNT_AUTOPSIES_LEFT, 1);
    if (gateway->unexamined_told_ms == 0 ||
        now_ms - gateway->unexamined_told_ms >= HOUR_MS) {
        gateway->unexamined_told_ms = now_ms;
        log_say(gateway->log, LOG_LEVEL_WARNING,
                "a signature that failed is not looked into, and maybe more within an "
                "hour (yett status counts them): %.*s",
                SLICE_ARG(why));
    }
}

/* Why mail servers wait. */
static void tell_shortage(struct gateway *gateway, const struct milter_statistics *before,
                          const struct milter_statistics *now)
{
    if (now->starved > before->starved && may_complain(gateway)) {
        log_say(
            gateway->log, LOG_LEVEL_WARNING,
            "the system has no descriptor or memory for another connection: mail servers "
            "wait; raise LimitNOFILE= of the service (ulimit -n)");
    }
    if (now->refused > before->refused && may_complain(gateway)) {
        log_say(gateway->log, LOG_LEVEL_WARNING,
                "%u connections were open, as many as limits.connections allows: further "
                "mail servers wait until one ends",
                gateway->config.limits.connections);
    }
}

/* ---- figures ---------------------------------------------------------------------------- */

static void count_more(struct gateway *gateway, enum scoreboard_counter which,
                       uint64_t now, uint64_t told)
{
    if (now > told) {
        tell_count(gateway, which, now - told);
    }
}

static void show(struct gateway *gateway, enum scoreboard_gauge which, uint64_t value)
{
    scoreboard_gauge(gateway->board, gateway->options.slot, which, value);
}

static void tell_server(struct gateway *gateway)
{
    struct milter_statistics now = milter_server_statistics(gateway->server);
    const struct milter_statistics *told = &gateway->told_server;
    count_more(gateway, COUNT_CONNECTIONS, now.accepted, told->accepted);
    count_more(gateway, COUNT_CONNECTIONS_REFUSED, now.refused + now.starved,
               told->refused + told->starved);
    count_more(gateway, COUNT_CONNECTIONS_BROKEN, now.broken, told->broken);
    count_more(gateway, COUNT_CONNECTIONS_TIMED_OUT, now.timed_out, told->timed_out);
    show(gateway, GAUGE_CONNECTIONS, now.connections);
    show(gateway, GAUGE_PENDING_BYTES, now.pending_bytes);
    gateway->told_server = now;
}

static void tell_resolver(struct gateway *gateway)
{
    if (gateway->shares.resolver == NULL) {
        return;
    }
    struct resolver_statistics now = resolver_statistics(gateway->shares.resolver);
    const struct resolver_statistics *told = &gateway->told_resolver;
    count_more(gateway, COUNT_DNS_ASKED, now.asked, told->asked);
    count_more(gateway, COUNT_DNS_CACHED, now.hits, told->hits);
    count_more(gateway, COUNT_DNS_TIMEOUTS, now.timeouts, told->timeouts);
    count_more(gateway, COUNT_DNS_FAILURES, now.failures, told->failures);
    show(gateway, GAUGE_CACHE_ENTRIES, now.entries);
    show(gateway, GAUGE_CACHE_BYTES, now.bytes);
    gateway->told_resolver = now;
}

void tell_figures(struct gateway *gateway)
{
    struct milter_statistics before = gateway->told_server;
    tell_server(gateway);
    tell_shortage(gateway, &before, &gateway->told_server);
    tell_resolver(gateway);
    show(gateway, GAUGE_MESSAGES, gateway->messages);
    uint64_t lost = log_lost(gateway->log);
    count_more(gateway, COUNT_LOG_LOST, lost, gateway->told_log_lost);
    gateway->told_log_lost = lost;
    end_minute(gateway);
}
