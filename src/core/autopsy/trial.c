/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/encode.h"

/* trial: candidates of a body, canonicalised, hashed and compared with bh=. */

/* What a copy of a running digest and its end cost, in octets hashed meanwhile. */
enum { COPY_COST = 512, FINE_BYTES = 4096 };

static void hash_canonical(void *context, slice bytes)
{
    struct autopsy_trial *trial = context;
    if (bytes.len > trial->left) {
        bytes = slice_first(bytes, (size_t)trial->left);
    }
    trial->left -= bytes.len;
    crypto_hash_update(trial->hash, bytes);
}

static struct dkim_sink sink_of(struct autopsy_trial *trial)
{
    return (struct dkim_sink){.write = hash_canonical, .context = trial};
}

static void take_hash(struct autopsy_trial *trial, struct crypto_hash *hash)
{
    trial->hash = hash;
    if (hash == NULL) {
        trial->work->err = YETT_NO_MEMORY;
    }
}

void autopsy_trial_begin(struct autopsy_trial *trial, struct autopsy_work *work)
{
    *trial = (struct autopsy_trial){.work = work};
    trial->left = work->signature->body_length;
    dkim_body_canon_init(&trial->canon, work->signature->body_canon, sink_of(trial));
    take_hash(trial, crypto_hash_new(work->crypto, work->digest));
}

void autopsy_trial_copy(struct autopsy_trial *to, const struct autopsy_trial *from)
{
    *to = *from;
    to->canon.sink = sink_of(to);
    /* Blank lines wait for text: each copy has those to hash that it began with. */
    uint64_t waiting = from->canon.pending_lines * 2;
    if (from->hash == NULL ||
        !autopsy_spend(from->work, &from->work->body_left, COPY_COST + waiting)) {
        to->hash = NULL;
        return;
    }
    take_hash(to, crypto_hash_copy(from->hash));
}

void autopsy_trial_drop(struct autopsy_trial *trial)
{
    crypto_hash_free(trial->hash);
    trial->hash = NULL;
}

static void feed_octets(struct autopsy_trial *trial, slice bytes)
{
    if (trial->hash == NULL || bytes.len == 0) {
        return;
    }
    if (!autopsy_spend(trial->work, &trial->work->body_left, bytes.len)) {
        autopsy_trial_drop(trial);
        return;
    }
    dkim_body_canon_feed(&trial->canon, bytes);
}

/* ---- base64 ----------------------------------------------------------------------------- */

/* Whole groups of three octets; a last one may be shorter. */
static void feed_groups(struct autopsy_trial *trial, slice octets)
{
    enum { GROUPS = 64 };
    char room[GROUPS * 4];
    while (octets.len != 0 && trial->hash != NULL) {
        size_t line = (trial->open->width - trial->column) / 4;
        slice piece = slice_first(octets, (line < GROUPS ? line : GROUPS) * 3);
        struct autopsy_out out = {.ptr = room, .capacity = sizeof(room)};
        if (line == 0) {
            feed_octets(trial, SLICE("\r\n"));
            trial->column = 0;
            continue;
        }
        autopsy_encode_base64(&out, piece, 0);
        feed_octets(trial, autopsy_out_slice(&out));
        trial->column += out.len;
        octets = slice_skip(octets, piece.len);
    }
}

static void feed_text(struct autopsy_trial *trial, slice octets)
{
    while (trial->fill != 0 && trial->fill < sizeof(trial->group) && octets.len != 0) {
        trial->group[trial->fill++] = octets.ptr[0];
        octets = slice_skip(octets, 1);
    }
    if (trial->fill == sizeof(trial->group)) {
        feed_groups(trial, slice_of(trial->group, trial->fill));
        trial->fill = 0;
    }
    slice whole = slice_first(octets, octets.len - octets.len % sizeof(trial->group));
    slice rest = slice_skip(octets, whole.len);
    feed_groups(trial, whole);
    for (size_t i = 0; i < rest.len; i++) {
        trial->group[trial->fill++] = rest.ptr[i];
    }
}

static void close_text(struct autopsy_trial *trial)
{
    if (trial->open == NULL) {
        return;
    }
    feed_groups(trial, slice_of(trial->group, trial->fill));
    feed_octets(trial, trial->open->ends ? SLICE("\r\n") : SLICE_NONE);
    trial->open = NULL;
    trial->fill = 0;
    trial->column = 0;
}

/* The first text that ends behind `at`. */
static const struct autopsy_coded *next_text(const struct autopsy_work *work,
                                             const char *at)
{
    for (size_t i = 0; i < work->coded_count; i++) {
        slice text = work->coded[i].text;
        if (at < text.ptr + text.len) {
            return &work->coded[i];
        }
    }
    return NULL;
}

void autopsy_trial_feed(struct autopsy_trial *trial, slice bytes)
{
    while (bytes.len != 0 && trial->hash != NULL) {
        const struct autopsy_coded *next = next_text(trial->work, bytes.ptr);
        bool within = next != NULL && bytes.ptr >= next->text.ptr;
        size_t length = next == NULL ? bytes.len
                        : within ? next->text.len - (size_t)(bytes.ptr - next->text.ptr)
                                 : (size_t)(next->text.ptr - bytes.ptr);
        slice piece = slice_first(bytes, length);
        if (trial->open != (within ? next : NULL)) {
            close_text(trial);
        }
        if (within) {
            trial->open = next;
            feed_text(trial, piece);
        } else {
            feed_octets(trial, piece);
        }
        bytes = slice_skip(bytes, piece.len);
    }
}

bool autopsy_trial_end(struct autopsy_trial *trial)
{
    const struct dkim_signature *signature = trial->work->signature;
    uint8_t value[CRYPTO_DIGEST_MAX];
    close_text(trial);
    if (trial->hash == NULL) {
        return false;
    }
    dkim_body_canon_finish(&trial->canon);
    enum yett_err err = crypto_hash_final(trial->hash, value);
    autopsy_trial_drop(trial);
    if (err != YETT_OK) {
        trial->work->err = err;
        return false;
    }
    /* l= beyond the end is no digest of this body (RFC 6376 section 3.5). */
    return (signature->body_length == DKIM_NO_LENGTH || trial->left == 0) &&
           memcmp(value, signature->body_hash.ptr, signature->body_hash.len) == 0;
}

static bool fits_so_far(const struct autopsy_trial *trial)
{
    struct autopsy_trial copy;
    autopsy_trial_copy(&copy, trial);
    return autopsy_trial_end(&copy);
}

bool autopsy_body_fits(struct autopsy_work *work, slice body)
{
    struct autopsy_trial trial;
    autopsy_trial_begin(&trial, work);
    autopsy_trial_feed(&trial, body);
    return autopsy_trial_end(&trial);
}

/* Octet by octet: what was added may begin within a line. */
static bool find_fine(struct autopsy_trial *trial, slice body, size_t from, size_t *end)
{
    for (size_t at = from; at < body.len && trial->hash != NULL; at++) {
        autopsy_trial_feed(trial, slice_between(body, at, at + 1));
        if (fits_so_far(trial)) {
            *end = at + 1;
            return true;
        }
    }
    return false;
}

static bool find_by_lines(struct autopsy_trial *trial, slice body, size_t *end)
{
    slice rest = body;
    slice line;
    while (trial->hash != NULL && autopsy_next_line(&rest, &line)) {
        autopsy_trial_feed(trial, line);
        if (autopsy_line_text(line).len != 0 && fits_so_far(trial)) {
            *end = body.len - rest.len;
            return true;
        }
    }
    return false;
}

bool autopsy_find_prefix(struct autopsy_work *work, slice body, bool fine, size_t *end)
{
    struct autopsy_trial trial;
    *end = body.len;
    if (work->signature->body_length != DKIM_NO_LENGTH) {
        return autopsy_body_fits(work, body); /* l= names the beginning already */
    }
    autopsy_trial_begin(&trial, work);
    bool found = find_by_lines(&trial, body, end);
    autopsy_trial_drop(&trial);
    if (!found && fine) {
        size_t from = body.len > FINE_BYTES ? body.len - FINE_BYTES : 0;
        autopsy_trial_begin(&trial, work);
        autopsy_trial_feed(&trial, slice_first(body, from));
        found = find_fine(&trial, body, from, end);
        autopsy_trial_drop(&trial);
    }
    return found;
}
