/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/nameserver/exchange.h"

#include <errno.h>
#include <time.h>

/* wait: until every server shows a change. */

enum { FIRST_PAUSE_MS = 1000, LAST_PAUSE_MS = 30000 };

static void sleep_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

static bool goes_on(const struct nameserver_patience *patience,
                    const struct nameserver_views *views, int64_t begin_ms)
{
    int64_t gone_ms = exchange_now_ms() - begin_ms;
    bool is_wanted =
        patience->progress == NULL ||
        patience->progress(patience->context, views, (unsigned)(gone_ms / 1000));
    return is_wanted && views->showing < views->count &&
           gone_ms < (int64_t)patience->seconds * 1000;
}

/* Never past the deadline: the last round is then. */
static void pause_a_while(const struct nameserver_patience *patience, int64_t begin_ms,
                          int64_t *pause_ms)
{
    int64_t left_ms = begin_ms + (int64_t)patience->seconds * 1000 - exchange_now_ms();

    sleep_ms(left_ms < *pause_ms ? (left_ms < 0 ? 0 : left_ms) : *pause_ms);
    if (patience->pause_ms == 0) {
        *pause_ms = *pause_ms * 2 > LAST_PAUSE_MS ? LAST_PAUSE_MS : *pause_ms * 2;
    }
}

enum yett_err nameserver_wait(struct arena *arena,
                              const struct nameserver_options *options,
                              const struct nameserver_zone *zone,
                              const struct update_change *change,
                              const struct nameserver_patience *patience,
                              struct nameserver_views *out)
{
    int64_t begin_ms = exchange_now_ms();
    int64_t pause_ms = patience->pause_ms != 0 ? patience->pause_ms : FIRST_PAUSE_MS;
    struct arena_mark mark = arena_mark(arena);

    for (;;) {
        struct nameserver_views views;
        enum yett_err err = nameserver_ask_all(arena, options, zone, change, &views);
        if (err != YETT_OK) {
            return err;
        }
        if (!goes_on(patience, &views, begin_ms)) {
            *out = views;
            return views.showing == views.count ? YETT_OK : YETT_NOT_FOUND;
        }
        arena_rewind(arena, mark);
        pause_a_while(patience, begin_ms, &pause_ms);
    }
}
