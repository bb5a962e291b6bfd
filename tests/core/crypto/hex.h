/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CORE_CRYPTO_HEX_H
#define TESTS_CORE_CRYPTO_HEX_H

#include "core/base/ascii.h"
#include "core/base/slice.h"

#include <assert.h>

/* Octets from hexadecimal digits, spaces between them ignored.  `size` must suffice. */
static inline slice hex_octets(const char *hex, void *out, size_t size)
{
    uint8_t *octets = out;
    size_t digits = 0;
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ') {
            continue;
        }
        int value = ascii_hex_value(*hex);
        assert(value >= 0 && digits / 2 < size);
        octets[digits / 2] =
            (uint8_t)(digits % 2 == 0 ? value << 4 : octets[digits / 2] | value);
        digits++;
    }
    assert(digits % 2 == 0);
    return slice_of(out, digits / 2);
}

#endif
