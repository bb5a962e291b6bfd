/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/tags.h"

#include "core/base/ascii.h"
#include "core/base/base64.h"
#include "core/base/buf.h"
#include "core/base/num.h"
#include "core/dkim/algorithm.h"
#include "core/dkim/identity.h"
#include "core/domain/domain.h"

/*
 * tags: what each tag of a signature field may say, validated as meticulously as RFC 6376
 * section 6.1.1 asks.
 */

/* ---- what is wrong ------------------------------------------------------------------ */

enum { SHOWN_MAX = 60, ERROR_MAX = 400 };

static void refuse(struct dkim_reader *reader, enum dkim_code code, slice at,
                   const char *before, slice shown, const char *after)
{
    struct dkim_signature *out = reader->out;
    struct buf buf;
    if (out->error.len != 0 || reader->err != YETT_OK) {
        return;
    }
    buf_init(&buf, reader->arena, ERROR_MAX);
    buf_add_text(&buf, before);
    buf_add_visible(&buf, slice_first(shown, SHOWN_MAX));
    buf_add_text(&buf, shown.len > SHOWN_MAX ? "…" : "");
    buf_add_text(&buf, after);
    reader->err = buf_err(&buf) == YETT_LIMIT ? YETT_OK : buf_err(&buf);
    out->error = buf_slice(&buf);
    out->error_code = code;
    out->error_offset = at.len == 0 && at.ptr == NULL
                            ? out->field->value.len
                            : slice_offset(out->field->value, at);
}

/* The field cannot be read, or names what we do not know. */
void dkim_unreadable(struct dkim_reader *reader, slice at, const char *why)
{
    refuse(reader, DKIM_NEUTRAL, at, why, SLICE_NONE, "");
}

static void unknown(struct dkim_reader *reader, const struct tag *tag, const char *what)
{
    refuse(reader, DKIM_NEUTRAL, tag->value, what, tag->value, "\"");
}

/* It can be read, and says what the standard forbids. */
static void forbidden(struct dkim_reader *reader, slice at, const char *why)
{
    refuse(reader, DKIM_PERMERROR, at, why, SLICE_NONE, "");
}

/* ---- tags --------------------------------------------------------------------------- */

static void refuse_fields(struct dkim_reader *reader, const struct tag *tag)
{
    forbidden(reader, tag->value,
              "h= stands in it, and a seal signs what the standard says and no choice");
}

static void read_version(struct dkim_reader *reader, const struct tag *tag)
{
    if (!slice_eq(tag->value, SLICE("1"))) {
        unknown(reader, tag, "v= is not 1 but \"");
    }
}

static void read_algorithm(struct dkim_reader *reader, const struct tag *tag)
{
    reader->out->algorithm_text = tag->value;
    reader->out->algorithm = dkim_algorithm_find(tag->value);
    if (reader->out->algorithm == DKIM_UNKNOWN_ALGORITHM) {
        unknown(reader, tag, "a= names an unknown algorithm, \"");
    }
}

static bool read_canon_word(slice word, enum dkim_canon *out)
{
    if (slice_eq_nocase(word, SLICE("relaxed"))) {
        *out = DKIM_RELAXED;
    } else if (slice_eq_nocase(word, SLICE("simple"))) {
        *out = DKIM_SIMPLE;
    } else {
        return false;
    }
    return true;
}

/* One word is for the header; the body is then simple. */
static void read_canon(struct dkim_reader *reader, const struct tag *tag)
{
    size_t slash = slice_find_byte(tag->value, '/');
    bool is_known =
        read_canon_word(slice_first(tag->value, slash), &reader->out->header_canon) &&
        (slash == tag->value.len ||
         read_canon_word(slice_skip(tag->value, slash + 1), &reader->out->body_canon));
    if (!is_known) {
        unknown(reader, tag, "c= names an unknown canonicalisation, \"");
    }
}

/* A name of DNS in normal form, or false with the refusal made. */
static bool read_name(struct dkim_reader *reader, const struct tag *tag, slice *out,
                      const char *why)
{
    enum yett_err err = domain_normalize(reader->arena, tag->value, out);
    if (err == YETT_BAD_SYNTAX || slice_ends_with(tag->value, SLICE("."))) {
        dkim_unreadable(reader, tag->value, why);
        *out = SLICE_NONE;
        return false;
    }
    if (err != YETT_OK) {
        reader->err = err;
    }
    return err == YETT_OK;
}

static void read_domain(struct dkim_reader *reader, const struct tag *tag)
{
    slice domain;
    if (!read_name(reader, tag, &domain, "d= is not a domain name")) {
        return;
    }
    if (!slice_has_byte(domain, '.')) {
        dkim_unreadable(reader, tag->value,
                        "d= is a domain of one label, under which nobody signs");
        return;
    }
    reader->out->domain = domain;
}

static void read_selector(struct dkim_reader *reader, const struct tag *tag)
{
    slice selector;
    if (read_name(reader, tag, &selector,
                  "s= is not a selector, which is a domain name")) {
        reader->out->selector = selector;
    }
}

static bool is_field_name(slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!ascii_is_vchar(name.ptr[i])) {
            return false;
        }
    }
    return name.len != 0;
}

static void read_signed_fields(struct dkim_reader *reader, const struct tag *tag)
{
    slice names = tag->value;
    slice name;
    size_t count = 0;

    if (names.len == 0) {
        dkim_unreadable(reader, names, "h= is empty");
        return;
    }
    while (slice_next_piece(&names, ':', &name)) {
        name = slice_trim_fws(name);
        if (!is_field_name(name)) {
            dkim_unreadable(reader, tag->value,
                            "h= holds something that is no field name");
            return;
        }
        count++;
    }
    if (count > DKIM_SIGNED_FIELDS_MAX) {
        dkim_unreadable(reader, tag->value, "h= names more than 500 fields");
        return;
    }
    reader->out->signed_fields = tag->value;
    /* Deliberately the other fields of ARC are let through: RFC 8617 section 4.1.2 forbids
       them all, but sealers in use sign ARC-Authentication-Results, and nobody is deceived
       by more being signed.  Of a seal nobody could tell later which one it was. */
    if (reader->out->form == DKIM_FORM_MESSAGE &&
        dkim_signs_field(reader->out, "ARC-Seal")) {
        forbidden(reader, tag->value,
                  "ARC-Seal is in h=, which an ARC-Message-Signature must not sign");
    }
    if (!dkim_signs_field(reader->out, "From")) {
        forbidden(reader, tag->value,
                  "From is not in h=, so the signature says nothing about the author");
    }
}

static bool read_base64(struct dkim_reader *reader, const struct tag *tag, slice *out,
                        const char *why)
{
    size_t bad_at = 0;
    enum yett_err err = base64_decode(reader->arena, tag->value, out, &bad_at);
    if (err == YETT_BAD_SYNTAX || (err == YETT_OK && out->len == 0)) {
        *out = SLICE_NONE;
        dkim_unreadable(reader, slice_skip(tag->value, bad_at), why);
        return false;
    }
    if (err != YETT_OK) {
        reader->err = err;
    }
    return err == YETT_OK;
}

static void read_body_hash(struct dkim_reader *reader, const struct tag *tag)
{
    struct dkim_signature *out = reader->out;
    if (!read_base64(reader, tag, &out->body_hash, "bh= is not base64 of a digest") ||
        out->algorithm == DKIM_UNKNOWN_ALGORITHM) {
        return;
    }
    if (out->body_hash.len != crypto_digest_size(dkim_algorithm_digest(out->algorithm))) {
        dkim_unreadable(reader, tag->value,
                        "bh= is not as long as the digests of the algorithm in a= are");
    }
}

static void read_signature(struct dkim_reader *reader, const struct tag *tag)
{
    struct dkim_signature *out = reader->out;
    out->b_region = tag->region;
    if (reader->is_unsigned) {
        if (tag->value.len != 0) {
            forbidden(reader, tag->value, "b= holds something before it was signed");
        }
        return;
    }
    if (read_base64(reader, tag, &out->signature, "b= is not base64 of a signature")) {
        reader->err = dkim_unfold(reader->arena, tag->value, &out->b_text);
    }
}

static void read_identity(struct dkim_reader *reader, const struct tag *tag)
{
    struct dkim_signature *out = reader->out;
    enum yett_err err = dkim_unfold(reader->arena, tag->value, &out->identity);
    if (err == YETT_OK) {
        err = dkim_identity_domain(reader->arena, out->identity, &out->identity_domain);
    }
    if (err == YETT_BAD_SYNTAX) {
        out->identity_domain = SLICE_NONE;
        dkim_unreadable(reader, tag->value, "i= has no domain name behind an \"@\"");
    } else if (err != YETT_OK) {
        reader->err = err;
    } else if (out->domain.len != 0 &&
               !domain_is_under(out->identity_domain, out->domain)) {
        forbidden(reader, tag->value, "the domain of i= is not that of d=, nor below it");
    }
}

/* 1*max DIGIT; more than what fits counts as the largest number. */
static bool read_number(const struct tag *tag, size_t max_digits, uint64_t *out)
{
    slice in = tag->value;
    if (in.len == 0 || in.len > max_digits) {
        return false;
    }
    enum yett_err err = num_parse_uint(in, UINT64_MAX - 1, out);
    if (err == YETT_LIMIT) {
        *out = UINT64_MAX - 1;
        for (size_t i = 0; i < in.len; i++) {
            if (!ascii_is_digit(in.ptr[i])) {
                return false;
            }
        }
        return true;
    }
    return err == YETT_OK;
}

static void read_length(struct dkim_reader *reader, const struct tag *tag)
{
    uint64_t length = 0;
    if (!read_number(tag, 76, &length)) {
        dkim_unreadable(reader, tag->value, "l= is not a number of at most 76 digits");
        return;
    }
    reader->out->body_length = length;
}

/* Section 3.5, t=: what has more than 12 digits may be taken as infinite. */
static bool read_time(const struct tag *tag, int64_t *out)
{
    uint64_t seconds = 0;
    if (!read_number(tag, 76, &seconds)) {
        return false;
    }
    *out = tag->value.len > 12 ? INT64_MAX : (int64_t)seconds;
    return true;
}

static void read_signing_time(struct dkim_reader *reader, const struct tag *tag)
{
    if (!read_time(tag, &reader->out->signed_at_s)) {
        dkim_unreadable(reader, tag->value, "t= is not a number of seconds");
    }
}

static void read_expiration(struct dkim_reader *reader, const struct tag *tag)
{
    struct dkim_signature *out = reader->out;
    if (!read_time(tag, &out->expires_at_s)) {
        dkim_unreadable(reader, tag->value, "x= is not a number of seconds");
    } else if (out->signed_at_s != DKIM_NO_TIME && out->expires_at_s != INT64_MAX &&
               out->expires_at_s <= out->signed_at_s) {
        forbidden(reader, tag->value,
                  "x= is not later than t=: it expired before it was made");
    }
}

static void read_query_methods(struct dkim_reader *reader, const struct tag *tag)
{
    slice methods = tag->value;
    slice method;
    reader->out->query_methods = tag->value;
    while (slice_next_piece(&methods, ':', &method)) {
        if (slice_eq_nocase(slice_trim_fws(method), SLICE("dns/txt"))) {
            return;
        }
    }
    unknown(reader, tag, "q= names no way to fetch the key that is known here, \"");
}

/* ---- which tags a field has ---------------------------------------------------------- */

/* Section 3.5, in the order in which one tag's meaning needs another's. */
static const struct dkim_tag_rule signature_rules[] = {
    {SLICE_INIT("v"),  "the tag v= is missing",  read_version      },
    {SLICE_INIT("a"),  "the tag a= is missing",  read_algorithm    },
    {SLICE_INIT("d"),  "the tag d= is missing",  read_domain       },
    {SLICE_INIT("s"),  "the tag s= is missing",  read_selector     },
    {SLICE_INIT("c"),  NULL,                     read_canon        },
    {SLICE_INIT("q"),  NULL,                     read_query_methods},
    {SLICE_INIT("i"),  NULL,                     read_identity     },
    {SLICE_INIT("t"),  NULL,                     read_signing_time },
    {SLICE_INIT("x"),  NULL,                     read_expiration   },
    {SLICE_INIT("l"),  NULL,                     read_length       },
    {SLICE_INIT("h"),  "the tag h= is missing",  read_signed_fields},
    {SLICE_INIT("bh"), "the tag bh= is missing", read_body_hash    },
    {SLICE_INIT("b"),  "the tag b= is missing",  read_signature    },
};

/* RFC 8617 section 4.1.2: the same without v= and i=. */
static const struct dkim_tag_rule message_rules[] = {
    {SLICE_INIT("a"),  "the tag a= is missing",  read_algorithm    },
    {SLICE_INIT("d"),  "the tag d= is missing",  read_domain       },
    {SLICE_INIT("s"),  "the tag s= is missing",  read_selector     },
    {SLICE_INIT("c"),  NULL,                     read_canon        },
    {SLICE_INIT("q"),  NULL,                     read_query_methods},
    {SLICE_INIT("t"),  NULL,                     read_signing_time },
    {SLICE_INIT("x"),  NULL,                     read_expiration   },
    {SLICE_INIT("l"),  NULL,                     read_length       },
    {SLICE_INIT("h"),  "the tag h= is missing",  read_signed_fields},
    {SLICE_INIT("bh"), "the tag bh= is missing", read_body_hash    },
    {SLICE_INIT("b"),  "the tag b= is missing",  read_signature    },
};

/* Section 4.1.3.  What is not named here is ignored, but for h=. */
static const struct dkim_tag_rule seal_rules[] = {
    {SLICE_INIT("a"), "the tag a= is missing", read_algorithm   },
    {SLICE_INIT("d"), "the tag d= is missing", read_domain      },
    {SLICE_INIT("s"), "the tag s= is missing", read_selector    },
    {SLICE_INIT("t"), NULL,                    read_signing_time},
    {SLICE_INIT("h"), NULL,                    refuse_fields    },
    {SLICE_INIT("b"), "the tag b= is missing", read_signature   },
};

#define RULES(list)                                                                      \
    {                                                                                    \
        list, sizeof(list) / sizeof((list)[0])                                           \
    }

_Static_assert(sizeof(signature_rules) / sizeof(signature_rules[0]) == DKIM_TAG_RULES_MAX,
               "the longest of the tables");

struct dkim_tag_rules dkim_tag_rules(enum dkim_form form)
{
    static const struct dkim_tag_rules rules[] = {
        [DKIM_FORM_SIGNATURE] = RULES(signature_rules),
        [DKIM_FORM_MESSAGE] = RULES(message_rules),
        [DKIM_FORM_SEAL] = RULES(seal_rules),
    };
    return rules[form];
}
