/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_REASON_H
#define YETT_CORE_DKIM_REASON_H

#include "core/base/buf.h"
#include "core/dkim/keyfault.h"

/*
 * reason: the sentences of results.  Each function writes `out->reason` into `arena`; names in
 * them are in normal form, and all else of the outside is made visible.
 */

/* The field cannot be used. */
YETT_MUST_USE
enum yett_err dkim_reason_field(struct arena *arena, struct dkim_result *out);

YETT_MUST_USE
enum yett_err dkim_reason_ceiling(struct arena *arena, struct dkim_result *out,
                                  size_t limit);

/* t= lies ahead, or x= behind. */
YETT_MUST_USE
enum yett_err dkim_reason_time(struct arena *arena, struct dkim_result *out,
                               const char *before, int64_t time_s, const char *after);

/* The question for the key has no answer, or its answer no record. */
YETT_MUST_USE
enum yett_err dkim_reason_no_key(struct arena *arena, struct dkim_result *out,
                                 const struct dns_answer *answer);

YETT_MUST_USE
enum yett_err dkim_reason_key_fault(struct arena *arena, struct dkim_result *out,
                                    enum dkim_key_fault fault,
                                    const struct dkim_key_entry *entry, size_t records,
                                    unsigned min_rsa_bits);

/* The end of an evaluation: from the flags of the result. */
struct dkim_reason_facts {
    uint64_t body_bytes;   /* canonical octets of the body */
    uint64_t signed_bytes; /* of the proved part */
    size_t keys_tried;
};

YETT_MUST_USE
enum yett_err dkim_reason_outcome(struct arena *arena, struct dkim_result *out,
                                  const struct dkim_reason_facts *facts);

/* The end of a seal, which has no body. */
YETT_MUST_USE
enum yett_err dkim_reason_seal(struct arena *arena, struct dkim_result *out);

/* Of all results together. */
YETT_MUST_USE
enum yett_err dkim_reason_overall(struct arena *arena, struct dkim_results *results,
                                  const struct dkim_result *best);

#endif
