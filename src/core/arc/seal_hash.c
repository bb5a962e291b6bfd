/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/chain.h"

/*
 * seal_hash: what seals sign (RFC 8617 section 5.1.1).
 *
 * The seal of set i signs sets 1 to i, so each field would be hashed again for every set above
 * it.  One running digest sees them all once, and a copy of it ends with each seal.
 */

/* Canonical fields come in small pieces; libcrypto takes large ones more readily. */
struct gather {
    struct crypto_hash *hash;
    size_t fill;
    char bytes[2048];
};

static void flush(struct gather *gather)
{
    crypto_hash_update(gather->hash, slice_of(gather->bytes, gather->fill));
    gather->fill = 0;
}

static void write_bytes(void *context, slice bytes)
{
    struct gather *gather = context;
    while (bytes.len != 0) {
        slice part = slice_first(bytes, sizeof(gather->bytes) - gather->fill);
        memcpy(gather->bytes + gather->fill, part.ptr, part.len);
        gather->fill += part.len;
        bytes = slice_skip(bytes, part.len);
        if (gather->fill == sizeof(gather->bytes)) {
            flush(gather);
        }
    }
}

static void add_field(struct gather *gather, const struct message_field *field)
{
    dkim_header_canon(DKIM_RELAXED, field, false,
                      (struct dkim_sink){.write = write_bytes, .context = gather});
}

/* The digest of all so far and of this seal without its b=. */
static enum yett_err end_with(struct gather *gather, const struct arc_link *link,
                              uint8_t *digest)
{
    flush(gather);
    struct gather own = {.hash = crypto_hash_copy(gather->hash)};
    if (own.hash == NULL) {
        return YETT_NO_MEMORY;
    }
    dkim_header_canon_without(DKIM_RELAXED, link->fields[ARC_FIELD_SEAL],
                              link->seal.b_region, true,
                              (struct dkim_sink){.write = write_bytes, .context = &own});
    flush(&own);
    enum yett_err err = crypto_hash_final(own.hash, digest);
    crypto_hash_free(own.hash);
    return err;
}

enum yett_err arc_hash_seals(struct crypto *crypto, const struct arc_chain *chain,
                             uint8_t (*digests)[CRYPTO_DIGEST_MAX])
{
    struct gather gather = {.hash = crypto_hash_new(crypto, CRYPTO_SHA256)};
    enum yett_err err = gather.hash == NULL ? YETT_NO_MEMORY : YETT_OK;
    for (unsigned i = 0; i < chain->highest && err == YETT_OK; i++) {
        const struct arc_link *link = &chain->links[i];
        add_field(&gather, link->fields[ARC_FIELD_RESULTS]);
        add_field(&gather, link->fields[ARC_FIELD_MESSAGE]);
        err = end_with(&gather, link, digests[i]);
        add_field(&gather, link->fields[ARC_FIELD_SEAL]);
    }
    crypto_hash_free(gather.hash);
    return err;
}
