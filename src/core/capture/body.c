/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/capture/capture.h"

#include <assert.h>

/*
 * body: a body as it passes, in pieces that are never moved.  All are of one size and each is
 * filled before the next begins, so that a body takes the same however the network cut it.
 */
enum {
    PIECE_BYTES = 16 * 1024 - 64, /* a block of the arena, and nothing of it is wasted */
    PIECE_OCTETS = PIECE_BYTES - sizeof(struct capture_piece)
};

void capture_body_init(struct capture_body *body, struct arena *arena)
{
    *body = (struct capture_body){.arena = arena};
}

static bool add_piece(struct capture_body *body)
{
    struct capture_piece *piece = arena_alloc(body->arena, PIECE_BYTES);
    if (piece == NULL) {
        return false;
    }
    piece->next = NULL;
    piece->length = 0;
    *(body->last == NULL ? &body->first : &body->last->next) = piece;
    body->last = piece;
    return true;
}

static bool append(struct capture_body *body, slice octets)
{
    while (octets.len != 0) {
        bool is_full = body->last == NULL || body->last->length == PIECE_OCTETS;
        if (is_full && !add_piece(body)) {
            return false;
        }
        struct capture_piece *last = body->last;
        slice part = slice_first(octets, PIECE_OCTETS - last->length);
        memcpy(last->octets + last->length, part.ptr, part.len);
        last->length += part.len;
        octets = slice_skip(octets, part.len);
    }
    return true;
}

void capture_body_feed(struct capture_body *body, slice piece)
{
    if (body->is_given_up) {
        return;
    }
    assert(body->octets <= CAPTURE_BODY_MAX);
    if (piece.len > CAPTURE_BODY_MAX - body->octets || !append(body, piece)) {
        *body = (struct capture_body){.arena = body->arena, .is_given_up = true};
        return;
    }
    body->octets += piece.len;
}
