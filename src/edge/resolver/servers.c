/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/resolver/servers.h"

#include "core/base/ascii.h"
#include "core/base/ip.h"
#include "core/base/num.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* More than any resolv.conf has; what follows is not read. */
enum { FILE_BYTES_MAX = 64 * 1024, PORT_MAX = 65535 };

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

/* Split at '@' and take brackets off; the port stays empty when there is none. */
static slice split(slice text, slice *port, bool *has_port)
{
    slice address = text;
    *port = text;
    *has_port = slice_take_until(port, '@', &address);
    if (slice_starts_with(address, SLICE("[")) && slice_ends_with(address, SLICE("]"))) {
        address = slice_between(address, 1, address.len - 1);
    }
    return address;
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
    slice port;
    bool has_port;
    uint64_t number;
    slice address = split(text, &port, &has_port);

    if (!is_address(address)) {
        buf_add_visible(why, text);
        buf_add_text(why, " is no address of a name server: write ADDR or ADDR@PORT, "
                          "for example 127.0.0.1@53 or ::1@53");
        return YETT_BAD_SYNTAX;
    }
    if (has_port && (num_parse_uint(port, PORT_MAX, &number) != YETT_OK || number == 0)) {
        buf_add_visible(why, text);
        buf_add_text(why, " has no port after the @: expected a number from 1 to 65535");
        return YETT_BAD_SYNTAX;
    }
    struct buf server;
    buf_init(&server, arena, 128);
    buf_add(&server, address);
    if (has_port) {
        buf_add_byte(&server, '@');
        buf_add_uint(&server, number);
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

static slice next_word(slice *line)
{
    *line = slice_trim_fws(*line);
    size_t end = 0;
    while (end < line->len && !ascii_is_fws(line->ptr[end])) {
        end++;
    }
    slice word = slice_first(*line, end);
    *line = slice_skip(*line, end);
    return word;
}

static enum yett_err take_servers(struct arena *arena, slice text,
                                  struct servers *servers)
{
    slice line;
    while (servers->count < SERVERS_MAX && slice_next_piece(&text, '\n', &line)) {
        if (!slice_eq(next_word(&line), SLICE("nameserver"))) {
            continue;
        }
        slice address = next_word(&line);
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
