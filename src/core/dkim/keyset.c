/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/keyset.h"

#include <stdlib.h>

/*
 * A memo is one block on the heap: header, entries, octets of the keys.  It points to nothing
 * else, for it outlives the message that made it.
 */
struct keyset_memo {
    struct dns_memo memo; /* first: the list knows only this */
    struct dkim_keyset set;
    struct dkim_key_entry entries[];
};

static const char keyset_kind;

/* Larger answers are read for each message: nobody fills the cache with keys of 64 KiB. */
enum { MEMO_KEY_OCTETS_MAX = 8192, ED25519_OCTETS = 32, ED25519_BITS = 256 };

/* What libcrypto hangs on a key that it uses: about so much. */
enum { PARSED_KEY_BYTES = 1024 };

/* ---- reading ------------------------------------------------------------------------ */

static void judge_octets(struct dkim_key_entry *entry)
{
    slice key = entry->record.key;
    const char *why = "";
    switch (entry->record.type) {
    case CRYPTO_RSA:
        entry->usable_key = crypto_rsa_bits(key, &entry->bits, &why) == YETT_OK;
        break;
    case CRYPTO_ED25519:
        entry->usable_key = key.len == ED25519_OCTETS;
        why = "an Ed25519 key has 32 octets";
        entry->bits = entry->usable_key ? ED25519_BITS : 0;
        break;
    }
    entry->key_why = slice_from_text(why);
}

static enum yett_err read_entry(struct arena *arena, slice text,
                                struct dkim_key_entry *entry)
{
    size_t bad_at = 0;
    enum yett_err err =
        dkim_parse_key_record(arena, text, &entry->record, &bad_at, &entry->why);
    entry->record.notes = SLICE_NONE;
    if (err == YETT_OK) {
        entry->readable = true;
        if (!entry->record.revoked) {
            judge_octets(entry);
        }
    }
    return err == YETT_BAD_SYNTAX ? YETT_OK : err;
}

static enum yett_err read_set(struct arena *arena, const struct dns_answer *answer,
                              struct dkim_keyset **out)
{
    size_t count = answer->count < KEYSET_MAX ? answer->count : KEYSET_MAX;
    struct dkim_keyset *set = ARENA_NEW(arena, struct dkim_keyset);
    struct dkim_key_entry *entries = ARENA_ARRAY(arena, count, struct dkim_key_entry);
    if (set == NULL || entries == NULL) {
        return YETT_NO_MEMORY;
    }
    *set = (struct dkim_keyset){.count = count, .entries = entries};
    for (size_t i = 0; i < count; i++) {
        enum yett_err err = read_entry(arena, answer->records[i].text, &entries[i]);
        if (err != YETT_OK) {
            return err;
        }
    }
    *out = set;
    return YETT_OK;
}

/* ---- keeping ------------------------------------------------------------------------ */

static void free_memo(struct dns_memo *memo)
{
    struct keyset_memo *kept = (struct keyset_memo *)memo;
    for (size_t i = 0; i < kept->set.count; i++) {
        crypto_key_free(kept->entries[i].parsed);
    }
    free(kept);
}

static size_t key_octets(const struct dkim_keyset *set)
{
    size_t octets = 0;
    for (size_t i = 0; i < set->count; i++) {
        octets += set->entries[i].record.key.len;
    }
    return octets;
}

/* NULL when it is too large, or the heap is full: a memo is never a must. */
static struct keyset_memo *memo_new(const struct dkim_keyset *set)
{
    size_t octets = key_octets(set);
    size_t entries = set->count * sizeof(struct dkim_key_entry);
    struct keyset_memo *kept =
        octets > MEMO_KEY_OCTETS_MAX ? NULL : malloc(sizeof(*kept) + entries + octets);
    if (kept == NULL) {
        return NULL;
    }
    char *at = (char *)kept->entries + entries;
    kept->memo = (struct dns_memo){.kind = &keyset_kind,
                                   .bytes = sizeof(*kept) + entries + octets +
                                            set->count * PARSED_KEY_BYTES,
                                   .free = free_memo};
    kept->set = (struct dkim_keyset){.count = set->count, .entries = kept->entries};
    for (size_t i = 0; i < set->count; i++) {
        struct dkim_key_entry *entry = &kept->entries[i];
        *entry = set->entries[i];
        if (entry->record.key.len != 0) {
            memcpy(at, entry->record.key.ptr, entry->record.key.len);
            entry->record.key.ptr = at;
            at += entry->record.key.len;
        }
    }
    return kept;
}

static struct keyset_memo *memo_find(const struct dns_answer *answer)
{
    return (struct keyset_memo *)dns_memo_find(answer, &keyset_kind);
}

enum yett_err dkim_keyset_read(struct arena *arena, const struct dns_answer *answer,
                               const struct dkim_keyset **out)
{
    struct keyset_memo *kept = memo_find(answer);
    struct dkim_keyset *set = NULL;
    if (kept != NULL) {
        *out = &kept->set;
        return YETT_OK;
    }
    enum yett_err err = read_set(arena, answer, &set);
    if (err != YETT_OK) {
        return err;
    }
    *out = set;
    if (answer->memos != NULL && (kept = memo_new(set)) != NULL) {
        if (dns_memo_keep(answer, &kept->memo)) {
            *out = &kept->set;
        } else {
            free_memo(&kept->memo);
        }
    }
    return YETT_OK;
}

/* ---- keys --------------------------------------------------------------------------- */

static struct dkim_key_entry *find_entry(const struct dns_answer *source,
                                         enum crypto_key_type type, slice octets)
{
    struct keyset_memo *kept = source == NULL ? NULL : memo_find(source);
    for (size_t i = 0; kept != NULL && i < kept->set.count; i++) {
        struct dkim_key_entry *entry = &kept->entries[i];
        if (entry->record.type == type && slice_eq(entry->record.key, octets)) {
            return entry;
        }
    }
    return NULL;
}

static enum yett_err make_key(struct crypto *crypto, enum crypto_key_type type,
                              slice octets, struct crypto_key **out, const char **why)
{
    switch (type) {
    case CRYPTO_RSA:
        return crypto_key_from_rsa(crypto, octets, out, why);
    case CRYPTO_ED25519:
        break;
    }
    return crypto_key_from_ed25519(crypto, octets, out, why);
}

enum yett_err dkim_keyset_key(struct crypto *crypto, const struct dns_answer *source,
                              enum crypto_key_type type, slice octets,
                              struct crypto_key **out, bool *owned, const char **why)
{
    struct dkim_key_entry *entry = find_entry(source, type, octets);
    struct crypto_key *key = entry == NULL ? NULL : entry->parsed;
    if (key == NULL) {
        enum yett_err err = make_key(crypto, type, octets, &key, why);
        if (err != YETT_OK) {
            return err;
        }
        if (entry != NULL) {
            entry->parsed = key;
        }
    }
    *out = key;
    *owned = entry == NULL;
    return YETT_OK;
}
