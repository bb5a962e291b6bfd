/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/authres.h"
#include "core/authres/scan.h"
#include "core/base/ascii.h"
#include "core/base/num.h"

/*
 * Reading a field, as RFC 8601 section 2.2 has it and no looser: what the command line says
 * about a field is meant to find what others will stumble over.
 *
 * `in` always stands at what was not accepted yet, so an error points by itself.
 */
enum { RESULTS_MAX = 1000, PROPERTIES_MAX = 1000 };

/* Results and properties form lists while they come in, arrays when they are all there. */
struct property_node {
    struct authres_property property;
    struct property_node *next;
};

struct result_node {
    struct authres_result result;
    struct property_node *first;
    struct property_node **last;
    struct result_node *next;
};

struct parser {
    struct arena *arena;
    slice in;
    enum yett_err err;
    const char *why;
    struct result_node *first;
    struct result_node **last;
    size_t results;
    size_t properties;
};

static bool refuse(struct parser *p, const char *why)
{
    p->err = YETT_BAD_SYNTAX;
    p->why = why;
    return false;
}

static bool stop(struct parser *p, enum yett_err err)
{
    p->err = err;
    return false;
}

static bool skip_cfws(struct parser *p, slice *comment)
{
    return scan_cfws(&p->in, comment) || refuse(p, "a comment that does not end");
}

static bool expect(struct parser *p, char byte, const char *why)
{
    return slice_take_byte(&p->in, byte) || refuse(p, why);
}

/* In lower case; a copy only when it was not. */
static bool take_keyword(struct parser *p, slice *out, const char *why)
{
    slice keyword = scan_keyword(&p->in);
    if (keyword.len == 0) {
        return refuse(p, why);
    }
    *out = keyword;
    for (size_t i = 0; i < keyword.len; i++) {
        if (ascii_is_upper(keyword.ptr[i])) {
            char *lower = arena_alloc(p->arena, keyword.len);
            if (lower == NULL) {
                return stop(p, YETT_NO_MEMORY);
            }
            for (size_t at = 0; at < keyword.len; at++) {
                lower[at] = ascii_lower(keyword.ptr[at]);
            }
            *out = slice_of(lower, keyword.len);
            break;
        }
    }
    return true;
}

static bool take_number(struct parser *p, unsigned *out, const char *why)
{
    uint64_t number;
    if (num_take_uint(&p->in, UINT32_MAX, &number) != YETT_OK) {
        return refuse(p, why);
    }
    *out = (unsigned)number;
    return true;
}

/* The octets that the inside of a quoted-string or comment stands for. */
static bool unescape(struct parser *p, slice inner, slice *out)
{
    if (!slice_has_byte(inner, '\\') && !slice_has_byte(inner, '\r') &&
        !slice_has_byte(inner, '\n')) {
        *out = inner;
        return true;
    }
    char *text = arena_alloc(p->arena, inner.len);
    size_t length = 0;
    if (text == NULL) {
        return stop(p, YETT_NO_MEMORY);
    }
    for (int octet; (octet = scan_unescape(&inner)) >= 0;) {
        text[length++] = (char)octet;
    }
    *out = slice_of(text, length);
    return true;
}

static bool take_quoted(struct parser *p, slice *inner)
{
    const char *why = scan_quoted(&p->in, inner);
    return why == NULL || refuse(p, why);
}

/* value (RFC 2045 section 5.1): a token or a quoted-string; UTF-8 in both (RFC 6532). */
static bool take_value(struct parser *p, slice *out, const char *why)
{
    slice inner;
    if (slice_peek(p->in) == '"') {
        return take_quoted(p, &inner) && unescape(p, inner, out);
    }
    *out = scan_run(&p->in, scan_is_token);
    return out->len != 0 || refuse(p, why);
}

/* "@" domain-name, behind a local part that is written as `local` in the result. */
static bool take_domain(struct parser *p, slice local, slice *out)
{
    slice whole = p->in;
    slice rest = slice_skip(p->in, 1);
    slice domain = scan_run(&rest, scan_is_domain);
    p->in = rest;
    if (domain.len == 0) {
        return refuse(p, "a domain expected behind \"@\"");
    }
    bool folded = slice_has_byte(local, '\r') || slice_has_byte(local, '\n');
    if (local.len == 0 || (local.ptr + local.len == whole.ptr && !folded)) {
        *out =
            slice_of(local.len == 0 ? whole.ptr : local.ptr, local.len + 1 + domain.len);
        return true;
    }
    /* Something stood between, or folding within. */
    char *text = arena_alloc(p->arena, local.len + 1 + domain.len);
    if (text == NULL) {
        return stop(p, YETT_NO_MEMORY);
    }
    size_t length = 0;
    for (size_t i = 0; i < local.len; i++) {
        if (local.ptr[i] != '\r' && local.ptr[i] != '\n') {
            text[length++] = local.ptr[i];
        }
    }
    text[length++] = '@';
    memcpy(text + length, domain.ptr, domain.len);
    *out = slice_of(text, length + domain.len);
    return true;
}

/* Not "@": what was read must have been a value, or a domain alone. */
static bool must_be_token(struct parser *p, slice begin, slice run)
{
    for (size_t i = 0; i < run.len; i++) {
        if (!scan_is_token(run.ptr[i]) && (unsigned char)run.ptr[i] < 0x80) {
            p->in = slice_skip(begin, i);
            return refuse(p, "an octet that must stand between quotes");
        }
    }
    return true;
}

/*
 * pvalue = [CFWS] ( value / [ [ local-part ] "@" ] domain-name ) [CFWS].  A quoted local part
 * keeps its quotes: they belong to the address.
 */
static bool take_pvalue(struct parser *p, slice *out)
{
    if (!skip_cfws(p, NULL)) {
        return false;
    }
    slice begin = p->in;
    slice inner = SLICE_NONE;
    slice run = SLICE_NONE;
    bool quoted = slice_peek(begin) == '"';
    if (quoted) {
        if (!take_quoted(p, &inner)) {
            return false;
        }
        run = slice_first(begin, begin.len - p->in.len);
    } else {
        run = scan_run(&p->in, scan_is_dot_atom);
        if (run.len == 0 && slice_peek(p->in) != '@') {
            return refuse(
                p, "a value expected; what holds other octets than letters, digits "
                   "and a few signs, or none, must stand between quotes");
        }
    }
    if (!skip_cfws(p, NULL)) {
        return false;
    }
    if (slice_peek(p->in) == '@') {
        return take_domain(p, run, out);
    }
    if (quoted) {
        return unescape(p, inner, out);
    }
    *out = run;
    return must_be_token(p, begin, run);
}

static struct result_node *add_result(struct parser *p)
{
    if (p->results == RESULTS_MAX) {
        (void)stop(p, YETT_LIMIT);
        return NULL;
    }
    struct result_node *node = ARENA_NEW(p->arena, struct result_node);
    if (node == NULL) {
        (void)stop(p, YETT_NO_MEMORY);
        return NULL;
    }
    node->last = &node->first;
    node->result.method_version = 1;
    *p->last = node;
    p->last = &node->next;
    p->results++;
    return node;
}

static bool add_property(struct parser *p, struct result_node *result,
                         const struct authres_property *property)
{
    if (p->properties == PROPERTIES_MAX) {
        return stop(p, YETT_LIMIT);
    }
    struct property_node *node = ARENA_NEW(p->arena, struct property_node);
    if (node == NULL) {
        return stop(p, YETT_NO_MEMORY);
    }
    node->property = *property;
    *result->last = node;
    result->last = &node->next;
    result->result.property_count++;
    p->properties++;
    return true;
}

/* reasonspec or propspec, whichever begins with `word`. */
static bool parse_statement(struct parser *p, struct result_node *node)
{
    struct authres_property property;
    slice begin = p->in;
    slice word;
    if (!take_keyword(p, &word,
                      "\";\", \"reason\" or the type of a property expected here") ||
        !skip_cfws(p, NULL)) {
        return false;
    }
    if (slice_take_byte(&p->in, '=')) {
        if (!slice_eq(word, SLICE("reason")) || node->result.property_count != 0 ||
            node->result.reason.ptr != NULL) {
            p->in = begin;
            return refuse(p, slice_eq(word, SLICE("reason"))
                                 ? "a reason may stand once, before the properties"
                                 : "a property has a type and a name, as in "
                                   "\"header.from=\"; this has one of them");
        }
        return skip_cfws(p, NULL) &&
               take_value(p, &node->result.reason, "the reason expected here") &&
               skip_cfws(p, NULL);
    }
    property.type = word;
    return expect(p, '.', "\".\" expected behind the type of a property") &&
           skip_cfws(p, NULL) &&
           take_keyword(p, &property.property, "the name of a property expected here") &&
           skip_cfws(p, NULL) &&
           expect(p, '=', "\"=\" expected behind the name of a property") &&
           take_pvalue(p, &property.value) && skip_cfws(p, NULL) &&
           add_property(p, node, &property);
}

static bool at_end_of_result(const struct parser *p)
{
    return p->in.len == 0 || slice_peek(p->in) == ';';
}

/* Behind the method's name: [ "/" version ] "=" result, then what is said about it. */
static bool parse_result(struct parser *p, slice method)
{
    struct result_node *node = add_result(p);
    slice comment = SLICE_NONE;
    if (node == NULL) {
        return false;
    }
    node->result.method = method;
    if (slice_take_byte(&p->in, '/') &&
        (!skip_cfws(p, NULL) ||
         !take_number(p, &node->result.method_version,
                      "the method's version expected: a number") ||
         !skip_cfws(p, NULL))) {
        return false;
    }
    if (!expect(p, '=', "\"=\" expected behind the method") || !skip_cfws(p, NULL) ||
        !take_keyword(p, &node->result.result, "the method's result expected: a word") ||
        !skip_cfws(p, &comment) || !unescape(p, comment, &node->result.comment)) {
        return false;
    }
    while (!at_end_of_result(p)) {
        if (!parse_statement(p, node)) {
            return false;
        }
    }
    return true;
}

/* All from the first ";" on. */
static bool parse_results(struct parser *p)
{
    slice method;
    if (p->in.len == 0) {
        return refuse(p, "\";\" and a result expected, or \"; none\"");
    }
    while (p->in.len != 0) {
        if (!expect(p, ';', "\";\" expected here") || !skip_cfws(p, NULL) ||
            !take_keyword(p, &method, "a method expected behind \";\"") ||
            !skip_cfws(p, NULL)) {
            return false;
        }
        if (p->results == 0 && p->in.len == 0 && slice_eq(method, SLICE("none"))) {
            return true;
        }
        if (!parse_result(p, method)) {
            return false;
        }
    }
    return true;
}

static bool parse_version(struct parser *p, bool spaced, struct authres *out)
{
    slice begin = p->in;
    if (!ascii_is_digit(slice_peek(p->in))) {
        return true;
    }
    if (!spaced) {
        return refuse(p, "white space expected before the version");
    }
    if (!take_number(p, &out->version, "the version is too large a number") ||
        !skip_cfws(p, NULL)) {
        return false;
    }
    if (out->version != 1) { /* section 2.6: what follows may have any form */
        p->in = begin;
        return refuse(p, "a version of the field that is not 1");
    }
    out->has_version = true;
    return true;
}

static bool parse_field(struct parser *p, struct authres *out)
{
    if (!skip_cfws(p, NULL) ||
        !take_value(p, &out->authserv_id, "the authserv-id expected first")) {
        return false;
    }
    slice behind = p->in;
    if (!skip_cfws(p, NULL) || !parse_version(p, behind.len != p->in.len, out)) {
        return false;
    }
    out->text = p->in;
    return parse_results(p);
}

/* Lists to arrays. */
static bool collect(struct parser *p, struct authres *out)
{
    struct authres_result *results =
        ARENA_ARRAY(p->arena, p->results, struct authres_result);
    struct authres_property *properties =
        ARENA_ARRAY(p->arena, p->properties, struct authres_property);
    if (results == NULL || properties == NULL) {
        return stop(p, YETT_NO_MEMORY);
    }
    out->results = results;
    out->count = p->results;
    for (const struct result_node *node = p->first; node != NULL; node = node->next) {
        *results = node->result;
        results->properties = properties;
        results++;
        for (const struct property_node *at = node->first; at != NULL; at = at->next) {
            *properties++ = at->property;
        }
    }
    return true;
}

enum yett_err authres_parse(struct arena *arena, slice value, struct authres *out,
                            struct authres_error *error)
{
    struct parser p = {.arena = arena, .in = value};
    struct authres authres = {.version = 1};

    p.last = &p.first;
    if (parse_field(&p, &authres) && collect(&p, &authres)) {
        *out = authres;
        return YETT_OK;
    }
    if (p.err == YETT_BAD_SYNTAX) {
        *error = (struct authres_error){value.len - p.in.len, p.why};
    }
    return p.err;
}
