/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/dns.h"
#include "core/domain/domain.h"
#include "core/update/value.h"
#include "core/update/wire.h"

/* write: a change becomes an UPDATE message (RFC 2136 section 2), in one form only. */

/* ---- is it a change that can be written? ------------------------------------------- */

static bool is_normal(struct arena *arena, slice name)
{
    slice form;
    struct arena_mark mark = arena_mark(arena);
    bool is_good =
        dns_name_normalize(arena, name, &form) == YETT_OK && slice_eq(form, name);

    arena_rewind(arena, mark);
    return is_good;
}

static const char *fault_of_rrset(const struct update_rrset *rrset)
{
    if (rrset->count > UPDATE_VALUES_MAX) {
        return "it has more records of one name than can be handled";
    }
    for (size_t i = 0; i < rrset->count; i++) {
        struct update_rrset those_before = {.values = rrset->values, .count = i};
        if (!value_is_good(rrset->values[i])) {
            return "it has a TXT record with malformed data";
        }
        if (rrset_has(&those_before, rrset->values[i])) {
            return "it has the same record twice";
        }
    }
    return rrset->ttl_s > UPDATE_TTL_MAX_S
               ? "it has a time to live that no record can have"
               : NULL;
}

static size_t count_missing(const struct update_rrset *from,
                            const struct update_rrset *in)
{
    size_t count = 0;
    for (size_t i = 0; i < from->count; i++) {
        count += !rrset_has(in, from->values[i]);
    }
    return count;
}

static const char *fault_of(struct arena *arena, const struct update_change *change)
{
    if (!is_normal(arena, change->zone) || !is_normal(arena, change->name)) {
        return "it has a name that is not in normal form";
    }
    if (!domain_is_under(change->name, change->zone)) {
        return "its name is not in its zone";
    }
    const char *fault = fault_of_rrset(&change->before);
    fault = fault != NULL ? fault : fault_of_rrset(&change->after);
    if (fault == NULL && count_missing(&change->before, &change->after) == 0 &&
        count_missing(&change->after, &change->before) == 0) {
        fault = "it changes nothing";
    }
    return fault;
}

/* ---- the message ------------------------------------------------------------------- */

static void add_record(struct buf *buf, const struct update_change *change,
                       unsigned class, uint32_t ttl_s, slice rdata)
{
    dns_name_to_wire(buf, change->name);
    wire_add_u16(buf, TYPE_TXT);
    wire_add_u16(buf, class);
    wire_add_u32(buf, ttl_s);
    wire_add_u16(buf, (unsigned)rdata.len);
    buf_add(buf, rdata);
}

static void add_header(struct buf *buf, const struct update_change *change, uint16_t id)
{
    size_t prerequisites = change->before.count == 0 ? 1 : change->before.count;
    size_t updates = count_missing(&change->before, &change->after) +
                     count_missing(&change->after, &change->before);

    wire_add_u16(buf, id);
    wire_add_u16(buf, OPCODE_UPDATE);
    wire_add_u16(buf, 1);
    wire_add_u16(buf, (unsigned)prerequisites);
    wire_add_u16(buf, (unsigned)updates);
    wire_add_u16(buf, 0);
}

static void add_zone(struct buf *buf, const struct update_change *change) /* 2.3 */
{
    dns_name_to_wire(buf, change->zone);
    wire_add_u16(buf, TYPE_SOA);
    wire_add_u16(buf, CLASS_IN);
}

static void add_prerequisite(struct buf *buf, const struct update_change *change)
{
    const struct update_rrset *before = &change->before;

    if (before->count == 0) {
        add_record(buf, change, CLASS_NONE, 0, SLICE_NONE); /* 2.4.3 */
    }
    for (size_t i = 0; i < before->count; i++) {
        add_record(buf, change, CLASS_IN, 0, before->values[i]); /* 2.4.2 */
    }
}

static void add_updates(struct buf *buf, const struct update_change *change)
{
    const struct update_rrset *before = &change->before;
    const struct update_rrset *after = &change->after;

    for (size_t i = 0; i < before->count; i++) {
        if (!rrset_has(after, before->values[i])) {
            add_record(buf, change, CLASS_NONE, 0, before->values[i]); /* 2.5.4 */
        }
    }
    for (size_t i = 0; i < after->count; i++) {
        if (!rrset_has(before, after->values[i])) {
            add_record(buf, change, CLASS_IN, after->ttl_s, after->values[i]); /* 2.5.1 */
        }
    }
}

enum yett_err update_write(struct arena *arena, const struct update_change *change,
                           uint16_t id, slice *out, const char **why)
{
    struct buf buf;
    const char *fault = fault_of(arena, change);

    if (fault != NULL) {
        *why = fault;
        return YETT_BAD_SYNTAX;
    }
    buf_init(&buf, arena, UPDATE_MESSAGE_MAX);
    add_header(&buf, change, id);
    add_zone(&buf, change);
    add_prerequisite(&buf, change);
    add_updates(&buf, change);
    enum yett_err err = buf_err(&buf);
    if (err == YETT_OK) {
        *out = buf_slice(&buf);
    } else if (err == YETT_LIMIT) {
        *why = "it does not fit into one message";
    }
    return err;
}
