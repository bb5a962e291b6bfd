/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/inside.h"
#include "edge/keys/keys.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* make: keys that come into a ring, and keys that leave it. */

/* One that neither the state nor a file has. */
static enum yett_err free_selector(struct keyring *ring, enum crypto_key_type type,
                                   int64_t now_s, slice *out)
{
    struct rotation all = ring->rotation;
    enum yett_err err = rotation_selector(ring->arena, &all, type, now_s, out);
    while (err == YETT_OK && keyring_find(ring, *out) != NULL) {
        err = rotation_add(&all, *out, type, now_s);
        if (err == YETT_OK) {
            err = rotation_selector(ring->arena, &all, type, now_s, out);
        }
    }
    return err;
}

static enum yett_err choose_selector(struct keyring *ring, slice wanted,
                                     enum crypto_key_type type, int64_t now_s, slice *out,
                                     slice *why)
{
    slice name;
    if (ring->count == KEYRING_KEYS_MAX || ring->rotation.count == ROTATION_KEYS_MAX) {
        *why = arena_printf(ring->arena,
                            "%.*s has as many keys as there can be (%d); retire some",
                            SLICE_ARG(ring->domain), ROTATION_KEYS_MAX);
        return YETT_LIMIT;
    }
    enum yett_err err = slice_is_empty(wanted) ? free_selector(ring, type, now_s, out)
                                               : arena_copy(ring->arena, wanted, out);
    if (err == YETT_OK &&
        keyring_name(ring->arena, *out, ring->domain, &name) != YETT_OK) {
        *why = arena_printf(ring->arena, "with this selector the name of the record is "
                                         "too long for DNS");
        return YETT_BAD_SYNTAX;
    }
    return err;
}

void tell_unknown(struct keyring *ring, const struct keyring_plan *plan,
                  enum crypto_key_type type, const struct keyring_voice *voice)
{
    slice selector;
    struct buf text;
    if (rotation_selector(ring->arena, &ring->rotation, type, plan->now_s, &selector) !=
        YETT_OK) {
        return;
    }
    const struct keyring_key *key = keyring_find(ring, selector);
    if (key == NULL ||
        (plan->signs != NULL && plan->signs(plan->context, ring->domain, selector))) {
        return;
    }
    buf_init(&text, ring->arena, 5 * KEYS_PATH_MAX);
    buf_add_visible(&text, slice_from_text(key->path));
    buf_add_text(
        &text, ": the state does not know this key: a command that was killed left it, "
               "or somebody put it there; where no settings name it, it may be removed");
    voice_say(voice, KEYRING_WARN, buf_slice(&text));
}

/* The state could not be written: unless it has the key all the same, nobody would ever know
   what its file is for. */
static void take_back(struct keyring *ring, const struct keyring_key *key)
{
    slice why;
    if (ring_read_state(ring, &why) == YETT_OK &&
        rotation_find(&ring->rotation, key->selector) == ring->rotation.count) {
        (void)unlink(key->path);
    }
}

enum yett_err keyring_generate(struct keyring *ring, slice selector,
                               enum crypto_key_type type, unsigned bits, int64_t now_s,
                               struct keyring_key **out, slice *why)
{
    struct keyring_key key = {.type = type, .phase = ring->rotation.count};
    *why = SLICE("there is no memory left");
    enum yett_err err = choose_selector(ring, selector, type, now_s, &key.selector, why);
    if (err == YETT_OK && rotation_find(&ring->rotation, key.selector) < key.phase) {
        *why = arena_printf(ring->arena, "%.*s has a key with the selector %.*s already",
                            SLICE_ARG(ring->domain), SLICE_ARG(key.selector));
        return YETT_BAD_SYNTAX;
    }
    if (err == YETT_OK) {
        err = ring_file_path(ring, key.selector, &key.path);
    }
    if (err == YETT_OK) {
        err = pem_make(ring->arena, ring->crypto, bits, &key, why);
    }
    if (err != YETT_OK) {
        return err;
    }
    err = rotation_add(&ring->rotation, key.selector, type, now_s);
    if (err == YETT_OK) {
        err = keyring_save(ring, why);
    }
    if (err != YETT_OK) {
        take_back(ring, &key);
        return err;
    }
    ring->keys[ring->count] = key;
    *out = &ring->keys[ring->count++];
    return YETT_OK;
}

enum yett_err keyring_adopt(struct keyring *ring, struct keyring_key *key, int64_t now_s,
                            slice *why)
{
    if (key->phase != KEYRING_NO_PHASE) {
        return YETT_OK;
    }
    size_t index = ring->rotation.count;
    enum yett_err err = rotation_add(&ring->rotation, key->selector, key->type, now_s);
    if (err != YETT_OK) {
        *why = arena_printf(ring->arena, "%.*s has as many keys as there can be (%d)",
                            SLICE_ARG(ring->domain), ROTATION_KEYS_MAX);
        return YETT_LIMIT;
    }
    ring->rotation.keys[index].phase = ROTATION_ACTIVE;
    key->phase = index;
    return keyring_save(ring, why);
}

/* Phases are numbered as the state is. */
static void number_phases(struct keyring *ring)
{
    for (size_t i = 0; i < ring->count; i++) {
        size_t phase = rotation_find(&ring->rotation, ring->keys[i].selector);
        ring->keys[i].phase = phase < ring->rotation.count ? phase : KEYRING_NO_PHASE;
    }
}

static void drop(struct keyring *ring, const struct keyring_key *key)
{
    size_t at = (size_t)(key - ring->keys);
    ring->count--;
    memmove(&ring->keys[at], &ring->keys[at + 1],
            (ring->count - at) * sizeof ring->keys[0]);
}

enum yett_err keyring_forget(struct keyring *ring, slice selector, slice *why)
{
    struct keyring_key *key = keyring_find(ring, selector);
    const char *path = NULL;
    enum yett_err err = ring_file_path(ring, selector, &path);
    if (err == YETT_OK && unlink(path) != 0 && errno != ENOENT) {
        err = ring_fail_errno(ring->arena, path, "cannot be removed", why);
    }
    if (err == YETT_OK && key != NULL && key->phase != KEYRING_NO_PHASE) {
        rotation_remove(&ring->rotation, key->phase);
        err = keyring_save(ring, why);
    }
    if (err == YETT_OK && key != NULL) {
        drop(ring, key);
    }
    number_phases(ring);
    return err;
}
