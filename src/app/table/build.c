/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/table/inside.h"

/* build: all sources of the table, one after the other. */

enum { ROOM_BYTES = 1024 * 1024 };

enum yett_err building_fail(struct building *building, enum yett_err err, slice at,
                            slice why)
{
    if (err == YETT_NO_MEMORY) {
        return err;
    }
    *building->why = arena_printf(
        building->arena, "%.*s: %.*s", SLICE_ARG(at),
        SLICE_ARG(slice_is_empty(why) ? slice_from_text(yett_err_text(err)) : why));
    return err == YETT_NOT_FOUND ? YETT_BAD_SYNTAX : err;
}

static enum yett_err build(struct building *building, struct buf *out)
{
    uint8_t hash_key[16];
    enum yett_err err = crypto_random(building->crypto, hash_key, sizeof hash_key);
    if (err != YETT_OK) {
        return building_fail(building, YETT_IO, SLICE("signing"),
                             SLICE("the system gives no random octets"));
    }
    building->builder = signing_builder_new(building->arena, hash_key);
    if (building->builder == NULL) {
        return YETT_NO_MEMORY;
    }
    err = table_add_settings(building);
    if (err == YETT_OK) {
        err = table_add_files(building);
    }
    if (err == YETT_OK) {
        err = table_add_silent(building);
    }
    return err == YETT_OK ? signing_builder_finish(building->builder, out) : err;
}

enum yett_err table_build(struct arena *arena, struct crypto *crypto,
                          const struct config *config, const struct table_notes *notes,
                          struct buf *out, slice *why)
{
    struct building building = {.arena = arena,
                                .room = arena_new(ROOM_BYTES),
                                .crypto = crypto,
                                .config = config,
                                .notes = notes,
                                .why = why};
    enum yett_err err = building.room == NULL ? YETT_NO_MEMORY : build(&building, out);
    arena_free(building.room);
    return err;
}
