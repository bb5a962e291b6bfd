/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signing/signing.h"

/*
 * hazards: what will break a signature on the way out.
 *
 * SMTP allows 998 octets in a line (RFC 5321 section 4.5.3.1.6): Postfix breaks longer ones
 * when it sends them.  A bare CR or LF is replaced or read as a line end by some.  Octets over
 * 127 are encoded anew for a next hop that does not announce 8BITMIME.  Date and Message-ID
 * are added by the next server if they are missing.
 */

static void found(struct signing_scan *scan, enum signing_hazard hazard)
{
    scan->found |= 1u << hazard;
}

/* ---- the header -------------------------------------------------------------------------- */

static bool has_long_line(slice field)
{
    while (field.len > SIGNER_LINE_OCTETS) {
        size_t end = slice_find(field, SLICE("\r\n"));
        if (end > SIGNER_LINE_OCTETS) {
            return true;
        }
        field = slice_skip(field, end + 2);
    }
    return false;
}

/* As it will be sent: "Name:" and the value. */
static bool is_long(const struct message_field *field)
{
    return field->raw.len > SIGNER_LINE_OCTETS && has_long_line(field->raw);
}

void signing_scan_header(struct signing_scan *scan, const struct message_header *header,
                         const struct message_from *from)
{
    for (size_t i = 0; i < header->count; i++) {
        if (is_long(&header->fields[i])) {
            found(scan, SIGNING_LONG_LINE);
        }
    }
    if ((header->defects & (MESSAGE_BARE_CR | MESSAGE_BARE_LF)) != 0) {
        found(scan, SIGNING_BARE_NEWLINE);
    }
    if ((header->defects & MESSAGE_EIGHT_BIT) != 0) {
        found(scan, SIGNING_EIGHT_BIT);
    }
    if (message_count_fields(header, "Date") == 0) {
        found(scan, SIGNING_NO_DATE);
    }
    if (message_count_fields(header, "Message-ID") == 0) {
        found(scan, SIGNING_NO_MESSAGE_ID);
    }
    if (from->status == MESSAGE_FROM_SEVERAL_FIELDS) {
        found(scan, SIGNING_SEVERAL_FROM);
    }
}

/* ---- the body ---------------------------------------------------------------------------- */

static bool is_eight_bit(slice text)
{
    uint64_t all = 0, word;
    size_t at = 0;
    for (; at + sizeof(word) <= text.len; at += sizeof(word)) {
        memcpy(&word, text.ptr + at, sizeof(word));
        all |= word;
    }
    for (; at < text.len; at++) {
        all |= (uint64_t)(unsigned char)text.ptr[at] << 56;
    }
    return (all & UINT64_C(0x8080808080808080)) != 0;
}

/* Octets of one line, or of a part of it: no LF among them, and a CR in it is a bare one. */
static void scan_text(struct signing_scan *scan, slice text)
{
    if (text.len == 0) {
        return;
    }
    if (scan->after_cr) {
        found(scan, SIGNING_BARE_NEWLINE);
        scan->line_octets++;
    }
    scan->after_cr = text.ptr[text.len - 1] == '\r';
    if (scan->after_cr) {
        text.len--;
    }
    if (slice_has_byte(text, '\r')) {
        found(scan, SIGNING_BARE_NEWLINE);
    }
    scan->line_octets += text.len;
    if (scan->line_octets > SIGNER_LINE_OCTETS) {
        found(scan, SIGNING_LONG_LINE);
    }
}

void signing_scan_body(struct signing_scan *scan, slice piece)
{
    if (is_eight_bit(piece)) {
        found(scan, SIGNING_EIGHT_BIT);
    }
    while (piece.len != 0) {
        size_t end = slice_find_byte(piece, '\n');
        scan_text(scan, slice_first(piece, end));
        if (end == piece.len) {
            return;
        }
        if (scan->after_cr) {
            scan->line_octets = 0;
        } else {
            found(scan, SIGNING_BARE_NEWLINE);
            scan->line_octets++;
        }
        scan->after_cr = false;
        piece = slice_skip(piece, end + 1);
    }
}

void signing_scan_end(struct signing_scan *scan)
{
    if (scan->after_cr) {
        found(scan, SIGNING_BARE_NEWLINE);
        scan->after_cr = false;
    }
}

/* ---- what is done about them -------------------------------------------------------------- */

enum config_on_hazard signing_on_hazard(const struct config_signing *config,
                                        enum signing_hazard hazard)
{
    switch (hazard) {
    case SIGNING_LONG_LINE:
        return config->on_long_line;
    case SIGNING_BARE_NEWLINE:
        return config->on_bare_newline;
    case SIGNING_EIGHT_BIT:
        return config->on_eight_bit;
    case SIGNING_NO_DATE:
        return config->on_missing_date;
    case SIGNING_NO_MESSAGE_ID:
        return config->on_missing_message_id;
    case SIGNING_SEVERAL_FROM:
        return config->on_several_from;
    case SIGNING_HAZARDS:
        break;
    }
    return CONFIG_HAZARD_SIGN;
}

enum config_on_hazard signing_judge_scan(const struct config_signing *config,
                                         const struct signing_scan *scan,
                                         enum signing_hazard *hazard)
{
    enum config_on_hazard harshest = CONFIG_HAZARD_REPAIR;
    *hazard = SIGNING_HAZARDS;
    for (int i = 0; i < SIGNING_HAZARDS; i++) {
        enum config_on_hazard action = signing_on_hazard(config, (enum signing_hazard)i);
        if ((scan->found & 1u << i) != 0 &&
            (*hazard == SIGNING_HAZARDS || action > harshest)) {
            *hazard = (enum signing_hazard)i;
            harshest = action;
        }
    }
    return *hazard == SIGNING_HAZARDS ? CONFIG_HAZARD_SIGN : harshest;
}
