/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/siphash.h"
#include "core/dkim/algorithm.h"
#include "core/dkim/facts.h"

/*
 * header_hash: the digest that a signature signs (RFC 6376 section 3.7, hash step 2).
 *
 * For each name in h= the lowest field of that name that was not taken yet (section 5.4.2);
 * a name without a field adds nothing.  h= may hold hundreds of names and the header thousands
 * of fields, so names are made easy to compare beforehand.
 */

/* ---- names -------------------------------------------------------------------------- */

/*
 * 32 octets that tell names apart: a name of up to so many is its own, case folded; a longer
 * one is a hash under a fixed key, for which nobody makes many names alike, and its length.
 */
struct dkim_name {
    uint64_t word[4];
};

static struct dkim_name short_name(slice name)
{
    struct dkim_name out;
    char text[sizeof(out)] = {0};
    for (size_t i = 0; i < name.len; i++) {
        text[i] = ascii_lower(name.ptr[i]);
    }
    memcpy(&out, text, sizeof(out));
    return out;
}

/* 48 octets at a time, each part hashed with the hash of those before. */
static struct dkim_name long_name(slice name)
{
    static const uint8_t key[16] = "dkim field names";
    struct dkim_name out = {
        {0, name.len}
    };
    while (name.len != 0) {
        char text[sizeof(uint64_t) + 48];
        slice part = slice_first(name, sizeof(text) - sizeof(uint64_t));
        memcpy(text, &out.word[0], sizeof(uint64_t));
        for (size_t i = 0; i < part.len; i++) {
            text[sizeof(uint64_t) + i] = ascii_lower(part.ptr[i]);
        }
        out.word[0] = siphash(key, slice_of(text, sizeof(uint64_t) + part.len));
        name = slice_skip(name, part.len);
    }
    return out;
}

static struct dkim_name name_of(slice name)
{
    return name.len <= sizeof(struct dkim_name) ? short_name(name) : long_name(name);
}

static enum yett_err prepare_names(struct dkim_message *message)
{
    size_t count = message->header.count;
    if (message->names != NULL) {
        memset(message->taken, 0, count * sizeof(*message->taken));
        return YETT_OK;
    }
    message->taken = ARENA_ARRAY(message->arena, count, bool);
    struct dkim_name *names = ARENA_ARRAY(message->arena, count, struct dkim_name);
    if (names == NULL || message->taken == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = name_of(message->header.fields[i].name);
    }
    message->names = names;
    return YETT_OK;
}

/* The lowest field of this name that was not taken yet, taken now; NULL when there is none. */
static const struct message_field *take_field(struct dkim_message *message, slice name)
{
    struct dkim_name wanted = name_of(name);
    for (size_t i = message->header.count; i-- > 0;) {
        const struct dkim_name *found = &message->names[i];
        const struct message_field *field = &message->header.fields[i];
        if (found->word[0] == wanted.word[0] && !message->taken[i] &&
            memcmp(found, &wanted, sizeof(wanted)) == 0 &&
            slice_eq_nocase(field->name, name)) {
            message->taken[i] = true;
            return field;
        }
    }
    return NULL;
}

/* ---- hashing ------------------------------------------------------------------------ */

/* Canonical fields come in small pieces; libcrypto takes large ones more readily. */
struct gather {
    struct crypto_hash *hash;
    size_t fill;
    char bytes[2048];
};

static void gather_flush(struct gather *gather)
{
    crypto_hash_update(gather->hash, slice_of(gather->bytes, gather->fill));
    gather->fill = 0;
}

static void gather_write(void *context, slice bytes)
{
    struct gather *gather = context;
    if (bytes.len > sizeof(gather->bytes) - gather->fill) {
        gather_flush(gather);
    }
    if (bytes.len > sizeof(gather->bytes)) {
        crypto_hash_update(gather->hash, bytes);
        return;
    }
    memcpy(gather->bytes + gather->fill, bytes.ptr, bytes.len);
    gather->fill += bytes.len;
}

static void hash_fields(struct dkim_message *message,
                        const struct dkim_signature *signature, struct dkim_sink sink)
{
    slice names = signature->signed_fields;
    slice name;

    /* The field itself is never one of those that it names: it comes last, without b=. */
    message->taken[signature->field_index] = true;
    while (slice_next_piece(&names, ':', &name)) {
        const struct message_field *field = take_field(message, slice_trim_fws(name));
        if (field != NULL) {
            dkim_header_canon(signature->header_canon, field, false, sink);
        }
    }
    dkim_header_canon_without(signature->header_canon, signature->field,
                              signature->b_region, true, sink);
}

enum yett_err dkim_header_digest(struct dkim_message *message, size_t index,
                                 const uint8_t **out)
{
    const struct dkim_signature *signature = &message->signatures[index];
    struct dkim_header_digest *digest = &message->header_digests[index];
    struct gather gather;
    enum yett_err err;

    *out = digest->value;
    if (digest->known) {
        return YETT_OK;
    }
    err = prepare_names(message);
    if (err != YETT_OK) {
        return err;
    }
    gather.fill = 0;
    gather.hash =
        crypto_hash_new(message->crypto, dkim_algorithm_digest(signature->algorithm));
    if (gather.hash == NULL) {
        return YETT_NO_MEMORY;
    }
    hash_fields(message, signature,
                (struct dkim_sink){.write = gather_write, .context = &gather});
    gather_flush(&gather);
    err = crypto_hash_final(gather.hash, digest->value);
    crypto_hash_free(gather.hash);
    digest->known = err == YETT_OK;
    return err;
}
