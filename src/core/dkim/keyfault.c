/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/keyfault.h"

#include "core/dkim/algorithm.h"
#include "core/domain/domain.h"

static bool allows_digest(const struct dkim_key_record *record, enum crypto_digest digest)
{
    return digest == CRYPTO_SHA1 ? record->allows_sha1 : record->allows_sha256;
}

enum dkim_key_fault dkim_key_judge(const struct dkim_key_entry *entry,
                                   const struct dkim_signature *signature,
                                   unsigned min_rsa_bits)
{
    const struct dkim_key_record *record = &entry->record;
    if (!entry->readable) {
        return DKIM_KEY_UNREADABLE;
    }
    if (!record->for_email) {
        return DKIM_KEY_OTHER_SERVICE;
    }
    if (!allows_digest(record, dkim_algorithm_digest(signature->algorithm))) {
        return DKIM_KEY_OTHER_DIGEST;
    }
    if (record->revoked) {
        return DKIM_KEY_REVOKED;
    }
    if (record->type != dkim_algorithm_key_type(signature->algorithm)) {
        return DKIM_KEY_OTHER_TYPE;
    }
    if (!entry->usable_key) {
        return DKIM_KEY_BAD_OCTETS;
    }
    if (record->strict_identity &&
        !domain_eq(signature->identity_domain, signature->domain)) {
        return DKIM_KEY_OTHER_IDENTITY;
    }
    if (record->type == CRYPTO_RSA && entry->bits < min_rsa_bits) {
        return DKIM_KEY_TOO_SMALL;
    }
    return DKIM_KEY_USABLE;
}

enum dkim_code dkim_key_fault_code(enum dkim_key_fault fault)
{
    return fault == DKIM_KEY_TOO_SMALL ? DKIM_POLICY : DKIM_PERMERROR;
}

void dkim_key_fault_write(struct buf *buf, enum dkim_key_fault fault,
                          const struct dkim_key_entry *entry,
                          const struct dkim_signature *signature, unsigned min_rsa_bits)
{
    switch (fault) {
    case DKIM_KEY_UNREADABLE:
        buf_add_text(buf, "is not one of DKIM: ");
        buf_add_text(buf, entry->why);
        break;
    case DKIM_KEY_OTHER_SERVICE:
        buf_add_text(buf, "is not for e-mail: its s= names other services only");
        break;
    case DKIM_KEY_BAD_OCTETS:
        buf_add_text(buf, "holds no usable key: ");
        buf_add(buf, entry->key_why);
        break;
    case DKIM_KEY_OTHER_TYPE:
        buf_add_text(buf, "holds a key for ");
        buf_add_text(buf, dkim_key_type_text(entry->record.type));
        buf_add_text(buf, ", but the signature was made with ");
        buf_add_text(buf, dkim_algorithm_text(signature->algorithm));
        break;
    case DKIM_KEY_OTHER_DIGEST:
        buf_add_text(buf, "does not allow ");
        buf_add_text(buf, dkim_digest_text(dkim_algorithm_digest(signature->algorithm)));
        buf_add_text(buf,
                     ", with which the signature was made: its h= names others only");
        break;
    case DKIM_KEY_REVOKED:
        buf_add_text(buf, "says that the key was revoked: its p= is empty");
        break;
    case DKIM_KEY_OTHER_IDENTITY:
        buf_add_text(buf, "says t=s, so i= must be in ");
        buf_add(buf, signature->domain);
        buf_add_text(buf, " itself, but it is in ");
        buf_add(buf, signature->identity_domain);
        break;
    case DKIM_KEY_TOO_SMALL:
        buf_printf(buf, "holds a key of %u bits, and fewer than %u are not accepted",
                   entry->bits, min_rsa_bits);
        break;
    case DKIM_KEY_USABLE:
        buf_add_text(buf, "holds a usable key");
        break;
    }
}
