/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/nameserver/address.h"
#include "edge/nameserver/exchange.h"

/*
 * send: an update on its way to the primary.
 *
 * Another address is tried only when nothing can have reached the first: an update that
 * may have been made is not made again.
 */

enum { SENTENCE_MAX = 4096 };

static slice tell(struct arena *arena, const struct nameserver *server,
                  const struct exchange *exchange)
{
    struct buf text;

    buf_init(&text, arena, SENTENCE_MAX);
    address_write_server(&text, server, &exchange->to);
    buf_add_byte(&text, ' ');
    buf_add(&text, exchange->failure);
    buf_add_text(&text, exchange->is_sent
                            ? ": the update was sent, and may have been made or not"
                            : ": nothing was sent");
    return buf_slice(&text);
}

enum yett_err nameserver_send(struct arena *arena,
                              const struct nameserver_options *options,
                              const struct nameserver *server, slice message,
                              slice *reply, slice *why)
{
    if (server->count == 0) {
        struct buf text;
        buf_init(&text, arena, SENTENCE_MAX);
        buf_add_text(&text, "the primary, ");
        buf_add_visible(&text, server->name);
        buf_add_text(&text, ", has no address that could be found: nothing was sent");
        *why = buf_slice(&text);
        return YETT_IO;
    }
    for (size_t i = 0; i < server->count; i++) {
        struct exchange exchange = {
            .to = server->addresses[i], .is_update = true, .message = message};
        enum yett_err err = exchange_run(arena, options, &exchange, 1);
        if (err != YETT_OK) {
            return err;
        }
        if (exchange.is_answered) {
            *reply = exchange.octets;
            return YETT_OK;
        }
        *why = tell(arena, server, &exchange);
        if (exchange.is_sent) {
            break;
        }
    }
    return YETT_IO;
}
