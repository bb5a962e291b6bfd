/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/servers.h"

#include "core/base/ascii.h"
#include "core/base/ip.h"
#include "core/dns/dns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* More than any resolv.conf has; what follows is not read. */
enum { FILE_BYTES_MAX = 64 * 1024 };

/* An interface after "%": only what can be one's name. */
static bool is_interface(slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!ascii_is_alnum(c) && c != '-' && c != '_' && c != '.') {
            return false;
        }
    }
    return text.len != 0 && text.len <= 32;
}

static bool is_address(slice text)
{
    struct ip ip;
    slice address = text;
    slice scoped = text;
    if (slice_take_until(&scoped, '%', &address)) {
        return is_interface(scoped) && ip_parse_v6(address, &ip) == YETT_OK;
    }
    return ip_parse(text, &ip) == YETT_OK;
}

static enum yett_err add(struct arena *arena, struct servers *servers, slice server)
{
    slice copy = arena_printf(arena, "%.*s", SLICE_ARG(server));
    if (copy.ptr == NULL) {
        return YETT_NO_MEMORY;
    }
    servers->list[servers->count++] = copy.ptr;
    return YETT_OK;
}

/* "a", "a or b", "a, b or c" */
static enum yett_err write_text(struct arena *arena, struct servers *servers)
{
    struct buf text;
    buf_init(&text, arena, 1024);
    for (size_t i = 0; i < servers->count; i++) {
        if (i != 0) {
            buf_add_text(&text, i + 1 == servers->count ? " or " : ", ");
        }
        buf_add_text(&text, servers->list[i]);
    }
    servers->text = buf_slice(&text);
    return buf_err(&text);
}

enum yett_err servers_from_option(struct arena *arena, slice text, struct servers *out,
                                  struct buf *why)
{
    struct servers servers = {0};
    uint16_t port = 0;
    slice address;
    bool is_port = dns_split_server(text, &address, &port);

    if (!is_address(address)) {
        buf_add_visible(why, text);
        buf_add_text(why, " is no address of a name server: write ADDR or ADDR@PORT, "
                          "for example 127.0.0.1@53 or ::1@53");
        return YETT_BAD_SYNTAX;
    }
    if (!is_port) {
        buf_add_visible(why, text);
        buf_add_text(why, " has no port after the @: expected a number from 1 to 65535");
        return YETT_BAD_SYNTAX;
    }
    struct buf server;
    buf_init(&server, arena, 128);
    buf_add(&server, address);
    if (port != 0) {
        buf_add_byte(&server, '@');
        buf_add_uint(&server, port);
    }
    enum yett_err err = buf_err(&server);
    if (err == YETT_OK) {
        err = add(arena, &servers, buf_slice(&server));
    }
    if (err == YETT_OK) {
        err = write_text(arena, &servers);
    }
    if (err == YETT_OK) {
        *out = servers;
    }
    return err;
}

static enum yett_err take_servers(struct arena *arena, slice text,
                                  struct servers *servers)
{
    slice address;
    while (servers->count < SERVERS_MAX && dns_next_server(&text, &address)) {
        if (!is_address(address)) {
            continue;
        }
        enum yett_err err = add(arena, servers, address);
        if (err != YETT_OK) {
            return err;
        }
    }
    return write_text(arena, servers);
}

enum yett_err servers_from_file(struct arena *arena, const char *path,
                                struct servers *out, struct buf *why)
{
    struct servers servers = {0};
    char *text = arena_alloc(arena, FILE_BYTES_MAX);
    if (text == NULL) {
        return YETT_NO_MEMORY;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        buf_printf(why, "%s, which names the name servers, cannot be read (%s): name one",
                   path, strerror(errno));
        return YETT_IO;
    }
    size_t count = fread(text, 1, FILE_BYTES_MAX, file);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed) {
        buf_printf(why, "%s, which names the name servers, cannot be read: name one",
                   path);
        return YETT_IO;
    }
    enum yett_err err = take_servers(arena, slice_of(text, count), &servers);
    if (err != YETT_OK) {
        return err;
    }
    if (servers.count == 0) {
        buf_printf(why, "%s has no line \"nameserver ADDRESS\": name a name server",
                   path);
        return YETT_BAD_SYNTAX;
    }
    *out = servers;
    return YETT_OK;
}
