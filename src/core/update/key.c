/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/base64.h"
#include "core/dns/dns.h"
#include "core/update/update.h"

/*
 * key: the forms in which administrators have TSIG keys.
 *
 * All are words with punctuation and comments between them; only the order differs.
 */

enum { SECRET_MIN = 16, SECRET_MAX = 1024 };

static const struct algorithm_rule {
    slice name;
    bool is_accepted;
    enum crypto_mac mac;
    const char *fault;
} algorithm_rules[] = {
    {SLICE_INIT("hmac-sha256"),              true,  CRYPTO_HMAC_SHA256, NULL    },
    {SLICE_INIT("hmac-sha384"),              true,  CRYPTO_HMAC_SHA384, NULL    },
    {SLICE_INIT("hmac-sha512"),              true,  CRYPTO_HMAC_SHA512, NULL    },
    {SLICE_INIT("hmac-sha1"),                false, CRYPTO_HMAC_SHA256,
     "it has a key for hmac-sha1, which is not to be used any more: make one for "
     "hmac-sha256"                                                              },
    {SLICE_INIT("hmac-sha224"),              false, CRYPTO_HMAC_SHA256,
     "it has a key for hmac-sha224, which is not used: make one for hmac-sha256"},
    {SLICE_INIT("hmac-md5"),                 false, CRYPTO_HMAC_SHA256,
     "it has a key for hmac-md5, which is not to be used any more: make one for "
     "hmac-sha256"                                                              },
    {SLICE_INIT("hmac-md5.sig-alg.reg.int"), false, CRYPTO_HMAC_SHA256,
     "it has a key for hmac-md5, which is not to be used any more: make one for "
     "hmac-sha256"                                                              },
};

struct reader {
    slice in;
    bool is_yaml;
    const char *why;
    slice name;
    slice algorithm;
    slice secret; /* base64 */
};

static enum yett_err refuse(struct reader *reader, const char *why)
{
    reader->why = why;
    return YETT_BAD_SYNTAX;
}

/* ---- words ------------------------------------------------------------------------- */

static void skip_line(slice *in)
{
    *in = slice_skip(*in, slice_find_byte(*in, '\n'));
}

/* White space and comments: "#" to the end of the line, and where C's are comments, both
   of theirs.  In YAML a secret may begin with "//". */
static void skip_blank(struct reader *reader)
{
    slice *in = &reader->in;

    for (;;) {
        bool may_be_c = slice_peek(*in) == '/' && !reader->is_yaml;
        if (ascii_is_fws(slice_peek(*in))) {
            *in = slice_skip(*in, 1);
        } else if (slice_peek(*in) == '#' ||
                   (may_be_c && slice_starts_with(*in, SLICE("//")))) {
            skip_line(in);
        } else if (may_be_c && slice_starts_with(*in, SLICE("/*"))) {
            slice inside = slice_skip(*in, 2);
            *in = slice_skip(inside, slice_find(inside, SLICE("*/")) + 2);
        } else {
            return;
        }
    }
}

static bool ends_word(char c)
{
    return ascii_is_fws(c) || c == '"' || c == '{' || c == '}' || c == ';' || c == ':';
}

/* A word, in quotation marks or not.  Nothing is moved when there is none. */
static bool take_word(slice *in, slice *out)
{
    slice rest = *in;

    if (slice_take_byte(&rest, '"')) {
        bool is_whole = slice_take_until(&rest, '"', out) && out->len != 0 &&
                        !slice_has_byte(*out, '\n');
        *in = is_whole ? rest : *in;
        return is_whole;
    }
    size_t length = 0;
    while (length < rest.len && !ends_word(rest.ptr[length])) {
        length++;
    }
    *out = slice_first(rest, length);
    *in = slice_skip(rest, length);
    return length != 0;
}

static bool take_next_word(struct reader *reader, slice *out)
{
    skip_blank(reader);
    return take_word(&reader->in, out);
}

static bool take_mark(struct reader *reader, char mark)
{
    skip_blank(reader);
    return slice_take_byte(&reader->in, mark);
}

/* ---- the three forms --------------------------------------------------------------- */

/* A field that the forms have by name. */
static slice *field_of(struct reader *reader, slice word)
{
    if (slice_eq_nocase(word, SLICE("algorithm"))) {
        return &reader->algorithm;
    }
    if (slice_eq_nocase(word, SLICE("secret"))) {
        return &reader->secret;
    }
    return slice_eq_nocase(word, SLICE("id")) ? &reader->name : NULL;
}

static enum yett_err take_field(struct reader *reader, slice word)
{
    slice *field = field_of(reader, word);

    if (field == NULL) {
        return refuse(reader, "it has a word where algorithm or secret should stand");
    }
    if (field->ptr != NULL) {
        return refuse(reader, "it has more than one key, or one with something twice");
    }
    return take_next_word(reader, field)
               ? YETT_OK
               : refuse(reader, "it has an algorithm, a name or a secret that is empty");
}

/* key "NAME" { algorithm A; secret "S"; }; */
static enum yett_err read_named(struct reader *reader)
{
    slice word;

    if (!take_next_word(reader, &reader->name) || !take_mark(reader, '{')) {
        return refuse(reader,
                      "it has a key without a name, or without { behind its name");
    }
    while (!take_mark(reader, '}')) {
        enum yett_err err = take_word(&reader->in, &word)
                                ? take_field(reader, word)
                                : refuse(reader, "it has a key that does not end with }");
        if (err != YETT_OK) {
            return err;
        }
        if (!take_mark(reader, ';')) {
            return refuse(reader, "it has a line without ; at its end");
        }
    }
    (void)take_mark(reader, ';');
    return YETT_OK;
}

/* key: - id: NAME, and so on.  Only as much of YAML as knot's own tools write. */
static enum yett_err read_knot(struct reader *reader)
{
    slice word;

    reader->is_yaml = true;
    reader->in = slice_skip(reader->in, 1); /* the colon behind "key" */
    skip_blank(reader);
    while (reader->in.len != 0) {
        enum yett_err err = YETT_OK;
        if (slice_take(&reader->in, SLICE("- "))) {
            skip_blank(reader);
        }
        if (!take_word(&reader->in, &word) || !slice_take_byte(&reader->in, ':')) {
            return refuse(reader, "it has a line that is not of the form \"secret: …\"");
        }
        err = take_field(reader, word);
        if (err != YETT_OK) {
            return err;
        }
        skip_blank(reader);
    }
    return YETT_OK;
}

/* ALGORITHM:NAME:SECRET */
static enum yett_err read_colons(struct reader *reader, slice algorithm)
{
    reader->algorithm = algorithm;
    if (!slice_take_byte(&reader->in, ':') || !take_word(&reader->in, &reader->name) ||
        !slice_take_byte(&reader->in, ':') || !take_word(&reader->in, &reader->secret)) {
        return refuse(reader, "it has no key of the form hmac-sha256:NAME:SECRET, nor of "
                              "the form key \"NAME\" { … }");
    }
    return YETT_OK;
}

static enum yett_err read_form(struct reader *reader)
{
    slice word;
    enum yett_err err;

    if (!take_next_word(reader, &word)) {
        return refuse(reader, "it has no key");
    }
    bool is_key = slice_eq_nocase(word, SLICE("key"));
    if (is_key && slice_peek(reader->in) == ':') {
        err = read_knot(reader);
    } else {
        err = is_key ? read_named(reader) : read_colons(reader, word);
    }
    skip_blank(reader);
    return err == YETT_OK && reader->in.len != 0
               ? refuse(reader,
                        "it goes on behind the key: it must have one, and no more")
               : err;
}

/* ---- what was read ----------------------------------------------------------------- */

static enum yett_err find_algorithm(struct reader *reader, enum crypto_mac *out)
{
    slice name = reader->algorithm;

    if (slice_ends_with(name, SLICE("."))) {
        name = slice_first(name, name.len - 1);
    }
    for (size_t i = 0; i < sizeof(algorithm_rules) / sizeof(algorithm_rules[0]); i++) {
        const struct algorithm_rule *rule = &algorithm_rules[i];
        if (slice_eq_nocase(name, rule->name)) {
            *out = rule->mac;
            return rule->is_accepted ? YETT_OK : refuse(reader, rule->fault);
        }
    }
    return refuse(reader, "it has an algorithm that is not known: use hmac-sha256");
}

static enum yett_err decode_secret(struct arena *arena, struct reader *reader, slice *out)
{
    size_t bad_at;
    enum yett_err err = base64_decode(arena, reader->secret, out, &bad_at);

    if (err == YETT_BAD_SYNTAX) {
        return refuse(reader, "it has a secret that is not base64");
    }
    if (err == YETT_OK && out->len < SECRET_MIN) {
        return refuse(reader,
                      "it has a secret of less than 16 octets, which can be guessed");
    }
    return err == YETT_OK && out->len > SECRET_MAX
               ? refuse(reader, "it has a secret of more than 1024 octets")
               : err;
}

enum yett_err update_key_parse(struct arena *arena, slice text, struct update_key *out,
                               const char **why)
{
    struct reader reader = {.in = text};
    struct update_key key = {.name = SLICE_NONE};
    enum yett_err err = read_form(&reader);

    if (err == YETT_OK && (reader.name.ptr == NULL || reader.algorithm.ptr == NULL ||
                           reader.secret.ptr == NULL)) {
        err = refuse(&reader, "it has a key without its name, algorithm or secret");
    }
    if (err == YETT_OK) {
        err = find_algorithm(&reader, &key.algorithm);
    }
    if (err == YETT_OK) {
        slice name = SLICE_NONE; /* copied: the text is wiped before the key is used */
        err = dns_name_normalize(arena, reader.name, &name);
        err = err == YETT_BAD_SYNTAX
                  ? refuse(&reader, "it has a name of a key that is no domain name")
                  : err;
        err = err == YETT_OK ? arena_copy(arena, name, &key.name) : err;
    }
    if (err == YETT_OK) {
        err = decode_secret(arena, &reader, &key.secret);
    }
    if (err == YETT_OK) {
        *out = key;
    } else if (err == YETT_BAD_SYNTAX) {
        *why = reader.why;
    }
    return err;
}

const char *update_algorithm_text(enum crypto_mac algorithm)
{
    switch (algorithm) {
    case CRYPTO_HMAC_SHA256:
        return "hmac-sha256";
    case CRYPTO_HMAC_SHA384:
        return "hmac-sha384";
    case CRYPTO_HMAC_SHA512:
        return "hmac-sha512";
    }
    return "unknown";
}
