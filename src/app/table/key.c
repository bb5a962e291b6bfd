/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/table/inside.h"
#include "edge/keys/keys.h"

/*
 * key: what a key file holds, as far as everybody may know.
 *
 * A key is tried, so that a damaged one is found here and not with the first message.  That
 * takes a millisecond or two each: of very many all beyond the first are only looked at, and
 * their keepers find what is wrong with one when it is first wanted.
 */
enum { TRIED_MAX = 2048 };

enum yett_err table_path(struct building *building, slice domain, slice name,
                         slice suffix, slice *out)
{
    const char *path = NULL;
    enum yett_err err =
        keys_path(building->room, building->config->signing.keys_directory, domain,
                  SLICE_NONE, &path);
    if (err == YETT_OK) {
        err = keys_path(building->room, slice_from_text(path), name, suffix, &path);
    }
    if (err == YETT_OK) {
        *out = slice_from_text(path);
    }
    return err;
}

/* A word of a file has no NUL behind it. */
static enum yett_err terminate(struct building *building, slice path, slice *out)
{
    struct buf copy;
    buf_init(&copy, building->room, KEYS_PATH_MAX);
    buf_add(&copy, path);
    buf_add_byte(&copy, '\0');
    if (buf_err(&copy) == YETT_OK) {
        *out = slice_first(buf_slice(&copy), path.len);
    }
    return buf_err(&copy);
}

static enum yett_err find_facts(struct building *building, slice octets,
                                struct signing_key *facts, const char **fault)
{
    struct crypto_private_key *key = NULL;
    if (building->keys_tried >= TRIED_MAX &&
        crypto_private_key_look(building->room, octets, &facts->type, &facts->bits)) {
        return YETT_OK;
    }
    enum yett_err err = crypto_private_key_read(building->crypto, octets, &key, fault);
    building->keys_tried++;
    if (err == YETT_OK) {
        facts->type = crypto_private_key_type(key);
        facts->bits = crypto_private_key_bits(key);
        crypto_private_key_free(key);
    }
    return err;
}

/* The number of the key in `path`, which ends in NUL. */
static enum yett_err find_key(struct building *building, slice at, slice path,
                              uint32_t *number)
{
    struct signing_key facts = {.path = path};
    const char *fault = NULL;
    slice octets = SLICE_NONE, why = SLICE_NONE;
    if (signing_has_key(building->builder, path, number)) {
        return YETT_OK;
    }
    enum yett_err err = keys_read(building->room, path.ptr, &octets, &why);
    if (err == YETT_OK) {
        err = find_facts(building, octets, &facts, &fault);
        keys_wipe(octets);
    }
    if (err != YETT_OK && fault != NULL) {
        why = keys_sentence(building->room, path.ptr, fault);
    }
    if (err == YETT_NOT_FOUND) {
        why = arena_printf(building->room, "%.*s (%s)", SLICE_ARG(why),
                           slice_ends_with(path, SLICE(".pem.pem"))
                               ? "the name of a selector ends before .pem"
                               : "yett key list shows which keys there are");
    }
    if (err == YETT_OK) {
        err = signing_add_key(building->builder, &facts, number, &why);
    }
    return err == YETT_OK ? err : building_fail(building, err, at, why);
}

enum yett_err table_add_key(struct building *building, slice at, slice domain,
                            slice selector, slice path, enum signing_use use,
                            uint32_t *row)
{
    struct signing_row wanted = {.domain = domain, .selector = selector, .uses = use};
    slice why = SLICE_NONE;
    enum yett_err err = YETT_OK;
    if (slice_is_empty(path)) {
        err = table_path(building, domain, selector, KEYS_SUFFIX, &path);
    } else {
        err = terminate(building, path, &path);
    }
    if (err != YETT_OK) {
        return building_fail(building, err, at, SLICE("the path of its key is too long"));
    }
    err = find_key(building, at, path, &wanted.key);
    if (err != YETT_OK) {
        return err;
    }
    err = signing_add_row(building->builder, &wanted, row, &why);
    return err == YETT_OK ? err : building_fail(building, err, at, why);
}
