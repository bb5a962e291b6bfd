/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/num.h"
#include "core/config/check.h"
#include "core/domain/domain.h"

/* servers: what names the name servers of a zone, as HOST or HOST@PORT. */

enum { SENTENCE_MAX = 3000, PORT_MAX = 65535 };

static bool is_host(struct arena *arena, slice host)
{
    struct ip ip;
    slice name;
    if (slice_take_byte(&host, '[')) {
        return slice_take_until(&host, ']', &name) && slice_is_empty(host) &&
               ip_parse(name, &ip) == YETT_OK;
    }
    return ip_parse(host, &ip) == YETT_OK ||
           domain_normalize(arena, host, &name) == YETT_OK;
}

static bool is_server(struct arena *arena, slice text)
{
    size_t at = slice_find_byte(text, '@');
    uint64_t port = 1;
    if (at < text.len &&
        num_parse_uint(slice_skip(text, at + 1), PORT_MAX, &port) != YETT_OK) {
        return false;
    }
    return port != 0 && is_host(arena, slice_first(text, at));
}

static enum yett_err no_server(struct arena *arena, slice *why, const char *key,
                               slice word)
{
    struct buf text;
    buf_init(&text, arena, SENTENCE_MAX);
    buf_add_text(&text, key);
    buf_add_text(&text, ": '");
    buf_add_visible(&text, word);
    buf_add_text(&text, "' is no server such as ns1.example.com, 192.0.2.53 or "
                        "2001:db8::53@5353");
    if (slice_has_byte(word, ',')) {
        buf_add_text(&text, "; spaces stand between servers, not commas");
    }
    *why = buf_slice(&text);
    return buf_err(&text) == YETT_OK ? YETT_BAD_SYNTAX : YETT_NO_MEMORY;
}

/* The servers in `list`, of which there may be `max`; `too_many` is said of more. */
static enum yett_err check_list(struct arena *arena, slice *why, const char *key,
                                slice list, size_t max, const char *too_many)
{
    slice word;
    size_t count = 0;
    while (slice_next_piece(&list, ' ', &word)) {
        if (slice_is_empty(word)) {
            continue;
        }
        if (!is_server(arena, word)) {
            return no_server(arena, why, key, word);
        }
        if (++count > max) {
            return config_fault(arena, why, key, SLICE_NONE, too_many);
        }
    }
    return YETT_OK;
}

enum yett_err config_check_servers(struct arena *arena, const struct config *config,
                                   slice *why)
{
    const struct config_signing *signing = &config->signing;
    enum yett_err err =
        check_list(arena, why, "signing.update_server", signing->update_server, 1,
                   "names more than one server; updates go to one");
    return err != YETT_OK
               ? err
               : check_list(arena, why, "signing.name_servers", signing->name_servers,
                            CONFIG_NAME_SERVERS_MAX, "names more than 32 servers");
}
