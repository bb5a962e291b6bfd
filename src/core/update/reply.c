/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dns/dns.h"
#include "core/update/tsig.h"
#include "core/update/wire.h"

/* reply: what the server made of an update, and whether it was it that said so. */

enum { RCODE_NOTAUTH = 9, SENTENCE_MAX = 2048 };

/* RFC 2136 section 2.2, RFC 8945 section 3. */
static const struct word_rule {
    unsigned code;
    enum update_status status;
    const char *words;
} rcode_rules[] =
    {
        {0,  UPDATE_DONE,     "the server has changed the zone"                       },
        {1,  UPDATE_FAILED,   "the server could not read the update (FORMERR)"        },
        {2,  UPDATE_FAILED,
         "the server failed to make the change (SERVFAIL): its log says why"          },
        {3,  UPDATE_CONFLICT,
         "somebody changed the record in the meantime (NXDOMAIN): nothing was changed"},
        {4,  UPDATE_REFUSED,  "the server takes no updates at all (NOTIMP)"           },
        {5,  UPDATE_REFUSED,
         "the server does not let this key make this change (REFUSED): see its update "
         "policy"                                                                     },
        {6,  UPDATE_CONFLICT,
         "somebody changed the record in the meantime (YXDOMAIN): nothing was changed"},
        {7,  UPDATE_CONFLICT,
         "somebody added such a record in the meantime (YXRRSET): nothing was changed"},
        {8,  UPDATE_CONFLICT,
         "somebody changed the record in the meantime (NXRRSET): nothing was changed" },
        {9,  UPDATE_REFUSED,
         "the server is not the one that this zone is changed at (NOTAUTH)"           },
        {10, UPDATE_REFUSED,
         "the name is not in the zone as the server has it (NOTZONE)"                 },
},
  tsig_rules[] = {
      {TSIG_BADSIG, UPDATE_REFUSED,
       "the server finds our signature wrong (BADSIG): it has another secret for this "
       "key"},
      {TSIG_BADKEY, UPDATE_REFUSED,
       "the server does not know this key, or has it with another algorithm (BADKEY)"},
      {TSIG_BADTIME, UPDATE_REFUSED,
       "the server's clock and ours do not agree (BADTIME)"},
      {TSIG_BADTRUNC, UPDATE_REFUSED, "the server wants a longer signature (BADTRUNC)"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct word_rule *find_rule(const struct word_rule *rules, size_t count,
                                         unsigned code)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].code == code) {
            return &rules[i];
        }
    }
    return NULL;
}

struct reading {
    struct arena *arena;
    struct crypto *crypto;
    const struct update_key *key;
    const struct update_signed *request;
    int64_t now_s;
    slice reply;
    struct tsig tsig;
    struct buf words;
    struct update_outcome out;
};

/* A reply that may be anybody's says nothing of what happened. */
static enum yett_err disbelieve(struct reading *reading, const char *why)
{
    reading->out.status = UPDATE_UNKNOWN;
    reading->out.is_signed = false;
    buf_add_text(&reading->words, "the server's reply cannot be believed: ");
    buf_add_text(&reading->words, why);
    return YETT_OK;
}

static void tell_clocks(struct reading *reading)
{
    slice other = reading->tsig.other;
    uint64_t server_s;

    if (!wire_take_u48(&other, &server_s)) {
        return;
    }
    reading->out.server_time_s = (int64_t)server_s;
    int64_t ahead_s = reading->out.server_time_s - reading->now_s;
    buf_add_text(&reading->words, ": its clock is ");
    buf_add_uint(&reading->words, (uint64_t)(ahead_s < 0 ? -ahead_s : ahead_s));
    buf_add_text(&reading->words, ahead_s < 0 ? " seconds behind" : " seconds ahead");
}

/* The code, in words. */
static void tell(struct reading *reading)
{
    struct update_outcome *out = &reading->out;
    const struct word_rule *rule =
        find_rule(rcode_rules, COUNT_OF(rcode_rules), out->rcode);

    if (out->rcode == RCODE_NOTAUTH && out->tsig_error != 0) {
        const struct word_rule *closer =
            find_rule(tsig_rules, COUNT_OF(tsig_rules), out->tsig_error);
        rule = closer != NULL ? closer : rule;
    }
    out->status = rule != NULL ? rule->status : UPDATE_FAILED;
    if (rule != NULL) {
        buf_add_text(&reading->words, rule->words);
    } else {
        buf_printf(&reading->words, "the server answers with the error %u", out->rcode);
    }
    if (out->rcode == RCODE_NOTAUTH && out->tsig_error == TSIG_BADTIME) {
        tell_clocks(reading);
    }
}

/* Refusals may come without a signature: the server may not even have the key. */
static enum yett_err tell_unsigned(struct reading *reading)
{
    tell(reading);
    if (reading->out.status == UPDATE_DONE) {
        buf_truncate(&reading->words, 0);
        return disbelieve(reading,
                          "it says that the change was made, but it is not signed");
    }
    buf_add_text(&reading->words, "; this reply is not signed");
    return YETT_OK;
}

static bool is_within_fudge(const struct reading *reading)
{
    uint64_t now_s = (uint64_t)reading->now_s;
    uint64_t time_s = reading->tsig.time_s;
    uint64_t apart_s = now_s > time_s ? now_s - time_s : time_s - now_s;
    return apart_s <= reading->tsig.fudge_s && apart_s <= UPDATE_FUDGE_S;
}

/* RFC 8945 section 5.3: key, signature, time, in this order. */
static enum yett_err verify(struct reading *reading)
{
    const struct tsig *tsig = &reading->tsig;
    uint8_t mac[CRYPTO_MAC_MAX];
    slice expected =
        slice_of((const char *)mac, crypto_mac_size(reading->key->algorithm));
    slice request_mac =
        slice_of((const char *)reading->request->mac, reading->request->mac_size);

    if (!tsig->is_our_key) {
        return disbelieve(reading, "it is signed with another key than ours");
    }
    enum yett_err err =
        tsig_compute(reading->arena, reading->crypto, reading->key, request_mac,
                     slice_first(reading->reply, tsig->at), tsig, mac);
    if (err != YETT_OK) {
        return err;
    }
    /* Deliberately no truncated ones (section 5.2.2.1): no server makes them unasked. */
    if (!crypto_equal(tsig->mac, expected)) {
        return disbelieve(reading, "its signature is wrong");
    }
    if (!is_within_fudge(reading)) {
        return disbelieve(reading, "it was signed at another time: compare the clocks");
    }
    reading->out.is_signed = true;
    tell(reading);
    return YETT_OK;
}

static enum yett_err read_reply(struct reading *reading)
{
    slice in = reading->reply;
    slice asked = reading->request->message;
    unsigned id;
    unsigned flags;
    unsigned asked_id;
    const char *why = NULL;

    if (!wire_take_u16(&in, &id) || !wire_take_u16(&in, &flags) ||
        !wire_take_u16(&asked, &asked_id) || in.len + 4 < HEADER_OCTETS) {
        return disbelieve(reading, "it is shorter than a DNS header");
    }
    if (id != asked_id) {
        return disbelieve(reading, "it has another id than the update");
    }
    if ((flags & FLAG_RESPONSE) == 0 || (flags & MASK_OPCODE) != OPCODE_UPDATE) {
        return disbelieve(reading, "it is no response to an update");
    }
    if (tsig_find(reading->reply, reading->key, &reading->tsig, &why) != YETT_OK) {
        return disbelieve(reading, why);
    }
    reading->out.rcode = flags & MASK_RCODE;
    reading->out.tsig_error = reading->tsig.error;
    return reading->tsig.is_present && reading->tsig.mac.len != 0
               ? verify(reading)
               : tell_unsigned(reading);
}

enum yett_err update_read_reply(struct arena *arena, struct crypto *crypto,
                                const struct update_key *key,
                                const struct update_signed *request, int64_t now_s,
                                slice reply, struct update_outcome *out)
{
    struct reading reading = {.arena = arena,
                              .crypto = crypto,
                              .key = key,
                              .request = request,
                              .now_s = now_s,
                              .reply = reply};

    buf_init(&reading.words, arena, SENTENCE_MAX);
    enum yett_err err = read_reply(&reading);
    err = err == YETT_OK ? buf_err(&reading.words) : err;
    if (err == YETT_OK) {
        reading.out.reason = buf_slice(&reading.words);
        *out = reading.out;
    }
    return err;
}

const char *update_status_text(enum update_status status)
{
    switch (status) {
    case UPDATE_DONE:
        return "done";
    case UPDATE_CONFLICT:
        return "conflict";
    case UPDATE_REFUSED:
        return "refused";
    case UPDATE_FAILED:
        return "failed";
    case UPDATE_UNKNOWN:
        return "unknown";
    }
    return "unknown";
}
