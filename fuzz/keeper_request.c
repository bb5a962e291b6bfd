/* SPDX-License-Identifier: BSD-2-Clause */
#include "keeper_table.h"
#include "signer.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * A packet of anybody's: what can be read is written the same again, and a keeper has a reply
 * to everything, which its client can read.  What it signed is what it was handed, by the key
 * that the text names; one key is not there, and there is an end to what it signs.
 */
enum { RATE = 6 };

static struct signer signer;

static const struct crypto_private_key *key_of(void *context, uint32_t number,
                                               const char **why)
{
    const struct crypto_private_key *const keys[] = {signer.rsa, signer.ed25519, NULL,
                                                     signer.rsa};
    (void)context;
    assert(number < 4);
    *why = "this key is not here";
    return keys[number];
}

static struct crypto_key *published(struct arena *arena, bool is_edward)
{
    struct buf octets;
    struct crypto_key *key = NULL;
    const char *why;
    buf_init(&octets, arena, 4096);
    enum yett_err err =
        crypto_private_key_public(is_edward ? signer.ed25519 : signer.rsa, &octets);
    assert(err == YETT_OK);
    err = is_edward
              ? crypto_key_from_ed25519(signer.crypto, buf_slice(&octets), &key, &why)
              : crypto_key_from_rsa(signer.crypto, buf_slice(&octets), &key, &why);
    assert(err == YETT_OK);
    return key;
}

static void check_signature(struct arena *arena, slice text, slice signature,
                            bool is_edward)
{
    uint8_t digest[CRYPTO_DIGEST_MAX];
    bool valid = false;
    struct crypto_key *key = published(arena, is_edward);
    struct crypto_hash *hash = crypto_hash_new(signer.crypto, CRYPTO_SHA256);
    assert(hash != NULL);
    crypto_hash_update(hash, text);
    enum yett_err err = crypto_hash_final(hash, digest);
    crypto_hash_free(hash);
    assert(err == YETT_OK);
    err = crypto_verify(signer.crypto, key, CRYPTO_SHA256, digest, signature, &valid);
    assert(err == YETT_OK && valid);
    crypto_key_free(key);
}

/* The contract, and then whether there is a key and a share left. */
static void check_answer(struct arena *arena, const struct signing_table *table,
                         const struct keeper_text *text,
                         const struct keeper_answer *answer)
{
    struct keeper_finding finding;
    enum yett_err err = keeper_check(arena, table, text, TABLE_NOW, &finding);
    assert(err == YETT_OK && answer->octets.len != 0);
    if (answer->refusal == KEEPER_SIGNED) {
        assert(finding.refusal == KEEPER_SIGNED && finding.key != 2);
        check_signature(arena, text->octets, answer->octets, finding.key == 1);
    } else if (finding.refusal == KEEPER_SIGNED) {
        assert(answer->refusal == KEEPER_REFUSED_RATE ||
               (answer->refusal == KEEPER_REFUSED_INTERNAL && finding.key == 2));
    } else {
        assert(answer->refusal == finding.refusal);
    }
}

static void write_again(struct arena *arena, slice packet)
{
    struct keeper_request request;
    struct keeper_reply reply;
    struct buf buf;
    buf_init(&buf, arena, KEEPER_REQUEST_MAX);
    if (keeper_read_request(packet, &request) == YETT_OK) {
        assert(keeper_request_size(request.texts, request.count) == packet.len);
        keeper_write_request(&buf, request.id, request.texts, request.count);
        assert(slice_eq(buf_slice(&buf), packet));
        assert(keeper_read_reply(packet, &reply) != YETT_OK);
    } else if (keeper_read_reply(packet, &reply) == YETT_OK) {
        keeper_write_reply(&buf, &reply);
        assert(slice_eq(buf_slice(&buf), packet));
    }
}

static void ask(struct keeper *keeper, const struct signing_table *table,
                struct arena *arena, struct arena *scratch, slice packet)
{
    struct keeper_request request;
    struct keeper_reply reply;
    struct buf buf;
    size_t signed_count = 0;
    buf_init(&buf, arena, KEEPER_REPLY_MAX);
    keeper_answer_packet(keeper, scratch, packet, TABLE_NOW, 0, &buf);
    assert(buf_err(&buf) == YETT_OK);
    enum yett_err err = keeper_read_reply(buf_slice(&buf), &reply);
    assert(err == YETT_OK);
    bool is_request = keeper_read_request(packet, &request) == YETT_OK;
    assert(reply.id == request.id);
    assert(reply.count == (is_request ? request.count : 0));
    assert((reply.refusal == KEEPER_REFUSED_REQUEST) == !is_request);
    for (size_t i = 0; i < reply.count; i++) {
        check_answer(arena, table, &request.texts[i], &reply.answers[i]);
        signed_count += reply.answers[i].refusal == KEEPER_SIGNED;
    }
    const struct keeper_counts counts = keeper_counts(keeper);
    assert(counts.signatures == signed_count && signed_count <= RATE);
    assert(counts.refused + counts.signatures == reply.count + !is_request);
    assert((keeper_take_complaint(keeper).len != 0) == (counts.refused != 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *kept;
    static const struct signing_table *table;
    if (table == NULL) {
        kept = arena_new(4 << 20); /* for all runs */
        table = table_make(kept);
        signer_init(&signer, SLICE("example.org"));
    }
    struct arena *arena = arena_new(64 << 20);
    struct arena *scratch = arena_new(64 << 20);
    const struct keeper_options options = {
        .crypto = signer.crypto, .table = table, .rate_per_minute = RATE, .key = key_of};
    assert(arena != NULL && scratch != NULL);
    struct keeper *keeper = keeper_new(arena, &options);
    assert(keeper != NULL);
    slice packet = slice_of((const char *)data, size);
    enum keeper_what what;
    (void)(keeper_read_what(packet, &what) == YETT_OK);
    write_again(arena, packet);
    ask(keeper, table, arena, scratch, packet);
    arena_free(scratch);
    arena_free(arena);
    return 0;
}
