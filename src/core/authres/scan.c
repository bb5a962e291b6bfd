/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/scan.h"

#include "core/base/ascii.h"
#include "core/base/utf8.h"

/* Octets of a line end at the front that folding allows there; 0 when it is none. */
static size_t fold_length(slice in)
{
    size_t length = 0;
    if (slice_starts_with(in, SLICE("\r\n"))) {
        length = 2;
    } else if (slice_starts_with(in, SLICE("\n"))) {
        length = 1; /* as MTAs hand it to filters */
    }
    return length == in.len || ascii_is_wsp(in.ptr[length]) ? length : 0;
}

static bool take_white_space(slice *in)
{
    size_t length = ascii_is_wsp(slice_peek(*in)) ? 1 : fold_length(*in);
    *in = slice_skip(*in, length);
    return length != 0;
}

/* A comment with all comments in it; `*in` begins with "(". */
static bool take_comment(slice *in, slice *inner)
{
    size_t depth = 0;
    for (size_t at = 0; at < in->len; at++) {
        switch (in->ptr[at]) {
        case '\\':
            at++;
            break;
        case '(':
            depth++;
            break;
        case ')':
            if (--depth == 0) {
                *inner = slice_between(*in, 1, at);
                *in = slice_skip(*in, at + 1);
                return true;
            }
            break;
        default:
            break;
        }
    }
    return false;
}

bool scan_cfws(slice *in, slice *comment)
{
    for (;;) {
        slice inner;
        if (take_white_space(in)) {
            continue;
        }
        if (slice_peek(*in) != '(') {
            return true;
        }
        if (!take_comment(in, &inner)) {
            return false;
        }
        if (comment != NULL && comment->ptr == NULL) {
            *comment = inner;
        }
    }
}

slice scan_keyword(slice *in)
{
    size_t length = 0;
    while (length < in->len &&
           (ascii_is_alnum(in->ptr[length]) || in->ptr[length] == '-')) {
        length++;
    }
    while (length > 0 && in->ptr[length - 1] == '-') {
        length--;
    }
    slice keyword = slice_first(*in, length);
    *in = slice_skip(*in, length);
    return keyword;
}

bool scan_is_token(int c)
{
    return ascii_is_vchar(c) && !slice_has_byte(SLICE("()<>@,;:\\\"/[]?="), (char)c);
}

bool scan_is_dot_atom(int c)
{
    return ascii_is_alnum(c) ||
           (ascii_is_vchar(c) && slice_has_byte(SLICE("!#$%&'*+-/=?^_`{|}~."), (char)c));
}

bool scan_is_domain(int c)
{
    return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_';
}

/* Octets of a character beyond ASCII at the front; 0 when there is none. */
static size_t non_ascii_length(slice in)
{
    uint32_t code_point;
    return slice_peek(in) < 0x80 ? 0 : utf8_character(in, &code_point);
}

slice scan_run(slice *in, bool (*accepts)(int))
{
    size_t at = 0;
    while (at < in->len) {
        size_t length = accepts(in->ptr[at]) ? 1 : non_ascii_length(slice_skip(*in, at));
        if (length == 0) {
            break;
        }
        at += length;
    }
    slice run = slice_first(*in, at);
    *in = slice_skip(*in, at);
    return run;
}

/* Octets of what a quoted-string may hold at the front: text, an escape, white space. */
static size_t quoted_length(slice in)
{
    int c = slice_peek(in);
    if (c == '\\') {
        slice escaped = slice_skip(in, 1);
        int next = slice_peek(escaped);
        size_t length =
            ascii_is_vchar(next) || ascii_is_wsp(next) ? 1 : non_ascii_length(escaped);
        return length == 0 ? 0 : 1 + length;
    }
    if (ascii_is_vchar(c) || ascii_is_wsp(c)) {
        return 1;
    }
    return c >= 0x80 ? non_ascii_length(in) : fold_length(in);
}

const char *scan_quoted(slice *in, slice *inner)
{
    slice begin = *in;
    slice rest = slice_skip(*in, 1);
    while (slice_peek(rest) != '"') {
        size_t length = quoted_length(rest);
        if (rest.len == 0) {
            return "a quote that does not end";
        }
        if (length == 0) {
            *in = rest;
            return "an octet that may not stand between quotes";
        }
        rest = slice_skip(rest, length);
    }
    *inner = slice_between(begin, 1, begin.len - rest.len);
    *in = slice_skip(rest, 1);
    return NULL;
}

int scan_unescape(slice *inner)
{
    while (slice_peek(*inner) == '\r' || slice_peek(*inner) == '\n') {
        *inner = slice_skip(*inner, 1);
    }
    if (slice_peek(*inner) == '\\' && inner->len > 1) {
        *inner = slice_skip(*inner, 1);
    }
    int octet = slice_peek(*inner);
    *inner = slice_skip(*inner, 1);
    return octet;
}
