/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_DKIM_KEYFAULT_H
#define YETT_CORE_DKIM_KEYFAULT_H

#include "core/base/buf.h"
#include "core/dkim/keyset.h"

/*
 * keyfault: why a key record may not be used for a signature (RFC 6376 section 6.1.2).
 *
 * From what is furthest from a usable key to what is nearest: of several records the nearest
 * is the one to report, the others are hardly meant for this.
 */
enum dkim_key_fault {
    DKIM_KEY_UNREADABLE,
    DKIM_KEY_OTHER_SERVICE,
    DKIM_KEY_BAD_OCTETS,
    DKIM_KEY_OTHER_TYPE,
    DKIM_KEY_OTHER_DIGEST,
    DKIM_KEY_REVOKED,
    DKIM_KEY_OTHER_IDENTITY,
    DKIM_KEY_TOO_SMALL,
    DKIM_KEY_USABLE
};

enum dkim_key_fault dkim_key_judge(const struct dkim_key_entry *entry,
                                   const struct dkim_signature *signature,
                                   unsigned min_rsa_bits);

/* DKIM_POLICY or DKIM_PERMERROR. */
enum dkim_code dkim_key_fault_code(enum dkim_key_fault fault);

/* The sentence for it, behind "the key record at NAME ". */
void dkim_key_fault_write(struct buf *buf, enum dkim_key_fault fault,
                          const struct dkim_key_entry *entry,
                          const struct dkim_signature *signature, unsigned min_rsa_bits);

#endif
