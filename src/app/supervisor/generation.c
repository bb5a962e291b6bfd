/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/supervisor/inside.h"
#include "app/supervisor/spawn.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * generation: the gateways of one set of settings, and beside each a keeper where something is
 * signed, and an examiner where failed signatures are looked into.
 *
 * It is in force when all of them are ready, and not before: then the one before it is told
 * to leave.  Of one that does not get there nothing remains.
 */

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

/* ---- who is in it ---- */

static_assert((int)WORKER_EXAMINER == (int)WORKER_KINDS - 1, "the last kind");
static_assert((int)SCOREBOARD_SLOTS >= 2 * (int)CONFIG_WORKERS_MAX * (int)WORKER_KINDS,
              "a reload has two generations at work");

static void add_workers(struct generation *generation, enum worker_kind kind)
{
    for (size_t i = 0; i < generation->gateway_count; i++) {
        generation->workers[generation->worker_count++] = (struct worker){
            .generation = generation, .kind = kind, .place = i, .control = -1};
    }
}

static bool make_workers(struct generation *generation)
{
    generation->gateway_count = generation->plan.workers;
    generation->workers =
        calloc(WORKER_KINDS * generation->gateway_count, sizeof(generation->workers[0]));
    if (generation->workers == NULL || !pairs_make(generation)) {
        return false;
    }
    add_workers(generation, WORKER_GATEWAY);
    for (size_t i = 0; i < WORKER_KINDS; i++) {
        if (generation->pairs[i] != NULL) {
            add_workers(generation, (enum worker_kind)i);
        }
    }
    return true;
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
        pairs_close(generation);
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
    pairs_close(generation);
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
    if (!pairs_open(generation)) {
        (void)snprintf(why, sizeof why,
                       "gateways cannot be connected to those beside them: %s",
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

static bool has_gateway(const struct generation *generation)
{
    for (size_t i = 0; i < generation->gateway_count; i++) {
        if (generation->workers[i].pid != 0) {
            return true;
        }
    }
    return false;
}

/* What those beside the gateways still have to do keeps nobody from ending. */
static void limit_companions(struct generation *generation)
{
    int64_t limit_ms = loop_now_ms(generation->supervisor->loop) + COMPANION_LEAVE_MS;
    if (!generation->has_only_companions && !has_gateway(generation)) {
        generation->has_only_companions = true;
        generation->until_ms =
            generation->until_ms < limit_ms ? generation->until_ms : limit_ms;
    }
}

/* Who is beside a gateway is of use for as long as that finishes messages. */
static void release_companions(struct generation *generation)
{
    for (size_t i = generation->gateway_count; i < generation->worker_count; i++) {
        struct worker *worker = &generation->workers[i];
        if (!worker_has_gateway(worker) && !worker->was_told) {
            worker->was_told = true;
            worker_leave(worker);
        }
    }
    limit_companions(generation);
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
        release_companions(generation);
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

/* New listeners come with a new generation, and by itself not more often than this. */
static void heal_listeners(struct generation *generation, int64_t now_ms)
{
    struct supervisor *supervisor = generation->supervisor;
    if (supervisor->stopping || now_ms < supervisor->heal_at_ms) {
        return;
    }
    for (size_t i = 0; i < generation->listener_count; i++) {
        if (!listener_listens(generation->listeners[i])) {
            supervisor->heal_at_ms = now_ms + HEAL_EVERY_MS;
            log_say(
                supervisor->log, LOG_LEVEL_ERROR,
                "%s listens no more, which only a gateway that was taken over can have "
                "done: reloads",
                generation->listeners[i]->address);
            supervisor_reload(supervisor);
            return;
        }
    }
}

void generation_on_tick(struct generation *generation, int64_t now_ms)
{
    if (generation->state == GENERATION_CURRENT) {
        heal_listeners(generation, now_ms);
    }
    if (generation->state == GENERATION_STARTING && now_ms >= generation->until_ms) {
        generation_fail(generation, generation->worker_count > generation->gateway_count
                                        ? "the new gateways, and those beside them, were "
                                          "not ready within 30 seconds"
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
