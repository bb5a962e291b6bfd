/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_CRYPTO_DER_H
#define YETT_CORE_CRYPTO_DER_H

#include "core/base/err.h"
#include "core/base/slice.h"

/* The numbers of an RSA public key, big-endian, without leading zero octets. */
struct der_rsa_key {
    slice modulus;
    slice exponent;
    unsigned bits; /* of the modulus */
};

/*
 * Read SubjectPublicKeyInfo or a bare RSAPublicKey: strict DER, the whole of `der`.  The
 * bounds are those of crypto_key_from_rsa().  YETT_BAD_SYNTAX with `*why`, else YETT_OK;
 * slices point into `der`.
 */
YETT_MUST_USE
enum yett_err der_parse_rsa_key(slice der, struct der_rsa_key *out, const char **why);

/* What the exponent of a key with such a modulus may have. */
unsigned der_exponent_bits_max(unsigned modulus_bits);

#endif
