/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"
#include "app/role/role.h"
#include "app/table/table.h"
#include "edge/config/config.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* open: what a gateway needs, in the order in which it can be had, and then the walls. */

enum {
    SETTINGS_BYTES_MAX = 16 * 1024 * 1024, /* they are written by a role of ours */
    LINES_ARENA_BYTES = 2 * 1024 * 1024,   /* the head of a case is the largest */
    PENDING_PER_CONNECTION = 16 * 1024,
    PENDING_MIN = 16 * 1024 * 1024,
    OTHER_DESCRIPTORS = 576 /* of the resolver and the rest */
};

struct opening {
    struct gateway *gateway;
    slice why;
};

static bool fail(struct opening *opening, slice why)
{
    opening->why = why;
    return false;
}

/* ---- settings --------------------------------------------------------------------------- */

/* All workers share the descriptor and with it its position, so none is used. */
static bool read_settings(struct opening *opening, slice *out)
{
    struct stat stat;
    if (fstat(ROLE_SETTINGS, &stat) != 0 || stat.st_size < 0 ||
        stat.st_size > SETTINGS_BYTES_MAX) {
        return fail(opening, SLICE("there are no settings at descriptor 5"));
    }
    size_t size = (size_t)stat.st_size, have = 0;
    char *text = arena_alloc(opening->gateway->arena, size + 1);
    if (text == NULL) {
        return fail(opening, SLICE("out of memory"));
    }
    while (have < size) {
        ssize_t got = pread(ROLE_SETTINGS, text + have, size - have, (off_t)have);
        if (got <= 0) {
            return fail(opening, SLICE("the settings at descriptor 5 cannot be read"));
        }
        have += (size_t)got;
    }
    text[size] = '\0';
    *out = slice_of(text, size);
    return true;
}

static bool open_settings(struct opening *opening)
{
    struct gateway *gateway = opening->gateway;
    slice text;
    if (!read_settings(opening, &text)) {
        return false;
    }
    config_init(&gateway->config);
    if (config_file_parse(gateway->arena, text, "settings", &gateway->config,
                          &opening->why) != YETT_OK) {
        return false;
    }
    if (config_file_set_host_name(gateway->arena, &gateway->config) != YETT_OK) {
        return fail(opening, SLICE("out of memory"));
    }
    if (gateway->config.listener_count != gateway->listeners) {
        return fail(opening, SLICE("the settings name another number of listeners than "
                                   "were handed over"));
    }
    (void)close(ROLE_SETTINGS);
    return true;
}

/* ---- the rest --------------------------------------------------------------------------- */

/* As many descriptors as connections and questions may need; fewer connections where the
   system gives less. */
static bool open_descriptors(struct opening *opening)
{
    struct config_limits *limits = &opening->gateway->config.limits;
    rlim_t needed = (rlim_t)limits->connections + OTHER_DESCRIPTORS;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) {
        return true;
    }
    limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < needed) {
        limits->connections = limit.rlim_cur > 2 * OTHER_DESCRIPTORS
                                  ? (unsigned)(limit.rlim_cur - OTHER_DESCRIPTORS)
                                  : (unsigned)(limit.rlim_cur / 2);
    }
    return true;
}

static void on_complaint(void *context, const char *text)
{
    const struct gateway *gateway = context;
    log_say(gateway->log, LOG_LEVEL_WARNING, "the event loop complains: %s", text);
}

static bool open_log(struct opening *opening)
{
    struct gateway *gateway = opening->gateway;
    unsigned wanted = gateway->config.limits.connections;
    gateway->lines = arena_new(LINES_ARENA_BYTES);
    gateway->log =
        log_new(gateway->config.log_target, gateway->config.log_format, "gateway");
    if (gateway->lines == NULL || gateway->log == NULL) {
        return fail(opening, SLICE("out of memory"));
    }
    loop_on_complaint(on_complaint, gateway);
    (void)open_descriptors(opening);
    if (gateway->config.limits.connections < wanted) {
        log_say(
            gateway->log, LOG_LEVEL_WARNING,
            "limits.connections is %u, but the system allows a process descriptors for "
            "%u only: raise LimitNOFILE= of the service (ulimit -n)",
            wanted, gateway->config.limits.connections);
    }
    return true;
}

static bool open_scoreboard(struct opening *opening)
{
    struct gateway *gateway = opening->gateway;
    gateway->board =
        role_open_scoreboard(gateway->arena, gateway->options.slot, true, &opening->why);
    return gateway->board != NULL;
}

static bool open_shares(struct opening *opening)
{
    struct gateway *gateway = opening->gateway;
    gateway->loop = loop_new();
    if (gateway->loop == NULL) {
        return fail(opening, SLICE("the event loop cannot be started"));
    }
    if (shares_open(gateway->arena, &gateway->config, gateway->zone_path, gateway->loop,
                    &gateway->shares, &opening->why) != YETT_OK) {
        return false;
    }
    return house_open(gateway) ? true : fail(opening, SLICE("out of memory"));
}

/* Where something is signed: which mail with which keys, and the keeper that has them. */
static bool open_signing(struct opening *opening)
{
    struct gateway *gateway = opening->gateway;
    const struct signing_table *table;
    if (!config_signs(&gateway->config)) {
        return true;
    }
    if (table_map(gateway->arena, ROLE_SIGNING, &table, &opening->why) != YETT_OK ||
        signing_house_init(gateway->arena, &gateway->config, table, &gateway->signing,
                           &opening->why) != YETT_OK) {
        return false;
    }
    (void)close(ROLE_SIGNING);
    sealing_house_init(&gateway->config, table, &gateway->sealing);
    gateway->house.signing = &gateway->signing;
    gateway->house.sealing = &gateway->sealing;
    struct keeper_client_options options = {.loop = gateway->loop, .fd = ROLE_KEEPER};
    if (crypto_random(gateway->shares.crypto, &options.first_id,
                      sizeof options.first_id) != YETT_OK) {
        return fail(opening, SLICE("the system gives no random octets"));
    }
    gateway->keeper = keeper_client_new(&options);
    return gateway->keeper != NULL ||
           fail(opening, SLICE("there is no keeper at descriptor 7"));
}

/* A pair that is only written to: what is there is found out with the first text. */
static bool open_examiner(struct opening *opening)
{
    struct gateway *gateway = opening->gateway;
    gateway->has_examiner = gateway->config.dkim.autopsy;
    return !gateway->has_examiner || fcntl(ROLE_EXAMINER, F_GETFD) >= 0 ||
           fail(opening, SLICE("there is no examiner at descriptor 8"));
}

static bool open_server(struct opening *opening)
{
    struct gateway *gateway = opening->gateway;
    const struct config_limits *limits = &gateway->config.limits;
    unsigned patience_ms =
        gateway->config.deadline_ms + 1000; /* it may be us who is slow */
    int listeners[ROLE_LISTENERS_MAX];
    size_t count = gateway->config.listener_count;
    size_t pending = (size_t)limits->connections * PENDING_PER_CONNECTION;
    struct milter_handler handler = session_handler;

    if (count > ROLE_LISTENERS_MAX) {
        return fail(opening, SLICE("more listeners than a gateway can have"));
    }
    for (size_t i = 0; i < count; i++) {
        listeners[i] = ROLE_FIRST_LISTENER + (int)i;
        int flags = fcntl(listeners[i], F_GETFL);
        if (flags < 0 || fcntl(listeners[i], F_SETFL, flags | O_NONBLOCK) != 0) {
            return fail(opening, SLICE("a listener was not handed over"));
        }
    }
    struct milter_server_options options = {
        .listeners = listeners,
        .listener_count = count,
        .connections_max = limits->connections,
        .pending_bytes_max = pending > PENDING_MIN ? pending : PENDING_MIN,
        .packet_bytes_max = MILTER_PACKET_MAX + MILTER_HEAD,
        .idle_timeout_ms = limits->idle_timeout_ms,
        .stall_timeout_ms = limits->stall_timeout_ms > patience_ms
                                ? limits->stall_timeout_ms
                                : patience_ms,
    };
    handler.context = gateway;
    gateway->server = milter_server_new(gateway->loop, &options, &handler);
    return gateway->server != NULL ? true : fail(opening, SLICE("out of memory"));
}

/* ---- the walls -------------------------------------------------------------------------- */

static bool build_walls(struct opening *opening)
{
    struct gateway *gateway = opening->gateway;
    return role_lock_in(gateway->arena, SANDBOX_GATEWAY, &gateway->options.user,
                        gateway->options.sandbox, gateway->log, &opening->why);
}

bool gateway_open(void *context, slice *why)
{
    struct gateway *gateway = context;
    static bool (*const steps[])(struct opening *) = {
        open_settings, open_scoreboard, open_log,    open_shares,
        open_signing,  open_examiner,   open_server, build_walls};
    struct opening opening = {.gateway = gateway};
    gateway->arena = arena_new(CONFIG_FILE_ARENA_BYTES + ((size_t)512 << 20));
    if (gateway->arena == NULL) {
        *why = SLICE("out of memory");
        return false;
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (!steps[i](&opening)) {
            *why = opening.why;
            return false;
        }
    }
    return true;
}

void gateway_close(void *context)
{
    struct gateway *gateway = context;
    milter_server_free(gateway->server);
    keeper_client_free(gateway->keeper);
    house_close(gateway);
    shares_close(&gateway->shares);
    scoreboard_close(gateway->board);
    loop_on_complaint(NULL, NULL);
    log_free(gateway->log);
    loop_timer_free(gateway->second);
    loop_timer_free(gateway->deadline);
    loop_timer_free(gateway->leave_limit);
    loop_watch_free(gateway->control);
    loop_free(gateway->loop);
    arena_free(gateway->lines);
    arena_free(gateway->arena);
}
