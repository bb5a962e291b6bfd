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

static enum yett_err match_one(struct arena *arena, const struct keyring_key *key,
                               slice text, struct keyring_match *out)
{
    struct dkim_key_record record;
    size_t bad_at = 0;
    const char *why = "";
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
    if (record.revoked) {
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
