/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/utf8.h"

/* RFC 3629 section 4: what the first octet says about the rest, beyond ASCII. */
static const struct form {
    uint8_t first_low, first_high; /* range of the first octet */
    uint8_t second_low, second_high;
    uint8_t length;
} forms[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct form *form_of(uint8_t first)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (first >= forms[i].first_low && first <= forms[i].first_high) {
            return &forms[i];
        }
    }
    return NULL;
}

size_t utf8_character(slice text, uint32_t *code_point)
{
    if (text.len == 0) {
        return 0;
    }
    uint8_t first = (uint8_t)text.ptr[0];
    if (first < 0x80) {
        *code_point = first;
        return 1;
    }
    const struct form *form = form_of(first);
    if (form == NULL || form->length > text.len) {
        return 0;
    }
    uint32_t value = first & (0x7fu >> form->length);
    for (size_t i = 1; i < form->length; i++) {
        uint8_t octet = (uint8_t)text.ptr[i];
        uint8_t low = i == 1 ? form->second_low : 0x80;
        uint8_t high = i == 1 ? form->second_high : 0xbf;
        if (octet < low || octet > high) {
            return 0;
        }
        value = (value << 6) | (octet & 0x3fu);
    }
    *code_point = value;
    return form->length;
}

bool utf8_is_valid(slice text)
{
    while (text.len != 0) {
        uint32_t code_point;
        size_t length = utf8_character(text, &code_point);
        if (length == 0) {
            return false;
        }
        text = slice_skip(text, length);
    }
    return true;
}

/* Characters that are not seen themselves and change how others are. */
static const struct range {
    uint32_t low, high;
} invisible[] = {
    {0x0000,  0x001f },
    {0x007f,  0x009f },
    {0x00ad,  0x00ad },
    {0x034f,  0x034f },
    {0x061c,  0x061c },
    {0x115f,  0x1160 },
    {0x17b4,  0x17b5 },
    {0x180b,  0x180f },
    {0x200b,  0x200f },
    {0x2028,  0x202e },
    {0x2060,  0x206f },
    {0x3164,  0x3164 },
    {0xfe00,  0xfe0f },
    {0xfeff,  0xfeff },
    {0xffa0,  0xffa0 },
    {0xfff0,  0xfffb },
    {0x1d173, 0x1d17a},
    {0xe0000, 0xe0fff},
};

size_t utf8_visible_length(slice text)
{
    uint32_t code_point;
    size_t length = utf8_character(text, &code_point);
    if (length == 0) {
        return 0;
    }
    if (code_point >= 0x20 && code_point < 0x7f) {
        return length;
    }
    for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
        if (code_point >= invisible[i].low && code_point <= invisible[i].high) {
            return 0;
        }
    }
    return length;
}
