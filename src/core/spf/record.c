/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/spf/record.h"

#include "core/base/ascii.h"
#include "core/base/num.h"
#include "core/spf/macro.h"

#define VERSION SLICE("v=spf1")

enum { PREFIX4_MAX = 32, PREFIX6_MAX = 128 };

/* What is being read, and what is wrong with it. */
struct reader {
    slice text;
    struct spf_record *record;
    struct spf_syntax_error error;
};

slice spf_part_of(slice text, struct spf_part part)
{
    return slice_between(text, part.offset, (size_t)part.offset + part.length);
}

static struct spf_part part_of(const struct reader *reader, slice piece)
{
    if (slice_is_empty(piece)) {
        return (struct spf_part){0};
    }
    return (struct spf_part){.offset = (uint32_t)slice_offset(reader->text, piece),
                             .length = (uint32_t)piece.len};
}

/* Always false, so that a parser can end with it.  `at` points into the record, or is its end. */
static bool broken(struct reader *reader, slice at, const char *why)
{
    reader->error.offset =
        at.ptr == NULL ? reader->text.len : slice_offset(reader->text, at);
    reader->error.why = why;
    return false;
}

/* ---- arguments ---------------------------------------------------------------------- */

static bool check_macros(struct reader *reader, slice text, enum spf_macro_place place,
                         struct spf_term *term)
{
    size_t bad_at = 0;
    const char *why = NULL;
    unsigned uses = 0;
    if (spf_macro_check(text, place, &uses, &bad_at, &why) != YETT_OK) {
        return broken(reader, slice_skip(text, bad_at), why);
    }
    term->uses = uses & 0xff;
    return true;
}

static bool read_domain_spec(struct reader *reader, slice spec, struct spf_term *term)
{
    if (slice_is_empty(spec)) {
        return broken(reader, spec, "needs a domain");
    }
    if (!check_macros(reader, spec, SPF_IN_DOMAIN_SPEC, term)) {
        return false;
    }
    term->domain = part_of(reader, spec);
    return true;
}

/* "0" / %x31-39 0*DIGIT, up to `max`.  Takes all the digits there are. */
static bool take_prefix(struct reader *reader, slice *in, unsigned max, uint8_t *out)
{
    slice digits = *in;
    uint64_t value = 0;
    if (num_take_uint(in, max, &value) != YETT_OK) {
        return broken(reader, digits,
                      max == PREFIX4_MAX
                          ? "has a prefix length that is not between 0 and 32"
                          : "has a prefix length that is not between 0 and 128");
    }
    if (slice_peek(digits) == '0' && digits.len - in->len > 1) {
        return broken(reader, digits, "has a prefix length that begins with a zero");
    }
    *out = (uint8_t)value;
    return true;
}

/* All of `in` is [ ip4-cidr-length ] [ "/" ip6-cidr-length ] (section 5.6). */
static bool read_dual_prefix(struct reader *reader, slice in, struct spf_term *term)
{
    if (!slice_starts_with(in, SLICE("//")) && slice_take_byte(&in, '/') &&
        !take_prefix(reader, &in, PREFIX4_MAX, &term->prefix4)) {
        return false;
    }
    if (slice_take(&in, SLICE("//")) &&
        !take_prefix(reader, &in, PREFIX6_MAX, &term->prefix6)) {
        return false;
    }
    return slice_is_empty(in) ||
           broken(reader, in, "has something after its prefix length");
}

/* Where "/" and digits at the end of `text` begin; its length when there are none. */
static size_t find_prefix(slice text)
{
    size_t at = text.len;
    while (at > 0 && ascii_is_digit(text.ptr[at - 1])) {
        at--;
    }
    bool found = at < text.len && at > 0 && text.ptr[at - 1] == '/';
    return found ? at - 1 : text.len;
}

/*
 * A domain-spec may hold slashes, so the prefix lengths are found from the right.  There is
 * no doubt where they begin: no domain-spec ends in "/" and digits.
 */
static size_t find_dual_prefix(slice text)
{
    size_t at = find_prefix(text);
    if (at == text.len || at == 0 || text.ptr[at - 1] != '/') {
        return at;
    }
    slice before = slice_first(text, at - 1);
    return find_prefix(before);
}

static bool argument_none(struct reader *reader, slice argument, struct spf_term *term)
{
    (void)term;
    return slice_is_empty(argument) ||
           broken(reader, argument, "takes nothing after its name");
}

static bool argument_domain(struct reader *reader, slice argument, struct spf_term *term)
{
    slice spec = argument;
    if (!slice_take_byte(&spec, ':')) {
        return broken(reader, argument,
                      slice_is_empty(argument)
                          ? "needs a domain"
                          : "needs a \":\" and a domain after its name");
    }
    return read_domain_spec(reader, spec, term);
}

static bool argument_optional_domain(struct reader *reader, slice argument,
                                     struct spf_term *term)
{
    return slice_is_empty(argument) || argument_domain(reader, argument, term);
}

/* A common mistake that deserves its own words: "a:192.0.2.1". */
static bool is_address(slice spec)
{
    struct ip_network network;
    return ip_parse_network(spec, &network) == YETT_OK;
}

static bool argument_domain_and_prefix(struct reader *reader, slice argument,
                                       struct spf_term *term)
{
    if (slice_starts_with(argument, SLICE(":"))) {
        size_t prefix = find_dual_prefix(argument);
        slice spec = slice_between(argument, 1, prefix);
        if (is_address(spec)) {
            return broken(reader, spec,
                          "names an address, for which there are ip4: and ip6:");
        }
        if (!read_domain_spec(reader, spec, term)) {
            return false;
        }
        argument = slice_skip(argument, prefix);
    }
    return read_dual_prefix(reader, argument, term);
}

static bool read_network(struct reader *reader, slice argument, struct spf_term *term,
                         enum ip_family family)
{
    slice text = argument;
    if (!slice_take_byte(&text, ':')) {
        return broken(reader, argument, "needs a \":\" and an address");
    }
    size_t slash = slice_find_byte(text, '/');
    slice address = slice_first(text, slash);
    struct ip ip = {0};
    enum yett_err err =
        family == IP_V4 ? ip_parse_v4(address, &ip) : ip_parse_v6(address, &ip);
    if (err != YETT_OK) {
        return broken(reader, text,
                      family == IP_V4 ? "does not name an IPv4 address"
                                      : "does not name an IPv6 address");
    }
    memcpy(term->address, ip.bytes, sizeof term->address);

    slice in = slice_skip(text, slash);
    if (slice_take_byte(&in, '/') &&
        !take_prefix(reader, &in, family == IP_V4 ? PREFIX4_MAX : PREFIX6_MAX,
                     family == IP_V4 ? &term->prefix4 : &term->prefix6)) {
        return false;
    }
    return slice_is_empty(in) || broken(reader, in, "has something after its address");
}

static bool argument_ip4(struct reader *reader, slice argument, struct spf_term *term)
{
    return read_network(reader, argument, term, IP_V4);
}

static bool argument_ip6(struct reader *reader, slice argument, struct spf_term *term)
{
    return read_network(reader, argument, term, IP_V6);
}

/* ---- terms -------------------------------------------------------------------------- */

/* Section 5. */
static const struct mechanism_rule {
    slice name;
    enum spf_term_kind kind;
    bool (*read_argument)(struct reader *reader, slice argument, struct spf_term *term);
} mechanism_rules[] = {
    {SLICE_INIT("all"),     SPF_TERM_ALL,     argument_none             },
    {SLICE_INIT("include"), SPF_TERM_INCLUDE, argument_domain           },
    {SLICE_INIT("a"),       SPF_TERM_A,       argument_domain_and_prefix},
    {SLICE_INIT("mx"),      SPF_TERM_MX,      argument_domain_and_prefix},
    {SLICE_INIT("ptr"),     SPF_TERM_PTR,     argument_optional_domain  },
    {SLICE_INIT("ip4"),     SPF_TERM_IP4,     argument_ip4              },
    {SLICE_INIT("ip6"),     SPF_TERM_IP6,     argument_ip6              },
    {SLICE_INIT("exists"),  SPF_TERM_EXISTS,  argument_domain           },
};

static const struct mechanism_rule *find_mechanism(slice name)
{
    for (size_t i = 0; i < sizeof mechanism_rules / sizeof mechanism_rules[0]; i++) {
        if (slice_eq_nocase(mechanism_rules[i].name, name)) {
            return &mechanism_rules[i];
        }
    }
    return NULL;
}

/* Section 4.6.2. */
static enum spf_code take_qualifier(slice *in)
{
    static const struct {
        char sign;
        enum spf_code code;
    } qualifiers[] = {
        {'+', SPF_PASS    },
        {'-', SPF_FAIL    },
        {'~', SPF_SOFTFAIL},
        {'?', SPF_NEUTRAL },
    };
    for (size_t i = 0; i < sizeof qualifiers / sizeof qualifiers[0]; i++) {
        if (slice_take_byte(in, qualifiers[i].sign)) {
            return qualifiers[i].code;
        }
    }
    return SPF_PASS;
}

static slice take_alnum(slice *in)
{
    slice start = *in;
    while (ascii_is_alnum(slice_peek(*in))) {
        *in = slice_skip(*in, 1);
    }
    return slice_first(start, start.len - in->len);
}

static const char *why_unknown(slice name)
{
    if (slice_eq_nocase(name, SLICE("redirect")) || slice_eq_nocase(name, SLICE("exp"))) {
        return "is a modifier, which is written with \"=\" and no sign before it";
    }
    if (slice_is_empty(name)) {
        return "has no name";
    }
    return "is no mechanism of SPF";
}

static bool read_mechanism(struct reader *reader, slice word, struct spf_term *term)
{
    slice in = word;
    term->qualifier = take_qualifier(&in);
    slice start = in;
    slice name = take_alnum(&in);
    const struct mechanism_rule *rule = find_mechanism(name);
    int next = slice_peek(in);
    if (rule == NULL) {
        return broken(reader, start, why_unknown(name));
    }
    if (next != -1 && next != ':' && next != '/') {
        return broken(reader, in, "has something odd after the mechanism's name");
    }
    term->kind = rule->kind;
    return rule->read_argument(reader, in, term);
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ), then "=" (section 4.6.1). */
static bool take_modifier_name(slice *in, slice *name)
{
    slice rest = *in;
    if (!ascii_is_alpha(slice_peek(rest))) {
        return false;
    }
    while (ascii_is_alnum(slice_peek(rest)) ||
           (!slice_is_empty(rest) && slice_has_byte(SLICE("-_."), rest.ptr[0]))) {
        rest = slice_skip(rest, 1);
    }
    slice taken = slice_first(*in, in->len - rest.len);
    if (!slice_take_byte(&rest, '=')) {
        return false;
    }
    *name = taken;
    *in = rest;
    return true;
}

/* redirect and exp, at most once each (section 6).  An unknown modifier is never one of
   them with a bad argument: known names are not up for the "unknown" rule of the grammar. */
static bool read_known_modifier(struct reader *reader, slice word, slice value,
                                struct spf_term *term, const struct spf_term **slot)
{
    if (*slot != NULL) {
        return broken(reader, word, "is there a second time");
    }
    if (!read_domain_spec(reader, value, term)) {
        return false;
    }
    *slot = term;
    return true;
}

static bool read_modifier(struct reader *reader, slice word, slice name, slice value,
                          struct spf_term *term)
{
    if (slice_eq_nocase(name, SLICE("redirect"))) {
        term->kind = SPF_TERM_REDIRECT;
        return read_known_modifier(reader, word, value, term, &reader->record->redirect);
    }
    if (slice_eq_nocase(name, SLICE("exp"))) {
        term->kind = SPF_TERM_EXP;
        return read_known_modifier(reader, word, value, term, &reader->record->exp);
    }
    term->kind = SPF_TERM_UNKNOWN_MODIFIER;
    return check_macros(reader, value, SPF_IN_MODIFIER, term);
}

static bool read_term(struct reader *reader, slice word, struct spf_term *term)
{
    *term = (struct spf_term){.prefix4 = PREFIX4_MAX, .prefix6 = PREFIX6_MAX};
    term->text = part_of(reader, word);
    reader->error.word = term->text;

    slice in = word;
    slice name;
    if (take_modifier_name(&in, &name)) {
        return read_modifier(reader, word, name, in, term);
    }
    if (!read_mechanism(reader, word, term)) {
        return false;
    }
    reader->record->has_all = reader->record->has_all || term->kind == SPF_TERM_ALL;
    return true;
}

/* ---- records ------------------------------------------------------------------------ */

bool spf_record_is_spf(slice text)
{
    slice rest = text;
    return slice_take_nocase(&rest, VERSION) &&
           (slice_is_empty(rest) || slice_peek(rest) == ' ');
}

/* The next word of a list separated by one or more spaces; false at the end. */
static bool next_word(slice *in, slice *word)
{
    while (slice_take_byte(in, ' ')) {
    }
    *word = slice_first(*in, slice_find_byte(*in, ' '));
    *in = slice_skip(*in, word->len);
    return !slice_is_empty(*word);
}

static size_t count_terms(slice text)
{
    slice in = slice_skip(text, VERSION.len);
    slice word;
    size_t count = 0;
    while (next_word(&in, &word)) {
        count++;
    }
    return count;
}

bool spf_record_bytes(slice text, size_t *out)
{
    size_t bytes;
    return num_mul(count_terms(text), sizeof(struct spf_term), &bytes) &&
           num_add(bytes, sizeof(struct spf_record), out);
}

void spf_record_parse_into(slice text, struct spf_record *record)
{
    *record = (struct spf_record){0};
    struct reader reader = {.text = text, .record = record};
    slice in = slice_skip(text, VERSION.len);
    slice word;
    while (next_word(&in, &word)) {
        if (!read_term(&reader, word, &record->terms[record->count])) {
            *record = (struct spf_record){.error = reader.error};
            return;
        }
        record->count++;
    }
}

enum yett_err spf_record_parse(struct arena *arena, slice text,
                               const struct spf_record **out)
{
    size_t bytes;
    struct spf_record *record =
        spf_record_bytes(text, &bytes) ? arena_alloc(arena, bytes) : NULL;
    if (record == NULL) {
        return YETT_NO_MEMORY;
    }
    spf_record_parse_into(text, record);
    *out = record;
    return YETT_OK;
}
