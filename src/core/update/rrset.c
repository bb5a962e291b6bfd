/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/update/value.h"

/* rrset: states of an RRset, made from one another and compared. */

bool rrset_has(const struct update_rrset *rrset, slice value)
{
    for (size_t i = 0; i < rrset->count; i++) {
        if (slice_eq(rrset->values[i], value)) {
            return true;
        }
    }
    return false;
}

static bool has_text_of(const struct update_rrset *rrset, slice value)
{
    for (size_t i = 0; i < rrset->count; i++) {
        if (value_has_text_of(rrset->values[i], value)) {
            return true;
        }
    }
    return false;
}

/* All but the first with that text; false when there is none. */
static bool copy_without(const struct update_rrset *from, slice text, slice *values,
                         size_t *count)
{
    bool is_found = false;

    for (size_t i = 0; i < from->count; i++) {
        if (!is_found && text.ptr != NULL && value_is_text(from->values[i], text)) {
            is_found = true;
        } else {
            values[(*count)++] = from->values[i];
        }
    }
    return is_found || text.ptr == NULL;
}

enum yett_err update_replace(struct arena *arena, const struct update_rrset *before,
                             slice old_text, slice new_text, uint32_t ttl_s,
                             struct update_rrset *out)
{
    if (before->count > UPDATE_VALUES_MAX) {
        return YETT_LIMIT;
    }
    slice *values = ARENA_ARRAY(arena, before->count + 1, slice);
    if (values == NULL) {
        return YETT_NO_MEMORY;
    }
    struct update_rrset after = {.values = values};
    if (!copy_without(before, old_text, values, &after.count)) {
        return YETT_NOT_FOUND;
    }
    after.ttl_s = after.count != 0 ? before->ttl_s : ttl_s;
    if (new_text.ptr != NULL) {
        slice value;
        enum yett_err err = update_value(arena, new_text, &value);
        if (err != YETT_OK) {
            return err;
        }
        if (!has_text_of(&after, value)) {
            values[after.count++] = value;
        }
    }
    if (after.count > UPDATE_VALUES_MAX) {
        return YETT_LIMIT;
    }
    *out = after;
    return YETT_OK;
}

struct update_change update_undo(const struct update_change *change)
{
    struct update_change back = *change;
    back.before = change->after;
    back.after = change->before;
    return back;
}

bool update_is_visible(const struct update_change *change,
                       const struct update_rrset *shown)
{
    for (size_t i = 0; i < change->after.count; i++) {
        if (!has_text_of(shown, change->after.values[i]) &&
            !has_text_of(&change->before, change->after.values[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < change->before.count; i++) {
        if (has_text_of(shown, change->before.values[i]) &&
            !has_text_of(&change->after, change->before.values[i])) {
            return false;
        }
    }
    return true;
}
