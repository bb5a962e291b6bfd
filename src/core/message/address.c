/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/message/address.h"

#include "core/base/ascii.h"
#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "core/domain/domain.h"
#include "core/message/lex.h"

/*
 * address-list of RFC 5322 section 3.4 with the obsolete forms of section 4.4.
 *
 * Names and local parts both are words and dots; only the octet behind them tells which it
 * was: "<" a name, ":" the name of a group, "@" a local part.  So a run of words is read
 * first, and looked at again once that is known.
 */
enum { ADDRESSES_MAX = 1000, FIRST_ADDRESSES = 4 };

struct parser {
    struct lex lex;
    struct arena *arena;
    struct address_list *list;
    enum yett_err err; /* YETT_NO_MEMORY, or YETT_OK while a failure is one of syntax */
};

/* Words and dots with what is between them, from the first to the last. */
struct run {
    size_t from;
    size_t to;
    bool any;
    bool starts_with_dot;
    bool is_local_part; /* word *("." word) */
    size_t odd_at;      /* where it ceased to be one */
};

static bool fail(struct parser *p, const char *why)
{
    return lex_fail(&p->lex, why);
}

static bool fail_at(struct parser *p, size_t at, const char *why)
{
    p->lex.at = at;
    return fail(p, why);
}

static bool fail_memory(struct parser *p)
{
    p->err = YETT_NO_MEMORY;
    return false;
}

static slice between(const struct parser *p, size_t from, size_t to)
{
    return slice_between(p->lex.in, from, to);
}

/* ---- runs of words -------------------------------------------------------------------- */

static void note_odd(struct run *run, size_t at)
{
    if (run->is_local_part) {
        run->is_local_part = false;
        run->odd_at = at;
    }
}

static bool read_run(struct parser *p, struct run *run)
{
    bool after_word = false;
    *run = (struct run){.from = p->lex.at, .to = p->lex.at, .is_local_part = true};
    for (;;) {
        size_t at = p->lex.at;
        int c = lex_peek(&p->lex);
        bool is_dot = c == '.';
        if (c == '"') {
            if (!lex_skip_quoted(&p->lex)) {
                return false;
            }
        } else if (is_dot) {
            p->lex.at++;
        } else if (lex_is_atext(c)) {
            lex_skip_atom(&p->lex);
        } else {
            break;
        }
        run->starts_with_dot = run->starts_with_dot || (is_dot && !run->any);
        if (is_dot != after_word) {
            note_odd(run, at);
        }
        after_word = !is_dot;
        run->any = true;
        run->to = p->lex.at;
        if (!lex_skip_cfws(&p->lex)) {
            return false;
        }
    }
    if (!after_word) {
        note_odd(run, run->to);
    }
    return true;
}

/*
 * What a run means, quotes, escapes and comments gone; `spaced`: white space between its
 * parts becomes one space.
 */
static bool run_text(struct parser *p, const struct run *run, bool spaced, slice *out)
{
    struct lex lex = {.in = slice_first(p->lex.in, run->to), .at = run->from};
    struct buf buf;
    buf_init(&buf, p->arena, run->to - run->from);
    while (lex.at < run->to) {
        size_t from = lex.at;
        if (lex_peek(&lex) == '"') {
            (void)!lex_skip_quoted(&lex);
            lex_unquote(&buf, slice_between(lex.in, from, lex.at));
        } else if (lex_peek(&lex) == '.') {
            buf_add_byte(&buf, '.');
            lex.at++;
        } else {
            lex_skip_atom(&lex);
            buf_add(&buf, slice_between(lex.in, from, lex.at));
        }
        size_t end = lex.at;
        (void)!lex_skip_cfws(&lex);
        if (spaced && lex.at > end && lex.at < run->to) {
            buf_add_byte(&buf, ' ');
        }
    }
    *out = buf_slice(&buf);
    return buf_err(&buf) == YETT_OK || fail_memory(p);
}

static bool holds_encoded_word(slice text)
{
    slice rest = slice_skip(text, slice_find(text, SLICE("=?")));
    rest = slice_skip(rest, 2);
    return slice_find(rest, SLICE("?=")) < rest.len;
}

/*
 * Readers that decode before they parse find the addresses that encoded words spell.  An
 * address alone is common in a name and taken for one; with angle brackets it is not.
 */
static bool check_encoded_words(struct parser *p, const struct run *run, slice decoded)
{
    slice raw = between(p, run->from, run->to);
    bool new_bracket = slice_has_byte(decoded, '<') && !slice_has_byte(raw, '<');
    if (p->lex.strict && new_bracket && slice_has_byte(decoded, '@')) {
        return fail_at(p, run->from,
                       "an encoded word that spells an address in brackets");
    }
    return true;
}

static bool read_display_name(struct parser *p, const struct run *run, slice *out)
{
    slice text;
    if (!run_text(p, run, true, &text)) {
        return false;
    }
    enum yett_err err = message_display_text(p->arena, text, out);
    if (err != YETT_OK) {
        return fail_memory(p);
    }
    return !holds_encoded_word(text) || check_encoded_words(p, run, *out);
}

/* Between quotes, for nowhere else they may stand. */
static bool holds_address_octet(slice raw)
{
    return slice_has_byte(raw, '@') || slice_has_byte(raw, '<') ||
           slice_has_byte(raw, '>');
}

static bool read_local_part(struct parser *p, const struct run *run, slice *out)
{
    if (!run->any) {
        return fail(p, "an address with nothing before its @");
    }
    if (!run->is_local_part) {
        return fail_at(p, run->odd_at,
                       "a local part that is not words with single dots between them");
    }
    slice raw = between(p, run->from, run->to);
    if (!utf8_is_valid(raw)) {
        return fail_at(p, run->from, "a local part that is neither ASCII nor UTF-8");
    }
    if (p->lex.strict && holds_address_octet(raw)) {
        return fail_at(p, run->from,
                       "a local part with what some readers take for an address in it");
    }
    if (p->lex.strict && holds_encoded_word(raw)) {
        return fail_at(p, run->from, "an encoded word within an address");
    }
    return run_text(p, run, false, out);
}

/* ---- domains -------------------------------------------------------------------------- */

/* RFC 5322 section 3.4.1: domain-literal, with obs-dtext's quoted pairs. */
static bool read_literal(struct parser *p, slice *out)
{
    size_t from = p->lex.at++;
    if (p->lex.strict) {
        return fail_at(p, from, "an address literal where a domain name was expected");
    }
    for (;;) {
        int c = lex_peek(&p->lex);
        if (c == ']') {
            break;
        }
        if (!ascii_is_vchar(c) || c == '[' || c == '\\') {
            return fail(p, "an address literal that is not closed");
        }
        p->lex.at++;
    }
    p->lex.at++;
    *out = between(p, from, p->lex.at);
    return true;
}

/* White space and comments about a dot of a domain, from `from` to here. */
static bool check_space_in_domain(struct parser *p, size_t from)
{
    return !p->lex.strict || p->lex.at == from ||
           fail_at(p, from, "white space or a comment within a domain");
}

/* dot-atom-text; with obs-domain's white space when that is not refused. */
static bool read_labels(struct parser *p, struct buf *name)
{
    for (;;) {
        size_t from = p->lex.at;
        lex_skip_atom(&p->lex);
        if (p->lex.at == from) {
            return fail(p, "a domain with an empty label, or none at all");
        }
        buf_add(name, between(p, from, p->lex.at));
        size_t end = p->lex.at;
        if (!lex_skip_cfws(&p->lex) || lex_peek(&p->lex) != '.') {
            p->lex.at = end; /* the domain ends here; a fault behind it comes up again */
            return true;
        }
        if (!check_space_in_domain(p, end)) {
            return false;
        }
        buf_add_byte(name, '.');
        end = ++p->lex.at;
        if (!lex_skip_cfws(&p->lex) || !check_space_in_domain(p, end)) {
            return false;
        }
    }
}

static bool read_domain_name(struct parser *p, slice *out)
{
    size_t from = p->lex.at;
    struct buf name;
    buf_init(&name, p->arena, p->lex.in.len);
    if (!read_labels(p, &name)) {
        return false;
    }
    if (buf_err(&name) != YETT_OK) {
        return fail_memory(p);
    }
    enum yett_err err = domain_normalize(p->arena, buf_slice(&name), out);
    if (err == YETT_NO_MEMORY) {
        return fail_memory(p);
    }
    return err == YETT_OK ||
           fail_at(p, from, "a domain that is no valid domain name of the Internet");
}

/* The next octet is "@". */
static bool read_domain(struct parser *p, slice *out)
{
    size_t from = ++p->lex.at;
    if (!lex_skip_cfws(&p->lex)) {
        return false;
    }
    if (p->lex.strict && p->lex.at != from && lex_peek(&p->lex) >= 0) {
        return fail_at(p, from, "white space or a comment between @ and the domain");
    }
    return lex_peek(&p->lex) == '[' ? read_literal(p, out) : read_domain_name(p, out);
}

/* ---- mailboxes and groups ------------------------------------------------------------- */

static bool grow_list(struct parser *p)
{
    struct address_list *list = p->list;
    size_t capacity = list->capacity == 0 ? FIRST_ADDRESSES : list->capacity * 2;
    struct message_mailbox *items =
        ARENA_ARRAY(p->arena, capacity, struct message_mailbox);
    if (items == NULL) {
        return fail_memory(p);
    }
    if (list->count != 0) {
        memcpy(items, list->items, list->count * sizeof(*items));
    }
    list->items = items;
    list->capacity = capacity;
    return true;
}

static bool add_mailbox(struct parser *p, struct message_mailbox mailbox)
{
    if (p->list->count >= ADDRESSES_MAX) {
        return fail(p, "more than 1000 addresses");
    }
    if (p->list->count == p->list->capacity && !grow_list(p)) {
        return false;
    }
    p->list->items[p->list->count++] = mailbox;
    return true;
}

/* obs-route = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) ":", which is ignored. */
static bool skip_route(struct parser *p)
{
    if (p->lex.strict) {
        return fail(p, "a source route, which readers take for different addresses");
    }
    for (;;) {
        slice ignored;
        if (lex_peek(&p->lex) == '@' && !read_domain(p, &ignored)) {
            return false;
        }
        if (!lex_skip_cfws(&p->lex)) {
            return false;
        }
        int c = lex_peek(&p->lex);
        if (c != ',' && c != ':') {
            return fail(p, "a source route without its colon");
        }
        p->lex.at++;
        if (!lex_skip_cfws(&p->lex)) {
            return false;
        }
        if (c == ':') {
            return true;
        }
    }
}

static bool read_addr_spec(struct parser *p, const struct run *local,
                           struct message_mailbox *mailbox)
{
    return read_local_part(p, local, &mailbox->local_part) &&
           read_domain(p, &mailbox->domain);
}

/* The next octet is "<". */
static bool read_angle_addr(struct parser *p, struct message_mailbox *mailbox)
{
    p->lex.at++;
    if (!lex_skip_cfws(&p->lex)) {
        return false;
    }
    int c = lex_peek(&p->lex);
    if ((c == '@' || c == ',') && !skip_route(p)) {
        return false;
    }
    struct run local;
    if (!read_run(p, &local)) {
        return false;
    }
    if (lex_peek(&p->lex) != '@') {
        return fail(p, "angle brackets without an address in them");
    }
    if (!read_addr_spec(p, &local, mailbox) || !lex_skip_cfws(&p->lex)) {
        return false;
    }
    if (lex_peek(&p->lex) != '>') {
        return fail(p, "an angle bracket that is not closed behind the address");
    }
    p->lex.at++;
    return true;
}

static bool read_name_addr(struct parser *p, const struct run *name)
{
    struct message_mailbox mailbox = {0};
    if (name->starts_with_dot) {
        return fail_at(p, name->from, "a name that begins with a dot");
    }
    if (name->any && !read_display_name(p, name, &mailbox.display_name)) {
        return false;
    }
    if (!read_angle_addr(p, &mailbox)) {
        return false;
    }
    mailbox.raw = between(p, name->from, p->lex.at);
    return add_mailbox(p, mailbox);
}

static bool read_bare_address(struct parser *p, const struct run *local)
{
    struct message_mailbox mailbox = {0};
    if (!read_addr_spec(p, local, &mailbox)) {
        return false;
    }
    mailbox.raw = between(p, local->from, p->lex.at);
    return add_mailbox(p, mailbox);
}

static bool read_list(struct parser *p, bool in_group);

/* The next octet is the colon behind the group's name. */
static bool read_group(struct parser *p, const struct run *name, bool in_group)
{
    if (in_group || !name->any || name->starts_with_dot) {
        return fail(p, "a colon that follows no name of a group");
    }
    p->lex.at++;
    if (!read_list(p, true)) {
        return false;
    }
    if (lex_peek(&p->lex) != ';') {
        return fail(p, "a group without its semicolon");
    }
    p->lex.at++;
    return true;
}

static bool fail_without_address(struct parser *p, const struct run *run)
{
    int c = lex_peek(&p->lex);
    if (c == 0) {
        return fail(p, "a NUL octet");
    }
    if (c >= 0 && c != ',' && c != ';') {
        return fail(p, "a character that may not stand there outside quotes");
    }
    return run->any ? fail_at(p, run->from, "a name without an address")
                    : fail(p, "a separator where an address was expected");
}

static bool read_address(struct parser *p, bool in_group)
{
    struct run run;
    if (!read_run(p, &run)) {
        return false;
    }
    switch (lex_peek(&p->lex)) {
    case '<':
        return read_name_addr(p, &run);
    case '@':
        return read_bare_address(p, &run);
    case ':':
        return read_group(p, &run, in_group);
    default:
        return fail_without_address(p, &run);
    }
}

/* Addresses between commas, of which some may be missing (section 4.4).  A group within it
   holds mailboxes only, so this calls itself at most once. */
static bool read_list(struct parser *p, bool in_group)
{
    for (;;) {
        if (!lex_skip_cfws(&p->lex)) {
            return false;
        }
        int c = lex_peek(&p->lex);
        if (c < 0 || (in_group && c == ';')) {
            return true;
        }
        if (c == ',') {
            p->lex.at++;
            continue;
        }
        if (!read_address(p, in_group) || !lex_skip_cfws(&p->lex)) {
            return false;
        }
        c = lex_peek(&p->lex);
        if (c >= 0 && c != ',' && !(in_group && c == ';')) {
            return fail(p, c == 0 ? "a NUL octet"
                                  : "something behind an address that is no comma");
        }
    }
}

enum yett_err address_parse(struct arena *arena, slice value,
                            enum address_reading reading, struct address_list *list,
                            struct address_fault *fault)
{
    struct parser parser = {
        .lex = {.in = value, .strict = reading == ADDRESS_AUTHOR},
        .arena = arena,
        .list = list
    };
    if (read_list(&parser, false)) {
        return YETT_OK;
    }
    if (parser.err != YETT_OK) {
        return parser.err;
    }
    *fault = (struct address_fault){.at = parser.lex.at, .why = parser.lex.why};
    return YETT_BAD_SYNTAX;
}

enum yett_err message_parse_addresses(struct arena *arena, slice value,
                                      const struct message_mailbox **mailboxes,
                                      size_t *count, size_t *bad_at, const char **why)
{
    struct address_list list = {0};
    struct address_fault fault = {0};
    enum yett_err err = address_parse(arena, value, ADDRESS_RFC5322, &list, &fault);
    if (err == YETT_OK) {
        *mailboxes = list.items;
        *count = list.count;
    } else if (err == YETT_BAD_SYNTAX) {
        *bad_at = fault.at;
        *why = fault.why;
    }
    return err;
}
