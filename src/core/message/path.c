/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/base/utf8.h"
#include "core/domain/domain.h"
#include "core/message/lex.h"
#include "core/message/message.h"

/*
 * Envelope addresses (RFC 5321 section 4.1.2), as MTAs hand them on.
 *
 * Deliberately lenient with dots in an unquoted local part (".." and "." at its end): MTAs
 * accept them, there are old Japanese addresses that have them, and the domain is not in
 * doubt.  A missing local part is accepted as well: RFC 7208 section 4.3 says what to take
 * instead.
 */
static bool is_local_octet(int c)
{
    return lex_is_atext(c) || c == '.';
}

/* A-d-l ":", which is dropped (section 4.1.1.3): "@relay.example,@other.example:". */
static enum yett_err drop_route(slice *text)
{
    if (slice_peek(*text) != '@') {
        return YETT_OK;
    }
    for (size_t i = 0; i < text->len; i++) {
        char c = text->ptr[i];
        if (c == ':') {
            *text = slice_skip(*text, i + 1);
            return YETT_OK;
        }
        if (!lex_is_atext((unsigned char)c) && c != '@' && c != ',' && c != '.') {
            return YETT_BAD_SYNTAX;
        }
    }
    /* No route, only a domain without a local part. */
    return slice_count_byte(*text, '@') == 1 ? YETT_OK : YETT_BAD_SYNTAX;
}

/* Quoted-string = DQUOTE *QcontentSMTP DQUOTE: no folding, no control characters. */
static enum yett_err take_quoted(struct arena *arena, slice *text, slice *out)
{
    struct lex lex = {.in = *text};
    struct buf buf;
    if (!lex_skip_quoted(&lex)) {
        return YETT_BAD_SYNTAX;
    }
    slice quoted = slice_first(*text, lex.at);
    if (slice_has_byte(quoted, '\n') || slice_has_byte(quoted, '\t')) {
        return YETT_BAD_SYNTAX;
    }
    buf_init(&buf, arena, quoted.len);
    lex_unquote(&buf, quoted);
    *out = buf_slice(&buf);
    *text = slice_skip(*text, lex.at);
    return buf_err(&buf);
}

static enum yett_err take_local_part(struct arena *arena, slice *text, slice *out)
{
    if (slice_peek(*text) == '"') {
        return take_quoted(arena, text, out);
    }
    size_t len = 0;
    while (len < text->len && is_local_octet((unsigned char)text->ptr[len])) {
        len++;
    }
    *out = slice_first(*text, len);
    *text = slice_skip(*text, len);
    return YETT_OK;
}

static enum yett_err read_domain(struct arena *arena, slice text, slice *out)
{
    if (slice_peek(text) != '[') {
        return domain_normalize(arena, text, out);
    }
    slice content = slice_between(text, 1, text.len - 1);
    for (size_t i = 0; i < content.len; i++) {
        int c = (unsigned char)content.ptr[i];
        if (!ascii_is_vchar(c) || c == '[' || c == ']' || c == '\\') {
            return YETT_BAD_SYNTAX;
        }
    }
    if (content.len == 0 || !slice_ends_with(text, SLICE("]"))) {
        return YETT_BAD_SYNTAX;
    }
    *out = text;
    return YETT_OK;
}

enum yett_err message_parse_path(struct arena *arena, slice text, slice *local_part,
                                 slice *domain)
{
    slice local = SLICE_NONE;
    slice name = SLICE_NONE;
    text = slice_trim_wsp(text);
    if (slice_take_byte(&text, '<')) {
        if (!slice_ends_with(text, SLICE(">"))) {
            return YETT_BAD_SYNTAX;
        }
        text = slice_first(text, text.len - 1);
    }
    if (!utf8_is_valid(text)) {
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err = drop_route(&text);
    if (err == YETT_OK) {
        err = take_local_part(arena, &text, &local);
    }
    if (err == YETT_OK && slice_take_byte(&text, '@')) {
        err = read_domain(arena, text, &name);
        text = SLICE_NONE;
    }
    if (err == YETT_OK && text.len != 0) {
        err = YETT_BAD_SYNTAX;
    }
    if (err == YETT_OK) {
        *local_part = local;
        *domain = name;
    }
    return err;
}
