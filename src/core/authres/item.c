/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/authres/line.h"
#include "core/authres/scan.h"
#include "core/base/ascii.h"
#include "core/base/utf8.h"

#include <assert.h>

static void add(struct item *item, slice bytes)
{
    assert(bytes.len <= ITEM_MAX - item->len);
    if (bytes.len != 0) {
        memcpy(item->text + item->len, bytes.ptr, bytes.len);
        item->len += bytes.len;
    }
}

void item_add_text(struct item *item, const char *text)
{
    add(item, slice_from_text(text));
}

void item_add_uint(struct item *item, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    add(item, slice_of(digits + at, sizeof(digits) - at));
}

void item_add_keyword(struct item *item, slice keyword)
{
    keyword = slice_first(keyword, ITEM_KEYWORD_MAX - 1);
    char last = '-';
    for (size_t i = 0; i < keyword.len; i++) {
        last = ascii_is_alnum(keyword.ptr[i]) ? ascii_lower(keyword.ptr[i]) : '-';
        add(item, slice_of(&last, 1));
    }
    if (last == '-') { /* a Keyword ends in a letter or digit, and has one */
        item_add_text(item, "x");
    }
}

/* Where text stands, and what has a backslash before it there. */
enum place { IN_QUOTES = 1, IN_COMMENT = 2 };

static const uint8_t escaped_in[256] = {
    ['"'] = IN_QUOTES,
    ['('] = IN_COMMENT,
    [')'] = IN_COMMENT,
    ['\\'] = IN_QUOTES | IN_COMMENT,
};

static bool is_escaped(char c, enum place place)
{
    return (escaped_in[(unsigned char)c] & place) != 0;
}

/* Octets at the front that stand as they are. */
static size_t plain_length(slice text, enum place place)
{
    size_t length = 0;
    while (length < text.len && ascii_is_printable(text.ptr[length]) &&
           !is_escaped(text.ptr[length], place)) {
        length++;
    }
    return length;
}

/* One character that does not, or something in its place; moves past it. */
static void add_odd(struct item *item, slice *text, bool keep_utf8)
{
    uint32_t code_point;
    size_t length = utf8_character(*text, &code_point);
    slice character = slice_first(*text, length == 0 ? 1 : length);
    if (ascii_is_printable(text->ptr[0])) {
        item_add_text(item, "\\");
        add(item, character);
    } else if (text->ptr[0] == '\t') {
        item_add_text(item, " ");
    } else if (keep_utf8 && utf8_visible_length(*text) > 1) {
        add(item, character);
    } else {
        item_add_text(item, "?");
    }
    *text = slice_skip(*text, character.len);
}

/* As it stands in its place.  Stops before `limit` octets are passed and says false then. */
static bool add_escaped(struct item *item, slice text, enum place place, bool keep_utf8,
                        size_t limit)
{
    static const slice more = SLICE_INIT("...");
    enum { CHARACTER_MAX = 4 };
    assert(limit <= ITEM_MAX && item->len + more.len <= limit);
    for (;;) {
        size_t room = limit - more.len - item->len;
        size_t plain = plain_length(slice_first(text, room), place);
        add(item, slice_first(text, plain));
        text = slice_skip(text, plain);
        if (text.len == 0) {
            return true;
        }
        if (room - plain < CHARACTER_MAX) {
            /* The end may take the room of what says that there is more: so what was cut
               once is not cut again. */
            bool is_end =
                text.len <= limit - item->len && plain_length(text, place) == text.len;
            add(item, is_end ? text : more);
            return is_end;
        }
        add_odd(item, &text, keep_utf8);
    }
}

static bool add_quoted(struct item *item, slice value, bool keep_utf8, size_t limit)
{
    item_add_text(item, "\"");
    bool whole = add_escaped(item, value, IN_QUOTES, keep_utf8, limit - 1);
    item_add_text(item, "\"");
    return whole;
}

static bool is_token(slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!scan_is_token(text.ptr[i])) {
            return false;
        }
    }
    return text.len != 0;
}

/* Dots stand between octets that are none. */
static bool is_dotted(slice text)
{
    return text.len != 0 && !slice_starts_with(text, SLICE(".")) &&
           !slice_ends_with(text, SLICE(".")) &&
           slice_find(text, SLICE("..")) == text.len;
}

/* All of it `accepts`, or visible characters beyond ASCII where the address is one of RFC
   6531. */
static bool is_dotted_run(slice text, bool (*accepts)(int), bool utf8)
{
    if (!is_dotted(text)) {
        return false;
    }
    while (text.len != 0) {
        size_t length = accepts(text.ptr[0]) ? 1 : 0;
        if (length == 0 && utf8 && (unsigned char)text.ptr[0] >= 0x80) {
            length = utf8_visible_length(text);
        }
        if (length == 0) {
            return false;
        }
        text = slice_skip(text, length);
    }
    return true;
}

/* quoted-string without white space but spaces, and without needless escapes: so that it can
   be folded at any space. */
static bool is_quoted_local(slice local)
{
    if (local.len < 2 || !slice_starts_with(local, SLICE("\"")) ||
        !slice_ends_with(local, SLICE("\""))) {
        return false;
    }
    slice in = slice_between(local, 1, local.len - 1);
    while (in.len != 0) {
        if (slice_take_byte(&in, '\\')) {
            if (slice_peek(in) != '"' && slice_peek(in) != '\\') {
                return false;
            }
        } else if (!ascii_is_printable(in.ptr[0]) || in.ptr[0] == '"') {
            return false;
        }
        in = slice_skip(in, 1);
    }
    return true;
}

static bool is_domain_name(slice domain, bool utf8)
{
    slice label;
    size_t labels = 0;
    if (!is_dotted_run(domain, scan_is_domain, utf8) || slice_has_byte(domain, '_')) {
        return false;
    }
    while (slice_next_piece(&domain, '.', &label)) {
        if (slice_starts_with(label, SLICE("-")) || slice_ends_with(label, SLICE("-"))) {
            return false;
        }
        labels++;
    }
    return labels > 1;
}

/* [local-part] "@" domain-name (RFC 8601 section 2.2). */
static bool is_address(slice value)
{
    size_t at = slice_find_last_byte(value, '@');
    if (at == value.len) {
        return false;
    }
    slice local = slice_first(value, at);
    slice domain = slice_skip(value, at + 1);
    bool local_fits = local.len == 0 || is_dotted_run(local, scan_is_dot_atom, true) ||
                      is_quoted_local(local);
    return local_fits && is_domain_name(domain, local.len != 0);
}

/* As it is when that is allowed and fits, else between quotes. */
static bool add_value(struct item *item, slice value, bool bare, bool keep_utf8)
{
    size_t limit = item->len + ITEM_VALUE_MAX;
    if (bare && value.len <= ITEM_VALUE_MAX) {
        add(item, value);
        return true;
    }
    return add_quoted(item, value, keep_utf8, limit);
}

bool item_add_value(struct item *item, slice value)
{
    return add_value(item, value, is_token(value), false);
}

bool item_add_id(struct item *item, slice id)
{
    return add_value(item, id, is_token(id), true);
}

bool item_add_pvalue(struct item *item, slice value)
{
    return add_value(item, value, is_token(value) || is_address(value), false);
}

bool item_add_word(struct item *item, slice value)
{
    return add_value(item, value, is_dotted_run(value, scan_is_dot_atom, false),
                     is_address(value));
}

void item_add_comment(struct item *item, slice comment)
{
    size_t limit = item->len + ITEM_VALUE_MAX;
    item_add_text(item, "(");
    (void)add_escaped(item, comment, IN_COMMENT, false, limit - 1);
    item_add_text(item, ")");
}
