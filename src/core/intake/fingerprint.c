/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/siphash.h"
#include "core/intake/parts.h"

/*
 * fingerprint: a message named by what came of it so far.
 *
 * Chained, so that it can be told before each piece is looked into: a worker that dies leaves
 * behind the name of just what it was looking at.  Keyed, so that nobody makes a message that
 * is taken for another one.  It is the same when the sender tries again; of a body only
 * lengths and ends are taken, as hashing it whole would cost more than checking it.
 */
uint64_t intake_mix(const uint8_t key[16], uint64_t hash, slice bytes)
{
    const uint64_t link[3] = {hash, siphash(key, bytes), (uint64_t)bytes.len};
    return siphash(key, slice_of((const char *)link, sizeof(link)));
}

uint64_t intake_mix_piece(const uint8_t key[16], uint64_t hash, slice piece)
{
    enum { END_BYTES = 16 };
    char parts[sizeof(uint64_t) + 2 * END_BYTES];
    uint64_t length = piece.len;
    slice front = slice_first(piece, END_BYTES);
    slice back = slice_last(piece, END_BYTES);
    size_t at = sizeof(length);

    memcpy(parts, &length, sizeof(length));
    if (piece.len != 0) {
        memcpy(parts + at, front.ptr, front.len);
        memcpy(parts + at + front.len, back.ptr, back.len);
    }
    return intake_mix(key, hash, slice_of(parts, at + front.len + back.len));
}
