/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/inside.h"
#include "core/update/update.h"
#include "edge/keys/keys.h"

#include <time.h>

/*
 * change: the record of a key is put into its zone, or taken out, and nothing else is touched.
 *
 * The clock of signatures (TSIG) is the host's, whatever time a rotation is told.
 */

enum { SENTENCE_MAX = 16 * 1024, SCRIPT_MAX = 256 * 1024, TTL_MAX_S = 7 * 86400 };

struct work {
    struct keyring *ring;
    const struct keyring_key *key;
    bool is_wanted;
    const struct keyring_dns *dns;
    slice name;
    struct nameserver_zone zone;
    slice *texts; /* what stands there */
    struct update_change change;
    slice *why;
};

static enum yett_err refuse(struct work *work, const char *what, slice reason)
{
    struct buf text;
    buf_init(&text, work->ring->arena, SENTENCE_MAX);
    buf_add_visible(&text, work->name);
    buf_add_text(&text, what);
    buf_add_visible(&text, reason);
    *work->why = buf_slice(&text);
    return YETT_BAD_SYNTAX;
}

/* ---- what is to be changed --------------------------------------------------------------- */

static enum yett_err read_primary(struct work *work)
{
    struct arena *arena = work->ring->arena;
    struct update_rrset *before = &work->change.before;
    enum yett_err err = asker_read(work->dns->asker, arena, &work->zone.primary,
                                   work->name, before, work->why);
    if (err != YETT_OK) {
        return err;
    }
    work->texts = ARENA_ARRAY(arena, before->count, slice);
    err = work->texts == NULL ? YETT_NO_MEMORY : YETT_OK;
    for (size_t i = 0; err == YETT_OK && i < before->count; i++) {
        err = update_value_text(arena, before->values[i], &work->texts[i]);
    }
    return err;
}

static enum yett_err begin(struct work *work)
{
    struct arena *arena = work->ring->arena;
    enum yett_err err =
        keyring_name(arena, work->key->selector, work->ring->domain, &work->name);
    if (err == YETT_OK) {
        err = asker_find(work->dns->asker, arena, work->name, &work->zone, work->why);
    }
    if (err == YETT_OK) {
        work->change =
            (struct update_change){.zone = work->zone.apex, .name = work->name};
        err = read_primary(work);
    }
    return err;
}

/* The text among those there that holds our key; SLICE_NONE when none does. */
static enum yett_err find_ours(struct work *work, slice *out)
{
    *out = SLICE_NONE;
    for (size_t i = 0; i < work->change.before.count; i++) {
        struct keyring_match match;
        enum yett_err err =
            keyring_match(work->ring->arena, work->key, &work->texts[i], 1, &match);
        if (err != YETT_OK) {
            return err;
        }
        if (match.has_ours) {
            *out = work->texts[i];
        }
    }
    return YETT_OK;
}

/* `*old_text` and `*new_text` are SLICE_NONE where there is none; both: nothing to do. */
static enum yett_err choose(struct work *work, slice *old_text, slice *new_text)
{
    struct keyring_match match;
    *old_text = *new_text = SLICE_NONE;
    if (!work->is_wanted) {
        return find_ours(work, old_text);
    }
    enum yett_err err = keyring_match(work->ring->arena, work->key, work->texts,
                                      work->change.before.count, &match);
    if (err != YETT_OK || match.code == KEYRING_OURS) {
        return err;
    }
    if (match.code != KEYRING_ABSENT) {
        return refuse(
            work, " has another record already, and it is not touched: ", match.reason);
    }
    *new_text = work->key->record;
    return YETT_OK;
}

/* ---- the update -------------------------------------------------------------------------- */

static bool serves(void *context, slice zone, slice domain)
{
    const struct work *work = context;
    return slice_eq(zone, work->zone.apex) && slice_eq(domain, work->ring->domain);
}

/* The contract is the keeper's of DNS, whoever made the message. */
static enum yett_err check_contract(struct work *work, slice message)
{
    struct update_contract contract = {.serves = serves,
                                       .context = work,
                                       .ttl_max_s = TTL_MAX_S,
                                       .values_max = UPDATE_VALUES_MAX};
    struct update_change parsed;
    const char *fault = "";
    enum yett_err err = update_parse(work->ring->arena, message, &parsed, &fault);
    if (err == YETT_OK) {
        err = update_check_contract(&contract, &parsed, &fault);
    }
    return err == YETT_BAD_SYNTAX
               ? refuse(work, ": the update may not be signed: ", slice_from_text(fault))
               : err;
}

static enum yett_err read_update_key(struct work *work, slice *octets,
                                     struct update_key *out)
{
    const char *fault = "";
    enum yett_err err =
        keys_read(work->ring->arena, work->dns->update_key_path, octets, work->why);
    if (err != YETT_OK) {
        return err;
    }
    err = update_key_parse(work->ring->arena, *octets, out, &fault);
    if (err == YETT_BAD_SYNTAX) {
        struct buf text;
        buf_init(&text, work->ring->arena, SENTENCE_MAX);
        buf_add_visible(&text, slice_from_text(work->dns->update_key_path));
        buf_printf(&text, ": %s", fault);
        *work->why = buf_slice(&text);
    }
    if (err != YETT_OK) {
        keys_wipe(*octets);
    }
    return err;
}

static enum yett_err write_message(struct work *work, slice *out)
{
    uint16_t id = 0;
    const char *fault = "";
    enum yett_err err = crypto_random(work->ring->crypto, &id, sizeof id);
    if (err == YETT_OK) {
        err = update_write(work->ring->arena, &work->change, id, out, &fault);
    }
    if (err == YETT_BAD_SYNTAX || err == YETT_LIMIT) {
        return refuse(work, ": the change cannot be made: ", slice_from_text(fault));
    }
    return err == YETT_OK ? check_contract(work, *out) : err;
}

/* When nobody knows whether it was done, the zone does. */
static enum yett_err ask_zone(struct work *work)
{
    slice sentence = *work->why;
    struct update_rrset shown;
    slice unused;
    enum yett_err err = asker_read(work->dns->asker, work->ring->arena,
                                   &work->zone.primary, work->name, &shown, &unused);
    bool is_done = err == YETT_OK && update_is_visible(&work->change, &shown);
    *work->why = sentence;
    return is_done ? YETT_OK : YETT_IO;
}

static enum yett_err conclude(struct work *work, const struct update_outcome *outcome)
{
    enum yett_err err = YETT_OK;
    switch (outcome->status) {
    case UPDATE_DONE:
        return YETT_OK;
    case UPDATE_UNKNOWN:
        *work->why = outcome->reason;
        return ask_zone(work);
    case UPDATE_CONFLICT:
    case UPDATE_REFUSED:
        err = YETT_BAD_SYNTAX;
        break;
    case UPDATE_FAILED:
        err = YETT_IO;
        break;
    }
    (void)refuse(work, " was not changed: ", outcome->reason);
    return err;
}

static enum yett_err send_update(struct work *work, const struct update_key *key,
                                 slice message)
{
    struct arena *arena = work->ring->arena;
    struct update_signed request;
    struct update_outcome outcome;
    slice reply;
    enum yett_err err = update_sign(arena, work->ring->crypto, key, message,
                                    (int64_t)time(NULL), &request);
    if (err != YETT_OK) {
        return err;
    }
    err = asker_send(work->dns->asker, arena, &work->zone.primary, request.message,
                     &reply, work->why);
    if (err != YETT_OK) {
        return err == YETT_IO ? ask_zone(work) : err;
    }
    err = update_read_reply(arena, work->ring->crypto, key, &request, (int64_t)time(NULL),
                            reply, &outcome);
    return err == YETT_OK ? conclude(work, &outcome) : err;
}

static enum yett_err perform(struct work *work)
{
    slice message, octets;
    struct update_key key;
    enum yett_err err = write_message(work, &message);
    if (err == YETT_OK) {
        err = read_update_key(work, &octets, &key);
    }
    if (err == YETT_OK) {
        err = send_update(work, &key, message);
        keys_wipe(octets);
        keys_wipe(key.secret);
    }
    return err;
}

static void tell(struct work *work, const struct keyring_voice *voice)
{
    struct update_change back = update_undo(&work->change);
    struct buf script, sentence;
    buf_init(&sentence, work->ring->arena, SENTENCE_MAX);
    buf_add_visible(&sentence, work->name);
    buf_add_text(&sentence,
                 work->is_wanted ? " was published at " : " was withdrawn at ");
    buf_add_visible(&sentence, work->zone.primary.name);
    voice_say(voice, KEYRING_GOOD, buf_slice(&sentence));
    buf_init(&script, work->ring->arena, SCRIPT_MAX);
    update_write_script(&script, &back);
    if (voice != NULL && voice->show_undo != NULL && buf_err(&script) == YETT_OK) {
        voice->show_undo(voice->context, buf_slice(&script));
    }
}

enum yett_err keyring_change(struct keyring *ring, const struct keyring_key *key,
                             bool is_wanted, const struct keyring_dns *dns,
                             const struct keyring_voice *voice, bool *changed, slice *why)
{
    struct work work = {
        .ring = ring, .key = key, .is_wanted = is_wanted, .dns = dns, .why = why};
    slice old_text, new_text;
    *changed = false;
    *why = SLICE("there is no memory left");
    enum yett_err err = begin(&work);
    if (err == YETT_OK) {
        err = choose(&work, &old_text, &new_text);
    }
    if (err != YETT_OK || (old_text.ptr == NULL && new_text.ptr == NULL)) {
        return err;
    }
    err = update_replace(ring->arena, &work.change.before, old_text, new_text, dns->ttl_s,
                         &work.change.after);
    if (err == YETT_OK) {
        err = perform(&work);
    }
    if (err == YETT_OK) {
        *changed = true;
        tell(&work, voice);
    }
    return err;
}
