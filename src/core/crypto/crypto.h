/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_CRYPTO_CRYPTO_H
#define YETT_CORE_CRYPTO_CRYPTO_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * crypto: the few operations mail authentication needs, from OpenSSL's libcrypto.
 *
 * hash.c and hmac.c make digests, der.c reads public keys and key.c verifies with them,
 * recover.c shows what an RSA signature was made of.  pem.c finds the block of a private key,
 * private_read.c reads it, private_look.c only looks at its beginning, private_key.c makes keys
 * and signs.  context.c holds what libcrypto fetched.
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

/* HMAC (RFC 2104); `out` gets crypto_mac_size() octets. */
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

/* Of RSA keys.  RFC 8301 section 3.2: signers MUST have the least, SHOULD have the advised. */
enum {
    CRYPTO_RSA_BITS_MIN = 1024,
    CRYPTO_RSA_BITS_ADVISED = 2048,
    CRYPTO_RSA_BITS_EXPECTED = 4096, /* what every verifier takes */
    CRYPTO_RSA_BITS_MAX = 8192
};

struct crypto_key;

/*
 * RSA public key from DER: SubjectPublicKeyInfo (RFC 5280) or, as RFC 6376 section 3.6.1
 * came to be read, a bare RSAPublicKey (RFC 8017 A.1.1).  Strict DER, modulus of at most
 * 8192 bits and at least 1 (what is too small is the caller's policy), odd exponent > 1 of
 * at most 64 bits; of at most 32 where the modulus has more than CRYPTO_RSA_BITS_EXPECTED.
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

/*
 * The digest that an RSA signature was made of (RSASSA-PKCS1-v1_5, RFC 8017 sections 5.2.2 and
 * 9.2), for telling what was signed: each candidate then costs a hash.  `der` as for
 * crypto_key_from_rsa(), errors too.  `*recovered` is false when the signature is not one over
 * a digest of `algorithm` by this key.
 */
YETT_MUST_USE
enum yett_err crypto_rsa_recover(slice der, enum crypto_digest algorithm, slice signature,
                                 uint8_t out[CRYPTO_DIGEST_MAX], bool *recovered,
                                 const char **why);

/* ---- private keys --------------------------------------------------------------------- */

/* What signs.  One owner each; the octets of the key are wiped when it is freed.  Signing is
   libcrypto's own, blinded and in constant time. */
struct crypto_private_key;

/*
 * Read the key of a PEM file (RFC 7468) that holds one private key and nothing else in PEM:
 * "PRIVATE KEY" (PKCS#8, RFC 5958; RSA or Ed25519) or "RSA PRIVATE KEY" (PKCS#1, RFC 8017
 * A.1.2), as OpenSSL and opendkim-genkey make them.  Text outside of the block is ignored.  An
 * RSA modulus has CRYPTO_RSA_BITS_MIN to CRYPTO_RSA_BITS_MAX bits, and a key whose numbers do
 * not belong together is refused: it is tried once.
 *
 * YETT_BAD_SYNTAX with `*why`, a static sentence without full stop that goes behind "PATH: ":
 * encrypted, public, of another kind, a certificate, several keys, cut off.  YETT_NO_MEMORY.
 * `pem` is the caller's to wipe.  libcrypto leaves copies of it in freed memory: keys are read
 * by the process that signs with them.
 */
YETT_MUST_USE
enum yett_err crypto_private_key_read(struct crypto *crypto, slice pem,
                                      struct crypto_private_key **out, const char **why);

/*
 * Only what kind of key it is and how many bits it has, from the octets before anything
 * secret: a hundredth of the time.  Whether it is whole is not known then.  False where it is
 * not one of the usual forms: crypto_private_key_read() says what it is.  Works in `arena`.
 */
bool crypto_private_key_look(struct arena *arena, slice pem, enum crypto_key_type *type,
                             unsigned *bits);

/* A new key from libcrypto's generator, for apps: core's evaluators never call it.  `bits` is
   for RSA, in the bounds above (asserted); a large one takes seconds.  YETT_IO without random
   octets, YETT_NO_MEMORY. */
YETT_MUST_USE
enum yett_err crypto_private_key_generate(struct crypto *crypto,
                                          enum crypto_key_type type, unsigned bits,
                                          struct crypto_private_key **out);

/* Append it as PEM, PKCS#8, not encrypted.  Wiping `pem` is left to the caller, who gives it
   room enough (8 KiB) to begin with: a buf that grows leaves copies behind. */
YETT_MUST_USE
enum yett_err crypto_private_key_write(struct crypto *crypto,
                                       const struct crypto_private_key *key,
                                       struct buf *pem);

/* Append what p= of its key record holds, not yet base64: SubjectPublicKeyInfo in DER for RSA
   (RFC 6376 section 3.6.1), the 32 octets of an Ed25519 key (RFC 8463 section 4). */
YETT_MUST_USE
enum yett_err crypto_private_key_public(const struct crypto_private_key *key,
                                        struct buf *out);

enum crypto_key_type crypto_private_key_type(const struct crypto_private_key *key);
unsigned crypto_private_key_bits(const struct crypto_private_key *key); /* 256: Ed25519 */
void crypto_private_key_free(struct crypto_private_key *key);

/*
 * Sign a digest, as crypto_verify() verifies: RSASSA-PKCS1-v1_5 with the DigestInfo of
 * `algorithm`, or PureEdDSA over the digest's octets (RFC 8463 section 3).  `*size` octets go
 * into `out`.
 */
#define CRYPTO_SIGNATURE_MAX (CRYPTO_RSA_BITS_MAX / 8)

YETT_MUST_USE
enum yett_err crypto_sign(struct crypto *crypto, const struct crypto_private_key *key,
                          enum crypto_digest algorithm, const uint8_t *digest,
                          uint8_t out[CRYPTO_SIGNATURE_MAX], size_t *size);

/* ---- chance ---------------------------------------------------------------------------- */

/* Fill with random octets from libcrypto's generator, for edges and apps; core's evaluators
   never call it. */
YETT_MUST_USE
enum yett_err crypto_random(struct crypto *crypto, void *out, size_t size);

#endif
