/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/num.h"
#include "core/config/config.h"

enum {
    SOCKET_PATH_MAX = 107,
    PORT_MAX = 65535
}; /* sun_path has room for 108 with its NUL */

const char *config_socket_path_fault(slice path)
{
    if (!slice_starts_with(path, SLICE("/"))) {
        return "is no absolute path; one begins with a slash, as in "
               "/run/yett/milter.sock";
    }
    if (slice_ends_with(path, SLICE("/"))) {
        return "ends in a slash: the name of the socket is missing";
    }
    if (path.len > SOCKET_PATH_MAX) {
        return "is longer than 107 octets, which is all that the path of a socket may "
               "have";
    }
    for (size_t i = 0; i < path.len; i++) {
        if ((unsigned char)path.ptr[i] < 0x20 || path.ptr[i] == 0x7f) {
            return "holds a control character";
        }
    }
    return NULL;
}

static const char *read_port(slice text, struct config_address *out)
{
    uint64_t port;
    if (num_parse_uint(text, PORT_MAX, &port) != YETT_OK || port == 0) {
        return "has no port from 1 to 65535 at its end, as in inet:127.0.0.1:8891";
    }
    out->port = (unsigned)port;
    return NULL;
}

/* [ADDRESS]:PORT */
static const char *read_ipv6(slice text, struct config_address *out)
{
    slice host;
    (void)slice_take_byte(&text, '[');
    if (!slice_take_until(&text, ']', &host) || !slice_take_byte(&text, ':') ||
        ip_parse_v6(host, &out->ip) != YETT_OK) {
        return "is no IPv6 address with a port, such as inet:[::1]:8891";
    }
    if (!ip_eq(ip_unmap(out->ip), out->ip)) {
        return "is an IPv4 address written as IPv6; write it as IPv4, without ::ffff:";
    }
    return read_port(text, out);
}

/* HOST:PORT */
static const char *read_ipv4(slice text, struct config_address *out)
{
    size_t colon = slice_find_last_byte(text, ':');
    slice host = slice_first(text, colon);
    if (slice_has_byte(text, '@')) {
        return "is written as Sendmail does; here the address stands before the port, as "
               "in inet:127.0.0.1:8891";
    }
    if (slice_has_byte(host, ':')) {
        return "is no IPv4 address with a port; one of IPv6 stands in brackets, as in "
               "inet:[::1]:8891";
    }
    if (colon == text.len) {
        return "lacks the address or the port; both are written, as in "
               "inet:127.0.0.1:8891";
    }
    /* Names are not looked up; this one has only one meaning. */
    if (slice_eq_nocase(host, SLICE("localhost"))) {
        host = SLICE("127.0.0.1");
    }
    if (ip_parse_v4(host, &out->ip) != YETT_OK) {
        return "does not begin with an address in numbers, such as inet:127.0.0.1:8891; "
               "inet:0.0.0.0:8891 stands for all addresses of this host";
    }
    return read_port(slice_skip(text, colon + 1), out);
}

static const char *read_inet(slice text, struct config_address *out)
{
    return slice_peek(text) == '[' ? read_ipv6(text, out) : read_ipv4(text, out);
}

/* What other programs call it. */
static const struct {
    slice prefix;
    const char *hint;
} foreign_prefixes[] = {
    {SLICE_INIT("local:"),
     "begins with local:, which is written unix: here, as in unix:/run/yett/milter.sock"},
    {SLICE_INIT("inet6:"),
     "begins with inet6:; an address of IPv6 is written inet:[::1]:8891"                },
    {SLICE_INIT("tcp:"),
     "begins with tcp:, which is written inet: here, as in inet:127.0.0.1:8891"         },
};

const char *config_read_address(slice text, struct config_address *out)
{
    struct config_address address = {.is_unix = false};
    const char *fault = "is no address to listen on, such as inet:127.0.0.1:8891, "
                        "inet:[::1]:8891 or unix:/run/yett/milter.sock";
    for (size_t i = 0; i < sizeof(foreign_prefixes) / sizeof(foreign_prefixes[0]); i++) {
        if (slice_starts_with(text, foreign_prefixes[i].prefix)) {
            fault = foreign_prefixes[i].hint;
        }
    }
    if (slice_take(&text, SLICE("inet:"))) {
        fault = read_inet(text, &address);
    } else if (slice_take(&text, SLICE("unix:"))) {
        address.is_unix = true;
        address.path = text;
        fault = config_socket_path_fault(text);
    }
    if (fault == NULL) {
        *out = address;
    }
    return fault;
}

const char *config_listen_address_fault(slice address)
{
    struct config_address ignored;
    return config_read_address(address, &ignored);
}

void config_write_address(struct buf *out, const struct config_address *address)
{
    if (address->is_unix) {
        buf_add_text(out, "unix:");
        buf_add(out, address->path);
        return;
    }
    bool is_v6 = address->ip.family == IP_V6;
    buf_add_text(out, is_v6 ? "inet:[" : "inet:");
    ip_write(out, address->ip);
    buf_add_text(out, is_v6 ? "]:" : ":");
    buf_add_uint(out, address->port);
}

static bool is_any(struct ip ip)
{
    static const uint8_t zeros[16];
    return memcmp(ip.bytes, zeros, ip.family == IP_V4 ? 4 : 16) == 0;
}

bool config_address_is_public(const struct config_address *address)
{
    return !address->is_unix && !ip_is_loopback(address->ip) &&
           !ip_is_private(address->ip);
}

bool config_addresses_clash(const struct config_address *a,
                            const struct config_address *b)
{
    if (a->is_unix || b->is_unix) {
        return a->is_unix && b->is_unix && slice_eq(a->path, b->path);
    }
    return a->port == b->port && a->ip.family == b->ip.family &&
           (ip_eq(a->ip, b->ip) || is_any(a->ip) || is_any(b->ip));
}
