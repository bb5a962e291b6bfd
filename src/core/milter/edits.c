/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/milter/edits.h"

#include "core/base/ascii.h"
#include "core/milter/wire.h"

enum {
    REPLY_TEXT_MAX = 510, /* RFC 5321 section 4.5.3.1.5, less CRLF */
    REPLY_CODE = 4        /* three digits and a space */
};

/* ---- fields ---------------------------------------------------------------------------- */

/*
 * The value of a field as mail servers take it: line ends are LF, and only where white space
 * follows, for any other would begin a new field.
 */
static void write_value(struct buf *buf, slice value)
{
    while (value.len != 0) {
        size_t plain = 0;
        while (plain < value.len && value.ptr[plain] != '\r' &&
               value.ptr[plain] != '\n' && value.ptr[plain] != '\0') {
            plain++;
        }
        buf_add(buf, slice_first(value, plain));
        bool is_line_end = plain < value.len && value.ptr[plain] == '\n';
        value = slice_skip(value, plain + 1);
        if (is_line_end && ascii_is_wsp(slice_peek(value))) {
            buf_add_byte(buf, '\n');
        }
    }
}

/* Where the mail server does not keep the space after the colon, it puts one there itself. */
static slice value_to_send(slice value, const struct milter_options *options)
{
    if ((options->steps & SMFIP_HDR_LEADSPC) == 0) {
        (void)slice_take_byte(&value, ' ');
    }
    return value;
}

/* Begin a packet whose length is not known yet; end it where that stands. */
static size_t begin_packet(struct buf *buf, char command)
{
    size_t at = buf->len;
    milter_write_packet(buf, command, NULL, 0);
    return at;
}

static void end_packet(struct buf *buf, size_t at)
{
    if (buf_err(buf) == YETT_OK) {
        wire_put_uint32(buf->ptr + at, (uint32_t)(buf->len - at - WIRE_UINT32_BYTES));
    }
}

static void write_removal(struct buf *buf, const struct intake_edit *edit)
{
    char occurrence[WIRE_UINT32_BYTES];
    wire_put_uint32(occurrence, (uint32_t)edit->occurrence);
    const slice parts[] = {slice_of(occurrence, sizeof(occurrence)), edit->name,
                           wire_nul(), wire_nul()};
    milter_write_packet(buf, 'm', parts, sizeof(parts) / sizeof(parts[0]));
}

static void write_addition(struct buf *buf, const struct intake_edit *edit,
                           const struct milter_options *options, uint32_t index)
{
    char place[WIRE_UINT32_BYTES];
    size_t at = begin_packet(buf, 'i');
    wire_put_uint32(place, index);
    buf_add(buf, slice_of(place, sizeof(place)));
    buf_add(buf, edit->name);
    buf_add(buf, wire_nul());
    write_value(buf, value_to_send(edit->value, options));
    buf_add(buf, wire_nul());
    end_packet(buf, at);
}

/*
 * What is removed goes by its number among those of its name, the highest first, so that no
 * number changes before it is used.  What is added goes to one place, the last first.
 */
static void write_fields(struct buf *buf, const struct intake_decision *decision,
                         const struct milter_options *options, enum config_insert insert)
{
    uint32_t place = insert == CONFIG_INSERT_BELOW_RECEIVED ? 1 : 0;
    for (size_t i = 0; i < decision->edit_count; i++) {
        if (decision->edits[i].kind == INTAKE_REMOVE) {
            write_removal(buf, &decision->edits[i]);
        }
    }
    for (size_t i = decision->edit_count; i > 0; i--) {
        if (decision->edits[i - 1].kind == INTAKE_ADD) {
            write_addition(buf, &decision->edits[i - 1], options, place);
        }
    }
}

/* ---- replies --------------------------------------------------------------------------- */

/* One line of printable ASCII.  A mail server may take it for a format. */
static void write_line(struct buf *buf, slice text, bool double_percent)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        buf_add_byte(buf, ascii_is_printable((unsigned char)c) ? c : '?');
        if (c == '%' && double_percent) {
            buf_add_byte(buf, c);
        }
    }
}

static bool is_reply(slice reply, char first)
{
    return reply.len > REPLY_CODE && reply.ptr[0] == first &&
           ascii_is_digit(reply.ptr[1]) && ascii_is_digit(reply.ptr[2]) &&
           reply.ptr[3] == ' ';
}

/* The words that were decided on; the mail server's own where they are not a reply. */
static void write_refusal(struct buf *buf, slice reply, char first, char without_words)
{
    if (!is_reply(reply, first)) {
        milter_write_packet(buf, without_words, NULL, 0);
        return;
    }
    size_t at = begin_packet(buf, 'y');
    write_line(buf, slice_first(reply, REPLY_TEXT_MAX), true);
    buf_add(buf, wire_nul());
    end_packet(buf, at);
}

static void write_hold(struct buf *buf, slice reason)
{
    size_t at = begin_packet(buf, 'q');
    write_line(buf, reason.len == 0 ? SLICE("held") : slice_first(reason, REPLY_TEXT_MAX),
               false);
    buf_add(buf, wire_nul());
    end_packet(buf, at);
}

/* ---- all of it ------------------------------------------------------------------------- */

static enum event_outcome possible(enum event_outcome outcome,
                                   const struct milter_options *options)
{
    bool can_hold = (options->actions & SMFIF_QUARANTINE) != 0;
    return outcome == EVENT_HELD && !can_hold ? EVENT_ACCEPTED : outcome;
}

enum event_outcome edits_write(struct buf *buf, const struct intake_decision *decision,
                               const struct milter_options *options,
                               enum config_insert insert)
{
    enum event_outcome outcome = possible(decision->outcome, options);
    switch (outcome) {
    case EVENT_HELD:
        write_fields(buf, decision, options, insert);
        write_hold(buf, decision->hold_reason);
        milter_write_packet(buf, 'a', NULL, 0);
        break;
    case EVENT_ACCEPTED:
        write_fields(buf, decision, options, insert);
        milter_write_packet(buf, 'a', NULL, 0);
        break;
    case EVENT_DEFERRED:
        write_refusal(buf, decision->reply, '4', 't');
        break;
    case EVENT_REJECTED:
        write_refusal(buf, decision->reply, '5', 'r');
        break;
    }
    return outcome;
}
