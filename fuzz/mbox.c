/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/files/mbox.h"

#include "core/base/buf.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that is said of `text`, in pieces whose sizes follow from `seed`. */
static slice split(struct arena *arena, slice text, uint32_t seed)
{
    struct mbox mbox;
    struct buf said;
    slice out = SLICE_NONE;
    enum mbox_event event = MBOX_NEEDS_INPUT;

    mbox_init(&mbox);
    buf_init(&said, arena, 1 << 20);
    while (event != MBOX_END) {
        size_t piece = seed == 0 ? text.len : seed % 97;
        seed = seed == 0 ? 0 : seed * 1664525 + 1013904223;
        slice in = slice_first(text, piece);
        text = slice_skip(text, in.len);
        while ((event = mbox_next(&mbox, &in, text.len == 0, &out)) != MBOX_NEEDS_INPUT &&
               event != MBOX_END) {
            assert(event == MBOX_FROM_LINE || out.len != 0);
            assert(event != MBOX_FROM_LINE || !slice_has_byte(out, '\n'));
            buf_add_text(&said, event == MBOX_FROM_LINE ? "\xff<" : "");
            buf_add(&said, out);
            buf_add_text(&said, event == MBOX_FROM_LINE ? ">\xff" : "");
        }
        assert(in.len == 0);
    }
    assert(text.len == 0 && buf_err(&said) == YETT_OK);
    return buf_slice(&said);
}

/* Pieces of any size give the same messages. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t seed;
    if (size < sizeof(seed) || size > 64 * 1024) {
        return 0;
    }
    memcpy(&seed, data, sizeof(seed));
    slice text = slice_of((const char *)data + sizeof(seed), size - sizeof(seed));
    struct arena *arena = arena_new((size_t)8 << 20);
    slice whole = split(arena, text, 0);
    assert(slice_eq(whole, split(arena, text, seed | 1)));
    assert(slice_eq(whole, split(arena, text, 97 * 3 + 1))); /* begins with one octet */
    arena_free(arena);
    return 0;
}
