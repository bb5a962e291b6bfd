/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/base64.h"
#include "core/base/buf.h"
#include "core/base/num.h"
#include "core/dkim/algorithm.h"
#include "core/dkim/dkim.h"
#include "core/dkim/identity.h"
#include "core/dkim/sign.h"
#include "core/domain/domain.h"

/*
 * signature: one DKIM-Signature field (RFC 6376 section 3.5), validated as meticulously as
 * section 6.1.1 asks.  What is wrong first is what is reported; the tags behind it are read
 * all the same, for those who report on signatures.
 */

struct reader {
    struct arena *arena;
    struct dkim_signature *out;
    enum yett_err err;
    bool is_unsigned; /* b= is still to be made */
};

/* ---- what is wrong ------------------------------------------------------------------ */

enum { SHOWN_MAX = 60, ERROR_MAX = 400 };

static void refuse(struct reader *reader, enum dkim_code code, slice at,
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
static void unreadable(struct reader *reader, slice at, const char *why)
{
    refuse(reader, DKIM_NEUTRAL, at, why, SLICE_NONE, "");
}

static void unknown(struct reader *reader, const struct tag *tag, const char *what)
{
    refuse(reader, DKIM_NEUTRAL, tag->value, what, tag->value, "\"");
}

/* It can be read, and says what the standard forbids. */
static void forbidden(struct reader *reader, slice at, const char *why)
{
    refuse(reader, DKIM_PERMERROR, at, why, SLICE_NONE, "");
}

/* ---- tags --------------------------------------------------------------------------- */

static void refuse_fields(struct reader *reader, const struct tag *tag)
{
    forbidden(reader, tag->value,
              "h= stands in it, and a seal signs what the standard says and no choice");
}

static void read_version(struct reader *reader, const struct tag *tag)
{
    if (!slice_eq(tag->value, SLICE("1"))) {
        unknown(reader, tag, "v= is not 1 but \"");
    }
}

static void read_algorithm(struct reader *reader, const struct tag *tag)
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
static void read_canon(struct reader *reader, const struct tag *tag)
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
static bool read_name(struct reader *reader, const struct tag *tag, slice *out,
                      const char *why)
{
    enum yett_err err = domain_normalize(reader->arena, tag->value, out);
    if (err == YETT_BAD_SYNTAX || slice_ends_with(tag->value, SLICE("."))) {
        unreadable(reader, tag->value, why);
        *out = SLICE_NONE;
        return false;
    }
    if (err != YETT_OK) {
        reader->err = err;
    }
    return err == YETT_OK;
}

static void read_domain(struct reader *reader, const struct tag *tag)
{
    slice domain;
    if (!read_name(reader, tag, &domain, "d= is not a domain name")) {
        return;
    }
    if (!slice_has_byte(domain, '.')) {
        unreadable(reader, tag->value,
                   "d= is a domain of one label, under which nobody signs");
        return;
    }
    reader->out->domain = domain;
}

static void read_selector(struct reader *reader, const struct tag *tag)
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

static void read_signed_fields(struct reader *reader, const struct tag *tag)
{
    slice names = tag->value;
    slice name;
    size_t count = 0;

    if (names.len == 0) {
        unreadable(reader, names, "h= is empty");
        return;
    }
    while (slice_next_piece(&names, ':', &name)) {
        name = slice_trim_fws(name);
        if (!is_field_name(name)) {
            unreadable(reader, tag->value, "h= holds something that is no field name");
            return;
        }
        count++;
    }
    if (count > DKIM_SIGNED_FIELDS_MAX) {
        unreadable(reader, tag->value, "h= names more than 500 fields");
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

static bool read_base64(struct reader *reader, const struct tag *tag, slice *out,
                        const char *why)
{
    size_t bad_at = 0;
    enum yett_err err = base64_decode(reader->arena, tag->value, out, &bad_at);
    if (err == YETT_BAD_SYNTAX || (err == YETT_OK && out->len == 0)) {
        *out = SLICE_NONE;
        unreadable(reader, slice_skip(tag->value, bad_at), why);
        return false;
    }
    if (err != YETT_OK) {
        reader->err = err;
    }
    return err == YETT_OK;
}

static void read_body_hash(struct reader *reader, const struct tag *tag)
{
    struct dkim_signature *out = reader->out;
    if (!read_base64(reader, tag, &out->body_hash, "bh= is not base64 of a digest") ||
        out->algorithm == DKIM_UNKNOWN_ALGORITHM) {
        return;
    }
    if (out->body_hash.len != crypto_digest_size(dkim_algorithm_digest(out->algorithm))) {
        unreadable(reader, tag->value,
                   "bh= is not as long as the digests of the algorithm in a= are");
    }
}

static void read_signature(struct reader *reader, const struct tag *tag)
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

static void read_identity(struct reader *reader, const struct tag *tag)
{
    struct dkim_signature *out = reader->out;
    enum yett_err err = dkim_unfold(reader->arena, tag->value, &out->identity);
    if (err == YETT_OK) {
        err = dkim_identity_domain(reader->arena, out->identity, &out->identity_domain);
    }
    if (err == YETT_BAD_SYNTAX) {
        out->identity_domain = SLICE_NONE;
        unreadable(reader, tag->value, "i= has no domain name behind an \"@\"");
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

static void read_length(struct reader *reader, const struct tag *tag)
{
    uint64_t length = 0;
    if (!read_number(tag, 76, &length)) {
        unreadable(reader, tag->value, "l= is not a number of at most 76 digits");
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

static void read_signing_time(struct reader *reader, const struct tag *tag)
{
    if (!read_time(tag, &reader->out->signed_at_s)) {
        unreadable(reader, tag->value, "t= is not a number of seconds");
    }
}

static void read_expiration(struct reader *reader, const struct tag *tag)
{
    struct dkim_signature *out = reader->out;
    if (!read_time(tag, &out->expires_at_s)) {
        unreadable(reader, tag->value, "x= is not a number of seconds");
    } else if (out->signed_at_s != DKIM_NO_TIME && out->expires_at_s != INT64_MAX &&
               out->expires_at_s <= out->signed_at_s) {
        forbidden(reader, tag->value,
                  "x= is not later than t=: it expired before it was made");
    }
}

static void read_query_methods(struct reader *reader, const struct tag *tag)
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

/* ---- the field ---------------------------------------------------------------------- */

struct tag_rule {
    slice name;
    const char *missing; /* NULL: optional */
    void (*read)(struct reader *reader, const struct tag *tag);
};

/* Section 3.5, in the order in which one tag's meaning needs another's. */
static const struct tag_rule signature_rules[] = {
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
static const struct tag_rule message_rules[] = {
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
static const struct tag_rule seal_rules[] = {
    {SLICE_INIT("a"), "the tag a= is missing", read_algorithm   },
    {SLICE_INIT("d"), "the tag d= is missing", read_domain      },
    {SLICE_INIT("s"), "the tag s= is missing", read_selector    },
    {SLICE_INIT("t"), NULL,                    read_signing_time},
    {SLICE_INIT("h"), NULL,                    refuse_fields    },
    {SLICE_INIT("b"), "the tag b= is missing", read_signature   },
};

enum { TAG_RULES_MAX = sizeof(signature_rules) / sizeof(signature_rules[0]) };

#define FORM(name, rules)                                                                \
    {                                                                                    \
        name, rules, sizeof(rules) / sizeof((rules)[0])                                  \
    }

static const struct form {
    const char *name;
    const struct tag_rule *rules;
    size_t rule_count;
} forms[] = {
    [DKIM_FORM_SIGNATURE] = FORM("DKIM-Signature", signature_rules),
    [DKIM_FORM_MESSAGE] = FORM("ARC-Message-Signature", message_rules),
    [DKIM_FORM_SEAL] = FORM("ARC-Seal", seal_rules),
};

const char *dkim_form_text(enum dkim_form form)
{
    return forms[form].name;
}

static void read_tags(struct reader *reader)
{
    const struct taglist *list = &reader->out->tags;
    const struct form *form = &forms[reader->out->form];
    const struct tag *found[TAG_RULES_MAX] = {NULL};

    for (size_t i = 0; i < list->count; i++) {
        for (size_t rule = 0; rule < form->rule_count; rule++) {
            slice name = form->rules[rule].name;
            if (list->tags[i].name.ptr[0] == name.ptr[0] &&
                slice_eq(list->tags[i].name, name)) {
                found[rule] = &list->tags[i];
            }
        }
    }
    for (size_t rule = 0; rule < form->rule_count && reader->err == YETT_OK; rule++) {
        if (found[rule] != NULL) {
            form->rules[rule].read(reader, found[rule]);
        } else if (form->rules[rule].missing != NULL) {
            unreadable(reader, SLICE_NONE, form->rules[rule].missing);
        }
    }
}

/* Section 3.5, i=: default is "@" and the domain. */
static void default_identity(struct reader *reader)
{
    struct dkim_signature *out = reader->out;
    struct buf buf;
    if (out->identity.len != 0 || out->domain.len == 0 || reader->err != YETT_OK) {
        return;
    }
    buf_init(&buf, reader->arena, out->domain.len + 1);
    buf_add_byte(&buf, '@');
    buf_add(&buf, out->domain);
    reader->err = buf_err(&buf);
    out->identity = buf_slice(&buf);
    out->identity_domain = slice_skip(out->identity, 1);
}

/* The name that is asked for the key has to be one (RFC 1035 section 2.3.4). */
static void check_key_name(struct reader *reader)
{
    static const slice middle = SLICE_INIT("._domainkey.");
    size_t length = reader->out->selector.len + middle.len + reader->out->domain.len;
    if (length > 253) {
        unreadable(reader, SLICE_NONE,
                   "s= and d= make a name that is longer than DNS allows");
    }
}

static enum yett_err parse_field(struct arena *arena, enum dkim_form form,
                                 const struct message_field *field, bool is_unsigned,
                                 struct dkim_signature *out)
{
    struct taglist_error error = {0};
    struct reader reader = {.arena = arena, .out = out, .is_unsigned = is_unsigned};
    *out = (struct dkim_signature){
        .form = form,
        .field = field,
        .algorithm = DKIM_UNKNOWN_ALGORITHM,
        .body_length = DKIM_NO_LENGTH,
        .signed_at_s = DKIM_NO_TIME,
        .expires_at_s = DKIM_NO_TIME,
    };
    enum yett_err err = taglist_parse(arena, field->value, &out->tags, &error);
    if (err == YETT_BAD_SYNTAX) {
        out->tags = (struct taglist){0};
        unreadable(&reader, slice_skip(field->value, error.offset), error.why);
        return reader.err;
    }
    if (err != YETT_OK) {
        return err;
    }
    read_tags(&reader);
    default_identity(&reader);
    check_key_name(&reader);
    return reader.err;
}

enum yett_err dkim_parse_form(struct arena *arena, enum dkim_form form,
                              const struct message_field *field,
                              struct dkim_signature *out)
{
    return parse_field(arena, form, field, false, out);
}

enum yett_err dkim_parse_unsigned(struct arena *arena, enum dkim_form form,
                                  const struct message_field *field,
                                  struct dkim_signature *out)
{
    return parse_field(arena, form, field, true, out);
}

enum yett_err dkim_parse_signature(struct arena *arena, const struct message_field *field,
                                   struct dkim_signature *out)
{
    return dkim_parse_form(arena, DKIM_FORM_SIGNATURE, field, out);
}

bool dkim_signs_field(const struct dkim_signature *signature, const char *name)
{
    slice wanted = slice_from_text(name);
    slice names = signature->signed_fields;
    slice piece;
    while (slice_next_piece(&names, ':', &piece)) {
        if (slice_eq_nocase(slice_trim_fws(piece), wanted)) {
            return true;
        }
    }
    return false;
}
