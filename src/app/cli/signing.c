/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/signing.h"

#include "app/table/table.h"

enum yett_err signing_look(struct arena *arena, const struct config *config,
                           void (*warn)(void *context, slice sentence), void *context,
                           slice *why)
{
    const struct table_notes notes = {warn, context};
    struct buf octets;
    if (!config_signs(config)) {
        return YETT_OK;
    }
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
