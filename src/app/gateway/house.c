/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"

#include <assert.h>
#include <string.h>

/* house: what intake asks of the process it works in. */

enum { POOL_KEPT = 8, DAY_S = 24 * 3600 };

/* Without zero, one, l and o, which people mistake for each other on the telephone. */
static const char id_letters[] = "23456789abcdefghijkmnpqrstuvwxyz";
static_assert(sizeof id_letters - 1 == 32, "5 bits a letter");
static_assert(GATEWAY_ID_OCTETS * 8 == INTAKE_ID_LENGTH * 5, "the id uses them all");

/* Random octets are drawn for many ids at once. */
static const uint8_t *next_octets(struct gateway *gateway)
{
    if (gateway->ids_left == 0) {
        if (crypto_random(gateway->shares.crypto, gateway->ids, sizeof gateway->ids) !=
            YETT_OK) {
            return NULL;
        }
        gateway->ids_left = GATEWAY_IDS_KEPT;
    }
    return gateway->ids[--gateway->ids_left];
}

/* Each message has one, so this is where they are counted. */
static void draw_id(void *context, char *out)
{
    struct gateway *gateway = context;
    const uint8_t *octets = next_octets(gateway);
    gateway->messages_begun++;
    if (octets == NULL) {
        memset(out, id_letters[0],
               INTAKE_ID_LENGTH); /* an id is no secret, only a name */
        return;
    }
    for (size_t i = 0, bits = 0, held = 0; i < INTAKE_ID_LENGTH; i++) {
        if (bits < 5) {
            held = held << 8 | *octets++;
            bits += 8;
        }
        bits -= 5;
        out[i] = id_letters[held >> bits & 31];
    }
}

static bool enter(void *context, uint64_t fingerprint)
{
    struct gateway *gateway = context;
    if (scoreboard_is_poisoned(gateway->board, fingerprint)) {
        scoreboard_work_on(gateway->board, gateway->options.slot, 0);
        return false;
    }
    scoreboard_work_on(gateway->board, gateway->options.slot, fingerprint);
    planted_strike();
    return true;
}

/* For as long as patience lasts, and a day for a sender that takes his time. */
static int64_t horizon_s(const struct gateway *gateway)
{
    return gateway->config.dmarc.temperror_patience_s + DAY_S;
}

static int64_t first_deferred(void *context, uint64_t key, int64_t now_s)
{
    const struct gateway *gateway = context;
    return scoreboard_first_deferred(gateway->board, key, now_s, horizon_s(gateway));
}

static void note_deferral(void *context, uint64_t key, int64_t now_s)
{
    struct gateway *gateway = context;
    scoreboard_note_deferral(gateway->board, key, now_s, horizon_s(gateway));
}

static struct dns_source source_of(const struct shares *shares)
{
    return shares->zone != NULL
               ? (struct dns_source){.find = zone_find, .context = shares->zone}
               : resolver_source(shares->resolver);
}

bool house_open(struct gateway *gateway)
{
    gateway->house = (struct intake_house){
        .config = &gateway->config,
        .settings = gateway->settings,
        .crypto = gateway->shares.crypto,
        .suffixes = gateway->shares.suffixes,
        .source = source_of(&gateway->shares),
        .pool = intake_pool_new(POOL_KEPT),
        .context = gateway,
        .draw_id = draw_id,
        .enter = enter,
        .first_deferred = first_deferred,
        .note_deferral = note_deferral,
    };
    memcpy(gateway->house.key, scoreboard_key(gateway->board), sizeof gateway->house.key);
    return gateway->house.pool != NULL;
}

void house_close(struct gateway *gateway)
{
    intake_pool_free(gateway->house.pool);
    gateway->house.pool = NULL;
}
