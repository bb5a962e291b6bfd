/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain/domain.h"
#include "core/signing/layout.h"

/*
 * build: a table in the making.
 *
 * Entries are kept in the form that they have in the table, and so are the slots, which grow
 * with them: finishing is copying.
 */
enum { FIRST_CAPACITY = 16, NONE = 0 };

/* Items of one size that grow in number. */
struct pile {
    char *items;
    size_t size, count, capacity;
};

/* One kind of entry, with what it is found by. */
struct kind {
    struct pile entries;
    struct pile hashes; /* uint64_t, of each entry */
    uint32_t *slots;
    size_t slot_count;
};

struct signing_builder {
    struct arena *arena;
    uint8_t hash_key[16];
    struct pile text;
    struct kind kinds[LAYOUT_KINDS];
};

#define KIND_OF(builder, part) (&(builder)->kinds[(part)-LAYOUT_FIRST_ENTRIES])

struct signing_builder *signing_builder_new(struct arena *arena,
                                            const uint8_t hash_key[16])
{
    struct signing_builder *builder = ARENA_NEW(arena, struct signing_builder);
    if (builder == NULL) {
        return NULL;
    }
    builder->arena = arena;
    memcpy(builder->hash_key, hash_key, sizeof(builder->hash_key));
    builder->text.size = 1;
    for (int i = 0; i < LAYOUT_KINDS; i++) {
        struct kind *kind = &builder->kinds[i];
        kind->entries.size = layout_sizes[LAYOUT_FIRST_ENTRIES + i];
        kind->hashes.size = sizeof(uint64_t);
        kind->slot_count = FIRST_CAPACITY;
        kind->slots = ARENA_ARRAY(arena, FIRST_CAPACITY, uint32_t);
        if (kind->slots == NULL) {
            return NULL;
        }
    }
    return builder;
}

/* ---- piles and slots --------------------------------------------------------------------- */

static enum yett_err fault(slice *why, const char *text)
{
    *why = slice_from_text(text);
    return YETT_BAD_SYNTAX;
}

static enum yett_err put(struct arena *arena, struct pile *pile, const void *items,
                         size_t count)
{
    size_t needed = pile->count + count;
    if (needed > pile->capacity) {
        size_t capacity = pile->capacity == 0 ? FIRST_CAPACITY : pile->capacity;
        while (capacity < needed) {
            capacity *= 2;
        }
        char *moved = arena_calloc(arena, capacity, pile->size);
        if (moved == NULL) {
            return YETT_NO_MEMORY;
        }
        if (pile->count != 0) {
            memcpy(moved, pile->items, pile->count * pile->size);
        }
        pile->items = moved;
        pile->capacity = capacity;
    }
    if (count != 0) {
        memcpy(pile->items + pile->count * pile->size, items, count * pile->size);
    }
    pile->count = needed;
    return YETT_OK;
}

static void get(const struct pile *pile, size_t index, void *out)
{
    memcpy(out, pile->items + index * pile->size, pile->size);
}

static void set(struct pile *pile, size_t index, const void *item)
{
    memcpy(pile->items + index * pile->size, item, pile->size);
}

static void take_slot(struct kind *kind, uint64_t hash, uint32_t slot)
{
    size_t at = (size_t)hash & (kind->slot_count - 1);
    while (kind->slots[at] != NONE) {
        at = (at + 1) & (kind->slot_count - 1);
    }
    kind->slots[at] = slot;
}

/* At most half of the slots are taken. */
static enum yett_err grow_slots(struct signing_builder *builder, struct kind *kind)
{
    if (kind->entries.count < kind->slot_count / 2) {
        return YETT_OK;
    }
    uint32_t *slots = ARENA_ARRAY(builder->arena, kind->slot_count * 2, uint32_t);
    if (slots == NULL) {
        return YETT_NO_MEMORY;
    }
    kind->slots = slots;
    kind->slot_count *= 2;
    for (size_t i = 0; i < kind->entries.count; i++) {
        uint64_t hash;
        get(&kind->hashes, i, &hash);
        take_slot(kind, hash, (uint32_t)i + 1);
    }
    return YETT_OK;
}

static enum yett_err put_entry(struct signing_builder *builder, struct kind *kind,
                               uint64_t hash, const void *entry, slice *why)
{
    if (kind->entries.count >= SIGNING_ENTRIES_MAX) {
        (void)fault(why, "is one too many: a table holds ten million of a kind at most");
        return YETT_LIMIT;
    }
    enum yett_err err = grow_slots(builder, kind);
    if (err == YETT_OK) {
        err = put(builder->arena, &kind->entries, entry, 1);
    }
    if (err == YETT_OK) {
        err = put(builder->arena, &kind->hashes, &hash, 1);
    }
    if (err == YETT_OK) {
        take_slot(kind, hash, (uint32_t)kind->entries.count);
    }
    return err;
}

/* The next entry that has this hash; `*at` begins with the hash.  False at a free slot. */
static bool next_alike(const struct kind *kind, uint64_t hash, size_t *at,
                       uint32_t *number)
{
    for (;;) {
        uint32_t slot = kind->slots[*at & (kind->slot_count - 1)];
        uint64_t found = 0;
        (*at)++;
        if (slot == NONE) {
            return false;
        }
        get(&kind->hashes, slot - 1, &found);
        if (found == hash) {
            *number = slot - 1;
            return true;
        }
    }
}

static slice name_at(const struct signing_builder *builder, struct layout_name name)
{
    return slice_of(builder->text.items + name.at, name.length);
}

/* The NUL behind it is for paths. */
static enum yett_err put_name(struct signing_builder *builder, slice name,
                              struct layout_name *out)
{
    if (builder->text.count + name.len + 1 > SIGNING_TABLE_MAX) {
        return YETT_LIMIT;
    }
    *out = (struct layout_name){(uint32_t)builder->text.count, (uint32_t)name.len};
    enum yett_err err = put(builder->arena, &builder->text, name.ptr, name.len);
    return err == YETT_OK ? put(builder->arena, &builder->text, "", 1) : err;
}

/* ---- keys and rows ----------------------------------------------------------------------- */

bool signing_has_key(const struct signing_builder *builder, slice path, uint32_t *number)
{
    const struct kind *kind = KIND_OF(builder, LAYOUT_KEYS);
    uint64_t hash = layout_hash_path(builder->hash_key, path);
    size_t at = (size_t)hash;
    while (next_alike(kind, hash, &at, number)) {
        struct layout_key key;
        get(&kind->entries, *number, &key);
        if (slice_eq(name_at(builder, key.path), path)) {
            return true;
        }
    }
    return false;
}

enum yett_err signing_add_key(struct signing_builder *builder,
                              const struct signing_key *key, uint32_t *number, slice *why)
{
    struct kind *kind = KIND_OF(builder, LAYOUT_KEYS);
    struct layout_key entry = {.type = (uint32_t)key->type, .bits = key->bits};
    if (signing_has_key(builder, key->path, number)) {
        return YETT_OK;
    }
    enum yett_err err = put_name(builder, key->path, &entry.path);
    if (err == YETT_OK) {
        *number = (uint32_t)kind->entries.count;
        err = put_entry(builder, kind, layout_hash_path(builder->hash_key, key->path),
                        &entry, why);
    }
    return err;
}

static bool find_row(const struct signing_builder *builder, const struct signing_row *row,
                     uint64_t hash, uint32_t *number)
{
    const struct kind *kind = KIND_OF(builder, LAYOUT_ROWS);
    size_t at = (size_t)hash;
    while (next_alike(kind, hash, &at, number)) {
        struct layout_row entry;
        get(&kind->entries, *number, &entry);
        if (slice_eq(name_at(builder, entry.domain), row->domain) &&
            slice_eq(name_at(builder, entry.selector), row->selector)) {
            return true;
        }
    }
    return false;
}

enum yett_err signing_add_row(struct signing_builder *builder,
                              const struct signing_row *row, uint32_t *number, slice *why)
{
    struct kind *kind = KIND_OF(builder, LAYOUT_ROWS);
    uint64_t hash = layout_hash_row(builder->hash_key, row->domain, row->selector);
    struct layout_row entry = {.key = row->key, .uses = row->uses};
    if (find_row(builder, row, hash, number)) {
        get(&kind->entries, *number, &entry);
        if (entry.key != row->key) {
            return fault(why,
                         "this selector of this domain has another key file already");
        }
        entry.uses |= row->uses;
        set(&kind->entries, *number, &entry);
        return YETT_OK;
    }
    enum yett_err err = put_name(builder, row->domain, &entry.domain);
    if (err == YETT_OK) {
        err = put_name(builder, row->selector, &entry.selector);
    }
    if (err == YETT_OK) {
        *number = (uint32_t)kind->entries.count;
        err = put_entry(builder, kind, hash, &entry, why);
    }
    return err;
}

/* ---- authors and logins ------------------------------------------------------------------ */

static bool has_author(const struct signing_builder *builder, slice pattern,
                       uint64_t hash)
{
    const struct kind *kind = KIND_OF(builder, LAYOUT_AUTHORS);
    size_t at = (size_t)hash;
    uint32_t number;
    while (next_alike(kind, hash, &at, &number)) {
        struct layout_author entry;
        get(&kind->entries, number, &entry);
        if (slice_eq(name_at(builder, entry.pattern), pattern)) {
            return true;
        }
    }
    return false;
}

bool signing_has_author(const struct signing_builder *builder, slice pattern)
{
    slice domain;
    bool is_below = layout_is_below(pattern, &domain);
    return has_author(builder, pattern,
                      layout_hash_pattern(builder->hash_key, domain, is_below));
}

enum yett_err signing_add_author(struct signing_builder *builder, slice pattern,
                                 const uint32_t *rows, size_t count, slice *why)
{
    slice domain;
    bool is_below = layout_is_below(pattern, &domain);
    uint64_t hash = layout_hash_pattern(builder->hash_key, domain, is_below);
    struct layout_author entry = {.count = (uint32_t)count};
    if (count > SIGNING_ROWS_MAX) {
        return fault(why, "has more than four keys that sign");
    }
    if (has_author(builder, pattern, hash)) {
        return fault(why, "stands twice");
    }
    if (count != 0) {
        memcpy(entry.rows, rows, count * sizeof(*rows));
    }
    enum yett_err err = put_name(builder, pattern, &entry.pattern);
    return err != YETT_OK
               ? err
               : put_entry(builder, KIND_OF(builder, LAYOUT_AUTHORS), hash, &entry, why);
}

static enum yett_err need_login(struct signing_builder *builder, slice login,
                                uint32_t *number, slice *why)
{
    struct kind *kind = KIND_OF(builder, LAYOUT_LOGINS);
    uint64_t hash = layout_hash_login(builder->hash_key, login);
    size_t at = (size_t)hash;
    struct layout_login entry;
    while (next_alike(kind, hash, &at, number)) {
        get(&kind->entries, *number, &entry);
        if (slice_eq(name_at(builder, entry.name), login)) {
            return YETT_OK;
        }
    }
    enum yett_err err = put_name(builder, login, &entry.name);
    if (err == YETT_OK) {
        *number = (uint32_t)kind->entries.count;
        err = put_entry(builder, kind, hash, &entry, why);
    }
    return err;
}

static bool has_grant(const struct signing_builder *builder, uint32_t login,
                      slice pattern, uint64_t hash)
{
    const struct kind *kind = KIND_OF(builder, LAYOUT_GRANTS);
    size_t at = (size_t)hash;
    uint32_t number;
    while (next_alike(kind, hash, &at, &number)) {
        struct layout_grant entry;
        get(&kind->entries, number, &entry);
        if (entry.login == login && slice_eq(name_at(builder, entry.pattern), pattern)) {
            return true;
        }
    }
    return false;
}

static enum yett_err add_grant(struct signing_builder *builder, uint32_t login,
                               slice pattern, slice *why)
{
    slice domain;
    bool is_below = layout_is_below(pattern, &domain);
    uint64_t hash = layout_hash_grant(builder->hash_key, login, domain, is_below);
    struct layout_grant entry = {.login = login};
    if (has_grant(builder, login, pattern, hash)) {
        return YETT_OK;
    }
    enum yett_err err = put_name(builder, pattern, &entry.pattern);
    return err != YETT_OK
               ? err
               : put_entry(builder, KIND_OF(builder, LAYOUT_GRANTS), hash, &entry, why);
}

enum yett_err signing_add_login(struct signing_builder *builder, slice login,
                                const slice *patterns, size_t count, slice *why)
{
    uint32_t number;
    enum yett_err err = need_login(builder, login, &number, why);
    for (size_t i = 0; err == YETT_OK && i < count; i++) {
        err = add_grant(builder, number, patterns[i], why);
    }
    return err;
}

/* ---- the octets -------------------------------------------------------------------------- */

/* Where everything goes: the head, the slots and the entries, and the text behind them. */
static size_t lay_out(const struct signing_builder *builder, struct layout_head *head)
{
    size_t at = sizeof(*head);
    for (int i = 0; i < LAYOUT_KINDS; i++) {
        const struct kind *kind = &builder->kinds[i];
        head->parts[LAYOUT_FIRST_ENTRIES + i] =
            (struct layout_section){(uint32_t)at, (uint32_t)kind->entries.count};
        at += kind->entries.count * kind->entries.size;
        head->parts[LAYOUT_KEY_SLOTS + i] =
            (struct layout_section){(uint32_t)at, (uint32_t)kind->slot_count};
        at += kind->slot_count * sizeof(uint32_t);
    }
    head->parts[LAYOUT_TEXT] =
        (struct layout_section){(uint32_t)at, (uint32_t)builder->text.count};
    return at + builder->text.count;
}

enum yett_err signing_builder_finish(struct signing_builder *builder, struct buf *out)
{
    struct layout_head head = {.magic = LAYOUT_MAGIC, .version = LAYOUT_VERSION};
    size_t size = lay_out(builder, &head);
    if (size > SIGNING_TABLE_MAX) {
        return YETT_LIMIT;
    }
    head.size = (uint32_t)size;
    memcpy(head.hash_key, builder->hash_key, sizeof(head.hash_key));
    buf_add(out, slice_of((const char *)&head, sizeof(head)));
    for (int i = 0; i < LAYOUT_KINDS; i++) {
        const struct kind *kind = &builder->kinds[i];
        buf_add(out,
                slice_of(kind->entries.items, kind->entries.count * kind->entries.size));
        buf_add(out, slice_of((const char *)kind->slots,
                              kind->slot_count * sizeof(*kind->slots)));
    }
    buf_add(out, slice_of(builder->text.items, builder->text.count));
    return buf_err(out);
}

/* ---- patterns ---------------------------------------------------------------------------- */

const char *signing_pattern_fault(struct arena *arena, slice text, bool may_be_any,
                                  slice *out)
{
    slice domain = text;
    slice normal;
    bool is_below = slice_take(&domain, SLICE("*."));
    if (slice_eq(text, SLICE("*"))) {
        *out = SLICE("*");
        return may_be_any ? NULL
                          : "is no domain: every domain that is signed must be named";
    }
    enum yett_err err = domain_normalize(arena, domain, &normal);
    if (err != YETT_OK) {
        return err == YETT_NO_MEMORY
                   ? "needs more memory than there is"
                   : "is no domain such as example.com or *.example.com";
    }
    if (!is_below) {
        *out = normal;
        return NULL;
    }
    struct buf buf;
    buf_init(&buf, arena, 512);
    buf_add_text(&buf, "*.");
    buf_add(&buf, normal);
    *out = buf_slice(&buf);
    return buf_err(&buf) == YETT_OK ? NULL : "needs more memory than there is";
}
