/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/value.h"

enum { STRING_MAX = 255, RDATA_MAX = 65535 };

bool value_is_good(slice value)
{
    if (value.len == 0 || value.len > RDATA_MAX) {
        return false;
    }
    while (value.len != 0) {
        size_t length = (size_t)slice_peek(value);
        if (length >= value.len) {
            return false;
        }
        value = slice_skip(value, 1 + length);
    }
    return true;
}

/* A walk over the octets of the strings. */
struct octets {
    slice rest;
    size_t left; /* in this string */
};

static int next_octet(struct octets *octets)
{
    while (octets->left == 0) {
        if (octets->rest.len == 0) {
            return -1;
        }
        octets->left = (size_t)slice_peek(octets->rest);
        octets->rest = slice_skip(octets->rest, 1);
    }
    int octet = slice_peek(octets->rest);
    octets->rest = slice_skip(octets->rest, 1);
    octets->left--;
    return octet;
}

bool value_has_text_of(slice value, slice other)
{
    struct octets a = {.rest = value};
    struct octets b = {.rest = other};
    int octet;

    do {
        octet = next_octet(&a);
        if (octet != next_octet(&b)) {
            return false;
        }
    } while (octet >= 0);
    return true;
}

static bool starts_with(struct octets *octets, slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (next_octet(octets) != (unsigned char)text.ptr[i]) {
            return false;
        }
    }
    return true;
}

bool value_begins(slice value, slice text)
{
    struct octets octets = {.rest = value};
    return starts_with(&octets, text);
}

bool value_is_text(slice value, slice text)
{
    struct octets octets = {.rest = value};
    return starts_with(&octets, text) && next_octet(&octets) < 0;
}

enum yett_err update_value(struct arena *arena, slice text, slice *out)
{
    struct buf buf;

    buf_init(&buf, arena, RDATA_MAX);
    do {
        slice string = slice_first(text, STRING_MAX);
        buf_add_byte(&buf, (char)(unsigned char)string.len);
        buf_add(&buf, string);
        text = slice_skip(text, string.len);
    } while (text.len != 0);
    if (buf_err(&buf) == YETT_OK) {
        *out = buf_slice(&buf);
    }
    return buf_err(&buf);
}

enum yett_err update_value_text(struct arena *arena, slice value, slice *out)
{
    struct buf buf;

    if (!value_is_good(value)) {
        return YETT_BAD_SYNTAX;
    }
    buf_init(&buf, arena, RDATA_MAX);
    while (value.len != 0) {
        size_t length = (size_t)slice_peek(value);
        buf_add(&buf, slice_between(value, 1, 1 + length));
        value = slice_skip(value, 1 + length);
    }
    if (buf_err(&buf) == YETT_OK) {
        *out = buf_slice(&buf);
    }
    return buf_err(&buf);
}
