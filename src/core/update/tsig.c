/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/tsig.h"

#include "core/dns/dns.h"
#include "core/update/wire.h"

enum {
    DIGESTED_MAX = 140000, /* a message, and data of its signature once more */
    SIGNED_MAX = 65535,
    COUNT_ADDITIONAL_AT = 10,
    QUESTION_TAIL = 4
};

static slice algorithm_name(const struct update_key *key)
{
    return slice_from_text(update_algorithm_text(key->algorithm));
}

/* ---- computing --------------------------------------------------------------------- */

/* The message as it was before the record was added (section 4.3.2). */
static void add_message(struct buf *buf, slice message, const struct tsig *tsig)
{
    slice counted = slice_skip(message, COUNT_ADDITIONAL_AT);
    unsigned additional = 0;

    (void)wire_take_u16(&counted, &additional);
    wire_add_u16(buf, tsig->original_id);
    buf_add(buf, slice_between(message, 2, COUNT_ADDITIONAL_AT));
    wire_add_u16(buf, tsig->is_present ? additional - 1 : additional);
    buf_add(buf, slice_skip(message, HEADER_OCTETS));
}

/* Section 4.3.3. */
static void add_variables(struct buf *buf, const struct update_key *key,
                          const struct tsig *tsig)
{
    dns_name_to_wire(buf, key->name);
    wire_add_u16(buf, CLASS_ANY);
    wire_add_u32(buf, 0); /* TTL */
    dns_name_to_wire(buf, algorithm_name(key));
    wire_add_u48(buf, tsig->time_s);
    wire_add_u16(buf, tsig->fudge_s);
    wire_add_u16(buf, tsig->error);
    wire_add_u16(buf, (unsigned)tsig->other.len);
    buf_add(buf, tsig->other);
}

enum yett_err tsig_compute(struct arena *arena, struct crypto *crypto,
                           const struct update_key *key, slice request_mac, slice message,
                           const struct tsig *tsig, uint8_t out[CRYPTO_MAC_MAX])
{
    struct buf buf;

    buf_init(&buf, arena, DIGESTED_MAX);
    if (request_mac.len != 0) {
        wire_add_u16(&buf, (unsigned)request_mac.len);
        buf_add(&buf, request_mac);
    }
    add_message(&buf, message, tsig);
    add_variables(&buf, key, tsig);
    return buf_err(&buf) == YETT_OK
               ? crypto_hmac(crypto, key->algorithm, key->secret, buf_slice(&buf), out)
               : buf_err(&buf);
}

/* ---- signing ----------------------------------------------------------------------- */

static void add_record(struct buf *buf, const struct update_key *key,
                       const struct tsig *tsig) /* section 4.2 */
{
    slice algorithm = algorithm_name(key);
    size_t rdata = algorithm.len + 2 + 6 + 2 + 2 + tsig->mac.len + 2 + 2 + 2;

    dns_name_to_wire(buf, key->name);
    wire_add_u16(buf, TYPE_TSIG);
    wire_add_u16(buf, CLASS_ANY);
    wire_add_u32(buf, 0);
    wire_add_u16(buf, (unsigned)rdata);
    dns_name_to_wire(buf, algorithm);
    wire_add_u48(buf, tsig->time_s);
    wire_add_u16(buf, tsig->fudge_s);
    wire_add_u16(buf, (unsigned)tsig->mac.len);
    buf_add(buf, tsig->mac);
    wire_add_u16(buf, tsig->original_id);
    wire_add_u16(buf, 0); /* error */
    wire_add_u16(buf, 0); /* other data */
}

enum yett_err update_sign(struct arena *arena, struct crypto *crypto,
                          const struct update_key *key, slice message, int64_t now_s,
                          struct update_signed *out)
{
    struct buf buf;
    slice id = message;
    slice counted = slice_skip(message, COUNT_ADDITIONAL_AT);
    struct tsig tsig = {.time_s = (uint64_t)now_s, .fudge_s = UPDATE_FUDGE_S};
    unsigned additional;

    if (message.len < HEADER_OCTETS || message.len > UPDATE_MESSAGE_MAX || now_s < 0 ||
        !wire_take_u16(&counted, &additional) || additional != 0 ||
        !wire_take_u16(&id, &tsig.original_id)) {
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err =
        tsig_compute(arena, crypto, key, SLICE_NONE, message, &tsig, out->mac);
    if (err != YETT_OK) {
        return err;
    }
    out->mac_size = crypto_mac_size(key->algorithm);
    tsig.mac = slice_of((const char *)out->mac, out->mac_size);
    buf_init(&buf, arena, SIGNED_MAX);
    buf_add(&buf, slice_first(message, COUNT_ADDITIONAL_AT));
    wire_add_u16(&buf, 1);
    buf_add(&buf, slice_skip(message, HEADER_OCTETS));
    add_record(&buf, key, &tsig);
    out->message = buf_slice(&buf);
    return buf_err(&buf);
}

/* ---- finding ----------------------------------------------------------------------- */

struct walk {
    slice message;
    size_t at;
};

static slice rest_of(const struct walk *walk)
{
    return slice_skip(walk->message, walk->at);
}

static bool skip_questions(struct walk *walk, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!dns_wire_skip_name(walk->message, &walk->at) ||
            walk->message.len - walk->at < QUESTION_TAIL) {
            return false;
        }
        walk->at += QUESTION_TAIL;
    }
    return true;
}

struct head {
    size_t at; /* of the record */
    unsigned type;
    unsigned class;
    uint32_t ttl_s;
    size_t rdata_at;
    slice rdata;
};

static bool take_record(struct walk *walk, struct head *out)
{
    out->at = walk->at;
    if (!dns_wire_skip_name(walk->message, &walk->at)) {
        return false;
    }
    slice rest = rest_of(walk);
    if (!wire_take_u16(&rest, &out->type) || !wire_take_u16(&rest, &out->class) ||
        !wire_take_u32(&rest, &out->ttl_s) || !wire_take_counted(&rest, &out->rdata)) {
        return false;
    }
    walk->at = slice_offset(walk->message, rest);
    out->rdata_at = walk->at - out->rdata.len;
    return true;
}

/* True when all records but the last are of other types than TSIG. */
static bool skip_records(struct walk *walk, unsigned count, struct head *last)
{
    for (unsigned i = 0; i < count; i++) {
        if (!take_record(walk, last) || (last->type == TYPE_TSIG && i + 1 != count)) {
            return false;
        }
    }
    return true;
}

static bool read_record(slice message, const struct head *head,
                        const struct update_key *key, struct tsig *out)
{
    slice packet = slice_first(message, head->rdata_at + head->rdata.len);
    size_t at = head->rdata_at;

    if (head->class != CLASS_ANY || head->ttl_s != 0 ||
        !dns_wire_skip_name(packet, &at)) {
        return false;
    }
    slice rest = slice_skip(packet, at);
    *out = (struct tsig){.is_present = true, .at = head->at};
    out->is_our_key = dns_wire_name_is(message, head->at, key->name) &&
                      dns_wire_name_is(message, head->rdata_at, algorithm_name(key));
    return wire_take_u48(&rest, &out->time_s) && wire_take_u16(&rest, &out->fudge_s) &&
           wire_take_counted(&rest, &out->mac) &&
           wire_take_u16(&rest, &out->original_id) && wire_take_u16(&rest, &out->error) &&
           wire_take_counted(&rest, &out->other) && rest.len == 0;
}

enum yett_err tsig_find(slice message, const struct update_key *key, struct tsig *out,
                        const char **why)
{
    struct walk walk = {.message = message, .at = HEADER_OCTETS};
    slice in = slice_skip(message, 4);
    unsigned counts[4];
    struct head last = {0};
    bool is_read = true;

    for (int i = 0; i < 4; i++) {
        is_read = is_read && wire_take_u16(&in, &counts[i]);
    }
    if (!is_read || !skip_questions(&walk, counts[0]) ||
        !skip_records(&walk, counts[1] + counts[2] + counts[3], &last) ||
        walk.at != message.len) {
        *why = "it is malformed or cut off";
        return YETT_BAD_SYNTAX;
    }
    *out = (struct tsig){.is_present = false};
    if (counts[3] != 0 && last.type == TYPE_TSIG &&
        !read_record(message, &last, key, out)) {
        *why = "its signature is malformed";
        return YETT_BAD_SYNTAX;
    }
    return YETT_OK;
}
