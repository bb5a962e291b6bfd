/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"
#include "app/supervisor/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * generation: the gateways of one set of settings, and a keeper for each where something is
 * signed.
 *
 * It is in force when all of them are ready, and not before: then the one before it is told
 * to leave.  Of one that does not get there nothing remains.
 *
 * A gateway and its keeper are connected by a pair whose ends are held here as well: who dies
 * is started again with the same end, and the other one notices nothing but a pause.
 */

enum { PAIR_BYTES = 256 * 1024 };

/* ---- beginning -------------------------------------------------------------------------- */

static struct generation **find_place(struct supervisor *supervisor)
{
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        if (supervisor->generations[i] == NULL) {
            return &supervisor->generations[i];
        }
    }
    return NULL;
}

static bool take_listeners(struct generation *generation, size_t count, char *why,
                           size_t why_size)
{
    struct listeners *listeners = &generation->supervisor->listeners;
    for (size_t i = 0; i < count; i++) {
        generation->listeners[i] =
            listeners_take(listeners, &generation->wanted[i], why, why_size);
        if (generation->listeners[i] == NULL) {
            return false;
        }
        generation->listener_count++;
    }
    const struct listener *unclaimed =
        listeners_unclaimed(listeners, generation->listeners, generation->listener_count);
    if (unclaimed != NULL) {
        (void)snprintf(why, why_size,
                       "systemd handed over %s, and no listen block has that address: "
                       "make the socket unit and the settings agree",
                       unclaimed->address);
        return false;
    }
    return true;
}

static void release_listeners(struct generation *generation)
{
    for (size_t i = 0; i < generation->listener_count; i++) {
        listener_release(generation->listeners[i]);
    }
    generation->listener_count = 0;
}

/* ---- gateways and keepers ---- */

/* Room in each direction for the largest request: what the system gives by default may do,
   but need not. */
static bool open_pair(int pair[2])
{
    int bytes = PAIR_BYTES;
    if (!spawn_pair(&pair[0], &pair[1])) {
        return false;
    }
    (void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    return true;
}

static bool open_pairs(struct generation *generation)
{
    for (size_t i = 0; generation->pairs != NULL && i < generation->gateway_count; i++) {
        if (!open_pair(generation->pairs[i])) {
            return false;
        }
    }
    return true;
}

static void close_pairs(struct generation *generation)
{
    for (size_t i = 0; generation->pairs != NULL && i < generation->gateway_count; i++) {
        for (int end = 0; end < 2; end++) {
            if (generation->pairs[i][end] >= 0) {
                (void)close(generation->pairs[i][end]);
            }
        }
    }
    free(generation->pairs);
    generation->pairs = NULL;
}

static bool make_workers(struct generation *generation)
{
    size_t gateways = generation->plan.workers;
    size_t count = generation->plan.signs != 0 ? 2 * gateways : gateways;
    generation->workers = calloc(count, sizeof(generation->workers[0]));
    if (generation->workers == NULL) {
        return false;
    }
    generation->worker_count = count;
    generation->gateway_count = gateways;
    for (size_t i = 0; i < count; i++) {
        generation->workers[i] =
            (struct worker){.generation = generation,
                            .kind = i < gateways ? WORKER_GATEWAY : WORKER_KEEPER,
                            .place = i % gateways,
                            .control = -1};
    }
    if (generation->plan.signs == 0) {
        return true;
    }
    generation->pairs = calloc(gateways, sizeof(generation->pairs[0]));
    for (size_t i = 0; generation->pairs != NULL && i < gateways; i++) {
        generation->pairs[i][0] = generation->pairs[i][1] = -1;
    }
    return generation->pairs != NULL;
}

static struct generation *make(struct supervisor *supervisor,
                               const struct role_plan *plan,
                               const struct role_listener *listeners, size_t count)
{
    struct generation *generation = calloc(1, sizeof(*generation));
    if (generation == NULL) {
        return NULL;
    }
    generation->supervisor = supervisor;
    generation->number = ++supervisor->last_number;
    generation->plan = *plan;
    generation->settings = generation->signing = -1;
    memcpy(generation->wanted, listeners, count * sizeof(listeners[0]));
    if (!make_workers(generation)) {
        free(generation->workers);
        free(generation);
        return NULL;
    }
    return generation;
}

void generation_free(struct generation *generation)
{
    if (generation == NULL) {
        return;
    }
    for (size_t i = 0; i < generation->worker_count; i++) {
        worker_forget(&generation->workers[i]);
    }
    release_listeners(generation);
    close_pairs(generation);
    (void)close(generation->settings);
    if (generation->signing >= 0) {
        (void)close(generation->signing);
    }
    free(generation->workers);
    free(generation);
}

static void start_workers(struct generation *generation)
{
    int64_t now_ms = loop_now_ms(generation->supervisor->loop);
    generation->until_ms = now_ms + READY_LIMIT_MS;
    for (size_t i = 0; i < generation->worker_count; i++) {
        struct worker *worker = &generation->workers[i];
        worker_start(worker, now_ms);
        if (worker->state == WORKER_DOWN) {
            return; /* generation_look() finds it */
        }
    }
}

void generation_begin(struct supervisor *supervisor, const struct role_plan *plan,
                      const struct role_listener *listeners, size_t listener_count,
                      int settings, int signing)
{
    char why[2 * ROLE_TEXT_MAX] = "";
    struct generation **place = find_place(supervisor);
    struct generation *generation =
        place == NULL ? NULL : make(supervisor, plan, listeners, listener_count);
    if (generation == NULL) {
        (void)close(settings);
        (void)close(signing);
        supervisor_refuse(supervisor, EXIT_FAILED, "out of memory");
        return;
    }
    generation->settings = settings;
    if (plan->signs != 0) {
        generation->signing = signing;
    } else {
        (void)close(signing);
    }
    if (!open_pairs(generation)) {
        (void)snprintf(why, sizeof why, "gateways cannot be connected to keepers: %s",
                       strerror(errno));
        generation_free(generation);
        supervisor_refuse(supervisor, EXIT_FAILED, why);
        return;
    }
    if (!take_listeners(generation, listener_count, why, sizeof why)) {
        generation_free(generation);
        supervisor_refuse(supervisor, EXIT_FAILED, why);
        return;
    }
    *place = generation;
    start_workers(generation);
    generation_look(generation);
}

/* ---- ending ----------------------------------------------------------------------------- */

void generation_leave(struct generation *generation)
{
    if (generation->state == GENERATION_LEAVING) {
        return;
    }
    generation->state = GENERATION_LEAVING;
    generation->until_ms = loop_now_ms(generation->supervisor->loop) +
                           generation->plan.shutdown_ms + LEAVE_GRACE_MS;
    for (size_t i = 0; i < generation->gateway_count; i++) {
        worker_leave(&generation->workers[i]);
    }
    release_listeners(generation);
    generation_look(generation);
}

void generation_kill(struct generation *generation)
{
    generation->state = GENERATION_LEAVING;
    generation->was_killed = true;
    for (size_t i = 0; i < generation->worker_count; i++) {
        worker_kill(&generation->workers[i]);
    }
    release_listeners(generation);
    generation_look(generation);
}

static void forget(struct generation *generation)
{
    struct supervisor *supervisor = generation->supervisor;
    for (size_t i = 0; i < GENERATIONS_MAX; i++) {
        if (supervisor->generations[i] == generation) {
            supervisor->generations[i] = NULL;
        }
    }
    generation_free(generation);
    supervisor_look_around(supervisor);
}

static size_t count_in(const struct generation *generation, enum worker_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < generation->worker_count; i++) {
        count += generation->workers[i].state == state;
    }
    return count;
}

/* ---- in between ------------------------------------------------------------------------- */

/* It did not get ready: end it, and say why. */
static void generation_fail(struct generation *generation, const char *why)
{
    generation->state = GENERATION_LEAVING;
    supervisor_refuse(generation->supervisor, EXIT_FAILED, why);
    generation_kill(generation);
}

static void look_at_start(struct generation *generation)
{
    for (size_t i = 0; i < generation->worker_count; i++) {
        const struct worker *worker = &generation->workers[i];
        if (worker->failure[0] != '\0') {
            generation_fail(generation, worker->failure);
            return;
        }
    }
    if (count_in(generation, WORKER_READY) == generation->worker_count) {
        generation->state = GENERATION_CURRENT;
        supervisor_settled(generation->supervisor, generation);
    }
}

/* A keeper is of use for as long as its gateway finishes messages. */
static void release_keepers(struct generation *generation)
{
    for (size_t i = generation->gateway_count; i < generation->worker_count; i++) {
        struct worker *keeper = &generation->workers[i];
        if (!worker_has_gateway(keeper) && !keeper->was_told) {
            keeper->was_told = true;
            worker_leave(keeper);
        }
    }
}

void generation_look(struct generation *generation)
{
    switch (generation->state) {
    case GENERATION_STARTING:
        look_at_start(generation);
        return;
    case GENERATION_CURRENT:
        return;
    case GENERATION_LEAVING:
        release_keepers(generation);
        if (count_in(generation, WORKER_DOWN) == generation->worker_count) {
            forget(generation);
        }
        return;
    }
}

static void kill_late(struct generation *generation)
{
    for (size_t i = 0; i < generation->worker_count; i++) {
        struct worker *worker = &generation->workers[i];
        if (worker->pid != 0) {
            worker->killed = KILLED_LATE;
            worker_kill(worker);
        }
    }
}

void generation_on_tick(struct generation *generation, int64_t now_ms)
{
    if (generation->state == GENERATION_STARTING && now_ms >= generation->until_ms) {
        generation_fail(generation, generation->plan.signs != 0
                                        ? "the new gateways and keepers were not ready "
                                          "within 30 seconds"
                                        : "the new gateways were not ready within 30 "
                                          "seconds");
        return;
    }
    if (generation->state == GENERATION_LEAVING && now_ms >= generation->until_ms) {
        kill_late(generation);
    }
    for (size_t i = 0; i < generation->worker_count; i++) {
        watch_on_tick(&generation->workers[i], now_ms);
    }
}
