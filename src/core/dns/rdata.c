/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/rdata.h"

#include "core/dns/wire.h"

/* rdata: the data of one record, by its type (RFC 1035 section 3.3, RFC 3596). */

static enum yett_err read_address(slice rdata, enum ip_family family, size_t length,
                                  struct dns_record *out)
{
    if (rdata.len != length) {
        return YETT_BAD_SYNTAX;
    }
    out->ip.family = family;
    memcpy(out->ip.bytes, rdata.ptr, length);
    return YETT_OK;
}

/* The name from `at` must end where the data does. */
static enum yett_err read_name(struct arena *arena, slice packet, size_t at, size_t end,
                               struct dns_record *out)
{
    size_t after = at;
    if (!dns_wire_skip_name(slice_first(packet, end), &after) || after != end) {
        return YETT_BAD_SYNTAX;
    }
    return dns_wire_read_name(arena, packet, at, &out->name);
}

static enum yett_err read_mx(struct arena *arena, slice packet, size_t at, size_t end,
                             struct dns_record *out)
{
    if (end - at < 3) {
        return YETT_BAD_SYNTAX;
    }
    unsigned high = (unsigned char)packet.ptr[at];
    unsigned low = (unsigned char)packet.ptr[at + 1];
    out->preference = (uint16_t)(high << 8 | low);
    return read_name(arena, packet, at + 2, end, out);
}

/* One character-string or more (RFC 1035 section 3.3.14). */
static enum yett_err read_strings(struct arena *arena, slice rdata,
                                  struct dns_record *out)
{
    if (rdata.len == 0) {
        return YETT_BAD_SYNTAX;
    }
    char *text = arena_alloc(arena, rdata.len);
    size_t len = 0;
    if (text == NULL) {
        return YETT_NO_MEMORY;
    }
    while (rdata.len != 0) {
        slice string = slice_between(rdata, 1, 1 + (size_t)slice_peek(rdata));
        if (string.len != (size_t)slice_peek(rdata)) {
            return YETT_BAD_SYNTAX;
        }
        if (string.len != 0) {
            memcpy(text + len, string.ptr, string.len);
        }
        len += string.len;
        rdata = slice_skip(rdata, 1 + string.len);
    }
    out->text = slice_of(text, len);
    return YETT_OK;
}

enum yett_err dns_rdata_read(struct arena *arena, slice packet, size_t at, size_t len,
                             enum dns_type type, struct dns_record *out)
{
    size_t end = at + len;
    slice rdata = slice_between(packet, at, end);

    *out = (struct dns_record){0};
    switch (type) {
    case DNS_A:
        return read_address(rdata, IP_V4, 4, out);
    case DNS_AAAA:
        return read_address(rdata, IP_V6, 16, out);
    case DNS_MX:
        return read_mx(arena, packet, at, end, out);
    case DNS_TXT:
        return read_strings(arena, rdata, out);
    case DNS_CNAME:
    case DNS_PTR:
        return read_name(arena, packet, at, end, out);
    }
    return YETT_BAD_SYNTAX;
}

enum yett_err dns_record_from_wire(struct arena *arena, enum dns_type type, slice rdata,
                                   struct dns_record *out)
{
    return dns_rdata_read(arena, rdata, 0, rdata.len, type, out);
}
