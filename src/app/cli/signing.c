/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/signing.h"

#include "app/table/table.h"
#include "core/update/update.h"
#include "edge/keys/keys.h"

/* Rotation goes on without it, by hand; so this keeps nobody from starting. */
static void look_at_update_key(struct arena *arena, const struct config *config,
                               void (*warn)(void *context, slice sentence), void *context)
{
    slice path = config->signing.update_key;
    slice octets = SLICE_NONE, why = SLICE_NONE;
    const char *fault = NULL;
    struct update_key key;
    if (slice_is_empty(path)) {
        return;
    }
    enum yett_err err = keys_read(arena, path.ptr, &octets, &why);
    if (err == YETT_OK) {
        err = update_key_parse(arena, octets, &key, &fault);
        keys_wipe(octets);
    }
    if (err != YETT_OK && fault != NULL) {
        why = keys_sentence(arena, path.ptr, fault);
    }
    if (err != YETT_OK && !slice_is_empty(why)) {
        warn(context, arena_printf(arena, "signing.update_key: %.*s", SLICE_ARG(why)));
    }
}

enum yett_err signing_look(struct arena *arena, const struct config *config,
                           void (*warn)(void *context, slice sentence), void *context,
                           slice *why)
{
    const struct table_notes notes = {warn, context};
    struct buf octets;
    if (!config_signs(config)) {
        return YETT_OK;
    }
    look_at_update_key(arena, config, warn, context);
    struct crypto *crypto = crypto_new();
    if (crypto == NULL) {
        *why = SLICE("libcrypto cannot be used");
        return YETT_NO_MEMORY;
    }
    buf_init(&octets, arena, SIGNING_TABLE_MAX);
    *why = SLICE("out of memory");
    enum yett_err err = table_build(arena, crypto, config, &notes, &octets, why);
    crypto_free(crypto);
    if (err == YETT_IO) {
        warn(context, *why);
        return YETT_OK;
    }
    return err;
}
