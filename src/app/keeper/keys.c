/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/keys/keys.h"

#include "app/keeper/inside.h"

#include <stdio.h>

/*
 * keys: the private keys, by their number in the table.
 *
 * All files are read at the start, since none can be later.  As long as there are not very
 * many, all keys are made of them then, and the files' octets are wiped.  Of more the octets
 * are kept, and a key is made when it is first wanted: a hundred thousand would take minutes
 * and a gigabyte, and few of them sign within a day.
 *
 * The settings role has seen each file just before.  One that cannot be used now is missed
 * alone: the others go on.
 */
enum {
    MADE_MAX = 2048, /* keys that are held ready */
    READ_ARENA_BYTES = 256 * 1024,
    SENTENCE_BYTES = KEYS_PATH_MAX + 200
};

struct entry {
    struct crypto_private_key *key; /* NULL: not made */
    slice octets;                   /* of its file, as long as it may have to be made */
    const char *why;                /* it cannot be: a sentence */
};

struct keys {
    struct crypto *crypto;
    const struct signing_table *table;
    struct log *log;
    size_t count;
    bool are_few;
    size_t made; /* since the start */
    uint32_t made_numbers[MADE_MAX];
    struct entry entries[];
};

/* ---- one key ---------------------------------------------------------------------------- */

/* `sentence` begins with its path. */
static void miss(struct keys *keys, uint32_t number, const char *why, slice sentence)
{
    keys->entries[number].why = why;
    log_say(keys->log, LOG_LEVEL_ERROR,
            "%.*s; nothing is signed with this key before the next reload",
            SLICE_ARG(sentence));
}

static const char *make(struct keys *keys, const struct signing_key *known, slice octets,
                        struct crypto_private_key **out)
{
    const char *why = "out of memory";
    if (crypto_private_key_read(keys->crypto, octets, out, &why) != YETT_OK) {
        return why;
    }
    if (crypto_private_key_type(*out) != known->type) {
        crypto_private_key_free(*out);
        *out = NULL;
        return "the key is of another kind than it was when the settings were read";
    }
    return NULL;
}

/* The place of the one that was made longest ago is taken. */
static void make_room(struct keys *keys, uint32_t number)
{
    uint32_t *place = &keys->made_numbers[keys->made % MADE_MAX];
    if (keys->made >= MADE_MAX) {
        crypto_private_key_free(keys->entries[*place].key);
        keys->entries[*place].key = NULL;
    }
    *place = number;
    keys->made++;
}

static void make_entry(struct keys *keys, uint32_t number, slice octets)
{
    struct signing_key known = signing_key_at(keys->table, number);
    struct crypto_private_key *key = NULL;
    const char *why = make(keys, &known, octets, &key);
    if (why != NULL) {
        char sentence[SENTENCE_BYTES];
        (void)snprintf(sentence, sizeof sentence, "%.*s: %s", SLICE_ARG(known.path), why);
        miss(keys, number, why, slice_from_text(sentence));
        return;
    }
    make_room(keys, number);
    keys->entries[number].key = key;
}

/* ---- all of them ------------------------------------------------------------------------ */

static enum yett_err read_one(struct keys *keys, struct arena *arena, struct arena *room,
                              uint32_t number)
{
    struct signing_key known = signing_key_at(keys->table, number);
    slice octets = SLICE_NONE, why = SLICE_NONE;
    enum yett_err err = keys_read(room, known.path.ptr, &octets, &why);
    if (err == YETT_NO_MEMORY) {
        return err;
    }
    if (err != YETT_OK) {
        miss(keys, number, "its file could not be read", why);
        return YETT_OK;
    }
    if (keys->are_few) {
        make_entry(keys, number, octets);
    } else {
        err = arena_copy(arena, octets, &keys->entries[number].octets);
    }
    keys_wipe(octets);
    return err;
}

struct keys *keys_open(struct arena *arena, struct crypto *crypto,
                       const struct signing_table *table, struct log *log)
{
    size_t count = signing_key_count(table);
    struct keys *keys =
        arena_calloc(arena, 1, sizeof(*keys) + count * sizeof(struct entry));
    struct arena *room = arena_new(READ_ARENA_BYTES);
    enum yett_err err = keys == NULL || room == NULL ? YETT_NO_MEMORY : YETT_OK;
    if (keys != NULL) {
        keys->crypto = crypto;
        keys->table = table;
        keys->log = log;
        keys->count = count;
        keys->are_few = count <= MADE_MAX;
    }
    for (size_t i = 0; err == YETT_OK && i < count; i++) {
        struct arena_mark mark = arena_mark(room);
        err = read_one(keys, arena, room, (uint32_t)i);
        arena_rewind(room, mark);
    }
    arena_free(room);
    if (err != YETT_OK) {
        keys_close(keys);
        return NULL;
    }
    return keys;
}

void keys_close(struct keys *keys)
{
    for (size_t i = 0; keys != NULL && i < keys->count; i++) {
        crypto_private_key_free(keys->entries[i].key);
        keys_wipe(keys->entries[i].octets);
    }
}

const struct crypto_private_key *keys_find(void *context, uint32_t number,
                                           const char **why)
{
    struct keys *keys = context;
    if (number >= keys->count) {
        *why = "there is no key of this number";
        return NULL;
    }
    struct entry *entry = &keys->entries[number];
    if (entry->key == NULL && entry->why == NULL) {
        make_entry(keys, number, entry->octets);
    }
    *why = entry->why;
    return entry->key;
}
