/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/buf.h"
#include "edge/config/reader.h"

/* where: the place of what config_check() complains of, and of what was set. */

enum { TITLE_SHOWN_MAX = 4096 };

enum yett_err where_note(struct reader *reader)
{
    const struct config *base = &reader->config;
    struct config_place *places =
        ARENA_ARRAY(reader->arena, key_count + base->place_count, struct config_place);
    size_t count = 0;
    if (places == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < key_count; i++) {
        const struct place *seen = &reader->seen[i];
        if (!block_is_titled(keys[i].block) && seen->line != 0) {
            places[count++] = (struct config_place){.block = blocks[keys[i].block].name,
                                                    .key = keys[i].name,
                                                    .file = seen->file,
                                                    .line = seen->line};
        }
    }
    /* The first counts, so those of the settings below do not show where they are set anew. */
    for (size_t i = 0; i < base->place_count; i++) {
        places[count++] = base->places[i];
    }
    reader->config.places = places;
    reader->config.place_count = count;
    return YETT_OK;
}

static struct place place_of_key(const struct config *config, slice name)
{
    const struct config_place *found = config_find_place(config, name);
    return found == NULL ? (struct place){.line = 0}
                         : (struct place){found->file, found->line};
}

/* Of other blocks all that can be wrong was found when they were read. */
static struct place place_of_listener(struct arena *arena, const struct config *config,
                                      slice title)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        struct buf shown;
        buf_init(&shown, arena, TITLE_SHOWN_MAX);
        buf_add_visible(&shown, listener->name);
        if (slice_eq(buf_slice(&shown), title)) {
            return (struct place){listener->file, listener->line};
        }
    }
    return (struct place){0};
}

static bool is_of_name(int c)
{
    return ascii_is_alnum(c) || c == '_' || c == '.';
}

/*
 * A sentence begins with the key that it is about.  Where that has its default, another key
 * does not fit it, and stands further on.
 */
struct place where_is(struct reader *reader, slice sentence)
{
    struct place place = {.line = 0};
    slice rest = sentence;
    slice title;
    if (slice_take(&rest, SLICE("listen \"")) && slice_take_until(&rest, '"', &title)) {
        return place_of_listener(reader->arena, &reader->config, title);
    }
    while (place.line == 0 && sentence.len != 0) {
        size_t length = 0;
        while (length < sentence.len && is_of_name(sentence.ptr[length])) {
            length++;
        }
        place = place_of_key(&reader->config, slice_first(sentence, length));
        sentence = slice_skip(sentence, length + 1);
    }
    return place;
}
