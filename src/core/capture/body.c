/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/capture/capture.h"

#include <assert.h>

/*
 * body: a body as it passes, in pieces that are never moved.  The last one grows where it is
 * while its block has room, so that many small packets are no more than a few pieces.
 */

void capture_body_init(struct capture_body *body, struct arena *arena)
{
    *body = (struct capture_body){.arena = arena};
}

static bool grow_last(struct capture_body *body, slice octets)
{
    struct capture_piece *last = body->last;
    size_t size = last == NULL ? 0 : sizeof(*last) + last->length;
    if (last == NULL || !arena_extend(body->arena, last, size, size + octets.len)) {
        return false;
    }
    memcpy(last->octets + last->length, octets.ptr, octets.len);
    last->length += octets.len;
    return true;
}

static bool add_piece(struct capture_body *body, slice octets)
{
    struct capture_piece *piece = arena_alloc(body->arena, sizeof(*piece) + octets.len);
    if (piece == NULL) {
        return false;
    }
    *piece = (struct capture_piece){.length = octets.len};
    memcpy(piece->octets, octets.ptr, octets.len);
    *(body->last == NULL ? &body->first : &body->last->next) = piece;
    body->last = piece;
    return true;
}

void capture_body_feed(struct capture_body *body, slice piece)
{
    if (body->is_given_up || piece.len == 0) {
        return;
    }
    assert(body->octets <= CAPTURE_BODY_MAX);
    if (piece.len > CAPTURE_BODY_MAX - body->octets ||
        (!grow_last(body, piece) && !add_piece(body, piece))) {
        *body = (struct capture_body){.arena = body->arena, .is_given_up = true};
        return;
    }
    body->octets += piece.len;
}
