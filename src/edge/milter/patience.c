/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/milter/inside.h"

#include <stdio.h>

/*
 * patience: ends connections that were silent for too long.
 *
 * All that may be idle wait in one line and all that are in the middle of something in
 * another, each in the order of their last move; so a move costs a few pointers, and a tick
 * looks at the front of two lines, however many connections there are.
 */
enum { TICK_MIN_MS = 10, TICK_MAX_MS = 1000, TICKS_PER_TIMEOUT = 8 };

static int64_t tick_ms(const struct milter_server *server)
{
    unsigned shortest = server->options.idle_timeout_ms < server->options.stall_timeout_ms
                            ? server->options.idle_timeout_ms
                            : server->options.stall_timeout_ms;
    if (server->leaving && server->quiet_ms < shortest) {
        shortest = server->quiet_ms;
    }
    int64_t tick = shortest / TICKS_PER_TIMEOUT;
    return tick < TICK_MIN_MS ? TICK_MIN_MS : tick > TICK_MAX_MS ? TICK_MAX_MS : tick;
}

static void start_ticking(struct milter_server *server, int64_t delay_ms)
{
    server->ticking = true;
    loop_timer_start(server->tick, delay_ms);
}

void patience_hurry(struct milter_server *server)
{
    start_ticking(server, 0);
}

/* ---- the lines -------------------------------------------------------------------------- */

void patience_forget(struct milter_connection *connection)
{
    struct line *line = connection->line;
    if (line == NULL) {
        return;
    }
    *(connection->before == NULL ? &line->first : &connection->before->after) =
        connection->after;
    *(connection->after == NULL ? &line->last : &connection->after->before) =
        connection->before;
    connection->before = connection->after = NULL;
    connection->line = NULL;
}

static void join(struct line *line, struct milter_connection *connection)
{
    connection->line = line;
    connection->before = line->last;
    *(line->last == NULL ? &line->first : &line->last->after) = connection;
    line->last = connection;
}

static bool is_in_the_middle(const struct milter_connection *connection)
{
    const struct milter_handler *handler = &connection->server->handler;
    return connection->in != NULL || connection->out != NULL || connection->closing ||
           handler->is_busy(connection->session);
}

void patience_touch(struct milter_connection *connection)
{
    struct milter_server *server = connection->server;
    struct line *line = is_in_the_middle(connection) ? &server->busy : &server->idle;
    connection->active_ms = loop_now_ms(server->loop);
    if (connection->line != line || line->last != connection) {
        patience_forget(connection);
        join(line, connection);
    }
    if (!server->ticking) {
        start_ticking(server, tick_ms(server));
    }
}

/* ---- the tick --------------------------------------------------------------------------- */

static void time_out(struct milter_connection *connection, const char *what,
                     unsigned after_ms, const char *where)
{
    char why[100];
    int len = snprintf(why, sizeof why, "%s for %g s%s", what, after_ms / 1000.0, where);
    connection->server->statistics.timed_out++;
    connection_end(connection, slice_of(why, (size_t)len));
}

static void time_out_stalled(struct milter_connection *connection, unsigned after_ms)
{
    if (connection->out != NULL) {
        time_out(connection, "it took none of our output", after_ms, "");
    } else {
        time_out(connection, "nothing came", after_ms,
                 connection->in != NULL ? " within a packet" : " within a message");
    }
}

static bool is_overdue(const struct milter_connection *connection, int64_t now_ms,
                       unsigned after_ms)
{
    return connection != NULL && now_ms - connection->active_ms >= after_ms;
}

/* The peer may have begun its next message just now. */
static bool has_something_to_read(const struct milter_connection *connection)
{
    char octet;
    return recv(connection->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Who has something to read goes to the end of the line, and is not looked at twice. */
static void end_the_quiet(struct milter_server *server, int64_t now_ms)
{
    struct milter_connection *last = server->idle.last, *connection = NULL;
    while (connection != last &&
           is_overdue(server->idle.first, now_ms, server->quiet_ms)) {
        connection = server->idle.first;
        if (has_something_to_read(connection)) {
            patience_touch(connection);
        } else {
            connection_end(connection, SLICE_NONE);
        }
    }
}

void patience_tick(void *context)
{
    struct milter_server *server = context;
    const struct milter_server_options *options = &server->options;
    int64_t now_ms = loop_now_ms(server->loop);

    while (is_overdue(server->busy.first, now_ms, options->stall_timeout_ms)) {
        time_out_stalled(server->busy.first, options->stall_timeout_ms);
    }
    if (server->leaving) {
        end_the_quiet(server, now_ms);
    }
    while (is_overdue(server->idle.first, now_ms, options->idle_timeout_ms)) {
        time_out(server->idle.first, "idle", options->idle_timeout_ms, "");
    }
    server->most = server->statistics.connections;
    server->ticking = server->statistics.connections > 0;
    if (server->ticking) {
        start_ticking(server, tick_ms(server));
    }
}
