/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/files/files.h"
#include "edge/files/input.h"

#include <fcntl.h>

static enum yett_err too_large(struct arena *arena, slice name, size_t limit_bytes,
                               slice *why)
{
    slice text =
        arena_printf(arena, "is larger than %zu bytes, which is the most that is read%c",
                     limit_bytes, '\0');
    *why = input_sentence(arena, name, text.ptr != NULL ? text.ptr : "is too large");
    return YETT_LIMIT;
}

/* The octets and one NUL. */
static enum yett_err read_all(struct input *input, struct arena *arena,
                              size_t limit_bytes, struct buf *buf, slice *why)
{
    if (input->size > limit_bytes) {
        return too_large(arena, input->name, limit_bytes, why);
    }
    for (;;) {
        enum yett_err err = input_fill(input, arena, 1, why);
        if (err != YETT_OK) {
            return err;
        }
        if (input->rest.len == 0) {
            break;
        }
        if (input->rest.len > limit_bytes - buf_slice(buf).len) {
            return too_large(arena, input->name, limit_bytes, why);
        }
        buf_add(buf, input->rest);
        input->rest = SLICE_NONE;
        if (buf_err(buf) != YETT_OK) {
            break;
        }
    }
    buf_add_byte(buf, '\0');
    if (buf_err(buf) != YETT_OK) {
        *why = input_sentence(arena, input->name, "there is no memory left to read it");
        return YETT_NO_MEMORY;
    }
    return YETT_OK;
}

enum yett_err file_read(struct arena *arena, const char *path, size_t limit_bytes,
                        slice *out, slice *why)
{
    struct input input;
    struct buf buf;

    enum yett_err err =
        input_open(arena, AT_FDCWD, path, input_shown(arena, path), &input, why);
    if (err != YETT_OK) {
        return err;
    }
    if (input.kind == INPUT_DIRECTORY) {
        *why = input_sentence(arena, input.name, "is a directory, not a file");
        input_close(&input);
        return YETT_BAD_SYNTAX;
    }
    buf_init(&buf, arena, SIZE_MAX);
    err = read_all(&input, arena, limit_bytes, &buf, why);
    input_close(&input);
    if (err == YETT_OK) {
        *out = slice_of(buf_slice(&buf).ptr, buf_slice(&buf).len - 1);
    }
    return err;
}
