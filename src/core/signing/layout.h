/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_SIGNING_LAYOUT_H
#define YETT_CORE_SIGNING_LAYOUT_H

#include "core/signing/signing.h"

/*
 * layout: how a table lies in its octets.  Who makes one and who reads it are on the same
 * host and of the same program, so numbers are the machine's own.
 *
 * A head, then sections that it gives the place of.  Names lie one behind the other in the
 * text section; an entry refers to them.  Each kind of entry that is looked for has a section
 * of slots (open addressing): the number of an entry plus one, or 0.
 */
#define LAYOUT_MAGIC "YETTSGN"

enum { LAYOUT_VERSION = 1 };

enum layout_part {
    LAYOUT_TEXT,
    LAYOUT_KEYS,
    LAYOUT_ROWS,
    LAYOUT_AUTHORS,
    LAYOUT_LOGINS,
    LAYOUT_GRANTS,
    LAYOUT_KEY_SLOTS, /* in the order of the entries that they are of */
    LAYOUT_ROW_SLOTS,
    LAYOUT_AUTHOR_SLOTS,
    LAYOUT_LOGIN_SLOTS,
    LAYOUT_GRANT_SLOTS,
    LAYOUT_PARTS,
    LAYOUT_FIRST_ENTRIES = LAYOUT_KEYS,
    LAYOUT_KINDS = LAYOUT_KEY_SLOTS - LAYOUT_KEYS
};

struct layout_section {
    uint32_t at;    /* octets from the beginning */
    uint32_t count; /* items; of the text: octets */
};

struct layout_head {
    char magic[8];
    uint32_t version;
    uint32_t size; /* octets of all */
    uint8_t hash_key[16];
    struct layout_section parts[LAYOUT_PARTS];
};

/* Octets of the text section. */
struct layout_name {
    uint32_t at;
    uint32_t length;
};

struct layout_key {
    struct layout_name path; /* the NUL behind it is not counted */
    uint32_t type;
    uint32_t bits;
};

struct layout_row {
    struct layout_name domain, selector;
    uint32_t key;
    uint32_t uses;
};

struct layout_author {
    struct layout_name pattern;
    uint32_t count;
    uint32_t rows[SIGNING_ROWS_MAX];
};

struct layout_login {
    struct layout_name name;
};

/* One domain that a login may use. */
struct layout_grant {
    struct layout_name pattern;
    uint32_t login;
};

/* Octets of one item. */
extern const size_t layout_sizes[LAYOUT_PARTS];

/* What entries are looked for by. */
uint64_t layout_hash_row(const uint8_t key[16], slice domain, slice selector);
uint64_t layout_hash_pattern(const uint8_t key[16], slice domain, bool is_below);
uint64_t layout_hash_login(const uint8_t key[16], slice login);
uint64_t layout_hash_grant(const uint8_t key[16], uint32_t login, slice domain,
                           bool is_below);
uint64_t layout_hash_path(const uint8_t key[16], slice path);

/* "*.example.com" is "example.com", below. */
bool layout_is_below(slice pattern, slice *domain);

#endif
