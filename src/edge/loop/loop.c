/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/loop/loop.h"

#include <stdlib.h>
#include <time.h>

#include <event2/event.h>

struct loop {
    struct event_base *base;
};

struct loop_timer {
    struct event *event;
    void (*fire)(void *context);
    void *context;
};

struct loop_watch {
    struct event *read, *write;
    bool reading, writing;
    void (*ready)(void *context, bool readable, bool writable);
    void *context;
};

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (loop == NULL) {
        return NULL;
    }
    loop->base = event_base_new();
    if (loop->base == NULL) {
        free(loop);
        return NULL;
    }
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    event_base_free(loop->base);
    free(loop);
}

/* Of the process, as libevent's own is. */
static struct {
    void (*say)(void *context, const char *text);
    void *context;
} complaints;

static void complain(int severity, const char *text)
{
    if (severity != EVENT_LOG_DEBUG && complaints.say != NULL) {
        complaints.say(complaints.context, text);
    }
}

void loop_on_complaint(void (*say)(void *context, const char *text), void *context)
{
    complaints.say = say;
    complaints.context = context;
    event_set_log_callback(say != NULL ? complain : NULL);
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

/* Not libevent's cached time: that of the last wake-up may be long ago in a busy loop. */
int64_t loop_now_ms(const struct loop *loop)
{
    (void)loop;
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void loop_run(struct loop *loop)
{
    (void)event_base_loop(loop->base, 0);
}

void loop_run_once(struct loop *loop)
{
    (void)event_base_loop(loop->base, EVLOOP_ONCE);
}

void loop_stop(struct loop *loop)
{
    (void)event_base_loopbreak(loop->base);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct loop_timer *timer = context;
    (void)fd;
    (void)what;
    timer->fire(timer->context); /* may free the timer */
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*fire)(void *context),
                                  void *context)
{
    struct loop_timer *timer = calloc(1, sizeof(*timer));
    if (timer == NULL) {
        return NULL;
    }
    timer->fire = fire;
    timer->context = context;
    timer->event = evtimer_new(loop->base, on_timer, timer);
    if (timer->event == NULL) {
        free(timer);
        return NULL;
    }
    return timer;
}

void loop_timer_start(struct loop_timer *timer, int64_t delay_ms)
{
    if (delay_ms < 0) {
        delay_ms = 0;
    }
    struct timeval delay = {
        .tv_sec = (time_t)(delay_ms / 1000),
        .tv_usec = (suseconds_t)(delay_ms % 1000 * 1000),
    };
    (void)evtimer_add(timer->event, &delay);
}

void loop_timer_stop(struct loop_timer *timer)
{
    (void)evtimer_del(timer->event);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer == NULL) {
        return;
    }
    event_free(timer->event);
    free(timer);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct loop_watch *watch = context;
    (void)fd;
    (void)what;
    watch->ready(watch->context, true, false); /* may free the watch */
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    struct loop_watch *watch = context;
    (void)fd;
    (void)what;
    watch->ready(watch->context, false, true); /* may free the watch */
}

struct loop_watch *loop_watch_new(struct loop *loop, int fd,
                                  void (*ready)(void *context, bool readable,
                                                bool writable),
                                  void *context)
{
    struct loop_watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        return NULL;
    }
    watch->ready = ready;
    watch->context = context;
    watch->read = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_readable, watch);
    watch->write = event_new(loop->base, fd, EV_WRITE | EV_PERSIST, on_writable, watch);
    if (watch->read == NULL || watch->write == NULL) {
        loop_watch_free(watch);
        return NULL;
    }
    return watch;
}

static bool want(struct event *event, bool *is_wanted, bool wanted)
{
    if (*is_wanted == wanted) {
        return true;
    }
    if ((wanted ? event_add(event, NULL) : event_del(event)) != 0) {
        return false;
    }
    *is_wanted = wanted;
    return true;
}

bool loop_watch_set(struct loop_watch *watch, bool readable, bool writable)
{
    bool read_set = want(watch->read, &watch->reading, readable);
    bool write_set = want(watch->write, &watch->writing, writable);
    return read_set && write_set;
}

void loop_watch_free(struct loop_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (watch->read != NULL) {
        event_free(watch->read);
    }
    if (watch->write != NULL) {
        event_free(watch->write);
    }
    free(watch);
}
