/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rotation/rotation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The state file of a domain's keys.  What is read is written and read again, and the step
   machine comes to an end with it whatever the servers show. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_steps(const struct rotation *rotation, const uint8_t *data, size_t size)
{
    static const struct rotation_settings settings = {
        .rsa = true, .ed25519 = true, .interval_s = 1000, .expire_s = 100, .grace_s = 10};
    enum rotation_view views[ROTATION_KEYS_MAX];
    for (size_t i = 0; i < ROTATION_KEYS_MAX; i++) {
        views[i] = (enum rotation_view)(size == 0 ? 0 : data[i % size] % 5);
    }
    struct rotation_next next = rotation_next(rotation, &settings, views, false, 5000);
    assert(next.reason != NULL);
    for (size_t i = rotation->count; i < ROTATION_KEYS_MAX; i++) {
        assert(!next.keys[i]);
    }
    assert(next.step != ROTATION_REST || next.at_s > 5000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(1024 * 1024);
    struct rotation rotation, again;
    struct buf buf;
    size_t line;
    const char *why = NULL;
    if (arena == NULL) {
        abort();
    }
    if (rotation_parse(arena, slice_of((const char *)data, size), &rotation, &line,
                       &why) == YETT_OK) {
        buf_init(&buf, arena, 65536);
        rotation_write(&buf, &rotation);
        assert(buf_err(&buf) == YETT_OK);
        assert(rotation_parse(arena, buf_slice(&buf), &again, &line, &why) == YETT_OK);
        assert(again.count == rotation.count);
        check_steps(&rotation, data, size);
    } else {
        assert(why != NULL && line > 0);
    }
    arena_free(arena);
    return 0;
}
