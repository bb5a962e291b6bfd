/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/base64.h"
#include "core/crypto/crypto.h"
#include "core/crypto/pem.h"

/*
 * What kind of key it is and how large, from the first octets of its DER: those before
 * anything secret.
 */
enum {
    EDWARDS_DIGITS = 20,
    RSA_DIGITS = 88,
    SEQUENCE = 0x30,
    INTEGER = 0x02,
    OCTETS = 0x04
};

/* PKCS#8 (RFC 5958, RFC 8410 section 7) to where the 32 octets of the key begin. */
static const slice edwards_begin =
    SLICE_INIT("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04");

/* Version 0, and rsaEncryption with NULL (RFC 8017 A.1). */
static const slice rsa_begin = SLICE_INIT(
    "\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00");

/* Tag and length, of at most two octets; what they are of need not be there. */
static bool take_head(slice *in, int tag, size_t *length)
{
    slice rest = slice_skip(*in, 1);
    int first = slice_peek(rest);
    size_t octets = first > 0x80 ? (size_t)first - 0x80 : 0;
    rest = slice_skip(rest, 1);
    if (slice_peek(*in) != tag || first < 0 || first == 0x80 || octets > 2 ||
        rest.len < octets) {
        return false;
    }
    *length = octets == 0 ? (size_t)first : 0;
    for (size_t i = 0; i < octets; i++) {
        *length = *length << 8 | (unsigned char)rest.ptr[i];
    }
    *in = slice_skip(rest, octets);
    return true;
}

static bool look_at_rsa(slice der, unsigned *bits)
{
    size_t length = 0;
    if (!take_head(&der, SEQUENCE, &length)) {
        return false;
    }
    if (slice_take(&der, rsa_begin) &&
        (!take_head(&der, OCTETS, &length) || !take_head(&der, SEQUENCE, &length))) {
        return false;
    }
    if (!slice_take(&der, SLICE("\x02\x01\x00")) || !take_head(&der, INTEGER, &length)) {
        return false;
    }
    while (length != 0 && slice_take_byte(&der, '\0')) {
        length--;
    }
    int top = slice_peek(der);
    *bits = (unsigned)length * 8;
    for (int bit = 0x80; top > 0 && (top & bit) == 0; bit >>= 1) {
        --*bits;
    }
    return top > 0 && *bits >= CRYPTO_RSA_BITS_MIN && *bits <= CRYPTO_RSA_BITS_MAX;
}

/* The text between the BEGIN line and the END line of a block. */
static slice digits_of(slice block)
{
    slice text = slice_skip(block, slice_find_byte(block, '\n') + 1);
    return slice_first(text, slice_find(text, SLICE("-----END")));
}

static bool decode(struct arena *arena, slice digits, size_t count, slice *out)
{
    char first[RSA_DIGITS];
    size_t length = 0, bad_at;
    for (size_t i = 0; i < digits.len && length < count; i++) {
        if (digits.ptr[i] != '\r' && digits.ptr[i] != '\n') {
            first[length++] = digits.ptr[i];
        }
    }
    return length == count &&
           base64_decode(arena, slice_of(first, length), out, &bad_at) == YETT_OK;
}

bool crypto_private_key_look(struct arena *arena, slice pem, enum crypto_key_type *type,
                             unsigned *bits)
{
    slice block, der;
    if (pem_find_private_key(pem, &block) != NULL) {
        return false;
    }
    slice digits = digits_of(block);
    if (decode(arena, digits, EDWARDS_DIGITS, &der) && slice_eq(der, edwards_begin)) {
        *type = CRYPTO_ED25519;
        *bits = 256;
        return true;
    }
    *type = CRYPTO_RSA;
    return decode(arena, digits, RSA_DIGITS, &der) && look_at_rsa(der, bits);
}
