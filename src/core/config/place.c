/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/config/config.h"

/* place: where something was set. */

static bool is_key(const struct config_place *place, slice key)
{
    return (place->block[0] == '\0' || (slice_take(&key, slice_from_text(place->block)) &&
                                        slice_take_byte(&key, '.'))) &&
           slice_eq(key, slice_from_text(place->key));
}

slice config_place_text(struct arena *arena, const struct config *config, const char *key)
{
    for (size_t i = 0; i < config->place_count; i++) {
        const struct config_place *place = &config->places[i];
        if (is_key(place, slice_from_text(key))) {
            return arena_printf(arena, "%.*s:%u", SLICE_ARG(place->file), place->line);
        }
    }
    return config->source;
}
