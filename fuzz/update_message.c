/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/tsig.h"
#include "core/update/update.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * UPDATE messages that somebody wants signed, and replies to one of ours.
 *
 * A message that is accepted is written again, octet by octet the same; its undo can be
 * written and read, and undone again it is the change it was; one more text can be added to
 * what it leaves, and is in the message of that; and signed it has a record behind it that
 * verifies.  A reply is never believed that was not signed; and then signed by who knows the
 * key it is what its codes say, if it is of these minutes.
 */

enum { ARENA_BYTES = 8 * 1024 * 1024, NOW = 1790000000 };

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

/* What is found in a message that is signed with this key. */
static struct tsig find_tsig(slice message, const struct update_key *key)
{
    struct tsig tsig = {0};
    const char *why = NULL;
    return tsig_find(message, key, &tsig, &why) == YETT_OK ? tsig : (struct tsig){0};
}

/* Every harness has its own crypto: it holds no state between inputs but this. */
static struct crypto *crypto;
static const char secret[32] = "0123456789abcdef0123456789abcde";
static const struct update_key the_key = {
    SLICE_INIT("k.test"), CRYPTO_HMAC_SHA256, {secret, sizeof(secret)}
};

static void check_sign(struct arena *arena, slice message)
{
    struct update_signed request;
    uint8_t mac[CRYPTO_MAC_MAX];
    enum yett_err err = update_sign(arena, crypto, &the_key, message, NOW, &request);
    assert(err == YETT_OK);
    struct tsig tsig = find_tsig(request.message, &the_key);
    assert(tsig.is_present && tsig.is_our_key && tsig.time_s == NOW);
    assert(tsig.at == message.len);
    err = tsig_compute(arena, crypto, &the_key, SLICE_NONE,
                       slice_first(request.message, tsig.at), &tsig, mac);
    assert(err == YETT_OK);
    assert(slice_eq(tsig.mac,
                    slice_of((const char *)mac, crypto_mac_size(the_key.algorithm))));
}

static void check_add(struct arena *arena, const struct update_change *change)
{
    static const slice text = SLICE_INIT("v=spf1 -all");
    struct update_change more = {
        .zone = change->zone, .name = change->name, .before = change->after};
    struct update_change parsed;
    const char *why = NULL;
    enum yett_err err =
        update_replace(arena, &more.before, SLICE_NONE, text, 60, &more.after);
    if (err != YETT_OK) {
        assert(err == YETT_LIMIT);
        return;
    }
    assert(more.after.count <= more.before.count + 1);
    slice message = SLICE_NONE;
    if (update_write(arena, &more, 1, &message, &why) != YETT_OK) {
        assert(why != NULL); /* it was there */
        return;
    }
    err = update_parse(arena, message, &parsed, &why);
    assert(err == YETT_OK && parsed.after.count == more.after.count);
}

/* Its texts are found again, however they are cut into strings. */
static void check_remove(struct arena *arena, const struct update_rrset *rrset)
{
    struct update_rrset less;
    slice text;
    for (size_t i = 0; i < rrset->count; i++) {
        enum yett_err err = update_value_text(arena, rrset->values[i], &text);
        assert(err == YETT_OK);
        if (text.ptr == NULL) {
            continue; /* would ask for nothing to be removed */
        }
        err = update_replace(arena, rrset, text, SLICE_NONE, 60, &less);
        assert(err == YETT_OK && less.count + 1 == rrset->count);
    }
}

static void check_contract(const struct update_change *change)
{
    struct update_contract contract = {
        .serves = serves_all, .ttl_max_s = 86400, .values_max = 8};
    const char *why = NULL;
    bool may = update_check_contract(&contract, change, &why) == YETT_OK;
    assert(may || why != NULL);
    contract.only_spf = true;
    contract.values_max = 2;
    bool may_with_less = update_check_contract(&contract, change, &why) == YETT_OK;
    assert(may || !may_with_less);
    assert(!may_with_less || change->after.count <= 2);
}

static void check_message(struct arena *arena, slice message)
{
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
    check_add(arena, &change);
    check_sign(arena, message);
    check_remove(arena, &change.before);
    check_remove(arena, &change.after);
    check_contract(&change);
    struct buf script;
    buf_init(&script, arena, 4 * 1024 * 1024);
    update_write_script(&script, &change);
}

static void read_reply(struct arena *arena, const struct update_signed *request,
                       slice reply, struct update_outcome *out)
{
    enum yett_err err =
        update_read_reply(arena, crypto, &the_key, request, NOW, reply, out);
    assert(err == YETT_OK && out->reason.len != 0);
    assert(out->is_signed || out->status != UPDATE_DONE);
    assert(update_status_text(out->status) != NULL);
}

static void check_reply(struct arena *arena, char *reply, size_t size)
{
    const struct update_signed request = {.message = SLICE("\0\0\x28\0\0\0\0\0\0\0\0\0"),
                                          .mac_size = 32};
    const slice mac_of_request = slice_of((const char *)request.mac, request.mac_size);
    struct update_outcome outcome;
    uint8_t mac[CRYPTO_MAC_MAX];
    slice octets = slice_of(reply, size);
    read_reply(arena, &request, octets, &outcome);
    assert(!outcome.is_signed);
    struct tsig tsig = find_tsig(octets, &the_key);
    if (!tsig.is_present || !tsig.is_our_key || tsig.mac.len != 32) {
        return;
    }
    enum yett_err err = tsig_compute(arena, crypto, &the_key, mac_of_request,
                                     slice_first(octets, tsig.at), &tsig, mac);
    assert(err == YETT_OK);
    memcpy(reply + slice_offset(octets, tsig.mac), mac, tsig.mac.len);
    read_reply(arena, &request, octets, &outcome);
    bool is_now =
        tsig.time_s >= NOW - UPDATE_FUDGE_S && tsig.time_s <= NOW + UPDATE_FUDGE_S;
    assert(is_now || !outcome.is_signed);
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
    if (crypto == NULL) {
        crypto = crypto_new();
        assert(crypto != NULL);
    }
    check_message(arena, slice_of(copy, size));
    check_reply(arena, copy, size);
    free(copy);
    arena_free(arena);
    return 0;
}
