/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/slots.h"

/* ---- texts ------------------------------------------------------------------------------ */

static void add_to_buf(void *context, slice bytes)
{
    buf_add(context, bytes);
}

static bool make_field(struct autopsy_work *work, slice raw, struct message_field *out)
{
    struct buf buf;
    size_t colon = slice_find_byte(raw, ':');
    buf_init(&buf, work->arena, SIZE_MAX);
    buf_add(&buf, raw);
    buf_add_text(&buf, "\r\n");
    out->raw = buf_slice(&buf);
    out->name = slice_trim_wsp(slice_first(out->raw, colon));
    out->value = slice_between(out->raw, colon + 1, raw.len);
    work->ended |= buf_err(&buf) != YETT_OK;
    return buf_err(&buf) == YETT_OK;
}

slice autopsy_canonical(struct autopsy_header *header, slice raw, bool is_last)
{
    struct message_field field;
    struct buf buf;
    if (!make_field(header->work, raw, &field)) {
        return SLICE_NONE;
    }
    buf_init(&buf, header->work->arena, SIZE_MAX);
    dkim_header_canon(header->canon, &field, is_last,
                      (struct dkim_sink){.write = add_to_buf, .context = &buf});
    header->work->ended |= buf_err(&buf) != YETT_OK;
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
}

slice autopsy_name_part(const struct message_field *field)
{
    return slice_first(field->raw, slice_find_byte(field->raw, ':') + 1);
}

slice autopsy_value_text(slice value)
{
    return slice_trim_fws(value);
}

slice autopsy_join(struct autopsy_header *header, const slice *pieces, size_t count)
{
    struct buf buf;
    buf_init(&buf, header->work->arena, SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        buf_add(&buf, pieces[i]);
    }
    header->work->ended |= buf_err(&buf) != YETT_OK;
    return buf_err(&buf) == YETT_OK ? buf_slice(&buf) : SLICE_NONE;
}

bool autopsy_is_named(const struct autopsy_place *place, const char *name)
{
    return place->field != NULL &&
           slice_eq_nocase(place->field->name, slice_from_text(name));
}

/* ---- the row ---------------------------------------------------------------------------- */

static size_t find_group(const struct autopsy_header *header, slice name)
{
    size_t i = 0;
    while (i < header->group_count && !slice_eq_nocase(header->groups[i].name, name)) {
        i++;
    }
    return i;
}

static enum yett_err collect_fields(struct autopsy_header *header,
                                    struct autopsy_group *group)
{
    const struct message_header *message = header->work->input->header;
    const struct dkim_signature *signature = header->work->signature;
    size_t count = 0;
    for (size_t i = 0; i < message->count; i++) {
        count += slice_eq_nocase(message->fields[i].name, group->name);
    }
    group->fields = arena_calloc(header->work->arena, count + 1, sizeof(*group->fields));
    if (group->fields == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = message->count; i-- > 0;) {
        if (i != signature->field_index &&
            slice_eq_nocase(message->fields[i].name, group->name)) {
            group->fields[group->count++] = &message->fields[i];
        }
    }
    return YETT_OK;
}

static slice raw_text(const struct message_field *field)
{
    return slice_ends_with(field->raw, SLICE("\r\n"))
               ? slice_first(field->raw, field->raw.len - 2)
               : field->raw;
}

static enum yett_err fill_group(struct autopsy_header *header,
                                struct autopsy_group *group)
{
    group->current = ARENA_ARRAY(header->work->arena, group->slots, slice);
    if (group->current == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < group->slots && i < group->count; i++) {
        group->current[i] =
            autopsy_canonical(header, raw_text(group->fields[i]), group->is_signature);
        if (group->current[i].ptr == NULL) {
            return YETT_NO_MEMORY;
        }
    }
    return YETT_OK;
}

/* The signature's field as it signs itself: the value of b= left out. */
static enum yett_err add_signature(struct autopsy_header *header)
{
    const struct dkim_signature *signature = header->work->signature;
    struct autopsy_group *group = &header->groups[header->group_count];
    struct message_field *field = ARENA_NEW(header->work->arena, struct message_field);
    group->fields = arena_calloc(header->work->arena, 1, sizeof(*group->fields));
    if (field == NULL || group->fields == NULL) {
        return YETT_NO_MEMORY;
    }
    slice raw = raw_text(signature->field);
    size_t hole = slice_offset(raw, signature->b_region);
    slice pieces[] = {slice_first(raw, hole),
                      slice_skip(raw, hole + signature->b_region.len)};
    slice text = autopsy_join(header, pieces, 2);
    if (text.ptr == NULL || !make_field(header->work, text, field)) {
        return YETT_NO_MEMORY;
    }
    group->name = field->name;
    group->fields[0] = field;
    group->count = 1;
    group->slots = 1;
    group->is_signature = true;
    header->slots[header->slot_count++] = (struct autopsy_slot){header->group_count, 0};
    header->group_count++;
    return fill_group(header, group);
}

enum yett_err autopsy_slots_read(struct autopsy_header *header)
{
    struct arena *arena = header->work->arena;
    slice names = header->work->signature->signed_fields;
    slice name;
    size_t room = slice_count_byte(names, ':') + 2;
    header->groups = ARENA_ARRAY(arena, room, struct autopsy_group);
    header->slots = ARENA_ARRAY(arena, room, struct autopsy_slot);
    header->variants = ARENA_ARRAY(arena, AUTOPSY_VARIANTS_MAX, struct autopsy_variant);
    header->tried = arena_alloc(arena, sizeof(*header->tried) * AUTOPSY_TRIED_MAX);
    if (header->groups == NULL || header->slots == NULL || header->variants == NULL ||
        header->tried == NULL) {
        return YETT_NO_MEMORY;
    }
    while (slice_next_piece(&names, ':', &name)) {
        name = slice_trim_fws(name);
        size_t at = find_group(header, name);
        struct autopsy_group *group = &header->groups[at];
        if (at == header->group_count) {
            group->name = name;
            header->group_count++;
        }
        header->slots[header->slot_count++] = (struct autopsy_slot){at, group->slots++};
    }
    for (size_t i = 0; i < header->group_count; i++) {
        enum yett_err err = collect_fields(header, &header->groups[i]);
        if (err == YETT_OK) {
            err = fill_group(header, &header->groups[i]);
        }
        if (err != YETT_OK) {
            return err;
        }
    }
    return add_signature(header);
}

/* ---- trying ----------------------------------------------------------------------------- */

static slice slot_text(const struct autopsy_header *header, size_t index)
{
    const struct autopsy_slot *slot = &header->slots[index];
    const struct autopsy_group *group = &header->groups[slot->group];
    return group->chosen == NULL ? group->current[slot->index]
                                 : group->chosen->texts[slot->index];
}

/* What one candidate costs, the calls counted. */
static uint64_t cost_of(const struct autopsy_header *header)
{
    uint64_t bytes = 256;
    for (size_t i = 0; i < header->slot_count; i++) {
        bytes += slot_text(header, i).len + 16;
    }
    return bytes;
}

static bool digest_of(struct autopsy_header *header, uint8_t *digest)
{
    struct autopsy_work *work = header->work;
    work->header_candidates++;
    if (!autopsy_spend(work, &work->header_left, cost_of(header))) {
        return false;
    }
    struct crypto_hash *hash = crypto_hash_new(work->crypto, work->digest);
    if (hash == NULL) {
        work->err = YETT_NO_MEMORY;
        return false;
    }
    for (size_t i = 0; i < header->slot_count; i++) {
        crypto_hash_update(hash, slot_text(header, i));
    }
    bool done = crypto_hash_final(hash, digest) == YETT_OK;
    crypto_hash_free(hash);
    return done;
}

/* Each verification counts, so none is made twice. */
static bool verifies(struct autopsy_header *header, const uint8_t *digest)
{
    struct autopsy_work *work = header->work;
    bool valid = false;
    for (size_t i = 0; i < header->tried_count; i++) {
        if (memcmp(header->tried[i], digest, CRYPTO_DIGEST_MAX) == 0) {
            return false;
        }
    }
    if (work->verifications_left == 0 || header->tried_count == AUTOPSY_TRIED_MAX) {
        work->ended = true;
        work->header_left = 0;
        return false;
    }
    work->verifications_left--;
    memcpy(header->tried[header->tried_count++], digest, CRYPTO_DIGEST_MAX);
    enum yett_err err = crypto_verify(work->crypto, header->key, work->digest, digest,
                                      work->signature->signature, &valid);
    if (err != YETT_OK) {
        work->err = err;
    }
    return err == YETT_OK && valid;
}

bool autopsy_slots_fit(struct autopsy_header *header)
{
    uint8_t digest[CRYPTO_DIGEST_MAX] = {0};
    if (!digest_of(header, digest)) {
        return false;
    }
    return header->has_target ? memcmp(digest, header->target,
                                       crypto_digest_size(header->work->digest)) == 0
                              : verifies(header, digest);
}

bool autopsy_slot_fits(struct autopsy_header *header, const struct autopsy_place *place,
                       slice canonical)
{
    struct autopsy_group *group = &header->groups[place->group];
    slice now = group->current[place->slot];
    group->current[place->slot] = canonical;
    bool fits = autopsy_slots_fit(header);
    group->current[place->slot] = now;
    return fits;
}

/* ---- proposing -------------------------------------------------------------------------- */

static bool same_texts(const slice *a, const slice *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!slice_eq(a[i], b[i])) {
            return false;
        }
    }
    return true;
}

static bool is_new(const struct autopsy_header *header, size_t group, const slice *texts)
{
    const struct autopsy_group *at = &header->groups[group];
    if (same_texts(texts, at->current, at->slots)) {
        return false;
    }
    for (size_t i = 0; i < header->count; i++) {
        if (header->variants[i].group == group &&
            same_texts(texts, header->variants[i].texts, at->slots)) {
            return false;
        }
    }
    return true;
}

void autopsy_propose_texts(struct autopsy_header *header,
                           const struct autopsy_variant *variant)
{
    struct arena *arena = header->work->arena;
    size_t slots = header->groups[variant->group].slots;
    if (header->count == AUTOPSY_VARIANTS_MAX ||
        !is_new(header, variant->group, variant->texts)) {
        return;
    }
    slice *texts = ARENA_ARRAY(arena, slots, slice);
    if (texts == NULL) {
        header->work->ended = true;
        return;
    }
    memcpy(texts, variant->texts, slots * sizeof(*texts));
    header->variants[header->count] = *variant;
    header->variants[header->count++].texts = texts;
}

void autopsy_propose_raw(struct autopsy_header *header, const struct autopsy_place *place,
                         enum autopsy_kind kind, enum autopsy_rank rank, const char *what,
                         slice raw)
{
    const struct autopsy_group *group = &header->groups[place->group];
    slice texts[DKIM_SIGNED_FIELDS_MAX + 1];
    slice canonical = autopsy_canonical(header, raw, group->is_signature);
    if (raw.ptr == NULL || canonical.ptr == NULL) {
        return;
    }
    memcpy(texts, group->current, group->slots * sizeof(*texts));
    texts[place->slot] = canonical;
    struct autopsy_variant variant = {.group = place->group,
                                      .slot = place->slot,
                                      .texts = texts,
                                      .kind = kind,
                                      .rank = rank,
                                      .what = what};
    autopsy_propose_texts(header, &variant);
}

void autopsy_propose(struct autopsy_header *header, const struct autopsy_place *place,
                     enum autopsy_kind kind, enum autopsy_rank rank, const char *what,
                     slice value)
{
    slice name = autopsy_name_part(place->field);
    if (value.ptr != NULL) {
        autopsy_propose_raw(header, place, kind, rank, what,
                            AUTOPSY_JOIN(header, name, value));
    }
}

/* ---- telling ---------------------------------------------------------------------------- */

static slice value_of(slice canonical)
{
    return slice_skip(canonical, slice_find_byte(canonical, ':') + 1);
}

void autopsy_note_variant(struct autopsy_header *header,
                          const struct autopsy_variant *variant)
{
    const struct autopsy_group *group = &header->groups[variant->group];
    slice was = variant->texts[variant->slot];
    slice now = group->current[variant->slot];
    struct autopsy_change change = {.kind = variant->kind, .field = group->name};
    struct buf buf;
    if (header->work->count == AUTOPSY_CHANGES_MAX) {
        autopsy_note(header->work, &change); /* it is counted */
        return;
    }
    if (variant->slot < group->count) {
        change.length = group->fields[variant->slot]->value.len;
    }
    autopsy_told_init(header->work, &buf, AUTOPSY_NOTE_MAX);
    buf_add_visible(&buf, slice_first(group->name, 80));
    buf_printf(&buf, ": %s", variant->what);
    if (variant->kind == AUTOPSY_FIELD_ADDED && was.len == 0 && now.len != 0) {
        buf_add_text(&buf, ": "); /* others of its name may have been signed */
        autopsy_add_excerpt(&buf, value_of(now));
    } else if (!group->is_signature) {
        buf_add_text(&buf, "; signed was ");
        if (was.len == 0) {
            buf_add_text(&buf, "none");
        } else {
            autopsy_add_excerpt(&buf, value_of(was));
        }
        if (now.len != 0 && was.len != 0) {
            buf_add_text(&buf, ", here is ");
            autopsy_add_excerpt(&buf, value_of(now));
        }
    }
    change.text = buf_slice(&buf);
    autopsy_note(header->work, &change);
}
