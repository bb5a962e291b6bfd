/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/base/num.h"
#include "core/domain/domain.h"
#include "core/rotation/rotation.h"

/*
 * text: the file.  A line for each key, words apart by one space:
 *
 *     key SELECTOR rsa|ed25519 pending|active SECONDS
 *     key SELECTOR rsa|ed25519 retiring SECONDS SECONDS
 *
 * and before them, where it is known when somebody last looked:
 *
 *     seen SECONDS
 */

static const char *const phase_words[] = {"pending", "active", "retiring"};
static const char *const type_words[] = {"rsa", "ed25519"};

enum { PHASES = 3, TYPES = 2 };

static size_t find_word(slice word, const char *const *words, size_t count)
{
    size_t i = 0;
    while (i < count && !slice_eq(word, slice_from_text(words[i]))) {
        i++;
    }
    return i;
}

static bool take_time(slice *rest, int64_t *out)
{
    slice word;
    uint64_t value;
    if (!slice_next_piece(rest, ' ', &word) ||
        num_parse_uint(word, INT64_MAX, &value) != YETT_OK) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

/* What is wrong, or NULL. */
static const char *parse_key(struct arena *arena, slice rest, struct rotation_key *key)
{
    slice selector, type, phase;
    if (!slice_next_piece(&rest, ' ', &selector) || selector.len > 63 * 2 ||
        domain_normalize(arena, selector, &key->selector) != YETT_OK ||
        !slice_eq(key->selector, selector)) {
        return "this is no selector";
    }
    if (!slice_next_piece(&rest, ' ', &type) ||
        find_word(type, type_words, TYPES) == TYPES) {
        return "the kind of key is neither rsa nor ed25519";
    }
    if (!slice_next_piece(&rest, ' ', &phase) ||
        find_word(phase, phase_words, PHASES) == PHASES) {
        return "the phase is none of pending, active, retiring";
    }
    key->type = (enum crypto_key_type)find_word(type, type_words, TYPES);
    key->phase = (enum rotation_phase)find_word(phase, phase_words, PHASES);
    bool retiring = key->phase == ROTATION_RETIRING;
    if (!take_time(&rest, &key->since_s) ||
        (retiring && !take_time(&rest, &key->until_s)) || !slice_is_empty(rest)) {
        return retiring ? "two times in seconds must follow"
                        : "one time in seconds must follow";
    }
    return NULL;
}

static enum yett_err parse_seen(slice rest, struct rotation *out, const char **why)
{
    if (out->seen_s == 0 && take_time(&rest, &out->seen_s) && out->seen_s > 0 &&
        slice_is_empty(rest)) {
        return YETT_OK;
    }
    *why = "\"seen\" is followed by one time in seconds, once";
    return YETT_BAD_SYNTAX;
}

static enum yett_err parse_line(struct arena *arena, slice line, struct rotation *out,
                                const char **why)
{
    slice rest = line;
    if (slice_is_empty(line) || slice_peek(line) == '#') {
        return YETT_OK;
    }
    if (slice_take(&rest, SLICE("seen "))) {
        return parse_seen(rest, out, why);
    }
    if (!slice_take(&rest, SLICE("key "))) {
        *why = "the line does not begin with \"key\"";
        return YETT_BAD_SYNTAX;
    }
    if (out->count == ROTATION_KEYS_MAX) {
        *why = "these are more keys than one domain may have (32)";
        return YETT_LIMIT;
    }
    struct rotation_key *key = &out->keys[out->count];
    *key = (struct rotation_key){0};
    *why = parse_key(arena, rest, key);
    if (*why != NULL) {
        return YETT_BAD_SYNTAX;
    }
    if (rotation_find(out, key->selector) < out->count) {
        *why = "this selector was there before";
        return YETT_BAD_SYNTAX;
    }
    enum yett_err err = arena_copy(arena, key->selector, &key->selector);
    out->count += err == YETT_OK ? 1 : 0;
    return err;
}

enum yett_err rotation_parse(struct arena *arena, slice text, struct rotation *out,
                             size_t *line, const char **why)
{
    slice piece;
    enum yett_err err = YETT_OK;
    *out = (struct rotation){0};
    *line = 0;
    while (err == YETT_OK && !slice_is_empty(text)) {
        (*line)++;
        if (!slice_take_until(&text, '\n', &piece)) {
            *why = "the last line is cut off";
            return YETT_BAD_SYNTAX;
        }
        err = parse_line(arena, piece, out, why);
    }
    return err;
}

void rotation_write(struct buf *buf, const struct rotation *rotation)
{
    buf_add_text(buf, "# The signing keys of this domain; yett writes this file, and\n"
                      "# \"yett key list\" tells what it says.\n");
    if (rotation->seen_s > 0) {
        buf_add_text(buf, "seen ");
        buf_add_uint(buf, (uint64_t)rotation->seen_s);
        buf_add_byte(buf, '\n');
    }
    for (size_t i = 0; i < rotation->count; i++) {
        const struct rotation_key *key = &rotation->keys[i];
        buf_add_text(buf, "key ");
        buf_add(buf, key->selector);
        buf_printf(buf, " %s %s ", type_words[key->type], phase_words[key->phase]);
        buf_add_uint(buf, (uint64_t)key->since_s);
        if (key->phase == ROTATION_RETIRING) {
            buf_add_byte(buf, ' ');
            buf_add_uint(buf, (uint64_t)key->until_s);
        }
        buf_add_byte(buf, '\n');
    }
}
