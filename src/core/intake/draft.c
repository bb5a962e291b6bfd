/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/date.h"
#include "core/domain/domain.h"
#include "core/intake/parts.h"

/*
 * draft: what is to be signed of a message that has passed: the message as it will be sent, so
 * without the fields that are removed here, with those that are added, and with long lines as
 * Postfix breaks them.
 */
enum { VALUE_MAX = 200 };

/* ---- what was missing --------------------------------------------------------------------- */

static enum yett_err add_repair(struct intake_message *message, const char *name,
                                const struct buf *value)
{
    struct intake_sign *sign = &message->sign;
    if (buf_err(value) != YETT_OK) {
        return buf_err(value);
    }
    sign->repairs[sign->repair_count++] = (struct intake_edit){
        .kind = INTAKE_ADD, .name = slice_from_text(name), .value = buf_slice(value)};
    return YETT_OK;
}

static bool repairs(const struct intake_message *message, enum signing_hazard hazard)
{
    return (message->sign.scan.found & 1u << hazard) != 0 &&
           signing_on_hazard(&message->house->config->signing, hazard) ==
               CONFIG_HAZARD_REPAIR;
}

static enum yett_err make_repairs(struct intake_message *message)
{
    struct buf value;
    enum yett_err err = YETT_OK;
    if (repairs(message, SIGNING_NO_DATE)) {
        buf_init(&value, message->arenas->desk, VALUE_MAX);
        buf_add_byte(&value, ' ');
        date_write_rfc5322(&value, message->input.now_s);
        err = add_repair(message, "Date", &value);
    }
    if (err == YETT_OK && repairs(message, SIGNING_NO_MESSAGE_ID)) {
        buf_init(&value, message->arenas->desk, VALUE_MAX + sizeof(message->id) + 255);
        buf_add_text(&value, " <");
        buf_add(&value, slice_of(message->id, sizeof(message->id)));
        buf_add_byte(&value, '@');
        buf_add(&value, message->sign.decision.author);
        buf_add_byte(&value, '>');
        err = add_repair(message, "Message-ID", &value);
    }
    return err;
}

static enum yett_err field_of(struct arena *arena, const struct intake_edit *edit,
                              struct message_field *out)
{
    slice raw = arena_printf(arena, "%.*s:%.*s\r\n", SLICE_ARG(edit->name),
                             SLICE_ARG(edit->value));
    if (raw.ptr == NULL) {
        return YETT_NO_MEMORY;
    }
    *out = (struct message_field){
        .raw = raw,
        .name = slice_first(raw, edit->name.len),
        .value = slice_between(raw, edit->name.len + 1, raw.len - 2)};
    return YETT_OK;
}

/* Without what the verdict removes (its list is highest first), with what was missing. */
static enum yett_err as_sent(struct intake_message *message, struct message_header *out)
{
    struct arena *arena = message->arenas->desk;
    const struct intake_sign *sign = &message->sign;
    const struct message_header *header = &message->header;
    size_t left = message->has_verdict ? message->verdict.removed_count : 0;
    struct message_field *fields =
        ARENA_ARRAY(arena, sign->repair_count + header->count, struct message_field);
    if (fields == NULL) {
        return YETT_NO_MEMORY;
    }
    *out = *header;
    out->fields = fields;
    out->count = 0;
    for (size_t i = 0; i < sign->repair_count; i++) {
        enum yett_err err = field_of(arena, &sign->repairs[i], &fields[out->count++]);
        if (err != YETT_OK) {
            return err;
        }
    }
    for (size_t i = 0; i < header->count; i++) {
        if (left != 0 && message->verdict.removed_fields[left - 1] == i) {
            left--;
        } else {
            fields[out->count++] = header->fields[i];
        }
    }
    if (!repairs(message, SIGNING_LONG_LINE)) {
        return YETT_OK;
    }
    struct message_header whole = *out;
    return signer_break_header(arena, &whole, SIGNER_LINE_OCTETS, out);
}

/* ---- texts ------------------------------------------------------------------------------- */

/* i=, when it is wanted and the author is of the signing domain or below. */
static enum yett_err identity_of(struct intake_message *message, slice domain, slice *out)
{
    enum config_identity identity = message->house->config->signing.identity;
    slice author = message->sign.decision.author;
    struct buf text;
    *out = SLICE_NONE;
    if (identity == CONFIG_IDENTITY_NONE || !domain_is_under(author, domain)) {
        return YETT_OK;
    }
    buf_init(&text, message->arenas->desk, INTAKE_ADDRESS_MAX);
    if (identity == CONFIG_IDENTITY_AUTHOR && message->from.count == 1) {
        buf_add(&text, message->from.mailboxes[0].local_part);
    }
    buf_add_byte(&text, '@');
    buf_add(&text, author);
    *out = buf_slice(&text);
    return buf_err(&text);
}

static enum yett_err make_draft(struct intake_message *message,
                                const struct signing_row *row,
                                const struct message_header *header,
                                struct signer_draft *out, slice *why)
{
    const struct intake_house *house = message->house;
    const struct config_signing *config = &house->config->signing;
    int64_t now_s = message->ended_s;
    struct signer_plan signing = {
        .domain = row->domain,
        .selector = row->selector,
        .algorithm = row->type == CRYPTO_RSA ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256,
        .header_canon = (enum dkim_canon)config->header_canonicalization,
        .body_canon = (enum dkim_canon)config->body_canonicalization,
        .signed_at_s = now_s,
        .expires_at_s = now_s + config->expire_s,
        .rules = house->signing->fields,
    };
    enum yett_err err = identity_of(message, row->domain, &signing.identity);
    return err != YETT_OK ? err
                          : signer_make_draft(message->arenas->desk, header, &signing,
                                              signer_sums_digest(message->sign.sums,
                                                                 signing.body_canon),
                                              out, why);
}

enum yett_err intake_make_drafts(struct intake_message *message, slice *why)
{
    struct intake_sign *sign = &message->sign;
    struct signing_rows *rows = &sign->decision.rows;
    struct message_header header;
    size_t octets = 0, count = 0;
    enum yett_err err = make_repairs(message);
    if (err == YETT_OK) {
        err = as_sent(message, &header);
    }
    for (; err == YETT_OK && count < rows->count; count++) {
        err = make_draft(message, &rows->list[count], &header, &sign->drafts[count], why);
        octets += err == YETT_OK ? sign->drafts[count].text.len : 0;
        if (octets > INTAKE_SIGNING_MAX) {
            break;
        }
    }
    if (err == YETT_OK && count == 0) {
        err = YETT_LIMIT;
    }
    if (err == YETT_OK) {
        rows->count = count;
    }
    return err;
}
