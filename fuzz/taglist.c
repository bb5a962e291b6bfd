/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/taglist/taglist.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A tag's parts lie where its contract says. */
static void check_tag(slice text, const struct tag *tag)
{
    size_t name = slice_offset(text, tag->name);
    size_t raw = slice_offset(text, tag->raw);
    size_t region = slice_offset(text, tag->region);
    assert(tag->name.len != 0 && name == raw);
    assert(region > name && text.ptr[region - 1] == '=');
    assert(!slice_has_byte(tag->raw, ';') && !slice_has_byte(tag->region, ';'));
    assert(slice_eq(slice_trim_fws(tag->region), tag->value));
    assert(raw + tag->raw.len <= region + tag->region.len);
    if (tag->value.len != 0) {
        assert(slice_offset(text, tag->value) + tag->value.len == raw + tag->raw.len);
    }
    size_t end = region + tag->region.len;
    assert(end == text.len || text.ptr[end] == ';');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    slice text = slice_of((const char *)data, size);
    struct arena *arena = arena_new(16 << 20);
    struct taglist list = {0};
    struct taglist_error error = {0};
    enum yett_err err = taglist_parse(arena, text, &list, &error);

    if (err == YETT_OK) {
        for (size_t i = 0; i < list.count; i++) {
            check_tag(text, &list.tags[i]);
        }
    } else if (err == YETT_BAD_SYNTAX) {
        assert(error.why != NULL && error.offset <= size);
    }
    arena_free(arena);
    return 0;
}
