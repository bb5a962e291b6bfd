/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_CRYPTO_CRYPTO_H
#define YETT_CORE_CRYPTO_CRYPTO_H

#include "core/base/err.h"
#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * crypto: the few operations mail authentication needs, from OpenSSL's libcrypto.
 *
 * The only folder that includes OpenSSL's EVP headers.  A `struct crypto` owns an
 * OSSL_LIB_CTX without configuration file (a system policy that forbids SHA-1 or small keys
 * must not turn a verdict into an internal error: what is allowed is our settings' affair)
 * and the digests fetched from it.  One per process, one thread at a time.
 */
struct crypto;

/* NULL when out of memory or when libcrypto lacks an algorithm we need. */
YETT_MUST_USE
struct crypto *crypto_new(void);
void crypto_free(struct crypto *crypto);

enum crypto_digest { CRYPTO_SHA1, CRYPTO_SHA256 };

#define CRYPTO_DIGEST_MAX 32

size_t crypto_digest_size(enum crypto_digest digest); /* bytes */

/* A running digest.  Contexts are pooled in `crypto`; free after final or to give up. */
struct crypto_hash;

YETT_MUST_USE
struct crypto_hash *crypto_hash_new(struct crypto *crypto, enum crypto_digest digest);

/* A second digest that has seen what `hash` has; both go on, each for itself. */
YETT_MUST_USE
struct crypto_hash *crypto_hash_copy(const struct crypto_hash *hash);
void crypto_hash_update(struct crypto_hash *hash, slice bytes);

/* Digest of what was fed so far, without ending the hash (for candidates on the way). */
YETT_MUST_USE
enum yett_err crypto_hash_peek(const struct crypto_hash *hash,
                               uint8_t out[CRYPTO_DIGEST_MAX]);

/* Digest into `out`.  Updates that failed inside libcrypto are reported here. */
YETT_MUST_USE
enum yett_err crypto_hash_final(struct crypto_hash *hash, uint8_t out[CRYPTO_DIGEST_MAX]);
void crypto_hash_free(struct crypto_hash *hash);

YETT_MUST_USE
enum yett_err crypto_hmac_sha256(struct crypto *crypto, slice key, slice bytes,
                                 uint8_t out[32]);

/* HMAC (RFC 2104) with digests of other sizes; `out` gets crypto_mac_size() octets. */
enum crypto_mac { CRYPTO_HMAC_SHA256, CRYPTO_HMAC_SHA384, CRYPTO_HMAC_SHA512 };

#define CRYPTO_MAC_MAX 64

size_t crypto_mac_size(enum crypto_mac mac); /* bytes */

YETT_MUST_USE
enum yett_err crypto_hmac(struct crypto *crypto, enum crypto_mac mac, slice key,
                          slice bytes, uint8_t out[CRYPTO_MAC_MAX]);

/* Equal octets, in a time that tells nothing of where they differ. */
bool crypto_equal(slice a, slice b);

/* Public keys, reference-counted by hand through dns_memo: one owner each. */
enum crypto_key_type { CRYPTO_RSA, CRYPTO_ED25519 };

struct crypto_key;

/*
 * RSA public key from DER: SubjectPublicKeyInfo (RFC 5280) or, as RFC 6376 section 3.6.1
 * came to be read, a bare RSAPublicKey (RFC 8017 A.1.1).  Strict DER, modulus of at most
 * 8192 bits and at least 1 (what is too small is the caller's policy), odd exponent > 1 of
 * at most 64 bits.
 * YETT_BAD_SYNTAX with `*why` a static phrase, or YETT_NO_MEMORY.
 */
YETT_MUST_USE
enum yett_err crypto_key_from_rsa(struct crypto *crypto, slice der,
                                  struct crypto_key **out, const char **why);

/* Ed25519 public key: its 32 octets (RFC 8463 section 4). */
YETT_MUST_USE
enum yett_err crypto_key_from_ed25519(struct crypto *crypto, slice octets,
                                      struct crypto_key **out, const char **why);

void crypto_key_free(struct crypto_key *key);
enum crypto_key_type crypto_key_type(const struct crypto_key *key);
unsigned crypto_key_bits(const struct crypto_key *key);

/*
 * The size of an RSA modulus in bits without making a key, for settings that refuse small
 * keys; errors as in crypto_key_from_rsa().
 */
YETT_MUST_USE
enum yett_err crypto_rsa_bits(slice der, unsigned *bits, const char **why);

/*
 * Verify `signature` over `digest` bytes: RSASSA-PKCS1-v1_5 for RSA with the DigestInfo of
 * `algorithm`; PureEdDSA over the digest's octets for Ed25519 (RFC 8463 section 3).
 * `*valid` is the answer; an error means that there was none.
 */
YETT_MUST_USE
enum yett_err crypto_verify(struct crypto *crypto, const struct crypto_key *key,
                            enum crypto_digest algorithm, const uint8_t *digest,
                            slice signature, bool *valid);

/* Fill with random octets from libcrypto's generator, for edges and apps; core's evaluators
   never call it. */
YETT_MUST_USE
enum yett_err crypto_random(struct crypto *crypto, void *out, size_t size);

#endif
