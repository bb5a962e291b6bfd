/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dmarc/uri.h"

#include "core/base/ascii.h"

static bool is_unit(int c)
{
    c = c < 0 ? c : ascii_lower((char)c);
    return c == 'k' || c == 'm' || c == 'g' || c == 't';
}

bool dmarc_uri_drop_size(slice *uri)
{
    size_t mark = slice_find_last_byte(*uri, '!');
    if (mark == uri->len) {
        return true;
    }
    slice size = slice_skip(*uri, mark + 1);
    size_t digits = 0;
    while (digits < size.len && ascii_is_digit(size.ptr[digits])) {
        digits++;
    }
    slice unit = slice_skip(size, digits);
    if (digits == 0 || unit.len > 1 || (unit.len == 1 && !is_unit(slice_peek(unit)))) {
        return false;
    }
    *uri = slice_first(*uri, mark);
    return true;
}

/* RFC 3986 sections 2.2 and 2.3, less "!" and ",", and less what stands in one place only. */
static bool is_plain(int c)
{
    return ascii_is_alnum(c) ||
           (c > 0 && slice_has_byte(SLICE("-._~:/?@$&'()*+;="), (char)c));
}

/* Octets of the character at the front: 1, 3 for "%41", 0 when it may not stand here. */
static size_t character_length(slice text)
{
    if (slice_peek(text) == '%') {
        bool encoded = text.len >= 3 &&
                       ascii_hex_value((unsigned char)text.ptr[1]) >= 0 &&
                       ascii_hex_value((unsigned char)text.ptr[2]) >= 0;
        return encoded ? 3 : 0;
    }
    return is_plain(slice_peek(text)) ? 1 : 0;
}

static bool is_written_well(slice text)
{
    while (text.len != 0) {
        size_t length = character_length(text);
        if (length == 0) {
            return false;
        }
        text = slice_skip(text, length);
    }
    return true;
}

/* scheme ":" */
static bool take_scheme(slice *in, slice *scheme)
{
    size_t colon = slice_find_byte(*in, ':');
    if (colon == in->len || !ascii_is_alpha(slice_peek(*in))) {
        return false;
    }
    for (size_t i = 0; i < colon; i++) {
        char c = in->ptr[i];
        if (!ascii_is_alnum(c) && c != '+' && c != '-' && c != '.') {
            return false;
        }
    }
    *scheme = slice_first(*in, colon);
    *in = slice_skip(*in, colon + 1);
    return true;
}

static bool is_host_octet(char c)
{
    return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* A domain name as far as a report's address needs one; no IP literals. */
static bool is_host(slice text)
{
    slice label;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_host_octet(text.ptr[i])) {
            return false;
        }
    }
    while (slice_next_piece(&text, '.', &label)) {
        if (label.len == 0 || label.len > 63) {
            return false;
        }
    }
    return true;
}

static const char *mailto_fault(slice rest)
{
    slice to = slice_first(rest, slice_find_byte(rest, '?'));
    size_t at = slice_find_byte(to, '@');
    if (at == 0 || at == to.len) {
        return "names no mailbox";
    }
    return is_host(slice_skip(to, at + 1)) ? NULL : "names no mailbox in a domain";
}

static const char *http_fault(slice rest)
{
    if (!slice_take(&rest, SLICE("//"))) {
        return "names no host";
    }
    size_t end = 0;
    while (end < rest.len && !slice_has_byte(SLICE("/?"), rest.ptr[end])) {
        end++;
    }
    slice authority = slice_first(rest, end);
    size_t user = slice_find_byte(authority, '@');
    slice host = user < authority.len ? slice_skip(authority, user + 1) : authority;
    return is_host(slice_first(host, slice_find_byte(host, ':'))) ? NULL
                                                                  : "names no host";
}

static bool is_http(slice scheme)
{
    return slice_eq_nocase(scheme, SLICE("https")) ||
           slice_eq_nocase(scheme, SLICE("http"));
}

const char *dmarc_uri_fault(slice uri)
{
    slice rest = uri;
    slice scheme;

    if (!take_scheme(&rest, &scheme)) {
        return "is no URI: it does not begin with a scheme such as \"mailto:\"";
    }
    size_t hash = slice_find_byte(rest, '#');
    slice fragment = slice_skip(rest, hash + 1);
    rest = slice_first(rest, hash);
    if (rest.len == 0) {
        return "is no URI: nothing follows the scheme";
    }
    if (!is_written_well(rest) || !is_written_well(fragment)) {
        return "is no URI: it holds an octet that must be %-encoded";
    }
    if (slice_eq_nocase(scheme, SLICE("mailto"))) {
        return mailto_fault(rest);
    }
    return is_http(scheme) ? http_fault(rest) : NULL;
}
