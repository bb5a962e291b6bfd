/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/gateway.h"
#include "app/gateway/inside.h"
#include "app/role/role.h"

#include <malloc.h>

/* worker: the life of a gateway, from its command line to its exit status. */

enum {
    HEARTBEAT_MS = 1000,
    MANY_MESSAGES = 32,
    /* Without a supervisor nobody counts or replaces us: what is in work, and no more. */
    ORPHAN_LEAVE_MS = 30 * 1000,
    /* A client that is between two messages may begin the next within this time; when others
       take over (a reload) it has longer, as nobody waits for our end. */
    QUIET_MS = 3000,
    QUIET_RELOAD_MS = 30 * 1000,
    QUIET_PART = 10, /* … but no more than this part of the time that we have */
};

/* ---- leaving ---------------------------------------------------------------------------- */

static void on_left(void *context)
{
    struct gateway *gateway = context;
    gateway->left = true;
}

static void on_leave_limit(void *context)
{
    struct gateway *gateway = context;
    log_say(gateway->log, LOG_LEVEL_WARNING,
            "leaves with %zu messages unfinished; their senders will try again",
            gateway->messages);
    gateway->left = true;
}

/* Told again, the shorter time counts: a stop may follow a reload. */
static void leave(struct gateway *gateway, unsigned within_ms, unsigned quiet_ms)
{
    int64_t due_ms = loop_now_ms(gateway->loop) + within_ms;
    if (gateway->leaving && due_ms >= gateway->leave_due_ms) {
        return;
    }
    gateway->leaving = true;
    gateway->leave_due_ms = due_ms;
    milter_server_leave(gateway->server, quiet_ms, on_left, gateway);
    loop_timer_start(gateway->leave_limit, within_ms);
}

/* ---- the supervisor --------------------------------------------------------------------- */

static void obey(struct gateway *gateway, const struct role_message *message)
{
    if (message->kind != ROLE_LEAVE) {
        return; /* nothing else is for us */
    }
    bool others_take_over = slice_eq(slice_from_text(message->text), SLICE("reload"));
    unsigned most_ms = others_take_over ? QUIET_RELOAD_MS : QUIET_MS;
    unsigned quiet_ms = message->deadline_ms / QUIET_PART;
    leave(gateway, message->deadline_ms, quiet_ms < most_ms ? quiet_ms : most_ms);
    role_say(ROLE_CONTROL, ROLE_LEAVING, SLICE_NONE);
}

static void on_control(void *context, bool readable, bool writable)
{
    struct gateway *gateway = context;
    struct role_message message;
    enum yett_err err;
    (void)readable;
    (void)writable;
    while ((err = role_receive(ROLE_CONTROL, &message)) == YETT_OK ||
           err == YETT_BAD_SYNTAX) {
        if (err == YETT_OK) {
            obey(gateway, &message);
        }
    }
    if (err == YETT_NEED_ANSWERS) {
        return;
    }
    loop_watch_free(gateway->control);
    gateway->control = NULL;
    log_say(gateway->log, LOG_LEVEL_WARNING,
            "the supervisor is gone: leaves after the messages in work");
    unsigned within_ms = gateway->config.limits.shutdown_timeout_ms;
    leave(gateway, within_ms < ORPHAN_LEAVE_MS ? within_ms : ORPHAN_LEAVE_MS, 0);
}

/* ---- the loop --------------------------------------------------------------------------- */

/* What many messages at once took lies between what stays, so that the C library keeps it;
   once they are gone it goes back to the system. */
static void give_memory_back(struct gateway *gateway)
{
    if (gateway->messages_peak >= MANY_MESSAGES &&
        gateway->messages < gateway->messages_peak / 4) {
        gateway->messages_peak = 0;
        (void)malloc_trim(0);
    }
}

static void on_second(void *context)
{
    struct gateway *gateway = context;
    give_memory_back(gateway);
    scoreboard_beat(gateway->board, gateway->options.slot, loop_now_ms(gateway->loop));
    tell_figures(gateway);
    loop_timer_start(gateway->second, HEARTBEAT_MS);
}

static bool start(void *context)
{
    struct gateway *gateway = context;
    gateway->second = loop_timer_new(gateway->loop, on_second, gateway);
    gateway->deadline = loop_timer_new(gateway->loop, session_on_deadline, gateway);
    gateway->leave_limit = loop_timer_new(gateway->loop, on_leave_limit, gateway);
    gateway->control = loop_watch_new(gateway->loop, ROLE_CONTROL, on_control, gateway);
    if (gateway->second == NULL || gateway->deadline == NULL ||
        gateway->leave_limit == NULL || gateway->control == NULL ||
        !loop_watch_set(gateway->control, true, false)) {
        return false;
    }
    on_second(gateway);
    return true;
}

static void work(void *context)
{
    struct gateway *gateway = context;
    while (!gateway->left) {
        loop_run_once(gateway->loop);
        log_flush(gateway->log);
    }
    tell_figures(gateway);
    log_flush(gateway->log);
}

/* ---- life ------------------------------------------------------------------------------- */

int gateway_main(int argc, char **argv)
{
    static const struct role_life life = {.size = sizeof(struct gateway),
                                          .read = gateway_read_options,
                                          .open = gateway_open,
                                          .start = start,
                                          .work = work,
                                          .close = gateway_close};
    return role_live(&life, argc, argv);
}
