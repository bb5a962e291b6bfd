/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/buf.h"
#include "edge/config/block.h"

#include <stdlib.h>

/*
 * once: what may stand once, though it is written in different ways.
 *
 * Of two blocks with the same title the library speaks, but it knows nothing of domains in
 * capitals, nor of two rules for one author.
 */
enum { SENTENCE_MAX = 2000 };

struct entry {
    slice name;
    const struct block_node *node;
    size_t order;
};

static int compare(const void *a, const void *b)
{
    const struct entry *first = a, *second = b;
    int by_name = slice_cmp(first->name, second->name);
    return by_name != 0 ? by_name : first->order < second->order ? -1 : 1;
}

static void add_place(struct buf *buf, const struct place *first,
                      const struct place *second)
{
    buf_printf(buf, " in line %u", first->line);
    if (!slice_eq(first->file, second->file)) {
        buf_add_text(buf, " of ");
        buf_add(buf, first->file);
    }
}

static void complain(struct buf *buf, enum block block, bool by_author,
                     const struct block_node *first, const struct block_node *second)
{
    buf_printf(buf, "%s \"", blocks[block].name);
    buf_add_visible(buf, second->item.title);
    if (!by_author) {
        buf_add_text(buf, "\": stands twice; the first is");
    } else {
        buf_add_text(buf, "\": its author ");
        buf_add(buf, second->item.rule.author);
        buf_add_text(buf, " has a rule already, \"");
        buf_add_visible(buf, first->item.title);
        buf_add_byte(buf, '"');
    }
    add_place(buf, &first->place, &second->place);
}

/* `by_author`: of BLOCK_RULE. */
static enum yett_err check(const struct block_gatherer *gatherer, enum block block,
                           bool by_author, struct place *place, slice *why)
{
    const struct block_list *list = &gatherer->lists[block];
    struct entry *entries = ARENA_ARRAY(gatherer->arena, list->count + 1, struct entry);
    size_t count = 0;
    struct buf buf;
    if (entries == NULL) {
        return YETT_NO_MEMORY;
    }
    for (const struct block_node *node = list->first; node != NULL; node = node->next) {
        slice name = by_author ? node->item.rule.author : node->item.title;
        entries[count] = (struct entry){name, node, count};
        count++;
    }
    qsort(entries, count, sizeof(*entries), compare);
    for (size_t i = 1; i < count; i++) {
        if (slice_eq(entries[i - 1].name, entries[i].name)) {
            buf_init(&buf, gatherer->arena, SENTENCE_MAX);
            complain(&buf, block, by_author, entries[i - 1].node, entries[i].node);
            *place = entries[i].node->place;
            *why = buf_slice(&buf);
            return buf_err(&buf) == YETT_OK ? YETT_BAD_SYNTAX : YETT_NO_MEMORY;
        }
    }
    return YETT_OK;
}

/* The last block of a kind that has the title; NULL: none has. */
static const struct block_node *find(const struct block_list *list, slice written)
{
    const struct block_node *found = NULL;
    for (const struct block_node *node = list->first; node != NULL; node = node->next) {
        found = slice_eq(node->written, written) ? node : found;
    }
    return found;
}

/* The kind that the line of the second begins with, or else any that has the title. */
static const struct block_node *find_first(const struct block_gatherer *gatherer,
                                           slice written, slice line, enum block *kind)
{
    const struct block_node *first = NULL;
    for (enum block i = BLOCK_FIRST_TITLED; i < BLOCK_COUNT; i++) {
        const struct block_node *found = find(&gatherer->lists[i], written);
        bool begins = slice_starts_with(line, slice_from_text(blocks[i].name));
        if (found != NULL && (first == NULL || begins)) {
            first = found;
            *kind = i;
        }
    }
    return first;
}

enum yett_err block_twice(const struct block_gatherer *gatherer, slice written,
                          slice line, const struct place *second, slice *why)
{
    enum block kind = BLOCK_FIRST_TITLED;
    const struct block_node *first = find_first(gatherer, written, line, &kind);
    struct buf buf;
    buf_init(&buf, gatherer->arena, SENTENCE_MAX);
    buf_printf(&buf, "%s \"", first == NULL ? "a block" : blocks[kind].name);
    buf_add_visible(&buf, written);
    buf_add_text(&buf, "\": stands twice");
    if (first != NULL) {
        buf_add_text(&buf, "; the first is");
        add_place(&buf, &first->place, second);
    }
    *why = buf_slice(&buf);
    return buf_err(&buf) == YETT_OK ? YETT_BAD_SYNTAX : YETT_NO_MEMORY;
}

enum yett_err block_check_once(const struct block_gatherer *gatherer, struct place *place,
                               slice *why)
{
    enum yett_err err = YETT_OK;
    for (enum block i = BLOCK_FIRST_TITLED; err == YETT_OK && i < BLOCK_COUNT; i++) {
        err = check(gatherer, i, false, place, why);
    }
    return err == YETT_OK ? check(gatherer, BLOCK_RULE, true, place, why) : err;
}
