/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/taglist/taglist.h"

#include "core/base/ascii.h"
#include "core/base/utf8.h"

#include <stdlib.h>

/*
 * White space is taken octet by octet: space, tab, CR, LF.  A CRLF without a space behind it
 * cannot occur inside a header field, and a record in DNS has no lines.
 */
static slice skip_fws(slice text)
{
    size_t at = 0;
    while (at < text.len && ascii_is_fws(text.ptr[at])) {
        at++;
    }
    return slice_skip(text, at);
}

/* tag-name at the front of `*in`; empty when there is none. */
static slice take_name(slice *in)
{
    size_t length = 0;
    if (ascii_is_alpha(slice_peek(*in))) {
        while (length < in->len &&
               (ascii_is_alnum(in->ptr[length]) || in->ptr[length] == '_')) {
            length++;
        }
    }
    slice name = slice_first(*in, length);
    *in = slice_skip(*in, length);
    return name;
}

/* Index of the first octet that no value may hold, or `value.len`. */
static size_t find_bad_octet(slice value)
{
    size_t at = 0;
    while (at < value.len) {
        if (ascii_is_vchar(value.ptr[at]) || ascii_is_fws(value.ptr[at])) {
            at++;
            continue;
        }
        uint32_t code_point = 0;
        size_t length = (unsigned char)value.ptr[at] < 0x80
                            ? 0
                            : utf8_character(slice_skip(value, at), &code_point);
        if (length == 0) {
            return at;
        }
        at += length;
    }
    return at;
}

/* One tag-spec, all of `piece`.  NULL, or why not, with `*at` where in the piece. */
static const char *parse_tag(slice piece, struct tag *out, size_t *at)
{
    slice begin = skip_fws(piece);
    slice in = begin;
    slice name = take_name(&in);
    *at = piece.len - in.len;
    if (name.len == 0) {
        return in.len == 0
                   ? "an empty tag"
                   : "a tag's name must begin with a letter, and what is here is none";
    }
    in = skip_fws(in);
    *at = piece.len - in.len;
    if (!slice_take_byte(&in, '=')) {
        return in.len == 0 ? "a tag without \"=\""
                           : "a tag's name must be letters, digits and \"_\", then \"=\"";
    }
    slice value = slice_trim_fws(in);
    size_t bad = find_bad_octet(value);
    if (bad < value.len) {
        *at = slice_offset(piece, value) + bad;
        return "an octet that a tag's value may not hold";
    }
    size_t end =
        value.len == 0 ? piece.len - in.len : slice_offset(piece, value) + value.len;
    *out = (struct tag){.name = name,
                        .value = value,
                        .raw = slice_between(begin, 0, end - (piece.len - begin.len)),
                        .region = in};
    return NULL;
}

/* The piece up to the next ";" (or the end); false when nothing but white space is left. */
static bool take_piece(slice *in, slice *piece)
{
    if (skip_fws(*in).len == 0) {
        *in = slice_skip(*in, in->len);
        return false;
    }
    size_t length = slice_find_byte(*in, ';');
    *piece = slice_first(*in, length);
    *in = slice_skip(*in, length < in->len ? length + 1 : length);
    return true;
}

/* Tags as they come in. */
struct tag_array {
    struct arena *arena;
    struct tag *tags;
    size_t count;
    size_t capacity;
};

enum { FIRST_CAPACITY = 16, TAGS_MAX = 500 };

static bool array_add(struct tag_array *array, struct tag tag)
{
    if (array->count == array->capacity) {
        size_t capacity = array->capacity == 0 ? FIRST_CAPACITY : array->capacity * 2;
        if (array->tags == NULL ||
            !arena_extend(array->arena, array->tags, array->capacity * sizeof(tag),
                          capacity * sizeof(tag))) {
            struct tag *moved = arena_alloc(array->arena, capacity * sizeof(tag));
            if (moved == NULL) {
                return false;
            }
            if (array->count != 0) {
                memcpy(moved, array->tags, array->count * sizeof(tag));
            }
            array->tags = moved;
        }
        array->capacity = capacity;
    }
    array->tags[array->count++] = tag;
    return true;
}

/* By name; tags of one name stay in the order of the text. */
static int compare_tags(const void *a, const void *b)
{
    const struct tag *left = *(const struct tag *const *)a;
    const struct tag *right = *(const struct tag *const *)b;
    int order = slice_cmp(left->name, right->name);
    return order != 0 ? order : (left > right) - (left < right);
}

/* The first tag of the text whose name stood before, in `*out`; sorted, because who wrote
   the list chose how many there are. */
static enum yett_err find_repeated(struct arena *arena, const struct taglist *list,
                                   const struct tag **out)
{
    struct arena_mark mark = arena_mark(arena);
    const struct tag **sorted = ARENA_ARRAY(arena, list->count, const struct tag *);
    if (sorted == NULL) {
        return YETT_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        sorted[i] = &list->tags[i];
    }
    qsort(sorted, list->count, sizeof(*sorted), compare_tags);
    *out = NULL;
    for (size_t i = 1; i < list->count; i++) {
        if (slice_eq(sorted[i - 1]->name, sorted[i]->name) &&
            (*out == NULL || sorted[i] < *out)) {
            *out = sorted[i];
        }
    }
    arena_rewind(arena, mark);
    return YETT_OK;
}

enum yett_err taglist_parse(struct arena *arena, slice text, struct taglist *out,
                            struct taglist_error *error)
{
    struct tag_array array = {.arena = arena};
    slice in = text;
    slice piece;

    while (take_piece(&in, &piece)) {
        struct tag tag;
        size_t at;
        const char *why = parse_tag(piece, &tag, &at);
        if (why != NULL) {
            *error = (struct taglist_error){slice_offset(text, piece) + at, why};
            return YETT_BAD_SYNTAX;
        }
        if (array.count == TAGS_MAX) {
            *error = (struct taglist_error){slice_offset(text, piece),
                                            "a tag beyond the 500th"};
            return YETT_BAD_SYNTAX;
        }
        if (!array_add(&array, tag)) {
            return YETT_NO_MEMORY;
        }
    }
    struct taglist list = {array.tags, array.count};
    const struct tag *repeated;
    enum yett_err err = find_repeated(arena, &list, &repeated);
    if (err != YETT_OK) {
        return err;
    }
    if (repeated != NULL) {
        *error = (struct taglist_error){slice_offset(text, repeated->name),
                                        "a tag that stood before"};
        return YETT_BAD_SYNTAX;
    }
    *out = list;
    return YETT_OK;
}

const struct tag *taglist_find(const struct taglist *list, const char *name)
{
    slice wanted = slice_from_text(name);
    for (size_t i = 0; i < list->count; i++) {
        if (slice_eq(list->tags[i].name, wanted)) {
            return &list->tags[i];
        }
    }
    return NULL;
}
