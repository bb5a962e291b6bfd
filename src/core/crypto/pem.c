/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/crypto/pem.h"

#include <stddef.h>

/*
 * Which block it is decides before anything is decoded: so that the reason is one that helps,
 * and so that libcrypto is never given what it would ask a password for.
 */

static const struct label_rule {
    slice label;
    const char *refusal; /* NULL: read */
} labels[] = {
    {SLICE_INIT("PRIVATE KEY"),           NULL                                    },
    {SLICE_INIT("RSA PRIVATE KEY"),       NULL                                    },
    {SLICE_INIT("ENCRYPTED PRIVATE KEY"),
     "the key is encrypted, and nobody is there to give the passphrase: store it "
     "decrypted (openssl pkey -in … -out …)"                                  },
    {SLICE_INIT("EC PRIVATE KEY"),
     "it is an elliptic curve (ECDSA) key, and DKIM knows RSA and Ed25519 only"   },
    {SLICE_INIT("EC PARAMETERS"),
     "it is an elliptic curve (ECDSA) key, and DKIM knows RSA and Ed25519 only"   },
    {SLICE_INIT("DSA PRIVATE KEY"),
     "it is a DSA key, and DKIM knows RSA and Ed25519 only"                       },
    {SLICE_INIT("OPENSSH PRIVATE KEY"),
     "it is a key of OpenSSH's own format, not PKCS#1 or PKCS#8"                  },
    {SLICE_INIT("PUBLIC KEY"),
     "it is the public key; the private one, which signs, is in another file"     },
    {SLICE_INIT("RSA PUBLIC KEY"),
     "it is the public key; the private one, which signs, is in another file"     },
    {SLICE_INIT("CERTIFICATE"),
     "it is a certificate; DKIM signs with a private key and uses no certificates"},
    {SLICE_INIT("X509 CERTIFICATE"),
     "it is a certificate; DKIM signs with a private key and uses no certificates"},
    {SLICE_INIT("TRUSTED CERTIFICATE"),
     "it is a certificate; DKIM signs with a private key and uses no certificates"},
    {SLICE_INIT("CERTIFICATE REQUEST"),
     "it is a request for a certificate, not a private key"                       },
};

/* A line without its end and the white space before that. */
static slice take_line(slice *in)
{
    slice line = slice_first(*in, slice_find_byte(*in, '\n'));
    *in = slice_skip(*in, line.len + 1);
    return slice_first(line, slice_trim_fws(line).len == 0
                                 ? 0
                                 : slice_offset(line, slice_trim_fws(line)) +
                                       slice_trim_fws(line).len);
}

/* "-----BEGIN LABEL-----": the label. */
static bool is_boundary(slice line, slice front, slice *label)
{
    static const slice dashes = SLICE_INIT("-----");
    if (!slice_take(&line, front) || !slice_ends_with(line, dashes)) {
        return false;
    }
    *label = slice_first(line, line.len - dashes.len);
    return true;
}

static const char *judge_label(slice label)
{
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        if (slice_eq(label, labels[i].label)) {
            return labels[i].refusal;
        }
    }
    return "it holds something in PEM that is no private key";
}

/* What stands between the boundaries; `*in` is behind BEGIN. */
static const char *take_block(slice *in, slice label)
{
    slice other;
    while (in->len != 0) {
        slice line = take_line(in);
        if (is_boundary(line, SLICE("-----END "), &other)) {
            return slice_eq(label, other)
                       ? NULL
                       : "the key begins as one thing and ends as another";
        }
        if (is_boundary(line, SLICE("-----BEGIN "), &other)) {
            break;
        }
        if (slice_starts_with(line, SLICE("Proc-Type:")) &&
            slice_ends_with(line, SLICE("ENCRYPTED"))) {
            return "the key is encrypted, and nobody is there to give the passphrase: "
                   "store it decrypted (openssl pkey -in … -out …)";
        }
    }
    return "the key was cut off: its END line is missing";
}

static const char *nothing_found(slice text)
{
    if (slice_is_empty(slice_trim_fws(text))) {
        return "it is empty";
    }
    if (slice_peek(text) == 0x30) {
        return "it is not PEM but DER: convert it (openssl pkey -inform DER -in … -out "
               "…)";
    }
    return "there is no private key in it: no line \"-----BEGIN PRIVATE KEY-----\"";
}

const char *pem_find_private_key(slice text, slice *block)
{
    slice in = text;
    slice label;
    bool found = false;
    while (in.len != 0) {
        size_t from = slice_offset(text, in);
        if (!is_boundary(take_line(&in), SLICE("-----BEGIN "), &label)) {
            continue;
        }
        const char *why = found ? "it holds several PEM blocks, and which one is meant "
                                  "cannot be told: a key has a file of its own"
                                : judge_label(label);
        if (why == NULL) {
            why = take_block(&in, label);
        }
        if (why != NULL) {
            return why;
        }
        size_t to = in.len == 0 ? text.len : slice_offset(text, in);
        *block = slice_between(text, from, to);
        found = true;
    }
    return found ? NULL : nothing_found(text);
}
