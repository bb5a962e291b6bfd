/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/keyring/keyring.h"
#include "core/dkim/dkim.h"

/* match: is what stands in DNS the record of a key? */

static const struct {
    const char *word, *reason;
} words[] = {
    [KEYRING_OURS] = {"ours",     "the record of this key"                           },
    [KEYRING_ABSENT] = {"absent",   "no record"                                        },
    [KEYRING_SEVERAL] = {"several",  "several records, of which a verifier may take any"},
    [KEYRING_REVOKED] = {"revoked",  "a record that revokes the key (p= is empty)"      },
    [KEYRING_OTHER] = {"other",    "the record of another key"                        },
    [KEYRING_UNUSABLE] = {"unusable", "a record that is no key record"                   },
};

const char *keyring_match_text(enum keyring_match_code code)
{
    return words[code].word;
}

/* For RSA some publish the bare RSAPublicKey, which our SubjectPublicKeyInfo ends in (RFC 6376
   section 3.6.1 and its erratum); nothing shorter than a modulus is one. */
static bool is_same_key(const struct keyring_key *key,
                        const struct dkim_key_record *record)
{
    return record->type == key->type &&
           (slice_eq(record->key, key->public_key) ||
            (key->type == CRYPTO_RSA && record->key.len > key->bits / 8 &&
             slice_ends_with(key->public_key, record->key)));
}

static void set(struct keyring_match *out, enum keyring_match_code code)
{
    out->code = code;
    out->reason = slice_from_text(words[code].reason);
}

/* ---- slips of the pen -------------------------------------------------------------------- */

/* All RSA keys of one size begin alike: what is shorter may be the beginning of anybody's. */
enum { KEY_OCTETS_MIN = 48, RECORD_OCTETS_MIN = 100 };

/* A form that takes 255 octets, and nobody noticed. */
static bool is_cut_off(slice part, slice whole, size_t least)
{
    return part.len >= least && part.len < whole.len && slice_starts_with(whole, part);
}

/* This key, but so that no verifier can use it; NULL when it is none of what is known. */
static const char *slip_of_pen(const struct keyring_key *key,
                               const struct dkim_key_record *record)
{
    bool ends_in_ours = slice_ends_with(record->key, key->public_key);
    if (key->type == CRYPTO_RSA) {
        return record->type == CRYPTO_RSA &&
                       is_cut_off(record->key, key->public_key, KEY_OCTETS_MIN)
                   ? "the beginning of this key only: the rest of p= is missing"
                   : NULL;
    }
    if (record->type != CRYPTO_ED25519) {
        return ends_in_ours
                   ? "this key in a record without k=ed25519, so that it is taken "
                     "for an RSA key"
                   : NULL;
    }
    return ends_in_ours
               ? "this key in another form: p= has to be its 32 octets alone (RFC "
                 "8463), and what openssl writes is longer"
               : NULL;
}

/* ---- one record -------------------------------------------------------------------------- */

static enum yett_err match_one(struct arena *arena, const struct keyring_key *key,
                               slice text, struct keyring_match *out)
{
    struct dkim_key_record record;
    size_t bad_at = 0;
    const char *why = "";
    if (is_cut_off(text, key->record, RECORD_OCTETS_MIN)) {
        set(out, KEYRING_UNUSABLE);
        out->reason =
            arena_printf(arena, "the beginning of its record only: %zu octets of %zu",
                         text.len, key->record.len);
        return YETT_OK;
    }
    enum yett_err err = dkim_parse_key_record(arena, text, &record, &bad_at, &why);
    if (err == YETT_BAD_SYNTAX) {
        set(out, KEYRING_UNUSABLE);
        out->reason = arena_printf(arena, "a record that is no key record: %s", why);
        return YETT_OK;
    }
    if (err != YETT_OK) {
        return err;
    }
    out->is_testing = record.testing;
    why = record.revoked || is_same_key(key, &record) ? NULL : slip_of_pen(key, &record);
    if (why != NULL) {
        set(out, KEYRING_UNUSABLE);
        out->reason = slice_from_text(why);
    } else if (record.revoked) {
        set(out, KEYRING_REVOKED);
    } else if (!is_same_key(key, &record)) {
        set(out, KEYRING_OTHER);
    } else if (!record.allows_sha256 || !record.for_email) {
        set(out, KEYRING_UNUSABLE);
        out->reason = record.for_email
                          ? SLICE("this key in a record that does not allow SHA-256 (h=)")
                          : SLICE("this key in a record that is not for mail (s=)");
    } else {
        set(out, KEYRING_OURS);
    }
    return YETT_OK;
}

enum yett_err keyring_match(struct arena *arena, const struct keyring_key *key,
                            const slice *texts, size_t count, struct keyring_match *out)
{
    struct keyring_match match = {.code = KEYRING_ABSENT};
    bool has_ours = false;
    bool is_testing = false;
    set(&match, KEYRING_ABSENT);
    for (size_t i = 0; i < count; i++) {
        enum yett_err err = match_one(arena, key, texts[i], &match);
        if (err != YETT_OK) {
            return err;
        }
        if (match.code == KEYRING_OURS) {
            has_ours = true;
            is_testing = match.is_testing;
        }
    }
    if (count > 1) {
        set(&match, KEYRING_SEVERAL);
        match.is_testing = is_testing;
    }
    match.has_ours = has_ours;
    *out = match;
    return YETT_OK;
}
