/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/ascii.h"
#include "core/intake/parts.h"

#include <stdlib.h>

/*
 * removal: what must go, by index and by occurrence among the fields of its name, which is
 * how mail servers want it.
 *
 * Fields are looked at as they pass, before anything can go wrong with the message: whoever
 * makes a gateway give up on a message must not get a forged result past it.
 */

static slice name_of(const struct config *config, enum intake_mark mark)
{
    switch (mark) {
    case INTAKE_RESULTS:
        return SLICE("Authentication-Results");
    case INTAKE_TAG:
        return config->tag_field;
    case INTAKE_QUARANTINE:
        return config->quarantine_field;
    case INTAKE_MARKS:
        break;
    }
    return SLICE_NONE;
}

static bool find_mark(const struct config *config, slice name, enum intake_mark *out)
{
    for (int mark = 0; mark < INTAKE_MARKS; mark++) {
        if (slice_eq_nocase(name, name_of(config, (enum intake_mark)mark))) {
            *out = (enum intake_mark)mark;
            return true;
        }
    }
    return false;
}

/* ---- as fields pass ------------------------------------------------------------------------ */

/* A line end that folds nothing: to some readers what follows is another field. */
static bool breaks_off(slice text)
{
    for (size_t cr = 0; cr < text.len; cr++) {
        cr += slice_find_byte(slice_skip(text, cr), '\r');
        if (cr < text.len && slice_peek(slice_skip(text, cr + 1)) != '\n') {
            return true;
        }
    }
    for (size_t lf = 0; lf < text.len; lf++) {
        lf += slice_find_byte(slice_skip(text, lf), '\n');
        if (lf < text.len && !ascii_is_wsp(slice_peek(slice_skip(text, lf + 1)))) {
            return true;
        }
    }
    return false;
}

static bool hides_a_mark(const struct config *config, slice text)
{
    /* Not the beginning: a value is no name. */
    const struct message_field field = {.raw = SLICE_NONE};
    enum intake_mark mark;
    slice rest = text;
    slice name;
    while (rest.ptr != NULL && message_next_hidden(&field, &rest, &name)) {
        if (find_mark(config, name, &mark)) {
            return true;
        }
    }
    return false;
}

/* Others skip white space before a name, or begin a name behind a line end in it. */
static bool is_odd_name(slice name)
{
    return ascii_is_wsp(slice_peek(name)) || slice_has_byte(name, '\n') ||
           slice_has_byte(name, '\r');
}

static bool may_hide(const struct config *config, slice name, slice value, bool unread)
{
    return is_odd_name(name) ||
           (breaks_off(value) && (unread || hides_a_mark(config, value)));
}

static bool grow(struct intake_removal *removal)
{
    enum { FIRST_CAPACITY = 16 };
    size_t capacity = removal->capacity == 0 ? FIRST_CAPACITY : removal->capacity * 2;
    struct intake_removal_entry *moved =
        ARENA_ARRAY(removal->arena, capacity, struct intake_removal_entry);
    if (moved == NULL) {
        return false;
    }
    if (removal->count != 0) {
        memcpy(moved, removal->list, removal->count * sizeof(*moved));
    }
    removal->list = moved;
    removal->capacity = capacity;
    return true;
}

static void add(struct intake_removal *removal, enum intake_mark mark, bool is_sure)
{
    size_t alike = is_sure ? removal->sure_count : removal->count - removal->sure_count;
    if (alike >= INTAKE_REMOVALS_MAX ||
        (removal->count == removal->capacity && !grow(removal))) {
        removal->untold = removal->untold || is_sure;
        removal->untold_unread = true;
        return;
    }
    removal->list[removal->count++] =
        (struct intake_removal_entry){.index = removal->field_count,
                                      .occurrence = removal->seen[mark],
                                      .mark = mark,
                                      .is_sure = is_sure};
    removal->sure_count += is_sure;
}

void intake_removal_init(struct intake_removal *removal, struct arena *arena,
                         const struct config *config)
{
    *removal = (struct intake_removal){
        .arena = arena, .config = config, .close_looks = AUTHRES_CLOSE_LOOKS_MAX};
}

void intake_removal_field(struct intake_removal *removal, slice name, slice value,
                          bool is_cut, bool unread)
{
    const struct config *config = removal->config;
    enum intake_mark mark;
    while (name.len > 0 && ascii_is_wsp(name.ptr[name.len - 1])) {
        name = slice_first(name, name.len - 1);
    }
    if (find_mark(config, name, &mark)) {
        removal->seen[mark]++;
        bool is_sure = mark != INTAKE_RESULTS || is_cut ||
                       (!unread && authres_is_forged_of_many(value, config->authserv_id,
                                                             &removal->close_looks));
        add(removal, mark, is_sure);
    } else if (is_cut || may_hide(config, name, value, unread)) {
        removal->untold = true;
    }
    removal->field_count++;
}

bool intake_removal_edits(const struct intake_removal *removal, bool unread,
                          struct intake_edit **out, size_t *count)
{
    size_t most = unread ? removal->count : removal->sure_count;
    if (removal->untold || (unread && removal->untold_unread) ||
        most > INTAKE_REMOVALS_MAX) {
        return false;
    }
    struct intake_edit *edits = ARENA_ARRAY(removal->arena, most, struct intake_edit);
    if (edits == NULL) {
        return false;
    }
    *count = 0;
    for (size_t i = removal->count; i > 0; i--) {
        const struct intake_removal_entry *entry = &removal->list[i - 1];
        if (entry->is_sure || unread) {
            edits[(*count)++] =
                (struct intake_edit){.kind = INTAKE_REMOVE,
                                     .name = name_of(removal->config, entry->mark),
                                     .index = entry->index,
                                     .occurrence = entry->occurrence};
        }
    }
    *out = edits;
    return true;
}

/* ---- of a parsed header -------------------------------------------------------------------- */

/* By name, and from top to bottom in one name: the fields are of one array. */
static int compare_fields(const void *a, const void *b)
{
    const struct message_field *const *left = a;
    const struct message_field *const *right = b;
    int by_name = slice_cmp_nocase((*left)->name, (*right)->name);
    return by_name != 0 ? by_name : (*left > *right) - (*left < *right);
}

/* For every field its number among those of its name. */
static size_t *occurrences(struct arena *arena, const struct message_header *header)
{
    size_t *out = ARENA_ARRAY(arena, header->count, size_t);
    const struct message_field **sorted =
        ARENA_ARRAY(arena, header->count, const struct message_field *);
    if (out == NULL || sorted == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < header->count; i++) {
        sorted[i] = &header->fields[i];
    }
    qsort(sorted, header->count, sizeof(*sorted), compare_fields);
    for (size_t i = 0; i < header->count; i++) {
        size_t at = (size_t)(sorted[i] - header->fields);
        bool goes_on = i > 0 && slice_eq_nocase(sorted[i]->name, sorted[i - 1]->name);
        out[at] = goes_on ? out[sorted[i - 1] - header->fields] + 1 : 1;
    }
    return out;
}

enum yett_err intake_removal_of_header(struct arena *arena,
                                       const struct message_header *header,
                                       const size_t *indices, size_t count, size_t spare,
                                       struct intake_edit **out)
{
    if (count > INTAKE_REMOVALS_MAX) {
        return YETT_LIMIT;
    }
    struct intake_edit *edits = ARENA_ARRAY(arena, count + spare, struct intake_edit);
    const size_t *numbers = count == 0 ? NULL : occurrences(arena, header);
    if (edits == NULL || (count != 0 && numbers == NULL)) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        edits[i] = (struct intake_edit){.kind = INTAKE_REMOVE,
                                        .name = header->fields[indices[i]].name,
                                        .index = indices[i],
                                        .occurrence = numbers[indices[i]]};
    }
    *out = edits;
    return YETT_OK;
}
