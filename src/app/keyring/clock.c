/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/inside.h"
#include "core/base/date.h"

/*
 * clock: when the clock and the state do not agree.
 *
 * A clock that is years behind, as at the start of a host that has no battery for it, would
 * let keys retire in the past, and their records go as soon as it is right; one that is ahead
 * lets them go at once.  So nothing is done while the state is later than the clock, which
 * costs nothing: what signs goes on signing.  And weeks in which nobody looked, which may never
 * have been, do not count for a record that is to go.
 */

enum { DAY_S = 86400 };

static const char *phase_text(enum rotation_phase phase)
{
    switch (phase) {
    case ROTATION_PENDING:
        return "it was made";
    case ROTATION_ACTIVE:
        return "it signs since";
    case ROTATION_RETIRING:
        break;
    }
    return "it retires since";
}

static void add_day(struct buf *buf, int64_t epoch_s)
{
    struct buf iso;
    buf_init(&iso, buf->arena, 64);
    date_write_iso(&iso, epoch_s); /* 2026-11-25T02:35:00Z */
    slice text = buf_slice(&iso);
    buf_add(buf, slice_first(text, slice_find_byte(text, 'T')));
}

static slice fault(struct keyring *ring, const struct rotation_key *key, int64_t now_s)
{
    struct buf text;
    buf_init(&text, ring->arena, 2048);
    buf_add(&text, key->selector);
    buf_printf(&text, ": %s ", phase_text(key->phase));
    add_day(&text, key->since_s);
    buf_add_text(&text, ", says the state of the keys, but the clock of this host says ");
    add_day(&text, now_s);
    buf_add_text(&text,
                 ": one of them is wrong, so nothing is changed, and what signs goes "
                 "on signing.  Set the clock; if it is right, `yett key rotate ");
    buf_add(&text, ring->domain);
    buf_add_text(&text, "` makes new keys and counts from today");
    return buf_err(&text) == YETT_OK ? buf_slice(&text)
                                     : SLICE("the state of the keys is later than the "
                                             "clock of this host");
}

slice keyring_clock_fault(struct keyring *ring, int64_t now_s)
{
    for (size_t i = 0; i < ring->rotation.count; i++) {
        if (rotation_is_later(&ring->rotation.keys[i], now_s)) {
            return fault(ring, &ring->rotation.keys[i], now_s);
        }
    }
    return SLICE_NONE;
}

static void tell_prolonged(struct keyring *ring, const struct rotation_key *key,
                           int64_t seen_s, int64_t now_s,
                           const struct keyring_voice *voice)
{
    struct buf text;
    buf_init(&text, ring->arena, 2048);
    buf_add(&text, key->selector);
    buf_add_text(&text, ": since ");
    add_day(&text, seen_s);
    buf_printf(&text,
               " nobody looked at it, or the clock has jumped by %lld days; so its "
               "record stays until ",
               (long long)((now_s - seen_s) / DAY_S));
    add_day(&text, key->until_s);
    voice_say(voice, KEYRING_WARN, buf_slice(&text));
}

enum yett_err mind_clock(struct keyring *ring, const struct keyring_plan *plan,
                         const struct keyring_voice *voice, slice *why)
{
    bool prolonged[ROTATION_KEYS_MAX];
    struct rotation *rotation = &ring->rotation;
    int64_t seen_s = rotation->seen_s;
    bool changed = false;
    if (plan->by_hand && rotation_set_right(rotation, &plan->settings, plan->now_s)) {
        voice_say(voice, KEYRING_WARN,
                  SLICE("the state of the keys was later than the clock of this host; "
                        "it counts from now on"));
        changed = true;
    }
    if (keyring_clock_fault(ring, plan->now_s).ptr != NULL) {
        return YETT_OK;
    }
    /* Who retires a key, and comes back when its time is over, has looked. */
    changed = rotation_see(rotation, &plan->settings, plan->by_hand && plan->only_retire,
                           plan->now_s, prolonged) ||
              changed;
    for (size_t i = 0; i < rotation->count; i++) {
        if (prolonged[i]) {
            tell_prolonged(ring, &rotation->keys[i], seen_s, plan->now_s, voice);
        }
    }
    return changed ? keyring_save(ring, why) : YETT_OK;
}
