/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"

#include <stdio.h>

/* key_retire: `yett key retire`: a key signs no more; when its time is over, its record goes. */

static bool is_last(const struct keyring *ring, size_t index)
{
    size_t others = 0;
    for (size_t i = 0; i < ring->rotation.count; i++) {
        others += i != index && ring->rotation.keys[i].phase == ROTATION_ACTIVE;
    }
    return others == 0;
}

/* Whether a key ever signed is not known for sure, unless rotation is all that decides it: so
   its record stays as long as if it did. */
static int begin(const struct key_work *work, struct keyring *ring,
                 struct keyring_key *key)
{
    struct rotation_settings settings = key_rotation_settings(work);
    slice why = SLICE("out of memory");
    enum yett_err err = keyring_adopt(ring, key, work->now_s, &why);
    if (err != YETT_OK) {
        return key_complain(work, key_status_of(err), why);
    }
    struct rotation_key *state = &ring->rotation.keys[key->phase];
    bool signs = state->phase == ROTATION_ACTIVE;
    if (state->phase == ROTATION_RETIRING) {
        return EXIT_FINE;
    }
    if (signs && is_last(ring, key->phase)) {
        printf("No other key of %.*s signs: its mail will have no signature.\n",
               SLICE_ARG(ring->domain));
    }
    state->phase = ROTATION_ACTIVE;
    rotation_retire(&ring->rotation, key->phase, &settings, work->now_s);
    err = keyring_save(ring, &why);
    if (err != YETT_OK) {
        return key_complain(work, key_status_of(err), why);
    }
    slice until = key_time(work->arena, state->until_s);
    printf("%.*s signs no more.  Its record must stay until %.*s, for mail that is on "
           "its way.\n",
           SLICE_ARG(key->selector), SLICE_ARG(until));
    key_reload(work);
    return EXIT_FINE;
}

/* Kept as well: what cannot be done now is done the next time. */
static int hurry(const struct key_work *work, struct keyring *ring,
                 const struct keyring_key *key)
{
    struct rotation_key *state = &ring->rotation.keys[key->phase];
    slice why = SLICE("out of memory");
    if (!work->options.really || state->until_s <= work->now_s) {
        return EXIT_FINE;
    }
    printf("Its record is taken out now: signatures made with it fail from now on.\n");
    state->until_s = work->now_s;
    enum yett_err err = keyring_save(ring, &why);
    return err == YETT_OK ? EXIT_FINE : key_complain(work, key_status_of(err), why);
}

/* What of it can be done now. */
static int clear_away(const struct key_work *work, struct keyring *ring)
{
    struct key_voice context = {.work = work};
    struct keyring_voice voice = key_voice(&context);
    struct keyring_dns dns = key_dns(work);
    struct keyring_plan plan = {.settings = key_rotation_settings(work),
                                .only_retire = true,
                                .by_hand = true,
                                .signs = key_is_used,
                                .context = work,
                                .now_s = work->now_s};
    struct keyring_turned turned;
    slice why = SLICE("out of memory");
    enum yett_err err = keyring_turn(ring, &plan, &dns, &voice, &turned, &why);
    if (err != YETT_OK) {
        return key_complain(work, key_status_of(err), why);
    }
    return turned.end == KEYRING_RESTS ? EXIT_FINE : EXIT_CANNOT_TELL;
}

/* With a wrong clock its record would go too early.  Who is in a hurry knows better. */
static int check_clock(const struct key_work *work, struct keyring *ring)
{
    struct rotation_settings settings = key_rotation_settings(work);
    slice fault = keyring_clock_fault(ring, work->now_s);
    if (fault.ptr == NULL ||
        (work->options.really &&
         rotation_set_right(&ring->rotation, &settings, work->now_s))) {
        return EXIT_FINE;
    }
    return key_complain(work, EXIT_BAD, fault);
}

static int refuse_used(const struct key_work *work, const struct keyring *ring,
                       const struct keyring_key *key)
{
    bool seals = key_seals(work, ring->domain, key->selector);
    fprintf(stderr,
            "yett %s: the settings say that %.*s %s: take it out of %s = {…} of "
            "domain \"%.*s\" first, and reload\n",
            work->name, SLICE_ARG(key->selector), seals ? "seals" : "signs",
            seals ? "seal" : "sign", SLICE_ARG(ring->domain));
    return EXIT_BAD;
}

static int retire(const struct key_work *work, struct keyring *ring)
{
    int status;
    struct keyring_key *key = keyring_find(ring, work->options.selector);
    if (key == NULL || key->phase == KEYRING_NO_PHASE) {
        key = key_choose(work, ring, &status);
        if (key == NULL) {
            return status;
        }
    }
    if (key_is_used(work, ring->domain, key->selector)) {
        return refuse_used(work, ring, key);
    }
    status = check_clock(work, ring);
    if (status == EXIT_FINE) {
        status = begin(work, ring, key);
    }
    if (status == EXIT_FINE) {
        status = hurry(work, ring, key);
    }
    if (status != EXIT_FINE) {
        return status;
    }
    int64_t until_s = ring->rotation.keys[key->phase].until_s;
    if (until_s > work->now_s) {
        slice until = key_time(work->arena, until_s);
        printf("Run this again after %.*s, or leave it to `yett key rotate --due`.\n",
               SLICE_ARG(until));
        return EXIT_FINE;
    }
    return clear_away(work, ring);
}

int key_retire(struct key_work *work)
{
    struct keyring ring;
    slice domain;
    if (work->count != 1 || slice_is_empty(work->options.selector)) {
        return key_complain_text(work, EXIT_USAGE,
                                 "a domain and a selector must be named: yett key retire "
                                 "DOMAIN --selector S");
    }
    int status = key_domain(work, 0, &domain);
    if (status != EXIT_FINE) {
        return status;
    }
    struct asker_options asker = {.prepare = NULL};
    status = key_part(work, &asker, false);
    if (status != EXIT_FINE) {
        return status;
    }
    key_tell_stop();
    status = key_open(work, domain, KEYRING_CHANGE, &ring);
    if (status == EXIT_FINE) {
        status = retire(work, &ring);
    }
    keyring_close(&ring);
    return status;
}
