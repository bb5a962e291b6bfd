/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/der.h"

#include "core/crypto/crypto.h"

#include <stdint.h>

/*
 * The one ASN.1 form that key records hold.  libcrypto's own decoder takes 25 times as long
 * as building the key does, and takes BER where DER is asked for.
 */
enum der_tag { DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_SEQUENCE = 0x30 };

enum { EXPONENT_BITS_MAX = 64, EXPONENT_BITS_MAX_OF_LONG = 32 };

/* rsaEncryption, 1.2.840.113549.1.1.1, as a whole OBJECT IDENTIFIER. */
static const slice oid_rsa = SLICE_INIT("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
static const slice der_null = SLICE_INIT("\x05\x00");

/* A definite length in its shortest form (X.690 section 10.1), at most 65535. */
static bool take_length(slice *in, size_t *out)
{
    size_t octets = 0;
    int first = slice_peek(*in);
    if (first < 0) {
        return false;
    }
    *in = slice_skip(*in, 1);
    if (first < 0x80) {
        *out = (size_t)first;
        return true;
    }
    octets = (size_t)(first & 0x7f);
    if (octets == 0 || octets > 2 || in->len < octets) {
        return false;
    }
    size_t length = 0;
    for (size_t i = 0; i < octets; i++) {
        length = length << 8 | (uint8_t)in->ptr[i];
    }
    *in = slice_skip(*in, octets);
    *out = length;
    return length >= (octets == 1 ? 0x80 : 0x100);
}

/* One element of this type from the front of `*in`; `*content` is what is in it. */
static bool take_element(slice *in, enum der_tag tag, slice *content)
{
    slice rest = *in;
    size_t length;
    if (!slice_take_byte(&rest, (char)tag) || !take_length(&rest, &length) ||
        length > rest.len) {
        return false;
    }
    *content = slice_first(rest, length);
    *in = slice_skip(rest, length);
    return true;
}

/* A positive INTEGER in its shortest form, without the octet that keeps it positive. */
static const char *take_positive(slice *in, slice *out)
{
    slice number;
    if (!take_element(in, DER_INTEGER, &number)) {
        return "the key is not strict DER: a number of the RSA key cannot be read";
    }
    if (number.len == 0) {
        return "the key is not strict DER: a number of the RSA key has no octets";
    }
    if ((uint8_t)number.ptr[0] >= 0x80) {
        return "a number of the RSA key is negative";
    }
    if (number.ptr[0] == 0) {
        number = slice_skip(number, 1);
        if (number.len == 0) {
            return "a number of the RSA key is zero";
        }
        if ((uint8_t)number.ptr[0] < 0x80) {
            return "the key is not strict DER: a number of the RSA key has leading zeros";
        }
    }
    *out = number;
    return NULL;
}

static bool is_odd(slice number)
{
    return ((uint8_t)number.ptr[number.len - 1] & 1) != 0;
}

static unsigned bits_of(slice number)
{
    unsigned bits = (unsigned)(number.len - 1) * 8;
    for (unsigned top = (uint8_t)number.ptr[0]; top != 0; top >>= 1) {
        bits++;
    }
    return bits;
}

/* Verifying takes the longer the more bits the exponent has, and a chain of ARC has many keys
   of strangers.  Deliberately less where verifiers need not take the key at all (RFC 8301
   section 3.2); the exponent of nearly all keys is 65537. */
unsigned der_exponent_bits_max(unsigned modulus_bits)
{
    return modulus_bits > CRYPTO_RSA_BITS_EXPECTED ? EXPONENT_BITS_MAX_OF_LONG
                                                   : EXPONENT_BITS_MAX;
}

/* RSAPublicKey, its SEQUENCE opened (RFC 8017 A.1.1). */
static const char *parse_numbers(slice in, struct der_rsa_key *out)
{
    const char *why = take_positive(&in, &out->modulus);
    if (why == NULL) {
        why = take_positive(&in, &out->exponent);
    }
    if (why != NULL) {
        return why;
    }
    if (in.len != 0) {
        return "the RSA key holds more than a modulus and an exponent";
    }
    if (out->modulus.len * 8 > CRYPTO_RSA_BITS_MAX) {
        return "the modulus of the RSA key has more than 8192 bits";
    }
    unsigned bits = bits_of(out->modulus);
    if (bits_of(out->exponent) > der_exponent_bits_max(bits)) {
        return bits > CRYPTO_RSA_BITS_EXPECTED
                   ? "the exponent of the RSA key has more than 32 bits, and its modulus "
                     "more than 4096"
                   : "the exponent of the RSA key has more than 64 bits";
    }
    if (!is_odd(out->modulus)) {
        return "the modulus of the RSA key is even";
    }
    if (!is_odd(out->exponent)) {
        return "the exponent of the RSA key is even";
    }
    if (slice_eq(out->exponent, SLICE("\x01"))) {
        return "the exponent of the RSA key is 1";
    }
    out->bits = bits;
    return NULL;
}

/*
 * SubjectPublicKeyInfo, its SEQUENCE opened (RFC 5280 section 4.1).  Deliberately, absent
 * parameters are as good as the NULL that RFC 3279 section 2.3.1 asks for: every verifier
 * that leaves this to libcrypto takes both.
 */
static const char *parse_info(slice in, slice *numbers)
{
    slice algorithm, bits;
    if (!take_element(&in, DER_SEQUENCE, &algorithm)) {
        return "the key is not strict DER: its algorithm cannot be read";
    }
    if (!slice_take(&algorithm, oid_rsa)) {
        return "the key is for another algorithm than RSA";
    }
    if (algorithm.len != 0 && !slice_eq(algorithm, der_null)) {
        return "the key has parameters, which RSA has not";
    }
    if (!take_element(&in, DER_BIT_STRING, &bits) || !slice_take_byte(&bits, '\0')) {
        return "the key is not strict DER: its bit string cannot be read";
    }
    if (in.len != 0) {
        return "there are octets behind the key's bit string";
    }
    if (!take_element(&bits, DER_SEQUENCE, numbers)) {
        return "the key is not strict DER: there is no RSA key in its bit string";
    }
    return bits.len != 0 ? "there are octets behind the RSA key" : NULL;
}

enum yett_err der_parse_rsa_key(slice der, struct der_rsa_key *out, const char **why)
{
    struct der_rsa_key key;
    slice content;
    slice numbers;

    if (!take_element(&der, DER_SEQUENCE, &content)) {
        *why = "the key is not strict DER, or was cut off";
        return YETT_BAD_SYNTAX;
    }
    const char *fault = der.len != 0 ? "there are octets behind the key" : NULL;
    if (fault == NULL && slice_peek(content) == DER_SEQUENCE) {
        fault = parse_info(content, &numbers);
    } else {
        numbers = content;
    }
    if (fault == NULL) {
        fault = parse_numbers(numbers, &key);
    }
    if (fault != NULL) {
        *why = fault;
        return YETT_BAD_SYNTAX;
    }
    *out = key;
    return YETT_OK;
}
