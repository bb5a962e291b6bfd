/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/octets.h"
#include "core/keeper/keeper.h"

#include <assert.h>

/* wire: packets between a gateway and its keeper; keeper.h has their layout. */

/* ---- heads ------------------------------------------------------------------------------ */

struct head {
    uint64_t what, count, refusal, id;
};

static void add_head(struct buf *out, enum keeper_what what, size_t count,
                     enum keeper_refusal refusal, uint64_t id)
{
    octets_add(out, KEEPER_VERSION, 1);
    octets_add(out, what, 1);
    octets_add(out, count, 1);
    octets_add(out, refusal, 1);
    octets_add(out, id, 8);
}

static bool take_head(slice *in, struct head *out)
{
    uint64_t version = 0;
    return octets_take(in, 1, &version) && octets_take(in, 1, &out->what) &&
           octets_take(in, 1, &out->count) && octets_take(in, 1, &out->refusal) &&
           octets_take(in, 8, &out->id) && version == KEEPER_VERSION;
}

/* A text or an answer: its first octet says which, then come three of zero. */
static void add_item(struct buf *out, uint8_t kind, slice octets)
{
    octets_add(out, kind, 1);
    octets_add(out, 0, 3);
    octets_add_counted(out, octets);
}

static bool take_item(slice *in, uint8_t *kind, slice *octets)
{
    uint64_t which = 0, zero = 0;
    bool good = octets_take(in, 1, &which) && octets_take(in, 3, &zero) && zero == 0 &&
                octets_take_counted(in, in->len, octets);
    *kind = (uint8_t)which;
    return good;
}

/* ---- writing ---------------------------------------------------------------------------- */

void keeper_write_hello(struct buf *out)
{
    add_head(out, KEEPER_HELLO, 0, KEEPER_SIGNED, 0);
}

size_t keeper_request_size(const struct keeper_text *texts, size_t count)
{
    size_t size = KEEPER_HEAD;
    if (count == 0 || count > KEEPER_TEXTS_MAX) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < count; i++) {
        if (texts[i].octets.len > KEEPER_REQUEST_MAX) {
            return SIZE_MAX;
        }
        size += KEEPER_ITEM_HEAD + texts[i].octets.len;
    }
    return size > KEEPER_REQUEST_MAX ? SIZE_MAX : size;
}

void keeper_write_request(struct buf *out, uint64_t id, const struct keeper_text *texts,
                          size_t count)
{
    assert(count <= KEEPER_TEXTS_MAX);
    add_head(out, KEEPER_REQUEST, count, KEEPER_SIGNED, id);
    for (size_t i = 0; i < count; i++) {
        add_item(out, texts[i].kind, texts[i].octets);
    }
}

void keeper_write_reply(struct buf *out, const struct keeper_reply *reply)
{
    assert(reply->count <= KEEPER_TEXTS_MAX);
    add_head(out, KEEPER_REPLY, reply->count, reply->refusal, reply->id);
    for (size_t i = 0; i < reply->count; i++) {
        add_item(out, (uint8_t)reply->answers[i].refusal, reply->answers[i].octets);
    }
}

/* ---- reading ---------------------------------------------------------------------------- */

enum yett_err keeper_read_what(slice packet, enum keeper_what *out)
{
    struct head head;
    if (!take_head(&packet, &head) || head.what < KEEPER_HELLO ||
        head.what > KEEPER_REPLY) {
        return YETT_BAD_SYNTAX;
    }
    *out = (enum keeper_what)head.what;
    return YETT_OK;
}

enum yett_err keeper_read_request(slice packet, struct keeper_request *out)
{
    struct head head = {0};
    bool good = packet.len <= KEEPER_REQUEST_MAX && take_head(&packet, &head) &&
                head.what == KEEPER_REQUEST && head.refusal == KEEPER_SIGNED &&
                head.count >= 1 && head.count <= KEEPER_TEXTS_MAX;
    *out = (struct keeper_request){.id = head.id};
    for (size_t i = 0; good && i < head.count; i++) {
        good = take_item(&packet, &out->texts[i].kind, &out->texts[i].octets);
        out->count++;
    }
    if (!good || packet.len != 0) {
        *out = (struct keeper_request){.id = head.id};
        return YETT_BAD_SYNTAX;
    }
    return YETT_OK;
}

static bool take_answer(slice *in, struct keeper_answer *out)
{
    uint8_t refusal;
    if (!take_item(in, &refusal, &out->octets) || refusal >= KEEPER_REFUSALS) {
        return false;
    }
    out->refusal = (enum keeper_refusal)refusal;
    return refusal != KEEPER_SIGNED ||
           (out->octets.len != 0 && out->octets.len <= KEEPER_SIGNATURE_MAX);
}

enum yett_err keeper_read_reply(slice packet, struct keeper_reply *out)
{
    struct head head = {0};
    bool good = packet.len <= KEEPER_REPLY_MAX && take_head(&packet, &head) &&
                head.what == KEEPER_REPLY && head.count <= KEEPER_TEXTS_MAX &&
                head.refusal < KEEPER_REFUSALS &&
                (head.refusal == KEEPER_SIGNED) == (head.count != 0);
    *out = (struct keeper_reply){.id = head.id};
    for (size_t i = 0; good && i < head.count; i++) {
        good = take_answer(&packet, &out->answers[i]);
        out->count++;
    }
    if (!good || packet.len != 0) {
        *out = (struct keeper_reply){.id = head.id};
        return YETT_BAD_SYNTAX;
    }
    out->refusal = (enum keeper_refusal)head.refusal;
    return YETT_OK;
}
