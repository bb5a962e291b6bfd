/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/num.h"

#include "core/base/ascii.h"

bool num_add(size_t a, size_t b, size_t *out)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *out = sum;
    return true;
}

bool num_mul(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) {
        return false;
    }
    *out = product;
    return true;
}

enum yett_err num_take_uint(slice *in, uint64_t max, uint64_t *out)
{
    slice rest = *in;
    uint64_t value = 0;

    if (!ascii_is_digit(slice_peek(rest))) {
        return YETT_BAD_SYNTAX;
    }
    while (ascii_is_digit(slice_peek(rest))) {
        uint64_t digit = (uint64_t)(slice_peek(rest) - '0');
        if (value > (UINT64_MAX - digit) / 10 || value * 10 + digit > max) {
            return YETT_LIMIT;
        }
        value = value * 10 + digit;
        rest = slice_skip(rest, 1);
    }
    *in = rest;
    *out = value;
    return YETT_OK;
}

enum yett_err num_parse_uint(slice text, uint64_t max, uint64_t *out)
{
    uint64_t value;
    enum yett_err err = num_take_uint(&text, max, &value);
    if (err != YETT_OK) {
        return err;
    }
    if (text.len != 0) {
        return YETT_BAD_SYNTAX;
    }
    *out = value;
    return YETT_OK;
}
