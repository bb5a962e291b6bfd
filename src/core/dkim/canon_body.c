/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/dkim/dkim.h"
#include "core/dkim/scan.h"

/*
 * canon_body: the body as it is hashed (RFC 6376 sections 3.4.3 and 3.4.4).
 *
 * Line ends are held back until text follows, for empty lines at the end do not count;
 * relaxed holds back white space as well, for it counts as one space within a line and not
 * at all at its end.  Everything else goes to the sink as it lies.
 */

void dkim_body_canon_init(struct dkim_body_canon *body, enum dkim_canon canon,
                          struct dkim_sink sink)
{
    *body = (struct dkim_body_canon){.canon = canon, .sink = sink};
}

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

/*
 * What was held back is due.  Nearly always that is one line end, one space or both, which
 * go together: indented text has that on every line.
 */
static void emit_pending(struct dkim_body_canon *body)
{
    static const slice line_and_space = SLICE_INIT("\r\n ");
    bool has_line = body->pending_lines != 0;
    if (body->pending_lines > 1) {
        emit_line_ends(body, body->pending_lines - 1);
    }
    emit(body,
         slice_between(line_and_space, has_line ? 0 : 2, body->pending_space ? 3 : 2));
    body->pending_lines = 0;
    body->pending_space = false;
}

/* Text, not empty, that neither begins nor ends with a line end. */
static void emit_text(struct dkim_body_canon *body, slice text)
{
    if (body->pending_lines != 0 || body->pending_space) {
        emit_pending(body);
    }
    emit(body, text);
    body->any_text = true;
}

static void end_line(struct dkim_body_canon *body)
{
    body->pending_space = false;
    body->pending_lines++;
}

static inline bool ends_a_line(slice text)
{
    return text.len >= 2 && text.ptr[text.len - 1] == '\n' &&
           text.ptr[text.len - 2] == '\r';
}

/* A stretch that begins with text: all but the line ends that it closes with. */
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

/*
 * Length of what is its own canonical form at the front of `piece`, which begins with text.
 * A CR in the last place is left: it may be half a line end.
 */
static size_t stretch_length(const struct dkim_body_canon *body, slice piece)
{
    if (body->canon == DKIM_RELAXED) {
        return dkim_scan(piece, '\t');
    }
    return piece.ptr[piece.len - 1] == '\r' ? piece.len - 1 : piece.len;
}

/* The CR that ended the last piece: half a line end, or text. */
static slice settle_cr(struct dkim_body_canon *body, slice piece)
{
    body->pending_cr = false;
    if (slice_take_byte(&piece, '\n')) {
        end_line(body);
    } else {
        emit_text(body, SLICE("\r"));
    }
    return piece;
}

void dkim_body_canon_feed(struct dkim_body_canon *body, slice piece)
{
    if (body->pending_cr && piece.len != 0) {
        piece = settle_cr(body, piece);
    }
    while (piece.len != 0) {
        if (body->canon == DKIM_RELAXED && ascii_is_wsp(piece.ptr[0])) {
            piece = slice_skip(piece, dkim_scan_wsp(piece));
            body->pending_space = true;
        } else if (piece.ptr[0] == '\r' && slice_take(&piece, SLICE("\r\n"))) {
            end_line(body);
        } else if (piece.ptr[0] == '\r' && piece.len == 1) {
            body->pending_cr = true;
            return;
        } else {
            size_t length = stretch_length(body, piece);
            emit_stretch(body, slice_first(piece, length));
            piece = slice_skip(piece, length);
        }
    }
}

void dkim_body_canon_finish(struct dkim_body_canon *body)
{
    if (body->pending_cr) {
        body->pending_cr = false;
        emit_text(body, SLICE("\r"));
    }
    /* The last line is ended whether it was or not; an empty body is a line in simple only. */
    if (body->any_text || body->canon == DKIM_SIMPLE) {
        emit_line_ends(body, 1);
    }
}
