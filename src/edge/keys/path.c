/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/keys/keys.h"

/* path: paths of keys put together, and shown. */

enum yett_err keys_path(struct arena *arena, slice directory, slice name, slice suffix,
                        const char **out)
{
    struct buf path;
    buf_init(&path, arena, KEYS_PATH_MAX);
    buf_add(&path, directory);
    buf_add_byte(&path, '/');
    buf_add(&path, name);
    buf_add(&path, suffix);
    buf_add_byte(&path, '\0');
    if (buf_err(&path) == YETT_OK) {
        *out = path.ptr;
    }
    return buf_err(&path);
}

slice keys_sentence(struct arena *arena, const char *path, const char *fault)
{
    struct buf text;
    buf_init(&text, arena, 5 * KEYS_PATH_MAX);
    buf_add_visible(&text, slice_from_text(path));
    buf_add_text(&text, ": ");
    buf_add_text(&text, fault);
    return buf_err(&text) == YETT_OK ? buf_slice(&text) : slice_from_text(fault);
}
