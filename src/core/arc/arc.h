/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_ARC_ARC_H
#define YETT_CORE_ARC_ARC_H

#include "core/authres/authres.h"
#include "core/base/arena.h"
#include "core/crypto/crypto.h"
#include "core/dkim/dkim.h"
#include "core/dns/dns.h"
#include "core/message/message.h"
#include "core/signer/signer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * arc: what earlier handlers of a message said they found, and whether it is still what they
 * said (Authenticated Received Chain, RFC 8617).
 *
 * claims.c reads which set a field belongs to, chain.c puts the fields into sets and judges
 * their structure, seal_hash.c computes what the seals sign, verify.c decides, reason.c says
 * why, results.c reads what a set testifies.
 * seal.c adds a set, with fields from compose.c and results from gather.c; which fields of the
 * message it signs, and how often they are named, is core/signer's.
 *
 * In order: dkim_message_new() when the header is complete, then arc_chain_new(), which hands
 * its signatures to that message, so that the body is hashed once for DKIM and ARC; and when
 * the body is passing or has passed, dkim_verify() and after it arc_verify(), as often as they
 * want answers.  Checks are those of core/dkim.
 *
 * A passing chain says who handled the message and what they claim; whether any of them is to
 * be believed is for others to say (section 9.4).
 */

/* Registered by section 10.1; there are no others: all failures are permanent (5.2.1). */
enum arc_code { ARC_NONE, ARC_PASS, ARC_FAIL };

const char *arc_code_text(enum arc_code code); /* "pass" */

/* Section 4.2.1. */
#define ARC_SETS_MAX 50

struct arc_limits {
    unsigned sets; /* evaluated: a longer chain fails (ARC_SETS_MAX) */
    bool
        oldest_pass; /* verify the older message signatures as well (section 5.2 step 5) */
    /* Domains, in normal form, of whose sets the message signature is verified in any case: to
       tell whether the message is still what they sent.  At most ARC_TRUSTED_SETS_MAX sets,
       newest first.  Must live as long as the chain. */
    const slice *trusted;
    size_t trusted_count;
};

#define ARC_TRUSTED_SETS_MAX 4

#define ARC_LIMITS_DEFAULT ((struct arc_limits){.sets = ARC_SETS_MAX})

/* ---- the facts of one message --------------------------------------------------------- */

struct arc_chain;

/*
 * Collect the sets of `header` (section 5.2 steps 1 to 3) and let their signatures take part
 * in `dkim`, before its body begins.  Reads at most 150 fields; the seals are hashed in one
 * pass over them.  Lives in `arena`, as long as `header`'s fields and `dkim` do; holds nothing
 * of `crypto`.
 */
YETT_MUST_USE
enum yett_err arc_chain_new(struct arena *arena, struct crypto *crypto,
                            const struct message_header *header,
                            struct dkim_message *dkim, struct arc_limits limits,
                            struct arc_chain **out);

/* The message has ARC fields. */
bool arc_chain_exists(const struct arc_chain *chain);

/* Whose the newest set is by its own word (d= of its seal, normal form), unverified; empty
   without sets, or when the structure of the chain is broken. */
slice arc_newest_domain(const struct arc_chain *chain);

/* ---- the evaluator -------------------------------------------------------------------- */

struct arc_set {
    unsigned instance;
    enum arc_code cv; /* what its sealer said of the chain before it */
    slice domain;     /* d= of the seal, normal form; empty when it cannot be read */
    slice selector;
    bool trusted;               /* the seal's domain is among arc_limits.trusted */
    struct dkim_result seal;    /* its code is DKIM_NONE where it was not evaluated */
    struct dkim_result message; /* the same; the newest always is */
    /* What the sealer testifies, once the chain passes; the texts of the newest sets are read,
       64 KiB in all. */
    bool has_results;
    struct authres results;
};

enum { ARC_OLDEST_UNKNOWN = -1 };

struct arc_result {
    enum arc_code code;
    unsigned instances; /* the highest instance number that was found */
    /* The oldest set whose message signature holds, 0 when all do (section 5.2 step 5);
       ARC_OLDEST_UNKNOWN when it was not looked for, or the chain does not pass. */
    int oldest_pass;
    bool
        counts; /* a pass, and the newest message signature leaves nothing to be forged: all
                    of the body is signed, and there is no second Subject */
    bool open; /* a fail only because a key could not be fetched now */
    /* 1 to N in this order; empty when the structure is broken. */
    const struct arc_set *sets;
    size_t set_count;
    slice reason; /* a sentence for people, always there */
};

/*
 * Validate the chain (section 5.2).  YETT_OK, YETT_NEED_ANSWERS with `dns->wanted` or wanted
 * checks, or YETT_NO_MEMORY.  Older seals are asked for once the newest message signature and
 * seal hold, so that who makes up a chain of other people's names has none of them asked.
 *
 * rsa-sha1 is never accepted, whatever `settings` say; else they are as for dkim_verify().
 */
YETT_MUST_USE
enum yett_err arc_verify(struct arena *arena, const struct arc_chain *chain,
                         const struct dkim_settings *settings, int64_t now_s,
                         struct dns_view *dns, struct dkim_checks *checks,
                         struct arc_result *out);

/*
 * The message is still what this set's sealer sent: its message signature holds and leaves
 * nothing to be forged, or all sets above are of trusted domains.  For a set of a chain that
 * counts.
 */
bool arc_is_unchanged_since(const struct arc_result *result, size_t set);

/* For a DMARC report's reason (section 7.2.2): "arc=pass as[2].d=… as[2].s=… remote-ip[1]=…".
   The address is the one that set 1 testifies, left out where there is none. */
void arc_write_comment(struct buf *buf, const struct arc_result *result);

/* ---- sealing (section 5.1) -------------------------------------------------------------- */

struct arc_sealer {
    slice domain; /* d=, normal form */
    slice selector;
    enum dkim_algorithm algorithm; /* DKIM_RSA_SHA256 or DKIM_ED25519_SHA256 */
    int64_t now_s;                 /* t= */
    /* What the message signature signs; none: signer_default_seal_rules(). */
    struct signer_rules rules;
    /* What is testified: an Authentication-Results field of this host, whole or its value. */
    slice results;
};

/*
 * One new set in the making.  It takes two signatures, one after the other, of texts that
 * whoever holds the key can read and judge: the message signature's, then the seal's, which
 * covers the first.
 *
 *     while (!slice_is_empty(text = arc_seal_text(seal))) {
 *         sign `text` (rsa-sha256: PKCS#1 v1.5 of its SHA-256; ed25519-sha256: of that digest)
 *         err = arc_seal_take(seal, signature);
 *     }
 */
struct arc_seal;

/* Have the body digested for a seal: call before the body begins. */
YETT_MUST_USE
enum yett_err arc_prepare_seal(struct arc_chain *chain);

/*
 * Begin to seal the message, as it is now: its body has ended, and nothing that the message
 * signature covers is changed or added afterwards.  `result` is that of arc_verify() when the
 * message came here; a chain that failed is marked so, and the seal covers its own set only
 * (section 5.1.2).  Lives in `arena`.
 *
 * YETT_NOT_FOUND with `*why` (static) when there is nothing to be sealed: the newest seal says
 * "fail" already, or there is no number left.  YETT_BAD_SYNTAX with `*why` for a sealer that
 * cannot be written: results that are not Authentication-Results, a rule for a field that must
 * not be signed (section 4.1.2), none for From.  YETT_LIMIT for more fields than a signature can
 * name, or a text of more than DKIM_SIGNED_TEXT_MAX octets; YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err arc_seal_new(struct arena *arena, const struct arc_chain *chain,
                           const struct arc_result *result,
                           const struct arc_sealer *sealer, struct arc_seal **out,
                           const char **why);

/* The canonical text to be signed next; empty when both signatures are there. */
slice arc_seal_text(const struct arc_seal *seal);

/* Which set it is, and what it says of the chain before it. */
unsigned arc_seal_instance(const struct arc_seal *seal);
enum arc_code arc_seal_cv(const struct arc_seal *seal);

/* Its signature (octets, not base64).  Errors as above. */
YETT_MUST_USE
enum yett_err arc_seal_take(struct arc_seal *seal, slice signature);

/* The set: ARC-Seal, ARC-Message-Signature and ARC-Authentication-Results, each with CRLF, to
   be put on top of the header in this order.  Empty before both signatures are there. */
slice arc_seal_fields(const struct arc_seal *seal);

/*
 * The reverse, for who is asked to sign such a text (signer_parse_text()): it claims nothing
 * that no chain can have.  `own` is the field to be signed, read; it has a number from 1 to
 * ARC_SETS_MAX.  A seal's sets, the fields before it in their order, are those of 1 up to its
 * own, and it says "none" of the first and "pass" of others; or it says "fail" and they are its
 * own set alone (section 5.1.2).
 *
 * YETT_BAD_SYNTAX with `*why`, a static sentence; YETT_NO_MEMORY.  Leaves nothing in `arena`.
 */
YETT_MUST_USE
enum yett_err arc_check_claims(struct arena *arena, const struct message_header *sets,
                               const struct dkim_signature *own, const char **why);

/*
 * Of the Authentication-Results fields of a message those of `authserv_id`, made one (section
 * 4.1.1): "mx.example.com; spf=pass …", for arc_sealer.results; "mx.example.com; none" when
 * they say nothing or there are none.  Text of the fields as it
 * stands.  For messages whose results stand in the header; what others wrote in this name must
 * have been removed.
 */
YETT_MUST_USE
enum yett_err arc_gather_results(struct arena *arena, const struct message_header *header,
                                 slice authserv_id, slice *out);

#endif
