/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/reason.h"

#include "core/base/date.h"

/* Names have 253 octets at most, and no sentence holds more than four of them. */
enum { REASON_MAX = 2048, DETAIL_MAX = 200 };

static enum yett_err finish(struct buf *buf, slice *out)
{
    enum yett_err err = buf_err(buf);
    *out = buf_slice(buf);
    return err == YETT_LIMIT ? YETT_OK : err;
}

enum yett_err dkim_reason_field(struct arena *arena, struct dkim_result *out)
{
    const struct dkim_signature *signature = out->signature;
    struct buf buf;
    buf_init(&buf, arena, REASON_MAX);
    buf_add_text(&buf, "the ");
    buf_add_text(&buf, dkim_form_text(signature->form));
    buf_add_text(&buf, " field cannot be used: ");
    buf_add(&buf, signature->error);
    if (signature->error_offset < signature->field->value.len) {
        buf_printf(&buf, " (at octet %zu of its value)", signature->error_offset + 1);
    }
    return finish(&buf, &out->reason);
}

enum yett_err dkim_reason_ceiling(struct arena *arena, struct dkim_result *out,
                                  size_t limit)
{
    struct buf buf;
    buf_init(&buf, arena, REASON_MAX);
    buf_printf(&buf,
               "not evaluated: the message has more than %zu signatures, and those that "
               "concern the author's domain come first",
               limit);
    return finish(&buf, &out->reason);
}

enum yett_err dkim_reason_time(struct arena *arena, struct dkim_result *out,
                               const char *before, int64_t time_s, const char *after)
{
    struct buf buf;
    buf_init(&buf, arena, REASON_MAX);
    buf_add_text(&buf, before);
    if (time_s == INT64_MAX) {
        buf_add_text(&buf, "the far future");
    } else {
        date_write_iso(&buf, time_s);
    }
    buf_add_text(&buf, after);
    return finish(&buf, &out->reason);
}

enum yett_err dkim_reason_no_key(struct arena *arena, struct dkim_result *out,
                                 const struct dns_answer *answer)
{
    struct buf buf;
    buf_init(&buf, arena, REASON_MAX);
    if (dns_is_open(answer)) {
        buf_add_text(&buf, "the key could not be fetched: the question for ");
        buf_add(&buf, out->key_name);
        buf_add_text(&buf, " TXT ended in \"");
        buf_add_text(&buf, dns_status_text(answer->status));
        buf_add_text(&buf, "\"");
        if (answer->detail.len != 0) {
            buf_add_text(&buf, ": ");
            buf_add_visible(&buf, slice_first(answer->detail, DETAIL_MAX));
        }
    } else {
        buf_add_text(&buf, "there is no key: ");
        buf_add(&buf, out->key_name);
        buf_add_text(&buf, answer->status == DNS_NXDOMAIN ? " does not exist in DNS"
                                                          : " has no TXT record in DNS");
    }
    return finish(&buf, &out->reason);
}

enum yett_err dkim_reason_key_fault(struct arena *arena, struct dkim_result *out,
                                    enum dkim_key_fault fault,
                                    const struct dkim_key_entry *entry, size_t records,
                                    unsigned min_rsa_bits)
{
    struct buf buf;
    buf_init(&buf, arena, REASON_MAX);
    if (records == 1) {
        buf_add_text(&buf, "the key record at ");
    } else {
        buf_printf(&buf, "none of %zu key records can be used, and the likeliest at ",
                   records);
    }
    buf_add(&buf, out->key_name);
    buf_add_byte(&buf, ' ');
    dkim_key_fault_write(&buf, fault, entry, out->signature, min_rsa_bits);
    return finish(&buf, &out->reason);
}

/* ---- outcomes ----------------------------------------------------------------------- */

static void add_signer(struct buf *buf, const struct dkim_result *result)
{
    const struct dkim_signature *signature = result->signature;
    buf_add(buf, signature->domain);
    buf_add_text(buf, " (selector ");
    buf_add(buf, signature->selector);
    buf_add_text(buf, ", ");
    buf_add_text(buf, dkim_algorithm_text(signature->algorithm));
    buf_add_text(buf, ", ");
    buf_add_uint(buf, result->key_bits);
    buf_add_text(buf, " bits)");
}

enum yett_err dkim_reason_seal(struct arena *arena, struct dkim_result *out)
{
    struct buf buf;
    buf_init(&buf, arena, REASON_MAX);
    if (out->code == DKIM_PASS) {
        add_signer(&buf, out);
        buf_add_text(&buf, " sealed the sets up to here");
    } else {
        buf_add_text(&buf, "the seal in the name of ");
        add_signer(&buf, out);
        buf_add_text(&buf,
                     " does not hold: an ARC field up to here was changed since, or "
                     "another key made it");
    }
    return finish(&buf, &out->reason);
}

static bool is_cut_short(const struct dkim_result *result,
                         const struct dkim_reason_facts *facts)
{
    uint64_t length = result->signature->body_length;
    return length != DKIM_NO_LENGTH && length > facts->body_bytes;
}

static void add_body_difference(struct buf *buf, const struct dkim_result *result,
                                const struct dkim_reason_facts *facts)
{
    if (is_cut_short(result, facts)) {
        buf_add_text(buf, "it has only ");
        buf_add_uint(buf, facts->body_bytes);
        buf_add_text(buf, " of the ");
        buf_add_uint(buf, result->signature->body_length);
        buf_add_text(buf, " octets that l= says were signed");
    } else {
        buf_add_text(buf, "its digest is not the one in bh=");
    }
}

static void add_proof(struct buf *buf, const struct dkim_result *result,
                      const struct dkim_reason_facts *facts)
{
    if (result->body_proved) {
        buf_add_text(buf, "; what was signed is the first ");
        buf_add_uint(buf, facts->signed_bytes);
        buf_add_text(buf, " of its ");
        buf_add_uint(buf, facts->body_bytes);
        buf_add_text(buf, " octets, so text was appended");
    } else if (result->body_proof_done) {
        buf_add_text(buf, "; what was signed was not found in it");
    }
}

static void add_failure(struct buf *buf, const struct dkim_result *result,
                        const struct dkim_reason_facts *facts)
{
    if (result->header_verified) {
        add_signer(buf, result);
        buf_add_text(buf, " signed this header, but the body was changed since: ");
        add_body_difference(buf, result, facts);
        add_proof(buf, result, facts);
        return;
    }
    buf_add_text(buf, "the signature in the name of ");
    add_signer(buf, result);
    buf_add_text(buf, " does not hold: ");
    if (result->body_verified) {
        buf_add_text(buf,
                     "the body is the one that it names, but a signed header field was "
                     "changed, or another key made it");
    } else {
        buf_add_text(buf, "neither header nor body are what it was made for (the body: ");
        add_body_difference(buf, result, facts);
        buf_add_text(buf, ")");
    }
    if (facts->keys_tried > 1) {
        buf_printf(buf, "; %zu keys were tried", facts->keys_tried);
    }
}

static void add_pass(struct buf *buf, const struct dkim_result *result)
{
    add_signer(buf, result);
    buf_add_text(buf, " signed this message");
    if (result->partial_body) {
        buf_add_text(buf, ", but by its l= the last ");
        buf_add_uint(buf, result->unsigned_bytes);
        buf_add_text(buf, " octets of the body are anybody's");
    }
    if (result->extra_field != NULL) {
        buf_add_text(buf, result->partial_body ? ", and" : ", but");
        buf_add_text(buf, " there are more fields ");
        buf_add_text(buf, result->extra_field);
        buf_add_text(buf, " than it signed: one of them is anybody's");
    }
    if (result->weak_key) {
        buf_add_text(buf, "; the key is weak, 2048 bits are advised");
    }
}

enum yett_err dkim_reason_outcome(struct arena *arena, struct dkim_result *out,
                                  const struct dkim_reason_facts *facts)
{
    struct buf buf;
    buf_init(&buf, arena, REASON_MAX);
    if (out->code == DKIM_PASS) {
        add_pass(&buf, out);
    } else {
        add_failure(&buf, out, facts);
    }
    if (out->testing) {
        buf_add_text(&buf, "; the key record says that the domain is testing (t=y)");
    }
    return finish(&buf, &out->reason);
}

enum yett_err dkim_reason_overall(struct arena *arena, struct dkim_results *results,
                                  const struct dkim_result *best)
{
    size_t passed = 0;
    struct buf buf;
    if (results->count == 0) {
        results->reason = SLICE("the message has no DKIM-Signature field");
        return YETT_OK;
    }
    if (results->count == 1 && results->uncounted == 0) {
        results->reason = best->reason;
        return YETT_OK;
    }
    for (size_t i = 0; i < results->count; i++) {
        passed += results->list[i].code == DKIM_PASS;
    }
    buf_init(&buf, arena, REASON_MAX);
    buf_printf(&buf, "%zu of %zu signatures hold", passed,
               results->count + results->uncounted);
    if (results->uncounted != 0) {
        buf_printf(&buf, " (%zu were not read)", results->uncounted);
    }
    buf_add_text(&buf, ": ");
    buf_add(&buf, best->reason);
    return finish(&buf, &results->reason);
}
