/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "core/config/config.h"

/* place: where something was set. */

const struct config_place *config_find_place(const struct config *config, slice key)
{
    for (size_t i = 0; i < config->place_count; i++) {
        const struct config_place *place = &config->places[i];
        slice rest = key;
        if ((place->block[0] == '\0' ||
             (slice_take(&rest, slice_from_text(place->block)) &&
              slice_take_byte(&rest, '.'))) &&
            slice_eq(rest, slice_from_text(place->key))) {
            return place;
        }
    }
    return NULL;
}

slice config_place_text(struct arena *arena, const struct config *config, const char *key)
{
    const struct config_place *place = config_find_place(config, slice_from_text(key));
    return place == NULL
               ? config->source
               : arena_printf(arena, "%.*s:%u", SLICE_ARG(place->file), place->line);
}
