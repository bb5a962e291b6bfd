/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge/config/keys.h"

#include <stdio.h>
#include <string.h>

/* suggest: what was meant by a name that is no key. */

enum { LONGEST_TYPO = 40 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions and exchanges between two names (Levenshtein's distance). */
static size_t distance(slice a, slice b)
{
    size_t row[LONGEST_TYPO + 1];
    if (a.len > LONGEST_TYPO || b.len > LONGEST_TYPO) {
        return LONGEST_TYPO;
    }
    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.len; j++) {
            size_t changed = diagonal + (a.ptr[i] != b.ptr[j]);
            diagonal = row[j + 1];
            row[j + 1] = least(changed, least(row[j], row[j + 1]) + 1);
        }
    }
    return row[b.len];
}

void suggest_key(const char *block, slice name, char *out, size_t size)
{
    const char *nearest = NULL;
    const struct key *elsewhere = NULL;
    size_t best = 3; /* two slips of the finger are a typo, three another word */
    for (size_t i = 0; i < key_count; i++) {
        slice known = slice_from_text(keys[i].name);
        size_t away = distance(name, known);
        if (is_block_named(keys[i].block, block) && away < best) {
            best = away;
            nearest = keys[i].name;
        }
        if (away == 0 && elsewhere == NULL) {
            elsewhere = &keys[i];
        }
    }
    for (size_t i = BLOCK_SPF; i < BLOCK_COUNT && strcmp(block, "root") == 0; i++) {
        size_t away = distance(name, slice_from_text(blocks[i].name));
        if (away < best) {
            best = away;
            nearest = blocks[i].name;
        }
    }
    out[0] = '\0';
    if (nearest != NULL) {
        snprintf(out, size, "; did you mean '%s'?", nearest);
    } else if (elsewhere != NULL && elsewhere->block == BLOCK_TOP) {
        snprintf(out, size, "; it belongs outside of any block");
    } else if (elsewhere != NULL) {
        snprintf(out, size, "; it belongs into a block, such as %s { }",
                 blocks[elsewhere->block].name);
    }
}
