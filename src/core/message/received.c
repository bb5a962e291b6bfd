/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/message/message.h"

/*
 * Who handed a message to the host that wrote a Received field (RFC 5321 section 4.4), in the
 * forms in which MTAs write it.  NAME is what the client called itself, RDNS its name in DNS:
 *
 *   Postfix    from NAME (RDNS [IP]) by HOST (Postfix) with ESMTPS id ID for <...>; DATE
 *   Sendmail   from NAME (IDENT@RDNS [IP] (may be forged)) by HOST (8.15.2/8.15.2) with ...
 *              from NAME ([IP]) by HOST ...
 *   Exim       from RDNS ([IP]:PORT helo=NAME ident=IDENT) by HOST with esmtps (TLS1.3) tls ...
 *              from [IP] (port=PORT helo=NAME ident=IDENT) by HOST ...
 *              ... (Exim 4.96) (envelope-from <...>) id ID for ...; DATE
 *   Exchange   from NAME (IP) by HOST (IP) with Microsoft SMTP Server (TLS) id ...
 *              from NAME ([IP]) by HOST ([IP]) with mapi id ...
 *   Microsoft 365 is like Exchange, with IPv6: from NAME (2603:10a6:150:1::17) by ...
 *
 * NAME and IDENT are the client's own words, RDNS is those of whoever holds the address.  So
 * the address is only ever read from the place that the form has for it, and the rest of the
 * comment must have exactly the shape of that form: no word with a bracket or a space in it
 * can move that place.  A field with a second comment about a client, a second "by" or a
 * second semicolon is refused: a NAME that was not cleaned may have brought the first.
 */
enum {
    COMMENT_DEPTH_MAX = 16,
    VALUE_OCTETS_MAX = 8 * 1024 /* no MTA writes more; a list of things that do not end is
                                   read anew for each */
};

static void skip_space(slice *in)
{
    while (ascii_is_fws(slice_peek(*in))) {
        *in = slice_skip(*in, 1);
    }
}

/* ---- words and comments --------------------------------------------------------------- */

/* A comment with what is nested in it; `*content` is without the outer parentheses. */
static bool take_comment(slice *in, slice *content)
{
    size_t depth = 0;
    for (size_t i = 0; i < in->len; i++) {
        char c = in->ptr[i];
        if (c == '\\') {
            i++;
        } else if (c == '(' && ++depth > COMMENT_DEPTH_MAX) {
            return false;
        } else if (c == ')' && --depth == 0) {
            *content = slice_trim_fws(slice_between(*in, 1, i));
            *in = slice_skip(*in, i + 1);
            return true;
        }
    }
    return false;
}

/* Octets up to white space, a parenthesis or a semicolon; those within quotes do not count. */
static bool take_word(slice *in, slice *out)
{
    bool quoted = false;
    size_t len = 0;
    for (; len < in->len; len++) {
        char c = in->ptr[len];
        if (quoted && c == '\\') {
            len++;
            continue;
        }
        if (c == '"') {
            quoted = !quoted;
        }
        if (!quoted && (ascii_is_fws(c) || c == '(' || c == ')' || c == ';')) {
            break;
        }
    }
    if (quoted || len == 0 || len > in->len) {
        return false;
    }
    *out = slice_first(*in, len);
    *in = slice_skip(*in, len);
    return true;
}

/* One word, all of `text`, without white space, brackets or parentheses in it. */
static bool is_plain_word(slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        int c = (unsigned char)text.ptr[i];
        if (ascii_is_fws(c) || c == '[' || c == ']' || c == '(' || c == ')') {
            return false;
        }
    }
    return text.len != 0;
}

/* ---- the client ----------------------------------------------------------------------- */

static bool read_ip(slice text, struct ip *out)
{
    return ip_parse(text, out) == YETT_OK;
}

/* Postfix and Sendmail mark IPv6; Exchange adds the zone of a link-local address. */
static bool read_ip_in_brackets(slice text, struct ip *out)
{
    if (slice_take_nocase(&text, SLICE("IPv6:"))) {
        return ip_parse_v6(text, out) == YETT_OK;
    }
    return read_ip(slice_first(text, slice_find_byte(text, '%')), out);
}

/* "[IP]" at the front, moved past. */
static bool take_bracketed(slice *in, struct ip *out)
{
    slice rest = *in;
    slice address;
    if (!slice_take_byte(&rest, '[') || !slice_take_until(&rest, ']', &address) ||
        !read_ip_in_brackets(address, out)) {
        return false;
    }
    *in = rest;
    return true;
}

static bool is_bracketed(slice text, struct ip *out)
{
    return take_bracketed(&text, out) && text.len == 0;
}

/* ":25" behind an address, as Exim has it. */
static bool skip_port(slice *in)
{
    if (!slice_take_byte(in, ':')) {
        return true;
    }
    size_t before = in->len;
    while (ascii_is_digit(slice_peek(*in))) {
        *in = slice_skip(*in, 1);
    }
    return in->len < before;
}

enum { EXIM_PORT, EXIM_HELO, EXIM_IDENT, EXIM_KEYS };

static const slice exim_keys[EXIM_KEYS] = {SLICE_INIT("port="), SLICE_INIT("helo="),
                                           SLICE_INIT("ident=")};

static bool begins_with_exim_key(slice text)
{
    for (size_t i = 0; i < EXIM_KEYS; i++) {
        if (slice_starts_with(text, exim_keys[i])) {
            return true;
        }
    }
    return false;
}

/* All of `text` is Exim's list, in this order, some of it missing but not all. */
static bool read_exim_list(slice text, slice *helo)
{
    bool any = false;
    for (size_t i = 0; i < EXIM_KEYS; i++) {
        slice value;
        if (!slice_take(&text, exim_keys[i])) {
            continue;
        }
        if (!take_word(&text, &value)) {
            return false;
        }
        if (i == EXIM_HELO) {
            *helo = value;
        }
        any = true;
        skip_space(&text);
    }
    return any && text.len == 0;
}

/* "[IP]", "[IP]:PORT", either with Exim's list behind it. */
static bool read_exim_comment(slice comment, struct message_received *out)
{
    struct ip client;
    slice helo = out->helo;
    if (!take_bracketed(&comment, &client) || !skip_port(&comment)) {
        return false;
    }
    if (comment.len != 0) {
        if (!ascii_is_fws(slice_peek(comment))) {
            return false;
        }
        skip_space(&comment);
        if (!read_exim_list(comment, &helo)) {
            return false;
        }
    }
    out->client = client;
    out->helo = helo;
    return true;
}

/* "RDNS [IP]", and Sendmail's remark on names that do not lead back. */
static bool read_named_comment(slice comment, struct message_received *out)
{
    static const slice remark = SLICE_INIT("(may be forged)");
    if (slice_ends_with(comment, remark)) {
        comment = slice_trim_fws(slice_first(comment, comment.len - remark.len));
    }
    size_t at = slice_find_last_byte(comment, '[');
    slice name = slice_first(comment, at);
    if (name.len == comment.len) {
        return false;
    }
    bool separate = name.len == 0 || ascii_is_fws(name.ptr[name.len - 1]);
    name = slice_trim_fws(name);
    if (begins_with_exim_key(name)) {
        return false;
    }
    return separate && (name.len == 0 || is_plain_word(name)) &&
           is_bracketed(slice_skip(comment, at), &out->client);
}

/* Exchange: the address and nothing else. */
static bool read_bare_comment(slice comment, struct message_received *out)
{
    return read_ip(slice_first(comment, slice_find_byte(comment, '%')), &out->client);
}

/* Exim, when the address has no name: "from [IP] (helo=NAME)". */
static bool read_exim_nameless(slice first, slice comment, struct message_received *out)
{
    slice helo = SLICE_NONE;
    if (!read_exim_list(comment, &helo) || !is_bracketed(first, &out->client)) {
        return false;
    }
    out->helo = helo;
    return true;
}

/* A comment in one of the forms that give an address. */
static bool read_client_comment(slice comment, struct message_received *out)
{
    return read_exim_comment(comment, out) || read_named_comment(comment, out) ||
           read_bare_comment(comment, out);
}

/* "from" and what is said of the client; `*in` is then before "by". */
static bool read_client(slice *in, struct message_received *out, bool *only_address)
{
    slice word, comment;
    skip_space(in);
    if (!take_word(in, &word) || !slice_eq_nocase(word, SLICE("from"))) {
        return false;
    }
    skip_space(in);
    if (!take_word(in, &out->helo)) {
        return false;
    }
    skip_space(in);
    if (slice_peek(*in) != '(') {
        *only_address = is_bracketed(out->helo, &out->client);
        out->helo = SLICE_NONE;
        return *only_address;
    }
    if (!take_comment(in, &comment)) {
        return false;
    }
    return read_exim_nameless(out->helo, comment, out) ||
           read_exim_comment(comment, out) || read_named_comment(comment, out) ||
           read_bare_comment(comment, out);
}

/* ---- the host and how it received ----------------------------------------------------- */

/* "<...>" at the front, with quoted strings in it, or a word; moved past. */
static bool take_address(slice *in, slice *out)
{
    bool quoted = false;
    if (slice_peek(*in) != '<') {
        return take_word(in, out);
    }
    for (size_t i = 1; i < in->len; i++) {
        char c = in->ptr[i];
        if (c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == '>' && !quoted) {
            *out = slice_between(*in, 1, i);
            *in = slice_skip(*in, i + 1);
            return true;
        }
    }
    return false;
}

static void set_mail_from(slice address, struct message_received *out)
{
    if (!out->has_mail_from) {
        out->mail_from = address;
        out->has_mail_from = true;
    }
}

/* "(envelope-from <...>)", whose address may have parentheses in quotes. */
static bool take_sender_note(slice *in, struct message_received *out)
{
    slice rest = *in;
    slice address, ignored;
    if (!slice_take(&rest, SLICE("(envelope-from "))) {
        return false;
    }
    skip_space(&rest);
    if (!take_address(&rest, &address) || !slice_take_until(&rest, ')', &ignored)) {
        return false;
    }
    set_mail_from(address, out);
    *in = rest;
    return true;
}

static bool is_clause(slice word)
{
    static const slice clauses[] = {SLICE_INIT("via"),          SLICE_INIT("with"),
                                    SLICE_INIT("id"),           SLICE_INIT("for"),
                                    SLICE_INIT("tls"),          SLICE_INIT("over"),
                                    SLICE_INIT("envelope-from")};
    for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++) {
        if (slice_eq_nocase(word, clauses[i])) {
            return true;
        }
    }
    return false;
}

/* "ESMTPS", "Microsoft SMTP Server": words up to the next clause or comment. */
static slice take_protocol(slice *in)
{
    const slice from = *in;
    size_t len = 0;
    slice word;
    for (;;) {
        slice rest = *in;
        skip_space(&rest);
        if (!take_word(&rest, &word) || is_clause(word)) {
            return slice_first(from, len);
        }
        *in = rest;
        len = from.len - rest.len;
    }
}

/* One clause behind the host's name; false when it cannot be one of that host. */
static bool read_clause(slice *in, slice word, struct message_received *out)
{
    if (slice_eq_nocase(word, SLICE("by"))) {
        return false;
    }
    if (slice_eq_nocase(word, SLICE("envelope-from"))) {
        slice address;
        skip_space(in);
        if (!take_address(in, &address)) {
            return false;
        }
        set_mail_from(address, out);
    } else if (slice_eq_nocase(word, SLICE("with")) && out->protocol.len == 0) {
        skip_space(in);
        out->protocol = take_protocol(in);
    }
    return true;
}

/* Clauses and comments up to the semicolon.  "for" is the last that says anything to us. */
static bool read_clauses(slice in, struct message_received *out)
{
    struct message_received ignored = {0};
    bool after_for = false;
    for (skip_space(&in); in.len != 0 && slice_peek(in) != ';'; skip_space(&in)) {
        struct message_received *to = after_for ? &ignored : out;
        slice word;
        if (slice_peek(in) == '(') {
            slice comment;
            if (!take_sender_note(&in, to) && !take_comment(&in, &comment)) {
                return false;
            }
        } else if (!take_word(&in, &word) || !read_clause(&in, word, to)) {
            return false;
        } else {
            after_for = after_for || slice_eq_nocase(word, SLICE("for"));
        }
    }
    return slice_count_byte(in, ';') <= 1;
}

/* Remarks of Postfix and Sendmail on encryption and login, then "by" and the name. */
static bool read_host(slice *in, struct message_received *out)
{
    struct message_received second = {0};
    slice word, remark;
    skip_space(in);
    while (slice_peek(*in) == '(') {
        if (!take_comment(in, &remark) || read_client_comment(remark, &second)) {
            return false;
        }
        skip_space(in);
    }
    if (!take_word(in, &word) || !slice_eq_nocase(word, SLICE("by"))) {
        return false;
    }
    skip_space(in);
    return take_word(in, &out->by);
}

/* Line ends that fold nothing, NUL: not from the MTAs above. */
static bool is_clean(slice value)
{
    if (value.len > VALUE_OCTETS_MAX) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        int c = (unsigned char)value.ptr[i];
        if (c == '\r') {
            if (!slice_starts_with(slice_skip(value, i), SLICE("\r\n"))) {
                return false;
            }
            i++;
        } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

enum yett_err message_parse_received(struct arena *arena, slice value,
                                     struct message_received *out)
{
    struct message_received received = {0};
    bool only_address = false;
    (void)arena; /* everything points into `value` */
    if (!is_clean(value) || !read_client(&value, &received, &only_address) ||
        !read_host(&value, &received)) {
        return YETT_BAD_SYNTAX;
    }
    /* Without a comment the only address may be a name that the client chose; Exim alone
       writes the address there. */
    if (only_address && slice_find(value, SLICE("(Exim")) == value.len) {
        return YETT_BAD_SYNTAX;
    }
    if (!read_clauses(value, &received)) {
        return YETT_BAD_SYNTAX;
    }
    *out = received;
    return YETT_OK;
}
