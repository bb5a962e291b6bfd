/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/signer/field.h"

/* text: the octets that are signed (RFC 6376 section 3.7). */

/* ---- what makes no signature -------------------------------------------------------- */

static bool is_within(struct arena *arena, slice identity, slice domain)
{
    size_t at = slice_find_last_byte(identity, '@');
    slice own;
    return at < identity.len &&
           domain_normalize(arena, slice_skip(identity, at + 1), &own) == YETT_OK &&
           domain_is_under(own, domain);
}

/* No verifier would take it: better said here than found out there. */
static const char *judge(struct arena *arena, const struct message_header *header,
                         const struct signer_plan *plan)
{
    if (message_find_field(header, "From", 0, NULL) == NULL) {
        return "The message has no From field, which every signature must cover.";
    }
    if (plan->selector.len + plan->domain.len + sizeof("._domainkey.") - 1 >
        DOMAIN_OCTETS_MAX) {
        return "Selector and domain make a name that is longer than DNS allows.";
    }
    if (plan->identity.len != 0 && !is_within(arena, plan->identity, plan->domain)) {
        return "The identity (i=) is not an address in the signing domain or below it.";
    }
    if (plan->expires_at_s != DKIM_NO_TIME && plan->signed_at_s != DKIM_NO_TIME &&
        plan->expires_at_s <= plan->signed_at_s) {
        return "The signature would expire (x=) before it is made (t=).";
    }
    return NULL;
}

/* ---- the text ----------------------------------------------------------------------- */

static void write_buf(void *context, slice bytes)
{
    buf_add(context, bytes);
}

/* As the field it is going to be. */
static struct message_field own_field(slice raw)
{
    size_t colon = slice_find_byte(raw, ':');
    return (struct message_field){
        .raw = raw, .name = slice_first(raw, colon), .value = slice_skip(raw, colon + 1)};
}

void signer_write_text(const struct signer_chosen *chosen, enum dkim_canon canon,
                       slice field, struct buf *out)
{
    const struct message_field own = own_field(field);
    const struct dkim_sink sink = {.write = write_buf, .context = out};
    for (size_t i = 0; i < chosen->count; i++) {
        dkim_header_canon(canon, chosen->list[i], false, sink);
    }
    dkim_header_canon(canon, &own, true, sink);
}

enum yett_err signer_make_draft(struct arena *arena, const struct message_header *header,
                                const struct signer_plan *plan, slice body_hash,
                                struct signer_draft *out, slice *why)
{
    struct signer_chosen chosen;
    struct buf field;
    struct buf text;
    const char *fault = judge(arena, header, plan);
    if (fault != NULL) {
        *why = slice_from_text(fault);
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err = signer_choose_fields(arena, header, &plan->rules, &chosen, why);
    if (err != YETT_OK) {
        return err;
    }
    buf_init(&field, arena, DKIM_SIGNED_TEXT_MAX);
    signer_compose_field(&field, plan, &chosen, body_hash);
    if (buf_err(&field) != YETT_OK) {
        return buf_err(&field);
    }
    buf_init(&text, arena, DKIM_SIGNED_TEXT_MAX);
    signer_write_text(&chosen, plan->header_canon, buf_slice(&field), &text);
    if (buf_err(&text) == YETT_OK) {
        *out =
            (struct signer_draft){.field = buf_slice(&field), .text = buf_slice(&text)};
    }
    return buf_err(&text);
}
