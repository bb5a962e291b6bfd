/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_LOOP_LOOP_H
#define YETT_EDGE_LOOP_LOOP_H

#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * loop: the event loop of one process (libevent).  The only folder that includes event2
 * headers; others that must hand an event_base to a library get it as an opaque pointer.
 */
struct event_base;
struct loop;
struct loop_timer;

YETT_MUST_USE
struct loop *loop_new(void);
void loop_free(struct loop *loop);
struct event_base *loop_base(struct loop *loop);

/*
 * What libevent itself has to complain about, in this process, goes to `say` from now on, a
 * line without its end; as long as nothing is set, or with NULL, to standard error.
 */
void loop_on_complaint(void (*say)(void *context, const char *text), void *context);

int64_t loop_now_ms(const struct loop *loop); /* monotonic */

/* Run until loop_stop(), or until nothing is left to wait for. */
void loop_run(struct loop *loop);

/* Wait for and handle one batch of events. */
void loop_run_once(struct loop *loop);
void loop_stop(struct loop *loop);

/* Calls back once after `delay_ms`.  Free it before or after; the callback does not. */
YETT_MUST_USE
struct loop_timer *loop_timer_new(struct loop *loop, void (*fire)(void *context),
                                  void *context);
void loop_timer_start(struct loop_timer *timer, int64_t delay_ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

/*
 * A descriptor that is waited for.  `ready` is called when it can be read or written, as far
 * as that is wanted; it may change what is wanted, and free the watch.  The descriptor
 * stays the caller's, and open until the watch is freed.
 */
struct loop_watch;

YETT_MUST_USE
struct loop_watch *loop_watch_new(struct loop *loop, int fd,
                                  void (*ready)(void *context, bool readable,
                                                bool writable),
                                  void *context);
/* Nothing is wanted at first.  False when the system refuses. */
YETT_MUST_USE
bool loop_watch_set(struct loop_watch *watch, bool readable, bool writable);
void loop_watch_free(struct loop_watch *watch);

#endif
