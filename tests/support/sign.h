/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_TESTS_SUPPORT_SIGN_H
#define YETT_TESTS_SUPPORT_SIGN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * sign: DKIM signatures with any options, wrong ones included, for tests and for samples.
 *
 * Keys are fixed and so are signatures: the same options give the same bytes.  What fails
 * here aborts.  Text that is returned is on the heap, the caller's, and ends in NUL.
 */
struct sign_key;

/* Published test keys and ones made for these tests; they protect nothing. */
enum sign_key_name {
    SIGN_RSA_512,
    SIGN_RSA_1024, /* of RFC 6376 appendix C */
    SIGN_RSA_2048,
    SIGN_RSA_4096,
    SIGN_ED25519 /* of RFC 8463 appendix A */
};

struct sign_key *sign_key_new(enum sign_key_name name);
void sign_key_free(struct sign_key *key);

/* The base64 text of p=: SubjectPublicKeyInfo for RSA, 32 octets for Ed25519. */
char *sign_key_text(const struct sign_key *key);

/* The same for RSA as the RFC has it: a bare RSAPublicKey. */
char *sign_key_bare_text(const struct sign_key *key);

/* A line of a zone: "SELECTOR._domainkey.DOMAIN. TXT …" with `tags` before p=, in strings of
   at most 255 octets, ended by LF. */
char *sign_key_zone(const struct sign_key *key, const char *selector, const char *domain,
                    const char *tags);

/* For an option: leave the tag out. */
#define SIGN_OMIT ""

/*
 * The name and tags of a signature.  NULL is the default: v=1, the algorithm of the key,
 * c=relaxed/relaxed, d=example.org, s=test, h=From:To:Subject:Date, bh= and b= computed, all
 * others left out.  SIGN_OMIT leaves a tag out.
 */
struct sign_options {
    const char *name; /* of the field; "DKIM-Signature" */
    const char *version;
    const char *algorithm; /* "sha1" in it decides the digest */
    const char *canon;     /* "/relaxed" at its end and "relaxed" at its front decide */
    const char *domain;
    const char *selector;
    const char *identity;
    const char *signed_at;
    const char *expires_at;
    const char *length; /* the body is cut there where it is a number */
    const char *query;
    const char *fields;
    const char *body_hash;
    const char *signature;
    const char *more; /* further tags, each ended by ";" */
    bool unfolded;    /* all on one line */
};

/* The whole DKIM-Signature field, with its CRLF, for a message with CRLF line ends. */
char *sign_field(const struct sign_key *key, const struct sign_options *options,
                 const char *message, size_t message_bytes);

/* The signature of a text, as b= has it, by the key's own algorithm. */
char *sign_text(const struct sign_key *key, const char *text, size_t len);

/* The message with the field on top. */
char *sign_message(const struct sign_key *key, const struct sign_options *options,
                   const char *message);

#endif
