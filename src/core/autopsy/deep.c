/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/autopsy/slots.h"
#include "core/base/ascii.h"
#include "core/base/date.h"

/*
 * deep: a text put into a field, at any place, and the same moment in another time zone; for
 * RSA, where a try costs a hash.
 */

enum { ALL_PLACES_MAX = 120, VALUE_MAX = 600, TRIES_MAX = 8000 };

struct dig {
    struct autopsy_header *header;
    const struct autopsy_place *place;
    slice canonical;
    size_t begin; /* of the value */
    size_t tries;
};

static bool fits(struct dig *at, slice text, const char *what, enum autopsy_kind kind)
{
    const struct autopsy_group *group = &at->header->groups[at->place->group];
    at->tries++;
    if (!autopsy_slot_fits(at->header, at->place, text)) {
        return false;
    }
    slice texts[DKIM_SIGNED_FIELDS_MAX + 1];
    memcpy(texts, group->current, group->slots * sizeof(*texts));
    texts[at->place->slot] = text;
    struct autopsy_variant variant = {.group = at->place->group,
                                      .slot = at->place->slot,
                                      .texts = texts,
                                      .kind = kind,
                                      .what = what};
    autopsy_note_variant(at->header, &variant);
    return true;
}

/* Relaxed: what is left has no white space around it, and no two spaces. */
static slice without(struct dig *at, size_t from, size_t to)
{
    slice front = slice_first(at->canonical, from);
    slice back = slice_skip(at->canonical, to);
    bool line_end = slice_ends_with(back, SLICE("\r\n"));
    back = line_end ? slice_first(back, back.len - 2) : back;
    if (at->header->canon == DKIM_RELAXED) {
        if (from == at->begin || slice_ends_with(front, SLICE(" "))) {
            back = slice_trim_wsp(back);
        }
        if (back.len == 0 && slice_ends_with(front, SLICE(" "))) {
            front = slice_first(front, front.len - 1);
        }
    }
    return AUTOPSY_JOIN(at->header, front, back, line_end ? SLICE("\r\n") : SLICE_NONE);
}

static bool is_boundary(slice text, size_t at)
{
    return at == 0 || at >= text.len || !ascii_is_alnum(text.ptr[at]) ||
           !ascii_is_alnum(text.ptr[at - 1]);
}

static bool try_stretches(struct dig *at, size_t end)
{
    bool all = end - at->begin <= ALL_PLACES_MAX;
    for (size_t from = at->begin; from < end && !at->header->work->ended; from++) {
        for (size_t to = from + 1;
             to <= end && at->tries < TRIES_MAX && !at->header->work->ended; to++) {
            if (!all &&
                (!is_boundary(at->canonical, from) || !is_boundary(at->canonical, to))) {
                continue;
            }
            struct arena_mark mark = arena_mark(at->header->work->arena);
            if (fits(at, without(at, from, to), "a text was put in",
                     AUTOPSY_FIELD_TEXT_INSERTED)) {
                return true;
            }
            arena_rewind(at->header->work->arena, mark);
        }
    }
    return false;
}

/* White space that was lost. */
static bool try_spaces(struct dig *at, size_t end)
{
    for (size_t place = at->begin; place <= end && !at->header->work->ended; place++) {
        struct arena_mark mark = arena_mark(at->header->work->arena);
        slice text = AUTOPSY_JOIN(at->header, slice_first(at->canonical, place),
                                  SLICE(" "), slice_skip(at->canonical, place));
        if (fits(at, text, "a space was taken out", AUTOPSY_FIELD_REFOLDED)) {
            return true;
        }
        arena_rewind(at->header->work->arena, mark);
    }
    return false;
}

/* ---- Date ------------------------------------------------------------------------------- */

/* As RFC 5322 section 3.3 has it, in the zone of so many minutes, the day with a zero in front
   or without. */
static slice date_in_zone(const struct dig *at, slice before, int64_t moment_s,
                          int minutes, bool with_zero)
{
    struct arena *arena = at->header->work->arena;
    enum { DAY = sizeof("Tue, ") - 1, ZONE = sizeof("+0000") - 1 };
    int distance = minutes < 0 ? -minutes : minutes;
    struct buf buf;
    buf_init(&buf, arena, 64);
    date_write_rfc5322(&buf, moment_s + (int64_t)minutes * 60);
    slice text = buf_slice(&buf);
    bool is_short = slice_peek(slice_skip(text, DAY + 1)) == ' ';
    if (text.len < DAY + ZONE || (with_zero && !is_short)) {
        return SLICE_NONE;
    }
    return arena_printf(arena, "%.*s%.*s%s%.*s%c%02d%02d\r\n", SLICE_ARG(before),
                        SLICE_ARG(slice_first(text, DAY)), with_zero ? "0" : "",
                        SLICE_ARG(slice_between(text, DAY, text.len - ZONE)),
                        minutes < 0 ? '-' : '+', distance / 60, distance % 60);
}

/* Then it is something else that was changed. */
static bool is_in_zone_of(const struct dig *at, slice text)
{
    enum { ZONE = sizeof("+0000\r\n") - 1 };
    slice zone = slice_first(slice_last(text, ZONE), ZONE - 2);
    return slice_find(at->canonical, zone) < at->canonical.len;
}

static bool try_zone(struct dig *at, slice before, int64_t moment_s, int minutes)
{
    for (int zero = 0; zero < 2; zero++) {
        struct arena_mark mark = arena_mark(at->header->work->arena);
        slice text = date_in_zone(at, before, moment_s, minutes, zero != 0);
        if (text.ptr != NULL && !is_in_zone_of(at, text) &&
            fits(at, text, "it was written in another time zone",
                 AUTOPSY_DATE_REWRITTEN)) {
            return true;
        }
        arena_rewind(at->header->work->arena, mark);
    }
    return false;
}

static bool try_zones(struct dig *at, size_t end)
{
    enum { WEST = -12 * 60, EAST = 14 * 60, STEP = 15 };
    slice value = slice_between(at->canonical, at->begin, end);
    slice written = slice_trim_wsp(slice_first(value, slice_find_byte(value, '(')));
    slice before = slice_first(at->canonical, at->begin + slice_find(value, written));
    int64_t moment_s;
    if (date_parse_rfc5322(written, &moment_s) != YETT_OK) {
        return false;
    }
    for (int minutes = WEST; minutes <= EAST; minutes += STEP) {
        if (at->header->work->ended) {
            return false;
        }
        if (try_zone(at, before, moment_s, minutes)) {
            return true;
        }
    }
    return false;
}

static void propose_zone(const struct dig *at, int64_t moment_s, int minutes)
{
    for (int zero = 0; zero < 2; zero++) {
        slice text = date_in_zone(at, SLICE("Date: "), moment_s, minutes, zero != 0);
        if (text.len > 2) {
            slice value =
                slice_first(slice_skip(text, sizeof("Date:") - 1), text.len - 7);
            autopsy_propose(at->header, at->place, AUTOPSY_DATE_REWRITTEN,
                            AUTOPSY_RANK_POSSIBLE, "it was written in another time zone",
                            value);
        }
    }
}

void autopsy_propose_zones(struct autopsy_header *header,
                           const struct autopsy_place *place)
{
    enum { HOUR = 60, WEST = -8, EAST = 10 };
    struct dig at = {.header = header, .place = place};
    slice written = slice_trim_fws(place->field->value);
    int64_t moment_s;
    if (!slice_ends_with(written, SLICE(" +0000")) ||
        date_parse_rfc5322(written, &moment_s) != YETT_OK) {
        return;
    }
    for (int hours = WEST; hours <= EAST; hours++) {
        if (hours != 0) {
            propose_zone(&at, moment_s, hours * HOUR);
        }
    }
    propose_zone(&at, moment_s, 5 * HOUR + 30);
}

/* ---- all places ------------------------------------------------------------------------- */

static bool dig(struct autopsy_header *header, const struct autopsy_place *place)
{
    const struct autopsy_group *group = &header->groups[place->group];
    slice canonical = group->current[place->slot];
    struct dig at = {.header = header,
                     .place = place,
                     .canonical = canonical,
                     .begin = slice_find_byte(canonical, ':') + 1};
    size_t end = canonical.len - (group->is_signature ? 0 : 2);
    if (canonical.len == 0 || at.begin > end || end - at.begin > VALUE_MAX) {
        return false;
    }
    if (slice_eq_nocase(group->name, SLICE("Date")) && try_zones(&at, end)) {
        return true;
    }
    return try_spaces(&at, end) || try_stretches(&at, end);
}

bool autopsy_try_deep(struct autopsy_header *header)
{
    for (size_t i = 0; i < header->group_count; i++) {
        for (size_t slot = 0; slot < header->groups[i].slots && !header->work->ended;
             slot++) {
            struct autopsy_place place = {.group = i, .slot = slot};
            if (dig(header, &place)) {
                return true;
            }
        }
    }
    return false;
}
