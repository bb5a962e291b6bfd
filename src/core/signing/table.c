/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/num.h"
#include "core/domain/domain.h"
#include "core/signing/layout.h"
#include "core/signing/parts.h"

/*
 * table: lookups in octets that somebody else made.
 *
 * They are checked once; afterwards every number in them is known to stay within.  Entries
 * are copied out, so that nothing depends on how the octets are aligned.
 */
struct signing_table {
    slice octets;
    struct layout_head head;
    bool serves_one_domain;
};

/* ---- the octets -------------------------------------------------------------------------- */

static size_t count_of(const struct signing_table *table, enum layout_part part)
{
    return table->head.parts[part].count;
}

/* Item `index` of a part that was checked. */
static void load(const struct signing_table *table, enum layout_part part, size_t index,
                 void *out)
{
    size_t size = layout_sizes[part];
    memcpy(out, table->octets.ptr + table->head.parts[part].at + index * size, size);
}

static slice name_of(const struct signing_table *table, struct layout_name name)
{
    return slice_of(table->octets.ptr + table->head.parts[LAYOUT_TEXT].at + name.at,
                    name.length);
}

/* ---- the check --------------------------------------------------------------------------- */

static bool is_name(const struct signing_table *table, struct layout_name name)
{
    return name.at <= count_of(table, LAYOUT_TEXT) &&
           name.length <= count_of(table, LAYOUT_TEXT) - name.at;
}

static bool is_key(const struct signing_table *table, size_t index)
{
    struct layout_key key;
    load(table, LAYOUT_KEYS, index, &key);
    struct layout_name whole = {key.path.at, key.path.length + 1};
    return key.path.length < UINT32_MAX && is_name(table, whole) &&
           name_of(table, whole).ptr[key.path.length] == '\0' &&
           (key.type == CRYPTO_RSA || key.type == CRYPTO_ED25519);
}

static bool is_row(const struct signing_table *table, size_t index)
{
    struct layout_row row;
    load(table, LAYOUT_ROWS, index, &row);
    return is_name(table, row.domain) && is_name(table, row.selector) &&
           row.key < count_of(table, LAYOUT_KEYS);
}

static bool is_author(const struct signing_table *table, size_t index)
{
    struct layout_author author;
    load(table, LAYOUT_AUTHORS, index, &author);
    bool good = is_name(table, author.pattern) && author.count <= SIGNING_ROWS_MAX;
    for (size_t i = 0; good && i < author.count; i++) {
        good = author.rows[i] < count_of(table, LAYOUT_ROWS);
    }
    return good;
}

static bool is_login(const struct signing_table *table, size_t index)
{
    struct layout_login login;
    load(table, LAYOUT_LOGINS, index, &login);
    return is_name(table, login.name);
}

static bool is_grant(const struct signing_table *table, size_t index)
{
    struct layout_grant grant;
    load(table, LAYOUT_GRANTS, index, &grant);
    return is_name(table, grant.pattern) && grant.login < count_of(table, LAYOUT_LOGINS);
}

/* By kind of entry, in the order of the parts. */
static bool (*const entry_checks[LAYOUT_KINDS])(const struct signing_table *, size_t) = {
    is_key, is_row, is_author, is_login, is_grant};

/* Slots are a power of two, refer to entries, and some are free. */
static bool are_slots(const struct signing_table *table, enum layout_part slots,
                      size_t entries)
{
    size_t count = count_of(table, slots);
    size_t used = 0;
    if ((count & (count - 1)) != 0 || count <= entries) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t slot;
        load(table, slots, i, &slot);
        if (slot > entries) {
            return false;
        }
        used += slot != 0;
    }
    return used == entries;
}

static bool are_parts_inside(const struct signing_table *table)
{
    for (int part = 0; part < LAYOUT_PARTS; part++) {
        const struct layout_section *section = &table->head.parts[part];
        size_t bytes, end;
        if (!num_mul(section->count, layout_sizes[part], &bytes) ||
            !num_add(section->at, bytes, &end) || section->at < sizeof(table->head) ||
            end > table->octets.len) {
            return false;
        }
    }
    return true;
}

static const char *entry_fault(const struct signing_table *table)
{
    for (int kind = 0; kind < LAYOUT_KINDS; kind++) {
        enum layout_part part = (enum layout_part)(LAYOUT_FIRST_ENTRIES + kind);
        enum layout_part slots = (enum layout_part)(LAYOUT_KEY_SLOTS + kind);
        size_t count = count_of(table, part);
        if (count > SIGNING_ENTRIES_MAX) {
            return "it has more entries than a table may have";
        }
        for (size_t i = 0; i < count; i++) {
            if (!entry_checks[kind](table, i)) {
                return "one of its entries points outside of it";
            }
        }
        if (!are_slots(table, slots, count)) {
            return "the slots of its entries are damaged";
        }
    }
    return NULL;
}

static const char *fault_of(struct signing_table *table)
{
    slice octets = table->octets;
    if (octets.len < sizeof(table->head) || octets.len > SIGNING_TABLE_MAX) {
        return "it is too short or too long for a table";
    }
    memcpy(&table->head, octets.ptr, sizeof(table->head));
    if (memcmp(table->head.magic, LAYOUT_MAGIC, sizeof(table->head.magic)) != 0 ||
        table->head.version != LAYOUT_VERSION) {
        return "it is no table of this version";
    }
    if (table->head.size != octets.len) {
        return "it was cut off";
    }
    return are_parts_inside(table) ? entry_fault(table) : "a part of it lies outside";
}

static bool has_one_domain(const struct signing_table *table)
{
    bool same = true;
    for (size_t i = 1; same && i < signing_row_count(table); i++) {
        same = slice_eq(signing_row_at(table, i).domain, signing_row_at(table, 0).domain);
    }
    return same;
}

bool signing_serves_one_domain(const struct signing_table *table)
{
    return table->serves_one_domain;
}

enum yett_err signing_table_open(struct arena *arena, slice octets,
                                 const struct signing_table **out, const char **why)
{
    struct signing_table *table = ARENA_NEW(arena, struct signing_table);
    if (table == NULL) {
        return YETT_NO_MEMORY;
    }
    table->octets = octets;
    const char *fault = fault_of(table);
    if (fault != NULL) {
        *why = fault;
        return YETT_BAD_SYNTAX;
    }
    table->serves_one_domain = has_one_domain(table);
    *out = table;
    return YETT_OK;
}

/* ---- lookups ----------------------------------------------------------------------------- */

/* Goes through the slots at which an entry of this hash can be. */
struct probe {
    const struct signing_table *table;
    enum layout_part slots;
    size_t at;
    size_t left;
};

static struct probe probe_of(const struct signing_table *table, enum layout_part slots,
                             uint64_t hash)
{
    size_t count = count_of(table, slots);
    return (struct probe){table, slots, (size_t)hash & (count - 1), count};
}

static bool next_entry(struct probe *probe, size_t *index)
{
    uint32_t slot;
    if (probe->left == 0) {
        return false;
    }
    load(probe->table, probe->slots, probe->at, &slot);
    probe->at = (probe->at + 1) & (count_of(probe->table, probe->slots) - 1);
    probe->left--;
    *index = slot == 0 ? 0 : slot - 1;
    return slot != 0;
}

struct signing_key signing_key_at(const struct signing_table *table, size_t number)
{
    struct layout_key key;
    load(table, LAYOUT_KEYS, number, &key);
    return (struct signing_key){.path = name_of(table, key.path),
                                .type = (enum crypto_key_type)key.type,
                                .bits = key.bits};
}

struct signing_row signing_row_at(const struct signing_table *table, size_t index)
{
    struct layout_row row;
    load(table, LAYOUT_ROWS, index, &row);
    struct signing_key key = signing_key_at(table, row.key);
    return (struct signing_row){.domain = name_of(table, row.domain),
                                .selector = name_of(table, row.selector),
                                .type = key.type,
                                .bits = key.bits,
                                .key = row.key,
                                .uses = row.uses};
}

bool signing_find_row(const struct signing_table *table, slice domain, slice selector,
                      struct signing_row *out)
{
    struct probe probe = probe_of(
        table, LAYOUT_ROW_SLOTS, layout_hash_row(table->head.hash_key, domain, selector));
    size_t index;
    while (next_entry(&probe, &index)) {
        struct signing_row row = signing_row_at(table, index);
        if (slice_eq(row.domain, domain) && slice_eq(row.selector, selector)) {
            *out = row;
            return true;
        }
    }
    return false;
}

static bool is_pattern(slice pattern, slice domain, bool is_below)
{
    slice base;
    return layout_is_below(pattern, &base) == is_below && slice_eq(base, domain);
}

static bool find_pattern(const struct signing_table *table, slice domain, bool is_below,
                         struct signing_rows *out)
{
    struct probe probe =
        probe_of(table, LAYOUT_AUTHOR_SLOTS,
                 layout_hash_pattern(table->head.hash_key, domain, is_below));
    size_t index;
    while (next_entry(&probe, &index)) {
        struct layout_author author;
        load(table, LAYOUT_AUTHORS, index, &author);
        slice pattern = name_of(table, author.pattern);
        if (is_pattern(pattern, domain, is_below)) {
            *out = (struct signing_rows){.pattern = pattern, .count = author.count};
            for (size_t i = 0; i < author.count; i++) {
                out->list[i] = signing_row_at(table, author.rows[i]);
            }
            return true;
        }
    }
    return false;
}

bool signing_find_author(const struct signing_table *table, slice author,
                         struct signing_rows *out)
{
    bool found = find_pattern(table, author, false, out);
    for (slice above = domain_parent(author); !found && above.len != 0;
         above = domain_parent(above)) {
        found = find_pattern(table, above, true, out);
    }
    return found;
}

static bool find_grant(const struct signing_table *table, uint32_t login, slice domain,
                       bool is_below)
{
    struct probe probe =
        probe_of(table, LAYOUT_GRANT_SLOTS,
                 layout_hash_grant(table->head.hash_key, login, domain, is_below));
    size_t index;
    while (next_entry(&probe, &index)) {
        struct layout_grant grant;
        load(table, LAYOUT_GRANTS, index, &grant);
        if (grant.login == login &&
            is_pattern(name_of(table, grant.pattern), domain, is_below)) {
            return true;
        }
    }
    return false;
}

static bool find_login(const struct signing_table *table, slice login, uint32_t *out)
{
    struct probe probe = probe_of(table, LAYOUT_LOGIN_SLOTS,
                                  layout_hash_login(table->head.hash_key, login));
    size_t index;
    while (next_entry(&probe, &index)) {
        struct layout_login found;
        load(table, LAYOUT_LOGINS, index, &found);
        if (slice_eq(name_of(table, found.name), login)) {
            *out = (uint32_t)index;
            return true;
        }
    }
    return false;
}

enum signing_permission signing_find_login(const struct signing_table *table, slice login,
                                           slice author)
{
    uint32_t number;
    if (!find_login(table, login, &number) && !find_login(table, SLICE("*"), &number)) {
        return SIGNING_LOGIN_UNKNOWN;
    }
    if (find_grant(table, number, SLICE("*"), false)) {
        return SIGNING_MAY_ANY;
    }
    bool found = find_grant(table, number, author, false);
    for (slice above = domain_parent(author); !found && above.len != 0;
         above = domain_parent(above)) {
        found = find_grant(table, number, above, true);
    }
    return found ? SIGNING_MAY : SIGNING_MAY_NOT;
}

/* ---- counts ------------------------------------------------------------------------------ */

size_t signing_row_count(const struct signing_table *table)
{
    return count_of(table, LAYOUT_ROWS);
}

size_t signing_key_count(const struct signing_table *table)
{
    return count_of(table, LAYOUT_KEYS);
}

size_t signing_author_count(const struct signing_table *table)
{
    return count_of(table, LAYOUT_AUTHORS);
}

size_t signing_login_count(const struct signing_table *table)
{
    return count_of(table, LAYOUT_LOGINS);
}
