/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rotation/rotation.h"

/*
 * step: what is to be done next, the most urgent first: keys on their way into service, then
 * new ones when it is time, then those whose time is over.  Nothing where the clock is wrong.
 */

struct looking {
    const struct rotation *rotation;
    const struct rotation_settings *settings;
    const enum rotation_view *views;
    int64_t now_s;
};

static int64_t later(int64_t from_s, int64_t by_s)
{
    return by_s > INT64_MAX - from_s ? INT64_MAX : from_s + by_s;
}

/* Choose the keys of `phase` that are seen as `view`.  False: none is. */
static bool choose(const struct looking *at, enum rotation_phase phase,
                   enum rotation_view view, struct rotation_next *next)
{
    bool any = false;
    for (size_t i = 0; i < at->rotation->count; i++) {
        const struct rotation_key *key = &at->rotation->keys[i];
        next->keys[i] = key->phase == phase && at->views[i] == view &&
                        (phase != ROTATION_RETIRING || key->until_s <= at->now_s);
        any = any || next->keys[i];
    }
    return any;
}

static size_t count_phase(const struct looking *at, enum rotation_phase phase)
{
    size_t count = 0;
    for (size_t i = 0; i < at->rotation->count; i++) {
        count += at->rotation->keys[i].phase == phase ? 1 : 0;
    }
    return count;
}

static struct rotation_next say(struct rotation_next next, enum rotation_step step,
                                const char *reason)
{
    next.step = step;
    next.reason = reason;
    return next;
}

/* Keys from a time that the clock has not reached.  False: none is. */
static bool stop_clock(const struct looking *at, struct rotation_next *next)
{
    bool any = false;
    for (size_t i = 0; i < at->rotation->count; i++) {
        next->keys[i] = rotation_is_later(&at->rotation->keys[i], at->now_s);
        any = any || next->keys[i];
    }
    if (any) {
        *next = say(*next, ROTATION_STOP, "the state is later than the clock");
    }
    return any;
}

/* Of keys that wait for their records. */
static struct rotation_next bring_into_service(const struct looking *at)
{
    struct rotation_next next = {0};
    if (choose(at, ROTATION_PENDING, ROTATION_DIFFERENT, &next)) {
        return say(next, ROTATION_STOP,
                   "another record stands at the name of a new key; nothing is changed");
    }
    if (choose(at, ROTATION_PENDING, ROTATION_ABSENT, &next)) {
        return say(next, ROTATION_PUBLISH, "the record of a new key is not published");
    }
    if (choose(at, ROTATION_PENDING, ROTATION_PARTLY, &next)) {
        return say(next, ROTATION_WAIT,
                   "not every name server shows the record of a new key yet");
    }
    if (choose(at, ROTATION_PENDING, ROTATION_UNKNOWN, &next)) {
        return say(next, ROTATION_WAIT,
                   "not every name server could be asked for the record of a new key");
    }
    (void)choose(at, ROTATION_PENDING, ROTATION_SHOWN, &next);
    return say(next, ROTATION_ACTIVATE, "every name server shows the new records");
}

static bool has_active(const struct looking *at, enum crypto_key_type type)
{
    for (size_t i = 0; i < at->rotation->count; i++) {
        const struct rotation_key *key = &at->rotation->keys[i];
        if (key->phase == ROTATION_ACTIVE && key->type == type) {
            return true;
        }
    }
    return false;
}

/* When the oldest key that signs has signed for long enough. */
static int64_t due_s(const struct looking *at)
{
    int64_t due = INT64_MAX;
    for (size_t i = 0; at->settings->interval_s > 0 && i < at->rotation->count; i++) {
        const struct rotation_key *key = &at->rotation->keys[i];
        int64_t its = later(key->since_s, at->settings->interval_s);
        if (key->phase == ROTATION_ACTIVE && its < due) {
            due = its;
        }
    }
    return due;
}

/* All kinds are made together: those that sign now retire together. */
static struct rotation_next make_keys(const struct looking *at, const char *reason)
{
    struct rotation_next next = {.rsa = at->settings->rsa,
                                 .ed25519 = at->settings->ed25519};
    return say(next, ROTATION_GENERATE, reason);
}

/* Why new keys are needed now, or NULL. */
static const char *why_new(const struct looking *at, bool wanted)
{
    if (wanted) {
        return "new keys were asked for";
    }
    if ((at->settings->rsa && !has_active(at, CRYPTO_RSA)) ||
        (at->settings->ed25519 && !has_active(at, CRYPTO_ED25519))) {
        return "there is no key of a kind that is to sign";
    }
    return due_s(at) <= at->now_s ? "the keys have signed for as long as they should"
                                  : NULL;
}

/* Of keys whose time is over. */
static bool clear_away(const struct looking *at, struct rotation_next *next)
{
    if (choose(at, ROTATION_RETIRING, ROTATION_ABSENT, next)) {
        *next = say(*next, ROTATION_FORGET, "the record of an old key is gone");
        return true;
    }
    if (choose(at, ROTATION_RETIRING, ROTATION_SHOWN, next) ||
        choose(at, ROTATION_RETIRING, ROTATION_PARTLY, next)) {
        *next = say(*next, ROTATION_WITHDRAW,
                    "the last signature of an old key has expired for long");
        return true;
    }
    if (choose(at, ROTATION_RETIRING, ROTATION_DIFFERENT, next)) {
        *next = say(*next, ROTATION_FORGET,
                    "another record has taken the place of an old key's");
        return true;
    }
    if (choose(at, ROTATION_RETIRING, ROTATION_UNKNOWN, next)) {
        *next = say(*next, ROTATION_WAIT,
                    "not every name server could be asked for the record of an old key");
        return true;
    }
    return false;
}

static struct rotation_next rest(const struct looking *at)
{
    struct rotation_next next = {.at_s = due_s(at)};
    for (size_t i = 0; i < at->rotation->count; i++) {
        const struct rotation_key *key = &at->rotation->keys[i];
        if (key->phase == ROTATION_RETIRING && key->until_s < next.at_s) {
            next.at_s = key->until_s;
        }
    }
    return say(next, ROTATION_REST, "nothing is to be done");
}

struct rotation_next rotation_next(const struct rotation *rotation,
                                   const struct rotation_settings *settings,
                                   const enum rotation_view *views, bool wanted,
                                   int64_t now_s)
{
    struct looking at = {
        .rotation = rotation, .settings = settings, .views = views, .now_s = now_s};
    struct rotation_next next = {0};
    if (stop_clock(&at, &next)) {
        return next;
    }
    if (count_phase(&at, ROTATION_PENDING) > 0) {
        return bring_into_service(&at);
    }
    const char *reason = why_new(&at, wanted);
    if (reason != NULL) {
        return make_keys(&at, reason);
    }
    return clear_away(&at, &next) ? next : rest(&at);
}
