/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/dkim/identity.h"

#include "core/base/ascii.h"
#include "core/domain/domain.h"

enum yett_err dkim_unfold(struct arena *arena, slice text, slice *out)
{
    char *kept = arena_alloc(arena, text.len);
    size_t count = 0;
    if (kept == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < text.len; i++) {
        kept[count] = text.ptr[i]; /* overwritten when it does not count */
        count += (unsigned char)text.ptr[i] > ' ';
    }
    *out = slice_of(kept, count);
    return YETT_OK;
}

/* dkim-quoted-printable: "=" and two hexadecimal digits, upper case. */
static enum yett_err decode(struct arena *arena, slice text, slice *out)
{
    char *octets = arena_alloc(arena, text.len);
    size_t count = 0;
    if (octets == NULL) {
        return YETT_NO_MEMORY;
    }
    while (text.len != 0) {
        char octet = text.ptr[0];
        size_t taken = 1;
        if (octet == '=') {
            int high = text.len < 3 ? -1 : ascii_hex_value(text.ptr[1]);
            int low = text.len < 3 ? -1 : ascii_hex_value(text.ptr[2]);
            if (high < 0 || low < 0 || ascii_is_lower(text.ptr[1]) ||
                ascii_is_lower(text.ptr[2])) {
                return YETT_BAD_SYNTAX;
            }
            octet = (char)(high * 16 + low);
            taken = 3;
        }
        octets[count++] = octet;
        text = slice_skip(text, taken);
    }
    *out = slice_of(octets, count);
    return YETT_OK;
}

enum yett_err dkim_identity_domain(struct arena *arena, slice identity, slice *out)
{
    size_t at = slice_find_last_byte(identity, '@');
    slice domain = slice_skip(identity, at + 1);
    if (at == identity.len) {
        return YETT_BAD_SYNTAX;
    }
    if (slice_has_byte(domain, '=')) {
        enum yett_err err = decode(arena, domain, &domain);
        if (err != YETT_OK) {
            return err;
        }
    }
    return domain_normalize(arena, domain, out);
}
