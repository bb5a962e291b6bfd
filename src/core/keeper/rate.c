/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/keeper/rate.h"

#include "core/base/num.h"
#include "core/base/siphash.h"

#include <assert.h>
#include <string.h>

/*
 * rate: one number for each domain says until when what it had so far would last, were it
 * spread evenly; a domain whose number is a minute ahead has had its share.
 *
 * Only domains with a key get here, so there is room for all of them, and always an empty
 * place at which a search ends.  A domain is known by its hash under a secret key.
 */
enum { MINUTE_US = 60 * 1000 * 1000, PLACES_MIN = 16 };

struct place {
    uint64_t hash; /* 0: empty */
    int64_t until_us;
    uint64_t count;
};

struct rate {
    uint8_t hash_key[16];
    int64_t interval_us; /* 0: no limit */
    size_t names_left;
    size_t mask; /* of place numbers: one less than there are, a power of 2 */
    struct place places[];
};

struct rate *rate_new(struct arena *arena, const uint8_t hash_key[16], size_t names_max,
                      unsigned per_minute)
{
    size_t count = PLACES_MIN, bytes;
    while (count / 2 < names_max && count <= SIZE_MAX / 4) {
        count *= 2;
    }
    if (!num_mul(count, sizeof(struct place), &bytes) ||
        !num_add(bytes, sizeof(struct rate), &bytes)) {
        return NULL;
    }
    struct rate *rate = arena_calloc(arena, 1, bytes);
    if (rate == NULL) {
        return NULL;
    }
    memcpy(rate->hash_key, hash_key, sizeof rate->hash_key);
    rate->interval_us = per_minute == 0 ? 0 : MINUTE_US / per_minute;
    if (per_minute != 0 && rate->interval_us == 0) {
        rate->interval_us = 1;
    }
    rate->names_left = names_max;
    rate->mask = count - 1;
    return rate;
}

static struct place *find(struct rate *rate, slice domain)
{
    uint64_t hash = siphash(rate->hash_key, domain);
    hash += hash == 0;
    size_t at = (size_t)hash & rate->mask;
    while (rate->places[at].hash != 0 && rate->places[at].hash != hash) {
        at = (at + 1) & rate->mask;
    }
    struct place *place = &rate->places[at];
    if (place->hash == 0) {
        assert(rate->names_left != 0);
        rate->names_left--;
        place->hash = hash;
    }
    return place;
}

bool rate_take(struct rate *rate, slice domain, int64_t now_ms, uint64_t *count)
{
    struct place *place = find(rate, domain);
    int64_t now_us = now_ms * 1000;
    int64_t until_us =
        (place->until_us > now_us ? place->until_us : now_us) + rate->interval_us;
    bool may = until_us - now_us <= MINUTE_US;
    if (may) {
        place->until_us = until_us;
        place->count++;
    }
    *count = place->count;
    return may;
}
