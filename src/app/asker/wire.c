/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/asker/wire.h"

#include "core/dns/dns.h"

/* wire: parts of packets. */

enum { NAME_MAX_OCTETS = 255, RDATA_MAX = 65535 };

struct wire wire_of(struct arena *arena, slice packet)
{
    return (struct wire){.left = packet, .arena = arena};
}

void wire_fail(struct wire *wire, const char *fault)
{
    if (!wire->failed) {
        wire->failed = true;
        wire->fault = fault;
    }
    wire->left = SLICE_NONE;
}

static void fail_for_memory(struct wire *wire)
{
    wire->no_memory = true;
    wire_fail(wire, "out of memory");
}

enum yett_err wire_end(struct wire *wire)
{
    if (!wire->failed && !slice_is_empty(wire->left)) {
        wire_fail(wire, "something is left over");
    }
    return wire->no_memory ? YETT_NO_MEMORY : wire->failed ? YETT_BAD_SYNTAX : YETT_OK;
}

/* ---- numbers and octets ------------------------------------------------------------------- */

uint64_t wire_get(struct wire *wire, unsigned octets, uint64_t max)
{
    uint64_t number = 0;
    if (!octets_take(&wire->left, octets, &number)) {
        wire_fail(wire, "it is too short");
        return 0;
    }
    if (number > max) {
        wire_fail(wire, "a number is too large");
        return 0;
    }
    return number;
}

slice wire_get_slice(struct wire *wire, size_t max)
{
    size_t length = (size_t)wire_get(wire, 4, max);
    if (length > wire->left.len) {
        wire_fail(wire, "it is too short");
        return SLICE_NONE;
    }
    slice octets = slice_first(wire->left, length);
    wire->left = slice_skip(wire->left, length);
    return octets;
}

/* ---- texts and names ----------------------------------------------------------------------- */

static bool is_visible(struct wire *wire, slice text)
{
    struct arena_mark mark = arena_mark(wire->arena);
    struct buf buf;
    buf_init(&buf, wire->arena, text.len + 1); /* longer: something was not visible */
    buf_add_visible(&buf, text);
    if (buf_err(&buf) == YETT_NO_MEMORY) {
        fail_for_memory(wire);
    }
    bool is_same = buf_err(&buf) == YETT_OK && slice_eq(buf_slice(&buf), text);
    arena_rewind(wire->arena, mark);
    return is_same;
}

slice wire_get_text(struct wire *wire)
{
    slice text = wire_get_slice(wire, WIRE_TEXT_MAX);
    if (!is_visible(wire, text)) {
        wire_fail(wire, "a sentence has what cannot be shown");
        return SLICE_NONE;
    }
    return text;
}

static bool is_normal(struct wire *wire, slice name)
{
    slice normal;
    enum yett_err err = dns_name_normalize(wire->arena, name, &normal);
    if (err == YETT_NO_MEMORY) {
        fail_for_memory(wire);
    }
    return err == YETT_OK && slice_eq(normal, name);
}

slice wire_get_name(struct wire *wire)
{
    slice name = wire_get_slice(wire, NAME_MAX_OCTETS);
    if (!is_normal(wire, name)) {
        wire_fail(wire, "a name is not in normal form");
        return SLICE_NONE;
    }
    return name;
}

/* ---- servers ------------------------------------------------------------------------------- */

void wire_put_server(struct buf *buf, const struct nameserver *server)
{
    octets_add_counted(buf, server->name);
    octets_add_counted(buf, server->trouble);
    octets_add(buf, server->count, 1);
    for (size_t i = 0; i < server->count; i++) {
        const struct nameserver_address *address = &server->addresses[i];
        size_t size = address->ip.family == IP_V4 ? 4 : 16;
        octets_add(buf, size, 1);
        buf_add(buf, slice_of((const char *)address->ip.bytes, size));
        octets_add(buf, address->port, 2);
    }
}

static void get_address(struct wire *wire, struct nameserver_address *out)
{
    size_t size = (size_t)wire_get(wire, 1, 16);
    if ((size != 4 && size != 16) || wire->left.len < size) {
        wire_fail(wire, "an address is none");
        return;
    }
    out->ip.family = size == 4 ? IP_V4 : IP_V6;
    memcpy(out->ip.bytes, wire->left.ptr, size);
    wire->left = slice_skip(wire->left, size);
    out->port = (uint16_t)wire_get(wire, 2, UINT16_MAX);
}

void wire_get_server(struct wire *wire, struct nameserver *out)
{
    *out = (struct nameserver){.name = wire_get_slice(wire, NAME_MAX_OCTETS)};
    if (slice_is_empty(out->name) ||
        (!is_visible(wire, out->name) && !is_normal(wire, out->name))) {
        wire_fail(wire, "the name of a server is none");
    }
    out->trouble = wire_get_text(wire);
    size_t count = (size_t)wire_get(wire, 1, NAMESERVER_ADDRESSES_MAX);
    for (size_t i = 0; i < count && !wire->failed; i++) {
        get_address(wire, &out->addresses[i]);
    }
    out->count = wire->failed ? 0 : count;
}

/* ---- records ------------------------------------------------------------------------------- */

void wire_put_rrset(struct buf *buf, const struct update_rrset *rrset)
{
    octets_add(buf, rrset->ttl_s, 4);
    octets_add(buf, rrset->count, 4);
    for (size_t i = 0; i < rrset->count; i++) {
        octets_add_counted(buf, rrset->values[i]);
    }
}

/* RFC 1035 section 3.3.14: one string or more. */
static bool is_txt(slice value)
{
    if (slice_is_empty(value)) {
        return false;
    }
    while (!slice_is_empty(value)) {
        size_t length = (unsigned char)value.ptr[0];
        if (length + 1 > value.len) {
            return false;
        }
        value = slice_skip(value, length + 1);
    }
    return true;
}

static slice get_value(struct wire *wire)
{
    slice value = wire_get_slice(wire, RDATA_MAX);
    if (!is_txt(value)) {
        wire_fail(wire, "a record is no TXT record");
        return SLICE_NONE;
    }
    return value;
}

void wire_get_rrset(struct wire *wire, struct update_rrset *out)
{
    *out = (struct update_rrset){.ttl_s = (uint32_t)wire_get(wire, 4, UINT32_MAX)};
    out->values = wire_get_slices(wire, WIRE_VALUES_MAX, &out->count, get_value);
}

const slice *wire_get_slices(struct wire *wire, size_t max_count, size_t *count,
                             slice (*get)(struct wire *wire))
{
    size_t wanted = (size_t)wire_get(wire, 4, max_count);
    *count = 0;
    if (wanted > wire->left.len / 4) { /* each has its length, at least */
        wire_fail(wire, "it is too short");
        return NULL;
    }
    slice *list = ARENA_ARRAY(wire->arena, wanted, slice);
    if (list == NULL) {
        fail_for_memory(wire);
        return NULL;
    }
    for (size_t i = 0; i < wanted && !wire->failed; i++) {
        list[i] = get(wire);
    }
    *count = wire->failed ? 0 : wanted;
    return list;
}
