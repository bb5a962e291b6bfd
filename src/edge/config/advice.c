/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/utf8.h"
#include "edge/config/text.h"

/* advice: what editors, web pages and other programs put where settings have something else. */

static const struct habit {
    slice begins;
    const char *sentence;
} habits[] = {
#define UNEXPECTED(sign, advice)                                                         \
    {                                                                                    \
        SLICE_INIT(sign), "the character " sign " is not expected here: " advice         \
    }
    UNEXPECTED(";", "a setting ends with its line, without one"),
    UNEXPECTED("[", "a list stands in braces, as in {\"a\", \"b\"}"),
    UNEXPECTED("]", "a list stands in braces, as in {\"a\", \"b\"}"),
    /* What word processors make of quotation marks. */
    UNEXPECTED("\xe2\x80\x9c", "strings stand in plain quotation marks, as in \"text\""),
    UNEXPECTED("\xe2\x80\x9d", "strings stand in plain quotation marks, as in \"text\""),
    UNEXPECTED("\xe2\x80\x9e", "strings stand in plain quotation marks, as in \"text\""),
    UNEXPECTED("\xe2\x80\x98", "strings stand in plain quotation marks, as in \"text\""),
    UNEXPECTED("\xe2\x80\x99", "strings stand in plain quotation marks, as in \"text\""),
    UNEXPECTED("\xc2\xa0",
               "it is a space that does not break (U+00A0), as web pages have "
               "it; write a plain one"),
#undef UNEXPECTED
};

const char *advice_on_front(slice in, bool begins_line)
{
    if (begins_line && (slice_peek(in) == ';' || slice_starts_with(in, SLICE("--")))) {
        return "a comment begins with #";
    }
    for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
        if (slice_starts_with(in, habits[i].begins)) {
            return habits[i].sentence;
        }
    }
    return advice_on_octets(in);
}

const char *advice_on_octets(slice in)
{
    uint32_t code_point;
    int c = slice_peek(in);
    if (c == '\t') {
        return "a string holds a tab; write a space";
    }
    return c >= 0x80 && utf8_character(in, &code_point) == 0
               ? "this line is not in UTF-8, but perhaps in an older character set; save "
                 "the file as UTF-8"
               : NULL;
}

const char *advice_on_file(slice raw)
{
    if (slice_starts_with(raw, SLICE("\xef\xbb\xbf"))) {
        return "the file begins with a byte order mark (EF BB BF); save it as UTF-8 "
               "without";
    }
    if (slice_starts_with(raw, SLICE("\xff\xfe")) ||
        slice_starts_with(raw, SLICE("\xfe\xff"))) {
        return "the file is in UTF-16; save it as UTF-8";
    }
    return NULL;
}
