/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"

#include <stdio.h>

/* key_publish: `yett key publish`: a record goes into DNS, or out of it again. */

/* A record that is missed makes signatures fail. */
static int may_undo(const struct key_work *work, const struct keyring *ring,
                    const struct keyring_key *key)
{
    bool signs = key_is_named(work, ring->domain, key->selector);
    int64_t until_s = 0;
    if (key->phase != KEYRING_NO_PHASE) {
        const struct rotation_key *state = &ring->rotation.keys[key->phase];
        signs = signs || state->phase == ROTATION_ACTIVE;
        until_s = state->until_s;
    }
    if (work->options.really || (!signs && until_s <= work->now_s)) {
        return EXIT_FINE;
    }
    slice until = key_time(work->arena, until_s);
    return key_complain(
        work, EXIT_BAD,
        signs ? arena_printf(work->arena,
                             "%.*s signs: without its record nobody can verify that; "
                             "retire it first, or say --now-really",
                             SLICE_ARG(key->selector))
              : arena_printf(work->arena,
                             "mail signed with %.*s may be on its way until %.*s; wait, "
                             "or say --now-really",
                             SLICE_ARG(key->selector), SLICE_ARG(until)));
}

static int by_hand(const struct key_work *work, const struct keyring *ring,
                   const struct keyring_key *key)
{
    slice name;
    if (keyring_name(work->arena, key->selector, ring->domain, &name) != YETT_OK) {
        return key_complain_text(work, EXIT_CANNOT_TELL, "out of memory");
    }
    printf("There is no key for dynamic updates (--update-key), so %s this yourself; "
           "`yett key check %.*s`\nsays whether it is %s.\n",
           work->options.undo ? "take out" : "publish", SLICE_ARG(ring->domain),
           work->options.undo ? "gone" : "there");
    key_show_record(work, name, key->record);
    return EXIT_CANNOT_TELL;
}

static int watch(const struct key_work *work, struct keyring *ring,
                 const struct keyring_key *key, const struct keyring_dns *dns,
                 const struct keyring_voice *voice)
{
    enum rotation_view view = ROTATION_UNKNOWN;
    slice why = SLICE("out of memory");
    bool is_wanted = !work->options.undo;
    enum yett_err err = keyring_wait(ring, key, is_wanted, dns, voice, &view, &why);
    if (err != YETT_OK) {
        return key_complain(work, key_status_of(err), why);
    }
    if (view == (is_wanted ? ROTATION_SHOWN : ROTATION_ABSENT)) {
        printf("every name server %s it\n", is_wanted ? "shows" : "has forgotten");
        return EXIT_FINE;
    }
    printf("not every name server %s it; `yett key publish` with the same words looks "
           "again\n",
           is_wanted ? "shows" : "has forgotten");
    return EXIT_CANNOT_TELL;
}

static int publish(const struct key_work *work, struct keyring *ring)
{
    struct key_voice context = {.work = work, .has_undo = !work->options.undo};
    struct keyring_voice voice = key_voice(&context);
    struct keyring_dns dns = key_dns(work);
    bool changed = false;
    slice why = SLICE("out of memory");
    int status;
    struct keyring_key *key = key_choose(work, ring, &status);
    if (key == NULL) {
        return status;
    }
    status = work->options.undo ? may_undo(work, ring, key) : EXIT_FINE;
    if (status != EXIT_FINE) {
        return status;
    }
    enum yett_err err = work->options.testing ? keyring_set_testing(ring, key) : YETT_OK;
    if (dns.update_key_path == NULL) {
        return by_hand(work, ring, key);
    }
    if (err == YETT_OK) {
        err =
            keyring_change(ring, key, !work->options.undo, &dns, &voice, &changed, &why);
    }
    if (err != YETT_OK) {
        return key_complain(work, key_status_of(err), why);
    }
    if (!changed) {
        printf("%s\n", work->options.undo
                           ? "the record was not there: nothing was changed"
                           : "the record was there already: nothing was changed");
    }
    return watch(work, ring, key, &dns, &voice);
}

int key_publish(struct key_work *work)
{
    struct keyring ring;
    slice domain;
    if (work->count != 1) {
        return key_complain_text(work, EXIT_USAGE,
                                 "one domain must be named: yett key publish DOMAIN");
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
    status = key_open(work, domain, KEYRING_LOOK, &ring);
    if (status == EXIT_FINE) {
        status = publish(work, &ring);
    }
    keyring_close(&ring);
    return status;
}
