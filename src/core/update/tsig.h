/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_UPDATE_TSIG_H
#define YETT_CORE_UPDATE_TSIG_H

#include "core/update/update.h"

/* tsig: the record that signs a message (RFC 8945 section 4). */

enum { TSIG_BADSIG = 16, TSIG_BADKEY = 17, TSIG_BADTIME = 18, TSIG_BADTRUNC = 22 };

struct tsig {
    bool is_present;
    size_t at;       /* where the record begins in its message */
    bool is_our_key; /* name and algorithm */
    uint64_t time_s;
    unsigned fudge_s;
    slice mac;
    unsigned original_id;
    unsigned error;
    slice other;
};

/*
 * Find the record at the end of a message.  YETT_BAD_SYNTAX with `*why` when the message
 * or the record is malformed or it stands elsewhere than at the end; else YETT_OK.
 */
YETT_MUST_USE
enum yett_err tsig_find(slice message, const struct update_key *key, struct tsig *out,
                        const char **why);

/* What the signature is over (section 4.3), for a message with (`request_mac`) a reply;
   without one, for a request.  `message` ends where the record begins, or would. */
YETT_MUST_USE
enum yett_err tsig_compute(struct arena *arena, struct crypto *crypto,
                           const struct update_key *key, slice request_mac, slice message,
                           const struct tsig *tsig, uint8_t out[CRYPTO_MAC_MAX]);

#endif
