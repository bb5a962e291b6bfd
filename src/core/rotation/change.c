/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/date.h"
#include "core/rotation/rotation.h"

#include <string.h>

/* Gateways finish what they have in work before they leave: a signature of theirs may be
   this much younger than the last change. */
enum { LAST_SIGNATURE_S = 3600 };

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

void rotation_remove(struct rotation *rotation, size_t index)
{
    rotation->count--;
    memmove(&rotation->keys[index], &rotation->keys[index + 1],
            (rotation->count - index) * sizeof(rotation->keys[0]));
}
