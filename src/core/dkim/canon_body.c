/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/dkim/dkim.h"
#include "core/dkim/reduce.h"

/*
 * canon_body: the body as it is hashed (RFC 6376 sections 3.4.3 and 3.4.4).
 *
 * Two steps, as the RFC has them.  Relaxed first reduces white space: what is left is
 * gathered, for a call of the sink costs more than hashing a line.  Then, in simple too, the
 * line ends at the end go: they are held back until text follows.
 */

void dkim_body_canon_init(struct dkim_body_canon *body, enum dkim_canon canon,
                          struct dkim_sink sink)
{
    body->canon = canon;
    body->sink = sink;
    body->pending_lines = 0;
    body->pending_cr = false;
    body->any_text = false;
    body->pending_space = DKIM_NO_SPACE;
    body->staged_bytes = 0; /* of `staged` itself no octet needs to be set */
}

/* ---- line ends at the end ----------------------------------------------------------- */

static void emit(struct dkim_body_canon *body, slice bytes)
{
    body->sink.write(body->sink.context, bytes);
}

#define EIGHT_LINE_ENDS "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"

static void emit_line_ends(struct dkim_body_canon *body, uint64_t count)
{
    static const slice line_ends =
        SLICE_INIT(EIGHT_LINE_ENDS EIGHT_LINE_ENDS EIGHT_LINE_ENDS EIGHT_LINE_ENDS);
    while (count != 0) {
        uint64_t now = count < line_ends.len / 2 ? count : line_ends.len / 2;
        emit(body, slice_first(line_ends, (size_t)now * 2));
        count -= now;
    }
}

/* Text, not empty, that neither begins nor ends with a line end. */
static void emit_text(struct dkim_body_canon *body, slice text)
{
    emit_line_ends(body, body->pending_lines);
    body->pending_lines = 0;
    body->any_text = true;
    emit(body, text);
}

static inline bool ends_a_line(slice text)
{
    return text.len >= 2 && text.ptr[text.len - 1] == '\n' &&
           text.ptr[text.len - 2] == '\r';
}

/* All but the line ends that it closes with.  It begins with text. */
static void emit_stretch(struct dkim_body_canon *body, slice stretch)
{
    uint64_t lines = 0;
    while (ends_a_line(stretch)) {
        stretch.len -= 2;
        lines++;
    }
    emit_text(body, stretch);
    body->pending_lines = lines;
}

/* The CR that ended the last piece: half a line end, or text. */
static slice settle_cr(struct dkim_body_canon *body, slice piece)
{
    body->pending_cr = false;
    if (slice_take_byte(&piece, '\n')) {
        body->pending_lines++;
    } else {
        emit_text(body, SLICE("\r"));
    }
    return piece;
}

static void hold_line_ends(struct dkim_body_canon *body, slice piece)
{
    if (piece.len == 0) {
        return;
    }
    if (body->pending_cr) {
        piece = settle_cr(body, piece);
    }
    while (slice_take(&piece, SLICE("\r\n"))) {
        body->pending_lines++;
    }
    body->pending_cr = piece.len != 0 && piece.ptr[piece.len - 1] == '\r';
    if (body->pending_cr) {
        piece.len--;
    }
    if (piece.len != 0) {
        emit_stretch(body, piece);
    }
}

/* ---- white space -------------------------------------------------------------------- */

static void stage(struct dkim_body_canon *body, char octet)
{
    body->staged[body->staged_bytes++] = octet;
}

/* The rule, octet by octet: at most two more come out than went in. */
static void reduce_octet(struct dkim_body_canon *body, char octet)
{
    if (body->pending_space == DKIM_SPACE_CR) {
        if (octet != '\n') {
            stage(body, ' ');
        }
        stage(body, '\r');
        body->pending_space = DKIM_NO_SPACE;
    }
    if (ascii_is_wsp(octet)) {
        body->pending_space = DKIM_SPACE;
        return;
    }
    if (body->pending_space == DKIM_SPACE) {
        if (octet == '\r') {
            body->pending_space = DKIM_SPACE_CR;
            return;
        }
        stage(body, ' ');
        body->pending_space = DKIM_NO_SPACE;
    }
    stage(body, octet);
}

static slice reduce_some(struct dkim_body_canon *body, slice piece)
{
    slice some = slice_first(piece, DKIM_REDUCE_AHEAD);
    for (size_t i = 0; i < some.len; i++) {
        reduce_octet(body, some.ptr[i]);
    }
    return slice_skip(piece, some.len);
}

static void flush(struct dkim_body_canon *body)
{
    hold_line_ends(body, slice_of(body->staged, body->staged_bytes));
    body->staged_bytes = 0;
}

static size_t room(const struct dkim_body_canon *body)
{
    return sizeof(body->staged) - body->staged_bytes;
}

static void reduce(struct dkim_body_canon *body, slice piece)
{
    while (piece.len != 0) {
        if (room(body) < DKIM_REDUCE_ROOM) {
            flush(body);
        }
        if (body->pending_space == DKIM_NO_SPACE && piece.len > DKIM_REDUCE_AHEAD) {
            body->staged_bytes +=
                dkim_reduce_blocks(&piece, body->staged + body->staged_bytes, room(body));
        }
        if (room(body) >= DKIM_REDUCE_ROOM) {
            piece = reduce_some(body, piece);
        }
    }
}

/* White space at the end of all is at the end of a line; before a CR that ends all it is not. */
static void end_space(struct dkim_body_canon *body)
{
    if (body->pending_space == DKIM_SPACE_CR) {
        stage(body, ' ');
        stage(body, '\r');
    }
    flush(body);
}

/* ---- both --------------------------------------------------------------------------- */

void dkim_body_canon_feed(struct dkim_body_canon *body, slice piece)
{
    switch (body->canon) {
    case DKIM_SIMPLE:
        hold_line_ends(body, piece);
        break;
    case DKIM_RELAXED:
        reduce(body, piece);
        break;
    }
}

void dkim_body_canon_finish(struct dkim_body_canon *body)
{
    end_space(body);
    if (body->pending_cr) {
        body->pending_cr = false;
        emit_text(body, SLICE("\r"));
    }
    /* The last line is ended whether it was or not; an empty body is a line in simple only. */
    if (body->any_text || body->canon == DKIM_SIMPLE) {
        emit_line_ends(body, 1);
    }
}
