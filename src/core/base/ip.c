/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ip.h"

#include "core/base/ascii.h"
#include "core/base/num.h"

/* Take "192.0.2.1" from the front; four numbers without leading zeros. */
static enum yett_err take_v4(slice *in, uint8_t out[4])
{
    slice rest = *in;
    for (size_t i = 0; i < 4; i++) {
        slice digits = rest;
        uint64_t value;
        if (i > 0 && !slice_take_byte(&rest, '.')) {
            return YETT_BAD_SYNTAX;
        }
        digits = rest;
        if (num_take_uint(&rest, 255, &value) != YETT_OK) {
            return YETT_BAD_SYNTAX;
        }
        size_t width = digits.len - rest.len;
        if (width > 1 && digits.ptr[0] == '0') {
            return YETT_BAD_SYNTAX;
        }
        out[i] = (uint8_t)value;
    }
    *in = rest;
    return YETT_OK;
}

enum yett_err ip_parse_v4(slice text, struct ip *out)
{
    struct ip ip = {.family = IP_V4};
    if (take_v4(&text, ip.bytes) != YETT_OK || text.len != 0) {
        return YETT_BAD_SYNTAX;
    }
    *out = ip;
    return YETT_OK;
}

/* One to four hexadecimal digits. */
static bool take_group(slice *in, uint8_t out[2])
{
    unsigned value = 0;
    size_t digits = 0;
    while (digits < 4 && ascii_hex_value(slice_peek(*in)) >= 0) {
        value = value * 16 + (unsigned)ascii_hex_value(slice_peek(*in));
        *in = slice_skip(*in, 1);
        digits++;
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return digits > 0;
}

/* The groups of one side of "::", up to `room` octets; "1:2:192.0.2.1" is one side too, and
   the last (RFC 4291 section 2.2). */
static enum yett_err take_groups(slice *in, uint8_t *out, size_t room, size_t *filled)
{
    size_t at = 0;
    for (;;) {
        if (room - at >= 4 && take_v4(in, out + at) == YETT_OK) {
            *filled = at + 4;
            return in->len == 0 ? YETT_OK : YETT_BAD_SYNTAX;
        }
        if (room - at < 2 || !take_group(in, out + at)) {
            return YETT_BAD_SYNTAX;
        }
        at += 2;
        if (slice_peek(*in) != ':' || slice_starts_with(*in, SLICE("::"))) {
            break;
        }
        *in = slice_skip(*in, 1);
    }
    *filled = at;
    return YETT_OK;
}

enum yett_err ip_parse_v6(slice text, struct ip *out)
{
    struct ip ip = {.family = IP_V6};
    uint8_t tail[16];
    size_t head_bytes = 0;
    size_t tail_bytes = 0;

    if (!slice_starts_with(text, SLICE("::"))) {
        if (take_groups(&text, ip.bytes, 16, &head_bytes) != YETT_OK) {
            return YETT_BAD_SYNTAX;
        }
    }
    if (slice_take(&text, SLICE("::"))) {
        /* "::" stands for at least one group (RFC 4291 section 2.2). */
        size_t room = head_bytes > 14 ? 0 : 14 - head_bytes;
        if (text.len != 0 && take_groups(&text, tail, room, &tail_bytes) != YETT_OK) {
            return YETT_BAD_SYNTAX;
        }
        if (head_bytes > 14) {
            return YETT_BAD_SYNTAX;
        }
    } else if (head_bytes != 16) {
        return YETT_BAD_SYNTAX;
    }
    if (text.len != 0) {
        return YETT_BAD_SYNTAX;
    }
    if (tail_bytes != 0) {
        memcpy(ip.bytes + 16 - tail_bytes, tail, tail_bytes);
    }
    *out = ip;
    return YETT_OK;
}

enum yett_err ip_parse(slice text, struct ip *out)
{
    return slice_has_byte(text, ':') ? ip_parse_v6(text, out) : ip_parse_v4(text, out);
}

enum yett_err ip_parse_network(slice text, struct ip_network *out)
{
    struct ip_network network;
    size_t slash = slice_find_byte(text, '/');
    if (ip_parse(slice_first(text, slash), &network.address) != YETT_OK) {
        return YETT_BAD_SYNTAX;
    }
    uint64_t prefix = network.address.family == IP_V4 ? 32 : 128;
    if (slash < text.len &&
        num_parse_uint(slice_skip(text, slash + 1), prefix, &prefix) != YETT_OK) {
        return YETT_BAD_SYNTAX;
    }
    network.prefix = (unsigned)prefix;
    *out = network;
    return YETT_OK;
}

struct ip ip_unmap(struct ip ip)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (ip.family != IP_V6 || memcmp(ip.bytes, mapped, sizeof(mapped)) != 0) {
        return ip;
    }
    struct ip v4 = {.family = IP_V4};
    memcpy(v4.bytes, ip.bytes + 12, 4);
    return v4;
}

static unsigned bits_of(enum ip_family family)
{
    return family == IP_V4 ? 32 : family == IP_V6 ? 128 : 0;
}

bool ip_eq(struct ip a, struct ip b)
{
    return a.family == b.family && memcmp(a.bytes, b.bytes, bits_of(a.family) / 8) == 0;
}

bool ip_in_network(struct ip ip, struct ip_network network)
{
    if (ip.family != network.address.family || ip.family == IP_NONE) {
        return false;
    }
    unsigned whole = network.prefix / 8;
    unsigned rest = network.prefix % 8;
    if (memcmp(ip.bytes, network.address.bytes, whole) != 0) {
        return false;
    }
    return rest == 0 ||
           ((ip.bytes[whole] ^ network.address.bytes[whole]) >> (8 - rest)) == 0;
}

static bool is_in_any(struct ip ip, const struct ip_network *networks, size_t count)
{
    ip = ip_unmap(ip);
    for (size_t i = 0; i < count; i++) {
        if (ip_in_network(ip, networks[i])) {
            return true;
        }
    }
    return false;
}

/* clang-format off */
static const struct ip_network private_networks[] = {
    /* loopback first, see below */
    {{IP_V4, {127}}, 8},
    {{IP_V6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, 128},
    {{IP_V4, {10}}, 8},
    {{IP_V4, {172, 16}}, 12},
    {{IP_V4, {192, 168}}, 16},
    {{IP_V4, {169, 254}}, 16},
    {{IP_V6, {0xfc}}, 7},
    {{IP_V6, {0xfe, 0x80}}, 10},
};
/* clang-format on */

enum { LOOPBACKS = 2, PRIVATES = sizeof private_networks / sizeof private_networks[0] };

bool ip_is_loopback(struct ip ip)
{
    return is_in_any(ip, private_networks, LOOPBACKS);
}

bool ip_is_private(struct ip ip)
{
    return is_in_any(ip, private_networks, PRIVATES);
}

struct ip_network ip_source_network(struct ip ip)
{
    struct ip_network network = {.address = ip_unmap(ip)};
    unsigned octets = network.address.family == IP_V4 ? 3 : 8;
    network.prefix = octets * 8;
    memset(network.address.bytes + octets, 0, sizeof(network.address.bytes) - octets);
    return network;
}

/* First group and length of the longest run of at least two zero groups (RFC 5952 4.2). */
static void longest_zeros(const uint16_t groups[8], size_t *start, size_t *length)
{
    *start = 8;
    *length = 1;
    for (size_t i = 0; i < 8; i++) {
        size_t run = 0;
        while (i + run < 8 && groups[i + run] == 0) {
            run++;
        }
        if (run > *length) {
            *start = i;
            *length = run;
        }
    }
}

static void write_v6(struct buf *buf, const uint8_t bytes[16])
{
    uint16_t groups[8];
    for (size_t i = 0; i < 8; i++) {
        groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    }
    size_t zeros_at, zeros;
    longest_zeros(groups, &zeros_at, &zeros);
    for (size_t i = 0; i < 8; i++) {
        if (i == zeros_at) {
            buf_add_text(buf, "::");
            i += zeros - 1;
            continue;
        }
        if (i != 0 && i != zeros_at + zeros) {
            buf_add_byte(buf, ':');
        }
        buf_printf(buf, "%x", groups[i]);
    }
}

void ip_write(struct buf *buf, struct ip ip)
{
    switch (ip.family) {
    case IP_NONE:
        buf_add_text(buf, "unknown");
        break;
    case IP_V4:
        buf_printf(buf, "%u.%u.%u.%u", ip.bytes[0], ip.bytes[1], ip.bytes[2],
                   ip.bytes[3]);
        break;
    case IP_V6:
        write_v6(buf, ip.bytes);
        break;
    }
}

void ip_write_network(struct buf *buf, struct ip_network network)
{
    ip_write(buf, network.address);
    buf_add_byte(buf, '/');
    buf_add_uint(buf, network.prefix);
}
