/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/macro.h"

#include "core/base/ascii.h"
#include "core/base/num.h"

#include <assert.h>

/* Section 7.3 asks for at least 127; more parts than this no string of ours has. */
enum { PARTS_ALL = 0, PARTS_MAX = 1000000 };

struct token {
    slice literal; /* when `letter` is 0 */
    char letter;   /* lower case */
    bool escape;   /* written in upper case */
    bool reverse;
    uint64_t parts; /* PARTS_ALL: no DIGIT was given */
    slice delimiters;
};

/* ---- reading ------------------------------------------------------------------------ */

static const struct letter_rule {
    char letter;
    bool explanation_only; /* section 7.2 */
    unsigned uses;
} letter_rules[] = {
    {'s', false, SPF_USES_LOCAL },
    {'l', false, SPF_USES_LOCAL },
    {'o', false, 0              },
    {'d', false, 0              },
    {'i', false, 0              },
    {'p', false, SPF_USES_CLIENT},
    {'v', false, 0              },
    {'h', false, 0              },
    {'c', true,  0              },
    {'r', true,  0              },
    {'t', true,  0              },
};

static const struct letter_rule *find_letter(char letter)
{
    for (size_t i = 0; i < sizeof letter_rules / sizeof letter_rules[0]; i++) {
        if (letter_rules[i].letter == letter) {
            return &letter_rules[i];
        }
    }
    return NULL;
}

static bool is_delimiter(int c)
{
    return c != -1 && slice_has_byte(SLICE(".-+,/_="), (char)c);
}

/* %%, %_ and %- (section 7.1, "Some special cases"). */
static bool take_special(slice *in, slice *literal)
{
    static const struct {
        slice written;
        slice meant;
    } specials[] = {
        {SLICE_INIT("%%"), SLICE_INIT("%")  },
        {SLICE_INIT("%_"), SLICE_INIT(" ")  },
        {SLICE_INIT("%-"), SLICE_INIT("%20")},
    };
    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
        if (slice_take(in, specials[i].written)) {
            *literal = specials[i].meant;
            return true;
        }
    }
    return false;
}

static enum yett_err take_parts(slice *in, uint64_t *parts, const char **why)
{
    slice digits = *in;
    enum yett_err err = num_take_uint(in, PARTS_MAX, parts);
    if (err == YETT_BAD_SYNTAX) {
        *parts = PARTS_ALL;
        return YETT_OK;
    }
    if (err == YETT_LIMIT) {
        while (ascii_is_digit(slice_peek(*in))) {
            *in = slice_skip(*in, 1);
        }
        *parts = PARTS_MAX;
        return YETT_OK;
    }
    if (*parts == 0) {
        *in = digits;
        *why = "asks for the last 0 parts of a macro";
        return YETT_BAD_SYNTAX;
    }
    return YETT_OK;
}

/* After "%{" (section 7.1, macro-expand). */
static enum yett_err take_braces(slice *in, struct token *out, const char **why)
{
    int c = slice_peek(*in);
    char letter = c == -1 ? '\0' : ascii_lower(in->ptr[0]);
    if (letter == '\0' || find_letter(letter) == NULL) {
        *why = "names a macro that does not exist";
        return YETT_BAD_SYNTAX;
    }
    *out = (struct token){.letter = letter, .escape = ascii_is_upper(c)};
    *in = slice_skip(*in, 1);

    enum yett_err err = take_parts(in, &out->parts, why);
    if (err != YETT_OK) {
        return err;
    }
    out->reverse = slice_take_nocase(in, SLICE("r"));

    slice start = *in;
    while (is_delimiter(slice_peek(*in))) {
        *in = slice_skip(*in, 1);
    }
    out->delimiters = slice_first(start, start.len - in->len);
    if (!slice_take_byte(in, '}')) {
        *why = "has a macro without its closing brace, or with something odd in it";
        return YETT_BAD_SYNTAX;
    }
    return YETT_OK;
}

/* One token from the front; `*in` is left at what could not be accepted. */
static enum yett_err next_token(slice *in, struct token *out, const char **why)
{
    size_t literal = slice_find_byte(*in, '%');
    if (literal > 0) {
        *out = (struct token){.literal = slice_first(*in, literal)};
        *in = slice_skip(*in, literal);
        return YETT_OK;
    }
    *out = (struct token){0};
    if (take_special(in, &out->literal)) {
        return YETT_OK;
    }
    if (slice_take(in, SLICE("%{"))) {
        return take_braces(in, out, why);
    }
    *why = "has a % that is followed by none of {, %, _ and -";
    return YETT_BAD_SYNTAX;
}

/* ---- checking ----------------------------------------------------------------------- */

static bool literal_byte_is_allowed(int c, enum spf_macro_place place)
{
    return ascii_is_vchar(c) || (place == SPF_IN_EXPLANATION && c == ' ');
}

static enum yett_err check_literal(slice *literal, enum spf_macro_place place,
                                   const char **why)
{
    while (!slice_is_empty(*literal)) {
        if (!literal_byte_is_allowed(slice_peek(*literal), place)) {
            *why = "has an octet that is not a visible ASCII character";
            return YETT_BAD_SYNTAX;
        }
        *literal = slice_skip(*literal, 1);
    }
    return YETT_OK;
}

static bool is_toplabel(slice label)
{
    bool letter_or_hyphen = false;
    for (size_t i = 0; i < label.len; i++) {
        int c = slice_peek(slice_skip(label, i));
        bool edge = i == 0 || i == label.len - 1;
        if (!ascii_is_alnum(c) && (c != '-' || edge)) {
            return false;
        }
        letter_or_hyphen = letter_or_hyphen || !ascii_is_digit(c);
    }
    return letter_or_hyphen;
}

/*
 * The end of a domain-spec that does not end in a macro: "." toplabel [ "." ], where `tail`
 * is what follows the last macro.
 */
static enum yett_err check_domain_end(slice tail, const char **why)
{
    slice name =
        slice_ends_with(tail, SLICE(".")) ? slice_first(tail, tail.len - 1) : tail;
    size_t dot = slice_find_last_byte(name, '.');
    if (dot == name.len) {
        *why = "needs a domain name of at least two labels";
        return YETT_BAD_SYNTAX;
    }
    if (!is_toplabel(slice_skip(name, dot + 1))) {
        *why = "has a domain that does not end in a top-level domain";
        return YETT_BAD_SYNTAX;
    }
    return YETT_OK;
}

static enum yett_err check_macro(const struct token *token, enum spf_macro_place place,
                                 unsigned *uses, const char **why)
{
    const struct letter_rule *rule = find_letter(token->letter);
    assert(rule != NULL);
    if (rule->explanation_only && place == SPF_IN_DOMAIN_SPEC) {
        *why = "uses a macro that is for the text of explanations only";
        return YETT_BAD_SYNTAX;
    }
    *uses |= rule->uses;
    return YETT_OK;
}

/* One token read and checked; `*in` is left at what is wrong with it. */
static enum yett_err check_token(slice *in, enum spf_macro_place place, unsigned *uses,
                                 const char **why)
{
    slice start = *in;
    struct token token;
    enum yett_err err = next_token(in, &token, why);
    if (err != YETT_OK) {
        return err;
    }
    if (token.letter != '\0') {
        err = check_macro(&token, place, uses, why);
        *in = err == YETT_OK ? *in : start;
        return err;
    }
    if (slice_peek(start) == '%') {
        return YETT_OK;
    }
    slice literal = token.literal;
    err = check_literal(&literal, place, why);
    *in = err == YETT_OK ? *in : slice_skip(start, token.literal.len - literal.len);
    return err;
}

enum yett_err spf_macro_check(slice text, enum spf_macro_place place, unsigned *uses,
                              size_t *bad_at, const char **why)
{
    slice in = text;
    slice tail = text; /* after the last macro */
    unsigned used = 0;
    while (!slice_is_empty(in)) {
        bool macro = slice_peek(in) == '%';
        enum yett_err err = check_token(&in, place, &used, why);
        if (err != YETT_OK) {
            *bad_at = text.len - in.len;
            return err;
        }
        if (macro) {
            used |= SPF_USES_MACRO;
            tail = in;
        }
    }

    bool ends_in_macro = (used & SPF_USES_MACRO) != 0 && slice_is_empty(tail);
    if (place == SPF_IN_DOMAIN_SPEC && !ends_in_macro) {
        enum yett_err err = check_domain_end(tail, why);
        if (err != YETT_OK) {
            *bad_at = text.len - tail.len;
            return err;
        }
    }
    *uses = used;
    return YETT_OK;
}

/* ---- expanding ---------------------------------------------------------------------- */

void spf_write_dotted_ip(struct buf *buf, struct ip ip)
{
    static const char digits[] = "0123456789ABCDEF";
    if (ip.family != IP_V6) {
        ip_write(buf, ip);
        return;
    }
    for (size_t i = 0; i < 16; i++) {
        buf_add_text(buf, i == 0 ? "" : ".");
        buf_add_byte(buf, digits[ip.bytes[i] >> 4]);
        buf_add_byte(buf, '.');
        buf_add_byte(buf, digits[ip.bytes[i] & 15]);
    }
}

/* Values that have to be written first go to `made`. */
static slice value_of(char letter, const struct spf_macro_values *values,
                      struct buf *made)
{
    switch (letter) {
    case 's':
        return values->sender;
    case 'l':
        return values->local;
    case 'o':
        return values->origin;
    case 'd':
        return values->domain;
    case 'p':
        return values->client;
    case 'h':
        return values->helo;
    case 'r':
        return values->receiver;
    case 'v':
        return values->ip.family == IP_V6 ? SLICE("ip6") : SLICE("in-addr");
    case 'i':
        spf_write_dotted_ip(made, values->ip);
        break;
    case 'c':
        ip_write(made, values->ip);
        break;
    case 't':
        buf_add_uint(made, values->now_s > 0 ? (uint64_t)values->now_s : 0);
        break;
    default: /* spf_macro_check() let no other pass */
        break;
    }
    return buf_slice(made);
}

/* RFC 3986 section 2.3. */
static bool is_unreserved(int c)
{
    return ascii_is_alnum(c) || (c != -1 && slice_has_byte(SLICE("-._~"), (char)c));
}

static void add_escaped(struct buf *buf, slice bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; !slice_is_empty(bytes); bytes = slice_skip(bytes, 1)) {
        int c = slice_peek(bytes);
        if (is_unreserved(c)) {
            buf_add_byte(buf, (char)c);
            continue;
        }
        buf_add_byte(buf, '%');
        buf_add_byte(buf, digits[(unsigned)c >> 4]);
        buf_add_byte(buf, digits[(unsigned)c & 15]);
    }
}

static void add_part(struct buf *buf, slice part, bool first, bool escape)
{
    if (!first) {
        buf_add_byte(buf, '.');
    }
    if (escape) {
        add_escaped(buf, part);
    } else {
        buf_add(buf, part);
    }
}

static size_t find_delimiter(slice value, slice delimiters)
{
    size_t at = 0;
    while (at < value.len && !slice_has_byte(delimiters, value.ptr[at])) {
        at++;
    }
    return at;
}

/* The part after the last delimiter; `*value` is left without it, and without that. */
static slice cut_last_part(slice *value, slice delimiters)
{
    size_t start = value->len;
    while (start > 0 && !slice_has_byte(delimiters, value->ptr[start - 1])) {
        start--;
    }
    slice part = slice_skip(*value, start);
    *value = slice_first(*value, start == 0 ? 0 : start - 1);
    return part;
}

static size_t count_parts(slice value, slice delimiters)
{
    size_t count = 1;
    for (size_t i = 0; i < value.len; i++) {
        count += slice_has_byte(delimiters, value.ptr[i]) ? 1 : 0;
    }
    return count;
}

/* Its first `keep` parts, last first: what remains of the reversed list's right side. */
static void add_reversed(struct buf *buf, slice value, const struct token *token,
                         size_t count, size_t keep)
{
    for (size_t i = count; i > 0; i--) {
        slice part = cut_last_part(&value, token->delimiters);
        if (i <= keep) {
            add_part(buf, part, i == keep, token->escape);
        }
    }
}

/* Its last `keep` parts. */
static void add_forward(struct buf *buf, slice value, const struct token *token,
                        size_t count, size_t keep)
{
    for (size_t i = 0; i < count; i++) {
        size_t end = find_delimiter(value, token->delimiters);
        if (i >= count - keep) {
            add_part(buf, slice_first(value, end), i == count - keep, token->escape);
        }
        value = slice_skip(value, end + 1);
    }
}

/* Section 7.3: split, reverse, keep the right-hand parts, join with dots. */
static void add_transformed(struct buf *buf, slice value, struct token token)
{
    if (slice_is_empty(token.delimiters)) {
        token.delimiters = SLICE(".");
    }
    size_t count = count_parts(value, token.delimiters);
    size_t keep =
        token.parts == PARTS_ALL || token.parts > count ? count : (size_t)token.parts;
    if (token.reverse) {
        add_reversed(buf, value, &token, count, keep);
    } else {
        add_forward(buf, value, &token, count, keep);
    }
}

void spf_macro_expand(struct buf *buf, slice text, const struct spf_macro_values *values)
{
    enum {
        MADE_BYTES = 64, /* an IPv6 address in dotted nibbles has 63 */
        /* Of all values together.  Macros may read a long local part ten thousand times and
           keep nothing of it, which no limit on the result would notice. */
        READ_BYTES_MAX = 64 * 1024
    };
    struct token token;
    const char *why = NULL;
    size_t room = READ_BYTES_MAX;
    while (!slice_is_empty(text) && buf_err(buf) == YETT_OK) {
        enum yett_err err = next_token(&text, &token, &why);
        assert(err == YETT_OK);
        if (token.letter == '\0') {
            buf_add(buf, token.literal);
            continue;
        }
        struct buf made;
        buf_init(&made, buf->arena, MADE_BYTES);
        slice value = value_of(token.letter, values, &made);
        if (value.len > room) {
            buf->err = YETT_LIMIT;
            return;
        }
        room -= value.len;
        add_transformed(buf, value, token);
        if (buf_err(&made) == YETT_NO_MEMORY && buf->err == YETT_OK) {
            buf->err = YETT_NO_MEMORY;
        }
    }
}
