/* SPDX-License-Identifier: BSD-2-Clause */
#include "keeper_table.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The contract: the first octet is the kind, the rest a text.  Whatever may be signed is read
 * once more, as a message that a receiver gets, with the reader of messages: its authors must
 * be ours.
 */

static bool is_ours(slice domain)
{
    return slice_eq(domain, SLICE("example.org")) ||
           slice_ends_with(domain, SLICE(".example.org")) ||
           slice_eq(domain, SLICE("customer.example")) ||
           slice_eq(domain, SLICE("example.net"));
}

static void read_as_message(struct arena *arena, slice text)
{
    struct message_parser *parser = message_parser_new(arena, MESSAGE_LIMITS_DEFAULT);
    struct message_header header;
    struct message_from from;
    slice rest = text, end = SLICE("\r\n\r\n");
    bool done = false;
    assert(parser != NULL);
    enum yett_err err = message_parser_feed(parser, &rest, &done);
    assert(err == YETT_OK && !done);
    err = message_parser_feed(parser, &end, &done);
    assert(err == YETT_OK && done);
    err = message_parser_finish(parser, &header);
    assert(err == YETT_OK);
    err = message_read_from(arena, &header, &from);
    assert(err == YETT_OK && from.count != 0);
    assert(from.status == MESSAGE_FROM_OK || from.status == MESSAGE_FROM_SEVERAL_FIELDS ||
           from.status == MESSAGE_FROM_SEVERAL_DOMAINS);
    for (size_t i = 0; i < from.count; i++) {
        assert(is_ours(from.mailboxes[i].domain));
    }
}

static void check_signed(const struct keeper_finding *finding, unsigned kind)
{
    bool is_org = slice_eq(finding->domain, SLICE("example.org"));
    assert(is_org || slice_eq(finding->domain, SLICE("example.net")));
    assert(slice_is_empty(finding->reason));
    assert(finding->key < 4 && (finding->key == 3) == (kind != KEEPER_DKIM));
    assert((finding->algorithm == DKIM_ED25519_SHA256) == (finding->key == 1));
    assert((finding->key == 2) == !is_org);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *kept;
    static const struct signing_table *table;
    if (table == NULL) {
        kept = arena_new(4 << 20);
        table = table_make(kept);
    }
    if (size == 0) {
        return 0;
    }
    struct arena *arena = arena_new(64 << 20);
    assert(arena != NULL);
    /* "1" is as good as 1. */
    struct keeper_text text = {.kind = data[0] % 16,
                               .octets = slice_of((const char *)data + 1, size - 1)};
    struct keeper_finding finding;
    enum yett_err err = keeper_check(arena, table, &text, TABLE_NOW, &finding);
    assert(err == YETT_OK);
    if (finding.refusal != KEEPER_SIGNED) {
        assert(finding.reason.len != 0 && finding.reason.len <= KEEPER_REASON_MAX);
    } else {
        check_signed(&finding, text.kind);
        if (text.kind == KEEPER_DKIM) {
            read_as_message(arena, text.octets);
        }
    }
    arena_free(arena);
    return 0;
}
