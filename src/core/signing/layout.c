/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/signing/layout.h"

#include "core/base/siphash.h"

const size_t layout_sizes[LAYOUT_PARTS] = {
    [LAYOUT_TEXT] = 1,
    [LAYOUT_KEYS] = sizeof(struct layout_key),
    [LAYOUT_ROWS] = sizeof(struct layout_row),
    [LAYOUT_AUTHORS] = sizeof(struct layout_author),
    [LAYOUT_LOGINS] = sizeof(struct layout_login),
    [LAYOUT_GRANTS] = sizeof(struct layout_grant),
    [LAYOUT_KEY_SLOTS] = sizeof(uint32_t),
    [LAYOUT_ROW_SLOTS] = sizeof(uint32_t),
    [LAYOUT_AUTHOR_SLOTS] = sizeof(uint32_t),
    [LAYOUT_LOGIN_SLOTS] = sizeof(uint32_t),
    [LAYOUT_GRANT_SLOTS] = sizeof(uint32_t),
};

/* Two hashes, each of a keyed function, into one in which their order matters. */
static uint64_t combine(uint64_t a, uint64_t b)
{
    return (a ^ (b << 23 | b >> 41)) * UINT64_C(0x9e3779b97f4a7c15) + b;
}

uint64_t layout_hash_row(const uint8_t key[16], slice domain, slice selector)
{
    return combine(siphash(key, domain), siphash(key, selector));
}

uint64_t layout_hash_pattern(const uint8_t key[16], slice domain, bool is_below)
{
    return combine(siphash(key, domain), is_below ? 1 : 0);
}

uint64_t layout_hash_login(const uint8_t key[16], slice login)
{
    return siphash(key, login);
}

uint64_t layout_hash_grant(const uint8_t key[16], uint32_t login, slice domain,
                           bool is_below)
{
    return combine(layout_hash_pattern(key, domain, is_below), login + (uint64_t)1);
}

uint64_t layout_hash_path(const uint8_t key[16], slice path)
{
    return siphash(key, path);
}

bool layout_is_below(slice pattern, slice *domain)
{
    *domain = pattern;
    return slice_take(domain, SLICE("*."));
}
