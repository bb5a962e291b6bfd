/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signer/signer.h"

/* sums: the digests of a body for the signatures to be made of it. */

struct body_sum {
    bool wanted;
    struct dkim_body_canon canon;
    struct crypto_hash *hash;
    uint8_t value[CRYPTO_DIGEST_MAX];
};

struct signer_sums {
    struct body_sum list[2]; /* by enum dkim_canon */
    bool breaks;
    struct signer_breaker breaker;
    bool ended;
};

static void hash_canonical(void *context, slice bytes)
{
    struct body_sum *sum = context;
    crypto_hash_update(sum->hash, bytes);
}

static void feed_all(void *context, slice bytes)
{
    struct signer_sums *sums = context;
    for (size_t i = 0; i < 2; i++) {
        if (sums->list[i].wanted) {
            dkim_body_canon_feed(&sums->list[i].canon, bytes);
        }
    }
}

static bool begin_sum(struct body_sum *sum, struct crypto *crypto, enum dkim_canon canon)
{
    sum->wanted = true;
    sum->hash = crypto_hash_new(crypto, CRYPTO_SHA256);
    dkim_body_canon_init(&sum->canon, canon,
                         (struct dkim_sink){.write = hash_canonical, .context = sum});
    return sum->hash != NULL;
}

enum yett_err signer_sums_new(struct arena *arena, struct crypto *crypto, bool simple,
                              bool relaxed, size_t line_octets, struct signer_sums **out)
{
    struct signer_sums *sums = ARENA_NEW(arena, struct signer_sums);
    if (sums == NULL) {
        return YETT_NO_MEMORY;
    }
    sums->breaks = line_octets != 0;
    signer_breaker_init(&sums->breaker, line_octets,
                        (struct dkim_sink){.write = feed_all, .context = sums});
    if ((simple && !begin_sum(&sums->list[DKIM_SIMPLE], crypto, DKIM_SIMPLE)) ||
        (relaxed && !begin_sum(&sums->list[DKIM_RELAXED], crypto, DKIM_RELAXED))) {
        signer_sums_finish(sums);
        return YETT_NO_MEMORY;
    }
    *out = sums;
    return YETT_OK;
}

void signer_sums_feed(struct signer_sums *sums, slice piece)
{
    if (sums->breaks) {
        signer_breaker_feed(&sums->breaker, piece);
    } else {
        feed_all(sums, piece);
    }
}

enum yett_err signer_sums_end(struct signer_sums *sums)
{
    enum yett_err err = YETT_OK;
    if (sums->breaks) {
        signer_breaker_finish(&sums->breaker);
    }
    for (size_t i = 0; i < 2 && err == YETT_OK; i++) {
        struct body_sum *sum = &sums->list[i];
        if (sum->wanted) {
            dkim_body_canon_finish(&sum->canon);
            err = crypto_hash_final(sum->hash, sum->value);
        }
    }
    sums->ended = err == YETT_OK;
    signer_sums_finish(sums);
    return err;
}

slice signer_sums_digest(const struct signer_sums *sums, enum dkim_canon canon)
{
    const struct body_sum *sum = &sums->list[canon];
    if (!sums->ended || !sum->wanted) {
        return SLICE_NONE;
    }
    return slice_of((const char *)sum->value, crypto_digest_size(CRYPTO_SHA256));
}

void signer_sums_finish(struct signer_sums *sums)
{
    for (size_t i = 0; i < 2; i++) {
        crypto_hash_free(sums->list[i].hash);
        sums->list[i].hash = NULL;
    }
}
