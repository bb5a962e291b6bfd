/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_UPDATE_UPDATE_H
#define YETT_CORE_UPDATE_UPDATE_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/crypto/crypto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * update: change one TXT RRset of a zone, and nothing else (RFC 2136, RFC 8945).
 *
 * A change is two states of the RRset: `before`, octet by octet as a server gave it, and
 * `after`.  rrset.c makes and compares states, write.c turns a change into an UPDATE
 * message, parse.c a message into a change, contract.c says whether it may be signed,
 * tsig.c signs it, reply.c reads what the server made of it, key.c reads key files,
 * script.c tells a change as commands for nsupdate(1).  value.c reads and writes texts of TXT
 * records, wire.c what messages are made of.
 *
 * What the message does:
 * - Its prerequisite is the whole of `before` (section 2.4.2), or that there is no such
 *   RRset (2.4.3): if anybody changed the record since it was read, nothing happens.
 * - It deletes value by value what is in `before` and not in `after` (2.5.4), never an
 *   RRset or a name, and adds what is new (2.5.1).  Other values stay as they are.
 * - To undo it is the same with the two states exchanged.
 *
 * Replace a key record, with the signer in the same process or in another:
 *
 *     // what is there: edge/nameserver's nameserver_read()
 *     struct update_rrset before = ...;
 *     struct update_change change = {.zone = zone, .name = name, .before = before};
 *     err = update_replace(arena, &before, old_text, new_text, 3600, &change.after);
 *     err = update_write(arena, &change, id, &message, &why);
 *
 *     // who holds the key:
 *     err = update_parse(arena, message, &parsed, &why);
 *     err = update_check_contract(&contract, &parsed, &why);
 *     err = update_sign(arena, crypto, &key, message, now_s, &signed_request);
 *
 *     // edge/nameserver's nameserver_send() sends signed_request.message; then, with the key:
 *     err = update_read_reply(arena, crypto, &key, &signed_request, now_s, reply, &outcome);
 *     // UPDATE_DONE: nameserver_ask_all() until every server shows it; else print outcome.reason
 *
 *     // how to take it back
 *     struct update_change back = update_undo(&change);
 *     update_write_script(&text, &back);
 */

enum {
    UPDATE_VALUES_MAX = 64,       /* TXT records at one name */
    UPDATE_MESSAGE_MAX = 60000,   /* octets, without the signature */
    UPDATE_TTL_MAX_S = 0x7fffffff /* RFC 2181 section 8 */
};

/* The TXT records of one name.  A value is rdata: strings, each after its length. */
struct update_rrset {
    const slice *values;
    size_t count; /* 0: there is no such RRset */
    uint32_t ttl_s;
};

/* Names are in the form of dns_name_normalize(). */
struct update_change {
    slice zone;
    slice name;
    struct update_rrset before;
    struct update_rrset after; /* its TTL is that of the records that are added */
};

/* ---- states ------------------------------------------------------------------------ */

/* The rdata for a text: strings of 255 octets, the last one shorter (RFC 1035
   section 3.3.14).  YETT_LIMIT when it would be over 65535 octets. */
YETT_MUST_USE
enum yett_err update_value(struct arena *arena, slice text, slice *out);

/* The strings of a value joined; YETT_BAD_SYNTAX when it is no TXT rdata. */
YETT_MUST_USE
enum yett_err update_value_text(struct arena *arena, slice value, slice *out);

/*
 * `before`, in which the value with the text `old_text` is replaced by one with
 * `new_text`; either may be SLICE_NONE: only add, only remove.  How texts are cut into
 * strings does not matter here.  When other values stay, the new one gets their TTL
 * instead of `ttl_s`: all records of an RRset have the same (RFC 2181 section 5.2).
 *
 * YETT_NOT_FOUND when no value has `old_text`; YETT_LIMIT; YETT_NO_MEMORY.  `*out` refers
 * to the values of `before`.
 */
YETT_MUST_USE
enum yett_err update_replace(struct arena *arena, const struct update_rrset *before,
                             slice old_text, slice new_text, uint32_t ttl_s,
                             struct update_rrset *out);

/* The change that takes `change` back. */
struct update_change update_undo(const struct update_change *change);

/* Does the RRset that a server shows have all that was to be there after the change, and
   nothing that was to go?  What others added or removed since then does not matter. */
bool update_is_visible(const struct update_change *change,
                       const struct update_rrset *shown);

/* ---- messages ---------------------------------------------------------------------- */

/*
 * Write the UPDATE message (RFC 2136 section 2), unsigned.
 *
 * YETT_BAD_SYNTAX with `*why` a static phrase about "it" (the change), when it changes
 * nothing, its name is not in its zone, or a state is no RRset; YETT_LIMIT with `*why`;
 * YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err update_write(struct arena *arena, const struct update_change *change,
                           uint16_t id, slice *out, const char **why);

/*
 * Read an unsigned UPDATE message that somebody wants signed.
 *
 * Accepts what update_write() writes, octet by octet, and nothing else: what was read is
 * written again and compared.  So there are no compressed names, no further sections,
 * types or classes, and no other reader of these octets can find another change in them.
 *
 * YETT_BAD_SYNTAX with `*why` a static phrase about "it" (the message); YETT_NO_MEMORY.
 * `*out` points into `message` and `arena`.
 */
YETT_MUST_USE
enum yett_err update_parse(struct arena *arena, slice message, struct update_change *out,
                           const char **why);

/* What may be signed. */
struct update_contract {
    /* Is `domain` one of ours, and `zone` the zone that its records are in?  Both in
       normal form, `domain` in `zone`. */
    bool (*serves)(void *context, slice zone, slice domain);
    void *context;
    uint32_t ttl_max_s; /* of added records */
    size_t values_max;  /* that a name may have in the end; at most UPDATE_VALUES_MAX */
    bool only_spf;      /* at a domain's own name add and remove only v=spf1 records */
};

/*
 * May this change be signed?  Only at *._domainkey.DOMAIN, _dmarc.DOMAIN, and DOMAIN
 * itself, for domains served.  YETT_OK, or YETT_BAD_SYNTAX with `*why` a static phrase
 * about "it" (the update).
 */
YETT_MUST_USE
enum yett_err update_check_contract(const struct update_contract *contract,
                                    const struct update_change *change, const char **why);

/* Append the commands that make nsupdate(1) or knsupdate(1) do it, one a line. */
void update_write_script(struct buf *buf, const struct update_change *change);

/* ---- keys -------------------------------------------------------------------------- */

/* A TSIG key.  Whoever read it wipes the secret. */
struct update_key {
    slice name; /* normal form of dns_name_normalize() */
    enum crypto_mac algorithm;
    slice secret; /* octets */
};

/*
 * Read the text of a key file, which holds one key in the form of
 * - named.conf(5): key "NAME" { algorithm hmac-sha256; secret "BASE64"; };
 * - nsupdate -y, keymgr -t: hmac-sha256:NAME:BASE64
 * - knot.conf(5): key: - id: NAME, algorithm: hmac-sha256, secret: BASE64, a line each.
 * Comments of all three are passed over.  hmac-md5, hmac-sha1 and hmac-sha224 are refused
 * (RFC 8945 section 6), and so are secrets under 16 octets.
 *
 * YETT_BAD_SYNTAX with `*why` a static phrase about "it" (the file); YETT_NO_MEMORY.
 * `*out` lives in `arena`.
 */
YETT_MUST_USE
enum yett_err update_key_parse(struct arena *arena, slice text, struct update_key *out,
                               const char **why);

const char *update_algorithm_text(enum crypto_mac algorithm); /* "hmac-sha256" */

/* ---- transactions ------------------------------------------------------------------ */

enum { UPDATE_FUDGE_S = 300 }; /* RFC 8945 section 10 */

/* A signed request, with what is needed to read its reply. */
struct update_signed {
    slice message;
    uint8_t mac[CRYPTO_MAC_MAX];
    size_t mac_size;
};

/* Append the TSIG record (RFC 8945 section 5.1).  YETT_BAD_SYNTAX when `message` is no
   message or has an additional section already; YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err update_sign(struct arena *arena, struct crypto *crypto,
                          const struct update_key *key, slice message, int64_t now_s,
                          struct update_signed *out);

enum update_status {
    UPDATE_DONE,     /* the zone is changed; the reply is signed */
    UPDATE_CONFLICT, /* the record was no longer as in `before`: nothing is changed */
    UPDATE_REFUSED,  /* the server does not want it from us: nothing is changed */
    UPDATE_FAILED,   /* the server could not do it */
    UPDATE_UNKNOWN   /* the reply cannot be believed: ask the servers what they have */
};

struct update_outcome {
    enum update_status status;
    unsigned rcode;
    unsigned tsig_error;   /* 0, or that of RFC 8945 section 3 */
    bool is_signed;        /* and the signature is good */
    int64_t server_time_s; /* with BADTIME; else 0 */
    slice reason;          /* a sentence for people, without its full stop */
};

/*
 * Read the reply to a signed request (RFC 8945 section 5.3).  `request` as update_sign()
 * filled it.  Always YETT_OK with an outcome, or YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err update_read_reply(struct arena *arena, struct crypto *crypto,
                                const struct update_key *key,
                                const struct update_signed *request, int64_t now_s,
                                slice reply, struct update_outcome *out);

const char *update_status_text(enum update_status status); /* "done", "conflict" ... */

#endif
