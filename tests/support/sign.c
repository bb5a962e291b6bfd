/* SPDX-License-Identifier: BSD-2-Clause */
#include "support/sign.h"

#include "support/dkim_naive.h"
#include "support/sign_keys.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

struct sign_key {
    EVP_PKEY *key;
    bool is_rsa;
};

/* ---- base64 ------------------------------------------------------------------------- */

static char *encode(const uint8_t *octets, size_t len)
{
    char *text = malloc(len / 3 * 4 + 5);
    assert(text != NULL);
    EVP_EncodeBlock((unsigned char *)text, octets, (int)len);
    return text;
}

static uint8_t *decode(const char *text, size_t *len)
{
    size_t digits = strlen(text);
    uint8_t *octets = malloc(digits);
    assert(octets != NULL && digits % 4 == 0);
    int got = EVP_DecodeBlock(octets, (const unsigned char *)text, (int)digits);
    assert(got > 0);
    *len = (size_t)got;
    while (digits > 0 && text[digits - 1] == '=') {
        digits--;
        (*len)--;
    }
    return octets;
}

/* ---- keys --------------------------------------------------------------------------- */

struct sign_key *sign_key_new(enum sign_key_name name)
{
    size_t len;
    uint8_t *octets = decode(sign_private_keys[name], &len);
    struct sign_key *key = calloc(1, sizeof(*key));
    assert(key != NULL);
    key->is_rsa = name != SIGN_ED25519;
    if (key->is_rsa) {
        const uint8_t *at = octets;
        key->key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)len);
    } else {
        key->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, octets, len);
    }
    assert(key->key != NULL);
    free(octets);
    return key;
}

void sign_key_free(struct sign_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->key);
        free(key);
    }
}

char *sign_key_text(const struct sign_key *key)
{
    uint8_t octets[1024];
    size_t len = sizeof(octets);
    if (key->is_rsa) {
        uint8_t *at = octets;
        int written = i2d_PUBKEY(key->key, NULL);
        assert(written > 0 && (size_t)written <= sizeof(octets));
        len = (size_t)i2d_PUBKEY(key->key, &at);
    } else {
        int done = EVP_PKEY_get_raw_public_key(key->key, octets, &len);
        assert(done == 1);
    }
    return encode(octets, len);
}

char *sign_key_bare_text(const struct sign_key *key)
{
    uint8_t octets[1024];
    uint8_t *at = octets;
    int written = i2d_PublicKey(key->key, NULL);
    assert(key->is_rsa && written > 0 && (size_t)written <= sizeof(octets));
    written = i2d_PublicKey(key->key, &at);
    return encode(octets, (size_t)written);
}

static void add_text(struct naive_text *text, const char *more)
{
    naive_add(text, more, strlen(more));
}

char *sign_key_zone(const struct sign_key *key, const char *selector, const char *domain,
                    const char *tags)
{
    struct naive_text record = {NULL, 0};
    struct naive_text line = {NULL, 0};
    char *text = sign_key_text(key);

    add_text(&record, tags);
    add_text(&record, "p=");
    add_text(&record, text);
    add_text(&line, selector);
    add_text(&line, "._domainkey.");
    add_text(&line, domain);
    add_text(&line, ". TXT");
    for (size_t at = 0; at < record.len; at += 255) {
        size_t part = record.len - at < 255 ? record.len - at : 255;
        add_text(&line, " \"");
        naive_add(&line, record.ptr + at, part);
        add_text(&line, "\"");
    }
    add_text(&line, "\n");
    free(text);
    free(record.ptr);
    return line.ptr;
}

/* ---- the message -------------------------------------------------------------------- */

static size_t header_bytes(const char *message, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        if (naive_is_crlf(message, len, at) && naive_is_crlf(message, len, at + 2)) {
            return at + 2;
        }
    }
    return len;
}

static size_t field_bytes(const char *header, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        if (naive_is_crlf(header, len, at) &&
            (at + 2 == len || !naive_is_wsp(header[at + 2]))) {
            return at + 2;
        }
    }
    return len;
}

static bool has_name(const char *field, size_t len, const char *name, size_t name_len)
{
    if (len <= name_len || strncasecmp(field, name, name_len) != 0) {
        return false;
    }
    while (name_len < len && naive_is_wsp(field[name_len])) {
        name_len++;
    }
    return name_len < len && field[name_len] == ':';
}

/* The instance-th field of this name from the bottom, 0 the lowest; false when there is none. */
static bool find_field(const char *header, size_t len, const char *name, size_t name_len,
                       size_t instance, const char **found, size_t *found_len)
{
    size_t total = 0;
    for (int pass = 0; pass < 2; pass++) {
        size_t seen = 0;
        for (size_t at = 0; at < len;) {
            size_t bytes = field_bytes(header + at, len - at);
            if (has_name(header + at, bytes, name, name_len)) {
                seen++;
                if (pass == 1 && seen == total - instance) {
                    *found = header + at;
                    *found_len = bytes;
                    return true;
                }
            }
            at += bytes;
        }
        total = seen;
        if (instance >= total) {
            return false;
        }
    }
    return false;
}

/* How often `name` stands in h= before `before`. */
static size_t count_before(const char *fields, const char *before, const char *name,
                           size_t name_len)
{
    size_t count = 0;
    for (const char *at = fields; at < before;) {
        size_t len = strcspn(at, ": \t\r\n");
        count += len == name_len && strncasecmp(at, name, len) == 0;
        at += len;
        at += strspn(at, ": \t\r\n");
    }
    return count;
}

static void add_field(struct naive_text *out, bool relaxed, const char *field, size_t len)
{
    struct naive_text canonical = naive_field(relaxed, field, len);
    naive_add(out, canonical.ptr, canonical.len);
    free(canonical.ptr);
}

static struct naive_text signed_header(bool relaxed, const char *fields,
                                       const char *header, size_t len)
{
    struct naive_text out = {NULL, 0};
    naive_add(&out, "", 0);
    for (const char *name = fields + strspn(fields, ": \t\r\n"); *name != '\0';) {
        size_t name_len = strcspn(name, ": \t\r\n");
        const char *field;
        size_t bytes;
        if (find_field(header, len, name, name_len,
                       count_before(fields, name, name, name_len), &field, &bytes)) {
            add_field(&out, relaxed, field, bytes);
            add_text(&out, "\r\n");
        }
        name += name_len;
        name += strspn(name, ": \t\r\n");
    }
    return out;
}

/* ---- signing ------------------------------------------------------------------------ */

static const char *or_default(const char *option, const char *value)
{
    return option == NULL ? value : option;
}

static const char *algorithm_of(const struct sign_key *key,
                                const struct sign_options *options)
{
    return or_default(options->algorithm, key->is_rsa ? "rsa-sha256" : "ed25519-sha256");
}

static const EVP_MD *digest_of(const struct sign_key *key,
                               const struct sign_options *options)
{
    return strstr(algorithm_of(key, options), "sha1") != NULL ? EVP_sha1() : EVP_sha256();
}

static char *body_hash(const struct sign_key *key, const struct sign_options *options,
                       const char *body, size_t len)
{
    const char *canon = or_default(options->canon, "relaxed/relaxed");
    struct naive_text text = naive_body(strstr(canon, "/relaxed") != NULL, body, len);
    if (options->length != NULL && options->length[0] >= '0' &&
        options->length[0] <= '9') {
        size_t length = strtoul(options->length, NULL, 10);
        text.len = length < text.len ? length : text.len;
    }
    uint8_t value[EVP_MAX_MD_SIZE];
    unsigned bytes = 0;
    int done =
        EVP_Digest(text.ptr, text.len, value, &bytes, digest_of(key, options), NULL);
    assert(done == 1);
    free(text.ptr);
    return encode(value, bytes);
}

/* RSASSA-PKCS1-v1_5 over the text; Ed25519 over the digest of the text (RFC 8463). */
static char *make_signature(const struct sign_key *key,
                            const struct sign_options *options,
                            const struct naive_text *text)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    uint8_t value[1024];
    size_t len = sizeof(value);
    unsigned bytes = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *md = digest_of(key, options);
    int done =
        EVP_Digest(text->ptr, text->len, digest, &bytes, md, NULL) &&
        EVP_DigestSignInit(context, NULL, key->is_rsa ? md : NULL, NULL, key->key) &&
        (key->is_rsa
             ? EVP_DigestSign(context, value, &len, (const uint8_t *)text->ptr, text->len)
             : EVP_DigestSign(context, value, &len, digest, bytes));
    assert(done == 1);
    EVP_MD_CTX_free(context);
    return encode(value, len);
}

char *sign_text(const struct sign_key *key, const char *text, size_t len)
{
    const struct sign_options options = {0};
    struct naive_text whole = {NULL, 0};
    naive_add(&whole, text, len);
    char *signature = make_signature(key, &options, &whole);
    free(whole.ptr);
    return signature;
}

static void add_tag(struct naive_text *out, const struct sign_options *options,
                    const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0') {
        return;
    }
    add_text(out, options->unfolded ? " " : "\r\n\t");
    add_text(out, name);
    add_text(out, "=");
    add_text(out, value);
    add_text(out, ";");
}

/* All up to the value of b=. */
static struct naive_text begin_field(const struct sign_key *key,
                                     const struct sign_options *options, const char *bh)
{
    struct naive_text out = {NULL, 0};
    add_text(&out, or_default(options->name, "DKIM-Signature"));
    add_text(&out, ":");
    add_tag(&out, options, "v", or_default(options->version, "1"));
    add_tag(&out, options, "a", algorithm_of(key, options));
    add_tag(&out, options, "c", or_default(options->canon, "relaxed/relaxed"));
    add_tag(&out, options, "d", or_default(options->domain, "example.org"));
    add_tag(&out, options, "s", or_default(options->selector, "test"));
    add_tag(&out, options, "i", options->identity);
    add_tag(&out, options, "t", options->signed_at);
    add_tag(&out, options, "x", options->expires_at);
    add_tag(&out, options, "l", options->length);
    add_tag(&out, options, "q", options->query);
    add_tag(&out, options, "h", or_default(options->fields, "From:To:Subject:Date"));
    add_tag(&out, options, "bh", or_default(options->body_hash, bh));
    if (options->more != NULL) {
        add_text(&out, options->unfolded ? " " : "\r\n\t");
        add_text(&out, options->more);
    }
    add_text(&out, options->unfolded ? " b=" : "\r\n\tb=");
    return out;
}

static void add_folded(struct naive_text *out, const char *value, bool unfolded)
{
    size_t width = unfolded ? strlen(value) : 64;
    for (size_t len = strlen(value); len != 0;) {
        size_t part = len < width ? len : width;
        naive_add(out, value, part);
        value += part;
        len -= part;
        if (len != 0) {
            add_text(out, "\r\n\t ");
        }
    }
}

char *sign_field(const struct sign_key *key, const struct sign_options *options,
                 const char *message, size_t message_bytes)
{
    const char *canon = or_default(options->canon, "relaxed/relaxed");
    const char *fields = or_default(options->fields, "From:To:Subject:Date");
    bool relaxed = strncmp(canon, "relaxed", 7) == 0;
    size_t header = header_bytes(message, message_bytes);
    size_t body = header + 2 < message_bytes ? header + 2 : message_bytes;

    char *bh = body_hash(key, options, message + body, message_bytes - body);
    struct naive_text out = begin_field(key, options, bh);
    struct naive_text text = signed_header(relaxed, fields, message, header);
    add_field(&text, relaxed, out.ptr, out.len);
    char *b = make_signature(key, options, &text);
    add_folded(&out, or_default(options->signature, b), options->unfolded);
    add_text(&out, "\r\n");
    free(b);
    free(text.ptr);
    free(bh);
    return out.ptr;
}

char *sign_message(const struct sign_key *key, const struct sign_options *options,
                   const char *message)
{
    char *field = sign_field(key, options, message, strlen(message));
    struct naive_text out = {NULL, 0};
    add_text(&out, field);
    add_text(&out, message);
    free(field);
    return out.ptr;
}
