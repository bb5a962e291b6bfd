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
 * Nothing is done before somebody asks: the window is then hashed again, from the state
 * that the digest had at its beginning.
 */

/* Is bh= of `signature` the digest of a beginning of the body, and of how many octets? */
YETT_MUST_USE
enum yett_err dkim_proof_find(const struct dkim_digests *digests,
                              const struct dkim_signature *signature, bool *found,
                              uint64_t *signed_bytes);

#endif
