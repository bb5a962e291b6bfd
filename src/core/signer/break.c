/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signer/signer.h"

/*
 * break: what becomes of lines that are too long for SMTP.
 *
 * Postfix sends no line of more than smtp_line_length_limit octets: after so many it puts
 * CRLF and a space, which counts for the next line.  A signature of the message as it came
 * would be broken by that.
 */

static const slice line_end = SLICE_INIT("\r\n");
static const slice line_break = SLICE_INIT("\r\n ");

void signer_breaker_init(struct signer_breaker *breaker, size_t limit,
                         struct dkim_sink sink)
{
    *breaker = (struct signer_breaker){.sink = sink, .limit = limit};
}

static void emit(struct signer_breaker *breaker, slice bytes)
{
    if (bytes.len != 0) {
        breaker->sink.write(breaker->sink.context, bytes);
    }
}

/* Octets of one line.  A break is made only when there is something to stand behind it. */
static void emit_text(struct signer_breaker *breaker, slice text)
{
    while (text.len > breaker->limit - breaker->column) {
        size_t room = breaker->limit - breaker->column;
        emit(breaker, slice_first(text, room));
        emit(breaker, line_break);
        text = slice_skip(text, room);
        breaker->column = 1;
        breaker->broke = true;
    }
    emit(breaker, text);
    breaker->column += text.len;
}

/* A CR ends nothing until it is known what follows. */
static slice take_pending(struct signer_breaker *breaker, slice piece)
{
    breaker->pending_cr = false;
    if (slice_take_byte(&piece, '\n')) {
        emit(breaker, line_end);
        breaker->column = 0;
    } else {
        emit_text(breaker, SLICE("\r"));
    }
    return piece;
}

void signer_breaker_feed(struct signer_breaker *breaker, slice piece)
{
    while (piece.len != 0) {
        if (breaker->pending_cr) {
            piece = take_pending(breaker, piece);
            continue;
        }
        size_t text = slice_find_byte(piece, '\r');
        emit_text(breaker, slice_first(piece, text));
        breaker->pending_cr = text < piece.len;
        piece = slice_skip(piece, text + 1);
    }
}

void signer_breaker_finish(struct signer_breaker *breaker)
{
    if (breaker->pending_cr) {
        take_pending(breaker, SLICE_NONE);
    }
}

/* ---- header fields ------------------------------------------------------------------ */

static bool has_long_line(slice text, size_t limit)
{
    while (text.len > limit) {
        size_t length = slice_find(text, line_end);
        if (length > limit) {
            return true;
        }
        text = slice_skip(text, length + line_end.len);
    }
    return false;
}

static void write_buf(void *context, slice bytes)
{
    buf_add(context, bytes);
}

/* A name that is as long as a line is left alone: it is no field that anybody knows. */
static enum yett_err break_field(struct arena *arena, size_t limit,
                                 struct message_field *field)
{
    size_t colon = slice_find_byte(field->raw, ':');
    struct signer_breaker breaker;
    struct buf out;
    if (colon >= limit || !has_long_line(field->raw, limit)) {
        return YETT_OK;
    }
    buf_init(&out, arena, 2 * field->raw.len + 3 * (field->raw.len / (limit - 1) + 1));
    signer_breaker_init(&breaker, limit,
                        (struct dkim_sink){.write = write_buf, .context = &out});
    signer_breaker_feed(&breaker, field->raw);
    signer_breaker_finish(&breaker);
    if (buf_err(&out) != YETT_OK) {
        return YETT_NO_MEMORY;
    }
    slice raw = buf_slice(&out);
    slice value = slice_skip(raw, colon + 1);
    field->name = slice_first(raw, field->name.len);
    field->value =
        slice_ends_with(value, line_end) ? slice_first(value, value.len - 2) : value;
    field->raw = raw;
    return YETT_OK;
}

enum yett_err signer_break_header(struct arena *arena,
                                  const struct message_header *header, size_t limit,
                                  struct message_header *out)
{
    size_t long_fields = 0;
    for (size_t i = 0; i < header->count; i++) {
        long_fields += has_long_line(header->fields[i].raw, limit) ? 1 : 0;
    }
    if (long_fields == 0) {
        *out = *header;
        return YETT_OK;
    }
    struct message_field *fields =
        ARENA_ARRAY(arena, header->count, struct message_field);
    if (fields == NULL) {
        return YETT_NO_MEMORY;
    }
    enum yett_err err = YETT_OK;
    for (size_t i = 0; i < header->count && err == YETT_OK; i++) {
        fields[i] = header->fields[i];
        err = break_field(arena, limit, &fields[i]);
    }
    if (err == YETT_OK) {
        *out = *header;
        out->fields = fields;
    }
    return err;
}
