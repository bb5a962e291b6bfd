/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/base64.h"
#include "core/dns/dns.h"
#include "core/update/update.h"

#include <assert.h>
#include <stdlib.h>

/*
 * The text of key files.  A key that is accepted has a name in normal form and a secret
 * that cannot be guessed, and comes out the same when it is written in the form with
 * colons.
 */

enum { ARENA_BYTES = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(struct arena *arena, const struct update_key *key)
{
    struct buf buf;
    slice name;
    struct update_key again;
    const char *why = NULL;

    assert(dns_name_normalize(arena, key->name, &name) == YETT_OK);
    assert(slice_eq(name, key->name));
    assert(key->secret.len >= 16 && key->secret.len <= 1024);
    buf_init(&buf, arena, 8192);
    buf_add_text(&buf, update_algorithm_text(key->algorithm));
    buf_add_text(&buf, ":\"");
    buf_add(&buf, key->name);
    buf_add_text(&buf, "\":");
    base64_encode(&buf, key->secret);
    assert(update_key_parse(arena, buf_slice(&buf), &again, &why) == YETT_OK);
    assert(slice_eq(again.name, key->name) && slice_eq(again.secret, key->secret));
    assert(again.algorithm == key->algorithm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct update_key key;
    const char *why = NULL;
    char *copy = malloc(size == 0 ? 1 : size);

    if (arena == NULL || copy == NULL) {
        abort();
    }
    if (size != 0) {
        memcpy(copy, data, size);
    }
    enum yett_err err = update_key_parse(arena, slice_of(copy, size), &key, &why);
    assert((err == YETT_BAD_SYNTAX) == (why != NULL));
    free(copy); /* nothing of the key points into the text */
    if (err == YETT_OK) {
        check_key(arena, &key);
    }
    arena_free(arena);
    return 0;
}
