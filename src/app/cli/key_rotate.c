/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"
#include "app/supervisor/supervisor.h"
#include "app/table/table.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* key_rotate: `yett key rotate`: one domain because somebody wants it, or all that are due. */

/* How many domains may cost an asker its life: each hour begins with another one, so that the
   others have their turn. */
enum { SPARES = 3 };

static bool signs_anew; /* for any domain of this run */

/* The kinds of key that there are now, where nothing else says which to make. */
static void choose_kinds(const struct key_work *work, const struct keyring *ring,
                         struct rotation_settings *settings)
{
    bool rsa = false;
    bool ed25519 = false;
    if (work->options.has_algorithm) {
        settings->rsa = work->options.rsa;
        settings->ed25519 = work->options.ed25519;
        return;
    }
    for (size_t i = 0; i < ring->rotation.count && !work->has_config; i++) {
        const struct rotation_key *key = &ring->rotation.keys[i];
        if (key->phase != ROTATION_RETIRING) {
            rsa = rsa || key->type == CRYPTO_RSA;
            ed25519 = ed25519 || key->type == CRYPTO_ED25519;
        }
    }
    if (rsa || ed25519) {
        settings->rsa = rsa;
        settings->ed25519 = ed25519;
    }
}

/* Where the settings name keys, those sign, whoever made them. */
static enum yett_err adopt_named(const struct key_work *work, struct keyring *ring,
                                 slice *why)
{
    enum yett_err err = YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < ring->count; i++) {
        struct keyring_key *key = &ring->keys[i];
        if (key->is_usable && key_is_named(work, ring->domain, key->selector)) {
            err = keyring_adopt(ring, key, work->now_s, why);
        }
    }
    return err;
}

static struct keyring_plan plan_of(const struct key_work *work,
                                   const struct keyring *ring)
{
    const struct config_domain *settings = key_settings_of(work, ring->domain);
    bool rotates = settings != NULL && settings->rotate;
    bool is_named = settings != NULL && settings->sign_count > 0;
    struct keyring_plan plan = {.settings = key_rotation_settings(work),
                                .bits = work->options.bits,
                                .wanted = !work->options.due,
                                .only_retire =
                                    work->options.due && work->has_config && !rotates,
                                .by_hand = !work->options.due,
                                .named = is_named ? settings : NULL,
                                .signs = key_is_used,
                                .context = work,
                                .now_s = work->now_s};
    choose_kinds(work, ring, &plan.settings);
    return plan;
}

static void tell_rest(const struct key_work *work, const struct key_voice *voice,
                      const struct keyring_turned *turned)
{
    const struct keyring_voice speaker = key_voice((struct key_voice *)(uintptr_t)voice);
    if (work->options.due && !turned->signs_anew) {
        return; /* every hour, for ever */
    }
    if (turned->at_s == INT64_MAX) {
        speaker.say(speaker.context, KEYRING_NOTE, SLICE("nothing is left to do"));
        return;
    }
    slice at = key_time(work->arena, turned->at_s);
    speaker.say(
        speaker.context, KEYRING_NOTE,
        arena_printf(work->arena, "nothing is left to do before %.*s", SLICE_ARG(at)));
}

static int tell_end(const struct key_work *work, const struct key_voice *voice,
                    const struct keyring_turned *turned)
{
    switch (turned->end) {
    case KEYRING_RESTS:
        tell_rest(work, voice, turned);
        return EXIT_FINE;
    case KEYRING_WAITS:
        if (!work->options.due) {
            printf("to be continued: run `yett key rotate` again\n");
        }
        return EXIT_CANNOT_TELL;
    case KEYRING_STOPPED:
        return EXIT_BAD;
    case KEYRING_BROKEN:
        break;
    }
    return EXIT_CANNOT_TELL;
}

/* Name servers cannot be asked, as of a domain that nobody has delegated yet; what is to be
   published is known all the same. */
static void show_pending(const struct key_work *work, const struct keyring *ring,
                         const struct keyring_voice *voice)
{
    bool said = false;
    for (size_t i = 0; i < ring->count; i++) {
        const struct keyring_key *key = &ring->keys[i];
        bool is_pending = key->is_usable && key->phase != KEYRING_NO_PHASE &&
                          ring->rotation.keys[key->phase].phase == ROTATION_PENDING;
        slice name;
        if (is_pending &&
            keyring_name(work->arena, key->selector, ring->domain, &name) == YETT_OK) {
            if (!said) {
                voice->say(voice->context, KEYRING_NOTE,
                           SLICE("there is no key for dynamic updates (--update-key): "
                                 "publish this yourself, and run this again"));
                said = true;
            }
            voice->show_record(voice->context, name, key->record, true);
        }
    }
}

/* The gateway was not told of a change that the state has: a command that was killed, or one
   that left the reload to somebody. */
static bool must_reload(const struct key_work *work, const struct keyring *ring,
                        const struct keyring_voice *voice)
{
    const struct config_domain *settings = key_settings_of(work, ring->domain);
    struct signing_row row;
    if (work->table == NULL || settings == NULL || !settings->rotate ||
        settings->sign_count > 0) {
        return false;
    }
    for (size_t i = 0; i < ring->rotation.count; i++) {
        const struct rotation_key *key = &ring->rotation.keys[i];
        if (key->phase == ROTATION_ACTIVE &&
            (!signing_find_row(work->table, ring->domain, key->selector, &row) ||
             (row.uses & SIGNING_DKIM) == 0)) {
            voice->say(voice->context, KEYRING_NOTE,
                       arena_printf(work->arena,
                                    "%.*s: the gateway does not sign with it yet",
                                    SLICE_ARG(key->selector)));
            return true;
        }
    }
    return false;
}

static int turn(const struct key_work *work, struct keyring *ring)
{
    struct key_voice context = {.work = work,
                                .domain = work->options.due ? ring->domain : SLICE_NONE};
    struct keyring_voice voice = key_voice(&context);
    struct keyring_plan plan = plan_of(work, ring);
    struct keyring_dns dns = key_dns(work);
    struct keyring_turned turned = {.end = KEYRING_BROKEN};
    slice why = SLICE("out of memory");
    enum yett_err err = YETT_OK;
    signs_anew = must_reload(work, ring, &voice) || signs_anew;
    if (plan.named != NULL && !plan.only_retire) {
        err = adopt_named(work, ring, &why);
    }
    if (err == YETT_OK) {
        err = keyring_turn(ring, &plan, &dns, &voice, &turned, &why);
    }
    signs_anew = signs_anew || turned.signs_anew;
    if (err != YETT_OK) {
        voice.say(voice.context, KEYRING_FAILED, why);
        if (dns.update_key_path == NULL && !work->options.due) {
            show_pending(work, ring, &voice);
        }
    }
    return tell_end(work, &context, &turned);
}

/* The one before it ended over another domain. */
static void renew_asker(const struct key_work *work)
{
    long before = asker_process(work->asker);
    if (asker_renew(work->asker) && asker_process(work->asker) != before) {
        (void)key_complain_text(
            work, EXIT_FINE,
            "another process talks to name servers in place of the one that ended");
    }
}

static int rotate_domain(const struct key_work *work, slice domain)
{
    struct keyring ring;
    const struct config_domain *settings = key_settings_of(work, domain);
    renew_asker(work);
    bool rotates = !work->options.due || (settings != NULL && settings->rotate);
    int status = key_open(work, domain, rotates ? KEYRING_MAKE : KEYRING_CHANGE, &ring);
    if (status == EXIT_FINE) {
        status = turn(work, &ring);
    }
    keyring_close(&ring);
    return status;
}

/* Whether a domain may need its first key. */
static bool may_make(const struct key_work *work)
{
    bool rotates = !work->options.due;
    for (size_t i = 0; i < work->config.domain_count; i++) {
        rotates = rotates || work->config.domains[i].rotate;
    }
    return rotates;
}

static int map_table(struct key_work *work)
{
    slice why = SLICE("it cannot be opened");
    if (work->options.table == NULL) {
        return EXIT_FINE;
    }
    int fd = open(work->options.table, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    enum yett_err err = fd < 0 ? YETT_IO : table_map(work->arena, fd, &work->table, &why);
    if (fd >= 0) {
        (void)close(fd);
    }
    return err == YETT_OK
               ? EXIT_FINE
               : key_complain(work, EXIT_USAGE,
                              arena_printf(work->arena, "--table: %.*s", SLICE_ARG(why)));
}

int key_rotate(struct key_work *work)
{
    if (!work->options.due && work->count != 1) {
        return key_complain_text(work, EXIT_USAGE,
                                 "one domain must be named, or --due be said: "
                                 "yett key rotate DOMAIN");
    }
    struct asker_options asker = {.spares = work->options.due ? SPARES : 0};
    int status = map_table(work);
    if (status == EXIT_FINE) {
        status = key_part(work, &asker, may_make(work));
    }
    if (status != EXIT_FINE) {
        return status;
    }
    key_tell_stop();
    status = key_each_domain(work, rotate_domain);
    if (!signs_anew) {
        return status;
    }
    if (work->options.no_reload) {
        return SUPERVISOR_NEW_KEYS;
    }
    key_reload(work);
    return status;
}
