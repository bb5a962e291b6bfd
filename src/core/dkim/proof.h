/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_PROOF_H
#define YETT_CORE_DKIM_PROOF_H

#include "core/dkim/digest.h"

/*
 * proof: whether what was signed is the beginning of a body to which lines were added.
 *
 * A list that appends its footer breaks bh= but leaves the signed text in place, and then
 * the digest of the body up to the end of some line is bh=.  Tried are the ends of the last
 * lines with text within the window.  (Empty lines before the footer need no trying: the
 * signed body ended in a line with text, RFC 6376 section 3.4.)
 *
 * A body within the window can be hashed again from its beginning, so nothing is done
 * before somebody asks.  Of a longer one the state at the window's beginning is gone by
 * then, so digests are taken on the way to the end: few enough to cost little beside the
 * hashing of such a body.
 */

/* Has to look while the body's digest is made, if at all. */
bool dkim_proof_must_look_now(const struct dkim_body_stream *stream,
                              const struct dkim_body_digest *digest);

/* Feed the window to the digest's hash and keep the digests at line ends on the way. */
YETT_MUST_USE
enum yett_err dkim_proof_look(const struct dkim_body_stream *stream,
                              struct dkim_body_digest *digest);

/* Is bh= of `signature` the digest of a beginning of the body, and of how many octets? */
YETT_MUST_USE
enum yett_err dkim_proof_find(const struct dkim_digests *digests,
                              const struct dkim_signature *signature, bool *found,
                              uint64_t *signed_bytes);

#endif
