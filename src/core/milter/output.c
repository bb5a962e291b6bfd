/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/output.h"

#include "core/base/num.h"

#include <stdlib.h>

enum { ROOM_MIN = 16 };

bool output_add(struct output *output, slice bytes)
{
    size_t needed;
    if (!num_add(output->len, bytes.len, &needed)) {
        return false;
    }
    if (needed > output->room) {
        size_t doubled = output->room < ROOM_MIN / 2 ? ROOM_MIN : output->room * 2;
        size_t room = needed > doubled ? needed : doubled;
        char *moved = realloc(output->ptr, room);
        if (moved == NULL) {
            return false;
        }
        output->ptr = moved;
        output->room = room;
    }
    if (bytes.len != 0) {
        memcpy(output->ptr + output->len, bytes.ptr, bytes.len);
    }
    output->len = needed;
    return true;
}

slice output_take(struct output *output)
{
    if (output->is_taken) {
        return SLICE_NONE;
    }
    output->is_taken = true;
    return slice_of(output->ptr, output->len);
}

void output_clear_taken(struct output *output)
{
    if (output->is_taken) {
        output_finish(output);
    }
}

void output_finish(struct output *output)
{
    free(output->ptr);
    *output = (struct output){.ptr = NULL};
}
