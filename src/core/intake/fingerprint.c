/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/siphash.h"
#include "core/intake/parts.h"

/*
 * fingerprint: a message named by what came of it so far.
 *
 * Chained, so that it can be told before each piece is looked into: a worker that dies leaves
 * behind the name of just what it was looking at.  Keyed, so that nobody makes a message that
 * is taken for another one.  It is the same when the sender tries again.
 *
 * The body is left out: its pieces are cut as the network will have it, so they would name
 * the same message differently each time, and hashing it whole would cost more than checking
 * it.  What has the same envelope and the same header is the same message.
 */
uint64_t intake_mix(const uint8_t key[16], uint64_t hash, slice bytes)
{
    const uint64_t link[3] = {hash, siphash(key, bytes), (uint64_t)bytes.len};
    return siphash(key, slice_of((const char *)link, sizeof(link)));
}
