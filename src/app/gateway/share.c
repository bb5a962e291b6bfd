/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"
#include "core/base/siphash.h"

/*
 * share: how much of the examiner's time a network may have, so that mail of others is looked
 * into as well.
 *
 * Each has a place by its hash.  Who comes to a place that another has takes it over: nobody
 * goes without because of somebody else's share.
 */
enum { MINUTE_MS = 60 * 1000 };

static uint64_t name_of(const struct gateway *gateway, struct ip client)
{
    struct ip_network network = ip_source_network(client);
    slice octets =
        slice_of((const char *)network.address.bytes, sizeof network.address.bytes);
    return siphash(gateway->house.key, octets);
}

bool share_take(struct gateway *gateway, struct ip client)
{
    struct shares_of_examiner *shares = &gateway->examiner_shares;
    int64_t now_ms = loop_now_ms(gateway->loop);
    if (now_ms >= shares->minute_ends_ms) {
        *shares = (struct shares_of_examiner){.minute_ends_ms = now_ms + MINUTE_MS};
    }
    uint64_t name = name_of(gateway, client);
    struct share *share = &shares->list[name % SHARES];
    if (share->name != name) {
        *share = (struct share){.name = name};
    }
    share->taken++;
    return share->taken <= SHARE_A_MINUTE;
}
