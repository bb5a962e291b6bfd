/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arc/chain.h"
#include "core/base/buf.h"

/* reason: the sentences of results. */

enum { REASON_MAX = 3000, SEALERS_NAMED_MAX = 4 };

static enum yett_err finish(struct buf *buf, slice *out)
{
    enum yett_err err = buf_err(buf);
    *out = buf_slice(buf);
    return err == YETT_LIMIT ? YETT_OK : err;
}

/* Newest first: that is the one whom we heard it from. */
static void add_sealers(struct buf *buf, const struct arc_result *result)
{
    size_t count = result->set_count;
    for (size_t i = count; i > 0 && count - i < SEALERS_NAMED_MAX; i--) {
        buf_add_text(buf, i == count ? "" : ", before by ");
        buf_add(buf, result->sets[i - 1].domain);
    }
    if (count > SEALERS_NAMED_MAX) {
        buf_printf(buf, " and %zu more", count - SEALERS_NAMED_MAX);
    }
}

static void add_oldest_pass(struct buf *buf, const struct arc_result *result)
{
    if (result->oldest_pass == 0 && result->set_count > 1) {
        buf_add_text(buf, "; the message is as the first of them sent it");
    } else if (result->oldest_pass > 0) {
        buf_printf(buf, "; the message is as set %d sent it and was changed before that",
                   result->oldest_pass);
    }
}

static void add_doubts(struct buf *buf, const struct dkim_result *message)
{
    if (message->partial_body) {
        buf_add_text(buf, "; by its l= the last ");
        buf_add_uint(buf, message->unsigned_bytes);
        buf_add_text(buf, " octets of the body are anybody's");
    }
    if (message->extra_field != NULL) {
        buf_add_text(buf, "; there are more fields ");
        buf_add_text(buf, message->extra_field);
        buf_add_text(buf, " than were signed: one of them is anybody's");
    }
}

enum yett_err arc_reason_pass(struct arena *arena, struct arc_result *out)
{
    struct buf buf;
    buf_init(&buf, arena, REASON_MAX);
    if (out->set_count == 1) {
        buf_add_text(&buf, "the one set holds: sealed by ");
    } else {
        buf_printf(&buf, "all %zu sets hold: sealed by ", out->set_count);
    }
    add_sealers(&buf, out);
    add_oldest_pass(&buf, out);
    add_doubts(&buf, &out->sets[out->set_count - 1].message);
    return finish(&buf, &out->reason);
}

enum yett_err arc_reason_fail(struct arena *arena, enum arc_field field,
                              const struct arc_set *set, bool newest,
                              struct arc_result *out)
{
    const struct dkim_result *result =
        field == ARC_FIELD_SEAL ? &set->seal : &set->message;
    struct buf buf;
    buf_init(&buf, arena, REASON_MAX);
    buf_printf(&buf, "%s of set %u%s: ", arc_field_names[field], set->instance,
               newest ? ", the newest" : "");
    buf_add(&buf, result->reason);
    return finish(&buf, &out->reason);
}

/* ---- for reports -------------------------------------------------------------------- */

/* RFC 8617 section 6 calls it smtp.remote-ip, earlier drafts smtp.client-ip. */
static slice remote_ip(const struct arc_set *set)
{
    for (size_t i = 0; i < set->results.count; i++) {
        const struct authres_result *result = &set->results.results[i];
        for (size_t p = 0; p < result->property_count; p++) {
            const struct authres_property *property = &result->properties[p];
            if (slice_eq(property->property, SLICE("remote-ip")) ||
                slice_eq(property->property, SLICE("client-ip"))) {
                return property->value;
            }
        }
    }
    return SLICE_NONE;
}

void arc_write_comment(struct buf *buf, const struct arc_result *result)
{
    buf_add_text(buf, "arc=");
    buf_add_text(buf, arc_code_text(result->code));
    for (size_t i = result->set_count; i > 0; i--) {
        const struct arc_set *set = &result->sets[i - 1];
        buf_printf(buf, " as[%u].d=", set->instance);
        buf_add(buf, set->domain);
        buf_printf(buf, " as[%u].s=", set->instance);
        buf_add(buf, set->selector);
    }
    if (result->set_count != 0 && result->sets[0].has_results) {
        struct ip ip;
        if (ip_parse(remote_ip(&result->sets[0]), &ip) == YETT_OK) {
            buf_add_text(buf, " remote-ip[1]=");
            ip_write(buf, ip);
        }
    }
}
