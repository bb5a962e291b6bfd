/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"

#include "core/base/ascii.h"
#include "core/base/utf8.h"

#include <stdlib.h>

#include <idn2.h>

enum { LABEL_MAX = 63, UNICODE_MAX_OCTETS = 1024 };

static bool is_name_octet(int c)
{
    return ascii_is_alnum(c) || c == '-' || c == '_';
}

/* What an ASCII text lacks to be in normal form. */
enum form { FORM_NORMAL, FORM_UPPER_CASE, FORM_UNICODE, FORM_BAD };

static enum form form_of(slice text)
{
    enum form form = FORM_NORMAL;
    size_t label = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.') {
            if (label == 0) {
                return FORM_BAD;
            }
            label = 0;
            continue;
        }
        if ((unsigned char)c >= 0x80) {
            return FORM_UNICODE;
        }
        if (!is_name_octet(c) || ++label > LABEL_MAX) {
            return FORM_BAD;
        }
        if (ascii_is_upper(c)) {
            form = FORM_UPPER_CASE;
        }
    }
    return label == 0 || text.len > DOMAIN_OCTETS_MAX ? FORM_BAD : form;
}

/* RFC 3490 section 3.1 as browsers and MUAs have it: other full stops separate labels too. */
static bool is_odd_full_stop(uint32_t code_point)
{
    return code_point == 0x3002 || code_point == 0xff0e || code_point == 0xff61;
}

static bool has_odd_full_stop(slice text)
{
    while (text.len != 0) {
        uint32_t code_point = 0;
        size_t length = utf8_character(text, &code_point);
        if (length == 0 || is_odd_full_stop(code_point)) {
            return true; /* what is no UTF-8 is refused as well */
        }
        text = slice_skip(text, length);
    }
    return false;
}

static enum yett_err to_lower(struct arena *arena, slice text, slice *out)
{
    char *lower = arena_alloc(arena, text.len);
    if (lower == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < text.len; i++) {
        lower[i] = ascii_lower(text.ptr[i]);
    }
    *out = (slice){lower, text.len};
    return YETT_OK;
}

/*
 * U-labels to A-labels with the mapping of case and width that mail programs do before they
 * show or look up a name (UTS 46, non-transitional), so that both see the same domain.
 */
static enum yett_err to_ascii(struct arena *arena, slice text, slice *out)
{
    char name[UNICODE_MAX_OCTETS + 1];
    char *ascii = NULL;

    if (text.len > UNICODE_MAX_OCTETS || slice_has_byte(text, '\0') ||
        has_odd_full_stop(text)) {
        return YETT_BAD_SYNTAX;
    }
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    int code = idn2_to_ascii_8z(name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (code != IDN2_OK) {
        return code == IDN2_MALLOC ? YETT_NO_MEMORY : YETT_BAD_SYNTAX;
    }
    slice result = slice_from_text(ascii);
    enum form form = form_of(result);
    enum yett_err err =
        form == FORM_NORMAL ? arena_copy(arena, result, out) : YETT_BAD_SYNTAX;
    idn2_free(ascii);
    return err;
}

static slice without_trailing_dot(slice text)
{
    return slice_ends_with(text, SLICE(".")) ? slice_first(text, text.len - 1) : text;
}

enum yett_err domain_normalize(struct arena *arena, slice text, slice *out)
{
    text = without_trailing_dot(text);
    switch (form_of(text)) {
    case FORM_NORMAL:
        *out = text;
        return YETT_OK;
    case FORM_UPPER_CASE:
        return to_lower(arena, text, out);
    case FORM_UNICODE:
        return to_ascii(arena, text, out);
    case FORM_BAD:
        break;
    }
    return YETT_BAD_SYNTAX;
}

bool domain_eq(slice a, slice b)
{
    return slice_eq_nocase(without_trailing_dot(a), without_trailing_dot(b));
}

bool domain_is_under(slice name, slice parent)
{
    name = without_trailing_dot(name);
    parent = without_trailing_dot(parent);
    if (parent.len == 0 || !slice_ends_with_nocase(name, parent)) {
        return false;
    }
    return name.len == parent.len || name.ptr[name.len - parent.len - 1] == '.';
}

size_t domain_label_count(slice name)
{
    return name.len == 0 ? 0 : slice_count_byte(name, '.') + 1;
}

slice domain_parent(slice name)
{
    return slice_skip(name, slice_find_byte(name, '.') + 1);
}

slice domain_suffix(slice name, size_t labels)
{
    size_t count = domain_label_count(name);
    for (; count > labels; count--) {
        name = domain_parent(name);
    }
    return name;
}

enum yett_err domain_to_unicode(struct arena *arena, slice name, slice *out)
{
    char text[DOMAIN_OCTETS_MAX + 1];
    char *unicode = NULL;

    *out = name;
    if (name.len > DOMAIN_OCTETS_MAX ||
        slice_find_nocase(name, SLICE("xn--")) == name.len) {
        return YETT_OK;
    }
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    int code = idn2_to_unicode_8z8z(text, &unicode, IDN2_NONTRANSITIONAL);
    if (code != IDN2_OK) {
        return code == IDN2_MALLOC ? YETT_NO_MEMORY : YETT_OK;
    }
    slice shown = slice_from_text(unicode);
    enum yett_err err =
        shown.len <= UNICODE_MAX_OCTETS ? arena_copy(arena, shown, out) : YETT_OK;
    idn2_free(unicode);
    return err;
}
