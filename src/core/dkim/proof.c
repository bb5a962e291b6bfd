/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/proof.h"

/* The window as one run of octets. */
struct window {
    slice older;
    slice newer;
};

static struct window window_of(const struct dkim_body_stream *stream)
{
    struct window window = {.newer = slice_of(stream->newer, stream->newer_bytes)};
    if (stream->older != NULL) {
        window.older = slice_of(stream->older, stream->owner->half);
    }
    return window;
}

static size_t window_bytes(const struct window *window)
{
    return window->older.len + window->newer.len;
}

static char octet_at(const struct window *window, size_t at)
{
    return at < window->older.len ? window->older.ptr[at]
                                  : window->newer.ptr[at - window->older.len];
}

static bool is_line_end(const struct window *window, size_t before)
{
    return before >= 2 && octet_at(window, before - 2) == '\r' &&
           octet_at(window, before - 1) == '\n';
}

/* Just behind the last LF below `at`; 0 when there is none. */
static size_t previous_lf(const struct window *window, size_t at)
{
    size_t split = window->older.len;
    if (at > split) {
        slice part = slice_first(window->newer, at - split);
        size_t found = slice_find_last_byte(part, '\n');
        if (found < part.len) {
            return split + found + 1;
        }
        at = split;
    }
    slice part = slice_first(window->older, at);
    size_t found = slice_find_last_byte(part, '\n');
    return found < part.len ? found + 1 : 0;
}

/*
 * The last `max` ends of lines with text into `out`, the last one first.  The end of the
 * whole body is none of them, and neither is its beginning: an empty text is a part of
 * every text.
 */
static size_t find_candidates(const struct window *window, size_t max, size_t *out)
{
    size_t count = 0;
    size_t at = window_bytes(window);
    at = at == 0 ? 0 : at - 1;
    while (count < max && (at = previous_lf(window, at)) >= 3) {
        if (is_line_end(window, at) && !is_line_end(window, at - 2)) {
            out[count++] = at;
        }
        at--;
    }
    return count;
}

static void hash_between(const struct window *window, size_t from, size_t to,
                         struct crypto_hash *hash)
{
    size_t split = window->older.len;
    crypto_hash_update(hash, slice_between(window->older, from, to));
    crypto_hash_update(hash, slice_between(window->newer, from < split ? 0 : from - split,
                                           to < split ? 0 : to - split));
}

static bool is_digest(slice body_hash, const uint8_t *digest)
{
    return memcmp(body_hash.ptr, digest, body_hash.len) == 0; /* its length was checked */
}

/* Hash the window, with a look at each candidate; `*signed_bytes` counts from its beginning. */
static enum yett_err look(const struct window *window, const size_t *at, size_t count,
                          struct crypto_hash *hash, slice body_hash, bool *found,
                          uint64_t *signed_bytes)
{
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t value[CRYPTO_DIGEST_MAX];
        hash_between(window, done, at[count - 1 - i], hash);
        done = at[count - 1 - i];
        enum yett_err err = crypto_hash_peek(hash, value);
        if (err != YETT_OK) {
            return err;
        }
        if (is_digest(body_hash, value)) {
            *found = true;
            *signed_bytes = done;
            return YETT_OK;
        }
    }
    return YETT_OK;
}

enum yett_err dkim_proof_find(const struct dkim_digests *digests,
                              const struct dkim_signature *signature, bool *found,
                              uint64_t *signed_bytes)
{
    const struct dkim_body_digest *digest = dkim_digests_find(digests, signature);
    *found = false;
    *signed_bytes = 0;
    if (digest == NULL || digest->length != DKIM_NO_LENGTH) {
        return YETT_OK; /* l= covers a beginning already, and it was changed */
    }
    const struct dkim_body_stream *stream = digests->streams[digest->canon];
    struct window window = window_of(stream);
    struct arena_mark mark = arena_mark(digests->arena);
    size_t *at = ARENA_ARRAY(digests->arena, digests->candidates, size_t);
    struct crypto_hash *hash = digest->at_window != NULL
                                   ? crypto_hash_copy(digest->at_window)
                                   : crypto_hash_new(digests->crypto, digest->algorithm);
    enum yett_err err = YETT_NO_MEMORY;
    if (at != NULL && hash != NULL) {
        size_t count = find_candidates(&window, digests->candidates, at);
        err = look(&window, at, count, hash, signature->body_hash, found, signed_bytes);
        *signed_bytes += *found ? stream->hashed : 0;
    }
    crypto_hash_free(hash);
    arena_rewind(digests->arena, mark);
    return err;
}
