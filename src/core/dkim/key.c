/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/base64.h"
#include "core/dkim/dkim.h"

/* key: one key record (RFC 6376 section 3.6.1, RFC 8463 section 4.2). */

struct reader {
    struct arena *arena;
    slice text;
    const struct taglist *tags;
    struct dkim_key_record *out;
    size_t bad_at;
    const char *why;
};

static enum yett_err refuse(struct reader *reader, slice at, const char *why)
{
    reader->bad_at = slice_offset(reader->text, at);
    reader->why = why;
    return YETT_BAD_SYNTAX;
}

/* "v=DKIM1" stands first or not at all; it is compared octet by octet. */
static enum yett_err read_version(struct reader *reader, const struct tag *tag)
{
    if (tag == NULL) {
        return YETT_OK;
    }
    if (!slice_eq(tag->value, SLICE("DKIM1"))) {
        return refuse(reader, tag->value, "v= is not DKIM1");
    }
    if (tag != &reader->tags->tags[0]) {
        return refuse(reader, tag->raw, "v= is not the first tag");
    }
    return YETT_OK;
}

static enum yett_err read_key_type(struct reader *reader, const struct tag *tag)
{
    static const struct {
        slice name;
        enum crypto_key_type type;
    } types[] = {
        {SLICE_INIT("rsa"),     CRYPTO_RSA    },
        {SLICE_INIT("ed25519"), CRYPTO_ED25519},
    };
    reader->out->type = CRYPTO_RSA;
    if (tag == NULL) {
        return YETT_OK;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (slice_eq_nocase(tag->value, types[i].name)) {
            reader->out->type = types[i].type;
            return YETT_OK;
        }
    }
    return refuse(reader, tag->value, "k= names an unknown type of key");
}

static enum yett_err read_key(struct reader *reader, const struct tag *tag)
{
    size_t bad_at = 0;
    if (tag == NULL) {
        return refuse(reader, slice_skip(reader->text, reader->text.len),
                      "p= is missing");
    }
    if (tag->value.len == 0) {
        reader->out->revoked = true;
        return YETT_OK;
    }
    enum yett_err err =
        base64_decode(reader->arena, tag->value, &reader->out->key, &bad_at);
    if (err == YETT_BAD_SYNTAX) {
        return refuse(reader, slice_skip(tag->value, bad_at), "p= is not base64");
    }
    return err;
}

/* Does a colon-separated list hold this word?  Unknown words are passed over. */
static bool lists(const struct tag *tag, slice word)
{
    slice list = tag->value;
    slice piece;
    while (slice_next_piece(&list, ':', &piece)) {
        if (slice_eq_nocase(slice_trim_fws(piece), word)) {
            return true;
        }
    }
    return false;
}

static void read_lists(struct reader *reader)
{
    struct dkim_key_record *out = reader->out;
    const struct tag *hashes = taglist_find(reader->tags, "h");
    const struct tag *services = taglist_find(reader->tags, "s");
    const struct tag *flags = taglist_find(reader->tags, "t");
    const struct tag *notes = taglist_find(reader->tags, "n");

    out->allows_sha1 = hashes == NULL || lists(hashes, SLICE("sha1"));
    out->allows_sha256 = hashes == NULL || lists(hashes, SLICE("sha256"));
    out->for_email = services == NULL || lists(services, SLICE("*")) ||
                     lists(services, SLICE("email"));
    out->testing = flags != NULL && lists(flags, SLICE("y"));
    out->strict_identity = flags != NULL && lists(flags, SLICE("s"));
    out->notes = notes == NULL ? SLICE_NONE : notes->value;
}

static enum yett_err read_record(struct reader *reader)
{
    enum yett_err err = read_version(reader, taglist_find(reader->tags, "v"));
    if (err == YETT_OK) {
        err = read_key_type(reader, taglist_find(reader->tags, "k"));
    }
    if (err == YETT_OK) {
        err = read_key(reader, taglist_find(reader->tags, "p"));
    }
    if (err == YETT_OK) {
        read_lists(reader);
    }
    return err;
}

enum yett_err dkim_parse_key_record(struct arena *arena, slice text,
                                    struct dkim_key_record *out, size_t *bad_at,
                                    const char **why)
{
    struct taglist_error error = {0};
    struct taglist tags = {0};
    struct dkim_key_record record = {0};
    struct reader reader = {.arena = arena, .text = text, .tags = &tags, .out = &record};

    enum yett_err err = taglist_parse(arena, text, &tags, &error);
    if (err == YETT_BAD_SYNTAX) {
        reader.bad_at = error.offset;
        reader.why = error.why;
    } else if (err == YETT_OK) {
        err = read_record(&reader);
    }
    if (err == YETT_BAD_SYNTAX) {
        *bad_at = reader.bad_at;
        *why = reader.why;
    }
    if (err == YETT_OK) {
        *out = record;
    }
    return err;
}
