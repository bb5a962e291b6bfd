/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/inside.h"
#include "core/dkim/dkim.h"
#include "edge/keys/keys.h"

#include <string.h>

/* pem: files of private keys, read and made.  The octets of a key do not outlive a call. */

enum { PUBLIC_MAX = 2048, RECORD_MAX = 4096, PEM_MAX = 16 * 1024 };

static enum yett_err write_record(struct arena *arena, struct keyring_key *key,
                                  bool testing)
{
    struct buf record;
    buf_init(&record, arena, RECORD_MAX);
    dkim_write_key_record(&record, key->type, key->public_key, testing);
    key->record = buf_slice(&record);
    return buf_err(&record);
}

static enum yett_err describe(struct arena *arena,
                              const struct crypto_private_key *private_key,
                              struct keyring_key *key)
{
    struct buf octets;
    buf_init(&octets, arena, PUBLIC_MAX);
    enum yett_err err = crypto_private_key_public(private_key, &octets);
    if (err != YETT_OK || buf_err(&octets) != YETT_OK) {
        return err != YETT_OK ? err : buf_err(&octets);
    }
    key->type = crypto_private_key_type(private_key);
    key->bits = crypto_private_key_bits(private_key);
    key->public_key = buf_slice(&octets);
    key->is_usable = true;
    return write_record(arena, key, false);
}

enum yett_err keyring_set_testing(struct keyring *ring, struct keyring_key *key)
{
    return write_record(ring->arena, key, true);
}

enum yett_err pem_load(struct arena *arena, struct crypto *crypto,
                       struct keyring_key *key)
{
    slice pem;
    const char *fault = "";
    struct crypto_private_key *private_key = NULL;
    enum yett_err err = keys_read(arena, key->path, &pem, &key->trouble);
    key->is_missing = err == YETT_NOT_FOUND;
    if (err != YETT_OK) {
        return err == YETT_NO_MEMORY ? err : YETT_OK;
    }
    err = crypto_private_key_read(crypto, pem, &private_key, &fault);
    keys_wipe(pem);
    if (err == YETT_BAD_SYNTAX) {
        key->trouble = keys_sentence(arena, key->path, fault);
        return YETT_OK;
    }
    if (err == YETT_OK) {
        err = describe(arena, private_key, key);
        crypto_private_key_free(private_key);
    }
    return err;
}

/* A buf that grows would leave copies of the key behind. */
static enum yett_err reserve(struct buf *buf, struct arena *arena)
{
    static const char filler[PEM_MAX] = {0};
    buf_init(buf, arena, PEM_MAX);
    buf_add(buf, slice_of(filler, sizeof filler));
    enum yett_err err = buf_err(buf);
    buf_truncate(buf, 0);
    return err;
}

static enum yett_err write_file(struct arena *arena, struct crypto *crypto,
                                const struct crypto_private_key *private_key,
                                const char *path, slice *why)
{
    struct buf pem;
    enum yett_err err = reserve(&pem, arena);
    if (err == YETT_OK) {
        err = crypto_private_key_write(crypto, private_key, &pem);
    }
    if (err == YETT_OK && (err = buf_err(&pem)) == YETT_OK) {
        err = keys_write(arena, path, buf_slice(&pem), why);
    }
    keys_wipe(slice_of(pem.ptr, pem.capacity));
    return err;
}

enum yett_err pem_make(struct arena *arena, struct crypto *crypto, unsigned bits,
                       struct keyring_key *key, slice *why)
{
    struct crypto_private_key *private_key = NULL;
    *why = SLICE("there is no memory left, or no random octets, to make a key");
    enum yett_err err =
        crypto_private_key_generate(crypto, key->type, bits, &private_key);
    if (err != YETT_OK) {
        return err;
    }
    err = describe(arena, private_key, key);
    if (err == YETT_OK) {
        err = write_file(arena, crypto, private_key, key->path, why);
    }
    crypto_private_key_free(private_key);
    return err;
}
