/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/message/message.h"

/* The first line end decides for the whole message. */
enum { FORM_UNKNOWN, FORM_AS_IS, FORM_LF };

void message_newline_init(struct message_newline *newline,
                          void (*write)(void *context, slice bytes), void *context)
{
    *newline = (struct message_newline){
        .write = write, .context = context, .form = FORM_UNKNOWN};
}

static void write_some(struct message_newline *newline, slice bytes)
{
    if (bytes.len != 0) {
        newline->write(newline->context, bytes);
    }
}

/* `*piece` begins a line or continues one: up to its LF, which is written as it should be. */
static void write_line(struct message_newline *newline, slice *piece)
{
    size_t at = slice_find_byte(*piece, '\n');
    bool has_cr = at == 0 ? newline->after_cr : piece->ptr[at - 1] == '\r';
    if (at < piece->len && newline->form == FORM_UNKNOWN) {
        newline->form = has_cr ? FORM_AS_IS : FORM_LF;
    }
    if (at == piece->len || has_cr) {
        write_some(newline, slice_first(*piece, at + 1));
    } else {
        write_some(newline, slice_first(*piece, at));
        write_some(newline, newline->form == FORM_LF ? SLICE("\r\n")
                                                     : slice_of(piece->ptr + at, 1));
    }
    newline->after_cr = at == piece->len && piece->ptr[at - 1] == '\r';
    *piece = slice_skip(*piece, at + 1);
}

void message_newline_feed(struct message_newline *newline, slice piece)
{
    while (piece.len != 0 && newline->form != FORM_AS_IS) {
        write_line(newline, &piece);
    }
    write_some(newline, piece);
}

void message_newline_finish(struct message_newline *newline)
{
    newline->after_cr =
        false; /* nothing is held back: a last line without an end stays so */
}
