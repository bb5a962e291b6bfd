/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/date.h"
#include "core/rotation/rotation.h"

#include <string.h>

/* Gateways finish what they have in work before they leave: a signature of theirs may be
   this much younger than the last change. */
enum { LAST_SIGNATURE_S = 3600, DAY_S = 86400 };

size_t rotation_find(const struct rotation *rotation, slice selector)
{
    size_t i = 0;
    while (i < rotation->count && !slice_eq(rotation->keys[i].selector, selector)) {
        i++;
    }
    return i;
}

/* "20261125" */
static void add_day(struct buf *buf, int64_t now_s)
{
    struct buf day;
    buf_init(&day, buf->arena, 64);
    date_write_iso(&day, now_s); /* 2026-11-25T… */
    slice text = slice_first(buf_slice(&day), strlen("2026-11-25"));
    slice part;
    while (slice_next_piece(&text, '-', &part)) {
        buf_add(buf, part);
    }
    if (buf_err(&day) != YETT_OK) {
        buf->err = buf_err(&day);
    }
}

enum yett_err rotation_selector(struct arena *arena, const struct rotation *rotation,
                                enum crypto_key_type type, int64_t now_s, slice *out)
{
    struct buf name;
    buf_init(&name, arena, 64);
    buf_add_byte(&name, 's');
    add_day(&name, now_s);
    buf_add_byte(&name, type == CRYPTO_RSA ? 'r' : 'e');
    size_t stem = buf_slice(&name).len;
    for (uint64_t i = 2; buf_err(&name) == YETT_OK &&
                         rotation_find(rotation, buf_slice(&name)) < rotation->count;
         i++) {
        buf_truncate(&name, stem);
        buf_add_uint(&name, i);
    }
    *out = buf_slice(&name);
    return buf_err(&name);
}

enum yett_err rotation_add(struct rotation *rotation, slice selector,
                           enum crypto_key_type type, int64_t now_s)
{
    if (rotation_find(rotation, selector) < rotation->count) {
        return YETT_BAD_SYNTAX;
    }
    if (rotation->count == ROTATION_KEYS_MAX) {
        return YETT_LIMIT;
    }
    rotation->keys[rotation->count++] =
        (struct rotation_key){.selector = selector, .type = type, .since_s = now_s};
    return YETT_OK;
}

/* When nothing that was signed at `now_s` is on its way any more. */
static int64_t last_use_s(const struct rotation_settings *settings, int64_t now_s)
{
    return now_s + LAST_SIGNATURE_S + settings->expire_s + settings->grace_s;
}

void rotation_retire(struct rotation *rotation, size_t index,
                     const struct rotation_settings *settings, int64_t now_s)
{
    struct rotation_key *key = &rotation->keys[index];
    if (key->phase == ROTATION_RETIRING) {
        return;
    }
    key->until_s = key->phase == ROTATION_PENDING ? now_s : last_use_s(settings, now_s);
    key->phase = ROTATION_RETIRING;
    key->since_s = now_s;
    rotation->seen_s = now_s;
}

bool rotation_prolong(struct rotation *rotation, size_t index,
                      const struct rotation_settings *settings, int64_t now_s)
{
    struct rotation_key *key = &rotation->keys[index];
    int64_t until_s = last_use_s(settings, now_s);
    if (key->phase != ROTATION_RETIRING || key->until_s > until_s - LAST_SIGNATURE_S) {
        return false;
    }
    key->until_s = until_s;
    return true;
}

void rotation_activate(struct rotation *rotation,
                       const struct rotation_settings *settings, int64_t now_s)
{
    for (size_t i = 0; i < rotation->count; i++) {
        struct rotation_key *key = &rotation->keys[i];
        if (key->phase == ROTATION_ACTIVE) {
            rotation_retire(rotation, i, settings, now_s);
        } else if (key->phase == ROTATION_PENDING) {
            key->phase = ROTATION_ACTIVE;
            key->since_s = now_s;
        }
    }
}

/* ---- the clock -------------------------------------------------------------------------- */

bool rotation_is_later(const struct rotation_key *key, int64_t now_s)
{
    return key->since_s > now_s && key->since_s - now_s > DAY_S;
}

bool rotation_set_right(struct rotation *rotation,
                        const struct rotation_settings *settings, int64_t now_s)
{
    bool changed = false;
    for (size_t i = 0; i < rotation->count; i++) {
        struct rotation_key *key = &rotation->keys[i];
        if (rotation_is_later(key, now_s)) {
            key->since_s = now_s;
            key->until_s =
                key->phase == ROTATION_RETIRING ? last_use_s(settings, now_s) : 0;
            changed = true;
        }
    }
    return changed;
}

/* Its time was not over when somebody last looked.  What has another one than that of its last
   signature was given it by somebody, or was prolonged. */
static bool is_prolonged(const struct rotation *rotation, const struct rotation_key *key,
                         const struct rotation_settings *settings, int64_t now_s)
{
    return key->phase == ROTATION_RETIRING && key->since_s <= now_s &&
           rotation->seen_s < key->until_s &&
           key->until_s == last_use_s(settings, key->since_s);
}

static void prolong_all(struct rotation *rotation,
                        const struct rotation_settings *settings, int64_t now_s,
                        bool prolonged[ROTATION_KEYS_MAX])
{
    for (size_t i = 0; i < rotation->count; i++) {
        prolonged[i] = is_prolonged(rotation, &rotation->keys[i], settings, now_s);
        rotation->keys[i].until_s += prolonged[i] ? now_s - rotation->seen_s : 0;
    }
}

bool rotation_see(struct rotation *rotation, const struct rotation_settings *settings,
                  bool is_sure, int64_t now_s, bool prolonged[ROTATION_KEYS_MAX])
{
    int64_t unseen_s = now_s - rotation->seen_s;
    bool some_retire = false;
    memset(prolonged, 0, ROTATION_KEYS_MAX * sizeof prolonged[0]);
    if (!is_sure && rotation->seen_s > 0 && unseen_s > settings->grace_s) {
        prolong_all(rotation, settings, now_s, prolonged);
    }
    for (size_t i = 0; i < rotation->count; i++) {
        some_retire = some_retire || rotation->keys[i].phase == ROTATION_RETIRING;
    }
    /* A day is near enough, and spares the disk. */
    if (!some_retire || (unseen_s >= 0 && unseen_s < DAY_S)) {
        return false;
    }
    rotation->seen_s = now_s;
    return true;
}

void rotation_remove(struct rotation *rotation, size_t index)
{
    rotation->count--;
    memmove(&rotation->keys[index], &rotation->keys[index + 1],
            (rotation->count - index) * sizeof(rotation->keys[0]));
}
