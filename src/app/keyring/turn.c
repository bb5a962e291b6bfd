/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/inside.h"

/*
 * turn: what core/rotation says is next is done, until there is nothing left that can be done
 * now.  Whatever happens in between, the state on the disk says what was finished.
 */

enum { STEPS_MAX = 4 * ROTATION_KEYS_MAX };

struct turn {
    struct keyring *ring;
    const struct keyring_plan *plan;
    const struct keyring_dns *dns;
    const struct keyring_voice *voice;
    struct keyring_turned *out;
    slice *why;
    bool wanted;
    bool is_later; /* the state than the clock: nothing is to be done */
    bool has_published, has_withdrawn, has_waited; /* in this turn */
    enum rotation_view views[ROTATION_KEYS_MAX];
};

static enum yett_err end(struct turn *turn, enum keyring_end how)
{
    turn->out->end = how;
    return YETT_OK;
}

static void say(struct turn *turn, enum keyring_tone tone, const char *text)
{
    voice_say(turn->voice, tone, slice_from_text(text));
}

/* ---- what there is ----------------------------------------------------------------------- */

static struct keyring_key *key_at(struct turn *turn, size_t index)
{
    return keyring_find(turn->ring, turn->ring->rotation.keys[index].selector);
}

/* Is there anything to decide for which its record matters? */
static bool must_look(const struct turn *turn, const struct rotation_key *key)
{
    if (turn->is_later) {
        return false;
    }
    switch (key->phase) {
    case ROTATION_PENDING:
        return !turn->plan->only_retire;
    case ROTATION_ACTIVE:
        return false;
    case ROTATION_RETIRING:
        return key->until_s <= turn->plan->now_s;
    }
    return false;
}

/* A key without its file can neither sign nor be compared. */
static enum yett_err look_without_file(struct turn *turn,
                                       const struct rotation_key *state,
                                       const struct keyring_key *key,
                                       enum rotation_view *out)
{
    if (state->phase == ROTATION_RETIRING) {
        *out = ROTATION_ABSENT;
        voice_say(turn->voice, KEYRING_WARN,
                  arena_printf(turn->ring->arena,
                               "the file of %.*s is gone: if its record still stands in "
                               "DNS, take it out yourself",
                               SLICE_ARG(shown_name(turn->ring, key))));
        return YETT_OK;
    }
    *turn->why = key->trouble;
    return YETT_BAD_SYNTAX;
}

static enum yett_err look_at_all(struct turn *turn)
{
    enum yett_err err = YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < turn->ring->rotation.count; i++) {
        const struct rotation_key *state = &turn->ring->rotation.keys[i];
        const struct keyring_key *key = key_at(turn, i);
        turn->views[i] = ROTATION_UNKNOWN;
        if (!must_look(turn, state)) {
            continue;
        }
        err = key->is_usable ? keyring_look(turn->ring, key, turn->dns, NULL,
                                            &turn->views[i], turn->why)
                             : look_without_file(turn, state, key, &turn->views[i]);
    }
    return err;
}

/* Only those that retire, where nothing else is to be done, and if the clock is right. */
static struct rotation_next next_to_retire(struct turn *turn)
{
    struct rotation part = {0};
    struct rotation_settings none = turn->plan->settings;
    enum rotation_view views[ROTATION_KEYS_MAX];
    size_t whole[ROTATION_KEYS_MAX];
    none.rsa = none.ed25519 = false;
    none.interval_s = 0;
    for (size_t i = 0; i < turn->ring->rotation.count; i++) {
        const struct rotation_key *key = &turn->ring->rotation.keys[i];
        if (key->phase == ROTATION_RETIRING ||
            rotation_is_later(key, turn->plan->now_s)) {
            whole[part.count] = i;
            views[part.count] = turn->views[i];
            part.keys[part.count++] = *key;
        }
    }
    struct rotation_next found =
        rotation_next(&part, &none, views, false, turn->plan->now_s);
    struct rotation_next next = found;
    for (size_t i = 0; i < ROTATION_KEYS_MAX; i++) {
        next.keys[i] = false;
    }
    for (size_t i = 0; i < part.count; i++) {
        next.keys[whole[i]] = found.keys[i];
    }
    return next;
}

static struct rotation_next find_next(struct turn *turn)
{
    return turn->plan->only_retire
               ? next_to_retire(turn)
               : rotation_next(&turn->ring->rotation, &turn->plan->settings, turn->views,
                               turn->wanted, turn->plan->now_s);
}

/* ---- steps -------------------------------------------------------------------------------- */

static enum yett_err make(struct turn *turn, enum crypto_key_type type)
{
    struct keyring_key *key;
    tell_unknown(turn->ring, turn->plan, type, turn->voice);
    enum yett_err err = keyring_generate(turn->ring, SLICE_NONE, type, turn->plan->bits,
                                         turn->plan->now_s, &key, turn->why);
    if (err == YETT_OK) {
        slice name = shown_name(turn->ring, key);
        voice_say(
            turn->voice, KEYRING_GOOD,
            type == CRYPTO_RSA
                ? arena_printf(turn->ring->arena, "made %.*s, RSA with %u bits",
                               SLICE_ARG(name), key->bits)
                : arena_printf(turn->ring->arena, "made %.*s, Ed25519", SLICE_ARG(name)));
    }
    return err;
}

static enum yett_err generate(struct turn *turn, const struct rotation_next *next)
{
    enum yett_err err = next->rsa ? make(turn, CRYPTO_RSA) : YETT_OK;
    turn->wanted = false;
    return err == YETT_OK && next->ed25519 ? make(turn, CRYPTO_ED25519) : err;
}

static void show_records(struct turn *turn, const struct rotation_next *next,
                         bool is_wanted)
{
    for (size_t i = 0; i < turn->ring->rotation.count; i++) {
        const struct keyring_key *key = key_at(turn, i);
        if (next->keys[i] && turn->voice != NULL && turn->voice->show_record != NULL) {
            turn->voice->show_record(turn->voice->context, shown_name(turn->ring, key),
                                     key->record, is_wanted);
        }
    }
}

static enum yett_err change_records(struct turn *turn, const struct rotation_next *next,
                                    bool is_wanted)
{
    enum yett_err err = YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < turn->ring->rotation.count; i++) {
        bool changed;
        if (next->keys[i]) {
            err = keyring_change(turn->ring, key_at(turn, i), is_wanted, turn->dns,
                                 turn->voice, &changed, turn->why);
        }
    }
    return err;
}

/* Name the servers that keep us waiting, and wait as long as we may. */
static enum yett_err wait_for(struct turn *turn, const struct rotation_next *next,
                              bool is_wanted)
{
    struct keyring_dns rest = *turn->dns;
    enum yett_err err = YETT_OK;
    if (turn->has_waited) {
        return end(turn, KEYRING_WAITS);
    }
    turn->has_waited = true;
    for (size_t i = 0; err == YETT_OK && i < turn->ring->rotation.count; i++) {
        enum rotation_view view;
        if (!next->keys[i]) {
            continue;
        }
        const struct keyring_key *key = key_at(turn, i);
        if (!key->is_usable) {
            continue;
        }
        voice_say(turn->voice, KEYRING_NOTE,
                  arena_printf(turn->ring->arena, "waiting for %.*s",
                               SLICE_ARG(shown_name(turn->ring, key))));
        err = keyring_wait(turn->ring, key, is_wanted, &rest, turn->voice, &view,
                           turn->why);
        if (err == YETT_OK && view != (is_wanted ? ROTATION_SHOWN : ROTATION_ABSENT)) {
            rest.wait_s = 0; /* the time is over; of the others only where they are */
        }
    }
    turn->out->end = KEYRING_WAITS;
    return err;
}

static enum yett_err by_hand(struct turn *turn, const struct rotation_next *next,
                             bool is_wanted)
{
    say(turn, KEYRING_WARN,
        is_wanted
            ? "there is no key for dynamic updates, so publish this yourself:"
            : "there is no key for dynamic updates, so take this out of DNS yourself:");
    show_records(turn, next, is_wanted);
    return end(turn, KEYRING_WAITS);
}

static enum yett_err publish_or_withdraw(struct turn *turn,
                                         const struct rotation_next *next, bool is_wanted)
{
    bool *done = is_wanted ? &turn->has_published : &turn->has_withdrawn;
    if (turn->dns->update_key_path == NULL) {
        return by_hand(turn, next, is_wanted);
    }
    if (*done) {
        return wait_for(turn, next, is_wanted);
    }
    *done = true;
    enum yett_err err = change_records(turn, next, is_wanted);
    return err == YETT_OK ? wait_for(turn, next, is_wanted) : err;
}

/* Whether the settings name all keys that are to sign from now on. */
static bool are_named(struct turn *turn)
{
    const struct config_domain *named = turn->plan->named;
    for (size_t i = 0; i < turn->ring->rotation.count; i++) {
        const struct rotation_key *key = &turn->ring->rotation.keys[i];
        bool found = false;
        for (size_t j = 0; j < named->sign_count; j++) {
            found = found || slice_eq(named->sign[j].selector, key->selector);
        }
        if (key->phase == ROTATION_PENDING && !found) {
            return false;
        }
    }
    return true;
}

static enum yett_err ask_for_settings(struct turn *turn)
{
    struct buf text;
    buf_init(&text, turn->ring->arena, 4096);
    buf_add_text(&text, "every name server shows the new records; the settings name the "
                        "keys that sign, so write there: domain \"");
    buf_add(&text, turn->ring->domain);
    buf_add_text(&text, "\" { sign = {");
    const char *between = "";
    for (size_t i = 0; i < turn->ring->rotation.count; i++) {
        const struct rotation_key *key = &turn->ring->rotation.keys[i];
        if (key->phase == ROTATION_PENDING) {
            buf_printf(&text, "%s\"%.*s\"", between, SLICE_ARG(key->selector));
            between = ", ";
        }
    }
    buf_add_text(&text, "} }, then reload the gateway and run this again");
    voice_say(turn->voice, KEYRING_WARN, buf_slice(&text));
    return end(turn, KEYRING_WAITS);
}

static enum yett_err activate(struct turn *turn)
{
    struct rotation before = turn->ring->rotation;
    if (turn->plan->named != NULL && !are_named(turn)) {
        return ask_for_settings(turn);
    }
    rotation_activate(&turn->ring->rotation, &turn->plan->settings, turn->plan->now_s);
    enum yett_err err = keyring_save(turn->ring, turn->why);
    if (err != YETT_OK) {
        turn->ring->rotation = before;
        return err;
    }
    turn->out->signs_anew = true;
    turn->wanted = false; /* these were what was asked for */
    for (size_t i = 0; i < before.count; i++) {
        const char *how = before.keys[i].phase == ROTATION_PENDING ? "signs from now on"
                          : before.keys[i].phase == ROTATION_ACTIVE
                              ? "signs no more; its record stays until the last of its "
                                "signatures has long expired"
                              : NULL;
        if (how != NULL) {
            voice_say(turn->voice, KEYRING_GOOD,
                      arena_printf(turn->ring->arena, "%.*s %s",
                                   SLICE_ARG(shown_name(turn->ring, key_at(turn, i))),
                                   how));
        }
    }
    return YETT_OK;
}

static enum yett_err forget(struct turn *turn, const struct rotation_next *next)
{
    slice selectors[ROTATION_KEYS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < turn->ring->rotation.count; i++) {
        if (next->keys[i]) {
            selectors[count++] = turn->ring->rotation.keys[i].selector;
        }
    }
    enum yett_err err = YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < count; i++) {
        slice name = shown_name(turn->ring, keyring_find(turn->ring, selectors[i]));
        err = keyring_forget(turn->ring, selectors[i], turn->why);
        if (err == YETT_OK) {
            voice_say(turn->voice, KEYRING_GOOD,
                      arena_printf(turn->ring->arena,
                                   "%.*s is gone; its private key was deleted",
                                   SLICE_ARG(name)));
        }
    }
    return err;
}

/* Another record stands there: its name servers are asked once more, to be named. */
static enum yett_err stop(struct turn *turn, const struct rotation_next *next)
{
    enum yett_err err = YETT_OK;
    turn->out->end = KEYRING_STOPPED;
    if (turn->is_later) {
        voice_say(turn->voice, KEYRING_FAILED,
                  keyring_clock_fault(turn->ring, turn->plan->now_s));
        return YETT_OK;
    }
    say(turn, KEYRING_FAILED, next->reason);
    for (size_t i = 0; err == YETT_OK && i < turn->ring->rotation.count; i++) {
        enum rotation_view view;
        if (next->keys[i]) {
            err = keyring_look(turn->ring, key_at(turn, i), turn->dns, turn->voice, &view,
                               turn->why);
        }
    }
    return err;
}

static bool is_about_new(const struct turn *turn, const struct rotation_next *next)
{
    for (size_t i = 0; i < turn->ring->rotation.count; i++) {
        if (next->keys[i]) {
            return turn->ring->rotation.keys[i].phase == ROTATION_PENDING;
        }
    }
    return false;
}

/* What comes next is about other keys. */
static void begin_anew(struct turn *turn)
{
    turn->has_published = turn->has_withdrawn = turn->has_waited = false;
}

/* False in `*goes_on` when the turn is over. */
static enum yett_err perform(struct turn *turn, const struct rotation_next *next,
                             bool *goes_on)
{
    bool had_waited = turn->has_waited;
    enum yett_err err = YETT_OK;
    *goes_on = true;
    switch (next->step) {
    case ROTATION_REST:
        turn->out->at_s = next->at_s;
        *goes_on = false;
        return end(turn, KEYRING_RESTS);
    case ROTATION_GENERATE:
        return generate(turn, next);
    case ROTATION_PUBLISH:
        err = publish_or_withdraw(turn, next, true);
        break;
    case ROTATION_WAIT:
        err = wait_for(turn, next, is_about_new(turn, next));
        break;
    case ROTATION_WITHDRAW:
        err = publish_or_withdraw(turn, next, false);
        break;
    case ROTATION_ACTIVATE:
        begin_anew(turn);
        turn->out->end = KEYRING_RESTS;
        err = activate(turn);
        *goes_on = turn->out->end != KEYRING_WAITS;
        return err;
    case ROTATION_FORGET:
        begin_anew(turn);
        return forget(turn, next);
    case ROTATION_STOP:
        *goes_on = false;
        return stop(turn, next);
    }
    *goes_on = !had_waited && turn->has_waited; /* look once more at what came of it */
    return err;
}

enum yett_err keyring_turn(struct keyring *ring, const struct keyring_plan *plan,
                           const struct keyring_dns *dns,
                           const struct keyring_voice *voice, struct keyring_turned *out,
                           slice *why)
{
    struct turn turn = {.ring = ring,
                        .plan = plan,
                        .dns = dns,
                        .voice = voice,
                        .out = out,
                        .why = why,
                        .wanted = plan->wanted && !plan->only_retire};
    bool goes_on = true;
    enum yett_err err = keep_used(ring, plan, voice, why);
    if (err == YETT_OK) {
        err = mind_clock(ring, plan, voice, why);
    }
    turn.is_later = keyring_clock_fault(ring, plan->now_s).ptr != NULL;
    *out = (struct keyring_turned){.end = KEYRING_WAITS, .at_s = INT64_MAX};
    for (int i = 0; i < STEPS_MAX && goes_on && err == YETT_OK; i++) {
        *why = SLICE("there is no memory left");
        err = look_at_all(&turn);
        if (err == YETT_OK) {
            struct rotation_next next = find_next(&turn);
            err = perform(&turn, &next, &goes_on);
        }
    }
    if (err != YETT_OK) {
        out->end = err == YETT_BAD_SYNTAX ? KEYRING_STOPPED : KEYRING_BROKEN;
    }
    return err;
}
