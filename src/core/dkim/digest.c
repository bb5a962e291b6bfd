/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/digest.h"

#include "core/dkim/algorithm.h"
#include "core/dkim/proof.h"

/* Of signatures to be made: one for each canonicalisation. */
enum { OWN_DIGESTS = 2 };

enum yett_err dkim_digests_init(struct dkim_digests *digests, struct arena *arena,
                                struct crypto *crypto, const struct dkim_limits *limits)
{
    size_t half = limits->proof_window_bytes / 2;
    size_t capacity = limits->signatures + DKIM_ADDED_DIGESTS;
    *digests = (struct dkim_digests){
        .arena = arena,
        .crypto = crypto,
        .half = half < 1024 ? 1024 : half,
        .candidates = limits->proof_candidates,
        .capacity = capacity,
        .list = ARENA_ARRAY(arena, capacity + OWN_DIGESTS, struct dkim_body_digest),
    };
    return digests->list == NULL ? YETT_NO_MEMORY : YETT_OK;
}

const struct dkim_body_digest *dkim_digests_find(const struct dkim_digests *digests,
                                                 const struct dkim_signature *signature)
{
    enum crypto_digest algorithm = dkim_algorithm_digest(signature->algorithm);
    for (size_t i = 0; i < digests->count; i++) {
        const struct dkim_body_digest *digest = &digests->list[i];
        if (digest->canon == signature->body_canon && digest->algorithm == algorithm &&
            digest->length == signature->body_length) {
            return digest;
        }
    }
    return NULL;
}

struct dkim_signature dkim_own_signature(enum dkim_canon canon)
{
    return (struct dkim_signature){
        .algorithm = DKIM_RSA_SHA256, .body_canon = canon, .body_length = DKIM_NO_LENGTH};
}

uint64_t dkim_digests_total(const struct dkim_digests *digests, enum dkim_canon canon)
{
    return digests->streams[canon] == NULL ? 0 : digests->streams[canon]->total;
}

/* ---- hashing ------------------------------------------------------------------------ */

/* What of `bytes`, which begin at octet `from`, lies below l=. */
static slice below_length(const struct dkim_body_digest *digest, slice bytes,
                          uint64_t from)
{
    if (from >= digest->length) {
        return SLICE_NONE;
    }
    uint64_t left = digest->length - from;
    return left < bytes.len ? slice_first(bytes, (size_t)left) : bytes;
}

/* The oldest octets of the window go on to the hashes. */
static void hash_bytes(struct dkim_body_stream *stream, slice bytes)
{
    struct dkim_digests *digests = stream->owner;
    for (size_t i = 0; i < digests->count; i++) {
        struct dkim_body_digest *digest = &digests->list[i];
        if (digest->canon == stream->canon.canon) {
            crypto_hash_update(digest->hash, below_length(digest, bytes, stream->hashed));
        }
    }
    stream->hashed += bytes.len;
}

/* Make `newer` a half with room. */
static bool make_room(struct dkim_body_stream *stream)
{
    struct dkim_digests *digests = stream->owner;
    if (stream->newer != NULL && stream->newer_bytes < digests->half) {
        return true;
    }
    if (stream->older != NULL) {
        hash_bytes(stream, slice_of(stream->older, digests->half));
        stream->spare = stream->older;
    }
    stream->older = stream->newer;
    stream->newer = stream->spare;
    stream->spare = NULL;
    stream->newer_bytes = 0;
    if (stream->newer == NULL) {
        stream->newer = arena_alloc(digests->arena, digests->half);
    }
    if (stream->newer == NULL && digests->err == YETT_OK) {
        digests->err = YETT_NO_MEMORY;
    }
    return stream->newer != NULL;
}

static void append(struct dkim_body_stream *stream, slice bytes)
{
    memcpy(stream->newer + stream->newer_bytes, bytes.ptr, bytes.len);
    stream->newer_bytes += bytes.len;
}

/* The sink of a stream's canonicalisation. */
static void write_canonical(void *context, slice bytes)
{
    struct dkim_body_stream *stream = context;
    stream->total += bytes.len;
    if (stream->newer != NULL && bytes.len <= stream->owner->half - stream->newer_bytes) {
        append(stream, bytes);
        return;
    }
    while (bytes.len != 0 && make_room(stream)) {
        slice part = slice_first(bytes, stream->owner->half - stream->newer_bytes);
        append(stream, part);
        bytes = slice_skip(bytes, part.len);
    }
}

/* ---- the life of the set ------------------------------------------------------------ */

/* One for each canonicalisation that is wanted. */
static enum yett_err want_stream(struct dkim_digests *digests, enum dkim_canon canon)
{
    if (digests->streams[canon] != NULL) {
        return YETT_OK;
    }
    struct dkim_body_stream *stream = arena_alloc(digests->arena, sizeof(*stream));
    if (stream == NULL) {
        return YETT_NO_MEMORY;
    }
    stream->owner = digests;
    stream->older = NULL;
    stream->newer = NULL;
    stream->newer_bytes = 0;
    stream->spare = NULL;
    stream->hashed = 0;
    stream->total = 0;
    dkim_body_canon_init(&stream->canon, canon,
                         (struct dkim_sink){.write = write_canonical, .context = stream});
    digests->streams[canon] = stream;
    return YETT_OK;
}

static enum yett_err add_digest(struct dkim_digests *digests,
                                const struct dkim_signature *signature)
{
    enum yett_err err = want_stream(digests, signature->body_canon);
    if (err != YETT_OK) {
        return err;
    }
    struct dkim_body_digest digest = {
        .canon = signature->body_canon,
        .algorithm = dkim_algorithm_digest(signature->algorithm),
        .length = signature->body_length,
    };
    digest.hash = crypto_hash_new(digests->crypto, digest.algorithm);
    if (digest.hash == NULL) {
        return YETT_NO_MEMORY;
    }
    digests->list[digests->count++] = digest;
    return YETT_OK;
}

enum yett_err dkim_digests_want(struct dkim_digests *digests,
                                const struct dkim_signature *signature)
{
    if (dkim_digests_find(digests, signature) != NULL) {
        return YETT_OK;
    }
    return digests->count < digests->capacity ? add_digest(digests, signature)
                                              : YETT_LIMIT;
}

enum yett_err dkim_digests_want_own(struct dkim_digests *digests, enum dkim_canon canon)
{
    const struct dkim_signature own = dkim_own_signature(canon);
    return dkim_digests_find(digests, &own) != NULL ? YETT_OK : add_digest(digests, &own);
}

void dkim_digests_feed(struct dkim_digests *digests, slice piece)
{
    for (size_t i = 0; i < 2 && digests->err == YETT_OK; i++) {
        if (digests->streams[i] != NULL) {
            dkim_body_canon_feed(&digests->streams[i]->canon, piece);
        }
    }
}

/* The window's octets into `digest`, which has seen all before it. */
static void hash_window(const struct dkim_body_stream *stream,
                        struct dkim_body_digest *digest)
{
    uint64_t from = stream->hashed;
    if (stream->older != NULL) {
        slice older = slice_of(stream->older, stream->owner->half);
        crypto_hash_update(digest->hash, below_length(digest, older, from));
        from += older.len;
    }
    slice newer = slice_of(stream->newer, stream->newer_bytes);
    crypto_hash_update(digest->hash, below_length(digest, newer, from));
}

static enum yett_err end_digest(struct dkim_digests *digests,
                                struct dkim_body_digest *digest)
{
    const struct dkim_body_stream *stream = digests->streams[digest->canon];

    if (stream->hashed != 0 && digest->length == DKIM_NO_LENGTH) {
        digest->at_window = crypto_hash_copy(digest->hash);
        if (digest->at_window == NULL) {
            return YETT_NO_MEMORY;
        }
    }
    hash_window(stream, digest);
    enum yett_err err = crypto_hash_final(digest->hash, digest->value);
    crypto_hash_free(digest->hash);
    digest->hash = NULL;
    return err;
}

enum yett_err dkim_digests_end(struct dkim_digests *digests)
{
    for (size_t i = 0; i < 2 && digests->err == YETT_OK; i++) {
        if (digests->streams[i] != NULL) {
            dkim_body_canon_finish(&digests->streams[i]->canon);
        }
    }
    for (size_t i = 0; i < digests->count && digests->err == YETT_OK; i++) {
        digests->err = end_digest(digests, &digests->list[i]);
    }
    return digests->err;
}

void dkim_digests_finish(struct dkim_digests *digests)
{
    for (size_t i = 0; i < digests->count; i++) {
        crypto_hash_free(digests->list[i].hash);
        crypto_hash_free(digests->list[i].at_window);
        digests->list[i].hash = NULL;
        digests->list[i].at_window = NULL;
    }
}
