/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"
#include "core/base/buf.h"
#include "core/base/utf8.h"

#include <unistd.h>

/* document: the answer to `yett status`, one JSON object (yett-status(1)). */

/* ---- JSON ------------------------------------------------------------------------------- */

static void add_string(struct buf *out, const char *text)
{
    slice rest = slice_from_text(text);
    buf_add_byte(out, '"');
    while (!slice_is_empty(rest)) {
        size_t length = utf8_visible_length(rest);
        if (length == 0) {
            buf_add_text(out, "?");
            length = 1;
        } else {
            if (slice_peek(rest) == '"' || slice_peek(rest) == '\\') {
                buf_add_byte(out, '\\');
            }
            buf_add(out, slice_first(rest, length));
        }
        rest = slice_skip(rest, length);
    }
    buf_add_byte(out, '"');
}

/* Keys are ours.  The first of an object begins with what opens it. */
static void add_key(struct buf *out, const char *before, const char *key)
{
    buf_add_text(out, before);
    buf_add_byte(out, '"');
    buf_add_text(out, key);
    buf_add_text(out, "\":");
}

static void add_text(struct buf *out, const char *before, const char *key,
                     const char *value)
{
    add_key(out, before, key);
    add_string(out, value);
}

static void add_number(struct buf *out, const char *before, const char *key,
                       uint64_t value)
{
    add_key(out, before, key);
    buf_add_uint(out, value);
}

/* ---- its parts -------------------------------------------------------------------------- */

static const char *generation_word(const struct generation *generation)
{
    switch (generation->state) {
    case GENERATION_STARTING:
        return "starting";
    case GENERATION_CURRENT:
        return "current";
    case GENERATION_LEAVING:
        return "leaving";
    }
    return "";
}

static const char *worker_word(const struct worker *worker)
{
    switch (worker->state) {
    case WORKER_DOWN:
        return worker->generation->state == GENERATION_LEAVING ? "gone" : "down";
    case WORKER_STARTING:
        return "starting";
    case WORKER_READY:
        return worker->generation->state == GENERATION_LEAVING ? "leaving" : "ready";
    }
    return "";
}

static size_t count_kind(const struct generation *generation, enum worker_kind kind)
{
    return generation->pairs[kind] == NULL ? 0 : generation->gateway_count;
}

static void add_generation(struct buf *out, const struct generation *generation)
{
    add_number(out, "{", "number", generation->number);
    add_text(out, ",", "state", generation_word(generation));
    add_text(out, ",", "settings", generation->plan.fingerprint);
    add_number(out, ",", "workers", generation->gateway_count);
    add_number(out, ",", "keepers", count_kind(generation, WORKER_KEEPER));
    add_number(out, ",", "examiners", count_kind(generation, WORKER_EXAMINER));
    add_key(out, ",", "listeners");
    buf_add_byte(out, '[');
    for (size_t i = 0; i < generation->listener_count; i++) {
        buf_add_text(out, i == 0 ? "" : ",");
        add_string(out, generation->listeners[i]->address);
    }
    buf_add_text(out, "]}");
}

static void add_worker(struct buf *out, const struct worker *worker, int64_t now_ms)
{
    const struct scoreboard *board = worker->generation->supervisor->board;
    add_number(out, "{", "pid", (uint64_t)worker->pid);
    add_number(out, ",", "generation", worker->generation->number);
    add_text(out, ",", "state", worker_word(worker));
    add_key(out, ",", "heartbeat_ms");
    int64_t beat = worker->pid == 0 ? 0 : scoreboard_heartbeat_ms(board, worker->slot);
    if (beat == 0) {
        buf_add_text(out, "null");
    } else {
        buf_add_uint(out, beat > now_ms ? 0 : (uint64_t)(now_ms - beat));
    }
    buf_add_byte(out, '}');
}

/* All of one kind, as a list. */
static void add_generations(struct buf *out, const struct supervisor *supervisor)
{
    const char *before = "";
    add_key(out, ",", "generations");
    buf_add_byte(out, '[');
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        if (supervisor->generations[i] != NULL) {
            buf_add_text(out, before);
            add_generation(out, supervisor->generations[i]);
            before = ",";
        }
    }
    buf_add_byte(out, ']');
}

static void add_workers(struct buf *out, const struct supervisor *supervisor,
                        const char *name, enum worker_kind kind, int64_t now_ms)
{
    const char *before = "";
    add_key(out, ",", name);
    buf_add_byte(out, '[');
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        const struct generation *generation = supervisor->generations[i];
        for (size_t j = 0; generation != NULL && j < generation->worker_count; j++) {
            if (generation->workers[j].kind == kind) {
                buf_add_text(out, before);
                add_worker(out, &generation->workers[j], now_ms);
                before = ",";
            }
        }
    }
    buf_add_byte(out, ']');
}

static void add_figures(struct buf *out, const struct scoreboard *board)
{
    add_key(out, ",", "counters");
    for (size_t i = 0; i < COUNT_COUNTERS; i++) {
        add_number(out, i == 0 ? "{" : ",", scoreboard_counter_names[i],
                   scoreboard_sum(board, (enum scoreboard_counter)i));
    }
    add_key(out, "},", "gauges");
    for (size_t i = 0; i < GAUGE_GAUGES; i++) {
        add_number(out, i == 0 ? "{" : ",", scoreboard_gauge_names[i],
                   scoreboard_gauge_sum(board, (enum scoreboard_gauge)i));
    }
    buf_add_byte(out, '}');
}

void document_write(const struct supervisor *supervisor, int64_t now_ms, struct buf *out)
{
    const struct generation *current = supervisor_current(supervisor);
    add_number(out, "{", "v", 1);
    add_text(out, ",", "version", YETT_VERSION);
    add_number(out, ",", "pid", (uint64_t)getpid());
    add_number(out, ",", "started", (uint64_t)supervisor->started_s);
    add_number(out, ",", "uptime", (uint64_t)(now_ms - supervisor->started_ms) / 1000);
    add_text(out, ",", "settings", current == NULL ? "" : current->plan.fingerprint);
    add_number(out, ",", "reloads", supervisor->reloads);
    add_number(out, ",", "reloads_failed", supervisor->reloads_failed);
    add_key(out, ",", "reload_error");
    if (supervisor->last_failure[0] == '\0') {
        buf_add_text(out, "null");
    } else {
        add_string(out, supervisor->last_failure);
    }
    add_number(out, ",", "restarts", supervisor->restarts[WORKER_GATEWAY]);
    add_number(out, ",", "keeper_restarts", supervisor->restarts[WORKER_KEEPER]);
    add_number(out, ",", "examiner_restarts", supervisor->restarts[WORKER_EXAMINER]);
    add_number(out, ",", "poisoned_messages", supervisor->poisoned);
    add_generations(out, supervisor);
    add_workers(out, supervisor, "workers", WORKER_GATEWAY, now_ms);
    add_workers(out, supervisor, "keepers", WORKER_KEEPER, now_ms);
    add_workers(out, supervisor, "examiners", WORKER_EXAMINER, now_ms);
    add_figures(out, supervisor->board);
    buf_add_text(out, "}\n");
}
