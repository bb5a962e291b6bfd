/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/nameserver/address.h"

#include "core/dns/dns.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

enum { DNS_PORT = 53, FILE_BYTES_MAX = 64 * 1024 };

bool address_read(slice text, uint16_t port, struct nameserver_address *out)
{
    slice where;
    struct ip ip;

    if (!dns_split_server(text, &where, &port) || ip_parse(where, &ip) != YETT_OK) {
        return false;
    }
    *out = (struct nameserver_address){.ip = ip, .port = port};
    return true;
}

/* ---- resolv.conf ------------------------------------------------------------------- */

static size_t read_lines(slice text, struct nameserver_address *list, size_t room)
{
    slice address;
    size_t count = 0;

    while (count < room && dns_next_server(&text, &address)) {
        count += address_read(address, DNS_PORT, &list[count]);
    }
    return count;
}

enum yett_err address_read_resolvers(struct arena *arena, const char *path,
                                     struct nameserver_address *list, size_t room,
                                     size_t *count, slice *why)
{
    char *text = arena_alloc(arena, FILE_BYTES_MAX);
    if (text == NULL) {
        return YETT_NO_MEMORY;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        *why = arena_printf(arena, "%s, which names the resolvers, cannot be read (%s)",
                            path, strerror(errno));
        return YETT_IO;
    }
    size_t size = fread(text, 1, FILE_BYTES_MAX, file);
    (void)fclose(file);
    *count = read_lines(slice_of(text, size), list, room);
    if (*count == 0) {
        *why = arena_printf(arena, "%s has no line \"nameserver ADDRESS\"", path);
        return YETT_IO;
    }
    return YETT_OK;
}

/* ---- sockets and people ------------------------------------------------------------ */

socklen_t address_to_socket(const struct nameserver_address *address,
                            struct sockaddr_storage *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};

    *out = (struct sockaddr_storage){0};
    if (address->ip.family == IP_V4) {
        memcpy(&v4.sin_addr, address->ip.bytes, 4);
        memcpy(out, &v4, sizeof(v4));
        return sizeof(v4);
    }
    memcpy(&v6.sin6_addr, address->ip.bytes, 16);
    memcpy(out, &v6, sizeof(v6));
    return sizeof(v6);
}

void address_write(struct buf *buf, const struct nameserver_address *address)
{
    ip_write(buf, address->ip);
    if (address->port != DNS_PORT) {
        buf_add_byte(buf, '@');
        buf_add_uint(buf, address->port);
    }
}

void address_write_server(struct buf *buf, const struct nameserver *server,
                          const struct nameserver_address *address)
{
    struct nameserver_address given;

    if (address != NULL && address_read(server->name, address->port, &given)) {
        address_write(buf, address);
        return;
    }
    buf_add_visible(buf, server->name);
    if (address != NULL) {
        buf_add_text(buf, " (");
        address_write(buf, address);
        buf_add_byte(buf, ')');
    }
}
