/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/update.h"

#include <assert.h>
#include <stdlib.h>

/*
 * UPDATE messages that somebody wants signed, and replies to one of ours.
 *
 * A message that is accepted is written again, octet by octet the same; its undo can be
 * written and read, and undone again it is the change it was.  A reply is never believed
 * that was not signed: nobody here knows the key.
 */

enum { ARENA_BYTES = 8 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool serves_all(void *context, slice zone, slice domain)
{
    (void)context;
    assert(zone.len <= domain.len && slice_ends_with_nocase(domain, zone));
    return true;
}

static slice write_again(struct arena *arena, const struct update_change *change,
                         uint16_t id)
{
    slice message = SLICE_NONE;
    const char *why = NULL;
    enum yett_err err = update_write(arena, change, id, &message, &why);
    assert(err == YETT_OK || err == YETT_LIMIT);
    return message;
}

static void check_undo(struct arena *arena, const struct update_change *change)
{
    struct update_change back = update_undo(change);
    struct update_change parsed;
    const char *why = NULL;

    back.after.ttl_s = 60; /* that of what was there is in no message */
    slice message = write_again(arena, &back, 1);
    if (message.len != 0) {
        assert(update_parse(arena, message, &parsed, &why) == YETT_OK);
        assert(parsed.before.count == back.before.count);
        assert(parsed.after.count == back.after.count);
    }
    assert(update_is_visible(change, &change->after));
    assert(update_is_visible(&back, &change->before));
}

static void check_message(struct arena *arena, slice message)
{
    struct update_contract contract = {
        .serves = serves_all, .ttl_max_s = 86400, .values_max = 8};
    struct update_change change;
    const char *why = NULL;
    enum yett_err err = update_parse(arena, message, &change, &why);

    assert((err == YETT_BAD_SYNTAX) == (why != NULL));
    if (err != YETT_OK) {
        return;
    }
    uint16_t id = (uint16_t)((unsigned)(unsigned char)message.ptr[0] << 8 |
                             (unsigned char)message.ptr[1]);
    assert(slice_eq(write_again(arena, &change, id), message));
    check_undo(arena, &change);
    if (update_check_contract(&contract, &change, &why) != YETT_OK) {
        assert(why != NULL);
    }
    struct buf script;
    buf_init(&script, arena, 4 * 1024 * 1024);
    update_write_script(&script, &change);
}

/* Every harness has its own crypto: it holds no state between inputs but this. */
static struct crypto *crypto;

static void check_reply(struct arena *arena, slice reply)
{
    static const char secret[32] = "0123456789abcdef0123456789abcde";
    struct update_key key = {
        SLICE("k.test"), CRYPTO_HMAC_SHA256, {secret, sizeof(secret)}
    };
    struct update_signed request = {.message = SLICE("\0\0\x28\0\0\0\0\0\0\0\0\0"),
                                    .mac_size = 32};
    struct update_outcome outcome;

    crypto = crypto != NULL ? crypto : crypto_new();
    assert(crypto != NULL);
    if (update_read_reply(arena, crypto, &key, &request, 1790000000, reply, &outcome) ==
        YETT_OK) {
        assert(!outcome.is_signed && outcome.status != UPDATE_DONE);
        assert(outcome.reason.len != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    char *copy = malloc(size == 0 ? 1 : size); /* a read behind its end is seen */

    if (arena == NULL || copy == NULL) {
        abort();
    }
    if (size != 0) {
        memcpy(copy, data, size);
    }
    check_message(arena, slice_of(copy, size));
    check_reply(arena, slice_of(copy, size));
    free(copy);
    arena_free(arena);
    return 0;
}
