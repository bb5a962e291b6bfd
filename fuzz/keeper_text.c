/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signer/signer.h"
#include "keeper_table.h"
#include "signer.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The contract: the first octet is the kind, the rest a text.  Whatever may be signed is read
 * once more, as a message that a receiver gets, with the reader of messages: its authors must
 * be ours.  And signed it is a header whose signature holds.
 */
static struct signer signer;

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

/* The fields as they stood: h= names the lowest of a name first (RFC 6376 section 5.4.2). */
static slice as_it_stood(struct arena *arena, slice text, slice signature)
{
    struct signer_request request;
    struct buf out;
    slice why;
    enum yett_err err =
        signer_parse_text(arena, DKIM_FORM_SIGNATURE, text, &request, &why);
    assert(err == YETT_OK);
    buf_init(&out, arena, SIZE_MAX);
    for (size_t i = request.header.count; i-- > 0;) {
        buf_add(&out, request.header.fields[i].raw);
    }
    buf_add(&out, request.field.raw);
    base64_encode(&out, signature);
    buf_add_text(&out, "\r\n\r\n");
    assert(buf_err(&out) == YETT_OK);
    return buf_slice(&out);
}

static void check_holds(struct arena *arena, const struct keeper_finding *finding,
                        slice text)
{
    struct buf signature;
    buf_init(&signature, arena, CRYPTO_SIGNATURE_MAX);
    enum yett_err err = signer_sign(
        signer.crypto, finding->key == 1 ? signer.ed25519 : signer.rsa, text, &signature);
    assert(err == YETT_OK);
    slice message = as_it_stood(arena, text, buf_slice(&signature));
    assert(signer_verify(&signer, arena, message, SIZE_MAX, TABLE_NOW).header_verified);
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
        signer_init(&signer, SLICE("example.org"));
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
            if (finding.key != 2) { /* the receiver knows keys of example.org only */
                check_holds(arena, &finding, text.octets);
            }
        }
    }
    arena_free(arena);
    return 0;
}
